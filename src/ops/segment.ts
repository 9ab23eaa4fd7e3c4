/**
 * Reductions over segments of rows: sorted ones (`SegmentSum` …), and unsorted ones whose number is given
 * (`UnsortedSegmentSum` …).
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { bool, float32, int32 } from '../util/dtype.ts';
import { isFullyDefined, type Shape } from '../util/shape.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { asIndices } from './indices.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const REAL = '{float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64}';

function inferSorted(op: InferContext): Inferred {
  const data = withRankAtLeast(op.shape(0), 1);
  withRank(op.shape(1), 1);
  if (data === null) return [null];
  return [[null, ...data.slice(1)]];
}

function inferUnsorted(op: InferContext): Inferred {
  const [data, ids] = [op.shape(0), op.shape(1)];
  withRank(op.shape(2), 0);
  const count = op.constant(2);
  if (data === null || ids === null) return [null];
  ids.forEach((d, i) => {
    if (d !== null && data[i] !== null && data[i] !== d) {
      throw new ShapeError(`Dimensions must be equal, but are ${data[i]} and ${d}`);
    }
  });
  const segments = count ? Number(count.data[0] as number | bigint) : null;
  if (segments !== null && segments < 0) {
    throw new ShapeError(`Dimension size, given by scalar input 2, must be non-negative but is ${segments}`);
  }
  return [[segments, ...data.slice(ids.length)]];
}

/** A condition with as many axes of length 1 as broadcast it over rows. */
function overRows<V>($: Vocabulary<V>, condition: V, rows: V): V {
  const shape = $.shape(condition);
  const missing = $.sub($.rank(rows), $.rank(condition));
  const ones = $.fill($.pack([missing], 0, 'ones/packed'), $.ints(1, 'ones/Const'), 'ones');
  return $.reshape(condition, $.concat([shape, ones], 0));
}

function trueLike<V>($: Vocabulary<V>, x: V): V {
  const shape = $.shapeOf(x);
  const dims = isFullyDefined(shape)
    ? $.ints(shape, 'ones_like/Shape/shape_as_tensor')
    : $.shapeOp(x, int32, 'ones_like/Shape');
  return $.fill(dims, $.constant(true, bool, 'ones_like/Const'), 'ones_like');
}

interface Gathered<V> {
  readonly values: V;
  /** The ids with 0 for the negative ones, and which rows count, broadcast over them. */
  readonly clipped: V;
  readonly counts: V;
}

/** Rows at ids; zeros for negative ids. */
function gatherDropNegatives<V>($: Vocabulary<V>, params: V, ids: V, before?: Gathered<V>): Gathered<V> {
  const clipped = before?.clipped ?? $.maximum(ids, $.zerosLike(ids));
  const gathered = $.gather(params, clipped);
  let counts = before?.counts;
  if (counts === undefined) {
    const positive = overRows($, $.greaterEqual(ids, 0), gathered);
    counts = $.logicalAnd(positive, trueLike($, gathered), 'and');
  }
  const zeros = $.zerosLike(gathered);
  return { values: $.where(counts, gathered, zeros), clipped, counts };
}

const sumGrad: GradFn = (op, [dy], $) => [$.gather(dy, op.inputs[1]), null];

const meanGrad: GradFn = (op, [dy], $) => {
  const [data, ids] = op.inputs;
  const rank = $.rank(data);
  const idsShape = $.shape(ids);
  const others = $.expandDims($.sub(rank, 1), 0);
  const shape = $.concat([idsShape, $.fill(others, $.ints(1, 'ones/Const'), 'ones')], 0);
  const ones = $.fill(shape, $.scalarLike(1, dy, 'ones_1/Const'), 'ones_1');
  return [$.gather($.div(dy, $.op('SegmentSum', [ones, ids])), ids), null];
};

const extremumGrad: GradFn = (op, [dy], $) => {
  const [data, ids] = op.inputs;
  const zeros = $.zerosLike(data);
  const selected = $.equal(data, $.gather(op.outputs[0], ids));
  // Equal extrema of a segment share the gradient.
  const count = $.op('SegmentSum', [$.cast(selected, $.dtypeOf(dy)), ids]);
  return [$.where(selected, $.gather($.div(dy, count), ids), zeros), null];
};

const prodGrad: GradFn = (op, [dy], $) => {
  const [data, ids] = op.inputs;
  const isZero = $.equal(data, 0);
  const zeros = $.op('SegmentSum', [$.cast(isZero, int32), ids]);
  // With more than one zero in a segment no factor matters.
  const grad = $.where($.greater(zeros, 1), $.zerosLike(dy), dy);
  const nonZero = $.where(isZero, $.onesLike(data), data);
  const nonZeroProduct = $.op('SegmentProd', [nonZero, ids]);
  const product = $.gather(op.outputs[0], ids);
  const others = $.gather(nonZeroProduct, ids);
  const partial = $.where(isZero, others, $.div(product, nonZero));
  return [$.mul($.gather(grad, ids), partial), null];
};

const rows = sample(float32, [3], [1, 2, 4]);

for (const [kind, doc, types, grad, result] of [
  ['Sum', 'The sums of rows', 'numbertype', sumGrad, [3, 4]],
  ['Mean', 'The means of rows', 'numbertype', meanGrad, [1.5, 4]],
  ['Prod', 'The products of rows', 'numbertype', prodGrad, [2, 4]],
  ['Min', 'The least of rows', REAL, extremumGrad, [1, 4]],
  ['Max', 'The greatest of rows', REAL, extremumGrad, [2, 4]],
] as const) {
  defineOp({
    name: `Segment${kind}`,
    doc: `${doc} with the same segment number; the numbers must not decrease.`,
    inputs: ['data: T', 'segment_ids: Tindices'],
    outputs: ['output: T'],
    attrs: [`T: ${types}`, 'Tindices: {int32, int64}'],
    infer: inferSorted,
    grad,
    samples: [{ inputs: [rows, sample(int32, [3], [0, 0, 1])], outputs: [sample(float32, [2], result)] }],
  });
}

const unsortedSumGrad: GradFn = (op, [dy], $) => [gatherDropNegatives($, dy, op.inputs[1]).values, null, null];

const unsortedExtremumGrad: GradFn = (op, [dy], $) => {
  const [data, ids, count] = op.inputs;
  const best = gatherDropNegatives($, op.outputs[0], ids);
  const selected = $.logicalAnd($.equal(data, best.values), best.counts);
  const equals = $.op('UnsortedSegmentSum', [$.cast(selected, $.dtypeOf(dy)), ids, count]);
  const shared = gatherDropNegatives($, $.div(dy, equals), ids, best).values;
  return [$.where(selected, shared, $.zerosLike(shared)), null, null];
};

const unsortedProdGrad: GradFn = (op, [dy], $) => {
  const [data, ids, count] = op.inputs;
  const isZero = $.equal(data, 0);
  const zeros = $.op('UnsortedSegmentSum', [$.cast(isZero, int32), ids, count]);
  const grad = $.where($.greater(zeros, 1), $.zerosLike(dy), dy);
  const nonZero = $.where(isZero, $.onesLike(data), data);
  const nonZeroProduct = $.op('UnsortedSegmentProd', [nonZero, ids, count]);
  const clipped = $.maximum(ids, $.zerosLike(ids));
  const product = $.gather(op.outputs[0], clipped);
  const others = $.gather(nonZeroProduct, clipped);
  // May hold NaN and infinities where the other branch counts.
  const partial = $.where(isZero, others, $.div(product, data));
  const gathered = gatherDropNegatives($, grad, ids).values;
  return [$.mul(gathered, partial), null, null];
};

for (const [kind, doc, types, grad, result] of [
  ['Sum', 'The sums of rows', 'numbertype', unsortedSumGrad, [4, 3]],
  ['Prod', 'The products of rows', 'numbertype', unsortedProdGrad, [4, 2]],
  ['Max', 'The greatest of rows', REAL, unsortedExtremumGrad, [4, 2]],
  ['Min', 'The least of rows', REAL, unsortedExtremumGrad, [4, 1]],
] as const) {
  const indices = kind === 'Sum' ? '{int16, int32, int64}' : '{int32, int64}';
  defineOp({
    name: `UnsortedSegment${kind}`,
    doc: `${doc} with the same segment number, in any order; negative numbers are left out.`,
    inputs: ['data: T', 'segment_ids: Tindices', 'num_segments: Tnumsegments'],
    outputs: ['output: T'],
    attrs: [`T: ${types}`, `Tindices: ${indices}`, 'Tnumsegments: {int32, int64} = int32'],
    infer: inferUnsorted,
    grad,
    samples: [
      {
        inputs: [rows, sample(int32, [3], [1, 1, 0]), sample(int32, [], [2])],
        outputs: [sample(float32, [2], result)],
      },
    ],
  });
}

export interface SegmentOptions {
  readonly name?: string | null;
}

type SegmentRest = Rest<[name: string | null], SegmentOptions>;

function segment(type: string, data: TensorLike, ids: TensorLike, rest: SegmentRest): Tensor {
  return emitOne(type, [data, asIndices(ids)], {}, bind<SegmentOptions>(['name'], rest).name);
}

/**
 * The sums of the rows of `data` with the same number in `segmentIds` (int32 or int64, one a row, not decreasing): row
 * `i` of the result belongs to segment `i`, zeros where a number is missing. Decreasing numbers fail the run.
 *
 *     tf.segmentSum([1, 2, 4], [0, 0, 1])      // [3, 4]
 */
export function segmentSum(data: TensorLike, segmentIds: TensorLike, ...rest: SegmentRest): Tensor {
  return segment('SegmentSum', data, segmentIds, rest);
}

/** The means of the rows of each segment. See `segmentSum`. */
export function segmentMean(data: TensorLike, segmentIds: TensorLike, ...rest: SegmentRest): Tensor {
  return segment('SegmentMean', data, segmentIds, rest);
}

/** The products of the rows of each segment, 1 where a number is missing. See `segmentSum`. */
export function segmentProd(data: TensorLike, segmentIds: TensorLike, ...rest: SegmentRest): Tensor {
  return segment('SegmentProd', data, segmentIds, rest);
}

/** The least of the rows of each segment. See `segmentSum`. */
export function segmentMin(data: TensorLike, segmentIds: TensorLike, ...rest: SegmentRest): Tensor {
  return segment('SegmentMin', data, segmentIds, rest);
}

/** The greatest of the rows of each segment. See `segmentSum`. */
export function segmentMax(data: TensorLike, segmentIds: TensorLike, ...rest: SegmentRest): Tensor {
  return segment('SegmentMax', data, segmentIds, rest);
}

function unsorted(type: string, data: TensorLike, ids: TensorLike, count: TensorLike, rest: SegmentRest): Tensor {
  const inputs = [data, asIndices(ids), asIndices(count)];
  return emitOne(type, inputs, {}, bind<SegmentOptions>(['name'], rest).name);
}

/**
 * The sums of the rows of `data` with the same number in `segmentIds`, in any order: a result of `numSegments` rows,
 * zeros for segments without rows. Rows with a negative number are left out; a number too great fails the run.
 *
 *     tf.unsortedSegmentSum([1, 2, 4], [1, 1, 0], 2)     // [4, 3]
 */
export function unsortedSegmentSum(
  data: TensorLike,
  segmentIds: TensorLike,
  numSegments: TensorLike,
  ...rest: SegmentRest
): Tensor {
  return unsorted('UnsortedSegmentSum', data, segmentIds, numSegments, rest);
}

/** The products of the rows of each segment, 1 for one without rows. See `unsortedSegmentSum`. */
export function unsortedSegmentProd(
  data: TensorLike,
  segmentIds: TensorLike,
  numSegments: TensorLike,
  ...rest: SegmentRest
): Tensor {
  return unsorted('UnsortedSegmentProd', data, segmentIds, numSegments, rest);
}

/** The greatest of the rows of each segment, the least finite number for one without rows. See `unsortedSegmentSum`. */
export function unsortedSegmentMax(
  data: TensorLike,
  segmentIds: TensorLike,
  numSegments: TensorLike,
  ...rest: SegmentRest
): Tensor {
  return unsorted('UnsortedSegmentMax', data, segmentIds, numSegments, rest);
}

/** The least of the rows of each segment, the greatest finite number for one without rows. See `unsortedSegmentSum`. */
export function unsortedSegmentMin(
  data: TensorLike,
  segmentIds: TensorLike,
  numSegments: TensorLike,
  ...rest: SegmentRest
): Tensor {
  return unsorted('UnsortedSegmentMin', data, segmentIds, numSegments, rest);
}

/** The rows of each segment, at least 1, with the shape that divides the sums. */
function segmentCounts(ids: Tensor, numSegments: TensorLike, data: Tensor): Tensor {
  const ones = emitOne('Fill', [emitOne('Shape', [ids]), toNdArray(1, data.dtype)], {}, 'ones');
  const counts = emitOne('UnsortedSegmentSum', [ones, ids, asIndices(numSegments)]);
  const shapes: readonly Shape[] = [data.shape, ids.shape];
  const extra = shapes.every((shape) => shape !== null)
    ? (shapes[0] as readonly unknown[]).length - (shapes[1] as readonly unknown[]).length
    : 0;
  const shape = emitOne(
    'ConcatV2',
    [[emitOne('Shape', [counts]), toNdArray(new Array<number>(extra).fill(1), int32, [extra])], toNdArray(0, int32)],
    {},
    'concat',
  );
  return emitOne('Maximum', [emitOne('Reshape', [counts, shape]), toNdArray(1, data.dtype)]);
}

function divided(
  name: string,
  data: TensorLike,
  segmentIds: TensorLike,
  numSegments: TensorLike,
  rest: SegmentRest,
  divisor: (counts: Tensor) => Tensor,
): Tensor {
  return opScope(bind<SegmentOptions>(['name'], rest).name, name, [data, segmentIds], () => {
    const x = convertToTensor(data);
    const ids = convertToTensor(asIndices(segmentIds));
    const counts = divisor(segmentCounts(ids, numSegments, x));
    const sums = emitOne('UnsortedSegmentSum', [x, ids, asIndices(numSegments)]);
    return emitOne('RealDiv', [sums, counts], {}, 'truediv');
  });
}

/** The means of the rows of each segment, zeros for one without rows. Floats. See `unsortedSegmentSum`. */
export function unsortedSegmentMean(
  data: TensorLike,
  segmentIds: TensorLike,
  numSegments: TensorLike,
  ...rest: SegmentRest
): Tensor {
  return divided('UnsortedSegmentMean', data, segmentIds, numSegments, rest, (counts) => counts);
}

/** The sums of the rows of each segment over the square root of their number. See `unsortedSegmentSum`. */
export function unsortedSegmentSqrtN(
  data: TensorLike,
  segmentIds: TensorLike,
  numSegments: TensorLike,
  ...rest: SegmentRest
): Tensor {
  return divided('UnsortedSegmentSqrtN', data, segmentIds, numSegments, rest, (n) => emitOne('Sqrt', [n]));
}
