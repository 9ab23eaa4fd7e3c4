/**
 * Host kernels of max and average pooling and their gradients, over channels-first views: each channel of each image is a
 * plane, found by strides in any data format.
 */
import type { DType } from '../../src/util/dtype.ts';
import { UnimplementedError } from '../../src/util/errors.ts';
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { type KnownShape, sizeOf, stridesOf } from '../../src/util/shape.ts';
import { layoutOf, type Padding, padsOf, type Window, type WindowAxis, windowAxis } from '../../src/util/window.ts';
import { indicesOf, integers, invalid, rounded } from './elements.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';

interface Geometry {
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
  readonly outShape: KnownShape;
  readonly inShape: KnownShape;
  readonly channel: number;
  readonly spatial: readonly number[];
}

/** @param names the attributes that the op has beside ksize, strides and padding */
function windowOf(op: HostOp, names: { explicit?: boolean; format?: boolean } = {}): Window {
  return {
    ksize: op.attr<readonly number[]>('ksize'),
    strides: op.attr<readonly number[]>('strides'),
    padding: op.attr<Padding & string>('padding'),
    explicit: names.explicit ? op.attr<readonly number[]>('explicit_paddings') : [],
    dataFormat: names.format === false ? 'NHWC' : op.attr<string>('data_format'),
  };
}

function geometry(inShape: KnownShape, { ksize, strides, padding, explicit, dataFormat }: Window): Geometry {
  const { channel, spatial } = layoutOf(dataFormat);
  const axis = (k: number) =>
    windowAxis(inShape[spatial[k]], ksize[spatial[k]], strides[spatial[k]], 1, padding, padsOf(explicit, spatial[k]));
  const [rows, columns] = [axis(0), axis(1)];
  if (rows.out < 0 || columns.out < 0) throw invalid('Computed output size would be negative');
  const outShape = [...inShape];
  outShape[spatial[0]] = rows.out;
  outShape[spatial[1]] = columns.out;
  return { rows, columns, outShape, inShape, channel, spatial };
}

/** From and to (exclusive) of the window at `at`, inside the image. */
function reach(axis: WindowAxis, at: number): readonly [number, number] {
  const start = at * axis.stride - axis.before;
  return [Math.max(0, start), Math.min(axis.size, start + axis.window)];
}

/** Where windows lie: flat strides of input and output by image, row, column and channel. */
interface Strides {
  readonly n: number;
  readonly i: number;
  readonly j: number;
  readonly c: number;
}

function stridesFor(shape: KnownShape, g: Geometry): Strides {
  const strides = stridesOf(shape);
  return { n: strides[0], i: strides[g.spatial[0]], j: strides[g.spatial[1]], c: strides[g.channel] };
}

/**
 * Calls `visit` for every window position with the flat positions of its first output and of its first plane, and its
 * bounds in the image; channels are the visitor's loop.
 */
function windows(
  g: Geometry,
  visit: (out: number, plane: number, i0: number, i1: number, j0: number, j1: number) => void,
): void {
  const [o, s] = [stridesFor(g.outShape, g), stridesFor(g.inShape, g)];
  for (let n = 0; n < g.inShape[0]; n++) {
    for (let i = 0; i < g.rows.out; i++) {
      const [i0, i1] = reach(g.rows, i);
      for (let j = 0; j < g.columns.out; j++) {
        const [j0, j1] = reach(g.columns, j);
        visit(n * o.n + i * o.i + j * o.j, n * s.n, i0, i1, j0, j1);
      }
    }
  }
}

/**
 * The flat positions of the greatest element of each window, the first of equal ones; -1 where a window is empty. A NaN
 * counts where it comes first, and not else.
 */
function greatest(data: NumericData, g: Geometry): Int32Array {
  const found = new Int32Array(sizeOf(g.outShape)).fill(-1);
  const [o, s] = [stridesFor(g.outShape, g), stridesFor(g.inShape, g)];
  const depth = g.inShape[g.channel];
  windows(g, (out, plane, i0, i1, j0, j1) => {
    if (i0 >= i1 || j0 >= j1) return;
    // Channels are the inner loop, as they lie side by side in the commonest format.
    const first = plane + i0 * s.i + j0 * s.j;
    for (let c = 0; c < depth; c++) found[out + c * o.c] = first + c * s.c;
    for (let i = i0; i < i1; i++) {
      for (let j = j0; j < j1; j++) {
        const at = plane + i * s.i + j * s.j;
        for (let c = 0; c < depth; c++) {
          if (data[at + c * s.c] > data[found[out + c * o.c]]) found[out + c * o.c] = at + c * s.c;
        }
      }
    }
  });
  return found;
}

/** The greatest element of each window, NaN left out, and never less than the lowest finite number. */
function maxima(x: NdArray, g: Geometry): NdArray {
  const data = x.data as Float64Array;
  const out = (allocate(x.dtype, sizeOf(g.outShape)) as Float64Array).fill(lowest(x.dtype));
  const [o, s] = [stridesFor(g.outShape, g), stridesFor(g.inShape, g)];
  const depth = g.inShape[g.channel];
  windows(g, (at, plane, i0, i1, j0, j1) => {
    for (let i = i0; i < i1; i++) {
      for (let j = j0; j < j1; j++) {
        const from = plane + i * s.i + j * s.j;
        for (let c = 0; c < depth; c++) {
          if (data[from + c * s.c] > out[at + c * o.c]) out[at + c * o.c] = data[from + c * s.c];
        }
      }
    }
  });
  return new NdArray(x.dtype, g.outShape, out);
}

/** The elements at these positions. */
function pick(dtype: DType, data: NumericData, positions: Int32Array, shape: KnownShape): NdArray {
  const out = allocate(dtype, positions.length) as Float64Array;
  for (let i = 0; i < positions.length; i++) {
    out[i] = positions[i] < 0 ? lowest(dtype) : (data as Float64Array)[positions[i]];
  }
  return new NdArray(dtype, shape, out);
}

function lowest(dtype: DType): number {
  return (dtype.isFloating ? -(dtype.max as number) : dtype.min) as number;
}

/** Zeros of a shape with the values added at these positions; `disjoint` says that no position comes twice. */
function place(
  dtype: DType,
  values: NumericData,
  positions: ArrayLike<number>,
  shape: KnownShape,
  disjoint = false,
): NdArray {
  const out = allocate(dtype, sizeOf(shape)) as Float64Array;
  if (!dtype.isFloating) {
    for (let i = 0; i < positions.length; i++) {
      if (positions[i] >= 0) out[positions[i]] += (values as Float64Array)[i];
    }
    return new NdArray(dtype, shape, out);
  }
  if (disjoint) {
    for (let i = 0; i < positions.length; i++) if (positions[i] >= 0) out[positions[i]] = (values as Float64Array)[i];
    return new NdArray(dtype, shape, out);
  }
  const sums = new Float64Array(out.length);
  for (let i = 0; i < positions.length; i++) {
    if (positions[i] >= 0) sums[positions[i]] += (values as Float64Array)[i];
  }
  out.set(sums);
  return rounded(dtype, shape, out);
}

/** Windows over the channels, which TensorFlow allows where they tile them. */
function acrossDepth(x: NdArray, w: Window): NdArray {
  const { channel } = layoutOf(w.dataFormat);
  const [size, step] = [w.ksize[channel], w.strides[channel]];
  if (size !== step || x.shape[channel] % size !== 0 || channel !== 3) {
    throw new UnimplementedError(
      null,
      'Depthwise max pooling requires the depth window to equal the depth stride and to evenly divide the input depth.',
    );
  }
  const outDepth = x.shape[3] / size;
  const data = x.data as NumericData;
  const positions = new Int32Array((data.length / x.shape[3]) * outDepth);
  for (let i = 0; i < positions.length; i++) {
    let best = i * size;
    for (let k = best + 1; k < (i + 1) * size; k++) if (data[k] > data[best]) best = k;
    positions[i] = best;
  }
  return pick(x.dtype, data, positions, [...x.shape.slice(0, 3), outDepth]);
}

function maxPool(x: NdArray, w: Window): NdArray {
  const { channel, spatial } = layoutOf(w.dataFormat);
  if (w.ksize[channel] !== 1) {
    if (spatial.some((axis) => w.ksize[axis] !== 1 || w.strides[axis] !== 1)) {
      throw new UnimplementedError(
        null,
        'MaxPooling supports exactly one of pooling across depth or pooling across width/height.',
      );
    }
    return acrossDepth(x, w);
  }
  return maxima(x, geometry(x.shape, w));
}

function maxPoolGrad(x: NdArray, dy: NdArray, w: Window): NdArray {
  if (w.ksize[layoutOf(w.dataFormat).channel] !== 1) {
    throw new UnimplementedError(null, 'MaxPoolingGrad is not yet supported on the depth dimension.');
  }
  const g = geometry(x.shape, w);
  checkGradient(dy, g);
  const disjoint = [g.rows, g.columns].every((axis) => axis.stride >= axis.window);
  return place(x.dtype, dy.data as NumericData, greatest(x.data as NumericData, g), x.shape, disjoint);
}

function checkGradient(dy: NdArray, g: Geometry): void {
  if (dy.shape.length === 4 && g.outShape.every((d, i) => d === dy.shape[i])) return;
  throw invalid(`Expected grad shape to be [${g.outShape}], but got [${dy.shape}]`);
}

/** Positions within each image, or within the batch. */
function imagePositions(positions: Int32Array, g: Geometry, withBatch: boolean): Int32Array {
  const image = sizeOf(g.inShape.slice(1));
  return withBatch ? positions : positions.map((p) => p % image);
}

const withTensors = (w: Omit<Window, 'ksize' | 'strides'>, ksize: NdArray, strides: NdArray): Window => ({
  ...w,
  ksize: Array.from(indicesOf(ksize)),
  strides: Array.from(indicesOf(strides)),
});

const averageGradient: HostKernel = ([inputShape, dy], op) => {
  const shape = Array.from(indicesOf(inputShape));
  const w = windowOf(op);
  const g = geometry(shape, w);
  checkGradient(dy, g);
  const sums = new Float64Array(sizeOf(shape));
  const [o, s] = [stridesFor(g.outShape, g), stridesFor(shape, g)];
  const depth = shape[g.channel];
  const data = dy.data as Float64Array;
  windows(g, (out, plane, i0, i1, j0, j1) => {
    for (let c = 0; c < depth; c++) {
      const share = data[out + c * o.c] / ((i1 - i0) * (j1 - j0));
      for (let i = i0; i < i1; i++) {
        for (let j = j0; j < j1; j++) sums[plane + i * s.i + j * s.j + c * s.c] += share;
      }
    }
  });
  const out = allocate(dy.dtype, sums.length) as Float64Array;
  out.set(sums);
  return [rounded(dy.dtype, shape, out)];
};

defineHostKernels({
  MaxPool: ([x], op) => [maxPool(x, windowOf(op, { explicit: true }))],
  MaxPoolV2: ([x, ksize, strides], op) => {
    const w = {
      padding: op.attr<Padding & string>('padding'),
      explicit: [],
      dataFormat: op.attr<string>('data_format'),
    };
    return [maxPool(x, withTensors(w, ksize, strides))];
  },
  MaxPoolGrad: ([x, , dy], op) => [maxPoolGrad(x, dy, windowOf(op, { explicit: true }))],
  MaxPoolGradV2: ([x, , dy, ksize, strides], op) => {
    const w = {
      padding: op.attr<Padding & string>('padding'),
      explicit: [],
      dataFormat: op.attr<string>('data_format'),
    };
    return [maxPoolGrad(x, dy, withTensors(w, ksize, strides))];
  },
  MaxPoolGradGrad: ([x, , g2], op) => {
    const g = geometry(x.shape, windowOf(op));
    const positions = greatest(x.data as NumericData, g);
    const picked = pick(g2.dtype, g2.data as NumericData, positions, g.outShape);
    const data = picked.data as Float64Array;
    positions.forEach((p, i) => {
      if (p < 0) data[i] = 0;
    });
    return [picked];
  },
  MaxPoolWithArgmax: ([x], op) => {
    const g = geometry(x.shape, windowOf(op, { format: false }));
    const positions = greatest(x.data as NumericData, g);
    const where = imagePositions(positions, g, op.attr('include_batch_in_index'));
    return [
      pick(x.dtype, x.data as NumericData, positions, g.outShape),
      integers(op.outputDType(1), g.outShape, where),
    ];
  },
  MaxPoolGradWithArgmax: ([x, dy, argmax], op) => {
    const image = sizeOf(x.shape.slice(1));
    const windowsOfImage = dy.size / Math.max(1, dy.shape[0]);
    const withBatch = op.attr<boolean>('include_batch_in_index');
    const positions = Float64Array.from(indicesOf(argmax));
    if (!withBatch) for (let i = 0; i < positions.length; i++) positions[i] += Math.floor(i / windowsOfImage) * image;
    if (positions.some((p) => p < 0 || p >= x.size)) throw invalid('Invalid input argmax: index out of range');
    return [place(x.dtype, dy.data as NumericData, positions, x.shape)];
  },
  AvgPool: ([x], op) => {
    const g = geometry(x.shape, windowOf(op));
    const out = allocate(x.dtype, sizeOf(g.outShape)) as Float64Array;
    const [o, s] = [stridesFor(g.outShape, g), stridesFor(g.inShape, g)];
    const depth = g.inShape[g.channel];
    const data = x.data as Float64Array;
    windows(g, (at, plane, i0, i1, j0, j1) => {
      for (let c = 0; c < depth; c++) {
        let sum = 0;
        for (let i = i0; i < i1; i++) {
          for (let j = j0; j < j1; j++) sum += data[plane + i * s.i + j * s.j + c * s.c];
        }
        out[at + c * o.c] = sum / ((i1 - i0) * (j1 - j0));
      }
    });
    return [rounded(x.dtype, g.outShape, out)];
  },
  AvgPoolGrad: averageGradient,
});
