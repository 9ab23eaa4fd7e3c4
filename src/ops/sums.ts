/**
 * Sums of several tensors of one shape. Sums of two, with broadcasting, are in `arithmetic.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { Shape } from '../util/shape.ts';
import { type NameRest, nameOf } from './elementwise.ts';
import { convertToTensor, emitOne } from './emit.ts';
import type { IndexedSlices } from './indexed-slices.ts';
import { defineOp, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { merge } from './opdef/shape-rules.ts';
import type { TensorLike } from './tensor-like.ts';

const NUMBERS =
  'float32, float64, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, qint16, quint16, uint16, complex128, float16, uint32, uint64';

function mergeAll(op: InferContext): Inferred {
  let shape = op.shape(op.inputCount - 1);
  for (let i = op.inputCount - 2; i >= 0; i--) {
    try {
      shape = merge(op.shape(i), shape);
    } catch (error) {
      if (error instanceof ShapeError) error.message += `\n\tFrom merging shape ${i} with other shapes.`;
      throw error;
    }
  }
  return [shape];
}

const sumSample = {
  inputs: [sample(float32, [2], [1, 2]), sample(float32, [2], [3, 4]), sample(float32, [2], [-1, 0.5])],
  outputs: [sample(float32, [2], [3, 6.5])],
};

defineOp({
  name: 'AddN',
  doc: 'The sum of tensors of one shape.',
  inputs: ['inputs: N * T'],
  outputs: ['sum: T'],
  attrs: ['N: int >= 1', `T: {${NUMBERS}, variant}`],
  infer: mergeAll,
  grad: (op, [dy]) => op.inputs.map(() => dy),
  commutative: true,
  samples: [sumSample],
});

defineOp({
  name: 'AccumulateNV2',
  doc: 'The sum of tensors of the shape given.',
  inputs: ['inputs: N * T'],
  outputs: ['sum: T'],
  attrs: ['N: int >= 1', `T: {${NUMBERS}}`, 'shape: shape'],
  infer: (op) => [op.attr<Shape>('shape')],
  grad: (op, [dy]) => op.inputs.map(() => dy),
  commutative: true,
  samples: [{ ...sumSample, attrs: { shape: [2] } }],
});

/**
 * The sum of tensors of one shape and element type; a single one comes back as it is. Slices are added densely.
 * Throws `ValueError` for an empty list.
 *
 *     tf.addN([a, b, c])
 */
export function addN(inputs: readonly (TensorLike | IndexedSlices)[], ...rest: NameRest): Tensor {
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw new ValueError(
      'inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype and shape.',
    );
  }
  const name = nameOf(rest);
  if (inputs.length > 1) return emitOne('AddN', [inputs as readonly TensorLike[]], {}, name);
  const only = convertToTensor(inputs[0] as TensorLike, { name: 'inputs' });
  return name ? emitOne('Identity', [only], {}, name) : only;
}
/** The sum of tensors of one shape and element type: `addN`. */
export function accumulateN(inputs: readonly TensorLike[], ...rest: NameRest): Tensor {
  return addN(inputs, ...rest);
}
