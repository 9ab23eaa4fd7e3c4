/**
 * The functions that compute with sparse tensors: sums, products with dense matrices, extrema, softmax, reductions, and
 * indicators. The ops are in `sparse-arithmetic.ts`; functions that move elements are in `sparse-functions.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { asDType, bool, type DTypeLike, float32, int32, int64 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { isFullyDefined } from '../util/shape.ts';
import { cast } from './cast.ts';
import { convertToTensor, emit, emitOne, graphOf, opScope } from './emit.ts';
import { ones } from './filling.ts';
import { asIndices, vector } from './indices.ts';
import { transpose } from './shaping.ts';
import { sparseReorder, sparseTensorToDense } from './sparse-functions.ts';
import { asSparse, SparseTensor, type SparseTensorLike } from './sparse-tensor.ts';
import { bind, isSymbolic, type Rest, renamed, type TensorLike } from './tensor-like.ts';

interface Named {
  readonly name?: string | null;
}

type NameRest = Rest<[name: string | null], Named>;

/** All or nothing, in the current name scope. */
function atomically<R>(inputs: readonly unknown[], body: () => R): R {
  const graph = graphOf(inputs);
  return graph.atomic(() => graph.asDefault(body));
}

/** Whether an argument that may be dense is a sparse tensor, or the value of one. */
function isSparse(x: unknown): x is SparseTensorLike {
  if (x instanceof SparseTensor) return true;
  return typeof x === 'object' && x !== null && !isSymbolic(x) && 'indices' in x && 'denseShape' in x;
}

export interface SparseAddOptions {
  /** Sums of two elements that are less in magnitude are left out. */
  readonly threshold?: TensorLike | null;
  readonly thresh?: TensorLike | null;
}

type AddRest = Rest<[threshold: TensorLike | null, thresh: TensorLike | null], SparseAddOptions>;

/**
 * The sum of two tensors of one shape, of which at least one is sparse: sparse where both are, else dense. Both must be in
 * row-major order. Throws `TypeError` where neither is sparse, `ValueError` where the static shapes differ.
 *
 *     tf.sparse.add(a, b, 0.1)
 */
export function sparseAdd(a: SparseTensorLike, b: SparseTensorLike, ...rest: AddRest): SparseTensor;
export function sparseAdd(a: SparseTensorLike | TensorLike, b: TensorLike, ...rest: AddRest): Tensor;
export function sparseAdd(a: TensorLike, b: SparseTensorLike, ...rest: AddRest): Tensor;
export function sparseAdd(
  a: SparseTensorLike | TensorLike,
  b: SparseTensorLike | TensorLike,
  ...rest: AddRest
): SparseTensor | Tensor {
  const given = bind<SparseAddOptions>(['threshold', 'thresh'], rest);
  const threshold = renamed(['threshold', 'thresh'], given.threshold, given.thresh) ?? 0;
  if (isSparse(a) && isSparse(b)) return addSparse(a, b, threshold);
  const sparse = isSparse(a) ? a : b;
  const dense = (isSparse(a) ? b : a) as TensorLike;
  if (!isSparse(sparse)) {
    throw new TypeError('At least one input should be SparseTensor; do you mean to use tf.add()?');
  }
  return atomically([sparse.values, dense], () => {
    const { indices, values, denseShape } = asSparse(sparse);
    return emitOne('SparseTensorDenseAdd', [indices, values, denseShape, dense]);
  });
}

function addSparse(a: SparseTensorLike, b: SparseTensorLike, threshold: TensorLike): SparseTensor {
  return atomically([a.values, b.values, threshold], () => {
    const [x, y] = [asSparse(a), asSparse(b)];
    const { dtype } = x.values;
    const real = dtype.isComplex ? asDType(dtype.name === 'complex64' ? 'float32' : 'float64') : dtype;
    const least = convertToTensor(threshold, { dtype: real, name: 'threshold' });
    const parts = [x, y].flatMap((sparse) => [sparse.indices, sparse.values, sparse.denseShape]);
    const [indices, values, computed] = emit('SparseAdd', [...parts, least]).outputs;
    const [p, q] = [x.shape, y.shape];
    if (p && q && (p.length !== q.length || p.some((d, k) => d !== null && q[k] !== null && d !== q[k]))) {
      const shown = (shape: readonly (number | null)[]) => `(${shape.map((d) => d ?? 'None').join(', ')})`;
      throw new ValueError(`Shapes ${shown(p)} and ${shown(q)} are incompatible`);
    }
    const known = p && q ? p.map((d, k) => d ?? q[k]) : null;
    return new SparseTensor(indices, values, isFullyDefined(known) ? [...known] : computed);
  });
}

export interface SparseDenseMatmulOptions extends Named {
  readonly adjointA?: boolean;
  readonly adjointB?: boolean;
}

/**
 * The product of two matrices of which one is sparse, as a dense one. `adjointA` and `adjointB` transpose an operand (and
 * take complex conjugates). Elements outside the shape, or inner lengths that differ, fail the run.
 *
 *     tf.sparse.matmul(x, w)
 */
export function sparseTensorDenseMatmul(
  spA: SparseTensorLike | TensorLike,
  b: TensorLike | SparseTensorLike,
  ...rest: Rest<[adjointA: boolean, adjointB: boolean, name: string | null], SparseDenseMatmulOptions>
): Tensor {
  const options = bind<SparseDenseMatmulOptions>(['adjointA', 'adjointB', 'name'], rest);
  const { adjointA = false, adjointB = false, name } = options;
  if (isSparse(b)) {
    // The op has the sparse matrix on the left.
    const same = adjointA === adjointB;
    return atomically([b.values], () =>
      transpose(
        sparseTensorDenseMatmul(b, spA, {
          adjointA: same ? !adjointA : adjointA,
          adjointB: same ? !adjointB : adjointB,
        }),
      ),
    );
  }
  if (!isSparse(spA)) throw new TypeError('Input must be a SparseTensor.');
  return atomically([spA.values, b], () => {
    const { indices, values, denseShape } = asSparse(spA);
    return opScope(name, 'SparseTensorDenseMatMul', [indices, values, b], () => {
      const dense = convertToTensor(b, { name: 'b' });
      const attrs = { adjoint_a: adjointA, adjoint_b: adjointB };
      return emitOne('SparseTensorDenseMatMul', [indices, values, denseShape, dense], attrs);
    });
  });
}

/**
 * The softmax of the elements that there are, along the last axis; the others stay missing. Floats, of rank 2 at least.
 *
 *     tf.sparse.softmax(x)
 */
export function sparseSoftmax(spInput: SparseTensorLike, ...rest: NameRest): SparseTensor {
  const { name } = bind<Named>(['name'], rest);
  return opScope(name, 'SparseSoftmax', [spInput.values], () => {
    const { indices, values, denseShape } = asSparse(spInput);
    return new SparseTensor(indices, emitOne('SparseSoftmax', [indices, values, denseShape]), denseShape);
  });
}

function extremum(type: string, spA: SparseTensorLike, spB: SparseTensorLike, rest: NameRest): SparseTensor {
  const { name } = bind<Named>(['name'], rest);
  return opScope(name, type, [spA.values, spB.values], (scope) => {
    const [a, b] = [asSparse(spA), asSparse(spB)];
    const parts = [a, b].flatMap((sparse) => [sparse.indices, sparse.values, sparse.denseShape]);
    const found = emit(type, parts, {}, scope);
    return new SparseTensor(found.output(0), found.output(1), a.denseShape);
  });
}

/**
 * The greater of the elements of two sparse tensors of one shape, where one that is missing counts as 0.
 *
 *     tf.sparse.maximum(a, b)
 */
export function sparseMaximum(spA: SparseTensorLike, spB: SparseTensorLike, ...rest: NameRest): SparseTensor {
  return extremum('SparseSparseMaximum', spA, spB, rest);
}

/** The lesser of the elements of two sparse tensors of one shape, where one that is missing counts as 0. */
export function sparseMinimum(spA: SparseTensorLike, spB: SparseTensorLike, ...rest: NameRest): SparseTensor {
  return extremum('SparseSparseMinimum', spA, spB, rest);
}

export interface SparseReduceOptions {
  readonly axis?: TensorLike | null;
  readonly keepdims?: boolean | null;
  readonly reductionAxes?: TensorLike | null;
  readonly keepDims?: boolean | null;
}

type ReduceRest = Rest<
  [axis: TensorLike | null, keepdims: boolean | null, reductionAxes: TensorLike | null, keepDims: boolean | null],
  SparseReduceOptions
>;

function reduce(type: string, spInput: SparseTensorLike, rest: ReduceRest): readonly Tensor[] {
  const given = bind<SparseReduceOptions>(['axis', 'keepdims', 'reductionAxes', 'keepDims'], rest);
  const axis = renamed(['axis', 'reduction_axes'], given.axis, given.reductionAxes);
  const keepdims = renamed(['keepdims', 'keep_dims'], given.keepdims, given.keepDims) ?? false;
  return atomically([spInput.values, axis], () => {
    const { indices, values, denseShape } = asSparse(spInput);
    const axes = axis === null ? allAxes(denseShape) : asIndices(axis);
    return emit(type, [indices, values, denseShape, axes], { keep_dims: keepdims }).outputs;
  });
}

function allAxes(denseShape: Tensor): Tensor {
  const rank = denseShape.shape?.[0] ?? null;
  if (rank !== null) return convertToTensor(vector(...Array.from({ length: rank }, (_, axis) => axis)));
  const size = emitOne('Size', [denseShape], {}, 'Rank');
  return emitOne('Range', [toNdArray(0, int32), size, toNdArray(1, int32)], {}, 'range');
}

/**
 * The sums of the elements along `axis` (a number, a list or an int tensor; all axes without it), as a dense tensor.
 *
 *     tf.sparse.reduceSum(x, 1)
 */
export function sparseReduceSum(spInput: SparseTensorLike, ...rest: ReduceRest): Tensor {
  return reduce('SparseReduceSum', spInput, rest)[0];
}

/** The greatest of the elements that there are along `axis`, as a dense tensor: 0 where there are none. Not differentiable. */
export function sparseReduceMax(spInput: SparseTensorLike, ...rest: ReduceRest): Tensor {
  return reduce('SparseReduceMax', spInput, rest)[0];
}

/** `sparseReduceSum` as a sparse tensor. Not differentiable. */
export function sparseReduceSumSparse(spInput: SparseTensorLike, ...rest: ReduceRest): SparseTensor {
  const [indices, values, shape] = reduce('SparseReduceSumSparse', spInput, rest);
  return new SparseTensor(indices, values, shape);
}

/** `sparseReduceMax` as a sparse tensor. Not differentiable. */
export function sparseReduceMaxSparse(spInput: SparseTensorLike, ...rest: ReduceRest): SparseTensor {
  const [indices, values, shape] = reduce('SparseReduceMaxSparse', spInput, rest);
  return new SparseTensor(indices, values, shape);
}

export interface SparseMergeOptions extends Named {
  /** Whether the indices of the result are known to be in order. */
  readonly alreadySorted?: boolean;
}

/**
 * Values at ids: the last axis of the indices gives way to the ids (integers, or a list of sparse tensors of them, for an
 * axis each) of lengths `vocabSize`.
 *
 *     tf.sparse.merge(ids, weights, vocabularySize)
 */
export function sparseMerge(
  spIds: SparseTensorLike | readonly SparseTensorLike[],
  spValues: SparseTensorLike,
  vocabSize: number | Tensor | readonly (number | Tensor)[],
  ...rest: Rest<[name: string | null, alreadySorted: boolean], SparseMergeOptions>
): SparseTensor {
  const { name, alreadySorted = false } = bind<SparseMergeOptions>(['name', 'alreadySorted'], rest);
  const ids = (Array.isArray(spIds) ? spIds : [spIds]) as readonly SparseTensorLike[];
  const sizes = (Array.isArray(vocabSize) ? vocabSize : [vocabSize]) as readonly (number | Tensor)[];
  if (ids.length !== sizes.length) throw new ValueError('sp_ids and vocab_size have to have equal lengths.');
  return opScope(name, 'SparseMerge', [...ids.map((sparse) => sparse.values), spValues.values], () => {
    const parts = ids.map(asSparse);
    const { values } = asSparse(spValues);
    const columns = parts.map((sparse) => emitOne('ExpandDims', [cast(sparse.values, int64), toNdArray(1, int32)]));
    const lengths = sizes.map((length) => cast(typeof length === 'number' ? toNdArray(length, int32) : length, int64));
    const [first] = parts;
    const attrs = { begin_mask: 3, end_mask: 1 };
    const bounds = [vector(0, 0), vector(0, -1), vector(1, 1)];
    const kept = emitOne('StridedSlice', [first.indices, ...bounds], attrs, 'strided_slice');
    const indices = emitOne('ConcatV2', [[kept, ...columns], toNdArray(1, int32)], {}, 'concat');
    const outer = emitOne(
      'StridedSlice',
      [first.denseShape, vector(0), vector(-1), vector(1)],
      { begin_mask: 1 },
      'strided_slice',
    );
    const inner = emitOne('Pack', [lengths], { axis: 0 }, 'concat/values_1');
    const shape = emitOne('ConcatV2', [[outer, inner], toNdArray(0, int32)], {}, 'concat');
    const merged = new SparseTensor(indices, values, shape);
    if (alreadySorted) return merged;
    const sorted = sparseReorder(merged);
    return new SparseTensor(sorted.indices, sorted.values, shape);
  });
}

/**
 * A dense bool tensor that is true at the ids: the last axis gives way to one of length `vocabSize`. Ids outside of it fail
 * the run.
 *
 *     tf.sparse.toIndicator(new tf.SparseTensor([[0, 0], [1, 0]], tf.constant([2, 0], tf.int64), [2, 1]), 3)
 */
export function sparseToIndicator(spInput: SparseTensorLike, vocabSize: number | Tensor, ...rest: NameRest): Tensor {
  const { name } = bind<Named>(['name'], rest);
  return opScope(name, 'SparseToIndicator', [spInput.values], (scope) => {
    const { indices, values, denseShape } = asSparse(spInput);
    const count = emitOne('Shape', [values]);
    const marks = emitOne('Fill', [count, toNdArray(true, bool)]);
    const merged = sparseMerge(
      new SparseTensor(indices, values, denseShape),
      new SparseTensor(indices, marks, denseShape),
      vocabSize,
    );
    return sparseTensorToDense(merged, toNdArray(false, bool), false, scope);
  });
}

export interface SparseEyeOptions extends Named {
  readonly numColumns?: number | Tensor | null;
  readonly dtype?: DTypeLike;
}

/**
 * A sparse matrix with ones on its diagonal, float32 without `dtype`.
 *
 *     tf.sparse.eye(3)
 */
export function sparseEye(
  numRows: number | Tensor,
  ...rest: Rest<[numColumns: number | Tensor | null, dtype: DTypeLike, name: string | null], SparseEyeOptions>
): SparseTensor {
  const { numColumns, dtype = float32, name } = bind<SparseEyeOptions>(['numColumns', 'dtype', 'name'], rest);
  return opScope(name, 'eye', [numRows, numColumns], () => {
    const length = (value: number | Tensor, label: string) =>
      typeof value === 'number' ? convertToTensor(toNdArray(value, int64), { name: label }) : cast(value, int64);
    const rows = length(numRows, 'num_rows');
    const columns = numColumns == null ? rows : length(numColumns, 'num_columns');
    const size = emitOne('Minimum', [rows, columns]);
    const range = emitOne('Range', [toNdArray(0, int64), size, toNdArray(1, int64)], {}, 'range');
    const indices = emitOne('Pack', [[range, range]], { axis: 1 }, 'stack');
    const known = typeof numRows === 'number' && (numColumns == null || typeof numColumns === 'number');
    const shape = known ? [numRows, (numColumns ?? numRows) as number] : [rows, columns];
    return new SparseTensor(indices, ones(emitOne('Reshape', [size, vector(-1)]), { dtype }), shape);
  });
}
