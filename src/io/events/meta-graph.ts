/** The `MetaGraphDef` that an event file holds beside its graph. How one is made is `meta-graph/export.ts`'s business. */
import type { Graph } from '../../graph/graph.ts';
import type { GraphDef } from '../graph-def.ts';
import { exportMetaGraph } from '../meta-graph/export.ts';

/** The graph with its collections as bytes; a definition alone has none. */
export function metaGraphOf(def: GraphDef, graph: Graph | null): Uint8Array {
  return exportMetaGraph({ graphDef: def, graph, collectionList: graph ? null : [] }).toBinary();
}
