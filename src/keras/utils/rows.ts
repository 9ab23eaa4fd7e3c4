/**
 * Arrays as lists of rows along axis 0, which datasets and sequences are made of: taking rows, stacking them, changing
 * the element type as NumPy's `astype` does. Other axes are left to `src/util/strided.ts`.
 */
import { roundHalf } from '../../util/array-convert.ts';
import { type DType, string } from '../../util/dtype.ts';
import { InvalidArgumentError, ValueError } from '../../util/errors.ts';
import { allocate, NdArray, type NumericData } from '../../util/ndarray.ts';
import { formatShapeBrackets, sizeOf } from '../../util/shape.ts';

/** The number of rows. Throws `ValueError` for a scalar. */
export function rowCount(array: NdArray): number {
  if (array.rank === 0) throw new ValueError('len() of unsized object');
  return array.shape[0];
}

/** Row `i`, one rank lower. Numeric rows share the array's storage. */
export function row(array: NdArray, i: number): NdArray {
  const shape = array.shape.slice(1);
  return new NdArray(array.dtype, shape, piece(array, i, 1));
}

/** Rows `start` … `end` - 1, within the array as in a Python slice. Numeric rows share the array's storage. */
export function rowRange(array: NdArray, start: number, end: number): NdArray {
  const count = rowCount(array);
  const [from, to] = [bound(start, count), bound(end, count)];
  const length = Math.max(to - from, 0);
  return new NdArray(array.dtype, [length, ...array.shape.slice(1)], piece(array, from, length));
}

function bound(index: number, count: number): number {
  return Math.min(Math.max(index < 0 ? index + count : index, 0), count);
}

function piece(array: NdArray, first: number, count: number): NdArray['data'] {
  const words = wordsOfRow(array);
  const { data } = array;
  return Array.isArray(data)
    ? data.slice(first * words, (first + count) * words)
    : (data.subarray(first * words, (first + count) * words) as NumericData);
}

function wordsOfRow(array: NdArray): number {
  return sizeOf(array.shape.slice(1)) * (array.dtype.isComplex ? 2 : 1);
}

/** The rows at the positions, in that order; a copy. */
export function takeRows(array: NdArray, positions: ArrayLike<number>): NdArray {
  const words = wordsOfRow(array);
  const shape = [positions.length, ...array.shape.slice(1)];
  const data = allocate(array.dtype, sizeOf(shape));
  for (let i = 0; i < positions.length; i++) {
    copy(array, positions[i] * words, data, i * words, words);
  }
  return new NdArray(array.dtype, shape, data);
}

function copy(from: NdArray, start: number, to: NdArray['data'], at: number, words: number): void {
  const { data } = from;
  if (Array.isArray(data)) for (let i = 0; i < words; i++) to[at + i] = data[start + i];
  // Both are storage of one type; the casts only quiet the union.
  else (to as Float32Array).set((data as Float32Array).subarray(start, start + words), at);
}

/**
 * The arrays as the rows of a new one. Throws `InvalidArgumentError`, in the words of `tf.data`, where they differ in
 * shape or type.
 */
export function stackRows(arrays: readonly NdArray[]): NdArray {
  const [first] = arrays;
  if (!first) throw new ValueError('need at least one array to stack');
  const words = first.size * (first.dtype.isComplex ? 2 : 1);
  const data = allocate(first.dtype, first.size * arrays.length);
  arrays.forEach((array, i) => {
    if (array.dtype !== first.dtype || array.shape.join() !== first.shape.join()) {
      throw new InvalidArgumentError(
        null,
        `Cannot batch tensors with different shapes in component 0. First element had shape ${formatShapeBrackets(first.shape)} and element ${i} had shape ${formatShapeBrackets(array.shape)}.`,
      );
    }
    copy(array, 0, data, i * words, words);
  });
  return new NdArray(first.dtype, [arrays.length, ...first.shape], data);
}

/** The elements as another numeric type: fractions are cut off where that is an integer one. */
export function astype(array: NdArray, dtype: DType): NdArray {
  if (array.dtype === dtype) return array;
  if (array.dtype === string || dtype === string || array.dtype.isComplex || dtype.isComplex) {
    throw new ValueError(`Cannot convert an array of ${array.dtype.name} to ${dtype.name}.`);
  }
  const source = array.data as NumericData;
  const data = allocate(dtype, array.size) as NumericData;
  for (let i = 0; i < source.length; i++) {
    const value = source[i];
    if (dtype.isBool) data[i] = Number(Number(value) !== 0);
    else if (dtype.isBigInt) data[i] = typeof value === 'bigint' ? value : BigInt(Math.trunc(value));
    else data[i] = dtype.isInteger ? Math.trunc(Number(value)) : Number(value);
  }
  roundHalf(dtype, data);
  return new NdArray(dtype, array.shape, data);
}
