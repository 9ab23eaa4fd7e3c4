/**
 * Choosing: `Where`, `Select`, `OneHot`, `TopKV2`, `InTopK`, and sorting made of them. Reading at indices is in `gather.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { asDType, bool, type DType, type DTypeLike, float32, int32, int64 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { type Dim, isFullyDefined, type KnownShape, sameShape, sizeOf } from '../util/shape.ts';
import { constantOp, convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { asIndices } from './indices.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { sizeTensor } from './opdef/reduced-shape.ts';
import { broadcastPair, merge, withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const REAL = '{float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64}';

// Where and select

defineOp({
  name: 'Where',
  doc: 'The indices of the elements that are true or not zero, one row each.',
  inputs: ['input: T'],
  outputs: ['index: int64'],
  attrs: [
    'T: {float32, float64, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, qint16, quint16, uint16, complex128, float16, uint32, uint64, bool} = bool',
  ],
  infer: (op) => [[null, op.shape(0)?.length ?? null]],
  grad: () => [null],
  samples: [
    { inputs: [sample(bool, [2, 2], [true, false, true, true])], outputs: [sample(int64, [3, 2], [0, 0, 1, 0, 1, 1])] },
  ],
});

function inferSelect(op: InferContext): Inferred {
  const condition = op.shape(0);
  const data = merge(op.shape(1), op.shape(2));
  if (condition === null || data === null || condition.length === 0) return [data];
  if (condition.length === 1 && data.length !== 1) {
    withRankAtLeast(data, 1);
    return [[merge(condition, data.slice(0, 1))?.[0] ?? null, ...data.slice(1)]];
  }
  return [merge(condition, data)];
}

const choice = {
  inputs: [sample(bool, [2], [true, false]), sample(float32, [2], [1, 2]), sample(float32, [2], [3, 4])],
  outputs: [sample(float32, [2], [1, 4])],
};

defineOp({
  name: 'Select',
  doc: 'Elements of one tensor or another by a condition: one for all, one per row, or one per element.',
  inputs: ['condition: bool', 't: T', 'e: T'],
  outputs: ['output: T'],
  attrs: ['T: type'],
  infer: inferSelect,
  grad: (op, [dy], $) => {
    const [condition, t] = op.inputs;
    const zeros = $.zerosLike(t);
    const first = $.op('Select', [condition, dy, zeros]);
    return [null, first, $.op('Select', [condition, zeros, dy])];
  },
  decompose: (op, $) => {
    const [condition, t, e] = op.inputs;
    const [shape, data] = [$.shapeOf(condition), $.shapeOf(t)];
    if (shape === null || data === null) return null;
    const perRow = shape.length === 1 && data.length > 1;
    if (!perRow) return [$.where(condition, t, e)];
    if (!isFullyDefined(shape)) return null;
    const rows = $.reshape(condition, [shape[0], ...new Array<number>(data.length - 1).fill(1)]);
    return [$.where(rows, t, e)];
  },
  samples: [
    choice,
    {
      inputs: [
        sample(bool, [2], [true, false]),
        sample(float32, [2, 2], [1, 2, 3, 4]),
        sample(float32, [2, 2], [5, 6, 7, 8]),
      ],
      outputs: [sample(float32, [2, 2], [1, 2, 7, 8])],
    },
  ],
});

const selectV2Grad: GradFn = (op, [dy], $) => {
  const [condition, t, e] = op.inputs;
  const zeros = $.scalarLike(0, dy, 'zeros');
  const first = $.where(condition, dy, zeros);
  const second = $.where(condition, zeros, dy);
  const reduced = (grad: typeof dy, operand: typeof dy): typeof dy | null =>
    $.unbroadcast(
      operand,
      op.outputs[0],
      () => grad,
      () => null,
    )[0];
  const gt = reduced(first, t);
  return [null, gt, reduced(second, e)];
};

/** The largest constant that is written out so that no run has to broadcast it. */
const MAX_WRITTEN = 1 << 16;

function expanded<V>($: Vocabulary<V>, x: V, shape: KnownShape): V {
  if (sameShape($.shapeOf(x), shape)) return x;
  const value = $.constantValue(x);
  const size = sizeOf(shape);
  if (value?.size !== 1 || size > MAX_WRITTEN || !(value.dtype === float32 || value.dtype === int32)) {
    return $.broadcastTo(x, shape);
  }
  const data = value.dtype === int32 ? new Int32Array(size) : new Float32Array(size);
  return $.constant({ data: data.fill(Number(value.data[0])), shape }, value.dtype);
}

defineOp({
  name: 'SelectV2',
  doc: 'Elements of one tensor or another by a condition, all three broadcast.',
  inputs: ['condition: bool', 't: T', 'e: T'],
  outputs: ['output: T'],
  attrs: ['T: type'],
  infer: (op) => [broadcastPair(op.shape(0), broadcastPair(op.shape(1), op.shape(2)))],
  grad: selectV2Grad,
  decompose: (op, $) => {
    const out = $.shapeOf(op.outputs[0]);
    if (!isFullyDefined(out) || op.inputs.every((input) => sameShape($.shapeOf(input), out))) return null;
    const [condition, t, e] = op.inputs.map((input) => expanded($, input, out));
    return [$.where(condition, t, e)];
  },
  samples: [
    choice,
    {
      inputs: [sample(bool, [2, 1], [true, false]), sample(float32, [2], [1, 2]), sample(float32, [], [9])],
      outputs: [sample(float32, [2, 2], [1, 2, 9, 9])],
    },
  ],
});

// One-hot, top-k

defineOp({
  name: 'OneHot',
  doc: 'A new axis that holds one value at the index and another elsewhere.',
  inputs: ['indices: TI', 'depth: int32', 'on_value: T', 'off_value: T'],
  outputs: ['output: T'],
  attrs: ['axis: int = -1', 'T: type', 'TI: {uint8, int8, int32, int64} = int64'],
  infer: (op) => {
    const indices = op.shape(0);
    const axis = op.attr<number>('axis');
    const depth = op.constant(1);
    if (axis < -1) throw new ShapeError('axis must be >= -1');
    const length = depth ? Number(depth.data[0] as number) : null;
    if (length !== null && length < 0)
      throw new ShapeError(`Dimension size, given by scalar input 1, must be non-negative but is ${length}`);
    if (indices === null) return [null];
    const at = axis === -1 ? indices.length : axis;
    if (at > indices.length) throw new ShapeError(`Shape must be at least rank ${at} but is rank ${indices.length}`);
    return [[...indices.slice(0, at), length, ...indices.slice(at)]];
  },
  grad: () => [null, null, null, null],
  // Whole numbers can be chosen as integers.
  decompose: (op, $) => {
    const [indices, depth, on, off] = op.inputs;
    const values = [on, off].map((value) => $.constantValue(value)?.data[0]);
    if ($.dtypeOf(on) !== float32 || !values.every((v) => Number.isInteger(v) && Math.abs(Number(v)) < 2 ** 24))
      return null;
    const [onInt, offInt] = values.map((v) => $.ints(Number(v)));
    return [$.cast($.op('OneHot', [indices, depth, onInt, offInt], { axis: op.attr<number>('axis') }), float32)];
  },
  samples: [
    {
      inputs: [
        sample(int32, [3], [0, 2, -1]),
        sample(int32, [], [3]),
        sample(float32, [], [1]),
        sample(float32, [], [0]),
      ],
      outputs: [sample(float32, [3, 3], [1, 0, 0, 0, 0, 1, 0, 0, 0])],
      differentiable: false,
    },
  ],
});

function inferTopK(op: InferContext): Inferred {
  const input = withRankAtLeast(op.shape(0), 1);
  const fromAttr = op.inputCount === 1;
  const value = fromAttr ? null : op.constant(1);
  const k: Dim = fromAttr ? op.attr<number>('k') : value ? Number(value.data[0] as number | bigint) : null;
  if (k !== null && k < 0) throw new ShapeError(`Need k >= 0, got ${k}`);
  if (input === null) return [null, null];
  const last = input[input.length - 1];
  if (k !== null && last !== null && last < k) {
    throw new ShapeError(`input must have last dimension >= k = ${k} but is ${last}`);
  }
  const shape = [...input.slice(0, -1), k];
  return [shape, shape];
}

/** Puts the gradient where the chosen elements were. */
const topKGrad: GradFn = (op, [dy], $) => {
  const [input, ...others] = op.inputs;
  const inShape = $.shape(input);
  const indicesShape = $.shape(op.outputs[1]);
  const last = (shape: typeof inShape) => $.gather($.cast(shape, int64), $.sub(sizeTensor($, shape), 1));
  const indicesLast = last(indicesShape);
  const minusOne = $.constant(-1, int64, 'stack/0');
  const rows = $.reshape(op.outputs[1], $.pack([minusOne, indicesLast], 0, 'stack'));
  const inLast = last(inShape);
  const outer = $.op(
    'StridedSlice',
    [$.shape(rows), toNdArray([0], int32), toNdArray([1], int32), toNdArray([1], int32)],
    { shrink_axis_mask: 1 },
    'strided_slice',
  );
  const limit = $.mul($.cast(outer, int64), inLast);
  const start = $.cast($.ints(0, 'range/start'), int64, 'range/Cast');
  const starts = $.expandDims($.range(start, limit, inLast), -1);
  const flat = $.reshape($.add(rows, $.cast(starts, $.dtypeOf(rows))), [-1]);
  const at = $.expandDims(flat, -1);
  const values = $.reshape(dy, [-1]);
  const total = $.cast($.prod(inShape, $.ints([0])), $.dtypeOf(at));
  const scattered = $.op('ScatterNd', [at, values, $.pack([total], 0, 'ScatterNd/shape')]);
  const result = $.reshape(scattered, inShape);
  const zero = others.map((k) => $.constant(0, $.dtypeOf(k), 'zeros'));
  return [result, ...zero.map(() => null)];
};

const topSample = {
  inputs: [sample(float32, [4], [1, 3, 4, 2])],
  outputs: [sample(float32, [2], [4, 3]), sample(int32, [2], [2, 1])],
};

defineOp({
  name: 'TopK',
  doc: 'The greatest elements of each row and where they are; of equal ones the first.',
  inputs: ['input: T'],
  outputs: ['values: T', 'indices: int32'],
  attrs: ['k: int >= 0', 'sorted: bool = true', `T: ${REAL}`],
  infer: inferTopK,
  grad: topKGrad,
  samples: [{ ...topSample, attrs: { k: 2 } }],
});

defineOp({
  name: 'TopKV2',
  doc: 'The greatest elements of each row and where they are; of equal ones the first.',
  inputs: ['input: T', 'k: Tk'],
  outputs: ['values: T', 'indices: index_type'],
  attrs: [
    'sorted: bool = true',
    `T: ${REAL}`,
    'Tk: {int16, int32, int64} = int32',
    'index_type: {int16, int32, int64} = int32',
  ],
  infer: inferTopK,
  grad: topKGrad,
  samples: [{ ...topSample, inputs: [...topSample.inputs, sample(int32, [], [2])] }],
});

function inferInTopK(op: InferContext): Inferred {
  const predictions = withRank(op.shape(0), 2);
  const targets = withRank(op.shape(1), 1);
  return [merge(predictions.slice(0, 1), targets)];
}

const scores = sample(float32, [2, 3], [0.1, 0.7, 0.2, 0.5, 0.3, 0.2]);

defineOp({
  name: 'InTopK',
  doc: 'Whether the target is among the k best of each row.',
  inputs: ['predictions: float32', 'targets: T'],
  outputs: ['precision: bool'],
  attrs: ['k: int', 'T: {int32, int64} = int32'],
  infer: inferInTopK,
  grad: () => [null, null],
  samples: [
    { inputs: [scores, sample(int32, [2], [1, 2])], attrs: { k: 1 }, outputs: [sample(bool, [2], [true, false])] },
  ],
});

defineOp({
  name: 'InTopKV2',
  doc: 'Whether the target is among the k best of each row.',
  inputs: ['predictions: float32', 'targets: T', 'k: T'],
  outputs: ['precision: bool'],
  attrs: ['T: {int32, int64} = int32'],
  infer: inferInTopK,
  grad: () => [null, null, null],
  samples: [
    {
      inputs: [scores, sample(int32, [2], [1, 1]), sample(int32, [], [2])],
      outputs: [sample(bool, [2], [true, true])],
    },
  ],
});

// API

interface Named {
  readonly name?: string | null;
}

export interface WhereOptions extends Named {
  readonly x?: TensorLike | null;
  readonly y?: TensorLike | null;
}

type WhereRest = Rest<[x: TensorLike | null, y: TensorLike | null, name: string | null], WhereOptions>;

function choose(condition: TensorLike, rest: WhereRest, type: 'Select' | 'SelectV2'): Tensor {
  const { x = null, y = null, name } = bind<WhereOptions>(['x', 'y', 'name'], rest);
  if (x === null && y === null) {
    return opScope(name, 'Where', [condition], (scope) => {
      const input = convertToTensor(condition, { name: 'condition', preferredDtype: bool });
      return emitOne('Where', [input], {}, scope);
    });
  }
  if (x === null || y === null) throw new ValueError('x and y must both be non-None or both be None.');
  return emitOne(type, [condition, x, y], {}, name);
}

/**
 * With `x` and `y`: elements of `x` where `condition` is true, else of `y`. Both have one shape, and `condition` that
 * shape too, or is a scalar, or a vector that chooses rows. Without them: the indices of the elements that are true (not
 * zero), int64 `[count, rank]`.
 *
 *     tf.where(x.greater(0), x, tf.zerosLike(x))
 *     tf.where([true, false, true])            // [[0], [2]]
 */
export function where(condition: TensorLike, ...rest: WhereRest): Tensor {
  return choose(condition, rest, 'Select');
}

/**
 * `where` with NumPy's broadcasting of all three.
 *
 *     tf.whereV2(mask, x, 0)
 */
export function whereV2(condition: TensorLike, ...rest: WhereRest): Tensor {
  return choose(condition, rest, 'SelectV2');
}

export interface OneHotOptions extends Named {
  readonly onValue?: TensorLike | null;
  readonly offValue?: TensorLike | null;
  readonly axis?: number | null;
  readonly dtype?: DTypeLike | null;
}

/**
 * A new axis (the last one, or `axis`) of length `depth` that is `onValue` (1) at the index and `offValue` (0) elsewhere:
 * float32, the type of the values given, or `dtype`. An index out of range gives no `onValue` at all. Throws `TypeError`
 * for indices that are no integers and for values of different types.
 *
 *     tf.oneHot([0, 2], 3)                     // [[1, 0, 0], [0, 0, 1]]
 */
export function oneHot(
  indices: TensorLike,
  depth: TensorLike,
  ...rest: Rest<
    [
      onValue: TensorLike | null,
      offValue: TensorLike | null,
      axis: number | null,
      dtype: DTypeLike | null,
      name: string | null,
    ],
    OneHotOptions
  >
): Tensor {
  const given = bind<OneHotOptions>(['onValue', 'offValue', 'axis', 'dtype', 'name'], rest);
  const wanted = given.dtype ? asDType(given.dtype) : null;
  const { onValue = null, offValue = null } = given;
  return opScope(given.name, 'one_hot', [indices, depth, onValue, offValue], (scope) => {
    const at = asIndices(indices);
    const onGiven = onValue === null ? null : convertToTensor(onValue, { preferredDtype: wanted });
    const offGiven =
      offValue === null ? null : convertToTensor(offValue, { preferredDtype: wanted ?? onGiven?.dtype ?? null });
    const dtype = valueType(wanted, onGiven, offGiven);
    const on = onGiven ?? convertToTensor(toNdArray(1, dtype), { name: 'on_value' });
    const off = offGiven ?? convertToTensor(toNdArray(0, dtype), { name: 'off_value' });
    return emitOne('OneHot', [at, depth, on, off], { axis: given.axis ?? -1 }, scope);
  });
}

function valueType(wanted: DType | null, on: Tensor | null, off: Tensor | null): DType {
  for (const [name, value] of [
    ['on_value', on],
    ['off_value', off],
  ] as const) {
    if (wanted && value && value.dtype !== wanted) {
      throw new TypeError(`dtype ${value.dtype} of ${name} does not match dtype parameter ${wanted}`);
    }
  }
  if (on && off && on.dtype !== off.dtype) {
    throw new TypeError(`dtype ${on.dtype} of on_value does not match dtype ${off.dtype} of off_value`);
  }
  return wanted ?? on?.dtype ?? off?.dtype ?? float32;
}

export interface SequenceMaskOptions extends Named {
  readonly maxlen?: TensorLike | null;
  readonly dtype?: DTypeLike;
}

/**
 * For each length a row of `maxlen` (the greatest length without it) elements, true in the first `length` of them.
 *
 *     tf.sequenceMask([1, 3], 3)               // [[true, false, false], [true, true, true]]
 */
export function sequenceMask(
  lengths: TensorLike,
  ...rest: Rest<[maxlen: TensorLike | null, dtype: DTypeLike, name: string | null], SequenceMaskOptions>
): Tensor {
  const { maxlen = null, dtype, name } = bind<SequenceMaskOptions>(['maxlen', 'dtype', 'name'], rest);
  const type = asDType(dtype ?? bool);
  return opScope(name, 'SequenceMask', [lengths, maxlen], () => {
    const at = convertToTensor(asIndices(lengths));
    let length: Tensor;
    if (maxlen === null) {
      const rank = at.shape?.length ?? null;
      const axes =
        rank === null
          ? emitOne('Range', [toNdArray(0, int32), emitOne('Rank', [at]), toNdArray(1, int32)], {}, 'range')
          : toNdArray(
              Array.from({ length: rank }, (_, i) => i),
              int32,
              [rank],
            );
      const longest = emitOne('Max', [at, axes]);
      length = emitOne('Maximum', [constantOp(toNdArray(0, at.dtype), 'Const'), longest]);
    } else {
      length = convertToTensor(asIndices(maxlen));
      if (length.shape !== null && length.shape.length > 0)
        throw new ValueError('maxlen must be scalar for sequence_mask');
    }
    const [zero, one] = [0, 1].map((value) => constantOp(toNdArray(value, length.dtype), 'Const'));
    const row = emitOne('Range', [zero, length, one]);
    const matrix = emitOne('Cast', [emitOne('ExpandDims', [at, toNdArray(-1, int32)])], { DstT: length.dtype });
    const mask = emitOne('Less', [row, matrix]);
    return type === bool ? mask : emitOne('Cast', [mask], { DstT: type });
  });
}

export interface TopKOptions extends Named {
  readonly k?: TensorLike;
  readonly sorted?: boolean;
  readonly indexType?: DTypeLike;
}

/**
 * The `k` (1) greatest elements of each row, descending, and where they are (int32); of equal ones the first. Throws
 * `ValueError` for rows shorter than `k`.
 *
 *     const {values, indices} = tf.nn.topK(logits, 5);
 */
export function topK(
  input: TensorLike,
  ...rest: Rest<[k: TensorLike, sorted: boolean, indexType: DTypeLike, name: string | null], TopKOptions>
): { readonly values: Tensor; readonly indices: Tensor } {
  const { k = 1, sorted = true, indexType, name } = bind<TopKOptions>(['k', 'sorted', 'indexType', 'name'], rest);
  const attrs = { sorted, index_type: asDType(indexType ?? int32) };
  const [values, indices] = emit('TopKV2', [input, asIndices(k)], attrs, name).outputs;
  return { values, indices };
}

/**
 * Whether `targets[i]` (int32 or int64) is among the `k` best of row `i` of `predictions` (float32); equal scores at the
 * border count as in. False for a target out of range or a row that is not finite.
 *
 *     tf.reduceMean(tf.cast(tf.nn.inTopK(logits, labels, 5), tf.float32))
 */
export function inTopK(
  predictions: TensorLike,
  targets: TensorLike,
  k: TensorLike,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  const { name } = bind<Named>(['name'], rest);
  return opScope(name, 'in_top_k', [predictions, targets, k], () =>
    emitOne('InTopKV2', [predictions, asIndices(targets), asIndices(k)]),
  );
}

export interface SortOptions extends Named {
  readonly axis?: number;
  readonly direction?: 'ASCENDING' | 'DESCENDING';
}

type SortRest = Rest<[axis: number, direction: 'ASCENDING' | 'DESCENDING', name: string | null], SortOptions>;
type ArgsortRest = Rest<
  [axis: number, direction: 'ASCENDING' | 'DESCENDING', stable: boolean, name: string | null],
  SortOptions & { readonly stable?: boolean }
>;

function sorted(values: TensorLike, { axis = -1, direction = 'ASCENDING', name }: SortOptions, isArg: boolean): Tensor {
  if (direction !== 'ASCENDING' && direction !== 'DESCENDING') {
    throw new ValueError(
      `Argument \`direction\` should be one of 'ASCENDING' or 'DESCENDING'. Received: direction=${direction}`,
    );
  }
  return opScope(name, isArg ? 'argsort' : 'sort', [values], () => {
    const x = convertToTensor(values);
    if (x.shape === null) throw new ValueError('sort needs values of known rank.');
    const rank = x.shape.length;
    const at = axis < 0 ? axis + rank : axis;
    if (at < 0 || at >= rank) throw new ValueError(`axis ${axis} is out of bounds for a tensor of rank ${rank}.`);
    const ascending = direction === 'ASCENDING';
    if (ascending && x.dtype.isUnsigned)
      throw new TypeError(`Values of type ${x.dtype.name} can be sorted descending only.`);
    const perm = Array.from({ length: rank }, (_, i) => (i === at ? rank - 1 : i === rank - 1 ? at : i));
    const swap = (t: Tensor): Tensor =>
      at === rank - 1 ? t : emitOne('Transpose', [t, toNdArray(perm, int32)], {}, 'transpose');
    // The greatest of the negated values are the least.
    const rows = swap(ascending ? negated(x) : x);
    const last = rows.shape?.[rank - 1] ?? null;
    const k = last === null ? lastLength(rows, rank) : toNdArray(last, int32);
    const [top, indices] = emit('TopKV2', [rows, k]).outputs;
    if (isArg) return swap(indices);
    return swap(ascending ? negated(top) : top);
  });
}

/** Order-reversing: `-1 - x` for integers, as `-x` overflows for the least one. */
function negated(x: Tensor): Tensor {
  if (!x.dtype.isInteger) return emitOne('Neg', [x]);
  return emitOne('Sub', [new NdArray(x.dtype, [], toNdArray(-1, x.dtype).data), x], {}, 'sub');
}

function lastLength(x: Tensor, rank: number): Tensor {
  const [from, to, step] = [rank - 1, rank, 1].map((i) => toNdArray([i], int32));
  return emitOne('StridedSlice', [emitOne('Shape', [x]), from, to, step], { shrink_axis_mask: 1 }, 'strided_slice');
}

/**
 * The elements sorted along `axis` (the last), ascending or `'DESCENDING'`. Real types.
 *
 *     tf.sort([3, 1, 2])                       // [1, 2, 3]
 */
export function sort(values: TensorLike, ...rest: SortRest): Tensor {
  return sorted(values, bind<SortOptions>(['axis', 'direction', 'name'], rest), false);
}

/**
 * The indices (int32) that sort along `axis` (the last): equal elements stay in order.
 *
 *     tf.argsort([3, 1, 2])                    // [1, 2, 0]
 */
export function argsort(values: TensorLike, ...rest: ArgsortRest): Tensor {
  const given = bind<SortOptions & { stable: boolean }>(['axis', 'direction', 'stable', 'name'], rest);
  return sorted(values, given, true);
}
