/**
 * Host kernels of projective transforms of images. Every step is in single precision, whatever the type of the images, as
 * TensorFlow computes it.
 */
import type { DType } from '../../src/util/dtype.ts';
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { brackets, invalid, rounded } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

const { fround } = Math;

/** Brings a coordinate into an axis of some length; what stays outside gets the fill value. */
type Mapping = (at: number, length: number) => number;

const clamp = (at: number, length: number) => Math.max(0, Math.min(length - 1, at));

const mappings = new Map<string, Mapping>([
  ['CONSTANT', (at) => at],
  ['NEAREST', clamp],
  [
    // dcba|abcd|dcba
    'REFLECT',
    (at, length) => {
      const period = 2 * length;
      let x = at;
      if (x < 0 && length > 1) {
        x = fround(period * Math.trunc(fround(-x / period)) + x);
        x = x < -length ? fround(x + period) : fround(-x - 1);
      } else if (x > length - 1 && length > 1) {
        x = fround(x - period * Math.trunc(fround(x / period)));
        if (x >= length) x = fround(fround(period - x) - 1);
      }
      return clamp(x, length);
    },
  ],
  [
    // abcd|abcd|abcd
    'WRAP',
    (at, length) => {
      let x = at;
      if (x < 0 && length > 1) x = fround(x + length * (Math.trunc(fround(-x / (length - 1))) + 1));
      else if (x > length - 1 && length > 1) x = fround(x - length * Math.trunc(fround(x / (length - 1))));
      return clamp(x, length);
    },
  ],
]);

/** Away from zero between two integers, as C++ rounds. */
const roundAway = (x: number) => (x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5));

function checkInputs(images: NdArray, transforms: NdArray, size: NdArray, fill: NdArray | undefined): void {
  if (images.rank !== 4) throw invalid('Input images must have rank 4');
  const [count, length] = transforms.shape;
  if (transforms.rank !== 2 || (count !== images.shape[0] && count !== 1) || length !== 8) {
    throw invalid('Input transform should be num_images x 8 or 1 x 8');
  }
  if (size.rank !== 1) throw invalid(`output shape must be 1-dimensional${brackets(size.shape)}`);
  if (size.size !== 2) throw invalid(`output shape must have two elements${brackets(size.shape)}`);
  if ((size.data as Int32Array).some((extent) => extent <= 0)) throw invalid('output dimensions must be positive');
  if (fill && fill.rank !== 0) throw invalid(`fill_value must be a scalar${brackets(fill.shape)}`);
}

/** Where a pixel of the output lies in the image: [y, x], or null for a point at infinity. */
function source(t: Float32Array, x: number, y: number): readonly [number, number] | null {
  const sum = (a: number, b: number, c: number) => fround(fround(fround(a * x) + fround(b * y)) + c);
  const projection = sum(t[6], t[7], 1);
  if (projection === 0) return null;
  return [fround(sum(t[3], t[4], t[5]) / projection), fround(sum(t[0], t[1], t[2]) / projection)];
}

/** A store that converts from float32 as C++ does: integers are cut off and wrap. */
function storeInto(dtype: DType, out: Data): (at: number, value: number) => void {
  if (dtype.isBigInt) {
    const ints = out as BigInt64Array;
    return (at, value) => {
      ints[at] = Number.isFinite(value) ? BigInt(Math.trunc(value)) : -(2n ** 63n);
    };
  }
  const numbers = out as Float64Array;
  if (dtype.isFloating) {
    return (at, value) => {
      numbers[at] = value;
    };
  }
  return (at, value) => {
    numbers[at] = Math.trunc(value);
  };
}

const transform: HostKernel = ([images, transforms, size, fill], op) => {
  const [interpolation, mode] = [op.attr<string>('interpolation'), op.attr<string>('fill_mode')];
  const map = mappings.get(mode);
  // TensorFlow logs these two, and goes on with memory that is not set.
  if (interpolation !== 'NEAREST' && interpolation !== 'BILINEAR') {
    throw invalid(`Invalid interpolation ${interpolation}. Supported types: NEAREST, BILINEAR`);
  }
  if (!map) throw invalid(`Invalid mode ${mode}. Supported types: REFLECT, WRAP, CONSTANT, NEAREST`);
  checkInputs(images, transforms, size, fill);
  const { dtype } = images;
  const [batch, height, width, channels] = images.shape;
  const [rows, columns] = size.data as Int32Array;
  const shape: KnownShape = [batch, rows, columns, channels];
  const out = allocate(dtype, sizeOf(shape));
  const store = storeInto(dtype, out);
  const from = images.data;
  const outside = allocate(dtype, 1);
  storeInto(dtype, outside)(0, fill ? Number(fill.data[0]) : 0);
  const filling = Number(outside[0]);
  const read = (n: number, y: number, x: number, c: number) =>
    y >= 0 && y < height && x >= 0 && x < width ? Number(from[((n * height + y) * width + x) * channels + c]) : filling;
  const between = (n: number, y: number, x: number, c: number) => {
    const [top, left] = [Math.floor(y), Math.floor(x)];
    const [right, rest] = [fround(x - left), fround(left + 1 - x)];
    const row = (at: number) =>
      fround(fround(rest * fround(read(n, at, left, c))) + fround(right * fround(read(n, at, left + 1, c))));
    return fround(fround(fround(top + 1 - y) * row(top)) + fround(fround(y - top) * row(top + 1)));
  };
  const all = transforms.data as Float32Array;
  let to = 0;
  for (let n = 0; n < batch; n++) {
    const matrix = transforms.shape[0] === 1 ? all : all.subarray(8 * n, 8 * n + 8);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const at = source(matrix, j, i);
        const [y, x] = at ? [map(at[0], height), map(at[1], width)] : [0, 0];
        const [row, column] = [roundAway(y), roundAway(x)];
        const known = row >= 0 && row < height && column >= 0 && column < width;
        for (let c = 0; c < channels; c++, to++) {
          if (at && interpolation === 'BILINEAR') store(to, between(n, y, x, c));
          else out[to] = at && known ? from[((n * height + row) * width + column) * channels + c] : outside[0];
        }
      }
    }
  }
  return [dtype.isFloating ? rounded(dtype, shape, out) : new NdArray(dtype, shape, out)];
};

defineHostKernels({ ImageProjectiveTransformV2: transform, ImageProjectiveTransformV3: transform });
