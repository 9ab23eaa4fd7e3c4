/**
 * The names of the functions that metrics are made of. Those of the classes are in `index.ts`.
 */
import * as losses from '../losses/functions.ts';
import { defineKind } from '../objects.ts';
import { classNameOf, type Named, toSnakeCase } from '../serialization.ts';
import type { MetricFunction } from './functions.ts';
import * as matches from './matches.ts';

/** Functions by Keras's names; the first is the one that a function's values and files go by. */
export const FUNCTIONS: readonly (readonly [name: string, fn: Named])[] = [
  ['accuracy', matches.accuracy],
  ['acc', matches.accuracy],
  ['ACC', matches.accuracy],
  ['binary_accuracy', matches.binaryAccuracy],
  ['categorical_accuracy', matches.categoricalAccuracy],
  ['sparse_categorical_accuracy', matches.sparseCategoricalAccuracy],
  ['top_k_categorical_accuracy', matches.topKCategoricalAccuracy],
  ['sparse_top_k_categorical_accuracy', matches.sparseTopKCategoricalAccuracy],
  ['mean_squared_error', losses.meanSquaredError],
  ['mean_absolute_error', losses.meanAbsoluteError],
  ['mean_absolute_percentage_error', losses.meanAbsolutePercentageError],
  ['mean_squared_logarithmic_error', losses.meanSquaredLogarithmicError],
  ['binary_crossentropy', losses.binaryCrossentropy],
  ['binary_focal_crossentropy', losses.binaryFocalCrossentropy],
  ['categorical_crossentropy', losses.categoricalCrossentropy],
  ['categorical_focal_crossentropy', losses.categoricalFocalCrossentropy],
  ['sparse_categorical_crossentropy', losses.sparseCategoricalCrossentropy],
  ['hinge', losses.hinge],
  ['squared_hinge', losses.squaredHinge],
  ['categorical_hinge', losses.categoricalHinge],
  ['kl_divergence', losses.klDivergence],
  ['kullback_leibler_divergence', losses.klDivergence],
  ['poisson', losses.poisson],
  ['log_cosh', losses.logCosh],
  ['logcosh', losses.logCosh],
  ['cosine_similarity', matches.cosineSimilarity],
  ['cosine_proximity', matches.cosineSimilarity],
  ['mse', losses.mse],
  ['MSE', losses.mse],
  ['mae', losses.mae],
  ['MAE', losses.mae],
  ['mape', losses.mape],
  ['MAPE', losses.mape],
  ['msle', losses.msle],
  ['MSLE', losses.msle],
  ['bce', losses.bce],
  ['BCE', losses.bce],
  ['kld', losses.kld],
  ['KLD', losses.kld],
];

/** Functions by name, without the classes: what a configuration of a function's metric names. */
export const functionKind = defineKind<MetricFunction>({ noun: 'metric function', known: FUNCTIONS });

const known: ReadonlySet<unknown> = new Set(FUNCTIONS.map(([, fn]) => fn));

/** Whether a name stands for the function without a word from the user. */
export function isKnownFunction(fn: unknown): boolean {
  return known.has(fn);
}

/**
 * The name that a function's values go by: Keras's for its own, `mean_absolute_error` for `'mae'`; a user's as it is.
 *
 *     metricFunctionName(tf.keras.metrics.mae)   // 'mean_absolute_error'
 */
export function metricFunctionName(fn: MetricFunction): string {
  if ('getConfig' in fn) return fn.name || toSnakeCase(classNameOf(fn.constructor));
  return functionKind.serialize(fn) as string;
}
