/** The namespace `tf.linalg`. */
export { globalNorm } from './ops/clip.ts';
export {
  cholesky,
  type LuOptions,
  lu,
  selfAdjointEig as eigh,
  selfAdjointEigvals as eigvalsh,
  svd,
} from './ops/decompositions.ts';
export {
  matrixBandPart as bandPart,
  matrixDiag as diag,
  matrixDiagPart as diagPart,
  matrixSetDiag as setDiag,
  trace,
} from './ops/diagonals.ts';
export { einsum } from './ops/einsum.ts';
export { eye } from './ops/filling.ts';
export { diag as tensorDiag, diagPart as tensorDiagPart, qr } from './ops/linalg.ts';
export { adjoint, type LuSolveOptions, luSolve, type PinvOptions, pinv } from './ops/lu-functions.ts';
export { matmul, norm, tensordot } from './ops/matmul.ts';
export { expm } from './ops/matrix-exponential.ts';
export {
  type MatrixRankOptions,
  type MatvecOptions,
  matrixRank,
  matvec,
} from './ops/matrix-functions.ts';
export { l2Normalize } from './ops/normalization-functions.ts';
export { matrixTranspose, matrixTranspose as transpose } from './ops/shaping.ts';
export {
  choleskySolve,
  logdet,
  matrixDeterminant as det,
  matrixInverse as inv,
  matrixSolve as solve,
  matrixSolveLs as lstsq,
  matrixSquareRoot as sqrtm,
  matrixTriangularSolve as triangularSolve,
  slogdet,
} from './ops/solvers.ts';
export { cross } from './ops/special-functions.ts';
export {
  type DiagonalsFormat,
  type TridiagonalMatmulOptions,
  type TridiagonalSolveOptions,
  tridiagonalMatmul,
  tridiagonalSolve,
} from './ops/tridiagonal.ts';
