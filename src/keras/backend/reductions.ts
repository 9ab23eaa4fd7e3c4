/**
 * The reductions of the Keras backend along one axis, several (a list) or all (null, the default), and running sums.
 */
import type { Tensor } from '../../graph/graph.ts';
import * as arg from '../../ops/arg-reduce.ts';
import { cast } from '../../ops/cast.ts';
import * as reductions from '../../ops/reductions.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { bool } from '../../util/dtype.ts';
import { floatx } from '../config.ts';
import { build, operand } from './operands.ts';

type Axes = number | readonly number[] | null;

interface ReduceOptions {
  readonly axis?: Axes;
  /** Keeps the reduced axes with length 1. */
  readonly keepdims?: boolean;
}
type ReduceRest = Rest<[axis: Axes, keepdims: boolean], ReduceOptions>;

type Reduction = (x: TensorLike, axis: Axes, keepdims: boolean) => Tensor;

function reduce(by: Reduction, x: TensorLike, rest: ReduceRest): Tensor {
  const { axis = null, keepdims = false } = bind<ReduceOptions>(['axis', 'keepdims'], rest);
  return by(x, axis, keepdims);
}

/** Truth values count as 0 and 1. */
function numeric(by: Reduction): Reduction {
  return (x, axis, keepdims) =>
    build([x], () => {
      const value = operand(x);
      return by(value.dtype === bool ? cast(value, floatx()) : value, axis, keepdims);
    });
}

/** Numbers count as true where they are not zero. */
function logical(by: Reduction): Reduction {
  return (x, axis, keepdims) => build([x], () => by(cast(x, bool), axis, keepdims));
}

/**
 * The sum.
 *
 *     K.sum(x)                    // scalar
 *     K.sum(x, -1, true)          // [batch, 1]
 *     K.sum(x, {axis: [1, 2]})
 */
export function sum(x: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce(reductions.reduceSum, x, rest);
}

/** The product; see `sum`. */
export function prod(x: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce(reductions.reduceProd, x, rest);
}

/** The greatest element; see `sum`. */
export function max(x: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce(reductions.reduceMax, x, rest);
}

/** The least element; see `sum`. */
export function min(x: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce(reductions.reduceMin, x, rest);
}

/** The mean, of truth values as of 0 and 1; see `sum`. */
export function mean(x: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce(numeric(reductions.reduceMean), x, rest);
}

/** The variance (dividing by the count); see `sum`. */
export function variance(x: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce(numeric(reductions.reduceVariance), x, rest);
}

/** The standard deviation (dividing by the count); see `sum`. */
export function std(x: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce(numeric(reductions.reduceStd), x, rest);
}

/** `log(sum(exp(x)))`, without overflow; see `sum`. */
export function logsumexp(x: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce(reductions.reduceLogsumexp, x, rest);
}

/** Whether any element is true (not zero): bool. See `sum`. */
export function any(x: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce(logical(reductions.reduceAny), x, rest);
}

/** Whether all elements are true (not zero): bool. See `sum`. */
export function all(x: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce(logical(reductions.reduceAll), x, rest);
}

interface AxisOption {
  readonly axis?: number;
}
type AxisRest = Rest<[axis: number], AxisOption>;

/** Where the greatest element along `axis` (the last without it) is: int64. */
export function argmax(x: TensorLike, ...rest: AxisRest): Tensor {
  const { axis = -1 } = bind<AxisOption>(['axis'], rest);
  return arg.argmax(x, axis);
}

/** Where the least element along `axis` (the last without it) is: int64. */
export function argmin(x: TensorLike, ...rest: AxisRest): Tensor {
  const { axis = -1 } = bind<AxisOption>(['axis'], rest);
  return arg.argmin(x, axis);
}

/** The sum of all elements up to each, along `axis` (the first without it). */
export function cumsum(x: TensorLike, ...rest: AxisRest): Tensor {
  const { axis = 0 } = bind<AxisOption>(['axis'], rest);
  return reductions.cumsum(x, { axis });
}

/** The product of all elements up to each, along `axis` (the first without it). */
export function cumprod(x: TensorLike, ...rest: AxisRest): Tensor {
  const { axis = 0 } = bind<AxisOption>(['axis'], rest);
  return reductions.cumprod(x, { axis });
}
