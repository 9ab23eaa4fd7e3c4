/** Equations and products with matrices that have three diagonals. Those with whole matrices are in `solvers.ts`. */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { Dim, Shape } from '../util/shape.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { adjoint, columns, rows } from './matrix-vocabulary.ts';
import { defineOp, type GradFn, ShapeError, sample } from './opdef/define.ts';
import { merge, mergeDim, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { matrixDiagPart } from './diagonals.ts';
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
  // The gradient packs along an axis counted from the end: the rank of the diagonals is that of the solution.
  grad: solveGrad,
  samples: [
    {
      inputs: [
        sample(float32, [3, 3], [1, 2, 9, 4, 5, 6, 9, 1, 2]),
        sample(float32, [3, 2], [1, 2, 3, 4, 5, 6]),
      ],
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

export interface TridiagonalSolveOptions {
  /** Whether rows are exchanged for greater pivots, as without it. */
  readonly partialPivoting?: boolean;
  /** Whether a pivot that is zero is moved a little, so that a singular matrix gives numbers. */
  readonly perturbSingular?: boolean;
  /** Whether the right-hand side is a vector: a batch of them where it has further dimensions. */
  readonly vectorRhs?: boolean;
  readonly name?: string | null;
}

/** The diagonals as `diagonalsFormat` describes them, as rows [..., 3, n]. */
export type DiagonalsFormat = 'compact' | 'sequence';
