/**
 * Lists of tensors as values: what loops accumulate and tensor arrays are made of. They run where their elements are
 * (`runtime/list-steps.ts`).
 */
import { cppName } from '../util/cpp-names.ts';
import { type DType, int32 } from '../util/dtype.ts';
import type { Shape } from '../util/shape.ts';
import { defineOp, type InferContext, type Inferred, ShapeError } from './opdef/define.ts';
import { merge, scalar, withRankAtLeast, withRankAtMost } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

const ELEMENT = 'element_dtype: type';
const SHAPE = 'shape_type: {int32, int64}';

/** An element shape that is given as a tensor: unknown where it is a scalar. */
function elementShape(op: InferContext, input: number): Shape {
  const shape = withRankAtMost(op.shape(input), 1);
  if (shape?.length === 1) return op.constantShape(input);
  const value = shape?.length === 0 ? op.constant(input) : null;
  if (value && Number(value.data[0]) !== -1) {
    const text = `Tensor<type: ${value.dtype.name} shape: [] values: ${value.data[0]}>`;
    throw new ShapeError(`Received an invalid shape scalar with a static value that is not '-1': ${text}`);
  }
  return null;
}

// What a list says of its elements goes with the list.

/** A list of such elements. */
const listOf = (dtype: DType, shape: Shape): Inferred => [{ shape: [], handle: { dtype, shape } }];

/** The list of the first input; `words` say what is wrong with one of another element type. */
function listIn(op: InferContext, words: (own: string, given: string) => string): Shape {
  const list = op.handle(0);
  if (!list) return null;
  const dtype = op.attr<DType>('element_dtype');
  if (list.dtype !== dtype) throw new ShapeError(words(cppName(list.dtype), cppName(dtype)));
  return list.shape;
}

const READ = (own: string, given: string) =>
  `Trying to read from list with wrong element dtype. List has type ${own} but expected type ${given}`;
const POP = (own: string, given: string) =>
  `Trying to read from list with wrong element dtype. List has type ${own} but trying to push element with type ${given}`;
const PUSH = (own: string, given: string) =>
  `Trying to push to list with wrong element dtype. List has type ${own} but trying to push element with type ${given}`;
const EXPECT = (own: string, given: string) =>
  `Expected list with element dtype ${given} but got list with element dtype ${own}`;

/** The same list, changed. */
function sameList(op: InferContext): Inferred {
  const handle = op.handle(0);
  return [handle ? { shape: [], handle } : []];
}

/** The rows of a tensor, as elements of this shape. */
function rowsAs(op: InferContext, shape: Shape): Inferred {
  const tensor = op.shape(0);
  // A scalar fails in the run, as in TensorFlow.
  if (tensor !== null && tensor.length > 0) merge(tensor.slice(1), shape);
  return listOf(op.dtype(0), shape);
}

/** The shape of the elements of what a value holds, as far as it is known. */
const shapeOfElements = <V>(x: V, $: Vocabulary<V>): V => {
  const known = $.shapeOf(x);
  if (known?.every((d) => d !== null)) return $.ints(known.slice(1) as number[], 'element_shape');
  return $.slice($.shape(x), [1], [-1]);
};

/** A list as long as another, of such elements, nothing of which is written. */
function likeEmpty<V>(list: V, attrs: { readonly element_dtype: DType }, $: Vocabulary<V>): V {
  const shape = $.op('TensorListElementShape', [list], { shape_type: int32 });
  const length = $.op('TensorListLength', [list]);
  return $.op('TensorListReserve', [shape, length], { ...attrs, shape_type: int32 });
}

defineOp({
  name: 'EmptyTensorList',
  doc: 'A list of nothing.',
  inputs: ['element_shape: shape_type', 'max_num_elements: int32'],
  outputs: ['handle: variant'],
  attrs: [ELEMENT, SHAPE],
  infer: (op) => listOf(op.attr('element_dtype'), elementShape(op, 0)),
  grad: () => [null, null],
  samples: [],
});

defineOp({
  name: 'TensorListReserve',
  doc: 'A list of so many elements that are not written yet.',
  inputs: ['element_shape: shape_type', 'num_elements: int32'],
  outputs: ['handle: variant'],
  attrs: [ELEMENT, SHAPE],
  infer: (op) => listOf(op.attr('element_dtype'), elementShape(op, 0)),
  grad: () => [null, null],
  samples: [],
});

defineOp({
  name: 'TensorListPushBack',
  doc: 'The list with one more element at its end.',
  inputs: ['input_handle: variant', 'tensor: element_dtype'],
  outputs: ['output_handle: variant'],
  attrs: [ELEMENT],
  infer: (op) => {
    listIn(op, PUSH);
    return sameList(op);
  },
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
  infer: (op) => [...sameList(op), merge(elementShape(op, 1), listIn(op, POP))],
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
  infer: sameList,
  grad: (op, [dy], $) => [$.op('TensorListResize', [dy, $.op('TensorListLength', [op.inputs[0]])]), null],
  samples: [],
});

defineOp({
  name: 'TensorListGetItem',
  doc: 'An element of a list.',
  inputs: ['input_handle: variant', 'index: int32', 'element_shape: Tshape'],
  outputs: ['item: element_dtype'],
  attrs: [ELEMENT, 'Tshape: {int32, int64} = int32'],
  infer: (op) => [merge(elementShape(op, 2), listIn(op, EXPECT))],
  grad: (op, [dy], $) => {
    const [list, index] = op.inputs;
    const attrs = { element_dtype: op.attr<DType>('element_dtype') };
    return [$.op('TensorListSetItem', [likeEmpty(list, attrs, $), index, dy], attrs), null, null];
  },
  samples: [],
});

defineOp({
  name: 'TensorListSetItem',
  doc: 'The list with another element at a place.',
  inputs: ['input_handle: variant', 'index: int32', 'item: element_dtype'],
  outputs: ['output_handle: variant'],
  attrs: [ELEMENT, 'resize_if_index_out_of_bounds: bool = false'],
  infer: (op) => {
    merge(op.shape(2), op.handle(0)?.shape ?? null);
    return sameList(op);
  },
  grad: (op, [dy], $) => {
    const [list, index, item] = op.inputs;
    const attrs = { element_dtype: op.attr<DType>('element_dtype') };
    const cleared = $.op('TensorListSetItem', [dy, index, $.zerosLike(item)], attrs);
    const rest = op.attr<boolean>('resize_if_index_out_of_bounds')
      ? $.op('TensorListResize', [cleared, $.op('TensorListLength', [list])])
      : cleared;
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
    const shape = merge(elementShape(op, 1), listIn(op, READ));
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
  infer: (op) => rowsAs(op, elementShape(op, 1)),
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
    const shape = merge(elementShape(op, 2), listIn(op, EXPECT));
    return [shape && [op.shape(1)?.[0] ?? null, ...shape]];
  },
  grad: (op, [dy], $) => {
    const [list, indices] = op.inputs;
    const attrs = { element_dtype: op.attr<DType>('element_dtype') };
    const inputs = [likeEmpty(list, attrs, $), dy, indices];
    return [$.op('TensorListScatterIntoExistingList', inputs, attrs), null, null];
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
    infer: (op) => listOf(op.dtype(0), elementShape(op, 2)),
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
  infer: (op) => {
    listIn(op, EXPECT);
    return sameList(op);
  },
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
const joined = (shape: Shape): Shape => (shape === null ? null : [null, ...shape.slice(1)]);

defineOp({
  name: 'TensorListConcat',
  doc: 'The elements, joined along their first axis, and how long each was.',
  inputs: ['input_handle: variant'],
  outputs: ['tensor: element_dtype', 'lengths: int64'],
  attrs: [ELEMENT, 'element_shape: shape = null'],
  infer: (op) => {
    listIn(op, READ);
    return [joined(op.attr<Shape>('element_shape')), [null]];
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
  infer: (op) => [joined(merge(elementShape(op, 1), listIn(op, READ))), [null]],
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
  infer: (op) => {
    const shape = elementShape(op, 1);
    merge(joined(withRankAtLeast(op.shape(0), 1)), joined(shape));
    return listOf(op.dtype(0), shape);
  },
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
  infer: (op) => {
    const dtype = op.attr<DType>('element_dtype');
    const handles = [op.handle(0), op.handle(1)];
    handles.forEach((handle, i) => {
      if (!handle || handle.dtype === dtype) return;
      const names = `${cppName(handle.dtype)} vs. ${cppName(dtype)}`;
      throw new ShapeError(`input_${'ab'[i]}.type != element_dtype: ${names}`);
    });
    return listOf(dtype, merge(handles[0]?.shape ?? null, handles[1]?.shape ?? null));
  },
  grad: null,
  samples: [],
});
