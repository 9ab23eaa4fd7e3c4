/** Layers that cut off the edges of sequences, images and volumes. Those that add to them are in `zero-padding.ts`. */
import type { Tensor } from '../../../graph/graph.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { ValueError } from '../../../util/errors.ts';
import { formatTuple } from '../../backend/operands.ts';
import type { ImageDataFormat } from '../../config.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import { dataFormatOf, type Sizes, sizesOf } from '../convolution/geometry.ts';
import { type Margin, type Margins, marginsOf, withMargins } from './margins.ts';

/** What is left within the margins, where `first` is the first axis that has them. */
function cropped(x: Tensor, margins: readonly Margin[], first: number): Tensor {
  const windows = margins.map(([before, after]) => (after === 0 ? { start: before } : { start: before, stop: -after }));
  const all = (count: number) => Array.from({ length: count }, () => ({}));
  return x.slice(...all(first), ...windows, ...all((x.shape?.length ?? 0) - first - margins.length));
}

/** Whether nothing of known length would be left along an axis. */
function cropsAll({ shape }: Tensor, margins: readonly Margin[], first: number): boolean {
  return margins.some(([before, after], i) => {
    const length = shape?.[first + i] ?? null;
    return length !== null && before + after >= length;
  });
}

export interface Cropping1DOptions extends LayerOptions {
  /** How many steps at the beginning and at the end, or one number for both; 1 without it. */
  readonly cropping?: Sizes;
}

/**
 * Sequences `[batch, steps, channels]` without their first and last steps. Throws `ValueError` where no step is left.
 *
 *     const y = new tf.keras.layers.Cropping1D([2, 1]).apply(x);
 */
export class Cropping1D extends Layer {
  static readonly className: string = 'Cropping1D';
  readonly cropping: Margin;

  constructor(...rest: Rest<[cropping: Sizes], Cropping1DOptions>) {
    const options = bind<Cropping1DOptions>(['cropping'], rest);
    super(options);
    this.cropping = sizesOf(options.cropping ?? 1, 2, 'cropping', true) as Margin;
    this.inputSpec = { ndim: 3 };
  }

  override call(inputs: Tensor): Tensor {
    if (cropsAll(inputs, [this.cropping], 1)) {
      throw new ValueError(
        `cropping parameter of Cropping layer must be greater than the input shape. Received: inputs.shape=${formatTuple(inputs.shape ?? [])}, and cropping=${formatTuple(this.cropping)}`,
      );
    }
    return cropped(inputs, [this.cropping], 1);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return withMargins(singleShape(inputShape), [this.cropping], 1, -1);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), cropping: this.cropping };
  }
}

export interface CroppingOptions extends LayerOptions {
  /** How many on all sides; for each spatial axis how many on both sides; or for each how many before and after. */
  readonly cropping?: Margins;
  /** Where the channels are; as the settings say without it. */
  readonly dataFormat?: ImageDataFormat | null;
}

type CroppingArguments = Rest<[cropping: Margins, dataFormat: ImageDataFormat | null], CroppingOptions>;

/**
 * Images `[batch, rows, columns, channels]` without their edges. Throws `ValueError` where nothing is left.
 *
 *     const y = new tf.keras.layers.Cropping2D([[2, 2], [4, 4]]).apply(x);
 */
export class Cropping2D extends Layer {
  static readonly className: string = 'Cropping2D';
  readonly cropping: readonly Margin[];
  readonly dataFormat: ImageDataFormat;

  constructor(...rest: CroppingArguments) {
    const options = bind<CroppingOptions>(['cropping', 'dataFormat'], rest);
    super(options);
    this.dataFormat = dataFormatOf(options.dataFormat);
    const forms =
      'a tuple of 2 ints (symmetric_height_crop, symmetric_width_crop), or a tuple of 2 tuples of 2 ints ((top_crop, bottom_crop), (left_crop, right_crop))';
    const { cropping } = options;
    this.cropping = marginsOf(cropping === undefined ? 0 : cropping, 2, { name: 'cropping', forms });
    this.inputSpec = { ndim: 4 };
  }

  override call(inputs: Tensor): Tensor {
    const first = this.dataFormat === 'channels_first' ? 2 : 1;
    if (cropsAll(inputs, this.cropping, first)) {
      throw new ValueError(
        `Argument \`cropping\` must be greater than the input shape. Received: inputs.shape=${formatTuple(inputs.shape ?? [])}, and cropping=${formatTuple(this.cropping)}`,
      );
    }
    return cropped(inputs, this.cropping, first);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return withMargins(singleShape(inputShape), this.cropping, this.dataFormat === 'channels_first' ? 2 : 1, -1);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), cropping: this.cropping, dataFormat: this.dataFormat };
  }
}

/**
 * Volumes `[batch, depth, rows, columns, channels]` without their edges, one on each side without `cropping`.
 *
 *     const y = new tf.keras.layers.Cropping3D([1, 2, 2]).apply(x);
 */
export class Cropping3D extends Layer {
  static readonly className: string = 'Cropping3D';
  readonly cropping: readonly Margin[];
  readonly dataFormat: ImageDataFormat;

  constructor(...rest: CroppingArguments) {
    const options = bind<CroppingOptions>(['cropping', 'dataFormat'], rest);
    super(options);
    this.dataFormat = dataFormatOf(options.dataFormat);
    const forms =
      'a tuple of 3 ints (symmetric_dim1_crop, symmetric_dim2_crop, symmetric_dim3_crop), or a tuple of 3 tuples of 2 ints ((left_dim1_crop, right_dim1_crop), (left_dim2_crop, right_dim2_crop), (left_dim3_crop, right_dim2_crop))';
    const { cropping } = options;
    this.cropping = marginsOf(cropping === undefined ? 1 : cropping, 3, { name: 'cropping', forms });
    this.inputSpec = { ndim: 5 };
  }

  override call(inputs: Tensor): Tensor {
    return cropped(inputs, this.cropping, this.dataFormat === 'channels_first' ? 2 : 1);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return withMargins(singleShape(inputShape), this.cropping, this.dataFormat === 'channels_first' ? 2 : 1, -1);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), cropping: this.cropping, dataFormat: this.dataFormat };
  }
}
