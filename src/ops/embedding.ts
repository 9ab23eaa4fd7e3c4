/**
 * Lookups in tables of embeddings that may be split into several tensors.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { isFullyDefined, type Shape } from '../util/shape.ts';
import { convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { gather } from './gather.ts';
import { asIndices, vector } from './indices.ts';
import { shape as shapeOf } from './shaping.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from './tensor-like.ts';

export interface EmbeddingLookupOptions {
  readonly partitionStrategy?: 'mod' | 'div';
  readonly name?: string | null;
  /** Has no effect: ids are always checked. */
  readonly validateIndices?: boolean;
  /** Rows longer than this are scaled down to it. */
  readonly maxNorm?: number | null;
}

/**
 * The rows of a table at `ids` (int32 or int64): `ids.shape + params.shape[1:]`. `params` may be a list of parts of the
 * table: by strategy `'mod'` row `i` lies in part `i % parts`, by `'div'` the parts hold consecutive rows. The gradient of
 * a table is an `IndexedSlices`. Throws `ValueError` for no parts or an unknown strategy.
 *
 *     tf.nn.embeddingLookup(table, [[3, 1], [4, 1]])
 *     tf.nn.embeddingLookup([part0, part1], ids, {partitionStrategy: 'div'})
 */
export function embeddingLookup(
  params: TensorLike | readonly TensorLike[],
  ids: TensorLike,
  ...rest: Rest<
    [partitionStrategy: 'mod' | 'div', name: string | null, validateIndices: boolean, maxNorm: number | null],
    EmbeddingLookupOptions
  >
): Tensor {
  const given = bind<EmbeddingLookupOptions>(['partitionStrategy', 'name', 'validateIndices', 'maxNorm'], rest);
  const { partitionStrategy = 'mod', name, maxNorm = null } = given;
  const parts: readonly TensorLike[] = isParts(params) ? params : [params as TensorLike];
  if (parts.length === 0) throw new ValueError('Value for `params` must be specified.');
  if (partitionStrategy !== 'mod' && partitionStrategy !== 'div') {
    throw new ValueError(
      `Unrecognized partition strategy: ${partitionStrategy}. Must be one of either \`mod\` or \`div\`.`,
    );
  }
  return opScope(name, 'embedding_lookup', [parts, ids], (scope) => {
    const at = convertToTensor(asIndices(ids), { name: 'ids' });
    if (parts.length === 1) {
      const rows = gather(parts[0], at, { name: scope });
      const clipped = clip(rows, at.shape?.length ?? null, maxNorm);
      return emitOne('Identity', [clipped]);
    }
    return lookupInParts(parts, at, partitionStrategy, maxNorm, scope);
  });
}

function isParts(params: unknown): params is readonly TensorLike[] {
  return Array.isArray(params) && params.every((part) => isSymbolic(part) || part instanceof NdArray);
}

function lookupInParts(
  parts: readonly TensorLike[],
  ids: Tensor,
  strategy: 'mod' | 'div',
  maxNorm: number | null,
  scope: string,
): Tensor {
  const count = parts.length;
  const flat = emitOne('Reshape', [ids, vector(-1)]);
  const size = emitOne('Size', [flat]);
  const original = emitOne('Range', [toNdArray(0, int32), size, toNdArray(1, int32)], {}, 'range');
  let assignments: Tensor;
  let local: Tensor;
  if (strategy === 'mod') {
    assignments = emitOne('FloorMod', [flat, count], {}, 'mod');
    local = emitOne('FloorDiv', [flat, count], {}, 'floordiv');
  } else {
    const lengths = parts.map((part) => rowCount(part));
    const total = emitOne('Cast', [emitOne('AddN', [lengths])], { DstT: flat.dtype });
    const perPart = emitOne('FloorDiv', [total, count], {}, 'floordiv');
    const extras = emitOne('FloorMod', [total, count], {}, 'mod');
    // The first `extras` parts hold one row more.
    const longer = emitOne('AddV2', [perPart, 1], {}, 'add');
    assignments = emitOne('Maximum', [
      emitOne('FloorDiv', [flat, longer], {}, 'floordiv'),
      emitOne('FloorDiv', [emitOne('Sub', [flat, extras], {}, 'sub'), perPart], {}, 'floordiv'),
    ]);
    const inLonger = emitOne('FloorMod', [flat, longer], {}, 'mod');
    const inShorter = emitOne('FloorMod', [emitOne('Sub', [flat, extras], {}, 'sub'), perPart], {}, 'mod');
    local = emitOne('SelectV2', [emitOne('Less', [assignments, extras]), inLonger, inShorter]);
  }
  const partOf = assignments.dtype === int32 ? assignments : emitOne('Cast', [assignments], { DstT: int32 });
  const attrs = { num_partitions: count };
  const gathered = emit('DynamicPartition', [local, partOf], attrs).outputs;
  const positions = emit('DynamicPartition', [original, partOf], attrs).outputs;
  const rows = parts.map((part, i) => gather(part, gathered[i]));
  const merged = emitOne('ParallelDynamicStitch', [positions, rows], {}, scope);
  const tail = rows[0].shape?.slice(1) ?? null;
  const result = emitOne('Reshape', [merged, lookupShape(ids, rows[0], tail)]);
  if (ids.shape && tail) result.setShape([...ids.shape, ...tail]);
  return clip(result, ids.shape?.length ?? null, maxNorm);
}

/** The shape of the ids followed by that of a row. */
function lookupShape(ids: Tensor, rows: Tensor, tail: Shape): Tensor {
  const idsShape = shapeOf(ids);
  const row = isFullyDefined(tail)
    ? vector(...tail)
    : emitOne('StridedSlice', [shapeOf(rows), vector(1), vector(0), vector(1)], { end_mask: 1 }, 'strided_slice');
  return emitOne('ConcatV2', [[idsShape, named(row, 'concat/values_1')], toNdArray(0, int32)], {}, 'concat');
}

function named(value: Tensor | NdArray, name: string): Tensor {
  return value instanceof NdArray ? convertToTensor(value, { name }) : value;
}

function rowCount(part: TensorLike): Tensor {
  const tensor = convertToTensor(part);
  const rows = tensor.shape?.[0] ?? null;
  if (rows !== null) return convertToTensor(toNdArray(rows, int32), { name: 'rows' });
  const shape = emitOne('Shape', [tensor]);
  return emitOne('StridedSlice', [shape, vector(0), vector(1), vector(1)], { shrink_axis_mask: 1 }, 'strided_slice');
}

/** Rows (all axes after those of the ids) scaled down to a norm of at most `maxNorm`. */
function clip(rows: Tensor, idsRank: number | null, maxNorm: number | null): Tensor {
  if (maxNorm === null) return rows;
  if (idsRank === null || rows.shape === null) throw new ValueError('maxNorm needs ids and params of known rank.');
  const axes = rows.shape.map((_, i) => i).slice(idsRank);
  return opScope(null, 'clip_by_norm', [rows], () => {
    const squares = emitOne('Mul', [rows, rows], {}, 'mul');
    const length = emitOne('Sqrt', [emitOne('Sum', [squares, vector(...axes)], { keep_dims: true })]);
    const scaled = emitOne('Mul', [rows, maxNorm], {}, 'mul');
    return emitOne('RealDiv', [scaled, emitOne('Maximum', [length, maxNorm])], {}, 'truediv');
  });
}
