/** Nadam: Adam with Nesterov's momentum on a schedule of its own. The base class builds the step around it. */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { pow } from '../../ops/arithmetic.ts';
import { cast } from '../../ops/cast.ts';
import { group } from '../../ops/control.ts';
import { convertToTensor, emitOne } from '../../ops/emit.ts';
import { gather } from '../../ops/gather.ts';
import { identity } from '../../ops/identity.ts';
import type { Rest } from '../../ops/tensor-like.ts';
import { sqrt, square } from '../../ops/unary-math.ts';
import { castTo } from '../../train/slots.ts';
import type { DType } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { Variable } from '../../variables/variable.ts';
import type { Config } from '../serialization.ts';
import { epsilonOf, type HyperValue, type OptimizerOptions, oneMinus, readOptions } from './hyperparameters.ts';
import { type Coefficients, Optimizer } from './optimizer.ts';
import { LearningRateSchedule } from './schedules.ts';
import { hyperProperties } from './variables.ts';

export interface NadamOptions extends OptimizerOptions {
  /** 0.001 without it. No schedule. */
  readonly learningRate?: HyperValue;
  /** How much of the average gradient is kept at each step; 0.9 without it. */
  readonly beta1?: HyperValue;
  /** The same for its square; 0.999 without it. */
  readonly beta2?: HyperValue;
  readonly epsilon?: number | null;
  /** How fast momentum grows to `beta1`; 0.004 without it. It is the `decay` of configurations. */
  readonly scheduleDecay?: number;
}

interface NadamCoefficients extends Coefficients {
  readonly negLrT: Tensor;
  readonly epsilon: Tensor;
  readonly beta1: Tensor;
  readonly beta2: Tensor;
  readonly rest1: Tensor;
  readonly rest2: Tensor;
  /** The momentum of this step and of the next one. */
  readonly momentum: Tensor;
  readonly restMomentum: Tensor;
  readonly nextMomentum: Tensor;
  /** One less the product of the momenta so far, and with the next one. */
  readonly restProduct: Tensor;
  readonly restNextProduct: Tensor;
  readonly restBeta2Power: Tensor;
}

/**
 * Adam with Nesterov's momentum. Its slots are `m` and `v`; the product of all momenta so far is a variable of its own.
 * As in Keras the rate has no decay, `decay` is not taken, and a schedule is a `ValueError`.
 *
 *     new tf.keras.optimizers.Nadam(0.002)
 */
export class Nadam extends Optimizer<NadamCoefficients> {
  static readonly className = 'Nadam';
  static {
    hyperProperties(Nadam.prototype, ['beta1', 'beta2']);
  }
  /** How much of the average gradient is kept at each step, as a number or variable. */
  declare beta1: HyperValue | Variable;
  /** The same for the second average. */
  declare beta2: HyperValue | Variable;
  readonly epsilon: number;
  private cache: Variable | null = null;
  private cached: Tensor | null = null;

  constructor(
    learningRate?: HyperValue | NadamOptions,
    ...rest: Rest<[beta1: HyperValue, beta2: HyperValue, epsilon: number | null, name: string | null], NadamOptions>
  ) {
    const names = ['learningRate', 'beta1', 'beta2', 'epsilon', 'name'] as const;
    const options = readOptions<NadamOptions>(names, [learningRate, ...rest], ['scheduleDecay']);
    const rate = options.lr ?? options.learningRate ?? 0.001;
    if (rate instanceof LearningRateSchedule) {
      throw new ValueError(
        'The Nadam optimizer does not support tf.keras.optimizers.LearningRateSchedules as the learning rate.',
      );
    }
    super('Nadam', { ...options, decay: options.scheduleDecay ?? 0.004 });
    this.setHyper('learningRate', rate);
    this.setHyper('decay', this.initialDecay);
    this.setHyper('beta1', options.beta1 ?? 0.9);
    this.setHyper('beta2', options.beta2 ?? 0.999);
    this.epsilon = epsilonOf(options.epsilon);
  }

  protected override createSlots(variables: readonly Variable[]): void {
    this.cache = this.addWeight('momentum_cache', [], variables[0].dtype, 'ones');
    for (const variable of variables) this.addSlot(variable, 'm');
    for (const variable of variables) this.addSlot(variable, 'v');
  }
  protected override prepare(variables: readonly Variable[]): ReadonlyMap<string, NadamCoefficients> {
    this.cached = identity(this.cache as Variable);
    try {
      return super.prepare(variables);
    } finally {
      // Only for the time of a build: the optimizer must not hold a graph.
      this.cache = null;
      this.cached = null;
    }
  }
  protected override prepareLocal(dtype: DType): NadamCoefficients {
    const cache = this.cache as Variable;
    const lrT = identity(this.getHyper('learningRate', dtype));
    const beta1 = identity(this.getHyper('beta1', dtype));
    const beta2 = identity(this.getHyper('beta2', dtype));
    const step = this.stepNumber(dtype);
    const next = this.stepNumber(dtype, 2);
    const base = cast(0.96, dtype);
    const momentumAt = (at: Tensor): Tensor => {
      const exponent = emitOne('Mul', [this.initialDecay, at], {}, 'mul');
      return beta1.mul(oneMinus(emitOne('Mul', [0.5, pow(base, exponent)], {}, 'mul')));
    };
    const momentum = momentumAt(step);
    const nextMomentum = momentumAt(next);
    let product = (castTo(this.cached as Tensor, dtype) as Tensor).mul(momentum);
    if (dtype === cache.dtype) product = identity(cache.assign(product));
    const nextProduct = product.mul(nextMomentum);
    return {
      lrT,
      negLrT: lrT.neg(),
      epsilon: convertToTensor(this.epsilon, { dtype }),
      beta1,
      beta2,
      momentum,
      nextMomentum,
      rest1: oneMinus(beta1),
      rest2: oneMinus(beta2),
      restMomentum: oneMinus(momentum),
      restProduct: oneMinus(product),
      restNextProduct: oneMinus(nextProduct),
      restBeta2Power: oneMinus(pow(beta2, step)),
    };
  }

  protected resourceApplyDense(gradient: Tensor, variable: Variable, c: NadamCoefficients): Operation {
    const [m, v] = [this.getSlot(variable, 'm'), this.getSlot(variable, 'v')];
    const corrected = gradient.div(c.restProduct);
    const mT = m.assign(c.beta1.mul(m).add(c.rest1.mul(gradient)));
    const mCorrected = mT.div(c.restNextProduct);
    const vT = v.assign(c.beta2.mul(v).add(c.rest2.mul(square(gradient))));
    const vCorrected = vT.div(c.restBeta2Power);
    const ahead = c.restMomentum.mul(corrected).add(c.nextMomentum.mul(mCorrected));
    const step = c.lrT.mul(ahead).div(sqrt(vCorrected).add(c.epsilon));
    return variable.assign(variable.sub(step)).op;
  }

  /** Averages decay for all rows, since the other rows' gradient is zero, and then take up the given ones. */
  protected resourceApplySparse(
    gradient: Tensor,
    variable: Variable,
    indices: Tensor,
    c: NadamCoefficients,
  ): Operation {
    const average = (name: string, rows: Tensor, beta: Tensor): readonly [Tensor, Tensor] => {
      const slot = this.getSlot(variable, name);
      const decayed = slot.assign(slot.mul(beta));
      return variable.graph.controlDependencies([decayed], () => {
        const all = this.resourceScatterAdd(slot, indices, rows);
        return [all, gather(all, indices)];
      });
    };
    const corrected = gradient.div(c.restProduct);
    const [, mRows] = average('m', gradient.mul(c.rest1), c.beta1);
    const mCorrected = mRows.div(c.restNextProduct);
    const ahead = c.restMomentum.mul(corrected).add(c.nextMomentum.mul(mCorrected));
    const [v, vRows] = average('v', gradient.mul(gradient).mul(c.rest2), c.beta2);
    const divisor = sqrt(vRows.div(c.restBeta2Power)).add(c.epsilon);
    const updated = this.resourceScatterAdd(variable, indices, c.negLrT.mul(ahead).div(divisor));
    return group(updated, ahead, v);
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
