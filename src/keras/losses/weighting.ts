/**
 * How losses are weighted, masked and reduced, and how ranks that differ by one are made to fit. The losses themselves are
 * in `functions.ts`.
 */
import type { Tensor } from '../../graph/graph.ts';
import { cast } from '../../ops/cast.ts';
import { equal, logicalAnd } from '../../ops/comparison.ts';
import { constant } from '../../ops/constants.ts';
import { convertToTensor, emitOne, opScope } from '../../ops/emit.ts';
import { vector } from '../../ops/indices.ts';
import { concat } from '../../ops/joining.ts';
import { numElements, safeMean } from '../../ops/losses-weights.ts';
import { reduceSum } from '../../ops/reductions.ts';
import { whereV2 } from '../../ops/selection.ts';
import { expandDims, rank as rankOf, reshape, shape as shapeTensor, size, squeeze } from '../../ops/shaping.ts';
import { slice } from '../../ops/slicing.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { float32, int32 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { Shape } from '../../util/shape.ts';

/** How the losses of examples become one. */
export type LossReduction = 'auto' | 'none' | 'sum' | 'sum_over_batch_size';

const REDUCTIONS: readonly LossReduction[] = ['auto', 'none', 'sum', 'sum_over_batch_size'];

/** The reductions of losses, under Keras's names. */
export const Reduction = Object.freeze({
  /** The mean over the batch, unless the loss's user says otherwise. */
  AUTO: 'auto',
  /** The losses as they are. */
  NONE: 'none',
  SUM: 'sum',
  /** The sum divided by the number of losses. */
  SUM_OVER_BATCH_SIZE: 'sum_over_batch_size',
  all: (): readonly LossReduction[] => REDUCTIONS,
  /** Throws `ValueError` for anything else. */
  validate: (key: string): void => {
    if ((REDUCTIONS as readonly string[]).includes(key)) return;
    const expected = REDUCTIONS.map((name) => `'${name}'`).join(', ');
    throw new ValueError(`Invalid Reduction Key: ${key}. Expected keys are "(${expected})"`);
  },
} as const);

// ---------------------------------------------------------------------------------------------------------------------
// Ranks

const lastMayBeOne = (shape: Shape): boolean =>
  shape === null || shape.length === 0 || (shape[shape.length - 1] ?? 1) === 1;

const dropLast = (x: Tensor): Tensor => squeeze(x, [-1]);

/** Without its last axis where `condition` holds, which only a run tells. */
function dropLastWhen(condition: Tensor, x: Tensor): Tensor {
  const sizes = shapeTensor(x);
  const rank = rankOf(x);
  const kept = whereV2(condition, emitOne('Sub', [rank, int(1)]), rank);
  return reshape(x, slice(sizes, vector(0), expandDims(kept, 0)));
}

/** With an axis of length 1 at the end where `condition` holds. */
function addLastWhen(condition: Tensor, x: Tensor): Tensor {
  const extra = emitOne('Fill', [expandDims(cast(condition, int32), 0), int(1)]);
  return reshape(x, concat([shapeTensor(x), extra], 0));
}

function int(value: number): Tensor {
  return constant(value, { dtype: int32 });
}

function rankDifference(a: Tensor, b: Tensor): Tensor {
  return emitOne('Sub', [rankOf(a), rankOf(b)]);
}

/**
 * Drops a last axis of length 1 of the one that has a rank too many: of `labels` and `predictions` whose ranks should
 * differ by `expectedRankDiff`.
 */
export function removeSqueezableDimensions(
  labels: Tensor,
  predictions: Tensor,
  expectedRankDiff = 0,
): [labels: Tensor, predictions: Tensor] {
  return opScope(null, 'remove_squeezable_dimensions', [labels, predictions], () => {
    const [a, b] = [labels.shape, predictions.shape];
    if (a !== null && b !== null) {
      const extra = b.length - a.length - expectedRankDiff;
      if (extra === 1 && lastMayBeOne(b)) return [labels, dropLast(predictions)];
      if (extra === -1 && lastMayBeOne(a)) return [dropLast(labels), predictions];
      return [labels, predictions];
    }
    const extra = rankDifference(predictions, labels);
    const fitting = lastMayBeOne(b) ? dropLastWhen(equal(extra, int(expectedRankDiff + 1)), predictions) : predictions;
    return [lastMayBeOne(a) ? dropLastWhen(equal(extra, int(expectedRankDiff - 1)), labels) : labels, fitting];
  });
}

/** Labels and predictions of one rank: see `removeSqueezableDimensions`. Predictions of classes stay as they are. */
export function fitLabels(yTrue: Tensor, yPred: Tensor): [yTrue: Tensor, yPred: Tensor] {
  const [a, b] = [yTrue.shape, yPred.shape];
  if (a !== null && b !== null) {
    const isOfClasses = b.length - a.length === 1 && b[b.length - 1] !== 1;
    return isOfClasses ? [yTrue, yPred] : removeSqueezableDimensions(yTrue, yPred);
  }
  const extra = rankDifference(yPred, yTrue);
  const last = slice(shapeTensor(yPred), expandDims(emitOne('Sub', [rankOf(yPred), int(1)]), 0), vector(1));
  const isSingle = logicalAnd(equal(extra, int(1)), equal(reshape(last, []), int(1)));
  const predictions = lastMayBeOne(b) ? dropLastWhen(isSingle, yPred) : yPred;
  return [lastMayBeOne(a) ? dropLastWhen(equal(extra, int(-1)), yTrue) : yTrue, predictions];
}

/** Weights of the rank of what they weigh: an axis of length 1 is dropped or added at the end. Scalars stay. */
export function fitWeights(yPred: Tensor, sampleWeight: Tensor): Tensor {
  const [b, w] = [yPred.shape, sampleWeight.shape];
  if (w?.length === 0) return sampleWeight;
  if (b !== null && w !== null) {
    if (w.length - b.length === 1) return dropLast(sampleWeight);
    return b.length - w.length === 1 ? expandDims(sampleWeight, -1) : sampleWeight;
  }
  const extra = rankDifference(sampleWeight, yPred);
  const shorter = dropLastWhen(equal(extra, int(1)), sampleWeight);
  const isVector = logicalAnd(equal(extra, int(-1)), emitOne('NotEqual', [rankOf(sampleWeight), int(0)]));
  return addLastWhen(isVector, shorter);
}

/**
 * Predictions, labels and weights whose ranks fit: a last axis of length 1 is dropped where there is one too many, and
 * added to weights that lack one. Throws `ValueError` where an axis to be dropped is known to be longer.
 *
 *     const [yPred, yTrue] = squeezeOrExpandDimensions(predictions, labels);
 */
export function squeezeOrExpandDimensions<T extends Tensor | null, W extends Tensor | null = null>(
  yPred: Tensor,
  yTrue: T,
  sampleWeight?: W,
): [yPred: Tensor, yTrue: T, sampleWeight: W] {
  const [labels, predictions] = yTrue === null ? [null, yPred] : fitLabels(yTrue, yPred);
  const weights = sampleWeight ? fitWeights(predictions, sampleWeight) : null;
  return [predictions, labels as T, weights as W];
}

// ---------------------------------------------------------------------------------------------------------------------
// Masks

/** Weights that are 0 where the mask is; without weights, the mask itself as weights of the type of `like`. */
export function applyMask(like: Tensor, sampleWeight: Tensor | null, mask: Tensor | null): Tensor | null {
  if (mask === null) return sampleWeight;
  const factors = cast(mask, like.dtype);
  if (sampleWeight === null) return factors;
  return fitWeights(factors, cast(sampleWeight, factors.dtype)).mul(factors);
}

/** As `applyMask`, with the mask scaled so that a mean over the batch is one over what the mask leaves. */
export function applyValidMask(
  losses: Tensor,
  sampleWeight: Tensor | null,
  mask: Tensor | null,
  reduction: LossReduction,
): Tensor | null {
  if (mask === null) return sampleWeight;
  let factors = cast(mask, losses.dtype);
  if (reduction === 'auto' || reduction === 'sum_over_batch_size') {
    const total = cast(size(factors), losses.dtype);
    factors = factors.mul(total.div(reduceSum(factors)));
  }
  return applyMask(losses, sampleWeight, factors);
}

// ---------------------------------------------------------------------------------------------------------------------
// Reduction

/** Weighted losses made one by the reduction; `'auto'` is over the batch size. */
export function reduceWeightedLoss(weighted: Tensor, reduction: LossReduction = 'sum_over_batch_size'): Tensor {
  if (reduction === 'none') return weighted;
  const sum = reduceSum(weighted);
  return reduction === 'sum' ? sum : safeMean(sum, numElements(weighted));
}

export interface WeightedLossOptions {
  readonly sampleWeight?: TensorLike | null;
  readonly reduction?: LossReduction;
  readonly name?: string | null;
}

/**
 * The losses times their weights, reduced. Weights are a number, or of the shape of the losses but for axes of length 1.
 * Throws `ValueError` for an unknown reduction.
 *
 *     computeWeightedLoss(perExample, {sampleWeight: [1, 0, 2], reduction: 'sum'})
 */
export function computeWeightedLoss(
  losses: TensorLike,
  ...rest: Rest<[sampleWeight: TensorLike | null, reduction: LossReduction, name: string | null], WeightedLossOptions>
): Tensor {
  const {
    sampleWeight,
    reduction = 'sum_over_batch_size',
    name,
  } = bind<WeightedLossOptions>(['sampleWeight', 'reduction', 'name'], rest);
  Reduction.validate(reduction);
  return opScope(name, 'weighted_loss', [losses, sampleWeight ?? null], () => {
    const given = convertToTensor(losses, { preferredDtype: float32 });
    const values = given.dtype.isFloating ? given : cast(given, float32);
    const weights = cast(convertToTensor(sampleWeight ?? 1, { preferredDtype: float32 }), values.dtype);
    const weighted = emitOne('Mul', [values, fitWeights(values, weights)]);
    const loss = reduceWeightedLoss(weighted, reduction);
    return given.dtype.isFloating ? loss : cast(loss, given.dtype);
  });
}
