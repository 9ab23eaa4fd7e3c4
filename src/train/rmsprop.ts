/** RMSProp, plain and centered. The base class builds the step; the formulas are in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../graph/graph.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { onesInitializer } from '../variables/initializers.ts';
import type { Variable } from '../variables/variable.ts';
import { required } from './gradient-descent.ts';
import { type Hyperparameter, Optimizer } from './optimizer.ts';

export interface RMSPropOptions {
  readonly learningRate?: Hyperparameter;
  /** How much of the average square is kept at each step; 0.9 without it. */
  readonly decay?: Hyperparameter;
  readonly momentum?: Hyperparameter;
  /** 1e-10 without it. */
  readonly epsilon?: Hyperparameter;
  readonly useLocking?: boolean;
  /** Divides by an estimate of the variance, at the cost of a further slot. */
  readonly centered?: boolean;
  readonly name?: string;
}

/**
 * Divides the gradient by the root of an average of its square. Its slots are `rms`, `momentum` and, centered, `mg`.
 *
 *     new tf.train.RMSPropOptimizer(0.01, {centered: true}).minimize(loss)
 */
export class RMSPropOptimizer extends Optimizer {
  private readonly options: RMSPropOptions;
  private readonly centered: boolean;
  private hypers!: readonly [rate: Tensor, decay: Tensor, momentum: Tensor, epsilon: Tensor];

  constructor(
    learningRate: Hyperparameter | RMSPropOptions,
    ...rest: Rest<
      [
        decay: Hyperparameter,
        momentum: Hyperparameter,
        epsilon: Hyperparameter,
        useLocking: boolean,
        centered: boolean,
        name: string,
      ],
      RMSPropOptions
    >
  ) {
    const options = bind<RMSPropOptions>(
      ['learningRate', 'decay', 'momentum', 'epsilon', 'useLocking', 'centered', 'name'],
      [learningRate, ...rest],
    );
    super(options.useLocking ?? false, options.name ?? 'RMSProp');
    required(options.learningRate, 'learning_rate');
    this.options = options;
    this.centered = options.centered ?? false;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      this.addSlot(variable, onesInitializer(), 'rms');
      if (this.centered) this.addZerosSlot(variable, 'mg');
      this.addZerosSlot(variable, 'momentum');
    }
  }
  protected override prepare(): void {
    const { learningRate, decay = 0.9, momentum = 0, epsilon = 1e-10 } = this.options;
    this.hypers = [
      this.hyper(learningRate as Hyperparameter, 'learning_rate'),
      this.hyper(decay, 'decay'),
      this.hyper(momentum, 'momentum'),
      this.hyper(epsilon, 'epsilon'),
    ];
  }
  private slotsOf(variable: Variable): Variable[] {
    const names = this.centered ? ['mg', 'rms', 'momentum'] : ['rms', 'momentum'];
    return names.map((name) => this.getSlot(variable, name) as Variable);
  }
  protected applyDense(gradient: Tensor, variable: Variable): Operation {
    const type = this.centered ? 'ResourceApplyCenteredRMSProp' : 'ResourceApplyRMSProp';
    return this.emitUpdate(type, [variable, ...this.slotsOf(variable), ...this.hypers, gradient]);
  }
  protected applySparse(gradient: Tensor, variable: Variable, indices: Tensor): Operation {
    const type = this.centered ? 'ResourceSparseApplyCenteredRMSProp' : 'ResourceSparseApplyRMSProp';
    return this.emitUpdate(type, [variable, ...this.slotsOf(variable), ...this.hypers, gradient, indices]);
  }
}
