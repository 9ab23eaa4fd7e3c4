/**
 * Host kernels that change the element type: by value (`Cast`) and by bits (`Bitcast`).
 */
import { roundHalf } from '../../src/util/array-convert.ts';
import { bfloat16, type DType, float16, float32, float64, string } from '../../src/util/dtype.ts';
import { InvalidArgumentError, UnimplementedError } from '../../src/util/errors.ts';
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets } from '../../src/util/shape.ts';
import { defineHostKernels } from './registry.ts';

const INT32_LIMIT = 2 ** 31;
const INT64_LIMIT = 2 ** 63;
const INT64_MIN = -(1n << 63n);

/** The values as another type. Out of range, the bits are those of an x86 processor, as TensorFlow's own. */
export function castArray(x: NdArray, dtype: DType, truncate = false): NdArray {
  if (x.dtype === dtype) return x;
  const from = x.dtype;
  if (from === string || dtype === string) {
    throw new UnimplementedError(null, `Cast ${from.name} to ${dtype.name} is not supported`);
  }
  const out = allocate(dtype, x.size);
  const isCopy =
    (from.isComplex && dtype.isComplex) || (isPlainInteger(from) && (dtype === float32 || dtype === float64));
  // Arrays round as each element would be.
  if (isCopy) (out as Float64Array).set(x.data as Float64Array);
  else {
    const source = x.data as ArrayLike<number | bigint>;
    const convert = conversion(from, dtype, truncate);
    const [stepIn, stepOut] = [from.isComplex ? 2 : 1, dtype.isComplex ? 2 : 1];
    const target = out as (number | bigint)[] & Data;
    for (let i = 0, j = 0; j < out.length; i += stepIn, j += stepOut) target[j] = convert(source[i]);
  }
  roundHalf(dtype, out);
  return new NdArray(dtype, x.shape, out);
}

/** Whether elements are integers that are numbers in JavaScript. */
function isPlainInteger({ isInteger, isBool, isBigInt }: DType): boolean {
  return (isInteger || isBool) && !isBigInt;
}

/** From an element of one type to what the storage of another turns into the right value. */
function conversion(from: DType, to: DType, truncate: boolean): (x: number | bigint) => number | bigint {
  if (to.isBool) return (x) => (Number(x) !== 0 ? 1 : 0);
  const isFraction = from.isFloating || from.isComplex;
  if (to.isFloating || to.isComplex) {
    if (from.isBigInt) return (x) => roundOnce(x as bigint);
    if (isFraction && truncate) return (x) => towardZero(x as number, to);
    return (x) => x;
  }
  if (to.isBigInt) {
    if (!isFraction) return (x) => BigInt(x);
    return to.isUnsigned ? (x) => toUint64(x as number) : (x) => toInt64(x as number);
  }
  if (from.isBigInt) return (x) => Number(BigInt.asIntN(32, x as bigint));
  if (!isFraction) return (x) => x;
  if (to.name === 'uint32') return (x) => Number(BigInt.asUintN(32, toInt64(x as number)));
  return (x) => {
    const whole = Math.trunc(x as number);
    return whole >= -INT32_LIMIT && whole < INT32_LIMIT ? whole : -INT32_LIMIT;
  };
}

function toInt64(x: number): bigint {
  return x >= -INT64_LIMIT && x < INT64_LIMIT ? BigInt(Math.trunc(x)) : INT64_MIN;
}
function toUint64(x: number): bigint {
  return x < INT64_LIMIT ? toInt64(x) : toInt64(x - INT64_LIMIT) ^ INT64_MIN;
}

/**
 * A number that any floating type rounds as it would the integer itself: digits beyond a double's are kept as one sticky
 * bit, so that nothing is rounded twice.
 */
function roundOnce(x: bigint): number {
  const value = Number(x);
  if (Number.isSafeInteger(value)) return value;
  const size = x < 0n ? -x : x;
  const sticky = (size >> 13n) | ((size & 0x1fffn) === 0n ? 0n : 1n);
  const rounded = Number(sticky) * 8192;
  return x < 0n ? -rounded : rounded;
}

const scratch = new DataView(new ArrayBuffer(8));

/** Drops the bits that the narrower type lacks. */
function towardZero(x: number, to: DType): number {
  if (!Number.isFinite(x)) return x;
  scratch.setFloat32(0, x);
  if (Math.abs(scratch.getFloat32(0)) > Math.abs(x)) scratch.setUint32(0, scratch.getUint32(0) - 1);
  if (to === bfloat16) scratch.setUint32(0, scratch.getUint32(0) & 0xffff0000);
  if (to === float16) scratch.setUint32(0, scratch.getUint32(0) & 0xffffe000);
  return to.size < 8 ? scratch.getFloat32(0) : x;
}

/** The elements' bytes, little-endian, as TensorFlow holds them. */
export function toBytes(x: NdArray): Uint8Array {
  if (x.dtype !== float16 && x.dtype !== bfloat16) {
    const view = x.data as Float32Array;
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  }
  const encode = x.dtype === float16 ? float16Bits : bfloat16Bits;
  const words = Uint16Array.from(x.data as Float32Array, encode);
  return new Uint8Array(words.buffer);
}

/** The array whose elements have these bytes. */
export function fromBytes(dtype: DType, shape: readonly number[], bytes: Uint8Array): NdArray {
  const copy = bytes.slice();
  if (dtype === float16 || dtype === bfloat16) {
    const decode = dtype === float16 ? fromFloat16Bits : fromBfloat16Bits;
    return new NdArray(dtype, shape, Float32Array.from(new Uint16Array(copy.buffer), decode));
  }
  const empty = allocate(dtype, 0) as Float32Array;
  const type = empty.constructor as new (buffer: ArrayBuffer) => Float32Array;
  return new NdArray(dtype, shape, new type(copy.buffer));
}

function bfloat16Bits(x: number): number {
  scratch.setFloat32(0, x);
  return scratch.getUint16(0);
}
function fromBfloat16Bits(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** Of a value that float16 can represent. */
function float16Bits(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size === Infinity) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  scratch.setFloat32(0, size);
  const bits = scratch.getUint32(0);
  return sign | ((bits >>> 13) - (112 << 10));
}
function fromFloat16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

defineHostKernels({
  Cast: ([x], op) => [castArray(x, op.outputDType(0), op.attr<boolean>('Truncate'))],
  Bitcast: ([x], op) => {
    const to = op.outputDType(0);
    const [inSize, outSize] = [x.dtype.size, to.size];
    const last = x.shape[x.rank - 1];
    if (outSize > inSize && (x.rank === 0 || last * inSize !== outSize)) {
      throw new InvalidArgumentError(
        null,
        `Cannot bitcast from ${x.dtype.name} to ${to.name}: shape ${formatShapeBrackets(x.shape)}`,
      );
    }
    const shape = outSize > inSize ? x.shape.slice(0, -1) : outSize < inSize ? [...x.shape, inSize / outSize] : x.shape;
    return [fromBytes(to, shape, toBytes(x))];
  },
});
