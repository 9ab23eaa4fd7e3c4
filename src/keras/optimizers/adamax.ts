/** Adamax. The base class builds the step; the formula of a dense update is in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { pow } from '../../ops/arithmetic.ts';
import { group } from '../../ops/control.ts';
import { convertToTensor, emit, emitOne } from '../../ops/emit.ts';
import { gather } from '../../ops/gather.ts';
import { identity } from '../../ops/identity.ts';
import type { Rest } from '../../ops/tensor-like.ts';
import { abs } from '../../ops/unary-math.ts';
import type { DType } from '../../util/dtype.ts';
import type { Variable } from '../../variables/variable.ts';
import type { Config } from '../serialization.ts';
import { epsilonOf, type HyperValue, type OptimizerOptions, oneMinus, readOptions } from './hyperparameters.ts';
import { type Coefficients, Optimizer } from './optimizer.ts';
import { hyperProperties } from './variables.ts';

export interface AdamaxOptions extends OptimizerOptions {
  /** 0.001 without it. */
  readonly learningRate?: HyperValue;
  /** How much of the average gradient is kept at each step; 0.9 without it. */
  readonly beta1?: HyperValue;
  /** How much of the largest gradient is kept at each step; 0.999 without it. */
  readonly beta2?: HyperValue;
  readonly epsilon?: number | null;
}

interface AdamaxCoefficients extends Coefficients {
  readonly negScaledLr: Tensor;
  readonly epsilon: Tensor;
  readonly beta1: Tensor;
  readonly beta1Power: Tensor;
  readonly rest1: Tensor;
  readonly beta2: Tensor;
}

/**
 * Adam with the infinity norm: the average gradient is divided by the largest one, which fades. Its slots are `m` and `v`.
 *
 *     new tf.keras.optimizers.Adamax(0.002)
 */
export class Adamax extends Optimizer<AdamaxCoefficients> {
  static readonly className = 'Adamax';
  static {
    hyperProperties(Adamax.prototype, ['beta1', 'beta2']);
  }
  /** How much of the average gradient is kept at each step, as a number or variable. */
  declare beta1: HyperValue | Variable;
  /** The same for the second average. */
  declare beta2: HyperValue | Variable;
  readonly epsilon: number;

  constructor(
    learningRate?: HyperValue | AdamaxOptions,
    ...rest: Rest<[beta1: HyperValue, beta2: HyperValue, epsilon: number | null, name: string | null], AdamaxOptions>
  ) {
    const names = ['learningRate', 'beta1', 'beta2', 'epsilon', 'name'] as const;
    const options = readOptions<AdamaxOptions>(names, [learningRate, ...rest]);
    super('Adamax', options);
    this.setHyper('learningRate', options.lr ?? options.learningRate ?? 0.001);
    this.setHyper('decay', this.initialDecay);
    this.setHyper('beta1', options.beta1 ?? 0.9);
    this.setHyper('beta2', options.beta2 ?? 0.999);
    this.epsilon = epsilonOf(options.epsilon);
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) this.addSlot(variable, 'm');
    for (const variable of variables) this.addSlot(variable, 'v');
  }
  protected override prepareLocal(dtype: DType): AdamaxCoefficients {
    const { lrT } = super.prepareLocal(dtype);
    const step = this.stepNumber(dtype);
    const beta1 = identity(this.getHyper('beta1', dtype));
    const beta2 = identity(this.getHyper('beta2', dtype));
    const beta1Power = pow(beta1, step);
    const negScaledLr = lrT.neg().div(oneMinus(beta1Power));
    const epsilon = convertToTensor(this.epsilon, { dtype });
    return { lrT, negScaledLr, epsilon, beta1, beta1Power, rest1: oneMinus(beta1), beta2 };
  }

  protected resourceApplyDense(gradient: Tensor, variable: Variable, c: AdamaxCoefficients): Operation {
    const [m, v] = [this.getSlot(variable, 'm'), this.getSlot(variable, 'v')];
    const numbers = [c.beta1Power, c.lrT, c.beta1, c.beta2, c.epsilon];
    const inputs = [variable.handle, m.handle, v.handle, ...numbers, gradient];
    return emit('ResourceApplyAdaMax', inputs, { use_locking: true });
  }

  /** The rows of the slots change with the rows of the variable; the others stay. */
  protected resourceApplySparse(
    gradient: Tensor,
    variable: Variable,
    indices: Tensor,
    c: AdamaxCoefficients,
  ): Operation {
    const replace = (slot: Variable, rows: Tensor): Tensor =>
      slot.graph.controlDependencies([rows], () => this.resourceScatterUpdate(slot, indices, rows));
    const m = this.getSlot(variable, 'm');
    const mRows = gather(m, indices).mul(c.beta1).add(gradient.mul(c.rest1));
    const mT = replace(m, mRows);
    const v = this.getSlot(variable, 'v');
    const vRows = emitOne('Maximum', [gather(v, indices).mul(c.beta2), abs(gradient)]);
    const vT = replace(v, vRows);
    const step = c.negScaledLr.mul(mRows.div(vRows.add(c.epsilon)));
    const updated = variable.graph.controlDependencies([step], () => this.resourceScatterAdd(variable, indices, step));
    return group(updated, mT, vT);
  }

  override getConfig(live?: ReadonlyMap<string, number>): Config {
    return {
      ...super.getConfig(live),
      learningRate: this.serializeHyperparameter('learningRate', live),
      decay: this.initialDecay,
      beta1: this.serializeHyperparameter('beta1', live),
      beta2: this.serializeHyperparameter('beta2', live),
      epsilon: this.epsilon,
    };
  }
}
