/**
 * What metrics say of each example where no loss does: which predictions are right, as ones and zeros, and how alike
 * vectors are. The metrics that gather them over batches are in `accuracies.ts` and `regression.ts`.
 */
import type { Tensor } from '../../graph/graph.ts';
import { argmax } from '../../ops/arg-reduce.ts';
import { cast } from '../../ops/cast.ts';
import { equal, greater } from '../../ops/comparison.ts';
import { assertCompatible } from '../../ops/confusion-matrix.ts';
import { convertToTensor } from '../../ops/emit.ts';
import { l2Normalize } from '../../ops/normalization-functions.ts';
import { reduceMean, reduceSum } from '../../ops/reductions.ts';
import { inTopK } from '../../ops/selection.ts';
import { reshape, shape as shapeTensor, squeeze } from '../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { int32 } from '../../util/dtype.ts';
import { build, operand } from '../backend/operands.ts';
import { floatx } from '../config.ts';

/** A count of classes fits int32, and no backend has int64 for itself. */
const bestClass = (x: Tensor): Tensor => argmax(x, -1, { outputType: int32 });

function pair(yTrue: TensorLike, yPred: TensorLike, body: (yTrue: Tensor, yPred: Tensor) => Tensor): Tensor {
  return build([yTrue, yPred], () => body(operand(yTrue), operand(yPred)));
}

/**
 * Where labels and predictions are equal: 1, elsewhere 0; of their shape. Throws `ValueError` for shapes that differ.
 *
 *     accuracy([1, 2], [1, 3])   // [1, 0]
 */
export function accuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => {
    assertCompatible(t.shape, p.shape);
    return cast(equal(t, cast(p, t.dtype)), floatx());
  });
}

export interface ThresholdOption {
  /** Predictions above it are taken for 1; 0.5 without it. */
  readonly threshold?: number;
}
type ThresholdRest = Rest<[threshold: number], ThresholdOption>;

/** Which labels, 0 or 1, are what predictions above the threshold say; of their shape. */
export function binaryMatches(yTrue: TensorLike, yPred: TensorLike, ...rest: ThresholdRest): Tensor {
  const { threshold = 0.5 } = bind<ThresholdOption>(['threshold'], rest);
  return build([yTrue, yPred], () => {
    const predictions = operand(yPred);
    const answers = cast(greater(predictions, cast(threshold, predictions.dtype)), predictions.dtype);
    return cast(equal(cast(yTrue, answers.dtype), answers), floatx());
  });
}

/**
 * The share of labels, 0 or 1, over the last axis that predictions above `threshold` (0.5) match.
 *
 *     tf.keras.metrics.binaryAccuracy([[1, 0]], [[0.9, 0.7]])   // [0.5]
 */
export function binaryAccuracy(yTrue: TensorLike, yPred: TensorLike, ...rest: ThresholdRest): Tensor {
  return build([yTrue, yPred], () => reduceMean(binaryMatches(yTrue, yPred, ...rest), -1));
}

/** Which classes are the ones of the greatest predictions; of the labels' shape. */
export function sparseCategoricalMatches(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => {
    const isColumn = t.rank !== null && t.rank === p.rank;
    const labels = isColumn ? squeeze(t, [-1]) : t;
    const matches = cast(equal(labels, cast(bestClass(p), t.dtype)), floatx());
    return isColumn ? reshape(matches, shapeTensor(t)) : matches;
  });
}

/**
 * Where the greatest prediction is that of the class, given as an index: 1, elsewhere 0. Labels are of the shape of the
 * predictions without its last axis, or with 1 there.
 *
 *     tf.keras.metrics.sparseCategoricalAccuracy([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]])   // [0, 1]
 */
export function sparseCategoricalAccuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return build([yTrue, yPred], () => {
    const matches = sparseCategoricalMatches(yTrue, yPred);
    return (matches.rank ?? 0) > 1 && matches.shape?.at(-1) === 1 ? squeeze(matches, [-1]) : matches;
  });
}

/**
 * Where the greatest prediction is that of the class, given one-hot: 1, elsewhere 0.
 *
 *     tf.keras.metrics.categoricalAccuracy([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])   // [0, 1]
 */
export function categoricalAccuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return pair(yTrue, yPred, (t, p) => sparseCategoricalMatches(bestClass(t), p));
}

export interface KOption {
  /** How many of the greatest predictions may be the right one's; 5 without it. */
  readonly k?: number;
}
type KRest = Rest<[k: number], KOption>;

/**
 * Where the prediction of the class, given as an index, is among the `k` (5) greatest: 1, elsewhere 0.
 *
 *     tf.keras.metrics.sparseTopKCategoricalAccuracy([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]], {k: 2})   // [1, 1]
 */
export function sparseTopKCategoricalAccuracy(yTrue: TensorLike, yPred: TensorLike, ...rest: KRest): Tensor {
  const { k = 5 } = bind<KOption>(['k'], rest);
  return pair(yTrue, yPred, (t, p) => {
    const known = t.rank !== null && p.rank !== null;
    const isFlattened = known && (t.rank as number) > 1;
    const predictions = known && (p.rank as number) > 2 ? reshape(p, [-1, p.shape?.at(-1) ?? lastLength(p)]) : p;
    const labels = cast(isFlattened ? reshape(t, [-1]) : t, int32);
    const matches = cast(inTopK(predictions, labels, k), floatx());
    return isFlattened ? reshape(matches, shapeTensor(t)) : matches;
  });
}

const lastLength = (x: Tensor): Tensor => convertToTensor(shapeTensor(x).slice(-1));

/**
 * Where the prediction of the class, given one-hot, is among the `k` (5) greatest: 1, elsewhere 0.
 *
 *     tf.keras.metrics.topKCategoricalAccuracy([[0, 0, 1]], [[0.1, 0.9, 0.8]], {k: 2})   // [1]
 */
export function topKCategoricalAccuracy(yTrue: TensorLike, yPred: TensorLike, ...rest: KRest): Tensor {
  return pair(yTrue, yPred, (t, p) => sparseTopKCategoricalAccuracy(bestClass(t), p, ...rest));
}

export interface AxisOption {
  /** The axis of vectors; the last without it. */
  readonly axis?: number | readonly number[];
}

/**
 * The cosine of the angle between labels and predictions along `axis`: 1 for one direction. The loss of that name is
 * minus this.
 *
 *     tf.keras.metrics.cosineSimilarity([[0, 1]], [[1, 1]])   // [0.707]
 */
export function cosineSimilarity(
  yTrue: TensorLike,
  yPred: TensorLike,
  ...rest: Rest<[axis: number | readonly number[]], AxisOption>
): Tensor {
  const { axis = -1 } = bind<AxisOption>(['axis'], rest);
  return pair(yTrue, yPred, (t, p) => reduceSum(l2Normalize(cast(t, p.dtype), axis).mul(l2Normalize(p, axis)), axis));
}
/** The name of `cosineSimilarity` in TensorFlow 1. */
export const cosineProximity = cosineSimilarity;
