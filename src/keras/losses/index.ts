/**
 * `tf.keras.losses`: losses as functions and classes, and their names.
 */

import { type DeserializeArguments, defineKind } from '../objects.ts';
import type { Serialized } from '../serialization.ts';
import * as classes from './classes.ts';
import type { LossFunction } from './functions.ts';
import * as functions from './functions.ts';
import type { Loss } from './loss.ts';

export * from './classes.ts';
export * from './functions.ts';
export { Loss, type LossOptions } from './loss.ts';
export { type LossReduction, Reduction } from './weighting.ts';

const kind = defineKind<Loss | LossFunction>({
  noun: 'loss function',
  known: [
    ...Object.entries(classes).map(([name, item]) => [name, item] as const),
    ['mean_squared_error', functions.meanSquaredError],
    ['mean_absolute_error', functions.meanAbsoluteError],
    ['mean_absolute_percentage_error', functions.meanAbsolutePercentageError],
    ['mean_squared_logarithmic_error', functions.meanSquaredLogarithmicError],
    ['binary_crossentropy', functions.binaryCrossentropy],
    ['binary_focal_crossentropy', functions.binaryFocalCrossentropy],
    ['categorical_crossentropy', functions.categoricalCrossentropy],
    ['categorical_focal_crossentropy', functions.categoricalFocalCrossentropy],
    ['sparse_categorical_crossentropy', functions.sparseCategoricalCrossentropy],
    ['hinge', functions.hinge],
    ['squared_hinge', functions.squaredHinge],
    ['categorical_hinge', functions.categoricalHinge],
    ['kl_divergence', functions.klDivergence],
    ['poisson', functions.poisson],
    ['log_cosh', functions.logCosh],
    ['huber', functions.huber],
    ['cosine_similarity', functions.cosineSimilarity],
    ['mse', functions.mse],
    ['MSE', functions.mse],
    ['mae', functions.mae],
    ['MAE', functions.mae],
    ['mape', functions.mape],
    ['MAPE', functions.mape],
    ['msle', functions.msle],
    ['MSLE', functions.msle],
    ['bce', functions.bce],
    ['BCE', functions.bce],
    ['kld', functions.kld],
    ['KLD', functions.kld],
    ['kullback_leibler_divergence', functions.klDivergence],
    ['logcosh', functions.logCosh],
    ['huber_loss', functions.huber],
    ['cosine_proximity', functions.cosineSimilarity],
    ['cosine', functions.cosineSimilarity],
  ],
});

/**
 * The loss of a name: `'mse'`, `'mean_squared_error'` and `'meanSquaredError'` are a function, `'MeanSquaredError'` an
 * object; of a configuration or class; a function is given back, null stays null. Throws `ValueError` for anything else.
 *
 *     tf.keras.losses.get('mse')
 */
export function get(identifier: NonNullable<unknown>): Loss | LossFunction;
export function get(identifier: unknown): Loss | LossFunction | null;
export function get(identifier: unknown): Loss | LossFunction | null {
  return kind.get(identifier);
}

/** The configuration of a loss, the name of a function (`'mean_squared_error'`), null for null. */
export function serialize(loss: unknown): Serialized | string | null {
  return kind.serialize(loss);
}

/** The loss of a configuration or name. Throws `ValueError` for one that is unknown. */
export function deserialize(config: Serialized | string, options?: DeserializeArguments): Loss | LossFunction {
  return kind.deserialize(config, options);
}
