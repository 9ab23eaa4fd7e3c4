/**
 * F-scores: means of precision and recall, by class or over all. Coefficients of determination are in `r2-score.ts`.
 */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { divNoNan, subtract } from '../../ops/arithmetic.ts';
import { cast } from '../../ops/cast.ts';
import { greater, greaterEqual, logicalAnd } from '../../ops/comparison.ts';
import { group } from '../../ops/control.ts';
import { reduceMax, reduceMean, reduceSum } from '../../ops/reductions.ts';
import { expandDims } from '../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { abs } from '../../ops/unary-math.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { Variable } from '../../variables/variable.ts';
import { formatTuple } from '../backend/operands.ts';
import { onUndo } from '../engine/undo.ts';
import type { Config } from '../serialization.ts';
import { sampleWeightOf, type WeightRest } from './means.ts';
import { Metric, type MetricOptions } from './metric.ts';

/** How the scores of classes become one. */
export type FScoreAverage = 'micro' | 'macro' | 'weighted';
const AVERAGES: readonly unknown[] = [null, 'micro', 'macro', 'weighted'];

export interface F1ScoreOptions extends MetricOptions {
  /** Over all examples and classes, the mean of classes, or that by their labels; a score for each class without it. */
  readonly average?: FScoreAverage | null;
  /** Predictions above it mean yes; without it the greatest of an example does. */
  readonly threshold?: number | null;
}
export interface FBetaScoreOptions extends F1ScoreOptions {
  /** How much more recall counts than precision; 1 without it. */
  readonly beta?: number;
}

/** The number of columns of labels and predictions. Throws `ValueError` where either has another rank, or it is unknown. */
export function columnsOf(metric: string, labels: Tensor, predictions: Tensor): number {
  const shapes = [predictions.shape, labels.shape];
  const [p, t] = shapes.map((shape) => (shape === null ? '<unknown>' : formatTuple(shape)));
  const received = `Received input shapes: y_pred.shape=${p} and y_true.shape=${t}.`;
  if (shapes.some((shape) => shape?.length !== 2)) {
    throw new ValueError(`${metric} expects 2D inputs with shape (batch_size, output_dim). ${received}`);
  }
  const columns = shapes[0]?.[1] ?? null;
  if (columns === null || (shapes[1]?.[1] ?? null) === null) {
    throw new ValueError(
      `${metric} expects 2D inputs with shape (batch_size, output_dim), with output_dim fully defined (not None). ${received}`,
    );
  }
  return columns;
}

interface Sums {
  readonly right: Variable;
  readonly falsePositives: Variable;
  readonly falseNegatives: Variable;
  readonly labels: Variable;
}

/**
 * `(1 + beta ** 2) * precision * recall / (beta ** 2 * precision + recall)`, of one-hot labels or several labels 0 and 1.
 * Variables: `true_positives`, `false_positives`, `false_negatives`, `intermediate_weights`. Throws `ValueError` for
 * options beyond their range and for values that are not `[batch, classes]`.
 *
 *     new tf.keras.metrics.FBetaScore({beta: 2, average: 'macro'})
 */
export class FBetaScore extends Metric {
  static readonly className: string = 'FBetaScore';
  readonly average: FScoreAverage | null;
  readonly beta: number;
  readonly threshold: number | null;
  #sums: Sums | null = null;

  constructor(
    ...rest: Rest<
      [
        average: FScoreAverage | null,
        beta: number,
        threshold: number | null,
        name: string | null,
        dtype: DTypeLike | null,
      ],
      FBetaScoreOptions
    >
  ) {
    const names = ['average', 'beta', 'threshold', 'name', 'dtype'] as const;
    const {
      average = null,
      beta = 1,
      threshold = null,
      name = 'fbeta_score',
      dtype,
    } = bind<FBetaScoreOptions>(names, rest);
    if (!AVERAGES.includes(average)) {
      throw new ValueError(
        `Invalid \`average\` argument value. Expected one of: {None, 'micro', 'macro', 'weighted'}. Received: average=${average}`,
      );
    }
    if (!(beta > 0)) {
      throw new ValueError(`Invalid \`beta\` argument value. It should be > 0. Received: beta=${beta}`);
    }
    if (threshold !== null && !(threshold > 0 && threshold <= 1)) {
      throw new ValueError(
        `Invalid \`threshold\` argument value. It should verify 0 < threshold <= 1. Received: threshold=${threshold}`,
      );
    }
    super({ name, dtype });
    this.average = average;
    this.beta = beta;
    this.threshold = threshold;
  }
  private make(columns: number): Sums {
    const shape = this.average === 'micro' ? [] : [columns];
    onUndo(() => {
      this.#sums = null;
    });
    this.#sums = {
      right: this.addWeight('true_positives', { shape }),
      falsePositives: this.addWeight('false_positives', { shape }),
      falseNegatives: this.addWeight('false_negatives', { shape }),
      labels: this.addWeight('intermediate_weights', { shape }),
    };
    return this.#sums;
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, ...rest: WeightRest): Operation {
    const [labels, scores] = [cast(yTrue, this.dtype), cast(yPred, this.dtype)];
    const columns = columnsOf('FBetaScore', labels, scores);
    // The variables have the names that they would have had before.
    const sums = this.#sums ?? labels.graph.nameScope(null, () => this.make(columns));
    const answers = cast(this.answers(scores), this.dtype);
    const sampleWeight = sampleWeightOf(rest);
    const weights = sampleWeight === null ? null : expandDims(cast(sampleWeight, this.dtype), 1);
    const add = (variable: Variable, values: Tensor): Operation => {
      const sum = reduceSum(weights ? values.mul(weights) : values, this.average === 'micro' ? null : 0);
      return variable.assignAdd(sum, { readValue: false }).op;
    };
    return group(
      add(sums.right, answers.mul(labels)),
      add(sums.falsePositives, answers.mul(subtract(1, labels))),
      add(sums.falseNegatives, subtract(1, answers).mul(labels)),
      add(sums.labels, labels),
    );
  }
  private answers(scores: Tensor): Tensor {
    if (this.threshold !== null) return greater(scores, this.threshold);
    // An example whose scores are all 0 has no answer.
    return logicalAnd(greaterEqual(scores, reduceMax(scores, -1, true)), greater(abs(scores), 1e-9));
  }

  override result(): Tensor {
    if (!this.#sums) throw new ValueError(`${this} has no value yet: the number of classes is not known.`);
    const { right, falsePositives, falseNegatives, labels } = this.#sums;
    const precision = divNoNan(right, right.value().add(falsePositives));
    const recall = divNoNan(right, right.value().add(falseNegatives));
    const squared = this.beta ** 2;
    const mean = divNoNan(precision.mul(recall), precision.mul(squared).add(recall));
    const scores = mean.mul(1 + squared);
    if (this.average === null) return scores;
    if (this.average !== 'weighted') return reduceMean(scores);
    return reduceSum(scores.mul(divNoNan(labels, reduceSum(labels))));
  }
  override getConfig(): Config {
    const { average, beta, threshold } = this;
    return { ...super.getConfig(), average, beta, threshold };
  }
}

/**
 * `FBetaScore` with `beta` 1: the harmonic mean of precision and recall.
 *
 *     new tf.keras.metrics.F1Score({threshold: 0.5}).apply([[1, 1, 1], [1, 0, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6]])
 */
export class F1Score extends FBetaScore {
  static override readonly className: string = 'F1Score';

  constructor(
    ...rest: Rest<
      [average: FScoreAverage | null, threshold: number | null, name: string | null, dtype: DTypeLike | null],
      F1ScoreOptions
    >
  ) {
    const { name = 'f1_score', ...options } = bind<F1ScoreOptions>(['average', 'threshold', 'name', 'dtype'], rest);
    super({ ...options, name });
  }
  override getConfig(): Config {
    const { beta: _, ...config } = super.getConfig();
    return config;
  }
}
