/**
 * Merging slices of several tensors, sorting slices into several tensors, permutations, and sets of values (`Unique`).
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { asDType, type DTypeLike, float32, int32, int64 } from '../util/dtype.ts';
import { NdArray } from '../util/ndarray.ts';
import type { Dim, Shape } from '../util/shape.ts';
import { emit, emitOne } from './emit.ts';
import { asIndices } from './indices.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, sample } from './opdef/define.ts';
import { merge, normalizeAxis, withRank } from './opdef/shape-rules.ts';
import { intArray, intsOf } from './opdef/small-ints.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const p3 = sample(float32, [3], [1, 2, 3]);

// Stitch and partition

function inferStitch(op: InferContext): Inferred {
  const count = op.inputCount / 2;
  let tail: Shape = null;
  let length: Dim = 0;
  for (let i = 0; i < count; i++) {
    const indices = op.constant(i);
    const values = intsOf(indices);
    if (!values || length === null) length = null;
    else length = values.reduce((most, v) => Math.max(most, v + 1), length);
    const [at, data] = [op.shape(i), op.shape(count + i)];
    if (at === null || data === null) continue;
    merge(at, data.slice(0, at.length));
    tail = merge(tail, data.slice(at.length));
  }
  return [tail === null ? null : [length, ...tail]];
}

const stitchGrad: GradFn = (op, [dy], $) => {
  const count = op.inputs.length / 2;
  const indices = op.inputs.slice(0, count);
  const values = indices.map((at) => $.gather(dy, at));
  return [...indices.map(() => null), ...values];
};

const stitchSample = {
  inputs: [
    sample(int32, [2], [0, 2]),
    sample(int32, [1], [1]),
    sample(float32, [2], [1, 3]),
    sample(float32, [1], [5]),
  ],
  outputs: [sample(float32, [3], [1, 5, 3])],
};

for (const name of ['DynamicStitch', 'ParallelDynamicStitch']) {
  defineOp({
    name,
    doc: 'The slices of several tensors, each put where its indices say; of several at one place the last.',
    inputs: ['indices: N * int32', 'data: N * T'],
    outputs: ['merged: T'],
    attrs: ['N: int >= 1', 'T: type'],
    infer: inferStitch,
    grad: stitchGrad,
    fold: (op) => {
      const count = op.inputCount / 2;
      const found = new Map<number, number>();
      for (let i = 0; i < count; i++) {
        const [at, values] = [intsOf(op.constant(i)), intsOf(op.constant(count + i))];
        if (!at || !values || at.length !== values.length) return null;
        at.forEach((position, k) => {
          found.set(position, values[k]);
        });
      }
      const length = Math.max(-1, ...found.keys()) + 1;
      if (found.size !== length) return null;
      const folded = intArray(
        op.outputDType(0),
        [length],
        Array.from({ length }, (_, i) => found.get(i) as number),
      );
      return folded && [folded];
    },
    samples: [stitchSample],
  });
}

defineOp({
  name: 'DynamicPartition',
  doc: 'The slices of a tensor, sorted into tensors by number.',
  inputs: ['data: T', 'partitions: int32'],
  outputs: ['outputs: num_partitions * T'],
  attrs: ['num_partitions: int >= 1', 'T: type'],
  infer: (op) => {
    const [data, partitions] = [op.shape(0), op.shape(1)];
    const count = op.attr<number>('num_partitions');
    if (data === null || partitions === null) return new Array<Shape>(count).fill(null);
    merge(data.slice(0, partitions.length), partitions);
    return new Array<Shape>(count).fill([null, ...data.slice(partitions.length)]);
  },
  grad: (op, dy, $) => {
    const [data, partitions] = op.inputs;
    const count = op.attr<number>('num_partitions');
    const prefix = $.shape(partitions);
    const size = $.prod(prefix, $.ints([0]));
    const range = $.op('Range', [NdArray.zeros(int32, []), size, toNdArray(1, int32)], {}, 'range');
    const original = $.reshape(range, prefix);
    const indices = $.ops('DynamicPartition', [original, partitions], { num_partitions: count });
    const stitched = $.op('ParallelDynamicStitch', [[...indices], [...dy]]);
    return [$.reshape(stitched, $.shape(data)), null];
  },
  samples: [
    {
      inputs: [p3, sample(int32, [3], [1, 0, 1])],
      attrs: { num_partitions: 2 },
      outputs: [sample(float32, [1], [2]), sample(float32, [2], [1, 3])],
      // The shape of the outputs depends on the data.
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'InvertPermutation',
  doc: 'The inverse of a permutation of 0 to n - 1.',
  inputs: ['x: T'],
  outputs: ['y: T'],
  attrs: ['T: {int32, int64} = int32'],
  infer: (op) => [withRank(op.shape(0), 1)],
  grad: () => [null],
  fold: (op) => {
    const values = intsOf(op.constant(0));
    if (!values) return null;
    const inverse = new Array<number>(values.length).fill(-1);
    values.forEach((v, i) => {
      if (v >= 0 && v < values.length) inverse[v] = i;
    });
    if (inverse.includes(-1)) return null;
    const folded = intArray(op.outputDType(0), [values.length], inverse);
    return folded && [folded];
  },
  samples: [{ inputs: [sample(int32, [3], [2, 0, 1])], outputs: [sample(int32, [3], [1, 2, 0])] }],
});

// Sets of values

const UNIQUE = ['T: type', 'out_idx: {int32, int64} = int32'];
const UNIQUE_V2 = ['T: type', 'Taxis: {int32, int64} = int64', 'out_idx: {int32, int64} = int32'];

defineOp({
  name: '_PaddedUnique',
  doc: 'As `Unique`, with -1 in the places that are left over. Indices that int32 does not hold, or below 0, become its greatest.',
  inputs: ['x: T'],
  outputs: ['y: int32', 'idx: int32'],
  attrs: ['T: {int32, int64}'],
  infer: (op) => [withRank(op.shape(0), 1), withRank(op.shape(0), 1)],
  grad: null,
  samples: [
    {
      inputs: [sample(int32, [4], [5, 6, 5, 0])],
      outputs: [sample(int32, [4], [5, 6, 0, -1]), sample(int32, [4], [0, 1, 0, 2])],
    },
  ],
});

for (const counts of [false, true]) {
  const outputs = ['y: T', 'idx: out_idx', ...(counts ? ['count: out_idx'] : [])];
  defineOp({
    name: counts ? 'UniqueWithCounts' : 'Unique',
    doc: `The distinct elements of a vector in order, and where each element is among them${counts ? ', and how often' : ''}.`,
    inputs: ['x: T'],
    outputs,
    attrs: UNIQUE,
    infer: (op) => [[null], withRank(op.shape(0), 1), ...(counts ? [[null]] : [])],
    grad: null,
    samples: [
      {
        inputs: [sample(int32, [3], [5, 6, 5])],
        outputs: [
          sample(int32, [2], [5, 6]),
          sample(int32, [3], [0, 1, 0]),
          ...(counts ? [sample(int32, [2], [2, 1])] : []),
        ],
      },
    ],
  });
  defineOp({
    name: counts ? 'UniqueWithCountsV2' : 'UniqueV2',
    doc: `The distinct slices along an axis in order, and where each slice is among them${counts ? ', and how often' : ''}.`,
    inputs: ['x: T', 'axis: Taxis'],
    outputs,
    attrs: UNIQUE_V2,
    infer: (op) => {
      const shape = op.shape(0);
      const axis = intsOf(op.constant(1));
      const more: Inferred = counts ? [[null]] : [];
      if (shape === null || !axis) return [null, [null], ...more];
      if (axis.length === 0) {
        withRank(shape, 1);
        return [[null], shape, ...more];
      }
      const at = normalizeAxis(axis[0], shape.length);
      return [shape.map(() => null), [shape[at]], ...more];
    },
    grad: null,
    samples: [
      {
        inputs: [sample(int32, [2, 3], [1, 2, 1, 3, 4, 3]), sample(int64, [1], [1n])],
        outputs: [
          sample(int32, [2, 2], [1, 2, 3, 4]),
          sample(int32, [3], [0, 1, 0]),
          ...(counts ? [sample(int32, [2], [2, 1])] : []),
        ],
      },
    ],
  });
}

defineOp({
  name: 'ListDiff',
  doc: 'The elements of a vector that are not in another, and where they are.',
  inputs: ['x: T', 'y: T'],
  outputs: ['out: T', 'idx: out_idx'],
  attrs: UNIQUE,
  infer: (op) => {
    withRank(op.shape(0), 1);
    withRank(op.shape(1), 1);
    return [[null], [null]];
  },
  grad: () => [null, null],
  fold: (op) => {
    const [x, y] = [intsOf(op.constant(0)), intsOf(op.constant(1))];
    if (!x || !y) return null;
    const without = new Set(y);
    const at = x.map((_, i) => i).filter((i) => !without.has(x[i]));
    const values = at.map((i) => x[i]);
    return [intArray(op.outputDType(0), [at.length], values), intArray(op.outputDType(1), [at.length], at)];
  },
  samples: [
    {
      inputs: [sample(int32, [4], [3, 2, 1, 3]), sample(int32, [1], [3])],
      outputs: [sample(int32, [2], [2, 1]), sample(int32, [2], [1, 2])],
    },
  ],
});

interface Named {
  readonly name?: string | null;
}

/**
 * The slices of several tensors merged into one: slice `i` of `data[k]` goes to row `indices[k][i]`; of several for one
 * row the last counts. Row numbers must cover 0 to the greatest one.
 *
 *     tf.dynamicStitch([[0, 2], [1]], [[10, 30], [20]])  // [10, 20, 30]
 */
export function dynamicStitch(
  indices: readonly TensorLike[],
  data: readonly TensorLike[],
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  const { name } = bind<Named>(['name'], rest);
  return emitOne('DynamicStitch', [indices.map(asIndices), data], {}, name);
}

/** `dynamicStitch` where no two slices have one place. */
export function parallelDynamicStitch(
  indices: readonly TensorLike[],
  data: readonly TensorLike[],
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  const { name } = bind<Named>(['name'], rest);
  return emitOne('ParallelDynamicStitch', [indices.map(asIndices), data], {}, name);
}

/**
 * The slices of `data` sorted into `numPartitions` tensors: slice `i` goes to tensor `partitions[i]` (int32).
 *
 *     const [even, odd] = tf.dynamicPartition(x, [0, 1, 0], 2);
 */
export function dynamicPartition(
  data: TensorLike,
  partitions: TensorLike,
  numPartitions: number,
  ...rest: Rest<[name: string | null], Named>
): readonly Tensor[] {
  const { name } = bind<Named>(['name'], rest);
  return emit('DynamicPartition', [data, asIndices(partitions)], { num_partitions: numPartitions }, name).outputs;
}

/**
 * The inverse of a permutation: `y[x[i]] = i`. A value that is missing or double fails the run.
 *
 *     tf.invertPermutation([2, 0, 1])          // [1, 2, 0]
 */
export function invertPermutation(x: TensorLike, ...rest: Rest<[name: string | null], Named>): Tensor {
  return emitOne('InvertPermutation', [asIndices(x)], {}, bind<Named>(['name'], rest).name);
}

export interface UniqueOptions {
  readonly outIdx?: DTypeLike;
  readonly name?: string | null;
}

/**
 * The distinct elements of a vector in the order they come, `y`, and for each element its place among them, `idx`
 * (int32, or `outIdx`).
 *
 *     const {y, idx} = tf.unique([7, 8, 7]);   // [7, 8], [0, 1, 0]
 */
export function unique(
  x: TensorLike,
  ...rest: Rest<[outIdx: DTypeLike, name: string | null], UniqueOptions>
): { readonly y: Tensor; readonly idx: Tensor } {
  const { outIdx, name } = bind<UniqueOptions>(['outIdx', 'name'], rest);
  const [y, idx] = emit('Unique', [x], { out_idx: asDType(outIdx ?? int32) }, name).outputs;
  return { y, idx };
}

/**
 * `unique`, and how often each distinct element is there, `count`.
 *
 *     const {y, count} = tf.uniqueWithCounts(x);
 */
export function uniqueWithCounts(
  x: TensorLike,
  ...rest: Rest<[outIdx: DTypeLike, name: string | null], UniqueOptions>
): { readonly y: Tensor; readonly idx: Tensor; readonly count: Tensor } {
  const { outIdx, name } = bind<UniqueOptions>(['outIdx', 'name'], rest);
  const [y, idx, count] = emit('UniqueWithCounts', [x], { out_idx: asDType(outIdx ?? int32) }, name).outputs;
  return { y, idx, count };
}

/**
 * The elements of `x` that are not in `y`, `out`, and where they are, `idx`.
 *
 *     const {out} = tf.setdiff1d([1, 2, 3], [2]);        // [1, 3]
 */
export function setdiff1d(
  x: TensorLike,
  y: TensorLike,
  ...rest: Rest<[indexDtype: DTypeLike, name: string | null], { readonly indexDtype?: DTypeLike } & Named>
): { readonly out: Tensor; readonly idx: Tensor } {
  const { indexDtype, name } = bind<{ indexDtype: DTypeLike; name: string | null }>(['indexDtype', 'name'], rest);
  const [out, idx] = emit('ListDiff', [x, y], { out_idx: asDType(indexDtype ?? int32) }, name).outputs;
  return { out, idx };
}
