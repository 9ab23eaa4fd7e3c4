/** Host kernels of decompositions of batches of real matrices. QR is in `linalg.ts`; complex matrices are not there. */
import { sameShape } from '../../src/util/shape.ts';
import { integers, invalid } from './elements.ts';
import {
  batchOf,
  choleskyFactor,
  Filling,
  factorize,
  solveTriangle,
  squareBatch,
  times,
  transposed,
} from './matrices.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';
import { matrixRoot, singularValues, symmetricSpectrum } from './spectra.ts';

const cholesky: HostKernel = ([input], op) => {
  const batch = squareBatch(input, op.type);
  const n = batch.rows;
  const out = new Filling(input.dtype, batch.shape, [n, n]);
  for (let b = 0; b < batch.count; b++) {
    const factor = choleskyFactor(batch.at(b), n);
    // As TensorFlow gives it for what is not positive definite: not a number, and zeros above.
    out.put(b, factor ?? Float64Array.from({ length: n * n }, (_, i) => (i % n > i / n ? 0 : Number.NaN)));
  }
  return [out.done()];
};

const choleskyGrad: HostKernel = ([l, grad], op) => {
  const [batch, dy] = [batchOf(l, op.type), batchOf(grad, op.type, 1)];
  const n = batch.rows;
  if (n !== batch.columns) throw invalid('Inputs must be a square matrices.');
  if (!sameShape(l.shape, grad.shape)) throw invalid('Inputs (L and grad) must have the same shape.');
  const out = new Filling(l.dtype, batch.shape, [n, n]);
  for (let b = 0; b < batch.count; b++) {
    const factor = batch.at(b);
    // The lower triangle of Lᵀ G with half its diagonal, between the inverses of Lᵀ and L; then its symmetric part.
    const middle = times(transposed(factor, n, n), dy.at(b), n, n, n);
    for (let i = 0; i < n; i++) {
      middle[i * n + i] /= 2;
      middle.fill(0, i * n + i + 1, (i + 1) * n);
    }
    solveTriangle(factor, middle, n, n, { lower: true, transpose: true });
    const found = transposed(middle, n, n);
    solveTriangle(factor, found, n, n, { lower: true, transpose: true });
    const other = transposed(found, n, n);
    out.put(
      b,
      found.map((x, i) => (x + other[i]) / 2),
    );
  }
  return [out.done()];
};

const lu: HostKernel = ([input], op) => {
  if (input.rank < 2) throw invalid(`Input tensor must have rank >= 2, got ${input.rank}`);
  const batch = squareBatch(input, op.type);
  const n = batch.rows;
  const out = new Filling(input.dtype, batch.shape, [n, n]);
  const orders = new Int32Array(batch.count * n);
  for (let b = 0; b < batch.count; b++) {
    const factors = factorize(batch.at(b), n);
    if (!factors.regular) throw invalid('Input is not invertible.');
    out.put(b, factors.lu);
    orders.set(factors.order, b * n);
  }
  return [out.done(), integers(op.outputDType(1), [...batch.shape, n], orders)];
};

const selfAdjointEig: HostKernel = ([input], op) => {
  const batch = squareBatch(input, op.type);
  const n = batch.rows;
  const computed = op.attr<boolean>('compute_v');
  const values = new Filling(input.dtype, batch.shape, [n]);
  const vectors = computed ? new Filling(input.dtype, batch.shape, [n, n]) : new Filling(input.dtype, [], [0]);
  for (let b = 0; b < batch.count; b++) {
    const found = symmetricSpectrum(batch.at(b), n);
    if (found === null) {
      throw invalid('Self-adjoint eigen decomposition was not successful. The input might not be valid.');
    }
    values.put(b, found.values);
    if (computed) vectors.put(b, found.vectors);
  }
  return [values.done(), vectors.done()];
};

const svd: HostKernel = ([input], op) => {
  const batch = batchOf(input, op.type);
  const { rows, columns, shape } = batch;
  const least = Math.min(rows, columns);
  const full = op.attr<boolean>('full_matrices');
  const computed = op.attr<boolean>('compute_uv');
  const vectors = (size: number) =>
    computed ? new Filling(input.dtype, shape, [size, full ? size : least]) : new Filling(input.dtype, [], [0]);
  const [s, u, v] = [new Filling(input.dtype, shape, [least]), vectors(rows), vectors(columns)];
  for (let b = 0; b < batch.count; b++) {
    const found = singularValues(batch.at(b), rows, columns, full && computed);
    s.put(b, found.s);
    if (!computed) continue;
    u.put(b, found.u);
    v.put(b, found.v);
  }
  return [s.done(), u.done(), v.done()];
};

const squareRoot: HostKernel = ([input], op) => {
  const batch = squareBatch(input, op.type);
  const out = new Filling(input.dtype, batch.shape, [batch.rows, batch.rows]);
  for (let b = 0; b < batch.count; b++) out.put(b, matrixRoot(batch.at(b), batch.rows));
  return [out.done()];
};

defineHostKernels({
  Cholesky: cholesky,
  CholeskyGrad: choleskyGrad,
  Lu: lu,
  SelfAdjointEigV2: selfAdjointEig,
  Svd: svd,
  MatrixSquareRoot: squareRoot,
});
