/**
 * Host kernels of two-dimensional convolutions: forward, both gradients, depthwise. One set of loops over channels-last
 * data with groups serves all; other data formats are transposed on the way in and out. Sums are in double precision.
 */
import type { DType } from '../../src/util/dtype.ts';
import { allocate, type NdArray } from '../../src/util/ndarray.ts';
import type { KnownShape } from '../../src/util/shape.ts';
import { layoutOf, type Padding, padsOf, type WindowAxis, windowAxis } from '../../src/util/window.ts';
import { indicesOf, invalid, rounded } from './elements.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

type Floats = Float32Array | Float64Array;

/** Everything the loops need: sizes of channels-last arrays, and the window along both spatial axes. */
interface Geometry {
  readonly batch: number;
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
  readonly inDepth: number;
  readonly outDepth: number;
  /** Channels of a group: the filter's own input depth, and its share of the output. */
  readonly groupIn: number;
  readonly groupOut: number;
}

/** @param input the shape of the image under the op's data format @param filter [height, width, depth in a group, depth out] */
function geometry(op: HostOp, input: KnownShape, filter: KnownShape): Geometry {
  const { channel, spatial } = layoutOf(op.attr('data_format'));
  const strides = op.attr<readonly number[]>('strides');
  const dilations = op.attr<readonly number[]>('dilations');
  const explicit = op.attr<readonly number[]>('explicit_paddings');
  const axis = (k: number) =>
    windowAxis(
      input[spatial[k]],
      filter[k],
      strides[spatial[k]],
      dilations[spatial[k]],
      op.attr<Padding & string>('padding'),
      padsOf(explicit, spatial[k]),
    );
  const [rows, columns] = [axis(0), axis(1)];
  if (rows.out < 0 || columns.out < 0) {
    throw invalid(`Computed output size would be negative: ${Math.min(rows.out, columns.out)}`);
  }
  const inDepth = input[channel];
  if (filter[2] === 0 || inDepth % filter[2] !== 0) {
    throw invalid(`input depth must be evenly divisible by filter depth: ${inDepth} vs ${filter[2]}`);
  }
  const groups = inDepth / filter[2];
  if (groups > 0 && filter[3] % groups !== 0) {
    throw invalid(`output depth must be evenly divisible by number of groups: ${filter[3]} vs ${groups}`);
  }
  return {
    batch: input[0],
    rows,
    columns,
    inDepth,
    outDepth: filter[3],
    groupIn: filter[2],
    groupOut: groups > 0 ? filter[3] / groups : 0,
  };
}

/** The taps of the window at output position `at` that lie inside the image: from, to (exclusive). */
function taps(axis: WindowAxis, at: number): readonly [number, number] {
  const start = at * axis.stride - axis.before;
  const from = start >= 0 ? 0 : Math.ceil(-start / axis.dilation);
  const to = Math.min(axis.window, Math.floor((axis.size - 1 - start) / axis.dilation) + 1);
  return [from, Math.max(from, to)];
}

/** What the innermost loops of a convolution work on: a pixel of the image, a tap of the filter, a pixel of the output. */
type Tap = (g: Geometry, image: Floats, filter: Floats, output: Floats, x: number, w: number, y: number) => void;

/** Applies `tap` at every output position to every tap inside the image. */
function slide(g: Geometry, image: Floats, filter: Floats, output: Floats, tap: Tap): void {
  const { rows, columns, inDepth, outDepth } = g;
  const filterStep = g.groupIn * outDepth;
  const columnTaps = Array.from({ length: Math.max(0, columns.out) }, (_, i) => taps(columns, i));
  for (let n = 0; n < g.batch; n++) {
    for (let i = 0; i < rows.out; i++) {
      const [k0, k1] = taps(rows, i);
      for (let j = 0; j < columns.out; j++) {
        const [l0, l1] = columnTaps[j];
        const y = ((n * rows.out + i) * columns.out + j) * outDepth;
        for (let k = k0; k < k1; k++) {
          const row = (n * rows.size + i * rows.stride - rows.before + k * rows.dilation) * columns.size;
          for (let l = l0; l < l1; l++) {
            const x = (row + j * columns.stride - columns.before + l * columns.dilation) * inDepth;
            tap(g, image, filter, output, x, (k * columns.window + l) * filterStep, y);
          }
        }
      }
    }
  }
}

const forwardTap: Tap = ({ inDepth, outDepth, groupIn, groupOut }, image, filter, output, x, w, y) => {
  for (let c = 0, first = 0; c < inDepth; c += groupIn, first += groupOut) {
    for (let ci = 0; ci < groupIn; ci++) {
      const value = image[x + c + ci];
      const row = w + ci * outDepth + first;
      for (let co = 0; co < groupOut; co++) output[y + first + co] += value * filter[row + co];
    }
  }
};

const inputTap: Tap = ({ inDepth, outDepth, groupIn, groupOut }, image, filter, output, x, w, y) => {
  for (let c = 0, first = 0; c < inDepth; c += groupIn, first += groupOut) {
    for (let ci = 0; ci < groupIn; ci++) {
      const row = w + ci * outDepth + first;
      let sum = 0;
      for (let co = 0; co < groupOut; co++) sum += output[y + first + co] * filter[row + co];
      image[x + c + ci] += sum;
    }
  }
};

const filterTap: Tap = ({ inDepth, outDepth, groupIn, groupOut }, image, filter, output, x, w, y) => {
  for (let c = 0, first = 0; c < inDepth; c += groupIn, first += groupOut) {
    for (let ci = 0; ci < groupIn; ci++) {
      const value = image[x + c + ci];
      const row = w + ci * outDepth + first;
      for (let co = 0; co < groupOut; co++) filter[row + co] += value * output[y + first + co];
    }
  }
};

function forward(g: Geometry, x: Floats, w: Floats): Float64Array {
  const y = new Float64Array(g.batch * Math.max(0, g.rows.out) * Math.max(0, g.columns.out) * g.outDepth);
  slide(g, x, w, y, forwardTap);
  return y;
}

function backwardInput(g: Geometry, w: Floats, dy: Floats): Float64Array {
  const dx = new Float64Array(g.batch * g.rows.size * g.columns.size * g.inDepth);
  slide(g, dx, w, dy, inputTap);
  return dx;
}

function backwardFilter(g: Geometry, x: Floats, dy: Floats): Float64Array {
  const dw = new Float64Array(g.rows.window * g.columns.window * g.groupIn * g.outDepth);
  slide(g, x, dw, dy, filterTap);
  return dw;
}

/** A copy with the channels moved to the last axis, or back to the second. */
function moveChannels(data: Floats, shape: KnownShape, toLast: boolean): Floats {
  const [batch] = shape;
  const [outer, inner] = toLast ? [shape[1], shape[2] * shape[3]] : [shape[1] * shape[2], shape[3]];
  const out = new (data.constructor as new (length: number) => Floats)(data.length);
  for (let n = 0; n < batch; n++) {
    const base = n * outer * inner;
    for (let i = 0; i < outer; i++) {
      for (let j = 0; j < inner; j++) out[base + j * outer + i] = data[base + i * inner + j];
    }
  }
  return out;
}

function imageData(image: NdArray, op: HostOp): Floats {
  const data = image.data as Floats;
  return op.attr('data_format') === 'NCHW' ? moveChannels(data, image.shape, true) : data;
}

/** An image of the element type and the op's data format from channels-last sums. */
function imageOf(dtype: DType, op: HostOp, shape: KnownShape, sums: Float64Array): NdArray {
  const [n, h, w, c] = shape;
  const nchw = op.attr('data_format') === 'NCHW';
  const moved = nchw ? moveChannels(sums, shape, false) : sums;
  return arrayOf(dtype, nchw ? [n, c, h, w] : shape, moved);
}

function arrayOf(dtype: DType, shape: KnownShape, sums: Floats): NdArray {
  const data = allocate(dtype, sums.length) as Floats;
  data.set(sums);
  return rounded(dtype, shape, data);
}

/** What a depthwise filter [height, width, depth, multiplier] is to grouped convolution. */
function grouped(filter: KnownShape): KnownShape {
  return [filter[0], filter[1], 1, filter[2] * filter[3]];
}

const sizes = (array: NdArray): KnownShape => Array.from(indicesOf(array));
const same = (shape: KnownShape): KnownShape => shape;

function convolve(view: (filter: KnownShape) => KnownShape) {
  return ([x, w]: readonly NdArray[], op: HostOp): NdArray[] => {
    const g = geometry(op, x.shape, view(w.shape));
    const y = forward(g, imageData(x, op), w.data as Floats);
    return [imageOf(x.dtype, op, [g.batch, g.rows.out, g.columns.out, g.outDepth], y)];
  };
}

function inputGradient(view: (filter: KnownShape) => KnownShape) {
  return ([inputSizes, w, dy]: readonly NdArray[], op: HostOp): NdArray[] => {
    const g = geometry(op, fullSizes(sizes(inputSizes), dy.shape, w.shape, op), view(w.shape));
    checkGradient(g, dy, op);
    const dx = backwardInput(g, w.data as Floats, imageData(dy, op));
    return [imageOf(dy.dtype, op, [g.batch, g.rows.size, g.columns.size, g.inDepth], dx)];
  };
}

function filterGradient(view: (filter: KnownShape) => KnownShape) {
  return ([x, filterSizes, dy]: readonly NdArray[], op: HostOp): NdArray[] => {
    const shape = sizes(filterSizes);
    const g = geometry(op, x.shape, view(shape));
    checkGradient(g, dy, op);
    return [arrayOf(dy.dtype, shape, backwardFilter(g, imageData(x, op), imageData(dy, op)))];
  };
}

/** `input_sizes` may hold just height and width; the rest then follows from the gradient and the filter. */
function fullSizes(given: KnownShape, dy: KnownShape, filter: KnownShape, op: HostOp): KnownShape {
  if (given.length === 4) return given;
  if (given.length !== 2) {
    throw invalid(`Conv2DBackpropInput: input_sizes must be of length 4 or 2, got ${given.length}`);
  }
  return op.attr('data_format') === 'NCHW' ? [dy[0], filter[2], ...given] : [dy[0], ...given, filter[2]];
}

function checkGradient(g: Geometry, dy: NdArray, op: HostOp): void {
  const { channel, spatial } = layoutOf(op.attr('data_format'));
  if (dy.shape[0] !== g.batch) {
    throw invalid(
      `${op.type}: input and out_backprop must have the same batch size. Input batch: ${g.batch}, outbackprop batch: ${dy.shape[0]}`,
    );
  }
  [g.rows, g.columns].forEach((axis, k) => {
    if (dy.shape[spatial[k]] === axis.out) return;
    throw invalid(
      `${op.type}: Size of out_backprop doesn't match computed: actual = ${dy.shape[spatial[k]]}, computed = ${axis.out} spatial_dim: ${spatial[k]} input: ${axis.size} filter: ${axis.window} output: ${dy.shape[spatial[k]]} stride: ${axis.stride} dilation: ${axis.dilation}`,
    );
  });
  if (dy.shape[channel] !== g.outDepth) {
    throw invalid(`${op.type}: filter and out_backprop must have the same out_depth`);
  }
}

defineHostKernels({
  Conv2D: convolve(same),
  Conv2DBackpropInput: inputGradient(same),
  Conv2DBackpropFilter: filterGradient(same),
  DepthwiseConv2dNative: convolve(grouped),
  DepthwiseConv2dNativeBackpropInput: inputGradient(grouped),
  DepthwiseConv2dNativeBackpropFilter: filterGradient(grouped),
});
