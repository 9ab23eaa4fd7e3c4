/** Activations that have options or weights: layers of their own. What most of them compute is in `backend/activations.ts`. */
import type { Tensor } from '../../../graph/graph.ts';
import { cast } from '../../../ops/cast.ts';
import { greater } from '../../../ops/comparison.ts';
import { reduceLogsumexp } from '../../../ops/reductions.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { exp } from '../../../ops/unary-math.ts';
import { float16 } from '../../../util/dtype.ts';
import { ValueError } from '../../../util/errors.ts';
import type { Variable } from '../../../variables/variable.ts';
import * as K from '../../backend/activations.ts';
import * as constraints from '../../constraints.ts';
import { type CallOptions, Layer, type LayerOptions } from '../../engine/layer.ts';
import { type ShapeNest, singleShape } from '../../engine/nest.ts';
import * as initializers from '../../initializers.ts';
import * as regularizers from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';
import type { ObjectIdentifier } from '../identifiers.ts';

/** A layer that keeps the shape and the mask. */
abstract class Elementwise extends Layer {
  constructor(options: LayerOptions) {
    super(options);
    this.supportsMasking = true;
  }
  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
}

export interface LeakyReLUOptions extends LayerOptions {
  /** The slope of the negative part; 0.3 without it. */
  readonly alpha?: number;
}

/**
 * `x`, or `alpha * x` where it is negative. Throws `ValueError` for an `alpha` of null.
 *
 *     new tf.keras.layers.LeakyReLU(0.1)
 */
export class LeakyReLU extends Elementwise {
  static readonly className: string = 'LeakyReLU';
  readonly alpha: number;

  constructor(...rest: Rest<[alpha: number], LeakyReLUOptions>) {
    const { alpha = 0.3, ...options } = bind<LeakyReLUOptions>(['alpha'], rest);
    super(options);
    if (alpha === null) {
      throw new ValueError('The alpha value of a Leaky ReLU layer cannot be None, Expecting a float. Received: None');
    }
    this.alpha = alpha;
  }
  override call(inputs: Tensor): Tensor {
    return K.relu(inputs, { alpha: this.alpha });
  }
  override getConfig(): Config {
    return { ...super.getConfig(), alpha: this.alpha };
  }
}

export interface PReLUOptions extends LayerOptions {
  /** Zeros without it. */
  readonly alphaInitializer?: ObjectIdentifier;
  readonly alphaRegularizer?: ObjectIdentifier | null;
  readonly alphaConstraint?: ObjectIdentifier | null;
  /** The axes (counted from 1) along which the slopes are the same. */
  readonly sharedAxes?: number | readonly number[] | null;
}

/**
 * `x`, or `alpha * x` where it is negative, with an `alpha` for each feature that is trained.
 *
 *     new tf.keras.layers.PReLU({sharedAxes: [1, 2]})   // one slope per channel of images
 */
export class PReLU extends Elementwise {
  static readonly className: string = 'PReLU';
  readonly alphaInitializer: initializers.Initializer;
  readonly alphaRegularizer: regularizers.Regularizer | null;
  readonly alphaConstraint: constraints.Constraint | null;
  readonly sharedAxes: readonly number[] | null;
  alpha!: Variable;

  constructor(...rest: Rest<[alphaInitializer: ObjectIdentifier], PReLUOptions>) {
    const options = bind<PReLUOptions>(['alphaInitializer'], rest);
    super(options);
    const { sharedAxes = null } = options;
    this.alphaInitializer = initializers.get(options.alphaInitializer ?? 'zeros');
    this.alphaRegularizer = regularizers.get(options.alphaRegularizer);
    this.alphaConstraint = constraints.get(options.alphaConstraint);
    this.sharedAxes = typeof sharedAxes === 'number' ? [sharedAxes] : sharedAxes;
  }

  override build(inputShape: ShapeNest): void {
    const given = singleShape(inputShape);
    const shared = this.sharedAxes ?? [];
    this.alpha = this.addWeight('alpha', {
      shape: given.slice(1).map((length, i) => (shared.includes(i + 1) ? 1 : length)),
      initializer: this.alphaInitializer,
      regularizer: this.alphaRegularizer,
      constraint: this.alphaConstraint,
    });
    const fixed = shared.length === 0 ? [] : given.map((length, i) => [i, length] as const).slice(1);
    const axes = fixed.filter(([axis]) => !shared.includes(axis)) as (readonly [number, number])[];
    this.inputSpec = { ndim: given.length, axes: new Map(axes) };
    super.build(inputShape);
  }

  override call(inputs: Tensor): Tensor {
    const positive = K.relu(inputs);
    const negative = this.alpha.neg().mul(K.relu(inputs.neg()));
    return positive.add(negative);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      alphaInitializer: initializers.serialize(this.alphaInitializer),
      alphaRegularizer: regularizers.serialize(this.alphaRegularizer),
      alphaConstraint: constraints.serialize(this.alphaConstraint),
      sharedAxes: this.sharedAxes,
    };
  }
}

export interface ELUOptions extends LayerOptions {
  /** The limit of the negative part, without its sign; 1 without it. */
  readonly alpha?: number;
}

/**
 * `x`, or `alpha * (exp(x) - 1)` where it is negative. Throws `ValueError` for an `alpha` of null.
 *
 *     new tf.keras.layers.ELU()
 */
export class ELU extends Elementwise {
  static readonly className: string = 'ELU';
  readonly alpha: number;

  constructor(...rest: Rest<[alpha: number], ELUOptions>) {
    const { alpha = 1, ...options } = bind<ELUOptions>(['alpha'], rest);
    super(options);
    if (alpha === null) throw new ValueError('Alpha of an ELU layer cannot be None, expecting a float. Received: None');
    this.alpha = alpha;
  }
  override call(inputs: Tensor): Tensor {
    return K.elu(inputs, this.alpha);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), alpha: this.alpha };
  }
}

export interface ThresholdedReLUOptions extends LayerOptions {
  /** 1 without it. */
  readonly theta?: number;
}

/**
 * `x` where it is greater than `theta`, else 0. Throws `ValueError` for a `theta` of null or below 0.
 *
 *     new tf.keras.layers.ThresholdedReLU(0.5)
 */
export class ThresholdedReLU extends Elementwise {
  static readonly className: string = 'ThresholdedReLU';
  readonly theta: number;

  constructor(...rest: Rest<[theta: number], ThresholdedReLUOptions>) {
    const { theta = 1, ...options } = bind<ThresholdedReLUOptions>(['theta'], rest);
    super(options);
    if (theta === null) {
      throw new ValueError('Theta of a Thresholded ReLU layer cannot be None, expecting a float. Received: None');
    }
    if (theta < 0) {
      throw new ValueError(`The theta value of a Thresholded ReLU layer should be >=0. Received: ${theta}`);
    }
    this.theta = theta;
  }
  override call(inputs: Tensor): Tensor {
    return inputs.mul(cast(greater(inputs, this.theta), inputs.dtype));
  }
  override getConfig(): Config {
    return { ...super.getConfig(), theta: this.theta };
  }
}

export interface SoftmaxOptions extends LayerOptions {
  /** The axis or axes along which the sum is 1; the last without it. */
  readonly axis?: number | readonly number[];
}

/**
 * Softmax along an axis. Where a mask is given, masked elements get 0.
 *
 *     new tf.keras.layers.Softmax({axis: 1})
 */
export class Softmax extends Elementwise {
  static readonly className: string = 'Softmax';
  readonly axis: number | readonly number[];

  constructor(...rest: Rest<[axis: number | readonly number[]], SoftmaxOptions>) {
    const { axis = -1, ...options } = bind<SoftmaxOptions>(['axis'], rest);
    super(options);
    this.axis = axis;
  }

  override call(inputs: Tensor, { mask }: CallOptions): Tensor {
    let x = inputs;
    if (mask) {
      // Far enough below the others to vanish in the exponential function.
      const low = inputs.dtype === float16 ? -65504 : -1e9;
      x = x.add(
        cast(mask as Tensor, inputs.dtype)
          .neg()
          .add(1)
          .mul(low),
      );
    }
    if (typeof this.axis === 'number') return K.softmax(x, this.axis);
    if (this.axis.length === 1) return K.softmax(x, this.axis[0]);
    return exp(x.sub(reduceLogsumexp(x, this.axis, true)));
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}

export interface ReLUOptions extends LayerOptions {
  /** The greatest value; no limit for null. */
  readonly maxValue?: number | null;
  /** The slope below the threshold. */
  readonly negativeSlope?: number;
  readonly threshold?: number;
}

/**
 * `x` from `threshold` on, at most `maxValue`; below it `negativeSlope * (x - threshold)`. Throws `ValueError` for negative
 * options.
 *
 *     new tf.keras.layers.ReLU(6)
 */
export class ReLU extends Elementwise {
  static readonly className: string = 'ReLU';
  readonly maxValue: number | null;
  readonly negativeSlope: number;
  readonly threshold: number;

  constructor(...rest: Rest<[maxValue: number | null, negativeSlope: number, threshold: number], ReLUOptions>) {
    const options = bind<ReLUOptions>(['maxValue', 'negativeSlope', 'threshold'], rest);
    super(options);
    const { maxValue = null, negativeSlope = 0, threshold = 0 } = options;
    const refuse = (name: string, value: number | null) => {
      throw new ValueError(`${name} of a ReLU layer cannot be a negative value. Received: ${value ?? 'None'}`);
    };
    if (maxValue !== null && maxValue < 0) refuse('max_value', maxValue);
    if (negativeSlope === null || negativeSlope < 0) refuse('negative_slope', negativeSlope);
    if (threshold === null || threshold < 0) refuse('threshold', threshold);
    this.maxValue = maxValue;
    this.negativeSlope = negativeSlope;
    this.threshold = threshold;
  }

  override call(inputs: Tensor): Tensor {
    const { maxValue, negativeSlope: alpha, threshold } = this;
    return K.relu(inputs, { alpha, maxValue, threshold });
  }
  override getConfig(): Config {
    const { maxValue, negativeSlope, threshold } = this;
    return { ...super.getConfig(), maxValue, negativeSlope, threshold };
  }
}
