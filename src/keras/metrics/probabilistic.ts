/**
 * Cross-entropies, divergences and margins over batches. What they are for an example is in `functions.ts`.
 */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import type { SmoothedOptions, SparseOptions } from '../losses/functions.ts';
import * as functions from './functions.ts';
import { MeanMetricWrapper, type MetricRest, named } from './means.ts';
import type { MetricOptions } from './metric.ts';

/** The mean of `yPred - yTrue * log(yPred)`. `new tf.keras.metrics.Poisson()` */
export class Poisson extends MeanMetricWrapper {
  static override readonly className: string = 'Poisson';

  constructor(...rest: MetricRest) {
    super(functions.poisson, named('poisson', rest));
  }
}

/** The mean divergence of predicted distributions from those of labels. `new tf.keras.metrics.KLDivergence()` */
export class KLDivergence extends MeanMetricWrapper {
  static override readonly className: string = 'KLDivergence';

  constructor(...rest: MetricRest) {
    super(functions.klDivergence, named('kullback_leibler_divergence', rest));
  }
}

/** The mean of how far predictions miss the margin of labels -1 and 1 (0 and 1 will do). `new tf.keras.metrics.Hinge()` */
export class Hinge extends MeanMetricWrapper {
  static override readonly className: string = 'Hinge';

  constructor(...rest: MetricRest) {
    super(functions.hinge, named('hinge', rest));
  }
}

/** The mean of the squares of what `Hinge` counts. `new tf.keras.metrics.SquaredHinge()` */
export class SquaredHinge extends MeanMetricWrapper {
  static override readonly className: string = 'SquaredHinge';

  constructor(...rest: MetricRest) {
    super(functions.squaredHinge, named('squared_hinge', rest));
  }
}

/** How far the best wrong class misses its distance from the right one, in the mean; labels are one-hot. `new tf.keras.metrics.CategoricalHinge()` */
export class CategoricalHinge extends MeanMetricWrapper {
  static override readonly className: string = 'CategoricalHinge';

  constructor(...rest: MetricRest) {
    super(functions.categoricalHinge, named('categorical_hinge', rest));
  }
}

export interface BinaryCrossentropyOptions extends MetricOptions, Omit<SmoothedOptions, 'axis'> {}

/**
 * The mean cross-entropy of independent labels 0 and 1.
 *
 *     new tf.keras.metrics.BinaryCrossentropy({fromLogits: true})
 */
export class BinaryCrossentropy extends MeanMetricWrapper {
  static override readonly className: string = 'BinaryCrossentropy';

  constructor(
    ...rest: Rest<
      [name: string | null, dtype: DTypeLike | null, fromLogits: boolean, labelSmoothing: number],
      BinaryCrossentropyOptions
    >
  ) {
    const options = bind<BinaryCrossentropyOptions>(['name', 'dtype', 'fromLogits', 'labelSmoothing'], rest);
    const { fromLogits = false, labelSmoothing = 0 } = options;
    super(functions.binaryCrossentropy, { ...named('binary_crossentropy', [options]), fromLogits, labelSmoothing });
  }
}

export interface CategoricalCrossentropyOptions extends MetricOptions, SmoothedOptions {}

/**
 * The mean cross-entropy of one-hot labels.
 *
 *     new tf.keras.metrics.CategoricalCrossentropy({fromLogits: true})
 */
export class CategoricalCrossentropy extends MeanMetricWrapper {
  static override readonly className: string = 'CategoricalCrossentropy';

  constructor(
    ...rest: Rest<
      [name: string | null, dtype: DTypeLike | null, fromLogits: boolean, labelSmoothing: number, axis: number],
      CategoricalCrossentropyOptions
    >
  ) {
    const names = ['name', 'dtype', 'fromLogits', 'labelSmoothing', 'axis'] as const;
    const options = bind<CategoricalCrossentropyOptions>(names, rest);
    const { fromLogits = false, labelSmoothing = 0, axis = -1 } = options;
    super(functions.categoricalCrossentropy, {
      ...named('categorical_crossentropy', [options]),
      fromLogits,
      labelSmoothing,
      axis,
    });
  }
}

export interface SparseCategoricalCrossentropyOptions extends MetricOptions, SparseOptions {}

/**
 * The mean cross-entropy of class indices. Examples of `ignoreClass` do not count.
 *
 *     new tf.keras.metrics.SparseCategoricalCrossentropy({fromLogits: true})
 */
export class SparseCategoricalCrossentropy extends MeanMetricWrapper {
  static override readonly className: string = 'SparseCategoricalCrossentropy';

  constructor(
    ...rest: Rest<
      [name: string | null, dtype: DTypeLike | null, fromLogits: boolean, ignoreClass: number | null, axis: number],
      SparseCategoricalCrossentropyOptions
    >
  ) {
    const names = ['name', 'dtype', 'fromLogits', 'ignoreClass', 'axis'] as const;
    const options = bind<SparseCategoricalCrossentropyOptions>(names, rest);
    const { fromLogits = false, ignoreClass = null, axis = -1 } = options;
    super(functions.sparseCategoricalCrossentropy, {
      ...named('sparse_categorical_crossentropy', [options]),
      fromLogits,
      ignoreClass,
      axis,
    });
  }
}
