/** Host kernels of determinants, inverses and linear equations of batches of real matrices, in double precision. */
import { UnimplementedError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { broadcastShapes, type KnownShape, sameShape, sizeOf } from '../../src/util/shape.ts';
import { brackets, invalid } from './elements.ts';
import { batchPositions } from './matmul.ts';
import {
  type Batch,
  batchOf,
  choleskyFactor,
  Filling,
  factorize,
  solveFactored,
  solveTriangle,
  squareBatch,
  times,
  transposed,
} from './matrices.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';
import { singularValues } from './spectra.ts';

const determinant: HostKernel = ([input], op) => {
  const batch = squareBatch(input, op.type);
  const n = batch.rows;
  const out = new Filling(input.dtype, batch.shape, []);
  for (let b = 0; b < batch.count; b++) {
    const { lu, sign } = factorize(batch.at(b), n);
    let product = 1;
    for (let i = 0; i < n; i++) product *= lu[i * n + i];
    out.put(b, [sign * product]);
  }
  return [out.done()];
};

const logDeterminant: HostKernel = ([input], op) => {
  const batch = squareBatch(input, op.type);
  const n = batch.rows;
  const [signs, logs] = [0, 1].map(() => new Filling(input.dtype, batch.shape, []));
  for (let b = 0; b < batch.count; b++) {
    let { lu, sign } = factorize(batch.at(b), n);
    let sum = 0;
    for (let i = 0; i < n; i++) {
      sign *= Math.sign(lu[i * n + i]);
      sum += Math.log(Math.abs(lu[i * n + i]));
    }
    signs.put(b, [sign]);
    logs.put(b, [sum]);
  }
  return [signs.done(), logs.done()];
};

const inverse: HostKernel = ([input], op) => {
  const batch = squareBatch(input, op.type);
  const n = batch.rows;
  const out = new Filling(input.dtype, batch.shape, [n, n]);
  const identity = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  for (let b = 0; b < batch.count; b++) {
    const factors = factorize(batch.at(b), n);
    if (!factors.regular) throw invalid('Input is not invertible.');
    const found = solveFactored(factors, identity, n, n);
    out.put(b, op.attr<boolean>('adjoint') ? transposed(found, n, n) : found);
  }
  return [out.done()];
};

/** Both sides of equations, of one batch. */
function sides(matrix: NdArray, rhs: NdArray, type: string, square: boolean): readonly [Batch, Batch] {
  const left = batchOf(matrix, type);
  if (matrix.rank !== rhs.rank) throw invalid('All input tensors must have the same rank.');
  const right = batchOf(rhs, type, 1);
  if (!sameShape(left.shape, right.shape)) throw invalid('All input tensors must have the same outer dimensions.');
  if (square && left.rows !== left.columns) throw invalid('First input (lhs) must be a square matrix.');
  if (left.rows !== right.rows) throw invalid('Input matrix and rhs are incompatible.');
  return [left, right];
}

const solve: HostKernel = ([matrix, rhs], op) => {
  const [left, right] = sides(matrix, rhs, op.type, true);
  const [n, k] = [right.rows, right.columns];
  const out = new Filling(matrix.dtype, left.shape, [n, k]);
  for (let b = 0; b < left.count && k > 0; b++) {
    const a = left.at(b);
    const factors = factorize(op.attr<boolean>('adjoint') ? transposed(a, n, n) : a, n);
    if (!factors.regular) throw invalid('Input matrix is not invertible.');
    out.put(b, solveFactored(factors, right.at(b), n, k));
  }
  return [out.done()];
};

const triangularSolve: HostKernel = ([matrix, rhs], op) => {
  const [lower, adjoint] = [op.attr<boolean>('lower'), op.attr<boolean>('adjoint')];
  for (const [i, array] of [matrix, rhs].entries()) {
    if (array.rank < 2) throw invalid(`In[${i}] ndims must be >= 2: ${array.rank}`);
  }
  if (matrix.dtype.isComplex) throw new UnimplementedError(null, `${op.type} of complex matrices`);
  const [left, right] = [batchOf(matrix, op.type), batchOf(rhs, op.type, 1)];
  const shape = broadcastShapes(left.shape, right.shape) as KnownShape | undefined;
  if (shape === undefined) {
    throw invalid(
      `In[0] and In[1] must have compatible batch dimensions: ${brackets(matrix.shape)} vs. ${brackets(rhs.shape)}`,
    );
  }
  const [n, k] = [left.rows, right.columns];
  if (n !== left.columns) {
    throw invalid(`In[0] matrices in the last dimensions must be square (${left.columns} =/= ${n})`);
  }
  if (n !== right.rows) {
    const shapes = `${brackets(matrix.shape)} ${brackets(rhs.shape)} ${lower ? 1 : 0} ${adjoint ? 1 : 0}`;
    throw invalid(`In[0] mismatch In[1] shape: ${n} vs. ${right.rows}: ${shapes}`);
  }
  const [from, to] = [batchPositions(matrix.shape, shape), batchPositions(rhs.shape, shape)];
  const out = new Filling(matrix.dtype, shape, [n, k]);
  for (let b = 0; b < sizeOf(shape); b++) {
    const x = right.at(to[b]);
    solveTriangle(left.at(from[b]), x, n, k, { lower, transpose: adjoint });
    out.put(b, x);
  }
  return [out.done()];
};

const leastSquares: HostKernel = ([matrix, rhs, regularizer], op) => {
  const l2 = Number(regularizer.data[0]);
  if (regularizer.rank !== 0) throw invalid(`l2_regularizer must be 0-D, got shape ${brackets(regularizer.shape)}`);
  const [left, right] = sides(matrix, rhs, op.type, false);
  if (l2 < 0) throw invalid('l2_regularizer must be >= 0.');
  const [m, n, k] = [left.rows, left.columns, right.columns];
  const out = new Filling(matrix.dtype, left.shape, [n, k]);
  const fast = op.attr<boolean>('fast');
  const epsilon = matrix.dtype.name === 'float64' ? Number.EPSILON : 2 ** -23;
  for (let b = 0; b < left.count && m > 0 && n > 0 && k > 0; b++) {
    const [a, y] = [left.at(b), right.at(b)];
    out.put(b, fast ? solveNormal(a, y, m, n, k, l2) : solveLeast(a, y, m, n, k, epsilon));
  }
  return [out.done()];
};

/** By the normal equations: of the first kind for tall matrices, of the second for wide ones. */
function solveNormal(a: Float64Array, y: Float64Array, m: number, n: number, k: number, l2: number): Float64Array {
  const adjoint = transposed(a, m, n);
  const tall = m >= n;
  const size = Math.min(m, n);
  const gram = tall ? times(adjoint, a, n, m, n) : times(a, adjoint, m, n, m);
  for (let i = 0; i < size; i++) gram[i * size + i] += l2;
  const factor = choleskyFactor(gram, size);
  if (factor === null) {
    throw invalid(
      'Input matrix was rank deficient or ill-conditioned. Try setting fast=False or provide a larger l2_regularizer > 0.',
    );
  }
  const x = tall ? times(adjoint, y, n, m, k) : y;
  solveTriangle(factor, x, size, k, { lower: true });
  solveTriangle(factor, x, size, k, { lower: true, transpose: true });
  return tall ? x : times(adjoint, x, n, m, k);
}

/** The smallest of the best solutions, by singular values; those that are zero but for rounding count as zero. */
function solveLeast(a: Float64Array, y: Float64Array, m: number, n: number, k: number, epsilon: number): Float64Array {
  const { s, u, v } = singularValues(a, m, n, false);
  const count = s.length;
  const parts = times(transposed(u, m, count), y, count, m, k);
  for (let i = 0; i < count; i++) {
    const factor = s[i] > s[0] * epsilon * count ? 1 / s[i] : 0;
    for (let c = 0; c < k; c++) parts[i * k + c] *= factor;
  }
  return times(v, parts, n, count, k);
}

defineHostKernels({
  MatrixDeterminant: determinant,
  LogMatrixDeterminant: logDeterminant,
  MatrixInverse: inverse,
  MatrixSolve: solve,
  MatrixTriangularSolve: triangularSolve,
  MatrixSolveLs: leastSquares,
});
