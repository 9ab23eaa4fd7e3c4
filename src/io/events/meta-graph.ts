/** The `MetaGraphDef` that an event file holds beside its graph. Those of savers are not made here. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Graph } from '../../graph/graph.ts';
import type { GraphDef } from '../graph-def.ts';

/** The graph as the field of a message that has nothing else. */
export function metaGraphOf(def: GraphDef, _graph: Graph | null): Uint8Array {
  return new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(def.toBinary()).finish();
}
