/** Host kernels that choose: where, select, oneHot, topK, inTopK. */
import { int64 } from '../../src/util/dtype.ts';
import { allocate, type Data, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { broadcastShapes, type KnownShape, sizeOf, stridesOf } from '../../src/util/shape.ts';
import { brackets, copyRun, indicesOf, integers, invalid, scalarOf, widthOf } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

/** For each element of `out`, the position of the element of `shape` that is broadcast to it. */
function broadcastPositions(shape: KnownShape, out: KnownShape): Int32Array {
  let positions = new Int32Array(1);
  const strides = stridesOf(shape);
  const lead = out.length - shape.length;
  for (let axis = 0; axis < out.length; axis++) {
    const step = axis < lead || shape[axis - lead] === 1 ? 0 : strides[axis - lead];
    const next = new Int32Array(positions.length * out[axis]);
    let k = 0;
    for (let i = 0; i < positions.length; i++) for (let j = 0; j < out[axis]; j++) next[k++] = positions[i] + j * step;
    positions = next;
  }
  return positions;
}

function isTrue(data: NumericData, at: number, width: number): boolean {
  for (let k = 0; k < width; k++) if (Number(data[at * width + k]) !== 0) return true;
  return false;
}

const where: HostKernel = ([input]) => {
  const { rank, shape } = input;
  if (rank === 0) throw invalid('WhereOp : Unhandled input dimensions: 0');
  const data = input.data as NumericData;
  const width = widthOf(input.dtype);
  const found: number[] = [];
  for (let i = 0; i < input.size; i++) if (isTrue(data, i, width)) found.push(i);
  const strides = stridesOf(shape);
  const out = new BigInt64Array(found.length * rank);
  found.forEach((position, i) => {
    for (let axis = 0; axis < rank; axis++) {
      out[i * rank + axis] = BigInt(Math.floor(position / strides[axis]) % shape[axis]);
    }
  });
  return [new NdArray(int64, [found.length, rank], out)];
};

/** The old `Select`: one condition for all, one per row, or one per element. */
const select: HostKernel = ([condition, t, e]) => {
  if (t.rank !== e.rank || t.shape.some((d, axis) => d !== e.shape[axis])) {
    throw invalid(
      `'then' and 'else' must have the same size.  but received: ${brackets(t.shape)} vs. ${brackets(e.shape)}`,
    );
  }
  if (condition.rank === 0) return [condition.data[0] ? t : e];
  const rows = condition.rank === 1 && t.rank > 1;
  if (rows ? condition.shape[0] !== t.shape[0] : condition.shape.join() !== t.shape.join()) {
    throw invalid(
      rows
        ? `Number of batches of 'then' must match size of 'cond', but saw: ${t.shape[0]} vs. ${condition.shape[0]}`
        : `'cond' and 'then' must have the same size: ${brackets(condition.shape)} vs. ${brackets(t.shape)}`,
    );
  }
  const run = (rows ? sizeOf(t.shape.slice(1)) : 1) * widthOf(t.dtype);
  const out = allocate(t.dtype, t.size);
  for (let i = 0; i < condition.size; i++) {
    copyRun(condition.data[i] ? t.data : e.data, i * run, out, i * run, run);
  }
  return [new NdArray(t.dtype, t.shape, out)];
};

const selectV2: HostKernel = ([condition, t, e]) => {
  const branches = broadcastShapes(t.shape, e.shape) as KnownShape | undefined;
  const shape = branches && (broadcastShapes(condition.shape, branches) as KnownShape | undefined);
  if (!shape) {
    const [a, b, c] = [condition, t, e].map((array) => brackets(array.shape));
    throw invalid(`condition ${a}, then ${b}, and else ${c} must be broadcastable`);
  }
  const [c, x, y] = [condition, t, e].map((array) => broadcastPositions(array.shape, shape));
  const width = widthOf(t.dtype);
  const out = allocate(t.dtype, sizeOf(shape));
  for (let i = 0; i < c.length; i++) {
    if (condition.data[c[i]]) copyRun(t.data, x[i] * width, out, i * width, width);
    else copyRun(e.data, y[i] * width, out, i * width, width);
  }
  return [new NdArray(t.dtype, shape, out)];
};

const oneHot: HostKernel = ([indices, depthInput, on, off], op) => {
  const depth = scalarOf(depthInput);
  if (depth < 0) throw invalid(`depth must be non-negative, got: ${depth}`);
  const given = op.attr<number>('axis');
  const axis = given < 0 ? indices.rank : given;
  if (axis > indices.rank)
    throw invalid(`Expected axis to be -1 or between [0, ${indices.rank}].  But received: ${given}`);
  const shape = [...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)];
  const width = widthOf(on.dtype);
  const out = allocate(on.dtype, sizeOf(shape));
  for (let i = 0; i < sizeOf(shape); i++) copyRun(off.data, 0, out, i * width, width);
  const at = indicesOf(indices);
  const inner = sizeOf(indices.shape.slice(axis));
  for (let i = 0; i < at.length; i++) {
    if (!(at[i] >= 0 && at[i] < depth)) continue;
    const to = (Math.floor(i / inner) * depth + at[i]) * inner + (i % inner);
    copyRun(on.data, 0, out, to * width, width);
  }
  return [new NdArray(on.dtype, shape, out)];
};

/** Descending, NaN last, equal elements in their order. */
function topOf(data: NumericData, start: number, length: number, k: number): number[] {
  const order = Array.from({ length }, (_, i) => i);
  const value = (i: number): number | bigint => data[start + i];
  order.sort((i, j) => {
    const [a, b] = [value(i), value(j)];
    if (a > b) return -1;
    if (a < b) return 1;
    const [p, q] = [Number.isNaN(a), Number.isNaN(b)];
    return p === q ? i - j : p ? 1 : -1;
  });
  return order.slice(0, k);
}

const topK: HostKernel = ([input, kInput], op) => {
  const k = kInput ? scalarOf(kInput) : op.attr<number>('k');
  if (k < 0) throw invalid(`Need k >= 0, got ${k}`);
  if (input.rank === 0) throw invalid('input must be >= 1-D, got shape []');
  const length = input.shape[input.rank - 1];
  if (length < k) throw invalid('input must have at least k columns');
  const outer = input.shape.slice(0, -1);
  const rows = sizeOf(outer);
  const values = allocate(input.dtype, rows * k) as NumericData;
  const indices = new Int32Array(rows * k);
  const data = input.data as NumericData;
  for (let row = 0; row < rows; row++) {
    topOf(data, row * length, length, k).forEach((at, i) => {
      values[row * k + i] = data[row * length + at];
      indices[row * k + i] = at;
    });
  }
  const shape = [...outer, k];
  return [new NdArray(input.dtype, shape, values as Data), integers(op.outputDType(1), shape, indices)];
};

const inTopK: HostKernel = ([predictions, targets, kInput], op) => {
  const k = kInput ? scalarOf(kInput) : op.attr<number>('k');
  if (predictions.rank !== 2) throw invalid('predictions must be 2-dimensional');
  if (targets.rank !== 1) throw invalid('targets must be 1-dimensional');
  const [rows, classes] = predictions.shape;
  if (targets.size !== rows) {
    throw invalid(`First dimension of predictions ${rows} must match length of targets ${targets.size}`);
  }
  const data = predictions.data as Float32Array;
  const at = indicesOf(targets);
  const out = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const target = at[row];
    if (!(target >= 0 && target < classes)) continue;
    const score = data[row * classes + target];
    let better = 0;
    let sure = Number.isFinite(score);
    for (let c = 0; c < classes && sure && better < k; c++) {
      const other = data[row * classes + c];
      if (!Number.isFinite(other)) sure = false;
      else if (other > score) better++;
    }
    out[row] = sure && better < k ? 1 : 0;
  }
  return [new NdArray(op.outputDType(0), [rows], out)];
};

defineHostKernels({
  Where: where,
  Select: select,
  SelectV2: selectV2,
  OneHot: oneHot,
  TopK: topK,
  TopKV2: topK,
  InTopK: inTopK,
  InTopKV2: inTopK,
});
