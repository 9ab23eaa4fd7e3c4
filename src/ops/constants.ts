/**
 * Constants: `Const` and the function that makes one. Ops that compute constant-like values are in `filling.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { type ArrayValue, toNdArray } from '../util/array-convert.ts';
import { asDType, type DTypeLike, float32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import { asShape, formatShape, isFullyDefined, type ShapeLike, sameShape } from '../util/shape.ts';
import { constantOp } from './emit.ts';
import { defineOp, sample } from './opdef/define.ts';
import { bind, type Rest } from './tensor-like.ts';

defineOp({
  name: 'Const',
  doc: 'A constant.',
  outputs: ['output: dtype'],
  attrs: ['value: tensor', 'dtype: type'],
  infer: (op) => [op.attr<NdArray>('value').shape],
  fold: (op) => [op.attr<NdArray>('value')],
  grad: () => [],
  samples: [
    { inputs: [], attrs: { value: toNdArray([1, 2]), dtype: float32 }, outputs: [sample(float32, [2], [1, 2])] },
  ],
});

export interface ConstantOptions {
  readonly dtype?: DTypeLike;
  readonly shape?: ShapeLike;
  readonly name?: string | null;
  /** Refuses a value that has not exactly the shape asked for. */
  readonly verifyShape?: boolean;
}

/**
 * A constant tensor. Numbers are float32 unless `dtype` says otherwise (JavaScript does not tell 1 from 1.0); a scalar
 * fills `shape`, a flat list is reshaped to it. Throws `TypeError` for values that are not of the type, `ValueError` for
 * too few or too many elements; with `verifyShape` `TypeError` unless the value has the very shape.
 *
 *     tf.constant([[1, 2], [3, 4]])                    // float32 [2, 2]
 *     tf.constant(7, tf.int32, [3], 'sevens')          // int32 [3]: 7 7 7
 *     tf.constant(7, {dtype: tf.int32, shape: [3]})    // the same by keyword
 */
export function constant(
  value: ArrayValue,
  ...rest: Rest<[dtype: DTypeLike | null, shape: ShapeLike, name: string | null, verifyShape: boolean], ConstantOptions>
): Tensor {
  const { dtype, shape, name, verifyShape } = bind<ConstantOptions>(['dtype', 'shape', 'name', 'verifyShape'], rest);
  const wanted = asShape(shape);
  if (wanted && !isFullyDefined(wanted))
    throw new ValueError(`The shape of a constant must be fully defined, got ${String(shape)}.`);
  const type = dtype == null ? null : asDType(dtype);
  if (verifyShape && wanted) {
    const own = toNdArray(value, type).shape;
    if (!sameShape(own, wanted)) {
      throw new TypeError(`Expected Tensor's shape: ${formatShape(wanted)}, but got ${formatShape(own)}.`);
    }
  }
  return constantOp(toNdArray(value, type, wanted), name || 'Const');
}
