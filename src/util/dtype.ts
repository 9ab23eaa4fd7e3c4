/**
 * TensorFlow's element types as values: name, wire number, size, kind and limits.
 * How numbers of a type are stored is `ndarray.ts`'s business; what a backend can compute in is the runtime's.
 */
import { TypeError } from './errors.ts';
import { pythonRepr } from './python-names.ts';

export type DTypeName =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string'
  | 'complex64'
  | 'complex128'
  | 'resource'
  | 'variant'
  | 'qint8'
  | 'quint8'
  | 'qint16'
  | 'quint16'
  | 'qint32';

export type DTypeKind = 'float' | 'int' | 'uint' | 'bool' | 'string' | 'complex' | 'handle' | 'quantized';

/** An element type. There is one instance a type: compare with `===`. */
export class DType {
  constructor(
    readonly name: DTypeName,
    /** The number in TensorFlow's `types.proto`. */
    readonly asDatatypeEnum: number,
    readonly kind: DTypeKind,
    /** Bytes an element; 0 where that depends on the element. */
    readonly size: number,
    /** The name in `types.proto`, as error messages print it: `DT_FLOAT`. */
    readonly protoName: string,
    /** The short name of the IR text: `f32`. */
    readonly shortName: string,
  ) {
    Object.freeze(this);
  }

  get isFloating(): boolean {
    return this.kind === 'float';
  }
  /** Whether it is a signed or unsigned integer, quantized types not counted. */
  get isInteger(): boolean {
    return this.kind === 'int' || this.kind === 'uint';
  }
  get isComplex(): boolean {
    return this.kind === 'complex';
  }
  get isBool(): boolean {
    return this.kind === 'bool';
  }
  get isUnsigned(): boolean {
    return this.kind === 'uint';
  }
  /** Whether gradients flow through values of this type. */
  get isTrainable(): boolean {
    return this.kind === 'float' || this.kind === 'complex' || this.kind === 'handle';
  }
  /** Whether elements are JavaScript `bigint`s. */
  get isBigInt(): boolean {
    return this.name === 'int64' || this.name === 'uint64';
  }

  /** The smallest finite value; a bigint for int64 and uint64. */
  get min(): number | bigint {
    return this.limits()[0];
  }
  /** The largest finite value; a bigint for int64 and uint64. */
  get max(): number | bigint {
    return this.limits()[1];
  }

  private limits(): readonly [number | bigint, number | bigint] {
    const bits = this.size * 8;
    switch (this.name) {
      case 'float64':
        return [-Number.MAX_VALUE, Number.MAX_VALUE];
      case 'float32':
        return [-3.4028234663852886e38, 3.4028234663852886e38];
      case 'float16':
        return [-65504, 65504];
      case 'bfloat16':
        return [-3.3895313892515355e38, 3.3895313892515355e38];
      case 'int64':
        return [-(1n << 63n), (1n << 63n) - 1n];
      case 'uint64':
        return [0n, (1n << 64n) - 1n];
      case 'bool':
        return [0, 1];
    }
    if (this.kind === 'int') return [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
    if (this.kind === 'uint') return [0, 2 ** bits - 1];
    throw new TypeError(`Cannot find limits of ${this}.`);
  }

  toString(): string {
    return `<dtype: '${this.name}'>`;
  }
  toJSON(): string {
    return this.name;
  }
}

export const float32 = new DType('float32', 1, 'float', 4, 'DT_FLOAT', 'f32');
export const float64 = new DType('float64', 2, 'float', 8, 'DT_DOUBLE', 'f64');
export const int32 = new DType('int32', 3, 'int', 4, 'DT_INT32', 'i32');
export const uint8 = new DType('uint8', 4, 'uint', 1, 'DT_UINT8', 'u8');
export const int16 = new DType('int16', 5, 'int', 2, 'DT_INT16', 'i16');
export const int8 = new DType('int8', 6, 'int', 1, 'DT_INT8', 'i8');
export const string = new DType('string', 7, 'string', 0, 'DT_STRING', 'str');
export const complex64 = new DType('complex64', 8, 'complex', 8, 'DT_COMPLEX64', 'c64');
export const int64 = new DType('int64', 9, 'int', 8, 'DT_INT64', 'i64');
export const bool = new DType('bool', 10, 'bool', 1, 'DT_BOOL', 'bool');
export const qint8 = new DType('qint8', 11, 'quantized', 1, 'DT_QINT8', 'qi8');
export const quint8 = new DType('quint8', 12, 'quantized', 1, 'DT_QUINT8', 'qu8');
export const qint32 = new DType('qint32', 13, 'quantized', 4, 'DT_QINT32', 'qi32');
export const bfloat16 = new DType('bfloat16', 14, 'float', 2, 'DT_BFLOAT16', 'bf16');
export const qint16 = new DType('qint16', 15, 'quantized', 2, 'DT_QINT16', 'qi16');
export const quint16 = new DType('quint16', 16, 'quantized', 2, 'DT_QUINT16', 'qu16');
export const uint16 = new DType('uint16', 17, 'uint', 2, 'DT_UINT16', 'u16');
export const complex128 = new DType('complex128', 18, 'complex', 16, 'DT_COMPLEX128', 'c128');
export const float16 = new DType('float16', 19, 'float', 2, 'DT_HALF', 'f16');
export const resource = new DType('resource', 20, 'handle', 0, 'DT_RESOURCE', 'res');
export const variant = new DType('variant', 21, 'handle', 0, 'DT_VARIANT', 'variant');
export const uint32 = new DType('uint32', 22, 'uint', 4, 'DT_UINT32', 'u32');
export const uint64 = new DType('uint64', 23, 'uint', 8, 'DT_UINT64', 'u64');

/** Every type, in the order of its wire number. */
export const dtypes: readonly DType[] = [
  float32,
  float64,
  int32,
  uint8,
  int16,
  int8,
  string,
  complex64,
  int64,
  bool,
  qint8,
  quint8,
  qint32,
  bfloat16,
  qint16,
  quint16,
  uint16,
  complex128,
  float16,
  resource,
  variant,
  uint32,
  uint64,
];

const byName = new Map<string, DType>();
for (const dtype of dtypes) {
  byName.set(dtype.name, dtype);
  byName.set(dtype.protoName, dtype);
  byName.set(dtype.shortName, dtype);
}
byName.set('float', float32).set('double', float64).set('half', float16);

/** Anything that names an element type: the type itself, `'float32'`, `'DT_FLOAT'`, or the wire number. */
export type DTypeLike = DType | DTypeName | (string & {}) | number;

/**
 * The element type that a value names. Throws `TypeError` where it names none.
 *
 *     asDType('float32') === float32
 */
export function asDType(value: DTypeLike): DType {
  if (value instanceof DType) return value;
  const found = typeof value === 'number' ? dtypes[value - 1] : byName.get(value);
  if (!found) {
    throw new TypeError(`Cannot convert the argument \`type_value\`: ${pythonRepr(value)} to a TensorFlow DType.`);
  }
  return found;
}
