/**
 * Lists of tensors as values: what loops accumulate and tensor arrays are made of. They run where their elements are
 * (`runtime/list-steps.ts`).
 */
import { type DType, int32 } from '../util/dtype.ts';
import type { Shape } from '../util/shape.ts';
import { defineOp, type InferContext } from './opdef/define.ts';
import { scalar } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

const ELEMENT = 'element_dtype: type';
const SHAPE = 'shape_type: {int32, int64}';

/** An element shape that is given as a tensor: unknown where it is a scalar. */
const elementShape = (op: InferContext, input: number): Shape =>
  op.shape(input)?.length === 1 ? op.constantShape(input) : null;

/** The shape of the elements of what a value holds, as far as it is known. */
const shapeOfElements = <V>(x: V, $: Vocabulary<V>): V => {
  const known = $.shapeOf(x);
  if (known !== null && known.every((d) => d !== null)) return $.ints(known.slice(1) as number[], 'element_shape');
  return $.slice($.shape(x), [1], [-1]);
};

defineOp({
  name: 'EmptyTensorList',
  doc: 'A list of nothing.',
  inputs: ['element_shape: shape_type', 'max_num_elements: int32'],
  outputs: ['handle: variant'],
  attrs: [ELEMENT, SHAPE],
  infer: scalar,
  grad: () => [null, null],
  samples: [],
});

defineOp({
  name: 'TensorListReserve',
  doc: 'A list of so many elements that are not written yet.',
  inputs: ['element_shape: shape_type', 'num_elements: int32'],
  outputs: ['handle: variant'],
  attrs: [ELEMENT, SHAPE],
  infer: scalar,
  grad: () => [null, null],
  samples: [],
});

defineOp({
  name: 'TensorListPushBack',
  doc: 'The list with one more element at its end.',
  inputs: ['input_handle: variant', 'tensor: element_dtype'],
  outputs: ['output_handle: variant'],
  attrs: [ELEMENT],
  infer: scalar,
  grad: (op, [dy], $) => {
    const [, tensor] = op.inputs;
    return $.ops('TensorListPopBack', [dy, $.shape(tensor)], { element_dtype: op.attr<DType>('element_dtype') });
  },
  samples: [],
});

defineOp({
  name: 'TensorListPopBack',
  doc: 'The list without its last element, and that.',
  inputs: ['input_handle: variant', 'element_shape: int32'],
  outputs: ['output_handle: variant', 'tensor: element_dtype'],
  attrs: [ELEMENT],
  infer: (op) => [[], elementShape(op, 1)],
  grad: (op, [list, element], $) => {
    const attrs = { element_dtype: op.attr<DType>('element_dtype') };
    const before =
      list ?? $.op('EmptyTensorList', [$.ints(-1), $.ints(-1)], { ...attrs, shape_type: int32 }, 'empty_list');
    return [$.op('TensorListPushBack', [before, element ?? $.zerosLike(op.outputs[1])], attrs), null];
  },
  samples: [],
});

defineOp({
  name: 'TensorListLength',
  doc: 'The number of elements.',
  inputs: ['input_handle: variant'],
  outputs: ['length: int32'],
  infer: scalar,
  grad: () => [null],
  samples: [],
});

defineOp({
  name: 'TensorListElementShape',
  doc: 'What is known of the shape of elements, -1 where it is not.',
  inputs: ['input_handle: variant'],
  outputs: ['element_shape: shape_type'],
  attrs: [SHAPE],
  infer: () => [null],
  grad: () => [null],
  samples: [],
});

defineOp({
  name: 'TensorListResize',
  doc: 'The list with so many elements: the first ones of it, or more that are not written yet.',
  inputs: ['input_handle: variant', 'size: int32'],
  outputs: ['output_handle: variant'],
  infer: scalar,
  grad: (op, [dy], $) => [$.op('TensorListResize', [dy, $.op('TensorListLength', [op.inputs[0]])]), null],
  samples: [],
});

defineOp({
  name: 'TensorListGetItem',
  doc: 'An element of a list.',
  inputs: ['input_handle: variant', 'index: int32', 'element_shape: Tshape'],
  outputs: ['item: element_dtype'],
  attrs: [ELEMENT, 'Tshape: {int32, int64} = int32'],
  infer: (op) => [elementShape(op, 2)],
  grad: (op, [dy], $) => {
    const [list, index] = op.inputs;
    const attrs = { element_dtype: op.attr<DType>('element_dtype') };
    const length = $.op('TensorListLength', [list]);
    const zeros = $.op('TensorListReserve', [$.shape(dy), length], { ...attrs, shape_type: int32 });
    return [$.op('TensorListSetItem', [zeros, index, dy], attrs), null, null];
  },
  samples: [],
});

defineOp({
  name: 'TensorListSetItem',
  doc: 'The list with another element at a place.',
  inputs: ['input_handle: variant', 'index: int32', 'item: element_dtype'],
  outputs: ['output_handle: variant'],
  attrs: [ELEMENT, 'resize_if_index_out_of_bounds: bool = false'],
  infer: scalar,
  grad: (op, [dy], $) => {
    const [, index, item] = op.inputs;
    const attrs = { element_dtype: op.attr<DType>('element_dtype') };
    const rest = $.op('TensorListSetItem', [dy, index, $.zerosLike(item)], attrs);
    return [rest, null, $.op('TensorListGetItem', [dy, index, $.shape(item)], attrs)];
  },
  samples: [],
});

defineOp({
  name: 'TensorListStack',
  doc: 'The elements, stacked along a new first axis.',
  inputs: ['input_handle: variant', 'element_shape: int32'],
  outputs: ['tensor: element_dtype'],
  attrs: [ELEMENT, 'num_elements: int = -1'],
  infer: (op) => {
    const shape = elementShape(op, 1);
    const count = op.attr<number>('num_elements');
    return [shape && [count < 0 ? null : count, ...shape]];
  },
  grad: (op, [dy], $) => {
    const attrs = { element_dtype: op.attr<DType>('element_dtype'), shape_type: int32 };
    return [$.op('TensorListFromTensor', [dy, shapeOfElements(dy, $)], attrs), null];
  },
  samples: [],
});

defineOp({
  name: 'TensorListFromTensor',
  doc: 'The list of the parts of a tensor along its first axis.',
  inputs: ['tensor: element_dtype', 'element_shape: shape_type'],
  outputs: ['output_handle: variant'],
  attrs: [ELEMENT, SHAPE],
  infer: scalar,
  grad: (op, [dy], $) => {
    const [tensor] = op.inputs;
    const count = $.shapeOf(tensor)?.[0] ?? -1;
    const attrs = { element_dtype: op.attr<DType>('element_dtype'), num_elements: count };
    return [$.op('TensorListStack', [dy, shapeOfElements(tensor, $)], attrs), null];
  },
  samples: [],
});

defineOp({
  name: 'TensorListGather',
  doc: 'Elements of a list, stacked.',
  inputs: ['input_handle: variant', 'indices: int32', 'element_shape: int32'],
  outputs: ['values: element_dtype'],
  attrs: [ELEMENT],
  infer: (op) => {
    const shape = elementShape(op, 2);
    return [shape && [op.shape(1)?.[0] ?? null, ...shape]];
  },
  grad: (op, [dy], $) => {
    const [list, indices] = op.inputs;
    const attrs = { element_dtype: op.attr<DType>('element_dtype'), shape_type: int32 };
    const length = $.op('TensorListLength', [list]);
    return [$.op('TensorListScatterV2', [dy, indices, shapeOfElements(dy, $), length], attrs), null, null];
  },
  samples: [],
});

for (const [name, extra] of [
  ['TensorListScatter', []],
  ['TensorListScatterV2', ['num_elements: int32']],
] as const) {
  defineOp({
    name,
    doc: 'A list with the parts of a tensor at these places.',
    inputs: ['tensor: element_dtype', 'indices: int32', 'element_shape: shape_type', ...extra],
    outputs: ['output_handle: variant'],
    attrs: [ELEMENT, SHAPE],
    infer: scalar,
    grad: (op, [dy], $) => {
      const [tensor, indices] = op.inputs;
      const attrs = { element_dtype: op.attr<DType>('element_dtype') };
      const values = $.op('TensorListGather', [dy, indices, shapeOfElements(tensor, $)], attrs);
      return op.inputs.map((_, i) => (i === 0 ? values : null));
    },
    samples: [],
  });
}

defineOp({
  name: 'TensorListScatterIntoExistingList',
  doc: 'The list with the parts of a tensor at these places.',
  inputs: ['input_handle: variant', 'tensor: element_dtype', 'indices: int32'],
  outputs: ['output_handle: variant'],
  attrs: [ELEMENT],
  infer: scalar,
  grad: (op, [dy], $) => {
    const [, tensor, indices] = op.inputs;
    const attrs = { element_dtype: op.attr<DType>('element_dtype') };
    const values = $.op('TensorListGather', [dy, indices, shapeOfElements(tensor, $)], attrs);
    const rest = $.op('TensorListScatterIntoExistingList', [dy, $.zerosLike(values), indices], attrs);
    return [rest, values, null];
  },
  samples: [],
});

/** Joined along the first axis, which nothing is known of. */
const joined = (shape: Shape): Shape => shape && [null, ...shape.slice(1)];

defineOp({
  name: 'TensorListConcat',
  doc: 'The elements, joined along their first axis, and how long each was.',
  inputs: ['input_handle: variant'],
  outputs: ['tensor: element_dtype', 'lengths: int64'],
  attrs: [ELEMENT, 'element_shape: shape = null'],
  infer: (op) => {
    const shape = op.attr<Shape>('element_shape');
    return [shape && [null, ...shape.slice(1)], [null]];
  },
  grad: (op, [dy], $) => [split(op.inputs[0], dy, op.outputs[1], op.attr<DType>('element_dtype'), $)],
  samples: [],
});

defineOp({
  name: 'TensorListConcatV2',
  doc: 'The elements, joined along their first axis, and how long each was.',
  inputs: ['input_handle: variant', 'element_shape: shape_type', 'leading_dims: int64'],
  outputs: ['tensor: element_dtype', 'lengths: int64'],
  attrs: [ELEMENT, SHAPE],
  infer: (op) => [joined(elementShape(op, 1)), [null]],
  grad: (op, [dy], $) => [split(op.inputs[0], dy, op.outputs[1], op.attr<DType>('element_dtype'), $), null, null],
  samples: [],
});

function split<V>(list: V, dy: V, lengths: V, dtype: DType, $: Vocabulary<V>): V {
  const shape = $.op('TensorListElementShape', [list], { shape_type: int32 });
  return $.op('TensorListSplit', [dy, shape, lengths], { element_dtype: dtype, shape_type: int32 });
}

defineOp({
  name: 'TensorListSplit',
  doc: 'The list of parts of a tensor, so many rows each.',
  inputs: ['tensor: element_dtype', 'element_shape: shape_type', 'lengths: int64'],
  outputs: ['output_handle: variant'],
  attrs: [ELEMENT, SHAPE],
  infer: scalar,
  grad: (op, [dy], $) => {
    const [tensor, , lengths] = op.inputs;
    const rest = shapeOfElements(tensor, $);
    const shape = $.concat([$.ints([-1]), rest], 0);
    const attrs = { element_dtype: op.attr<DType>('element_dtype'), shape_type: int32 };
    return [$.ops('TensorListConcatV2', [dy, shape, lengths], attrs)[0], null, null];
  },
  samples: [],
});

defineOp({
  name: 'TensorListConcatLists',
  doc: 'The elements of one list, then those of another.',
  inputs: ['input_a: variant', 'input_b: variant'],
  outputs: ['output: variant'],
  attrs: [ELEMENT],
  infer: scalar,
  grad: null,
  samples: [],
});

