/** `loadImage` and `saveImage`: one image file. Decoding and encoding are `image-codec.ts`'s, resizing `resize.ts`'s job. */
import { readFileSync, writeFileSync } from 'node:fs';
import { encode as encodeJpegFile } from 'jpeg-js';
import type { ArrayValue } from '../../util/array-convert.ts';
import { uint8 } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import type { ImageDataFormat } from '../config.ts';
import { arrayToImage, PixelImage } from './image.ts';
import { decodeImage, type Pixels } from './image-codec.ts';
import type { ColorMode } from './image-dataset-node.ts';
import { resizeImage, smartResize } from './resize.ts';

export interface LoadImageOptions {
  /** `'rgb'` without it. */
  readonly colorMode?: ColorMode;
  /** The size to resize to; the file's own where it is null. */
  readonly targetSize?: readonly [height: number, width: number] | null;
  /** `'nearest'` without it; or `'bilinear'` or `'bicubic'`, which round to whole numbers. */
  readonly interpolation?: 'nearest' | 'bilinear' | 'bicubic';
  /** Whether the image is cropped rather than distorted. */
  readonly keepAspectRatio?: boolean;
}

/**
 * The image in a file, JPEG, PNG or BMP, or in its bytes. Resizing is TensorFlow's; Keras uses Pillow's, which smooths
 * when it makes an image smaller. Throws `ValueError` for an unknown color mode or interpolation. Node only.
 *
 *     const x = tf.keras.utils.imageToArray(loadImage('cat.jpg', {targetSize: [224, 224]}));
 */
export function loadImage(path: string | URL | Uint8Array, options: LoadImageOptions = {}): PixelImage {
  const { colorMode = 'rgb', targetSize = null, interpolation = 'nearest', keepAspectRatio = false } = options;
  if (colorMode !== 'grayscale' && colorMode !== 'rgb' && colorMode !== 'rgba') {
    throw new ValueError('color_mode must be "grayscale", "rgb", or "rgba"');
  }
  if (!(typeof path === 'string' || path instanceof URL || path instanceof Uint8Array)) {
    throw new TypeError(`path should be path-like or io.BytesIO, not ${typeof path}`);
  }
  const file = decodeImage(path instanceof Uint8Array ? path : readFileSync(path), 0);
  const [height, width, channels] = file.shape;
  const image = new PixelImage(width, height, channels, file.data as Uint8Array);
  const colored = withChannels(image, colorMode === 'grayscale' ? 1 : colorMode === 'rgb' ? 3 : 4);
  if (!targetSize || (targetSize[0] === height && targetSize[1] === width)) return colored;
  if (interpolation !== 'nearest' && interpolation !== 'bilinear' && interpolation !== 'bicubic') {
    throw new ValueError(
      `Invalid interpolation method ${interpolation} specified. Supported methods are nearest, bilinear, bicubic`,
    );
  }
  const array = arrayOf(colored);
  const resized = (keepAspectRatio ? smartResize : resizeImage)(array, targetSize, interpolation);
  const bytes = Uint8ClampedArray.from(resized.data as Float32Array);
  return new PixelImage(targetSize[1], targetSize[0], colored.channels, new Uint8Array(bytes.buffer));
}

function arrayOf(image: Pixels): NdArray {
  return new NdArray(uint8, [image.height, image.width, image.channels], image.data);
}

/** Other channels by Pillow's rules: gray is 0.299 red + 0.587 green + 0.114 blue, rounded; alpha is dropped or full. */
function withChannels(image: PixelImage, channels: number): PixelImage {
  if (image.channels === channels) return image;
  const { width, height, data } = image;
  const stored = image.channels;
  const result = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const at = i * stored;
    const red = data[at];
    const [green, blue] = stored >= 3 ? [data[at + 1], data[at + 2]] : [red, red];
    if (channels === 1) result[i] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
    else result.set([red, green, blue], i * channels);
    if (channels === 4) result[4 * i + 3] = stored === 2 ? data[at + 1] : 255;
  }
  return new PixelImage(width, height, channels, result);
}

export interface SaveImageOptions {
  readonly dataFormat?: ImageDataFormat | null;
  /** `'png'`, `'jpg'` or `'jpeg'`; told by the path's ending without it. */
  readonly fileFormat?: string | null;
  /** Whether values are spread over 0 … 255 first; true without it. */
  readonly scale?: boolean;
  /** 1 … 100, for JPEG; 75 without it. */
  readonly quality?: number;
}

/**
 * Writes an array as a PNG or JPEG file; JPEG loses the alpha channel. Throws `ValueError` for other formats. Node only.
 *
 *     saveImage('out.png', pixels)
 */
export function saveImage(path: string, x: ArrayValue, options: SaveImageOptions = {}): void {
  const image = arrayToImage(x, { dataFormat: options.dataFormat ?? null, scale: options.scale ?? true });
  const format = (options.fileFormat ?? /\.([^.\\/]*)$/.exec(path)?.[1] ?? '').toLowerCase();
  if (format === 'png') writeFileSync(path, image.toPng());
  else if (format === 'jpg' || format === 'jpeg') {
    const { width, height, data } = withChannels(image, 4);
    writeFileSync(path, encodeJpegFile({ width, height, data }, options.quality ?? 75).data);
  } else throw new ValueError(`unknown file extension: ${format}. Images are written as PNG or JPEG.`);
}
