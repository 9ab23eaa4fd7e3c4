/**
 * Coefficients of determination. Other errors of predicted numbers are in `regression.ts`.
 */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { broadcastWeights } from '../../metrics/frame.ts';
import { divide, subtract } from '../../ops/arithmetic.ts';
import { cast } from '../../ops/cast.ts';
import { greater } from '../../ops/comparison.ts';
import { group } from '../../ops/control.ts';
import { onesLike, zerosLike } from '../../ops/filling.ts';
import { reduceMean, reduceSum } from '../../ops/reductions.ts';
import { whereV2 } from '../../ops/selection.ts';
import { expandDims, size } from '../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { isInf, square } from '../../ops/unary-math.ts';
import { type DTypeLike, int32 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { Variable } from '../../variables/variable.ts';
import { onUndo } from '../engine/undo.ts';
import type { Config } from '../serialization.ts';
import { columnsOf } from './f-scores.ts';
import { sampleWeightOf, type WeightRest } from './means.ts';
import { Metric, type MetricOptions } from './metric.ts';

/** How the scores of columns become one. */
export type R2Aggregation = 'uniform_average' | 'variance_weighted_average';
const AGGREGATIONS: readonly unknown[] = [null, 'uniform_average', 'variance_weighted_average'];

export interface R2ScoreOptions extends MetricOptions {
  /** The mean of the columns' scores, or that by their variance; a score for each column with null. */
  readonly classAggregation?: R2Aggregation | null;
  /** The number of predictors by which the score is adjusted; 0, for no adjustment, without it. */
  readonly numRegressors?: number;
}

interface Sums {
  readonly squaredSum: Variable;
  readonly sum: Variable;
  readonly residual: Variable;
  readonly count: Variable;
}

/**
 * How much of the labels' variance predictions explain: 1 for all of it. Variables: `num_samples`, and of each column
 * `squared_sum`, `sum`, `residual`, `count`. Throws `ValueError` for options beyond their range and for values that are
 * not `[batch, columns]`.
 *
 *     new tf.keras.metrics.R2Score().apply([[1], [4], [3]], [[2], [4], [4]])   // 0.571
 */
export class R2Score extends Metric {
  static readonly className: string = 'R2Score';
  readonly classAggregation: R2Aggregation | null;
  readonly numRegressors: number;
  #samples!: Variable;
  #sums: Sums | null = null;

  constructor(
    ...rest: Rest<
      [classAggregation: R2Aggregation | null, numRegressors: number, name: string | null, dtype: DTypeLike | null],
      R2ScoreOptions
    >
  ) {
    const {
      classAggregation = 'uniform_average',
      numRegressors = 0,
      name = 'r2_score',
      dtype,
    } = bind<R2ScoreOptions>(['classAggregation', 'numRegressors', 'name', 'dtype'], rest);
    if (!AGGREGATIONS.includes(classAggregation)) {
      throw new ValueError(
        `Invalid value for argument \`class_aggregation\`. Expected one of (None, 'uniform_average', 'variance_weighted_average'). Received: class_aggregation=${classAggregation}`,
      );
    }
    if (numRegressors < 0) {
      throw new ValueError(
        `Invalid value for argument \`num_regressors\`. Expected a value >= 0. Received: num_regressors=${numRegressors}`,
      );
    }
    super({ name, dtype });
    this.classAggregation = classAggregation;
    this.numRegressors = numRegressors;
  }
  override build(): void {
    this.#samples = this.addWeight('num_samples', { dtype: int32 });
  }
  private make(columns: number): Sums {
    const shape = [columns];
    onUndo(() => {
      this.#sums = null;
    });
    this.#sums = {
      squaredSum: this.addWeight('squared_sum', { shape }),
      sum: this.addWeight('sum', { shape }),
      residual: this.addWeight('residual', { shape }),
      count: this.addWeight('count', { shape }),
    };
    return this.#sums;
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, ...rest: WeightRest): Operation {
    const [labels, predictions] = [cast(yTrue, this.dtype), cast(yPred, this.dtype)];
    const columns = columnsOf('R2Score', labels, predictions);
    // The variables have the names that they would have had before.
    const sums = this.#sums ?? labels.graph.nameScope(null, () => this.make(columns));
    const given = cast(sampleWeightOf(rest) ?? 1, this.dtype);
    const weights = broadcastWeights(given.rank === 1 ? expandDims(given, 1) : given, labels);
    const add = (variable: Variable, values: Tensor): Operation =>
      variable.assignAdd(reduceSum(values, 0), { readValue: false }).op;
    return group(
      add(sums.sum, labels.mul(weights)),
      add(sums.squaredSum, square(labels).mul(weights)),
      add(sums.residual, square(labels.sub(predictions)).mul(weights)),
      add(sums.count, weights),
      this.#samples.assignAdd(size(labels), { readValue: false }).op,
    );
  }

  override result(): Tensor {
    if (!this.#sums) throw new ValueError(`${this} has no value yet: the number of columns is not known.`);
    const { squaredSum, sum, residual, count } = this.#sums;
    const sums = sum.value();
    const total = squaredSum.value().sub(sums.mul(divide(sums, count)));
    const raw = subtract(1, divide(residual, total));
    const scores = whereV2(isInf(raw), zerosLike(raw), raw);
    switch (this.classAggregation) {
      case 'uniform_average':
        return this.adjusted(reduceMean(scores));
      case 'variance_weighted_average':
        return this.adjusted(divide(reduceSum(total.mul(scores)), reduceSum(total)));
      case null:
        return this.adjusted(scores);
    }
  }
  /** The score by the number of predictors, where there are more samples than these. */
  private adjusted(score: Tensor): Tensor {
    if (this.numRegressors === 0) return score;
    const samples = cast(this.#samples, this.dtype);
    const free = samples.sub(this.numRegressors + 1);
    const isAdjustable = greater(free, 0);
    const divisor = whereV2(isAdjustable, free, onesLike(free));
    const adjusted = subtract(1, divide(subtract(1, score).mul(samples.sub(1)), divisor));
    return whereV2(isAdjustable, adjusted, score);
  }
  override getConfig(): Config {
    const { classAggregation, numRegressors } = this;
    return { ...super.getConfig(), classAggregation, numRegressors };
  }
}
