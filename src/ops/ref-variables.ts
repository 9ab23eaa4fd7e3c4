/**
 * Reference variables: `VariableV2` and the ops that take a reference to write through. A run sees none of them: the
 * compiler turns them into their forms on handles, which are in `state.ts` (see `compiler/ir/references.ts`).
 */
import type { DType } from '../util/dtype.ts';
import type { Shape } from '../util/shape.ts';
import { defineOp, type GradFn, type InferContext, type OpView } from './opdef/define.ts';
import { merge, none, scalar, unchanged, withRankAtLeast } from './opdef/shape-rules.ts';
import { resolveSlice, sliceMasks } from './opdef/slice-spec.ts';
import { intsOf } from './opdef/small-ints.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

const INDICES = 'Tindices: {int32, int64}';
const PLACE = ['container: string = ""', 'shared_name: string = ""'];

const EXTREMES = 'T: {float16, bfloat16, float32, float64, int32, int64}';

/** Updates say in silence that nothing flows through them. */
const noGradient: GradFn = (op) => op.inputs.map(() => null);

// What variables are

defineOp({
  name: 'VariableV2',
  doc: 'A reference to a variable of the session.',
  outputs: ['ref: Ref(dtype)'],
  attrs: ['shape: shape', 'dtype: type', ...PLACE],
  effect: 'reads',
  infer: (op) => [op.attr<Shape>('shape')],
  grad: () => [],
  samples: [],
});

defineOp({
  name: 'Variable',
  doc: 'A reference to a variable of the session. The older form: a shape of no dimensions says nothing.',
  outputs: ['ref: Ref(dtype)'],
  attrs: ['shape: shape', 'dtype: type', ...PLACE],
  effect: 'reads',
  infer: (op) => [op.attr<Shape>('shape')?.length ? op.attr<Shape>('shape') : null],
  grad: () => [],
  samples: [],
});

defineOp({
  name: 'TemporaryVariable',
  doc: 'A reference to a variable for the time until it is destroyed; it begins with zeros.',
  outputs: ['ref: Ref(dtype)'],
  attrs: ['shape: shape', 'dtype: type', 'var_name: string = ""'],
  effect: 'writes',
  infer: (op) => [op.attr<Shape>('shape')],
  grad: () => [],
  samples: [],
});

defineOp({
  name: 'DestroyTemporaryVariable',
  doc: 'The last value of a temporary variable, which is gone then.',
  inputs: ['ref: Ref(T)'],
  outputs: ['value: T'],
  attrs: ['T: type', 'var_name: string'],
  effect: 'writes',
  infer: unchanged,
  grad: null,
  samples: [],
});

defineOp({
  name: 'IsVariableInitialized',
  doc: 'Whether a variable has a value.',
  inputs: ['ref: Ref(dtype)'],
  outputs: ['is_initialized: bool'],
  attrs: ['dtype: type'],
  effect: 'reads',
  infer: scalar,
  grad: () => [null],
  samples: [],
});

// What writes

defineOp({
  name: 'Assign',
  doc: 'Gives a variable a new value; the variable after it.',
  inputs: ['ref: Ref(T)', 'value: T'],
  outputs: ['output_ref: Ref(T)'],
  attrs: ['T: type', 'validate_shape: bool = true', 'use_locking: bool = true'],
  effect: 'writes',
  infer: (op) => [op.attr('validate_shape') ? merge(op.shape(0), op.shape(1)) : op.shape(1)],
  grad: noGradient,
  samples: [],
});

for (const [name, doc] of [
  ['AssignAdd', 'Adds to a variable; the variable after it.'],
  ['AssignSub', 'Subtracts from a variable; the variable after it.'],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['ref: Ref(T)', 'value: T'],
    outputs: ['output_ref: Ref(T)'],
    attrs: ['T: numbertype', 'use_locking: bool = false'],
    effect: 'writes',
    infer: (op) => [merge(op.shape(0), op.shape(1))],
    grad: noGradient,
    samples: [],
  });
}

/** Rows of updates have the shape of the indices, then that of a row; a scalar stands for each element. */
function rows(op: InferContext): readonly [Shape] {
  const [ref, indices, updates] = [op.shape(0), op.shape(1), op.shape(2)];
  withRankAtLeast(ref, 1);
  if (ref !== null && indices !== null && updates?.length !== 0) merge([...indices, ...ref.slice(1)], updates);
  return [ref];
}

for (const [name, doc, hasGradient] of [
  ['ScatterAdd', 'Adds to rows of a variable; the variable after it.', true],
  ['ScatterSub', 'Subtracts from rows of a variable; the variable after it.', true],
  ['ScatterMul', 'Multiplies rows of a variable; the variable after it.', true],
  ['ScatterDiv', 'Divides rows of a variable; the variable after it.', true],
  ['ScatterMin', 'The smaller of rows of a variable and the updates; the variable after it.', false],
  ['ScatterMax', 'The larger of rows of a variable and the updates; the variable after it.', false],
  ['ScatterUpdate', 'Replaces rows of a variable; the variable after it.', false],
] as const) {
  const replaces = name === 'ScatterUpdate';
  defineOp({
    name,
    doc,
    inputs: ['ref: Ref(T)', 'indices: Tindices', 'updates: T'],
    outputs: ['output_ref: Ref(T)'],
    attrs: [
      replaces ? 'T: type' : name.endsWith('Min') || name.endsWith('Max') ? EXTREMES : 'T: numbertype',
      INDICES,
      `use_locking: bool = ${replaces}`,
    ],
    effect: 'writes',
    infer: rows,
    grad: hasGradient ? noGradient : null,
    samples: [],
  });
}

for (const [name, doc] of [
  ['ScatterNdUpdate', 'Replaces slices of a variable; the variable after it.'],
  ['ScatterNdAdd', 'Adds to slices of a variable; the variable after it.'],
  ['ScatterNdSub', 'Subtracts from slices of a variable; the variable after it.'],
] as const) {
  const replaces = name === 'ScatterNdUpdate';
  defineOp({
    name,
    doc,
    inputs: ['ref: Ref(T)', 'indices: Tindices', 'updates: T'],
    outputs: ['output_ref: Ref(T)'],
    attrs: [
      replaces ? 'T: type' : 'T: numbertype',
      INDICES,
      `use_locking: bool = ${replaces}`,
      'bad_indices_policy: string = ""',
    ],
    effect: 'writes',
    infer: (op) => {
      const [ref, indices, updates] = [op.shape(0), op.shape(1), op.shape(2)];
      const depth = indices?.[indices.length - 1] ?? null;
      if (ref !== null && indices !== null && depth !== null && depth <= ref.length) {
        merge([...indices.slice(0, -1), ...ref.slice(depth)], updates);
      }
      return [ref];
    },
    grad: noGradient,
    samples: [],
  });
}

defineOp({
  name: 'CountUpTo',
  doc: 'The value of a scalar variable, which then is one more; stops the run at the limit.',
  inputs: ['ref: Ref(T)'],
  outputs: ['output: T'],
  attrs: ['limit: int', 'T: {int32, int64}'],
  effect: 'writes',
  infer: (op) => [merge(op.shape(0), [])],
  grad: null,
  samples: [],
});

// Slices

const SLICE = ['begin: Index', 'end: Index', 'strides: Index', 'value: T'];
const SLICE_ATTRS = [
  'T: type',
  'Index: {int32, int64}',
  'begin_mask: int = 0',
  'end_mask: int = 0',
  'ellipsis_mask: int = 0',
  'new_axis_mask: int = 0',
  'shrink_axis_mask: int = 0',
];

/** The slice must be one of the variable. */
function checkSlice(op: InferContext, shape: Shape): void {
  const [begin, end, strides] = [1, 2, 3].map((input) => intsOf(op.constant(input)));
  const count = op.shape(1)?.[0] ?? null;
  if (strides && count !== null) {
    resolveSlice(shape, { count, begin, end, strides, ...sliceMasks((name) => op.attr(name)) });
  }
}

defineOp({
  name: 'StridedSliceAssign',
  doc: 'Replaces a strided slice of a variable; the variable after it.',
  inputs: ['ref: Ref(T)', ...SLICE],
  outputs: ['output_ref: Ref(T)'],
  attrs: SLICE_ATTRS,
  effect: 'writes',
  infer: (op) => {
    checkSlice(op, op.shape(0));
    return [op.shape(0)];
  },
  grad: null,
  samples: [],
});

defineOp({
  name: 'ResourceStridedSliceAssign',
  doc: 'Replaces a strided slice of a variable.',
  inputs: ['ref: resource', ...SLICE],
  attrs: SLICE_ATTRS,
  effect: 'writes',
  infer: (op) => {
    checkSlice(op, op.handle(0)?.shape ?? null);
    return [];
  },
  grad: null,
  decompose: <V>({ inputs: [handle, begin, end, strides, value], attr }: OpView<V>, $: Vocabulary<V>) => {
    const current = $.readVariable(handle, attr<DType>('T'));
    const shape = $.shape(current);
    // The same slice of the numbers of the elements says which ones are replaced.
    const numbers = $.reshape($.range($.ints(0), $.size(current), $.ints(1)), shape);
    const masks = Object.fromEntries(
      SLICE_ATTRS.slice(2)
        .map((text) => text.split(':')[0])
        .map((name) => [name, attr(name)]),
    );
    const taken = $.op('StridedSlice', [numbers, begin, end, strides], masks);
    const indices = $.reshape(taken, [-1, 1]);
    const updates = $.reshape($.broadcastTo(value, $.shape(taken)), [-1]);
    const next = $.op('TensorScatterUpdate', [$.reshape(current, [-1]), indices, updates]);
    $.assignVariable(handle, $.reshape(next, shape));
    return [];
  },
  samples: [],
});

// What hands references on

/** The shape that all inputs from `first` on may have; unknown where they differ. */
function common(op: InferContext, first: number): Shape {
  let shape = op.shape(first);
  for (let i = first + 1; i < op.inputCount && shape !== null; i++) {
    const other = op.shape(i);
    if (other === null || other.length !== shape.length) return null;
    shape = shape.map((d, axis) => (d === other[axis] ? d : null));
  }
  return shape;
}

for (const [name, doc, attrs] of [
  ['RefIdentity', 'The reference.', []],
  [
    'RefEnter',
    'The reference, in the frame of a loop.',
    ['frame_name: string', 'is_constant: bool = false', 'parallel_iterations: int = 10'],
  ],
  ['RefExit', 'The reference, outside the frame of a loop.', []],
  ['RefNextIteration', 'The reference, in the next turn of a loop.', []],
] as const) {
  const isIdentity = name === 'RefIdentity';
  defineOp({
    name,
    doc,
    inputs: [`${isIdentity ? 'input' : 'data'}: Ref(T)`],
    outputs: ['output: Ref(T)'],
    attrs: ['T: type', ...attrs],
    effect: 'reads',
    infer: unchanged,
    grad: isIdentity ? (_op, [dy]) => [dy] : null,
    samples: [],
  });
}

defineOp({
  name: 'RefSwitch',
  doc: 'The reference, at the output that the truth value says.',
  inputs: ['data: Ref(T)', 'pred: bool'],
  outputs: ['output_false: Ref(T)', 'output_true: Ref(T)'],
  attrs: ['T: type'],
  effect: 'reads',
  infer: (op) => [op.shape(0), op.shape(0)],
  grad: null,
  samples: [],
});

defineOp({
  name: 'RefMerge',
  doc: 'The reference that is there, and which one it is.',
  inputs: ['inputs: N * Ref(T)'],
  outputs: ['output: Ref(T)', 'value_index: int32'],
  attrs: ['T: type', 'N: int >= 1'],
  effect: 'reads',
  infer: (op) => [common(op, 0), []],
  grad: null,
  samples: [],
});

defineOp({
  name: 'RefSelect',
  doc: 'One of the references, by its number.',
  inputs: ['index: int32', 'inputs: N * Ref(T)'],
  outputs: ['output: Ref(T)'],
  attrs: ['T: type', 'N: int >= 1'],
  effect: 'reads',
  infer: (op) => [common(op, 1)],
  grad: null,
  samples: [],
});

// The compiler's own

defineOp({
  name: '_AssignReference',
  doc: 'Gives a variable a new value of its present shape; of `shape`, where it has no value yet.',
  inputs: ['resource: resource', 'value: dtype'],
  attrs: ['dtype: type', 'shape: shape = []'],
  effect: 'writes',
  infer: none,
  grad: null,
  samples: [],
});
