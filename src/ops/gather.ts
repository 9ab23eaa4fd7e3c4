/**
 * Reading elements at indices: `Gather`, `GatherV2`, `GatherNd`, and masks. Writing is in `scatter.ts`, merging and sorting
 * into tensors in `stitch.ts`, lookups in tables of embeddings in `embedding.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { formatShape, isFullyDefined, numElements } from '../util/shape.ts';
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

/** The gradient along an inner axis: the axis is moved to the front (after the batch), summed there, moved back. */
function axisGradient<V>(op: OpView<V>, dy: V, axis: number, batchDims: number, $: Vocabulary<V>): V {
  const [params, indices] = op.inputs;
  const known = $.shapeOf(params);
  if (known === null) throw new ValueError('The gradient of gather along an axis needs the rank of the params.');
  const rank = known.length;
  const dim = (from: V, at: number): V =>
    $.op('StridedSlice', [from, vector(at), vector(at + 1), vector(1)], { shrink_axis_mask: 1 }, 'strided_slice');
  const part = (from: V, begin: number, end: number): V =>
    $.op('StridedSlice', [from, vector(begin), vector(end), vector(1)], {}, 'strided_slice');
  const shape = $.shape(params);
  const minusOne = $.constant([-1], int32);
  const pieces = [part(shape, 0, axis), minusOne, part(shape, axis + 1, rank)];
  const values = $.reshape(dy, $.concat(pieces, 0));
  const outer = Array.from({ length: batchDims }, (_, i) => i);
  const middle = Array.from({ length: axis - batchDims }, (_, i) => batchDims + i);
  const inner = Array.from({ length: rank - axis - 1 }, (_, i) => axis + 1 + i);
  let moved = $.transpose(values, [...outer, axis, ...middle, ...inner]);
  let segments = dim(shape, axis);
  let flat: V;
  const movedShape = $.shape(moved);
  if (batchDims > 0) {
    const batch = $.prod(part(movedShape, 0, batchDims), [0]);
    const perBatch = $.reshape(indices, $.pack([batch, $.constant(-1, int32)]));
    const type = $.dtypeOf(indices);
    const range = $.op('Range', [NdArray.zeros(int32, []), batch, toNdArray(1, int32)], {}, 'range');
    const offsets = $.mul($.cast($.expandDims(range, 1), type), $.cast(segments, type));
    flat = $.reshape($.add(perBatch, offsets), [-1]);
    segments = $.mul(segments, batch);
    moved = $.reshape(moved, $.concat([minusOne, part(movedShape, batchDims + 1, rank)], 0));
  } else {
    flat = $.reshape(indices, [-1]);
  }
  let summed = $.op('UnsortedSegmentSum', [moved, flat, segments]);
  if (batchDims > 0) {
    const lengths = [
      part(movedShape, 0, batchDims),
      $.reshape(dim(shape, axis), [1]),
      part(movedShape, batchDims + 1, rank),
    ];
    summed = $.reshape(summed, $.concat(lengths, 0));
  }
  const back = [...outer, ...middle.map((i) => i + 1), batchDims, ...inner];
  return $.transpose(summed, back);
}

const gatherGrad: GradFn = (op, [dy], $) => {
  const [params, indices, axisInput] = op.inputs;
  const axis = axisInput === undefined ? 0 : staticScalar($.constantValue(axisInput));
  const nulls = axisInput === undefined ? [null] : [null, null];
  if (axis === 0) return [rowsGradient(params, indices, dy, $), ...nulls];
  if (axis === null) throw new ValueError('The gradient of gather needs an axis that is known before the run.');
  const rank = $.shapeOf(params)?.length ?? 0;
  const batchDims = op.attr<number>('batch_dims');
  const positiveBatch = batchDims < 0 ? batchDims + ($.shapeOf(indices)?.length ?? 0) : batchDims;
  return [axisGradient(op, dy, axis < 0 ? axis + rank : axis, positiveBatch, $), ...nulls];
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
 * of `params`. An index out of range fails the run.
 *
 *     tf.gatherNd([[1, 2], [3, 4]], [[0, 1], [1, 0]])    // [2, 3]
 */
export function gatherNd(
  params: TensorLike | SparseReadable,
  indices: TensorLike,
  ...rest: Rest<[name: string | null, batchDims: number], GatherNdOptions>
): Tensor {
  const { name, batchDims = 0 } = bind<GatherNdOptions>(['name', 'batchDims'], rest);
  if (batchDims !== 0) throw new ValueError(`gatherNd with batchDims ${batchDims} is not available; use gather.`);
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
