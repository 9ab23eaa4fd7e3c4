/**
 * Losses for each example: functions of labels and predictions, mostly means over the last axis. Weights and reductions
 * over the batch are the classes' business, in `classes.ts`.
 */
import type { Tensor } from '../../graph/graph.ts';
import { softplus } from '../../ops/activations.ts';
import * as arithmetic from '../../ops/arithmetic.ts';
import { cast } from '../../ops/cast.ts';
import { clipByValue } from '../../ops/clip.ts';
import { equal, lessEqual, logicalOr } from '../../ops/comparison.ts';
import { l2Normalize } from '../../ops/normalization-functions.ts';
import { reduceAll, reduceMax, reduceMean, reduceSum } from '../../ops/reductions.ts';
import { whereV2 } from '../../ops/selection.ts';
import { shape as shapeTensor } from '../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { abs, log, square } from '../../ops/unary-math.ts';
import * as entropy from '../backend/cross-entropy.ts';
import { build, operand } from '../backend/operands.ts';
import { epsilon, floatx } from '../config.ts';

/** A loss for each example, of labels and predictions. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** Labels and predictions as tensors of the type of the predictions. */
function pair(yTrue: TensorLike, yPred: TensorLike, body: (yTrue: Tensor, yPred: Tensor) => Tensor): Tensor {
  return build([yTrue, yPred], () => {
    const predictions = operand(yPred);
    return body(cast(yTrue, predictions.dtype), predictions);
  });
}

const mean = (x: Tensor, axis: number | readonly number[] = -1): Tensor => reduceMean(x, axis);
const one = (x: Tensor): Tensor => arithmetic.subtract(1, x);
const atLeastEpsilon = (x: Tensor): Tensor => arithmetic.maximum(x, epsilon());

// ---------------------------------------------------------------------------------------------------------------------
// Differences

/**
 * The mean of `(yTrue - yPred) ** 2` over the last axis.
 *
 *     tf.keras.losses.meanSquaredError([[0, 1]], [[0.5, 0.5]])   // [0.25]
 */
export function meanSquaredError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => mean(arithmetic.squaredDifference(p, t)));
}

/** The mean of `abs(yTrue - yPred)` over the last axis. */
export function meanAbsoluteError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => mean(abs(p.sub(t))));
}

/** 100 times the mean of `abs((yTrue - yPred) / yTrue)` over the last axis. */
export function meanAbsolutePercentageError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => {
    const parts = abs(t.sub(p).div(atLeastEpsilon(abs(t))));
    return arithmetic.multiply(100, mean(parts));
  });
}

/** The mean of `(log(yTrue + 1) - log(yPred + 1)) ** 2` over the last axis; what is negative counts as 0. */
export function meanSquaredLogarithmicError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => {
    const first = log(atLeastEpsilon(p).add(1));
    const second = log(atLeastEpsilon(t).add(1));
    return mean(arithmetic.squaredDifference(first, second));
  });
}

export interface DeltaOption {
  /** Where the loss turns from a square to a line. */
  readonly delta?: number;
}

/**
 * Half the squared error up to `delta` (1), a line beyond: its mean over the last axis, in the float type of Keras.
 *
 *     tf.keras.losses.huber([[0, 3]], [[0.5, 0]])   // [1.3125]
 */
export function huber(yTrue: TensorLike, yPred: TensorLike, ...rest: Rest<[delta: number], DeltaOption>): Tensor {
  const { delta = 1 } = bind<DeltaOption>(['delta'], rest);
  return build([yTrue, yPred], () => {
    const error = arithmetic.subtract(cast(yPred, floatx()), cast(yTrue, floatx()));
    const size = abs(error);
    const near = arithmetic.multiply(0.5, square(error));
    const far = arithmetic.multiply(delta, size).sub(0.5 * delta * delta);
    return mean(whereV2(lessEqual(size, delta), near, far));
  });
}

/** The mean of `log(cosh(yPred - yTrue))` over the last axis: near a square for small errors, a line for large ones. */
export function logCosh(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => {
    const x = p.sub(t);
    return mean(x.add(softplus(arithmetic.multiply(-2, x))).sub(Math.LN2));
  });
}

/** Minus the cosine of the angle between labels and predictions along `axis`: -1 for one direction, 1 for opposite ones. */
export function cosineSimilarity(
  yTrue: TensorLike,
  yPred: TensorLike,
  ...rest: Rest<[axis: number | readonly number[]], { readonly axis?: number | readonly number[] }>
): Tensor {
  const { axis = -1 } = bind<{ axis: number | readonly number[] }>(['axis'], rest);
  return pair(yTrue, yPred, (t, p) => reduceSum(l2Normalize(t, axis).mul(l2Normalize(p, axis)), axis).neg());
}

// ---------------------------------------------------------------------------------------------------------------------
// Margins

/** Labels 0 and 1 as -1 and 1, if there are no others. */
function signs(labels: Tensor): Tensor {
  const isBinary = reduceAll(logicalOr(equal(labels, 0), equal(labels, 1)));
  return whereV2(isBinary, arithmetic.multiply(2, labels).sub(1), labels);
}
const margins = (t: Tensor, p: Tensor): Tensor => arithmetic.maximum(one(signs(t).mul(p)), 0);

/** The mean of `max(1 - yTrue * yPred, 0)` over the last axis. Labels are -1 and 1; 0 and 1 will do. */
export function hinge(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => mean(margins(t, p)));
}

/** The mean of `max(1 - yTrue * yPred, 0) ** 2` over the last axis. Labels are -1 and 1; 0 and 1 will do. */
export function squaredHinge(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => mean(square(margins(t, p))));
}

/** How far the best wrong class comes within 1 of the right one, or beyond it; labels are one-hot. */
export function categoricalHinge(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => {
    const right = reduceSum(t.mul(p), -1);
    const wrong = reduceMax(one(t).mul(p), -1);
    return arithmetic.maximum(wrong.sub(right).add(1), 0);
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Distributions

/** The sum of `yTrue * log(yTrue / yPred)` over the last axis, both kept from 0. */
export function klDivergence(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => {
    const [labels, predictions] = [clipByValue(t, epsilon(), 1), clipByValue(p, epsilon(), 1)];
    return reduceSum(labels.mul(log(labels.div(predictions))), -1);
  });
}

/** The mean of `yPred - yTrue * log(yPred)` over the last axis. */
export function poisson(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => mean(p.sub(t.mul(log(p.add(epsilon()))))));
}

export interface SmoothedOptions {
  /** Whether predictions are logits instead of probabilities. */
  readonly fromLogits?: boolean;
  /** Above 0, labels are drawn that far toward the even distribution. */
  readonly labelSmoothing?: number;
  /** The axis of classes, or over which the mean is taken; the last without it. */
  readonly axis?: number;
}
type SmoothedRest = Rest<[fromLogits: boolean, labelSmoothing: number, axis: number], SmoothedOptions>;
const SMOOTHED = ['fromLogits', 'labelSmoothing', 'axis'] as const;

function smoothedBinary(labels: Tensor, smoothing: number): Tensor {
  return smoothing ? labels.mul(1 - smoothing).add(0.5 * smoothing) : labels;
}

function smoothedClasses(labels: Tensor, smoothing: number, axis: number): Tensor {
  if (!smoothing) return labels;
  const classes = cast(shapeTensor(labels).slice(axis), labels.dtype);
  return labels.mul(1 - smoothing).add(arithmetic.truediv(smoothing, classes));
}

/**
 * The mean cross-entropy of independent labels over the last axis. Predictions of a sigmoid are taken by their logits.
 *
 *     tf.keras.losses.binaryCrossentropy([[0, 1]], logits, {fromLogits: true})
 */
export function binaryCrossentropy(yTrue: TensorLike, yPred: TensorLike, ...rest: SmoothedRest): Tensor {
  const { fromLogits = false, labelSmoothing = 0, axis = -1 } = bind<SmoothedOptions>(SMOOTHED, rest);
  return pair(yTrue, yPred, (t, p) =>
    mean(entropy.binaryCrossentropy(smoothedBinary(t, labelSmoothing), p, { fromLogits }), axis),
  );
}

export interface BinaryFocalOptions extends SmoothedOptions {
  /** Whether positive examples count `alpha` and negative ones `1 - alpha`. */
  readonly applyClassBalancing?: boolean;
  readonly alpha?: number;
  /** How much less counts what is already well classified. */
  readonly gamma?: number;
}

/** `binaryCrossentropy` with each term times `(1 - p) ** gamma`, where p is the probability given to the truth. */
export function binaryFocalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  ...rest: Rest<
    [
      applyClassBalancing: boolean,
      alpha: number,
      gamma: number,
      fromLogits: boolean,
      labelSmoothing: number,
      axis: number,
    ],
    BinaryFocalOptions
  >
): Tensor {
  const {
    labelSmoothing = 0,
    axis = -1,
    ...options
  } = bind<BinaryFocalOptions>(['applyClassBalancing', 'alpha', 'gamma', ...SMOOTHED], rest);
  return pair(yTrue, yPred, (t, p) =>
    mean(entropy.binaryFocalCrossentropy(smoothedBinary(t, labelSmoothing), p, options), axis),
  );
}

/**
 * The cross-entropy of one-hot labels. Predictions of a softmax are taken by their logits; others are divided by their sum.
 *
 *     tf.keras.losses.categoricalCrossentropy([[0, 1]], [[0.2, 0.8]])   // [0.223]
 */
export function categoricalCrossentropy(yTrue: TensorLike, yPred: TensorLike, ...rest: SmoothedRest): Tensor {
  const { fromLogits = false, labelSmoothing = 0, axis = -1 } = bind<SmoothedOptions>(SMOOTHED, rest);
  return pair(yTrue, yPred, (t, p) =>
    entropy.categoricalCrossentropy(smoothedClasses(t, labelSmoothing, axis), p, { fromLogits, axis }),
  );
}

export interface CategoricalFocalOptions extends SmoothedOptions {
  /** A factor, or one for each class. */
  readonly alpha?: number | readonly number[];
  readonly gamma?: number;
}

/** `categoricalCrossentropy` with each term times `alpha * (1 - p) ** gamma`. */
export function categoricalFocalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  ...rest: Rest<
    [alpha: number | readonly number[], gamma: number, fromLogits: boolean, labelSmoothing: number, axis: number],
    CategoricalFocalOptions
  >
): Tensor {
  const { labelSmoothing = 0, ...options } = bind<CategoricalFocalOptions>(['alpha', 'gamma', ...SMOOTHED], rest);
  return pair(yTrue, yPred, (t, p) =>
    entropy.categoricalFocalCrossentropy(smoothedClasses(t, labelSmoothing, -1), p, options),
  );
}

export interface SparseOptions {
  readonly fromLogits?: boolean;
  readonly axis?: number;
  /** A class whose examples do not count. */
  readonly ignoreClass?: number | null;
}

/**
 * The cross-entropy of class indices. See `categoricalCrossentropy`.
 *
 *     tf.keras.losses.sparseCategoricalCrossentropy([1], [[0.2, 0.8]])   // [0.223]
 */
export function sparseCategoricalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  ...rest: Rest<[fromLogits: boolean, axis: number, ignoreClass: number | null], SparseOptions>
): Tensor {
  return entropy.sparseCategoricalCrossentropy(yTrue, yPred, ...rest);
}

// ---------------------------------------------------------------------------------------------------------------------
// Other names

/** Another name of `meanSquaredError`. */
export const mse = meanSquaredError;
/** Another name of `meanSquaredError`. */
export const MSE = meanSquaredError;
/** Another name of `meanAbsoluteError`. */
export const mae = meanAbsoluteError;
/** Another name of `meanAbsoluteError`. */
export const MAE = meanAbsoluteError;
/** Another name of `meanAbsolutePercentageError`. */
export const mape = meanAbsolutePercentageError;
/** Another name of `meanAbsolutePercentageError`. */
export const MAPE = meanAbsolutePercentageError;
/** Another name of `meanSquaredLogarithmicError`. */
export const msle = meanSquaredLogarithmicError;
/** Another name of `meanSquaredLogarithmicError`. */
export const MSLE = meanSquaredLogarithmicError;
/** Another name of `binaryCrossentropy`. */
export const bce = binaryCrossentropy;
/** Another name of `binaryCrossentropy`. */
export const BCE = binaryCrossentropy;
/** Another name of `klDivergence`. */
export const kld = klDivergence;
/** Another name of `klDivergence`. */
export const KLD = klDivergence;
/** Another name of `klDivergence`. */
export const kullbackLeiblerDivergence = klDivergence;
/** Another name of `logCosh`. */
export const logcosh = logCosh;
/** Another name of `huber`. */
export const huberLoss = huber;
/** The name of `cosineSimilarity` in TensorFlow 1. */
export const cosineProximity = cosineSimilarity;
/** The name of `cosineSimilarity` in TensorFlow 1. */
export const cosine = cosineSimilarity;
