/** Host kernels that read and write image files; the formats are in `src/keras/utils/image-codec.ts`. */
import { type Channels, decodeImage, encodePng } from '../../src/keras/utils/image-codec.ts';
import { string, uint8 } from '../../src/util/dtype.ts';
import { InvalidArgumentError, UnimplementedError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { invalid } from './elements.ts';
import { defineHostKernels } from './registry.ts';

const UNKNOWN = 'Unknown image file format.';

function pixelsOf(contents: NdArray, channels: number): NdArray {
  if (contents.rank !== 0) throw invalid(`\`contents\` must be scalar but got shape[${contents.shape}]`);
  if (![0, 1, 3, 4].includes(channels)) throw invalid(`channels must be 0, 1, 3 or 4 but got ${channels}`);
  try {
    return decodeImage((contents.data as Uint8Array[])[0], channels as Channels);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError) || !error.message.includes(UNKNOWN)) throw error;
    throw invalid(`${UNKNOWN} One of JPEG, JPEG XL, PNG, GIF, BMP, WebP required.`);
  }
}

defineHostKernels({
  DecodePng: ([contents], op) => {
    if (op.outputDType(0) !== uint8) throw new UnimplementedError(null, 'PNG files are read as uint8 only.');
    return [pixelsOf(contents, op.attr('channels'))];
  },
  DecodeJpeg: ([contents], op) => {
    const ratio = op.attr<number>('ratio');
    if (ratio !== 1) throw new UnimplementedError(null, `JPEG files are read with ratio 1 only, got ${ratio}.`);
    return [pixelsOf(contents, op.attr('channels'))];
  },
  EncodePng: ([images]) => {
    if (images.dtype !== uint8) throw new UnimplementedError(null, 'PNG files are written of uint8 only.');
    if (images.rank < 3) throw invalid(`images must have at least rank 3, got shape [${images.shape}]`);
    const [height, width, channels] = images.shape.slice(-3);
    if (!(channels >= 1 && channels <= 4)) throw invalid(`image must have 1, 2, 3, or 4 channels, has ${channels}`);
    const outer = images.shape.slice(0, -3);
    const size = height * width * channels;
    const files = Array.from({ length: sizeOf(outer) }, (_, i) =>
      encodePng({ height, width, channels, data: (images.data as Uint8Array).slice(i * size, (i + 1) * size) }),
    );
    return [new NdArray(string, outer, files)];
  },
});
