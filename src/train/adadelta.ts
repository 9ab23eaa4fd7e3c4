/** Adadelta. The base class builds the step; the formula is in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../graph/graph.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import type { Variable } from '../variables/variable.ts';
import { type Hyperparameter, Optimizer } from './optimizer.ts';

export interface AdadeltaOptions {
  /** 0.001 without it. */
  readonly learningRate?: Hyperparameter;
  /** How much of the average squares is kept at each step; 0.95 without it. */
  readonly rho?: Hyperparameter;
  /** 1e-8 without it. */
  readonly epsilon?: Hyperparameter;
  readonly useLocking?: boolean;
  readonly name?: string;
}

/**
 * Scales the gradient by the ratio of the average size of updates to that of gradients. Its slots are `accum` and
 * `accum_update`.
 *
 *     new tf.train.AdadeltaOptimizer(1.0).minimize(loss)
 */
export class AdadeltaOptimizer extends Optimizer {
  private readonly options: AdadeltaOptions;
  private hypers!: readonly [rate: Tensor, rho: Tensor, epsilon: Tensor];

  constructor(
    learningRate?: Hyperparameter | AdadeltaOptions,
    ...rest: Rest<[rho: Hyperparameter, epsilon: Hyperparameter, useLocking: boolean, name: string], AdadeltaOptions>
  ) {
    const options = bind<AdadeltaOptions>(
      ['learningRate', 'rho', 'epsilon', 'useLocking', 'name'],
      [learningRate, ...rest],
    );
    super(options.useLocking ?? false, options.name ?? 'Adadelta');
    this.options = options;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      this.addZerosSlot(variable, 'accum');
      this.addZerosSlot(variable, 'accum_update');
    }
  }
  protected override prepare(): void {
    const { learningRate = 0.001, rho = 0.95, epsilon = 1e-8 } = this.options;
    this.hypers = [this.hyper(learningRate, 'lr'), this.hyper(rho, 'rho'), this.hyper(epsilon, 'epsilon')];
  }
  private slotsOf(variable: Variable): Variable[] {
    return ['accum', 'accum_update'].map((name) => this.getSlot(variable, name) as Variable);
  }
  protected applyDense(gradient: Tensor, variable: Variable): Operation {
    const inputs = [variable, ...this.slotsOf(variable), ...this.hypers, gradient];
    return this.emitUpdate('ResourceApplyAdadelta', inputs);
  }
  protected applySparse(gradient: Tensor, variable: Variable, indices: Tensor): Operation {
    const inputs = [variable, ...this.slotsOf(variable), ...this.hypers, gradient, indices];
    return this.emitUpdate('ResourceSparseApplyAdadelta', inputs);
  }
}
