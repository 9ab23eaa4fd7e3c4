/**
 * Ops that move the elements of sparse tensors: to dense ones, into order, into other shapes, cut and joined. The functions
 * that programs call are in `sparse-functions.ts`, arithmetic is in `sparse-arithmetic.ts`.
 */

import { bool, float32, int32, int64 } from '../util/dtype.ts';
import { NdArray } from '../util/ndarray.ts';
import type { Shape } from '../util/shape.ts';
import { vector } from './indices.ts';
import { defineOp, type GradFn, type InferContext, ShapeError, sample } from './opdef/define.ts';
import { merge, mergeDim, withRank } from './opdef/shape-rules.ts';

/** What sparse inputs have in common in the samples: three elements of a matrix of three rows and four columns. */
const indices = sample(int64, [3, 2], [0, 1, 1, 0, 2, 3]);
const values = sample(float32, [3], [1, 2, 3]);
const shape = sample(int64, [2], [3, 4]);

/** The length of a vector. */
const lengthOf = (vectorShape: Shape) => vectorShape?.[0] ?? null;

const toDenseGrad: GradFn = (op, [dy], $) => {
  const picked = $.op('GatherNd', [dy, op.inputs[0]]);
  const all = (x: typeof dy) => {
    const known = $.shapeOf(x);
    return known
      ? $.sum(
          x,
          known.map((_, axis) => axis),
        )
      : $.sum(x, $.op('Range', [zero(), $.rank(x), one()], {}, 'range'));
  };
  return [null, null, picked, $.sub(all(dy), all(picked))];
};

const zero = () => NdArray.zeros(int32, []);
const one = () => new NdArray(int32, [], Int32Array.of(1));

defineOp({
  name: 'SparseToDense',
  doc: 'The dense tensor with the values at the indices and a default elsewhere.',
  inputs: ['sparse_indices: Tindices', 'output_shape: Tindices', 'sparse_values: T', 'default_value: T'],
  outputs: ['dense: T'],
  attrs: ['validate_indices: bool = true', 'T: type', 'Tindices: {int32, int64}'],
  infer: (op) => {
    withRank(op.shape(1), 1);
    return [op.constantShape(1)];
  },
  grad: toDenseGrad,
  samples: [
    {
      inputs: [indices, shape, values, sample(float32, [], [0])],
      outputs: [sample(float32, [3, 4], [0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 3])],
    },
  ],
});

defineOp({
  name: 'SparseReorder',
  doc: 'The same elements in row-major order.',
  inputs: ['input_indices: int64', 'input_values: T', 'input_shape: int64'],
  outputs: ['output_indices: int64', 'output_values: T'],
  attrs: ['T: type'],
  infer: (op) => {
    const found = [withRank(op.shape(0), 2), withRank(op.shape(1), 1)];
    withRank(op.shape(2), 1);
    return found;
  },
  grad: (op, [, dy], $) => {
    const [at, , whole] = op.inputs;
    const first = { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 1 };
    const count = $.op('StridedSlice', [$.shape(at), vector(0), vector(1), vector(1)], first, 'strided_slice');
    const positions = $.op('Range', [zero(), count, one()], {}, 'range');
    const [, order] = $.ops('SparseReorder', [at, positions, whole]);
    return [null, $.gather(dy, $.op('InvertPermutation', [order])), null];
  },
  samples: [
    {
      inputs: [sample(int64, [3, 2], [2, 3, 1, 0, 0, 1]), values, shape],
      outputs: [indices, sample(float32, [3], [3, 2, 1])],
    },
  ],
});

defineOp({
  name: 'SparseReshape',
  doc: 'The indices and the shape of the elements in another shape; -1 stands for what is left.',
  inputs: ['input_indices: int64', 'input_shape: int64', 'new_shape: int64'],
  outputs: ['output_indices: int64', 'output_shape: int64'],
  infer: (op) => {
    const at = withRank(op.shape(0), 2);
    withRank(op.shape(1), 1);
    const to = withRank(op.shape(2), 1);
    return [[at[0], to[0]], to];
  },
  grad: null,
  samples: [
    {
      inputs: [indices, shape, sample(int64, [2], [2, -1])],
      outputs: [sample(int64, [3, 2], [0, 1, 0, 4, 1, 5]), sample(int64, [2], [2, 6])],
    },
  ],
});

defineOp({
  name: 'SparseSlice',
  doc: 'The elements from a start on, of a size cut to what there is.',
  inputs: ['indices: int64', 'values: T', 'shape: int64', 'start: int64', 'size: int64'],
  outputs: ['output_indices: int64', 'output_values: T', 'output_shape: int64'],
  attrs: ['T: type'],
  infer: (op) => [[null, lengthOf(op.shape(2))], [null], op.shape(2)],
  grad: (op, [, dy], $) => {
    const [at, , , start] = op.inputs;
    return [null, $.op('SparseSliceGrad', [dy, at, start, op.outputs[0]]), null, null, null];
  },
  samples: [
    {
      inputs: [indices, values, shape, sample(int64, [2], [1, 0]), sample(int64, [2], [2, 3])],
      outputs: [sample(int64, [1, 2], [0, 0]), sample(float32, [1], [2]), sample(int64, [2], [2, 3])],
    },
  ],
});

defineOp({
  name: 'SparseSliceGrad',
  doc: 'The gradient of `SparseSlice`: zeros for the elements that were cut off.',
  inputs: ['backprop_val_grad: T', 'input_indices: int64', 'input_start: int64', 'output_indices: int64'],
  outputs: ['val_grad: T'],
  attrs: ['T: numbertype'],
  infer: (op) => [[withRank(op.shape(1), 2)[0]]],
  grad: null,
  samples: [
    {
      inputs: [sample(float32, [1], [7]), indices, sample(int64, [2], [1, 0]), sample(int64, [1, 2], [0, 0])],
      outputs: [sample(float32, [3], [0, 7, 0])],
    },
  ],
});

defineOp({
  name: 'SparseSplit',
  doc: 'Parts along an axis; the first are longer by one where it does not divide.',
  inputs: ['split_dim: int64', 'indices: int64', 'values: T', 'shape: int64'],
  outputs: ['output_indices: num_split * int64', 'output_values: num_split * T', 'output_shape: num_split * int64'],
  attrs: ['num_split: int >= 1', 'T: type'],
  infer: (op) => {
    const parts = Array.from({ length: op.attr<number>('num_split') });
    const rank = lengthOf(op.shape(3));
    return [...parts.map(() => [null, rank]), ...parts.map(() => [null]), ...parts.map(() => op.shape(3))];
  },
  grad: null,
  samples: [
    {
      inputs: [sample(int64, [], [1]), indices, values, shape],
      attrs: { num_split: 2 },
      outputs: [
        sample(int64, [2, 2], [0, 1, 1, 0]),
        sample(int64, [1, 2], [2, 1]),
        sample(float32, [2], [1, 2]),
        sample(float32, [1], [3]),
        sample(int64, [2], [3, 2]),
        sample(int64, [2], [3, 2]),
      ],
    },
  ],
});

function inferConcat(op: InferContext) {
  const n = op.inputCount / 3;
  let rows: number | null = 0;
  let columns: number | null = null;
  let whole: Shape = null;
  for (let i = 0; i < n; i++) {
    const at = withRank(op.shape(i), 2);
    const count = mergeDim(at[0], withRank(op.shape(n + i), 1)[0]);
    rows = rows === null || count === null ? null : rows + count;
    columns = mergeDim(columns, at[1]);
    whole = merge(whole, withRank(op.shape(2 * n + i), 1));
  }
  return [[rows, columns], [rows], whole];
}

defineOp({
  name: 'SparseConcat',
  doc: 'Sparse tensors one after another along an axis, in row-major order.',
  inputs: ['indices: N * int64', 'values: N * T', 'shapes: N * int64'],
  outputs: ['output_indices: int64', 'output_values: T', 'output_shape: int64'],
  attrs: ['concat_dim: int', 'N: int >= 2', 'T: type'],
  infer: inferConcat,
  // TensorFlow lets no gradient through, without a word.
  grad: (op) => op.inputs.map(() => null),
  samples: [
    {
      inputs: [
        indices,
        sample(int64, [1, 2], [0, 0]),
        values,
        sample(float32, [1], [4]),
        shape,
        sample(int64, [2], [3, 2]),
      ],
      attrs: { concat_dim: 1, N: 2 },
      outputs: [
        sample(int64, [4, 2], [0, 1, 0, 4, 1, 0, 2, 3]),
        sample(float32, [4], [1, 4, 2, 3]),
        sample(int64, [2], [3, 6]),
      ],
    },
  ],
});

defineOp({
  name: 'SparseFillEmptyRows',
  doc: 'The elements with a default in the first column of every row that has none.',
  inputs: ['indices: int64', 'values: T', 'dense_shape: int64', 'default_value: T'],
  outputs: ['output_indices: int64', 'output_values: T', 'empty_row_indicator: bool', 'reverse_index_map: int64'],
  attrs: ['T: type'],
  infer: (op) => {
    const at = withRank(op.shape(0), 2);
    const count = mergeDim(at[0], withRank(op.shape(1), 1)[0]);
    const rank = lengthOf(withRank(op.shape(2), 1));
    withRank(op.shape(3), 0);
    mergeDim(at[1], rank);
    if (rank === 0) throw new ShapeError('dense_shape must not be empty');
    return [[null, rank], [null], [op.constantShape(2)?.[0] ?? null], [count]];
  },
  grad: (op, [, dy], $) => {
    const [dValues, dDefault] = $.ops('SparseFillEmptyRowsGrad', [op.outputs[3], dy]);
    return [null, dValues, null, dDefault];
  },
  samples: [
    {
      inputs: [sample(int64, [2, 2], [0, 1, 2, 0]), sample(float32, [2], [1, 2]), shape, sample(float32, [], [9])],
      outputs: [
        sample(int64, [3, 2], [0, 1, 1, 0, 2, 0]),
        sample(float32, [3], [1, 9, 2]),
        sample(bool, [3], [false, true, false]),
        sample(int64, [2], [0, 2]),
      ],
    },
  ],
});

defineOp({
  name: 'SparseFillEmptyRowsGrad',
  doc: 'The gradients of `SparseFillEmptyRows`: for the values, and for the default.',
  inputs: ['reverse_index_map: int64', 'grad_values: T'],
  outputs: ['d_values: T', 'd_default_value: T'],
  attrs: ['T: type'],
  infer: (op) => {
    const map = withRank(op.shape(0), 1);
    withRank(op.shape(1), 1);
    return [map, []];
  },
  grad: null,
  samples: [
    {
      inputs: [sample(int64, [2], [0, 2]), sample(float32, [3], [1, 2, 3])],
      outputs: [sample(float32, [2], [1, 3]), sample(float32, [], [2])],
    },
  ],
});
