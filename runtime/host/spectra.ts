/**
 * Eigenvalues and singular values of one real matrix in double precision, by rotations, and square roots of matrices by
 * the Schur form. The kernels that call these on batches are in `decompositions.ts`.
 */
import { abs, add, type Complex, conj, div, mul, neg, scale, sqrt, square, sub } from './complex.ts';
import { transposed } from './matrices.ts';

const EPSILON = Number.EPSILON;
const SWEEPS = 60;

export interface Spectrum {
  readonly values: Float64Array;
  /** A column per value. */
  readonly vectors: Float64Array;
}

/** The eigenvalues, ascending, of the symmetric matrix with this lower triangle. Null for numbers that are not finite. */
export function symmetricSpectrum(lower: Float64Array, n: number): Spectrum | null {
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = lower[i * n + j];
  if (!a.every(Number.isFinite)) return null;
  const v = identity(n);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        const off = a[p * n + q];
        if (Math.abs(off) <= EPSILON * 0.1 * Math.sqrt(Math.abs(a[p * n + p] * a[q * n + q])) || off === 0) continue;
        rotated = true;
        const [c, s] = rotation(a[p * n + p], a[q * n + q], off);
        for (let k = 0; k < n; k++) rotate(a, k * n + p, k * n + q, c, s);
        for (let k = 0; k < n; k++) rotate(a, p * n + k, q * n + k, c, s);
        a[p * n + q] = a[q * n + p] = 0;
        for (let k = 0; k < n; k++) rotate(v, k * n + p, k * n + q, c, s);
      }
    }
    if (!rotated) break;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[i * n + i] - a[j * n + j]);
  return { values: Float64Array.from(order, (i) => a[i * n + i]), vectors: pick(v, n, n, order) };
}

function identity(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}

/** The cosine and sine that make the off-diagonal element of a symmetric pair zero. */
function rotation(p: number, q: number, off: number): readonly [number, number] {
  const theta = (q - p) / (2 * off);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  return [c, t * c];
}

function rotate(a: Float64Array, i: number, j: number, c: number, s: number): void {
  const [x, y] = [a[i], a[j]];
  a[i] = c * x - s * y;
  a[j] = s * x + c * y;
}

/** Some columns of a matrix. */
function pick(a: Float64Array, rows: number, columns: number, order: readonly number[]): Float64Array {
  const out = new Float64Array(rows * order.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < order.length; j++) out[i * order.length + j] = a[i * columns + order[j]];
  return out;
}

function lengthOf(vector: Float64Array): number {
  let sum = 0;
  for (const x of vector) sum += x * x;
  return Math.sqrt(sum);
}

export interface SingularValues {
  /** Descending. */
  readonly s: Float64Array;
  /** A column per vector: as many as there are values, or whole bases. */
  readonly u: Float64Array;
  readonly v: Float64Array;
}

/** The singular values and vectors of a matrix [m, n]; all NaN for a matrix with NaN or infinities. */
export function singularValues(a: Float64Array, m: number, n: number, full: boolean): SingularValues {
  if (m < n) {
    const { s, u, v } = singularValues(transposed(a, m, n), n, m, full);
    return { s, u: v, v: u };
  }
  const left = full ? m : n;
  if (!a.every(Number.isFinite)) {
    const nan = (count: number) => new Float64Array(count).fill(Number.NaN);
    return { s: nan(n), u: nan(m * left), v: nan(n * n) };
  }
  // Columns as rows, so that they are contiguous; rotated until they are orthogonal.
  const w = transposed(a, m, n);
  const v = identity(n);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        let [alpha, beta, gamma] = [0, 0, 0];
        for (let k = 0; k < m; k++) {
          const [x, y] = [w[p * m + k], w[q * m + k]];
          alpha += x * x;
          beta += y * y;
          gamma += x * y;
        }
        if (gamma === 0 || Math.abs(gamma) <= EPSILON * Math.sqrt(alpha * beta)) continue;
        rotated = true;
        const [c, s] = rotation(alpha, beta, gamma);
        for (let k = 0; k < m; k++) rotate(w, p * m + k, q * m + k, c, s);
        for (let k = 0; k < n; k++) rotate(v, k * n + p, k * n + q, c, s);
      }
    }
    if (!rotated) break;
  }
  const norms = Float64Array.from({ length: n }, (_, j) => lengthOf(w.subarray(j * m, (j + 1) * m)));
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => norms[j] - norms[i]);
  const basis = new Float64Array(left * m);
  const least = (norms[order[0]] ?? 0) * EPSILON * m;
  for (let j = 0; j < left; j++) {
    const norm = j < n ? norms[order[j]] : 0;
    if (norm > least) for (let k = 0; k < m; k++) basis[j * m + k] = w[order[j] * m + k] / norm;
    else complete(basis, j, m);
  }
  return { s: Float64Array.from(order, (j) => norms[j]), u: transposed(basis, left, m), v: pick(v, n, n, order) };
}

/** Makes row `j` a unit vector that is orthogonal to those before it. */
function complete(basis: Float64Array, j: number, m: number): void {
  for (let axis = 0; axis < m; axis++) {
    const row = basis.subarray(j * m, (j + 1) * m).fill(0);
    row[axis] = 1;
    // Twice, against rounding.
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < j; i++) {
        let dot = 0;
        for (let k = 0; k < m; k++) dot += row[k] * basis[i * m + k];
        for (let k = 0; k < m; k++) row[k] -= dot * basis[i * m + k];
      }
    }
    const norm = lengthOf(row);
    // Of the m axes, one at least is this far from any j < m vectors.
    if (norm < 0.5 / Math.sqrt(m)) continue;
    for (let k = 0; k < m; k++) row[k] /= norm;
    return;
  }
}

// Square roots

/** Rows `i` and `k` of `h` from those of `columns` on, turned so that (a, b) becomes (r, 0). */
interface Turn {
  readonly a: Complex;
  readonly b: Complex;
}

function turnOf(x: Complex, y: Complex): Turn | null {
  const r = Math.hypot(abs(x), abs(y));
  return r === 0 || abs(y) === 0 ? null : { a: scale(x, 1 / r), b: scale(y, 1 / r) };
}

function turnRows(h: Complex[], n: number, i: number, k: number, { a, b }: Turn): void {
  for (let j = 0; j < n; j++) {
    const [x, y] = [h[i * n + j], h[k * n + j]];
    h[i * n + j] = add(mul(conj(a), x), mul(conj(b), y));
    h[k * n + j] = sub(mul(a, y), mul(b, x));
  }
}

function turnColumns(h: Complex[], n: number, i: number, k: number, { a, b }: Turn): void {
  for (let j = 0; j < n; j++) {
    const [x, y] = [h[j * n + i], h[j * n + k]];
    h[j * n + i] = add(mul(a, x), mul(b, y));
    h[j * n + k] = sub(mul(conj(a), y), mul(conj(b), x));
  }
}

/** The upper triangular form t of a matrix: q t qᴴ is the matrix. */
function schur(matrix: Float64Array, n: number): { t: Complex[]; q: Complex[] } {
  const t = Array.from(matrix, (x): Complex => [x, 0]);
  const q = Array.from(identity(n), (x): Complex => [x, 0]);
  // First a matrix with one diagonal below the main one.
  for (let k = 0; k < n - 2; k++) {
    for (let i = n - 1; i > k + 1; i--) {
      const turn = turnOf(t[(i - 1) * n + k], t[i * n + k]);
      if (turn === null) continue;
      turnRows(t, n, i - 1, i, turn);
      turnColumns(t, n, i - 1, i, turn);
      turnColumns(q, n, i - 1, i, turn);
    }
  }
  let high = n - 1;
  for (let step = 0; high > 0 && step < 60 * n; step++) {
    let low = high;
    while (low > 0) {
      const size = abs(t[(low - 1) * n + low - 1]) + abs(t[low * n + low]);
      if (abs(t[low * n + low - 1]) <= EPSILON * size) {
        t[low * n + low - 1] = [0, 0];
        break;
      }
      low--;
    }
    if (low === high) {
      high--;
      continue;
    }
    // Now and then an odd shift, for matrices that the usual one leaves as they are.
    const shift: Complex = step % 11 === 10 ? [abs(t[high * n + high - 1]), 0] : lastEigenvalue(t, n, high);
    for (let i = low; i <= high; i++) t[i * n + i] = sub(t[i * n + i], shift);
    const turns: (Turn | null)[] = [];
    for (let k = low; k < high; k++) {
      const turn = turnOf(t[k * n + k], t[(k + 1) * n + k]);
      if (turn) turnRows(t, n, k, k + 1, turn);
      turns.push(turn);
    }
    turns.forEach((turn, i) => {
      if (turn === null) return;
      turnColumns(t, n, low + i, low + i + 1, turn);
      turnColumns(q, n, low + i, low + i + 1, turn);
    });
    for (let i = low; i <= high; i++) t[i * n + i] = add(t[i * n + i], shift);
  }
  return { t, q };
}

/** The eigenvalue of the last pair of rows and columns that is nearest to its last element. */
function lastEigenvalue(t: readonly Complex[], n: number, high: number): Complex {
  const [a, b] = [t[(high - 1) * n + high - 1], t[(high - 1) * n + high]];
  const [c, d] = [t[high * n + high - 1], t[high * n + high]];
  const half = scale(sub(a, d), 0.5);
  const root = sqrt(add(square(half), mul(b, c)));
  const [plus, minus] = [add(half, root), sub(half, root)];
  return add(d, abs(plus) < abs(minus) ? plus : minus);
}

/** The principal square root of a real matrix; all NaN where that is not real or there is none. */
export function matrixRoot(matrix: Float64Array, n: number): Float64Array {
  const nan = () => new Float64Array(n * n).fill(Number.NaN);
  if (!matrix.every(Number.isFinite)) return nan();
  const { t, q } = schur(matrix, n);
  const r: Complex[] = t.map(() => [0, 0]);
  for (let j = 0; j < n; j++) {
    r[j * n + j] = sqrt(t[j * n + j]);
    for (let i = j - 1; i >= 0; i--) {
      let sum = t[i * n + j];
      for (let k = i + 1; k < j; k++) sum = add(sum, neg(mul(r[i * n + k], r[k * n + j])));
      r[i * n + j] = div(sum, add(r[i * n + i], r[j * n + j]));
    }
  }
  const out = new Float64Array(n * n);
  let [largest, imaginary] = [0, 0];
  for (let i = 0; i < n; i++) {
    const row = Array.from({ length: n }, (_, j) => {
      let sum: Complex = [0, 0];
      for (let k = 0; k <= j; k++) sum = add(sum, mul(q[i * n + k], r[k * n + j]));
      return sum;
    });
    for (let j = 0; j < n; j++) {
      let sum: Complex = [0, 0];
      for (let k = 0; k < n; k++) sum = add(sum, mul(row[k], conj(q[j * n + k])));
      out[i * n + j] = sum[0];
      largest = Math.max(largest, Math.abs(sum[0]));
      imaginary = Math.max(imaginary, Math.abs(sum[1]));
    }
  }
  return imaginary > 1e-6 * largest ? nan() : out;
}
