/**
 * The activation functions of the Keras backend. Names of activations and layers are other files' business.
 */
import type { Tensor } from '../../graph/graph.ts';
import * as activations from '../../ops/activations.ts';
import * as arithmetic from '../../ops/arithmetic.ts';
import { cast } from '../../ops/cast.ts';
import { clipByValue } from '../../ops/clip.ts';
import { greater } from '../../ops/comparison.ts';
import { reduceMax, reduceSum } from '../../ops/reductions.ts';
import { whereV2 } from '../../ops/selection.ts';
import { softmax as softmaxAlong } from '../../ops/softmax.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import * as unary from '../../ops/unary-math.ts';
import { ValueError } from '../../util/errors.ts';
import { rememberLogits } from './logits.ts';
import { build, operand, scalarLike } from './operands.ts';

interface ReluOptions {
  readonly alpha?: number;
  readonly maxValue?: number | null;
  readonly threshold?: number;
}

/**
 * `x` above `threshold`, at most `maxValue`; below it `alpha * (x - threshold)`.
 *
 *     K.relu(x)
 *     K.relu(x, {maxValue: 6})
 *     K.relu(x, 0.1)              // leaky
 */
export function relu(
  x: TensorLike,
  ...rest: Rest<[alpha: number, maxValue: number | null, threshold: number], ReluOptions>
): Tensor {
  const { alpha = 0, maxValue = null, threshold = 0 } = bind<ReluOptions>(['alpha', 'maxValue', 'threshold'], rest);
  return build([x], () => {
    const value = operand(x);
    if (alpha !== 0 && maxValue === null && threshold === 0) return activations.leakyRelu(value, { alpha });
    const below = alpha === 0 ? null : activations.relu(threshold === 0 ? value.neg() : value.neg().add(threshold));
    let result: Tensor;
    if (threshold !== 0) result = value.mul(cast(greater(value, threshold), value.dtype));
    else if (maxValue === 6) result = activations.relu6(value);
    else result = activations.relu(value);
    if (maxValue !== null && !(threshold === 0 && maxValue === 6)) {
      const limit = scalarLike(maxValue, result);
      result = clipByValue(result, scalarLike(0, result), limit);
    }
    return below === null ? result : result.sub(scalarLike(alpha, result).mul(below));
  });
}

/**
 * `x` where it is positive, else `alpha * (exp(x) - 1)`.
 *
 *     K.elu(x, 0.5)
 */
export function elu(x: TensorLike, ...rest: Rest<[alpha: number], { readonly alpha?: number }>): Tensor {
  const { alpha = 1 } = bind<{ alpha: number }>(['alpha'], rest);
  return build([x], () => {
    const value = operand(x);
    const result = activations.elu(value);
    if (alpha === 1) return result;
    return whereV2(value.greater(0), result, arithmetic.multiply(alpha, result));
  });
}

/**
 * `exp(x)` divided by its sum along `axis`, the last without it; a list sums over all of its axes. Throws `ValueError` for
 * a tensor of fewer than two axes.
 *
 *     K.softmax(logits)
 */
export function softmax(
  x: TensorLike,
  ...rest: Rest<[axis: number | readonly number[]], { readonly axis?: number | readonly number[] }>
): Tensor {
  const { axis = -1 } = bind<{ axis: number | readonly number[] }>(['axis'], rest);
  return build([x], () => {
    const value = operand(x);
    if (value.shape !== null && value.shape.length <= 1) {
      throw new ValueError(`Cannot apply softmax to a tensor that is 1D. Received input: ${value}`);
    }
    if (typeof axis === 'number') return rememberLogits(softmaxAlong(value, axis), value);
    const raised = unary.exp(value.sub(reduceMax(value, axis, true)));
    return rememberLogits(raised.div(reduceSum(raised, axis, true)), value);
  });
}

/** `log(exp(x) + 1)`. */
export function softplus(x: TensorLike): Tensor {
  return activations.softplus(x);
}

/** `x / (abs(x) + 1)`. */
export function softsign(x: TensorLike): Tensor {
  return activations.softsign(x);
}

/** `1 / (1 + exp(-x))`. */
export function sigmoid(x: TensorLike): Tensor {
  return build([x], () => {
    const value = operand(x);
    return rememberLogits(unary.sigmoid(value), value);
  });
}

/** A sigmoid of straight pieces: `0.2 * x + 0.5`, kept within 0 and 1. */
export function hardSigmoid(x: TensorLike): Tensor {
  return build([x], () => {
    const value = operand(x);
    const [slope, middle] = [scalarLike(0.2, value), scalarLike(0.5, value)];
    return clipByValue(arithmetic.add(arithmetic.multiply(value, slope), middle), 0, 1);
  });
}

/** The hyperbolic tangent. */
export function tanh(x: TensorLike): Tensor {
  return unary.tanh(x);
}
