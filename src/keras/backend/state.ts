/**
 * The part of `K.*` that has to do with state: the session, names, the learning phase, variables. The state itself is in
 * `../context.ts`.
 */
import type { AnySession } from '../../graph/evaluator.ts';
import type { Tensor } from '../../graph/graph.ts';
import { placeholder as placeholderOp } from '../../ops/placeholders.ts';
import type { ArrayValue } from '../../util/array-convert.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { type OpenScope, within } from '../../util/scope.ts';
import type { Variable } from '../../variables/variable.ts';
import { inContext } from '../binding.ts';
import { floatx } from '../config.ts';
import type { ClearReport } from '../context.ts';
import { assignValues, type WeightValue } from '../engine/weights.ts';

/**
 * The session that Keras works with: the default session if one is entered, else its own, made on the current graph when
 * it is first asked for. Variables of Keras are initialised in it before any later run.
 *
 *     const sess = tf.keras.backend.getSession();
 *     await sess.run(model.outputs);
 */
export const getSession = inContext(
  (context) =>
    (inputs: readonly unknown[] = []): AnySession =>
      context.getSession(inputs),
);

/**
 * Hands Keras a session to work with. It stays its maker's: `clearSession` lets go of it without closing it. A session
 * made later by Keras itself gets its configuration.
 */
export const setSession = inContext(
  (context) =>
    (session: AnySession | null): void =>
      context.setSession(session),
);

/**
 * Resets what Keras keeps: the session that it made is closed, automatic names start again, the learning phase is a new
 * placeholder, and the default graph is replaced. The user's own sessions, and values in them, stay; so do settings
 * (`floatx`, `epsilon`, `imageDataFormat`) and custom objects. Throws `AssertionError`, with nothing changed, while a
 * graph context is open. The report tells what was released.
 *
 *     for (const units of [16, 32, 64]) {
 *       tf.keras.backend.clearSession();
 *       const model = build(units);          // its first Dense is called `dense` each time
 *     }
 *
 * @param options `freeMemory`: whether buffers and kernels that backends keep for reuse are freed at once (true without
 *   it), or when something else needs the room: for tight loops
 */
export const clearSession = inContext(
  (context) =>
    (options: { readonly freeMemory?: boolean } = {}): ClearReport =>
      context.clear(options),
);

/** `'tensorflow'`: the name of the library below Keras. */
export function backend(): string {
  return 'tensorflow';
}

/** How many times it was asked for this prefix since the last reset of counters, on the current graph: 1, 2, … */
export const getUid = inContext(
  (context) =>
    (prefix = ''): number =>
      context.getUid(prefix),
);

/** Starts all counters of automatic names again, those of other graphs too. */
export const resetUids = inContext((context) => (): void => context.resetUids());

/** True leaves the initialisation of variables to the user; false (at the start) has Keras do it. */
export const manualVariableInitialization = inContext((context) => (value: boolean): void => {
  context.manualInitialization = value;
});

// The learning phase

/**
 * The learning phase of the current graph: 0 or 1 where it was set, else a boolean scalar tensor that is false unless it
 * is fed.
 *
 *     await sess.run(model.outputs, {feedDict: [[tf.keras.backend.learningPhase(), true]]});
 */
export const learningPhase = inContext((context) => (): Tensor | 0 | 1 => context.learningPhase());

/** Fixes the learning phase of the current graph: 0 for inference, 1 for training. Throws `ValueError` for others. */
export const setLearningPhase = inContext(
  (context) =>
    (value: 0 | 1 | boolean): void =>
      context.setLearningPhase(value),
);

/**
 * Fixes the learning phase for as long as the scope is open.
 *
 *     using _ = tf.keras.backend.learningPhaseScope(1);
 */
export const learningPhaseScope = inContext((context) => {
  function scope(value: 0 | 1 | boolean): OpenScope;
  function scope<R>(value: 0 | 1 | boolean, body: () => R): R;
  function scope<R>(value: 0 | 1 | boolean, body?: () => R): OpenScope | R {
    const open = (): OpenScope => {
      const { graph } = context;
      const before = context.phaseOf(graph);
      context.setLearningPhase(value);
      return { value: undefined, [Symbol.dispose]: () => context.restorePhase(graph, before) };
    };
    return body ? within(open, body) : open();
  }
  return scope;
});

// Values

export interface PlaceholderOptions {
  readonly shape?: readonly (number | null)[] | null;
  /** The number of dimensions, where the shape is not known. */
  readonly ndim?: number | null;
  readonly dtype?: DTypeLike | null;
  readonly name?: string | null;
}

/**
 * A placeholder, of type `floatx()` unless said.
 *
 *     const x = tf.keras.backend.placeholder([null, 3]);
 */
export const placeholder = inContext(
  (context) =>
    (first: readonly (number | null)[] | PlaceholderOptions | null = null, second: PlaceholderOptions = {}): Tensor => {
      const options: PlaceholderOptions = { ...second, ...(isDims(first) ? { shape: first } : first) };
      const shape = options.shape ?? (options.ndim ? new Array<null>(options.ndim).fill(null) : null);
      return context.graph.asDefault(() => placeholderOp(options.dtype ?? floatx(), shape, options.name ?? null));
    },
);

function isDims(value: unknown): value is readonly (number | null)[] {
  return Array.isArray(value);
}

/** The value of a variable in the session of Keras, or of a tensor. */
export const getValue = inContext((context) => async (x: Variable | Tensor): Promise<NdArray> => {
  const user = isVariable(x) ? userOf(x) : { name: x.name, graph: x.graph, variables: context.variablesBehind([x]) };
  return (await (await context.sessionOf(user)).run(x)) as NdArray;
});

/** The values of several variables, read in one run. */
export const batchGetValue = inContext((context) => async (variables: readonly Variable[]): Promise<NdArray[]> => {
  if (variables.length === 0) return [];
  const session = await context.sessionOf({ ...userOf(variables[0]), variables });
  return (await session.run(variables)) as NdArray[];
});

/** Sets a variable in the session of Keras, without adding to the graph. Throws `ValueError` for another shape. */
export const setValue = inContext((context) => async (x: Variable, value: WeightValue): Promise<void> => {
  await assignValues({ ...userOf(x), context }, [[x, value]]);
});

/** Sets several variables in one run: all or none. */
export const batchSetValue = inContext(
  (context) =>
    async (pairs: readonly (readonly [Variable, WeightValue])[]): Promise<void> => {
      if (pairs.length === 0) return;
      const variables = pairs.map(([variable]) => variable);
      await assignValues({ ...userOf(variables[0]), variables, context }, pairs);
    },
);

function isVariable(x: Variable | Tensor): x is Variable {
  return 'initializer' in x;
}

function userOf(variable: Variable) {
  if (!variable?.graph) throw new ValueError(`A variable was expected, got ${String(variable)}.`);
  return { name: variable.name, graph: variable.graph, variables: [variable] };
}

export type { ArrayValue };
