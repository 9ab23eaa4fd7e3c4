/** Adam and AMSGrad. The base class builds the step; the formula of a dense update is in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { pow } from '../../ops/arithmetic.ts';
import { group } from '../../ops/control.ts';
import { convertToTensor, emit, emitOne } from '../../ops/emit.ts';
import { identity } from '../../ops/identity.ts';
import type { Rest } from '../../ops/tensor-like.ts';
import { sqrt } from '../../ops/unary-math.ts';
import type { DType } from '../../util/dtype.ts';
import type { Variable } from '../../variables/variable.ts';
import type { Config } from '../serialization.ts';
import { epsilonOf, type HyperValue, type OptimizerOptions, oneMinus, readOptions } from './hyperparameters.ts';
import { type Coefficients, Optimizer } from './optimizer.ts';
import { hyperProperties } from './variables.ts';

export interface AdamOptions extends OptimizerOptions {
  /** 0.001 without it. */
  readonly learningRate?: HyperValue;
  /** How much of the average gradient is kept at each step; 0.9 without it. */
  readonly beta1?: HyperValue;
  /** The same for its square; 0.999 without it. */
  readonly beta2?: HyperValue;
  readonly epsilon?: number | null;
  /** Divides by the largest average of the squares so far. */
  readonly amsgrad?: boolean;
}

interface AdamCoefficients extends Coefficients {
  /** The rate with both corrections. */
  readonly lr: Tensor;
  readonly epsilon: Tensor;
  readonly beta1: Tensor;
  readonly beta1Power: Tensor;
  readonly rest1: Tensor;
  readonly beta2: Tensor;
  readonly beta2Power: Tensor;
  readonly rest2: Tensor;
}

/**
 * Divides the average gradient by the root of the average square, both corrected for their start at zero. Its slots are
 * `m` and `v`, and `vhat` with `amsgrad`.
 *
 *     new tf.keras.optimizers.Adam(0.001, {amsgrad: true})
 */
export class Adam extends Optimizer<AdamCoefficients> {
  static readonly className = 'Adam';
  static {
    hyperProperties(Adam.prototype, ['beta1', 'beta2']);
  }
  /** How much of the average gradient is kept at each step, as a number or variable. */
  declare beta1: HyperValue | Variable;
  /** The same for the second average. */
  declare beta2: HyperValue | Variable;
  readonly epsilon: number;
  readonly amsgrad: boolean;

  constructor(
    learningRate?: HyperValue | AdamOptions,
    ...rest: Rest<
      [beta1: HyperValue, beta2: HyperValue, epsilon: number | null, amsgrad: boolean, name: string | null],
      AdamOptions
    >
  ) {
    const names = ['learningRate', 'beta1', 'beta2', 'epsilon', 'amsgrad', 'name'] as const;
    const options = readOptions<AdamOptions>(names, [learningRate, ...rest]);
    super('Adam', options);
    this.setHyper('learningRate', options.lr ?? options.learningRate ?? 0.001);
    this.setHyper('decay', this.initialDecay);
    this.setHyper('beta1', options.beta1 ?? 0.9);
    this.setHyper('beta2', options.beta2 ?? 0.999);
    this.epsilon = epsilonOf(options.epsilon);
    this.amsgrad = options.amsgrad ?? false;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) this.addSlot(variable, 'm');
    for (const variable of variables) this.addSlot(variable, 'v');
    if (this.amsgrad) for (const variable of variables) this.addSlot(variable, 'vhat');
  }
  protected override prepareLocal(dtype: DType): AdamCoefficients {
    const { lrT } = super.prepareLocal(dtype);
    const step = this.stepNumber(dtype);
    const beta1 = identity(this.getHyper('beta1', dtype));
    const beta2 = identity(this.getHyper('beta2', dtype));
    const beta1Power = pow(beta1, step);
    const beta2Power = pow(beta2, step);
    const lr = lrT.mul(sqrt(oneMinus(beta2Power)).div(oneMinus(beta1Power)));
    const epsilon = convertToTensor(this.epsilon, { dtype });
    const [rest1, rest2] = [oneMinus(beta1), oneMinus(beta2)];
    return { lrT, lr, epsilon, beta1, beta1Power, rest1, beta2, beta2Power, rest2 };
  }

  protected resourceApplyDense(gradient: Tensor, variable: Variable, c: AdamCoefficients): Operation {
    const names = this.amsgrad ? ['m', 'v', 'vhat'] : ['m', 'v'];
    const slots = names.map((name) => this.getSlot(variable, name).handle);
    const numbers = [c.beta1Power, c.beta2Power, c.lrT, c.beta1, c.beta2, c.epsilon];
    const type = this.amsgrad ? 'ResourceApplyAdamWithAmsgrad' : 'ResourceApplyAdam';
    return emit(type, [variable.handle, ...slots, ...numbers, gradient], { use_locking: true });
  }

  /** Averages decay for all rows, since the other rows' gradient is zero, and then take up the given ones. */
  protected resourceApplySparse(gradient: Tensor, variable: Variable, indices: Tensor, c: AdamCoefficients): Operation {
    const { graph } = variable;
    const average = (name: string, rows: Tensor, beta: Tensor): Tensor => {
      const slot = this.getSlot(variable, name);
      const decayed = slot.assign(slot.mul(beta));
      return graph.controlDependencies([decayed], () => this.resourceScatterAdd(slot, indices, rows));
    };
    const m = average('m', gradient.mul(c.rest1), c.beta1);
    const v = average('v', gradient.mul(gradient).mul(c.rest2), c.beta2);
    if (!this.amsgrad) {
      const root = sqrt(v);
      const updated = variable.assignSub(c.lr.mul(m).div(root.add(c.epsilon)));
      return group(updated.asGraphElement(), m, v);
    }
    const vhat = this.getSlot(variable, 'vhat');
    const largest = emitOne('Maximum', [vhat, v]);
    const vhatT = graph.controlDependencies([largest], () => vhat.assign(largest));
    const root = sqrt(vhatT);
    const updated = variable.assignSub(c.lr.mul(m).div(root.add(c.epsilon)));
    return group(updated.asGraphElement(), m, v, vhatT.asGraphElement());
  }

  /** The first version of Keras saved `vhat` in any case. */
  override alignWeights<T>(values: readonly T[], _zero: T): readonly T[] {
    const { length } = this.weights;
    return values.length === 3 * Math.floor((length - 1) / 2) + 1 ? values.slice(0, length) : values;
  }
  override getConfig(live?: ReadonlyMap<string, number>): Config {
    return {
      ...super.getConfig(live),
      learningRate: this.serializeHyperparameter('learningRate', live),
      decay: this.initialDecay,
      beta1: this.serializeHyperparameter('beta1', live),
      beta2: this.serializeHyperparameter('beta2', live),
      epsilon: this.epsilon,
      amsgrad: this.amsgrad,
    };
  }
}
