/**
 * Tensors made from shapes and numbers: zeros, ones, fills, ranges, identity matrices. `Const` itself is in
 * `constants.ts`, random fills are a family of their own.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { asDType, type DType, type DTypeLike, float32, int32, string, variant } from '../util/dtype.ts';
import { TypeError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { asShape, isFullyDefined, type KnownShape, type ShapeLike, sizeOf, TensorShape } from '../util/shape.ts';
import { fillArray } from '../util/strided.ts';
import { constantOp, convertToTensor, emitOne, opScope } from './emit.ts';
import { rangeLength } from './opdef/array-rules.ts';
import { defineOp, type InferContext, ShapeError, sample } from './opdef/define.ts';
import { unchanged, withRank } from './opdef/shape-rules.ts';
import { intArray, intsOf, MAX_FOLDED } from './opdef/small-ints.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from './tensor-like.ts';

defineOp({
  name: 'Fill',
  doc: 'A tensor of the given shape with one value everywhere.',
  inputs: ['dims: index_type', 'value: T'],
  outputs: ['output: T'],
  attrs: ['T: type', 'index_type: {int32, int64} = int32'],
  infer: (op) => {
    withRank(op.shape(0), 1);
    withRank(op.shape(1), 0);
    if (intsOf(op.constant(0))?.some((d) => d < 0)) throw new ShapeError('Fill dimensions must be >= 0');
    return [op.constantShape(0)];
  },
  fold: (op) => {
    const dims = intsOf(op.constant(0));
    const value = op.constant(1);
    if (!dims || !value || dims.some((d) => d < 0) || sizeOf(dims) > MAX_FOLDED) return null;
    return [fillArray(value, dims)];
  },
  foldShape: (op) => {
    const dims = intsOf(op.constant(0));
    const value = intsOf(op.constant(1));
    return dims?.length === 1 && value && dims[0] <= MAX_FOLDED ? new Array(dims[0]).fill(value[0]) : null;
  },
  grad: (_op, [dy], $) => {
    if (dy === null) return [null, null];
    const rank = $.shapeOf(dy)?.length;
    const axes =
      rank === undefined
        ? $.range($.ints(0, 'range/start'), $.rank(dy), $.ints(1, 'range/delta'))
        : $.ints(Array.from({ length: rank }, (_, i) => i));
    return [null, $.sum(dy, axes)];
  },
  samples: [
    {
      inputs: [sample(int32, [2], [2, 3]), sample(float32, [], [1.5])],
      outputs: [sample(float32, [2, 3], [1.5, 1.5, 1.5, 1.5, 1.5, 1.5])],
    },
    { inputs: [sample(int32, [1], [0]), sample(float32, [], [1])], outputs: [sample(float32, [0], [])] },
  ],
});

defineOp({
  name: 'ZerosLike',
  doc: 'Zeros of the shape and type of the input.',
  inputs: ['x: T'],
  outputs: ['y: T'],
  attrs: ['T: type'],
  infer: (op) => {
    const handle = op.handle(0);
    return [handle ? { shape: op.shape(0), handle } : op.shape(0)];
  },
  fold: (op) => {
    const shape = op.shape(0);
    const dtype = op.dtype(0);
    if (!isFullyDefined(shape) || sizeOf(shape) > MAX_FOLDED || dtype.kind === 'handle') return null;
    return [NdArray.zeros(dtype, shape)];
  },
  grad: () => [null],
  samples: [{ inputs: [sample(float32, [2], [1, 2])], outputs: [sample(float32, [2], [0, 0])] }],
});

defineOp({
  name: 'OnesLike',
  doc: 'Ones of the shape and type of the input.',
  inputs: ['x: T'],
  outputs: ['y: T'],
  attrs: [
    'T: {bfloat16, float16, float32, float64, int8, uint8, int16, uint16, int32, uint32, int64, uint64, complex64, complex128, bool}',
  ],
  infer: unchanged,
  fold: (op) => {
    const shape = op.shape(0);
    if (!isFullyDefined(shape) || sizeOf(shape) > MAX_FOLDED || !op.dtype(0).isInteger) return null;
    return [intArray(op.dtype(0), shape, new Array<number>(sizeOf(shape)).fill(1))];
  },
  grad: () => [null],
  samples: [{ inputs: [sample(float32, [2], [3, 2])], outputs: [sample(float32, [2], [1, 1])] }],
});

defineOp({
  name: 'Range',
  doc: 'The numbers from `start` on in steps of `delta`, up to but without `limit`.',
  inputs: ['start: Tidx', 'limit: Tidx', 'delta: Tidx'],
  outputs: ['output: Tidx'],
  attrs: ['Tidx: {bfloat16, float16, float32, float64, int8, int16, int32, int64, uint16, uint32, uint64} = int32'],
  infer: (op) => {
    for (let i = 0; i < 3; i++) withRank(op.shape(i), 0);
    const bounds = constantBounds(op);
    return [[bounds ? rangeLength(...bounds, op.dtype(0)) : null]];
  },
  fold: (op) => {
    const bounds = constantBounds(op);
    if (!bounds || !op.dtype(0).isInteger) return null;
    const length = rangeLength(...bounds, op.dtype(0));
    if (length > MAX_FOLDED) return null;
    return [
      intArray(
        op.dtype(0),
        [length],
        Array.from({ length }, (_, i) => bounds[0] + i * bounds[2]),
      ),
    ];
  },
  grad: () => [null, null, null],
  samples: [
    {
      inputs: [sample(int32, [], [5]), sample(int32, [], [0]), sample(int32, [], [-2])],
      outputs: [sample(int32, [3], [5, 3, 1])],
    },
  ],
});

function constantBounds(op: InferContext): [start: number, limit: number, delta: number] | null {
  const values = [0, 1, 2].map((i) => op.constant(i));
  if (!values.every((v) => v?.size === 1)) return null;
  return values.map((v) => Number(v?.at(0))) as [number, number, number];
}

defineOp({
  name: 'LinSpace',
  doc: 'Evenly spaced numbers from `start` to `stop`, both included.',
  inputs: ['start: T', 'stop: T', 'num: Tidx'],
  outputs: ['output: T'],
  attrs: ['T: {bfloat16, float16, float32, float64}', 'Tidx: {int32, int64} = int32'],
  infer: (op) => {
    for (let i = 0; i < 3; i++) withRank(op.shape(i), 0);
    const num = intsOf(op.constant(2))?.[0];
    if (num === undefined) return [[null]];
    if (num <= 0) throw new ShapeError(`Requires num > 0: ${num}`);
    return [[num]];
  },
  grad: () => [null, null, null],
  samples: [
    {
      inputs: [sample(float32, [], [0]), sample(float32, [], [1]), sample(int32, [], [5])],
      outputs: [sample(float32, [5], [0, 0.25, 0.5, 0.75, 1])],
      differentiable: false,
    },
  ],
});

export interface FillingOptions {
  readonly dtype?: DTypeLike | null;
  readonly name?: string | null;
}
interface NameOption {
  readonly name?: string | null;
}

/** Filled tensors up to this many elements are constants; a larger one would swell the graph and is a `Fill`. */
const SMALL = 1000;

/** `zeros` and `ones`: a constant, or a `Fill` of a shape that is large or a tensor. */
function filled(value: number, dtype: DType, shape: ShapeLike | TensorLike, scope: string): Tensor {
  const one = value === 0 ? NdArray.zeros(dtype, []) : toNdArray(dtype.isBool ? true : value, dtype);
  const known = isSymbolic(shape) ? null : knownShape(shape);
  if (known && sizeOf(known) < SMALL) return constantOp(fillArray(one, known), scope);
  let dims = known
    ? constantOp(toNdArray([...known], int32, [known.length]), 'shape_as_tensor')
    : convertToTensor(shape as TensorLike, isSymbolic(shape) ? {} : { dtype: int32 });
  if (dims.shape?.length === 0) dims = emitOne('Reshape', [dims, [-1]], {}, 'Reshape');
  return emitOne('Fill', [dims, constantOp(one, 'Const')], {}, scope);
}

/** The shape where it is plain numbers; null where tensors are among them. */
function knownShape(shape: unknown): KnownShape | null {
  if (shape instanceof TensorShape || typeof shape === 'number') {
    const dims = asShape(shape);
    return isFullyDefined(dims) ? dims : null;
  }
  if (shape instanceof NdArray) return intsOf(shape);
  if (ArrayBuffer.isView(shape)) return Array.from(shape as Int32Array, Number);
  return Array.isArray(shape) && shape.every((d) => typeof d === 'number') ? shape : null;
}

/**
 * Zeros (false, empty strings) of the given shape: a list of lengths, or an integer vector tensor.
 *
 *     tf.zeros([2, 3])                    // float32 [2, 3]
 *     tf.zeros(tf.shape(x), tf.int32)     // as large as x is in the run
 */
export function zeros(
  shape: ShapeLike | TensorLike,
  ...rest: Rest<[dtype: DTypeLike | null, name: string | null], FillingOptions>
): Tensor {
  const { dtype, name } = bind<FillingOptions>(['dtype', 'name'], rest);
  return opScope(name, 'zeros', [shape], (scope) => filled(0, asDType(dtype ?? float32), shape, scope));
}

/**
 * Ones (true) of the given shape: a list of lengths, or an integer vector tensor. Throws `TypeError` for strings.
 *
 *     tf.ones([3], tf.int32)    // 1 1 1
 */
export function ones(
  shape: ShapeLike | TensorLike,
  ...rest: Rest<[dtype: DTypeLike | null, name: string | null], FillingOptions>
): Tensor {
  const { dtype, name } = bind<FillingOptions>(['dtype', 'name'], rest);
  return opScope(name, 'ones', [shape], (scope) => filled(1, asDType(dtype ?? float32), shape, scope));
}

/**
 * Zeros of the shape (and type, if `dtype` is left out) of a tensor.
 *
 *     tf.zerosLike(x)    // a constant where the shape of x is known
 */
export function zerosLike(
  tensor: TensorLike,
  ...rest: Rest<
    [dtype: DTypeLike | null, name: string | null, optimize: boolean],
    FillingOptions & { optimize?: boolean }
  >
): Tensor {
  const {
    dtype,
    name,
    optimize = true,
  } = bind<FillingOptions & { optimize: boolean }>(['dtype', 'name', 'optimize'], rest);
  return opScope(name, 'zeros_like', [tensor], (scope) => {
    const x = convertToTensor(tensor, { name: 'tensor' });
    const wanted = asDType(dtype ?? x.dtype);
    if (optimize && isFullyDefined(x.shape) && x.dtype !== variant) return filled(0, wanted, x.shape, scope);
    if (wanted === x.dtype) return emitOne('ZerosLike', [x], {}, scope);
    const zero = filled(0, wanted, emitOne('Shape', [x], {}, 'Shape'), scope);
    zero.setShape(x.shape);
    return zero;
  });
}

/**
 * Ones of the shape (and type, if `dtype` is left out) of a tensor.
 *
 *     tf.onesLike(x, tf.int32)
 */
export function onesLike(
  tensor: TensorLike,
  ...rest: Rest<
    [dtype: DTypeLike | null, name: string | null, optimize: boolean],
    FillingOptions & { optimize?: boolean }
  >
): Tensor {
  const {
    dtype,
    name,
    optimize = true,
  } = bind<FillingOptions & { optimize: boolean }>(['dtype', 'name', 'optimize'], rest);
  return opScope(name, 'ones_like', [tensor], (scope) => {
    const x = convertToTensor(tensor, { name: 'tensor' });
    const dims =
      optimize && isFullyDefined(x.shape)
        ? constantOp(toNdArray([...x.shape], int32, [x.shape.length]), 'Shape/shape_as_tensor')
        : emitOne('Shape', [x], {}, 'Shape');
    const result = filled(1, asDType(dtype ?? x.dtype), dims, scope);
    result.setShape(x.shape);
    return result;
  });
}

/**
 * A tensor of shape `dims` with the scalar `value` everywhere.
 *
 *     tf.fill([2, 3], 9)    // [[9 9 9], [9 9 9]]
 */
export function fill(dims: TensorLike, value: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('Fill', [dims, value], {}, name);
}

export interface RangeOptions {
  readonly limit?: TensorLike | null;
  readonly delta?: TensorLike;
  readonly dtype?: DTypeLike | null;
  readonly name?: string | null;
}

const hierarchy = ['int32', 'int64', 'float16', 'bfloat16', 'float32', 'float64'];

/**
 * The numbers from `start` to `limit` (left out) in steps of `delta`; with one argument from 0 to it. Without `dtype`
 * whole numbers give int32, others float32, and tensors bring their own types. Throws `ValueError` where the step is 0 or
 * leads away from the limit.
 *
 *     tf.range(5)              // 0 1 2 3 4
 *     tf.range(3, 18, 3)       // 3 6 9 12 15
 *     tf.range(3, 1, -0.5)     // 3.0 2.5 2.0 1.5
 */
export function range(
  start: TensorLike,
  ...rest: Rest<
    [limit: TensorLike | null, delta: TensorLike, dtype: DTypeLike | null, name: string | null],
    RangeOptions
  >
): Tensor {
  const options = bind<RangeOptions>(['limit', 'delta', 'dtype', 'name'], rest);
  const { delta = 1, dtype, name } = options;
  const [from, to] = options.limit == null ? [0, start] : [start, options.limit];
  return opScope(name, 'range', [from, to, delta], (scope) => {
    const numbers = [from, to, delta];
    const isPlain = numbers.every((value) => typeof value === 'number');
    // Of plain numbers one fraction makes all floats.
    const isFloat = isPlain && !numbers.every((value) => Number.isInteger(value));
    const given = dtype == null ? (isFloat ? float32 : null) : asDType(dtype);
    const convert = (value: TensorLike, argument: string) =>
      isSymbolic(value) || Array.isArray(value)
        ? convertToTensor(value, { name: argument })
        : convertToTensor(value, { dtype: given, preferredDtype: int32, name: argument });
    const parts = [convert(from, 'start'), convert(to, 'limit'), convert(delta, 'delta')];
    const wanted = given ?? widest(parts.map((t) => t.dtype));
    const cast = (t: Tensor) => (t.dtype === wanted ? t : emitOne('Cast', [t], { DstT: wanted }, 'Cast'));
    return emitOne('Range', parts.map(cast), { Tidx: wanted }, scope);
  });
}

function widest(dtypes: readonly DType[]): DType {
  const ranks = dtypes.map((d) => hierarchy.indexOf(d.name));
  const odd = dtypes.find((d) => !hierarchy.includes(d.name));
  if (odd) {
    if (dtypes.every((d) => d === odd)) return odd;
    throw new TypeError(`The bounds of a range have the types ${dtypes.map((d) => d.name).join(', ')}; pass dtype.`);
  }
  return asDType(hierarchy[Math.max(...ranks)]);
}

/**
 * `num` evenly spaced numbers from `start` to `stop`, both included. Scalars; float32 for plain numbers.
 *
 *     tf.linspace(10, 12, 3)    // 10 11 12
 */
export function linspace(
  start: TensorLike,
  stop: TensorLike,
  ...rest: Rest<[num: TensorLike, name: string | null], { num?: TensorLike } & NameOption>
): Tensor {
  const { num = 50, name } = bind<{ num: TensorLike } & NameOption>(['num', 'name'], rest);
  return emitOne('LinSpace', [start, stop, num], {}, name);
}

export interface EyeOptions {
  readonly numColumns?: TensorLike | null;
  readonly batchShape?: TensorLike | null;
  readonly dtype?: DTypeLike;
  readonly name?: string | null;
}

/**
 * The identity matrix, or one with ones on its diagonal where it is not square; `batchShape` puts copies of it in front.
 *
 *     tf.eye(2)                         // [[1 0], [0 1]]
 *     tf.eye(2, 3, {batchShape: [4]})   // float32 [4, 2, 3]
 */
export function eye(
  numRows: TensorLike,
  ...rest: Rest<
    [numColumns: TensorLike | null, batchShape: TensorLike | null, dtype: DTypeLike, name: string | null],
    EyeOptions
  >
): Tensor {
  const { numColumns, batchShape, dtype, name } = bind<EyeOptions>(['numColumns', 'batchShape', 'dtype', 'name'], rest);
  const wanted = asDType(dtype ?? float32);
  if (wanted === string) throw new TypeError('eye has no string matrices.');
  const columns = numColumns ?? numRows;
  const batch = batchShape ?? [];
  return opScope(name, 'eye', [numRows, columns, batch], (scope) => {
    const lengths = [numRows, columns].map((n, i) =>
      convertToTensor(n, { preferredDtype: int32, name: ['rows', 'columns'][i] }),
    );
    const index = (n: Tensor, axis: number) => {
      const zero = constantOp(toNdArray(0, n.dtype), 'range/start');
      const numbers = emitOne('Range', [zero, n, constantOp(toNdArray(1, n.dtype), 'range/delta')], {}, 'range');
      return emitOne('ExpandDims', [numbers, axis], {}, 'ExpandDims');
    };
    const diagonal = emitOne('Equal', [index(lengths[0], 1), index(lengths[1], 0)], {}, 'Equal');
    const isPlain = Array.isArray(batch) && batch.length === 0;
    const matrix = emitOne('Cast', [diagonal], { DstT: wanted }, isPlain ? scope : 'Cast');
    if (isPlain) return matrix;
    const lead = convertToTensor(batch, { preferredDtype: int32, name: 'shape' });
    const sizes = emitOne('Pack', [lengths], { axis: 0 }, 'stack');
    const shape = emitOne('ConcatV2', [[lead, sizes], 0], {}, 'concat');
    return emitOne('BroadcastTo', [matrix, shape], {}, scope);
  });
}
