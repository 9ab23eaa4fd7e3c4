/** The product of two matrices of which one is said to have many zeros. Here it is a plain product: see `matmul.ts`. */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import { emitOne } from './emit.ts';
import { defineOp, type GradFn, sample } from './opdef/define.ts';
import { mergeDim, withRank } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const grad: GradFn = (op, [dy], $) => {
  const [tA, tB] = [op.attr<boolean>('transpose_a'), op.attr<boolean>('transpose_b')];
  const [aIsSparse, bIsSparse] = [op.attr<boolean>('a_is_sparse'), op.attr<boolean>('b_is_sparse')];
  const [a, b] = op.inputs;
  const product = (x: typeof dy, y: typeof dy, transposeX: boolean, transposeY: boolean, like: typeof dy) => {
    const sparse = (v: typeof dy) => (v === a && aIsSparse) || (v === b && bIsSparse);
    // The op takes a transposed right operand as it lies; TensorFlow's gradient lays it out anew.
    const right = transposeY ? $.transpose(y, [1, 0]) : y;
    const attrs = { transpose_a: transposeX, a_is_sparse: sparse(x), b_is_sparse: sparse(y) };
    return $.cast($.op('SparseMatMul', [x, right], attrs, 'MatMul'), $.dtypeOf(like));
  };
  return [
    tA ? product(b, dy, tB, true, a) : product(dy, b, false, !tB, a),
    tB ? product(dy, a, true, tA, b) : product(a, dy, !tA, false, b),
  ];
};

defineOp({
  name: 'SparseMatMul',
  doc: 'The product of two matrices with many zeros, in float32.',
  inputs: ['a: Ta', 'b: Tb'],
  outputs: ['product: float32'],
  attrs: [
    'transpose_a: bool = false',
    'transpose_b: bool = false',
    'a_is_sparse: bool = false',
    'b_is_sparse: bool = false',
    'Ta: {float32, bfloat16} = float32',
    'Tb: {float32, bfloat16} = float32',
  ],
  infer: (op) => {
    const a = withRank(op.shape(0), 2);
    const b = withRank(op.shape(1), 2);
    const [tA, tB] = [op.attr<boolean>('transpose_a') ? 1 : 0, op.attr<boolean>('transpose_b') ? 1 : 0];
    mergeDim(a[1 - tA], b[tB]);
    return [[a[tA], b[1 - tB]]];
  },
  grad,
  decompose: (op, $) => {
    const [a, b] = op.inputs.map((x) => $.cast(x, float32));
    return [$.matmul(a, b, op.attr<boolean>('transpose_a'), op.attr<boolean>('transpose_b'))];
  },
  samples: [
    {
      inputs: [sample(float32, [2, 2], [1, 0, 3, 4]), sample(float32, [2, 1], [5, 6])],
      outputs: [sample(float32, [2, 1], [5, 39])],
    },
  ],
});

export interface SparseMatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Hints; the result is the same. */
  readonly aIsSparse?: boolean;
  readonly bIsSparse?: boolean;
  readonly name?: string | null;
}

/**
 * The product, as float32, of two matrices of float32 or bfloat16, of which one is expected to have many zeros. Throws
 * `ValueError` where the inner lengths differ.
 *
 *     tf.sparseMatmul(a, b, {aIsSparse: true})
 */
export function sparseMatmul(
  a: TensorLike,
  b: TensorLike,
  ...rest: Rest<
    [transposeA: boolean, transposeB: boolean, aIsSparse: boolean, bIsSparse: boolean, name: string | null],
    SparseMatmulOptions
  >
): Tensor {
  const given = bind<SparseMatmulOptions>(['transposeA', 'transposeB', 'aIsSparse', 'bIsSparse', 'name'], rest);
  const { transposeA = false, transposeB = false, aIsSparse = false, bIsSparse = false, name } = given;
  const attrs = { transpose_a: transposeA, transpose_b: transposeB, a_is_sparse: aIsSparse, b_is_sparse: bIsSparse };
  return emitOne('SparseMatMul', [a, b], attrs, name);
}
