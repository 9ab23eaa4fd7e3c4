/**
 * Host kernels that move the elements of sparse tensors: to dense ones, into order, into other shapes, cut and joined.
 * Arithmetic is in `sparse-arithmetic.ts`.
 */
import { bool } from '../../src/util/dtype.ts';
import { InternalError } from '../../src/util/errors.ts';
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { sizeOf, stridesOf } from '../../src/util/shape.ts';
import {
  arithmeticOf,
  brackets,
  copyRun,
  indicesOf,
  integers,
  invalid,
  rounded,
  scalarOf,
  widthOf,
} from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';
import {
  checkBounds,
  checkOrder,
  checkSparse,
  compareRows,
  isInside,
  pick,
  rowsOf,
  sortedRows,
} from './sparse-rows.ts';

const toDense: HostKernel = ([indices, outputShape, values, fallback], op) => {
  if (indices.rank > 2) {
    throw invalid(`sparse_indices should be a scalar, vector, or matrix, got shape ${brackets(indices.shape)}`);
  }
  if (outputShape.rank !== 1) throw invalid(`output_shape must be rank 1, got shape ${brackets(outputShape.shape)}`);
  const count = indices.rank === 0 ? 1 : indices.shape[0];
  const rank = indices.rank === 2 ? indices.shape[1] : 1;
  if (outputShape.size !== rank) {
    throw invalid(`output_shape has incorrect number of elements: ${outputShape.size} should be: ${rank}`);
  }
  if (values.rank !== 0 && !(values.rank === 1 && values.shape[0] === count)) {
    throw invalid(`sparse_values has incorrect shape ${brackets(values.shape)}, should be [] or [${count}]`);
  }
  if (fallback.rank !== 0) throw invalid('default_value should be a scalar.');
  const shape = Array.from(indicesOf(outputShape));
  for (const d of shape) if (d < 0) throw invalid(`Dimension ${d} must be >= 0`);
  const rows = { at: indicesOf(indices), count, rank };
  if (op.attr('validate_indices')) checkOrder(rows, shape);
  const width = widthOf(values.dtype);
  const data = allocate(values.dtype, sizeOf(shape));
  (data as Float32Array).fill((fallback.data as Float32Array)[0]);
  if (width === 2) for (let i = 0; i < data.length; i += 2) copyRun(fallback.data, 0, data, i, 2);
  const strides = stridesOf(shape);
  for (let i = 0; i < count; i++) {
    if (!isInside(rows, i, shape)) throw invalid(`Indices are not valid (out of bounds).  Shape: ${brackets(shape)}`);
    let at = 0;
    for (let k = 0; k < rank; k++) at += rows.at[i * rank + k] * strides[k];
    copyRun(values.data, values.rank === 0 ? 0 : i * width, data, at * width, width);
  }
  return [new NdArray(values.dtype, shape, data)];
};

const reorder: HostKernel = ([indices, values, shape]) => {
  checkSparse(indices, values, shape);
  const order = sortedRows(rowsOf(indices));
  return [pick(indices, order), pick(values, order)];
};

/** The shape with its unknown dimension computed. */
function resolveShape(from: readonly number[], to: readonly number[]): number[] {
  const total = from.reduce((size, d) => size * d, 1);
  const resolved = [...to];
  let unknown = -1;
  let product = 1;
  to.forEach((d, axis) => {
    if (d === -1) {
      if (unknown >= 0) throw invalid(`only one output dimension may be -1, not both ${unknown} and ${axis}`);
      unknown = axis;
    } else {
      if (d < 0) throw invalid(`size ${axis} must be non-negative, not ${d}`);
      product *= d;
    }
  });
  if (unknown >= 0) {
    if (product === 0) {
      throw invalid(
        'reshape cannot infer the missing input size for an empty tensor unless all specified input sizes are non-zero',
      );
    }
    resolved[unknown] = Math.floor(total / product);
  }
  const size = resolved.reduce((all, d) => all * d, 1);
  if (size !== total) {
    // TensorFlow prints the unknown length as 1.
    const printed = resolved.map((d, axis) => (axis === unknown ? 1 : d));
    const shapes = `input_shape=${brackets(from)} output_shape=${brackets(printed)}`;
    throw invalid(
      unknown >= 0
        ? `Input to reshape is a SparseTensor with ${total} dense values, but the requested shape requires a multiple of ${product}. ${shapes}`
        : `Input to reshape is a tensor with ${total} dense values, but the requested shape has ${size}. ${shapes}`,
    );
  }
  return resolved;
}

const reshape: HostKernel = ([indices, inputShape, newShape]) => {
  if (indices.rank !== 2) throw invalid('Input must be a matrix.');
  if (inputShape.rank !== 1) throw invalid('Input shape must be a vector.');
  if (newShape.rank !== 1)
    throw invalid(`Target shape should be a vector but received shape ${brackets(newShape.shape)}`);
  if (indices.shape[1] !== inputShape.size) throw invalid('Input tensor rank must match input shape length.');
  const from = Array.from(indicesOf(inputShape));
  const to = resolveShape(from, Array.from(indicesOf(newShape)));
  const { count, rank } = rowsOf(indices);
  const out = new BigInt64Array(count * to.length);
  // The position in the whole may be beyond what a number counts exactly.
  const source = indices.data as BigInt64Array;
  for (let i = 0; i < count; i++) {
    let position = 0n;
    for (let k = 0; k < rank; k++) position = position * BigInt(from[k]) + source[i * rank + k];
    for (let k = to.length - 1; k >= 0; k--) {
      const d = BigInt(to[k]);
      out[i * to.length + k] = k === 0 || d === 0n ? position : position % d;
      if (d !== 0n) position /= d;
    }
  }
  return [new NdArray(indices.dtype, [count, to.length], out), integers(newShape.dtype, [to.length], to)];
};

const slice: HostKernel = ([indices, values, shape, start, size]) => {
  checkSparse(indices, values, shape);
  const { rank, count } = rowsOf(indices);
  for (const [name, vector] of [
    ['start', start],
    ['size', size],
  ] as const) {
    if (vector.rank !== 1) {
      throw invalid(`Input ${name} should be a vector but received shape ${brackets(vector.shape)}`);
    }
    if (vector.size !== rank) {
      throw invalid(`Expected ${name} to be a vector of length ${rank} but got length ${vector.size}`);
    }
  }
  const [whole, first, length] = [shape, start, size].map(indicesOf);
  const out: number[] = [];
  for (let k = 0; k < rank; k++) {
    if (length[k] < 0) throw invalid(`Expected a non-negative size, got ${length[k]}`);
    out.push(first[k] < whole[k] ? Math.min(length[k], whole[k] - first[k]) : 0);
  }
  const source = indicesOf(indices);
  const moved = Float64Array.from(source, (index, i) => index - first[i % rank]);
  const kept: number[] = [];
  for (let i = 0; i < count; i++) if (isInside({ at: moved, count, rank }, i, out)) kept.push(i);
  const rows = kept.flatMap((i) => Array.from(moved.subarray(i * rank, (i + 1) * rank)));
  return [integers(indices.dtype, [kept.length, rank], rows), pick(values, kept), integers(shape.dtype, [rank], out)];
};

const sliceGrad: HostKernel = ([grad, inputIndices, inputStart, outputIndices]) => {
  for (const matrix of [inputIndices, outputIndices]) {
    if (matrix.rank !== 2) {
      throw invalid(
        `Input and output indices should be matrices but received shapes: ${brackets(inputIndices.shape)} and ${brackets(outputIndices.shape)}`,
      );
    }
  }
  if (grad.rank !== 1)
    throw invalid(`Input backprop_val_grad should be a vector but received shape: ${brackets(grad.shape)}`);
  const [all, cut] = [rowsOf(inputIndices), rowsOf(outputIndices)];
  if (all.rank !== cut.rank) {
    throw invalid(`The input and output should have the same ndims: got: ${all.rank} and ${cut.rank}`);
  }
  if (cut.count !== grad.size) {
    throw invalid(
      `# elements of backprop_val_grad and # rows of output_indices should match (#nnz of sum): got ${grad.size} and ${cut.count}`,
    );
  }
  const start = indicesOf(inputStart);
  const moved = { ...all, at: Float64Array.from(all.at, (index, i) => index - start[i % all.rank]) };
  const positions = new Int32Array(all.count).fill(-1);
  let next = 0;
  for (let i = 0; i < all.count && next < cut.count; i++) {
    if (compareRows(moved, i, cut, next) === 0) positions[i] = next++;
  }
  if (next < cut.count) {
    throw new InternalError(
      null,
      `Elements of backprop_val_grad aren't all propagated. Num elements:${cut.count}, used: ${next}`,
    );
  }
  return [pick(grad, positions)];
};

const split: HostKernel = ([axisInput, indices, values, shape], op) => {
  if (axisInput.rank !== 0)
    throw invalid(`Input axis should be a scalar but received shape ${brackets(axisInput.shape)}`);
  if (indices.rank !== 2)
    throw invalid(`Input indices should be a matrix but received shape ${brackets(indices.shape)}`);
  checkSparse(indices, values, shape);
  const parts = op.attr<number>('num_split');
  const { at, count, rank } = rowsOf(indices);
  const whole = Array.from(indicesOf(shape));
  const given = scalarOf(axisInput);
  if (given < -rank || given >= rank) throw invalid(`Input axis should be in range [-${rank}, ${rank}), got ${given}`);
  const axis = given < 0 ? given + rank : given;
  const length = whole[axis];
  if (parts < 1 || parts > length) {
    throw invalid(`Input num_split should be between 1 and the splitting dimension size (${length}), got ${parts}`);
  }
  checkBounds({ at, count, rank }, whole);
  // The first parts hold one more.
  const each = Math.floor(length / parts);
  const longer = length % parts;
  const border = longer * (each + 1);
  const rows = Array.from({ length: parts }, (): number[] => []);
  const kept = Array.from({ length: parts }, (): number[] => []);
  for (let i = 0; i < count; i++) {
    const index = at[i * rank + axis];
    const inLonger = index < border;
    const part = inLonger ? Math.floor(index / (each + 1)) : longer + Math.floor((index - border) / each);
    const offset = inLonger ? part * (each + 1) : border + (part - longer) * each;
    kept[part].push(i);
    for (let k = 0; k < rank; k++) rows[part].push(at[i * rank + k] - (k === axis ? offset : 0));
  }
  const shapes = rows.map((_, part) => whole.map((d, k) => (k === axis ? each + (part < longer ? 1 : 0) : d)));
  return [
    ...rows.map((list, part) => integers(indices.dtype, [kept[part].length, rank], list)),
    ...kept.map((list) => pick(values, list)),
    ...shapes.map((dims) => integers(shape.dtype, [rank], dims)),
  ];
};

const concat: HostKernel = (inputs, op) => {
  const n = inputs.length / 3;
  const [indices, values, shapes] = [0, 1, 2].map((part) => inputs.slice(part * n, (part + 1) * n));
  indices.forEach((matrix, i) => {
    if (matrix.rank !== 2) {
      throw invalid(`Input indices should be a matrix but received shape ${brackets(matrix.shape)} at position ${i}`);
    }
    if (values[i].rank !== 1) {
      throw invalid(`Input values should be a vector but received shape ${brackets(values[i].shape)} at position ${i}`);
    }
    if (shapes[i].rank !== 1) {
      throw invalid(`Input shapes should be a vector but received shape ${brackets(shapes[i].shape)} at position ${i}`);
    }
  });
  const dims = shapes.map((shape) => Array.from(indicesOf(shape)));
  const rank = dims[0].length;
  const given = op.attr<number>('concat_dim');
  if (given < -rank || given >= rank)
    throw invalid(`Concat dimension must be in range [-${rank}, ${rank}), got ${given}`);
  const axis = given < 0 ? given + rank : given;
  dims.forEach((shape, i) => {
    if (shape.length !== rank) {
      throw invalid(`Ranks of all input tensors must match: expected ${rank} but got ${shape.length} at position ${i}`);
    }
    shape.forEach((d, k) => {
      if (k !== axis && d !== dims[0][k]) {
        throw invalid(
          `Input shapes must match: expected ${dims[0][k]} for dimension ${k} but got ${d} at position ${i}`,
        );
      }
    });
    const [rows, entries] = [indices[i].shape[0], values[i].shape[0]];
    if (rows !== entries) {
      throw invalid(
        `indices and values rows (indexing dimension) must match. (indices = ${rows}, values = ${entries})`,
      );
    }
  });
  const at: number[] = [];
  let offset = 0;
  indices.forEach((matrix, i) => {
    const source = indicesOf(matrix);
    for (let p = 0; p < source.length; p++) at.push(source[p] + (p % rank === axis ? offset : 0));
    offset += dims[i][axis];
  });
  const count = values.reduce((total, part) => total + part.size, 0);
  const order = sortedRows({ at, count, rank });
  const { dtype } = values[0];
  const width = widthOf(dtype);
  const joined = allocate(dtype, count);
  let next = 0;
  for (const part of values) {
    copyRun(part.data, 0, joined, next * width, part.size * width);
    next += part.size;
  }
  const shape = dims[0].map((d, k) => (k === axis ? offset : d));
  return [
    pick(integers(indices[0].dtype, [count, rank], at), order),
    pick(new NdArray(dtype, [count], joined), order),
    integers(shapes[0].dtype, [rank], shape),
  ];
};

const fillEmptyRows: HostKernel = ([indices, values, denseShape, fallback]) => {
  const saw = (array: NdArray) => `saw: ${brackets(array.shape)}`;
  if (denseShape.rank !== 1) throw invalid(`dense_shape must be a vector, ${saw(denseShape)}`);
  if (indices.rank !== 2) throw invalid(`indices must be a matrix, ${saw(indices)}`);
  if (values.rank !== 1) throw invalid(`values must be a vector, ${saw(values)}`);
  if (values.size !== indices.shape[0]) {
    throw invalid(
      `The length of \`values\` (${values.size}) must match the first dimension of \`indices\` (${indices.shape[0]}).`,
    );
  }
  if (fallback.rank !== 0) throw invalid(`default_value must be a scalar, ${saw(fallback)}`);
  if (denseShape.size === 0) throw invalid('Dense shape cannot be empty.');
  const { at, count, rank } = rowsOf(indices);
  const total = indicesOf(denseShape)[0];
  if (total === 0 && count > 0) {
    throw invalid(`Received SparseTensor with dense_shape[0] = 0 but indices.shape[0] = ${count}`);
  }
  const perRow = new Int32Array(total);
  for (let i = 0; i < count; i++) {
    const row = at[i * rank];
    if (row < 0) throw invalid(`indices(${i}, 0) is invalid: ${row} < 0`);
    if (row >= total) throw invalid(`indices(${i}, 0) is invalid: ${row} >= ${total}`);
    perRow[row]++;
  }
  // Elements of a row stay in their order; a row without elements gets one.
  const next = new Int32Array(total);
  let filled = 0;
  for (let row = 0; row < total; row++) {
    next[row] = filled;
    filled += Math.max(perRow[row], 1);
  }
  const sources = new Int32Array(filled).fill(-1);
  const rows = new Float64Array(filled * rank);
  const reverse = new Float64Array(count);
  for (let row = 0; row < total; row++) if (perRow[row] === 0) rows[next[row] * rank] = row;
  for (let i = 0; i < count; i++) {
    const to = next[at[i * rank]]++;
    sources[to] = i;
    reverse[i] = to;
    for (let k = 0; k < rank; k++) rows[to * rank + k] = at[i * rank + k];
  }
  const filledValues = pick(values, sources);
  const width = widthOf(values.dtype);
  sources.forEach((from, to) => {
    if (from < 0) copyRun(fallback.data, 0, filledValues.data, to * width, width);
  });
  const indicator = allocate(bool, total) as Uint8Array;
  perRow.forEach((n, row) => {
    indicator[row] = n === 0 ? 1 : 0;
  });
  return [
    integers(indices.dtype, [filled, rank], rows),
    filledValues,
    new NdArray(bool, [total], indicator),
    integers(indices.dtype, [count], reverse),
  ];
};

const fillEmptyRowsGrad: HostKernel = ([reverse, grad]) => {
  if (reverse.rank !== 1) throw invalid(`reverse_index_map must be a vector, saw: ${brackets(reverse.shape)}`);
  if (grad.rank !== 1) throw invalid(`grad_values must be a vector, saw: ${brackets(grad.shape)}`);
  const at = indicesOf(reverse);
  const taken = new Uint8Array(grad.size);
  for (let i = 0; i < at.length; i++) {
    if (!(at[i] >= 0 && at[i] < grad.size)) {
      throw invalid(`Elements in reverse index must be in [0, ${grad.size}) but got ${at[i]}`);
    }
    taken[at[i]] = 1;
  }
  const { dtype } = grad;
  const width = widthOf(dtype);
  const rest = allocate(dtype, 1) as NumericData;
  if (dtype.isFloating || dtype.isInteger || dtype.isComplex) {
    const { zero, add } = dtype.isComplex ? { zero: 0, add: (a: number, b: number) => a + b } : arithmeticOf(dtype);
    const source = grad.data as NumericData;
    for (let part = 0; part < width; part++) {
      let total = zero;
      for (let i = 0; i < grad.size; i++) if (!taken[i]) total = add(total as never, source[i * width + part] as never);
      rest[part] = total;
    }
  }
  return [pick(grad, at), rounded(dtype, [], rest)];
};

defineHostKernels({
  SparseToDense: toDense,
  SparseReorder: reorder,
  SparseReshape: reshape,
  SparseSlice: slice,
  SparseSliceGrad: sliceGrad,
  SparseSplit: split,
  SparseConcat: concat,
  SparseFillEmptyRows: fillEmptyRows,
  SparseFillEmptyRowsGrad: fillEmptyRowsGrad,
});
