/**
 * Average and maximum pooling along one, two and three axes, and their functions. The windows are the ops' business.
 */
import type { Tensor } from '../graph/graph.ts';
import { InputSpec } from '../keras/engine/input-spec.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../keras/engine/nest.ts';
import { emitOne } from '../ops/emit.ts';
import { avgPool, maxPool } from '../ops/pooling.ts';
import { expandDims, squeeze } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { ValueError } from '../util/errors.ts';
import { callOnce, Layer, type LayerOptions } from './layer.ts';
import {
  type DataFormat,
  everyAxis,
  layoutOf,
  opFormat,
  type PaddingOption,
  paddingName,
  type Sizes,
  sizes,
  slidLength,
} from './window-options.ts';

export interface PoolingOptions extends LayerOptions {
  /** The window: one number for all spatial axes, or one for each. */
  readonly poolSize?: Sizes;
  readonly strides?: Sizes;
  readonly padding?: PaddingOption;
  readonly dataFormat?: DataFormat | (string & {}) | null;
}
export type PoolingArguments = Rest<
  [poolSize: Sizes, strides: Sizes, padding: PaddingOption, dataFormat: string | null, name: string | null],
  PoolingOptions
>;

const POOLING = ['poolSize', 'strides', 'padding', 'dataFormat', 'name'] as const;

type Kind = 'MaxPool' | 'AvgPool';

/** What the pooling layers share. */
abstract class Pooling extends Layer {
  readonly #kind: Kind;
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: string;
  readonly dataFormat: DataFormat;

  constructor(kind: Kind, spatial: number, rest: readonly unknown[]) {
    const options = bind<PoolingOptions>(POOLING, rest);
    if (options.strides == null) throw new ValueError('Argument `strides` must not be None.');
    super(options);
    this.#kind = kind;
    this.poolSize = sizes(options.poolSize, spatial, 'pool_size');
    this.strides = sizes(options.strides, spatial, 'strides', 0);
    this.padding = paddingName(options.padding ?? 'valid');
    this.dataFormat = layoutOf(options.dataFormat);
    this.inputSpec = new InputSpec({ ndim: spatial + 2 });
  }

  override call(inputs: Tensor): Tensor {
    const spatial = this.poolSize.length;
    if (spatial === 1) {
      const axis = this.dataFormat === 'channels_last' ? 2 : 3;
      const image = expandDims(inputs, axis);
      return squeeze(this.pool(image, [...this.poolSize, 1], [...this.strides, 1]), [axis]);
    }
    return this.pool(inputs, this.poolSize, this.strides);
  }

  private pool(x: Tensor, poolSize: readonly number[], strides: readonly number[]): Tensor {
    const [window, steps] = [everyAxis(poolSize, this.dataFormat), everyAxis(strides, this.dataFormat)];
    const padding = this.padding.toUpperCase() as 'SAME' | 'VALID';
    const dataFormat = opFormat(this.dataFormat, window.length);
    if (window.length === 4)
      return (this.#kind === 'MaxPool' ? maxPool : avgPool)(x, window, steps, padding, { dataFormat });
    return emitOne(`${this.#kind}3D`, [x], { ksize: window, strides: steps, padding, data_format: dataFormat });
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const given = singleShape(inputShape);
    const start = this.dataFormat === 'channels_last' ? 1 : 2;
    return given.map((length, axis) => {
      const i = axis - start;
      if (i < 0 || i >= this.poolSize.length) return length;
      return slidLength(length, this.poolSize[i], this.padding, this.strides[i]);
    });
  }
}

/**
 * The mean of each window of sequences, `[batch, steps, channels]` or with the channels first. Throws `ValueError` for
 * inputs of another rank, and without strides.
 *
 *     const y = new tf.layers.AveragePooling1D(2, 2, {padding: 'same'}).apply(x);
 */
export class AveragePooling1D extends Pooling {
  static readonly className: string = 'AveragePooling1D';

  constructor(...rest: PoolingArguments) {
    super('AvgPool', 1, rest);
  }
}

/**
 * The mean of each window of images, `[batch, height, width, channels]` or with the channels first. Throws `ValueError` for
 * inputs of another rank, and without strides.
 *
 *     const y = new tf.layers.AveragePooling2D(2, 2, {padding: 'same'}).apply(x);
 */
export class AveragePooling2D extends Pooling {
  static readonly className: string = 'AveragePooling2D';

  constructor(...rest: PoolingArguments) {
    super('AvgPool', 2, rest);
  }
}

/**
 * The mean of each window of volumes, `[batch, depth, height, width, channels]` or with the channels first. Throws `ValueError` for
 * inputs of another rank, and without strides.
 *
 *     const y = new tf.layers.AveragePooling3D(2, 2, {padding: 'same'}).apply(x);
 */
export class AveragePooling3D extends Pooling {
  static readonly className: string = 'AveragePooling3D';

  constructor(...rest: PoolingArguments) {
    super('AvgPool', 3, rest);
  }
}

/**
 * The greatest element of each window of sequences, `[batch, steps, channels]` or with the channels first. Throws `ValueError` for
 * inputs of another rank, and without strides.
 *
 *     const y = new tf.layers.MaxPooling1D(2, 2, {padding: 'same'}).apply(x);
 */
export class MaxPooling1D extends Pooling {
  static readonly className: string = 'MaxPooling1D';

  constructor(...rest: PoolingArguments) {
    super('MaxPool', 1, rest);
  }
}

/**
 * The greatest element of each window of images, `[batch, height, width, channels]` or with the channels first. Throws `ValueError` for
 * inputs of another rank, and without strides.
 *
 *     const y = new tf.layers.MaxPooling2D(2, 2, {padding: 'same'}).apply(x);
 */
export class MaxPooling2D extends Pooling {
  static readonly className: string = 'MaxPooling2D';

  constructor(...rest: PoolingArguments) {
    super('MaxPool', 2, rest);
  }
}

/**
 * The greatest element of each window of volumes, `[batch, depth, height, width, channels]` or with the channels first. Throws `ValueError` for
 * inputs of another rank, and without strides.
 *
 *     const y = new tf.layers.MaxPooling3D(2, 2, {padding: 'same'}).apply(x);
 */
export class MaxPooling3D extends Pooling {
  static readonly className: string = 'MaxPooling3D';

  constructor(...rest: PoolingArguments) {
    super('MaxPool', 3, rest);
  }
}

export interface PoolingFunctionOptions extends PoolingOptions {
  readonly inputs?: TensorLike;
}
export type PoolingFunctionArguments = Rest<
  [
    inputs: TensorLike,
    poolSize: Sizes,
    strides: Sizes,
    padding: PaddingOption,
    dataFormat: string | null,
    name: string | null,
  ],
  PoolingFunctionOptions
>;

function pooled(rest: PoolingFunctionArguments, make: (options: PoolingOptions) => Layer): Tensor {
  const { inputs, ...options } = bind<PoolingFunctionOptions>(['inputs', ...POOLING], rest);
  return callOnce(inputs, options, (all) => make({ ...all, _scope: null }));
}

/**
 * `AveragePooling1D`, made and called at once.
 *
 *     tf.layers.averagePooling1d(x, 2, 2)
 */
export function averagePooling1d(...rest: PoolingFunctionArguments): Tensor {
  return pooled(rest, (options) => new AveragePooling1D(options));
}

/**
 * `AveragePooling2D`, made and called at once.
 *
 *     tf.layers.averagePooling2d(x, [2, 2], 2)
 */
export function averagePooling2d(...rest: PoolingFunctionArguments): Tensor {
  return pooled(rest, (options) => new AveragePooling2D(options));
}

/**
 * `AveragePooling3D`, made and called at once.
 *
 *     tf.layers.averagePooling3d(x, 2, 2, 'same')
 */
export function averagePooling3d(...rest: PoolingFunctionArguments): Tensor {
  return pooled(rest, (options) => new AveragePooling3D(options));
}

/**
 * `MaxPooling1D`, made and called at once.
 *
 *     tf.layers.maxPooling1d(x, 2, 2)
 */
export function maxPooling1d(...rest: PoolingFunctionArguments): Tensor {
  return pooled(rest, (options) => new MaxPooling1D(options));
}

/**
 * `MaxPooling2D`, made and called at once.
 *
 *     tf.layers.maxPooling2d(x, [2, 2], 2)
 */
export function maxPooling2d(...rest: PoolingFunctionArguments): Tensor {
  return pooled(rest, (options) => new MaxPooling2D(options));
}

/**
 * `MaxPooling3D`, made and called at once.
 *
 *     tf.layers.maxPooling3d(x, 2, 2, 'same')
 */
export function maxPooling3d(...rest: PoolingFunctionArguments): Tensor {
  return pooled(rest, (options) => new MaxPooling3D(options));
}
