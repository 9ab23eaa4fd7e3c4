/**
 * From what was loaded to a graph that can be asked and run: which part of a file is the graph, the values of its
 * variables, the names by which people call its tensors. Files are `load.ts`'s work.
 */
import '../ops/all.ts';
import { Session } from '../../runtime/session.ts';
import { Graph, Operation, type Tensor } from '../graph/graph.ts';
import type { Node } from '../graph/node.ts';
import { CheckpointReader, openCheckpoint } from '../io/checkpoint/reader.ts';
import { fileSystem } from '../io/file-system.ts';
import { GraphDef } from '../io/graph-def.ts';
import { importGraphDef } from '../io/import-graph.ts';
import type { NodeDef } from '../io/messages.ts';
import { MetaGraphDef, type SignatureDef } from '../io/meta-graph/messages.ts';
import { plainOpList } from '../io/meta-graph/op-list.ts';
import { DEFAULT_SERVING_SIGNATURE_DEF_KEY, SERVING } from '../io/saved-model/constants.ts';
import { assetPaths, initOpOf } from '../io/saved-model/loader.ts';
import { emit } from '../ops/emit.ts';
import { placeholder } from '../ops/placeholders.ts';
import { InvalidArgumentError, NotFoundError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import { isFullyDefined, type KnownShape, type Shape } from '../util/shape.ts';
import { type Loaded, load } from './load.ts';
import { UsageError } from './usage.ts';

/** A graph, and what else its file tells of it. */
export interface GraphPart {
  readonly path: string;
  readonly def: GraphDef;
  readonly meta: MetaGraphDef | null;
  /** Prefix of the checkpoint that belongs to it. */
  readonly checkpoint: string | null;
  /** The folder of the SavedModel that it is of. */
  readonly folder: string | null;
}

/** The tags of a SavedModel's meta graph, where it has several. */
export interface PartOptions {
  readonly tags?: string;
}

/** The graph at a path. Rejects with `InvalidArgumentError` where there is none. */
export async function loadPart(path: string, options: PartOptions = {}): Promise<GraphPart> {
  return partOf(await load(path), options);
}

export async function partOf(loaded: Loaded, { tags }: PartOptions = {}): Promise<GraphPart> {
  const { path } = loaded;
  const nothing = { path, meta: null, checkpoint: null, folder: null };
  switch (loaded.kind) {
    case 'GraphDef':
      return { ...nothing, def: loaded.graph };
    case 'MetaGraphDef':
      return ofMeta(path, loaded.metaGraphs[0], null, null);
    case 'SavedModel':
      return ofMeta(path, taggedWith(path, loaded.metaGraphs, tags), loaded.variables, loaded.folder);
    case 'checkpoint': {
      if (loaded.metaFile === null) {
        throw new InvalidArgumentError(null, `${path}: a checkpoint without a graph; ${path}.meta is not there`);
      }
      const { meta, def } = await loadPart(loaded.metaFile);
      return { path, def, meta, checkpoint: loaded.prefix, folder: null };
    }
    case 'events': {
      const { graphDef, metaGraphDef } = loaded.events;
      if (graphDef) return { ...nothing, def: GraphDef.fromBinary(graphDef) };
      if (metaGraphDef) return ofMeta(path, MetaGraphDef.fromBinary(metaGraphDef), null, null);
      throw new InvalidArgumentError(null, `${path}: an event file without a graph`);
    }
    case 'records':
      throw new InvalidArgumentError(null, `${path}: a TFRecord file, which holds no graph`);
  }
}

function ofMeta(path: string, meta: MetaGraphDef, checkpoint: string | null, folder: string | null): GraphPart {
  if (!meta.graphDef) throw new InvalidArgumentError(null, `${path}: a meta graph without a graph`);
  return { path, def: meta.graphDef, meta, checkpoint, folder };
}

function taggedWith(path: string, metaGraphs: readonly MetaGraphDef[], tags: string | undefined): MetaGraphDef {
  const tagsOf = (meta: MetaGraphDef) => [...(meta.metaInfoDef?.tags ?? [])].sort().join(',');
  const wanted = tags?.split(',').map((tag) => tag.trim());
  const found = wanted
    ? metaGraphs.find((meta) => tagsOf(meta) === [...wanted].sort().join(','))
    : (metaGraphs.find((meta) => tagsOf(meta) === SERVING) ?? metaGraphs[0]);
  if (found) return found;
  if (metaGraphs.length === 0) throw new InvalidArgumentError(null, `${path}: a SavedModel without meta graphs`);
  const known = metaGraphs.map((meta) => `'${tagsOf(meta)}'`).join(', ');
  throw new UsageError(`${path}: no meta graph has the tags '${tags}'; there is ${known}`);
}

/** The graph, built. Throws what `importGraphDef` throws. `shapes` take the place of those of placeholders. */
export function buildGraph({ def, meta }: GraphPart, shapes: ReadonlyMap<string, KnownShape> = new Map()): Graph {
  const graph = new Graph();
  const producer = meta?.metaInfoDef?.strippedOpList;
  const shaped = shapes.size > 0 ? withShapes(def, shapes) : def;
  graph.asDefault(() => {
    importGraphDef(shaped, { name: '', producerOpList: producer ? plainOpList(producer, def) : null });
  });
  return graph;
}

/** Shapes that the file states of what depends on these placeholders no longer hold. */
function withShapes(def: GraphDef, shapes: ReadonlyMap<string, KnownShape>): GraphDef {
  const nodes = def.node.map((node): NodeDef => {
    const attr = new Map(node.attr);
    attr.delete('_output_shapes');
    const shape = shapes.get(node.name);
    if (shape) attr.set('shape', { shape: { dim: [...shape] } });
    return { ...node, attr };
  });
  return new GraphDef(nodes, def.library, def.versions);
}

// ---------------------------------------------------------------------------------------------------------------------
// Names

/** `y` means the first output of the operation `y`. Throws `UsageError` for what is not there. */
export function tensorNamed(graph: Graph, name: string): Tensor {
  const element = elementNamed(graph, name);
  if (element instanceof Operation) {
    if (element.outputs.length === 0) throw new UsageError(`'${name}' is an operation without outputs`);
    return element.outputs[0];
  }
  return element;
}

/** A tensor, or for an operation without outputs the operation. */
export function fetchNamed(graph: Graph, name: string): Tensor | Operation {
  const element = elementNamed(graph, name);
  return element instanceof Operation && element.outputs.length > 0 ? element.outputs[0] : element;
}

function elementNamed(graph: Graph, name: string): Tensor | Operation {
  try {
    return graph.asGraphElement(name, true, true);
  } catch {
    const near = similarName(graph, name.replace(/:\d+$/, ''));
    throw new UsageError(`the graph has no '${name}'${near === null ? '' : `; did you mean '${near}'?`}`);
  }
}

/** A name that ends or begins like the one that is not there. */
function similarName(graph: Graph, name: string): string | null {
  const lower = name.toLowerCase();
  for (const node of graph.snapshot().nodes()) {
    const candidate = node.name.toLowerCase();
    if (candidate === lower || candidate.endsWith(`/${lower}`)) return node.name;
  }
  return null;
}

export interface FetchOptions {
  readonly fetch?: readonly string[];
  readonly signature?: string;
}

/** The names under which results are shown, and what they are. */
export type Fetched = ReadonlyMap<string, Tensor | Operation>;

/**
 * What is asked for: the tensors of `--fetch` (names of a signature's outputs, with `--signature`), else all outputs of the
 * signature, else the only output of the graph. Throws `UsageError` where that leaves it open.
 */
export function fetchesOf(part: GraphPart, graph: Graph, { fetch, signature }: FetchOptions): Fetched {
  const outputs = signatureOf(part, signature, fetch === undefined)?.outputs;
  if (fetch) {
    return new Map(fetch.map((name) => [name, fetchNamed(graph, outputs?.get(name)?.name ?? name)]));
  }
  if (outputs) return new Map([...outputs].map(([key, info]) => [key, tensorNamed(graph, info.name ?? key)]));
  const ends = outputsOf(graph);
  if (ends.length === 1) return new Map([[ends[0].name, graph.operation(ends[0].id).outputs[0]]]);
  const some = ends.slice(0, 5).map(({ name }) => name);
  const list = ends.length > some.length ? `${some.join(', ')}, … (${ends.length})` : some.join(', ');
  throw new UsageError(`say what is wanted with --fetch NAME${list && `; outputs of the graph: ${list}`}`);
}

/** The signature of that name; without a name the one that servers take, if `byDefault`. */
export function signatureOf({ path, meta }: GraphPart, name?: string, byDefault = true): SignatureDef | null {
  const signatures = meta?.signatureDef ?? new Map<string, SignatureDef>();
  if (name === undefined) return (byDefault && signatures.get(DEFAULT_SERVING_SIGNATURE_DEF_KEY)) || null;
  const found = signatures.get(name);
  if (found) return found;
  const known = [...signatures.keys()].filter((key) => !key.startsWith('__'));
  throw new UsageError(`${path}: no signature '${name}'; there is ${known.join(', ') || 'none'}`);
}

/** The tensor that is fed under a name: of the signature's inputs, or of the graph. */
export function feedNamed(part: GraphPart, graph: Graph, name: string, signature?: string): Tensor {
  const input = signatureOf(part, signature)?.inputs.get(name);
  return tensorNamed(graph, input?.name ?? name);
}

const VARIABLES: ReadonlySet<string> = new Set(['VarHandleOp', 'VariableV2', 'Variable']);
const PLACEHOLDERS: ReadonlySet<string> = new Set(['Placeholder', 'PlaceholderV2', 'PlaceholderWithDefault']);

export function isVariable(op: string): boolean {
  return VARIABLES.has(op);
}
export function isInput(op: string): boolean {
  return PLACEHOLDERS.has(op);
}

const SAVING: ReadonlySet<string> = new Set(['Save', 'SaveSlices', 'SaveV2', 'Restore', 'RestoreSlice', 'RestoreV2']);

/** Tells of nodes by their names whether they are part of a saver: they are in the scope of an op that reads or writes files. */
export function saverParts(nodes: Iterable<{ readonly name: string; readonly op: string }>): (name: string) => boolean {
  const scopes = new Set<string>();
  for (const { name, op } of nodes) if (SAVING.has(op)) scopes.add(name.slice(0, Math.max(0, name.lastIndexOf('/'))));
  return (name) => scopes.has(name.slice(0, Math.max(0, name.lastIndexOf('/')))) && name.includes('/');
}

/** Nodes with results that no other node takes, but for what is only there for variables. */
export function outputsOf(graph: Graph): Node[] {
  const snapshot = graph.snapshot();
  const isSaver = saverParts(snapshot.nodes());
  const taken = new Uint8Array(snapshot.size);
  for (const { inputs } of snapshot.nodes()) for (const { node } of inputs) taken[node] = 1;
  return [...snapshot.nodes()].filter((node) => {
    const isValue = node.outputs.some(({ dtype }) => dtype.kind !== 'handle');
    return isValue && taken[node.id] === 0 && !isUpkeep(node.op) && !isSaver(node.name);
  });
}

/** Ops that are there for other ops alone: reading, writing and saving of variables. */
function isUpkeep(op: string): boolean {
  return (
    isVariable(op) || isInput(op) || /^(Assign|Const$|IsVariableInitialized|VarIsInitialized|ReadVariable)/.test(op)
  );
}

/** What has to be fed for these results; `fed` cuts what lies before. */
export function neededInputs(graph: Graph, fetches: Iterable<Tensor | Operation>, fed: Iterable<Tensor>): Tensor[] {
  const cut = new Set([...fed].map(({ name }) => name));
  const snapshot = graph.snapshot();
  const seen = new Set<number>();
  const stack = [...fetches]
    .filter((item) => !cut.has(item.name))
    .map((item) => (item instanceof Operation ? item.id : item.op.id));
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const node = snapshot.node(id);
    for (const input of node.inputs) {
      if (!cut.has(`${snapshot.node(input.node).name}:${input.index}`)) stack.push(input.node);
    }
    stack.push(...node.controls);
  }
  const needed = [...seen].sort((a, b) => a - b).map((id) => graph.operation(id));
  return needed
    .filter(({ type }) => type === 'Placeholder' || type === 'PlaceholderV2')
    .map((op) => op.outputs[0])
    .filter(({ name }) => !cut.has(name));
}

/** The shape with 1 for every size that is not known. */
export function filledShape(shape: Shape): KnownShape {
  return isFullyDefined(shape) ? shape : (shape ?? []).map((size) => size ?? 1);
}

// ---------------------------------------------------------------------------------------------------------------------
// Values of variables

export interface SessionOptions {
  readonly target?: string;
  /** Prefix of a checkpoint, or a folder with one; that of the file itself without it. */
  readonly checkpoint?: string;
  /** Operations to run first. */
  readonly init?: readonly string[];
}

/** A session whose variables have their values. The caller closes it. */
export async function openSession(part: GraphPart, graph: Graph, options: SessionOptions): Promise<Session> {
  const prefix = options.checkpoint === undefined ? part.checkpoint : await prefixOf(options.checkpoint);
  const initializers = (options.init ?? []).map((name) => fetchNamed(graph, name));
  // Before the session has run anything: what is added later would be compiled anew.
  const restore = prefix === null ? null : await restorer(part, graph, prefix);
  const session = new Session({ graph, config: { backend: options.target ?? null } });
  try {
    await restore?.(session);
    const { meta, folder } = part;
    const initOp = meta && folder !== null ? initOpOf(meta, graph, '') : null;
    if (meta && folder !== null && initOp) await session.run(initOp, assetPaths(meta, folder, ''));
    for (const op of initializers) await session.run(op);
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

async function prefixOf(path: string): Promise<string> {
  const loaded = await load(path);
  if (loaded.kind === 'checkpoint') return loaded.prefix;
  if (loaded.kind === 'SavedModel' && loaded.variables !== null) return loaded.variables;
  throw new UsageError(`--checkpoint ${path}: a ${loaded.kind}, no checkpoint`);
}

type Restore = (session: Session) => Promise<unknown>;

/** By the saver that comes with the graph; for a graph alone by the names of its variables. */
async function restorer({ meta }: GraphPart, graph: Graph, prefix: string): Promise<Restore> {
  const saver = meta?.saverDef;
  if (saver?.restoreOpName && saver.filenameTensorName) {
    const target = fetchNamed(graph, saver.restoreOpName);
    return (session) => session.run(target, [[saver.filenameTensorName, prefix]]);
  }
  const reader = new CheckpointReader(await fileSystem(), await openCheckpoint(await fileSystem(), prefix));
  const variables = [...graph.snapshot().nodes()].filter(({ op }) => isVariable(op));
  const stored = variables.filter(({ name }) => reader.hasTensor(name));
  if (variables.length === 0) return async () => {};
  if (stored.length === 0) {
    const names = [...reader.getVariableToShapeMap().keys()].slice(0, 3).join(', ');
    throw new NotFoundError(
      null,
      `${prefix}: has none of the graph's variables (${variables[0].name}, …), but ${names}, …`,
    );
  }
  const feeds: [Tensor, NdArray][] = [];
  const assignments: Operation[] = [];
  for (const { id, name, op } of stored) {
    const value = await reader.getTensor(name);
    graph.asDefault(() => {
      const input = placeholder(value.dtype, value.shape);
      const variable = graph.operation(id).outputs[0];
      const type = op === 'VarHandleOp' ? 'AssignVariableOp' : 'Assign';
      assignments.push(emit(type, [variable, input]));
      feeds.push([input, value]);
    });
  }
  return (session) => session.run(assignments, feeds);
}
