/**
 * Operations on sets: the last axis of a tensor, dense or sparse, holds the elements of a set; the axes before it number
 * the sets.
 */
import type { Tensor } from '../graph/graph.ts';
import { int32, int64 } from '../util/dtype.ts';
import { TypeError } from '../util/errors.ts';
import type { Dim, Shape } from '../util/shape.ts';
import { emit, emitOne } from './emit.ts';
import { defineOp, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { merge, mergeDim, withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import { convertToTensorOrSparseTensor, SparseTensor, type SparseTensorLike } from './sparse-tensor.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const NAMES = ['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'string'];
const T = `T: {${NAMES.join(', ')}}`;
const outputs = ['result_indices: int64', 'result_values: T', 'result_shape: int64'];
const attrs = ['set_operation: string', 'validate_indices: bool = true', T];

/** The rank of a sparse tensor, and the length of its shape where it is known. */
function sparseRank(op: InferContext, first: number): Dim {
  const indices = withRank(op.shape(first), 2);
  const values = withRank(op.shape(first + 1), 1);
  const shape = withRank(op.shape(first + 2), 1);
  mergeDim(indices[0], values[0]);
  return mergeDim(indices[1], shape[0]);
}

function setsOf(rank: Dim): Inferred {
  return [[null, rank], [null], [rank]];
}

/** The number of axes of two inputs, which must agree. */
function mergeRanks(a: Dim, b: Dim): Dim {
  if (a !== null && b !== null && a !== b) throw new ShapeError(`Dimension must be ${a} but is ${b}`);
  const rank = a ?? b;
  if (rank !== null && rank < 2) throw new ShapeError(`Input 0, expected rank >= 2, got ${rank}.`);
  return rank;
}

const rankOf = (shape: Shape) => shape?.length ?? null;

function inferDense(op: InferContext): Inferred {
  const a = withRankAtLeast(op.shape(0), 2);
  const b = a ? withRank(op.shape(1), a.length) : withRankAtLeast(op.shape(1), 2);
  if (a && op.shape(1)) merge(a.slice(0, -1), (b as readonly Dim[]).slice(0, -1));
  return setsOf(rankOf(a) ?? rankOf(op.shape(1)));
}

const some = sample(int32, [2, 3], [4, 2, 2, 0, 2, 4]);
const others = [sample(int64, [3, 2], [0, 0, 0, 1, 1, 0]), sample(int32, [3], [2, 3, 0]), sample(int64, [2], [2, 2])];
const common = {
  attrs: { set_operation: 'intersection' },
  outputs: [sample(int64, [2, 2], [0, 0, 1, 0]), sample(int32, [2], [2, 0]), sample(int64, [2], [2, 1])],
};

defineOp({
  name: 'DenseToDenseSetOperation',
  doc: 'The union, intersection or difference of sets along the last axis of two tensors.',
  inputs: ['set1: T', 'set2: T'],
  outputs,
  attrs,
  infer: inferDense,
  grad: (op) => op.inputs.map(() => null),
  samples: [{ inputs: [some, sample(int32, [2, 2], [2, 3, 0, 3])], ...common }],
});

defineOp({
  name: 'DenseToSparseSetOperation',
  doc: 'The union, intersection or difference of sets along the last axis of a dense and a sparse tensor.',
  inputs: ['set1: T', 'set2_indices: int64', 'set2_values: T', 'set2_shape: int64'],
  outputs,
  attrs,
  infer: (op) => setsOf(mergeRanks(rankOf(withRankAtLeast(op.shape(0), 2)), sparseRank(op, 1))),
  grad: (op) => op.inputs.map(() => null),
  samples: [{ inputs: [some, ...others], ...common }],
});

defineOp({
  name: 'SparseToSparseSetOperation',
  doc: 'The union, intersection or difference of sets along the last axis of two sparse tensors.',
  inputs: [
    'set1_indices: int64',
    'set1_values: T',
    'set1_shape: int64',
    'set2_indices: int64',
    'set2_values: T',
    'set2_shape: int64',
  ],
  outputs,
  attrs,
  infer: (op) => setsOf(mergeRanks(sparseRank(op, 0), sparseRank(op, 3))),
  grad: (op) => op.inputs.map(() => null),
  samples: [
    {
      inputs: [...others, sample(int64, [2, 2], [0, 0, 1, 0]), sample(int32, [2], [2, 0]), sample(int64, [2], [2, 1])],
      ...common,
    },
  ],
});

defineOp({
  name: 'SetSize',
  doc: 'The number of different elements of each set along the last axis of a sparse tensor.',
  inputs: ['set_indices: int64', 'set_values: T', 'set_shape: int64'],
  outputs: ['size: int32'],
  attrs: ['validate_indices: bool = true', T],
  infer: (op) => {
    sparseRank(op, 0);
    return [null];
  },
  grad: (op) => op.inputs.map(() => null),
  samples: [{ inputs: others, outputs: [sample(int32, [2], [2, 1])] }],
});

/** A tensor or sparse tensor whose last axis holds sets: of integers up to 64 bits (not uint32, uint64) or strings. */
export type SetsLike = TensorLike | SparseTensorLike;

export interface SetOptions {
  /** Whether the indices of sparse tensors must be in row-major order, and inside the shape; true without it. */
  readonly validateIndices?: boolean;
}

export interface SetDifferenceOptions extends SetOptions {
  /** Whether `b` is taken away from `a` (without it: true), or `a` from `b`. */
  readonly aminusb?: boolean;
}

const DTYPES = '`frozenset({tf.int32, tf.uint8, tf.int16, tf.int8, tf.string, tf.int64, tf.uint16})`';

/**
 * The number of different elements of each set, int32, of a sparse tensor: `shape[:-1]`. Throws `TypeError` for what is no
 * sparse tensor, or has elements of a type that sets cannot have.
 *
 *     tf.sets.size(new tf.SparseTensor([[0, 0], [0, 1]], tf.constant([3, 3], tf.int32), [2, 2]))     // [1, 0]
 */
export function setSize(a: SetsLike, ...rest: Rest<[validateIndices: boolean], SetOptions>): Tensor {
  const { validateIndices = true } = bind<SetOptions>(['validateIndices'], rest);
  const sets = convertToTensorOrSparseTensor(a, { name: 'a' });
  if (!(sets instanceof SparseTensor)) throw new TypeError(`Expected \`SparseTensor\`, got ${sets}.`);
  if (!NAMES.includes(sets.dtype.name)) {
    throw new TypeError(`Invalid dtype \`${sets.dtype}\` not in supported dtypes: ${DTYPES}.`);
  }
  const parts = [sets.indices, sets.values, sets.denseShape];
  return emitOne('SetSize', parts, { validate_indices: validateIndices });
}

function operate(a: SetsLike, b: SetsLike, operation: (flipped: boolean) => string, validate: boolean): SparseTensor {
  const x = convertToTensorOrSparseTensor(a, { name: 'a' });
  if (!NAMES.includes(x.dtype.name)) {
    throw new TypeError(`'a' has invalid dtype \`${x.dtype}\` not in supported dtypes: ${DTYPES}.`);
  }
  const y = convertToTensorOrSparseTensor(b, { name: 'b' });
  if (y.dtype !== x.dtype) throw new TypeError(`Types don't match, ${x.dtype} vs ${y.dtype}.`);
  // There is no op for a sparse tensor first and a dense one second.
  const flipped = x instanceof SparseTensor && !(y instanceof SparseTensor);
  const inputs = (flipped ? [y, x] : [x, y]).flatMap((sets) =>
    sets instanceof SparseTensor ? [sets.indices, sets.values, sets.denseShape] : [sets],
  );
  const type =
    inputs.length === 2
      ? 'DenseToDenseSetOperation'
      : inputs.length === 4
        ? 'DenseToSparseSetOperation'
        : 'SparseToSparseSetOperation';
  const found = emit(type, inputs, { set_operation: operation(flipped), validate_indices: validate });
  return new SparseTensor(found.output(0), found.output(1), found.output(2));
}

/**
 * The elements that are in both sets, in ascending order, as a sparse tensor. The shapes of `a` and `b`, dense or sparse,
 * must agree but for the last axis: static ones are checked with a `ValueError`, others by the run. Throws `TypeError` for
 * different or wrong element types.
 *
 *     tf.sets.intersection(tf.constant([[1, 2, 3]], tf.int32), tf.constant([[2, 3, 4]], tf.int32))     // values [2, 3]
 */
export function setIntersection(
  a: SetsLike,
  b: SetsLike,
  ...rest: Rest<[validateIndices: boolean], SetOptions>
): SparseTensor {
  const { validateIndices = true } = bind<SetOptions>(['validateIndices'], rest);
  return operate(a, b, () => 'intersection', validateIndices);
}

/** The elements of `a` that are not in `b`; the other way round with `aminusb: false`. See `intersection`. */
export function setDifference(
  a: SetsLike,
  b: SetsLike,
  ...rest: Rest<[aminusb: boolean, validateIndices: boolean], SetDifferenceOptions>
): SparseTensor {
  const { aminusb = true, validateIndices = true } = bind<SetDifferenceOptions>(['aminusb', 'validateIndices'], rest);
  return operate(a, b, (flipped) => (aminusb !== flipped ? 'a-b' : 'b-a'), validateIndices);
}

/** The elements that are in either set. See `intersection`. */
export function setUnion(
  a: SetsLike,
  b: SetsLike,
  ...rest: Rest<[validateIndices: boolean], SetOptions>
): SparseTensor {
  const { validateIndices = true } = bind<SetOptions>(['validateIndices'], rest);
  return operate(a, b, () => 'union', validateIndices);
}
