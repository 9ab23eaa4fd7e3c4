/**
 * `tf.losses`: losses that are weighted, reduced and collected. How weights broadcast and count is in
 * `losses-weights.ts`; cross entropies themselves are in `cross-entropy.ts`.
 */
import { addToCollection, getCollection } from '../graph/default-graph.ts';
import type { Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { float32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { formatShape, isCompatible } from '../util/shape.ts';
import { cast } from './cast.ts';
import { constant } from './constants.ts';
import {
  sigmoidCrossEntropyWithLogits,
  softmaxCrossEntropyWithLogitsV2,
  sparseSoftmaxCrossEntropyWithLogits,
} from './cross-entropy.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { onesLike, zerosLike } from './filling.ts';
import { int, numElements, numPresent, safeMean, whenBroadcastable } from './losses-weights.ts';
import { reduceSum } from './reductions.ts';
import { rank as rankOf, shape as shapeOf } from './shaping.ts';
import { bind, type Rest, renamed, type TensorLike } from './tensor-like.ts';

/** How a loss for each element becomes one: the values are TensorFlow's. */
export const Reduction = Object.freeze({
  /** The weighted losses as they are. */
  NONE: 'none',
  /** Their sum. */
  SUM: 'weighted_sum',
  /** Their sum divided by the number of elements. */
  SUM_OVER_BATCH_SIZE: 'weighted_sum_over_batch_size',
  /** Their sum divided by the sum of weights. */
  MEAN: 'weighted_mean',
  /** Their sum divided by the number of weights that are not zero. */
  SUM_BY_NONZERO_WEIGHTS: 'weighted_sum_by_nonzero_weights',
  SUM_OVER_NONZERO_WEIGHTS: 'weighted_sum_by_nonzero_weights',
  all: () => Reduction.names,
  names: Object.freeze([
    'none',
    'weighted_sum',
    'weighted_mean',
    'weighted_sum_over_batch_size',
    'weighted_sum_by_nonzero_weights',
  ] as const),
  /** Throws `ValueError` for anything else. */
  validate: (key: string): void => {
    if (!(Reduction.names as readonly string[]).includes(key)) {
      throw new ValueError(`Invalid Reduction Key: ${key}. Key should be one of (${Reduction.names.join(', ')}).`);
    }
  },
}) as {
  readonly NONE: 'none';
  readonly SUM: 'weighted_sum';
  readonly SUM_OVER_BATCH_SIZE: 'weighted_sum_over_batch_size';
  readonly MEAN: 'weighted_mean';
  readonly SUM_BY_NONZERO_WEIGHTS: 'weighted_sum_by_nonzero_weights';
  readonly SUM_OVER_NONZERO_WEIGHTS: 'weighted_sum_by_nonzero_weights';
  readonly names: readonly ReductionKey[];
  all(): readonly ReductionKey[];
  validate(key: string): void;
};
export type ReductionKey =
  | 'none'
  | 'weighted_sum'
  | 'weighted_mean'
  | 'weighted_sum_over_batch_size'
  | 'weighted_sum_by_nonzero_weights';

export interface LossOptions {
  /** What each element counts: a number, or a tensor of the rank of the losses with lengths equal or 1. */
  readonly weights?: TensorLike;
  /** The scope of the loss's ops. */
  readonly scope?: string | null;
  /** Where the loss is collected; null for nowhere. */
  readonly lossCollection?: string | null;
  readonly reduction?: ReductionKey;
}

/** The trailing arguments of most losses. */
type LossRest = Rest<
  [weights: TensorLike, scope: string | null, lossCollection: string | null, reduction: ReductionKey],
  LossOptions
>;
const TRAILING = ['weights', 'scope', 'lossCollection', 'reduction'] as const;

function asFloat(x: TensorLike, name = 'x'): Tensor {
  return cast(convertToTensor(x, { preferredDtype: float32, name }), float32);
}

/** The weights as a tensor; TensorFlow refuses `null` here, where it would be taken for "no weights". */
function weightsOf(weights: TensorLike | undefined): TensorLike {
  if (weights === null) throw new ValueError('None values not supported.');
  return weights ?? 1;
}

/**
 * Reduces `losses` weighted by `weights` and adds the result to the collection of losses. Throws `ValueError` where the
 * weights cannot be broadcast to the losses or the reduction is unknown.
 *
 *     tf.losses.computeWeightedLoss(squares, mask)
 */
export function computeWeightedLoss(losses: TensorLike, ...rest: LossRest): Tensor {
  const {
    weights,
    scope,
    lossCollection = GraphKeys.LOSSES,
    reduction = Reduction.SUM_BY_NONZERO_WEIGHTS,
  } = bind<LossOptions>(TRAILING, rest);
  Reduction.validate(reduction);
  return opScope(scope, 'weighted_loss', [losses, weights ?? null], () => {
    const given = convertToTensor(losses, { preferredDtype: float32 });
    return whenBroadcastable(weightsOf(weights), given, () => {
      const values = cast(given, float32);
      const factors = cast(weightsOf(weights), float32);
      const weighted = emitOne('Mul', [values, factors]);
      const loss = cast(reduced(values, weighted, factors, reduction), given.dtype);
      addLoss(loss, lossCollection);
      return loss;
    });
  });
}

function reduced(losses: Tensor, weighted: Tensor, weights: Tensor, reduction: ReductionKey): Tensor {
  if (reduction === Reduction.NONE) return weighted;
  const sum = reduceSum(weighted);
  switch (reduction) {
    case Reduction.MEAN:
      return safeMean(sum, reduceSum(emitOne('Mul', [onesLike(losses), weights], {}, 'mul')));
    case Reduction.SUM_BY_NONZERO_WEIGHTS:
      return safeMean(sum, numPresent(losses, weights, false));
    case Reduction.SUM_OVER_BATCH_SIZE:
      return safeMean(sum, numElements(losses));
    default:
      return sum;
  }
}

/** Throws for arguments that are missing. */
function required(arguments_: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(arguments_)) {
    if (value === null || value === undefined) throw new ValueError(`Argument \`${name}\` must not be None.`);
  }
}

function checkCompatible(a: Tensor, b: Tensor): void {
  if (isCompatible(a.shape, b.shape)) return;
  throw new ValueError(`Shapes ${formatShape(a.shape)} and ${formatShape(b.shape)} are incompatible`);
}

/** The frame of losses between labels and predictions: conversion, the loss by element, weighting. */
function pairwise(
  defaultScope: string,
  labelsName: string,
  labels: TensorLike,
  predictionsName: string,
  predictions: TensorLike,
  options: LossOptions,
  elementLoss: (predictions: Tensor, labels: Tensor) => Tensor,
): Tensor {
  required({ [labelsName]: labels, [predictionsName]: predictions });
  return opScope(options.scope, defaultScope, [predictions, labels, options.weights ?? null], (scope) => {
    const p = asFloat(predictions);
    const l = asFloat(labels);
    checkCompatible(p, l);
    return computeWeightedLoss(elementLoss(p, l), { ...options, scope });
  });
}

/**
 * The absolute difference of each prediction from its label, weighted and reduced. `labels` and `predictions` have the
 * same shape; other number types are cast to float32. Throws `ValueError` for shapes or weights that do not fit.
 *
 *     tf.losses.absoluteDifference([1, 2], predictions)
 */
export function absoluteDifference(labels: TensorLike, predictions: TensorLike, ...rest: LossRest): Tensor {
  const options = bind<LossOptions>(TRAILING, rest);
  return pairwise('absolute_difference', 'labels', labels, 'predictions', predictions, options, (p, l) =>
    emitOne('Abs', [emitOne('Sub', [p, l])]),
  );
}

/**
 * The squared difference of each prediction from its label, weighted and reduced. As `absoluteDifference` otherwise.
 *
 *     const loss = tf.losses.meanSquaredError(y, prediction);
 */
export function meanSquaredError(labels: TensorLike, predictions: TensorLike, ...rest: LossRest): Tensor {
  const options = bind<LossOptions>(TRAILING, rest);
  return pairwise('mean_squared_error', 'labels', labels, 'predictions', predictions, options, (p, l) =>
    emitOne('SquaredDifference', [p, l]),
  );
}

/**
 * `max(0, 1 - label * logit)` with labels 0 and 1 taken as -1 and 1, weighted and reduced.
 *
 *     tf.losses.hingeLoss([0, 1], logits)
 */
export function hingeLoss(labels: TensorLike, logits: TensorLike, ...rest: LossRest): Tensor {
  const options = bind<LossOptions>(TRAILING, rest);
  return pairwise('hinge_loss', 'labels', labels, 'logits', logits, options, (x, l) => {
    const ones = onesLike(l);
    const signs = emitOne('Sub', [emitOne('Mul', [2, l], {}, 'mul'), ones]);
    return emitOne('Relu', [emitOne('Sub', [ones, emitOne('Mul', [signs, x])])]);
  });
}

export interface HuberLossOptions extends LossOptions {
  /** Where the loss turns from quadratic to linear. */
  readonly delta?: number;
}

/**
 * Half the squared error where it is below `delta`, linear beyond: weighted and reduced.
 *
 *     tf.losses.huberLoss(y, prediction, {delta: 0.5})
 */
export function huberLoss(
  labels: TensorLike,
  predictions: TensorLike,
  ...rest: Rest<
    [weights: TensorLike, delta: number, scope: string | null, lossCollection: string | null, reduction: ReductionKey],
    HuberLossOptions
  >
): Tensor {
  const { delta = 1, ...options } = bind<HuberLossOptions>(
    ['weights', 'delta', 'scope', 'lossCollection', 'reduction'],
    rest,
  );
  return pairwise('huber_loss', 'labels', labels, 'predictions', predictions, options, (p, l) => {
    const error = emitOne('Abs', [emitOne('Sub', [p, l])]);
    const quadratic = emitOne('Minimum', [error, delta]);
    const linear = emitOne('Sub', [error, quadratic]);
    const half = constant(0.5, quadratic.dtype);
    const square = emitOne('Mul', [half, emitOne('Mul', [quadratic, quadratic])]);
    return emitOne('AddV2', [square, emitOne('Mul', [delta, linear])], {}, 'Add');
  });
}

export interface LogLossOptions extends LossOptions {
  /** Keeps the logarithms finite. */
  readonly epsilon?: number;
}

/**
 * `-label * log(p) - (1 - label) * log(1 - p)` of probabilities `predictions`, weighted and reduced.
 *
 *     tf.losses.logLoss([0, 1], probabilities)
 */
export function logLoss(
  labels: TensorLike,
  predictions: TensorLike,
  ...rest: Rest<
    [
      weights: TensorLike,
      epsilon: number,
      scope: string | null,
      lossCollection: string | null,
      reduction: ReductionKey,
    ],
    LogLossOptions
  >
): Tensor {
  const { epsilon = 1e-7, ...options } = bind<LogLossOptions>(
    ['weights', 'epsilon', 'scope', 'lossCollection', 'reduction'],
    rest,
  );
  return pairwise('log_loss', 'labels', labels, 'predictions', predictions, options, (p, l) => {
    const positive = emitOne('Mul', [l, emitOne('Log', [emitOne('AddV2', [p, epsilon], {}, 'add')])]);
    const negated = emitOne('Neg', [positive]);
    const complement = emitOne('Sub', [1, l], {}, 'sub');
    const other = emitOne('AddV2', [emitOne('Sub', [1, p], {}, 'sub'), epsilon], {}, 'add');
    return emitOne('Sub', [negated, emitOne('Mul', [complement, emitOne('Log', [other])])], {}, 'sub');
  });
}

export interface CosineDistanceOptions extends LossOptions {
  readonly axis?: number | null;
  /** The old name of `axis`. */
  readonly dim?: number | null;
}

/**
 * `1 - sum(label * prediction)` along `axis`, for vectors that are normalised already: weighted and reduced. Throws
 * `ValueError` without an axis.
 *
 *     tf.losses.cosineDistance(tf.nn.l2Normalize(a, 1), tf.nn.l2Normalize(b, 1), {axis: 1})
 */
export function cosineDistance(
  labels: TensorLike,
  predictions: TensorLike,
  ...rest: Rest<
    [
      axis: number | null,
      weights: TensorLike,
      scope: string | null,
      lossCollection: string | null,
      reduction: ReductionKey,
    ],
    CosineDistanceOptions
  >
): Tensor {
  const { axis, dim, ...options } = bind<CosineDistanceOptions>(['axis', ...TRAILING], rest);
  const along = renamed(['axis', 'dim'], axis, dim);
  if (along === null) throw new ValueError('You must specify argument `axis`.');
  return pairwise('cosine_distance_loss', 'labels', labels, 'predictions', predictions, options, (p, l) => {
    const products = emitOne('Mul', [p, l]);
    return emitOne('Sub', [1, reduceSum(products, [along], true)], {}, 'sub');
  });
}

export interface PairwiseSquaredErrorOptions {
  readonly weights?: TensorLike;
  readonly scope?: string | null;
  readonly lossCollection?: string | null;
}

/**
 * The mean squared difference between the errors of each pair of elements of an example, weighted by example and summed
 * over the batch.
 *
 *     tf.losses.meanPairwiseSquaredError(y, prediction)
 */
export function meanPairwiseSquaredError(
  labels: TensorLike,
  predictions: TensorLike,
  ...rest: Rest<[weights: TensorLike, scope: string | null, lossCollection: string | null], PairwiseSquaredErrorOptions>
): Tensor {
  const {
    weights,
    scope: wished,
    lossCollection = GraphKeys.LOSSES,
  } = bind<PairwiseSquaredErrorOptions>(['weights', 'scope', 'lossCollection'], rest);
  required({ labels, predictions });
  return opScope(wished, 'mean_pairwise_squared_error', [predictions, labels, weights ?? null], () => {
    const factors = cast(weightsOf(weights), float32);
    const l = asFloat(labels);
    const p = asFloat(predictions);
    checkCompatible(p, l);
    return whenBroadcastable(factors, l, () => {
      const diffs = emitOne('Sub', [p, l]);
      const axes = emitOne('Range', [int(1), rankOf(diffs), int(1)], {}, 'range');
      const squares = reduceSum(emitOne('Square', [diffs]), axes, true);
      const present = numPresent(diffs, factors, true);
      const less = () => emitOne('Sub', [present, 1], {}, 'sub');
      const twice = (x: Tensor) => emitOne('Mul', [2, x], {}, 'mul');
      const divisor1 = emitOne('Maximum', [less(), 0]);
      const term1 = twice(emitOne('DivNoNan', [squares, divisor1], {}, 'value'));
      const sum = reduceSum(diffs, axes, true);
      const squared = emitOne('Square', [sum]);
      const divisor2 = emitOne('Maximum', [emitOne('Mul', [present, less()]), 0]);
      const term2 = twice(emitOne('DivNoNan', [squared, divisor2], {}, 'value'));
      const loss = reduceSum(emitOne('Mul', [emitOne('Sub', [term1, term2], {}, 'sub'), factors]));
      const some = emitOne('Greater', [reduceSum(present), 0]);
      const mean = emitOne('Select', [some, loss, zerosLike(loss)], {}, 'value');
      addLoss(mean, lossCollection);
      return mean;
    });
  });
}

export interface SmoothedLossOptions extends LossOptions {
  /** Above 0, labels are drawn that far toward the even distribution. */
  readonly labelSmoothing?: number;
}

type SmoothedRest = Rest<
  [
    weights: TensorLike,
    labelSmoothing: number,
    scope: string | null,
    lossCollection: string | null,
    reduction: ReductionKey,
  ],
  SmoothedLossOptions
>;
const SMOOTHED = ['weights', 'labelSmoothing', 'scope', 'lossCollection', 'reduction'] as const;

/**
 * The cross entropy of independent binary `multiClassLabels` with the sigmoid of `logits`, weighted and reduced.
 *
 *     tf.losses.sigmoidCrossEntropy(labels, logits, {labelSmoothing: 0.1})
 */
export function sigmoidCrossEntropy(multiClassLabels: TensorLike, logits: TensorLike, ...rest: SmoothedRest): Tensor {
  const { labelSmoothing = 0, ...options } = bind<SmoothedLossOptions>(SMOOTHED, rest);
  required({ multi_class_labels: multiClassLabels, logits });
  const inputs = [logits, multiClassLabels, options.weights ?? null];
  return opScope(options.scope, 'sigmoid_cross_entropy_loss', inputs, (scope) => {
    const x = convertToTensor(logits, { preferredDtype: float32 });
    let labels = cast(convertToTensor(multiClassLabels, { preferredDtype: x.dtype }), x.dtype);
    checkCompatible(x, labels);
    if (labelSmoothing > 0) {
      const scaled = emitOne('Mul', [labels, 1 - labelSmoothing], {}, 'mul');
      labels = emitOne('AddV2', [scaled, 0.5 * labelSmoothing], {}, 'add');
    }
    const losses = sigmoidCrossEntropyWithLogits({ labels, logits: x, name: 'xentropy' });
    return computeWeightedLoss(losses, { ...options, scope });
  });
}

/**
 * The cross entropy of rows of probabilities `onehotLabels` with the softmax of `logits`, weighted and reduced; no
 * gradient flows to the labels.
 *
 *     tf.losses.softmaxCrossEntropy(tf.oneHot(y, 10), logits)
 */
export function softmaxCrossEntropy(onehotLabels: TensorLike, logits: TensorLike, ...rest: SmoothedRest): Tensor {
  const { labelSmoothing = 0, ...options } = bind<SmoothedLossOptions>(SMOOTHED, rest);
  required({ onehot_labels: onehotLabels, logits });
  const inputs = [logits, onehotLabels, options.weights ?? null];
  return opScope(options.scope, 'softmax_cross_entropy_loss', inputs, (scope) => {
    const x = convertToTensor(logits, { preferredDtype: float32 });
    let labels = cast(convertToTensor(onehotLabels, { preferredDtype: x.dtype }), x.dtype);
    checkCompatible(x, labels);
    if (labelSmoothing > 0) {
      const sizes = shapeOf(labels);
      const slice = { shrink_axis_mask: 1 };
      const last = emitOne('StridedSlice', [sizes, intVector(-1), intVector(0), intVector(1)], slice, 'strided_slice');
      const share = emitOne('RealDiv', [labelSmoothing, cast(last, x.dtype)], {}, 'truediv');
      labels = emitOne('AddV2', [emitOne('Mul', [labels, 1 - labelSmoothing], {}, 'mul'), share], {}, 'add');
    }
    const fixed = emitOne('StopGradient', [labels], {}, 'labels_stop_gradient');
    const losses = softmaxCrossEntropyWithLogitsV2({ labels: fixed, logits: x, name: 'xentropy' });
    return computeWeightedLoss(losses, { ...options, scope });
  });
}

function intVector(value: number): Int32Array {
  return Int32Array.of(value);
}

/**
 * The cross entropy of class indices `labels` [batch] (or [batch, 1]) with the softmax of `logits` [batch, classes],
 * weighted and reduced.
 *
 *     const loss = tf.losses.sparseSoftmaxCrossEntropy(labels, logits);
 */
export function sparseSoftmaxCrossEntropy(labels: TensorLike, logits: TensorLike, ...rest: LossRest): Tensor {
  const options = bind<LossOptions>(TRAILING, rest);
  required({ labels, logits });
  const inputs = [logits, labels, options.weights ?? null];
  return opScope(options.scope, 'sparse_softmax_cross_entropy_loss', inputs, (scope) => {
    let x = convertToTensor(logits, { preferredDtype: float32 });
    let l = convertToTensor(labels);
    [l, x] = squeezed(l, x, 1);
    let weights = convertToTensor(weightsOf(options.weights), { preferredDtype: float32 });
    const [a, w] = [l.shape, weights.shape];
    if (a !== null && w !== null && w.length - a.length === 1) weights = lastDropped(weights);
    const losses = sparseSoftmaxCrossEntropyWithLogits({ labels: l, logits: x, name: 'xentropy' });
    return computeWeightedLoss(losses, { ...options, weights, scope });
  });
}

function lastDropped(x: Tensor): Tensor {
  return emitOne('Squeeze', [x], { squeeze_dims: [-1] });
}

/** Drops a last axis of length 1 of the one that has a rank too many; `difference` is that of ranks that fit. */
function squeezed(labels: Tensor, predictions: Tensor, difference: number): [labels: Tensor, predictions: Tensor] {
  const [a, b] = [labels.shape, predictions.shape];
  if (a === null || b === null) return [labels, predictions];
  const fits = (shape: readonly (number | null)[]) => (shape[shape.length - 1] ?? 1) === 1;
  const extra = b.length - a.length - difference;
  return opScope(null, 'remove_squeezable_dimensions', [labels, predictions], () => {
    if (extra === 1 && fits(b)) return [labels, lastDropped(predictions)];
    if (extra === -1 && fits(a)) return [lastDropped(labels), predictions];
    return [labels, predictions];
  });
}

// Collections

/** Adds a loss to a collection, the one of losses without it; null for nowhere. */
export function addLoss(
  loss: Tensor,
  ...rest: Rest<[lossCollection: string | null], Pick<LossOptions, 'lossCollection'>>
): void {
  const { lossCollection = GraphKeys.LOSSES } = bind<LossOptions>(['lossCollection'], rest);
  if (lossCollection) loss.graph.asDefault(() => addToCollection(lossCollection, loss));
}

/** The losses collected on the default graph, those under `scope` where it is given. */
export function getLosses(
  ...rest: Rest<[scope: string | null, lossCollection: string], Pick<LossOptions, 'scope' | 'lossCollection'>>
): Tensor[] {
  const { scope = null, lossCollection } = bind<LossOptions>(['scope', 'lossCollection'], rest);
  return getCollection(lossCollection ?? GraphKeys.LOSSES, scope) as Tensor[];
}

export interface TotalLossOptions {
  readonly addRegularizationLosses?: boolean;
  readonly name?: string;
  /** Counts only what is under this scope. */
  readonly scope?: string | null;
}

/** The penalties of regularizers collected on the default graph. */
export function getRegularizationLosses(...rest: Rest<[scope: string | null], Pick<LossOptions, 'scope'>>): Tensor[] {
  const { scope = null } = bind<LossOptions>(['scope'], rest);
  return getCollection(GraphKeys.REGULARIZATION_LOSSES, scope) as Tensor[];
}

/** The sum of the penalties of regularizers; zero where there are none. */
export function getRegularizationLoss(
  ...rest: Rest<[scope: string | null, name: string], Omit<TotalLossOptions, 'addRegularizationLosses'>>
): Tensor {
  const { scope = null, name = 'total_regularization_loss' } = bind<TotalLossOptions>(['scope', 'name'], rest);
  const losses = getRegularizationLosses(scope);
  return losses.length > 0 ? total(losses, name) : constant(0, float32);
}

/**
 * The sum of all losses collected on the default graph, with the penalties of regularizers unless `addRegularizationLosses`
 * is false. Throws `ValueError` where there is none.
 *
 *     optimizer.minimize(tf.losses.getTotalLoss())
 */
export function getTotalLoss(
  ...rest: Rest<[addRegularizationLosses: boolean, name: string, scope: string | null], TotalLossOptions>
): Tensor {
  const {
    addRegularizationLosses = true,
    name = 'total_loss',
    scope = null,
  } = bind<TotalLossOptions>(['addRegularizationLosses', 'name', 'scope'], rest);
  const losses = getLosses(scope);
  return total(addRegularizationLosses ? [...losses, ...getRegularizationLosses(scope)] : losses, name);
}

function total(losses: readonly Tensor[], name: string): Tensor {
  if (losses.length === 0) {
    throw new ValueError(
      'inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype and shape.',
    );
  }
  if (losses.length === 1) return emitOne('Identity', [losses[0]], {}, name);
  return emitOne('AddN', [losses], {}, name);
}
