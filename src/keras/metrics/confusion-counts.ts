/**
 * Counts of right and wrong answers where scores above each of several thresholds mean yes. What metrics make of the
 * counts is in `confusion.ts`, `thresholds.ts` and `auc.ts`.
 */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { broadcastWeights } from '../../metrics/frame.ts';
import * as arithmetic from '../../ops/arithmetic.ts';
import { cast } from '../../ops/cast.ts';
import { clipByValue } from '../../ops/clip.ts';
import { greater, logicalAnd, logicalNot } from '../../ops/comparison.ts';
import { assertCompatible } from '../../ops/confusion-matrix.ts';
import { constant } from '../../ops/constants.ts';
import { group } from '../../ops/control.ts';
import { range } from '../../ops/filling.ts';
import { cumsum, reduceSum } from '../../ops/reductions.ts';
import { unsortedSegmentSum } from '../../ops/segment.ts';
import { oneHot, topK } from '../../ops/selection.ts';
import { reshape, shape as shapeTensor } from '../../ops/shaping.ts';
import type { TensorLike } from '../../ops/tensor-like.ts';
import { ceil } from '../../ops/unary-math.ts';
import { bool, int32 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { Variable } from '../../variables/variable.ts';
import { epsilon } from '../config.ts';
import { squeezeOrExpandDimensions } from '../losses/weighting.ts';

/** True and false positives and negatives. */
export type Count = 'tp' | 'fp' | 'tn' | 'fn';
/** The variables to count in, of the thresholds' length, or `[thresholds, labels]`. */
export type CountVariables = Readonly<Partial<Record<Count, Variable>>>;

/** What stands for a score that is not among the best. */
export const LEAST = -1e10;

export interface CountOptions {
  readonly sampleWeight?: TensorLike | null;
  /** Only so many of the greatest predictions of an example can be above a threshold. */
  readonly topK?: number | null;
  /** The only class that counts. */
  readonly classId?: number | null;
  /** Whether each label is counted by itself. */
  readonly multiLabel?: boolean;
  /** What each label counts for. */
  readonly labelWeights?: readonly number[] | null;
}

/** The thresholds as a list; `fallback` without any. Throws `ValueError` for one beyond 0 and 1. */
export function thresholdList(
  thresholds: number | readonly number[] | null | undefined,
  fallback = 0.5,
): readonly number[] {
  if (thresholds === null || thresholds === undefined) return [fallback];
  const list = typeof thresholds === 'number' ? [thresholds] : [...thresholds];
  const invalid = list.filter((value) => !(value >= 0 && value <= 1));
  if (invalid.length === 0) return list;
  throw new ValueError(`Threshold values must be in [0, 1]. Received: [${invalid.join(', ')}]`);
}

/** `count` thresholds from 0 to 1, evenly. */
export function evenThresholds(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i / (count - 1));
}

/** Whether the thresholds lie evenly from 0 to 1: a score's place among them can be computed. */
export function isEven(thresholds: readonly number[]): boolean {
  const { length } = thresholds;
  if (length < 3) return false;
  return evenThresholds(length).every((even, i) => Math.abs(thresholds[i] - even) <= epsilon() + 1e-5 * Math.abs(even));
}

interface Scores {
  /** `[n]`, with `multiLabel` `[n, labels]`. */
  readonly labels: Tensor;
  readonly predictions: Tensor;
  readonly weights: Tensor | null;
}

/** Counts a batch. Throws `ValueError` for shapes that do not fit. */
export function updateCounts(
  variables: CountVariables,
  yTrue: TensorLike,
  yPred: TensorLike,
  thresholds: readonly number[],
  options: CountOptions = {},
): Operation {
  const { dtype } = Object.values(variables)[0];
  const scores = scoresOf(cast(yTrue, dtype), cast(yPred, dtype), options);
  const counts = isEven(thresholds) ? countByPlace(scores, thresholds) : countEach(scores, thresholds);
  const keys = (Object.keys(counts) as Count[]).filter((key) => variables[key]);
  return group(...keys.map((key) => (variables[key] as Variable).assignAdd(counts[key](), { readValue: false }).op));
}

type Counts = { readonly [K in Count]: () => Tensor };

/** Labels and predictions of the classes that count, with their weights. */
function scoresOf(yTrue: Tensor, yPred: Tensor, options: CountOptions): Scores {
  const { topK: k = null, classId = null, multiLabel = false, labelWeights = null } = options;
  const sampleWeight = options.sampleWeight == null ? null : cast(options.sampleWeight, yPred.dtype);
  let [predictions, labels, weights] = squeezeOrExpandDimensions(yPred, yTrue, sampleWeight);
  assertCompatible(predictions.shape, labels.shape);
  if (k !== null) predictions = keepTop(predictions, k);
  if (classId !== null) [labels, predictions] = [onlyClass(labels, classId), onlyClass(predictions, classId)];
  if (weights) weights = broadcastWeights(weights, predictions);
  if (labelWeights) {
    const factors = broadcastWeights(constant([labelWeights], { dtype: predictions.dtype }), predictions);
    weights = weights ? weights.mul(factors) : factors;
  }
  if (multiLabel) return { labels, predictions, weights };
  const flat = (x: Tensor) => reshape(x, [-1]);
  return { labels: flat(labels), predictions: flat(predictions), weights: weights && flat(weights) };
}

function onlyClass(x: Tensor, classId: number): Tensor {
  return x.slice('...', classId, null);
}

/** Predictions other than the `k` greatest become less than any threshold. */
function keepTop(x: Tensor, k: number): Tensor {
  const { indices } = topK(x, k, { sorted: false });
  const kept = reduceSum(oneHot(indices, shapeTensor(x).slice(-1), { dtype: x.dtype }), -2);
  return x.mul(kept).add(arithmetic.subtract(1, kept).mul(LEAST));
}

// ---------------------------------------------------------------------------------------------------------------------
// Any thresholds

/** Every score is compared with every threshold. */
function countEach({ labels, predictions, weights }: Scores, thresholds: readonly number[]): Counts {
  const perLabel = predictions.rank === 2;
  const limits = constant([...thresholds], { dtype: predictions.dtype });
  const isPositive = greater(predictions.slice(null), reshape(limits, perLabel ? [-1, 1, 1] : [-1, 1]));
  const isLabel = cast(labels, bool).slice(null);
  const count = (label: Tensor, answer: Tensor): Tensor => {
    const counted = cast(logicalAnd(label, answer), predictions.dtype);
    return reduceSum(weights ? counted.mul(weights) : counted, 1);
  };
  return {
    tp: () => count(isLabel, isPositive),
    fn: () => count(isLabel, logicalNot(isPositive)),
    fp: () => count(logicalNot(isLabel), isPositive),
    tn: () => count(logicalNot(isLabel), logicalNot(isPositive)),
  };
}

// ---------------------------------------------------------------------------------------------------------------------
// Even thresholds

/** Scores are counted by the place of the last threshold that they are above; sums from the end are the counts. */
function countByPlace({ labels, predictions, weights }: Scores, thresholds: readonly number[]): Counts {
  const { dtype } = predictions;
  const count = thresholds.length;
  const last = ceil(clipByValue(predictions, 0, 1).mul(count - 1)).sub(1);
  // Where the first threshold is below 0, a score of 0 is above it; else it is above none, and its place is -1.
  const reachesBeyond = thresholds[0] < 0 || thresholds[count - 1] > 1;
  const places = cast(reachesBeyond ? arithmetic.maximum(last, 0) : last, int32);
  const isLabel = cast(cast(labels, bool), dtype);
  const weighed = (x: Tensor) => (weights ? x.mul(weights) : x);
  const groups = { true: weighed(isLabel), false: weighed(arithmetic.subtract(1, isLabel)) };
  const above = (x: Tensor) => cumsum(sumByPlace(x, places, count), { reverse: true });
  const positives = { true: above(groups.true), false: above(groups.false) };
  const negatives = (key: 'true' | 'false') => reduceSum(groups[key], 0).sub(positives[key]);
  return {
    tp: () => positives.true,
    fp: () => positives.false,
    tn: () => negatives('false'),
    fn: () => negatives('true'),
  };
}

/** The sums of `x` at each place: `[count]`, or `[count, labels]` for each label by itself. */
function sumByPlace(x: Tensor, places: Tensor, count: number): Tensor {
  if (x.rank !== 2) return unsortedSegmentSum(x, places, count);
  const labels = x.shape?.[1] ?? null;
  if (labels === null) throw new ValueError(`The number of labels must be known. Received shape ${x.shape}`);
  // Segments are numbered by place and label; what has no place stays below 0.
  const segments = places.mul(labels).add(range(labels));
  const sums = unsortedSegmentSum(reshape(x, [-1]), reshape(segments, [-1]), count * labels);
  return reshape(sums, [count, labels]);
}
