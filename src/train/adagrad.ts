/** Adagrad and its relatives. The base class builds the step; the formulas are in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../graph/graph.ts';
import { constantOp, emitOne } from '../ops/emit.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { toNdArray } from '../util/array-convert.ts';
import { ValueError } from '../util/errors.ts';
import { isFullyDefined } from '../util/shape.ts';
import { constantInitializer } from '../variables/initializers.ts';
import type { Variable } from '../variables/variable.ts';
import { required } from './gradient-descent.ts';
import { type Hyperparameter, Optimizer } from './optimizer.ts';

export interface AdagradOptions {
  readonly learningRate?: Hyperparameter;
  /** What the sums of squares start at; 0.1 without it. */
  readonly initialAccumulatorValue?: number;
  readonly useLocking?: boolean;
  readonly name?: string;
}

/**
 * Divides the gradient by the root of the sum of its squares so far, kept in the slot `accumulator`. Throws `ValueError`
 * for an initial value that is not positive.
 *
 *     new tf.train.AdagradOptimizer(0.1).minimize(loss)
 */
export class AdagradOptimizer extends Optimizer {
  private readonly learningRate: Hyperparameter;
  private readonly start: number;
  private rate!: Tensor;

  constructor(
    learningRate: Hyperparameter | AdagradOptions,
    ...rest: Rest<[initialAccumulatorValue: number, useLocking: boolean, name: string], AdagradOptions>
  ) {
    const options = bind<AdagradOptions>(
      ['learningRate', 'initialAccumulatorValue', 'useLocking', 'name'],
      [learningRate, ...rest],
    );
    super(options.useLocking ?? false, options.name ?? 'Adagrad');
    this.learningRate = required(options.learningRate, 'learning_rate');
    this.start = positive(options.initialAccumulatorValue ?? 0.1);
  }

  protected override createSlots(variables: readonly Variable[]): void {
    const start = constantInitializer(this.start);
    for (const variable of variables) this.addSlot(variable, start, 'accumulator');
  }
  protected override prepare(): void {
    this.rate = this.hyper(this.learningRate, 'learning_rate');
  }
  protected applyDense(gradient: Tensor, variable: Variable): Operation {
    const slot = this.getSlot(variable, 'accumulator') as Variable;
    return this.emitUpdate('ResourceApplyAdagrad', [variable, slot, this.rate, gradient]);
  }
  protected applySparse(gradient: Tensor, variable: Variable, indices: Tensor): Operation {
    const slot = this.getSlot(variable, 'accumulator') as Variable;
    return this.emitUpdate('ResourceSparseApplyAdagrad', [variable, slot, this.rate, gradient, indices]);
  }
}

function positive(start: number): number {
  if (!(start > 0)) throw new ValueError(`initial_accumulator_value must be positive: ${start}`);
  return start;
}

export interface ProximalAdagradOptions extends AdagradOptions {
  readonly l1RegularizationStrength?: Hyperparameter;
  readonly l2RegularizationStrength?: Hyperparameter;
}

/**
 * Adagrad with l1 and l2 regularization by a proximal step. Errors as `AdagradOptimizer`.
 *
 *     new tf.train.ProximalAdagradOptimizer(0.1, {l1RegularizationStrength: 0.01}).minimize(loss)
 */
export class ProximalAdagradOptimizer extends Optimizer {
  private readonly options: ProximalAdagradOptions;
  private readonly start: number;
  private hypers!: readonly [rate: Tensor, l1: Tensor, l2: Tensor];

  constructor(
    learningRate: Hyperparameter | ProximalAdagradOptions,
    ...rest: Rest<
      [
        initialAccumulatorValue: number,
        l1RegularizationStrength: Hyperparameter,
        l2RegularizationStrength: Hyperparameter,
        useLocking: boolean,
        name: string,
      ],
      ProximalAdagradOptions
    >
  ) {
    const options = bind<ProximalAdagradOptions>(
      [
        'learningRate',
        'initialAccumulatorValue',
        'l1RegularizationStrength',
        'l2RegularizationStrength',
        'useLocking',
        'name',
      ],
      [learningRate, ...rest],
    );
    super(options.useLocking ?? false, options.name ?? 'ProximalAdagrad');
    required(options.learningRate, 'learning_rate');
    this.options = options;
    this.start = positive(options.initialAccumulatorValue ?? 0.1);
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const { graph } = variable;
      const start = graph.colocateWith(variable.op, false, () => filledLike(variable, this.start));
      this.addSlot(variable, start, 'accumulator');
    }
  }
  protected override prepare(): void {
    const { learningRate, l1RegularizationStrength = 0, l2RegularizationStrength = 0 } = this.options;
    this.hypers = [
      this.hyper(learningRate as Hyperparameter, 'learning_rate'),
      this.hyper(l1RegularizationStrength, 'l1_regularization_strength'),
      this.hyper(l2RegularizationStrength, 'l2_regularization_strength'),
    ];
  }
  protected applyDense(gradient: Tensor, variable: Variable): Operation {
    const slot = this.getSlot(variable, 'accumulator') as Variable;
    return this.emitUpdate('ResourceApplyProximalAdagrad', [variable, slot, ...this.hypers, gradient]);
  }
  protected applySparse(gradient: Tensor, variable: Variable, indices: Tensor): Operation {
    const slot = this.getSlot(variable, 'accumulator') as Variable;
    return this.emitUpdate('ResourceSparseApplyProximalAdagrad', [variable, slot, ...this.hypers, gradient, indices]);
  }
}

function filledLike(variable: Variable, value: number): Tensor {
  if (!isFullyDefined(variable.shape)) {
    throw new ValueError(`The shape of ${variable.name} must be known to make its slots.`);
  }
  return constantOp(toNdArray(value, variable.dtype, variable.shape), 'Const');
}

export interface AdagradDAOptions {
  readonly learningRate?: Hyperparameter;
  readonly globalStep?: Variable;
  readonly initialGradientSquaredAccumulatorValue?: number;
  readonly l1RegularizationStrength?: number;
  readonly l2RegularizationStrength?: number;
  readonly useLocking?: boolean;
  readonly name?: string;
}

/**
 * Adagrad by dual averaging, which keeps unseen rows of linear models regularized: the variable follows from the sums of
 * gradients and squares alone. `globalStep` must be the step count that training raises.
 *
 *     new tf.train.AdagradDAOptimizer(0.1, globalStep).minimize(loss, globalStep)
 */
export class AdagradDAOptimizer extends Optimizer {
  private readonly options: AdagradDAOptions;
  private rate!: Tensor;
  private count!: Tensor;

  constructor(
    learningRate: Hyperparameter | AdagradDAOptions,
    ...rest: Rest<
      [
        globalStep: Variable,
        initialGradientSquaredAccumulatorValue: number,
        l1RegularizationStrength: number,
        l2RegularizationStrength: number,
        useLocking: boolean,
        name: string,
      ],
      AdagradDAOptions
    >
  ) {
    const options = bind<AdagradDAOptions>(
      [
        'learningRate',
        'globalStep',
        'initialGradientSquaredAccumulatorValue',
        'l1RegularizationStrength',
        'l2RegularizationStrength',
        'useLocking',
        'name',
      ],
      [learningRate, ...rest],
    );
    super(options.useLocking ?? false, options.name ?? 'AdagradDA');
    required(options.learningRate, 'learning_rate');
    required(options.globalStep, 'global_step');
    const start = options.initialGradientSquaredAccumulatorValue ?? 0.1;
    if (!(start > 0)) throw new ValueError(`initial_gradient_squared_accumulator_value must be positive: ${start}`);
    this.options = options;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    const start = this.options.initialGradientSquaredAccumulatorValue ?? 0.1;
    for (const variable of variables) {
      const [zero, squares] = variable.graph.colocateWith(variable.op, false, () => [
        filledLike(variable, 0),
        filledLike(variable, start),
      ]);
      this.addSlot(variable, zero, 'gradient_accumulator');
      this.addSlot(variable, squares, 'gradient_squared_accumulator');
    }
  }
  protected override prepare(): void {
    this.rate = this.hyper(this.options.learningRate as Hyperparameter, 'learning_rate');
    const { globalStep } = this.options as { globalStep: Variable };
    const one = toNdArray(1, globalStep.dtype);
    this.count = emitOne('AddV2', [emitOne('Identity', [globalStep]), one], {}, 'add');
  }
  private inputs(gradient: readonly Tensor[], variable: Variable): (Variable | Tensor)[] {
    const { l1RegularizationStrength = 0, l2RegularizationStrength = 0 } = this.options;
    const strength = (value: number) => constantOp(toNdArray(value, variable.dtype), 'Cast/x');
    return [
      variable,
      this.getSlot(variable, 'gradient_accumulator') as Variable,
      this.getSlot(variable, 'gradient_squared_accumulator') as Variable,
      ...gradient,
      this.rate,
      strength(l1RegularizationStrength),
      strength(l2RegularizationStrength),
      this.count,
    ];
  }
  protected applyDense(gradient: Tensor, variable: Variable): Operation {
    return this.emitUpdate('ResourceApplyAdagradDA', this.inputs([gradient], variable));
  }
  protected applySparse(gradient: Tensor, variable: Variable, indices: Tensor): Operation {
    return this.emitUpdate('ResourceSparseApplyAdagradDA', this.inputs([gradient, indices], variable));
  }
}
