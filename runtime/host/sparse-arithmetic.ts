/**
 * Host kernels that compute with sparse tensors: sums, products with dense ones, extrema, softmax, reductions. Kernels that
 * move elements are in `sparse-layout.ts`.
 */
import type { DType } from '../../src/util/dtype.ts';
import { InternalError } from '../../src/util/errors.ts';
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { sizeOf, stridesOf } from '../../src/util/shape.ts';
import { arithmeticOf, brackets, indicesOf, integers, invalid, rounded, widthOf } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';
import {
  checkBounds,
  checkParts,
  checkSparse,
  compareRows,
  isInside,
  mergeRows,
  pick,
  type Rows,
  rowAt,
  rowsOf,
  sortedRows,
} from './sparse-rows.ts';

type Value = number | bigint;

/** Addition on storage; of complex numbers each part by itself. */
function adderOf(dtype: DType): (a: Value, b: Value) => Value {
  const add = dtype.isComplex ? (a: number, b: number) => a + b : arithmeticOf(dtype).add;
  return add as (a: Value, b: Value) => Value;
}

/** Shapes as C++ prints a tensor's elements: `3 4`. */
const spaced = (values: ArrayLike<number>) => Array.from(values).join(' ');

/** A buffer in which sums are exact enough: double precision for floats, the type itself for integers. */
function totalsOf(dtype: DType, length: number): NumericData {
  return (dtype.isBigInt ? allocate(dtype, length) : new Float64Array(length * widthOf(dtype))) as NumericData;
}

/** The array of the type with these values. */
function stored(dtype: DType, shape: readonly number[], totals: NumericData): NdArray {
  const data = allocate(dtype, sizeOf(shape));
  if (dtype.isBigInt) (data as BigInt64Array).set(totals as unknown as BigInt64Array);
  else (data as Float32Array).set(totals as unknown as Float64Array);
  return rounded(dtype, shape, data);
}

function checkSameShapes(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length) {
    throw invalid(`Operands do not have the same ranks; got shapes: ${spaced(a)} and ${spaced(b)}`);
  }
}

function checkSameDims(a: ArrayLike<number>, b: ArrayLike<number>): void {
  for (let k = 0; k < a.length; k++) {
    if (a[k] !== b[k]) throw invalid(`Operands' shapes do not match: got ${a[k]} and ${b[k]} for dimension ${k}`);
  }
}

const sparseAdd: HostKernel = ([ai, av, as, bi, bv, bs, threshold]) => {
  const both = (a: NdArray, b: NdArray) => `${brackets(a.shape)} and ${brackets(b.shape)}`;
  if (ai.rank !== 2 || bi.rank !== 2) {
    throw invalid(`Input indices should be matrices but received shapes: ${both(ai, bi)}`);
  }
  const [a, b] = [rowsOf(ai), rowsOf(bi)];
  if (a.rank !== b.rank) throw invalid(`Input indices must have the same dimension, got ${a.rank} and ${b.rank}`);
  if (av.rank !== 1 || bv.rank !== 1) {
    throw invalid(`Input values should be vectors but received shapes: ${both(av, bv)}`);
  }
  if (av.size !== a.count || bv.size !== b.count) {
    throw invalid(`Expected ${a.count} and ${b.count} non-empty input values, got ${av.size} and ${bv.size}`);
  }
  if (as.rank !== 1 || bs.rank !== 1) {
    throw invalid(`Input shapes should be a vector but received shapes ${both(as, bs)}`);
  }
  const [shapeA, shapeB] = [indicesOf(as), indicesOf(bs)];
  checkSameShapes(shapeA, shapeB);
  if (a.rank !== as.size) {
    throw invalid(`Second dimension of a_indices and length of a_shape must match, got ${a.rank} and ${as.size}`);
  }
  checkSameDims(shapeA, shapeB);
  if (threshold.rank !== 0) {
    throw invalid(`The magnitude threshold must be a scalar: got shape ${brackets(threshold.shape)}`);
  }
  const { dtype } = av;
  const width = widthOf(dtype);
  const add = adderOf(dtype);
  const [x, y] = [av.data as NumericData, bv.data as NumericData];
  const least = (threshold.data as NumericData)[0];
  const { fromA, fromB } = mergeRows(a, b);
  const rows: number[] = [];
  const values: Value[] = [];
  fromA.forEach((i, at) => {
    const j = fromB[at];
    const sum: Value[] = [];
    for (let k = 0; k < width; k++) {
      const left = x[i * width + k];
      const right = y[j * width + k];
      sum.push(i < 0 ? right : j < 0 ? left : add(left, right));
    }
    // The threshold is for sums only.
    if (i >= 0 && j >= 0 && magnitude(rounding(dtype, sum)) < least) return;
    rows.push(...(i >= 0 ? rowAt(a, i) : rowAt(b, j)));
    values.push(...sum);
  });
  const count = values.length / width;
  const totals = totalsOf(dtype, count);
  values.forEach((value, k) => {
    totals[k] = value;
  });
  return [integers(ai.dtype, [count, a.rank], rows), stored(dtype, [count], totals), as];
};

/** The element as it is stored. */
function rounding(dtype: DType, element: readonly Value[]): readonly Value[] {
  const totals = totalsOf(dtype, 1);
  element.forEach((value, k) => {
    totals[k] = value;
  });
  return Array.from(stored(dtype, [], totals).data as NumericData as ArrayLike<Value>);
}

function magnitude(element: readonly Value[]): Value {
  if (element.length === 2) return Math.hypot(Number(element[0]), Number(element[1]));
  return element[0] < 0 ? -element[0] : element[0];
}

const sparseAddGrad: HostKernel = ([grad, ai, bi, si]) => {
  const shapes = [ai, bi, si].map((matrix) => brackets(matrix.shape));
  if (ai.rank !== 2 || bi.rank !== 2 || si.rank !== 2) {
    throw invalid(
      `Inputs a_indices, b_indices and sum_indices should be matrices but received shapes: ${shapes.join(', ')}`,
    );
  }
  if (grad.rank !== 1) {
    throw invalid(`Input backprop_val_grad should be a vector but received shape: ${brackets(grad.shape)}`);
  }
  const sums = rowsOf(si);
  const [a, b] = [rowsOf(ai), rowsOf(bi)];
  if (a.rank !== b.rank || b.rank !== sums.rank) {
    throw invalid(
      `The densified operands should have the same ndims; for A, B, Sum got: ${a.rank}, ${b.rank}, and ${sums.rank}`,
    );
  }
  if (grad.size !== sums.count) {
    throw invalid(
      `# elements of backprop_val_grad and # rows of sum_indices should match (#nnz of sum): got ${grad.size} and ${sums.count}`,
    );
  }
  return [pick(grad, placesIn(a, sums)), pick(grad, placesIn(b, sums))];
};

/** Where each row stands among others, both sorted; -1 where it is not there. */
function placesIn(rows: Rows, others: Rows): Int32Array {
  const places = new Int32Array(rows.count).fill(-1);
  let [i, k] = [0, 0];
  while (i < rows.count && k < others.count) {
    const step = compareRows(rows, i, others, k);
    if (step === 0) places[i] = k;
    if (step <= 0) i++;
    if (step >= 0) k++;
  }
  return places;
}

const tensorDenseAdd: HostKernel = ([indices, values, shape, dense]) => {
  if (indices.rank !== 2) {
    throw invalid(`Input a_indices should be a matrix but received shape: ${brackets(indices.shape)}`);
  }
  if (values.rank !== 1 || shape.rank !== 1) {
    throw invalid(
      `Inputs a_values and a_shape should be vectors but received shapes: ${brackets(values.shape)} and ${brackets(shape.shape)}`,
    );
  }
  const rows = rowsOf(indices);
  for (const [d, e] of [
    [rows.count, values.size],
    [rows.rank, shape.size],
  ]) {
    if (d !== e) throw invalid(`Dimensions ${d} and ${e} are not compatible`);
  }
  const dims = indicesOf(shape);
  if (dims.length !== dense.rank) {
    throw invalid(`Two operands have different ranks; received: ${dims.length} and ${dense.rank}`);
  }
  for (let k = 0; k < dims.length; k++) {
    if (dims[k] !== dense.shape[k]) {
      throw invalid(
        `Dimension ${k} does not equal (no broadcasting is supported): sparse side ${dims[k]} vs dense side ${dense.shape[k]}`,
      );
    }
  }
  const { dtype } = dense;
  const width = widthOf(dtype);
  const add = adderOf(dtype);
  const totals = totalsOf(dtype, dense.size);
  (dense.data as NumericData).forEach((value, i) => {
    totals[i] = value;
  });
  const strides = stridesOf(dense.shape);
  const source = values.data as NumericData;
  for (let i = 0; i < rows.count; i++) {
    let at = 0;
    for (let k = 0; k < rows.rank; k++) {
      const index = rows.at[i * rows.rank + k];
      if (!(index >= 0 && index < dims[k])) {
        throw invalid(
          `Sparse tensor has an invalid index on dimension ${k}: a_indices(${i},${k}) = ${index}, dense tensor shape: ${spaced(dims)}`,
        );
      }
      at += index * strides[k];
    }
    for (let k = at * width; k < (at + 1) * width; k++) {
      totals[k] = add(totals[k], source[i * width + k - at * width]);
    }
  }
  return [stored(dtype, dense.shape, totals)];
};

const denseMatmul: HostKernel = ([indices, values, shape, b], op) => {
  if (b.rank !== 2) throw invalid("Tensor 'b' is not a matrix");
  if (shape.rank !== 1) throw invalid("Tensor 'a_shape' is not a vector");
  if (shape.size !== 2) throw invalid("Tensor 'a_shape' must have 2 elements");
  if (values.rank !== 1) throw invalid("Tensor 'a_values' is not a vector");
  if (indices.rank !== 2) throw invalid("Tensor 'a_indices' is not a matrix");
  const { at, count, rank } = rowsOf(indices);
  if (count !== values.size) throw invalid('Number of rows of a_indices does not match number of entries in a_values');
  if (rank !== 2) throw invalid('Number of columns of a_indices does not match number of entries in a_shape');
  const [adjointA, adjointB] = [op.attr<boolean>('adjoint_a'), op.attr<boolean>('adjoint_b')];
  const dims = indicesOf(shape);
  const [left, inner] = adjointA ? [dims[1], dims[0]] : [dims[0], dims[1]];
  const [innerB, right] = adjointB ? [b.shape[1], b.shape[0]] : b.shape;
  if (inner !== innerB) {
    throw invalid(
      `Cannot multiply A and B because inner dimension does not match: ${inner} vs. ${innerB}.  Did you forget a transpose?  Dimensions of A: [${dims[0]}, ${dims[1]}).  Dimensions of B: ${brackets(b.shape)}`,
    );
  }
  const { dtype } = b;
  const totals = totalsOf(dtype, left * right);
  const [x, y] = [values.data as NumericData, b.data as NumericData];
  const accumulate = dtype.isComplex ? complexStep(adjointA, adjointB) : realStep(dtype);
  const [rowStride, columnStride] = adjointB ? [1, b.shape[1]] : [b.shape[1], 1];
  for (let i = 0; i < count; i++) {
    const m = at[2 * i + (adjointA ? 1 : 0)];
    const k = at[2 * i + (adjointA ? 0 : 1)];
    if (!(k >= 0 && k < inner))
      throw invalid(`k (${k}) from index[${i},${adjointA ? 0 : 1}] out of bounds (>=${inner})`);
    if (!(m >= 0 && m < left)) throw invalid(`m (${m}) from index[${i},${adjointA ? 1 : 0}] out of bounds (>=${left})`);
    for (let n = 0; n < right; n++) accumulate(totals, m * right + n, x, i, y, k * rowStride + n * columnStride);
  }
  return [stored(dtype, [left, right], totals)];
};

type Step = (totals: NumericData, to: number, x: NumericData, i: number, y: NumericData, j: number) => void;

function realStep(dtype: DType): Step {
  const { add, mul } = arithmeticOf(dtype);
  return (totals, to, x, i, y, j) => {
    totals[to] = add(totals[to] as never, mul(x[i] as never, y[j] as never) as never);
  };
}

const complexStep =
  (conjugateX: boolean, conjugateY: boolean): Step =>
  (totals, to, x, i, y, j) => {
    const [xRe, yRe] = [x[2 * i], y[2 * j]] as number[];
    const xIm = (x[2 * i + 1] as number) * (conjugateX ? -1 : 1);
    const yIm = (y[2 * j + 1] as number) * (conjugateY ? -1 : 1);
    (totals as Float64Array)[2 * to] += xRe * yRe - xIm * yIm;
    (totals as Float64Array)[2 * to + 1] += xRe * yIm + xIm * yRe;
  };

type Cwise = 'Add' | 'Mul' | 'Div';

function complexCwise(kind: Cwise, a: number, b: number, c: number, d: number): readonly [number, number] {
  if (kind === 'Add') return [a + c, b + d];
  if (kind === 'Mul') return [a * c - b * d, a * d + b * c];
  const norm = c * c + d * d;
  return [(a * c + b * d) / norm, (b * c - a * d) / norm];
}

const denseCwise =
  (kind: Cwise): HostKernel =>
  ([indices, values, shape, dense]) => {
    if (indices.rank !== 2) {
      throw invalid(`Input sp_indices should be a matrix but received shape: ${brackets(indices.shape)}`);
    }
    checkVectors(values, shape);
    const { at, count, rank } = rowsOf(indices);
    if (values.size !== count) {
      throw invalid(`The first dimension of values and indices should match. (${values.size} vs. ${count})`);
    }
    if (shape.size !== rank) {
      throw invalid(
        `Number of dimensions must match second dimension of indices. Got ${shape.size} dimensions, indices shape: ${brackets(indices.shape)}`,
      );
    }
    const dims = Array.from(indicesOf(shape));
    const extra = rank - dense.rank;
    if (extra < 0 || dense.shape.some((d, k) => d !== 1 && d !== dims[extra + k])) {
      throw invalid(
        `SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: ${brackets(dims)} vs. ${brackets(dense.shape)}`,
      );
    }
    const { dtype } = values;
    const [x, y] = [values.data as NumericData, dense.data as NumericData];
    if (kind === 'Div' && dtype.isInteger && (y as unknown as Value[]).some((d) => Number(d) === 0)) {
      throw invalid('SparseDenseCwiseDiv cannot divide by zero,but input dense tensor contains zero ');
    }
    const strides = stridesOf(dense.shape).map((stride, k) => (dense.shape[k] === 1 ? 0 : stride));
    const totals = totalsOf(dtype, count);
    const real = dtype.isComplex ? null : arithmeticOf(dtype);
    const step = real && { Add: real.add, Mul: real.mul, Div: real.div }[kind];
    for (let i = 0; i < count; i++) {
      if (!isInside({ at, count, rank }, i, dims)) {
        throw invalid('Provided indices are out-of-bounds w.r.t. dense side with broadcasted shape');
      }
      let j = 0;
      for (let k = 0; k < dense.rank; k++) j += at[i * rank + extra + k] * strides[k];
      if (step) {
        totals[i] = step(x[i] as never, y[j] as never);
        continue;
      }
      const [a, b, c, d] = [x[2 * i], x[2 * i + 1], y[2 * j], y[2 * j + 1]] as number[];
      [totals[2 * i], totals[2 * i + 1]] = complexCwise(kind, a, b, c, d);
    }
    return [stored(dtype, [count], totals)];
  };

function checkVectors(values: NdArray, shape: NdArray): void {
  if (values.rank === 1 && shape.rank === 1) return;
  throw invalid(
    `Inputs sp_values and sp_shape should be vectors but received shapes: ${brackets(values.shape)} and ${brackets(shape.shape)}`,
  );
}

const extremum =
  (pickFirst: (a: Value, b: Value) => boolean): HostKernel =>
  ([ai, av, as, bi, bv, bs]) => {
    checkSparse(ai, av, as);
    checkSparse(bi, bv, bs);
    const [shapeA, shapeB] = [indicesOf(as), indicesOf(bs)];
    checkSameShapes(shapeA, shapeB);
    checkSameDims(shapeA, shapeB);
    const [a, b] = [rowsOf(ai), rowsOf(bi)];
    checkBounds(a, shapeA);
    checkBounds(b, shapeB);
    const { fromA, fromB } = mergeRows(a, b);
    const { dtype } = av;
    const zero = arithmeticOf(dtype).zero;
    const data = allocate(dtype, fromA.length) as NumericData;
    const [x, y] = [av.data as NumericData, bv.data as NumericData];
    fromA.forEach((i, at) => {
      const left = i < 0 ? zero : x[i];
      const right = fromB[at] < 0 ? zero : y[fromB[at]];
      data[at] = pickFirst(left, right) ? left : right;
    });
    const rows = fromA.flatMap((i, at) => (i >= 0 ? rowAt(a, i) : rowAt(b, fromB[at])));
    return [integers(ai.dtype, [fromA.length, a.rank], rows), new NdArray(dtype, [fromA.length], data)];
  };

const softmax: HostKernel = ([indices, values, shape]) => {
  if (indices.rank !== 2) {
    throw invalid(`Input sp_indices should be a matrix but received shape: ${brackets(indices.shape)}`);
  }
  checkVectors(values, shape);
  if (shape.size < 2) throw invalid(`Input should have rank >= 2, but received shape: ${spaced(indicesOf(shape))}`);
  checkParts(indices, values, shape);
  const rows = rowsOf(indices);
  // The result is in row-major order even where the input is not.
  const order = sortedRows(rows);
  const source = values.data as Float32Array;
  const totals = new Float64Array(rows.count);
  let start = 0;
  while (start < order.length) {
    let end = start;
    let greatest = -Infinity;
    while (end < order.length && compareRows(rows, order[start], rows, order[end], rows.rank - 1) === 0) {
      greatest = Math.max(greatest, source[order[end++]]);
    }
    let sum = 0;
    for (let i = start; i < end; i++) {
      totals[i] = Math.exp(source[order[i]] - greatest);
      sum += totals[i];
    }
    for (let i = start; i < end; i++) totals[i] /= sum;
    start = end;
  }
  return [stored(values.dtype, [rows.count], totals)];
};

interface Grouped {
  readonly dtype: DType;
  /** The dimensions that stay, by axis, and their lengths. */
  readonly axes: readonly number[];
  readonly dims: readonly number[];
  readonly rows: Rows;
  readonly totals: NumericData;
}

/** The values reduced by equal indices in the axes that stay, in the order of these. */
function grouped([indices, values, shape, reduction]: readonly NdArray[], kind: 'Sum' | 'Max'): Grouped {
  if (shape.rank !== 1) throw invalid(`Expected input_shape to be a vector; got shape: ${brackets(shape.shape)}`);
  if (reduction.rank > 1) {
    throw invalid(`Expected reduction_axes to be a scalar or a vector; got shape: ${brackets(reduction.shape)}`);
  }
  checkParts(indices, values, shape);
  const dims = Array.from(indicesOf(shape));
  const reduced = new Set<number>();
  for (const axis of Array.from(indicesOf(reduction))) {
    if (axis < -dims.length || axis >= dims.length) {
      throw invalid(`Invalid reduction dimension ${axis}, for input with ${dims.length} dimensions.`);
    }
    reduced.add(axis < 0 ? axis + dims.length : axis);
  }
  const axes = dims.map((_, axis) => axis).filter((axis) => !reduced.has(axis));
  const all = rowsOf(indices);
  const at = new Float64Array(all.count * axes.length);
  for (let i = 0; i < all.count; i++) {
    axes.forEach((axis, k) => {
      at[i * axes.length + k] = all.at[i * all.rank + axis];
    });
  }
  const kept: Rows = { at, count: all.count, rank: axes.length };
  const order = sortedRows(kept);
  const { dtype } = values;
  const width = widthOf(dtype);
  const source = values.data as NumericData;
  const add = adderOf(dtype);
  const step = kind === 'Sum' ? add : (a: Value, b: Value) => (b > a ? b : a);
  const totals = totalsOf(dtype, all.count);
  const firsts: number[] = [];
  order.forEach((i, p) => {
    const isNew = p === 0 || compareRows(kept, i, kept, order[p - 1]) !== 0;
    if (isNew) firsts.push(i);
    const to = (firsts.length - 1) * width;
    for (let k = 0; k < width; k++) {
      const value = source[i * width + k];
      totals[to + k] = isNew ? value : step(totals[to + k], value);
    }
  });
  const groups = firsts.length;
  const rows = Float64Array.from(firsts.flatMap((i) => rowAt(kept, i)));
  return {
    dtype,
    axes,
    dims,
    rows: { at: rows, count: groups, rank: axes.length },
    totals: totals.slice(0, groups * width) as NumericData,
  };
}

/** The lengths of the result: of the axes that stay, or of all with 1 for the others. */
function keptDims({ axes, dims }: Grouped, keepDims: boolean): number[] {
  return keepDims ? dims.map((d, axis) => (axes.includes(axis) ? d : 1)) : axes.map((axis) => dims[axis]);
}

const reduceDense =
  (kind: 'Sum' | 'Max'): HostKernel =>
  (inputs, op) => {
    const groups = grouped(inputs, kind);
    const { dtype, axes, dims, rows } = groups;
    const lengths = axes.map((axis) => dims[axis]);
    const strides = stridesOf(lengths);
    const shape = keptDims(groups, op.attr('keep_dims'));
    const width = widthOf(dtype);
    const out = totalsOf(dtype, sizeOf(shape));
    const size = sizeOf(lengths);
    for (let i = 0; i < rows.count; i++) {
      let at = 0;
      for (let k = 0; k < rows.rank; k++) at += rows.at[i * rows.rank + k] * strides[k];
      if (!isInside(rows, i, lengths)) {
        throw new InternalError(null, `Obtained a write index of ${at} which is outside of bounds of [0, ${size})`);
      }
      for (let k = 0; k < width; k++) out[at * width + k] = groups.totals[i * width + k];
    }
    return [stored(dtype, shape, out)];
  };

const reduceSparse =
  (kind: 'Sum' | 'Max'): HostKernel =>
  (inputs, op) => {
    const keepDims = op.attr<boolean>('keep_dims');
    const groups = grouped(inputs, kind);
    const { axes, dims, rows, dtype } = groups;
    const columns = keepDims ? dims.map((_, axis) => axes.indexOf(axis)) : axes.map((_, k) => k);
    const at: number[] = [];
    for (let i = 0; i < rows.count; i++) for (const k of columns) at.push(k < 0 ? 0 : rows.at[i * rows.rank + k]);
    const shape = keptDims(groups, keepDims);
    return [
      integers(inputs[0].dtype, [rows.count, shape.length], at),
      stored(dtype, [rows.count], groups.totals),
      integers(inputs[2].dtype, [shape.length], shape),
    ];
  };

defineHostKernels({
  SparseAdd: sparseAdd,
  SparseAddGrad: sparseAddGrad,
  SparseTensorDenseAdd: tensorDenseAdd,
  SparseTensorDenseMatMul: denseMatmul,
  SparseDenseCwiseAdd: denseCwise('Add'),
  SparseDenseCwiseMul: denseCwise('Mul'),
  SparseDenseCwiseDiv: denseCwise('Div'),
  SparseSparseMaximum: extremum((a, b) => a >= b),
  SparseSparseMinimum: extremum((a, b) => a <= b),
  SparseSoftmax: softmax,
  SparseReduceSum: reduceDense('Sum'),
  SparseReduceMax: reduceDense('Max'),
  SparseReduceSumSparse: reduceSparse('Sum'),
  SparseReduceMaxSparse: reduceSparse('Max'),
});
