/** What host kernels of batches of matrices share: matrices in double precision, and their decomposition by elimination. */
import { roundHalf } from '../../src/util/array-convert.ts';
import type { DType } from '../../src/util/dtype.ts';
import { UnimplementedError } from '../../src/util/errors.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { invalid } from './elements.ts';

/** Batches of real matrices. */
export interface Batch {
  readonly shape: KnownShape;
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  /** A copy of a matrix, row by row. */
  at(index: number): Float64Array;
}

export function batchOf(array: NdArray, type: string, input = 0): Batch {
  if (array.rank < 2) throw invalid(`Input tensor ${input} must have rank >= 2, got ${array.rank}`);
  if (array.dtype.isComplex) throw new UnimplementedError(null, `${type} of complex matrices`);
  const shape = array.shape.slice(0, -2);
  const [rows, columns] = array.shape.slice(-2);
  const data = array.data as Float64Array;
  const size = rows * columns;
  const at = (index: number) => Float64Array.from(data.subarray(index * size, (index + 1) * size));
  return { shape, count: sizeOf(shape), rows, columns, at };
}

/** Batches of square matrices. */
export function squareBatch(array: NdArray, type: string): Batch {
  const batch = batchOf(array, type);
  if (batch.rows !== batch.columns) throw invalid('Input matrix must be square.');
  return batch;
}

/** An output of `size` elements per matrix, filled matrix by matrix; rounded to the type when all are in. */
export class Filling {
  private readonly data: Float64Array;
  private readonly size: number;

  constructor(
    private readonly dtype: DType,
    batch: KnownShape,
    private readonly inner: KnownShape,
    private readonly shape: KnownShape = [...batch, ...inner],
  ) {
    this.data = allocate(dtype, sizeOf(shape)) as Float64Array;
    this.size = sizeOf(this.inner);
  }
  put(index: number, values: ArrayLike<number>): void {
    this.data.set(values, index * this.size);
  }
  done(): NdArray {
    roundHalf(this.dtype, this.data);
    return new NdArray(this.dtype, this.shape, this.data);
  }
}

export function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = a[i * columns + j];
  return out;
}

/** The product of [n, k] and [k, m]. */
export function times(a: Float64Array, b: Float64Array, n: number, k: number, m: number): Float64Array {
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < k; p++) {
      const factor = a[i * k + p];
      for (let j = 0; j < m; j++) out[i * m + j] += factor * b[p * m + j];
    }
  }
  return out;
}

/** Both triangular factors in one matrix; row `i` is row `order[i]` of the input. */
export interface Factors {
  readonly lu: Float64Array;
  readonly order: Int32Array;
  /** 1 or -1, by the number of rows that were exchanged. */
  readonly sign: number;
  /** Whether no pivot is zero or NaN. */
  readonly regular: boolean;
}

/** Elimination with the greatest element of each column as its pivot. Overwrites `a`. */
export function factorize(a: Float64Array, n: number): Factors {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  let sign = 1;
  let regular = true;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[best * n + k])) best = i;
    if (best !== k) {
      for (let j = 0; j < n; j++) [a[k * n + j], a[best * n + j]] = [a[best * n + j], a[k * n + j]];
      [order[k], order[best]] = [order[best], order[k]];
      sign = -sign;
    }
    const pivot = a[k * n + k];
    if (!(Math.abs(pivot) > 0)) regular = false;
    if (pivot === 0) continue;
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k] / pivot;
      a[i * n + k] = factor;
      for (let j = k + 1; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return { lu: a, order, sign, regular };
}

/** The solution of triangular equations [n, k], in place. `unit`: the diagonal counts as ones. */
export function solveTriangle(
  a: Float64Array,
  b: Float64Array,
  n: number,
  k: number,
  { lower, transpose = false, unit = false }: { lower: boolean; transpose?: boolean; unit?: boolean },
): void {
  const at = (i: number, j: number) => (transpose ? a[j * n + i] : a[i * n + j]);
  const forward = lower !== transpose;
  for (let step = 0; step < n; step++) {
    const i = forward ? step : n - 1 - step;
    for (let done = 0; done < step; done++) {
      const j = forward ? done : n - 1 - done;
      const factor = at(i, j);
      for (let c = 0; c < k; c++) b[i * k + c] -= factor * b[j * k + c];
    }
    if (!unit) for (let c = 0; c < k; c++) b[i * k + c] /= at(i, i);
  }
}

/** The solutions [n, k] of equations with a factorized matrix. */
export function solveFactored({ lu, order }: Factors, b: Float64Array, n: number, k: number): Float64Array {
  const x = new Float64Array(n * k);
  for (let i = 0; i < n; i++) for (let c = 0; c < k; c++) x[i * k + c] = b[order[i] * k + c];
  solveTriangle(lu, x, n, k, { lower: true, unit: true });
  solveTriangle(lu, x, n, k, { lower: false });
  return x;
}

/** The Cholesky factor of the lower triangle of a matrix; null where that is not positive definite. */
export function choleskyFactor(a: Float64Array, n: number): Float64Array | null {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
      if (i !== j) l[i * n + j] = sum / l[j * n + j];
      else if (sum > 0) l[i * n + i] = Math.sqrt(sum);
      else return null;
    }
  }
  return l;
}
