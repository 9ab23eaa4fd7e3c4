/**
 * `tf.train.exportMetaGraph`: a graph with its collections as a message or a file. What goes into collections is
 * `collections.ts`'s, the choice of nodes `scope.ts`'s.
 */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import { Graph } from '../../graph/graph.ts';
import { GraphKeys } from '../../graph/graph-keys.ts';
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { TypeError } from '../../util/errors.ts';
import { encodeString } from '../../util/ndarray.ts';
import { pythonTypeName } from '../../util/python-names.ts';
import { SaverDef } from '../checkpoint/saver-def.ts';
import { dirname, fileSystem, writeFileAtomically } from '../file-system.ts';
import { GraphDef } from '../graph-def.ts';
import { exportCollection } from './collections.ts';
import { MetaGraphDef, MetaInfoDef } from './messages.ts';
import { strippedOpList, withoutDefaults } from './op-list.ts';
import { otherSavers, type PartOptions, partOf } from './scope.ts';

/** The TensorFlow whose behaviour is the reference. Readers go by it. */
const TENSORFLOW_VERSION = '2.21.0';
const UNBOUND_INPUTS = 'unbound_inputs';

export interface ExportMetaGraphOptions {
  /** The file to be written; none without it. */
  readonly filename?: string | null;
  readonly metaInfoDef?: MetaInfoDef | null;
  /** The graph to be written instead of `graph`, of which the collections are. */
  readonly graphDef?: GraphDef | null;
  readonly saverDef?: SaverDef | null;
  /** The collections to be written; all of them without it. */
  readonly collectionList?: readonly string[] | null;
  /** Whether the file is in text form. */
  readonly asText?: boolean;
  /** The default graph without it. */
  readonly graph?: Graph | null;
  /** Only what is in this name scope is written, without the scope in its names. */
  readonly exportScope?: string | null;
  /** Whether devices are left out. */
  readonly clearDevices?: boolean;
  /** Whether other savers than that of `saverDef` are left out. */
  readonly clearExtraneousSavers?: boolean;
  /** Whether attributes with their default values are left out. */
  readonly stripDefaultAttrs?: boolean;
  /** Taken for TensorFlow's sake: where ops were built is not written. */
  readonly saveDebugInfo?: boolean;
}

const POSITIONS = [
  'filename',
  'metaInfoDef',
  'graphDef',
  'saverDef',
  'collectionList',
  'asText',
  'graph',
  'exportScope',
  'clearDevices',
  'clearExtraneousSavers',
  'stripDefaultAttrs',
  'saveDebugInfo',
] as const;

type AfterFilename = Rest<
  [
    metaInfoDef: MetaInfoDef | null,
    graphDef: GraphDef | null,
    saverDef: SaverDef | null,
    collectionList: readonly string[] | null,
    asText: boolean,
    graph: Graph | null,
    exportScope: string | null,
    clearDevices: boolean,
    clearExtraneousSavers: boolean,
    stripDefaultAttrs: boolean,
    saveDebugInfo: boolean,
  ],
  ExportMetaGraphOptions
>;

/**
 * The graph with its collections, as a message; with a filename it is written as well, and what comes back is a promise.
 * Collections with items of mixed types, or of types that files do not have, are left out with a warning. Throws
 * `TypeError` for arguments of wrong types.
 *
 *     const meta = tf.train.exportMetaGraph({graph, collectionList: ['train_op']});
 *     await tf.train.exportMetaGraph('/tmp/model.meta', {asText: true});
 */
export function exportMetaGraph(filename: string, ...rest: AfterFilename): Promise<MetaGraphDef>;
export function exportMetaGraph(options: ExportMetaGraphOptions & { readonly filename: string }): Promise<MetaGraphDef>;
export function exportMetaGraph(filename?: null, ...rest: AfterFilename): MetaGraphDef;
export function exportMetaGraph(options: ExportMetaGraphOptions & { readonly filename?: null }): MetaGraphDef;
export function exportMetaGraph(...rest: readonly unknown[]): MetaGraphDef | Promise<MetaGraphDef> {
  const options = bind<ExportMetaGraphOptions>(POSITIONS, rest);
  for (const key of Object.keys(options)) {
    if ((POSITIONS as readonly string[]).includes(key)) continue;
    throw new TypeError(`exportMetaGraph() got an unexpected keyword argument '${key}'`);
  }
  const meta = metaGraphOf(options);
  const { filename, asText = false } = options;
  return filename ? writeMetaGraph(filename, meta, asText).then(() => meta) : meta;
}

/** Writes the message into a file, in one step. Folders are made where they are not there. */
export async function writeMetaGraph(filename: string, meta: MetaGraphDef, asText: boolean): Promise<void> {
  const files = await fileSystem();
  await files.mkdirs(dirname(filename) || '.');
  await writeFileAtomically(files, filename, asText ? encodeString(meta.toText()) : meta.toBinary());
}

/** The message of a graph. */
export function metaGraphOf(options: ExportMetaGraphOptions): MetaGraphDef {
  checkTypes(options);
  const { saverDef = null, exportScope = null, clearExtraneousSavers = false, clearDevices = false } = options;
  const graph = options.graph ?? getDefaultGraph();
  let def = options.graphDef ?? GraphDef.of(graph, { addShapes: true });
  const excluded = clearExtraneousSavers ? otherSavers(def, saverDef) : new Set<string>();
  const part: PartOptions = { exportScope, clearDevices, excluded };
  const keys = options.collectionList ?? graph.getAllCollectionKeys();
  let unbound: readonly string[] = [];
  if (exportScope || clearExtraneousSavers || clearDevices) ({ def, unbound } = partOf(def, part));
  const meta = new MetaGraphDef({ saverDef, metaInfoDef: infoOf(options, def) });
  meta.graphDef = options.stripDefaultAttrs ? withoutDefaults(def) : def;
  for (const key of keys) {
    if (typeof key !== 'string') {
      console.warn(
        `Only collections with string type keys will be serialized. This key has <class '${pythonTypeName(key)}'>`,
      );
      continue;
    }
    const own = key === GraphKeys.SAVERS && clearExtraneousSavers && saverDef ? [{ toProto: () => saverDef }] : null;
    const collection = exportCollection(graph, key, part, own);
    if (collection) meta.collectionDef.set(key, collection);
  }
  const inputs = exportCollection(graph, UNBOUND_INPUTS, part, unbound);
  if (inputs && !options.collectionList) meta.collectionDef.set(UNBOUND_INPUTS, inputs);
  return meta;
}

function infoOf({ metaInfoDef, stripDefaultAttrs }: ExportMetaGraphOptions, def: GraphDef): MetaInfoDef {
  const info = metaInfoDef ? MetaInfoDef.fromString(metaInfoDef.serializeToString()) : new MetaInfoDef();
  info.tensorflowVersion = TENSORFLOW_VERSION;
  info.tensorflowGitVersion = 'unknown';
  if (!info.strippedOpList?.op.length) info.strippedOpList = strippedOpList(def);
  if (stripDefaultAttrs) info.strippedDefaultAttrs = true;
  return info;
}

function checkTypes({ graph, metaInfoDef, graphDef, saverDef }: ExportMetaGraphOptions): void {
  const wrong = (name: string, type: string, value: unknown) =>
    new TypeError(`${name} must be of type ${type}. Received type: <class '${pythonTypeName(value)}'>`);
  if (graph && !(graph instanceof Graph)) throw wrong('graph', 'Graph', graph);
  if (metaInfoDef && !(metaInfoDef instanceof MetaInfoDef)) throw wrong('meta_info_def', 'MetaInfoDef', metaInfoDef);
  if (graphDef && !(graphDef instanceof GraphDef)) throw wrong('graph_def', 'GraphDef', graphDef);
  if (saverDef && !(saverDef instanceof SaverDef)) throw wrong('saver_def', 'SaverDef', saverDef);
}
