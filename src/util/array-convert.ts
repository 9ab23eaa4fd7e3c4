/**
 * Turns what users pass as values (numbers, nested and typed arrays, `NdArray`s) into `NdArray`s of a wanted element
 * type, with TensorFlow's errors where that would lose something. Symbolic tensors are not its business.
 */
import {
  bool,
  type DType,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  string,
  uint8,
  uint16,
  uint32,
  uint64,
} from './dtype.ts';
import { TypeError, ValueError } from './errors.ts';
import { allocate, type Data, encodeString, isStorageOf, NdArray, type NumericData } from './ndarray.ts';
import { formatShape, type KnownShape, sizeOf } from './shape.ts';

/** A typed array with the shape it should have. */
export interface ShapedData {
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
  readonly shape: KnownShape;
  readonly dtype?: DType;
}

export type Scalar = number | bigint | boolean | string;
type NestedValue = Scalar | Uint8Array | ArrayBufferView | NestedValues;
interface NestedValues extends ReadonlyArray<NestedValue> {}

/** Every concrete value that the library accepts where a tensor or a feed is wanted. */
export type ArrayValue = NestedValue | NdArray | ShapedData;

const typedArrayDTypes: readonly [abstract new (...args: never[]) => NumericData, DType][] = [
  [Float32Array, float32],
  [Float64Array, float64],
  [Int8Array, int8],
  [Int16Array, int16],
  [Int32Array, int32],
  [BigInt64Array, int64],
  [Uint8Array, uint8],
  [Uint8ClampedArray as never, uint8],
  [Uint16Array, uint16],
  [Uint32Array, uint32],
  [BigUint64Array, uint64],
];

function typedArrayDType(value: unknown): DType | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  return typedArrayDTypes.find(([type]) => value instanceof type)?.[1];
}

function isShapedData(value: unknown): value is ShapedData {
  return typeof value === 'object' && value !== null && 'data' in value && 'shape' in value;
}

/** What becomes of an integer outside the range of its type: TensorFlow's constants wrap around, its feeds refuse. */
export type Overflow = 'wrap' | 'throw';

/**
 * The value as an array. Without `dtype` the element type is the value's own: that of a typed array or `NdArray`,
 * float32 for numbers, int64 for bigints, bool, string. `shape` broadcasts a scalar and reshapes a flat array.
 *
 *     toNdArray([[1, 2], [3, 4]])        // float32 (2, 2)
 *     toNdArray([1, 2], int32)           // int32 (2,)
 */
export function toNdArray(
  value: ArrayValue,
  dtype?: DType | null,
  shape?: KnownShape | null,
  overflow: Overflow = 'wrap',
): NdArray {
  const array = fromValue(value, dtype ?? null, overflow);
  if (!shape || (shape.length === array.shape.length && shape.every((d, i) => d === array.shape[i]))) return array;
  return fillShape(array, shape);
}

function fillShape(array: NdArray, shape: KnownShape): NdArray {
  const wanted = sizeOf(shape);
  if (array.size === wanted) return array.reshape(shape);
  if (array.size !== 1) {
    const problem = array.size > wanted ? 'many' : 'few';
    throw new ValueError(
      `Too ${problem} elements provided. ${problem === 'many' ? 'Takes at most' : 'Needed at least'} ${wanted}, but got ${array.size}.`,
    );
  }
  const filled = NdArray.zeros(array.dtype, shape);
  const { data } = filled;
  if (Array.isArray(data)) data.fill((array.data as Uint8Array[])[0]);
  else if (array.dtype.isComplex) for (let i = 0; i < data.length; i++) data[i] = array.data[i & 1] as number;
  else (data as Float32Array).fill(array.data[0] as number);
  return filled;
}

function fromValue(value: ArrayValue, wanted: DType | null, overflow: Overflow): NdArray {
  if (value === null || value === undefined) throw new ValueError('None values not supported.');
  if (value instanceof NdArray) return castLossless(value, wanted ?? value.dtype);
  const own = wanted === string && value instanceof Uint8Array ? undefined : typedArrayDType(value);
  if (own) {
    const view = value as unknown as NumericData;
    return castLossless(new NdArray(own, [view.length], view), wanted ?? own);
  }
  if (isShapedData(value) && !Array.isArray(value)) {
    const flat = value.data as ArrayLike<number>;
    const given = value.dtype ?? typedArrayDType(flat);
    const dtype = wanted ?? given ?? inferDType([flat[0]]);
    if (given && isStorageOf(given, flat)) return castLossless(new NdArray(given, value.shape, flat), dtype);
    return fromFlat(Array.from(flat), dtype, value.shape, overflow);
  }
  const { flat, shape } = flatten(value as NestedValue, wanted === string);
  return fromFlat(flat, wanted ?? inferDType(flat), shape, overflow);
}

/** Nested arrays to a flat list and a shape, without recursion; ragged input is refused. Bytes are rows unless strings are wanted. */
function flatten(value: NestedValue, bytesAreElements: boolean): { flat: unknown[]; shape: number[] } {
  const shape: number[] = [];
  let level: unknown[] = [value];
  const isRow = (v: unknown): v is ArrayLike<unknown> =>
    Array.isArray(v) || (typedArrayDType(v) !== undefined && !(bytesAreElements && v instanceof Uint8Array));
  while (level.length > 0 && isRow(level[0])) {
    const length = level[0].length;
    const next: unknown[] = [];
    for (const row of level) {
      if (!isRow(row) || row.length !== length) throw ragged();
      for (let i = 0; i < length; i++) next.push(row[i]);
    }
    shape.push(length);
    level = next;
  }
  if (level.some(isRow)) throw ragged();
  return { flat: level, shape };
}

function ragged(): ValueError {
  return new ValueError("Can't convert non-rectangular nested sequence to Tensor.");
}

function inferDType(flat: readonly unknown[]): DType {
  const first = flat[0];
  switch (typeof first) {
    case 'bigint':
      return int64;
    case 'boolean':
      return bool;
    case 'string':
      return string;
    case 'number':
    case 'undefined':
      return float32;
  }
  if (first instanceof Uint8Array) return string;
  throw new TypeError(`Failed to convert value of type ${typeof first} to Tensor.`);
}

function fromFlat(flat: readonly unknown[], dtype: DType, shape: KnownShape, overflow: Overflow): NdArray {
  const data = allocate(dtype, flat.length);
  if (Array.isArray(data)) {
    flat.forEach((element, i) => {
      if (typeof element === 'string') data[i] = encodeString(element);
      else if (element instanceof Uint8Array) data[i] = element;
      else throw mismatch(dtype, element);
    });
  } else if (dtype.isComplex) {
    throw new TypeError(`Pass complex values as {data, shape} with interleaved parts for dtype ${dtype.name}.`);
  } else {
    fillNumbers(flat, dtype, data, overflow);
  }
  return new NdArray(dtype, shape, data);
}

function fillNumbers(flat: readonly unknown[], dtype: DType, data: NumericData, overflow: Overflow): void {
  const bounded = dtype.isInteger && overflow === 'throw';
  const [min, max] = bounded ? [dtype.min, dtype.max] : [0, 0];
  for (let i = 0; i < flat.length; i++) {
    const element = flat[i];
    if (dtype.isBool) {
      if (typeof element !== 'boolean') throw mismatch(dtype, element);
      data[i] = element ? 1 : 0;
    } else if (typeof element === 'number' || typeof element === 'bigint') {
      if (dtype.isInteger && typeof element === 'number' && !Number.isInteger(element)) throw mismatch(dtype, element);
      if (bounded && (element < min || element > max)) throw mismatch(dtype, element);
      store(data, i, element);
    } else {
      throw mismatch(dtype, element);
    }
  }
  roundHalf(dtype, data);
}

function mismatch(dtype: DType, element: unknown): TypeError {
  const kind = typeof element === 'number' ? (Number.isInteger(element) ? 'int' : 'float') : pythonKind(element);
  const shown = typeof element === 'string' ? `'${element}'` : String(element);
  return new TypeError(`Expected ${dtype.name}, but got ${shown} of type '${kind}'.`);
}

function pythonKind(element: unknown): string {
  if (typeof element === 'string') return 'str';
  if (typeof element === 'boolean') return 'bool';
  if (typeof element === 'bigint') return 'int';
  return element === null || element === undefined ? 'NoneType' : typeof element;
}

function store(data: NumericData, i: number, value: number | bigint): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(value);
  else data[i] = Number(value);
}

/** Another numeric type of the same values, as `astype` gives them. Strings convert to nothing but themselves. */
function castLossless(array: NdArray, dtype: DType): NdArray {
  if (array.dtype === dtype) return array;
  const from = array.dtype;
  if (from === string || dtype === string || (from.isComplex && !dtype.isComplex)) {
    throw new TypeError(`Cannot convert an array of ${from.name} to ${dtype.name}.`);
  }
  if (dtype.isInteger && from.isFloating) {
    const source = array.data as Float32Array;
    for (let i = 0; i < source.length; i++) if (!Number.isInteger(source[i])) throw mismatch(dtype, source[i]);
  }
  const source = array.data as NumericData;
  const data = allocate(dtype, array.size) as NumericData;
  if (dtype.isComplex && !from.isComplex) for (let i = 0; i < source.length; i++) data[2 * i] = Number(source[i]);
  else
    for (let i = 0; i < source.length; i++) store(data, i, dtype.isBool ? Number(Number(source[i]) !== 0) : source[i]);
  roundHalf(dtype, data);
  return new NdArray(dtype, array.shape, data as Data);
}

const scratch = new Float32Array(1);
const bits = new Uint32Array(scratch.buffer);

/** Rounds storage of float16 and bfloat16 to values of the type, ties to even; leaves other types alone. */
export function roundHalf(dtype: DType, data: Data): void {
  const round = dtype.name === 'float16' ? roundFloat16 : dtype.name === 'bfloat16' ? roundBfloat16 : null;
  if (!round) return;
  const values = data as Float32Array;
  for (let i = 0; i < values.length; i++) values[i] = round(values[i]);
}

/** The nearest bfloat16, ties to even. */
export function roundBfloat16(x: number): number {
  scratch[0] = x;
  if (Number.isNaN(scratch[0])) return Number.NaN;
  const b = bits[0];
  bits[0] = (b + 0x7fff + ((b >>> 16) & 1)) & 0xffff0000;
  return scratch[0];
}

/** The nearest float16 (IEEE binary16), ties to even, with overflow to infinity and subnormals. */
export function roundFloat16(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude === 0 || !Number.isFinite(x)) return x;
  if (magnitude >= 65520) return x < 0 ? -Infinity : Infinity;
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), -14);
  const unit = 2 ** (exponent - 10);
  const scaled = x / unit;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return (up ? floor + 1 : floor) * unit;
}

/** A one-line description for error messages: `float32 array of shape (2, 3)`. */
export function describeArray(array: NdArray): string {
  return `${array.dtype.name} array of shape ${formatShape(array.shape)}`;
}
