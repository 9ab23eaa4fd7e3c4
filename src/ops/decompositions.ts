/**
 * Decompositions of batches of matrices: Cholesky, LU, singular values, eigenvalues. QR is in `linalg.ts`, what is solved
 * with them in `solvers.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { asDType, type DTypeLike, float32, int32 } from '../util/dtype.ts';
import { UnimplementedError } from '../util/errors.ts';
import type { Dim, Shape } from '../util/shape.ts';
import { emit, emitOne } from './emit.ts';
import { adjoint, columns, diag, diagPart, product, setDiag, triangle } from './matrix-vocabulary.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, sample } from './opdef/define.ts';
import { mergeDim, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const TYPES = 'T: {float64, float32, float16, complex64, complex128}';

/** The shape of batches of square matrices. */
export function squares(shape: Shape): Shape {
  const known = withRankAtLeast(shape, 2);
  if (known === null) return null;
  const [rows, columns] = known.slice(-2);
  const size = mergeDim(rows, columns);
  return [...known.slice(0, -2), size, size];
}

const unchanged = (op: InferContext): Inferred => [squares(op.shape(0))];

const positive = sample(float32, [2, 2], [4, 2, 2, 5]);

const choleskyGrad: GradFn = (op, [dy], $) => {
  const [l] = op.outputs;
  const inverse = $.op('MatrixTriangularSolve', [l, diag($, $.onesLike(diagPart($, l)))]);
  const full = product($, l, dy, true);
  const middle = triangle($, setDiag($, full, $.mul(0.5, diagPart($, full))), true);
  const found = product($, product($, inverse, middle, true), inverse);
  return [$.mul($.add(found, adjoint($, found)), 0.5)];
};

defineOp({
  name: 'Cholesky',
  doc: 'The lower triangular matrices whose products with their adjoints are the input.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: [TYPES],
  infer: unchanged,
  grad: choleskyGrad,
  // One element of a pair that should be equal cannot be moved alone.
  samples: [{ inputs: [positive], outputs: [sample(float32, [2, 2], [2, 0, 1, 2])], differentiable: false }],
});

defineOp({
  name: 'CholeskyGrad',
  doc: 'The gradient of the Cholesky decomposition from its result and the gradient of that.',
  inputs: ['l: T', 'grad: T'],
  outputs: ['output: T'],
  attrs: ['T: {float16, float32, float64}'],
  infer: unchanged,
  grad: null,
  samples: [
    {
      inputs: [sample(float32, [2, 2], [2, 0, 1, 3]), sample(float32, [2, 2], [1, 2, 3, 4])],
      outputs: [sample(float32, [2, 2], [0.0416666667, 0.416666667, 0.416666667, 0.666666667])],
    },
  ],
});

defineOp({
  name: 'Lu',
  doc: 'The triangular factors of matrices with permuted rows, in one matrix, and the permutation.',
  inputs: ['input: T'],
  outputs: ['lu: T', 'p: output_idx_type'],
  attrs: [TYPES, 'output_idx_type: {int32, int64} = int32'],
  infer: (op) => {
    const shape = squares(op.shape(0));
    return [shape, shape?.slice(0, -1) ?? null];
  },
  grad: null,
  samples: [
    {
      inputs: [sample(float32, [2, 2], [1, 2, 4, 4])],
      outputs: [sample(float32, [2, 2], [4, 4, 0.25, 1]), sample(int32, [2], [1, 0])],
    },
  ],
});

// Eigenvalues

/** 1 / x that is 0 for 0: for equal eigenvalues, whose vectors are not determined. */
function safeReciprocal<V>($: Vocabulary<V>, x: V): V {
  return $.mul(x, $.reciprocal($.add($.mul(x, x), 1e-20)));
}

/** 1 / (x[j] - x[i]), and 0 on the diagonal. */
function differences<V>($: Vocabulary<V>, x: V): V {
  const all = $.sub($.expandDims(x, -2), $.expandDims(x, -1));
  return setDiag($, safeReciprocal($, all), $.zerosLike(x));
}

const eigGrad: GradFn = (op, [de, dv], $) => {
  const computed = op.attr<boolean>('compute_v');
  const [e, v] = computed ? op.outputs : $.ops('SelfAdjointEigV2', [op.inputs[0]], {}, 'SelfAdjointEigV2');
  let middle = diag($, de);
  if (computed) middle = $.add(middle, $.mul(differences($, e), product($, v, dv, true)));
  const full = product($, v, product($, middle, v, false, true));
  // The op reads the lower triangle only.
  const lower = triangle($, $.add(full, adjoint($, full)), true);
  return [setDiag($, lower, $.mul(0.5, diagPart($, lower)))];
};

defineOp({
  name: 'SelfAdjointEigV2',
  doc: 'The eigenvalues of symmetric matrices, ascending, and the eigenvectors as columns.',
  inputs: ['input: T'],
  outputs: ['e: T', 'v: T'],
  attrs: ['compute_v: bool = true', TYPES],
  infer: (op) => {
    const shape = squares(op.shape(0));
    return [shape?.slice(0, -1) ?? null, op.attr<boolean>('compute_v') ? shape : [0]];
  },
  grad: eigGrad,
  samples: [
    {
      inputs: [sample(float32, [2, 2], [2, 0, 1, 2])],
      attrs: { compute_v: false },
      outputs: [sample(float32, [2], [1, 3]), null],
      shapes: [[2], [0]],
    },
  ],
});

// Singular values

const svdGrad: GradFn = (op, [ds, givenU, givenV], $) => {
  const [a] = op.inputs;
  if (!op.attr<boolean>('compute_uv')) {
    const [, u, v] = $.ops('Svd', [a], {}, 'Svd');
    return [product($, u, product($, diag($, ds), v, false, true))];
  }
  const [givenM, givenN] = $.shapeOf(a)?.slice(-2) ?? [null, null];
  if (givenM === null || givenN === null) {
    throw new UnimplementedError(
      null,
      'SVD gradient has not been implemented for input with unknown inner matrix shape.',
    );
  }
  const wide = givenM <= givenN;
  // A tall matrix is the transpose of a wide one, with the vectors changed over.
  const [m, n] = wide ? [givenM, givenN] : [givenN, givenM];
  const [s, first, second] = op.outputs;
  const [u, v, du, dv] = wide ? [first, second, givenU, givenV] : [second, first, givenV, givenU];
  const full = op.attr<boolean>('full_matrices');
  if (full && n - m > 1) {
    throw new UnimplementedError(
      null,
      `svd gradient is not implemented for abs(m - n) > 1 when full_matrices is True. Received: m=${m} and n=${n}.`,
    );
  }
  const f = differences($, $.square(s));
  const sMatrix = diag($, s);
  const v1 = full && m !== n ? columns($, v, 0, m) : v;
  const dv1 = full && m !== n ? columns($, dv, 0, m) : dv;
  const fu = $.mul(f, product($, u, du, true));
  const fv = $.mul(f, product($, v1, dv1, true));
  const middle = $.addN([
    diag($, ds),
    product($, $.add(fu, adjoint($, fu)), sMatrix),
    product($, sMatrix, $.add(fv, adjoint($, fv))),
  ]);
  let found = product($, u, product($, middle, v1, false, true));
  if (m !== n) {
    let outside = $.sub(adjoint($, dv1), product($, product($, dv1, v1, true), v1, false, true));
    if (full) {
      const [v2, dv2] = [columns($, v, m, n), columns($, dv, m, n)];
      outside = $.sub(outside, product($, product($, v1, dv2, true), v2, false, true));
    }
    found = $.add(found, product($, product($, u, diag($, safeReciprocal($, s))), outside));
  }
  return [wide ? found : adjoint($, found)];
};

defineOp({
  name: 'Svd',
  doc: 'The singular values of matrices, descending, and the left and right singular vectors as columns.',
  inputs: ['input: T'],
  outputs: ['s: T', 'u: T', 'v: T'],
  attrs: ['compute_uv: bool = true', 'full_matrices: bool = false', TYPES],
  infer: (op) => {
    const shape = withRankAtLeast(op.shape(0), 2);
    const computed = op.attr<boolean>('compute_uv');
    if (shape === null) return computed ? [null, null, null] : [null, [0], [0]];
    const batch = shape.slice(0, -2);
    const [m, n] = shape.slice(-2);
    const least: Dim = m === null || n === null ? null : Math.min(m, n);
    if (!computed) return [[...batch, least], [0], [0]];
    const full = op.attr<boolean>('full_matrices');
    return [
      [...batch, least],
      [...batch, m, full ? m : least],
      [...batch, n, full ? n : least],
    ];
  },
  grad: svdGrad,
  samples: [
    {
      inputs: [sample(float32, [2, 2], [3, 0, 4, 5])],
      attrs: { compute_uv: false },
      outputs: [sample(float32, [2], [6.70820393, 2.23606798]), null, null],
      shapes: [[2], [0], [0]],
    },
  ],
});

// Functions

interface NameOption {
  readonly name?: string | null;
}
type NameRest = Rest<[name: string | null], NameOption>;

const nameOf = (rest: NameRest) => bind<NameOption>(['name'], rest).name;

/**
 * The lower triangular matrices [..., n, n] whose products with their transposes are the symmetric positive definite
 * `input`. Only its lower triangle is read; where it is not positive definite the result holds NaN. Throws `ValueError`
 * for matrices that are not square.
 *
 *     tf.cholesky([[4, 2], [2, 5]])            // [[2, 0], [1, 2]]
 */
export function cholesky(input: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('Cholesky', [input], {}, nameOf(rest));
}

/**
 * The eigenvalues [..., n], ascending, and the eigenvectors [..., n, n], as columns, of symmetric matrices, of which only
 * the lower triangle is read. The signs of vectors are free. Throws `ValueError` for matrices that are not square.
 *
 *     const [e, v] = tf.selfAdjointEig(x)
 */
export function selfAdjointEig(tensor: TensorLike, ...rest: NameRest): readonly [e: Tensor, v: Tensor] {
  const [e, v] = emit('SelfAdjointEigV2', [tensor], { compute_v: true }, nameOf(rest)).outputs;
  return [e, v];
}

/** The eigenvalues [..., n] of symmetric matrices, ascending. See `selfAdjointEig`. */
export function selfAdjointEigvals(tensor: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('SelfAdjointEigV2', [tensor], { compute_v: false }, nameOf(rest));
}

export interface SvdOptions extends NameOption {
  /** Whether the vectors are whole bases: `u` [..., m, m] and `v` [..., n, n]. */
  readonly fullMatrices?: boolean;
  readonly computeUv?: boolean;
}

/**
 * The singular values `s` [..., p], descending, of matrices [..., m, n], p the lesser of m and n, with the vectors `u`
 * [..., m, p] and `v` [..., n, p]: the matrix is `u` times the diagonal of `s` times the transpose of `v`. With
 * `computeUv: false` the values only, as one tensor. The signs of vectors are free.
 *
 *     const [s, u, v] = tf.svd(x)
 *     const values = tf.svd(x, {computeUv: false})
 */
export function svd(tensor: TensorLike, options: SvdOptions & { readonly computeUv: false }): Tensor;
export function svd(
  tensor: TensorLike,
  ...rest: Rest<[fullMatrices: boolean, computeUv: true, name: string | null], SvdOptions & { computeUv?: true }>
): readonly [s: Tensor, u: Tensor, v: Tensor];
export function svd(
  tensor: TensorLike,
  ...rest: Rest<[fullMatrices: boolean, computeUv: boolean, name: string | null], SvdOptions>
): Tensor | readonly [s: Tensor, u: Tensor, v: Tensor];
export function svd(
  tensor: TensorLike,
  ...rest: Rest<[fullMatrices: boolean, computeUv: boolean, name: string | null], SvdOptions>
): Tensor | readonly [s: Tensor, u: Tensor, v: Tensor] {
  const given = bind<SvdOptions>(['fullMatrices', 'computeUv', 'name'], rest);
  const { fullMatrices = false, computeUv = true, name } = given;
  const op = emit('Svd', [tensor], { compute_uv: computeUv, full_matrices: fullMatrices }, name);
  const [s, u, v] = op.outputs;
  return computeUv ? [s, u, v] : s;
}

export interface LuOptions extends NameOption {
  readonly outputIdxType?: DTypeLike;
}

/**
 * The LU decomposition of square matrices [..., n, n] with rows permuted: `lu` holds the upper factor, and below the
 * diagonal the lower one, whose diagonal is 1; `p` [..., n] is the permutation. Singular matrices fail the run.
 *
 *     const [lu, p] = tf.linalg.lu(x)
 */
export function lu(
  input: TensorLike,
  ...rest: Rest<[outputIdxType: DTypeLike, name: string | null], LuOptions>
): readonly [lu: Tensor, p: Tensor] {
  const { outputIdxType = int32, name } = bind<LuOptions>(['outputIdxType', 'name'], rest);
  const [factors, p] = emit('Lu', [input], { output_idx_type: asDType(outputIdxType) }, name).outputs;
  return [factors, p];
}
