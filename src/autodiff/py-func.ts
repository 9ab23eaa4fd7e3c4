/**
 * `tf.pyFunc` and `tf.numpyFunction`: a function of the program as an op, with an optional gradient. The ops are
 * `src/ops/py-func.ts`.
 */
import type { Operation, Tensor } from '../graph/graph.ts';
import { convertToTensor, graphOf } from '../ops/emit.ts';
import { emitPyFunc, type PyFuncResult, registerFunction } from '../ops/py-func.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { asDType, type DTypeLike } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import { attachGradient, type GradientFunction } from './registry.ts';

export interface PyFuncOptions {
  /** Whether the function does more than compute, or gives different results for the same inputs. */
  readonly stateful?: boolean;
  readonly name?: string | null;
  /** The gradient: from the operation and a gradient per result to one per input, built as ops. */
  readonly grad?: GradientFunction;
}

/** What `pyFunc` gives: a tensor for a type, a list for a list, the operation for an empty list. */
export type PyFuncOutputs<T> = T extends readonly []
  ? Operation
  : T extends readonly unknown[]
    ? { -readonly [K in keyof T]: Tensor }
    : Tensor;

/**
 * A JavaScript function as an op: in a run it gets the values of `inp`, each an `NdArray` of its own, and gives a value for
 * each type of the list `Tout`, or the only one by itself where `Tout` is a type. A value is a number, string, nested list,
 * typed array or `NdArray`; those that have an element type must have the one said, numbers take it. The function may give
 * a promise: the run then waits, and other runs of the session pass (`runSync` refuses to wait). It may not run the same
 * session and wait for it.
 *
 * Static shapes of results are unknown: say them with `setShape`. Where the function is not `stateful`, equal calls may be
 * made one, and it may be called less often; without need of its results it is not called in any case. Without `grad` no
 * gradient flows through. The function lives as long as the graph; a graph that was read from a file has none. Throws
 * `ValueError` for what is no function. A run fails with `InvalidArgumentError` for results of another number or type and
 * where the function throws a `TypeError` or `ValueError`, with `UnknownError` where it throws something else: the error
 * thrown is the `cause`.
 *
 *     const y = tf.pyFunc((x) => x.array().map(Math.cbrt), [x], tf.float32);
 *     const [q, r] = tf.pyFunc((a, b) => [Math.floor(a / b), a % b], [x, y], [tf.int32, tf.int32]);
 *     const z = tf.pyFunc(async (url) => (await fetch(String(url))).text(), [name], tf.string);
 *     const w = tf.pyFunc(cube, [x], tf.float32, {grad: (op, dy) => dy.mul(op.inputs[0].square()).mul(3)});
 */
export function pyFunc<const T extends DTypeLike | readonly DTypeLike[]>(
  func: (...inputs: never[]) => PyFuncResult | Promise<PyFuncResult>,
  inp: readonly TensorLike[],
  Tout: T,
  ...rest: Rest<[stateful: boolean, name: string | null], PyFuncOptions>
): PyFuncOutputs<T> {
  const { stateful = true, name, grad } = bind<PyFuncOptions>(['stateful', 'name'], rest);
  if (typeof func !== 'function') {
    throw new ValueError(`Expected func to be callable. Received func=${String(func)} of type ${typeof func}.`);
  }
  if (!Array.isArray(inp)) throw new TypeError(`The inputs of a function are a list, got ${String(inp)}.`);
  const givesList = Array.isArray(Tout);
  const types = (givesList ? (Tout as readonly DTypeLike[]) : [Tout as DTypeLike]).map((type) => asDType(type));
  const graph = graphOf(inp);
  const op = graph.atomic(() =>
    graph.asDefault(() => {
      // Variables are read before the op, as everywhere; values become constants of the op.
      const inputs = inp.map((value) => (isVariable(value) ? convertToTensor(value) : value));
      const fn = func as unknown as (...inputs: NdArray[]) => PyFuncResult | Promise<PyFuncResult>;
      return emitPyFunc(registerFunction(graph, { fn, givesList }), inputs, types, stateful, name);
    }),
  );
  if (grad) attachGradient(op, grad);
  if (types.length === 0) return op as PyFuncOutputs<T>;
  return (givesList ? [...op.outputs] : op.output(0)) as PyFuncOutputs<T>;
}

const isVariable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'asTensor' in value && 'handle' in value;

/** As `pyFunc`, by the name that TensorFlow 2 has for it. */
export const numpyFunction: typeof pyFunc = (func, inp, Tout, ...rest) => pyFunc(func, inp, Tout, ...rest);
