/**
 * Metrics that are means: of values, of matches, of errors. Variables, scopes and weights are `frame.ts`'s business.
 */
import type { Tensor } from '../graph/graph.ts';
import { cast } from '../ops/cast.ts';
import { assertCompatible, removeSqueezableDimensions } from '../ops/confusion-matrix.ts';
import { convertToTensor, emitOne } from '../ops/emit.ts';
import { onesLike, zerosLike } from '../ops/filling.ts';
import { reduceSum } from '../ops/reductions.ts';
import { size } from '../ops/shaping.ts';
import type { TensorLike } from '../ops/tensor-like.ts';
import { float32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { formatShape, isFullyDefined } from '../util/shape.ts';
import {
  after,
  align,
  broadcastWeights,
  build,
  collectUpdate,
  collectValue,
  fitWeights,
  type Metric,
  type MetricOptions,
  type MetricRest,
  metricOptions,
  metricScope,
  metricVariable,
  safeRatio,
} from './frame.ts';

/**
 * The weighted mean of all values so far. Variables: `total`, the sum of values times weights, and `count`, the sum of
 * weights. 0 before the first update. Throws `ValueError` for weights that do not fit the values.
 *
 *     const [mean, update] = tf.metrics.mean(losses);
 *     await sess.run(tf.localVariablesInitializer());
 *     await sess.run(update, {feedDict: [[losses, [1, 2]]]});    // 1.5
 */
export function mean(values: TensorLike, ...rest: MetricRest): Metric {
  return meanOf(values, metricOptions(rest), 'mean');
}

function meanOf(values: TensorLike, options: Partial<MetricOptions>, defaultName: string): Metric {
  const { weights = null } = options;
  return metricScope(options.name, defaultName, [values, weights], () => {
    let x = cast(values, float32);
    const total = metricVariable([], float32, 'total');
    const count = metricVariable([], float32, 'count');
    let counted: Tensor;
    const fitted = fitWeights(weights, x);
    if (fitted === null) {
      counted = cast(size(x), float32);
    } else {
      const factors = broadcastWeights(cast(fitted, float32), x);
      x = emitOne('Mul', [x, factors]);
      counted = reduceSum(factors);
    }
    const updatedTotal = total.assignAdd(reduceSum(x));
    const updatedCount = after([x], () => count.assignAdd(counted));
    const value = collectValue(safeRatio(total, count, 'value'), options);
    const update = safeRatio(updatedTotal, updatedCount, 'update_op');
    return [value, collectUpdate(update, options)];
  });
}

/**
 * `mean`, for each element of the values: value and variables (`total_tensor`, `count_tensor`) have their shape, which must
 * be known. Throws `ValueError` where it is not, and for weights that do not fit.
 *
 *     const [means, update] = tf.metrics.meanTensor(rates);
 */
export function meanTensor(values: TensorLike, ...rest: MetricRest): Metric {
  const options = metricOptions(rest);
  const { weights = null } = options;
  return metricScope(options.name, 'mean', [values, weights], () => {
    let x = cast(values, float32);
    const { shape } = x;
    if (!isFullyDefined(shape)) {
      const kind = shape === null ? 'an unknown' : 'a partially known';
      throw new ValueError(`Cannot convert ${kind} TensorShape ${formatShape(shape)} to a Tensor.`);
    }
    const total = metricVariable(shape, float32, 'total_tensor');
    const count = metricVariable(shape, float32, 'count_tensor');
    let counted = onesLike(x);
    const fitted = fitWeights(weights, x);
    if (fitted !== null) {
      const factors = broadcastWeights(cast(fitted, float32), x);
      x = emitOne('Mul', [x, factors]);
      counted = emitOne('Mul', [counted, factors]);
    }
    const updatedTotal = total.assignAdd(x);
    const updatedCount = after([x], () => count.assignAdd(counted));
    const value = collectValue(safeRatio(total, count, 'value'), options);
    const update = safeRatio(updatedTotal, updatedCount, 'update_op');
    return [value, collectUpdate(update, options)];
  });
}

/**
 * How often predictions equal their labels. Both have one shape (either may have a last axis of length 1 more);
 * predictions are cast to the type of the labels. Variables: `total` and `count`. Throws `ValueError` for shapes or weights
 * that do not fit.
 *
 *     const [accuracy, update] = tf.metrics.accuracy(labels, tf.argmax(logits, 1));
 */
export function accuracy(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): Metric {
  const { weights = null, ...options } = metricOptions(rest);
  return build([labels, predictions, weights], () => {
    const fitted = align(labels, predictions, weights);
    const guesses = cast(fitted.predictions, fitted.labels.dtype);
    const isCorrect = cast(emitOne('Equal', [guesses, fitted.labels]), float32);
    return meanOf(isCorrect, { ...options, weights: fitted.weights, name: options.name || 'accuracy' }, 'mean');
  });
}

/** The mean of an error by element, between labels and predictions. */
function meanError(
  defaultName: string,
  labels: TensorLike,
  predictions: TensorLike,
  options: Partial<MetricOptions>,
  error: (labels: Tensor, predictions: Tensor) => Tensor,
): Metric {
  const { weights = null } = options;
  return build([labels, predictions, weights], () => {
    const fitted = align(labels, predictions, weights);
    const errors = error(fitted.labels, fitted.predictions);
    return meanOf(errors, { ...options, weights: fitted.weights, name: options.name || defaultName }, 'mean');
  });
}

/**
 * The mean of `|prediction - label|`. Shapes, variables and errors as in `accuracy`; both have one type.
 *
 *     const [error, update] = tf.metrics.meanAbsoluteError(labels, predictions);
 */
export function meanAbsoluteError(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): Metric {
  return meanError('mean_absolute_error', labels, predictions, metricOptions(rest), (l, p) =>
    emitOne('Abs', [p.sub(l)]),
  );
}

/**
 * The mean of `(prediction - label)²`. As `meanAbsoluteError` otherwise.
 *
 *     const [error, update] = tf.metrics.meanSquaredError(labels, predictions, {weights: mask});
 */
export function meanSquaredError(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): Metric {
  return meanError('mean_squared_error', labels, predictions, metricOptions(rest), (l, p) =>
    emitOne('SquaredDifference', [l, p]),
  );
}

/**
 * The square root of the mean of `(prediction - label)²`. As `meanAbsoluteError` otherwise.
 *
 *     const [rmse, update] = tf.metrics.rootMeanSquaredError(labels, predictions);
 */
export function rootMeanSquaredError(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): Metric {
  const { weights = null, name, ...collections } = metricOptions(rest);
  return build([labels, predictions, weights], () => {
    const fitted = align(labels, predictions, weights);
    const [mse, updateMse] = meanSquaredError(fitted.labels, fitted.predictions, {
      weights: fitted.weights,
      name: name || 'root_mean_squared_error',
    });
    const value = collectValue(emitOne('Sqrt', [mse]), collections);
    return [value, collectUpdate(emitOne('Sqrt', [updateMse]), collections)];
  });
}

/**
 * The mean of `|prediction - label| / normalizer`; where the normalizer, of the shape of the predictions, is 0, an error
 * counts as 0. As `meanAbsoluteError` otherwise.
 *
 *     const [error, update] = tf.metrics.meanRelativeError(labels, predictions, labels);
 */
export function meanRelativeError(
  labels: TensorLike,
  predictions: TensorLike,
  normalizer: TensorLike,
  ...rest: MetricRest
): Metric {
  const { weights = null, ...options } = metricOptions(rest);
  return build([labels, predictions, normalizer, weights], () => {
    const fitted = align(labels, predictions, weights);
    const pair = removeSqueezableDimensions(fitted.predictions, normalizer);
    const [guesses, divisor] = [pair.labels, pair.predictions];
    assertCompatible(guesses.shape, divisor.shape);
    const isNone = emitOne('Equal', [divisor, 0]);
    const none = zerosLike(fitted.labels);
    const relative = emitOne('Abs', [fitted.labels.sub(guesses)]).div(divisor);
    const errors = emitOne('Select', [isNone, none, relative]);
    const name = options.name || 'mean_relative_error';
    return meanOf(errors, { ...options, weights: fitted.weights, name }, 'mean');
  });
}

/**
 * The mean of `1 - sum(label * prediction)` along the axis `dim`, of vectors that are normalised already. Weights have
 * length 1 along `dim`. As `meanAbsoluteError` otherwise.
 *
 *     const [distance, update] = tf.metrics.meanCosineDistance(a, b, 1);
 */
export function meanCosineDistance(
  labels: TensorLike,
  predictions: TensorLike,
  dim: number,
  ...rest: MetricRest
): Metric {
  const { weights = null, name, ...collections } = metricOptions(rest);
  return build([labels, predictions, weights], () => {
    const fitted = align(labels, predictions, weights);
    const products = emitOne('Mul', [fitted.predictions, fitted.labels]);
    const cosines = reduceSum(products, [dim], true);
    const [value, update] = meanOf(cosines, { weights: fitted.weights, name: name || 'mean_cosine_distance' }, 'mean');
    const distance = emitOne('Sub', [1, value]);
    const updated = emitOne('Sub', [1, update]);
    return [collectValue(distance, collections), collectUpdate(updated, collections)];
  });
}

/**
 * How many of the values are below a threshold, as a fraction. Variables: `total` and `count`. Throws `ValueError` for
 * weights that do not fit.
 *
 *     const [fraction, update] = tf.metrics.percentageBelow(latencies, 100);
 */
export function percentageBelow(values: TensorLike, threshold: TensorLike, ...rest: MetricRest): Metric {
  const options = metricOptions(rest);
  return build([values, threshold, options.weights], () => {
    const isBelow = cast(emitOne('Less', [convertToTensor(values), threshold]), float32);
    return meanOf(isBelow, { ...options, name: options.name || 'percentage_below_threshold' }, 'mean');
  });
}
