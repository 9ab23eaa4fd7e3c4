/**
 * What gradients and folding of reductions share: the input's shape with reduced axes as 1, sizes of shape vectors, and
 * folding of small integer reductions.
 */
import { int32 } from '../../util/dtype.ts';
import { NdArray } from '../../util/ndarray.ts';
import { isFullyDefined, sizeOf, stridesOf } from '../../util/shape.ts';
import type { InferContext } from './define.ts';
import { intArray, intsOf } from './small-ints.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The number of elements: a constant where the static shape tells, as `tf.size` gives it. */
export function sizeTensor<V>($: Vocabulary<V>, x: V): V {
  const shape = $.shapeOf(x);
  return isFullyDefined(shape) ? $.ints(sizeOf(shape), 'Size') : $.size(x);
}

/**
 * The shape of `input` with the axes of `indices` as 1: an array where it is known, else computed from `shape`, which
 * may be null only where it is known.
 */
export function reducedShape<V>($: Vocabulary<V>, shape: V | null, input: V, indices: V): V | NdArray {
  const known = $.shapeOf(input);
  const axes = $.constantValue(indices);
  if (isFullyDefined(known) && axes) {
    const kept = Int32Array.from(known);
    for (let i = 0; i < axes.size; i++) {
      const axis = Number(axes.data[i] as number | bigint);
      kept[axis < 0 ? axis + known.length : axis] = 1;
    }
    return new NdArray(int32, [known.length], kept);
  }
  const inputShape = shape as V;
  const rank = sizeTensor($, inputShape);
  const positive = $.mod($.add($.cast(indices, int32), rank), rank);
  const axesShape = $.shape(positive);
  const one = new NdArray(int32, [], Int32Array.of(1));
  const range = $.op('Range', [NdArray.zeros(int32, []), rank, one], {}, 'range');
  const ones = $.fill(axesShape, $.ints(1, 'ones/Const'), 'ones');
  return $.op('DynamicStitch', [
    [range, positive],
    [inputShape, ones],
  ]);
}

/** The `fold` of a reduction of small integers. */
export function foldedReduction(
  op: InferContext,
  start: number,
  step: (a: number, b: number) => number,
): readonly (NdArray | null)[] | null {
  const input = op.constant(0);
  const values = intsOf(input);
  const axes = intsOf(op.constant(1));
  if (!input || !values || !axes) return null;
  const reduced = new Set(axes.map((axis) => (axis < 0 ? axis + input.rank : axis)));
  const shape = input.shape.map((d, axis) => (reduced.has(axis) ? 1 : d));
  const strides = stridesOf(shape);
  const inputStrides = stridesOf(input.shape);
  const totals = new Array<number>(sizeOf(shape)).fill(start);
  values.forEach((value, position) => {
    let at = 0;
    for (let axis = 0; axis < shape.length; axis++) {
      if (!reduced.has(axis)) at += (Math.floor(position / inputStrides[axis]) % input.shape[axis]) * strides[axis];
    }
    totals[at] = step(totals[at], value);
  });
  const kept = op.attr<boolean>('keep_dims') ? shape : shape.filter((_, axis) => !reduced.has(axis));
  const folded = intArray(input.dtype, kept, totals);
  return folded && [folded];
}
