/**
 * Layers that take the greatest element or the mean of each window. Those of whole inputs are in `global-pooling.ts`.
 */
import type { Tensor } from '../../../graph/graph.ts';
import { avgPool, maxPool } from '../../../ops/pooling.ts';
import { avgPool3d, maxPool3d } from '../../../ops/pooling3d.ts';
import { expandDims, squeeze } from '../../../ops/shaping.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { channelsLast } from '../../backend/images.ts';
import { pool2d } from '../../backend/pooling.ts';
import type { ImageDataFormat } from '../../config.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import {
  dataFormatOf,
  everyAxis,
  opFormat,
  outputLength,
  paddingOf,
  type Sizes,
  sizesOf,
  type WindowPadding,
  withSpatial,
} from '../convolution/geometry.ts';

/** What pooling layers take. */
export interface PoolingOptions extends LayerOptions {
  /** The size of the windows along each spatial axis, or one for all; 2 without it. */
  readonly poolSize?: Sizes;
  /** The distance between windows; their size without it. */
  readonly strides?: Sizes | null;
  /** Whole windows only (`valid`, without it), or windows that reach beyond the edges (`same`). */
  readonly padding?: WindowPadding | null;
  /** Where the channels are; as the settings say without it, but last in layers of sequences. */
  readonly dataFormat?: ImageDataFormat | null;
}

/** The arguments of the pooling layers, by position in Keras's order and by keyword. */
export type PoolingArguments = Rest<
  [poolSize: Sizes, strides: Sizes | null, padding: WindowPadding | null, dataFormat: ImageDataFormat | null],
  PoolingOptions
>;

type PoolMode = 'max' | 'avg';

/** The base of the pooling layers. */
export abstract class Pooling extends Layer {
  readonly rank: number;
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: WindowPadding;
  readonly dataFormat: ImageDataFormat;

  constructor(rank: number, rest: PoolingArguments) {
    const options = bind<PoolingOptions>(['poolSize', 'strides', 'padding', 'dataFormat'], rest);
    super(options);
    const { poolSize = 2, strides, dataFormat } = options;
    this.rank = rank;
    this.poolSize = sizesOf(poolSize, rank, 'pool_size');
    this.strides = sizesOf(strides ?? poolSize, rank, 'strides', true);
    this.padding = paddingOf(options.padding);
    this.dataFormat = dataFormatOf(dataFormat === undefined && rank === 1 ? 'channels_last' : dataFormat);
    this.inputSpec = { ndim: rank + 2 };
  }

  protected abstract get mode(): PoolMode;

  override call(inputs: Tensor): Tensor {
    if (this.rank === 1) return this.poolSequences(inputs);
    return this.rank === 2 ? this.poolImages(inputs) : this.poolVolumes(inputs);
  }

  /** Sequences are images with columns of length 1. */
  private poolSequences(x: Tensor): Tensor {
    const { poolSize, strides, padding, dataFormat, mode } = this;
    const axis = dataFormat === 'channels_last' ? 2 : 3;
    const images = pool2d(expandDims(x, axis), [...poolSize, 1], [...strides, 1], padding, dataFormat, mode);
    return squeeze(images, [axis]);
  }
  private poolImages(x: Tensor): Tensor {
    const { dataFormat: format, mode } = this;
    const pool = mode === 'max' ? maxPool : avgPool;
    const [sizes, strides] = [everyAxis(this.poolSize, format), everyAxis(this.strides, format)];
    return pool(x, sizes, strides, this.padding.toUpperCase(), opFormat(format, 2));
  }
  private poolVolumes(x: Tensor): Tensor {
    const pool = this.mode === 'max' ? maxPool3d : avgPool3d;
    const [sizes, strides] = [everyAxis(this.poolSize, 'channels_last'), everyAxis(this.strides, 'channels_last')];
    return channelsLast(x, this.dataFormat, 5, (volume) => pool(volume, sizes, strides, this.padding.toUpperCase()));
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const { poolSize, padding, strides, dataFormat } = this;
    const length = (given: number | null, i: number) => outputLength(given, poolSize[i], padding, strides[i]);
    return withSpatial(singleShape(inputShape), dataFormat, length);
  }

  override getConfig(): Config {
    const { strides, poolSize, padding, dataFormat } = this;
    const own = this.rank === 1 ? { strides, poolSize, padding } : { poolSize, padding, strides };
    return { ...super.getConfig(), ...own, dataFormat };
  }
}

/**
 * The greatest element of each window of sequences: `[batch, steps, channels]` becomes `[batch, newSteps, channels]`.
 * Throws `ValueError` for sizes that are not positive.
 *
 *     const y = new tf.keras.layers.MaxPooling1D(2).apply(x);   // half as long
 */
export class MaxPooling1D extends Pooling {
  static readonly className: string = 'MaxPooling1D';
  constructor(...rest: PoolingArguments) {
    super(1, rest);
  }
  protected override get mode(): PoolMode {
    return 'max';
  }
}

/**
 * The greatest element of each window of images: `[batch, rows, columns, channels]` becomes `[batch, newRows,
 * newColumns, channels]`. Throws `ValueError` for sizes that are not positive.
 *
 *     const y = new tf.keras.layers.MaxPooling2D([3, 3], {strides: 2, padding: 'same'}).apply(x);
 */
export class MaxPooling2D extends Pooling {
  static readonly className: string = 'MaxPooling2D';
  constructor(...rest: PoolingArguments) {
    super(2, rest);
  }
  protected override get mode(): PoolMode {
    return 'max';
  }
}

/** The greatest element of each window of volumes `[batch, depth, rows, columns, channels]`; see `MaxPooling2D`. */
export class MaxPooling3D extends Pooling {
  static readonly className: string = 'MaxPooling3D';
  constructor(...rest: PoolingArguments) {
    super(3, rest);
  }
  protected override get mode(): PoolMode {
    return 'max';
  }
}

/**
 * The mean of each window of sequences `[batch, steps, channels]`; what is beyond the edges does not count. Throws
 * `ValueError` for sizes that are not positive.
 *
 *     const y = new tf.keras.layers.AveragePooling1D(3, {strides: 1, padding: 'same'}).apply(x);
 */
export class AveragePooling1D extends Pooling {
  static readonly className: string = 'AveragePooling1D';
  constructor(...rest: PoolingArguments) {
    super(1, rest);
  }
  protected override get mode(): PoolMode {
    return 'avg';
  }
}

/**
 * The mean of each window of images `[batch, rows, columns, channels]`; what is beyond the edges does not count. Throws
 * `ValueError` for sizes that are not positive.
 *
 *     const y = new tf.keras.layers.AveragePooling2D(2).apply(x);
 */
export class AveragePooling2D extends Pooling {
  static readonly className: string = 'AveragePooling2D';
  constructor(...rest: PoolingArguments) {
    super(2, rest);
  }
  protected override get mode(): PoolMode {
    return 'avg';
  }
}

/** The mean of each window of volumes `[batch, depth, rows, columns, channels]`; see `AveragePooling2D`. */
export class AveragePooling3D extends Pooling {
  static readonly className: string = 'AveragePooling3D';
  constructor(...rest: PoolingArguments) {
    super(3, rest);
  }
  protected override get mode(): PoolMode {
    return 'avg';
  }
}

/** Another name of `MaxPooling1D`. */
export const MaxPool1D = MaxPooling1D;
/** Another name of `MaxPooling2D`. */
export const MaxPool2D = MaxPooling2D;
/** Another name of `MaxPooling3D`. */
export const MaxPool3D = MaxPooling3D;
/** Another name of `AveragePooling1D`. */
export const AvgPool1D = AveragePooling1D;
/** Another name of `AveragePooling2D`. */
export const AvgPool2D = AveragePooling2D;
/** Another name of `AveragePooling3D`. */
export const AvgPool3D = AveragePooling3D;
