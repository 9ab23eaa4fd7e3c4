/**
 * The losses as classes, with Keras's names, defaults and configurations. What they compute is in `functions.ts`, how it is
 * weighed and reduced in `loss.ts`.
 */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import type { Config } from '../serialization.ts';
import * as functions from './functions.ts';
import { type LossFunctionWith, LossFunctionWrapper, type LossOptions } from './loss.ts';
import type { LossReduction } from './weighting.ts';

type LossRest = Rest<[reduction: LossReduction, name: string | null], LossOptions>;
const TRAILING = ['reduction', 'name'] as const;

/** The options of every loss, with the name it has by default. */
function named(name: string, options: LossOptions): LossOptions {
  return { reduction: options.reduction, name: options.name === undefined ? name : options.name };
}

/** The frame of losses whose functions have no options. */
class PlainLoss extends LossFunctionWrapper {
  constructor(fn: LossFunctionWith, name: string, rest: readonly unknown[]) {
    super(fn, named(name, bind<LossOptions>(TRAILING, rest)));
  }
}

/**
 * The mean of squared errors.
 *
 *     new tf.keras.losses.MeanSquaredError()(yTrue, yPred)
 */
export class MeanSquaredError extends PlainLoss {
  static override readonly className: string = 'MeanSquaredError';

  constructor(...rest: LossRest) {
    super(functions.meanSquaredError, 'mean_squared_error', rest);
  }
}

/** The mean of absolute errors. `new tf.keras.losses.MeanAbsoluteError()` */
export class MeanAbsoluteError extends PlainLoss {
  static override readonly className: string = 'MeanAbsoluteError';

  constructor(...rest: LossRest) {
    super(functions.meanAbsoluteError, 'mean_absolute_error', rest);
  }
}

/** The mean of errors in percent of the labels. `new tf.keras.losses.MeanAbsolutePercentageError()` */
export class MeanAbsolutePercentageError extends PlainLoss {
  static override readonly className: string = 'MeanAbsolutePercentageError';

  constructor(...rest: LossRest) {
    super(functions.meanAbsolutePercentageError, 'mean_absolute_percentage_error', rest);
  }
}

/** The mean of squared differences between logarithms of 1 + labels and 1 + predictions. `new tf.keras.losses.MeanSquaredLogarithmicError()` */
export class MeanSquaredLogarithmicError extends PlainLoss {
  static override readonly className: string = 'MeanSquaredLogarithmicError';

  constructor(...rest: LossRest) {
    super(functions.meanSquaredLogarithmicError, 'mean_squared_logarithmic_error', rest);
  }
}

/** The mean of how far predictions miss the margin of labels -1 and 1 (0 and 1 will do). `new tf.keras.losses.Hinge()` */
export class Hinge extends PlainLoss {
  static override readonly className: string = 'Hinge';

  constructor(...rest: LossRest) {
    super(functions.hinge, 'hinge', rest);
  }
}

/** The mean of the squares of what `Hinge` counts. `new tf.keras.losses.SquaredHinge()` */
export class SquaredHinge extends PlainLoss {
  static override readonly className: string = 'SquaredHinge';

  constructor(...rest: LossRest) {
    super(functions.squaredHinge, 'squared_hinge', rest);
  }
}

/** How far the best wrong class misses its distance from the right one; labels are one-hot. `new tf.keras.losses.CategoricalHinge()` */
export class CategoricalHinge extends PlainLoss {
  static override readonly className: string = 'CategoricalHinge';

  constructor(...rest: LossRest) {
    super(functions.categoricalHinge, 'categorical_hinge', rest);
  }
}

/** The loss of counts: the mean of `yPred - yTrue * log(yPred)`. `new tf.keras.losses.Poisson()` */
export class Poisson extends PlainLoss {
  static override readonly className: string = 'Poisson';

  constructor(...rest: LossRest) {
    super(functions.poisson, 'poisson', rest);
  }
}

/** The mean of the logarithm of the hyperbolic cosine of errors. `new tf.keras.losses.LogCosh()` */
export class LogCosh extends PlainLoss {
  static override readonly className: string = 'LogCosh';

  constructor(...rest: LossRest) {
    super(functions.logCosh, 'log_cosh', rest);
  }
}

/** The divergence of predicted distributions from those of labels. `new tf.keras.losses.KLDivergence()` */
export class KLDivergence extends PlainLoss {
  static override readonly className: string = 'KLDivergence';

  constructor(...rest: LossRest) {
    super(functions.klDivergence, 'kl_divergence', rest);
  }
}

export interface HuberOptions extends LossOptions, functions.DeltaOption {}

/**
 * Half the squared error up to `delta` (1), a line beyond.
 *
 *     new tf.keras.losses.Huber({delta: 2})
 */
export class Huber extends LossFunctionWrapper {
  static override readonly className: string = 'Huber';

  constructor(...rest: Rest<[delta: number, reduction: LossReduction, name: string | null], HuberOptions>) {
    const { delta = 1, ...options } = bind<HuberOptions>(['delta', ...TRAILING], rest);
    const config: Config = { delta };
    super(functions.huber, named('huber_loss', options), config);
  }
}

export interface CosineSimilarityOptions extends LossOptions {
  readonly axis?: number | readonly number[];
}

/**
 * Minus the cosine of the angle between labels and predictions along `axis`, the last without it.
 *
 *     new tf.keras.losses.CosineSimilarity({axis: 1})
 */
export class CosineSimilarity extends LossFunctionWrapper {
  static override readonly className: string = 'CosineSimilarity';

  constructor(
    ...rest: Rest<
      [axis: number | readonly number[], reduction: LossReduction, name: string | null],
      CosineSimilarityOptions
    >
  ) {
    const { axis = -1, ...options } = bind<CosineSimilarityOptions>(['axis', ...TRAILING], rest);
    const config: Config = { axis };
    super(functions.cosineSimilarity, named('cosine_similarity', options), config);
  }
}

export interface BinaryCrossentropyOptions extends LossOptions, functions.SmoothedOptions {}

/**
 * The cross-entropy of independent labels 0 and 1.
 *
 *     new tf.keras.losses.BinaryCrossentropy({fromLogits: true, labelSmoothing: 0.1})
 */
export class BinaryCrossentropy extends LossFunctionWrapper {
  static override readonly className: string = 'BinaryCrossentropy';

  constructor(
    ...rest: Rest<
      [fromLogits: boolean, labelSmoothing: number, axis: number, reduction: LossReduction, name: string | null],
      BinaryCrossentropyOptions
    >
  ) {
    const {
      fromLogits = false,
      labelSmoothing = 0,
      axis = -1,
      ...options
    } = bind<BinaryCrossentropyOptions>(['fromLogits', 'labelSmoothing', 'axis', ...TRAILING], rest);
    const config: Config = { fromLogits, labelSmoothing, axis };
    super(functions.binaryCrossentropy, named('binary_crossentropy', options), config);
  }
}

export interface BinaryFocalCrossentropyOptions extends LossOptions, functions.BinaryFocalOptions {}

/**
 * `BinaryCrossentropy` with what is already well classified counting less.
 *
 *     new tf.keras.losses.BinaryFocalCrossentropy({gamma: 2, applyClassBalancing: true})
 */
export class BinaryFocalCrossentropy extends LossFunctionWrapper {
  static override readonly className: string = 'BinaryFocalCrossentropy';

  constructor(
    ...rest: Rest<
      [
        applyClassBalancing: boolean,
        alpha: number,
        gamma: number,
        fromLogits: boolean,
        labelSmoothing: number,
        axis: number,
        reduction: LossReduction,
        name: string | null,
      ],
      BinaryFocalCrossentropyOptions
    >
  ) {
    const {
      applyClassBalancing = false,
      alpha = 0.25,
      gamma = 2,
      fromLogits = false,
      labelSmoothing = 0,
      axis = -1,
      ...options
    } = bind<BinaryFocalCrossentropyOptions>(
      ['applyClassBalancing', 'alpha', 'gamma', 'fromLogits', 'labelSmoothing', 'axis', ...TRAILING],
      rest,
    );
    const config: Config = { applyClassBalancing, alpha, gamma, fromLogits, labelSmoothing, axis };
    super(functions.binaryFocalCrossentropy, named('binary_focal_crossentropy', options), config);
  }
}

export interface CategoricalCrossentropyOptions extends LossOptions, functions.SmoothedOptions {}

/**
 * The cross-entropy of one-hot labels.
 *
 *     new tf.keras.losses.CategoricalCrossentropy({fromLogits: true})
 */
export class CategoricalCrossentropy extends LossFunctionWrapper {
  static override readonly className: string = 'CategoricalCrossentropy';

  constructor(
    ...rest: Rest<
      [fromLogits: boolean, labelSmoothing: number, axis: number, reduction: LossReduction, name: string | null],
      CategoricalCrossentropyOptions
    >
  ) {
    const {
      fromLogits = false,
      labelSmoothing = 0,
      axis = -1,
      ...options
    } = bind<CategoricalCrossentropyOptions>(['fromLogits', 'labelSmoothing', 'axis', ...TRAILING], rest);
    const config: Config = { fromLogits, labelSmoothing, axis };
    super(functions.categoricalCrossentropy, named('categorical_crossentropy', options), config);
  }
}

export interface CategoricalFocalCrossentropyOptions extends LossOptions, functions.CategoricalFocalOptions {}

/**
 * `CategoricalCrossentropy` with what is already well classified counting less.
 *
 *     new tf.keras.losses.CategoricalFocalCrossentropy({alpha: [0.25, 0.5, 0.25]})
 */
export class CategoricalFocalCrossentropy extends LossFunctionWrapper {
  static override readonly className: string = 'CategoricalFocalCrossentropy';

  constructor(
    ...rest: Rest<
      [
        alpha: number | readonly number[],
        gamma: number,
        fromLogits: boolean,
        labelSmoothing: number,
        axis: number,
        reduction: LossReduction,
        name: string | null,
      ],
      CategoricalFocalCrossentropyOptions
    >
  ) {
    const {
      alpha = 0.25,
      gamma = 2,
      fromLogits = false,
      labelSmoothing = 0,
      axis = -1,
      ...options
    } = bind<CategoricalFocalCrossentropyOptions>(
      ['alpha', 'gamma', 'fromLogits', 'labelSmoothing', 'axis', ...TRAILING],
      rest,
    );
    const config: Config = { alpha, gamma, fromLogits, labelSmoothing, axis };
    super(functions.categoricalFocalCrossentropy, named('categorical_focal_crossentropy', options), config);
  }
}

export interface SparseCategoricalCrossentropyOptions extends LossOptions, Omit<functions.SparseOptions, 'axis'> {}

/**
 * The cross-entropy of class indices. Examples of `ignoreClass` do not count, also in the mean.
 *
 *     new tf.keras.losses.SparseCategoricalCrossentropy({fromLogits: true, ignoreClass: -1})
 */
export class SparseCategoricalCrossentropy extends LossFunctionWrapper {
  static override readonly className: string = 'SparseCategoricalCrossentropy';

  constructor(
    ...rest: Rest<
      [fromLogits: boolean, ignoreClass: number | null, reduction: LossReduction, name: string | null],
      SparseCategoricalCrossentropyOptions
    >
  ) {
    const {
      fromLogits = false,
      ignoreClass = null,
      ...options
    } = bind<SparseCategoricalCrossentropyOptions>(['fromLogits', 'ignoreClass', ...TRAILING], rest);
    const config: Config = { fromLogits, ignoreClass };
    super(functions.sparseCategoricalCrossentropy, named('sparse_categorical_crossentropy', options), config);
  }
}
