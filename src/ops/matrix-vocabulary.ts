/** What gradients of matrix ops are written with, over the vocabulary of all gradients: products, adjoints, diagonals. */
import { toNdArray } from '../util/array-convert.ts';
import { int32, int64 } from '../util/dtype.ts';
import { NdArray } from '../util/ndarray.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

const int = (value: number): NdArray => toNdArray(value, int32);
const vector = (...values: number[]): NdArray => new NdArray(int32, [values.length], Int32Array.from(values));

/** The diagonals of matrices in rows. */
export function diagPart<V>($: Vocabulary<V>, x: V, k: V | NdArray = int(0), align = 'RIGHT_LEFT'): V {
  return $.op('MatrixDiagPartV3', [x, k, $.scalarLike(0, x, 'diag_part/padding_value')], { align }, 'diag_part');
}

/** Matrices with other diagonals. */
export function setDiag<V>($: Vocabulary<V>, x: V, diagonal: V, k: V | NdArray = int(0), align = 'RIGHT_LEFT'): V {
  return $.op('MatrixSetDiagV3', [x, diagonal, k], { align }, 'set_diag');
}

/** Matrices with rows on their diagonals. */
export function diag<V>($: Vocabulary<V>, x: V): V {
  const padding = $.scalarLike(0, x, 'diag/padding_value');
  return $.op('MatrixDiagV3', [x, int(0), int(-1), int(-1), padding], {}, 'diag');
}

/** The lower triangle, or the upper one. */
export function triangle<V>($: Vocabulary<V>, x: V, lower: boolean): V {
  const [below, above] = lower ? [-1, 0] : [0, -1];
  return $.op('MatrixBandPart', [x, toNdArray(below, int64), toNdArray(above, int64)]);
}

function conjugate<V>($: Vocabulary<V>, x: V): V {
  return $.dtypeOf(x).isComplex ? $.op('Conj', [x]) : x;
}

/** The matrices transposed and conjugated. */
export function adjoint<V>($: Vocabulary<V>, x: V): V {
  const rank = $.shapeOf(x)?.length;
  if (rank !== undefined) {
    const perm = Array.from({ length: rank }, (_, i) => i);
    [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
    return conjugate($, $.transpose(x, perm, 'adjoint'));
  }
  const count = $.rank(x);
  const first = $.range($.ints(0), $.sub(count, 2), $.ints(1));
  const perm = $.concat([first, $.pack([$.sub(count, 1), $.sub(count, 2)])], 0);
  return conjugate($, $.transpose(x, perm, 'adjoint'));
}

/** The products of matrices, of their adjoints where asked for. */
export function product<V>($: Vocabulary<V>, a: V, b: V, adjointA = false, adjointB = false): V {
  if ($.shapeOf(a)?.length === 2 && $.shapeOf(b)?.length === 2) {
    return $.matmul(adjointA ? conjugate($, a) : a, adjointB ? conjugate($, b) : b, adjointA, adjointB);
  }
  return $.op('BatchMatMulV2', [a, b], { adj_x: adjointA, adj_y: adjointB }, 'MatMul');
}

/** `x[..., from:to]`; to the end without `to`. */
export function columns<V>($: Vocabulary<V>, x: V, from: number, to: number | null): V {
  const attrs = { ellipsis_mask: 1, end_mask: to === null ? 2 : 0 };
  return $.op('StridedSlice', [x, vector(0, from), vector(0, to ?? 0), vector(1, 1)], attrs, 'strided_slice');
}

/** `x[..., from:to, :]`; to the end without `to`. */
export function rows<V>($: Vocabulary<V>, x: V, from: number, to: number | null): V {
  const attrs = { ellipsis_mask: 1, begin_mask: 4, end_mask: to === null ? 6 : 4 };
  return $.op('StridedSlice', [x, vector(0, from, 0), vector(0, to ?? 0, 0), vector(1, 1, 1)], attrs, 'strided_slice');
}

/** A vector of the dimensions of the shape `of` without its last `count`. */
export function leading<V>($: Vocabulary<V>, of: V, count: number): V {
  return $.op('StridedSlice', [of, vector(0), vector(-count), vector(1)], { begin_mask: 1 }, 'strided_slice');
}

/**
 * Gradients of two operands whose batch dimensions were broadcast: sums over what was repeated. Nothing is built where
 * the batches are known to be equal.
 */
export function unbroadcastBatches<V>($: Vocabulary<V>, a: V, b: V, ga: V, gb: V): readonly [V, V] {
  const [shapeA, shapeB] = [$.shapeOf(a), $.shapeOf(b)];
  const known = (shape: typeof shapeA) => shape?.every((d) => d !== null);
  if (known(shapeA) && known(shapeB) && shapeA?.slice(0, -2).join() === shapeB?.slice(0, -2).join()) return [ga, gb];
  const [sa, sb] = [$.shape(a), $.shape(b)];
  const [ra, rb] = $.ops('BroadcastGradientArgs', [leading($, sa, 2), leading($, sb, 2)]);
  return [$.reshape($.sum(ga, ra), sa), $.reshape($.sum(gb, rb), sb)];
}
