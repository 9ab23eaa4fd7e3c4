/**
 * The best share of one kind where another reaches a value, over evenly chosen thresholds: precision at a recall and the
 * like. How a batch is counted is in `confusion-counts.ts`.
 */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { divNoNan } from '../../ops/arithmetic.ts';
import { greaterEqual } from '../../ops/comparison.ts';
import { zerosLike } from '../../ops/filling.ts';
import { reduceMax } from '../../ops/reductions.ts';
import { whereV2 } from '../../ops/selection.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { Variable } from '../../variables/variable.ts';
import { type Config, classNameOf } from '../serialization.ts';
import { type Count, evenThresholds, updateCounts } from './confusion-counts.ts';
import { requireArgument, sampleWeightOf, type WeightRest } from './means.ts';
import { Metric, type MetricOptions } from './metric.ts';

export interface AtValueOptions extends MetricOptions {
  readonly numThresholds?: number;
  /** The only class that counts. */
  readonly classId?: number | null;
}
type AtValueRest<O> = Rest<
  [value: number, numThresholds: number, classId: number | null, name: string | null, dtype: DTypeLike | null],
  O
>;

/** What a share is of: `right / (right + wrong)`. */
type Share = readonly [right: Count, wrong: Count];
const SENSITIVITY: Share = ['tp', 'fn'];
const SPECIFICITY: Share = ['tn', 'fp'];
const PRECISION: Share = ['tp', 'fp'];
const RECALL: Share = SENSITIVITY;

/** The frame of these metrics: the greatest `wanted` share where the `given` one is at least `bound`. */
abstract class AtValue extends Metric {
  readonly bound: number;
  readonly numThresholds: number;
  readonly classId: number | null;
  readonly thresholds: readonly number[];
  readonly #argument: string;
  readonly #given: Share;
  readonly #wanted: Share;
  #counts!: Readonly<Record<Count, Variable>>;

  constructor(argument: string, given: Share, wanted: Share, rest: AtValueRest<object>) {
    const options = bind<AtValueOptions & Record<string, unknown>>(
      [argument, 'numThresholds', 'classId', 'name', 'dtype'],
      rest,
    );
    const { numThresholds = 200, classId = null, name, dtype } = options;
    const value = options[argument] as number;
    requireArgument(classNameOf(new.target), argument, value);
    if (!(value >= 0 && value <= 1)) {
      throw new ValueError(`Argument \`${argument}\` must be in the range [0, 1]. Received: ${argument}=${value}`);
    }
    if (numThresholds <= 0) {
      throw new ValueError(
        `Argument \`num_thresholds\` must be an integer > 0. Received: num_thresholds=${numThresholds}`,
      );
    }
    super({ name, dtype });
    this.bound = value;
    this.numThresholds = numThresholds;
    this.classId = classId;
    this.thresholds = numThresholds === 1 ? [0.5] : evenThresholds(numThresholds);
    this.#argument = argument;
    this.#given = given;
    this.#wanted = wanted;
  }
  override build(): void {
    const shape = [this.thresholds.length];
    this.#counts = {
      tp: this.addWeight('true_positives', { shape }),
      tn: this.addWeight('true_negatives', { shape }),
      fp: this.addWeight('false_positives', { shape }),
      fn: this.addWeight('false_negatives', { shape }),
    };
  }
  get truePositives(): Variable {
    return this.#counts.tp;
  }
  get trueNegatives(): Variable {
    return this.#counts.tn;
  }
  get falsePositives(): Variable {
    return this.#counts.fp;
  }
  get falseNegatives(): Variable {
    return this.#counts.fn;
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, ...rest: WeightRest): Operation {
    const { classId } = this;
    return updateCounts(this.#counts, yTrue, yPred, this.thresholds, { classId, sampleWeight: sampleWeightOf(rest) });
  }
  private share([right, wrong]: Share): Tensor {
    const value = this.#counts[right].value();
    return divNoNan(value, value.add(this.#counts[wrong]));
  }
  override result(): Tensor {
    const [given, wanted] = [this.share(this.#given), this.share(this.#wanted)];
    return reduceMax(whereV2(greaterEqual(given, this.bound), wanted, zerosLike(wanted)));
  }
  override getConfig(): Config {
    const { numThresholds, classId } = this;
    return { ...super.getConfig(), classId, numThresholds, [this.#argument]: this.bound };
  }
}

/**
 * The best sensitivity (share of labels of 1 that are found) where the specificity (share of labels of 0 that are left
 * alone) is at least the given one. Variables: `true_positives`, `true_negatives`, `false_positives`, `false_negatives`.
 * Throws `ValueError` for a value beyond 0 and 1.
 *
 *     new tf.keras.metrics.SensitivityAtSpecificity(0.5, {numThresholds: 100})
 */
export class SensitivityAtSpecificity extends AtValue {
  static readonly className: string = 'SensitivityAtSpecificity';

  constructor(...rest: AtValueRest<AtValueOptions & { readonly specificity?: number }>) {
    super('specificity', SPECIFICITY, SENSITIVITY, rest);
  }
  get specificity(): number {
    return this.bound;
  }
}

/** The best specificity where the sensitivity is at least the given one. See `SensitivityAtSpecificity`. */
export class SpecificityAtSensitivity extends AtValue {
  static readonly className: string = 'SpecificityAtSensitivity';

  constructor(...rest: AtValueRest<AtValueOptions & { readonly sensitivity?: number }>) {
    super('sensitivity', SENSITIVITY, SPECIFICITY, rest);
  }
  get sensitivity(): number {
    return this.bound;
  }
}

/** The best precision where the recall is at least the given one. See `SensitivityAtSpecificity`. */
export class PrecisionAtRecall extends AtValue {
  static readonly className: string = 'PrecisionAtRecall';

  constructor(...rest: AtValueRest<AtValueOptions & { readonly recall?: number }>) {
    super('recall', RECALL, PRECISION, rest);
  }
  get recall(): number {
    return this.bound;
  }
}

/** The best recall where the precision is at least the given one. See `SensitivityAtSpecificity`. */
export class RecallAtPrecision extends AtValue {
  static readonly className: string = 'RecallAtPrecision';

  constructor(...rest: AtValueRest<AtValueOptions & { readonly precision?: number }>) {
    super('precision', PRECISION, RECALL, rest);
  }
  get precision(): number {
    return this.bound;
  }
}
