/**
 * Prints arrays as NumPy does. It takes the few members it reads, so that `ndarray.ts` can call it.
 */
import type { DType } from './dtype.ts';

/** What the printer reads of an array. */
export interface Printable {
  readonly dtype: DType;
  readonly shape: readonly number[];
  at(position: number): unknown;
}

/** The text that `str(array)` gives in NumPy. */
export function formatNdArray(array: Printable): string {
  let position = 0;
  const print = (axis: number): string => {
    if (axis === array.shape.length) return String(array.at(position++));
    const parts = Array.from({ length: array.shape[axis] }, () => print(axis + 1));
    return `[${parts.join(' ')}]`;
  };
  return print(0);
}
