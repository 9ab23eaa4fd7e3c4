/**
 * Metrics over classes, each of which counts the same: mean intersection over union and mean accuracy per class.
 */
import type { Tensor } from '../graph/graph.ts';
import { cast } from '../ops/cast.ts';
import { assertCompatible, confusionMatrix } from '../ops/confusion-matrix.ts';
import { convertToTensor, emitOne } from '../ops/emit.ts';
import { ones, onesLike } from '../ops/filling.ts';
import { int } from '../ops/losses-weights.ts';
import { reduceMean, reduceSum } from '../ops/reductions.ts';
import { reshape, size } from '../ops/shaping.ts';
import type { TensorLike } from '../ops/tensor-like.ts';
import { float32, float64, int64 } from '../util/dtype.ts';
import { scatterAdd } from '../variables/assign.ts';
import type { Variable } from '../variables/variable.ts';
import {
  collectUpdate,
  collectValue,
  type Metric,
  type MetricRest,
  metricOptions,
  metricScope,
  metricVariable,
  safeRatio,
  type VariableMetric,
} from './frame.ts';

/** As a vector, where it is known to have more axes. */
function flat(x: Tensor): Tensor {
  return x.rank !== null && x.rank > 1 ? reshape(x, [-1]) : x;
}

/**
 * The mean over classes of intersection over union: of all elements that have the class as label or as prediction, how
 * many have it as both. Labels and predictions are class numbers of one shape; classes that never occur are left out. The
 * value is float32; the update is the variable `total_confusion_matrix`, float64 `[numClasses, numClasses]`. The run
 * fails for classes out of range. Throws `ValueError` for shapes that do not fit.
 *
 *     const [iou, update] = tf.metrics.meanIou(labels, tf.argmax(logits, -1), 21);
 */
export function meanIou(
  labels: TensorLike,
  predictions: TensorLike,
  numClasses: number,
  ...rest: MetricRest
): VariableMetric {
  const options = metricOptions(rest);
  const { weights = null } = options;
  return metricScope(options.name, 'mean_iou', [predictions, labels, weights], () => {
    const [givenLabels, guesses] = [convertToTensor(labels), convertToTensor(predictions)];
    assertCompatible(guesses.shape, givenLabels.shape);
    const total = metricVariable([numClasses, numClasses], float64, 'total_confusion_matrix');
    let p = cast(guesses, int64);
    let l = cast(givenLabels, int64);
    const classes = cast(int(numClasses), int64);
    p = flat(p);
    l = flat(l);
    const w = weights === null ? null : flat(convertToTensor(weights));
    const matrix = confusionMatrix(l, p, { numClasses: classes, weights: w, dtype: float64 });
    const update = total.assignAdd(matrix);
    const value = collectValue(meanIouOf(total), options);
    return [value, collectUpdate(update, options)];
  });
}

function meanIouOf(matrix: Variable): Tensor {
  const predicted = cast(reduceSum(matrix, 0), float32);
  const labeled = cast(reduceSum(matrix, 1), float32);
  const both = cast(emitOne('DiagPart', [matrix]), float32);
  const union = predicted.add(labeled).sub(both);
  const valid = reduceSum(cast(emitOne('NotEqual', [union, 0]), float32));
  const isValid = emitOne('Greater', [union, 0]);
  const iou = both.div(emitOne('Select', [isValid, union, onesLike(union)]));
  const isAny = emitOne('Greater', [valid, 0]);
  return emitOne('Select', [isAny, reduceSum(iou, { name: 'mean_iou' }).div(valid), 0]);
}

/**
 * The mean over all classes of how often elements of the class are predicted so. Labels and predictions are class numbers
 * of one shape; a class that never occurs counts as 0. The value is a scalar, the update the accuracies by class,
 * `[numClasses]`, as in TensorFlow. Variables: `total` and `count`, float32 `[numClasses]`. The run fails for labels out
 * of range. Throws `ValueError` for shapes that do not fit.
 *
 *     const [accuracy, update] = tf.metrics.meanPerClassAccuracy(labels, tf.argmax(logits, -1), 10);
 */
export function meanPerClassAccuracy(
  labels: TensorLike,
  predictions: TensorLike,
  numClasses: number,
  ...rest: MetricRest
): Metric {
  const options = metricOptions(rest);
  const { weights = null } = options;
  return metricScope(options.name, 'mean_accuracy', [predictions, labels, weights], () => {
    const l = flat(cast(labels, int64));
    let p = flat(convertToTensor(predictions));
    assertCompatible(p.shape, l.shape);
    const total = metricVariable([numClasses], float32, 'total');
    const count = metricVariable([numClasses], float32, 'count');
    let counted = ones([size(l)], float32);
    p = cast(p, l.dtype);
    let isCorrect = cast(emitOne('Equal', [p, l]), float32);
    if (weights !== null) {
      const factors = cast(flat(convertToTensor(weights)), float32);
      isCorrect = isCorrect.mul(factors);
      counted = counted.mul(factors);
    }
    const updatedTotal = scatterAdd(total, l, counted);
    const updatedCount = scatterAdd(count, l, isCorrect);
    const value = collectValue(reduceMean(safeRatio(count, total, null), { name: 'mean_accuracy' }), options);
    return [value, collectUpdate(safeRatio(updatedCount, updatedTotal, 'update_op'), options)];
  });
}
