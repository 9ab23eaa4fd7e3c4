/**
 * Host kernels that cut glimpses from images. Corners are computed in single precision, as TensorFlow does it; its noise
 * comes from no seed, so that here only the distribution is the same.
 */
import { float32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { brackets, invalid } from './elements.ts';
import { fillNormal, fillUniform } from './random.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';

const { fround } = Math;
type Noise = 'uniform' | 'gaussian' | 'zero';

/** Where a window begins along an axis. */
type Start = (offset: number, size: number, window: number) => number;

function startOf(op: HostOp, version: 1 | 2): Start {
  const [centered, normalized] = [op.attr<boolean>('centered'), op.attr<boolean>('normalized')];
  return (offset, size, window) => {
    let x = normalized ? fround(offset * size) : offset;
    if (centered) {
      if (normalized || version === 1) x = fround(x / 2);
      x = fround(x + size / 2);
    }
    if (version === 1 || (centered && normalized)) x = fround(x - window / 2);
    // What is no number lies outside; C++ has the least integer for it.
    return Number.isFinite(x) ? Math.trunc(x) : Number.MIN_SAFE_INTEGER;
  };
}

function noiseOf(op: HostOp): Noise {
  const noise = op.attr<string>('noise');
  if (noise === '') return op.attr<boolean>('uniform_noise') ? 'uniform' : 'gaussian';
  if (noise === 'uniform' || noise === 'gaussian' || noise === 'zero') return noise;
  throw invalid(`The noise could only be uniform, gaussian, or zero, got${noise}`);
}

/** The part of a window that shows the image: from where in the image and in the window, and how much. */
function overlap(start: number, size: number, window: number) {
  const length = start < 0 ? Math.max(0, window + start) : Math.min(window, Math.max(0, size - start));
  return { from: Math.max(0, start), to: start < 0 ? window - length : 0, length: Math.min(size, length) };
}

/** Whether a window reaches the last pixel or goes over an edge: then it gets noise first. */
const touches = (start: number, size: number, window: number) => start < 0 || start + window >= size;

interface Range {
  least: number;
  greatest: number;
}

function rangeOf(data: Float32Array, from: number, to: number, step = 1): Range {
  let [least, greatest] = [Infinity, -Infinity];
  for (let i = from; i < to; i += step) {
    least = Math.min(least, data[i]);
    greatest = Math.max(greatest, data[i]);
  }
  return { least, greatest };
}

/** Words for so many numbers, from a stream that begins at random. */
const fresh = (op: HostOp, count: number) => op.services.stream(0, 0).reserve(Math.ceil(count / 4));

/** Noise in the range of the image. */
function fillWithUniform(out: Float32Array, image: Float32Array, op: HostOp): void {
  fillUniform(float32, fresh(op, out.length), out);
  const { least, greatest } = rangeOf(image, 0, image.length);
  const width = fround(greatest - least);
  out.forEach((u, i) => {
    out[i] = least + fround(u * width);
  });
}

/** Noise with the mean and deviation of each channel, inside its range. */
function fillWithGaussian(out: Float32Array, image: Float32Array, channels: number, op: HostOp): void {
  fillNormal(float32, fresh(op, out.length), out);
  const count = image.length / channels;
  for (let c = 0; c < channels; c++) {
    let [sum, squares] = [0, 0];
    for (let i = c; i < image.length; i += channels) sum += image[i];
    const mean = sum / count;
    for (let i = c; i < image.length; i += channels) squares += (image[i] - mean) ** 2;
    const deviation = Math.sqrt(squares / count);
    const { least, greatest } = rangeOf(image, c, image.length, channels);
    for (let i = c; i < out.length; i += channels) {
      out[i] = Math.max(least, Math.min(greatest, mean + out[i] * deviation));
    }
  }
}

function glimpses(version: 1 | 2): HostKernel {
  return ([images, size, offsets], op) => {
    const noise = noiseOf(op);
    const { shape } = images;
    if (shape.length !== 4) {
      throw invalid(`input must be 4-dimensional (batch_size, height, width, depth)${brackets(shape)}`);
    }
    if (size.rank !== 1 || size.size !== 2) {
      throw invalid(`input must be a vector of size 2 (height, width)${brackets(size.shape)}`);
    }
    const [windowHeight, windowWidth] = size.data as Int32Array;
    const negative = [windowHeight, windowWidth].find((extent) => extent < 0);
    if (negative !== undefined) throw invalid(`Expected a non-negative size, got ${negative}`);
    const [batch, height, width, channels] = shape;
    const where = brackets(offsets.shape);
    if (offsets.rank !== 2) throw invalid(`input must be a matrix${where}`);
    if (offsets.shape[0] !== batch) throw invalid(`first dimension should be batch${where}`);
    if (offsets.shape[1] !== 2) throw invalid(`second dimension should be of size 2 (y,x)${where}`);

    const outShape = [batch, windowHeight, windowWidth, channels];
    const out = new Float32Array(sizeOf(outShape));
    if (out.length === 0) return [new NdArray(float32, outShape, out)];
    const start = startOf(op, version);
    const [source, points] = [images.data as Float32Array, offsets.data as Float32Array];
    for (let n = 0; n < batch; n++) {
      const top = start(points[2 * n], height, windowHeight);
      const left = start(points[2 * n + 1], width, windowWidth);
      const image = source.subarray(n * height * width * channels, (n + 1) * height * width * channels);
      const glimpse = out.subarray((n * out.length) / batch, ((n + 1) * out.length) / batch);
      if (image.length > 0 && (touches(top, height, windowHeight) || touches(left, width, windowWidth))) {
        if (noise === 'uniform') fillWithUniform(glimpse, image, op);
        else if (noise === 'gaussian') fillWithGaussian(glimpse, image, channels, op);
      }
      const [rows, columns] = [overlap(top, height, windowHeight), overlap(left, width, windowWidth)];
      for (let i = 0; i < rows.length; i++) {
        const from = ((rows.from + i) * width + columns.from) * channels;
        const to = ((rows.to + i) * windowWidth + columns.to) * channels;
        glimpse.set(image.subarray(from, from + columns.length * channels), to);
      }
    }
    return [new NdArray(float32, outShape, out)];
  };
}

defineHostKernels({ ExtractGlimpse: glimpses(1), ExtractGlimpseV2: glimpses(2) });
