/**
 * Index arguments of functions, as users write them. No op is built here.
 */
import { toNdArray } from '../util/array-convert.ts';
import { int32 } from '../util/dtype.ts';
import { NdArray } from '../util/ndarray.ts';
import type { TensorLike } from './tensor-like.ts';

/** An int32 vector. */
export function vector(...values: number[]): NdArray {
  return new NdArray(int32, [values.length], Int32Array.from(values));
}

/** Numbers in a list of indices are int32, as a Python list of integers is. */
export function asIndices(indices: TensorLike): TensorLike {
  if (typeof indices === 'number') return toNdArray(indices, int32);
  if (!Array.isArray(indices)) return indices;
  let first: unknown = indices;
  while (Array.isArray(first) && first.length > 0) first = first[0];
  const numbers = typeof first === 'number' || Array.isArray(first);
  try {
    return numbers ? toNdArray(indices as number[], int32) : indices;
  } catch {
    // A list with tensors in it, or of numbers that are no indices.
    return indices;
  }
}
