/**
 * Sums, means and scaled sums over segments of picked rows: `SparseSegmentSum` and the like, with the ops of their
 * gradients. Reductions of all rows are in `segment.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { emitOne } from './emit.ts';
import { asIndices, vector } from './indices.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { merge, withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const REAL = 'T: {float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64}';
const FLOATS = 'T: {bfloat16, float16, float32, float64}';
const INDICES = ['Tidx: {int32, int64} = int32', 'Tsegmentids: {int32, int64} = int32'];

function inferSegments(op: InferContext): Inferred {
  const data = withRankAtLeast(op.shape(0), 1);
  merge(withRank(op.shape(1), 1), withRank(op.shape(2), 1));
  let rows: number | null = null;
  if (op.inputCount === 4) {
    withRank(op.shape(3), 0);
    const count = op.constant(3);
    rows = count === null ? null : Number(count.data[0] as number | bigint);
    if (rows !== null && rows < 0) throw new ShapeError('Cannot specify a negative value for num_segments');
  }
  return [data === null ? null : [rows, ...data.slice(1)]];
}

function inferGrad(op: InferContext): Inferred {
  const grad = withRankAtLeast(op.shape(0), 1);
  merge(withRank(op.shape(1), 1), withRank(op.shape(2), 1));
  withRank(op.shape(3), 0);
  const count = op.constant(3);
  const rows = count === null ? null : Number(count.data[0] as number | bigint);
  return [grad === null ? null : [rows, ...grad.slice(1)]];
}

const gradOf =
  (kind: string): GradFn =>
  (op, [dy], $) => {
    const [data, indices, ids] = op.inputs;
    const shape = $.shape(data);
    const first = { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 1 };
    const rows = $.op('StridedSlice', [shape, vector(0), vector(1), vector(1)], first, 'strided_slice');
    const others = op.inputs.slice(1).map(() => null);
    if (op.attr('sparse_gradient') !== true) {
      return [$.op(`SparseSegment${kind}Grad`, [dy, indices, ids, rows]), ...others];
    }
    const [values, places] = $.ops(`SparseSegment${kind}GradV2`, [dy, indices, ids, rows]);
    return [{ values, indices: places, denseShape: shape }, ...others];
  };

const rows = sample(float32, [3, 2], [1, 2, 3, 4, 5, 6]);
const picked = sample(int32, [3], [0, 2, 1]);
const segments = sample(int32, [3], [0, 0, 1]);
const dys = sample(float32, [2, 2], [1, 2, 3, 4]);
const root = Math.SQRT1_2;

for (const [kind, doc, types, result, back] of [
  ['Sum', 'The sums of picked rows', REAL, [6, 8, 3, 4], [1, 2, 3, 4, 1, 2]],
  ['Mean', 'The means of picked rows', FLOATS, [3, 4, 3, 4], [0.5, 1, 3, 4, 0.5, 1]],
  [
    'SqrtN',
    'The sums of picked rows over the square root of their number',
    FLOATS,
    [6 * root, 8 * root, 3, 4],
    [root, 2 * root, 3, 4, root, 2 * root],
  ],
] as const) {
  const attrs = [types, ...INDICES, 'sparse_gradient: bool = false'];
  defineOp({
    name: `SparseSegment${kind}`,
    doc: `${doc} with the same segment number; the numbers must not decrease.`,
    inputs: ['data: T', 'indices: Tidx', 'segment_ids: Tsegmentids'],
    outputs: ['output: T'],
    attrs,
    infer: inferSegments,
    grad: gradOf(kind),
    samples: [{ inputs: [rows, picked, segments], outputs: [sample(float32, [2, 2], result)] }],
  });
  defineOp({
    name: `SparseSegment${kind}WithNumSegments`,
    doc: `${doc} with the same segment number, for a number of segments.`,
    inputs: ['data: T', 'indices: Tidx', 'segment_ids: Tsegmentids', 'num_segments: Tnumsegments'],
    outputs: ['output: T'],
    attrs: [...attrs, 'Tnumsegments: {int32, int64} = int32'],
    infer: inferSegments,
    grad: gradOf(kind),
    samples: [
      {
        inputs: [rows, picked, segments, sample(int32, [], [3])],
        outputs: [sample(float32, [3, 2], [...result, 0, 0])],
      },
    ],
  });
  defineOp({
    name: `SparseSegment${kind}Grad`,
    doc: `The gradient of SparseSegment${kind} with respect to the rows.`,
    inputs: ['grad: T', 'indices: Tidx', 'segment_ids: Tsegmentids', 'output_dim0: int32'],
    outputs: ['output: T'],
    attrs: [FLOATS, ...INDICES],
    infer: inferGrad,
    grad: null,
    samples: [{ inputs: [dys, picked, segments, sample(int32, [], [3])], outputs: [sample(float32, [3, 2], back)] }],
  });
  defineOp({
    name: `SparseSegment${kind}GradV2`,
    doc: `The rows of the gradient of SparseSegment${kind} that were picked, and which they are.`,
    inputs: ['grad: T', 'indices: Tidx', 'segment_ids: Tsegmentids', 'dense_output_dim0: int32'],
    outputs: ['output: T', 'sorted_unique_indices: Tidx'],
    attrs: [FLOATS, ...INDICES],
    infer: (op) => {
      const [dense] = inferGrad(op) as readonly (readonly (number | null)[] | null)[];
      return [dense === null ? null : [null, ...dense.slice(1)], [null]];
    },
    grad: null,
    samples: [
      {
        inputs: [dys, sample(int32, [3], [0, 5, 1]), segments, sample(int32, [], [9])],
        outputs: [sample(float32, [3, 2], back), sample(int32, [3], [0, 1, 5])],
      },
    ],
  });
}

export interface SparseSegmentOptions {
  readonly name?: string | null;
  /** How many segments the result has; without it one more than the last number. */
  readonly numSegments?: TensorLike | null;
  /** Whether the gradient is an `IndexedSlices` of the rows picked. */
  readonly sparseGradient?: boolean;
}

type SparseSegmentRest = Rest<
  [name: string | null, numSegments: TensorLike | null, sparseGradient: boolean],
  SparseSegmentOptions
>;

function sparseSegment(
  kind: 'Sum' | 'Mean' | 'SqrtN',
  data: TensorLike,
  indices: TensorLike,
  ids: TensorLike,
  rest: SparseSegmentRest,
): Tensor {
  const { name, numSegments, sparseGradient } = bind<SparseSegmentOptions>(
    ['name', 'numSegments', 'sparseGradient'],
    rest,
  );
  const inputs = [data, asIndices(indices), asIndices(ids)];
  const attrs = { sparse_gradient: sparseGradient };
  if (numSegments == null) return emitOne(`SparseSegment${kind}`, inputs, attrs, name);
  return emitOne(`SparseSegment${kind}WithNumSegments`, [...inputs, asIndices(numSegments)], attrs, name);
}

/**
 * The sums of the rows of `data` at `indices`, of those with the same number in `segmentIds` (one for each index, not
 * decreasing): as `segmentSum` of the gathered rows. Indices out of range and decreasing numbers fail the run.
 *
 *     tf.sparseSegmentSum([[1], [2], [4]], [0, 2], [0, 0])    // [[5]]
 */
export function sparseSegmentSum(
  data: TensorLike,
  indices: TensorLike,
  segmentIds: TensorLike,
  ...rest: SparseSegmentRest
): Tensor {
  return sparseSegment('Sum', data, indices, segmentIds, rest);
}

/** The means of the picked rows of each segment, zeros for one without rows. Floats. See `sparseSegmentSum`. */
export function sparseSegmentMean(
  data: TensorLike,
  indices: TensorLike,
  segmentIds: TensorLike,
  ...rest: SparseSegmentRest
): Tensor {
  return sparseSegment('Mean', data, indices, segmentIds, rest);
}

/** The sums of the picked rows of each segment over the square root of their number. Floats. See `sparseSegmentSum`. */
export function sparseSegmentSqrtN(
  data: TensorLike,
  indices: TensorLike,
  segmentIds: TensorLike,
  ...rest: SparseSegmentRest
): Tensor {
  return sparseSegment('SqrtN', data, indices, segmentIds, rest);
}
