/** Adagrad. The base class builds the step; the formula of the update is in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { convertToTensor, emit } from '../../ops/emit.ts';
import type { Rest } from '../../ops/tensor-like.ts';
import type { DType } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { constantInitializer } from '../../variables/initializers.ts';
import type { Variable } from '../../variables/variable.ts';
import type { Config } from '../serialization.ts';
import { epsilonOf, type HyperValue, type OptimizerOptions, readOptions, withIterations } from './hyperparameters.ts';
import { type Coefficients, Optimizer } from './optimizer.ts';

export interface AdagradOptions extends OptimizerOptions {
  /** 0.001 without it. */
  readonly learningRate?: HyperValue;
  /** 0.1 without it. */
  readonly initialAccumulatorValue?: number;
  readonly epsilon?: number | null;
}

interface AdagradCoefficients extends Coefficients {
  readonly epsilon: Tensor;
}

/**
 * Divides the gradient by the root of the sum of all its squares so far. Its slot is `accumulator`. Throws `ValueError`
 * for a negative initial value.
 *
 *     new tf.keras.optimizers.Adagrad(0.01)
 */
export class Adagrad extends Optimizer<AdagradCoefficients> {
  static readonly className = 'Adagrad';
  readonly epsilon: number;
  readonly initialAccumulatorValue: number;

  constructor(
    learningRate?: HyperValue | AdagradOptions,
    ...rest: Rest<[initialAccumulatorValue: number, epsilon: number | null, name: string | null], AdagradOptions>
  ) {
    const names = ['learningRate', 'initialAccumulatorValue', 'epsilon', 'name'] as const;
    const options = readOptions<AdagradOptions>(names, [learningRate, ...rest]);
    const { initialAccumulatorValue = 0.1 } = options;
    if (initialAccumulatorValue < 0) {
      throw new ValueError(`initial_accumulator_value must be non-negative: ${initialAccumulatorValue}`);
    }
    super('Adagrad', options);
    this.setHyper('learningRate', options.lr ?? options.learningRate ?? 0.001);
    this.setHyper('decay', this.initialDecay);
    this.initialAccumulatorValue = initialAccumulatorValue;
    this.epsilon = epsilonOf(options.epsilon);
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const initializer = constantInitializer(this.initialAccumulatorValue, { dtype: variable.dtype });
      this.addSlot(variable, 'accumulator', initializer);
    }
  }
  protected override prepareLocal(dtype: DType): AdagradCoefficients {
    return { ...super.prepareLocal(dtype), epsilon: convertToTensor(this.epsilon, { dtype }) };
  }

  protected resourceApplyDense(gradient: Tensor, variable: Variable, { lrT, epsilon }: AdagradCoefficients): Operation {
    const accumulator = this.getSlot(variable, 'accumulator');
    const inputs = [variable.handle, accumulator.handle, lrT, epsilon, gradient];
    return emit('ResourceApplyAdagradV2', inputs, { use_locking: true });
  }
  protected resourceApplySparse(
    gradient: Tensor,
    variable: Variable,
    indices: Tensor,
    { lrT, epsilon }: AdagradCoefficients,
  ): Operation {
    const accumulator = this.getSlot(variable, 'accumulator');
    const inputs = [variable.handle, accumulator.handle, lrT, epsilon, gradient, indices];
    return emit('ResourceSparseApplyAdagradV2', inputs, { use_locking: true });
  }

  override alignWeights<T>(values: readonly T[], zero: T): readonly T[] {
    return withIterations(this.weights.length, values, zero);
  }
  override getConfig(live?: ReadonlyMap<string, number>): Config {
    return {
      ...super.getConfig(live),
      learningRate: this.serializeHyperparameter('learningRate', live),
      decay: this.initialDecay,
      initialAccumulatorValue: this.initialAccumulatorValue,
      epsilon: this.epsilon,
    };
  }
}
