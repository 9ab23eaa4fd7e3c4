/**
 * Areas under curves of shares over thresholds: ROC, precision against recall, and their gains. How a batch is counted is
 * in `confusion-counts.ts`.
 */
import type { Operation, Tensor } from '../../graph/graph.ts';
import * as arithmetic from '../../ops/arithmetic.ts';
import { cast } from '../../ops/cast.ts';
import { equal, greater, logicalAnd } from '../../ops/comparison.ts';
import { constant } from '../../ops/constants.ts';
import { onesLike, zerosLike } from '../../ops/filling.ts';
import { reduceMean, reduceSum } from '../../ops/reductions.ts';
import { whereV2 } from '../../ops/selection.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { log, sigmoid } from '../../ops/unary-math.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import { InvalidArgumentError, ValueError } from '../../util/errors.ts';
import type { Shape } from '../../util/shape.ts';
import type { Variable } from '../../variables/variable.ts';
import { formatTuple } from '../backend/operands.ts';
import { epsilon } from '../config.ts';
import { onUndo } from '../engine/undo.ts';
import type { Config } from '../serialization.ts';
import { type Count, evenThresholds, updateCounts } from './confusion-counts.ts';
import { sampleWeightOf, type WeightRest } from './means.ts';
import { Metric, type MetricOptions } from './metric.ts';

const { divNoNan, maximum, subtract } = arithmetic;

export type AucCurve = 'ROC' | 'PR' | 'PR_GAIN';
export type AucSummationMethod = 'interpolation' | 'majoring' | 'minoring';

const CURVES: ReadonlyMap<string, AucCurve> = new Map([
  ['pr', 'PR'],
  ['PR', 'PR'],
  ['roc', 'ROC'],
  ['ROC', 'ROC'],
  ['pr_gain', 'PR_GAIN'],
  ['prgain', 'PR_GAIN'],
  ['PR_GAIN', 'PR_GAIN'],
  ['PRGAIN', 'PR_GAIN'],
]);
const METHODS: ReadonlyMap<string, AucSummationMethod> = new Map(
  (['interpolation', 'majoring', 'minoring'] as const).flatMap((name) => [
    [name, name],
    [name[0].toUpperCase() + name.slice(1), name],
  ]),
);

export interface AucOptions extends MetricOptions {
  /** How many thresholds there are, evenly from 0 to 1; 200 without it. */
  readonly numThresholds?: number;
  /** `'ROC'` without it; `'PR'` for precision against recall, `'PR_GAIN'` for their gains. */
  readonly curve?: string;
  /** How the curve runs between thresholds: `'interpolation'`, `'minoring'` or `'majoring'`. */
  readonly summationMethod?: string;
  /** Thresholds between 0 and 1 instead of even ones. */
  readonly thresholds?: readonly number[] | null;
  /** Whether each label has an area of its own, of which the mean is taken. */
  readonly multiLabel?: boolean;
  /** The number of labels with `multiLabel`, if variables are to be made before there are values. */
  readonly numLabels?: number | null;
  /** What each label counts for. */
  readonly labelWeights?: readonly number[] | null;
  /** Whether predictions are logits instead of probabilities. */
  readonly fromLogits?: boolean;
}

const ARGUMENTS = [
  'numThresholds',
  'curve',
  'summationMethod',
  'name',
  'dtype',
  'thresholds',
  'multiLabel',
  'numLabels',
  'labelWeights',
  'fromLogits',
] as const;

/**
 * The area under a curve, approximated over thresholds. Variables: `true_positives`, `true_negatives`, `false_positives`,
 * `false_negatives`. Throws `ValueError` for unknown curves and methods, fewer than two thresholds, and numbers of labels
 * that do not fit; `InvalidArgumentError` for negative label weights.
 *
 *     new tf.keras.metrics.AUC({curve: 'PR'}).apply([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
 */
export class AUC extends Metric {
  static readonly className: string = 'AUC';
  readonly numThresholds: number;
  readonly curve: AucCurve;
  readonly summationMethod: AucSummationMethod;
  readonly thresholds: readonly number[];
  readonly multiLabel: boolean;
  readonly numLabels: number | null;
  readonly labelWeights: readonly number[] | null;
  readonly fromLogits: boolean;
  readonly #isOfThresholds: boolean;
  #counts: Readonly<Record<Count, Variable>> | null = null;

  constructor(
    ...rest: Rest<
      [
        numThresholds: number,
        curve: string,
        summationMethod: string,
        name: string | null,
        dtype: DTypeLike | null,
        thresholds: readonly number[] | null,
        multiLabel: boolean,
        numLabels: number | null,
        labelWeights: readonly number[] | null,
        fromLogits: boolean,
      ],
      AucOptions
    >
  ) {
    const options = bind<AucOptions>(ARGUMENTS, rest);
    const { curve = 'ROC', summationMethod = 'interpolation', thresholds = null } = options;
    const between = thresholds ? [...thresholds].sort((a, b) => a - b) : evenBetween(options.numThresholds ?? 200);
    const foundCurve = CURVES.get(curve);
    if (!foundCurve) {
      throw new ValueError(`Invalid AUC curve value: "${curve}". Expected values are ["PR", "ROC", "PR_GAIN"]`);
    }
    const foundMethod = METHODS.get(summationMethod);
    if (!foundMethod) {
      throw new ValueError(
        `Invalid AUC summation method value: "${summationMethod}". Expected values are ["interpolation", "majoring", "minoring"]`,
      );
    }
    const { multiLabel = false, numLabels = null, labelWeights = null } = options;
    if (labelWeights?.some((weight) => weight < 0)) {
      throw new InvalidArgumentError(null, 'All values of `label_weights` must be non-negative.');
    }
    if (numLabels && !multiLabel) throw new ValueError('`num_labels` is needed only when `multi_label` is True.');
    super({ name: options.name, dtype: options.dtype });
    this.numThresholds = between.length + 2;
    this.thresholds = [-epsilon(), ...between, 1 + epsilon()];
    this.curve = foundCurve;
    this.summationMethod = foundMethod;
    this.multiLabel = multiLabel;
    this.numLabels = numLabels;
    this.labelWeights = labelWeights;
    this.fromLogits = options.fromLogits ?? false;
    this.#isOfThresholds = thresholds !== null;
  }

  override build(): void {
    if (!this.multiLabel) this.make([this.numThresholds]);
    else if (this.numLabels) this.make([this.numThresholds, this.numLabels]);
  }
  private make(shape: readonly number[]) {
    onUndo(() => {
      this.#counts = null;
    });
    this.#counts = {
      tp: this.addWeight('true_positives', { shape }),
      tn: this.addWeight('true_negatives', { shape }),
      fp: this.addWeight('false_positives', { shape }),
      fn: this.addWeight('false_negatives', { shape }),
    };
    return this.#counts;
  }
  /** The variables, of the shape that predictions say where it was not known before. */
  private countsFor(predictions: Tensor) {
    if (this.#counts) return this.#counts;
    const { shape } = predictions;
    if (shape?.length !== 2 || shape[1] === null) {
      throw new ValueError(
        `\`y_pred\` must have rank 2 when \`multi_label=True\`. Found rank ${shape?.length ?? null}. Full shape received for \`y_pred\`: ${shape === null ? '<unknown>' : formatTuple(shape)}`,
      );
    }
    const { numThresholds } = this;
    const labels = shape[1];
    return predictions.graph.nameScope(null, () => this.make([numThresholds, labels]));
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, ...rest: WeightRest): Operation {
    const { multiLabel, labelWeights, dtype } = this;
    const [labels, given] = [cast(yTrue, dtype), cast(yPred, dtype)];
    const counts = this.countsFor(given);
    if (multiLabel || labelWeights) this.checkLabels(labels.shape, counts);
    return updateCounts(counts, labels, this.fromLogits ? sigmoid(given) : given, this.thresholds, {
      sampleWeight: sampleWeightOf(rest),
      multiLabel,
      labelWeights: multiLabel ? null : labelWeights,
    });
  }
  private checkLabels(shape: Shape, { tp }: Readonly<Record<Count, Variable>>): void {
    if (shape === null) return;
    const expected = [this.multiLabel ? (tp.shape?.[1] ?? null) : null, this.labelWeights?.length ?? null];
    const found = shape[1] ?? null;
    if (shape.length === 2 && expected.every((d) => d === null || found === null || d === found)) return;
    const wanted = expected.filter((d) => d !== null).join(' and ');
    throw new ValueError(
      `Number of labels is not consistent. Labels have shape ${formatTuple(shape)}, where ${wanted} labels are expected.`,
    );
  }

  // The area

  override result(): Tensor {
    const { tp, tn, fp, fn } = this.values();
    if (this.curve === 'PR' && this.summationMethod === 'interpolation') return this.sum(interpolatedPr(tp, fp, fn));
    const [x, y] = this.points(tp, tn, fp, fn);
    const [first, second] = [allButLast(y), allButFirst(y)];
    const heights = {
      interpolation: () => first.add(second).div(2),
      minoring: () => arithmetic.minimum(first, second),
      majoring: () => maximum(first, second),
    }[this.summationMethod]();
    return this.sum(allButLast(x).sub(allButFirst(x)).mul(heights));
  }
  private values(): Readonly<Record<Count, Tensor>> {
    if (!this.#counts) throw new ValueError(`${this} has no value yet: the number of labels is not known.`);
    const { tp, tn, fp, fn } = this.#counts;
    return { tp: tp.value(), tn: tn.value(), fp: fp.value(), fn: fn.value() };
  }
  /** The curve at the thresholds. */
  private points(tp: Tensor, tn: Tensor, fp: Tensor, fn: Tensor): readonly [x: Tensor, y: Tensor] {
    const recall = () => divNoNan(tp, tp.add(fn));
    switch (this.curve) {
      case 'ROC':
        return [divNoNan(fp, fp.add(tn)), recall()];
      case 'PR':
        return [recall(), divNoNan(tp, tp.add(fp))];
      case 'PR_GAIN': {
        const scale = divNoNan(tp.add(fn), fp.add(tn));
        const gain = (wrong: Tensor) => subtract(1, scale.mul(divNoNan(wrong, tp)));
        const none = equal(tp, 0);
        const [recallGain, precisionGain] = [gain(fn), gain(fp)];
        return [maximum(whereV2(none, zerosLike(tp), recallGain), 0), whereV2(none, onesLike(tp), precisionGain)];
      }
    }
  }
  /** The whole area of its parts; of several labels the mean. */
  private sum(parts: Tensor): Tensor {
    if (!this.multiLabel) return reduceSum(parts);
    const byLabel = reduceSum(parts, 0);
    if (!this.labelWeights) return reduceMean(byLabel);
    const weights = constant([...this.labelWeights], { dtype: this.dtype });
    return divNoNan(reduceSum(byLabel.mul(weights)), reduceSum(weights));
  }

  override getConfig(): Config {
    const { numThresholds, curve, summationMethod, multiLabel, numLabels, labelWeights, fromLogits } = this;
    const own = { numThresholds, curve, summationMethod, multiLabel, numLabels, labelWeights, fromLogits };
    const config = { ...super.getConfig(), ...own };
    return this.#isOfThresholds ? { ...config, thresholds: this.thresholds.slice(1, -1) } : config;
  }
}

/** Even thresholds without the first and the last. */
function evenBetween(numThresholds: number): number[] {
  if (numThresholds <= 1) {
    throw new ValueError(
      `Argument \`num_thresholds\` must be an integer > 1. Received: num_thresholds=${numThresholds}`,
    );
  }
  return evenThresholds(numThresholds).slice(1, -1);
}

const allButLast = (x: Tensor): Tensor => x.slice({ stop: -1 });
const allButFirst = (x: Tensor): Tensor => x.slice({ start: 1 });

/**
 * The areas between thresholds of precision against recall, where true positives are a line between them: precision then
 * is no line (Davis and Goadrich 2006).
 */
function interpolatedPr(tp: Tensor, fp: Tensor, fn: Tensor): Tensor {
  const steps = allButLast(tp).sub(allButFirst(tp));
  const answers = tp.add(fp);
  const [before, after] = [allButLast(answers), allButFirst(answers)];
  const slope = divNoNan(steps, maximum(before.sub(after), 0));
  const intercept = allButFirst(tp).sub(slope.mul(after));
  const ratio = whereV2(
    logicalAnd(greater(before, 0), greater(after, 0)),
    divNoNan(before, maximum(after, 0)),
    onesLike(after),
  );
  const labels = allButFirst(tp).add(allButFirst(fn));
  return divNoNan(slope.mul(steps.add(intercept.mul(log(ratio)))), maximum(labels, 0));
}
