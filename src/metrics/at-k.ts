/**
 * Recall and precision of the best k predictions of each example, against one or several labels. Average precision is in
 * `average-precision.ts`, how labels and predictions are compared in `sets.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { add, truediv } from '../ops/arithmetic.ts';
import { cast } from '../ops/cast.ts';
import { convertToTensor, emitOne, opScope } from '../ops/emit.ts';
import { int } from '../ops/losses-weights.ts';
import { reduceSum } from '../ops/reductions.ts';
import { topK } from '../ops/selection.ts';
import { expandDims, rank as rankOf } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { float64, int64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { formatShape } from '../util/shape.ts';
import type { AssignedVariable, Variable } from '../variables/variable.ts';
import { collectUpdate, collectValue, expandLastIf, type Metric, type MetricOptions, metricVariable } from './frame.ts';
import { countSets, type Kind, ofSameExamples } from './sets.ts';

export interface AtKOptions extends MetricOptions {
  /** Counts this class alone. */
  readonly classId?: number | null;
}

export interface AtTopKOptions extends AtKOptions {
  /** The number of predictions, for the names. */
  readonly k?: number | null;
}

type AtKRest = Rest<
  [
    classId: number | null,
    weights: TensorLike | null,
    metricsCollections: string | readonly string[] | null,
    updatesCollections: string | readonly string[] | null,
    name: string | null,
  ],
  AtKOptions
>;
const AT_K = ['classId', 'weights', 'metricsCollections', 'updatesCollections', 'name'] as const;

type AtTopKRest = Rest<
  [
    k: number | null,
    classId: number | null,
    weights: TensorLike | null,
    metricsCollections: string | readonly string[] | null,
    updatesCollections: string | readonly string[] | null,
    name: string | null,
  ],
  AtTopKOptions
>;
const AT_TOP_K = ['k', ...AT_K] as const;

/** `recall_at_5_class2`. */
export function atKName(name: string, k: number | null, classId: number | null = null): string {
  const atK = `${name}_at_${k === null ? 'k' : Math.trunc(k)}`;
  return classId === null ? atK : `${atK}_class${Math.trunc(classId)}`;
}

/** The labels of the examples of `predictions`, with an axis of labels last also where each example has one. */
export function expandLabels(labels: TensorLike, predictions: Tensor): Tensor {
  return opScope(null, 'expand_labels', [labels, predictions], (scope) => {
    const l = convertToTensor(labels, { preferredDtype: int64 });
    if (l.rank === null || predictions.rank === null) {
      const rank = emitOne('AddV2', [rankOf(l), int(1)], {}, 'add');
      return ofSameExamples(expandLastIf(emitOne('Equal', [rankOf(predictions), rank]), l), predictions);
    }
    if (l.rank === predictions.rank) return ofSameExamples(l, predictions);
    if (l.rank + 1 === predictions.rank) return ofSameExamples(expandDims(l, -1, scope), predictions);
    throw new ValueError(
      `Unexpected labels shape ${formatShape(l.shape)} for predictions shape ${formatShape(predictions.shape)}. Predictions rank should be the same rank as labels rank or labels rank plus one .`,
    );
  });
}

interface Streamed {
  readonly value: Variable;
  readonly updated: AssignedVariable;
}

/** The sum of the counts of all examples so far. */
function streamCount(
  kind: Kind,
  labels: Tensor,
  predictions: Tensor,
  { k = null, classId = null, weights = null }: Partial<AtTopKOptions>,
): Streamed {
  const name = atKName(kind.replace(/s$/, ''), k, classId);
  return opScope(null, name, [predictions, labels, weights], (scope) => {
    const total = cast(reduceSum(countSets(kind, labels, predictions, classId, weights)), float64);
    const value = metricVariable([], float64, scope);
    return { value, updated: value.assignAdd(total, { name: 'update' }) };
  });
}

function atTopK(
  name: 'recall' | 'precision',
  labels: TensorLike,
  predictions: TensorLike,
  options: Partial<AtTopKOptions>,
): Metric {
  const { k = null, classId = null, weights = null } = options;
  const inputs = [predictions, labels, weights];
  return opScope(options.name, atKName(name, k, classId), inputs, (scope) => {
    const p = cast(convertToTensor(predictions, { preferredDtype: int64 }), int64);
    const l = expandLabels(labels, p);
    const hits = streamCount('true_positives', l, p, options);
    const misses = streamCount(name === 'recall' ? 'false_negatives' : 'false_positives', l, p, options);
    const value = truediv(hits.value, add(hits.value, misses.value), scope);
    collectValue(value, options);
    const update = truediv(hits.updated, add(hits.updated, misses.updated), 'update');
    return [value, collectUpdate(update, options)];
  });
}

function atK(
  name: 'recall' | 'precision',
  labels: TensorLike,
  predictions: TensorLike,
  k: number,
  options: Partial<AtKOptions>,
): Metric {
  const { classId = null, weights = null } = options;
  return opScope(options.name, atKName(name, k, classId), [predictions, labels, weights], (scope) => {
    const { indices } = topK(predictions, k);
    return atTopK(name, labels, indices, { ...options, k, name: scope });
  });
}

/**
 * How many labels are among the best `k` predictions of their example. `predictions` are scores `[..., classes]`; `labels`
 * int64 class numbers `[..., labels]`, or `[...]` with one label each. A label given twice counts once, one out of range
 * is never found. Weights are a scalar or have the rank of `[...]`. The value is float64, NaN before there are labels.
 * Variables: `true_positive_at_<k>` and `false_negative_at_<k>`. Throws `ValueError` for shapes that do not fit and for a
 * `k` above the number of classes, `TypeError` for labels of another type.
 *
 *     const [recall, update] = tf.metrics.recallAtK(labels, scores, 5);
 */
export function recallAtK(labels: TensorLike, predictions: TensorLike, k: number, ...rest: AtKRest): Metric {
  return atK('recall', labels, predictions, k, bind<AtKOptions>(AT_K, rest));
}

/**
 * `recallAtK` with the best predictions themselves: class numbers `[..., k]`. `k` only serves the names.
 *
 *     const [recall, update] = tf.metrics.recallAtTopK(labels, tf.nn.topK(scores, 5).indices);
 */
export function recallAtTopK(labels: TensorLike, predictionsIdx: TensorLike, ...rest: AtTopKRest): Metric {
  return atTopK('recall', labels, predictionsIdx, bind<AtTopKOptions>(AT_TOP_K, rest));
}

/**
 * How many of the best `k` predictions of each example are labels. Variables: `true_positive_at_<k>` and
 * `false_positive_at_<k>`. Arguments and errors as in `recallAtK`.
 *
 *     const [precision, update] = tf.metrics.precisionAtK(labels, scores, 5, {classId: 2});
 */
export function precisionAtK(labels: TensorLike, predictions: TensorLike, k: number, ...rest: AtKRest): Metric {
  return atK('precision', labels, predictions, k, bind<AtKOptions>(AT_K, rest));
}

/** `precisionAtK` under its former name. */
export function sparsePrecisionAtK(labels: TensorLike, predictions: TensorLike, k: number, ...rest: AtKRest): Metric {
  return precisionAtK(labels, predictions, k, ...rest);
}

/**
 * `precisionAtK` with the best predictions themselves: class numbers `[..., k]`. `k` only serves the names.
 *
 *     const [precision, update] = tf.metrics.precisionAtTopK(labels, tf.nn.topK(scores, 5).indices);
 */
export function precisionAtTopK(labels: TensorLike, predictionsIdx: TensorLike, ...rest: AtTopKRest): Metric {
  return atTopK('precision', labels, predictionsIdx, bind<AtTopKOptions>(AT_TOP_K, rest));
}
