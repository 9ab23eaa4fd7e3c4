/**
 * What host kernels that move, compare and sum elements of any type share: copies of runs of elements, arithmetic by
 * element type with its wrap-around, axes and indices as plain numbers. Kernels are in the files of their families.
 */
import { roundHalf } from '../../src/util/array-convert.ts';
import type { DType } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { type KnownShape, sizeOf, stridesOf } from '../../src/util/shape.ts';

/** Entries of storage an element takes. */
export function widthOf(dtype: DType): number {
  return dtype.isComplex ? 2 : 1;
}

/** Copies `count` entries of storage of one type. */
export function copyRun(source: Data, from: number, target: Data, to: number, count: number): void {
  if (count > 8 && !Array.isArray(source)) {
    (target as Float32Array).set((source as Float32Array).subarray(from, from + count), to);
    return;
  }
  const [a, b] = [source as Float32Array, target as Float32Array];
  for (let i = 0; i < count; i++) b[to + i] = a[from + i];
}

/** A fresh copy of the storage. */
export function copyOf(data: Data): Data {
  return (data as Float32Array).slice();
}

/** A single element as a number: an axis, a depth, a size. */
export function scalarOf(array: NdArray): number {
  return Number(array.data[0] as number | bigint);
}

/** The elements of an integer array as numbers; int32 data as it is. */
export function indicesOf(array: NdArray): ArrayLike<number> {
  const { data } = array;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  return data as Int32Array;
}

/** An integer array from numbers that fit its type. */
export function integers(dtype: DType, shape: KnownShape, values: ArrayLike<number>): NdArray {
  const data = allocate(dtype, sizeOf(shape));
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i]);
  } else {
    (data as Int32Array).set(values);
  }
  return new NdArray(dtype, shape, data);
}

/** Arithmetic on elements of one real type. `E` is bigint for int64 and uint64, else number. */
export interface Arithmetic {
  readonly zero: number | bigint;
  readonly one: number | bigint;
  /** The least and the greatest value, infinities for floats. */
  readonly lowest: number | bigint;
  readonly highest: number | bigint;
  add(a: never, b: never): number | bigint;
  mul(a: never, b: never): number | bigint;
  /** Division as in C++: toward zero for integers. */
  div(a: never, b: never): number | bigint;
}

const floats: Arithmetic = {
  zero: 0,
  one: 1,
  lowest: -Infinity,
  highest: Infinity,
  add: (a: number, b: number) => a + b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
};

/** Sums and products modulo 2³²: storage then wraps to the type. */
const smallInts = {
  zero: 0,
  one: 1,
  add: (a: number, b: number) => (a + b) | 0,
  mul: (a: number, b: number) => Math.imul(a, b),
  div: (a: number, b: number) => Math.trunc(a / b),
};

const unsigned32 = {
  ...smallInts,
  add: (a: number, b: number) => (a + b) >>> 0,
  mul: (a: number, b: number) => Math.imul(a, b) >>> 0,
};

/** Sums and products modulo 2⁶⁴. */
const bigInts = (wrap: (value: bigint) => bigint) => ({
  zero: 0n,
  one: 1n,
  add: (a: bigint, b: bigint) => wrap(a + b),
  mul: (a: bigint, b: bigint) => wrap(a * b),
  div: (a: bigint, b: bigint) => a / b,
});

/** Floats compute in double precision and round when they are stored; integers wrap. Not for complex numbers and strings. */
export function arithmeticOf(dtype: DType): Arithmetic {
  if (dtype.isFloating) return floats;
  const limits = dtype.kind === 'quantized' ? { lowest: 0, highest: 0 } : { lowest: dtype.min, highest: dtype.max };
  if (dtype.name === 'int64') return { ...bigInts((v) => BigInt.asIntN(64, v)), ...limits };
  if (dtype.name === 'uint64') return { ...bigInts((v) => BigInt.asUintN(64, v)), ...limits };
  return { ...(dtype.name === 'uint32' ? unsigned32 : smallInts), ...limits };
}

/** The array over the storage, float16 and bfloat16 rounded to values of the type. */
export function rounded(dtype: DType, shape: KnownShape, data: Data): NdArray {
  roundHalf(dtype, data);
  return new NdArray(dtype, shape, data);
}

/** The flat positions of all index tuples over some axes of a shape, in row-major order. */
export function offsetsOf(shape: KnownShape, axes: readonly number[]): Int32Array {
  const strides = stridesOf(shape);
  let offsets = new Int32Array(1);
  for (const axis of axes) {
    const next = new Int32Array(offsets.length * shape[axis]);
    let k = 0;
    for (let i = 0; i < offsets.length; i++) {
      for (let j = 0; j < shape[axis]; j++) next[k++] = offsets[i] + j * strides[axis];
    }
    offsets = next;
  }
  return offsets;
}

/** The position as indices, as messages print it: `0,2`. */
export function formatPosition(shape: KnownShape, position: number): string {
  return stridesOf(shape)
    .map((stride, axis) => Math.floor(position / stride) % shape[axis])
    .join(',');
}

/** A shape as C++ prints it. */
export function brackets(shape: ArrayLike<number>): string {
  return `[${Array.from(shape).join(',')}]`;
}

export function invalid(message: string): InvalidArgumentError {
  return new InvalidArgumentError(null, message);
}
