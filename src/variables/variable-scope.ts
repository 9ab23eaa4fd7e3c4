/**
 * Variable scopes as they are opened and left, and `getVariable` in the current one. What a name stands for is
 * `variable-store.ts`'s business, what a scope knows is `scope-object.ts`'s.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import { type Graph, graphStack, type Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import type { DeviceLike } from '../graph/placement.ts';
import { graphOf } from '../ops/emit.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { asDType, type DTypeLike } from '../util/dtype.ts';
import { RuntimeError, TypeError, ValueError } from '../util/errors.ts';
import { type OpenScope, within } from '../util/scope.ts';
import type { ShapeLike } from '../util/shape.ts';
import type { Partitioner } from './partitioned.ts';
import { type GetVariableOptions, ROOT, type Settings, VariableScope } from './scope-object.ts';
import type { Variable } from './variable.ts';
import {
  AUTO_REUSE,
  type CustomGetter,
  type Getter,
  type InitializerLike,
  type Regularizer,
  type Reuse,
  variableStoreOf,
} from './variable-store.ts';

/** The current scope of one graph, and how often each scope was opened. */
class ScopeState {
  current = new VariableScope(false);
  counts = new Map<string, number>();

  open(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
  /** Default names inside a scope count anew after it was left. */
  closeInside(name: string): void {
    for (const key of [...this.counts.keys()]) if (key.startsWith(`${name}/`)) this.counts.delete(key);
  }
  /** A name that no scope inside the current one was opened under. */
  unique(prefix: string): string {
    const base = this.current.name ? `${this.current.name}/${prefix}` : prefix;
    if (!this.counts.get(base)) return prefix;
    let index = 1;
    while (this.counts.get(`${base}_${index}`)) index++;
    return `${prefix}_${index}`;
  }
}

const states = new WeakMap<Graph, ScopeState>();

function stateOf({ root: graph }: Graph): ScopeState {
  let state = states.get(graph);
  if (!state) {
    state = new ScopeState();
    states.set(graph, state);
  }
  return state;
}

/** The current variable scope of the default graph. */
export function getVariableScope(): VariableScope {
  return stateOf(getDefaultGraph()).current;
}

export interface VariableScopeOptions {
  /** The prefix where the first argument is null; made unique within the scope around it. */
  readonly defaultName?: string | null;
  /** Tensors whose graph becomes the default one. */
  readonly values?: readonly unknown[] | null;
  readonly initializer?: InitializerLike | null;
  readonly regularizer?: Regularizer | null;
  readonly cachingDevice?: DeviceLike;
  readonly partitioner?: Partitioner | null;
  readonly customGetter?: CustomGetter | null;
  /** True: variables must exist; false and null: as the scope around; AUTO_REUSE: create or find. */
  readonly reuse?: Reuse;
  readonly dtype?: DTypeLike | null;
  readonly useResource?: boolean | null;
  readonly constraint?: ((value: Tensor) => Tensor) | null;
  /** False: no name scope is opened; ops keep the name scope around. */
  readonly auxiliaryNameScope?: boolean;
}

type ScopeArguments = Rest<
  [defaultName: string | null, values: readonly unknown[] | null, initializer: InitializerLike | null],
  VariableScopeOptions
>;
type ScopeBody<R> = (scope: VariableScope) => R;

/**
 * Opens a variable scope: a prefix for variables made by `getVariable`, a name scope for ops, and settings for both.
 * A scope object re-enters its prefix wherever it is used. While it is open, `resetDefaultGraph` refuses.
 *
 *     tf.variableScope('layer', () => tf.getVariable('w', [2]));                       // layer/w
 *     tf.variableScope('layer', {reuse: true}, () => tf.getVariable('w', [2]));        // the same variable
 *     using scope = tf.variableScope(null, {defaultName: 'block', reuse: tf.AUTO_REUSE});
 */
export function variableScope<R>(nameOrScope: string | VariableScope | null, body: ScopeBody<R>): R;
export function variableScope<R>(
  nameOrScope: string | VariableScope | null,
  options: VariableScopeOptions,
  body: ScopeBody<R>,
): R;
export function variableScope(
  nameOrScope: string | VariableScope | null,
  ...rest: ScopeArguments
): OpenScope<VariableScope>;
export function variableScope<R>(
  nameOrScope: string | VariableScope | null,
  ...rest: readonly unknown[]
): R | OpenScope<VariableScope> {
  const last = rest[rest.length - 1];
  // Only a body can be a function at the end of two arguments or after options: initializers come fourth.
  const body = typeof last === 'function' && rest.length < 3 ? (last as ScopeBody<R>) : undefined;
  const options = bind<VariableScopeOptions>(['defaultName', 'values', 'initializer'], body ? rest.slice(0, -1) : rest);
  return within(() => openVariableScope(nameOrScope, options), body);
}

/** `variableScope` with the arguments in its old order. */
export function variableOpScope(
  values: readonly unknown[],
  nameOrScope: string | VariableScope | null,
  ...rest: Rest<[defaultName: string | null, initializer: InitializerLike | null], VariableScopeOptions>
): OpenScope<VariableScope> {
  const options = bind<VariableScopeOptions>(['defaultName', 'initializer'], rest);
  return openVariableScope(nameOrScope, { ...options, values });
}

function openVariableScope(
  nameOrScope: string | VariableScope | null,
  options: VariableScopeOptions,
): OpenScope<VariableScope> {
  const { defaultName = null } = options;
  const isScope = nameOrScope instanceof VariableScope;
  if (nameOrScope === null && defaultName === null) {
    throw new TypeError('If default_name is None then name_or_scope is required');
  }
  if (nameOrScope !== null && typeof nameOrScope !== 'string' && !isScope) {
    throw new TypeError('VariableScope: name_or_scope must be a string or VariableScope.');
  }
  checkReuse(options.reuse);
  // False means: as the scope around.
  const reuse = options.reuse || null;
  if (nameOrScope === null && reuse !== null) {
    throw new ValueError('reuse=True cannot be used without a name_or_scope');
  }
  const graph = graphOf(options.values ?? []);
  const closers = new Closers();
  try {
    closers.use(graphStack.push(graph));
    const nameScope = openNameScope(graph, nameOrScope, options);
    if (nameScope) closers.use(nameScope);
    const pure = openPure(graph, nameOrScope, { ...options, reuse }, nameScope?.value ?? null);
    closers.use(pure);
    return { value: pure.value, [Symbol.dispose]: () => closers.dispose() };
  } catch (error) {
    closers.dispose();
    throw error;
  }
}

function checkReuse(reuse: unknown): void {
  if (reuse === undefined || reuse === null || typeof reuse === 'boolean' || reuse === AUTO_REUSE) return;
  throw new ValueError('The reuse parameter must be True or False or None.');
}

/** The name scope that goes with the variable scope; null where the root is entered. */
function openNameScope(
  graph: Graph,
  nameOrScope: string | VariableScope | null,
  { auxiliaryNameScope = true, defaultName = null }: VariableScopeOptions,
): OpenScope<string> | null {
  const around = graph.getNameScope();
  if (!auxiliaryNameScope) return graph.nameScope(around ? `${around}/` : null);
  if (nameOrScope === null) return graph.nameScope(defaultName);
  const name = typeof nameOrScope === 'string' ? nameOrScope : lastPart(nameOrScope.name);
  return name ? graph.nameScope(name) : null;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** The variable scope alone. `nameScope` is the name scope opened for it, with its final slash. */
function openPure(
  graph: Graph,
  nameOrScope: string | VariableScope | null,
  options: VariableScopeOptions,
  nameScope: string | null,
): OpenScope<VariableScope> {
  const state = stateOf(graph);
  const outer = state.current;
  const changes = changedSettings(options);
  let scope: VariableScope;
  let close: () => void;
  if (nameOrScope instanceof VariableScope) {
    const counts = new Map(state.counts);
    scope = nameOrScope.derive(
      nameOrScope.name,
      nameOrScope.originalNameScope,
      wrapGetter(changes, nameOrScope.customGetter),
    );
    state.open(scope.name);
    close = () => {
      state.counts = counts;
    };
  } else {
    const part = nameOrScope ?? state.unique(options.defaultName as string);
    const name = outer.name ? `${outer.name}/${part}` : part;
    scope = outer.derive(name, nameScope ?? part, wrapGetter(changes, outer.customGetter));
    state.open(name);
    close = () => state.closeInside(name);
  }
  state.current = scope;
  return {
    value: scope,
    [Symbol.dispose]: () => {
      if (state.current !== scope) throw new RuntimeError('Improper nesting of variable_scope.');
      close();
      state.current = outer;
    },
  };
}

/** The settings that the options ask for; what is not among them is inherited. */
function changedSettings(options: VariableScopeOptions): Partial<Settings> {
  const changes: Record<string, unknown> = {};
  for (const key of Object.keys(ROOT) as (keyof Settings)[]) {
    const value = options[key];
    if (value !== undefined && value !== null) changes[key] = key === 'dtype' ? asDType(value as DTypeLike) : value;
  }
  return changes as Partial<Settings>;
}

/** A getter given inside another scope's stands in front of it. */
function wrapGetter(changes: Partial<Settings>, outer: CustomGetter | null): Partial<Settings> {
  const inner = changes.customGetter;
  if (!inner || !outer) return changes;
  const customGetter: CustomGetter = (getter, name, request) => {
    const wrapped: Getter = (innerName, innerRequest) => outer(getter, innerName, innerRequest);
    return inner(wrapped, name, request);
  };
  return { ...changes, customGetter };
}

/** What was opened, to be closed in the opposite order, once. */
class Closers {
  private open: Disposable[] = [];
  use(item: Disposable): void {
    this.open.push(item);
  }
  /** What refuses to be closed stays open, with all that lies below it. */
  dispose(): void {
    while (this.open.length > 0) {
      this.open[this.open.length - 1][Symbol.dispose]();
      this.open.pop();
    }
  }
}

type GetVariableArguments = Rest<
  [
    shape: ShapeLike,
    dtype: DTypeLike | null,
    initializer: InitializerLike | null,
    regularizer: Regularizer | null,
    trainable: boolean | null,
    collections: readonly string[] | null,
  ],
  GetVariableOptions
>;

const GET_VARIABLE = ['shape', 'dtype', 'initializer', 'regularizer', 'trainable', 'collections'] as const;

/**
 * The variable of this name in the current variable scope: made, or found where the scope reuses. Floats are
 * initialized as Glorot and Bengio do, integers with zeros, unless an initializer is given here or by the scope.
 * Throws `ValueError` for a name that exists or does not, as the scope asks; for another shape or type than the variable
 * has; for a constant initializer beside a shape.
 *
 *     tf.getVariable('w', [784, 10])
 *     tf.getVariable('b', {shape: [10], initializer: tf.zerosInitializer()})
 */
export function getVariable(name: string, ...rest: GetVariableArguments): Variable {
  const options = bind<GetVariableOptions>(GET_VARIABLE, rest);
  return getVariableScope().getVariable(variableStoreOf(), name, options);
}

/**
 * `getVariable` for a variable that is not trained, nor saved: it goes to `GraphKeys.LOCAL_VARIABLES`.
 *
 *     tf.getLocalVariable('total', [], {initializer: tf.zerosInitializer()})
 */
export function getLocalVariable(name: string, ...rest: GetVariableArguments): Variable {
  const options = bind<GetVariableOptions>(GET_VARIABLE, rest);
  const collections = [...(options.collections ?? []), GraphKeys.LOCAL_VARIABLES];
  return getVariableScope().getVariable(variableStoreOf(), name, { ...options, collections, trainable: false });
}

/** A regularizer that adds nothing: to switch off the scope's. */
export function noRegularizer(_weights: TensorLike): null {
  return null;
}
