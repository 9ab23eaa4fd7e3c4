/** What is made of decompositions: solutions by LU factors, pseudo-inverses. The ops are in `decompositions.ts`. */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { TypeError } from '../util/errors.ts';
import { isFullyDefined } from '../util/shape.ts';
import { svd } from './decompositions.ts';
import { matrixBandPart, matrixDiagPart, matrixSetDiag } from './diagonals.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { batchGather, gather } from './gather.ts';
import { matmul } from './matmul.ts';
import { reduceMax } from './reductions.ts';
import { whereV2 } from './selection.ts';
import { expandDims, matrixTranspose } from './shaping.ts';
import { matrixTriangularSolve } from './solvers.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

interface NameOption {
  readonly name?: string | null;
}

/** The lower factor, with ones on its diagonal. */
function lowerOf(lu: Tensor): Tensor {
  return matrixSetDiag(matrixBandPart(lu, -1, 0), emitOne('OnesLike', [matrixDiagPart(lu)]));
}

function permuted(rows: Tensor, perm: Tensor): Tensor {
  return perm.shape?.length === 1 && rows.shape?.length === 2 ? gather(rows, perm) : batchGather(rows, perm);
}

export interface LuSolveOptions extends NameOption {
  /** Whether to check the arguments in the run. The ops that solve check them in any case. */
  readonly validateArgs?: boolean;
}

/**
 * The solutions [..., n, k] of equations with matrices whose LU factors are given, of the batch shape of `rhs`.
 *
 *     tf.linalg.luSolve(...tf.linalg.lu(a), rhs)
 */
export function luSolve(
  lowerUpper: TensorLike,
  perm: TensorLike,
  rhs: TensorLike,
  ...rest: Rest<[validateArgs: boolean, name: string | null], LuSolveOptions>
): Tensor {
  const { name } = bind<LuSolveOptions>(['validateArgs', 'name'], rest);
  return opScope(name, 'lu_solve', [lowerUpper, perm, rhs], () => {
    const lu = convertToTensor(lowerUpper, { name: 'lower_upper' });
    const right = convertToTensor(rhs, { name: 'rhs', preferredDtype: lu.dtype });
    const half = matrixTriangularSolve(lowerOf(lu), permuted(right, convertToTensor(perm, { name: 'perm' })));
    return matrixTriangularSolve(lu, half, { lower: false });
  });
}

/** The matrices [..., n, n] transposed, and conjugated where they are complex. */
export function adjoint(matrix: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return opScope(name, 'adjoint', [matrix], () => {
    const turned = matrixTranspose(convertToTensor(matrix, { name: 'matrix' }));
    return turned.dtype.isComplex ? emitOne('Conj', [turned]) : turned;
  });
}

export interface PinvOptions extends NameOption {
  /** Singular values of this size, as a part of the greatest, count as zero: a tensor for each matrix of a batch. */
  readonly rcond?: TensorLike | null;
  readonly validateArgs?: boolean;
}

/**
 * The pseudo-inverses [..., n, m] of matrices [..., m, n] of floats, by their singular values. Throws `TypeError` for other
 * types.
 *
 *     tf.matmul(tf.linalg.pinv(a), a)
 */
export function pinv(
  a: TensorLike,
  ...rest: Rest<[rcond: TensorLike | null, validateArgs: boolean, name: string | null], PinvOptions>
): Tensor {
  const { rcond, name } = bind<PinvOptions>(['rcond', 'validateArgs', 'name'], rest);
  return opScope(name, 'pinv', [a], () => {
    const matrix = convertToTensor(a, { name: 'a' });
    const { dtype } = matrix;
    if (!dtype.isFloating)
      throw new TypeError(`Input \`a\` must have \`float\`-like \`dtype\` (saw \`${dtype.name}\`).`);
    const dims = matrix.shape?.slice(-2);
    if (rcond == null && !(dims && isFullyDefined(dims))) {
      throw new TypeError('Without `rcond` the shape of the matrices must be known.');
    }
    const epsilon = dtype.name === 'float64' ? Number.EPSILON : 2 ** -23;
    const part = rcond ?? toNdArray(10 * Math.max(...(dims as number[])) * epsilon, dtype);
    const [s, u, v] = svd(matrix);
    const cutoff = reduceMax(s, -1).mul(convertToTensor(part, { dtype, name: 'rcond' }));
    const kept = whereV2(s.greater(expandDims(cutoff, -1)), s, toNdArray(Number.POSITIVE_INFINITY, dtype));
    return matmul(v.div(expandDims(kept, -2)), u, { adjointB: true });
  });
}
