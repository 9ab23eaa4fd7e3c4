/** Gradient descent with momentum. The base class builds the step; the formulas of updates are in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { emit } from '../../ops/emit.ts';
import { identity } from '../../ops/identity.ts';
import type { Rest } from '../../ops/tensor-like.ts';
import type { DType } from '../../util/dtype.ts';
import type { Variable } from '../../variables/variable.ts';
import type { Config } from '../serialization.ts';
import { type HyperValue, type OptimizerOptions, readOptions, usesMomentum } from './hyperparameters.ts';
import { type Coefficients, Optimizer } from './optimizer.ts';
import { hyperProperties } from './variables.ts';

export interface SGDOptions extends OptimizerOptions {
  /** 0.01 without it. */
  readonly learningRate?: HyperValue;
  /** How much of the last step is taken again; 0 without it. */
  readonly momentum?: HyperValue;
  readonly nesterov?: boolean;
}

interface SGDCoefficients extends Coefficients {
  readonly momentum: Tensor;
}

/**
 * Gradient descent. With momentum its slot is `momentum`.
 *
 *     new tf.keras.optimizers.SGD(0.01, {momentum: 0.9, nesterov: true})
 */
export class SGD extends Optimizer<SGDCoefficients> {
  static readonly className = 'SGD';
  static {
    hyperProperties(SGD.prototype, ['momentum']);
  }
  /** How much of the last step is taken again, as a number or variable. */
  declare momentum: HyperValue | Variable;
  readonly nesterov: boolean;
  private readonly keepsMomentum: boolean;

  constructor(
    learningRate?: HyperValue | SGDOptions,
    ...rest: Rest<[momentum: HyperValue, nesterov: boolean, name: string | null], SGDOptions>
  ) {
    const names = ['learningRate', 'momentum', 'nesterov', 'name'] as const;
    const options = readOptions<SGDOptions>(names, [learningRate, ...rest]);
    super('SGD', options);
    const { momentum = 0 } = options;
    this.setHyper('learningRate', options.lr ?? options.learningRate ?? 0.01);
    this.setHyper('decay', this.initialDecay);
    this.keepsMomentum = usesMomentum(momentum);
    this.setHyper('momentum', momentum);
    this.nesterov = options.nesterov ?? false;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    if (!this.keepsMomentum) return;
    for (const variable of variables) this.addSlot(variable, 'momentum');
  }
  protected override prepareLocal(dtype: DType): SGDCoefficients {
    return { ...super.prepareLocal(dtype), momentum: identity(this.getHyper('momentum', dtype)) };
  }

  protected resourceApplyDense(gradient: Tensor, variable: Variable, { lrT, momentum }: SGDCoefficients): Operation {
    if (!this.keepsMomentum) {
      return emit('ResourceApplyGradientDescent', [variable.handle, lrT, gradient], { use_locking: true });
    }
    const accumulated = this.getSlot(variable, 'momentum');
    const inputs = [variable.handle, accumulated.handle, lrT, gradient, momentum];
    return emit('ResourceApplyKerasMomentum', inputs, { use_locking: true, use_nesterov: this.nesterov });
  }
  protected override resourceApplySparseDuplicateIndices(
    gradient: Tensor,
    variable: Variable,
    indices: Tensor,
    coefficients: SGDCoefficients,
  ): Operation {
    if (this.keepsMomentum) {
      return super.resourceApplySparseDuplicateIndices(gradient, variable, indices, coefficients);
    }
    // Adding does not mind an index that occurs twice.
    return emit('ResourceScatterAdd', [variable.handle, indices, gradient.neg().mul(coefficients.lrT)]);
  }
  protected resourceApplySparse(
    gradient: Tensor,
    variable: Variable,
    indices: Tensor,
    { lrT, momentum }: SGDCoefficients,
  ): Operation {
    const accumulated = this.getSlot(variable, 'momentum');
    const inputs = [variable.handle, accumulated.handle, lrT, gradient, indices, momentum];
    return emit('ResourceSparseApplyKerasMomentum', inputs, { use_locking: true, use_nesterov: this.nesterov });
  }

  override getConfig(live?: ReadonlyMap<string, number>): Config {
    return {
      ...super.getConfig(live),
      learningRate: this.serializeHyperparameter('learningRate', live),
      decay: this.initialDecay,
      momentum: this.serializeHyperparameter('momentum', live),
      nesterov: this.nesterov,
    };
  }
}
