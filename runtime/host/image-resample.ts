/**
 * Host kernels that resize images by bicubic interpolation and by areas, and the gradient of the first. Places in the
 * original and weights are computed in single precision, as TensorFlow does it.
 */
import { float32 } from '../../src/util/dtype.ts';
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { type Centers, centersOf, checkImages, scaleOf, sizeOf } from './image-resize.ts';
import { defineHostKernels } from './registry.ts';

const { fround } = Math;

/** How many steps between two pixels have weights of their own. */
const STEPS = 1024;

/** For each step the weights of the nearer and of the farther pixel. */
function weightTable(a: number): Float32Array {
  const table = new Float32Array(2 * (STEPS + 1));
  for (let i = 0; i <= STEPS; i++) {
    let x = fround(i / STEPS);
    table[2 * i] = ((a + 2) * x - (a + 3)) * x * x + 1;
    x = fround(x + 1);
    table[2 * i + 1] = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  }
  return table;
}

const tables = { centered: weightTable(-0.5), legacy: weightTable(-0.75) };

/** Pixels along an axis and their weights. */
interface Taps {
  readonly at: readonly number[];
  readonly weights: readonly number[];
}

function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

function cubicTaps(original: number, resized: number, centers: Centers): Taps[] {
  const scale = scaleOf(original, resized, centers);
  const table = centers.halfPixel ? tables.centered : tables.legacy;
  return Array.from({ length: resized }, (_, i) => {
    const place = centers.halfPixel ? fround(fround(fround(i + 0.5) * scale) - 0.5) : fround(i * scale);
    const first = Math.floor(place);
    const step = roundEven(fround(fround(place - first) * STEPS));
    const wanted = [first - 1, first, first + 1, first + 2];
    const at = wanted.map((k) => Math.max(0, Math.min(k, original - 1)));
    const back = 2 * (STEPS - step);
    let weights = [table[2 * step + 1], table[2 * step], table[back], table[back + 1]];
    if (centers.halfPixel) {
      // What lies outside does not count; the rest makes up for it.
      weights = weights.map((weight, k) => (at[k] === wanted[k] ? weight : 0));
      const sum = weights.reduce((a, b) => fround(a + b));
      if (Math.abs(sum) >= 1.1754944e-35) weights = weights.map((weight) => fround(weight / sum));
    }
    return { at, weights };
  });
}

function areaTaps(original: number, resized: number, alignCorners: boolean): Taps[] {
  const scale = scaleOf(original, resized, { alignCorners });
  return Array.from({ length: resized }, (_, i) => {
    const [from, to] = [fround(i * scale), fround((i + 1) * scale)];
    const [at, weights]: [number[], number[]] = [[], []];
    for (let k = Math.floor(from); k < Math.ceil(to); k++) {
      at.push(Math.max(0, Math.min(k, original - 1)));
      const above = k + 1 > to;
      weights.push(fround((k < from ? (above ? scale : k + 1 - from) : above ? to - k : 1) / scale));
    }
    return { at, weights };
  });
}

/** Every pixel a sum over rows and columns of taps. */
function resample(images: NdArray, rows: readonly Taps[], columns: readonly Taps[]): NdArray {
  const [batch, height, width, channels] = images.shape;
  const source = images.data as NumericData;
  const out = new Float32Array(batch * rows.length * columns.length * channels);
  let to = 0;
  for (let n = 0; n < batch; n++) {
    for (const row of rows) {
      for (const column of columns) {
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let i = 0; i < row.at.length; i++) {
            const line = (n * height + row.at[i]) * width;
            for (let j = 0; j < column.at.length; j++) {
              sum += row.weights[i] * column.weights[j] * Number(source[(line + column.at[j]) * channels + c]);
            }
          }
          out[to++] = sum;
        }
      }
    }
  }
  return new NdArray(float32, [batch, rows.length, columns.length, channels], out);
}

defineHostKernels({
  ResizeBicubic: ([images, sizeInput], op) => {
    const centers = centersOf(op);
    const [height, width] = sizeOf(sizeInput, 'output dimensions must be positive');
    checkImages(images.shape);
    const [, oldHeight, oldWidth] = images.shape;
    return [resample(images, cubicTaps(oldHeight, height, centers), cubicTaps(oldWidth, width, centers))];
  },
  ResizeBicubicGrad: ([grads, original], op) => {
    const centers = centersOf(op);
    checkImages(original.shape);
    const [batch, height, width, channels] = original.shape;
    const rows = cubicTaps(height, grads.shape[1], centers);
    const columns = cubicTaps(width, grads.shape[2], centers);
    const dy = grads.data as Float32Array;
    const sums = new Float64Array(original.size);
    let from = 0;
    for (let n = 0; n < batch; n++) {
      for (const row of rows) {
        for (const column of columns) {
          for (let c = 0; c < channels; c++, from++) {
            for (let i = 0; i < 4; i++) {
              const line = (n * height + row.at[i]) * width;
              for (let j = 0; j < 4; j++) {
                sums[(line + column.at[j]) * channels + c] += row.weights[i] * column.weights[j] * dy[from];
              }
            }
          }
        }
      }
    }
    const out = allocate(original.dtype, sums.length) as Float64Array;
    out.set(sums);
    return [new NdArray(original.dtype, original.shape, out)];
  },
  ResizeArea: ([images, sizeInput], op) => {
    const [height, width] = sizeOf(sizeInput, 'output dimensions must be positive');
    checkImages(images.shape);
    const [, oldHeight, oldWidth] = images.shape;
    const alignCorners = op.attr<boolean>('align_corners');
    return [resample(images, areaTaps(oldHeight, height, alignCorners), areaTaps(oldWidth, width, alignCorners))];
  },
});
