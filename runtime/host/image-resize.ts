/**
 * Host kernels that resize images, and their gradients. Places in the original are computed in single precision, as
 * TensorFlow does it: which pixel is nearest hangs on the last bit.
 */
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import type { KnownShape } from '../../src/util/shape.ts';
import { copyRun, indicesOf, invalid, rounded } from './elements.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

const { fround } = Math;

/** How places of the resized image lie over the original. */
export interface Centers {
  readonly alignCorners: boolean;
  readonly halfPixel: boolean;
}

/** The attributes of an op that has both. */
export function centersOf(op: HostOp): Centers {
  const [alignCorners, halfPixel] = [op.attr<boolean>('align_corners'), op.attr<boolean>('half_pixel_centers')];
  if (alignCorners && halfPixel) throw invalid('If half_pixel_centers is True, align_corners must be False.');
  return { alignCorners, halfPixel };
}

/** The size wanted, as the op is given it. */
export function sizeOf(size: NdArray, message: string): readonly [height: number, width: number] {
  if (size.rank !== 1 || size.size !== 2) throw invalid(`shape_t must be 1-dimensional and have 2 elements`);
  const [height, width] = Array.from(indicesOf(size));
  if (height <= 0 || width <= 0) throw invalid(message);
  return [height, width];
}

/** Images are four-dimensional and not empty. */
export function checkImages(shape: KnownShape): void {
  if (shape.length !== 4) throw invalid('input must be 4-dimensional');
  if (shape[3] <= 0) throw invalid('image must have at least one channel');
  if (shape[1] <= 0 || shape[2] <= 0) throw invalid('input image must be of non-zero size');
}

/** Pixels of the original for one of the resized image. */
export function scaleOf(original: number, resized: number, { alignCorners }: Pick<Centers, 'alignCorners'>): number {
  return fround(alignCorners && resized > 1 ? (original - 1) / (resized - 1) : original / resized);
}

/** For each place along an axis of the resized image the nearest one in the original. */
function nearest(original: number, resized: number, centers: Centers): Int32Array {
  const scale = scaleOf(original, resized, centers);
  return Int32Array.from({ length: resized }, (_, i) => {
    const place = fround(fround(centers.halfPixel ? i + 0.5 : i) * scale);
    return Math.max(0, Math.min(centers.alignCorners ? Math.round(place) : Math.floor(place), original - 1));
  });
}

/** The two neighbors of each place along an axis, and the weight of the upper one. */
interface Neighbors {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  readonly weight: Float32Array;
}

function neighbors(original: number, resized: number, centers: Centers): Neighbors {
  const scale = scaleOf(original, resized, centers);
  const [lower, upper, weight] = [new Int32Array(resized), new Int32Array(resized), new Float32Array(resized)];
  for (let i = 0; i < resized; i++) {
    const place = centers.halfPixel ? fround(fround(fround(i + 0.5) * scale) - 0.5) : fround(i * scale);
    lower[i] = Math.max(0, Math.floor(place));
    upper[i] = Math.min(Math.ceil(place), original - 1);
    weight[i] = place - Math.floor(place);
  }
  return { lower, upper, weight };
}

function resizeNearest(images: NdArray, [height, width]: readonly [number, number], centers: Centers): NdArray {
  const [batch, oldHeight, oldWidth, channels] = images.shape;
  const [rows, columns] = [nearest(oldHeight, height, centers), nearest(oldWidth, width, centers)];
  const out = allocate(images.dtype, batch * height * width * channels);
  let to = 0;
  for (let n = 0; n < batch; n++) {
    for (let y = 0; y < height; y++) {
      const line = (n * oldHeight + rows[y]) * oldWidth;
      for (let x = 0; x < width; x++, to += channels) {
        copyRun(images.data, (line + columns[x]) * channels, out, to, channels);
      }
    }
  }
  return new NdArray(images.dtype, [batch, height, width, channels], out);
}

/** Integers wrap, as they do in TensorFlow. */
function nearestGradient(grads: NdArray, [height, width]: readonly [number, number], centers: Centers): NdArray {
  const [batch, newHeight, newWidth, channels] = grads.shape;
  const [rows, columns] = [nearest(height, newHeight, centers), nearest(width, newWidth, centers)];
  const data = grads.data as Float64Array;
  const sums = new Float64Array(batch * height * width * channels);
  let from = 0;
  for (let n = 0; n < batch; n++) {
    for (let y = 0; y < newHeight; y++) {
      const line = (n * height + rows[y]) * width;
      for (let x = 0; x < newWidth; x++) {
        const to = (line + columns[x]) * channels;
        for (let c = 0; c < channels; c++) sums[to + c] += data[from++];
      }
    }
  }
  const out = allocate(grads.dtype, sums.length) as Float64Array;
  out.set(sums);
  return rounded(grads.dtype, [batch, height, width, channels], out);
}

function resizeBilinear(images: NdArray, [height, width]: readonly [number, number], centers: Centers): Float32Array {
  const [batch, oldHeight, oldWidth, channels] = images.shape;
  const [rows, columns] = [neighbors(oldHeight, height, centers), neighbors(oldWidth, width, centers)];
  const data = images.dtype.isBigInt
    ? Float64Array.from(images.data as BigInt64Array, Number)
    : (images.data as NumericData as Float32Array);
  const out = new Float32Array(batch * height * width * channels);
  let to = 0;
  for (let n = 0; n < batch; n++) {
    for (let y = 0; y < height; y++) {
      const top = (n * oldHeight + rows.lower[y]) * oldWidth;
      const bottom = (n * oldHeight + rows.upper[y]) * oldWidth;
      const down = rows.weight[y];
      for (let x = 0; x < width; x++) {
        const [left, right, across] = [columns.lower[x], columns.upper[x], columns.weight[x]];
        const [a, b] = [(top + left) * channels, (top + right) * channels];
        const [c, d] = [(bottom + left) * channels, (bottom + right) * channels];
        for (let k = 0; k < channels; k++) {
          const upper = data[a + k] + (data[b + k] - data[a + k]) * across;
          const lower = data[c + k] + (data[d + k] - data[c + k]) * across;
          out[to++] = upper + (lower - upper) * down;
        }
      }
    }
  }
  return out;
}

/** Each share is of single precision, whatever the type of the images. */
function bilinearGradient(grads: NdArray, original: NdArray, centers: Centers): NdArray {
  const [batch, newHeight, newWidth] = grads.shape;
  const [, height, width, channels] = original.shape;
  const [rows, columns] = [neighbors(height, newHeight, centers), neighbors(width, newWidth, centers)];
  const data = grads.data as Float32Array;
  const sums = new Float64Array(original.size);
  let from = 0;
  for (let n = 0; n < batch; n++) {
    for (let y = 0; y < newHeight; y++) {
      const top = (n * height + rows.lower[y]) * width;
      const bottom = (n * height + rows.upper[y]) * width;
      const down = rows.weight[y];
      const up = fround(1 - down);
      for (let x = 0; x < newWidth; x++) {
        const [left, right, across] = [columns.lower[x], columns.upper[x], columns.weight[x]];
        const back = fround(1 - across);
        const [a, b] = [(top + left) * channels, (top + right) * channels];
        const [c, d] = [(bottom + left) * channels, (bottom + right) * channels];
        for (let k = 0; k < channels; k++) {
          const flow = data[from++];
          const [upper, lower] = [fround(flow * up), fround(flow * down)];
          sums[a + k] += fround(upper * back);
          sums[b + k] += fround(upper * across);
          sums[c + k] += fround(lower * back);
          sums[d + k] += fround(lower * across);
        }
      }
    }
  }
  const out = allocate(original.dtype, sums.length) as Float32Array;
  out.set(sums);
  return rounded(original.dtype, original.shape, out);
}

defineHostKernels({
  ResizeNearestNeighbor: ([images, size], op) => {
    const centers = centersOf(op);
    const target = sizeOf(size, 'output dimensions must be positive');
    checkImages(images.shape);
    return [resizeNearest(images, target, centers)];
  },
  ResizeNearestNeighborGrad: ([grads, size], op) => {
    const centers = centersOf(op);
    return [nearestGradient(grads, sizeOf(size, "shape_t's elements must be positive"), centers)];
  },
  ResizeBilinear: ([images, size], op) => {
    const centers = centersOf(op);
    const target = sizeOf(size, 'output dimensions must be positive');
    checkImages(images.shape);
    const data = resizeBilinear(images, target, centers);
    return [new NdArray(op.outputDType(0), [images.shape[0], ...target, images.shape[3]], data)];
  },
  ResizeBilinearGrad: ([grads, original], op) => {
    const centers = centersOf(op);
    const [from, to] = [grads.shape, original.shape];
    if (from.length !== 4 || to.length !== 4) throw invalid('input_grad must be 4-dimensional');
    if (from[0] !== to[0] || from[3] !== to[3]) {
      throw invalid(`The gradient [${from}] and the original image [${to}] must agree in batch and channels.`);
    }
    return [bilinearGradient(grads, original, centers)];
  },
});
