/**
 * Determinants, inverses, square roots and linear equations of batches of matrices. The decompositions are in
 * `decompositions.ts`, equations with three diagonals in `tridiagonal.ts`.
 */
import { Tensor } from '../graph/graph.ts';
import { float32, float64 } from '../util/dtype.ts';
import { UnimplementedError, ValueError } from '../util/errors.ts';
import { type Dim, isFullyDefined, type Shape } from '../util/shape.ts';
import { squares } from './decompositions.ts';
import { matrixDiagPart } from './diagonals.ts';
import { convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { eye } from './filling.ts';
import { matmul } from './matmul.ts';
import { adjoint, diag, diagPart, product, triangle, unbroadcastBatches } from './matrix-vocabulary.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, type OpView, sample } from './opdef/define.ts';
import { broadcastPair, merge, mergeDim, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { reduceSum } from './reductions.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const TYPES = 'T: {float64, float32, float16, complex64, complex128}';
const DETERMINANT_TYPES = 'T: {float16, float32, float64, complex64, complex128}';

const unchanged = (op: InferContext): Inferred => [squares(op.shape(0))];
const a22 = sample(float32, [2, 2], [4, 7, 2, 6]);
const b21 = sample(float32, [2, 1], [1, 2]);

// Determinants and inverses

function batchShape(op: InferContext): Shape {
  const shape = withRankAtLeast(op.shape(0), 2);
  if (shape === null) return null;
  const [rows, columns] = shape.slice(-2);
  mergeDim(columns, rows);
  return shape.slice(0, -2);
}

/** A scalar per matrix times the adjoint of the inverse. */
function timesInverse<V>($: Vocabulary<V>, scalars: V, a: V): V {
  const inverse = $.op('MatrixInverse', [a], { adjoint: true });
  return $.mul($.expandDims($.expandDims(scalars, -1), -1), inverse);
}

defineOp({
  name: 'MatrixDeterminant',
  doc: 'The determinants of matrices.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: [DETERMINANT_TYPES],
  infer: (op) => [batchShape(op)],
  grad: (op, [dy], $) => [timesInverse($, $.mul(dy, op.outputs[0]), op.inputs[0])],
  samples: [{ inputs: [a22], outputs: [sample(float32, [], [10])] }],
});

defineOp({
  name: 'LogMatrixDeterminant',
  doc: 'The signs of the determinants of matrices and the logarithms of their absolute values.',
  inputs: ['input: T'],
  outputs: ['sign: T', 'log_abs_determinant: T'],
  attrs: [DETERMINANT_TYPES],
  infer: (op) => {
    const shape = batchShape(op);
    return [shape, shape];
  },
  grad: (op, [, dy], $) => [timesInverse($, dy, op.inputs[0])],
  samples: [{ inputs: [a22], outputs: [sample(float32, [], [1]), sample(float32, [], [Math.LN10])] }],
});

defineOp({
  name: 'MatrixInverse',
  doc: 'The inverses of matrices, or their adjoints.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: ['adjoint: bool = false', TYPES],
  infer: unchanged,
  grad: (op, [dy], $) => {
    const adjointed = op.attr<boolean>('adjoint');
    const [inverse] = op.outputs;
    const right = product($, dy, inverse, adjointed, !adjointed);
    return [$.neg(product($, inverse, right, !adjointed))];
  },
  samples: [
    { inputs: [a22], outputs: [sample(float32, [2, 2], [0.6, -0.7, -0.2, 0.4])] },
    { inputs: [a22], attrs: { adjoint: true }, outputs: [sample(float32, [2, 2], [0.6, -0.2, -0.7, 0.4])] },
  ],
});

// Square roots

/** The Kronecker products of matrices [..., n, n]. */
function kronecker<V>($: Vocabulary<V>, a: V, b: V, shape: V): V {
  const left = $.expandDims($.expandDims(a, -1), -3);
  const right = $.expandDims($.expandDims(b, -2), -4);
  return $.reshape($.mul(left, right), shape);
}

const squareRootGrad: GradFn = (op, [dy], $) => {
  const [root] = op.outputs;
  // R dR + dR R = dA, as linear equations for the elements of dR.
  const identity = diag($, $.onesLike(diagPart($, root)));
  const shape = $.shape(root);
  const size = $.shape(diagPart($, root));
  const last = $.op('StridedSlice', [size, ...[-1, 0, 1].map((n) => $.ints([n]))], { end_mask: 1 }, 'strided_slice');
  const batch = $.op(
    'StridedSlice',
    [shape, ...[0, -2, 1].map((n) => $.ints([n]))],
    { begin_mask: 1 },
    'strided_slice',
  );
  const square = $.mul(last, last);
  const wide = $.concat([batch, square, square], 0);
  const sum = $.add(kronecker($, identity, adjoint($, root), wide), kronecker($, root, identity, wide));
  const right = $.reshape(adjoint($, dy), $.concat([batch, square, $.ints([1])], 0));
  return [adjoint($, $.reshape($.op('MatrixSolve', [sum, right]), shape))];
};

defineOp({
  name: 'MatrixSquareRoot',
  doc: 'The matrices whose squares are the input.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: [TYPES],
  infer: unchanged,
  grad: squareRootGrad,
  samples: [{ inputs: [sample(float32, [2, 2], [7, 10, 15, 22])], outputs: [null], shapes: [[2, 2]] }],
});

// Equations

const known = (shape: Shape, fromEnd: number): Dim => (shape === null ? null : shape[shape.length - fromEnd]);

/** The shape of a solution: of one batch, with as many rows as the matrix has rows or columns. */
function inferSolve(op: InferContext, square: boolean): Inferred {
  const left = withRankAtLeast(op.shape(0), 2);
  const right = withRankAtLeast(op.shape(1), 2);
  let rows = known(left, 2);
  if (square) rows = mergeDim(rows, known(left, 1));
  const batch = merge(left?.slice(0, -2) ?? null, right?.slice(0, -2) ?? null);
  rows = mergeDim(rows, known(right, 2));
  if (batch === null) return [null];
  return [[...batch, square ? rows : known(left, 1), known(right, 1)]];
}

/** The gradient of the matrix from the solution and the gradient of the right-hand side. */
function matrixGrad<V>(op: OpView<V>, gb: V, $: Vocabulary<V>): V {
  const [x] = op.outputs;
  return $.neg(op.attr<boolean>('adjoint') ? product($, x, gb, false, true) : product($, gb, x, false, true));
}

defineOp({
  name: 'MatrixSolve',
  doc: 'The solutions of systems of linear equations.',
  inputs: ['matrix: T', 'rhs: T'],
  outputs: ['output: T'],
  attrs: ['adjoint: bool = false', TYPES],
  infer: (op) => inferSolve(op, true),
  grad: (op, [dy], $) => {
    const gb = $.op('MatrixSolve', [op.inputs[0], dy], { adjoint: !op.attr<boolean>('adjoint') });
    return [matrixGrad(op, gb, $), gb];
  },
  samples: [
    { inputs: [a22, b21], outputs: [sample(float32, [2, 1], [-0.8, 0.6])] },
    { inputs: [a22, b21], attrs: { adjoint: true }, outputs: [sample(float32, [2, 1], [0.2, 0.1])] },
  ],
});

defineOp({
  name: 'MatrixTriangularSolve',
  doc: 'The solutions of systems of linear equations with triangular matrices; batches are broadcast.',
  inputs: ['matrix: T', 'rhs: T'],
  outputs: ['output: T'],
  attrs: [
    'lower: bool = true',
    'adjoint: bool = false',
    'T: {bfloat16, float64, float32, float16, complex64, complex128}',
  ],
  infer: (op) => {
    const left = withRankAtLeast(op.shape(0), 2);
    const right = withRankAtLeast(op.shape(1), 2);
    if (left === null || right === null) return [null];
    const rows = mergeDim(mergeDim(known(left, 2), known(left, 1)), known(right, 2));
    const batch = broadcastPair(left.slice(0, -2), right.slice(0, -2));
    return [batch && [...batch, rows, known(right, 1)]];
  },
  grad: (op, [dy], $) => {
    const [a, b] = op.inputs;
    const [lower, adjointed] = [op.attr<boolean>('lower'), op.attr<boolean>('adjoint')];
    const gb = $.op('MatrixTriangularSolve', [a, dy], { lower, adjoint: !adjointed });
    return unbroadcastBatches($, a, b, triangle($, matrixGrad(op, gb, $), lower), gb);
  },
  samples: [
    { inputs: [a22, b21], outputs: [sample(float32, [2, 1], [0.25, 0.25])] },
    {
      inputs: [a22, b21],
      attrs: { lower: false, adjoint: true },
      outputs: [sample(float32, [2, 1], [0.25, 0.0416666667])],
    },
  ],
});

/** The Cholesky factors of the products of matrices with their adjoints, plus a multiple of the identity. */
function gramian<V>($: Vocabulary<V>, a: V, tall: boolean, regularizer: V): V {
  const gram = product($, a, a, tall, !tall);
  const identity = diag($, $.onesLike(diagPart($, gram)));
  return $.op('Cholesky', [$.add(gram, $.mul(regularizer, identity))]);
}

function solveFactored<V>($: Vocabulary<V>, factor: V, right: V): V {
  const half = $.op('MatrixTriangularSolve', [factor, right]);
  return $.op('MatrixTriangularSolve', [factor, half], { adjoint: true });
}

const leastSquaresGrad: GradFn = (op, [dy], $) => {
  if (!op.attr<boolean>('fast')) throw new ValueError('Gradient not defined for fast=False');
  const [a, b] = op.inputs;
  const [rows, columns] = $.shapeOf(a)?.slice(-2) ?? [null, null];
  if (rows === null || columns === null) {
    throw new UnimplementedError(null, 'The gradient of MatrixSolveLs needs to know the shape of the matrices.');
  }
  const regularizer = $.cast(op.inputs[2], $.dtypeOf(a));
  if (rows >= columns) {
    const z = solveFactored($, gramian($, a, true, regularizer), dy);
    const outer = product($, op.outputs[0], z, false, true);
    const both = $.add(outer, adjoint($, outer));
    return [$.sub(product($, b, z, false, true), product($, a, both)), product($, a, z), null];
  }
  const factor = gramian($, a, false, regularizer);
  const gb = solveFactored($, factor, product($, a, dy));
  const inner = solveFactored($, factor, b);
  const first = $.neg(product($, gb, product($, inner, a, true)));
  const second = product($, inner, $.sub(dy, product($, a, gb, true)), false, true);
  return [$.add(first, second), gb, null];
};

defineOp({
  name: 'MatrixSolveLs',
  doc: 'The solutions of systems of linear equations by least squares.',
  inputs: ['matrix: T', 'rhs: T', 'l2_regularizer: float64'],
  outputs: ['output: T'],
  attrs: [TYPES, 'fast: bool = true'],
  infer: (op) => inferSolve(op, false),
  grad: leastSquaresGrad,
  samples: [
    {
      inputs: [
        sample(float32, [3, 2], [1, 2, 3, 4, 5, 6]),
        sample(float32, [3, 1], [1, 2, 3]),
        sample(float64, [], [0.5]),
      ],
      outputs: [sample(float32, [2, 1], [0.157706093, 0.372759857])],
      differentiable: false,
    },
  ],
});

// Functions

interface NameOption {
  readonly name?: string | null;
}
type NameRest = Rest<[name: string | null], NameOption>;

const nameOf = (rest: NameRest) => bind<NameOption>(['name'], rest).name;

/** The determinants [...] of matrices [..., n, n]. Throws `ValueError` for matrices that are not square. */
export function matrixDeterminant(input: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('MatrixDeterminant', [input], {}, nameOf(rest));
}

/**
 * The signs and the logarithms of the absolute values of determinants [...] of matrices [..., n, n].
 *
 *     const [sign, logAbs] = tf.linalg.slogdet(x)
 */
export function slogdet(input: TensorLike, ...rest: NameRest): readonly [sign: Tensor, logAbsDeterminant: Tensor] {
  const [sign, value] = emit('LogMatrixDeterminant', [input], {}, nameOf(rest)).outputs;
  return [sign, value];
}

/** The logarithms [...] of the determinants of symmetric positive definite matrices [..., n, n]. */
export function logdet(matrix: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'logdet', [matrix], () => {
    const factor = emitOne('Cholesky', [matrix]);
    return reduceSum(emitOne('Log', [matrixDiagPart(factor)]), [-1]).mul(2);
  });
}

export interface AdjointOptions extends NameOption {
  /** Whether the matrix is to be transposed (and conjugated) first. */
  readonly adjoint?: boolean;
}
type AdjointRest = Rest<[adjoint: boolean, name: string | null], AdjointOptions>;

/**
 * The inverses of matrices [..., n, n], of their transposes with `adjoint`. A singular matrix fails the run. Throws
 * `ValueError` for matrices that are not square.
 *
 *     tf.matrixInverse([[4, 7], [2, 6]])
 */
export function matrixInverse(input: TensorLike, ...rest: AdjointRest): Tensor {
  const { adjoint: adjointed = false, name } = bind<AdjointOptions>(['adjoint', 'name'], rest);
  return emitOne('MatrixInverse', [input], { adjoint: adjointed }, name);
}

/** The square roots of matrices [..., n, n]; NaN where a root is not real. */
export function matrixSquareRoot(input: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('MatrixSquareRoot', [input], {}, nameOf(rest));
}

/**
 * The solutions [..., n, k] of equations with matrices [..., n, n] and right-hand sides [..., n, k]. A singular matrix
 * fails the run. Throws `ValueError` for shapes that do not fit.
 *
 *     tf.matrixSolve([[4, 7], [2, 6]], [[1], [2]])
 */
export function matrixSolve(matrix: TensorLike, rhs: TensorLike, ...rest: AdjointRest): Tensor {
  const { adjoint: adjointed = false, name } = bind<AdjointOptions>(['adjoint', 'name'], rest);
  return emitOne('MatrixSolve', [matrix, rhs], { adjoint: adjointed }, name);
}

export interface MatrixTriangularSolveOptions extends AdjointOptions {
  /** Whether the matrix is a lower triangle, as it is without it, or an upper one. The other triangle is not read. */
  readonly lower?: boolean;
}

/**
 * The solutions [..., n, k] of equations with triangular matrices [..., n, n]; batches are broadcast. Throws `ValueError`
 * for shapes that do not fit.
 */
export function matrixTriangularSolve(
  matrix: TensorLike,
  rhs: TensorLike,
  ...rest: Rest<[lower: boolean, adjoint: boolean, name: string | null], MatrixTriangularSolveOptions>
): Tensor {
  const given = bind<MatrixTriangularSolveOptions>(['lower', 'adjoint', 'name'], rest);
  const { lower = true, adjoint: adjointed = false, name } = given;
  return emitOne('MatrixTriangularSolve', [matrix, rhs], { lower, adjoint: adjointed }, name);
}

/** The solutions of equations whose matrices' Cholesky factors are given: `tf.choleskySolve(tf.cholesky(a), rhs)`. */
export function choleskySolve(chol: TensorLike, rhs: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'cholesky_solve', [chol, rhs], () => {
    const factor = convertToTensor(chol);
    const half = emitOne('MatrixTriangularSolve', [factor, rhs], { lower: true, adjoint: false });
    return emitOne('MatrixTriangularSolve', [factor, half], { lower: true, adjoint: true });
  });
}

export interface MatrixSolveLsOptions extends NameOption {
  /** A multiple of the identity that is added to what is solved: 0 without it. Not used where `fast` is false. */
  readonly l2Regularizer?: TensorLike;
  /** Whether to solve the normal equations, as without it; else a slower, more exact way, which has no gradient. */
  readonly fast?: boolean;
}

/**
 * The solutions [..., n, k] by least squares of equations with matrices [..., m, n] and right-hand sides [..., m, k]; the
 * smallest ones where there are more unknowns than equations. Throws `ValueError` for shapes that do not fit.
 *
 *     tf.matrixSolveLs(x, y, {l2Regularizer: 0.01})
 */
export function matrixSolveLs(
  matrix: TensorLike,
  rhs: TensorLike,
  ...rest: Rest<[l2Regularizer: TensorLike, fast: boolean, name: string | null], MatrixSolveLsOptions>
): Tensor {
  const given = bind<MatrixSolveLsOptions>(['l2Regularizer', 'fast', 'name'], rest);
  const { l2Regularizer = 0, fast = true, name } = given;
  const dims = (matrix instanceof Tensor ? matrix : convertToTensor(matrix, { name: 'matrix' })).shape?.slice(-2);
  if (!fast || !dims || !isFullyDefined(dims)) {
    return emitOne('MatrixSolveLs', [matrix, rhs, l2Regularizer], { fast }, name);
  }
  return opScope(name, 'matrix_solve_ls', [matrix, rhs, l2Regularizer], () => {
    const a = convertToTensor(matrix, { name: 'matrix' });
    const tall = dims[0] >= dims[1];
    let gram = matmul(a, a, { adjointA: tall, adjointB: !tall });
    if (l2Regularizer !== 0) {
      const identity = eye(Math.min(dims[0], dims[1]), { dtype: a.dtype });
      gram = gram.add(identity.mul(convertToTensor(l2Regularizer, { dtype: a.dtype })));
    }
    const factor = emitOne('Cholesky', [gram]);
    if (tall) return choleskySolve(factor, matmul(a, rhs, { adjointA: true }));
    return matmul(a, choleskySolve(factor, rhs), { adjointA: true });
  });
}
