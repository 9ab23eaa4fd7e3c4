/**
 * Host kernels of max and average pooling over volumes and of their gradients. Any data format is read by its strides;
 * channels are the inner loop.
 */
import { UnimplementedError } from '../../src/util/errors.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { type KnownShape, sizeOf, stridesOf } from '../../src/util/shape.ts';
import { layoutOf, type Padding, type WindowAxis, windowAxis } from '../../src/util/window.ts';
import { brackets, indicesOf, invalid, rounded } from './elements.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

interface Geometry {
  readonly inShape: KnownShape;
  readonly outShape: KnownShape;
  readonly axes: readonly WindowAxis[];
  /** Flat strides of input and output along the batch, depth, height, width and channels. */
  readonly inStrides: readonly number[];
  readonly outStrides: readonly number[];
  readonly channels: number;
}

function geometry(inShape: KnownShape, op: HostOp): Geometry {
  if (inShape.length !== 5) throw invalid('tensor_in must be 5-dimensional');
  const [ksize, strides] = [op.attr<readonly number[]>('ksize'), op.attr<readonly number[]>('strides')];
  const { channel, spatial } = layoutOf(op.attr('data_format'), 5);
  if (ksize.some((k) => k <= 0)) throw invalid('Sliding window ksize field must have non-negative dimensions');
  for (const [name, axis] of [
    ['batch', 0],
    ['depth', channel],
  ] as const) {
    if (ksize[axis] === 1 && strides[axis] === 1) continue;
    throw new UnimplementedError(null, `Pooling is not yet supported on the ${name} dimension.`);
  }
  const axes = spatial.map((axis) =>
    windowAxis(inShape[axis], ksize[axis], strides[axis], 1, op.attr<Padding & string>('padding')),
  );
  const outShape = [...inShape];
  axes.forEach((axis, k) => {
    if (axis.out < 0) throw invalid(`Computed output size would be negative: ${axis.out}`);
    outShape[spatial[k]] = axis.out;
  });
  const order = [0, ...spatial, channel];
  const [from, to] = [stridesOf(inShape), stridesOf(outShape)];
  return {
    inShape,
    outShape,
    axes,
    inStrides: order.map((axis) => from[axis]),
    outStrides: order.map((axis) => to[axis]),
    channels: inShape[channel],
  };
}

/** From and to (exclusive) of the windows along an axis, inside the volume. */
function reach(axis: WindowAxis): Int32Array {
  const ends = new Int32Array(2 * axis.out);
  for (let at = 0; at < axis.out; at++) {
    const start = at * axis.stride - axis.before;
    ends[2 * at] = Math.max(0, start);
    ends[2 * at + 1] = Math.min(axis.size, start + axis.window);
  }
  return ends;
}

/**
 * Calls `visit` for every line of every window: the flat positions of the window's first output and of the line's first
 * element, the elements of the line, and those of the window where a line is its first, else 0.
 */
function lines(g: Geometry, visit: (out: number, at: number, count: number, first: number) => void): void {
  const [depth, rows, columns] = g.axes.map(reach);
  const [{ out: depthOut }, { out: rowsOut }, { out: columnsOut }] = g.axes;
  const [[n0, d0, h0, w0], [n1, d1, h1, w1]] = [g.inStrides, g.outStrides];
  for (let n = 0; n < g.inShape[0]; n++) {
    for (let d = 0; d < depthOut; d++) {
      for (let i = 0; i < rowsOut; i++) {
        for (let j = 0; j < columnsOut; j++) {
          const out = n * n1 + d * d1 + i * h1 + j * w1;
          const [from, count] = [columns[2 * j], columns[2 * j + 1] - columns[2 * j]];
          let first = (depth[2 * d + 1] - depth[2 * d]) * (rows[2 * i + 1] - rows[2 * i]) * count;
          for (let k = depth[2 * d]; k < depth[2 * d + 1]; k++) {
            for (let l = rows[2 * i]; l < rows[2 * i + 1]; l++) {
              visit(out, n * n0 + k * d0 + l * h0 + from * w0, count, first);
              first = 0;
            }
          }
        }
      }
    }
  }
}

function maxPool(x: NdArray, g: Geometry): NdArray {
  const data = x.data as Float32Array;
  const out = allocate(x.dtype, sizeOf(g.outShape)) as Float32Array;
  out.fill(-Infinity);
  const [step, inChannel, outChannel] = [g.inStrides[3], g.inStrides[4], g.outStrides[4]];
  lines(g, (to, at, count) => {
    for (let k = 0; k < count; k++) {
      for (let c = 0, i = at + k * step, o = to; c < g.channels; c++, i += inChannel, o += outChannel) {
        if (data[i] > out[o]) out[o] = data[i];
      }
    }
  });
  return new NdArray(x.dtype, g.outShape, out);
}

function averagePool(x: NdArray, g: Geometry): NdArray {
  const data = x.data as Float32Array;
  const sums = new Float64Array(sizeOf(g.outShape));
  const sizes = new Int32Array(sums.length);
  const [step, inChannel, outChannel] = [g.inStrides[3], g.inStrides[4], g.outStrides[4]];
  lines(g, (to, at, count, first) => {
    if (first > 0) for (let c = 0; c < g.channels; c++) sizes[to + c * outChannel] = first;
    for (let k = 0; k < count; k++) {
      for (let c = 0, i = at + k * step, o = to; c < g.channels; c++, i += inChannel, o += outChannel) {
        sums[o] += data[i];
      }
    }
  });
  const out = allocate(x.dtype, sums.length) as Float32Array;
  for (let o = 0; o < sums.length; o++) out[o] = sizes[o] > 0 ? sums[o] / sizes[o] : 0;
  return rounded(x.dtype, g.outShape, out);
}

function averageGradient(dy: NdArray, g: Geometry): NdArray {
  const data = dy.data as Float32Array;
  const sums = new Float64Array(sizeOf(g.inShape));
  const [step, inChannel, outChannel] = [g.inStrides[3], g.inStrides[4], g.outStrides[4]];
  let window = 1;
  lines(g, (from, at, count, first) => {
    if (first > 0) window = first;
    for (let k = 0; k < count; k++) {
      for (let c = 0, i = at + k * step, o = from; c < g.channels; c++, i += inChannel, o += outChannel) {
        sums[i] += data[o] / window;
      }
    }
  });
  const out = allocate(dy.dtype, sums.length) as Float32Array;
  out.set(sums);
  return rounded(dy.dtype, g.inShape, out);
}

/** Unlike the gradient over images, this one goes to every element that equals the greatest. */
function maxGradient(x: NdArray, y: NdArray, dy: NdArray, g: Geometry): NdArray {
  const [data, greatest, flow] = [x.data as Float32Array, y.data as Float32Array, dy.data as Float32Array];
  const sums = new Float64Array(sizeOf(g.inShape));
  const [step, inChannel, outChannel] = [g.inStrides[3], g.inStrides[4], g.outStrides[4]];
  lines(g, (from, at, count) => {
    for (let k = 0; k < count; k++) {
      for (let c = 0, i = at + k * step, o = from; c < g.channels; c++, i += inChannel, o += outChannel) {
        if (data[i] === greatest[o]) sums[i] += flow[o];
      }
    }
  });
  const out = allocate(dy.dtype, sums.length) as Float32Array;
  out.set(sums);
  return rounded(dy.dtype, g.inShape, out);
}

/** Of each window the element of `upstream` where the first equals the greatest; zero where none does. */
function maxSecondGradient(x: NdArray, y: NdArray, upstream: NdArray, g: Geometry): NdArray {
  const [data, greatest, flow] = [x.data as Float32Array, y.data as Float32Array, upstream.data as Float32Array];
  const out = allocate(upstream.dtype, sizeOf(g.outShape)) as Float32Array;
  const found = new Uint8Array(out.length);
  const [step, inChannel, outChannel] = [g.inStrides[3], g.inStrides[4], g.outStrides[4]];
  lines(g, (to, at, count) => {
    for (let k = 0; k < count; k++) {
      for (let c = 0, i = at + k * step, o = to; c < g.channels; c++, i += inChannel, o += outChannel) {
        if (found[o] === 1 || data[i] !== greatest[o]) continue;
        found[o] = 1;
        out[o] = flow[i];
      }
    }
  });
  return new NdArray(upstream.dtype, g.outShape, out);
}

function checkShape(array: NdArray, expected: KnownShape, name: string): void {
  if (array.rank === 5 && expected.every((d, i) => d === array.shape[i])) return;
  throw invalid(`Expected ${name} shape to be ${brackets(expected)}, but got ${brackets(array.shape)}`);
}

defineHostKernels({
  MaxPool3D: ([x], op) => [maxPool(x, geometry(x.shape, op))],
  MaxPool3DGrad: ([x, y, dy], op) => {
    const g = geometry(x.shape, op);
    checkShape(y, g.outShape, 'orig_output');
    checkShape(dy, g.outShape, 'grad');
    return [maxGradient(x, y, dy, g)];
  },
  MaxPool3DGradGrad: ([x, y, upstream], op) => {
    const g = geometry(x.shape, op);
    checkShape(y, g.outShape, 'orig_output');
    checkShape(upstream, g.inShape, 'grad');
    return [maxSecondGradient(x, y, upstream, g)];
  },
  AvgPool3D: ([x], op) => [averagePool(x, geometry(x.shape, op))],
  AvgPool3DGrad: ([shape, dy], op) => {
    const g = geometry(Array.from(indicesOf(shape)), op);
    checkShape(dy, g.outShape, 'grad');
    return [averageGradient(dy, g)];
  },
});
