/** Arrays as messages of type `TensorProto`, both ways. */
import { type DType, string } from '../../src/util/dtype.ts';
import { bfloat16ToNumber, halfToNumber } from '../../src/util/float-bits.ts';
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { BYTES, fixed32Of, fixed64Of, readFields, varintsOf, type WireField, WireWriter } from '../../src/util/wire.ts';
import { invalid } from './elements.ts';
import { readElements, writeElements } from './raw-bytes.ts';
import { textsOf } from './texts.ts';

/** The fields of `TensorProto`. */
const [TYPE, SHAPE, CONTENT, STRINGS] = [1, 2, 4, 8];

/** The array as a message, its elements as bytes. */
export function serializeTensor(array: NdArray): Uint8Array {
  const shape = new WireWriter();
  for (const d of array.shape) {
    const dim = new WireWriter();
    // 0 is what a missing field means.
    if (d !== 0) dim.varintField(1, d);
    shape.bytesField(2, dim.finish());
  }
  const message = new WireWriter().varintField(TYPE, array.dtype.asDatatypeEnum).bytesField(SHAPE, shape.finish());
  if (array.dtype === string) for (const bytes of textsOf(array)) message.bytesField(STRINGS, bytes);
  else if (array.size > 0) message.bytesField(CONTENT, writeElements(array.data as NumericData, array.dtype));
  return message.finish();
}

/** What `Type mismatch` calls the types. */
const CPP_NAMES: ReadonlyMap<number, string> = new Map(
  'invalid float double int32 uint8 int16 int8 string complex64 int64 bool qint8 quint8 qint32 bfloat16 qint16 quint16 uint16 complex128 half resource variant uint32 uint64'
    .split(' ')
    .map((name, i) => [i, name]),
);

/** The array that a message holds. Throws `InvalidArgumentError` for anything else. */
export function parseTensor(serialized: Uint8Array, dtype: DType): NdArray {
  let fields: WireField[];
  let shape: number[];
  try {
    fields = readFields(serialized);
    shape = fields.filter(({ number }) => number === SHAPE).flatMap(({ bytes }) => shapeOf(bytes));
  } catch {
    throw unreadable(serialized);
  }
  const type = Number(fields.find(({ number }) => number === TYPE)?.bits ?? 0n);
  if (type !== dtype.asDatatypeEnum) {
    throw invalid(
      `Type mismatch between parsed tensor (${CPP_NAMES.get(type) ?? type}) and dtype (${CPP_NAMES.get(dtype.asDatatypeEnum)})`,
    );
  }
  const size = sizeOf(shape);
  try {
    const content = fields.find(({ number }) => number === CONTENT)?.bytes;
    const data = allocate(dtype, size);
    if (content && content.length > 0 && dtype !== string) {
      if (content.length !== size * dtype.size) throw unreadable(serialized);
      readElements(content, dtype, true, data as NumericData, 0);
    } else fill(data as unknown[], listed(fields, dtype), dtype.isComplex ? 2 : 1);
    return new NdArray(dtype, shape, data);
  } catch {
    throw unreadable(serialized);
  }
}

function unreadable(serialized: Uint8Array): Error {
  return invalid(`Could not parse \`serialized\` as TensorProto, base64: ${btoa(String.fromCharCode(...serialized))}`);
}

function shapeOf(bytes: Uint8Array): number[] {
  return readFields(bytes)
    .filter(({ number }) => number === 2)
    .map((dim) => {
      const length = readFields(dim.bytes).find(({ number }) => number === 1)?.bits ?? 0n;
      const size = Number(BigInt.asIntN(64, length));
      if (size < 0) throw new RangeError('A dimension is negative.');
      return size;
    });
}

/** The last value stands for all that follow; without any they are zero. */
function fill(data: unknown[], values: readonly unknown[], width: number): void {
  if (values.length === 0) return;
  for (let i = 0; i < data.length; i++) data[i] = values[Math.min(i, values.length - width + (i % width))];
}

type Listed = readonly [field: number, read: (field: WireField) => readonly unknown[]];

const bits = new DataView(new ArrayBuffer(8));
const floats = (field: WireField) =>
  fixed32Of(field).map((word) => {
    bits.setUint32(0, word);
    return bits.getFloat32(0);
  });
const doubles = (field: WireField) =>
  fixed64Of(field).map((word) => {
    bits.setBigUint64(0, word);
    return bits.getFloat64(0);
  });
const signed = (field: WireField) => varintsOf(field).map((value) => Number(BigInt.asIntN(64, value)));

/** Which field lists the elements of a type. */
function listOf(dtype: DType): Listed {
  switch (dtype.name) {
    case 'float32':
      return [5, floats];
    case 'float64':
      return [6, doubles];
    case 'string':
      return [STRINGS, ({ type, bytes }) => (type === BYTES ? [bytes] : [])];
    case 'complex64':
      return [9, floats];
    case 'int64':
      return [10, (field) => varintsOf(field).map((value) => BigInt.asIntN(64, value))];
    case 'bool':
      return [11, (field) => varintsOf(field).map(Number)];
    case 'complex128':
      return [12, doubles];
    case 'float16':
      return [13, (field) => varintsOf(field).map((value) => halfToNumber(Number(value)))];
    case 'bfloat16':
      return [13, (field) => varintsOf(field).map((value) => bfloat16ToNumber(Number(value)))];
    case 'uint32':
      return [16, (field) => varintsOf(field).map(Number)];
    case 'uint64':
      return [17, varintsOf];
    default:
      return [7, signed];
  }
}

function listed(fields: readonly WireField[], dtype: DType): unknown[] {
  const [number, read] = listOf(dtype);
  return fields.filter((field) => field.number === number).flatMap(read);
}
