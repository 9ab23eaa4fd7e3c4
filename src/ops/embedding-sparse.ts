/**
 * Lookups in tables of embeddings with sparse ids: the embeddings of each row of ids, combined. Lookups with dense ids are
 * in `embedding.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { bfloat16, bool, float16, float32, int32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { divNoNan } from './arithmetic.ts';
import { cast } from './cast.ts';
import { embeddingLookup } from './embedding.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { onesLike, zerosLike } from './filling.ts';
import { gather } from './gather.ts';
import { vector } from './indices.ts';
import { shape as shapeOf } from './shaping.ts';
import { sparseFillEmptyRows, sparseReshape, sparseRetain } from './sparse-functions.ts';
import { SparseTensor } from './sparse-tensor.ts';
import { unique } from './stitch.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from './tensor-like.ts';

type Combiner = 'mean' | 'sqrtn' | 'sum';

export interface EmbeddingLookupSparseOptions {
  readonly partitionStrategy?: 'mod' | 'div';
  readonly name?: string | null;
  /** How the embeddings of a row are combined: their weighted mean (without it), sum, or sum over the root of the squares. */
  readonly combiner?: Combiner | null;
  /** Embeddings longer than this are scaled down to it. */
  readonly maxNorm?: number | null;
  /** Whether `Unique` may be left out with weights too: quicker for few ids that repeat. */
  readonly allowFastLookup?: boolean;
}

function listOf(params: TensorLike | readonly TensorLike[]): readonly TensorLike[] {
  const isList = Array.isArray(params) && params.every((part) => isSymbolic(part) || part instanceof NdArray);
  return isList ? (params as readonly TensorLike[]) : [params as TensorLike];
}

/**
 * The embeddings of each row of ids, combined: row `i` of the result is made of the rows of `params` that the elements of
 * row `i` of `spIds` (an integer `SparseTensor` in row-major order, each row with an element) name, each with its weight in
 * `spWeights` (null: 1). Throws `ValueError` for an unknown combiner, `TypeError` for ids that are no sparse tensor.
 *
 *     tf.nn.embeddingLookupSparse(table, ids, null, {combiner: 'sum'})
 */
export function embeddingLookupSparse(
  params: TensorLike | readonly TensorLike[],
  spIds: SparseTensor,
  spWeights: SparseTensor | null,
  ...rest: Rest<
    [
      partitionStrategy: 'mod' | 'div',
      name: string | null,
      combiner: Combiner | null,
      maxNorm: number | null,
      allowFastLookup: boolean,
    ],
    EmbeddingLookupSparseOptions
  >
): Tensor {
  const names = ['partitionStrategy', 'name', 'combiner', 'maxNorm', 'allowFastLookup'] as const;
  const options = bind<EmbeddingLookupSparseOptions>(names, rest);
  const { partitionStrategy = 'mod', name, maxNorm = null, allowFastLookup = false } = options;
  const combiner = options.combiner ?? 'mean';
  if (!['mean', 'sqrtn', 'sum'].includes(combiner)) {
    throw new ValueError(`combiner must be one of 'mean', 'sqrtn' or 'sum', got ${combiner}`);
  }
  if (!(spIds instanceof SparseTensor)) throw new TypeError(`sp_ids must be SparseTensor, got ${typeof spIds}`);
  if (spWeights !== null && !(spWeights instanceof SparseTensor)) {
    throw new TypeError(`sp_weights must be either None or SparseTensor,got ${typeof spWeights}`);
  }
  const parts = listOf(params);
  return opScope(name, 'embedding_lookup_sparse', [...parts, spIds.values], (scope) => {
    const column = { begin_mask: 1, end_mask: 1, shrink_axis_mask: 2 };
    const bounds = [vector(0, 0), vector(0, 1), vector(1, 1)];
    const segments = emitOne('StridedSlice', [spIds.indices, ...bounds], column, 'strided_slice');
    let ids: Tensor = spIds.values;
    let rows: Tensor;
    const isDirect = parts.length === 1 && maxNorm === null && (allowFastLookup || spWeights === null);
    if (isDirect) {
      rows = convertToTensor(parts[0], { name: 'params' });
    } else {
      const { y, idx } = unique(ids);
      rows = embeddingLookup(parts, y, { partitionStrategy, maxNorm });
      ids = idx;
    }
    if (spWeights) return weighted(gather(rows, ids), spWeights.values, segments, combiner, scope);
    const type = { mean: 'SparseSegmentMean', sqrtn: 'SparseSegmentSqrtN', sum: 'SparseSegmentSum' }[combiner];
    return emitOne(type, [rows, ids, segments], { sparse_gradient: isDirect && !allowFastLookup }, scope);
  });
}

function weighted(rows: Tensor, weights: Tensor, segments: Tensor, combiner: Combiner, scope: string): Tensor {
  const isHalf = rows.dtype === float16 || rows.dtype === bfloat16;
  const wide = isHalf ? cast(rows, float32) : rows;
  const factors = emitOne('Reshape', [cast(weights, wide.dtype), broadcastShape(weights, rows)]);
  if (rows.shape && weights.shape) factors.setShape([...weights.shape, ...rows.shape.slice(1).map(() => 1)]);
  const segment = cast(segments, int32);
  const sum = (x: Tensor, name?: string) => emitOne('SegmentSum', [x, segment], {}, name);
  const scaled = emitOne('Mul', [wide, factors], {}, 'mul');
  let combined: Tensor;
  if (combiner === 'sum') {
    combined = sum(scaled, scope);
  } else {
    const total = sum(scaled);
    const norm = combiner === 'mean' ? sum(factors) : emitOne('Sqrt', [sum(emitOne('Pow', [factors, 2], {}, 'pow'))]);
    combined = divNoNan(total, norm, { name: scope });
  }
  return cast(combined, rows.dtype);
}

/** The shape of the weights with an axis of length 1 for each of those of an embedding. */
function broadcastShape(weights: Tensor, rows: Tensor): Tensor {
  const count = shapeOf(weights);
  const rank = rows.shape?.length ?? null;
  const added =
    rank !== null
      ? vector(...new Array<number>(rank - 1).fill(1))
      : emitOne('Fill', [
          emitOne('ExpandDims', [emitOne('Sub', [emitOne('Rank', [rows]), 1]), toNdArray(0, int32)]),
          toNdArray(1, int32),
        ]);
  return emitOne('ConcatV2', [[count, added], toNdArray(0, int32)], {}, 'concat');
}

export interface SafeEmbeddingLookupSparseOptions {
  readonly combiner?: Combiner;
  /** The id whose embedding rows without ids have; without it they are zeros. */
  readonly defaultId?: number | null;
  readonly name?: string | null;
  readonly partitionStrategy?: 'mod' | 'div';
  readonly maxNorm?: number | null;
  readonly allowFastLookup?: boolean;
  readonly sparseWeights?: SparseTensor | null;
}

/**
 * `embeddingLookupSparse` that leaves out ids less than 0 and (but for sums) weights that are not greater than 0, and takes
 * rows that have no ids. The ids may have more than two axes: the last one is combined. Throws `ValueError` for no parts.
 *
 *     tf.nn.safeEmbeddingLookupSparse([table], ids, weights, 'mean')
 */
export function safeEmbeddingLookupSparse(
  embeddingWeights: TensorLike | readonly TensorLike[],
  sparseIds: SparseTensor,
  ...rest: Rest<
    [
      sparseWeights: SparseTensor | null,
      combiner: Combiner,
      defaultId: number | null,
      name: string | null,
      partitionStrategy: 'mod' | 'div',
      maxNorm: number | null,
      allowFastLookup: boolean,
    ],
    SafeEmbeddingLookupSparseOptions
  >
): Tensor {
  const options = bind<SafeEmbeddingLookupSparseOptions>(
    ['sparseWeights', 'combiner', 'defaultId', 'name', 'partitionStrategy', 'maxNorm', 'allowFastLookup'],
    rest,
  );
  const { combiner = 'mean', defaultId = null, name, partitionStrategy = 'div', maxNorm, allowFastLookup } = options;
  if (embeddingWeights == null || (Array.isArray(embeddingWeights) && embeddingWeights.length === 0)) {
    throw new ValueError(`Missing embedding_weights ${embeddingWeights == null ? 'None' : '[]'}.`);
  }
  const parts = listOf(embeddingWeights);
  return opScope(name, 'embedding_lookup', [...parts, sparseIds.values], (scope) => {
    const { denseShape } = sparseIds;
    const rank = denseShape.shape?.[0] ?? null;
    const [flatIds, flatWeights] = flattened(sparseIds, options.sparseWeights ?? null);
    const [ids, weights] = pruned(flatIds, flatWeights, combiner);
    const [filledIds, isEmpty] = sparseFillEmptyRows(ids, defaultId ?? 0);
    const filledWeights = weights && sparseFillEmptyRows(weights, 1)[0];
    let result = embeddingLookupSparse(parts, filledIds, filledWeights, {
      combiner,
      partitionStrategy,
      name: defaultId === null ? null : scope,
      maxNorm,
      allowFastLookup,
    });
    if (defaultId === null) {
      const width = emitOne('StridedSlice', [shapeOf(result), vector(1), vector(2), vector(1)], {}, 'strided_slice');
      const multiples = emitOne('ConcatV2', [[vector(1), width], toNdArray(0, int32)], {}, 'stack');
      const empty = emitOne('Tile', [emitOne('Reshape', [isEmpty, vector(-1, 1)]), multiples]);
      result = emitOne('Select', [empty, zerosLike(result), result], {}, scope);
    }
    const outer = emitOne(
      'StridedSlice',
      [cast(denseShape, int32), vector(0), vector(-1), vector(1)],
      { begin_mask: 1 },
      'strided_slice',
    );
    const inner = emitOne('Slice', [shapeOf(result), vector(1), vector(-1)]);
    const final = emitOne('Reshape', [
      result,
      emitOne('ConcatV2', [[outer, inner], toNdArray(0, int32)], {}, 'concat'),
    ]);
    if (rank !== null && result.shape) {
      final.setShape([...new Array<null>(rank - 1).fill(null), ...result.shape.slice(1)]);
    }
    return final;
  });
}

/** The ids, and the weights at the same places, as matrices: the last axis stays. */
function flattened(ids: SparseTensor, weights: SparseTensor | null): readonly [SparseTensor, SparseTensor | null] {
  const outer = emitOne('StridedSlice', [ids.denseShape, vector(0), vector(-1), vector(1)], { begin_mask: 1 });
  const last = emitOne('StridedSlice', [ids.denseShape, vector(-1), vector(0), vector(1)], { end_mask: 1 });
  const rows = emitOne('Prod', [outer, vector(0)], { keep_dims: true });
  const flat = sparseReshape(ids, emitOne('ConcatV2', [[rows, last], toNdArray(0, int32)], {}, 'concat'));
  return [flat, weights && new SparseTensor(flat.indices, weights.values, flat.denseShape)];
}

function pruned(
  ids: SparseTensor,
  weights: SparseTensor | null,
  combiner: Combiner,
): readonly [SparseTensor, SparseTensor | null] {
  let isValid = emitOne('GreaterEqual', [ids.values, 0]);
  if (weights) isValid = emitOne('LogicalAnd', [isValid, onesLike(weights.values, { dtype: bool })]);
  const kept = sparseRetain(ids, isValid);
  const keptWeights = weights && sparseRetain(weights, isValid);
  if (!keptWeights || combiner === 'sum') return [kept, keptWeights];
  const isPositive = emitOne('Greater', [keptWeights.values, 0]);
  return [sparseRetain(kept, isPositive), sparseRetain(keptWeights, isPositive)];
}
