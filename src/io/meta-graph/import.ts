/**
 * `tf.train.importMetaGraph`: a meta graph into the default graph, with its collections, and the saver for its variables.
 * Nodes are `import-graph.ts`'s, collections `import-collections.ts`'s.
 */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Graph, Operation, Tensor } from '../../graph/graph.ts';
import { GraphKeys } from '../../graph/graph-keys.ts';
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { pythonTypeName } from '../../util/python-names.ts';
import type { Variable } from '../../variables/variable.ts';
import { stripNameScope } from '../../variables/variable-def.ts';
import { Saver } from '../checkpoint/saver.ts';
import { type FileSource, pathOfFile } from '../file-sources.ts';
import { GraphDef } from '../graph-def.ts';
import { type InputMap, importGraphDef } from '../import-graph.ts';
import { metaGraphOf } from './export.ts';
import { importCollections } from './import-collections.ts';
import { MetaGraphDef } from './messages.ts';
import { plainOpList } from './op-list.ts';
import { readMetaGraphFile } from './read.ts';

const UNBOUND_INPUTS = 'unbound_inputs';

export interface ImportMetaGraphOptions {
  /** Whether devices are left out. */
  readonly clearDevices?: boolean;
  /** The scope that the graph comes into; the root without it. */
  readonly importScope?: string | null;
  /** What stands in for inputs, as in `tf.importGraphDef`. */
  readonly inputMap?: InputMap | null;
  /** Elements to be looked up in the file, as in `tf.importGraphDef`. */
  readonly returnElements?: readonly string[] | null;
  /** Which collections are wanted; all of them without it. */
  readonly restoreCollectionsPredicate?: (key: string) => boolean;
}

const OPTIONS = ['clearDevices', 'importScope', 'inputMap', 'returnElements', 'restoreCollectionsPredicate'] as const;
type ImportRest = Rest<[clearDevices: boolean, importScope: string | null], ImportMetaGraphOptions>;

/** What an import gives. */
export interface ImportedMetaGraph {
  readonly saver: Saver | null;
  /** By `returnElements`. */
  readonly elements: (Tensor | Operation)[] | null;
  /** The scope that the graph has come into; '' for the root. */
  readonly scope: string;
}

/**
 * Adds a meta graph to the default graph: its nodes and collections, or in case of an error nothing. Returns the saver that
 * restores its variables, null where it has none. A message, or the bytes of one, is imported at once; of a file,
 * by its path, a `URL`, or as a `File` or `Blob`, comes a promise. Throws `DataLossError` for a file that is no meta graph, `NotFoundError` for one that is not there, else
 * as `tf.importGraphDef` does.
 *
 *     const saver = await tf.train.importMetaGraph('/tmp/model.ckpt-10.meta');
 *     await saver.restore(sess, '/tmp/model.ckpt-10');
 */
export function importMetaGraph(metaGraph: MetaGraphDef | Uint8Array, ...rest: ImportRest): Saver | null;
export function importMetaGraph(file: FileSource, ...rest: ImportRest): Promise<Saver | null>;
export function importMetaGraph(
  metaGraphOrFile: MetaGraphDef | Uint8Array | FileSource,
  ...rest: ImportRest
): Saver | null | Promise<Saver | null> {
  const options = bind<ImportMetaGraphOptions>(['clearDevices', 'importScope'], rest);
  for (const key of Object.keys(options)) {
    if ((OPTIONS as readonly string[]).includes(key)) continue;
    throw new TypeError(`importMetaGraph() got an unexpected keyword argument '${key}'`);
  }
  const graph = getDefaultGraph();
  const load = (meta: MetaGraphDef) => graph.asDefault(() => importWithElements(meta, options).saver);
  if (metaGraphOrFile instanceof MetaGraphDef) return load(metaGraphOrFile);
  if (metaGraphOrFile instanceof Uint8Array) return load(MetaGraphDef.fromBinary(metaGraphOrFile));
  if (typeof metaGraphOrFile === 'string' || metaGraphOrFile instanceof URL || metaGraphOrFile instanceof Blob) {
    return readMetaGraphFile(pathOfFile(metaGraphOrFile)).then(load);
  }
  throw new TypeError(`Expected a MetaGraphDef or the name of a file, got ${pythonTypeName(metaGraphOrFile)}`);
}

/** The import into the default graph, with the elements that `returnElements` names. */
export function importWithElements(meta: MetaGraphDef, options: ImportMetaGraphOptions): ImportedMetaGraph {
  const graph = getDefaultGraph();
  return graph.atomic(() => {
    const { variables, elements, scope } = importScoped(meta, graph, options);
    return { saver: saverOf(meta, graph, options.importScope ?? null, variables), elements, scope };
  });
}

function importScoped(meta: MetaGraphDef, graph: Graph, options: ImportMetaGraphOptions) {
  const { inputMap = null, importScope = null, returnElements = null } = options;
  checkUnbound(meta, inputMap);
  let def = meta.graphDef ?? new GraphDef([]);
  if (options.clearDevices) {
    def = new GraphDef(
      def.node.map((node) => (node.device ? { ...node, device: '' } : node)),
      def.library,
      def.versions,
    );
  }
  const scope = importScope ? graph.uniqueName(importScope, false) : graph.getNameScope();
  const producerOps = meta.metaInfoDef?.strippedOpList;
  const elements = importGraphDef(def, {
    name: importScope || (scope && `${scope}/`),
    inputMap,
    returnElements: (returnElements ?? []) as readonly string[],
    producerOpList: producerOps ? plainOpList(producerOps, def) : null,
  });
  const given = new Set(def.node.map(({ name }) => name));
  const { restoreCollectionsPredicate: wanted = () => true } = options;
  importCollections(meta, {
    graph,
    scope,
    isLost: (name) => {
      const own = name.replace(/:\d+$/, '');
      return given.has(own) && !graph.hasOperation(scope ? `${scope}/${own}` : own);
    },
    isWanted: (key) => key !== UNBOUND_INPUTS && wanted(key),
  });
  const variables = new Map<string, Variable>();
  const pattern = scope ? `${escaped(scope)}/` : null;
  for (const item of graph.getCollection(GraphKeys.GLOBAL_VARIABLES, pattern) as Variable[]) {
    variables.set(stripNameScope(item.name, scope), item);
  }
  return { variables, elements: returnElements && elements, scope };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function checkUnbound(meta: MetaGraphDef, inputMap: InputMap | null): void {
  const collection = meta.collectionDef.get(UNBOUND_INPUTS);
  const names = collection?.bytesList?.value.map((bytes) => new TextDecoder().decode(bytes)) ?? [];
  if (names.length === 0) return;
  const given = new Set(inputMap instanceof Map ? inputMap.keys() : Object.keys(inputMap ?? {}));
  const wanted = new Set(names);
  if (given.size === wanted.size && names.every((name) => given.has(name))) return;
  const missing = names.filter((name) => !given.has(name));
  throw new ValueError(
    `Graph contains unbound inputs: ${missing.join(',')}. Must provide these inputs through input_map.`,
  );
}

function saverOf(
  meta: MetaGraphDef,
  graph: Graph,
  importScope: string | null,
  variables: ReadonlyMap<string, Variable>,
): Saver | null {
  if (meta.saverDef) {
    // The scope may have got another name than the one that was wished for.
    const [sample] = variables;
    const scope = sample ? sample[1].name.slice(0, -sample[0].length) : importScope;
    return new Saver({ saverDef: meta.saverDef, name: scope || null });
  }
  const saved = [GraphKeys.GLOBAL_VARIABLES, GraphKeys.SAVEABLE_OBJECTS];
  if (saved.every((key) => graph.getCollection(key, importScope).length === 0)) return null;
  return new Saver();
}

export interface CopyScopedMetaGraphOptions {
  readonly fromGraph?: Graph | null;
  readonly toGraph?: Graph | null;
}

/**
 * Copies the part of a graph in one name scope into another scope, of the same graph or of another one. Returns the
 * variables of the copy by their names in the scope. Throws `ValueError` where both scopes are the same.
 *
 *     tf.train.copyScopedMetaGraph('tower_0', 'tower_1');
 */
export function copyScopedMetaGraph(
  fromScope: string,
  toScope: string,
  ...rest: Rest<[fromGraph: Graph | null, toGraph: Graph | null], CopyScopedMetaGraphOptions>
): Map<string, Variable> {
  const options = bind<CopyScopedMetaGraphOptions>(['fromGraph', 'toGraph'], rest);
  const fromGraph = options.fromGraph ?? getDefaultGraph();
  const toGraph = options.toGraph ?? getDefaultGraph();
  if (fromGraph === toGraph && fromScope === toScope) {
    throw new ValueError(
      `'from_scope' and 'to_scope' need to be different when performing copy in the same graph. Received: 'from_graph': ${fromGraph}, 'to_graph': ${toGraph}, 'from_scope': ${fromScope}, 'to_scope': ${toScope}.`,
    );
  }
  const meta = metaGraphOf({ graph: fromGraph, exportScope: fromScope });
  return toGraph.asDefault(() => toGraph.atomic(() => importScoped(meta, toGraph, { importScope: toScope }).variables));
}
