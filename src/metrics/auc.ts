/**
 * The area under the curve, and what a curve has at one point: sensitivity at a specificity and the other way round. The
 * counts by threshold that curves are made of are `thresholds.ts`'s business.
 */
import type { Tensor } from '../graph/graph.ts';
import { argmax, argmin } from '../ops/arg-reduce.ts';
import { truediv } from '../ops/arithmetic.ts';
import { cast } from '../ops/cast.ts';
import { emitOne } from '../ops/emit.ts';
import { onesLike } from '../ops/filling.ts';
import { cumsum, reduceMin, reduceSum } from '../ops/reductions.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { int32, int64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { AssignedVariable, Variable } from '../variables/variable.ts';
import { collectUpdate, collectValue, type Metric, type MetricOptions, metricScope } from './frame.ts';
import { type Counts, countAtThresholds } from './thresholds.ts';

/** How far the outermost thresholds lie outside `[0, 1]`, and what keeps quotients finite. */
const MARGIN = 1e-7;
/** What keeps the rates of curves finite. */
const EPSILON = 1e-6;
const ALL = ['tp', 'fn', 'tn', 'fp'] as const;

type Readable = Variable | AssignedVariable;

export type SummationMethod = 'trapezoidal' | 'careful_interpolation' | 'minoring' | 'majoring';

export interface AucOptions extends MetricOptions {
  /** How many thresholds the curve is drawn through; 200 without it. */
  readonly numThresholds?: number;
  /** Of true and false positive rates, or of precision and recall; `'ROC'` without it. */
  readonly curve?: 'ROC' | 'PR';
  /** How the area between thresholds is taken; `'trapezoidal'` without it. For `'PR'`, `'careful_interpolation'` is right. */
  readonly summationMethod?: SummationMethod;
  /** Thresholds in place of evenly spaced ones; 0 and 1 are added. */
  readonly thresholds?: readonly number[] | null;
}

/** Evenly spaced thresholds strictly between 0 and 1. */
function evenly(count: number): number[] {
  return Array.from({ length: Math.max(0, count - 2) }, (_, i) => (i + 1) / (count - 1));
}

/**
 * The area under the ROC or precision-recall curve of scores in `[0, 1]`. Labels are cast to bool and have the shape of
 * the predictions (either may have a last axis of length 1 more). Variables: `true_positives`, `false_negatives`,
 * `true_negatives` and `false_positives`, one element per threshold. Throws `ValueError` for shapes or weights that do not
 * fit, and for a curve or summation method that is unknown.
 *
 *     const [auc, update] = tf.metrics.auc(labels, scores, {curve: 'PR', summationMethod: 'careful_interpolation'});
 */
export function auc(
  labels: TensorLike,
  predictions: TensorLike,
  ...rest: Rest<
    [
      weights: TensorLike | null,
      numThresholds: number,
      metricsCollections: string | readonly string[] | null,
      updatesCollections: string | readonly string[] | null,
      curve: 'ROC' | 'PR',
      name: string | null,
      summationMethod: SummationMethod,
      thresholds: readonly number[] | null,
    ],
    AucOptions
  >
): Metric {
  const options = bind<AucOptions>(
    [
      'weights',
      'numThresholds',
      'metricsCollections',
      'updatesCollections',
      'curve',
      'name',
      'summationMethod',
      'thresholds',
    ],
    rest,
  );
  const { weights = null, curve = 'ROC', summationMethod = 'trapezoidal', thresholds = null } = options;
  return metricScope(options.name, 'auc', [labels, predictions, weights], () => {
    if (curve !== 'ROC' && curve !== 'PR') {
      throw new ValueError(`Curve must be either ROC or PR. Curve ${String(curve)} is unknown.`);
    }
    const inner = thresholds === null ? evenly(options.numThresholds ?? 200) : [...thresholds].sort((a, b) => a - b);
    const all = [-MARGIN, ...inner, 1 + MARGIN];
    const { values, updates } = countAtThresholds(labels, predictions, all, weights, ALL);
    const area = (counts: Counts<Readable>, name: string) =>
      curve === 'PR' && summationMethod === 'careful_interpolation'
        ? interpolatedArea(counts, all.length)
        : areaUnder(counts, all.length, curve, summationMethod, name);
    const value = collectValue(area(values, 'value'), options);
    return [value, collectUpdate(area(updates, 'update_op'), options)];
  });
}

function areaUnder(
  { tp, fn, tn, fp }: Counts<Readable>,
  count: number,
  curve: 'ROC' | 'PR',
  method: SummationMethod,
  name: string,
): Tensor {
  const found = tp.add(EPSILON);
  const recall = found.div(tp.add(fn).add(EPSILON));
  let [x, y] = [recall, recall];
  if (curve === 'ROC') {
    x = fp.div(fp.add(tn).add(EPSILON));
  } else {
    const hits = tp.add(EPSILON);
    y = hits.div(tp.add(fp).add(EPSILON));
  }
  const height = heights.get(method);
  if (!height) {
    throw new ValueError(
      `Invalid summation_method: ${String(method)} summation_method should be 'trapezoidal', 'careful_interpolation', 'minoring', or 'majoring'.`,
    );
  }
  const width = upper(x, count).sub(lower(x));
  const area = emitOne('Mul', [width, height(upper(y, count), lower(y))]);
  return reduceSum(area, { name });
}

/** All but the last element: those of the lower thresholds, where more is predicted positive. */
function upper(x: Tensor | Readable, count: number): Tensor {
  return x.slice({ stop: count - 1 });
}
function lower(x: Tensor | Readable): Tensor {
  return x.slice({ start: 1 });
}

const middle = (a: Tensor, b: Tensor) => a.add(b).div(2);
const heights = new Map<unknown, (a: Tensor, b: Tensor) => Tensor>([
  ['trapezoidal', middle],
  ['careful_interpolation', middle],
  ['minoring', (a, b) => emitOne('Minimum', [a, b])],
  ['majoring', (a, b) => emitOne('Maximum', [a, b])],
]);

/**
 * The area under the precision-recall curve where true and false positives are linear between thresholds: precision is
 * not, so that the trapezoidal rule is too optimistic (Davis and Goadrich, 2006).
 */
function interpolatedArea({ tp, fp, fn }: Counts<Readable>, count: number): Tensor {
  const rise = upper(tp, count).sub(lower(tp));
  const positive = tp.add(fp);
  const width = upper(positive, count).sub(lower(positive));
  const slope = emitOne('DivNoNan', [rise, emitOne('Maximum', [width, 0])], {}, 'prec_slope');
  const hits = lower(tp);
  const intercept = hits.sub(emitOne('Mul', [slope, lower(positive)]));
  const isMore = upper(positive, count).greater(0);
  const isBoth = emitOne('LogicalAnd', [isMore, lower(positive).greater(0)]);
  const [more, less] = [upper(positive, count), lower(positive)];
  const ratio = emitOne('DivNoNan', [more, emitOne('Maximum', [less, 0])], {}, 'recall_relative_ratio');
  const growth = emitOne('Select', [isBoth, ratio, onesLike(lower(positive))]);
  const gained = slope.mul(rise.add(intercept.mul(emitOne('Log', [growth]))));
  const positives = lower(tp).add(lower(fn));
  const increments = emitOne('DivNoNan', [gained, emitOne('Maximum', [positives, 0])], {}, 'pr_auc_increment');
  return reduceSum(increments, { name: 'interpolate_pr_auc' });
}

export interface CurvePointOptions extends MetricOptions {
  /** How many thresholds are tried; 200 without it. */
  readonly numThresholds?: number;
}

type CurvePointRest = Rest<
  [
    weights: TensorLike | null,
    numThresholds: number,
    metricsCollections: string | readonly string[] | null,
    updatesCollections: string | readonly string[] | null,
    name: string | null,
  ],
  CurvePointOptions
>;
const CURVE_POINT = ['weights', 'numThresholds', 'metricsCollections', 'updatesCollections', 'name'] as const;

/** A metric at the one of the thresholds that `rate` picks by the counts. */
function atPoint(
  defaultName: string,
  last: number,
  labels: TensorLike,
  predictions: TensorLike,
  options: Partial<CurvePointOptions>,
  rate: (counts: Counts<Readable>, name: string) => Tensor,
): Metric {
  const { weights = null, numThresholds = 200 } = options;
  return metricScope(options.name, defaultName, [predictions, labels, weights], () => {
    const thresholds = [-MARGIN, ...evenly(numThresholds), last];
    const { values, updates } = countAtThresholds(labels, predictions, thresholds, weights, ALL);
    const value = collectValue(rate(values, 'value'), options);
    return [value, collectUpdate(rate(updates, 'update_op'), options)];
  });
}

/** `hits / (hits + misses)` at one threshold. */
function rateAt(index: Tensor, hits: Readable, misses: Readable, name: string): Tensor {
  const found = hits.slice(index);
  return truediv(found, hits.slice(index).add(misses.slice(index)).add(MARGIN), name);
}

/**
 * The sensitivity (recall) at the threshold whose specificity is nearest to `specificity`, of scores in `[0, 1]`. Labels,
 * variables and errors as in `auc`; throws `ValueError` also for a specificity outside `[0, 1]`.
 *
 *     const [sensitivity, update] = tf.metrics.sensitivityAtSpecificity(labels, scores, 0.9);
 */
export function sensitivityAtSpecificity(
  labels: TensorLike,
  predictions: TensorLike,
  specificity: number,
  ...rest: CurvePointRest
): Metric {
  if (specificity < 0 || specificity > 1) {
    throw new ValueError(`\`specificity\` must be in the range [0, 1]. Currently, \`specificity\` got ${specificity}.`);
  }
  const options = bind<CurvePointOptions>(CURVE_POINT, rest);
  return atPoint('sensitivity_at_specificity', 1 + MARGIN, labels, predictions, options, ({ tp, fn, tn, fp }, name) => {
    const specificities = tn.div(tn.add(fp).add(MARGIN));
    const index = argmin(emitOne('Abs', [specificities.sub(specificity)]), 0);
    return rateAt(cast(index, int32), tp, fn, name);
  });
}

/**
 * The specificity at the threshold whose sensitivity (recall) is nearest to `sensitivity`, the highest such threshold, of
 * scores in `[0, 1]`. Labels, variables and errors as in `auc`; throws `ValueError` also for a sensitivity outside `[0, 1]`.
 *
 *     const [specificity, update] = tf.metrics.specificityAtSensitivity(labels, scores, 0.9);
 */
export function specificityAtSensitivity(
  labels: TensorLike,
  predictions: TensorLike,
  sensitivity: number,
  ...rest: CurvePointRest
): Metric {
  if (sensitivity < 0 || sensitivity > 1) {
    throw new ValueError(`\`sensitivity\` must be in the range [0, 1]. Currently, \`sensitivity\` is ${sensitivity}.`);
  }
  const options = bind<CurvePointOptions>(CURVE_POINT, rest);
  return atPoint('specificity_at_sensitivity', 1 - MARGIN, labels, predictions, options, ({ tp, fn, tn, fp }, name) => {
    const sensitivities = tp.div(tp.add(fn).add(MARGIN));
    const distance = () => emitOne('Abs', [sensitivities.sub(sensitivity)]);
    const least = reduceMin(distance());
    const isLeast = cast(emitOne('Equal', [distance(), least]), int64);
    // The running count is greatest first at the last of the equal ones.
    const index = argmax(cumsum(isLeast), 0);
    return rateAt(cast(index, int32), tn, fp, name);
  });
}
