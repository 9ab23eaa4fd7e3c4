/** Host kernels of equations and products with matrices of three diagonals. */
import { sameShape } from '../../src/util/shape.ts';
import { invalid } from './elements.ts';
import { batchOf, Filling } from './matrices.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

const solve: HostKernel = ([diagonals, rhs], op) => {
  const [left, right] = [batchOf(diagonals, op.type), batchOf(rhs, op.type, 1)];
  if (diagonals.rank !== rhs.rank) throw invalid('All input tensors must have the same rank.');
  if (!sameShape(left.shape, right.shape)) throw invalid('All input tensors must have the same outer dimensions.');
  if (left.rows !== 3)
    throw invalid(`Expected diagonals to be provided as a matrix with 3 rows, got ${left.rows} rows.`);
  const [n, k] = [left.columns, right.columns];
  if (right.rows !== n) {
    throw invalid(`Expected the same number of left-hand sides and right-hand sides, got ${n} and ${right.rows}.`);
  }
  const pivoting = op.attr<boolean>('partial_pivoting');
  const float = diagonals.dtype.name === 'float32';
  const out = new Filling(diagonals.dtype, left.shape, [n, k]);
  for (let b = 0; b < left.count && n > 0; b++) {
    const rows = left.at(b);
    let least = -1;
    if (op.attr<boolean>('perturb_singular')) {
      const greatest = rows.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
      least = Math.max((float ? 2 ** -23 : Number.EPSILON) * greatest, float ? 2 ** -126 : 2 ** -1022);
    }
    out.put(b, eliminate(rows, right.at(b), n, k, pivoting, least));
  }
  return [out.done()];
};

/**
 * Elimination down the diagonals. An exchange of rows brings in a second upper diagonal. NaN where a pivot is zero;
 * pivots below `least` are moved to it.
 */
function eliminate(
  diagonals: Float64Array,
  x: Float64Array,
  n: number,
  k: number,
  pivoting: boolean,
  least: number,
): Float64Array {
  const above = diagonals.slice(0, n);
  const main = diagonals.slice(n, 2 * n);
  const below = diagonals.slice(2 * n);
  const second = new Float64Array(n);
  above[n - 1] = 0;
  for (let i = 0; i < n; i++) {
    if (pivoting && i + 1 < n && Math.abs(below[i + 1]) > Math.abs(main[i])) {
      [main[i], below[i + 1]] = [below[i + 1], main[i]];
      [above[i], main[i + 1]] = [main[i + 1], above[i]];
      [second[i], above[i + 1]] = [above[i + 1], 0];
      for (let c = 0; c < k; c++) [x[i * k + c], x[(i + 1) * k + c]] = [x[(i + 1) * k + c], x[i * k + c]];
    }
    if (Math.abs(main[i]) <= least) main[i] = main[i] < 0 ? -least : least;
    if (main[i] === 0) return x.fill(Number.NaN);
    if (i + 1 === n) break;
    const factor = below[i + 1] / main[i];
    main[i + 1] -= factor * above[i];
    above[i + 1] -= factor * second[i];
    for (let c = 0; c < k; c++) x[(i + 1) * k + c] -= factor * x[i * k + c];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let c = 0; c < k; c++) {
      let sum = x[i * k + c];
      if (i + 1 < n) sum -= above[i] * x[(i + 1) * k + c];
      if (i + 2 < n) sum -= second[i] * x[(i + 2) * k + c];
      x[i * k + c] = sum / main[i];
    }
  }
  return x;
}

const product: HostKernel = ([superdiag, maindiag, subdiag, rhs], op) => {
  const right = batchOf(rhs, op.type, 3);
  const [n, k] = [right.rows, right.columns];
  const wanted = [...right.shape, 1, n];
  const parts = [
    ['superdiagonal', superdiag],
    ['main diagonal', maindiag],
    ['subdiagonal', subdiag],
  ] as const;
  for (const [name, array] of parts) {
    if (!sameShape(array.shape, wanted)) throw invalid(`Invalid ${name} shape.`);
  }
  const [above, main, below] = parts.map(([, array], i) => batchOf(array, op.type, i));
  const out = new Filling(rhs.dtype, right.shape, [n, k]);
  for (let b = 0; b < right.count; b++) {
    const [u, d, l, x] = [above.at(b), main.at(b), below.at(b), right.at(b)];
    const y = new Float64Array(n * k);
    for (let i = 0; i < n; i++) {
      for (let c = 0; c < k; c++) {
        let sum = d[i] * x[i * k + c];
        if (i + 1 < n) sum += u[i] * x[(i + 1) * k + c];
        if (i > 0) sum += l[i] * x[(i - 1) * k + c];
        y[i * k + c] = sum;
      }
    }
    out.put(b, y);
  }
  return [out.done()];
};

defineHostKernels({ TridiagonalSolve: solve, TridiagonalMatMul: product });
