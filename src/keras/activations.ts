/**
 * Activation functions under Keras's names, and the names: `get`, `serialize`, `deserialize`. What most of them compute is
 * in `backend/activations.ts`; layers that are activations are elsewhere.
 */
import type { Tensor } from '../graph/graph.ts';
import * as ops from '../ops/activations.ts';
import * as arithmetic from '../ops/arithmetic.ts';
import { opScope } from '../ops/emit.ts';
import * as soft from '../ops/softmax.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import * as unary from '../ops/unary-math.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import * as backend from './backend/activations.ts';
import { build, operand } from './backend/operands.ts';
import { type DeserializeArguments, defineKind } from './objects.ts';
import { isSerialized, type Serialized } from './serialization.ts';

/** A function of a tensor, of any shape, to one of the same shape. */
export type Activation = (x: Tensor) => Tensor;

// ---------------------------------------------------------------------------------------------------------------------
// Functions

export interface ReluOptions {
  /** The slope below the threshold. */
  readonly alpha?: number;
  /** The present name of `alpha`. */
  readonly negativeSlope?: number;
  /** The greatest value; no limit for null. */
  readonly maxValue?: number | null;
  /** Where the function begins to rise. */
  readonly threshold?: number;
}

/**
 * `x` from `threshold` on, at most `maxValue`; below it `alpha * (x - threshold)`, 0 by default.
 *
 *     tf.keras.activations.relu(x, {alpha: 0.1, maxValue: 6})
 */
export function relu(
  x: TensorLike,
  ...rest: Rest<[alpha: number, maxValue: number | null, threshold: number], ReluOptions>
): Tensor {
  const { negativeSlope, ...options } = bind<ReluOptions>(['alpha', 'maxValue', 'threshold'], rest);
  return backend.relu(x, { ...options, alpha: options.alpha ?? negativeSlope });
}

/** The hyperbolic tangent. */
export function tanh(x: TensorLike): Tensor {
  return backend.tanh(x);
}

/** `1 / (1 + exp(-x))`. */
export function sigmoid(x: TensorLike): Tensor {
  return backend.sigmoid(x);
}

/** A sigmoid of straight pieces: `0.2 * x + 0.5`, kept within 0 and 1. */
export function hardSigmoid(x: TensorLike): Tensor {
  return backend.hardSigmoid(x);
}

/** `log(exp(x) + 1)`. */
export function softplus(x: TensorLike): Tensor {
  return backend.softplus(x);
}

/** `x / (abs(x) + 1)`. */
export function softsign(x: TensorLike): Tensor {
  return backend.softsign(x);
}

/** `x` where it is positive, else `alpha * (exp(x) - 1)`, with `alpha` 1 if not given. */
export function elu(x: TensorLike, ...rest: Rest<[alpha: number], { readonly alpha?: number }>): Tensor {
  return backend.elu(x, ...rest);
}

/** The scaled exponential linear unit: with `lecun_normal` weights it keeps mean 0 and variance 1. */
export function selu(x: TensorLike): Tensor {
  return ops.selu(x);
}

/** `exp(x)`. */
export function exponential(x: TensorLike): Tensor {
  return unary.exp(x);
}

/** The tensor itself. */
export function linear(x: TensorLike): Tensor {
  return operand(x);
}

/** `x * sigmoid(x)`. */
export function swish(x: TensorLike): Tensor {
  return ops.swish(x);
}

/** Another name of `swish`. */
export const silu = swish;

export interface GeluOptions {
  /** Whether to use the approximation by a hyperbolic tangent. */
  readonly approximate?: boolean;
}

/**
 * `x` times the probability that a standard normal number is below it. Throws `ValueError` for integers.
 *
 *     tf.keras.activations.gelu(x, {approximate: true})
 */
export function gelu(x: TensorLike, ...rest: Rest<[approximate: boolean], GeluOptions>): Tensor {
  const { approximate = false } = bind<GeluOptions>(['approximate'], rest);
  return opScope(null, 'Gelu', [x], () => {
    const value = operand(x);
    if (!value.dtype.isFloating) {
      throw new ValueError(`\`features.dtype\` must be a floating point tensor.Received:features.dtype=${value.dtype}`);
    }
    if (!approximate) {
      // Of the complement at -x: where x is very negative, 1 + erf(x) would be lost in the rounding of 1.
      const tail = unary.erfc(value.neg().mul(Math.SQRT1_2));
      return arithmetic.multiply(0.5, value).mul(tail);
    }
    const cubed = arithmetic.multiply(0.044715, arithmetic.pow(value, 3));
    const bent = unary.tanh(arithmetic.multiply(Math.sqrt(2 / Math.PI), value.add(cubed)));
    return arithmetic.multiply(0.5, value).mul(arithmetic.add(1, bent));
  });
}

/** `x * tanh(softplus(x))`. */
export function mish(x: TensorLike): Tensor {
  return build([x], () => {
    const value = operand(x);
    return value.mul(unary.tanh(ops.softplus(value)));
  });
}

export interface SoftmaxOptions {
  /** The axis along which the sum is 1, or several; the last without it. */
  readonly axis?: number | readonly number[];
}

/**
 * `exp(x)` divided by its sum along `axis`. Throws `ValueError` for a tensor of fewer than two axes.
 *
 *     tf.keras.activations.softmax(logits, {axis: 1})
 */
export function softmax(x: TensorLike, ...rest: Rest<[axis: number | readonly number[]], SoftmaxOptions>): Tensor {
  return backend.softmax(x, ...rest);
}

/** The logarithm of softmax along `axis`, the last without it. */
export function logSoftmax(x: TensorLike, ...rest: Rest<[axis: number], { readonly axis?: number }>): Tensor {
  const { axis = -1 } = bind<{ axis: number }>(['axis'], rest);
  return soft.logSoftmax(x, axis);
}

/** `x`, or `alpha` (0.2) times `x` where it is negative. */
export function leakyRelu(x: TensorLike, ...rest: Rest<[alpha: number], { readonly alpha?: number }>): Tensor {
  const { alpha = 0.2 } = bind<{ alpha: number }>(['alpha'], rest);
  return ops.leakyRelu(x, { alpha });
}

/** `min(max(x, 0), 6)`. */
export function relu6(x: TensorLike): Tensor {
  return ops.relu6(x);
}

// ---------------------------------------------------------------------------------------------------------------------
// Names

const kind = defineKind<Activation>({
  noun: 'activation function',
  known: [
    ['relu', relu],
    ['tanh', tanh],
    ['sigmoid', sigmoid],
    ['hard_sigmoid', hardSigmoid],
    ['softplus', softplus],
    ['softsign', softsign],
    ['elu', elu],
    ['selu', selu],
    ['exponential', exponential],
    ['linear', linear],
    ['swish', swish],
    ['silu', swish],
    ['gelu', gelu],
    ['mish', mish],
    ['softmax', softmax],
    ['log_softmax', logSoftmax],
    ['leaky_relu', leakyRelu],
    ['relu6', relu6],
  ],
});

/** The functions of `tf.nn` and `tf` that are given for activations, too. */
const others: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [ops.relu, 'relu'],
  [ops.relu6, 'relu6'],
  [ops.elu, 'elu'],
  [ops.selu, 'selu'],
  [ops.leakyRelu, 'leaky_relu'],
  [ops.softplus, 'softplus'],
  [ops.softsign, 'softsign'],
  [ops.swish, 'swish'],
  [soft.softmax, 'softmax'],
  [soft.logSoftmax, 'log_softmax'],
  [unary.tanh, 'tanh'],
  [unary.sigmoid, 'sigmoid'],
  [unary.exp, 'exponential'],
]);

/**
 * The activation of a name (`'hard_sigmoid'` or `'hardSigmoid'`) or configuration; a function is given back, `null` is
 * `linear`. Throws `ValueError` for an unknown name and `TypeError` for any other value.
 *
 *     tf.keras.activations.get('relu')
 */
export function get(identifier: unknown): Activation {
  if (identifier === null || identifier === undefined) return linear;
  if (typeof identifier !== 'string' && typeof identifier !== 'function' && !isSerialized(identifier)) {
    throw new TypeError(`Could not interpret activation function identifier: ${String(identifier)}`);
  }
  return kind.get(identifier);
}

/** The name that an activation is saved under: Keras's for its own, a user's function's own name. */
export function serialize(activation: unknown): string | Serialized | null {
  return others.get(activation) ?? kind.serialize(activation);
}

/** The activation of a name. Throws `ValueError` for one that is unknown; `customObjects` may know more. */
export function deserialize(name: string | Serialized, options?: DeserializeArguments): Activation {
  return kind.deserialize(name, options);
}
