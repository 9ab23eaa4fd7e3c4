/**
 * Metrics that count right and wrong answers where scores above each of several thresholds mean yes. Areas under curves
 * of such counts are in `auc.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { truediv } from '../ops/arithmetic.ts';
import { cast } from '../ops/cast.ts';
import { assertGreaterEqual, assertLessEqual } from '../ops/checks.ts';
import { assertCompatible } from '../ops/confusion-matrix.ts';
import { constant } from '../ops/constants.ts';
import { convertToTensor, emitOne } from '../ops/emit.ts';
import { reduceSum } from '../ops/reductions.ts';
import { reshape, shape as shapeOf, transpose } from '../ops/shaping.ts';
import type { TensorLike } from '../ops/tensor-like.ts';
import { tile } from '../ops/tiling.ts';
import { toNdArray } from '../util/array-convert.ts';
import { bool, float32, int32 } from '../util/dtype.ts';
import type { AssignedVariable, Variable } from '../variables/variable.ts';
import {
  after,
  align,
  broadcastWeights,
  collectUpdate,
  collectValue,
  type Metric,
  type MetricRest,
  metricOptions,
  metricScope,
  metricVariable,
  type VariableMetric,
} from './frame.ts';

/** What is counted: true and false positives and negatives. */
export type Count = 'tp' | 'fn' | 'tn' | 'fp';

const VARIABLES = {
  tp: 'true_positives',
  fn: 'false_negatives',
  tn: 'true_negatives',
  fp: 'false_positives',
} as const;

/** The variables of the counts, one element per threshold, and their updates. */
export interface Counts<V> {
  readonly tp: V;
  readonly fn: V;
  readonly tn: V;
  readonly fp: V;
}

export interface ThresholdCounts<K extends Count> {
  readonly values: Pick<Counts<Variable>, K>;
  readonly updates: Pick<Counts<AssignedVariable>, K>;
}

/**
 * Counts by threshold in variables of the current scope. The run fails for predictions outside `[0, 1]`, where a cast or
 * a squeeze stands behind the check, as in TensorFlow.
 */
export function countAtThresholds<K extends Count>(
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  weights: TensorLike | null | undefined,
  includes: readonly K[],
): ThresholdCounts<K> {
  const scores = convertToTensor(predictions);
  const fitted = after(rangeChecks(scores), () => {
    const p = cast(scores, float32);
    return align(cast(labels, bool), p, weights);
  });
  const has = (...keys: readonly Count[]) => keys.some((key) => (includes as readonly Count[]).includes(key));
  const rows = thresholds.length;
  const column = reshape(fitted.predictions, [-1, 1]);
  const row = reshape(cast(fitted.labels, bool), [1, -1]);
  const limits = tiledLimits(thresholds, column);
  const isPositive = emitOne('Greater', [tile(transpose(column), [rows, 1]), limits]);
  const isNegative = has('fn', 'tn') ? emitOne('LogicalNot', [isPositive]) : isPositive;
  const isLabel = tile(row, [rows, 1]);
  const isNoLabel = has('fp', 'tn') ? emitOne('LogicalNot', [isLabel]) : isLabel;
  const factors = tiledWeights(fitted.weights, fitted.predictions, rows, limits);
  const values: Partial<Record<Count, Variable>> = {};
  const updates: Partial<Record<Count, AssignedVariable>> = {};
  for (const key of ['tp', 'fn', 'tn', 'fp'] as const) {
    if (!has(key)) continue;
    const variable = metricVariable([rows], float32, VARIABLES[key]);
    const label = key === 'tp' || key === 'fn' ? isLabel : isNoLabel;
    const answer = key === 'tp' || key === 'fp' ? isPositive : isNegative;
    let counted = cast(emitOne('LogicalAnd', [label, answer]), float32);
    if (factors !== null) counted = counted.mul(factors);
    updates[key] = variable.assignAdd(reduceSum(counted, 1));
    values[key] = variable;
  }
  return { values, updates } as unknown as ThresholdCounts<K>;
}

function rangeChecks(predictions: Tensor) {
  const message = 'predictions must be in [0, 1]';
  const limit = (value: number) => cast(toNdArray(value, float32), predictions.dtype);
  return [assertGreaterEqual(predictions, limit(0), { message }), assertLessEqual(predictions, limit(1), { message })];
}

/** The thresholds as a column, repeated for each prediction. */
function tiledLimits(thresholds: readonly number[], predictions: Tensor): Tensor {
  const known = predictions.shape?.[0] ?? null;
  const count = known ?? shapeOf(predictions).slice(0);
  const column = emitOne('ExpandDims', [constant([...thresholds], float32), [1]]);
  const multiples = convertToTensor([1, count], { dtype: int32, name: 'stack' });
  return tile(column, multiples);
}

function tiledWeights(weights: Tensor | null, predictions: Tensor, rows: number, limits: Tensor): Tensor | null {
  if (weights === null) return null;
  const each = broadcastWeights(cast(weights, float32), predictions);
  const tiled = tile(reshape(each, [1, -1]), [rows, 1]);
  assertCompatible(limits.shape, tiled.shape);
  return tiled;
}

function countOf(
  key: Count,
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  rest: MetricRest,
): VariableMetric {
  const options = metricOptions(rest);
  const { weights = null } = options;
  return metricScope(options.name, VARIABLES[key], [predictions, labels, weights], () => {
    const { values, updates } = countAtThresholds(labels, predictions, thresholds, weights, [key]);
    const value = collectValue(emitOne('Identity', [values[key]]), options);
    return [value, collectUpdate(updates[key], options)];
  });
}

/**
 * `truePositives` for predictions above each threshold. Predictions are in `[0, 1]`, labels are cast to bool; value and
 * variable (`true_positives`) are float32 `[thresholds]`. Throws `ValueError` for shapes or weights that do not fit.
 *
 *     const [counts, update] = tf.metrics.truePositivesAtThresholds(labels, scores, [0.25, 0.5, 0.75]);
 */
export function truePositivesAtThresholds(
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  ...rest: MetricRest
): VariableMetric {
  return countOf('tp', labels, predictions, thresholds, rest);
}

/** `trueNegatives` for predictions above each threshold; as `truePositivesAtThresholds` otherwise. */
export function trueNegativesAtThresholds(
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  ...rest: MetricRest
): VariableMetric {
  return countOf('tn', labels, predictions, thresholds, rest);
}

/** `falsePositives` for predictions above each threshold; as `truePositivesAtThresholds` otherwise. */
export function falsePositivesAtThresholds(
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  ...rest: MetricRest
): VariableMetric {
  return countOf('fp', labels, predictions, thresholds, rest);
}

/** `falseNegatives` for predictions above each threshold; as `truePositivesAtThresholds` otherwise. */
export function falseNegativesAtThresholds(
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  ...rest: MetricRest
): VariableMetric {
  return countOf('fn', labels, predictions, thresholds, rest);
}

/** `hits / (1e-7 + hits + misses)`, with the names of TensorFlow's expression. */
function shareOf(hits: Variable | AssignedVariable, misses: Variable | AssignedVariable, name: string): Tensor {
  const counted = emitOne('AddV2', [1e-7, hits.value()], {}, 'add').add(misses);
  return truediv(hits, counted, name);
}

/**
 * `precision` for predictions above each threshold: float32 `[thresholds]`. Variables: `true_positives` and
 * `false_positives`. Arguments and errors as in `truePositivesAtThresholds`.
 *
 *     const [precisions, update] = tf.metrics.precisionAtThresholds(labels, scores, [0.5, 0.9]);
 */
export function precisionAtThresholds(
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  ...rest: MetricRest
): Metric {
  const options = metricOptions(rest);
  const { weights = null } = options;
  return metricScope(options.name, 'precision_at_thresholds', [predictions, labels, weights], () => {
    const { values, updates } = countAtThresholds(labels, predictions, thresholds, weights, ['tp', 'fp']);
    const value = collectValue(shareOf(values.tp, values.fp, 'precision_value'), options);
    return [value, collectUpdate(shareOf(updates.tp, updates.fp, 'precision_update_op'), options)];
  });
}

/**
 * `recall` for predictions above each threshold: float32 `[thresholds]`. Variables: `true_positives` and
 * `false_negatives`. Arguments and errors as in `truePositivesAtThresholds`.
 *
 *     const [recalls, update] = tf.metrics.recallAtThresholds(labels, scores, [0.5, 0.9]);
 */
export function recallAtThresholds(
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  ...rest: MetricRest
): Metric {
  const options = metricOptions(rest);
  const { weights = null } = options;
  return metricScope(options.name, 'recall_at_thresholds', [predictions, labels, weights], () => {
    const { values, updates } = countAtThresholds(labels, predictions, thresholds, weights, ['tp', 'fn']);
    const value = collectValue(shareOf(values.tp, values.fn, 'recall_value'), options);
    return [value, collectUpdate(shareOf(updates.tp, updates.fn, 'recall_update_op'), options)];
  });
}
