/**
 * `NdArray`: a concrete array of any TensorFlow element type, row-major: what runs return, constants hold and host
 * kernels compute on. Text output is `numpy-format.ts`'s job, conversion of user values `array-convert.ts`'s.
 */
import { type DType, type DTypeName, string } from './dtype.ts';
import { ValueError } from './errors.ts';
import { formatNdArray } from './numpy-format.ts';
import { formatShape, type KnownShape, sizeOf, stridesOf } from './shape.ts';

export type NumericData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/**
 * The storage of an `NdArray`, by element type: the typed array of the same name; `Uint8Array` of 0 and 1 for bool;
 * `Float32Array` holding representable values for float16 and bfloat16; re and im interleaved for complex;
 * an array of UTF-8 or raw bytes for string.
 */
export type Data = NumericData | Uint8Array[];

/** One element as JavaScript sees it. Complex numbers are [re, im]; strings that are no UTF-8 stay bytes. */
export type Element = number | bigint | boolean | string | Uint8Array | readonly [number, number];
export type NestedArray<T = Element> = T | NestedArray<T>[];

type NumericConstructor = (new (length: number) => NumericData) & { readonly BYTES_PER_ELEMENT: number };

const storage: Readonly<Partial<Record<DTypeName, NumericConstructor>>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float32Array,
  bfloat16: Float32Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  complex64: Float32Array,
  complex128: Float64Array,
  qint8: Int8Array,
  quint8: Uint8Array,
  qint16: Int16Array,
  quint16: Uint16Array,
  qint32: Int32Array,
};

/** Zeroed storage for `count` elements (empty strings for string). */
export function allocate(dtype: DType, count: number): Data {
  if (dtype === string) return Array.from({ length: count }, () => EMPTY);
  const constructor = storage[dtype.name];
  if (!constructor) throw new ValueError(`${dtype} has no host representation.`);
  return new constructor(dtype.isComplex ? 2 * count : count);
}

/** As `allocate`; also for handles, which are objects of the runtime's and have no storage of their own. */
export function allocateAny(dtype: DType, count: number): Data {
  return dtype.kind === 'handle' ? new Array<Uint8Array>(count).fill(EMPTY) : allocate(dtype, count);
}

/** Whether `data` is what `allocate` would make for the type, its length left aside. */
export function isStorageOf(dtype: DType, data: unknown): data is Data {
  return dtype === string ? Array.isArray(data) : data instanceof (storage[dtype.name] ?? Never);
}

class Never {}
const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of a string element. */
export function encodeString(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of a string element; the bytes themselves where they are no UTF-8. */
export function decodeString(bytes: Uint8Array): string | Uint8Array {
  try {
    return decoder.decode(bytes);
  } catch {
    return bytes;
  }
}

/**
 * A concrete array. `data` belongs to the array: do not write to it where the array may be shared.
 *
 *     const a = new NdArray(float32, [2, 2], Float32Array.of(1, 2, 3, 4));
 *     a.array()    // [[1, 2], [3, 4]]
 *     a.item(1, 0) // 3
 *     String(a)    // [[1. 2.]\n [3. 4.]]
 */
export class NdArray {
  constructor(
    readonly dtype: DType,
    readonly shape: KnownShape,
    readonly data: Data,
  ) {
    const length = dtype.isComplex ? data.length / 2 : data.length;
    if (length !== sizeOf(shape)) {
      throw new ValueError(`Data of ${length} elements does not fill an array of shape ${formatShape(shape)}.`);
    }
  }

  /** An array of zeros (false, empty strings). */
  static zeros(dtype: DType, shape: KnownShape): NdArray {
    return new NdArray(dtype, shape, allocate(dtype, sizeOf(shape)));
  }

  get size(): number {
    return sizeOf(this.shape);
  }
  get rank(): number {
    return this.shape.length;
  }
  /** Bytes of storage; for string the sum of the elements' bytes. */
  get byteLength(): number {
    const { data } = this;
    return Array.isArray(data) ? data.reduce((sum, bytes) => sum + bytes.length, 0) : data.byteLength;
  }

  /** The element at a flat, row-major position. int64 elements are numbers while they are exact, else bigints. */
  at(position: number): Element {
    const { data, dtype } = this;
    if (Array.isArray(data)) return decodeString(data[position]);
    if (dtype.isComplex) return [Number(data[2 * position]), Number(data[2 * position + 1])];
    const value = data[position];
    if (dtype.isBool) return value !== 0;
    if (typeof value === 'bigint') return fromBigInt(value);
    return value;
  }

  /** The element at the indices; without indices the only element. Throws `ValueError` where there is not just one. */
  item(...indices: number[]): Element {
    if (indices.length === 0) {
      if (this.size !== 1) throw new ValueError('can only convert an array of size 1 to a scalar');
      return this.at(0);
    }
    if (indices.length !== this.rank) {
      throw new ValueError(`incorrect number of indices for array: ${indices.length} for rank ${this.rank}`);
    }
    const strides = stridesOf(this.shape);
    let position = 0;
    indices.forEach((index, axis) => {
      const length = this.shape[axis];
      const wrapped = index < 0 ? index + length : index;
      if (!(wrapped >= 0 && wrapped < length)) {
        throw new ValueError(`index ${index} is out of bounds for axis ${axis} with size ${length}`);
      }
      position += wrapped * strides[axis];
    });
    return this.at(position);
  }

  /** The elements as nested arrays; for rank 0 the element itself. */
  array(): NestedArray {
    let level: NestedArray[] = Array.from({ length: this.size }, (_, i) => this.at(i));
    for (let axis = this.rank - 1; axis >= 0; axis--) {
      const length = this.shape[axis];
      const outer = sizeOf(this.shape.slice(0, axis));
      const source = level;
      level = Array.from({ length: outer }, (_, i) => source.slice(i * length, (i + 1) * length));
    }
    return level[0];
  }

  /** A rank-0 array converts to its scalar in arithmetic: `loss < 0.1`. */
  valueOf(): unknown {
    return this.rank === 0 ? this.at(0) : this;
  }

  /** As NumPy prints the array. */
  toString(): string {
    return formatNdArray(this);
  }

  toJSON(): { dtype: string; shape: KnownShape; data: unknown } {
    const data = Array.from({ length: this.size }, (_, i) => this.at(i)).map((e) =>
      typeof e === 'bigint' ? `${e}` : e,
    );
    return { dtype: this.dtype.name, shape: this.shape, data };
  }

  /** The same elements under another shape of the same size; the data is shared. */
  reshape(shape: KnownShape): NdArray {
    return new NdArray(this.dtype, shape, this.data);
  }
}

function fromBigInt(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
