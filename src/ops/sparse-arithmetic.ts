/**
 * Ops that compute with sparse tensors: sums, products with dense ones, extrema, softmax, reductions. The functions that
 * programs call are in `sparse-math.ts`, ops that move elements in `sparse-layout.ts`.
 */
import { float32, int32, int64 } from '../util/dtype.ts';
import { TypeError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { vector } from './indices.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, sample } from './opdef/define.ts';
import { sizeTensor } from './opdef/reduced-shape.ts';
import { mergeDim, withRank } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

const indices = sample(int64, [3, 2], [0, 1, 1, 0, 2, 3]);
const values = sample(float32, [3], [1, 2, 3]);
const shape = sample(int64, [2], [3, 4]);
const whole = sample(float32, [3, 4], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

// Sums

defineOp({
  name: 'SparseAdd',
  doc: 'The sum of two sparse tensors, without the sums of two elements that are less than a threshold.',
  inputs: [
    'a_indices: int64',
    'a_values: T',
    'a_shape: int64',
    'b_indices: int64',
    'b_values: T',
    'b_shape: int64',
    'thresh: Treal',
  ],
  outputs: ['sum_indices: int64', 'sum_values: T', 'sum_shape: int64'],
  attrs: ['T: numbertype', 'Treal: realnumbertype'],
  infer: (op) => {
    const dims = withRank(op.shape(2), 1);
    return [[null, dims[0]], [null], dims];
  },
  grad: (op, [, dy], $) => {
    const [a, b] = $.ops('SparseAddGrad', [dy, op.inputs[0], op.inputs[3], op.outputs[0]]);
    return [null, a, null, null, b, null, null];
  },
  samples: [
    {
      inputs: [
        indices,
        values,
        shape,
        sample(int64, [2, 2], [0, 1, 1, 1]),
        sample(float32, [2], [10, 20]),
        shape,
        sample(float32, [], [0]),
      ],
      outputs: [sample(int64, [4, 2], [0, 1, 1, 0, 1, 1, 2, 3]), sample(float32, [4], [11, 2, 20, 3]), shape],
    },
  ],
});

defineOp({
  name: 'SparseAddGrad',
  doc: 'The gradients of `SparseAdd`: zeros for the elements of which no sum is left.',
  inputs: ['backprop_val_grad: T', 'a_indices: int64', 'b_indices: int64', 'sum_indices: int64'],
  outputs: ['a_val_grad: T', 'b_val_grad: T'],
  attrs: ['T: numbertype'],
  infer: (op) => [[withRank(op.shape(1), 2)[0]], [withRank(op.shape(2), 2)[0]]],
  grad: (op) => op.inputs.map(() => null),
  samples: [
    {
      inputs: [
        sample(float32, [2], [1, 2]),
        indices,
        sample(int64, [1, 2], [0, 0]),
        sample(int64, [2, 2], [0, 1, 2, 3]),
      ],
      outputs: [sample(float32, [3], [1, 0, 2]), sample(float32, [1], [0])],
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'SparseTensorDenseAdd',
  doc: 'The sum of a sparse and a dense tensor of one shape.',
  inputs: ['a_indices: Tindices', 'a_values: T', 'a_shape: Tindices', 'b: T'],
  outputs: ['output: T'],
  attrs: ['T: numbertype', 'Tindices: {int32, int64}'],
  infer: (op) => [op.shape(3)],
  grad: (op, [dy], $) => [null, $.op('GatherNd', [dy, op.inputs[0]]), null, dy],
  samples: [
    {
      inputs: [indices, values, shape, whole],
      outputs: [sample(float32, [3, 4], [1, 3, 3, 4, 7, 6, 7, 8, 9, 10, 11, 15])],
    },
  ],
});

// Products

/** `matrix[:, column]`. */
function column<V>($: Vocabulary<V>, matrix: V, at: number): V {
  const attrs = { begin_mask: 1, end_mask: 1, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 2 };
  return $.op('StridedSlice', [matrix, vector(0, at), vector(0, at + 1), vector(1, 1)], attrs, 'strided_slice');
}

const denseMatmulGrad: GradFn = (op, [dy], $) => {
  const [at, entries, dims, b] = op.inputs;
  const [adjointA, adjointB] = [op.attr<boolean>('adjoint_a'), op.attr<boolean>('adjoint_b')];
  const transposed = (x: typeof dy) => $.transpose(x, [1, 0]);
  let dB = $.op('SparseTensorDenseMatMul', [at, entries, dims, dy], { adjoint_a: !adjointA });
  if (adjointB) dB = transposed($.dtypeOf(dB).isComplex ? $.op('Conj', [dB]) : dB);
  const [rows, columns] = [column($, at, 0), column($, at, 1)];
  const partsA = $.gather(dy, adjointA ? columns : rows);
  const partsB = $.gather(adjointB ? transposed(b) : b, adjointA ? rows : columns);
  // An element takes the product of two rows: laid out as rows or columns, adjoint as TensorFlow has it.
  const left = $.expandDims(partsA, adjointA ? -1 : -2);
  const right = $.expandDims(partsB, adjointA === adjointB ? -2 : -1);
  const products = $.op('BatchMatMulV2', [left, right], { adj_x: adjointA, adj_y: adjointA === adjointB }, 'MatMul');
  return [null, $.squeeze(products, [-2, -1]), null, dB];
};

defineOp({
  name: 'SparseTensorDenseMatMul',
  doc: 'The product of a sparse and a dense matrix.',
  inputs: ['a_indices: Tindices', 'a_values: T', 'a_shape: int64', 'b: T'],
  outputs: ['product: T'],
  attrs: ['T: type', 'Tindices: {int32, int64} = int64', 'adjoint_a: bool = false', 'adjoint_b: bool = false'],
  infer: (op) => {
    withRank(op.shape(0), 2);
    withRank(op.shape(1), 1);
    const a = withRank(op.constantShape(2), 2);
    const b = withRank(op.shape(3), 2);
    const [adjointA, adjointB] = [op.attr<boolean>('adjoint_a'), op.attr<boolean>('adjoint_b')];
    mergeDim(a[adjointA ? 0 : 1], b[adjointB ? 1 : 0]);
    return [[a[adjointA ? 1 : 0], b[adjointB ? 0 : 1]]];
  },
  grad: denseMatmulGrad,
  samples: [
    {
      inputs: [indices, values, shape, sample(float32, [4, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
      outputs: [sample(float32, [3, 2], [3, 4, 2, 4, 21, 24])],
    },
    {
      inputs: [indices, values, shape, sample(float32, [2, 3], [1, 2, 3, 4, 5, 6])],
      attrs: { adjoint_a: true, adjoint_b: true },
      outputs: [sample(float32, [4, 2], [4, 10, 1, 4, 0, 0, 9, 18])],
    },
    {
      inputs: [indices, values, shape, sample(float32, [2, 4], [1, 2, 3, 4, 5, 6, 7, 8])],
      attrs: { adjoint_b: true },
      outputs: [sample(float32, [3, 2], [2, 6, 2, 10, 12, 24])],
    },
    {
      inputs: [indices, values, shape, sample(float32, [3, 2], [1, 2, 3, 4, 5, 6])],
      attrs: { adjoint_a: true },
      outputs: [sample(float32, [4, 2], [6, 8, 1, 2, 0, 0, 15, 18])],
    },
  ],
});

// Element by element, with a dense tensor that is broadcast

function inferCwise(op: InferContext): Inferred {
  return [[withRank(op.shape(0), 2)[0]]];
}

/** The gradient of the values, and of the dense tensor: sums at the elements that were used. */
const cwiseGrad =
  (isProduct: boolean): GradFn =>
  (op, [dy], $) => {
    const [at, entries, dims, dense] = op.inputs;
    const denseShape = $.cast($.shape(dense), int64);
    const added = $.expandDims($.sub($.size(dims), $.size(denseShape)), 0);
    const ones = $.fill(added, $.constant(1, int64, 'ones/Const'), 'ones');
    const scaling = $.floordiv(dims, $.concat([ones, denseShape], 0));
    const start = $.concat([$.ints([0], 'concat/values_0'), added], 0);
    const places = $.slice($.floordiv(at, scaling), start, [-1, -1]);
    const partners = $.op('GatherNd', [dense, places]);
    const dValues = isProduct ? $.mul(dy, partners) : $.div(dy, partners);
    const dPartners = $.mul(dy, isProduct ? entries : $.div($.neg(entries), $.square(partners)));
    const dDense = $.op('SparseTensorDenseAdd', [places, dPartners, denseShape, $.zerosLike(dense)]);
    return [null, dValues, null, dDense];
  };

/** What TensorFlow's registration of a gradient does that it has not written. */
const notImplemented =
  (message: string): GradFn =>
  () => {
    throw Object.assign(new Error(message), { name: 'NotImplementedError' });
  };

const row = sample(float32, [4], [1, 2, 3, 4]);

for (const [kind, doc, grad, result] of [
  ['Add', 'sum', notImplemented('Gradient for SparseDenseCwiseAdd is not implemented.'), [3, 3, 7]],
  ['Mul', 'product', cwiseGrad(true), [2, 2, 12]],
  ['Div', 'quotient', cwiseGrad(false), [0.5, 2, 0.75]],
] as const) {
  defineOp({
    name: `SparseDenseCwise${kind}`,
    doc: `The ${doc} of each element of a sparse tensor and that of a dense one, which is broadcast, at its place.`,
    inputs: ['sp_indices: int64', 'sp_values: T', 'sp_shape: int64', 'dense: T'],
    outputs: ['output: T'],
    attrs: ['T: numbertype'],
    infer: inferCwise,
    grad,
    samples: [
      {
        inputs: [indices, values, shape, row],
        outputs: [sample(float32, [3], result)],
        differentiable: kind !== 'Add',
      },
    ],
  });
}

// Extrema

for (const [kind, doc, types, result] of [
  ['Maximum', 'greater', 'realnumbertype', [4, 1, 2, 3]],
  ['Minimum', 'lesser', 'numbertype', [0, 0, 0, 0]],
] as const) {
  defineOp({
    name: `SparseSparse${kind}`,
    doc: `The ${doc} of the elements of two sparse tensors, where what is missing in one of them is zero.`,
    inputs: ['a_indices: int64', 'a_values: T', 'a_shape: int64', 'b_indices: int64', 'b_values: T', 'b_shape: int64'],
    outputs: ['output_indices: int64', 'output_values: T'],
    attrs: [`T: ${types}`],
    infer: () => [[null, null], [null]],
    grad: () => {
      throw new TypeError(`_SparseSparse${kind}Grad() takes 2 positional arguments but 3 were given`);
    },
    samples: [
      {
        inputs: [indices, values, shape, sample(int64, [1, 2], [0, 0]), sample(float32, [1], [4]), shape],
        outputs: [sample(int64, [4, 2], [0, 0, 0, 1, 1, 0, 2, 3]), sample(float32, [4], result)],
        differentiable: false,
      },
    ],
  });
}

// Softmax and reductions

defineOp({
  name: 'SparseSoftmax',
  doc: 'The softmax of the elements that there are, along the last axis.',
  inputs: ['sp_indices: int64', 'sp_values: T', 'sp_shape: int64'],
  outputs: ['output: T'],
  attrs: ['T: {float16, float32, float64}'],
  infer: (op) => {
    withRank(op.shape(0), 2);
    const found = withRank(op.shape(1), 1);
    withRank(op.shape(2), 1);
    return [found];
  },
  grad: (op, [dy], $) => {
    const [at, , dims] = op.inputs;
    const result = op.outputs[0];
    const sums = $.op('SparseReduceSum', [at, $.mul(result, dy), dims, vector(-1)], { keep_dims: true });
    const centered = $.op('SparseDenseCwiseAdd', [at, dy, dims, $.neg(sums)]);
    return [null, $.mul(centered, result), null];
  },
  samples: [
    {
      inputs: [sample(int64, [3, 2], [0, 0, 0, 2, 1, 1]), values, shape],
      outputs: [sample(float32, [3], [0.2689414322, 0.7310585976, 1])],
    },
  ],
});

/** Known where both the shape and the axes are constants. */
function inferReduced(op: InferContext): Inferred {
  const [dims, axes] = [op.constant(2), op.constant(3)];
  if (!dims || !axes) return [null];
  const lengths = Array.from(dims.data as BigInt64Array, Number);
  const rank = lengths.length;
  // Axes out of range wrap here; the run refuses them.
  const reduced = new Set(Array.from(axes.data as Int32Array, (axis) => ((axis % rank) + rank) % rank));
  const keepDims = op.attr<boolean>('keep_dims');
  return [keepDims ? lengths.map((d, k) => (reduced.has(k) ? 1 : d)) : lengths.filter((_, k) => !reduced.has(k))];
}

const sumGrad: GradFn = (op, [dy], $) => {
  const [at, , dims, axes] = op.inputs;
  const kept = keptShape($, dims, axes);
  const scale = $.floordiv(dims, $.cast(kept, int64));
  const places = $.floordiv(at, scale);
  return [null, $.op('GatherNd', [$.reshape(dy, kept), places]), null, null];
};

/** The shape with 1 for the axes that are reduced, int32: a constant where both are known. */
function keptShape<V>($: Vocabulary<V>, dims: V, axes: V): V {
  const [known, reduced] = [$.constantValue(dims), $.constantValue(axes)];
  if (known && reduced) {
    const kept = Array.from(known.data as BigInt64Array, Number);
    for (const axis of Array.from(reduced.data as Int32Array)) kept[axis < 0 ? axis + kept.length : axis] = 1;
    return $.ints(kept, 'Const');
  }
  const lengths = $.cast(dims, int32);
  const rank = sizeTensor($, lengths);
  const positive = $.mod($.add(axes, rank), rank);
  const ones = $.fill($.shape(positive), $.ints(1, 'ones/Const'), 'ones');
  const range = $.op('Range', [NdArray.zeros(int32, []), rank, new NdArray(int32, [], Int32Array.of(1))], {}, 'range');
  return $.op('DynamicStitch', [
    [range, positive],
    [lengths, ones],
  ]);
}

for (const [kind, doc, types, grad, result] of [
  ['Sum', 'The sums', 'numbertype', sumGrad, [4, 2]],
  ['Max', 'The greatest', 'realnumbertype', null, [3, 2]],
] as const) {
  const inputs = ['input_indices: int64', 'input_values: T', 'input_shape: int64', 'reduction_axes: int32'];
  const attrs = ['keep_dims: bool = false', `T: ${types}`];
  const given = [sample(int64, [3, 2], [0, 1, 1, 0, 2, 1]), values, shape, sample(int32, [1], [0])];
  const found = kind === 'Sum' ? [2, 4] : [2, 3];
  defineOp({
    name: `SparseReduce${kind}`,
    doc: `${doc} of the elements along axes, as a dense tensor: zero where there are none.`,
    inputs,
    outputs: ['output: T'],
    attrs,
    infer: inferReduced,
    grad,
    samples: [{ inputs: given, outputs: [sample(float32, [4], [...found, 0, 0])] }],
  });
  defineOp({
    name: `SparseReduce${kind}Sparse`,
    doc: `${doc} of the elements along axes, as a sparse tensor.`,
    inputs,
    outputs: ['output_indices: int64', 'output_values: T', 'output_shape: int64'],
    attrs,
    infer: () => [null, null, null],
    grad: null,
    samples: [
      {
        inputs: given,
        outputs: [sample(int64, [2, 1], [0, 1]), sample(float32, [2], [result[1], result[0]]), sample(int64, [1], [4])],
      },
    ],
  });
}
