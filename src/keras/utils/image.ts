/**
 * `arrayToImage` and `imageToArray`: arrays as pixels and back, in memory. Files are `image-node.ts`'s, decoding their
 * bytes is `image-codec.ts`'s job.
 */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import { asDType, type DTypeLike } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { formatShape } from '../../util/shape.ts';
import { transposeArray } from '../../util/strided.ts';
import { floatx, type ImageDataFormat, imageDataFormat } from '../config.ts';
import { encodePng, type Pixels } from './image-codec.ts';
import { astype } from './rows.ts';

/** An image in memory: bytes row by row, the channels of a pixel together. */
export class PixelImage implements Pixels {
  constructor(
    readonly width: number,
    readonly height: number,
    /** 1 (gray), 3 (RGB) or 4 (RGBA). */
    readonly channels: number,
    readonly data: Uint8Array,
  ) {}

  /** The image as a PNG file. */
  toPng(): Uint8Array {
    return encodePng(this);
  }
}

export interface ArrayToImageOptions {
  /** The setting `imageDataFormat()` without it. */
  readonly dataFormat?: ImageDataFormat | null;
  /** Whether values are spread over 0 … 255 first; true without it. */
  readonly scale?: boolean;
  /** The type that the scaling is done in; `floatx()` without it. */
  readonly dtype?: DTypeLike | null;
}

/**
 * An array of rank 3 as an image of 1, 3 or 4 channels. Fractions are cut off; values outside 0 … 255 wrap around, as
 * NumPy's do. Throws `ValueError` for another rank or number of channels.
 *
 *     const png = tf.keras.utils.arrayToImage(pixels).toPng();
 */
export function arrayToImage(
  x: ArrayValue,
  ...rest: Rest<[dataFormat: ImageDataFormat | null, scale: boolean, dtype: DTypeLike], ArrayToImageOptions>
): PixelImage {
  const options = bind<ArrayToImageOptions>(['dataFormat', 'scale', 'dtype'], rest);
  const dataFormat = options.dataFormat ?? imageDataFormat();
  const given = astype(toNdArray(x), asDType(options.dtype ?? floatx()));
  if (given.rank !== 3) {
    throw new ValueError(
      `Expected image array to have rank 3 (single image). Got array with shape: ${formatShape(given.shape)}`,
    );
  }
  if (dataFormat !== 'channels_first' && dataFormat !== 'channels_last') {
    throw new ValueError(`Invalid data_format: ${dataFormat}`);
  }
  const array = dataFormat === 'channels_first' ? transposeArray(given, [1, 2, 0]) : given;
  const [height, width, channels] = array.shape;
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new ValueError(`Unsupported channel number: ${channels}`);
  // Typed arrays of one kind throughout, whatever its name here: each step rounds to the type, as NumPy's steps do.
  let values = array.data as Float32Array;
  if ((options.scale ?? true) && values.length > 0) {
    const lowest = values.reduce((a, b) => Math.min(a, b));
    values = values.map((v) => v - lowest);
    const highest = values.reduce((a, b) => Math.max(a, b));
    if (highest !== 0) values = values.map((v) => v / highest);
    values = values.map((v) => v * 255);
  }
  return new PixelImage(width, height, channels, Uint8Array.from(values));
}

export interface ImageToArrayOptions {
  /** The setting `imageDataFormat()` without it. */
  readonly dataFormat?: ImageDataFormat | null;
  /** `floatx()` without it. */
  readonly dtype?: DTypeLike | null;
}

/**
 * The pixels as an array of rank 3.
 *
 *     tf.keras.utils.imageToArray(tf.keras.utils.loadImage('cat.png')) // float32 [height, width, 3]
 */
export function imageToArray(
  image: Pixels,
  ...rest: Rest<[dataFormat: ImageDataFormat | null, dtype: DTypeLike], ImageToArrayOptions>
): NdArray {
  const options = bind<ImageToArrayOptions>(['dataFormat', 'dtype'], rest);
  const dataFormat = options.dataFormat ?? imageDataFormat();
  if (dataFormat !== 'channels_first' && dataFormat !== 'channels_last') {
    throw new ValueError(`Unknown data_format: ${dataFormat}`);
  }
  const bytes = new NdArray(asDType('uint8'), [image.height, image.width, image.channels], image.data);
  const array = astype(bytes, asDType(options.dtype ?? floatx()));
  return dataFormat === 'channels_first' ? transposeArray(array, [2, 0, 1]) : array;
}
