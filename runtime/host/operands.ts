/** Reading the small integer operands of host kernels: shapes, axes, sizes. */

import { ShapeError } from '../../src/ops/opdef/define.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';

/** The elements of an integer array as numbers. */
export function integers(array: NdArray): number[] {
  return Array.from({ length: array.size }, (_, i) => Number(array.data[i] as number | bigint));
}

/** The only element of an integer array. */
export function integer(array: NdArray): number {
  return Number(array.data[0] as number | bigint);
}

/** Runs a check that shape rules share with kernels: what it finds is an error of the run. */
export function checkedInRun<R>(body: () => R): R {
  try {
    return body();
  } catch (error) {
    if (error instanceof ShapeError) throw new InvalidArgumentError(null, error.message);
    throw error;
  }
}
