/**
 * Layers that make one number of each channel: its greatest element or its mean. Those by windows are in
 * `pooling.ts`.
 */
import type { Tensor } from '../../../graph/graph.ts';
import { cast } from '../../../ops/cast.ts';
import { reduceSum } from '../../../ops/reductions.ts';
import { expandDims } from '../../../ops/shaping.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { ValueError } from '../../../util/errors.ts';
import { max, mean, sum } from '../../backend/reductions.ts';
import type { ImageDataFormat } from '../../config.ts';
import { type CallOptions, Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type MaskNest, type ShapeNest, singleShape, type TensorNest } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import { dataFormatOf } from '../convolution/geometry.ts';

/** What global pooling layers take. */
export interface GlobalPoolingOptions extends LayerOptions {
  /** Where the channels are; as the settings say without it, but last in layers of sequences. */
  readonly dataFormat?: ImageDataFormat | null;
  /** Whether the spatial axes stay, with length 1. */
  readonly keepdims?: boolean;
}

/** The arguments of the global pooling layers, by position in Keras's order and by keyword. */
export type GlobalPoolingArguments = Rest<
  [dataFormat: ImageDataFormat | null, keepdims: boolean],
  GlobalPoolingOptions
>;

/** The base of the global pooling layers. */
export abstract class GlobalPooling extends Layer {
  readonly rank: number;
  readonly dataFormat: ImageDataFormat;
  readonly keepdims: boolean;

  constructor(rank: number, rest: GlobalPoolingArguments) {
    const options = bind<GlobalPoolingOptions>(['dataFormat', 'keepdims'], rest);
    super(options);
    const { dataFormat } = options;
    this.rank = rank;
    this.dataFormat = dataFormatOf(dataFormat === undefined && rank === 1 ? 'channels_last' : dataFormat);
    this.keepdims = options.keepdims ?? false;
    this.inputSpec = { ndim: rank + 2 };
  }

  /** The axes that are pooled. */
  protected get axes(): readonly number[] {
    const first = this.dataFormat === 'channels_last' ? 1 : 2;
    return Array.from({ length: this.rank }, (_, i) => first + i);
  }

  override build(inputShape: ShapeNest): void {
    const shape = singleShape(inputShape);
    const empty = this.axes.find((axis) => shape[axis] === 0);
    if (empty !== undefined) {
      const listed = shape.map((length) => length ?? 'None').join(', ');
      throw new ValueError(`Incorrect input shape [${listed}] with dimension 0 at reduction axis ${empty}.`);
    }
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const shape = singleShape(inputShape);
    const { axes } = this;
    if (this.keepdims) return shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
    return shape.filter((_, axis) => !axes.includes(axis));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), dataFormat: this.dataFormat, keepdims: this.keepdims };
  }
}

abstract class GlobalMaxPooling extends GlobalPooling {
  override call(inputs: Tensor): Tensor {
    return max(inputs, this.axes, this.keepdims);
  }
}

abstract class GlobalAveragePooling extends GlobalPooling {
  override call(inputs: Tensor, _options: CallOptions = {}): Tensor {
    return mean(inputs, this.axes, this.keepdims);
  }
}

/**
 * The greatest element of each channel of sequences: `[batch, steps, channels]` becomes `[batch, channels]`.
 *
 *     const y = new tf.keras.layers.GlobalMaxPooling1D().apply(x);
 */
export class GlobalMaxPooling1D extends GlobalMaxPooling {
  static readonly className: string = 'GlobalMaxPooling1D';
  constructor(...rest: GlobalPoolingArguments) {
    super(1, rest);
  }
}

/**
 * The greatest element of each channel of images: `[batch, rows, columns, channels]` becomes `[batch, channels]`.
 *
 *     const y = new tf.keras.layers.GlobalMaxPooling2D({keepdims: true}).apply(x);   // [batch, 1, 1, channels]
 */
export class GlobalMaxPooling2D extends GlobalMaxPooling {
  static readonly className: string = 'GlobalMaxPooling2D';
  constructor(...rest: GlobalPoolingArguments) {
    super(2, rest);
  }
}

/**
 * The greatest element of each channel of volumes: `[batch, depth, rows, columns, channels]` becomes `[batch,
 * channels]`.
 */
export class GlobalMaxPooling3D extends GlobalMaxPooling {
  static readonly className: string = 'GlobalMaxPooling3D';
  constructor(...rest: GlobalPoolingArguments) {
    super(3, rest);
  }
}

/**
 * The mean of each channel of sequences: `[batch, steps, channels]` becomes `[batch, channels]`. Steps that the mask
 * leaves out do not count.
 *
 *     const y = new tf.keras.layers.GlobalAveragePooling1D().apply(x);
 */
export class GlobalAveragePooling1D extends GlobalAveragePooling {
  static readonly className: string = 'GlobalAveragePooling1D';
  constructor(...rest: GlobalPoolingArguments) {
    super(1, rest);
    this.supportsMasking = true;
  }

  override call(inputs: Tensor, options: CallOptions = {}): Tensor {
    const mask = options.mask as Tensor | null | undefined;
    if (!mask) return super.call(inputs);
    const { axes, keepdims } = this;
    const counts = expandDims(cast(mask, inputs.dtype), this.dataFormat === 'channels_last' ? 2 : 1);
    return sum(inputs.mul(counts), axes, keepdims).div(reduceSum(counts, axes, keepdims));
  }
  override computeMask(_inputs: TensorNest, _mask: MaskNest = null): MaskNest {
    return null;
  }
}

/**
 * The mean of each channel of images: `[batch, rows, columns, channels]` becomes `[batch, channels]`.
 *
 *     const y = new tf.keras.layers.GlobalAveragePooling2D().apply(x);
 */
export class GlobalAveragePooling2D extends GlobalAveragePooling {
  static readonly className: string = 'GlobalAveragePooling2D';
  constructor(...rest: GlobalPoolingArguments) {
    super(2, rest);
  }
}

/** The mean of each channel of volumes: `[batch, depth, rows, columns, channels]` becomes `[batch, channels]`. */
export class GlobalAveragePooling3D extends GlobalAveragePooling {
  static readonly className: string = 'GlobalAveragePooling3D';
  constructor(...rest: GlobalPoolingArguments) {
    super(3, rest);
  }
}

/** Another name of `GlobalMaxPooling1D`. */
export const GlobalMaxPool1D = GlobalMaxPooling1D;
/** Another name of `GlobalMaxPooling2D`. */
export const GlobalMaxPool2D = GlobalMaxPooling2D;
/** Another name of `GlobalMaxPooling3D`. */
export const GlobalMaxPool3D = GlobalMaxPooling3D;
/** Another name of `GlobalAveragePooling1D`. */
export const GlobalAvgPool1D = GlobalAveragePooling1D;
/** Another name of `GlobalAveragePooling2D`. */
export const GlobalAvgPool2D = GlobalAveragePooling2D;
/** Another name of `GlobalAveragePooling3D`. */
export const GlobalAvgPool3D = GlobalAveragePooling3D;
