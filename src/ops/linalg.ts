/**
 * The QR decomposition, and the diagonal of a tensor: what the orthogonal initializer is made of. Products of matrices
 * are in `matmul.ts`, other decompositions in `decompositions.ts`, diagonals of batches in `diagonals.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import { UnimplementedError } from '../util/errors.ts';
import type { Dim } from '../util/shape.ts';
import { emit, emitOne } from './emit.ts';
import { adjoint, product, columns as slice, triangle } from './matrix-vocabulary.ts';
import { defineOp, type GradFn, ShapeError, sample } from './opdef/define.ts';
import { mergeDim, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

/** The gradient for matrices with at least as many rows as columns. */
function tallQrGrad<V>($: Vocabulary<V>, q: V, r: V, dq: V, dr: V): V {
  const skew = (x: V) => $.sub(x, adjoint($, x));
  const inner = product($, q, dq, true);
  const lower = triangle($, $.add(skew(inner), skew(product($, r, dr, false, true))), true);
  // Times the adjoint of the inverse of r, from the right.
  const over = (x: V) => adjoint($, $.op('MatrixTriangularSolve', [r, adjoint($, x)], { lower: false }));
  const first = product($, q, $.add(dr, over(lower)));
  return $.add(first, over($.sub(dq, product($, q, inner))));
}

const qrGrad: GradFn = (op, [dq, dr], $) => {
  const [q, r] = op.outputs;
  const [rows, columns] = $.shapeOf(r)?.slice(-2) ?? [null, null];
  if (rows === null || columns === null) {
    throw new UnimplementedError(null, 'QrGrad not implemented with dynamic shapes.');
  }
  if (rows > columns) {
    throw new UnimplementedError(null, 'QrGrad not implemented when nrows > ncols and full_matrices is true.');
  }
  if (rows === columns) return [tallQrGrad($, q, r, dq, dr)];
  // A wide matrix [x, y] is q [u, v]: x is square, and y is q v.
  const [y, dv] = [slice($, op.inputs[0], rows, null), slice($, dr, rows, null)];
  const full = $.add(dq, product($, y, dv, false, true));
  const dx = tallQrGrad($, q, slice($, r, 0, rows), full, slice($, dr, 0, rows));
  return [$.concat([dx, product($, q, dv)], -1)];
};

defineOp({
  name: 'Qr',
  doc: 'Matrices q with orthonormal columns and r, upper triangular, whose product is the input.',
  inputs: ['input: T'],
  outputs: ['q: T', 'r: T'],
  attrs: ['full_matrices: bool = false', 'T: {float64, float32, float16, complex64, complex128}'],
  infer: (op) => {
    const shape = withRankAtLeast(op.shape(0), 2);
    if (shape === null) return [null, null];
    const batch = shape.slice(0, -2);
    const [rows, columns] = shape.slice(-2);
    if (op.attr<boolean>('full_matrices')) {
      return [
        [...batch, rows, rows],
        [...batch, rows, columns],
      ];
    }
    const smaller: Dim = rows === null || columns === null ? null : Math.min(rows, columns);
    return [
      [...batch, rows, smaller],
      [...batch, smaller, columns],
    ];
  },
  grad: qrGrad,
  samples: [
    {
      inputs: [sample(float32, [2, 2], [3, 1, 4, 2])],
      outputs: [sample(float32, [2, 2], [-0.6, -0.8, -0.8, 0.6]), sample(float32, [2, 2], [-5, -2.2, 0, 0.4])],
    },
  ],
});

defineOp({
  name: 'Diag',
  doc: 'A tensor of twice the rank with the input on its diagonal and zeros elsewhere.',
  inputs: ['diagonal: T'],
  outputs: ['output: T'],
  attrs: ['T: {bfloat16, float16, float32, float64, int32, int64, complex64, complex128}'],
  infer: (op) => {
    const shape = withRankAtLeast(op.shape(0), 1);
    return [shape && [...shape, ...shape]];
  },
  grad: (_op, [dy], $) => [$.op('DiagPart', [dy])],
  samples: [{ inputs: [sample(float32, [2], [1, 2])], outputs: [sample(float32, [2, 2], [1, 0, 0, 2])] }],
});

defineOp({
  name: 'DiagPart',
  doc: 'The diagonal of a tensor whose second half of dimensions repeats the first.',
  inputs: ['input: T'],
  outputs: ['diagonal: T'],
  attrs: ['T: {bfloat16, float16, float32, float64, int32, int64, complex64, complex128}'],
  infer: (op) => {
    const shape = op.shape(0);
    if (shape === null) return [null];
    if (shape.length % 2 !== 0 || shape.length === 0) {
      throw new ShapeError(`Input must have even and non-zero rank, input rank is ${shape.length}`);
    }
    const half = shape.length / 2;
    return [shape.slice(0, half).map((d, i) => mergeDim(d, shape[half + i]))];
  },
  grad: (_op, [dy], $) => [$.op('Diag', [dy])],
  samples: [{ inputs: [sample(float32, [2, 2], [1, 2, 3, 4])], outputs: [sample(float32, [2], [1, 4])] }],
});

interface NameOption {
  readonly name?: string | null;
}
type NameRest = Rest<[name: string | null], NameOption>;

export interface QrOptions extends NameOption {
  readonly fullMatrices?: boolean;
}

/**
 * The QR decomposition of matrices [..., rows, columns]: `q`, whose columns are orthonormal, and `r`, upper triangular.
 *
 *     const [q, r] = tf.qr([[3, 1], [4, 2]])
 */
export function qr(
  input: TensorLike,
  ...rest: Rest<[fullMatrices: boolean, name: string | null], QrOptions>
): readonly [q: Tensor, r: Tensor] {
  const { fullMatrices = false, name } = bind<QrOptions>(['fullMatrices', 'name'], rest);
  const [q, r] = emit('Qr', [input], { full_matrices: fullMatrices }, name).outputs;
  return [q, r];
}

/** `tf.diag`: the input on the diagonal of a tensor of twice its rank. */
export function diag(diagonal: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('Diag', [diagonal], {}, bind<NameOption>(['name'], rest).name);
}

/** `tf.diagPart`: the diagonal of a tensor whose second half of dimensions repeats the first. */
export function diagPart(input: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('DiagPart', [input], {}, bind<NameOption>(['name'], rest).name);
}
