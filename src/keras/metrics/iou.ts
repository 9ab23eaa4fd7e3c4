/**
 * How far predicted regions cover the labelled ones: intersection over union, by class. The counts are a confusion
 * matrix over all batches.
 */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { argmax } from '../../ops/arg-reduce.ts';
import { divNoNan } from '../../ops/arithmetic.ts';
import { cast } from '../../ops/cast.ts';
import { greaterEqual, notEqual } from '../../ops/comparison.ts';
import { confusionMatrix } from '../../ops/confusion-matrix.ts';
import { zerosLike } from '../../ops/filling.ts';
import { gather } from '../../ops/gather.ts';
import { diagPart } from '../../ops/linalg.ts';
import { reduceSum } from '../../ops/reductions.ts';
import { whereV2 } from '../../ops/selection.ts';
import { reshape } from '../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { type DTypeLike, int32 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { Variable } from '../../variables/variable.ts';
import { type Config, classNameOf } from '../serialization.ts';
import { requireArgument, sampleWeightOf, type WeightRest } from './means.ts';
import { Metric, type MetricOptions } from './metric.ts';

interface RegionOptions extends MetricOptions {
  /** A class of labels whose elements do not count. */
  readonly ignoreClass?: number | null;
  /** Whether labels are class indices; else scores or one-hot along `axis`. */
  readonly sparseYTrue?: boolean;
  /** Whether predictions are class indices; else scores or one-hot along `axis`. */
  readonly sparseYPred?: boolean;
  /** The axis of classes where labels or predictions are no indices; the last without it. */
  readonly axis?: number;
}

/** What the metrics are made of. */
interface Region extends RegionOptions {
  readonly numClasses?: number;
  readonly targetClassIds?: readonly number[];
}

/** The frame of these metrics. */
abstract class Regions extends Metric {
  readonly numClasses: number;
  readonly targetClassIds: readonly number[];
  readonly ignoreClass: number | null;
  readonly sparseYTrue: boolean;
  readonly sparseYPred: boolean;
  readonly axis: number;
  totalCm!: Variable;

  constructor({ name, dtype, ...options }: Region) {
    requireArgument(classNameOf(new.target), 'num_classes', options.numClasses);
    const numClasses = options.numClasses as number;
    const all = Array.from({ length: numClasses }, (_, i) => i);
    const targetClassIds = [...(options.targetClassIds ?? all)];
    const greatest = Math.max(...targetClassIds);
    if (greatest >= numClasses) {
      throw new ValueError(`Target class id ${greatest} is out of range, which is [0, ${numClasses}).`);
    }
    super({ name, dtype });
    this.numClasses = numClasses;
    this.targetClassIds = targetClassIds;
    this.ignoreClass = options.ignoreClass ?? null;
    this.sparseYTrue = options.sparseYTrue ?? true;
    this.sparseYPred = options.sparseYPred ?? true;
    this.axis = options.axis ?? -1;
  }
  override build(): void {
    this.totalCm = this.addWeight('total_confusion_matrix', { shape: [this.numClasses, this.numClasses] });
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, ...rest: WeightRest): Operation {
    return this.count(yTrue, yPred, sampleWeightOf(rest));
  }
  protected count(yTrue: TensorLike, yPred: TensorLike, sampleWeight: TensorLike | null): Operation {
    const { axis, dtype, ignoreClass } = this;
    const classes = (x: TensorLike, isIndex: boolean): Tensor =>
      reshape(cast(isIndex ? cast(x, dtype) : argmax(x, axis, { outputType: int32 }), int32), [-1]);
    let [labels, predictions] = [classes(yTrue, this.sparseYTrue), classes(yPred, this.sparseYPred)];
    let weights = sampleWeight === null ? null : reshape(cast(sampleWeight, dtype), [-1]);
    if (ignoreClass !== null) {
      // What is ignored counts 0, as some class that there is: the number of the others need not be known.
      const counts = notEqual(labels, ignoreClass);
      [labels, predictions] = [labels, predictions].map((x) => whereV2(counts, x, zerosLike(x)));
      const factors = cast(counts, dtype);
      weights = weights ? weights.mul(factors) : factors;
    }
    const matrix = confusionMatrix(labels, predictions, this.numClasses, { weights, dtype });
    return this.totalCm.assignAdd(matrix, { readValue: false }).op;
  }

  /** The mean over the classes that were seen. */
  override result(): Tensor {
    const matrix = this.totalCm.value();
    const both = diagPart(matrix);
    const either = reduceSum(matrix, 0).add(reduceSum(matrix, 1)).sub(both);
    const ofTargets = (x: Tensor) => gather(x, [...this.targetClassIds]);
    const union = ofTargets(either);
    const seen = reduceSum(cast(notEqual(union, 0), this.dtype));
    return divNoNan(reduceSum(divNoNan(ofTargets(both), union)), seen);
  }
}

export interface IoUOptions extends RegionOptions {
  readonly numClasses?: number;
  /** The classes whose mean is taken. */
  readonly targetClassIds?: readonly number[];
}

/**
 * The mean intersection over union of some classes. Variable: `total_confusion_matrix`, `[numClasses, numClasses]`.
 * Throws `ValueError` for a class out of range.
 *
 *     new tf.keras.metrics.IoU(2, [0]).apply([0, 0, 1, 1], [0, 1, 0, 1])   // 0.333
 */
export class IoU extends Regions {
  static readonly className: string = 'IoU';

  constructor(
    ...args: Rest<
      [
        numClasses: number,
        targetClassIds: readonly number[],
        name: string | null,
        dtype: DTypeLike | null,
        ignoreClass: number | null,
        sparseYTrue: boolean,
        sparseYPred: boolean,
        axis: number,
      ],
      IoUOptions
    >
  ) {
    const names = ['name', 'dtype', 'ignoreClass', 'sparseYTrue', 'sparseYPred', 'axis'] as const;
    super(bind<IoUOptions>(['numClasses', 'targetClassIds', ...names], args));
  }
  override getConfig(): Config {
    const { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, axis } = this;
    return { ...super.getConfig(), numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, axis };
  }
}

export interface BinaryIoUOptions extends MetricOptions {
  /** Which of the classes 0 and 1 count; both without it. */
  readonly targetClassIds?: readonly number[];
  /** Predictions that reach it are of class 1; 0.5 without it. */
  readonly threshold?: number;
}

/**
 * The mean intersection over union of two classes, which predictions name by a score. See `IoU`.
 *
 *     new tf.keras.metrics.BinaryIoU({threshold: 0.3}).apply([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])   // 0.333
 */
export class BinaryIoU extends Regions {
  static readonly className: string = 'BinaryIoU';
  readonly threshold: number;

  constructor(
    ...rest: Rest<
      [targetClassIds: readonly number[], threshold: number, name: string | null, dtype: DTypeLike | null],
      BinaryIoUOptions
    >
  ) {
    const names = ['targetClassIds', 'threshold', 'name', 'dtype'] as const;
    const { threshold = 0.5, ...options } = bind<BinaryIoUOptions>(names, rest);
    super({ ...options, numClasses: 2 });
    this.threshold = threshold;
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, ...rest: WeightRest): Operation {
    const answers = cast(greaterEqual(cast(yPred, this.dtype), this.threshold), this.dtype);
    return this.count(yTrue, answers, sampleWeightOf(rest));
  }
  override getConfig(): Config {
    const { targetClassIds, threshold } = this;
    return { ...super.getConfig(), targetClassIds, threshold };
  }
}

export interface MeanIoUOptions extends RegionOptions {
  readonly numClasses?: number;
}

/**
 * The mean intersection over union of all classes. See `IoU`.
 *
 *     new tf.keras.metrics.MeanIoU(2).apply([0, 0, 1, 1], [0, 1, 0, 1])   // 0.333
 */
export class MeanIoU extends Regions {
  static readonly className: string = 'MeanIoU';

  constructor(
    ...args: Rest<
      [
        numClasses: number,
        name: string | null,
        dtype: DTypeLike | null,
        ignoreClass: number | null,
        sparseYTrue: boolean,
        sparseYPred: boolean,
        axis: number,
      ],
      MeanIoUOptions
    >
  ) {
    const names = ['name', 'dtype', 'ignoreClass', 'sparseYTrue', 'sparseYPred', 'axis'] as const;
    super(bind<MeanIoUOptions>(['numClasses', ...names], args));
  }
  override getConfig(): Config {
    const { numClasses, ignoreClass, sparseYTrue, sparseYPred, axis } = this;
    return { ...super.getConfig(), numClasses, ignoreClass, sparseYTrue, sparseYPred, axis };
  }
}

const ONE_HOT = ['name', 'dtype', 'ignoreClass', 'sparseYPred', 'axis'] as const;

export interface OneHotIoUOptions extends Omit<IoUOptions, 'sparseYTrue'> {}

/**
 * `IoU` of one-hot labels, and scores of classes for predictions.
 *
 *     new tf.keras.metrics.OneHotIoU(3, [0, 2])
 */
export class OneHotIoU extends Regions {
  static readonly className: string = 'OneHotIoU';

  constructor(
    ...args: Rest<
      [
        numClasses: number,
        targetClassIds: readonly number[],
        name: string | null,
        dtype: DTypeLike | null,
        ignoreClass: number | null,
        sparseYPred: boolean,
        axis: number,
      ],
      OneHotIoUOptions
    >
  ) {
    const { sparseYPred = false, ...options } = bind<OneHotIoUOptions>(
      ['numClasses', 'targetClassIds', ...ONE_HOT],
      args,
    );
    super({ ...options, sparseYPred, sparseYTrue: false });
  }
  override getConfig(): Config {
    const { numClasses, targetClassIds, ignoreClass, sparseYPred, axis } = this;
    return { ...super.getConfig(), numClasses, targetClassIds, ignoreClass, sparseYPred, axis };
  }
}

export interface OneHotMeanIoUOptions extends Omit<MeanIoUOptions, 'sparseYTrue'> {}

/**
 * `MeanIoU` of one-hot labels, and scores of classes for predictions.
 *
 *     new tf.keras.metrics.OneHotMeanIoU(3)
 */
export class OneHotMeanIoU extends Regions {
  static readonly className: string = 'OneHotMeanIoU';

  constructor(
    ...args: Rest<
      [
        numClasses: number,
        name: string | null,
        dtype: DTypeLike | null,
        ignoreClass: number | null,
        sparseYPred: boolean,
        axis: number,
      ],
      OneHotMeanIoUOptions
    >
  ) {
    const { sparseYPred = false, ...options } = bind<OneHotMeanIoUOptions>(['numClasses', ...ONE_HOT], args);
    super({ ...options, sparseYPred, sparseYTrue: false });
  }
  override getConfig(): Config {
    const { numClasses, ignoreClass, sparseYPred, axis } = this;
    return { ...super.getConfig(), numClasses, ignoreClass, sparseYPred, axis };
  }
}
