/**
 * Lookup tables that the session owns: handles, initialization, reading and changing. The classes for users are in
 * `src/data`, what a table holds is the runtime's business.
 */
import type { DType } from '../util/dtype.ts';
import type { Shape } from '../util/shape.ts';
import { defineOp, type InferContext, type Inferred, ShapeError } from './opdef/define.ts';
import { merge, mergeDim, scalar, withRank, withRankAtLeast } from './opdef/shape-rules.ts';

const HANDLE = [
  'container: string = ""',
  'shared_name: string = ""',
  'use_node_name_sharing: bool = false',
  'key_dtype: type',
  'value_dtype: type',
];

defineOp({
  name: 'HashTableV2',
  doc: 'The handle of a table that is given its content once, by its initializer.',
  outputs: ['table_handle: resource'],
  attrs: HANDLE,
  effect: 'reads',
  // What the table holds is not told: TensorFlow leaves the shapes of what is found unknown.
  infer: scalar,
  grad: () => [],
  samples: [],
});

for (const [name, doc, attrs] of [
  ['MutableHashTableV2', 'The handle of a table with scalar values that can be changed.', HANDLE],
  [
    'MutableHashTableOfTensorsV2',
    'The handle of a table whose values are tensors of one shape.',
    [...HANDLE, 'value_shape: shape = []'],
  ],
] as const) {
  defineOp({
    name,
    doc,
    outputs: ['table_handle: resource'],
    attrs,
    effect: 'reads',
    infer: (op) => [{ shape: [], handle: { dtype: op.attr<DType>('value_dtype'), shape: valueShape(op) } }],
    grad: () => [],
    samples: [],
  });
}

function valueShape(op: InferContext): Shape {
  return op.type === 'MutableHashTableV2' ? [] : op.attr<Shape>('value_shape');
}

/** The shape of what is found for keys of this shape. Throws where the table is known to hold another type. */
function found(op: InferContext, keys: Shape, dtype: DType): Shape {
  const held = op.handle(0);
  if (!held) return null;
  if (held.dtype !== dtype) {
    const [expected, got] = [held.dtype, dtype].map(({ protoName }) => protoName.slice(3).toLowerCase());
    throw new ShapeError(`Trying to read value with wrong dtype. Expected ${expected} got ${got}`);
  }
  return keys === null || held.shape === null ? null : [...keys, ...held.shape];
}

defineOp({
  name: 'LookupTableFindV2',
  doc: 'The values of keys; the default for those that are not in the table.',
  inputs: ['table_handle: resource', 'keys: Tin', 'default_value: Tout'],
  outputs: ['values: Tout'],
  attrs: ['Tin: type', 'Tout: type'],
  effect: 'reads',
  infer: (op) => {
    withRank(op.shape(0), 0);
    return [found(op, op.shape(1), op.outputDType(0))];
  },
  grad: () => [null, null, null],
  samples: [],
});

defineOp({
  name: 'LookupTableInsertV2',
  doc: 'Gives keys values, those they had before being replaced.',
  inputs: ['table_handle: resource', 'keys: Tin', 'values: Tout'],
  attrs: ['Tin: type', 'Tout: type'],
  effect: 'writes',
  infer: handleOnly,
  grad: () => [null, null, null],
  samples: [],
});

function handleOnly(op: InferContext): Inferred {
  withRank(op.shape(0), 0);
  return [];
}

defineOp({
  name: 'LookupTableRemoveV2',
  doc: 'Takes keys out of a table; those that are not in it count for nothing.',
  inputs: ['table_handle: resource', 'keys: Tin'],
  attrs: ['Tin: type'],
  effect: 'writes',
  infer: (op) => {
    withRankAtLeast(op.shape(1), 1);
    return handleOnly(op);
  },
  grad: null,
  samples: [],
});

defineOp({
  name: 'LookupTableSizeV2',
  doc: 'The number of keys in a table.',
  inputs: ['table_handle: resource'],
  outputs: ['size: int64'],
  effect: 'reads',
  infer: (op) => {
    withRank(op.shape(0), 0);
    return [[]];
  },
  grad: () => [null],
  samples: [],
});

defineOp({
  name: 'LookupTableExportV2',
  doc: 'All keys of a table and their values, in no order that could be relied on.',
  inputs: ['table_handle: resource'],
  outputs: ['keys: Tkeys', 'values: Tvalues'],
  attrs: ['Tkeys: type', 'Tvalues: type'],
  effect: 'reads',
  infer: (op) => {
    withRank(op.shape(0), 0);
    return [null, null];
  },
  grad: null,
  samples: [],
});

defineOp({
  name: 'LookupTableImportV2',
  doc: 'Replaces the content of a table; one that takes its content once is initialized.',
  inputs: ['table_handle: resource', 'keys: Tin', 'values: Tout'],
  attrs: ['Tin: type', 'Tout: type'],
  effect: 'writes',
  infer: (op) => {
    const keys = withRank(op.shape(1), 1);
    const values = withRankAtLeast(op.shape(2), 1);
    mergeDim(keys[0], values?.[0] ?? null);
    return handleOnly(op);
  },
  grad: null,
  samples: [],
});

defineOp({
  name: 'InitializeTableV2',
  doc: 'Gives a table its content.',
  inputs: ['table_handle: resource', 'keys: Tkey', 'values: Tval'],
  attrs: ['Tkey: type', 'Tval: type'],
  effect: 'writes',
  infer: (op) => {
    merge(withRank(op.shape(1), 1), op.shape(2));
    return handleOnly(op);
  },
  grad: () => [null, null, null],
  samples: [],
});

defineOp({
  name: 'InitializeTableFromTextFileV2',
  doc: 'Gives a table the content of a text file, an entry a line.',
  inputs: ['table_handle: resource', 'filename: string'],
  attrs: [
    'key_index: int >= -2',
    'value_index: int >= -2',
    'vocab_size: int >= -1 = -1',
    'delimiter: string = "\t"',
    'offset: int = 0',
  ],
  effect: 'writes',
  infer: (op) => {
    withRank(op.shape(1), 0);
    return handleOnly(op);
  },
  grad: () => [null, null],
  samples: [],
});
