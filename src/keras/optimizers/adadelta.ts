/** Adadelta. The base class builds the step; the formula of the update is in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { convertToTensor, emit } from '../../ops/emit.ts';
import { identity } from '../../ops/identity.ts';
import type { Rest } from '../../ops/tensor-like.ts';
import type { DType } from '../../util/dtype.ts';
import type { Variable } from '../../variables/variable.ts';
import type { Config } from '../serialization.ts';
import { epsilonOf, type HyperValue, type OptimizerOptions, readOptions, withIterations } from './hyperparameters.ts';
import { type Coefficients, Optimizer } from './optimizer.ts';
import { hyperProperties } from './variables.ts';

export interface AdadeltaOptions extends OptimizerOptions {
  /** 0.001 without it; the method's authors have 1. */
  readonly learningRate?: HyperValue;
  /** How much of the average squares is kept at each step; 0.95 without it. */
  readonly rho?: HyperValue;
  readonly epsilon?: number | null;
}

interface AdadeltaCoefficients extends Coefficients {
  readonly epsilon: Tensor;
  readonly rho: Tensor;
}

/**
 * Scales the gradient by the ratio of the average sizes of updates and gradients. Its slots are `accum_grad` and
 * `accum_var`.
 *
 *     new tf.keras.optimizers.Adadelta(1)
 */
export class Adadelta extends Optimizer<AdadeltaCoefficients> {
  static readonly className = 'Adadelta';
  static {
    hyperProperties(Adadelta.prototype, ['rho']);
  }
  /** How much of the averages is kept at each step, as a number or variable. */
  declare rho: HyperValue | Variable;
  readonly epsilon: number;

  constructor(
    learningRate?: HyperValue | AdadeltaOptions,
    ...rest: Rest<[rho: HyperValue, epsilon: number | null, name: string | null], AdadeltaOptions>
  ) {
    const names = ['learningRate', 'rho', 'epsilon', 'name'] as const;
    const options = readOptions<AdadeltaOptions>(names, [learningRate, ...rest]);
    super('Adadelta', options);
    this.setHyper('learningRate', options.lr ?? options.learningRate ?? 0.001);
    this.setHyper('decay', this.initialDecay);
    this.setHyper('rho', options.rho ?? 0.95);
    this.epsilon = epsilonOf(options.epsilon);
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) this.addSlot(variable, 'accum_grad');
    for (const variable of variables) this.addSlot(variable, 'accum_var');
  }
  protected override prepareLocal(dtype: DType): AdadeltaCoefficients {
    const base = super.prepareLocal(dtype);
    const epsilon = convertToTensor(this.epsilon, { dtype });
    return { ...base, epsilon, rho: identity(this.getHyper('rho', dtype)) };
  }

  private inputs(gradient: Tensor, variable: Variable, { lrT, rho, epsilon }: AdadeltaCoefficients): Tensor[] {
    const gradients = this.getSlot(variable, 'accum_grad');
    const updates = this.getSlot(variable, 'accum_var');
    return [variable.handle, gradients.handle, updates.handle, lrT, rho, epsilon, gradient];
  }
  protected resourceApplyDense(gradient: Tensor, variable: Variable, c: AdadeltaCoefficients): Operation {
    return emit('ResourceApplyAdadelta', this.inputs(gradient, variable, c), { use_locking: true });
  }
  protected resourceApplySparse(
    gradient: Tensor,
    variable: Variable,
    indices: Tensor,
    c: AdadeltaCoefficients,
  ): Operation {
    const inputs = [...this.inputs(gradient, variable, c), indices];
    return emit('ResourceSparseApplyAdadelta', inputs, { use_locking: true });
  }

  override alignWeights<T>(values: readonly T[], zero: T): readonly T[] {
    return withIterations(this.weights.length, values, zero);
  }
  override getConfig(live?: ReadonlyMap<string, number>): Config {
    return {
      ...super.getConfig(live),
      learningRate: this.serializeHyperparameter('learningRate', live),
      decay: this.initialDecay,
      rho: this.serializeHyperparameter('rho', live),
      epsilon: this.epsilon,
    };
  }
}
