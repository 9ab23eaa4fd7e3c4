/**
 * `imageDatasetFromDirectory`: folders of image files as batches of pixels. Finding the files is `directory-node.ts`'s,
 * decoding `image-codec.ts`'s, resizing `resize.ts`'s job.
 */
import { readFileSync } from 'node:fs';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { transposeArray } from '../../util/strided.ts';
import { checkDataFormat, type ImageDataFormat } from '../config.ts';
import { type DirectoryOptions, type DirectoryResult, datasetFromDirectory } from './directory-node.ts';
import { type Channels, decodeImage } from './image-codec.ts';
import { type Interpolation, interpolationOf, resizeImage, smartResize } from './resize.ts';

export type ColorMode = 'grayscale' | 'rgb' | 'rgba';

export interface ImageDatasetOptions extends DirectoryOptions {
  /** `'rgb'` without it. */
  readonly colorMode?: ColorMode;
  /** What all images are resized to; 256 by 256 without it. */
  readonly imageSize?: readonly [height: number, width: number];
  /** `'bilinear'` without it. `'nearest'` keeps the pixels' type, uint8. */
  readonly interpolation?: Interpolation;
  /** Whether images are cropped rather than distorted. */
  readonly cropToAspectRatio?: boolean;
  /** The setting `imageDataFormat()` without it. */
  readonly dataFormat?: ImageDataFormat | null;
}

const EXTENSIONS = ['.bmp', '.gif', '.jpeg', '.jpg', '.png'];

/**
 * Batches `[images, labels]` of the images in a directory: float32 of 0 … 255 and shape `[batch, height, width,
 * channels]`, and labels as `labelMode` says; without labels the images alone. Files are listed at once and read when
 * their batch is asked for. `classNames` and `filePaths` of the result tell what was found. JPEG, PNG and BMP are read;
 * a GIF is listed, as in Keras, and fails with `UnimplementedError` when it is read. Throws `ValueError`, in Keras's words, for
 * arguments that do not fit the directory. Node only.
 *
 *     const train = imageDatasetFromDirectory('photos', {imageSize: [64, 64], seed: 1, validationSplit: 0.2, subset: 'training'});
 *     await model.fitDataset(train, {epochs: 5});
 */
export function imageDatasetFromDirectory<const O extends ImageDatasetOptions = Record<never, never>>(
  directory: string,
  options?: O,
): DirectoryResult<O> {
  const given: ImageDatasetOptions = options ?? {};
  const { imageSize = [256, 256], cropToAspectRatio = false } = given;
  const channels = channelsOf(given.colorMode ?? 'rgb');
  const interpolation = interpolationOf(given.interpolation ?? 'bilinear');
  const dataFormat = checkDataFormat(given.dataFormat);
  const resize = cropToAspectRatio ? smartResize : resizeImage;
  const read = (path: string): NdArray => {
    const image = resize(decodeImage(readFileSync(path), channels), imageSize, interpolation);
    return dataFormat === 'channels_first' ? transposeArray(image, [2, 0, 1]) : image;
  };
  const kind = {
    plural: 'images',
    singular: 'image',
    extensions: EXTENSIONS,
    allowed: `Allowed formats: (${EXTENSIONS.map((extension) => `'${extension}'`).join(', ')})`,
    read,
  };
  return datasetFromDirectory(directory, kind, given) as DirectoryResult<O>;
}

/** The number of channels of a color mode. */
export function channelsOf(colorMode: string): Channels {
  switch (colorMode) {
    case 'rgb':
      return 3;
    case 'rgba':
      return 4;
    case 'grayscale':
      return 1;
  }
  throw new ValueError(`\`color_mode\` must be one of {"rgb", "rgba", "grayscale"}. Received: color_mode=${colorMode}`);
}
