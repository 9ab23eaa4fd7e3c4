/**
 * Layers that make sequences, images and volumes larger without weights. Those with weights are transposed
 * convolutions.
 */
import type { Tensor } from '../../../graph/graph.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { ValueError } from '../../../util/errors.ts';
import { repeatElements } from '../../backend/shaping.ts';
import { resizeImages, resizeVolumes } from '../../backend/spatial.ts';
import type { ImageDataFormat } from '../../config.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import { dataFormatOf, type Sizes, sizesOf, withSpatial } from '../convolution/geometry.ts';

function enlarged(shape: ShapeNest, format: ImageDataFormat, factors: readonly number[]): LayerShape {
  return withSpatial(singleShape(shape), format, (length, i) => (length === null ? null : length * factors[i]));
}

export interface UpSampling1DOptions extends LayerOptions {
  /** How many times each step is repeated; 2 without it. */
  readonly size?: number;
}

/**
 * Sequences `[batch, steps, channels]` with each step `size` times in a row.
 *
 *     const y = new tf.keras.layers.UpSampling1D(3).apply(x);
 */
export class UpSampling1D extends Layer {
  static readonly className: string = 'UpSampling1D';
  readonly size: number;

  constructor(...rest: Rest<[size: number], UpSampling1DOptions>) {
    const options = bind<UpSampling1DOptions>(['size'], rest);
    super(options);
    this.size = Math.trunc(options.size ?? 2);
    this.inputSpec = { ndim: 3 };
  }

  override call(inputs: Tensor): Tensor {
    return repeatElements(inputs, this.size, 1);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return enlarged(inputShape, 'channels_last', [this.size]);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), size: this.size };
  }
}

/** How new pixels come about. Of these, `nearest` and `bilinear` are available. */
export type Interpolation =
  | 'nearest'
  | 'bilinear'
  | 'bicubic'
  | 'area'
  | 'lanczos3'
  | 'lanczos5'
  | 'gaussian'
  | 'mitchellcubic';

const INTERPOLATIONS: readonly Interpolation[] = [
  'bilinear',
  'nearest',
  'bicubic',
  'area',
  'lanczos3',
  'lanczos5',
  'gaussian',
  'mitchellcubic',
];

function interpolationOf(given: string | undefined): Interpolation {
  const name = (given ?? 'nearest').toLowerCase();
  const found = INTERPOLATIONS.find((item) => item === name);
  if (found) return found;
  const names = INTERPOLATIONS.map((item) => `'${item}'`).join(', ');
  throw new ValueError(
    `Value not recognized for \`interpolation\`: ${name}. Supported values are: dict_keys([${names}])`,
  );
}

export interface UpSampling2DOptions extends LayerOptions {
  /** How many times as many rows and columns, or one number for both; 2 without it. */
  readonly size?: Sizes;
  /** Where the channels are; as the settings say without it. */
  readonly dataFormat?: ImageDataFormat | null;
  /** Pixels repeated (`nearest`, without it) or interpolated (`bilinear`). */
  readonly interpolation?: Interpolation;
}

/**
 * Images `[batch, rows, columns, channels]` with `size` times as many rows and columns. Throws `ValueError` for sizes
 * that are not positive, and for interpolations other than `nearest` and `bilinear`.
 *
 *     const y = new tf.keras.layers.UpSampling2D([2, 3], {interpolation: 'bilinear'}).apply(x);
 */
export class UpSampling2D extends Layer {
  static readonly className: string = 'UpSampling2D';
  readonly size: readonly number[];
  readonly dataFormat: ImageDataFormat;
  readonly interpolation: Interpolation;

  constructor(
    ...rest: Rest<[size: Sizes, dataFormat: ImageDataFormat | null, interpolation: Interpolation], UpSampling2DOptions>
  ) {
    const options = bind<UpSampling2DOptions>(['size', 'dataFormat', 'interpolation'], rest);
    super(options);
    this.dataFormat = dataFormatOf(options.dataFormat);
    this.size = sizesOf(options.size ?? 2, 2, 'size');
    this.interpolation = interpolationOf(options.interpolation);
    this.inputSpec = { ndim: 4 };
  }

  override call(inputs: Tensor): Tensor {
    const [height, width] = this.size;
    return resizeImages(inputs, height, width, this.dataFormat, this.interpolation);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return enlarged(inputShape, this.dataFormat, this.size);
  }
  override getConfig(): Config {
    const { size, dataFormat, interpolation } = this;
    return { ...super.getConfig(), size, dataFormat, interpolation };
  }
}

export interface UpSampling3DOptions extends LayerOptions {
  /** How many times as much depth, rows and columns, or one number for all; 2 without it. */
  readonly size?: Sizes;
  /** Where the channels are; as the settings say without it. */
  readonly dataFormat?: ImageDataFormat | null;
}

/**
 * Volumes `[batch, depth, rows, columns, channels]` with each element repeated along the spatial axes. Throws
 * `ValueError` for sizes that are not positive.
 *
 *     const y = new tf.keras.layers.UpSampling3D([1, 2, 2]).apply(x);
 */
export class UpSampling3D extends Layer {
  static readonly className: string = 'UpSampling3D';
  readonly size: readonly number[];
  readonly dataFormat: ImageDataFormat;

  constructor(...rest: Rest<[size: Sizes, dataFormat: ImageDataFormat | null], UpSampling3DOptions>) {
    const options = bind<UpSampling3DOptions>(['size', 'dataFormat'], rest);
    super(options);
    this.dataFormat = dataFormatOf(options.dataFormat);
    this.size = sizesOf(options.size ?? 2, 3, 'size');
    this.inputSpec = { ndim: 5 };
  }

  override call(inputs: Tensor): Tensor {
    const [depth, height, width] = this.size;
    return resizeVolumes(inputs, depth, height, width, this.dataFormat);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return enlarged(inputShape, this.dataFormat, this.size);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), size: this.size, dataFormat: this.dataFormat };
  }
}
