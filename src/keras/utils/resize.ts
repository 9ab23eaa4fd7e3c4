/**
 * Resizing one image as `tf.image.resize` does without antialiasing, and `smartResize`. It serves the loading of images
 * before there is a graph; inside a graph it is `tf.image.resize`'s job.
 */
import { float32 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { NdArray, type NumericData } from '../../util/ndarray.ts';
import { formatShape } from '../../util/shape.ts';

export type Interpolation =
  | 'bilinear'
  | 'nearest'
  | 'bicubic'
  | 'area'
  | 'lanczos3'
  | 'lanczos5'
  | 'gaussian'
  | 'mitchellcubic';

/** What an output element is made of, along one axis: input positions and their weights. */
interface Taps {
  readonly from: readonly number[];
  readonly weights: readonly number[];
}

type TapsOf = (output: number, inputSize: number, scale: number) => Taps;

const f = Math.fround;

const METHODS: Readonly<Record<Interpolation, TapsOf>> = {
  bilinear(output, inputSize, scale) {
    const at = f(f((output + 0.5) * scale) - 0.5);
    const floor = Math.floor(at);
    const share = at - floor;
    return { from: [Math.max(floor, 0), Math.min(Math.ceil(at), inputSize - 1)], weights: [1 - share, share] };
  },
  nearest(output, inputSize, scale) {
    return { from: [Math.min(Math.floor(f((output + 0.5) * scale)), inputSize - 1)], weights: [1] };
  },
  bicubic: cubicTaps,
  area(output, inputSize, scale) {
    const [start, end] = [f(output * scale), f((output + 1) * scale)];
    const from: number[] = [];
    const weights: number[] = [];
    for (let i = Math.floor(start); i < end; i++) {
      from.push(Math.min(i, inputSize - 1));
      weights.push((Math.min(i + 1, end) - Math.max(i, start)) / scale);
    }
    return { from, weights };
  },
  lanczos3: sampled(3, lanczos(3)),
  lanczos5: sampled(5, lanczos(5)),
  gaussian: sampled(1.5, (x) => (x >= 1.5 ? 0 : Math.exp(-2 * x * x))),
  mitchellcubic: sampled(2, (x) => {
    if (x >= 2) return 0;
    if (x >= 1) return (((-7 / 18) * x + 2) * x - 10 / 3) * x + 16 / 9;
    return ((7 / 6) * x - 2) * x * x + 8 / 9;
  }),
};

/** Keys's cubic with a = -0.5, its argument rounded to 1/1024 as TensorFlow's table has it; taps outside count nothing. */
function cubicTaps(output: number, inputSize: number, scale: number): Taps {
  const at = f(f((output + 0.5) * scale) - 0.5);
  const floor = Math.floor(at);
  const x = Math.round((at - floor) * 1024) / 1024;
  const near = (t: number): number => (1.5 * t - 2.5) * t * t + 1;
  const far = (t: number): number => ((-0.5 * t + 2.5) * t - 4) * t + 2;
  const taps = [far(x + 1), near(x), near(1 - x), far(2 - x)].map((weight, i) => ({ i: floor - 1 + i, weight }));
  return normalized(taps.filter(({ i }) => i >= 0 && i < inputSize));
}

function lanczos(radius: number): (x: number) => number {
  return (x) => {
    if (x > radius) return 0;
    if (x <= 1e-3) return 1;
    return (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * Math.PI * x * x);
  };
}

/** Taps of a kernel that is sampled at the distance of the pixels' centers. */
function sampled(radius: number, kernel: (distance: number) => number): TapsOf {
  return (output, inputSize, scale) => {
    const at = f((output + 0.5) * scale);
    const first = Math.max(Math.ceil(at - radius - 0.5), 0);
    const last = Math.min(Math.floor(at + radius - 0.5), inputSize - 1);
    const taps: { i: number; weight: number }[] = [];
    for (let i = first; i <= last; i++) taps.push({ i, weight: kernel(Math.abs(i + 0.5 - at)) });
    return normalized(taps);
  };
}

function normalized(taps: readonly { i: number; weight: number }[]): Taps {
  const total = taps.reduce((sum, { weight }) => sum + weight, 0);
  return { from: taps.map(({ i }) => i), weights: taps.map(({ weight }) => weight / total) };
}

/** The method of that name, in any case. Throws `ValueError` for others. */
export function interpolationOf(name: string): Interpolation {
  const lower = name.toLowerCase();
  if (!Object.hasOwn(METHODS, lower)) {
    const known = Object.keys(METHODS).map((key) => `'${key}'`);
    throw new ValueError(
      `Value not recognized for \`interpolation\`: ${lower}. Supported values are: dict_keys([${known.join(', ')}])`,
    );
  }
  return lower as Interpolation;
}

/**
 * An image of shape `[height, width, channels]` in another size: float32, or of its own type for `'nearest'`.
 *
 *     resizeImage(image, [224, 224])
 */
export function resizeImage(
  image: NdArray,
  size: readonly [height: number, width: number],
  interpolation: Interpolation = 'bilinear',
): NdArray {
  const [height, width, channels] = imageShape(image);
  const [outHeight, outWidth] = size;
  const rowTaps = tapsOfAxis(interpolation, height, outHeight);
  const columnTaps = tapsOfAxis(interpolation, width, outWidth);
  const source = image.data as NumericData;
  const shape = [outHeight, outWidth, channels];
  const result = NdArray.zeros(interpolation === 'nearest' ? image.dtype : float32, shape);
  const target = result.data as NumericData;

  let at = 0;
  for (const rows of rowTaps) {
    for (const columns of columnTaps) {
      for (let c = 0; c < channels; c++, at++) {
        if (interpolation === 'nearest') {
          target[at] = source[(rows.from[0] * width + columns.from[0]) * channels + c];
          continue;
        }
        let sum = 0;
        for (let y = 0; y < rows.from.length; y++) {
          const line = rows.from[y] * width;
          let lineSum = 0;
          for (let x = 0; x < columns.from.length; x++) {
            lineSum += columns.weights[x] * Number(source[(line + columns.from[x]) * channels + c]);
          }
          sum += rows.weights[y] * lineSum;
        }
        target[at] = sum;
      }
    }
  }
  return result;
}

function tapsOfAxis(interpolation: Interpolation, inputSize: number, outputSize: number): Taps[] {
  const scale = f(inputSize / outputSize);
  return Array.from({ length: outputSize }, (_, i) => METHODS[interpolation](i, inputSize, scale));
}

function imageShape(image: NdArray): readonly [height: number, width: number, channels: number] {
  if (image.rank !== 3) {
    throw new ValueError(
      `Expected an image array with shape \`(height, width, channels)\`, or \`(batch_size, height, width, channels)\`, but got input with incorrect rank, of shape ${formatShape(image.shape)}.`,
    );
  }
  return image.shape as readonly number[] as readonly [number, number, number];
}

/**
 * Resizes without distortion: of the image the largest part in the middle that has the new size's proportions.
 *
 *     smartResize(image, [200, 200]) // of 340 × 500 pixels the 340 × 340 in the middle
 */
export function smartResize(
  image: NdArray,
  size: readonly [height: number, width: number],
  interpolation: Interpolation = 'bilinear',
): NdArray {
  if (size.length !== 2) throw new ValueError(`Expected \`size\` to be a tuple of 2 integers, but got: ${size}.`);
  const [height, width, channels] = imageShape(image);
  const [outHeight, outWidth] = size;
  const cropHeight = Math.min(height, Math.trunc(f((width * outHeight) / outWidth)));
  const cropWidth = Math.min(width, Math.trunc(f((height * outWidth) / outHeight)));
  const top = (height - cropHeight) >> 1;
  const left = (width - cropWidth) >> 1;
  const cropped = NdArray.zeros(image.dtype, [cropHeight, cropWidth, channels]);
  for (let y = 0; y < cropHeight; y++) {
    const start = ((top + y) * width + left) * channels;
    const line = (image.data as Uint8Array).subarray(start, start + cropWidth * channels);
    (cropped.data as Uint8Array).set(line, y * cropWidth * channels);
  }
  return resizeImage(cropped, size, interpolation);
}
