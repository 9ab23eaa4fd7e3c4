/** Gradient descent with momentum. The base class builds the step; the formula is in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../graph/graph.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import type { Variable } from '../variables/variable.ts';
import { required } from './gradient-descent.ts';
import { type Hyperparameter, Optimizer } from './optimizer.ts';

export interface MomentumOptions {
  readonly learningRate?: Hyperparameter;
  readonly momentum?: Hyperparameter;
  readonly useLocking?: boolean;
  readonly name?: string;
  /** Looks ahead along the momentum. */
  readonly useNesterov?: boolean;
}

/**
 * `accum = momentum * accum + gradient; variable -= learningRate * accum`. Its slot is called `momentum`.
 *
 *     new tf.train.MomentumOptimizer(0.1, 0.9, {useNesterov: true}).minimize(loss)
 */
export class MomentumOptimizer extends Optimizer {
  private readonly options: MomentumOptions;
  private rate!: Tensor;
  private momentum!: Tensor;

  constructor(
    learningRate: Hyperparameter | MomentumOptions,
    ...rest: Rest<[momentum: Hyperparameter, useLocking: boolean, name: string, useNesterov: boolean], MomentumOptions>
  ) {
    const options = bind<MomentumOptions>(
      ['learningRate', 'momentum', 'useLocking', 'name', 'useNesterov'],
      [learningRate, ...rest],
    );
    super(options.useLocking ?? false, options.name ?? 'Momentum');
    required(options.learningRate, 'learning_rate');
    required(options.momentum, 'momentum');
    this.options = options;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) this.addZerosSlot(variable, 'momentum');
  }
  protected override prepare(): void {
    this.rate = this.hyper(this.options.learningRate as Hyperparameter, 'learning_rate');
    this.momentum = this.hyper(this.options.momentum as Hyperparameter, 'momentum');
  }
  protected applyDense(gradient: Tensor, variable: Variable): Operation {
    const slot = this.getSlot(variable, 'momentum') as Variable;
    return this.emitUpdate('ResourceApplyMomentum', [variable, slot, this.rate, gradient, this.momentum], {
      use_nesterov: this.options.useNesterov ?? false,
    });
  }
  protected applySparse(gradient: Tensor, variable: Variable, indices: Tensor): Operation {
    const slot = this.getSlot(variable, 'momentum') as Variable;
    const inputs = [variable, slot, this.rate, gradient, indices, this.momentum];
    return this.emitUpdate('ResourceSparseApplyMomentum', inputs, { use_nesterov: this.options.useNesterov ?? false });
  }
}
