/**
 * Constraints: what weights are projected to after each step of training. Applying them is the optimizers' business.
 */
import type { Tensor } from '../graph/graph.ts';
import * as arithmetic from '../ops/arithmetic.ts';
import { cast } from '../ops/cast.ts';
import { clipByValue } from '../ops/clip.ts';
import { greaterEqual } from '../ops/comparison.ts';
import { gather } from '../ops/gather.ts';
import { reduceSum } from '../ops/reductions.ts';
import { reshape } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { sqrt, square } from '../ops/unary-math.ts';
import { ValueError } from '../util/errors.ts';
import { formatShape, isFullyDefined } from '../util/shape.ts';
import { build, operand } from './backend/operands.ts';
import { epsilon } from './config.ts';
import { callable, type DeserializeArguments, defineKind, makerOf } from './objects.ts';
import type { Config, Serialized } from './serialization.ts';

/** A function that gives weights of the same shape and type. */
export type ConstraintFunction = (w: Tensor) => Tensor;

const ConstraintBase = callable<(w: TensorLike) => Tensor>('call');

/**
 * The base of constraints. A subclass defines `call`, which gives the projected weights. A constraint can be called
 * itself, and does for `tf.getVariable` too.
 *
 *     class NonNegative extends tf.keras.constraints.Constraint { call(w) { return w.maximum(0); } }
 */
export class Constraint extends ConstraintBase {
  static readonly className: string = 'Constraint';

  /** The weights as they are, unless a subclass says otherwise. */
  override call(w: TensorLike): Tensor {
    return operand(w);
  }
  /** The arguments of the constructor. */
  getConfig(): Config {
    return {};
  }
  static fromConfig<T>(this: new (config: never) => T, config: Config): T {
    return new this(config as never);
  }
}

/** The axes over which norms are taken: all but that of the units. */
export type ConstraintAxis = number | readonly number[];

function norms(w: Tensor, axis: ConstraintAxis): Tensor {
  return sqrt(arithmetic.maximum(reduceSum(square(w), axis, true), 0));
}

function scaled(w: Tensor, norm: Tensor, desired: Tensor): Tensor {
  return w.mul(desired.div(arithmetic.add(epsilon(), norm)));
}

export interface MaxNormOptions {
  readonly maxValue?: number;
  readonly axis?: ConstraintAxis;
}

/**
 * Weights whose norm along `axis` (0 without it) is at most `maxValue` (2).
 *
 *     new tf.keras.constraints.MaxNorm(3, {axis: [0, 1, 2]})   // per filter of a Conv2D
 */
export class MaxNorm extends Constraint {
  static override readonly className: string = 'MaxNorm';
  readonly maxValue: number;
  readonly axis: ConstraintAxis;

  constructor(...rest: Rest<[maxValue: number, axis: ConstraintAxis], MaxNormOptions>) {
    super();
    const { maxValue = 2, axis = 0 } = bind<MaxNormOptions>(['maxValue', 'axis'], rest);
    this.maxValue = maxValue;
    this.axis = axis;
  }
  override call(w: TensorLike): Tensor {
    return build([w], () => {
      const value = operand(w);
      const norm = norms(value, this.axis);
      return scaled(value, norm, clipByValue(norm, 0, Math.max(0, this.maxValue)));
    });
  }
  override getConfig(): Config {
    return { maxValue: this.maxValue, axis: this.axis };
  }
}

/**
 * Weights of which the negative ones are set to 0.
 *
 *     new tf.keras.layers.Dense(10, {kernelConstraint: 'nonNeg'})
 */
export class NonNeg extends Constraint {
  static override readonly className: string = 'NonNeg';

  override call(w: TensorLike): Tensor {
    return build([w], () => {
      const value = operand(w);
      return value.mul(cast(greaterEqual(value, 0), value.dtype));
    });
  }
}

export interface UnitNormOptions {
  readonly axis?: ConstraintAxis;
}

/** Weights whose norm along `axis` (0 without it) is 1. `new tf.keras.constraints.UnitNorm({axis: 0})` */
export class UnitNorm extends Constraint {
  static override readonly className: string = 'UnitNorm';
  readonly axis: ConstraintAxis;

  constructor(...rest: Rest<[axis: ConstraintAxis], UnitNormOptions>) {
    super();
    this.axis = bind<UnitNormOptions>(['axis'], rest).axis ?? 0;
  }
  override call(w: TensorLike): Tensor {
    return build([w], () => {
      const value = operand(w);
      return value.div(arithmetic.add(epsilon(), norms(value, this.axis)));
    });
  }
  override getConfig(): Config {
    return { axis: this.axis };
  }
}

export interface MinMaxNormOptions extends MaxNormOptions {
  readonly minValue?: number;
  /** How far the norm is moved to the nearer limit: 1 is all the way. */
  readonly rate?: number;
}

/**
 * Weights whose norm along `axis` (0) is moved, at `rate` (1), into the range from `minValue` (0) to `maxValue` (1).
 *
 *     new tf.keras.constraints.MinMaxNorm({minValue: 0.5, rate: 0.8})
 */
export class MinMaxNorm extends Constraint {
  static override readonly className: string = 'MinMaxNorm';
  readonly minValue: number;
  readonly maxValue: number;
  readonly rate: number;
  readonly axis: ConstraintAxis;

  constructor(
    ...rest: Rest<[minValue: number, maxValue: number, rate: number, axis: ConstraintAxis], MinMaxNormOptions>
  ) {
    super();
    const {
      minValue = 0,
      maxValue = 1,
      rate = 1,
      axis = 0,
    } = bind<MinMaxNormOptions>(['minValue', 'maxValue', 'rate', 'axis'], rest);
    this.minValue = minValue;
    this.maxValue = maxValue;
    this.rate = rate;
    this.axis = axis;
  }
  override call(w: TensorLike): Tensor {
    return build([w], () => {
      const value = operand(w);
      const norm = norms(value, this.axis);
      const within = clipByValue(norm, this.minValue, Math.max(this.minValue, this.maxValue));
      const moved = arithmetic.multiply(this.rate, within).add(arithmetic.multiply(1 - this.rate, norm));
      return scaled(value, norm, moved);
    });
  }
  override getConfig(): Config {
    return { minValue: this.minValue, maxValue: this.maxValue, rate: this.rate, axis: this.axis };
  }
}

/**
 * Kernels of Conv2D, `[rows, columns, inputs, outputs]`, that are the same all around their centre: each ring of a square
 * kernel gets one number of the kernel's diagonal. Throws `ValueError` for another rank, for sizes that are not known, and
 * for kernels that are not square.
 */
export class RadialConstraint extends Constraint {
  static override readonly className: string = 'RadialConstraint';

  override call(w: TensorLike): Tensor {
    return build([w], () => {
      const value = operand(w);
      const { shape } = value;
      if (shape?.length !== 4) {
        throw new ValueError(
          `The weight tensor must have rank 4. Received weight tensor with shape: ${formatShape(shape)}`,
        );
      }
      if (!isFullyDefined(shape) || shape[0] !== shape[1]) {
        throw new ValueError(
          `The weight tensor must have a square kernel of known size. Received weight tensor with shape: ${formatShape(shape)}`,
        );
      }
      const [height, width, channels, kernels] = shape;
      const rows = reshape(value, Int32Array.of(height * width, channels * kernels));
      return reshape(gather(rows, ringSources(height)), Int32Array.from(shape));
    });
  }
}

/** For each place of a square kernel, row by row, the place on the diagonal that it takes its number from. */
function ringSources(size: number): Int32Array {
  const half = Math.floor(size / 2);
  const odd = size % 2;
  return Int32Array.from({ length: size * size }, (_, i) => {
    const [y, x] = [Math.floor(i / size), i % size];
    const inset = Math.min(y, x, size - 1 - y, size - 1 - x);
    const ring = half - inset - (odd ? 0 : 1);
    // The centre takes the number before the middle; the rings of an odd kernel go on from there, those of an even one
    // leave one out.
    const source = ring === 0 ? Math.max(half - 1, 0) : half + ring - odd;
    return source * size + source;
  });
}

/** A constraint `MaxNorm`. `tf.keras.constraints.maxNorm(2)` */
export const maxNorm = makerOf(MaxNorm);
/** A constraint `NonNeg`. `tf.keras.constraints.nonNeg()` */
export const nonNeg = makerOf(NonNeg as new () => NonNeg);
/** A constraint `UnitNorm`. `tf.keras.constraints.unitNorm()` */
export const unitNorm = makerOf(UnitNorm);
/** A constraint `MinMaxNorm`. `tf.keras.constraints.minMaxNorm(0, 1)` */
export const minMaxNorm = makerOf(MinMaxNorm);
/** A `RadialConstraint`. `tf.keras.constraints.radialConstraint()` */
export const radialConstraint = makerOf(RadialConstraint as new () => RadialConstraint);

class FunctionConstraint extends Constraint {
  constructor(private readonly fn: ConstraintFunction) {
    super();
  }
  override call(w: TensorLike): Tensor {
    return this.fn(operand(w));
  }
}

const kind = defineKind<Constraint>({
  noun: 'constraint',
  identifier: 'constraint function',
  wrap: (fn) => new FunctionConstraint(fn as unknown as ConstraintFunction),
  known: [
    ['MaxNorm', MaxNorm],
    ['NonNeg', NonNeg],
    ['UnitNorm', UnitNorm],
    ['MinMaxNorm', MinMaxNorm],
    ['RadialConstraint', RadialConstraint],
    ['max_norm', MaxNorm],
    ['non_neg', NonNeg],
    ['unit_norm', UnitNorm],
    ['min_max_norm', MinMaxNorm],
    ['radial_constraint', RadialConstraint],
    ['maxnorm', MaxNorm],
    ['nonneg', NonNeg],
    ['unitnorm', UnitNorm],
  ],
});

/**
 * The constraint of a name (`'non_neg'`), configuration or class; a function becomes one that calls it; null stays null.
 * Throws `ValueError` for anything else.
 */
export function get(identifier: NonNullable<unknown>): Constraint;
export function get(identifier: unknown): Constraint | null;
export function get(identifier: unknown): Constraint | null {
  return kind.get(identifier);
}

/** The configuration of a constraint, the name of a function, null for null. */
export function serialize(constraint: unknown): Serialized | string | null {
  return kind.serialize(constraint);
}

/** The constraint of a configuration or name. Throws `ValueError` for one that is unknown. */
export function deserialize(config: Serialized | string, options?: DeserializeArguments): Constraint {
  return kind.deserialize(config, options);
}
