/**
 * Arrays of tensors as dataflow graphs of TensorFlow 1 hold them: a handle, and a flow that puts the ops in order. They
 * come with imported graphs and with gradients of those; what programs build is elsewhere.
 */
import type { TensorSpec } from '../graph/node.ts';
import { isFullyDefined, type Shape } from '../util/shape.ts';
import { type Cotangent, defineOp, type InferContext, type Inferred, type OpView } from './opdef/define.ts';
import { merge, mergeDim, none, withRank } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

/** A handle is a pair of names in TensorFlow. */
const PAIR: Shape = [2];

/** The scalars among the inputs: indices and flows. */
function scalars(op: InferContext, ...inputs: readonly number[]): void {
  for (const input of inputs) withRank(op.shape(input), 0);
}

function handleShape(op: InferContext): TensorSpec['handle'] {
  withRank(op.shape(0), 1);
  return op.handle(0);
}

defineOp({
  name: 'TensorArrayV3',
  doc: 'The handle of a new array of tensors that lasts as long as the run.',
  inputs: ['size: int32'],
  outputs: ['handle: resource', 'flow: float32'],
  attrs: [
    'dtype: type',
    'element_shape: shape = null',
    'dynamic_size: bool = false',
    'clear_after_read: bool = true',
    'identical_element_shapes: bool = false',
    'tensor_array_name: string = ""',
  ],
  effect: 'writes',
  infer: (op) => {
    scalars(op, 0);
    const shape = op.attr<Shape>('element_shape');
    const isKnown = isFullyDefined(shape) || op.attr<boolean>('identical_element_shapes');
    return [isKnown ? { shape: PAIR, handle: { dtype: op.attr('dtype'), shape } } : PAIR, []];
  },
  grad: () => [null],
  samples: [],
});

defineOp({
  name: 'TensorArrayGradV3',
  doc: 'The array of the gradients of an array, the same one for the same source: what is written to one place is summed.',
  inputs: ['handle: resource', 'flow_in: float32'],
  outputs: ['grad_handle: resource', 'flow_out: float32'],
  attrs: ['source: string'],
  effect: 'writes',
  infer: (op) => {
    const handle = handleShape(op);
    scalars(op, 1);
    return [handle ? { shape: PAIR, handle } : PAIR, []];
  },
  grad: () => [null, null],
  samples: [],
});

defineOp({
  name: 'TensorArrayGradWithShape',
  doc: 'As `TensorArrayGradV3`, for gradients with more axes in front.',
  inputs: ['handle: resource', 'flow_in: float32', 'shape_to_prepend: int32'],
  outputs: ['grad_handle: resource', 'flow_out: float32'],
  attrs: ['source: string'],
  effect: 'writes',
  infer: (op) => {
    const handle = handleShape(op);
    scalars(op, 1);
    const [more] = withRank(op.shape(2), 1);
    if (!handle) return [PAIR, []];
    const shape = more === null || handle.shape === null ? null : [...new Array(more).fill(null), ...handle.shape];
    return [{ shape: PAIR, handle: { dtype: handle.dtype, shape } }, []];
  },
  grad: () => [null, null, null],
  samples: [],
});

// Gradients: what flows back through a read is written to the array of gradients, and read where it was written.

interface GradientArray<V> {
  readonly handle: V;
  readonly flow: V;
}

function gradientArray<V>(handle: V, flow: V, dy: V, $: Vocabulary<V>): GradientArray<V> {
  const name = 'TensorArrayGrad/TensorArrayGradV3';
  const [own] = $.ops('TensorArrayGradV3', [handle, flow], { source: $.gradientScope(dy) }, name);
  return { handle: own, flow: $.after([own], () => $.identity(flow, 'TensorArrayGrad/gradient_flow')) };
}

/** The array of gradients of an op that writes, to be read when all that was read has been written to it. */
function afterWrite<V>(op: OpView<V>, dFlow: V, $: Vocabulary<V>): GradientArray<V> {
  const out = $.identity(op.outputs[0], 'flow_out');
  const barrier = $.after([out], () => $.identity(dFlow, 'write_barrier'));
  return gradientArray(op.inputs[0], barrier, dFlow, $);
}

function readGradient<V>(op: OpView<V>, [dy]: readonly V[], $: Vocabulary<V>): readonly Cotangent<V>[] {
  const [handle, index, flow] = op.inputs;
  const array = gradientArray(handle, flow, dy, $);
  const inputs = [array.handle, index, dy, array.flow];
  return [null, null, $.op('TensorArrayWriteV3', inputs, {}, 'TensorArrayWrite/TensorArrayWriteV3')];
}

function writeGradient<V>(op: OpView<V>, [dFlow]: readonly V[], $: Vocabulary<V>): readonly Cotangent<V>[] {
  const array = afterWrite(op, dFlow, $);
  const inputs = [array.handle, op.inputs[1], array.flow];
  return [null, null, $.op('TensorArrayReadV3', inputs, { dtype: op.attr('T') }), array.flow];
}

function gatherGradient<V>(op: OpView<V>, [dy]: readonly V[], $: Vocabulary<V>): readonly Cotangent<V>[] {
  const [handle, indices, flow] = op.inputs;
  const array = gradientArray(handle, flow, dy, $);
  const inputs = [array.handle, indices, dy, array.flow];
  return [null, null, $.op('TensorArrayScatterV3', inputs, {}, 'TensorArrayScatter/TensorArrayScatterV3')];
}

function scatterGradient<V>(op: OpView<V>, [dFlow]: readonly V[], $: Vocabulary<V>): readonly Cotangent<V>[] {
  const array = afterWrite(op, dFlow, $);
  const inputs = [array.handle, op.inputs[1], array.flow];
  return [null, null, $.op('TensorArrayGatherV3', inputs, { dtype: op.attr('T') }), array.flow];
}

function concatGradient<V>(op: OpView<V>, [dy]: readonly V[], $: Vocabulary<V>): readonly Cotangent<V>[] {
  const [handle, flow] = op.inputs;
  const array = gradientArray(handle, flow, dy, $);
  const inputs = [array.handle, dy, op.outputs[1], array.flow];
  return [null, $.op('TensorArraySplitV3', inputs, {}, 'TensorArraySplit/TensorArraySplitV3')];
}

function splitGradient<V>(op: OpView<V>, [dFlow]: readonly V[], $: Vocabulary<V>): readonly Cotangent<V>[] {
  const array = afterWrite(op, dFlow, $);
  const [value] = $.ops('TensorArrayConcatV3', [array.handle, array.flow], { dtype: op.attr('T') });
  return [null, value, null, array.flow];
}

// Elements

defineOp({
  name: 'TensorArrayWriteV3',
  doc: 'Puts a tensor into an array.',
  inputs: ['handle: resource', 'index: int32', 'value: T', 'flow_in: float32'],
  outputs: ['flow_out: float32'],
  attrs: ['T: type'],
  effect: 'writes',
  infer: (op) => {
    const handle = handleShape(op);
    scalars(op, 1, 3);
    if (handle) merge(handle.shape, op.shape(2));
    return [[]];
  },
  grad: writeGradient,
  samples: [],
});

defineOp({
  name: 'TensorArrayReadV3',
  doc: 'Takes a tensor from an array; it stays there where the array does not clear what was read.',
  inputs: ['handle: resource', 'index: int32', 'flow_in: float32'],
  outputs: ['value: dtype'],
  attrs: ['dtype: type'],
  effect: 'writes',
  infer: (op) => {
    const handle = handleShape(op);
    scalars(op, 1, 2);
    return [handle?.shape ?? null];
  },
  grad: readGradient,
  samples: [],
});

defineOp({
  name: 'TensorArrayGatherV3',
  doc: 'Takes several tensors from an array, stacked.',
  inputs: ['handle: resource', 'indices: int32', 'flow_in: float32'],
  outputs: ['value: dtype'],
  attrs: ['dtype: type', 'element_shape: shape = null'],
  effect: 'writes',
  infer: (op): Inferred => {
    const handle = handleShape(op);
    const [count] = withRank(op.shape(1), 1);
    scalars(op, 2);
    const element = handle ? handle.shape : op.attr<Shape>('element_shape');
    return [element === null ? null : [count, ...element]];
  },
  grad: gatherGradient,
  samples: [],
});

defineOp({
  name: 'TensorArrayScatterV3',
  doc: 'Puts the rows of a tensor into an array.',
  inputs: ['handle: resource', 'indices: int32', 'value: T', 'flow_in: float32'],
  outputs: ['flow_out: float32'],
  attrs: ['T: type'],
  effect: 'writes',
  infer: (op) => {
    const handle = handleShape(op);
    const [count] = withRank(op.shape(1), 1);
    scalars(op, 3);
    const value = op.shape(2);
    if (value !== null && value.length > 0) {
      mergeDim(value[0], count);
      if (handle) merge(handle.shape, value.slice(1));
    }
    return [[]];
  },
  grad: scatterGradient,
  samples: [],
});

defineOp({
  name: 'TensorArrayConcatV3',
  doc: 'Takes all tensors from an array, joined along their first axis, and how long each was.',
  inputs: ['handle: resource', 'flow_in: float32'],
  outputs: ['value: dtype', 'lengths: int64'],
  attrs: ['dtype: type', 'element_shape_except0: shape = null'],
  effect: 'writes',
  infer: (op) => {
    handleShape(op);
    scalars(op, 1);
    return [null, [null]];
  },
  grad: concatGradient,
  samples: [],
});

defineOp({
  name: 'TensorArraySplitV3',
  doc: 'Cuts a tensor along its first axis and puts the pieces into an array.',
  inputs: ['handle: resource', 'value: T', 'lengths: int64', 'flow_in: float32'],
  outputs: ['flow_out: float32'],
  attrs: ['T: type'],
  effect: 'writes',
  infer: (op) => {
    handleShape(op);
    scalars(op, 3);
    return [[]];
  },
  grad: splitGradient,
  samples: [],
});

defineOp({
  name: 'TensorArraySizeV3',
  doc: 'The number of places in an array.',
  inputs: ['handle: resource', 'flow_in: float32'],
  outputs: ['size: int32'],
  effect: 'reads',
  infer: (op) => {
    handleShape(op);
    return [[]];
  },
  grad: () => [null, null],
  samples: [],
});

defineOp({
  name: 'TensorArrayCloseV3',
  doc: 'Empties an array for good.',
  inputs: ['handle: resource'],
  effect: 'writes',
  infer: none,
  grad: () => [null],
  samples: [],
});
