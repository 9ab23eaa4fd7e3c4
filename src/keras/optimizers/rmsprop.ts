/** RMSprop. The base class builds the step; the formulas with momentum are in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { group } from '../../ops/control.ts';
import { convertToTensor, emit } from '../../ops/emit.ts';
import { gather } from '../../ops/gather.ts';
import { identity } from '../../ops/identity.ts';
import type { Rest } from '../../ops/tensor-like.ts';
import { sqrt, square } from '../../ops/unary-math.ts';
import type { DType } from '../../util/dtype.ts';
import type { Variable } from '../../variables/variable.ts';
import type { Config } from '../serialization.ts';
import {
  epsilonOf,
  type HyperValue,
  type OptimizerOptions,
  oneMinus,
  readOptions,
  usesMomentum,
  withIterations,
} from './hyperparameters.ts';
import { type Coefficients, Optimizer } from './optimizer.ts';
import { hyperProperties } from './variables.ts';

export interface RMSpropOptions extends OptimizerOptions {
  /** 0.001 without it. */
  readonly learningRate?: HyperValue;
  /** How much of the average square is kept at each step; 0.9 without it. */
  readonly rho?: HyperValue;
  readonly momentum?: HyperValue;
  readonly epsilon?: number | null;
  /** Divides by an estimate of the variance instead of the average square. */
  readonly centered?: boolean;
}

interface RMSpropCoefficients extends Coefficients {
  readonly negLrT: Tensor;
  readonly epsilon: Tensor;
  readonly rho: Tensor;
  readonly momentum: Tensor;
  readonly rest: Tensor;
}

/**
 * Divides the gradient by the root of its average square. Its slots are `rms`, with momentum `momentum`, centered `mg`.
 *
 *     new tf.keras.optimizers.RMSprop(0.001, 0.9)
 */
export class RMSprop extends Optimizer<RMSpropCoefficients> {
  static readonly className = 'RMSprop';
  static {
    hyperProperties(RMSprop.prototype, ['rho', 'momentum']);
  }
  /** How much of the averages is kept at each step, as a number or variable. */
  declare rho: HyperValue | Variable;
  /** How much of the last step is taken again, as a number or variable. */
  declare momentum: HyperValue | Variable;
  readonly epsilon: number;
  readonly centered: boolean;
  private readonly keepsMomentum: boolean;

  constructor(
    learningRate?: HyperValue | RMSpropOptions,
    ...rest: Rest<
      [rho: HyperValue, momentum: HyperValue, epsilon: number | null, centered: boolean, name: string | null],
      RMSpropOptions
    >
  ) {
    const names = ['learningRate', 'rho', 'momentum', 'epsilon', 'centered', 'name'] as const;
    const options = readOptions<RMSpropOptions>(names, [learningRate, ...rest]);
    super('RMSprop', options);
    const { momentum = 0 } = options;
    this.setHyper('learningRate', options.lr ?? options.learningRate ?? 0.001);
    this.setHyper('decay', this.initialDecay);
    this.setHyper('rho', options.rho ?? 0.9);
    this.keepsMomentum = usesMomentum(momentum);
    this.setHyper('momentum', momentum);
    this.epsilon = epsilonOf(options.epsilon);
    this.centered = options.centered ?? false;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) this.addSlot(variable, 'rms');
    if (this.keepsMomentum) for (const variable of variables) this.addSlot(variable, 'momentum');
    if (this.centered) for (const variable of variables) this.addSlot(variable, 'mg');
  }
  protected override prepareLocal(dtype: DType): RMSpropCoefficients {
    const { lrT } = super.prepareLocal(dtype);
    const rho = identity(this.getHyper('rho', dtype));
    return {
      lrT,
      rho,
      negLrT: lrT.neg(),
      epsilon: convertToTensor(this.epsilon, { dtype }),
      momentum: identity(this.getHyper('momentum', dtype)),
      rest: oneMinus(rho),
    };
  }

  /** The fused op, which knows momentum only: without it Keras adds epsilon outside of the root. */
  private fused(gradient: Tensor, variable: Variable, indices: readonly Tensor[], c: RMSpropCoefficients): Operation {
    const slot = (name: string) => this.getSlot(variable, name).handle;
    const slots = this.centered ? [slot('mg'), slot('rms')] : [slot('rms')];
    const numbers = [c.lrT, c.rho, c.momentum, c.epsilon];
    const inputs = [variable.handle, ...slots, slot('momentum'), ...numbers, gradient, ...indices];
    const type = `Resource${indices.length > 0 ? 'Sparse' : ''}Apply${this.centered ? 'Centered' : ''}RMSProp`;
    return emit(type, inputs, { use_locking: true });
  }

  protected resourceApplyDense(gradient: Tensor, variable: Variable, c: RMSpropCoefficients): Operation {
    if (this.keepsMomentum) return this.fused(gradient, variable, [], c);
    const rms = this.getSlot(variable, 'rms');
    const rmsT = rms.assign(c.rho.mul(rms).add(c.rest.mul(square(gradient))));
    let divisor: Tensor | typeof rmsT = rmsT;
    if (this.centered) {
      const mg = this.getSlot(variable, 'mg');
      const mgT = mg.assign(c.rho.mul(mg).add(c.rest.mul(gradient)));
      divisor = rmsT.sub(square(mgT));
    }
    const step = c.lrT.mul(gradient).div(sqrt(divisor).add(c.epsilon));
    return variable.assign(variable.sub(step)).op;
  }

  /** Averages decay for all rows, and then take up the given ones. */
  private average(slot: Variable, indices: Tensor, rows: Tensor, rho: Tensor): readonly [all: Tensor, rows: Tensor] {
    const decayed = slot.assign(slot.mul(rho));
    return slot.graph.controlDependencies([decayed], () => {
      const all = this.resourceScatterAdd(slot, indices, rows);
      return [all, gather(all, indices)];
    });
  }
  protected resourceApplySparse(
    gradient: Tensor,
    variable: Variable,
    indices: Tensor,
    c: RMSpropCoefficients,
  ): Operation {
    if (this.keepsMomentum) return this.fused(gradient, variable, [indices], c);
    const squares = gradient.mul(gradient).mul(c.rest);
    const [rmsT, rmsRows] = this.average(this.getSlot(variable, 'rms'), indices, squares, c.rho);
    const done = [rmsT];
    let divisor = rmsRows;
    if (this.centered) {
      const mg = this.getSlot(variable, 'mg');
      const [mgT, mgRows] = this.average(mg, indices, gradient.mul(c.rest), c.rho);
      divisor = rmsRows.sub(square(mgRows));
      done.push(mgT);
    }
    const step = c.negLrT.mul(gradient).div(sqrt(divisor).add(c.epsilon));
    return group(this.resourceScatterAdd(variable, indices, step), ...done);
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
      momentum: this.serializeHyperparameter('momentum', live),
      epsilon: this.epsilon,
      centered: this.centered,
    };
  }
}
