/** Follow-the-regularized-leader. The base class builds the step; the formulas are in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../graph/graph.ts';
import { emitOne } from '../ops/emit.ts';
import { ones } from '../ops/filling.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import type { DType } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { KnownShape } from '../util/shape.ts';
import type { Variable } from '../variables/variable.ts';
import { required } from './gradient-descent.ts';
import { type Hyperparameter, Optimizer } from './optimizer.ts';

export interface FtrlOptions {
  readonly learningRate?: Hyperparameter;
  /** At most 0; -0.5 without it. 0 keeps the rate fixed. */
  readonly learningRatePower?: number;
  readonly initialAccumulatorValue?: number;
  readonly l1RegularizationStrength?: number;
  readonly l2RegularizationStrength?: number;
  readonly useLocking?: boolean;
  readonly name?: string;
  /** The suffix of the accumulator's name; the optimizer's name without it. */
  readonly accumName?: string | null;
  readonly linearName?: string | null;
  /** An l2 penalty on the size of weights, which does not act through the accumulator. */
  readonly l2ShrinkageRegularizationStrength?: number;
  readonly beta?: number;
}

/**
 * Online learning with l1 and l2, for large sparse models. Its slots are `accum` and `linear`. Throws `ValueError` for
 * negative strengths or a positive power.
 *
 *     new tf.train.FtrlOptimizer(0.1, {l1RegularizationStrength: 0.001}).minimize(loss)
 */
export class FtrlOptimizer extends Optimizer {
  private readonly options: FtrlOptions;
  private hypers!: { rate: Tensor; l1: Tensor; l2: Tensor; shrinkage: Tensor; power: Tensor };

  constructor(
    learningRate: Hyperparameter | FtrlOptions,
    ...rest: Rest<
      [
        learningRatePower: number,
        initialAccumulatorValue: number,
        l1RegularizationStrength: number,
        l2RegularizationStrength: number,
        useLocking: boolean,
        name: string,
        accumName: string | null,
        linearName: string | null,
        l2ShrinkageRegularizationStrength: number,
        beta: number,
      ],
      FtrlOptions
    >
  ) {
    const options = bind<FtrlOptions>(
      [
        'learningRate',
        'learningRatePower',
        'initialAccumulatorValue',
        'l1RegularizationStrength',
        'l2RegularizationStrength',
        'useLocking',
        'name',
        'accumName',
        'linearName',
        'l2ShrinkageRegularizationStrength',
        'beta',
      ],
      [learningRate, ...rest],
    );
    super(options.useLocking ?? false, options.name ?? 'Ftrl');
    required(options.learningRate, 'learning_rate');
    this.options = options;
    check(options);
  }

  protected override createSlots(variables: readonly Variable[]): void {
    const { initialAccumulatorValue = 0.1, accumName, linearName } = this.options;
    const start = (shape: KnownShape, dtype: DType) =>
      emitOne('Mul', [ones(shape, dtype), initialAccumulatorValue], {}, 'mul');
    for (const variable of variables) {
      this.addSlot(variable, start, 'accum', accumName ?? undefined);
      this.addZerosSlot(variable, 'linear', linearName ?? undefined);
    }
  }
  /** `beta` acts as a further l2 of `beta / (2 * learningRate)`. */
  protected override prepare(): void {
    const {
      learningRate,
      learningRatePower = -0.5,
      l1RegularizationStrength = 0,
      l2RegularizationStrength = 0,
      l2ShrinkageRegularizationStrength = 0,
      beta = 0,
    } = this.options;
    const given = learningRate as Hyperparameter;
    const rate = this.hyper(given, 'learning_rate');
    const l1 = this.hyper(l1RegularizationStrength, 'l1_regularization_strength');
    const doubled = emitOne(
      'Mul',
      [2, emitOne('Maximum', [typeof given === 'function' ? given() : given, 1e-36])],
      {},
      'mul',
    );
    const extra = emitOne('RealDiv', [beta, doubled], {}, 'truediv');
    const l2 = emitOne('AddV2', [l2RegularizationStrength, extra], {}, 'add');
    this.hyper(beta, 'beta');
    const shrinkage = this.hyper(l2ShrinkageRegularizationStrength, 'l2_shrinkage_regularization_strength');
    const power = this.hyper(learningRatePower, 'learning_rate_power');
    this.hypers = { rate, l1, l2, shrinkage, power };
  }
  private emitFtrl(form: string, gradient: readonly Tensor[], variable: Variable): Operation {
    const { rate, l1, l2, shrinkage, power } = this.hypers;
    const shrinks = (this.options.l2ShrinkageRegularizationStrength ?? 0) > 0;
    return this.emitUpdate(`${form}Ftrl${shrinks ? 'V2' : ''}`, [
      variable,
      this.getSlot(variable, 'accum') as Variable,
      this.getSlot(variable, 'linear') as Variable,
      ...gradient,
      rate,
      l1,
      l2,
      ...(shrinks ? [shrinkage] : []),
      power,
    ]);
  }
  protected applyDense(gradient: Tensor, variable: Variable): Operation {
    return this.emitFtrl('ResourceApply', [gradient], variable);
  }
  protected applySparse(gradient: Tensor, variable: Variable, indices: Tensor): Operation {
    return this.emitFtrl('ResourceSparseApply', [gradient, indices], variable);
  }
}

function check(options: FtrlOptions): void {
  const {
    learningRatePower = -0.5,
    initialAccumulatorValue = 0.1,
    l1RegularizationStrength = 0,
    l2RegularizationStrength = 0,
    l2ShrinkageRegularizationStrength = 0,
  } = options;
  const refuse = (name: string, rule: string, value: number) => {
    throw new ValueError(`${name} ${value} needs to be ${rule}`);
  };
  if (initialAccumulatorValue < 0) refuse('initial_accumulator_value', 'positive or zero', initialAccumulatorValue);
  if (learningRatePower > 0) refuse('learning_rate_power', 'negative or zero', learningRatePower);
  if (l1RegularizationStrength < 0) {
    refuse('l1_regularization_strength', 'positive or zero', l1RegularizationStrength);
  }
  if (l2RegularizationStrength < 0) {
    refuse('l2_regularization_strength', 'positive or zero', l2RegularizationStrength);
  }
  if (l2ShrinkageRegularizationStrength < 0) {
    refuse('l2_shrinkage_regularization_strength', 'positive or zero', l2ShrinkageRegularizationStrength);
  }
}
