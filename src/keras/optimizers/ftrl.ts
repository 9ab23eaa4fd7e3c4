/** Follow-the-regularized-leader. The base class builds the step; the formula is in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { cast } from '../../ops/cast.ts';
import { emit, emitOne } from '../../ops/emit.ts';
import { identity } from '../../ops/identity.ts';
import type { Rest } from '../../ops/tensor-like.ts';
import type { DType } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { constantInitializer } from '../../variables/initializers.ts';
import type { Variable } from '../../variables/variable.ts';
import type { Config } from '../serialization.ts';
import { type HyperValue, type OptimizerOptions, pythonName, readOptions } from './hyperparameters.ts';
import { type Coefficients, Optimizer } from './optimizer.ts';

export interface FtrlOptions extends OptimizerOptions {
  /** 0.001 without it. */
  readonly learningRate?: HyperValue;
  /** How the rate falls with the sum of squares; -0.5 without it. */
  readonly learningRatePower?: number;
  /** 0.1 without it. */
  readonly initialAccumulatorValue?: number;
  readonly l1RegularizationStrength?: number;
  readonly l2RegularizationStrength?: number;
  /** L2 on the gradient, not on the variable. */
  readonly l2ShrinkageRegularizationStrength?: number;
  readonly beta?: number;
}

interface FtrlCoefficients extends Coefficients {
  readonly power: Tensor;
  readonly l1: Tensor;
  readonly l2: Tensor;
  readonly beta: Tensor;
  readonly shrinkage: Tensor;
}

/**
 * Follow-the-regularized-leader. Its slots are `accumulator` and `linear`. Throws `ValueError` for negative strengths and
 * initial values, and for a positive power.
 *
 *     new tf.keras.optimizers.Ftrl(0.01, {l1RegularizationStrength: 0.001})
 */
export class Ftrl extends Optimizer<FtrlCoefficients> {
  static readonly className = 'Ftrl';
  readonly initialAccumulatorValue: number;
  readonly l2ShrinkageRegularizationStrength: number;

  constructor(
    learningRate?: HyperValue | FtrlOptions,
    ...rest: Rest<
      [
        learningRatePower: number,
        initialAccumulatorValue: number,
        l1RegularizationStrength: number,
        l2RegularizationStrength: number,
        name: string | null,
        l2ShrinkageRegularizationStrength: number,
        beta: number,
      ],
      FtrlOptions
    >
  ) {
    const options = readOptions<FtrlOptions>(
      [
        'learningRate',
        'learningRatePower',
        'initialAccumulatorValue',
        'l1RegularizationStrength',
        'l2RegularizationStrength',
        'name',
        'l2ShrinkageRegularizationStrength',
        'beta',
      ],
      [learningRate, ...rest],
    );
    super('Ftrl', options);
    const {
      learningRatePower = -0.5,
      initialAccumulatorValue = 0.1,
      l1RegularizationStrength = 0,
      l2RegularizationStrength = 0,
      l2ShrinkageRegularizationStrength = 0,
    } = options;
    if (learningRatePower > 0) {
      throw new ValueError(
        `\`learning_rate_power\` needs to be negative or zero. Received: learning_rate_power=${learningRatePower}.`,
      );
    }
    const notNegative = {
      initialAccumulatorValue,
      l1RegularizationStrength,
      l2RegularizationStrength,
      l2ShrinkageRegularizationStrength,
    };
    for (const [key, value] of Object.entries(notNegative)) {
      if (value >= 0) continue;
      const name = pythonName(key);
      throw new ValueError(`\`${name}\` needs to be positive or zero. Received: ${name}=${value}.`);
    }
    this.setHyper('learningRate', options.lr ?? options.learningRate ?? 0.001);
    this.setHyper('decay', this.initialDecay);
    this.setHyper('learningRatePower', learningRatePower);
    this.setHyper('l1RegularizationStrength', l1RegularizationStrength);
    this.setHyper('l2RegularizationStrength', l2RegularizationStrength);
    this.setHyper('beta', options.beta ?? 0);
    this.initialAccumulatorValue = initialAccumulatorValue;
    this.l2ShrinkageRegularizationStrength = l2ShrinkageRegularizationStrength;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const initializer = constantInitializer(this.initialAccumulatorValue, { dtype: variable.dtype });
      this.addSlot(variable, 'accumulator', initializer);
      this.addSlot(variable, 'linear');
    }
  }
  protected override prepareLocal(dtype: DType): FtrlCoefficients {
    return {
      ...super.prepareLocal(dtype),
      power: identity(this.getHyper('learningRatePower', dtype)),
      l1: identity(this.getHyper('l1RegularizationStrength', dtype)),
      l2: identity(this.getHyper('l2RegularizationStrength', dtype)),
      beta: identity(this.getHyper('beta', dtype)),
      shrinkage: cast(this.l2ShrinkageRegularizationStrength, dtype),
    };
  }

  /** The op knows no beta: it is a part of l2. */
  private apply(type: string, gradient: readonly Tensor[], variable: Variable, c: FtrlCoefficients): Operation {
    const l2 = c.l2.add(c.beta.div(emitOne('Mul', [2, c.lrT], {}, 'mul')));
    const slots = ['accumulator', 'linear'].map((name) => this.getSlot(variable, name).handle);
    const shrinks = this.l2ShrinkageRegularizationStrength > 0;
    const strengths = shrinks ? [c.l1, l2, c.shrinkage] : [c.l1, l2];
    const inputs = [variable.handle, ...slots, ...gradient, c.lrT, ...strengths, c.power];
    return emit(shrinks ? `${type}V2` : type, inputs, { use_locking: true });
  }
  protected resourceApplyDense(gradient: Tensor, variable: Variable, c: FtrlCoefficients): Operation {
    return this.apply('ResourceApplyFtrl', [gradient], variable, c);
  }
  protected resourceApplySparse(gradient: Tensor, variable: Variable, indices: Tensor, c: FtrlCoefficients): Operation {
    return this.apply('ResourceSparseApplyFtrl', [gradient, indices], variable, c);
  }

  override getConfig(live?: ReadonlyMap<string, number>): Config {
    return {
      ...super.getConfig(live),
      learningRate: this.serializeHyperparameter('learningRate', live),
      decay: this.initialDecay,
      initialAccumulatorValue: this.initialAccumulatorValue,
      learningRatePower: this.serializeHyperparameter('learningRatePower', live),
      l1RegularizationStrength: this.serializeHyperparameter('l1RegularizationStrength', live),
      l2RegularizationStrength: this.serializeHyperparameter('l2RegularizationStrength', live),
      beta: this.serializeHyperparameter('beta', live),
      l2ShrinkageRegularizationStrength: this.l2ShrinkageRegularizationStrength,
    };
  }
}
