/**
 * Resource variables: handles, reads, assignments and updates. Every update comes down to reading, computing and
 * assigning. The classes and functions for users are in `src/variables`.
 */
import { type DType, int32 } from '../util/dtype.ts';
import { isFullyDefined, numElements, type Shape } from '../util/shape.ts';
import { defineOp, type InferContext, type Inferred, type OpView, ShapeError, sample } from './opdef/define.ts';
import { merge, none, scalar, withRankAtLeast } from './opdef/shape-rules.ts';
import { intArray } from './opdef/small-ints.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

const INDICES = 'Tindices: {int32, int64}';

/** What a handle refers to must be of the type that the op was built for. */
function checkType(op: InferContext, dtype: DType, what: string): void {
  const held = op.handle(0)?.dtype;
  if (held && held !== dtype) {
    throw new ShapeError(`Trying to ${what} with wrong dtype. Expected ${held.name} got ${dtype.name}`);
  }
}

function variableShape(op: InferContext): Shape {
  return op.handle(0)?.shape ?? null;
}

defineOp({
  name: 'VarHandleOp',
  doc: 'The handle of a variable of the session.',
  outputs: ['resource: resource'],
  attrs: [
    'container: string = ""',
    'shared_name: string = ""',
    'debug_name: string = ""',
    'dtype: type',
    'shape: shape',
    'allowed_devices: list(string) = []',
  ],
  effect: 'pure',
  infer: (op) => [{ shape: [], handle: { dtype: op.attr<DType>('dtype'), shape: op.attr<Shape>('shape') } }],
  grad: () => [],
  samples: [],
});

defineOp({
  name: 'ReadVariableOp',
  doc: 'The value of a variable.',
  inputs: ['resource: resource'],
  outputs: ['value: dtype'],
  attrs: ['dtype: type'],
  effect: 'reads',
  infer: (op) => {
    checkType(op, op.attr<DType>('dtype'), 'read variable');
    return [variableShape(op)];
  },
  grad: (_op, [dy]) => [dy],
  gradTakesSlices: true,
  samples: [],
});

function assigned(op: InferContext): Inferred {
  checkType(op, op.attr<DType>('dtype'), 'assign variable');
  merge(variableShape(op), op.shape(1));
  return [];
}

defineOp({
  name: 'AssignVariableOp',
  doc: 'Gives a variable a new value.',
  inputs: ['resource: resource', 'value: dtype'],
  attrs: ['dtype: type', 'validate_shape: bool = false'],
  effect: 'writes',
  infer: assigned,
  grad: null,
  samples: [],
});

for (const [name, doc, op] of [
  ['AssignAddVariableOp', 'Adds to a variable.', 'AddV2'],
  ['AssignSubVariableOp', 'Subtracts from a variable.', 'Sub'],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['resource: resource', 'value: dtype'],
    attrs: ['dtype: type'],
    effect: 'writes',
    infer: assigned,
    grad: null,
    decompose: <V>({ inputs: [handle, value], attr }: OpView<V>, $: Vocabulary<V>) => {
      const current = $.readVariable(handle, attr<DType>('dtype'));
      $.assignVariable(handle, $.op(op, [current, value]));
      return [];
    },
    samples: [],
  });
}

defineOp({
  name: 'VarIsInitializedOp',
  doc: 'Whether a variable has a value.',
  inputs: ['resource: resource'],
  outputs: ['is_initialized: bool'],
  effect: 'reads',
  infer: scalar,
  grad: () => [null],
  samples: [],
});

defineOp({
  name: 'DestroyResourceOp',
  doc: 'Takes a variable its value.',
  inputs: ['resource: resource'],
  attrs: ['ignore_lookup_error: bool = true'],
  effect: 'writes',
  infer: none,
  grad: null,
  samples: [],
});

defineOp({
  name: 'VariableShape',
  doc: 'The shape of the value of a variable.',
  inputs: ['input: resource'],
  outputs: ['output: out_type'],
  attrs: ['out_type: {int32, int64} = int32'],
  effect: 'reads',
  infer: (op) => [[variableShape(op)?.length ?? null]],
  fold: (op) => {
    const shape = variableShape(op);
    return isFullyDefined(shape) ? [intArray(op.outputDType(0), [shape.length], shape)] : null;
  },
  foldShape: variableShape,
  grad: () => [null],
  decompose: ({ inputs: [handle], attr }, $) => {
    const dtype = $.specOf(handle).handle?.dtype;
    if (!dtype) return null;
    return [$.shape($.readVariable(handle, dtype), attr<DType>('out_type'))];
  },
  samples: [],
});

// Rows

/** The shape of the rows of a variable that indices of this shape select. */
function rowsShape(op: InferContext, batchDims = 0): Shape {
  const [params, indices] = [variableShape(op), op.shape(1)];
  if (params === null || indices === null) return null;
  return [...indices, ...params.slice(batchDims + 1)];
}

defineOp({
  name: 'ResourceGather',
  doc: 'Rows of a variable.',
  inputs: ['resource: resource', 'indices: Tindices'],
  outputs: ['output: dtype'],
  attrs: ['batch_dims: int = 0', 'validate_indices: bool = true', 'dtype: type', INDICES],
  effect: 'reads',
  infer: (op) => {
    checkType(op, op.attr<DType>('dtype'), 'gather from variable');
    withRankAtLeast(variableShape(op), op.attr<number>('batch_dims') + 1);
    return [rowsShape(op, op.attr<number>('batch_dims'))];
  },
  grad: ({ inputs: [handle, indices] }, [dy], $) => {
    const shape = shapeOfVariable(handle, $);
    const count = numElements($.shapeOf(indices));
    const size = $.expandDims(count === null ? $.size(indices) : $.ints(count, 'Size'), 0);
    const [begin, end, step] = [1, 0, 1].map((n, i) => $.ints([n], `strided_slice/stack${i ? `_${i}` : ''}`));
    const tail = $.op('StridedSlice', [shape, begin, end, step], { end_mask: 1 }, 'strided_slice');
    const rows = $.reshape(dy, $.concat([size, tail], 0));
    return [{ values: rows, indices: $.reshape(indices, size), denseShape: shape }, null];
  },
  decompose: ({ inputs: [handle, indices], attr }, $) => {
    const batchDims = attr<number>('batch_dims');
    const value = $.readVariable(handle, attr<DType>('dtype'));
    return [$.op('GatherV2', [value, indices, $.ints(batchDims)], { batch_dims: batchDims })];
  },
  samples: [],
});

/** The shape of a variable as a tensor: a constant where it is known. */
function shapeOfVariable<V>(handle: V, $: Vocabulary<V>): V {
  const known = $.specOf(handle).handle?.shape ?? null;
  return isFullyDefined(known) ? $.ints(known) : $.op('VariableShape', [handle], { out_type: int32 });
}

defineOp({
  name: 'ResourceGatherNd',
  doc: 'Elements or slices of a variable, by full or partial indices.',
  inputs: ['resource: resource', 'indices: Tindices'],
  outputs: ['output: dtype'],
  attrs: ['dtype: type', INDICES],
  effect: 'reads',
  infer: (op) => {
    const [params, indices] = [variableShape(op), op.shape(1)];
    const depth = indices?.[indices.length - 1] ?? null;
    if (params === null || indices === null || depth === null) return [null];
    if (depth > params.length) {
      throw new ShapeError(`indices.shape[-1] must be <= params.rank, but saw indices.shape[-1] = ${depth}`);
    }
    return [[...indices.slice(0, -1), ...params.slice(depth)]];
  },
  grad: ({ inputs: [handle, indices] }, [dy], $) => [
    $.op('ScatterNd', [indices, dy, $.cast(shapeOfVariable(handle, $), $.dtypeOf(indices))]),
    null,
  ],
  decompose: ({ inputs: [handle, indices], attr }, $) => [
    $.op('GatherNd', [$.readVariable(handle, attr<DType>('dtype')), indices]),
  ],
  samples: [],
});

/** A new value from the present one, rows of updates and their places. */
type RowUpdate = <V>(value: V, indices: V, updates: V, $: Vocabulary<V>) => V;

/** By the `TensorScatter…` op that does it; each index becomes a vector of one. */
const scatter =
  (type: string): RowUpdate =>
  (value, indices, updates, $) =>
    $.op(type, [value, $.expandDims(indices, -1), updates]);

/** By the product of the updates of each row, which is 1 where there are none. */
const scaled =
  (type: string): RowUpdate =>
  (value, indices, updates, $) => {
    const rows = $.slice($.shape(value), [0], [1]);
    return $.op(type, [value, $.op('UnsortedSegmentProd', [updates, indices, $.reshape(rows, [])])]);
  };

/** A scalar update stands for each element of the rows. */
function wholeUpdates<V>(value: V, indices: V, updates: V, $: Vocabulary<V>): V {
  if ($.shapeOf(updates)?.length !== 0) return updates;
  return $.broadcastTo(updates, $.concat([$.shape(indices), $.slice($.shape(value), [1], [-1])], 0));
}

const rowUpdates: readonly [name: string, doc: string, update: RowUpdate, attr?: string][] = [
  ['ResourceScatterAdd', 'Adds to rows of a variable.', scatter('TensorScatterAdd')],
  ['ResourceScatterSub', 'Subtracts from rows of a variable.', scatter('TensorScatterSub')],
  ['ResourceScatterMul', 'Multiplies rows of a variable.', scaled('Mul')],
  ['ResourceScatterDiv', 'Divides rows of a variable.', scaled('Div')],
  ['ResourceScatterMin', 'The smaller of rows of a variable and the updates.', scatter('TensorScatterMin')],
  ['ResourceScatterMax', 'The larger of rows of a variable and the updates.', scatter('TensorScatterMax')],
  ['ResourceScatterUpdate', 'Replaces rows of a variable.', scatter('TensorScatterUpdate'), 'dtype: type'],
];

for (const [name, doc, update, attr = 'dtype: numbertype'] of rowUpdates) {
  defineOp({
    name,
    doc,
    inputs: ['resource: resource', 'indices: Tindices', 'updates: dtype'],
    attrs: [attr, INDICES],
    effect: 'writes',
    infer: (op) => {
      checkType(op, op.attr<DType>('dtype'), 'scatter to variable');
      withRankAtLeast(variableShape(op), 1);
      if (op.shape(2)?.length !== 0) merge(rowsShape(op), op.shape(2));
      return [];
    },
    grad: null,
    decompose: <V>({ inputs: [handle, indices, updates], attr }: OpView<V>, $: Vocabulary<V>) => {
      const value = $.readVariable(handle, attr<DType>('dtype'));
      $.assignVariable(handle, update(value, indices, wholeUpdates(value, indices, updates, $), $));
      return [];
    },
    samples: [],
  });
}

for (const [name, doc, type] of [
  ['ResourceScatterNdUpdate', 'Replaces slices of a variable.', 'TensorScatterUpdate'],
  ['ResourceScatterNdAdd', 'Adds to slices of a variable.', 'TensorScatterAdd'],
  ['ResourceScatterNdSub', 'Subtracts from slices of a variable.', 'TensorScatterSub'],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['ref: resource', 'indices: Tindices', 'updates: T'],
    attrs: ['T: type', INDICES, 'use_locking: bool = true', 'bad_indices_policy: string = ""'],
    effect: 'writes',
    infer: (op) => {
      checkType(op, op.attr<DType>('T'), 'scatter to variable');
      return [];
    },
    grad: null,
    decompose: <V>({ inputs: [handle, indices, updates], attr }: OpView<V>, $: Vocabulary<V>) => {
      const value = $.readVariable(handle, attr<DType>('T'));
      $.assignVariable(handle, $.op(type, [value, indices, updates]));
      return [];
    },
    samples: [],
  });
}

// Counting

defineOp({
  name: 'ResourceCountUpTo',
  doc: 'The value of a scalar variable, which then is one more; stops the run at the limit.',
  inputs: ['resource: resource'],
  outputs: ['output: T'],
  attrs: ['limit: int', 'T: {int32, int64}'],
  effect: 'writes',
  infer: (op) => {
    merge(variableShape(op), []);
    return [[]];
  },
  grad: null,
  decompose: <V>({ inputs: [handle], attr }: OpView<V>, $: Vocabulary<V>) => {
    const [value, next] = $.ops('_CountUpTo', [$.readVariable(handle, attr<DType>('T'))], { limit: attr('limit') });
    $.assignVariable(handle, next);
    return [value];
  },
  samples: [],
});

defineOp({
  name: '_CountUpTo',
  doc: 'The value and one more; stops the run where the value is not below the limit.',
  inputs: ['value: T'],
  outputs: ['output: T', 'next: T'],
  attrs: ['limit: int', 'T: {int32, int64}'],
  infer: () => [[], []],
  grad: null,
  samples: [
    {
      inputs: [sample(int32, [], [4])],
      attrs: { limit: 5 },
      outputs: [sample(int32, [], [4]), sample(int32, [], [5])],
    },
  ],
});

defineOp({
  name: '_RankOfValue',
  doc: 'The rank of the input, found from its value: a variable that is asked for it is read.',
  inputs: ['input: T'],
  outputs: ['output: int32'],
  attrs: ['T: type'],
  infer: scalar,
  grad: () => [null],
  samples: [{ inputs: [sample(int32, [2], [1, 2])], outputs: [sample(int32, [], [1])] }],
});
