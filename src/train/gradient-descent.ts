/** Gradient descent, plain and proximal. The base class builds the step; the formulas are in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../graph/graph.ts';
import { emit, emitOne } from '../ops/emit.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { TypeError } from '../util/errors.ts';
import type { Variable } from '../variables/variable.ts';
import { type Hyperparameter, Optimizer } from './optimizer.ts';
import { castTo } from './slots.ts';

export interface GradientDescentOptions {
  readonly learningRate?: Hyperparameter;
  readonly useLocking?: boolean;
  readonly name?: string;
}

/**
 * Subtracts the gradient times the learning rate.
 *
 *     const step = new tf.train.GradientDescentOptimizer(0.1).minimize(loss);
 */
export class GradientDescentOptimizer extends Optimizer {
  private readonly learningRate: Hyperparameter;
  private rate!: Tensor;

  constructor(
    learningRate: Hyperparameter | GradientDescentOptions,
    ...rest: Rest<[useLocking: boolean, name: string], GradientDescentOptions>
  ) {
    const options = bind<GradientDescentOptions>(['learningRate', 'useLocking', 'name'], [learningRate, ...rest]);
    super(options.useLocking ?? false, options.name ?? 'GradientDescent');
    this.learningRate = required(options.learningRate, 'learning_rate');
  }

  protected override prepare(): void {
    this.rate = this.hyper(this.learningRate, 'learning_rate');
  }
  protected applyDense(gradient: Tensor, variable: Variable): Operation {
    return this.emitUpdate('ResourceApplyGradientDescent', [variable, this.rate, gradient]);
  }
  protected override applySparseDuplicates(gradient: Tensor, variable: Variable, indices: Tensor): Operation {
    const step = emitOne('Mul', [emitOne('Neg', [gradient]), castTo(this.rate, gradient.dtype)], {}, 'mul');
    return emit('ResourceScatterAdd', [variable.handle, indices, step]);
  }
  protected applySparse(gradient: Tensor, variable: Variable, indices: Tensor): Operation {
    return this.applySparseDuplicates(gradient, variable, indices);
  }
}

/** The value of a required argument, which may have come by keyword. Throws `TypeError` where it is missing. */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TypeError(`missing 1 required argument: '${name}'`);
  return value;
}

export interface ProximalGradientDescentOptions extends GradientDescentOptions {
  readonly l1RegularizationStrength?: Hyperparameter;
  readonly l2RegularizationStrength?: Hyperparameter;
}

/**
 * Gradient descent with l1 and l2 regularization by a proximal step: l1 makes weights exactly zero.
 *
 *     new tf.train.ProximalGradientDescentOptimizer(0.1, {l1RegularizationStrength: 0.01})
 */
export class ProximalGradientDescentOptimizer extends Optimizer {
  private readonly options: ProximalGradientDescentOptions;
  private hypers!: readonly [rate: Tensor, l1: Tensor, l2: Tensor];

  constructor(
    learningRate: Hyperparameter | ProximalGradientDescentOptions,
    ...rest: Rest<
      [
        l1RegularizationStrength: Hyperparameter,
        l2RegularizationStrength: Hyperparameter,
        useLocking: boolean,
        name: string,
      ],
      ProximalGradientDescentOptions
    >
  ) {
    const options = bind<ProximalGradientDescentOptions>(
      ['learningRate', 'l1RegularizationStrength', 'l2RegularizationStrength', 'useLocking', 'name'],
      [learningRate, ...rest],
    );
    super(options.useLocking ?? false, options.name ?? 'ProximalGradientDescent');
    required(options.learningRate, 'learning_rate');
    this.options = options;
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
    return this.emitUpdate('ResourceApplyProximalGradientDescent', [variable, ...this.hypers, gradient]);
  }
  protected applySparse(gradient: Tensor, variable: Variable, indices: Tensor): Operation {
    return this.emitUpdate('ResourceSparseApplyProximalGradientDescent', [variable, ...this.hypers, gradient, indices]);
  }
}
