/**
 * Learning rates that follow the number of steps, as objects that an optimizer takes for its learning rate and that a
 * configuration can hold. The formulas are those of `src/train/learning-rate-decay.ts`.
 */
import type { Tensor } from '../../graph/graph.ts';
import { cast } from '../../ops/cast.ts';
import { convertToTensor, emitOne, opScope } from '../../ops/emit.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  piecewiseConstant,
  polynomialDecay,
} from '../../train/learning-rate-decay.ts';
import { RuntimeError, ValueError } from '../../util/errors.ts';
import {
  type Config,
  type ConfigurableClass,
  type CustomObjects,
  classNameOf,
  deserializeObject,
  type Serialized,
  serializeObject,
} from '../serialization.ts';

/** What is thrown by a method that a subclass has to have. */
function missing(schedule: LearningRateSchedule, method: string, purpose = ''): RuntimeError {
  const name = classNameOf(schedule.constructor);
  return new RuntimeError(`Learning rate schedule '${name}' must override \`${method}\`${purpose}.`);
}

/**
 * A learning rate that depends on the step. Subclasses say what it is in `call`, and what they were made from in
 * `getConfig` if they are to be saved.
 *
 *     class Halving extends tf.keras.optimizers.schedules.LearningRateSchedule {
 *       call(step) { return tf.div(0.1, step.add(1)); }
 *     }
 *     new tf.keras.optimizers.SGD(new Halving())
 */
export class LearningRateSchedule {
  /** The rate at a step: a scalar tensor of any numeric type, or a number. */
  call(_step: TensorLike): TensorLike {
    throw missing(this, '__call__(self, step)');
  }
  getConfig(): Config {
    throw missing(this, 'get_config()', ' in order to be serializable');
  }
  /** A schedule from what `getConfig` gave. */
  static fromConfig<T>(this: new (config: never) => T, config: Config): T {
    return new this(config as never);
  }
}

/** The arguments of a schedule: by position, or all by keyword as configurations have them. */
function read<O extends object>(names: readonly (keyof O & string)[], given: readonly unknown[]): Partial<O> {
  return bind<O>(names, given);
}

function required<T>(value: T | null | undefined, name: string): T {
  if (value === null || value === undefined) throw new ValueError(`Missing required argument: '${name}'`);
  return value;
}

export interface StepDecayOptions {
  readonly initialLearningRate?: TensorLike;
  /** The number of steps that count as one. */
  readonly decaySteps?: TensorLike;
  readonly decayRate?: TensorLike;
  /** Rounds the number of times `decaySteps` is over down, so that the rate falls in steps. */
  readonly staircase?: boolean;
  /** The name scope of what is built. */
  readonly name?: string | null;
}
type StepDecayRest = Rest<
  [decaySteps: TensorLike, decayRate: TensorLike, staircase: boolean, name: string | null],
  StepDecayOptions
>;

abstract class StepDecay extends LearningRateSchedule {
  readonly initialLearningRate: TensorLike;
  readonly decaySteps: TensorLike;
  readonly decayRate: TensorLike;
  readonly staircase: boolean;
  readonly name: string | null;

  constructor(initialLearningRate: TensorLike | StepDecayOptions, ...rest: StepDecayRest) {
    super();
    const options = read<StepDecayOptions>(
      ['initialLearningRate', 'decaySteps', 'decayRate', 'staircase', 'name'],
      [initialLearningRate, ...rest],
    );
    this.initialLearningRate = required(options.initialLearningRate, 'initial_learning_rate');
    this.decaySteps = required(options.decaySteps, 'decay_steps');
    this.decayRate = required(options.decayRate, 'decay_rate');
    this.staircase = options.staircase ?? false;
    this.name = options.name ?? null;
  }
  override getConfig(): Config {
    const { initialLearningRate, decaySteps, decayRate, staircase, name } = this;
    return { initialLearningRate, decaySteps, decayRate, staircase, name };
  }
}

/**
 * `initialLearningRate * decayRate ^ (step / decaySteps)`.
 *
 *     new tf.keras.optimizers.schedules.ExponentialDecay(0.1, 1000, 0.96, {staircase: true})
 */
export class ExponentialDecay extends StepDecay {
  static readonly className = 'ExponentialDecay';
  override call(step: TensorLike): Tensor {
    const { staircase, name } = this;
    return exponentialDecay(this.initialLearningRate, step, this.decaySteps, this.decayRate, { staircase, name });
  }
}

/**
 * `initialLearningRate / (1 + decayRate * step / decaySteps)`.
 *
 *     new tf.keras.optimizers.schedules.InverseTimeDecay(0.1, 1, 0.5)
 */
export class InverseTimeDecay extends StepDecay {
  static readonly className = 'InverseTimeDecay';
  override call(step: TensorLike): Tensor {
    const { staircase, name } = this;
    return inverseTimeDecay(this.initialLearningRate, step, this.decaySteps, this.decayRate, { staircase, name });
  }
}

export interface PiecewiseConstantDecayOptions {
  readonly boundaries?: readonly TensorLike[];
  readonly values?: readonly TensorLike[];
  readonly name?: string | null;
}

/**
 * `values[i]` up to and with step `boundaries[i]`, the last value after all of them. Throws `ValueError` where there is
 * not one value more than boundaries.
 *
 *     new tf.keras.optimizers.schedules.PiecewiseConstantDecay([100000, 110000], [1.0, 0.5, 0.1])
 */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  static readonly className = 'PiecewiseConstantDecay';
  readonly boundaries: readonly TensorLike[];
  readonly values: readonly TensorLike[];
  readonly name: string | null;

  constructor(
    boundaries: readonly TensorLike[] | PiecewiseConstantDecayOptions,
    ...rest: Rest<[values: readonly TensorLike[], name: string | null], PiecewiseConstantDecayOptions>
  ) {
    super();
    const options = read<PiecewiseConstantDecayOptions>(['boundaries', 'values', 'name'], [boundaries, ...rest]);
    this.boundaries = required(options.boundaries, 'boundaries');
    this.values = required(options.values, 'values');
    this.name = options.name ?? null;
    if (this.boundaries.length !== this.values.length - 1) {
      throw new ValueError(
        `The length of boundaries should be 1 less than the length of values. Received: boundaries=[${this.boundaries.join(', ')}] of length ${this.boundaries.length}, and values=[${this.values.join(', ')}] of length ${this.values.length}.`,
      );
    }
  }
  override call(step: TensorLike): Tensor {
    return opScope(this.name, 'PiecewiseConstant', [step, ...this.boundaries, ...this.values], (scope) => {
      const point = convertToTensor(step);
      const limits = this.boundaries.map((boundary) => cast(boundary, point.dtype));
      return piecewiseConstant(point, limits, this.values, scope);
    });
  }
  override getConfig(): Config {
    const { boundaries, values, name } = this;
    return { boundaries, values, name };
  }
}

export interface PolynomialDecayOptions {
  readonly initialLearningRate?: TensorLike;
  readonly decaySteps?: TensorLike;
  /** What the rate falls to; 0.0001 without it. */
  readonly endLearningRate?: TensorLike;
  /** 1 without it: a straight line. */
  readonly power?: TensorLike;
  /** Starts again, over a multiple of `decaySteps`, when these are over; else the rate stays. */
  readonly cycle?: boolean;
  readonly name?: string | null;
}

/**
 * From `initialLearningRate` to `endLearningRate` in `decaySteps` by a power.
 *
 *     new tf.keras.optimizers.schedules.PolynomialDecay(0.1, 10000, 0.01, 0.5)
 */
export class PolynomialDecay extends LearningRateSchedule {
  static readonly className = 'PolynomialDecay';
  readonly initialLearningRate: TensorLike;
  readonly decaySteps: TensorLike;
  readonly endLearningRate: TensorLike;
  readonly power: TensorLike;
  readonly cycle: boolean;
  readonly name: string | null;

  constructor(
    initialLearningRate: TensorLike | PolynomialDecayOptions,
    ...rest: Rest<
      [decaySteps: TensorLike, endLearningRate: TensorLike, power: TensorLike, cycle: boolean, name: string | null],
      PolynomialDecayOptions
    >
  ) {
    super();
    const options = read<PolynomialDecayOptions>(
      ['initialLearningRate', 'decaySteps', 'endLearningRate', 'power', 'cycle', 'name'],
      [initialLearningRate, ...rest],
    );
    this.initialLearningRate = required(options.initialLearningRate, 'initial_learning_rate');
    this.decaySteps = required(options.decaySteps, 'decay_steps');
    this.endLearningRate = options.endLearningRate ?? 0.0001;
    this.power = options.power ?? 1;
    this.cycle = options.cycle ?? false;
    this.name = options.name ?? null;
  }
  override call(step: TensorLike): Tensor {
    const { endLearningRate, power, cycle, name } = this;
    const options = { endLearningRate, power, cycle, name };
    return polynomialDecay(this.initialLearningRate, step, this.decaySteps, options);
  }
  override getConfig(): Config {
    const { initialLearningRate, decaySteps, endLearningRate, power, cycle, name } = this;
    return { initialLearningRate, decaySteps, endLearningRate, power, cycle, name };
  }
}

export interface CosineDecayOptions {
  readonly initialLearningRate?: TensorLike;
  readonly decaySteps?: TensorLike;
  /** The part of the rate that is left in the end; 0 without it. */
  readonly alpha?: TensorLike;
  readonly name?: string | null;
  /** The rate up to which it first grows, in a straight line; without it there is no such start. */
  readonly warmupTarget?: TensorLike | null;
  readonly warmupSteps?: TensorLike;
}

/**
 * Half a cosine from `initialLearningRate` down to `alpha` of it, in `decaySteps`. With `warmupTarget` the rate first grows
 * to that in `warmupSteps`, and falls from there.
 *
 *     new tf.keras.optimizers.schedules.CosineDecay(0, 1000, {warmupTarget: 0.1, warmupSteps: 100})
 */
export class CosineDecay extends LearningRateSchedule {
  static readonly className = 'CosineDecay';
  readonly initialLearningRate: TensorLike;
  readonly decaySteps: TensorLike;
  readonly alpha: TensorLike;
  readonly name: string | null;
  readonly warmupTarget: TensorLike | null;
  readonly warmupSteps: TensorLike;

  constructor(
    initialLearningRate: TensorLike | CosineDecayOptions,
    ...rest: Rest<
      [
        decaySteps: TensorLike,
        alpha: TensorLike,
        name: string | null,
        warmupTarget: TensorLike | null,
        warmupSteps: TensorLike,
      ],
      CosineDecayOptions
    >
  ) {
    super();
    const options = read<CosineDecayOptions>(
      ['initialLearningRate', 'decaySteps', 'alpha', 'name', 'warmupTarget', 'warmupSteps'],
      [initialLearningRate, ...rest],
    );
    this.initialLearningRate = required(options.initialLearningRate, 'initial_learning_rate');
    this.decaySteps = required(options.decaySteps, 'decay_steps');
    this.alpha = options.alpha ?? 0;
    this.name = options.name ?? null;
    this.warmupTarget = options.warmupTarget ?? null;
    this.warmupSteps = options.warmupSteps ?? 0;
  }
  override call(step: TensorLike): Tensor {
    const { initialLearningRate, decaySteps, alpha, name, warmupTarget } = this;
    if (warmupTarget === null) return cosineDecay(initialLearningRate, step, decaySteps, { alpha, name });
    return opScope(name, 'CosineDecay', [step, initialLearningRate, decaySteps, warmupTarget], () => {
      const start = convertToTensor(initialLearningRate, { name: 'initial_learning_rate' });
      const [target, warmup, now] = [warmupTarget, this.warmupSteps, step].map((value) => cast(value, start.dtype));
      const growing = target.sub(start).mul(now.div(warmup)).add(start);
      // Before the end of the start it counts as step 0; what is chosen then is the other branch.
      const falling = cosineDecay(target, now.sub(warmup).maximum(0), decaySteps, { alpha });
      return emitOne('SelectV2', [now.less(warmup), growing, falling]);
    });
  }
  override getConfig(): Config {
    const { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps } = this;
    return { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps };
  }
}

export interface CosineDecayRestartsOptions {
  readonly initialLearningRate?: TensorLike;
  readonly firstDecaySteps?: TensorLike;
  /** How much longer each period is than the one before; 2 without it. */
  readonly tMul?: TensorLike;
  /** How the rate at each restart relates to that of the one before; 1 without it. */
  readonly mMul?: TensorLike;
  readonly alpha?: TensorLike;
  readonly name?: string | null;
}

/**
 * Cosine decay that starts again and again.
 *
 *     new tf.keras.optimizers.schedules.CosineDecayRestarts(0.1, 1000)
 */
export class CosineDecayRestarts extends LearningRateSchedule {
  static readonly className = 'CosineDecayRestarts';
  readonly initialLearningRate: TensorLike;
  readonly firstDecaySteps: TensorLike;
  readonly tMul: TensorLike;
  readonly mMul: TensorLike;
  readonly alpha: TensorLike;
  readonly name: string | null;

  constructor(
    initialLearningRate: TensorLike | CosineDecayRestartsOptions,
    ...rest: Rest<
      [firstDecaySteps: TensorLike, tMul: TensorLike, mMul: TensorLike, alpha: TensorLike, name: string | null],
      CosineDecayRestartsOptions
    >
  ) {
    super();
    const options = read<CosineDecayRestartsOptions>(
      ['initialLearningRate', 'firstDecaySteps', 'tMul', 'mMul', 'alpha', 'name'],
      [initialLearningRate, ...rest],
    );
    this.initialLearningRate = required(options.initialLearningRate, 'initial_learning_rate');
    this.firstDecaySteps = required(options.firstDecaySteps, 'first_decay_steps');
    this.tMul = options.tMul ?? 2;
    this.mMul = options.mMul ?? 1;
    this.alpha = options.alpha ?? 0;
    this.name = options.name ?? null;
  }
  override call(step: TensorLike): Tensor {
    const { tMul, mMul, alpha, name } = this;
    return cosineDecayRestarts(this.initialLearningRate, step, this.firstDecaySteps, { tMul, mMul, alpha, name });
  }
  override getConfig(): Config {
    const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name } = this;
    return { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name };
  }
}

const CLASSES: ReadonlyMap<string, ConfigurableClass<LearningRateSchedule>> = new Map(
  [ExponentialDecay, PiecewiseConstantDecay, PolynomialDecay, InverseTimeDecay, CosineDecay, CosineDecayRestarts].map(
    (type) => [type.className, type as unknown as ConfigurableClass<LearningRateSchedule>],
  ),
);

/** A schedule as its class's name and its configuration. */
export function serialize(learningRateSchedule: LearningRateSchedule): Serialized {
  return serializeObject(learningRateSchedule);
}

/**
 * The schedule of a configuration. Throws `ValueError` for a class that nobody knows.
 *
 *     tf.keras.optimizers.schedules.deserialize(tf.keras.optimizers.schedules.serialize(schedule))
 */
export function deserialize(
  config: Serialized,
  ...rest: Rest<[customObjects: CustomObjects | null], { readonly customObjects?: CustomObjects | null }>
): LearningRateSchedule {
  const { customObjects } = bind<{ customObjects: CustomObjects | null }>(['customObjects'], rest);
  return deserializeObject(config, CLASSES, { customObjects, kind: 'decay' });
}
