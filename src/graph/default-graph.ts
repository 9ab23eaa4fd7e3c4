/**
 * The process-wide default graph and the functions that work on the graph that is current.
 */
import { AssertionError, ValueError } from '../util/errors.ts';
import { type OpenScope, within } from '../util/scope.ts';
import { Graph, type GraphElementLike, graphStack } from './graph.ts';
import { commonGraph } from './graph-of.ts';
import type { DeviceLike } from './placement.ts';

let root: Graph | null = null;

/** The innermost graph entered with `asDefault` (or by a session or variable scope), else the process's own. */
export function getDefaultGraph(): Graph {
  if (graphStack.top) return graphStack.top;
  root ??= new Graph();
  return root;
}

/** What a reset let go of: it is freed as soon as nobody else holds the old graph. */
export interface ResetReport {
  /** Operations of the old default graph. */
  readonly nodes: number;
  /** Its collections that had something in them. */
  readonly collections: number;
}

/**
 * Replaces the process's default graph by a new, empty one. Sessions, variable values and everything built before stay
 * as they are, on the old graph. Throws `AssertionError`, with nothing changed, while a graph context is open. The report
 * tells what the old graph held.
 */
export function resetDefaultGraph(): ResetReport {
  if (graphStack.depth > 0) {
    throw new AssertionError(
      'Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared graph, exit the nesting and create a new graph.',
    );
  }
  const old = root;
  root = null;
  return resetReport(old);
}

/** What a graph holds, for the report of a reset; nothing for no graph. */
export function resetReport(graph: Graph | null): ResetReport {
  const collections = graph?.getAllCollectionKeys().filter((key) => graph.getCollection(key).length > 0) ?? [];
  return Object.freeze({ nodes: graph?.size ?? 0, collections: collections.length });
}

export interface NameScopeOptions {
  /** The name where `name` is null. */
  readonly defaultName?: string | null;
  /** What the scope's ops are built on: their graph is the default one inside. */
  readonly values?: readonly unknown[] | null;
}

/**
 * `Graph.nameScope` on the default graph, or on that of `values`. Throws `ValueError` where there are values and neither
 * a name nor a default, and for values of several graphs.
 *
 *     tf.nameScope('layer', () => tf.constant(1, {name: 'c'})).name                             // 'layer/c:0'
 *     tf.nameScope(name, {defaultName: 'norm', values: [x]}, (scope) => tf.sqrt(x, {name: scope}))
 */
export function nameScope(name: string | null, options?: NameScopeOptions): OpenScope<string>;
export function nameScope<R>(name: string | null, body: (scope: string) => R): R;
export function nameScope<R>(name: string | null, options: NameScopeOptions, body: (scope: string) => R): R;
export function nameScope<R>(
  name: string | null,
  second: NameScopeOptions | ((scope: string) => R) = {},
  third?: (scope: string) => R,
): OpenScope<string> | R {
  const [options, body] = typeof second === 'function' ? [{}, second] : [second, third];
  const open = (): OpenScope<string> => openNameScope(name, options);
  return body ? within(open, body) : open();
}

function openNameScope(
  name: string | null,
  { defaultName = null, values = null }: NameScopeOptions,
): OpenScope<string> {
  const wanted = name ?? defaultName;
  if (wanted === null && values !== null) {
    throw new ValueError('At least one of name (None) and default_name (None) must be provided.');
  }
  const graph = commonGraph(values ?? []);
  if (!graph) return getDefaultGraph().nameScope(wanted);
  const outer = graph.asDefault();
  try {
    const scope = graph.nameScope(wanted);
    const close = () => {
      scope[Symbol.dispose]();
      outer[Symbol.dispose]();
    };
    return { value: scope.value, [Symbol.dispose]: close };
  } catch (error) {
    outer[Symbol.dispose]();
    throw error;
  }
}

/** `Graph.controlDependencies` on the default graph. */
export function controlDependencies(inputs: readonly GraphElementLike[] | null): OpenScope;
export function controlDependencies<R>(inputs: readonly GraphElementLike[] | null, body: () => R): R;
export function controlDependencies<R>(inputs: readonly GraphElementLike[] | null, body?: () => R): OpenScope | R {
  const graph = getDefaultGraph();
  return body ? graph.controlDependencies(inputs, body) : graph.controlDependencies(inputs);
}

/**
 * Ops built inside take no control inputs from the scopes around it; name scopes stay. In the body of a function they are
 * built in the graph around all bodies. For ops that set things up.
 */
export function initScope(): OpenScope;
export function initScope<R>(body: () => R): R;
export function initScope<R>(body?: () => R): OpenScope | R {
  return within(openInitScope, body);
}

function openInitScope(): OpenScope {
  const { root: graph } = getDefaultGraph();
  const outer = graph === graphStack.top ? null : graph.asDefault();
  const controls = graph.controlDependencies(null);
  const close = () => {
    controls[Symbol.dispose]();
    outer?.[Symbol.dispose]();
  };
  return { value: undefined, [Symbol.dispose]: close };
}

/** `Graph.device` on the default graph. */
export function device(device: DeviceLike): OpenScope;
export function device<R>(device: DeviceLike, body: () => R): R;
export function device<R>(device: DeviceLike, body?: () => R): OpenScope | R {
  return body ? getDefaultGraph().device(device, body) : getDefaultGraph().device(device);
}

/**
 * The container of what ops built inside keep for a session, variables and queues for instance: `tf.Session.reset` clears
 * containers by name.
 *
 *     const w = tf.container('experiment', () => new tf.Variable(0));
 */
export function container(containerName: string): OpenScope;
export function container<R>(containerName: string, body: () => R): R;
export function container<R>(containerName: string, body?: () => R): OpenScope | R {
  return getDefaultGraph().container(containerName, body);
}

/** `Graph.colocateWith` on the default graph. */
export function colocateWith(op: GraphElementLike | null, ignoreExisting?: boolean): OpenScope;
export function colocateWith<R>(op: GraphElementLike | null, body: () => R): R;
export function colocateWith<R>(op: GraphElementLike | null, ignoreExisting: boolean, body: () => R): R;
export function colocateWith<R>(
  op: GraphElementLike | null,
  ignoreExisting: boolean | (() => R) = false,
  body?: () => R,
): OpenScope | R {
  const graph = getDefaultGraph();
  if (typeof ignoreExisting === 'function') return graph.colocateWith(op, false, ignoreExisting);
  return body ? graph.colocateWith(op, ignoreExisting, body) : graph.colocateWith(op, ignoreExisting);
}

/** `Graph.addToCollection` on the default graph: an item more under `name`, with repeats. */
export function addToCollection(name: string, value: unknown): void {
  getDefaultGraph().addToCollection(name, value);
}
/** `Graph.addToCollections` on the default graph: the item under each name. */
export function addToCollections(names: string | Iterable<string>, value: unknown): void {
  getDefaultGraph().addToCollections(names, value);
}
/**
 * `Graph.getCollection` on the default graph: a copy of the collection, empty where there is none. With `scope`, the items
 * whose names begin with a match of it.
 *
 *     tf.getCollection(tf.GraphKeys.UPDATE_OPS, {scope: 'tower_0/'})
 */
export function getCollection(key: string, options?: string | null | { readonly scope?: string | null }): unknown[] {
  const scope = typeof options === 'object' ? options?.scope : options;
  return getDefaultGraph().getCollection(key, scope);
}
/** `Graph.getCollectionRef` on the default graph: the collection itself, made if there is none; what is pushed stays. */
export function getCollectionRef(key: string): unknown[] {
  return getDefaultGraph().getCollectionRef(key);
}

/** Which release's rule gives random ops their seeds under a graph seed. */
export type SeedRule = '1.15' | '2.21';

export interface RandomSeedOptions {
  /** '2.21' (the default): by their order among such ops; '1.15': by the number of ops of any kind made before. */
  readonly rule?: SeedRule;
}

const seedRules = new WeakMap<Graph, SeedRule>();

/** The rule that `setRandomSeed` last chose for a graph. */
export function seedRule(graph: Graph): SeedRule {
  return seedRules.get(graph) ?? '2.21';
}

/**
 * Sets the graph-level seed of the default graph: ops without a seed of their own then get one each, by their order. The
 * rule '1.15' gives the seeds of TensorFlow 1.15, as far as a program makes the same ops in the same order.
 *
 *     tf.setRandomSeed(42);
 *     tf.setRandomSeed(42, {rule: '1.15'});
 */
export function setRandomSeed(seed: number | null, { rule = '2.21' }: RandomSeedOptions = {}): void {
  if (rule !== '1.15' && rule !== '2.21') {
    throw new ValueError(`Unknown rule ${JSON.stringify(rule)} for seeds. Must be one of '1.15' or '2.21'.`);
  }
  const graph = getDefaultGraph();
  graph.seed = seed;
  seedRules.set(graph, rule);
}
