/**
 * What host kernels of sparse tensors share: rows of indices as plain numbers, their order, checks of the three parts, and
 * elements of any type picked by position. Kernels are in the files of their families.
 */
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { brackets, copyRun, indicesOf, invalid, widthOf } from './elements.ts';

/** A matrix of indices. */
export interface Rows {
  readonly at: ArrayLike<number>;
  readonly count: number;
  readonly rank: number;
}

export function rowsOf(indices: NdArray): Rows {
  return { at: indicesOf(indices), count: indices.shape[0], rank: indices.shape[1] };
}

/** Row `i` of the matrix. */
export function rowAt({ at, rank }: Rows, i: number): number[] {
  return Array.from({ length: rank }, (_, k) => at[i * rank + k]);
}

/** Negative, zero or positive as row `i` of `a` lies before, at or after row `j` of `b`, by the first `length` columns. */
export function compareRows(a: Rows, i: number, b: Rows, j: number, length = a.rank): number {
  for (let k = 0; k < length; k++) {
    const difference = a.at[i * a.rank + k] - b.at[j * b.rank + k];
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The positions of the rows in row-major order; rows that are equal stay in their order. */
export function sortedRows(rows: Rows): Int32Array {
  const order = Int32Array.from({ length: rows.count }, (_, i) => i);
  return order.sort((i, j) => compareRows(rows, i, rows, j) || i - j);
}

/** The elements at these positions, along the first axis; zero (or empty) at a negative position. */
export function pick(array: NdArray, positions: ArrayLike<number>): NdArray {
  const tail = array.shape.slice(1);
  const run = tail.reduce((size, d) => size * d, 1);
  const width = run * widthOf(array.dtype);
  const data = allocate(array.dtype, positions.length * run);
  for (let i = 0; i < positions.length; i++) {
    if (positions[i] >= 0) copyRun(array.data, positions[i] * width, data, i * width, width);
  }
  return new NdArray(array.dtype, [positions.length, ...tail], data);
}

/** The parts of a sparse tensor, checked as TensorFlow's general check of sparse tensors does. */
export function checkSparse(indices: NdArray, values: NdArray, shape: NdArray): void {
  if (indices.rank !== 2) throw invalid(`Sparse indices must be rank 2 but is rank ${indices.rank}`);
  if (values.rank !== 1) throw invalid(`Sparse values must be rank 1 but is rank ${values.rank}`);
  if (shape.rank !== 1) throw invalid(`Sparse shape must be rank 1 but is rank ${shape.rank}`);
  if (indices.shape[0] !== values.shape[0]) {
    throw invalid(`Number of elements in indices (${indices.shape[0]}) and values (${values.shape[0]}) do not match`);
  }
  if (indices.shape[1] !== shape.shape[0]) {
    throw invalid(`Index rank (${indices.shape[1]}) and shape rank (${shape.shape[0]}) do not match`);
  }
}

/** The check of the kernels that build TensorFlow's own class of sparse tensors. */
export function checkParts(indices: NdArray, values: NdArray, shape: NdArray): void {
  if (indices.rank !== 2) throw invalid(`indices must be a matrix, but got: ${brackets(indices.shape)}`);
  if (values.rank !== 1) throw invalid(`vals must be a vector, but got: ${brackets(values.shape)}`);
  if (indices.shape[0] !== values.shape[0]) {
    throw invalid(
      `indices and values rows (indexing dimension) must match. (indices = ${indices.shape[0]}, values = ${values.shape[0]})`,
    );
  }
  if (indices.shape[1] !== shape.size) throw invalid('Order length must be SparseTensor rank.');
}

/** Fails for the first row that is outside the shape. */
export function checkBounds(rows: Rows, shape: ArrayLike<number>): void {
  for (let i = 0; i < rows.count; i++) {
    if (!isInside(rows, i, shape)) {
      throw invalid(`Sparse index tuple indices[${i}, :] = [${rowAt(rows, i).join(', ')}] is out of bounds`);
    }
  }
}

export function isInside({ at, rank }: Rows, i: number, shape: ArrayLike<number>): boolean {
  for (let k = 0; k < rank; k++) {
    const index = at[i * rank + k];
    if (!(index >= 0 && index < shape[k])) return false;
  }
  return true;
}

/** Fails for the first row that is outside the shape, before the one above it, or equal to it. */
export function checkOrder(rows: Rows, shape: ArrayLike<number>): void {
  for (let i = 0; i < rows.count; i++) {
    const described = () => `indices[${i}] = ${brackets(rowAt(rows, i))}`;
    if (!isInside(rows, i, shape)) {
      throw invalid(`${described()} is out of bounds: need 0 <= index < ${brackets(shape)}`);
    }
    const step = i === 0 ? 1 : compareRows(rows, i, rows, i - 1);
    if (step < 0) {
      throw invalid(
        `${described()} is out of order. Many sparse ops require sorted indices.\n    Use \`tf.sparse.reorder\` to create a correctly ordered copy.\n\n`,
      );
    }
    if (step === 0) throw invalid(`${described()} is repeated`);
  }
}

/** Two sorted lists of rows in one: per row its position in `a` and in `b`, -1 where it is not there. */
export function mergeRows(a: Rows, b: Rows): { readonly fromA: number[]; readonly fromB: number[] } {
  const fromA: number[] = [];
  const fromB: number[] = [];
  let [i, j] = [0, 0];
  while (i < a.count || j < b.count) {
    const step = i === a.count ? 1 : j === b.count ? -1 : compareRows(a, i, b, j);
    fromA.push(step <= 0 ? i++ : -1);
    fromB.push(step >= 0 ? j++ : -1);
  }
  return { fromA, fromB };
}
