/**
 * Moments and the normalisations of `tf.nn` that are compositions of simpler ops, and the functions around the fused ops.
 */
import type { Tensor } from '../graph/graph.ts';
import { bfloat16, type DType, float16, float32, int32, int64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { cast } from './cast.ts';
import { constant } from './constants.ts';
import { convertToTensor, emit, emitOne, graphOf, opScope } from './emit.ts';
import { zeros, zerosLike } from './filling.ts';
import { reduceMean, reduceSum } from './reductions.ts';
import { size as sizeOf } from './shaping.ts';
import { bind, isSymbolic, type Rest, renamed, type TensorLike } from './tensor-like.ts';

type Axes = number | readonly number[];

function floats(x: TensorLike, name: string): Tensor {
  return convertToTensor(x, { preferredDtype: float32, name });
}

function squeeze(x: Tensor, axes: Axes): Tensor {
  return emitOne('Squeeze', [x], { squeeze_dims: typeof axes === 'number' ? [axes] : [...axes] });
}

export interface MomentsOptions {
  /** Not used, as in TensorFlow. */
  readonly shift?: TensorLike | null;
  readonly name?: string | null;
  /** Keeps the reduced axes with length 1. */
  readonly keepdims?: boolean | null;
  /** The old name of `keepdims`. */
  readonly keepDims?: boolean | null;
}

/**
 * Mean and (biased) variance of a float tensor over `axes`, as a pair of tensors.
 *
 *     const [mean, variance] = tf.nn.moments(x, [0]);          // per column
 *     tf.nn.moments(image, [0, 1, 2], {keepdims: true})        // per channel
 */
export function moments(
  x: TensorLike,
  axes: Axes,
  ...rest: Rest<[shift: TensorLike | null, name: string | null, keepDims: boolean | null], MomentsOptions>
): [mean: Tensor, variance: Tensor] {
  const { name, keepdims, keepDims } = bind<MomentsOptions>(['shift', 'name', 'keepDims'], rest);
  return opScope(name, 'moments', [x], () => {
    const given = floats(x, 'x');
    const narrow = given.dtype === float16 || given.dtype === bfloat16;
    const y = narrow ? cast(given, float32) : given;
    const mean = reduceMean(y, axes, true, 'mean');
    const distance = emitOne('SquaredDifference', [y, emitOne('StopGradient', [mean])]);
    const variance = reduceMean(distance, axes, true, 'variance');
    const kept = renamed(['keepdims', 'keep_dims'], keepdims, keepDims) ?? false;
    const [m, v] = kept ? [mean, variance] : [squeeze(mean, axes), squeeze(variance, axes)];
    return narrow ? [cast(m, given.dtype), cast(v, given.dtype)] : [m, v];
  });
}

export interface WeightedMomentsOptions {
  readonly name?: string | null;
  readonly keepdims?: boolean | null;
  readonly keepDims?: boolean | null;
}

/**
 * `moments` with a weight for each element; `frequencyWeights` broadcasts against `x`.
 *
 *     const [mean, variance] = tf.nn.weightedMoments(x, [0], w);
 */
export function weightedMoments(
  x: TensorLike,
  axes: Axes,
  frequencyWeights: TensorLike,
  ...rest: Rest<[name: string | null, keepDims: boolean | null], WeightedMomentsOptions>
): [mean: Tensor, variance: Tensor] {
  const { name, keepdims, keepDims } = bind<WeightedMomentsOptions>(['name', 'keepDims'], rest);
  return opScope(name, 'weighted_moments', [x, frequencyWeights], () => {
    const given = floats(x, 'x');
    const narrow = given.dtype === float16;
    const y = narrow ? cast(given, float32) : given;
    const weights = cast(
      convertToTensor(frequencyWeights, { preferredDtype: y.dtype, name: 'frequency_weights' }),
      y.dtype,
    );
    const weightedSum = reduceSum(emitOne('Mul', [weights, y], {}, 'mul'), axes, true, 'weighted_input_sum');
    const broadcast = emitOne('AddV2', [weights, zerosLike(y)], {}, 'add');
    const total = reduceSum(broadcast, axes, true, 'sum_of_weights');
    const divisor = emitOne('Reciprocal', [total], {}, 'inv_weight_sum');
    const mean = emitOne('Mul', [weightedSum, divisor]);
    const distances = emitOne('Mul', [weights, emitOne('SquaredDifference', [y, mean])], {}, 'mul');
    const variance = emitOne('Mul', [reduceSum(distances, axes, true, 'weighted_distsq'), divisor]);
    const kept = renamed(['keepdims', 'keep_dims'], keepdims, keepDims) ?? false;
    const [m, v] = kept ? [mean, variance] : [squeeze(mean, axes), squeeze(variance, axes)];
    return narrow ? [cast(m, float16), cast(v, float16)] : [m, v];
  });
}

/**
 * Mean and variance from sums: `counts` elements with sum `meanSs` and sum of squares `varianceSs`, both of the elements
 * less `shift` where it is given.
 *
 *     tf.nn.normalizeMoments(n, sum, sumOfSquares, null)
 */
export function normalizeMoments(
  counts: TensorLike,
  meanSs: TensorLike,
  varianceSs: TensorLike,
  shift: TensorLike | null,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): [mean: Tensor, variance: Tensor] {
  const { name } = bind<{ name: string | null }>(['name'], rest);
  return opScope(name, 'normalize', [counts, meanSs, varianceSs, shift], () => {
    const divisor = emitOne('Reciprocal', [counts], {}, 'divisor');
    const shifted = emitOne('Mul', [meanSs, divisor], {}, shift === null ? 'mean' : 'shifted_mean');
    const mean = shift === null ? shifted : emitOne('AddV2', [shifted, shift], {}, 'mean');
    const squares = emitOne('Mul', [varianceSs, divisor]);
    return [mean, emitOne('Sub', [squares, emitOne('Square', [shifted])], {}, 'variance')];
  });
}

/**
 * `scale * (x - mean) / sqrt(variance + varianceEpsilon) + offset`, where the moments, `offset` and `scale` (each may be
 * null) broadcast against `x`.
 *
 *     tf.nn.batchNormalization(x, mean, variance, beta, gamma, 1e-3)
 */
export function batchNormalization(
  x: TensorLike,
  mean: TensorLike,
  variance: TensorLike,
  offset: TensorLike | null,
  scale: TensorLike | null,
  varianceEpsilon: number | TensorLike,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ name: string | null }>(['name'], rest);
  return opScope(name, 'batchnorm', [x, mean, variance, scale, offset], () => {
    let inverse = emitOne('Rsqrt', [emitOne('AddV2', [variance, varianceEpsilon], {}, 'add')]);
    if (scale !== null) inverse = emitOne('Mul', [inverse, scale], {}, 'mul');
    const dtype = isSymbolic(x) ? ((x as { dtype?: DType }).dtype ?? inverse.dtype) : inverse.dtype;
    const scaled = emitOne('Mul', [x, cast(inverse, dtype)], {}, 'mul');
    const moved = emitOne('Mul', [offset === null ? emitOne('Neg', [mean]) : mean, inverse], {}, 'mul');
    const shift =
      offset === null
        ? moved
        : emitOne('Sub', [isSymbolic(offset) ? convertToTensor(offset) : offset, moved], {}, 'sub');
    return emitOne('AddV2', [scaled, cast(shift, dtype)], {}, 'add');
  });
}

export interface FusedBatchNormOptions {
  readonly mean?: TensorLike | null;
  readonly variance?: TensorLike | null;
  readonly epsilon?: number;
  readonly dataFormat?: string;
  readonly isTraining?: boolean;
  readonly name?: string | null;
  /** How far a batch moves the given moments; 1 takes those of the batch alone. */
  readonly exponentialAvgFactor?: number;
}

/** The least epsilon that TensorFlow allows. */
const MIN_EPSILON = 1.001e-5;

/**
 * Batch normalisation of an image [batch, height, width, channels] by channel, in one op: the result, and mean and
 * variance. In training the moments are those of the batch (the variance unbiased); otherwise `mean` and `variance` must
 * be given, else `ValueError`.
 *
 *     const [y, mean, variance] = tf.nn.fusedBatchNorm(x, gamma, beta);
 *     const [z] = tf.nn.fusedBatchNorm(x, gamma, beta, {mean: m, variance: v, isTraining: false});
 */
export function fusedBatchNorm(
  x: TensorLike,
  scale: TensorLike,
  offset: TensorLike,
  ...rest: Rest<
    [
      mean: TensorLike | null,
      variance: TensorLike | null,
      epsilon: number,
      dataFormat: string,
      isTraining: boolean,
      name: string | null,
      exponentialAvgFactor: number,
    ],
    FusedBatchNormOptions
  >
): [y: Tensor, mean: Tensor, variance: Tensor] {
  const given = bind<FusedBatchNormOptions>(
    ['mean', 'variance', 'epsilon', 'dataFormat', 'isTraining', 'name', 'exponentialAvgFactor'],
    rest,
  );
  const { epsilon = 0.001, dataFormat = 'NHWC', isTraining = true, name, exponentialAvgFactor = 1 } = given;
  if ((!isTraining || exponentialAvgFactor !== 1) && (given.mean == null || given.variance == null)) {
    throw new ValueError(
      'Both `mean` and `variance` must be a 1D tensor when `is_training` is False or `exponential_avg_factor` != 1.0. ' +
        `Received: \`mean\` ${given.mean ?? 'None'} and \`variance\` ${given.variance ?? 'None'}`,
    );
  }
  const image = floats(x, 'input');
  const graph = graphOf([image, scale, offset, given.mean, given.variance]);
  return graph.atomic(() =>
    graph.asDefault(() => {
      const s = floats(scale, 'scale');
      const b = floats(offset, 'offset');
      const mean = given.mean ?? constant([], float32);
      const variance = given.variance ?? constant([], float32);
      const attrs = {
        epsilon: Math.max(epsilon, MIN_EPSILON),
        exponential_avg_factor: exponentialAvgFactor,
        data_format: dataFormat,
        is_training: isTraining,
      };
      const [y, m, v] = emit('FusedBatchNormV3', [image, s, b, mean, variance], attrs, name).outputs;
      return [y, m, v];
    }),
  );
}

export interface L2NormalizeOptions {
  readonly axis?: Axes | null;
  readonly epsilon?: number;
  readonly name?: string | null;
  /** The old name of `axis`. */
  readonly dim?: Axes | null;
}

/**
 * `x / sqrt(max(sum(x ** 2), epsilon))` along `axis` (all axes for null).
 *
 *     tf.nn.l2Normalize([[3, 4]], 1)    // [[0.6, 0.8]]
 */
export function l2Normalize(
  x: TensorLike,
  ...rest: Rest<[axis: Axes | null, epsilon: number, name: string | null, dim: Axes | null], L2NormalizeOptions>
): Tensor {
  const { axis, epsilon, name, dim } = bind<L2NormalizeOptions>(['axis', 'epsilon', 'name', 'dim'], rest);
  const axes = renamed(['axis', 'dim'], axis, dim);
  return opScope(name, 'l2_normalize', [x], (scope) => {
    const value = floats(x, 'x');
    const squares = reduceSum(emitOne('Square', [value]), axes, true);
    const inverse = emitOne('Rsqrt', [emitOne('Maximum', [squares, epsilon ?? 1e-12])]);
    return emitOne('Mul', [value, inverse], {}, scope);
  });
}

/**
 * The fraction of elements that are zero, a float32 scalar; NaN of an empty tensor.
 *
 *     tf.nn.zeroFraction(tf.nn.relu(x))
 */
export function zeroFraction(
  value: TensorLike,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ name: string | null }>(['name'], rest);
  return opScope(name, 'zero_fraction', [value], () => {
    const x = convertToTensor(value, { name: 'value' });
    const size = sizeOf(x, { outType: int64 });
    const nonzero = opScope(null, 'count_nonzero', [x], () =>
      reduceSum(cast(emitOne('NotEqual', [x, zeros([], x.dtype)]), int32), { name: 'nonzero_count' }),
    );
    const fraction = opScope(null, 'counts_to_fraction', [size], () => {
      const zero = emitOne('Sub', [size, cast(nonzero, int64)], {}, 'sub');
      return emitOne('RealDiv', [cast(zero, float32), cast(size, float32)], {}, 'truediv');
    });
    return emitOne('Identity', [fraction], {}, 'fraction');
  });
}

export interface LrnOptions {
  readonly depthRadius?: number;
  readonly bias?: number;
  readonly alpha?: number;
  readonly beta?: number;
  readonly name?: string | null;
}

/**
 * Local response normalisation of an image [batch, height, width, channels]: each element divided by
 * `(bias + alpha * sum of squares of the channels within depthRadius) ** beta`.
 *
 *     tf.nn.localResponseNormalization(x, {depthRadius: 4, alpha: 0.001 / 9, beta: 0.75})
 */
export function localResponseNormalization(
  input: TensorLike,
  ...rest: Rest<[depthRadius: number, bias: number, alpha: number, beta: number, name: string | null], LrnOptions>
): Tensor {
  const { depthRadius, bias, alpha, beta, name } = bind<LrnOptions>(
    ['depthRadius', 'bias', 'alpha', 'beta', 'name'],
    rest,
  );
  return emitOne('LRN', [input], { depth_radius: depthRadius, bias, alpha, beta }, name);
}
