/** Equations and products with matrices that have three diagonals. Those with whole matrices are in `solvers.ts`. */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { Dim, Shape } from '../util/shape.ts';
import { matrixDiagPart } from './diagonals.ts';
import { convertToTensor, emitOne, graphOf } from './emit.ts';
import { split } from './joining.ts';
import { adjoint, columns, rows } from './matrix-vocabulary.ts';
import { defineOp, type GradFn, ShapeError, sample } from './opdef/define.ts';
import { merge, mergeDim, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { pad } from './padding.ts';
import { expandDims, matrixTranspose, squeeze } from './shaping.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const TYPES = 'T: {float64, float32, complex64, complex128}';

const last = (shape: Shape, fromEnd: number): Dim => (shape === null ? null : shape[shape.length - fromEnd]);

/** Each row replaced by the next one; the last is zeros. */
function rowsUp<V>($: Vocabulary<V>, x: V): V {
  return $.concat([rows($, x, 1, null), $.zerosLike(rows($, x, 0, 1))], -2);
}

/** Each row replaced by the one before it; the first is zeros. */
function rowsDown<V>($: Vocabulary<V>, x: V): V {
  return $.concat([$.zerosLike(rows($, x, 0, 1)), rows($, x, 0, -1)], -2);
}

const solveGrad: GradFn = (op, [dy], $) => {
  const [diagonals] = op.inputs;
  const [x] = op.outputs;
  const [above, main, below] = [0, 1, 2].map((i) => rows($, diagonals, i, i + 1));
  const end = $.zerosLike(columns($, main, 0, 1));
  // The transposed matrix: what was below is above, moved by one.
  const up = $.concat([columns($, below, 1, null), end], -1);
  const down = $.concat([end, columns($, above, 0, -1)], -1);
  const attrs = {
    partial_pivoting: op.attr<boolean>('partial_pivoting'),
    perturb_singular: op.attr<boolean>('perturb_singular'),
  };
  const gb = $.op('TridiagonalSolve', [$.concat([up, main, down], -2), dy], attrs);
  const along = (shifted: typeof dy) => $.sum($.mul(gb, shifted), [-1]);
  return [$.neg($.pack([along(rowsUp($, x)), along(x), along(rowsDown($, x))], -2)), gb];
};

defineOp({
  name: 'TridiagonalSolve',
  doc: 'The solutions of systems of linear equations with three diagonals.',
  inputs: ['diagonals: T', 'rhs: T'],
  outputs: ['output: T'],
  attrs: ['partial_pivoting: bool = true', 'perturb_singular: bool = false', TYPES],
  infer: (op) => {
    const diagonals = withRankAtLeast(op.shape(0), 2);
    const rhs = withRankAtLeast(op.shape(1), 2);
    const batch = merge(diagonals?.slice(0, -2) ?? null, rhs?.slice(0, -2) ?? null);
    const count = last(diagonals, 2);
    if (count !== null && count !== 3) throw new ShapeError(`Dimension must be 3 but is ${count}`);
    const size = mergeDim(last(diagonals, 1), last(rhs, 2));
    return [batch && [...batch, size, last(rhs, 1)]];
  },
  grad: solveGrad,
  samples: [
    {
      inputs: [sample(float32, [3, 3], [1, 2, 9, 4, 5, 6, 9, 1, 2]), sample(float32, [3, 2], [1, 2, 3, 4, 5, 6])],
      outputs: [sample(float32, [3, 2], [0.183673469, 0.408163265, 0.265306122, 0.367346939, 0.744897959, 0.87755102])],
    },
  ],
});

const productGrad: GradFn = (op, [dy], $) => {
  const [above, main, below] = op.inputs.slice(0, 3).map((d) => adjoint($, d));
  const x = $.dtypeOf(dy).isComplex ? $.op('Conj', [op.inputs[3]]) : op.inputs[3];
  const along = (shifted: typeof dy) => $.expandDims($.sum($.mul(shifted, dy), [-1]), -2);
  const dx = $.addN([rowsDown($, $.mul(above, dy)), $.mul(main, dy), rowsUp($, $.mul(below, dy))]);
  return [along(rowsUp($, x)), along(x), along(rowsDown($, x)), dx];
};

const row = (...values: number[]) => sample(float32, [1, values.length], values);

defineOp({
  name: 'TridiagonalMatMul',
  doc: 'The products of matrices with three diagonals and other matrices.',
  inputs: ['superdiag: T', 'maindiag: T', 'subdiag: T', 'rhs: T'],
  outputs: ['output: T'],
  attrs: [TYPES],
  infer: (op) => {
    const [above, main, below, rhs] = [0, 1, 2, 3].map((i) => withRankAtLeast(op.shape(i), 2));
    const diagonals = merge(below, merge(above, main));
    const count = last(diagonals, 2);
    if (count !== null && count !== 1) throw new ShapeError(`Dimension must be 1 but is ${count}`);
    merge(diagonals?.slice(0, -2) ?? null, rhs?.slice(0, -2) ?? null);
    mergeDim(last(diagonals, 1), last(rhs, 2));
    return [rhs];
  },
  grad: productGrad,
  samples: [
    {
      inputs: [row(1, 2, 3), row(1, 2, 3), row(1, 2, 3), sample(float32, [3, 2], [1, 2, 3, 4, 5, 6])],
      outputs: [sample(float32, [3, 2], [4, 6, 18, 24, 24, 30])],
    },
  ],
});

/** How diagonals are given: as rows [..., 3, n], as three tensors [..., n] (the upper first), as matrices [..., n, n]. */
export type DiagonalsFormat = 'compact' | 'sequence' | 'matrix';

/** The diagonals as rows: upper, main, lower; the first ends, the last begins with an element that does not count. */
function asRows(diagonals: TensorLike, format: DiagonalsFormat): Tensor {
  if (format === 'compact') return convertToTensor(diagonals, { name: 'diagonals' });
  if (format === 'matrix') return matrixDiagPart(diagonals, { k: [-1, 1], align: 'LEFT_RIGHT' });
  if (format !== 'sequence') throw new ValueError(`Unrecognized diagonals_format: ${String(format)}`);
  if (!Array.isArray(diagonals) || diagonals.length !== 3) {
    throw new ValueError('Expected diagonals to be a sequence of length 3.');
  }
  const [above, main, below] = (diagonals as readonly TensorLike[]).map((d) => convertToTensor(d));
  const size = last(main.shape, 1);
  const lengthened = (d: Tensor, name: string, ends: readonly [number, number]): Tensor => {
    const own = last(d.shape, 1);
    if (own === null || size === null || own === size) return d;
    if (own !== size - 1)
      throw new ValueError(`Expected ${name} to be have length ${size} or ${size - 1}, got ${own}.`);
    const none = new Array<readonly number[]>((d.shape as readonly Dim[]).length - 1).fill([0, 0]);
    return pad(d, [...none, ends]);
  };
  const parts = [lengthened(above, 'superdiagonal', [0, 1]), main, lengthened(below, 'subdiagonal', [1, 0])];
  return emitOne('Pack', [parts], { axis: -2 });
}

export interface TridiagonalMatmulOptions {
  readonly diagonalsFormat?: DiagonalsFormat;
  readonly name?: string | null;
}

export interface TridiagonalSolveOptions extends TridiagonalMatmulOptions {
  readonly transposeRhs?: boolean;
  readonly conjugateRhs?: boolean;
  /** Whether rows are exchanged for greater pivots, as without it. */
  readonly partialPivoting?: boolean;
  /** Whether pivots that are zero are moved a little: a singular matrix then gives numbers, else NaN. */
  readonly perturbSingular?: boolean;
}

/**
 * The solutions [..., n, k] of equations with matrices of three diagonals, by default given as rows [..., 3, n], the upper
 * first; the last element of the upper one and the first of the lower one are not read. Where `rhs` has one dimension
 * less it is a vector, as is the solution. Throws `ValueError` for shapes that do not fit.
 *
 *     tf.linalg.tridiagonalSolve([[1, 1, 0], [4, 4, 4], [0, 1, 1]], [1, 2, 3])
 */
export function tridiagonalSolve(
  diagonals: TensorLike,
  rhs: TensorLike,
  ...rest: Rest<
    [
      diagonalsFormat: DiagonalsFormat,
      transposeRhs: boolean,
      conjugateRhs: boolean,
      name: string | null,
      partialPivoting: boolean,
      perturbSingular: boolean,
    ],
    TridiagonalSolveOptions
  >
): Tensor {
  const names = [
    'diagonalsFormat',
    'transposeRhs',
    'conjugateRhs',
    'name',
    'partialPivoting',
    'perturbSingular',
  ] as const;
  const given = bind<TridiagonalSolveOptions>([...names], rest);
  const { diagonalsFormat = 'compact', partialPivoting = true, perturbSingular = false, name } = given;
  if (perturbSingular && !partialPivoting) {
    throw new ValueError('partial_pivoting must be True if perturb_singular is.');
  }
  return graphOf([diagonals, rhs]).atomic(() => {
    const threes = asRows(diagonals, diagonalsFormat);
    let right = convertToTensor(rhs, { name: 'rhs', preferredDtype: threes.dtype });
    const [rank, rhsRank] = [threes.shape?.length, right.shape?.length];
    if (rank !== undefined && rhsRank !== undefined && rhsRank !== rank && rhsRank !== rank - 1) {
      throw new ValueError(`Expected the rank of rhs to be ${rank - 1} or ${rank}, got ${rhsRank}`);
    }
    const isVector = rank !== undefined && rhsRank === rank - 1;
    if (given.conjugateRhs && right.dtype.isComplex) right = emitOne('Conj', [right]);
    if (isVector) right = expandDims(right, -1);
    else if (given.transposeRhs) right = matrixTranspose(right);
    const attrs = { partial_pivoting: partialPivoting, perturb_singular: perturbSingular };
    const solution = emitOne('TridiagonalSolve', [threes, right], attrs, name);
    return isVector ? squeeze(solution, [-1]) : solution;
  });
}

/**
 * The products [..., n, k] of matrices of three diagonals, by default given as rows [..., 3, n], and `rhs` [..., n, k].
 * Throws `ValueError` for shapes that do not fit.
 */
export function tridiagonalMatmul(
  diagonals: TensorLike,
  rhs: TensorLike,
  ...rest: Rest<[diagonalsFormat: DiagonalsFormat, name: string | null], TridiagonalMatmulOptions>
): Tensor {
  const { diagonalsFormat = 'compact', name } = bind<TridiagonalMatmulOptions>(['diagonalsFormat', 'name'], rest);
  return graphOf([diagonals, rhs]).atomic(() => {
    const parts = split(asRows(diagonals, diagonalsFormat), 3, -2);
    return emitOne('TridiagonalMatMul', [...parts, rhs], {}, name);
  });
}
