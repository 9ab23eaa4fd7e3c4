/**
 * Errors of predicted numbers over batches. What the errors of examples are is in `functions.ts`.
 */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { divNoNan, squaredDifference } from '../../ops/arithmetic.ts';
import { cast } from '../../ops/cast.ts';
import { assertCompatible } from '../../ops/confusion-matrix.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { abs, sqrt } from '../../ops/unary-math.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import { fitLabels, removeSqueezableDimensions } from '../losses/weighting.ts';
import type { Config } from '../serialization.ts';
import * as functions from './functions.ts';
import type { AxisOption } from './matches.ts';
import {
  MeanMetricWrapper,
  type MetricRest,
  named,
  Reduction,
  requireArgument,
  sampleWeightOf,
  type WeightRest,
} from './means.ts';
import type { MetricOptions } from './metric.ts';

/** The mean of squared errors. `new tf.keras.metrics.MeanSquaredError()` */
export class MeanSquaredError extends MeanMetricWrapper {
  static override readonly className: string = 'MeanSquaredError';

  constructor(...rest: MetricRest) {
    super(functions.meanSquaredError, named('mean_squared_error', rest));
  }
}

/** The mean of absolute errors. `new tf.keras.metrics.MeanAbsoluteError()` */
export class MeanAbsoluteError extends MeanMetricWrapper {
  static override readonly className: string = 'MeanAbsoluteError';

  constructor(...rest: MetricRest) {
    super(functions.meanAbsoluteError, named('mean_absolute_error', rest));
  }
}

/** The mean of errors in percent of the labels. `new tf.keras.metrics.MeanAbsolutePercentageError()` */
export class MeanAbsolutePercentageError extends MeanMetricWrapper {
  static override readonly className: string = 'MeanAbsolutePercentageError';

  constructor(...rest: MetricRest) {
    super(functions.meanAbsolutePercentageError, named('mean_absolute_percentage_error', rest));
  }
}

/** The mean of squared differences between logarithms of 1 + labels and 1 + predictions. `new tf.keras.metrics.MeanSquaredLogarithmicError()` */
export class MeanSquaredLogarithmicError extends MeanMetricWrapper {
  static override readonly className: string = 'MeanSquaredLogarithmicError';

  constructor(...rest: MetricRest) {
    super(functions.meanSquaredLogarithmicError, named('mean_squared_logarithmic_error', rest));
  }
}

/** The mean of the logarithm of the hyperbolic cosine of errors. `new tf.keras.metrics.LogCoshError()` */
export class LogCoshError extends MeanMetricWrapper {
  static override readonly className: string = 'LogCoshError';

  constructor(...rest: MetricRest) {
    super(functions.logCosh, named('logcosh', rest));
  }
}

export interface CosineSimilarityOptions extends MetricOptions, AxisOption {}

/**
 * The mean cosine of the angle between labels and predictions along `axis`, the last without it.
 *
 *     new tf.keras.metrics.CosineSimilarity({axis: 1})
 */
export class CosineSimilarity extends MeanMetricWrapper {
  static override readonly className: string = 'CosineSimilarity';

  constructor(
    ...rest: Rest<
      [name: string | null, dtype: DTypeLike | null, axis: number | readonly number[]],
      CosineSimilarityOptions
    >
  ) {
    const options = bind<CosineSimilarityOptions>(['name', 'dtype', 'axis'], rest);
    super(functions.cosineSimilarity, { ...named('cosine_similarity', [options]), axis: options.axis ?? -1 });
  }
}

/**
 * The square root of the mean of squared errors. Variables: `total`, `count`.
 *
 *     new tf.keras.metrics.RootMeanSquaredError().apply([[0, 1]], [[1, 1]])   // 0.707
 */
export class RootMeanSquaredError extends Reduction {
  static readonly className: string = 'RootMeanSquaredError';

  constructor(...rest: MetricRest) {
    super('weighted_mean', named('root_mean_squared_error', rest));
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, ...rest: WeightRest): Operation {
    const [labels, predictions] = fitLabels(cast(yTrue, this.dtype), cast(yPred, this.dtype));
    return this.gather(squaredDifference(predictions, labels), sampleWeightOf(rest));
  }
  override result(): Tensor {
    return sqrt(super.result());
  }
}

export interface MeanRelativeErrorOptions extends MetricOptions {
  /** What errors are divided by: of the predictions' shape. */
  readonly normalizer?: TensorLike;
}

/**
 * The mean of absolute errors divided by `normalizer`, 0 where that is 0. Variables: `total`, `count`. Throws
 * `ValueError` for labels and predictions whose shapes do not fit.
 *
 *     new tf.keras.metrics.MeanRelativeError([1, 3, 2, 3]).apply([1, 3, 2, 3], [2, 4, 6, 8])   // 1.25
 */
export class MeanRelativeError extends Reduction {
  static readonly className: string = 'MeanRelativeError';
  readonly normalizer: TensorLike;

  constructor(
    ...args: Rest<[normalizer: TensorLike, name: string | null, dtype: DTypeLike | null], MeanRelativeErrorOptions>
  ) {
    const {
      normalizer = 1,
      name = null,
      dtype,
    } = bind<MeanRelativeErrorOptions>(['normalizer', 'name', 'dtype'], args);
    requireArgument('MeanRelativeError', 'normalizer', normalizer);
    super('weighted_mean', { name, dtype });
    this.normalizer = normalizer as TensorLike;
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, ...rest: WeightRest): Operation {
    const [labels, fitted] = fitLabels(cast(yTrue, this.dtype), cast(yPred, this.dtype));
    const [predictions, normalizer] = removeSqueezableDimensions(fitted, cast(this.normalizer, this.dtype));
    assertCompatible(predictions.shape, labels.shape);
    return this.gather(divNoNan(abs(labels.sub(predictions)), normalizer), sampleWeightOf(rest));
  }
  override getConfig(): Config {
    return { ...super.getConfig(), normalizer: this.normalizer };
  }
}
