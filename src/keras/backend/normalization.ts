/**
 * Normalisation in the Keras backend, and `inTopK`. Moving averages are updated in `updates.ts`.
 */
import type { Tensor } from '../../graph/graph.ts';
import { constant } from '../../ops/constants.ts';
import { onesLike, zerosLike } from '../../ops/filling.ts';
import * as nn from '../../ops/normalization-functions.ts';
import { inTopK as inTopKOf } from '../../ops/selection.ts';
import { reshape, shape as shapeIn } from '../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { ValueError } from '../../util/errors.ts';
import type { Dim } from '../../util/shape.ts';
import { build, operand } from './operands.ts';

interface BatchNormalizationOptions {
  readonly axis?: number;
  readonly epsilon?: number;
}

/**
 * `gamma * (x - mean) / sqrt(variance + epsilon) + beta`; `beta` and `gamma` may be null. Of images `axis` says where the
 * channels are; elsewhere the moments have to broadcast against `x`.
 *
 *     K.batchNormalization(x, mean, variance, beta, gamma)
 *     K.batchNormalization(image, mean, variance, beta, gamma, 3, 1e-5)
 */
export function batchNormalization(
  x: TensorLike,
  mean: TensorLike,
  variance: TensorLike,
  beta: TensorLike | null,
  gamma: TensorLike | null,
  ...rest: Rest<[axis: number, epsilon: number], BatchNormalizationOptions>
): Tensor {
  const { axis = -1, epsilon = 1e-3 } = bind<BatchNormalizationOptions>(['axis', 'epsilon'], rest);
  return build([x, mean, variance, beta, gamma], () => {
    const value = operand(x);
    const isImage = value.shape?.length === 4;
    if (!isImage || (axis !== 1 && axis !== -3 && axis !== 3 && axis !== -1)) {
      return nn.batchNormalization(value, mean, variance, beta, gamma, epsilon);
    }
    const flat = (t: TensorLike): Tensor => {
      const vector = operand(t);
      return vector.shape !== null && vector.shape.length > 1 ? reshape(vector, [-1]) : vector;
    };
    const [m, v] = [flat(mean), flat(variance)];
    const [b, g] = [beta === null ? zerosLike(m) : flat(beta), gamma === null ? onesLike(m) : flat(gamma)];
    const dataFormat = axis === 1 || axis === -3 ? 'NCHW' : 'NHWC';
    return nn.fusedBatchNorm(value, g, b, { epsilon, mean: m, variance: v, dataFormat, isTraining: false })[0];
  });
}

/** The result, and mean and variance of the batch. */
export type NormalizedBatch = [normed: Tensor, mean: Tensor, variance: Tensor];

/**
 * The batch with its own mean and variance over `reductionAxes` taken out, times `gamma` plus `beta` (each may be null);
 * then mean and variance.
 *
 *     const [normed, mean, variance] = K.normalizeBatchInTraining(x, gamma, beta, [0]);
 */
export function normalizeBatchInTraining(
  x: TensorLike,
  gamma: TensorLike | null,
  beta: TensorLike | null,
  reductionAxes: readonly number[],
  ...rest: Rest<[epsilon: number], { readonly epsilon?: number }>
): NormalizedBatch {
  const { epsilon = 1e-3 } = bind<{ epsilon: number }>(['epsilon'], rest);
  return build([x, gamma, beta], () => {
    const value = operand(x);
    const dims = value.shape;
    if (dims === null) throw new ValueError('The rank of the batch must be known.');
    if (dims.length === 4 && reductionAxes.join() === '0,1,2') return fused(value, dims, gamma, beta, epsilon);
    const [mean, variance] = nn.moments(value, reductionAxes);
    const isRegular =
      [...reductionAxes].sort((a, b) => a - b).join() === Array.from({ length: dims.length - 1 }, (_, i) => i).join();
    if (isRegular) return [nn.batchNormalization(value, mean, variance, beta, gamma, epsilon), mean, variance];
    const target = broadcastShape(value, dims, reductionAxes);
    const spread = (t: TensorLike | null) => (t === null ? null : reshape(t, target));
    const [m, v] = [reshape(mean, target), reshape(variance, target)];
    const normed = nn.batchNormalization(value, m, v, spread(beta), spread(gamma), epsilon);
    return [normed, mean, variance];
  });
}

function fused(
  x: Tensor,
  dims: readonly Dim[],
  gamma: TensorLike | null,
  beta: TensorLike | null,
  epsilon: number,
): NormalizedBatch {
  const filled = (fill: number) => {
    if (dims[3] === null) throw new ValueError('The number of channels must be known where gamma or beta is null.');
    return constant(fill, { dtype: x.dtype, shape: [dims[3]] });
  };
  const scale = gamma === null ? filled(1) : operand(gamma);
  const offset = beta === null ? filled(0) : operand(beta);
  return nn.fusedBatchNorm(x, scale, offset, { epsilon });
}

/** The shape in which a value per kept axis broadcasts against `x`. */
function broadcastShape(x: Tensor, dims: readonly Dim[], reduced: readonly number[]): TensorLike {
  const kept = dims.map((d, i) => (reduced.includes(i) ? 1 : d));
  if (kept.every((d) => d !== null)) return kept as number[];
  const inRun = shapeIn(x);
  return kept.map((d, i) => d ?? inRun.slice(i));
}

/**
 * `x` divided by its Euclidean norm along `axis` (all axes for null).
 *
 *     K.l2Normalize(x, -1)
 */
export function l2Normalize(
  x: TensorLike,
  ...rest: Rest<[axis: number | readonly number[] | null], { readonly axis?: number | readonly number[] | null }>
): Tensor {
  const { axis = null } = bind<{ axis: number | readonly number[] | null }>(['axis'], rest);
  return nn.l2Normalize(x, { axis });
}

/** Whether `targets[i]` is among the `k` best of row `i` of `predictions`: bool. */
export function inTopK(predictions: TensorLike, targets: TensorLike, k: TensorLike | { readonly k: number }): Tensor {
  const count = typeof k === 'object' && 'k' in k ? k.k : k;
  return inTopKOf(predictions, targets, count);
}
