/**
 * Placeholders: tensors whose value a run is fed.
 */
import type { Tensor } from '../graph/graph.ts';
import { asDType, type DType, type DTypeLike, float32 } from '../util/dtype.ts';
import { TypeError } from '../util/errors.ts';
import { pythonRepr } from '../util/python-names.ts';
import { asShape, isCompatible, type Shape, type ShapeLike } from '../util/shape.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { defineOp, ShapeError, sample } from './opdef/define.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

defineOp({
  name: 'Placeholder',
  doc: 'A value that must be fed.',
  outputs: ['output: dtype'],
  attrs: ['dtype: type', 'shape: shape = null'],
  infer: (op) => [op.attr<Shape>('shape')],
  grad: () => [],
  samples: [],
});

defineOp({
  name: 'PlaceholderWithDefault',
  doc: 'The fed value, or the input where nothing is fed.',
  inputs: ['input: dtype'],
  outputs: ['output: dtype'],
  attrs: ['dtype: type', 'shape: shape'],
  infer: (op) => {
    const shape = op.attr<Shape>('shape');
    if (!isCompatible(shape, op.shape(0))) throw new ShapeError('The default is not compatible with the shape');
    return [shape];
  },
  grad: (_op, [dy]) => [dy],
  samples: [{ inputs: [sample(float32, [2], [1, 2])], attrs: { shape: [2] }, outputs: [sample(float32, [2], [1, 2])] }],
});

export interface PlaceholderOptions {
  readonly shape?: ShapeLike;
  readonly name?: string | null;
}

/**
 * A tensor whose value each run must be fed. Throws `TypeError` for a type that is none.
 *
 *     const x = tf.placeholder(tf.float32, [null, 784], {name: 'x'});
 *     await sess.run(y, {feedDict: [[x, batch]]});
 */
export function placeholder(
  dtype: DTypeLike,
  ...rest: Rest<[shape: ShapeLike, name: string | null], PlaceholderOptions>
): Tensor {
  const { shape, name } = bind<PlaceholderOptions>(['shape', 'name'], rest);
  return emitOne('Placeholder', [], { dtype: elementType(dtype), shape: asShape(shape) }, name);
}

function elementType(dtype: DTypeLike): DType {
  try {
    return asDType(dtype);
  } catch {
    throw new TypeError(`Expected DataType for argument 'dtype' not ${pythonRepr(dtype)}.`);
  }
}

/**
 * A tensor that can be fed, and has the value of `input` where it is not. The shape must be compatible with that of
 * `input`, else `ValueError`.
 *
 *     const keep = tf.placeholderWithDefault(1.0, []);
 */
export function placeholderWithDefault(
  input: TensorLike,
  shape: ShapeLike,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ name: string | null }>(['name'], rest);
  return opScope(name, 'PlaceholderWithDefault', [input], (scope) => {
    const value = convertToTensor(input, { name: 'input' });
    return emitOne('PlaceholderWithDefault', [value], { shape: asShape(shape) }, scope);
  });
}
