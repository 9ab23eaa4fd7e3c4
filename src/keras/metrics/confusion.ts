/**
 * Counts of right and wrong answers, and precision and recall, at one or several thresholds. How a batch is counted is in
 * `confusion-counts.ts`.
 */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { divNoNan } from '../../ops/arithmetic.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import type { Variable } from '../../variables/variable.ts';
import type { Config } from '../serialization.ts';
import { type Count, LEAST, thresholdList, updateCounts } from './confusion-counts.ts';
import { sampleWeightOf, type WeightRest } from './means.ts';
import { Metric, type MetricOptions } from './metric.ts';

type Thresholds = number | readonly number[] | null;

export interface ConfusionOptions extends MetricOptions {
  /** Scores above it mean yes; one number, or several for a result each. 0.5 without it. */
  readonly thresholds?: Thresholds;
}
export type ConfusionRest = Rest<
  [thresholds: Thresholds, name: string | null, dtype: DTypeLike | null],
  ConfusionOptions
>;

/** The frame of metrics that are counts. */
abstract class ConditionCount extends Metric {
  readonly thresholds: readonly number[];
  readonly #given: Thresholds;
  accumulator!: Variable;

  constructor(
    private readonly condition: Count,
    rest: ConfusionRest,
  ) {
    const { thresholds = null, name, dtype } = bind<ConfusionOptions>(['thresholds', 'name', 'dtype'], rest);
    super({ name, dtype });
    this.#given = thresholds;
    this.thresholds = thresholdList(thresholds);
  }
  override build(): void {
    this.accumulator = this.addWeight('accumulator', { shape: [this.thresholds.length] });
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, ...rest: WeightRest): Operation {
    const sampleWeight = sampleWeightOf(rest);
    return updateCounts({ [this.condition]: this.accumulator }, yTrue, yPred, this.thresholds, { sampleWeight });
  }
  override result(): Tensor {
    return single(this.accumulator.value(), this.thresholds);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), thresholds: this.#given };
  }
}

/** The value for a single threshold is a scalar. */
function single(values: Tensor, thresholds: readonly number[]): Tensor {
  return thresholds.length === 1 ? values.slice(0) : values;
}

/**
 * How many labels of 1 have predictions above the threshold. Variable: `accumulator`. Throws `ValueError` for thresholds
 * beyond 0 and 1.
 *
 *     new tf.keras.metrics.TruePositives().apply([0, 1, 1, 1], [1, 0, 1, 1])   // 2
 */
export class TruePositives extends ConditionCount {
  static readonly className: string = 'TruePositives';

  constructor(...rest: ConfusionRest) {
    super('tp', rest);
  }
}

/** How many labels of 0 have predictions that are not above the threshold. See `TruePositives`. */
export class TrueNegatives extends ConditionCount {
  static readonly className: string = 'TrueNegatives';

  constructor(...rest: ConfusionRest) {
    super('tn', rest);
  }
}

/** How many labels of 0 have predictions above the threshold. See `TruePositives`. */
export class FalsePositives extends ConditionCount {
  static readonly className: string = 'FalsePositives';

  constructor(...rest: ConfusionRest) {
    super('fp', rest);
  }
}

/** How many labels of 1 have predictions that are not above the threshold. See `TruePositives`. */
export class FalseNegatives extends ConditionCount {
  static readonly className: string = 'FalseNegatives';

  constructor(...rest: ConfusionRest) {
    super('fn', rest);
  }
}

export interface PrecisionOptions extends ConfusionOptions {
  /** Only so many of the greatest predictions of an example can mean yes; without `thresholds` all of them do. */
  readonly topK?: number | null;
  /** The only class that counts. */
  readonly classId?: number | null;
}
export type PrecisionRest = Rest<
  [thresholds: Thresholds, topK: number | null, classId: number | null, name: string | null, dtype: DTypeLike | null],
  PrecisionOptions
>;

/** The frame of precision and recall: true positives divided by them and those that are wrong. */
abstract class Share extends Metric {
  readonly thresholds: readonly number[];
  readonly topK: number | null;
  readonly classId: number | null;
  readonly #given: Thresholds;
  truePositives!: Variable;
  protected wrong!: Variable;

  constructor(
    private readonly wrongKind: 'fp' | 'fn',
    rest: PrecisionRest,
  ) {
    const names = ['thresholds', 'topK', 'classId', 'name', 'dtype'] as const;
    const { thresholds = null, topK = null, classId = null, name, dtype } = bind<PrecisionOptions>(names, rest);
    super({ name, dtype });
    this.#given = thresholds;
    this.topK = topK;
    this.classId = classId;
    this.thresholds = thresholdList(thresholds, topK === null ? 0.5 : LEAST);
  }
  override build(): void {
    const shape = [this.thresholds.length];
    this.truePositives = this.addWeight('true_positives', { shape });
    this.wrong = this.addWeight(this.wrongKind === 'fp' ? 'false_positives' : 'false_negatives', { shape });
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, ...rest: WeightRest): Operation {
    const { topK, classId } = this;
    const variables = { tp: this.truePositives, [this.wrongKind]: this.wrong };
    return updateCounts(variables, yTrue, yPred, this.thresholds, {
      topK,
      classId,
      sampleWeight: sampleWeightOf(rest),
    });
  }
  override result(): Tensor {
    const right = this.truePositives.value();
    return single(divNoNan(right, right.add(this.wrong)), this.thresholds);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), thresholds: this.#given, topK: this.topK, classId: this.classId };
  }
}

/**
 * How many of the predictions above the threshold have labels of 1: a share. Variables: `true_positives`,
 * `false_positives`. Throws `ValueError` for thresholds beyond 0 and 1.
 *
 *     new tf.keras.metrics.Precision().apply([0, 1, 1, 1], [1, 0, 1, 1])   // 0.667
 */
export class Precision extends Share {
  static readonly className: string = 'Precision';

  constructor(...rest: PrecisionRest) {
    super('fp', rest);
  }
  get falsePositives(): Variable {
    return this.wrong;
  }
}

/**
 * How many of the labels of 1 have predictions above the threshold: a share. Variables: `true_positives`,
 * `false_negatives`. Throws `ValueError` for thresholds beyond 0 and 1.
 *
 *     new tf.keras.metrics.Recall().apply([0, 1, 1, 1], [1, 0, 1, 1])   // 0.667
 */
export class Recall extends Share {
  static readonly className: string = 'Recall';

  constructor(...rest: PrecisionRest) {
    super('fn', rest);
  }
  get falseNegatives(): Variable {
    return this.wrong;
  }
}
