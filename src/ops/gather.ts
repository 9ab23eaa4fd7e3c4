/**
 * Reading elements at indices: `Gather`, `GatherV2`, `GatherNd`, and masks. Writing is in `scatter.ts`, merging and sorting
 * into tensors in `stitch.ts`, lookups in tables of embeddings in `embedding.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { float32, int32, int64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import { formatShape, isFullyDefined, numElements } from '../util/shape.ts';
import { batchGatherNd } from './batch-gather-nd.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { asIndices, vector } from './indices.ts';
import {
  type Cotangent,
  defineOp,
  type GradFn,
  type InferContext,
  type Inferred,
  type OpView,
  ShapeError,
  sample,
} from './opdef/define.ts';
import { sizeTensor } from './opdef/reduced-shape.ts';
import { merge, unchanged, withRankAtLeast } from './opdef/shape-rules.ts';
import { intArray, intsOf } from './opdef/small-ints.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const INDICES = 'Tindices: {int16, int32, int64}';
const POLICY = 'bad_indices_policy: string = ""';
const i3 = sample(int32, [3], [0, 2, 2]);
const p3 = sample(float32, [3], [1, 2, 3]);

function staticScalar(array: NdArray | null): number | null {
  return array ? Number(array.data[0] as number | bigint) : null;
}

/** The rows of the gradient: as many as there are indices, of the width of the params. */
function rowsGradient<V>(params: V, indices: V, dy: V, $: Vocabulary<V>): Cotangent<V> {
  const shape = $.shape(params);
  const count = $.expandDims(sizeTensor($, indices), 0);
  const tail = $.op('StridedSlice', [shape, vector(1), vector(0), vector(1)], { end_mask: 1 }, 'strided_slice');
  const values = $.reshape(dy, $.concat([count, tail], 0));
  return { values, indices: $.reshape(indices, count), denseShape: shape };
}

/**
 * The gradient along an inner axis: the axis is moved to the front (after the batch), summed there, moved back. The names
 * of what is packed for slices are those that the slices are going to have.
 */
function axisGradient<V>(op: OpView<V>, dy: V, batchDims: number, $: Vocabulary<V>): V {
  const [params, indices, axis] = op.inputs;
  const ints = (value: number): NdArray => toNdArray(value, int32);
  const slice = (from: V, bounds: readonly V[], name: string, attrs: Readonly<Record<string, number>>): V => {
    const [begin, end, step] = bounds.map((x, i) => $.pack([x], 0, `${name}/stack${i === 0 ? '' : `_${i}`}`));
    return $.op('StridedSlice', [from, begin, end, step ?? vector(1)], attrs, 'strided_slice');
  };
  const shape = $.shape(params);
  $.expandDims(sizeTensor($, indices), 0);
  const [zero, one] = [$.scalarLike(0, axis), $.scalarLike(1, axis)];
  const outer = slice(shape, [zero, axis, one], 'strided_slice', { begin_mask: 1 });
  const [end, step] = [$.scalarLike(0, axis), $.scalarLike(1, axis)];
  const fromAxis = slice(shape, [axis, end, step], 'strided_slice_1', { end_mask: 1 });
  const inner = $.op('StridedSlice', [fromAxis, vector(1), vector(0), vector(1)], { end_mask: 1 }, 'strided_slice');
  const valuesShape = $.concat([outer, $.ints([-1], 'concat/values_1'), inner], 0);
  const rank = sizeTensor($, valuesShape);
  const front = sizeTensor($, outer);
  const batchAxes = $.op('Range', [ints(0), ints(batchDims), ints(1)], {}, 'range');
  const middleAxes = $.op('Range', [ints(batchDims), front, ints(1)], {}, 'range');
  const innerAxes = $.op('Range', [$.add(front, 1), rank, ints(1)], {}, 'range');
  const values = $.reshape(dy, valuesShape);
  const perm = $.concat([batchAxes, $.pack([front], 0, 'concat_1/values_1'), middleAxes, innerAxes], 0);
  const moved = $.transpose(values, perm);
  const movedShape = $.gather(shape, perm);
  const length = slice(shape, [axis, $.add(axis, 1)], 'strided_slice_3', { shrink_axis_mask: 1 });
  const summed = frontGradient(moved, movedShape, indices, length, batchDims, $);
  const back = $.concat([batchAxes, $.add(middleAxes, 1), $.ints([batchDims], 'concat_2/values_2'), innerAxes], 0);
  return $.reshape($.transpose(summed, back), $.shape(params));
}

/** Rows summed at their indices; those of a batch are made distinct by an offset. */
function frontGradient<V>(values: V, shape: V, indices: V, length: V, batchDims: number, $: Vocabulary<V>): V {
  const count = $.expandDims(sizeTensor($, indices), 0);
  if (batchDims === 0) return $.op('UnsortedSegmentSum', [values, $.reshape(indices, count), length]);
  const valuesShape = $.shape(values);
  const part = (begin: number, end: number, mask: number): V =>
    $.op('StridedSlice', [valuesShape, vector(begin), vector(end), vector(1)], { end_mask: mask }, 'strided_slice');
  const [outer, inner] = [part(0, batchDims, 0), part(batchDims + 1, 0, 1)];
  const flatShape = $.concat([$.ints([-1]), inner], 0);
  const batch = $.prod(outer, [0]);
  const type = $.dtypeOf(indices);
  const perBatch = $.reshape(indices, $.pack([batch, $.ints(-1)]));
  const starts = $.op('Range', [toNdArray(0, int32), batch, toNdArray(1, int32)], {}, 'range');
  const offsets = $.mul($.cast($.expandDims(starts, 1), type), $.cast(length, type));
  const flat = $.reshape($.add(perBatch, offsets), count);
  const summed = $.op('UnsortedSegmentSum', [$.reshape(values, flatShape), flat, $.mul(length, batch)]);
  const lengths = $.slice(shape, [0], $.expandDims($.ints(batchDims + 1), 0));
  return $.reshape(summed, $.concat([lengths, inner], 0));
}

const gatherGrad: GradFn = (op, [dy], $) => {
  const [params, indices, axisInput] = op.inputs;
  const axis = axisInput === undefined ? 0 : staticScalar($.constantValue(axisInput));
  const nulls = axisInput === undefined ? [null] : [null, null];
  if (axis === 0) return [rowsGradient(params, indices, dy, $), ...nulls];
  const rank = $.shapeOf(indices)?.length;
  const batchDims = op.attr<number>('batch_dims');
  if (batchDims < 0 && rank === undefined) {
    throw new ValueError('The gradient of gather with negative batch_dims needs indices of known rank.');
  }
  return [axisGradient(op, dy, batchDims < 0 ? batchDims + (rank ?? 0) : batchDims, $), ...nulls];
};

defineOp({
  name: 'Gather',
  doc: 'Rows of the params at the indices.',
  inputs: ['params: Tparams', 'indices: Tindices'],
  outputs: ['output: Tparams'],
  attrs: ['validate_indices: bool = true', 'Tparams: type', 'Tindices: {int32, int64}'],
  infer: (op) => {
    const params = withRankAtLeast(op.shape(0), 1);
    const indices = op.shape(1);
    return [params === null || indices === null ? null : [...indices, ...params.slice(1)]];
  },
  grad: gatherGrad,
  decompose: (op, $) => [$.gather(op.inputs[0], op.inputs[1], 0)],
  samples: [{ inputs: [p3, i3], outputs: [sample(float32, [3], [1, 3, 3])] }],
});

function inferGatherV2(op: InferContext): Inferred {
  const params = withRankAtLeast(op.shape(0), 1);
  const indices = op.shape(1);
  const axisValue = staticScalar(op.constant(2));
  const given = op.attr<number>('batch_dims');
  if (params === null || indices === null) return [null];
  const batchDims = given < 0 ? given + indices.length : given;
  if (batchDims < 0 || batchDims > indices.length) {
    throw new ShapeError(`batch_dims ${given} must be in range [${-indices.length}, ${indices.length}]`);
  }
  if (axisValue === null) {
    return [new Array<null>(params.length - 1 + indices.length - batchDims).fill(null)];
  }
  if (axisValue < -params.length || axisValue >= params.length) {
    const least = axisValue < 0 ? -axisValue : axisValue + 1;
    throw new ShapeError(`Shape must be at least rank ${least} but is rank ${params.length}`);
  }
  const axis = axisValue < 0 ? axisValue + params.length : axisValue;
  if (axis < batchDims) throw new ShapeError(`batch_dims (${batchDims}) must be less than or equal to axis (${axis})`);
  merge(params.slice(0, batchDims), indices.slice(0, batchDims));
  return [[...params.slice(0, axis), ...indices.slice(batchDims), ...params.slice(axis + 1)]];
}

defineOp({
  name: 'GatherV2',
  doc: 'Slices of the params along an axis at the indices, batch by batch.',
  inputs: ['params: Tparams', 'indices: Tindices', 'axis: Taxis'],
  outputs: ['output: Tparams'],
  attrs: ['batch_dims: int = 0', 'Tparams: type', INDICES, 'Taxis: {int32, int64}'],
  infer: inferGatherV2,
  grad: gatherGrad,
  fold: (op) => {
    const [params, at] = [op.constant(0), op.constant(1)];
    const [values, indices] = [intsOf(params), intsOf(at)];
    if (!params || !at || !values || !indices || params.rank !== 1 || op.attr('batch_dims') !== 0) return null;
    if (indices.some((i) => i < 0 || i >= values.length)) return null;
    const folded = intArray(
      params.dtype,
      at.shape,
      indices.map((i) => values[i]),
    );
    return folded && [folded];
  },
  foldShape: (op) => {
    const dims = op.constantShape(0);
    const at = op.constant(1);
    const indices = intsOf(at);
    if (!dims || !indices || at?.rank !== 1) return null;
    return indices.map((i) => dims[i] ?? null);
  },
  // Backends do not report bad indices in TensorFlow's words, if at all: the host looks at them before.
  decompose: (op, $) => {
    const [params, indices, axisInput] = op.inputs;
    const shape = $.shapeOf(params);
    const axis = staticScalar($.constantValue(axisInput));
    if (op.attr('_checked') === true || $.dtypeOf(params) !== float32 || !isFullyDefined(shape) || axis === null) {
      return null;
    }
    const limit = shape[axis < 0 ? axis + shape.length : axis];
    const checked = $.op('_CheckedIndices', [indices], { limit });
    const attrs = { batch_dims: op.attr<number>('batch_dims'), _checked: true };
    return [$.op('GatherV2', [params, checked, axisInput], attrs)];
  },
  samples: [
    { inputs: [p3, i3, sample(int32, [], [0])], outputs: [sample(float32, [3], [1, 3, 3])] },
    {
      inputs: [sample(float32, [2, 2], [1, 2, 3, 4]), sample(int32, [2], [1, 1]), sample(int32, [], [1])],
      outputs: [sample(float32, [2, 2], [2, 2, 4, 4])],
    },
  ],
});

defineOp({
  name: '_CheckedIndices',
  doc: 'The indices as they are, all of them in [0, limit): else the run fails.',
  inputs: ['indices: T'],
  outputs: ['output: T'],
  attrs: ['limit: int', 'T: {int32, int64}'],
  infer: unchanged,
  grad: null,
  samples: [{ inputs: [i3], attrs: { limit: 3 }, outputs: [i3] }],
});

defineOp({
  name: '_NarrowIndices',
  doc: 'The indices as int32; those that it does not hold become its nearest, which is no place of anything.',
  inputs: ['indices: int64'],
  outputs: ['output: int32'],
  infer: unchanged,
  grad: null,
  samples: [{ inputs: [sample(int64, [3], [0, -1, 2])], outputs: [sample(int32, [3], [0, -1, 2])] }],
});

defineOp({
  name: 'GatherNd',
  doc: 'Elements or slices of the params at index vectors.',
  inputs: ['params: Tparams', 'indices: Tindices'],
  outputs: ['output: Tparams'],
  attrs: ['Tparams: type', INDICES, POLICY],
  infer: (op) => {
    const params = op.shape(0);
    const indices = withRankAtLeast(op.shape(1), 1);
    if (params === null || indices === null) return [null];
    const depth = indices[indices.length - 1];
    if (depth === null) return [null];
    if (depth > params.length) {
      throw new ShapeError(
        `indices.shape[-1] must be <= params.rank, but saw indices shape: [${indices.map((d) => d ?? '?').join(',')}] and params shape: [${params.map((d) => d ?? '?').join(',')}]`,
      );
    }
    return [[...indices.slice(0, -1), ...params.slice(depth)]];
  },
  grad: (op, [dy], $) => {
    const [params, indices] = op.inputs;
    const shape = $.shape(params, $.dtypeOf(indices));
    const known = $.shapeOf(indices);
    if (known?.length === 2 && known[1] === 1) {
      return [{ values: dy, indices: $.squeeze(indices, [-1]), denseShape: shape }, null];
    }
    return [$.op('ScatterNd', [indices, dy, shape]), null];
  },
  samples: [
    {
      inputs: [sample(float32, [2, 2], [1, 2, 3, 4]), sample(int32, [2, 2], [0, 1, 1, 0])],
      outputs: [sample(float32, [2], [2, 3])],
    },
  ],
});

/** What can be read at indices without being read as a whole: a variable. */
interface SparseReadable {
  sparseRead(indices: TensorLike, name?: string | null): Tensor;
  gatherNd?(indices: TensorLike, name?: string | null): Tensor;
}

function isSparseReadable(value: unknown): value is SparseReadable {
  return (
    typeof value === 'object' && value !== null && typeof (value as Partial<SparseReadable>).sparseRead === 'function'
  );
}

export interface GatherOptions {
  /** Has no effect: indices are always checked. */
  readonly validateIndices?: boolean | null;
  readonly name?: string | null;
  readonly axis?: TensorLike | null;
  readonly batchDims?: number;
}

/**
 * Slices of `params` along `axis` at `indices` (int32 or int64): the result has the shape of `indices` in place of the
 * axis. The first `batchDims` axes are gathered one by one. An index out of range fails the run. A variable is read only
 * where it is asked for, and its gradient is an `IndexedSlices`.
 *
 *     tf.gather([10, 20, 30], [2, 0])          // [30, 10]
 *     tf.gather(x, indices, {axis: 1, batchDims: 1})
 */
export function gather(
  params: TensorLike | SparseReadable,
  indices: TensorLike,
  ...rest: Rest<
    [validateIndices: boolean | null, name: string | null, axis: TensorLike | null, batchDims: number],
    GatherOptions
  >
): Tensor {
  const { name, axis, batchDims = 0 } = bind<GatherOptions>(['validateIndices', 'name', 'axis', 'batchDims'], rest);
  const along = axis ?? batchDims;
  const at = asIndices(indices);
  if (along === 0 && isSparseReadable(params)) return params.sparseRead(at, name);
  const axisInput = typeof along === 'number' ? toNdArray(along, int32) : along;
  return emitOne('GatherV2', [params as TensorLike, at, axisInput], { batch_dims: batchDims }, name);
}

export interface GatherNdOptions {
  readonly name?: string | null;
  readonly batchDims?: number;
}

/**
 * Elements or slices of `params` at index vectors: the last axis of `indices` holds an index for each of the first axes
 * of `params`, after the first `batchDims` axes, which both have. An index out of range fails the run.
 *
 *     tf.gatherNd([[1, 2], [3, 4]], [[0, 1], [1, 0]])    // [2, 3]
 */
export function gatherNd(
  params: TensorLike | SparseReadable,
  indices: TensorLike,
  ...rest: Rest<[name: string | null, batchDims: number], GatherNdOptions>
): Tensor {
  const { name, batchDims = 0 } = bind<GatherNdOptions>(['name', 'batchDims'], rest);
  if (batchDims !== 0) return batchGatherNd(params as TensorLike, indices, batchDims, name);
  if (isSparseReadable(params) && params.gatherNd) return params.gatherNd(indices, name);
  return emitOne('GatherNd', [params as TensorLike, asIndices(indices)], {}, name);
}

/**
 * Slices of `params` at `indices` of the same leading axes, batch by batch: `gather` with all axes of `indices` but the
 * last as a batch.
 *
 *     tf.batchGather([[1, 2], [3, 4]], [[1], [0]])       // [[2], [3]]
 */
export function batchGather(
  params: TensorLike,
  indices: TensorLike,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ name: string | null }>(['name'], rest);
  return opScope(name, 'BatchGather', [params, indices], () => {
    const at = convertToTensor(asIndices(indices), { name: 'indices' });
    const x = convertToTensor(params, { name: 'params' });
    if (at.shape === null) throw new ValueError('batch_gather does not allow indices with unknown shape.');
    const batchDims = at.shape.length - 1;
    return gather(x, at, { axis: batchDims, batchDims });
  });
}

export interface BooleanMaskOptions {
  readonly name?: string | null;
  readonly axis?: number | null;
}

/**
 * The slices of `tensor` where `mask` (bool, of known rank) is true, as rows: the mask stands for the axes from `axis`
 * on. Throws `ValueError` for a scalar mask or one of another shape.
 *
 *     tf.booleanMask([1, 2, 3], [true, false, true])     // [1, 3]
 */
export function booleanMask(
  tensor: TensorLike,
  mask: TensorLike,
  ...rest: Rest<[name: string | null, axis: number | null], BooleanMaskOptions>
): Tensor {
  const { name, axis } = bind<BooleanMaskOptions>(['name', 'axis'], rest);
  const first = axis ?? 0;
  return opScope(name, 'boolean_mask', [tensor, mask], () => {
    const x = convertToTensor(tensor, { name: 'tensor' });
    const m = convertToTensor(mask, { name: 'mask' });
    const shape = m.shape;
    if (shape === null) {
      throw new ValueError(
        'Number of mask dimensions must be specified, even if some dimensions are None.  E.g. shape=[None] is ok, but shape=None is not.',
      );
    }
    if (shape.length === 0) throw new ValueError('mask cannot be scalar.');
    const rank = shape.length;
    const covered = x.shape?.slice(first, first + rank) ?? null;
    if (
      covered &&
      (covered.length !== rank || covered.some((d, i) => d !== null && shape[i] !== null && d !== shape[i]))
    ) {
      throw new ValueError(`Shapes ${formatShape(covered)} and ${formatShape(shape)} are incompatible`);
    }
    const shapeOf = (): Tensor =>
      isFullyDefined(x.shape) ? convertToTensor(vector(...x.shape), { name: 'Shape' }) : emitOne('Shape', [x]);
    const slice = (begin: number, end: number, masks: Readonly<Record<string, number>>): Tensor =>
      emitOne('StridedSlice', [shapeOf(), vector(begin), vector(end), vector(1)], masks, 'strided_slice');
    const size = emitOne('Prod', [slice(first, first + rank, {}), vector(0)]);
    const parts = [slice(0, first, { begin_mask: 1 }), [size], slice(first + rank, 0, { end_mask: 1 })];
    const target = emitOne('ConcatV2', [parts as TensorLike[], toNdArray(0, int32)], {}, 'concat');
    const rows = emitOne('Reshape', [x, target]);
    if (x.shape) rows.setShape([...x.shape.slice(0, first), numElements(covered), ...x.shape.slice(first + rank)]);
    const found = emitOne('Where', [emitOne('Reshape', [m, vector(-1)])]);
    const indices = emitOne('Squeeze', [found], { squeeze_dims: [1] });
    return emitOne('GatherV2', [rows, indices, toNdArray(first, int32)]);
  });
}
