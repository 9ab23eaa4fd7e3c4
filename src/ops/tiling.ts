/**
 * Repeating tensors: tile, repeat, meshgrid. Broadcasting is in `shaping.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32, int64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { type Dim, isFullyDefined, sizeOf } from '../util/shape.ts';
import { tileArray } from '../util/strided.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { ones } from './filling.ts';
import { defineOp, sample } from './opdef/define.ts';
import { normalizeAxis, withRank } from './opdef/shape-rules.ts';
import { intsOf, MAX_FOLDED } from './opdef/small-ints.ts';
import { expandDims, reshape, size } from './shaping.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

defineOp({
  name: 'Tile',
  doc: 'The input repeated a number of times along each axis.',
  inputs: ['input: T', 'multiples: Tmultiples'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Tmultiples: {int32, int64} = int32'],
  infer: (op) => {
    const multiples = op.constantShape(1);
    const shape = op.shape(0);
    if (multiples === null) return [shape && withRank(null, shape.length)];
    if (shape === null) return [new Array<Dim>(multiples.length).fill(null)];
    withRank(multiples, shape.length);
    return [shape.map((d, i) => times(d, multiples[i]))];
  },
  fold: (op) => {
    const value = op.constant(0);
    const multiples = intsOf(op.constant(1));
    if (!value || !multiples || multiples.length !== value.rank || multiples.some((m) => m < 0)) return null;
    return value.size * sizeOf(multiples) <= MAX_FOLDED ? [tileArray(value, multiples)] : null;
  },
  grad: (op, [dy], $) => {
    if (dy === null) return [null, null];
    const [x, multiples] = op.inputs;
    const table = $.pack([multiples, $.shape(x, $.dtypeOf(multiples))]);
    const interleaved = $.transpose(table, $.ints([1, 0], 'transpose/perm'));
    const split = $.reshape(interleaved, $.ints([-1], 'Reshape/shape'));
    const count = $.shapeOf(split)?.[0] ?? null;
    const limit = count === null ? $.size(split) : $.ints(count, 'Size');
    const axes = $.range($.ints(0, 'range/start'), limit, $.ints(2, 'range/delta'));
    return [$.sum($.reshape(dy, split), axes), null];
  },
  samples: [
    {
      inputs: [sample(float32, [2], [1, 2]), sample(int32, [1], [2])],
      outputs: [sample(float32, [4], [1, 2, 1, 2])],
    },
  ],
});

function times(d: Dim, m: Dim): Dim {
  if (d === 0 || m === 0) return 0;
  return d === null || m === null ? null : d * m;
}

interface NameOption {
  readonly name?: string | null;
}

/**
 * The input repeated along each axis.
 *
 *     tf.tile([1, 2], [3])    // 1 2 1 2 1 2
 */
export function tile(
  input: TensorLike,
  multiples: TensorLike,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('Tile', [input, multiples], {}, name);
}

/**
 * The elements along `axis`, each repeated: a scalar says how often for all, a vector for each. Without an axis the
 * input is flattened first.
 *
 *     tf.repeat([1, 2], 2)         // 1 1 2 2
 *     tf.repeat([1, 2], [1, 3])    // 1 2 2 2
 */
export function repeat(
  input: TensorLike,
  repeats: TensorLike,
  ...rest: Rest<[axis: number | null, name: string | null], { readonly axis?: number | null } & NameOption>
): Tensor {
  const { axis, name } = bind<{ axis: number | null } & NameOption>(['axis', 'name'], rest);
  return opScope(name, 'Repeat', [input, repeats], () => {
    let data = convertToTensor(input, { name: 'data' });
    const counts = convertToTensor(repeats, { preferredDtype: int32, name: 'repeats' });
    if (axis == null || data.shape?.length === 0) data = reshape(data, [-1]);
    if (!data.shape) throw new ValueError('repeat needs an input of known rank.');
    const at = axis == null ? 0 : normalizeAxis(axis, data.shape.length, 'axis');
    const dims = emitOne('Shape', [data], { out_type: counts.dtype });
    if (counts.shape && isFullyDefined(counts.shape) && sizeOf(counts.shape) === 1) {
      return repeatAll(data, reshape(counts, []), at, dims);
    }
    const length = emitOne('StridedSlice', [dims, [at], [at + 1], [1]], { Index: int32, shrink_axis_mask: 1 });
    const each = emitOne('BroadcastTo', [counts, emitOne('Pack', [[length]])]);
    return emitOne('GatherV2', [data, repeatedIndices(each), at], { Taxis: int32 }, 'GatherV2');
  });
}

function repeatAll(data: Tensor, count: Tensor, axis: number, dims: Tensor): Tensor {
  const rank = (data.shape as readonly Dim[]).length;
  const one = (i: number) => (i === axis + 1 ? count : 1);
  const tiled = tile(expandDims(data, axis + 1), range(rank + 1).map(one));
  const dim = (i: number) =>
    emitOne('StridedSlice', [dims, [i], [i + 1], [1]], { Index: int32, shrink_axis_mask: 1 }, 'strided_slice');
  const shape = range(rank).map((i) => (i === axis ? emitOne('Mul', [count, dim(i)], {}, 'mul') : dim(i)));
  return reshape(tiled, shape);
}

/** `[1, 3]` → `[0, 1, 1, 1]`: for each result the number of running totals that it has passed. */
function repeatedIndices(counts: Tensor): Tensor {
  const totals = emitOne('Cumsum', [counts, 0], {}, 'Cumsum');
  const positions = emitOne('Range', [0, emitOne('Sum', [counts, [0]]), 1], { Tidx: counts.dtype }, 'range');
  const passed = emitOne('LessEqual', [expandDims(totals, 0), expandDims(positions, 1)]);
  return emitOne('Sum', [emitOne('Cast', [passed], { DstT: counts.dtype === int64 ? int64 : int32 }), [1]]);
}

/**
 * The coordinates of a grid over vectors: a tensor per vector. `indexing` `'xy'` (the default) gives them with the first
 * two axes exchanged, as plots want them, `'ij'` in matrix order. Throws `ValueError` for another word.
 *
 *     const [X, Y] = tf.meshgrid([1, 2, 3], [4, 5]);    // two [2, 3]
 */
export function meshgrid(
  ...args: [...TensorLike[], { readonly indexing?: 'xy' | 'ij'; readonly name?: string | null }] | TensorLike[]
): Tensor[] {
  const options = bind<{ indexing: string; name: string | null }>([], args);
  const vectors = args.filter(
    (_, i) => i < args.length - 1 || !('indexing' in options || 'name' in options),
  ) as TensorLike[];
  const { indexing = 'xy', name } = options;
  if (indexing !== 'xy' && indexing !== 'ij') {
    throw new ValueError(`Argument \`indexing\` parameter must be either 'xy' or 'ij', got '${indexing}'`);
  }
  return opScope(name, 'meshgrid', vectors, () => {
    const rank = vectors.length;
    if (rank === 0) return [];
    const along = (i: number) => range(rank).map((k) => (k === i ? -1 : 1));
    const output = vectors.map((v, i) => reshape(convertToTensor(v, { name: 'stack' }), along(i)));
    const lengths = vectors.map((v) => size(v));
    const { dtype } = convertToTensor(vectors[0]);
    if (indexing === 'xy' && rank > 1) {
      output[0] = reshape(output[0], along(1));
      output[1] = reshape(output[1], along(0));
      [lengths[0], lengths[1]] = [lengths[1], lengths[0]];
    }
    const grid = ones(lengths, dtype);
    return output.map((t) => emitOne('Mul', [t, grid], {}, 'mul'));
  });
}
