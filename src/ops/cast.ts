/**
 * Changing the element type: `Cast` by value, `Bitcast` by bits, and the functions over them.
 */
import type { Tensor } from '../graph/graph.ts';
import {
  asDType,
  bfloat16,
  complex64,
  complex128,
  type DType,
  type DTypeLike,
  float32,
  float64,
  int32,
  int64,
} from '../util/dtype.ts';
import { allocate, NdArray, type NumericData } from '../util/ndarray.ts';
import { type NameRest, nameOf, noGradient } from './elementwise.ts';
import { constantOp, convertToTensor, emitOne, opScope } from './emit.ts';
import { IndexedSlices } from './indexed-slices.ts';
import { defineOp, type InferContext, ShapeError, sample } from './opdef/define.ts';
import { unchanged, withRankAtLeast } from './opdef/shape-rules.ts';
import { isSymbolic, type TensorLike } from './tensor-like.ts';

/** Small integer values that the other integer type holds too. */
function foldCast(op: InferContext): readonly (NdArray | null)[] {
  const to = op.outputDType(0);
  const isIndex = (dtype: DType) => dtype === int32 || dtype === int64;
  if (!isIndex(to) || !isIndex(op.dtype(0))) return [null];
  const value = op.constant(0);
  if (!value || value.size > 1024) return [null];
  if (value.dtype === to) return [value];
  const source = value.data as Int32Array | BigInt64Array;
  const out = allocate(to, value.size) as NumericData;
  for (let i = 0; i < source.length; i++) {
    const element = BigInt(source[i]);
    if (element < BigInt(to.min) || element > BigInt(to.max)) return [null];
    if (out instanceof BigInt64Array) out[i] = element;
    else (out as Int32Array)[i] = Number(element);
  }
  return [new NdArray(to, value.shape, out)];
}

const flows = (dtype: DType) => dtype.isFloating || dtype.isComplex;

defineOp({
  name: 'Cast',
  doc: 'The values as another element type.',
  inputs: ['x: SrcT'],
  outputs: ['y: DstT'],
  attrs: ['SrcT: type', 'DstT: type', 'Truncate: bool = false'],
  infer: unchanged,
  fold: foldCast,
  foldShape: (op) => op.constantShape(0),
  grad: (op, [dy], $) => {
    const source = $.dtypeOf(op.inputs[0]);
    return [flows(source) && flows($.dtypeOf(dy)) ? $.cast(dy, source) : null];
  },
  samples: [
    {
      inputs: [sample(float32, [4], [1.75, -1.75, 0, 300])],
      attrs: { DstT: int32 },
      outputs: [sample(int32, [4], [1, -1, 0, 300])],
      differentiable: false,
    },
    {
      inputs: [sample(int32, [3], [1, -7, 0])],
      attrs: { DstT: float32 },
      outputs: [sample(float32, [3], [1, -7, 0])],
    },
  ],
});

const BITS =
  'bfloat16, float16, float32, float64, int64, int32, uint8, uint16, uint32, uint64, int8, int16, complex64, complex128, qint8, quint8, qint16, quint16, qint32';

defineOp({
  name: 'Bitcast',
  doc: 'The bits as another element type; a last axis comes or goes where the sizes differ.',
  inputs: ['input: T'],
  outputs: ['output: type'],
  attrs: [`T: {${BITS}}`, `type: {${BITS}}`],
  infer: (op) => {
    const [from, to] = [op.dtype(0).size, op.outputDType(0).size];
    const shape = op.shape(0);
    if (from > to) return [shape && [...shape, from / to]];
    if (from === to) return [shape];
    const known = withRankAtLeast(shape, 1);
    const last = known?.[known.length - 1] ?? null;
    if (last !== null && last !== to / from) {
      throw new ShapeError(`Cannot bitcast due to shape. ${last} does not match ${to / from}`);
    }
    return [known?.slice(0, -1) ?? null];
  },
  grad: noGradient,
  samples: [
    {
      inputs: [sample(float32, [2], [1, -2])],
      attrs: { type: int32 },
      outputs: [sample(int32, [2], [0x3f800000, -0x40000000])],
      differentiable: false,
    },
  ],
});

/**
 * The values as another element type, of the same shape: floats are rounded toward zero to become integers, all but zero
 * is true. A tensor of that type already comes back as it is. Of slices the values are cast.
 *
 *     tf.cast([1.8, 2.2], tf.int32)   // [1, 2]
 */
export function cast(x: IndexedSlices, dtype: DTypeLike, ...rest: NameRest): IndexedSlices;
export function cast(x: TensorLike, dtype: DTypeLike, ...rest: NameRest): Tensor;
export function cast(x: TensorLike | IndexedSlices, dtype: DTypeLike, ...rest: NameRest): Tensor | IndexedSlices {
  const to = asDType(dtype);
  const name = nameOf(rest);
  if (x instanceof IndexedSlices) {
    return new IndexedSlices(cast(x.values, to, name), x.indices, x.denseShape);
  }
  if (isSymbolic(x) && (x as { dtype?: DType }).dtype === to) return convertToTensor(x);
  return opScope(name, 'Cast', [x], (scope) => {
    const value = convertToTensor(x as TensorLike, { name: 'x' });
    return value.dtype === to ? value : emitOne('Cast', [value], { DstT: to }, scope);
  });
}

/**
 * The values as another element type, those beyond its limits moved to the limit. Element types are real.
 *
 *     tf.saturateCast([-1, 300], tf.uint8)   // [0, 255]
 */
export function saturateCast(value: TensorLike, dtype: DTypeLike, ...rest: NameRest): Tensor {
  const to = asDType(dtype);
  return opScope(nameOf(rest), 'saturate_cast', [value], (scope) => {
    const source = convertToTensor(value, { name: 'value' });
    const limits = commonLimits(source.dtype, to);
    if (!limits) return cast(source, to, scope);
    const [low, high] = limits.map((limit) => limitArray(source.dtype, limit));
    const clamped = emitOne('ClipByValue', [source, constantOp(low, 'min'), constantOp(high, 'max')], {}, 'clamp');
    return cast(clamped, to, scope);
  });
}

/** The values of `from` that `to` can hold; null where it holds all of them. */
function commonLimits(from: DType, to: DType): readonly [number | bigint, number | bigint] | null {
  if (from === to) return null;
  const low = to.min > from.min ? to.min : from.min;
  const high = to.max < from.max ? to.max : from.max;
  if (low === from.min && high === from.max) return null;
  return [low, high];
}

/** A scalar of the type, not beyond the limit: floats of fewer digits are rounded toward zero. */
function limitArray(dtype: DType, limit: number | bigint): NdArray {
  const array = NdArray.zeros(dtype, []);
  const data = array.data as NumericData;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[0] = BigInt(limit);
  else data[0] = dtype.isFloating ? belowOrAt(dtype, limit) : Number(limit);
  return array;
}

function belowOrAt(dtype: DType, limit: number | bigint): number {
  const digits = dtype.name === 'float64' ? 53 : dtype.name === 'float32' ? 24 : dtype.name === 'float16' ? 11 : 8;
  const value = Number(limit);
  if (value === 0) return 0;
  // `Number` may have rounded a 64-bit limit up already.
  const size = Math.abs(value);
  const unit = 2 ** (Math.floor(Math.log2(size)) - digits + 1);
  const isBeyond = typeof limit === 'bigint' && BigInt(value) > limit && limit > 0n;
  const down = Math.floor(size / unit) * unit;
  const lowered = isBeyond && down === size ? size - unit / 2 : down;
  return value < 0 ? -lowered : lowered;
}

/** As float32; of slices the values. `tf.toFloat([1, 2])` */
export function toFloat(x: TensorLike, ...rest: NameRest): Tensor {
  return cast(x, float32, nameOf(rest) || 'ToFloat');
}
/** As float64. `tf.toDouble(x)` */
export function toDouble(x: TensorLike, ...rest: NameRest): Tensor {
  return cast(x, float64, nameOf(rest) || 'ToDouble');
}
/** As int32. `tf.toInt32([1.8])   // [1]` */
export function toInt32(x: TensorLike, ...rest: NameRest): Tensor {
  return cast(x, int32, nameOf(rest) || 'ToInt32');
}
/** As int64. `tf.toInt64([1.8])   // [1]` */
export function toInt64(x: TensorLike, ...rest: NameRest): Tensor {
  return cast(x, int64, nameOf(rest) || 'ToInt64');
}
/** As bfloat16. `tf.toBfloat16(x)` */
export function toBfloat16(x: TensorLike, ...rest: NameRest): Tensor {
  return cast(x, bfloat16, nameOf(rest) || 'ToBFloat16');
}
/** As complex64. `tf.toComplex64(x)` */
export function toComplex64(x: TensorLike, ...rest: NameRest): Tensor {
  return cast(x, complex64, nameOf(rest) || 'ToComplex64');
}
/** As complex128. `tf.toComplex128(x)` */
export function toComplex128(x: TensorLike, ...rest: NameRest): Tensor {
  return cast(x, complex128, nameOf(rest) || 'ToComplex128');
}

/**
 * The bits of the elements as another element type. From a wider to a narrower type a last axis is added, the other way
 * the last axis, which must be as long as the sizes' ratio, goes.
 *
 *     tf.bitcast(tf.constant([1]), tf.int32)   // [1065353216]
 */
export function bitcast(input: TensorLike, type: DTypeLike, ...rest: NameRest): Tensor {
  return emitOne('Bitcast', [input], { type: asDType(type) }, nameOf(rest));
}
