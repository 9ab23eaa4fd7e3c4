/**
 * The element-wise functions of the Keras backend, comparisons, and conversions of type. Activations are in
 * `activations.ts`.
 */
import type { Tensor } from '../../graph/graph.ts';
import * as arithmetic from '../../ops/arithmetic.ts';
import { cast as castTo } from '../../ops/cast.ts';
import { clipByValue } from '../../ops/clip.ts';
import * as comparison from '../../ops/comparison.ts';
import { constant as constantTensor } from '../../ops/constants.ts';
import * as filling from '../../ops/filling.ts';
import * as identities from '../../ops/identity.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import * as unary from '../../ops/unary-math.ts';
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import { asDType, type DTypeLike } from '../../util/dtype.ts';
import type { NdArray } from '../../util/ndarray.ts';
import type { ShapeLike } from '../../util/shape.ts';
import { floatx } from '../config.ts';
import { build, operand, scalarLike } from './operands.ts';

/** The absolute value of each element. */
export function abs(x: TensorLike): Tensor {
  return unary.abs(x);
}

/** `e ** x`. */
export function exp(x: TensorLike): Tensor {
  return unary.exp(x);
}

/** The natural logarithm: NaN of negative elements. */
export function log(x: TensorLike): Tensor {
  return unary.log(x);
}

/** The integer nearest to each element; a half goes to the even one. */
export function round(x: TensorLike): Tensor {
  return unary.round(x);
}

/** -1, 0 or 1. */
export function sign(x: TensorLike): Tensor {
  return unary.sign(x);
}

/** The sine of each element, in radians. */
export function sin(x: TensorLike): Tensor {
  return unary.sin(x);
}

/** The cosine of each element, in radians. */
export function cos(x: TensorLike): Tensor {
  return unary.cos(x);
}

/** `x * x`. */
export function square(x: TensorLike): Tensor {
  return unary.square(x);
}

/**
 * The square root, with negative elements taken as zero.
 *
 *     K.sqrt(K.constant([-4, 4]))   // [0, 2]
 */
export function sqrt(x: TensorLike): Tensor {
  return build([x], () => {
    const value = operand(x);
    return unary.sqrt(arithmetic.maximum(value, scalarLike(0, value)));
  });
}

/** `x ** a`; `a` broadcasts. */
export function pow(x: TensorLike, a: TensorLike): Tensor {
  return arithmetic.pow(x, a);
}

/**
 * Each element moved to the nearer limit where it lies beyond it; null is no limit. Of two numbers the lower limit wins.
 *
 *     K.clip(x, 0, 6)
 *     K.clip(x, null, 1)
 */
export function clip(x: TensorLike, minValue: TensorLike | null, maxValue: TensorLike | null): Tensor {
  const low = minValue ?? Number.NEGATIVE_INFINITY;
  const high = maxValue ?? Number.POSITIVE_INFINITY;
  const crossed = typeof low === 'number' && typeof high === 'number' && high < low;
  return clipByValue(x, low, crossed ? low : high);
}

/** Where the elements are equal: a bool tensor. Both broadcast. */
export function equal(x: TensorLike, y: TensorLike): Tensor {
  return comparison.equal(x, y);
}

/** Where the elements differ: a bool tensor. */
export function notEqual(x: TensorLike, y: TensorLike): Tensor {
  return comparison.notEqual(x, y);
}

/** Where `x > y`: a bool tensor. */
export function greater(x: TensorLike, y: TensorLike): Tensor {
  return comparison.greater(x, y);
}

/** Where `x >= y`: a bool tensor. */
export function greaterEqual(x: TensorLike, y: TensorLike): Tensor {
  return comparison.greaterEqual(x, y);
}

/** Where `x < y`: a bool tensor. */
export function less(x: TensorLike, y: TensorLike): Tensor {
  return comparison.less(x, y);
}

/** Where `x <= y`: a bool tensor. */
export function lessEqual(x: TensorLike, y: TensorLike): Tensor {
  return comparison.lessEqual(x, y);
}

/** The greater of each pair of elements; both broadcast. */
export function maximum(x: TensorLike, y: TensorLike): Tensor {
  return arithmetic.maximum(x, y);
}

/** The lesser of each pair of elements; both broadcast. */
export function minimum(x: TensorLike, y: TensorLike): Tensor {
  return arithmetic.minimum(x, y);
}

/**
 * The tensor in another element type.
 *
 *     K.cast(labels, 'float32')
 */
export function cast(x: TensorLike, dtype: DTypeLike): Tensor {
  return castTo(x, dtype);
}

/** The value in the float type that `setFloatx` sets: a tensor of a tensor or variable, an array of anything else. */
export function castToFloatx(x: Extract<TensorLike, { asTensor: unknown }> | Tensor): Tensor;
export function castToFloatx(x: ArrayValue): NdArray;
export function castToFloatx(x: TensorLike): Tensor | NdArray {
  if (isSymbolic(x)) return castTo(x, floatx());
  const array = toNdArray(x as ArrayValue);
  const wanted = asDType(floatx());
  return array.dtype === wanted
    ? array
    : toNdArray({ data: Array.from(array.data, Number), shape: array.shape }, wanted);
}

interface ConstantOptions {
  readonly dtype?: DTypeLike | null;
  readonly shape?: ShapeLike;
  readonly name?: string | null;
}

/**
 * A constant, of the float type without `dtype`.
 *
 *     K.constant([[1, 2], [3, 4]])
 *     K.constant(0, {dtype: 'int32', shape: [3]})
 */
export function constant(
  value: ArrayValue,
  ...rest: Rest<[dtype: DTypeLike | null, shape: ShapeLike, name: string | null], ConstantOptions>
): Tensor {
  const { dtype, shape, name } = bind<ConstantOptions>(['dtype', 'shape', 'name'], rest);
  return constantTensor(value, { dtype: dtype ?? floatx(), shape, name });
}

interface LikeOptions {
  readonly dtype?: DTypeLike | null;
  readonly name?: string | null;
}
type LikeRest = Rest<[dtype: DTypeLike | null, name: string | null], LikeOptions>;

/** Zeros of the shape of `x`, and of its type unless `dtype` is given. */
export function zerosLike(x: TensorLike, ...rest: LikeRest): Tensor {
  const { dtype, name } = bind<LikeOptions>(['dtype', 'name'], rest);
  return filling.zerosLike(x, { dtype, name });
}

/** Ones of the shape of `x`, and of its type unless `dtype` is given. */
export function onesLike(x: TensorLike, ...rest: LikeRest): Tensor {
  const { dtype, name } = bind<LikeOptions>(['dtype', 'name'], rest);
  return filling.onesLike(x, { dtype, name });
}

/** A tensor with the value of `x`. */
export function identity(
  x: TensorLike,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ name: string | null }>(['name'], rest);
  return identities.identity(x, name ?? null);
}

/**
 * The value as a constant to gradients; a list gives a list.
 *
 *     K.stopGradient(x)
 *     const [a, b] = K.stopGradient([x, y]);
 */
export function stopGradient(variables: readonly Exclude<TensorLike, ArrayValue>[]): Tensor[];
export function stopGradient(variables: TensorLike): Tensor;
export function stopGradient(variables: TensorLike): Tensor | Tensor[] {
  if (Array.isArray(variables) && variables.some((item) => isSymbolic(item))) {
    return build(variables, () => variables.map((x) => identities.stopGradient(x as TensorLike)));
  }
  return identities.stopGradient(variables);
}
