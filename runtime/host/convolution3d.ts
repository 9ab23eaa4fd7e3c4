/**
 * Host kernels of three-dimensional convolutions: forward and both gradients. Blocks of patches (what the window sees, a row
 * for each position) are multiplied as matrices in double precision; groups and NCDHW are served on the way.
 */
import type { DType } from '../../src/util/dtype.ts';
import { allocate, type NdArray } from '../../src/util/ndarray.ts';
import type { KnownShape } from '../../src/util/shape.ts';
import { layoutOf, type Padding, type WindowAxis, windowAxis } from '../../src/util/window.ts';
import { indicesOf, invalid, rounded } from './elements.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

type Floats = Float32Array | Float64Array;

/** Sizes of channels-last arrays, and the window along depth, height and width. */
interface Geometry {
  readonly batch: number;
  readonly axes: readonly [WindowAxis, WindowAxis, WindowAxis];
  readonly channels: number;
  readonly outChannels: number;
  readonly groups: number;
  /** Channels of a group: the filter's own, and its share of the output. */
  readonly groupIn: number;
  readonly groupOut: number;
  /** Elements of a patch of one group. */
  readonly patch: number;
  /** Positions of the window in one volume. */
  readonly positions: number;
}

/** @param volume the shape under the op's data format @param filter [depth, height, width, channels in a group, channels out] */
function geometry(op: HostOp, volume: KnownShape, filter: KnownShape): Geometry {
  const { channel, spatial } = layoutOf(op.attr('data_format'), 5);
  const strides = op.attr<readonly number[]>('strides');
  const dilations = op.attr<readonly number[]>('dilations');
  for (const [what, shape] of [
    ['input', volume],
    ['filter_sizes', filter],
  ] as const) {
    if (shape.length !== 5) throw invalid(`${what} tensor must have 5 dimensions`);
  }
  if (dilations.length !== 5) throw invalid('Dilation rates field must specify 5 dimensions');
  if (strides.length !== 5) throw invalid('Sliding window strides field must specify 5 dimensions');
  for (const [what, list] of [
    ['dilation rates', dilations],
    ['strides', strides],
  ] as const) {
    if (list[0] === 1 && list[channel] === 1) continue;
    throw invalid(`Current implementation does not yet support ${what} in the batch and depth dimensions.`);
  }
  const axes = spatial.map((axis, k) => {
    if (strides[axis] <= 0) throw invalid(`Stride must be > 0, but got ${strides[axis]}`);
    if (dilations[axis] <= 0) throw invalid(`Dilation rate must be >= 1, but got ${dilations[axis]}`);
    return windowAxis(volume[axis], filter[k], strides[axis], dilations[axis], op.attr<Padding & string>('padding'));
  }) as unknown as Geometry['axes'];
  if (axes.some((axis) => axis.out < 0)) {
    throw invalid(`Computed output size would be negative: ${Math.min(...axes.map((axis) => axis.out))}`);
  }
  const [channels, groupIn, outChannels] = [volume[channel], filter[3], filter[4]];
  if (groupIn === 0 || channels % groupIn !== 0) {
    throw invalid(
      `input and filter_sizes must have the same number of channels. Got ${channels} for input and ${groupIn} for filter_sizes`,
    );
  }
  const groups = channels / groupIn;
  if (groups > 0 && outChannels % groups !== 0) {
    throw invalid(`output depth must be evenly divisible by number of groups: ${outChannels} vs ${groups}`);
  }
  return {
    batch: volume[0],
    axes,
    channels,
    outChannels,
    groups,
    groupIn,
    groupOut: groups > 0 ? outChannels / groups : 0,
    patch: filter[0] * filter[1] * filter[2] * groupIn,
    positions: axes[0].out * axes[1].out * axes[2].out,
  };
}

/** For each position along an axis the first element the window sees, and the taps inside the volume: from, to (exclusive). */
function tapsOf(axis: WindowAxis): Int32Array {
  const taps = new Int32Array(3 * axis.out);
  for (let at = 0; at < axis.out; at++) {
    const start = at * axis.stride - axis.before;
    const from = start >= 0 ? 0 : Math.ceil(-start / axis.dilation);
    const to = Math.min(axis.window, Math.floor((axis.size - 1 - start) / axis.dilation) + 1);
    taps.set([start, from, Math.max(from, to)], 3 * at);
  }
  return taps;
}

/**
 * Copies between a volume and the patches of positions `from` to `to` (flat, within one volume) of one group: `toVolume`
 * adds the patches to the volume, else they are filled from it; what lies in the padding stays as it is.
 */
type Mover = (volume: Floats, base: number, patches: Float64Array, from: number, to: number, toVolume: boolean) => void;

function moverOf({ axes: [depth, rows, columns], channels, groupIn, patch }: Geometry): Mover {
  const [depthTaps, rowTaps, columnTaps] = [tapsOf(depth), tapsOf(rows), tapsOf(columns)];
  const plane = rows.size * columns.size * channels;
  const line = columns.size * channels;
  const columnStep = columns.dilation * channels;
  return (volume, base, patches, from, to, toVolume) => {
    for (let p = from; p < to; p++) {
      const [d, i, j] = [
        3 * Math.floor(p / (rows.out * columns.out)),
        3 * (Math.floor(p / columns.out) % rows.out),
        3 * (p % columns.out),
      ];
      const row = (p - from) * patch;
      for (let k = depthTaps[d + 1]; k < depthTaps[d + 2]; k++) {
        const inDepth = base + (depthTaps[d] + k * depth.dilation) * plane;
        for (let l = rowTaps[i + 1]; l < rowTaps[i + 2]; l++) {
          const first = columnTaps[j + 1];
          let x = inDepth + (rowTaps[i] + l * rows.dilation) * line + columnTaps[j] * channels + first * columnStep;
          let at = row + ((k * rows.window + l) * columns.window + first) * groupIn;
          for (let m = first; m < columnTaps[j + 2]; m++, x += columnStep, at += groupIn) {
            if (toVolume) for (let c = 0; c < groupIn; c++) volume[x + c] += patches[at + c];
            else for (let c = 0; c < groupIn; c++) patches[at + c] = volume[x + c];
          }
        }
      }
    }
  };
}

/** out [rows, columns] += a [rows, depth] · b [depth, columns], two rows by four columns at a time in registers. */
function multiplyAdd(
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
  rows: number,
  depth: number,
  columns: number,
): void {
  const [evenRows, quads] = [rows - (rows % 2), columns - (columns % 4)];
  for (let i = 0; i < evenRows; i += 2) {
    const [p, q] = [i * depth, (i + 1) * depth];
    const [u, v] = [i * columns, (i + 1) * columns];
    for (let j = 0; j < quads; j += 4) {
      let [s0, s1, s2, s3, t0, t1, t2, t3] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let k = 0, at = j; k < depth; k++, at += columns) {
        const x = a[p + k];
        const y = a[q + k];
        s0 += x * b[at];
        s1 += x * b[at + 1];
        s2 += x * b[at + 2];
        s3 += x * b[at + 3];
        t0 += y * b[at];
        t1 += y * b[at + 1];
        t2 += y * b[at + 2];
        t3 += y * b[at + 3];
      }
      out[u + j] += s0;
      out[u + j + 1] += s1;
      out[u + j + 2] += s2;
      out[u + j + 3] += s3;
      out[v + j] += t0;
      out[v + j + 1] += t1;
      out[v + j + 2] += t2;
      out[v + j + 3] += t3;
    }
  }
  for (let i = 0; i < rows; i++) {
    for (let j = i < evenRows ? quads : 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0, at = j; k < depth; k++, at += columns) sum += a[i * depth + k] * b[at];
      out[i * columns + j] += sum;
    }
  }
}

function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = a[i * columns + j];
  return out;
}

/** Columns `first` to `first + count` of a matrix with `columns` of them, some rows of it. */
function columnsOf(a: Floats, columns: number, first: number, count: number, from: number, rows: number): Float64Array {
  const out = new Float64Array(rows * count);
  for (let i = 0, k = 0; i < rows; i++) {
    const at = (from + i) * columns + first;
    for (let j = 0; j < count; j++) out[k++] = a[at + j];
  }
  return out;
}

/** Patches of about half a megabyte at a time: they stay in a processor's cache. */
const BLOCK = 1 << 16;

/** Calls `body` for each volume, group and block of window positions. */
function blocks(g: Geometry, body: (n: number, group: number, from: number, to: number) => void): void {
  const step = Math.max(2, Math.floor(BLOCK / Math.max(1, g.patch)));
  for (let group = 0; group < g.groups; group++) {
    for (let n = 0; n < g.batch; n++) {
      for (let from = 0; from < g.positions; from += step) body(n, group, from, Math.min(g.positions, from + step));
    }
  }
}

const volumeSize = ({ axes, channels }: Geometry) => axes[0].size * axes[1].size * axes[2].size * channels;

function forward(g: Geometry, x: Floats, w: Floats): Float64Array {
  const y = new Float64Array(g.batch * g.positions * g.outChannels);
  const move = moverOf(g);
  const filters = Array.from({ length: g.groups }, (_, group) =>
    columnsOf(w, g.outChannels, group * g.groupOut, g.groupOut, 0, g.patch),
  );
  blocks(g, (n, group, from, to) => {
    const rows = to - from;
    const patches = new Float64Array(rows * g.patch);
    move(x, n * volumeSize(g) + group * g.groupIn, patches, from, to, false);
    const start = n * g.positions + from;
    if (g.groups === 1) {
      const out = y.subarray(start * g.outChannels, (start + rows) * g.outChannels);
      multiplyAdd(patches, filters[0], out, rows, g.patch, g.outChannels);
      return;
    }
    const out = new Float64Array(rows * g.groupOut);
    multiplyAdd(patches, filters[group], out, rows, g.patch, g.groupOut);
    for (let i = 0; i < rows; i++) {
      y.set(out.subarray(i * g.groupOut, (i + 1) * g.groupOut), (start + i) * g.outChannels + group * g.groupOut);
    }
  });
  return y;
}

function backwardInput(g: Geometry, w: Floats, dy: Floats): Float64Array {
  const dx = new Float64Array(g.batch * volumeSize(g));
  const move = moverOf(g);
  const filters = Array.from({ length: g.groups }, (_, group) =>
    transposed(columnsOf(w, g.outChannels, group * g.groupOut, g.groupOut, 0, g.patch), g.patch, g.groupOut),
  );
  blocks(g, (n, group, from, to) => {
    const rows = to - from;
    const flow = columnsOf(dy, g.outChannels, group * g.groupOut, g.groupOut, n * g.positions + from, rows);
    const patches = new Float64Array(rows * g.patch);
    multiplyAdd(flow, filters[group], patches, rows, g.groupOut, g.patch);
    move(dx, n * volumeSize(g) + group * g.groupIn, patches, from, to, true);
  });
  return dx;
}

function backwardFilter(g: Geometry, x: Floats, dy: Floats): Float64Array {
  const move = moverOf(g);
  const sums = Array.from({ length: g.groups }, () => new Float64Array(g.patch * g.groupOut));
  blocks(g, (n, group, from, to) => {
    const rows = to - from;
    const patches = new Float64Array(rows * g.patch);
    move(x, n * volumeSize(g) + group * g.groupIn, patches, from, to, false);
    const flow = columnsOf(dy, g.outChannels, group * g.groupOut, g.groupOut, n * g.positions + from, rows);
    multiplyAdd(transposed(patches, rows, g.patch), flow, sums[group], g.patch, rows, g.groupOut);
  });
  if (g.groups === 1) return sums[0];
  const dw = new Float64Array(g.patch * g.outChannels);
  sums.forEach((sum, group) => {
    for (let k = 0; k < g.patch; k++) {
      dw.set(sum.subarray(k * g.groupOut, (k + 1) * g.groupOut), k * g.outChannels + group * g.groupOut);
    }
  });
  return dw;
}

/** A copy with the channels moved to the last axis, or back to the second. */
function moveChannels(data: Floats, shape: KnownShape, toLast: boolean): Floats {
  const [outer, inner] = toLast
    ? [shape[1], shape[2] * shape[3] * shape[4]]
    : [shape[1] * shape[2] * shape[3], shape[4]];
  const out = new (data.constructor as new (length: number) => Floats)(data.length);
  for (let n = 0; n < shape[0]; n++) {
    const base = n * outer * inner;
    for (let i = 0; i < outer; i++) {
      for (let j = 0; j < inner; j++) out[base + j * outer + i] = data[base + i * inner + j];
    }
  }
  return out;
}

function volumeData(volume: NdArray, op: HostOp): Floats {
  const data = volume.data as Floats;
  return op.attr('data_format') === 'NCDHW' ? moveChannels(data, volume.shape, true) : data;
}

function arrayOf(dtype: DType, shape: KnownShape, sums: Floats): NdArray {
  const data = allocate(dtype, sums.length) as Floats;
  data.set(sums);
  return rounded(dtype, shape, data);
}

/** A volume of the element type and the op's data format from channels-last sums. */
function volumeOf(dtype: DType, op: HostOp, shape: KnownShape, sums: Float64Array): NdArray {
  if (op.attr('data_format') !== 'NCDHW') return arrayOf(dtype, shape, sums);
  const [n, d, h, w, c] = shape;
  return arrayOf(dtype, [n, c, d, h, w], moveChannels(sums, shape, false));
}

function checkGradient(g: Geometry, dy: NdArray, op: HostOp): void {
  const { channel, spatial } = layoutOf(op.attr('data_format'), 5);
  const kernel = op.type.replace('V2', 'Op');
  if (dy.rank !== 5) throw invalid('out_backprop tensor must have 5 dimensions');
  if (dy.shape[0] !== g.batch) {
    throw invalid(
      `${kernel}: input and out_backprop must have the same batch size. Input batch: ${g.batch}, outbackprop batch: ${dy.shape[0]}, batch_dim: 0`,
    );
  }
  g.axes.forEach((axis, k) => {
    const [found, at] = [dy.shape[spatial[k]], spatial[k]];
    if (found === axis.out) return;
    throw invalid(
      `${kernel}: Size of out_backprop doesn't match computed: actual = ${found}, computed = ${axis.out} spatial_dim: ${at} input: ${axis.size} filter: ${axis.window} output: ${found} stride: ${axis.stride} dilation: ${axis.dilation}`,
    );
  });
  if (dy.shape[channel] !== g.outChannels) {
    throw invalid(
      `out_backprop and filter_sizes must have the same number of channels. Got ${dy.shape[channel]} for out_backprop and ${g.outChannels} for filter_sizes`,
    );
  }
}

const sizes = (array: NdArray): KnownShape => Array.from(indicesOf(array));

defineHostKernels({
  Conv3D: ([x, w], op) => {
    const g = geometry(op, x.shape, w.shape);
    const y = forward(g, volumeData(x, op), w.data as Floats);
    return [volumeOf(x.dtype, op, [g.batch, ...g.axes.map((axis) => axis.out), g.outChannels], y)];
  },
  Conv3DBackpropInputV2: ([inputSizes, w, dy], op) => {
    const g = geometry(op, sizes(inputSizes), w.shape);
    checkGradient(g, dy, op);
    const dx = backwardInput(g, w.data as Floats, volumeData(dy, op));
    return [volumeOf(dy.dtype, op, [g.batch, ...g.axes.map((axis) => axis.size), g.channels], dx)];
  },
  Conv3DBackpropFilterV2: ([x, filterSizes, dy], op) => {
    const shape = sizes(filterSizes);
    const g = geometry(op, x.shape, shape);
    checkGradient(g, dy, op);
    return [arrayOf(dy.dtype, shape, backwardFilter(g, volumeData(x, op), volumeData(dy, op)))];
  },
});
