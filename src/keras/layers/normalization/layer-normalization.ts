/** Normalization within each example: of axes, of groups of channels, to length 1. */
import type { Tensor } from '../../../graph/graph.ts';
import { cast } from '../../../ops/cast.ts';
import { batchNormalization, l2Normalize, moments, weightedMoments } from '../../../ops/normalization-functions.ts';
import { broadcastTo, reshape, shape as shapeIn } from '../../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../../ops/tensor-like.ts';
import { float16, float32 } from '../../../util/dtype.ts';
import { TypeError, ValueError } from '../../../util/errors.ts';
import { formatTuple } from '../../backend/operands.ts';
import { type CallOptions, Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import { AffineLayer, type AffineOptions, type Axes, axesOption, checkedAxes } from './affine.ts';

export interface LayerNormalizationOptions extends AffineOptions {
  /** The axis along which an example is normalized, or several; the last without it. */
  readonly axis?: Axes;
}

/**
 * Normalizes each example along `axis` to mean 0 and variance 1, then scales and shifts it; the same in training and
 * inference.
 *
 *     const y = new tf.keras.layers.LayerNormalization({axis: [1, 2]}).apply(x);
 */
export class LayerNormalization extends AffineLayer {
  static readonly className: string = 'LayerNormalization';
  axis: Axes;

  constructor(
    ...rest: Rest<[axis: Axes, epsilon: number, center: boolean, scale: boolean], LayerNormalizationOptions>
  ) {
    const options = bind<LayerNormalizationOptions>(['axis', 'epsilon', 'center', 'scale'], rest);
    super(options);
    this.axis = axesOption(options.axis ?? -1);
  }

  override build(inputShape: ShapeNest): void {
    const given = singleShape(inputShape);
    const axes = checkedAxes(this.axis, given);
    this.axis = axes;
    this.addAffineWeights(axes.map((axis) => given[axis]));
    super.build(inputShape);
  }

  override call(inputs: Tensor): Tensor {
    const own = inputs.dtype === this.dtype ? inputs : cast(inputs, this.dtype);
    const x = own.dtype === float16 ? cast(own, float32) : own;
    const given = x.shape as LayerShape;
    const axes = this.axis as readonly number[];
    const last = axes.length === 1 && axes[0] === given.length - 1;
    const target = given.map((length, i) => (axes.includes(i) ? (length as number) : 1));
    const ready = (v: Tensor): Tensor => cast(last ? v : reshape(v, target), x.dtype);
    const [mean, variance] = moments(x, [...axes], { keepdims: true });
    const beta = this.beta && ready(this.beta.value());
    const gamma = this.gamma && ready(this.gamma.value());
    let y: Tensor;
    if (this.affineLast(given.length)) {
      y = batchNormalization(x, mean, variance, null, null, this.epsilon);
      if (gamma) y = y.mul(gamma);
      if (beta) y = y.add(beta);
    } else y = batchNormalization(x, mean, variance, beta, gamma, this.epsilon);
    const result = y.dtype === own.dtype ? y : cast(y, own.dtype);
    result.setShape(given);
    return result;
  }

  /** Where Keras normalizes first and scales then (it can use a fused op there): the rounding is the same. */
  private affineLast(rank: number): boolean {
    const axes = [...(this.axis as readonly number[])].sort((a, b) => a - b);
    const trailing = axes[axes.length - 1] === rank - 1 && axes[0] === rank - axes.length;
    return trailing && this.epsilon >= 1.001e-5 && this.dtype === float32;
  }

  override getConfig(): Config {
    const { head, initializers, rest } = this.affineConfig();
    return { ...super.getConfig(), axis: this.axis, ...head, ...initializers, ...rest };
  }
}

export interface GroupNormalizationOptions extends AffineOptions {
  /** How many groups the channels form: 32 without it, -1 for one of each channel. */
  readonly groups?: number;
  /** The axis of the channels; the last without it. */
  readonly axis?: number;
}

/**
 * Normalizes groups of channels within each example, then scales and shifts each channel. Throws `ValueError` where the
 * channels cannot be divided so.
 *
 *     const y = new tf.keras.layers.GroupNormalization(4).apply(images);
 */
export class GroupNormalization extends AffineLayer {
  static readonly className: string = 'GroupNormalization';
  groups: number;
  readonly axis: number;

  constructor(...rest: Rest<[groups: number, axis: number, epsilon: number], GroupNormalizationOptions>) {
    const options = bind<GroupNormalizationOptions>(['groups', 'axis', 'epsilon'], rest);
    super(options);
    this.groups = options.groups ?? 32;
    this.axis = options.axis ?? -1;
  }

  override build(inputShape: ShapeNest): void {
    const given = singleShape(inputShape);
    const [axis] = checkedAxes(this.axis, given);
    const channels = given[axis];
    if (channels === null) {
      throw new ValueError(
        `Axis ${this.axis} of input tensor should have a defined dimension but the layer received an input with shape ${formatTuple(given)}.`,
      );
    }
    if (this.groups === -1) this.groups = channels;
    if (channels < this.groups) {
      throw new ValueError(
        `Number of groups (${this.groups}) cannot be more than the number of channels (${channels}).`,
      );
    }
    if (channels % this.groups !== 0) {
      throw new ValueError(
        `Number of groups (${this.groups}) must be a multiple of the number of channels (${channels}).`,
      );
    }
    this.inputSpec = { ndim: given.length, axes: new Map([[axis, channels]]) };
    this.addAffineWeights([channels]);
    super.build(inputShape);
  }

  override call(inputs: Tensor, { mask }: CallOptions): Tensor {
    const given = inputs.shape as LayerShape;
    const [axis] = checkedAxes(this.axis, given);
    const split = <T>(lengths: readonly T[], within: number): (T | number)[] => [
      ...lengths.slice(0, axis),
      this.groups,
      within,
      ...lengths.slice(axis + 1),
    ];
    const within = (given[axis] as number) / this.groups;
    const size = shapeIn(inputs);
    const grouped = split<TensorLike>(
      given.map((length, i) => length ?? size.slice(i)),
      within,
    ) as TensorLike;
    const x = reshape(inputs, grouped);
    const axes = Array.from({ length: given.length + 1 }, (_, i) => i).filter((i) => i !== 0 && i !== axis);
    const [mean, variance] = mask
      ? weightedMoments(x, axes, cast(reshape(broadcastTo(mask as Tensor, size), grouped), x.dtype), { keepdims: true })
      : moments(x, axes, { keepdims: true });
    const target = split(
      given.map(() => 1),
      within,
    );
    const gamma = this.gamma && reshape(this.gamma, target);
    const beta = this.beta && reshape(this.beta, target);
    const result = reshape(batchNormalization(x, mean, variance, beta, gamma, this.epsilon), size);
    result.setShape(given);
    return result;
  }

  override getConfig(): Config {
    const { head, initializers, rest } = this.affineConfig();
    return { ...super.getConfig(), groups: this.groups, axis: this.axis, ...head, ...initializers, ...rest };
  }
}

export interface UnitNormalizationOptions extends LayerOptions {
  /** The axis along which the norm is 1, or several; the last without it. */
  readonly axis?: Axes;
}

/**
 * Scales inputs to Euclidean norm 1 along `axis`.
 *
 *     const y = new tf.keras.layers.UnitNormalization().apply(x);
 */
export class UnitNormalization extends Layer {
  static readonly className: string = 'UnitNormalization';
  readonly axis: Axes;

  constructor(...rest: Rest<[axis: Axes], UnitNormalizationOptions>) {
    const options = bind<UnitNormalizationOptions>(['axis'], rest);
    super(options);
    const { axis = -1 } = options;
    if (typeof axis !== 'number' && !Array.isArray(axis)) {
      throw new TypeError(
        `Invalid value for \`axis\` argument: expected an int or a list/tuple of ints. Received: axis=${axis}`,
      );
    }
    this.axis = axis;
    this.supportsMasking = true;
  }

  override build(inputShape: ShapeNest): void {
    checkedAxes(this.axis, singleShape(inputShape));
    super.build(inputShape);
  }
  override call(inputs: Tensor): Tensor {
    const x = inputs.dtype === this.dtype ? inputs : cast(inputs, this.dtype);
    return l2Normalize(x, { axis: this.axis });
  }
  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}
