/** Layers that put zeros around sequences, images and volumes. Those that take away are in `cropping.ts`. */
import type { Tensor } from '../../../graph/graph.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { spatial2dPadding, spatial3dPadding, temporalPadding } from '../../backend/spatial.ts';
import type { ImageDataFormat } from '../../config.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import { dataFormatOf, type Sizes, sizesOf } from '../convolution/geometry.ts';
import { type Margin, type Margins, marginsOf, withMargins } from './margins.ts';

export interface ZeroPadding1DOptions extends LayerOptions {
  /** How many steps before and after, or one number for both; 1 without it. */
  readonly padding?: Sizes;
}

/**
 * Zeros before the first and after the last step of sequences `[batch, steps, channels]`. Throws `ValueError` for
 * negative numbers.
 *
 *     const y = new tf.keras.layers.ZeroPadding1D([2, 0]).apply(x);
 */
export class ZeroPadding1D extends Layer {
  static readonly className: string = 'ZeroPadding1D';
  readonly padding: Margin;

  constructor(...rest: Rest<[padding: Sizes], ZeroPadding1DOptions>) {
    const options = bind<ZeroPadding1DOptions>(['padding'], rest);
    super(options);
    this.padding = sizesOf(options.padding ?? 1, 2, 'padding', true) as Margin;
    this.inputSpec = { ndim: 3 };
  }

  override call(inputs: Tensor): Tensor {
    return temporalPadding(inputs, { padding: this.padding });
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return withMargins(singleShape(inputShape), [this.padding], 1, 1);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), padding: this.padding };
  }
}

export interface ZeroPaddingOptions extends LayerOptions {
  /**
   * How many on all sides; for each spatial axis how many on both sides; or for each how many before and after. 1
   * without it.
   */
  readonly padding?: Margins;
  /** Where the channels are; as the settings say without it. */
  readonly dataFormat?: ImageDataFormat | null;
}

type ZeroPaddingArguments = Rest<[padding: Margins, dataFormat: ImageDataFormat | null], ZeroPaddingOptions>;

/**
 * Zeros around images `[batch, rows, columns, channels]`. Throws `ValueError` for negative numbers and lists of
 * another length.
 *
 *     const y = new tf.keras.layers.ZeroPadding2D([[1, 0], [2, 2]]).apply(x);
 */
export class ZeroPadding2D extends Layer {
  static readonly className: string = 'ZeroPadding2D';
  readonly padding: readonly [Margin, Margin];
  readonly dataFormat: ImageDataFormat;

  constructor(...rest: ZeroPaddingArguments) {
    const options = bind<ZeroPaddingOptions>(['padding', 'dataFormat'], rest);
    super(options);
    this.dataFormat = dataFormatOf(options.dataFormat);
    const forms =
      'a tuple of 2 ints (symmetric_height_pad, symmetric_width_pad), or a tuple of 2 tuples of 2 ints ((top_pad, bottom_pad), (left_pad, right_pad))';
    const padding = marginsOf(options.padding === undefined ? 1 : options.padding, 2, { name: 'padding', forms });
    this.padding = padding as readonly [Margin, Margin];
    this.inputSpec = { ndim: 4 };
  }

  override call(inputs: Tensor): Tensor {
    return spatial2dPadding(inputs, this.padding, this.dataFormat);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return withMargins(singleShape(inputShape), this.padding, this.dataFormat === 'channels_first' ? 2 : 1, 1);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), padding: this.padding, dataFormat: this.dataFormat };
  }
}

/**
 * Zeros around volumes `[batch, depth, rows, columns, channels]`. Throws as `ZeroPadding2D` does.
 *
 *     const y = new tf.keras.layers.ZeroPadding3D([[0, 1], [1, 1], [2, 0]]).apply(x);
 */
export class ZeroPadding3D extends Layer {
  static readonly className: string = 'ZeroPadding3D';
  readonly padding: readonly [Margin, Margin, Margin];
  readonly dataFormat: ImageDataFormat;

  constructor(...rest: ZeroPaddingArguments) {
    const options = bind<ZeroPaddingOptions>(['padding', 'dataFormat'], rest);
    super(options);
    this.dataFormat = dataFormatOf(options.dataFormat);
    const forms =
      'a tuple of 3 ints (symmetric_dim1_pad, symmetric_dim2_pad, symmetric_dim3_pad), or a tuple of 3 tuples of 2 ints ((left_dim1_pad, right_dim1_pad), (left_dim2_pad, right_dim2_pad), (left_dim3_pad, right_dim2_pad))';
    const padding = marginsOf(options.padding === undefined ? 1 : options.padding, 3, { name: 'padding', forms });
    this.padding = padding as readonly [Margin, Margin, Margin];
    this.inputSpec = { ndim: 5 };
  }

  override call(inputs: Tensor): Tensor {
    return spatial3dPadding(inputs, this.padding, this.dataFormat);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return withMargins(singleShape(inputShape), this.padding, this.dataFormat === 'channels_first' ? 2 : 1, 1);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), padding: this.padding, dataFormat: this.dataFormat };
  }
}
