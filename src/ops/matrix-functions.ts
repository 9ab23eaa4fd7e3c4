/**
 * Functions of `tf.linalg` that are made of others: products with vectors, ranks. No op is defined here.
 */
import type { Tensor } from '../graph/graph.ts';
import { float64, int32 } from '../util/dtype.ts';
import { isFullyDefined } from '../util/shape.ts';
import { cast } from './cast.ts';
import { svd } from './decompositions.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { vector } from './indices.ts';
import { matmul } from './matmul.ts';
import { reduceMax, reduceSum } from './reductions.ts';
import { expandDims, shape, squeeze } from './shaping.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

export interface MatvecOptions {
  readonly transposeA?: boolean;
  readonly adjointA?: boolean;
  readonly aIsSparse?: boolean;
  readonly bIsSparse?: boolean;
  readonly name?: string | null;
}

/**
 * Matrices [..., m, n] times vectors [..., n]: vectors [..., m].
 *
 *     tf.linalg.matvec([[1, 2], [3, 4]], [1, 1])    // [3, 7]
 */
export function matvec(
  a: TensorLike,
  b: TensorLike,
  ...rest: Rest<
    [transposeA: boolean, adjointA: boolean, aIsSparse: boolean, bIsSparse: boolean, name: string | null],
    MatvecOptions
  >
): Tensor {
  const names = ['transposeA', 'adjointA', 'aIsSparse', 'bIsSparse', 'name'] as const;
  const { name, ...given } = bind<MatvecOptions>(names, rest);
  return opScope(name, 'MatVec', [a, b], (scope) => {
    const matrix = convertToTensor(a, { name: 'a' });
    const vector = convertToTensor(b, { name: 'b', dtype: matrix.dtype });
    return squeeze(matmul(matrix, expandDims(vector, -1), given), -1, { name: scope });
  });
}

export interface MatrixRankOptions {
  /** Singular values up to it count as zero. */
  readonly tol?: TensorLike | null;
  readonly validateArgs?: boolean;
  readonly name?: string | null;
}

const EPSILON32 = 2 ** -23;
const EPSILON64 = 2 ** -52;

/**
 * The ranks of matrices [..., m, n], int32 [...]: how many singular values exceed `tol`, which without it follows from the
 * greatest one, the sizes and the precision of the type.
 *
 *     tf.linalg.matrixRank([[1, 2], [2, 4]])        // 1
 */
export function matrixRank(
  a: TensorLike,
  ...rest: Rest<[tol: TensorLike | null, validateArgs: boolean, name: string | null], MatrixRankOptions>
): Tensor {
  const { tol = null, name } = bind<MatrixRankOptions>(['tol', 'validateArgs', 'name'], rest);
  return opScope(name, 'matrix_rank', [a, tol], () => {
    const matrix = convertToTensor(a, { name: 'a' });
    const values = svd(matrix, { computeUv: false });
    const bound = tol ?? tolerance(matrix, values);
    return reduceSum(cast(emitOne('Greater', [values, bound]), int32), -1);
  });
}

function tolerance(matrix: Tensor, values: Tensor): Tensor {
  const { dtype } = matrix;
  const sides = matrix.shape?.slice(-2) ?? null;
  const longest = isFullyDefined(sides)
    ? Math.max(...sides)
    : reduceMax(emitOne('StridedSlice', [shape(matrix), vector(-2), vector(0), vector(1)], { end_mask: 1 }));
  const factor = cast(convertToTensor(longest, { preferredDtype: int32 }), dtype);
  const precise = emitOne('Mul', [factor, dtype === float64 ? EPSILON64 : EPSILON32]);
  return emitOne('Mul', [precise, reduceMax(values, -1, { keepdims: true })]);
}
