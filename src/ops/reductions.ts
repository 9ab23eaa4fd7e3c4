/**
 * Reductions over axes (`Sum`, `Mean`, …) and running sums and products (`Cumsum`, `Cumprod`), with the functions made
 * of them. Arg-reductions are in `arg-reduce.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { asDType, bool, type DTypeLike, float32, int32, int64, string } from '../util/dtype.ts';
import { TypeError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { isFullyDefined, type Shape, sizeOf } from '../util/shape.ts';
import { constantOp, convertToTensor, emitOne, graphOf, opScope } from './emit.ts';
import { meanBySum, splitSum } from './long-sums.ts';
import {
  defineOp,
  type GradFn,
  type InferContext,
  type Inferred,
  type OpInit,
  ShapeError,
  sample,
} from './opdef/define.ts';
import { foldedReduction, reducedShape, sizeTensor } from './opdef/reduced-shape.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { rank as rankOf } from './shaping.ts';
import { bind, isSymbolic, type Rest, renamed, type TensorLike } from './tensor-like.ts';

const NUMBERS = ['T: numbertype', 'Tidx: {int32, int64} = int32'];
const REALS = [
  'T: {float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64, qint8, quint8, qint32, qint16, quint16}',
  'Tidx: {int32, int64} = int32',
];

/** Without the reduced axes, as far as they are known; with `keep_dims` of length 1. */
export function inferReduction(op: InferContext): Inferred {
  const shape = op.shape(0);
  const axes = op.constant(1);
  const keepDims = op.attr<boolean>('keep_dims');
  if (shape === null) return [null];
  if (!axes) return [keepDims ? shape.map(() => null) : null];
  const reduced = new Set<number>();
  for (let i = 0; i < axes.size; i++) {
    const axis = Number(axes.data[i] as number | bigint);
    if (axis < -shape.length || axis >= shape.length) {
      throw new ShapeError(`Invalid reduction dimension ${axis} for input with ${shape.length} dimensions.`);
    }
    reduced.add(axis < 0 ? axis + shape.length : axis);
  }
  return [keepDims ? shape.map((d, i) => (reduced.has(i) ? 1 : d)) : shape.filter((_, i) => !reduced.has(i))];
}

/** The gradient of a sum, which those of `Mean` start with. */
function sumGradient<V>(
  op: { readonly inputs: readonly V[]; attr(name: string): unknown },
  dy: V,
  $: Vocabulary<V>,
): V {
  const [input, indices] = op.inputs;
  const shape = $.shapeOf(input);
  const axes = $.constantValue(indices);
  if (shape !== null && axes) {
    const all = axes.rank === 1 && axes.size === shape.length && shape.every((_, i) => Number(axes.data[i]) === i);
    if (all) {
      const scalar = $.reshape(
        dy,
        shape.map(() => 1),
      );
      return $.tile(scalar, isFullyDefined(shape) ? $.ints(shape, 'Const') : $.shapeOp(input));
    }
    if (isFullyDefined(shape)) {
      const kept = reducedShape($, null, input, indices) as NdArray;
      const multiples = shape.map((d, i) => Math.floor(d / Math.max(Number(kept.data[i]), 1)));
      if ($.isFirst(`reduced ${shape} over ${axes.data}`)) {
        // The multiples as TensorFlow computes them, once for equal reductions of a graph; nothing reads them.
        const divisor = $.op('Maximum', [kept, one()]);
        $.op('FloorDiv', [toNdArray([...shape], int32, [shape.length]), divisor], {}, 'floordiv');
      }
      return $.tile($.op('Reshape', [dy, kept]), multiples);
    }
  }
  const inputShape = $.shape(input);
  const grad = op.attr('keep_dims') ? dy : $.op('Reshape', [dy, reducedShape($, inputShape, input, indices)]);
  return $.broadcastTo(grad, inputShape);
}

const sumGrad: GradFn = (op, [dy], $) => [sumGradient(op, dy, $), null];

/** The product of all elements. */
function product<V>($: Vocabulary<V>, x: V): V {
  if ($.shapeOf(x)?.length === 1) return $.prod(x, $.ints([0]));
  return $.prod(x, $.op('Range', [NdArray.zeros(int32, []), $.rank(x), one()], {}, 'range'));
}

const meanGrad: GradFn = (op, [dy], $) => {
  const [input, indices] = op.inputs;
  const sum = sumGradient(op, dy, $);
  const [from, to] = [$.shapeOf(input), $.shapeOf(op.outputs[0])];
  if (isFullyDefined(from) && isFullyDefined(to)) {
    return [$.div(sum, $.scalarLike(Math.floor(sizeOf(from) / Math.max(sizeOf(to), 1)), sum)), null];
  }
  const shape = $.shape(input);
  const rank = sizeTensor($, shape);
  const axes = $.mod($.add($.cast(indices, int32), rank), rank);
  const factor = product($, $.gather(shape, axes));
  return [$.div(sum, $.cast(factor, $.dtypeOf(sum))), null];
};

const extremumGrad: GradFn = (op, [dy], $) => {
  const [input, indices] = op.inputs;
  const shape = $.shape(input);
  let y = op.outputs[0];
  let grad = dy;
  let kept: ReturnType<typeof $.shape> | NdArray;
  if (op.attr('keep_dims')) {
    kept = $.shape(y);
  } else {
    kept = reducedShape($, shape, input, indices);
    y = $.op('Reshape', [y, kept]);
    grad = $.op('Reshape', [dy, kept]);
  }
  // Equal extrema share the gradient.
  const indicators = $.cast($.equal(y, input), $.dtypeOf(dy));
  const selected = $.op('Reshape', [$.sum(indicators, indices), kept]);
  return [$.mul($.div(indicators, selected), grad), null];
};

/** Two running products leave out one factor each time, so that zeros need no division. */
const prodGrad: GradFn = (op, [dy], $) => {
  const [input, indices] = op.inputs;
  const shape = $.shape(input);
  const flat = $.reshape(indices, [-1]);
  const kept = op.attr('keep_dims') ? dy : $.op('Reshape', [dy, reducedShape($, shape, input, indices)]);
  const grad = $.broadcastTo(kept, shape);
  const rank = $.rank(input);
  const reduced = $.cast($.mod($.add($.cast(flat, int32), rank), rank), int32);
  const range = $.op('Range', [NdArray.zeros(int32, []), rank, one()], {}, 'range');
  const [other] = $.ops('ListDiff', [range, reduced], { out_idx: int32 });
  const perm = $.concat([reduced, other], 0);
  const reducedSize = $.prod($.gather(shape, reduced), $.ints([0]));
  const otherSize = $.prod($.gather(shape, other), $.ints([0]));
  const permuted = $.transpose(input, perm);
  const permutedShape = $.shape(permuted);
  // The name that the reshape is going to have.
  const name = op.attr('keep_dims') ? 'Reshape_1' : 'Reshape_2';
  const matrix = $.reshape(permuted, $.pack([reducedSize, otherSize], 0, `${name}/shape`));
  const left = $.op('Cumprod', [matrix, NdArray.zeros(int32, [])], { exclusive: true });
  const right = $.op('Cumprod', [matrix, NdArray.zeros(int32, [])], { exclusive: true, reverse: true });
  const y = $.reshape($.mul(conjugate($, left), conjugate($, right)), permutedShape);
  const out = $.mul(grad, $.transpose(y, $.op('InvertPermutation', [perm])));
  return [$.reshape(out, shape), null];
};

const normGrad: GradFn = (op, [dy], $) => {
  const [input, indices] = op.inputs;
  let [output, grad] = [op.outputs[0], dy];
  if (!op.attr('keep_dims')) {
    const kept = reducedShape($, $.shape(input), input, indices);
    output = $.op('Reshape', [output, kept]);
    grad = $.op('Reshape', [dy, kept]);
  }
  return [$.div(input, $.div(output, grad)), null];
};

function one(): NdArray {
  return new NdArray(int32, [], Int32Array.of(1));
}

function conjugate<V>($: Vocabulary<V>, x: V): V {
  return $.dtypeOf(x).isComplex ? $.op('Conj', [x]) : x;
}

const silent: GradFn = () => [null, null];
const axis1 = sample(int32, [1], [1]);
const matrix = sample(float32, [2, 3], [1, 2, 3, 6, 5, 4]);

interface Row {
  readonly name: string;
  readonly doc: string;
  readonly attrs: readonly string[];
  readonly grad: GradFn;
  readonly result: readonly number[];
  readonly decompose?: OpInit['decompose'];
  readonly fold?: { readonly start: number; readonly step: (a: number, b: number) => number };
}

const reductions: readonly Row[] = [
  {
    name: 'Sum',
    doc: 'The sum of the elements along axes.',
    attrs: NUMBERS,
    grad: sumGrad,
    result: [6, 15],
    decompose: splitSum,
    fold: { start: 0, step: (a, b) => a + b },
  },
  {
    name: 'Mean',
    doc: 'The mean of the elements along axes.',
    attrs: NUMBERS,
    grad: meanGrad,
    result: [2, 5],
    decompose: meanBySum,
  },
  {
    name: 'Prod',
    doc: 'The product of the elements along axes.',
    attrs: NUMBERS,
    grad: prodGrad,
    result: [6, 120],
    fold: { start: 1, step: (a, b) => a * b },
  },
  {
    name: 'Max',
    doc: 'The greatest element along axes.',
    attrs: REALS,
    grad: extremumGrad,
    result: [3, 6],
    fold: { start: -Infinity, step: Math.max },
  },
  {
    name: 'Min',
    doc: 'The least element along axes.',
    attrs: REALS,
    grad: extremumGrad,
    result: [1, 4],
    fold: { start: Infinity, step: Math.min },
  },
  {
    name: 'EuclideanNorm',
    doc: 'The square root of the sum of the squares of the elements along axes.',
    attrs: NUMBERS,
    grad: normGrad,
    result: [Math.sqrt(14), Math.sqrt(77)],
  },
];

for (const { name, doc, attrs, grad, result, decompose, fold } of reductions) {
  defineOp({
    name,
    doc,
    inputs: ['input: T', 'reduction_indices: Tidx'],
    outputs: ['output: T'],
    attrs: ['keep_dims: bool = false', ...attrs],
    infer: inferReduction,
    grad,
    ...(decompose ? { decompose } : {}),
    ...(fold ? { fold: (op) => foldedReduction(op, fold.start, fold.step) } : {}),
    samples: [{ inputs: [matrix, axis1], outputs: [sample(float32, [2], result)] }],
  });
}

for (const [name, doc, result, step] of [
  ['All', 'Whether all elements along axes are true.', [false, true], (a: number, b: number) => a & b],
  ['Any', 'Whether any element along axes is true.', [true, true], (a: number, b: number) => a | b],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['input: bool', 'reduction_indices: Tidx'],
    outputs: ['output: bool'],
    attrs: ['keep_dims: bool = false', 'Tidx: {int32, int64} = int32'],
    infer: inferReduction,
    grad: silent,
    fold: (op) => foldedReduction(op, name === 'All' ? 1 : 0, step),
    samples: [
      { inputs: [sample(bool, [2, 2], [true, false, true, true]), axis1], outputs: [sample(bool, [2], result)] },
    ],
  });
}

/** A scan along an axis, which must be one of the input's. */
export function inferScan(op: InferContext): Inferred {
  const shape = op.shape(0);
  const axis = op.constant(1);
  if (op.shape(1) && (op.shape(1) as readonly unknown[]).length > 0) {
    throw new ShapeError(`Shape must be rank 0 but is rank ${op.shape(1)?.length}`);
  }
  // A scalar has no axis: that is an error of the run.
  if (shape && shape.length > 0 && axis) {
    const at = Number(axis.data[0] as number | bigint);
    if (at < -shape.length || at >= shape.length) {
      throw new ShapeError(`Dimension must be in the range [${-shape.length}, ${shape.length}), but got ${at}`);
    }
  }
  return [shape];
}

const SCAN = ['exclusive: bool = false', 'reverse: bool = false', ...NUMBERS];
const axis0 = sample(int32, [], [0]);

defineOp({
  name: 'Cumsum',
  doc: 'Running sums along an axis.',
  inputs: ['x: T', 'axis: Tidx'],
  outputs: ['out: T'],
  attrs: SCAN,
  infer: inferScan,
  grad: (op, [dy], $) => [
    $.op('Cumsum', [dy, op.inputs[1]], { exclusive: op.attr('exclusive'), reverse: !op.attr('reverse') }),
    null,
  ],
  samples: [{ inputs: [sample(float32, [3], [1, 2, 3]), axis0], outputs: [sample(float32, [3], [1, 3, 6])] }],
});

defineOp({
  name: 'Cumprod',
  doc: 'Running products along an axis.',
  inputs: ['x: T', 'axis: Tidx'],
  outputs: ['out: T'],
  attrs: SCAN,
  infer: inferScan,
  grad: (op, [dy], $) => {
    const [x, axis] = op.inputs;
    const [exclusive, reverse] = [op.attr<boolean>('exclusive'), op.attr<boolean>('reverse')];
    const product = $.op('Cumprod', [x, axis], { exclusive, reverse });
    const out = $.op('Cumsum', [$.mul(product, dy), axis], { exclusive, reverse: !reverse });
    return [$.op('DivNoNan', [out, x], {}, 'div_no_nan'), null];
  },
  samples: [{ inputs: [sample(float32, [3], [1, 2, 3]), axis0], outputs: [sample(float32, [3], [1, 2, 6])] }],
});

export type AxisLike = TensorLike | null;

export interface ReduceOptions {
  readonly axis?: AxisLike;
  readonly keepdims?: boolean | null;
  readonly name?: string | null;
  /** The old name of `axis`. */
  readonly reductionIndices?: AxisLike;
  /** The old name of `keepdims`. */
  readonly keepDims?: boolean | null;
}

export type ReduceRest = Rest<
  [axis: AxisLike, keepdims: boolean | null, name: string | null, reductionIndices: AxisLike, keepDims: boolean | null],
  ReduceOptions
>;

interface Reduction {
  readonly axis: AxisLike;
  readonly keepdims: boolean;
  readonly name: string | null;
}

function options(rest: ReduceRest): Reduction {
  const { axis, keepdims, name, reductionIndices, keepDims } = bind<ReduceOptions>(
    ['axis', 'keepdims', 'name', 'reductionIndices', 'keepDims'],
    rest,
  );
  return {
    axis: renamed(['axis', 'reduction_indices'], axis, reductionIndices),
    keepdims: renamed(['keepdims', 'keep_dims'], keepdims, keepDims) ?? false,
    name: name ?? null,
  };
}

function reduce(type: string, input: TensorLike, { axis, keepdims, name }: Reduction): Tensor {
  return opScopeless(() => {
    const axes = axis ?? allAxes(input);
    const result = emitOne(type, [input, isAxisList(axes) ? toAxes(axes) : axes], { keep_dims: keepdims }, name);
    // Also where the rank is not known.
    if (axis === null && !keepdims) result.setShape([]);
    return result;
  }, input);
}

/** All or nothing, on the graph of the input, in the current name scope. */
function opScopeless<R>(body: () => R, input: TensorLike): R {
  const graph = graphOf([input]);
  return graph.atomic(() => graph.asDefault(body));
}

function isAxisList(axes: AxisLike): axes is number | readonly number[] {
  return typeof axes === 'number' || (Array.isArray(axes) && axes.every((a) => typeof a === 'number'));
}

function toAxes(axes: number | readonly number[]): NdArray | readonly number[] {
  if (typeof axes === 'object' && axes.length === 0) return axes;
  return typeof axes === 'number'
    ? new NdArray(int32, [], Int32Array.of(axes))
    : new NdArray(int32, [axes.length], Int32Array.from(axes));
}

/** The axes of a full reduction: a constant where the rank is known. */
function allAxes(x: TensorLike): Tensor {
  const rank = isSymbolic(x) ? ((x as { readonly shape?: Shape }).shape?.length ?? 0) : 0;
  if (rank > 0) {
    return constantOp(
      new NdArray(
        int32,
        [rank],
        Int32Array.from({ length: rank }, (_, i) => i),
      ),
      'Const',
    );
  }
  return emitOne('Range', [NdArray.zeros(int32, []), rankOf(x), one()], {}, 'range');
}

/**
 * The sum of the elements along `axis` (a number, a list or an int tensor; all axes without it). `keepdims` keeps the
 * reduced axes with length 1. Any number type; integers wrap. Throws `ValueError` for an axis out of range.
 *
 *     tf.reduceSum(x)                          // scalar
 *     tf.reduceSum(x, 0)                       // over rows
 *     tf.reduceSum(x, {axis: [0, 1], keepdims: true})
 */
export function reduceSum(inputTensor: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce('Sum', inputTensor, options(rest));
}

/**
 * The mean of the elements along `axis`; of integers the integer part. NaN over no elements. See `reduceSum`.
 *
 *     const loss = tf.reduceMean(tf.square(y.sub(labels)));
 */
export function reduceMean(inputTensor: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce('Mean', inputTensor, options(rest));
}

/**
 * The product of the elements along `axis`; 1 over no elements. See `reduceSum`.
 *
 *     tf.reduceProd([2, 3, 4])                 // 24
 */
export function reduceProd(inputTensor: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce('Prod', inputTensor, options(rest));
}

/**
 * The greatest element along `axis`, NaN where there is one; equal ones share the gradient. See `reduceSum`.
 *
 *     tf.reduceMax(logits, 1)
 */
export function reduceMax(inputTensor: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce('Max', inputTensor, options(rest));
}

/**
 * The least element along `axis`, NaN where there is one; equal ones share the gradient. See `reduceSum`.
 *
 *     tf.reduceMin(x, 1)
 */
export function reduceMin(inputTensor: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce('Min', inputTensor, options(rest));
}

/**
 * Whether all elements of a bool tensor along `axis` are true. See `reduceSum`.
 *
 *     tf.reduceAll(tf.equal(a, b))
 */
export function reduceAll(inputTensor: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce('All', inputTensor, options(rest));
}

/**
 * Whether any element of a bool tensor along `axis` is true. See `reduceSum`.
 *
 *     tf.reduceAny(tf.isNan(x))
 */
export function reduceAny(inputTensor: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce('Any', inputTensor, options(rest));
}

/**
 * The Euclidean norm of the elements along `axis`. See `reduceSum`.
 *
 *     tf.math.reduceEuclideanNorm([3, 4])           // 5
 */
export function reduceEuclideanNorm(inputTensor: TensorLike, ...rest: ReduceRest): Tensor {
  return reduce('EuclideanNorm', inputTensor, options(rest));
}

/**
 * log(sum(exp(x))) along `axis`, computed so that it neither overflows nor underflows. Floats. See `reduceSum`.
 *
 *     tf.reduceLogsumexp(logits, 1, true)
 */
export function reduceLogsumexp(inputTensor: TensorLike, ...rest: ReduceRest): Tensor {
  const { axis, keepdims, name } = options(rest);
  return opScope(name, 'ReduceLogSumExp', [inputTensor], (scope) => {
    const x = convertToTensor(inputTensor, { name: 'input_tensor' });
    const rawMax = reduceMax(x, axis, true);
    const zero = NdArray.zeros(x.dtype, []);
    const max = emitOne('StopGradient', [emitOne('SelectV2', [emitOne('IsFinite', [rawMax]), rawMax, zero])]);
    const sum = reduceSum(emitOne('Exp', [emitOne('Sub', [x, max])]), axis, keepdims);
    const result = emitOne('Log', [sum]);
    const offset = keepdims ? max : emitOne('Reshape', [max, emitOne('Shape', [result])]);
    return emitOne('AddV2', [result, offset], {}, scope);
  });
}

/**
 * The variance (dividing by the count) of the elements along `axis`. Throws `TypeError` for integers. See `reduceSum`.
 *
 *     tf.math.reduceVariance(x, {axis: 0})
 */
export function reduceVariance(inputTensor: TensorLike, ...rest: ReduceRest): Tensor {
  const { axis, keepdims, name } = options(rest);
  return opScope(name, 'reduce_variance', [inputTensor], () => {
    const x = convertToTensor(inputTensor, { name: 'input_tensor' });
    const mean = reduceMean(x, axis, true);
    if (!mean.dtype.isFloating) {
      throw new TypeError(`Input must be either real or complex. Received integer type ${mean.dtype}.`);
    }
    return reduceMean(emitOne('Square', [emitOne('Sub', [x, mean], {}, 'sub')]), axis, keepdims);
  });
}

/**
 * The standard deviation (dividing by the count) of the elements along `axis`. See `reduceVariance`.
 *
 *     tf.math.reduceStd(x, {axis: 0})
 */
export function reduceStd(inputTensor: TensorLike, ...rest: ReduceRest): Tensor {
  const { axis, keepdims, name } = options(rest);
  return opScope(name, 'reduce_std', [inputTensor], () =>
    emitOne('Sqrt', [reduceVariance(inputTensor, axis, keepdims)]),
  );
}

export interface CountNonzeroOptions extends ReduceOptions {
  readonly dtype?: DTypeLike;
}

/**
 * How many elements along `axis` are not zero (not false, not empty), as int64 or `dtype`.
 *
 *     tf.countNonzero([[0, 1], [2, 3]], 1)     // [1, 2]
 */
export function countNonzero(
  input: TensorLike,
  ...rest: Rest<[axis: AxisLike, keepdims: boolean | null, dtype: DTypeLike, name: string | null], CountNonzeroOptions>
): Tensor {
  const given = bind<CountNonzeroOptions>(['axis', 'keepdims', 'dtype', 'name'], rest);
  const dtype = asDType(given.dtype ?? int64);
  return opScope(given.name, 'count_nonzero', [input], () => {
    const x = convertToTensor(input, { name: 'input' });
    const zero = NdArray.zeros(x.dtype, []);
    const predicate =
      x.dtype === bool ? x : emitOne('NotEqual', [x, constantOp(zero, x.dtype === string ? 'Const' : 'zeros')]);
    const ones = emitOne('Cast', [predicate], { DstT: int64 });
    const { axis, keepdims } = options([{ ...given }]);
    const count = reduceSum(ones, axis, keepdims);
    return dtype === int64 ? count : emitOne('Cast', [count], { DstT: dtype });
  });
}

export interface ScanOptions {
  readonly axis?: TensorLike;
  readonly exclusive?: boolean;
  readonly reverse?: boolean;
  readonly name?: string | null;
}

export type ScanRest = Rest<[axis: TensorLike, exclusive: boolean, reverse: boolean, name: string | null], ScanOptions>;

function scan(type: string, x: TensorLike, rest: ScanRest): Tensor {
  const {
    axis = 0,
    exclusive = false,
    reverse = false,
    name,
  } = bind<ScanOptions>(['axis', 'exclusive', 'reverse', 'name'], rest);
  return opScope(name, type, [x, axis], (scope) => {
    const input = convertToTensor(x, { name: 'x' });
    return emitOne(type, [input, typeof axis === 'number' ? toAxes(axis) : axis], { exclusive, reverse }, scope);
  });
}

/**
 * Running sums of `x` along `axis`: `exclusive` leaves an element out of its own sum, `reverse` starts at the end.
 *
 *     tf.cumsum([1, 2, 3])                     // [1, 3, 6]
 *     tf.cumsum([1, 2, 3], {exclusive: true})  // [0, 1, 3]
 */
export function cumsum(x: TensorLike, ...rest: ScanRest): Tensor {
  return scan('Cumsum', x, rest);
}

/**
 * Running products of `x` along `axis`. See `cumsum`.
 *
 *     tf.cumprod([1, 2, 3])                    // [1, 2, 6]
 */
export function cumprod(x: TensorLike, ...rest: ScanRest): Tensor {
  return scan('Cumprod', x, rest);
}
