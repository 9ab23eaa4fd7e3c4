/** Host kernels that read and write image files; the formats are in `src/keras/utils/image-codec.ts`. */
import { type Channels, decodeImage, encodePng } from '../../src/keras/utils/image-codec.ts';
import { float32, string, uint8 } from '../../src/util/dtype.ts';
import { InternalError, InvalidArgumentError, UnimplementedError } from '../../src/util/errors.ts';
import { encodeString, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { brackets, integers, invalid } from './elements.ts';
import { encodeJpeg } from './jpeg-encoder.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

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

/** The height, width and channels that a JPEG file tells in the header of its frame; null where there is none. */
function jpegShape(bytes: Uint8Array): number[] | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return [bytes[at + 5] * 256 + bytes[at + 6], bytes[at + 7] * 256 + bytes[at + 8], bytes[at + 9]];
    at += 2 + bytes[at + 2] * 256 + bytes[at + 3];
  }
  return null;
}

/** The longest side that the library which TensorFlow uses can write. */
const LONGEST = 65500;

const encode: HostKernel = ([image], op) => {
  const { shape } = image;
  if (image.rank !== 3) throw invalid(`image must be 3-dimensional${brackets(shape)}`);
  const [height, width, channels] = shape;
  const [format, quality] = [op.attr<string>('format'), op.attr<number>('quality')];
  const wanted = format === 'grayscale' ? 1 : 3;
  if (format !== '' && channels !== wanted) {
    throw invalid(`format ${format} expects ${wanted} channels, got ${brackets(shape)}`);
  }
  if (channels !== 1 && channels !== 3) throw invalid(`image must have 1 or 3 channels, got ${brackets(shape)}`);
  if (quality < 0 || quality > 100) throw invalid(`quality must be in [0,100], got ${quality}`);
  if (image.size === 0 || Math.max(height, width) > LONGEST) throw new InternalError(null, 'JPEG encoding failed');
  const file = encodeJpeg(
    { height, width, channels, data: image.data as Uint8Array },
    {
      quality,
      downsample: op.attr('chroma_downsampling'),
      unit: op.attr('density_unit') === 'cm' ? 2 : 1,
      density: [op.attr('x_density'), op.attr('y_density')],
      xmp: encodeString(op.attr('xmp_metadata')),
    },
  );
  return [new NdArray(string, [], [file])];
};

defineHostKernels({
  EncodeJpeg: encode,
  ExtractJpegShape: ([contents], op) => {
    if (contents.rank !== 0) throw invalid(`contents must be scalar, got shape ${brackets(contents.shape)}`);
    const found = jpegShape((contents.data as Uint8Array[])[0]);
    if (!found) throw invalid(`Invalid JPEG data, size ${(contents.data as Uint8Array[])[0].length}`);
    return [integers(op.outputDType(0), [3], found)];
  },
  DecodePng: ([contents], op) => {
    if (op.outputDType(0) !== uint8) throw new UnimplementedError(null, 'PNG files are read as uint8 only.');
    return [pixelsOf(contents, op.attr('channels'))];
  },
  DecodeBmp: ([contents], op) => [pixelsOf(contents, op.attr('channels'))],
  DecodeImage: ([contents], op) => {
    const dtype = op.outputDType(0);
    const pixels = pixelsOf(contents, op.attr('channels'));
    if (dtype === uint8) return [pixels];
    if (dtype !== float32) throw new UnimplementedError(null, 'Image files are read as uint8 and float32 only.');
    const scale = Math.fround(1 / 255);
    return [
      new NdArray(
        float32,
        pixels.shape,
        Float32Array.from(pixels.data as Uint8Array, (v) => v * scale),
      ),
    ];
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
