/**
 * Searching: places in sorted rows, the n-th element of rows, flat indices as coordinates. Sorting and the greatest
 * elements are in `selection.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { asDType, type DTypeLike, float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { isFullyDefined, sizeOf } from '../util/shape.ts';
import { convertToTensor, emitOne, graphOf } from './emit.ts';
import { asIndices } from './indices.ts';
import { defineOp, ShapeError, sample } from './opdef/define.ts';
import { withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import { reshape, shape as shapeOf } from './shaping.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const sorted = sample(float32, [1, 4], [0, 2, 2, 5]);
const wanted = sample(float32, [1, 3], [2, 6, -1]);

for (const [name, doc, result] of [
  ['LowerBound', 'Where each value could be put into its sorted row, before equal elements.', [1, 4, 0]],
  ['UpperBound', 'Where each value could be put into its sorted row, after equal elements.', [3, 4, 0]],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['sorted_inputs: T', 'values: T'],
    outputs: ['output: out_type'],
    attrs: ['T: type', 'out_type: {int32, int64} = int32'],
    infer: (op) => {
      withRank(op.shape(0), 2);
      return [withRank(op.shape(1), 2)];
    },
    grad: null,
    samples: [{ inputs: [sorted, wanted], outputs: [sample(int32, [1, 3], result)] }],
  });
}

defineOp({
  name: 'NthElement',
  doc: 'The n-th least (or greatest) element of each row.',
  inputs: ['input: T', 'n: int32'],
  outputs: ['values: T'],
  attrs: [
    'reverse: bool = false',
    'T: {float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64}',
  ],
  infer: (op) => {
    const input = withRankAtLeast(op.shape(0), 1);
    withRank(op.shape(1), 0);
    const n = op.constant(1);
    if (input === null) return [null];
    const last = input[input.length - 1];
    const at = n === null ? null : Number(n.data[0] as number | bigint);
    if (at !== null && at < 0)
      throw new ShapeError(`Dimension size, given by scalar input 1, must be non-negative but is ${at}`);
    if (at !== null && last !== null && last <= at) {
      throw new ShapeError(`Input must have last dimension > n = ${at} but is ${last}`);
    }
    return [input.slice(0, -1)];
  },
  grad: (op, [dy], $) => {
    const [input] = op.inputs;
    const equals = $.cast($.equal($.expandDims(op.outputs[0], -1), input), $.dtypeOf(dy));
    // Equal elements of a row share the gradient.
    const dys = $.expandDims(dy, -1);
    const count = $.expandDims($.sum(equals, $.ints(-1)), -1);
    return [$.mul($.div(equals, count), dys), null];
  },
  samples: [
    {
      inputs: [sample(float32, [2, 3], [5, 1, 3, 2, 9, 4]), sample(int32, [], [1])],
      outputs: [sample(float32, [2], [3, 4])],
    },
    {
      inputs: [sample(float32, [3], [5, 1, 3]), sample(int32, [], [0])],
      attrs: { reverse: true },
      outputs: [sample(float32, [], [5])],
    },
  ],
});

defineOp({
  name: 'UnravelIndex',
  doc: 'Flat indices into a shape as coordinates, a column per index.',
  inputs: ['indices: Tidx', 'dims: Tidx'],
  outputs: ['output: Tidx'],
  attrs: ['Tidx: {int32, int64} = int32'],
  infer: (op) => {
    const [indices, dims] = [op.shape(0), withRank(op.shape(1), 1)];
    if (indices === null) return [null];
    if (indices.length === 0) return [[dims[0]]];
    return [[dims[0], isFullyDefined(indices) ? sizeOf(indices) : null]];
  },
  grad: null,
  samples: [
    {
      inputs: [sample(int32, [3], [2, 5, 7]), sample(int32, [2], [3, 3])],
      outputs: [sample(int32, [2, 3], [0, 1, 2, 2, 2, 1])],
    },
  ],
});

// Functions

export interface SearchsortedOptions {
  /** Before equal elements (`'left'`, the default) or after them (`'right'`). */
  readonly side?: 'left' | 'right';
  readonly outType?: DTypeLike;
  readonly name?: string | null;
}

/**
 * Where each of `values` [..., n] could be put into its row of `sortedSequence` [..., m] so that the row stays sorted: the
 * index of the first element not less (`side: 'left'`) or greater (`'right'`), `m` where there is none. int32, or `outType`
 * int64. Throws `ValueError` for another side; leading axes that differ fail the run.
 *
 *     tf.searchsorted([1, 3, 5], [3, 4])       // [1, 2]
 */
export function searchsorted(
  sortedSequence: TensorLike,
  values: TensorLike,
  ...rest: Rest<[side: 'left' | 'right', outType: DTypeLike, name: string | null], SearchsortedOptions>
): Tensor {
  const { side = 'left', outType, name } = bind<SearchsortedOptions>(['side', 'outType', 'name'], rest);
  if (side !== 'left' && side !== 'right') {
    throw new ValueError(`Argument \`side\` must be either 'right' or 'left'. Received: \`side\` = '${String(side)}'.`);
  }
  return scopeless([sortedSequence, values], () => {
    const sequence = convertToTensor(sortedSequence);
    const items = convertToTensor(values, { preferredDtype: sequence.dtype });
    const length = shapeOf(sequence).slice(-1);
    const count = shapeOf(items).slice(-1);
    const rows = reshape(sequence, [-1, length]);
    const found = emitOne(
      side === 'left' ? 'LowerBound' : 'UpperBound',
      [rows, reshape(items, [-1, count])],
      { out_type: asDType(outType ?? int32) },
      name,
    );
    return reshape(found, shapeOf(items));
  });
}

/** All or nothing, on the graph of the inputs, in the current name scope. */
function scopeless<R>(inputs: readonly TensorLike[], body: () => R): R {
  const graph = graphOf(inputs);
  return graph.atomic(() => graph.asDefault(body));
}

/**
 * The coordinates of flat `indices` in an array of the shape `dims` (int32 or int64): a vector for one index, else a column
 * for each, [rank, n]. An index out of range fails the run.
 *
 *     tf.unravelIndex([2, 5, 7], [3, 3])       // [[0, 1, 2], [2, 2, 1]]
 */
export function unravelIndex(
  indices: TensorLike,
  dims: TensorLike,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ name: string | null }>(['name'], rest);
  return emitOne('UnravelIndex', [asIndices(indices), asIndices(dims)], {}, name);
}
