/**
 * Metrics that count right and wrong answers to yes-or-no questions, and the ratios of these. Those that count for several
 * thresholds are in `thresholds.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { cast } from '../ops/cast.ts';
import { assertRankIn, assertType } from '../ops/checks.ts';
import { emitOne } from '../ops/emit.ts';
import { reduceSum } from '../ops/reductions.ts';
import { rank } from '../ops/shaping.ts';
import type { TensorLike } from '../ops/tensor-like.ts';
import { bool, float32 } from '../util/dtype.ts';
import type { AssignedVariable } from '../variables/variable.ts';
import {
  after,
  align,
  collectUpdate,
  collectValue,
  type Metric,
  type MetricOptions,
  type MetricRest,
  metricOptions,
  metricScope,
  metricVariable,
  type VariableMetric,
} from './frame.ts';

/** The sum of the weights of the elements that are true. */
function countCondition(condition: Tensor, weights: Tensor | null, options: Partial<MetricOptions>): VariableMetric {
  assertType(condition, bool);
  const count = metricVariable([], float32, 'count');
  let values = cast(condition, float32);
  if (weights !== null) {
    values = after([assertRankIn(weights, [0, rank(values)])], () => emitOne('Mul', [values, cast(weights, float32)]));
  }
  const value = collectValue(emitOne('Identity', [count]), options);
  const update = count.assignAdd(reduceSum(values));
  return [value, collectUpdate(update, options)];
}

/** Counts the elements whose label and prediction are these. */
function countPairs(
  defaultName: string,
  label: boolean,
  prediction: boolean,
  labels: TensorLike,
  predictions: TensorLike,
  options: Partial<MetricOptions>,
): VariableMetric {
  const { weights = null } = options;
  return metricScope(options.name, defaultName, [predictions, labels, weights], () => {
    const guesses = cast(predictions, bool);
    const fitted = align(cast(labels, bool), guesses, weights);
    const isLabel = emitOne('Equal', [fitted.labels, label]);
    const isPrediction = emitOne('Equal', [fitted.predictions, prediction]);
    const both = emitOne('LogicalAnd', [isLabel, isPrediction]);
    return countCondition(both, fitted.weights, options);
  });
}

/**
 * How many positives were predicted so: the sum of the weights where label and prediction are true. Both are cast to bool
 * and have one shape (either may have a last axis of length 1 more). Variable: `count`. Throws `ValueError` for shapes or
 * weights that do not fit.
 *
 *     const [count, update] = tf.metrics.truePositives(labels, predictions);
 */
export function truePositives(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): VariableMetric {
  return countPairs('true_positives', true, true, labels, predictions, metricOptions(rest));
}

/** How many negatives were predicted so. `tf.metrics.trueNegatives(labels, predictions)`; as `truePositives` otherwise. */
export function trueNegatives(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): VariableMetric {
  return countPairs('true_negatives', false, false, labels, predictions, metricOptions(rest));
}

/** How many negatives were taken for positives. `tf.metrics.falsePositives(labels, predictions)`; as `truePositives`. */
export function falsePositives(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): VariableMetric {
  return countPairs('false_positives', false, true, labels, predictions, metricOptions(rest));
}

/** How many positives were taken for negatives. `tf.metrics.falseNegatives(labels, predictions)`; as `truePositives`. */
export function falseNegatives(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): VariableMetric {
  return countPairs('false_negatives', true, false, labels, predictions, metricOptions(rest));
}

/** `hits / (hits + misses)`, 0 where nothing was counted. */
function ratioOf(hits: Tensor | AssignedVariable, misses: Tensor | AssignedVariable, name: string): Tensor {
  const isCounted = emitOne('Greater', [hits.add(misses), 0]);
  return emitOne('Select', [isCounted, hits.div(hits.add(misses)), 0], {}, name);
}

function share(
  defaultName: string,
  labels: TensorLike,
  predictions: TensorLike,
  options: Partial<MetricOptions>,
  missed: typeof falsePositives,
): Metric {
  const { weights = null } = options;
  return metricScope(options.name, defaultName, [predictions, labels, weights], () => {
    const guesses = cast(predictions, bool);
    const fitted = align(cast(labels, bool), guesses, weights);
    const more = { weights: fitted.weights };
    const [hits, updatedHits] = truePositives(fitted.labels, fitted.predictions, more);
    const [misses, updatedMisses] = missed(fitted.labels, fitted.predictions, more);
    const value = collectValue(ratioOf(hits, misses, 'value'), options);
    return [value, collectUpdate(ratioOf(updatedHits, updatedMisses, 'update_op'), options)];
  });
}

/**
 * How many of the elements predicted positive are: `truePositives / (truePositives + falsePositives)`, 0 where none was.
 * Variables: `true_positives/count` and `false_positives/count`. Arguments and errors as in `truePositives`.
 *
 *     const [precision, update] = tf.metrics.precision(labels, predictions);
 */
export function precision(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): Metric {
  return share('precision', labels, predictions, metricOptions(rest), falsePositives);
}

/**
 * How many of the positive elements are predicted so: `truePositives / (truePositives + falseNegatives)`, 0 where there
 * were none. Variables: `true_positives/count` and `false_negatives/count`. Arguments and errors as in `truePositives`.
 *
 *     const [recall, update] = tf.metrics.recall(labels, predictions);
 */
export function recall(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): Metric {
  return share('recall', labels, predictions, metricOptions(rest), falseNegatives);
}
