/**
 * Accuracies over batches: the share of predictions that are right. What right means is in `matches.ts`.
 */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import * as matches from './matches.ts';
import { MeanMetricWrapper, type MetricRest, named } from './means.ts';
import type { MetricOptions } from './metric.ts';

/**
 * How often predictions equal labels. `new tf.keras.metrics.Accuracy().apply([1, 2, 3], [0, 2, 3])   // 0.667`
 */
export class Accuracy extends MeanMetricWrapper {
  static override readonly className: string = 'Accuracy';

  constructor(...rest: MetricRest) {
    super(matches.accuracy, named('accuracy', rest));
  }
}

export interface BinaryAccuracyOptions extends MetricOptions, matches.ThresholdOption {}

/**
 * How often predictions above `threshold` (0.5) are labels of 1, the others of 0.
 *
 *     new tf.keras.metrics.BinaryAccuracy({threshold: 0.9})
 */
export class BinaryAccuracy extends MeanMetricWrapper {
  static override readonly className: string = 'BinaryAccuracy';

  constructor(...rest: Rest<[name: string | null, dtype: DTypeLike | null, threshold: number], BinaryAccuracyOptions>) {
    const options = bind<BinaryAccuracyOptions>(['name', 'dtype', 'threshold'], rest);
    super(matches.binaryMatches, { ...named('binary_accuracy', [options]), threshold: options.threshold ?? 0.5 });
  }
}

/** How often the greatest prediction is that of the class, given one-hot. `new tf.keras.metrics.CategoricalAccuracy()` */
export class CategoricalAccuracy extends MeanMetricWrapper {
  static override readonly className: string = 'CategoricalAccuracy';

  constructor(...rest: MetricRest) {
    super(matches.categoricalAccuracy, named('categorical_accuracy', rest));
  }
}

/** How often the greatest prediction is that of the class, given as an index. `new tf.keras.metrics.SparseCategoricalAccuracy()` */
export class SparseCategoricalAccuracy extends MeanMetricWrapper {
  static override readonly className: string = 'SparseCategoricalAccuracy';

  constructor(...rest: MetricRest) {
    super(matches.sparseCategoricalMatches, named('sparse_categorical_accuracy', rest));
  }
}

export interface TopKOptions extends MetricOptions, matches.KOption {}
type TopKRest = Rest<[k: number, name: string | null, dtype: DTypeLike | null], TopKOptions>;

function topKOptions(defaultName: string, rest: TopKRest) {
  const options = bind<TopKOptions>(['k', 'name', 'dtype'], rest);
  return { ...named(defaultName, [options]), k: options.k ?? 5 };
}

/**
 * How often the prediction of the class, given one-hot, is among the `k` (5) greatest.
 *
 *     new tf.keras.metrics.TopKCategoricalAccuracy({k: 3})
 */
export class TopKCategoricalAccuracy extends MeanMetricWrapper {
  static override readonly className: string = 'TopKCategoricalAccuracy';

  constructor(...rest: TopKRest) {
    super(matches.topKCategoricalAccuracy, topKOptions('top_k_categorical_accuracy', rest));
  }
}

/**
 * How often the prediction of the class, given as an index, is among the `k` (5) greatest.
 *
 *     new tf.keras.metrics.SparseTopKCategoricalAccuracy({k: 3})
 */
export class SparseTopKCategoricalAccuracy extends MeanMetricWrapper {
  static override readonly className: string = 'SparseTopKCategoricalAccuracy';

  constructor(...rest: TopKRest) {
    super(matches.sparseTopKCategoricalAccuracy, topKOptions('sparse_top_k_categorical_accuracy', rest));
  }
}
