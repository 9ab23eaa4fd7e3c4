/**
 * Host kernels of the Fourier transforms over the last one, two or three axes, computed in double precision. The transform
 * of one line is in `fourier.ts`.
 */
import { complex128, type DType } from '../../src/util/dtype.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { brackets, invalid } from './elements.ts';
import { transformOf } from './fourier.ts';
import { integers } from './operands.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

/** Transforms every line along an axis of interleaved complex numbers, in place. */
function alongAxis(data: Float64Array, shape: KnownShape, axis: number, inverse: boolean): void {
  const length = shape[axis];
  if (length <= 1) return;
  const transform = transformOf(length);
  const step = sizeOf(shape.slice(axis + 1));
  const line = new Float64Array(2 * length);
  for (let block = 0; block < data.length / 2; block += length * step) {
    for (let offset = block; offset < block + step; offset++) {
      for (let k = 0; k < length; k++) {
        const i = 2 * (offset + k * step);
        line[2 * k] = data[i];
        line[2 * k + 1] = data[i + 1];
      }
      transform(line, inverse);
      for (let k = 0; k < length; k++) {
        const i = 2 * (offset + k * step);
        data[i] = line[2 * k];
        data[i + 1] = line[2 * k + 1];
      }
    }
  }
}

/** The first elements along each axis, as complex numbers in double precision. */
function cropped(x: NdArray, shape: KnownShape): Float64Array {
  const source = x.data as Float64Array;
  const width = x.dtype.isComplex ? 2 : 1;
  const out = new Float64Array(2 * sizeOf(shape));
  const index = new Array<number>(shape.length).fill(0);
  const last = shape.length - 1;
  for (let to = 0; to < out.length; ) {
    let from = 0;
    for (let axis = 0; axis <= last; axis++) from = from * x.shape[axis] + index[axis];
    for (let k = 0; k < shape[last]; k++, to += 2) {
      out[to] = source[(from + k) * width];
      if (width === 2) out[to + 1] = source[(from + k) * 2 + 1];
    }
    for (let axis = last - 1; axis >= 0; axis--) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return out;
}

function scale(data: Float64Array, factor: number): void {
  for (let i = 0; i < data.length; i++) data[i] *= factor;
}

function stored(dtype: DType, shape: KnownShape, values: Float64Array): NdArray {
  const out = allocate(dtype, sizeOf(shape)) as Float64Array;
  out.set(values);
  return new NdArray(dtype, shape, out);
}

function checkRank(x: NdArray, rank: number): void {
  if (x.rank < rank) throw invalid(`Input must have rank of at least ${rank} but got: ${brackets(x.shape)}`);
}

/** The lengths along the last axes, checked against the input; `half` where the last one has only its first half there. */
function lengthsOf(x: NdArray, lengths: NdArray, rank: number, half: boolean): number[] {
  if (lengths.rank !== 1 || lengths.size !== rank) throw invalid(`fft_length must have shape [${rank}]`);
  const wanted = integers(lengths);
  wanted.forEach((length, i) => {
    if (length < 0) throw invalid(`fft_length[${i}] must >= 0, but got: ${length}`);
    const axis = x.rank - rank + i;
    const least = half && i === rank - 1 ? (length === 0 ? 0 : Math.floor(length / 2) + 1) : length;
    if (x.size > 0 && x.shape[axis] < least) {
      throw invalid(`Input dimension ${axis} must have length of at least ${least} but got: ${x.shape[axis]}`);
    }
  });
  return wanted;
}

const complexKernel =
  (rank: number, inverse: boolean): HostKernel =>
  ([x]) => {
    checkRank(x, rank);
    if (x.size === 0) return [x];
    const data = Float64Array.from(x.data as Float64Array);
    const axes = Array.from({ length: rank }, (_, i) => x.rank - 1 - i);
    for (const axis of axes) alongAxis(data, x.shape, axis, inverse);
    if (inverse) scale(data, 1 / axes.reduce((n, axis) => n * x.shape[axis], 1));
    return [stored(x.dtype, x.shape, data)];
  };

/** From real numbers: the last axis of the result has the first half only, the rest being conjugates. */
const realKernel =
  (rank: number): HostKernel =>
  ([x, fftLength], op) => {
    checkRank(x, rank);
    const dtype = op.outputDType(0);
    if (dtype.size !== 2 * x.dtype.size) {
      throw invalid(`Wrong types for forward real FFT: in=${x.dtype.asDatatypeEnum} out=${dtype.asDatatypeEnum}`);
    }
    const lengths = lengthsOf(x, fftLength, rank, false);
    const outer = x.shape.slice(0, x.rank - rank);
    const full = [...outer, ...lengths];
    const last = full.length - 1;
    const shape = [...full.slice(0, last), full[last] === 0 ? 0 : Math.floor(full[last] / 2) + 1];
    if (x.size === 0 || sizeOf(full) === 0) return [NdArray.zeros(dtype, shape)];
    let data = cropped(x, full);
    alongAxis(data, full, last, false);
    data = cropped(new NdArray(complex128, full, data), shape);
    for (let axis = last - 1; axis > last - rank; axis--) alongAxis(data, shape, axis, false);
    return [stored(dtype, shape, data)];
  };

/** To real numbers: the missing half along the last axis is that of conjugates. */
const backKernel =
  (rank: number): HostKernel =>
  ([x, fftLength], op) => {
    checkRank(x, rank);
    const dtype = op.outputDType(0);
    if (x.dtype.size !== 2 * dtype.size) {
      throw invalid(`Wrong types for backward real FFT: in=${x.dtype.asDatatypeEnum} out=${dtype.asDatatypeEnum}`);
    }
    const lengths = lengthsOf(x, fftLength, rank, true);
    const outer = x.shape.slice(0, x.rank - rank);
    const shape = [...outer, ...lengths];
    const last = shape.length - 1;
    const length = shape[last];
    if (x.size === 0 || sizeOf(shape) === 0) return [NdArray.zeros(dtype, shape)];
    const present = Math.floor(length / 2) + 1;
    const half = [...shape.slice(0, last), present];
    const data = cropped(x, half);
    for (let axis = last - 1; axis > last - rank; axis--) alongAxis(data, half, axis, true);
    const transform = transformOf(length);
    const line = new Float64Array(2 * length);
    const out = new Float64Array(sizeOf(shape));
    const factor = 1 / lengths.reduce((a, b) => a * b, 1);
    for (let row = 0; row < out.length / length; row++) {
      for (let k = 0; k < present; k++) {
        const i = 2 * (row * present + k);
        line[2 * k] = data[i];
        // What has to be its own conjugate is real, whatever was given.
        const isReal = k === 0 || 2 * k === length;
        line[2 * k + 1] = isReal ? 0 : data[i + 1];
        if (isReal) continue;
        line[2 * (length - k)] = data[i];
        line[2 * (length - k) + 1] = -data[i + 1];
      }
      transform(line, true);
      for (let k = 0; k < length; k++) out[row * length + k] = line[2 * k] * factor;
    }
    return [stored(dtype, shape, out)];
  };

for (const rank of [1, 2, 3]) {
  const suffix = rank === 1 ? '' : `${rank}D`;
  defineHostKernels({
    [`FFT${suffix}`]: complexKernel(rank, false),
    [`IFFT${suffix}`]: complexKernel(rank, true),
    [`RFFT${suffix}`]: realKernel(rank),
    [`IRFFT${suffix}`]: backKernel(rank),
  });
}
