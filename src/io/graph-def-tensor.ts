/**
 * `TensorProto` to and from `NdArray`: every element type in every encoding that TensorFlow reads. The messages around
 * it are `graph-def-message.ts`'s.
 */
import { create } from '@bufbuild/protobuf';
import {
  asDType,
  bfloat16,
  bool,
  complex64,
  complex128,
  type DType,
  float16,
  float32,
  float64,
  int64,
  resource,
  string,
  uint16,
  uint32,
  uint64,
  variant,
} from '../util/dtype.ts';
import { InvalidArgumentError } from '../util/errors.ts';
import { allocateAny, type Data, NdArray, type NumericData } from '../util/ndarray.ts';
import type { TensorShapeProto } from './messages.ts';
import { decodeMessage, encodeMessage } from './proto/codec.ts';
import { ResourceHandleProtoSchema } from './proto/resource_handle_pb.ts';
import { type TensorProto, TensorProtoSchema, VariantTensorDataProtoSchema } from './proto/tensor_pb.ts';
import {
  type TensorShapeProto as TensorShapeMessage,
  TensorShapeProto_DimSchema,
  TensorShapeProtoSchema,
} from './proto/tensor_shape_pb.ts';

/** TensorFlow's limit for a message, and so for a tensor in one. */
const MAX_BYTES = 2 ** 31;

/** From this size on a tensor is a view of the bytes it was read from, where it may lie as it does. */
const VIEW_BYTES = 1 << 16;

/**
 * What the tensors of one file may take beyond the bytes that they have in it: a few bytes can stand for two gigabytes
 * of one repeated element.
 */
export class FillBudget {
  private left = MAX_BYTES;

  spend(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) throw malformed('its repeated elements take more than 2 GB');
  }
}

/**
 * How many elements the message spelled out, of arrays that `tensorToProto` would by itself encode otherwise; `CONTENT`
 * for all of them as bytes. So a file that is read and written stays as it is.
 */
const encodings = new WeakMap<NdArray, number>();
const CONTENT = -1;

function malformed(why: string): InvalidArgumentError {
  return new InvalidArgumentError(null, `Cannot parse tensor from proto: ${why}`);
}

export function shapeFromProto(proto: TensorShapeMessage | undefined): TensorShapeProto {
  if (proto?.unknownRank) return { unknownRank: true, dim: [] };
  return { dim: proto ? proto.dim.map(({ size }) => Number(size)) : [] };
}

export function shapeToProto(shape: TensorShapeProto): TensorShapeMessage {
  const proto = create(TensorShapeProtoSchema);
  if (shape.unknownRank) proto.unknownRank = true;
  for (const size of shape.dim) {
    const dim = create(TensorShapeProto_DimSchema);
    dim.size = BigInt(size);
    proto.dim.push(dim);
  }
  return proto;
}

/**
 * The array that the message stands for. The last element that is spelled out is repeated to the end; without any, all
 * are zero. Elements of resource and variant tensors are the bytes of their messages. Large tensors may be views of the
 * bytes that the message was read from. Throws `InvalidArgumentError` where shape and elements do not agree.
 *
 *     tensorFromProto(create(TensorProtoSchema, { dtype: DataType.DT_INT32, intVal: [7] })).item() // 7
 */
export function tensorFromProto(proto: TensorProto, budget: FillBudget = new FillBudget()): NdArray {
  const dtype = asDType(proto.dtype);
  // An unknown rank counts as rank 0, in TensorFlow too.
  const { dim } = shapeFromProto(proto.tensorShape);
  if (dim.some((size) => size < 0)) throw malformed('its shape is not fully known');
  const count = dim.reduce((product, size) => product * size, 1);
  const width = dtype.isFloating ? Math.max(dtype.size, 4) : dtype.size || 8;
  if (!(count * width <= MAX_BYTES)) throw malformed(`shape [${dim}] takes more than 2 GB`);
  const { tensorContent } = proto;
  if (tensorContent.length > 0) {
    const array = new NdArray(dtype, dim, fromContent(dtype, count, tensorContent));
    if (!isWrittenAsContent(dtype, count)) encodings.set(array, CONTENT);
    return array;
  }
  const values = valuesOf(dtype, proto);
  const parts = dtype.isComplex ? 2 : 1;
  const given = Math.min(Math.floor(values.length / parts), count);
  if (given < count) budget.spend((count - given) * width);
  const data = allocateAny(dtype, count);
  for (let i = 0; i < given * parts; i++) data[i] = values[i] as never;
  if (given > 0) repeatLast(data, given * parts, parts);
  const array = new NdArray(dtype, dim, data);
  if (given < count || isWrittenAsContent(dtype, count)) encodings.set(array, given);
  return array;
}

function repeatLast(data: Data, from: number, parts: number): void {
  if (parts === 1) {
    (data as Float32Array).fill(data[from - 1] as number, from);
  } else {
    for (let i = from; i < data.length; i++) data[i] = data[i - parts];
  }
}

/** The message for the array, as TensorFlow's `make_tensor_proto` makes it. */
export function tensorToProto(array: NdArray): TensorProto {
  const { dtype, data, size } = array;
  const proto = create(TensorProtoSchema);
  proto.dtype = dtype.asDatatypeEnum;
  proto.tensorShape = shapeToProto({ dim: array.shape });
  const encoding = encodings.get(array) ?? (isWrittenAsContent(dtype, size) ? CONTENT : size);
  const parts = dtype.isComplex ? 2 : 1;
  if (encoding === CONTENT && size > 0) {
    proto.tensorContent = toContent(dtype, data);
    return proto;
  }
  // The data may have been written to since it was read.
  const given = isTailOfOne(data, encoding * parts, parts) ? encoding : size;
  putValues(proto, dtype, data.slice(0, given * parts) as Data);
  return proto;
}

/** Whether all from there on repeats what stands before it. */
function isTailOfOne(data: Data, from: number, parts: number): boolean {
  for (let i = from; i < data.length; i++) {
    const before = i < parts ? (typeof data[i] === 'bigint' ? 0n : 0) : data[i - parts];
    if (!Object.is(data[i], before) && !isEmptyBytes(data[i], i < parts)) return false;
  }
  return true;
}

function isEmptyBytes(value: unknown, atStart: boolean): boolean {
  return atStart && value instanceof Uint8Array && value.length === 0;
}

/** Whether TensorFlow writes such a tensor as bytes, and not element by element. */
function isWrittenAsContent(dtype: DType, count: number): boolean {
  if (count <= 1) return false;
  return dtype.size > 0 && !dtype.isComplex && dtype !== bool && dtype !== uint16;
}

// ---------------------------------------------------------------------------------------------------------------------
// Elements one by one

type Values = ArrayLike<number | bigint | boolean | Uint8Array>;

function valuesOf(dtype: DType, proto: TensorProto): Values {
  switch (dtype) {
    case float32:
      return proto.floatVal;
    case float64:
      return proto.doubleVal;
    case float16:
      return proto.halfVal.map(halfToFloat);
    case bfloat16:
      return proto.halfVal.map(bfloat16ToFloat);
    case int64:
      return proto.int64Val;
    case uint32:
      return proto.uint32Val;
    case uint64:
      return proto.uint64Val;
    case bool:
      return proto.boolVal;
    case string:
      return proto.stringVal;
    case complex64:
      return proto.scomplexVal;
    case complex128:
      return proto.dcomplexVal;
    case resource:
      return proto.resourceHandleVal.map((handle) => encodeMessage(ResourceHandleProtoSchema, handle));
    case variant:
      return proto.variantVal.map((value) => encodeMessage(VariantTensorDataProtoSchema, value));
  }
  return proto.intVal;
}

function putValues(proto: TensorProto, dtype: DType, data: Data): void {
  const numbers = () => Array.from(data as Float32Array);
  const bigints = () => Array.from(data as BigInt64Array);
  switch (dtype) {
    case float32:
      proto.floatVal = numbers();
      return;
    case float64:
      proto.doubleVal = numbers();
      return;
    case float16:
    case bfloat16:
      proto.halfVal = Array.from(toHalves(dtype, data as Float32Array));
      return;
    case int64:
      proto.int64Val = bigints();
      return;
    case uint32:
      proto.uint32Val = numbers();
      return;
    case uint64:
      proto.uint64Val = bigints();
      return;
    case bool:
      proto.boolVal = Array.from(data as Uint8Array, (value) => value !== 0);
      return;
    case string:
      proto.stringVal = [...(data as Uint8Array[])];
      return;
    case complex64:
      proto.scomplexVal = numbers();
      return;
    case complex128:
      proto.dcomplexVal = numbers();
      return;
    case resource:
      proto.resourceHandleVal = (data as Uint8Array[]).map((bytes) => decodeMessage(ResourceHandleProtoSchema, bytes));
      return;
    case variant:
      proto.variantVal = (data as Uint8Array[]).map((bytes) => decodeMessage(VariantTensorDataProtoSchema, bytes));
      return;
  }
  proto.intVal = numbers();
}

// ---------------------------------------------------------------------------------------------------------------------
// All elements as bytes, little endian, as every machine that runs JavaScript keeps them

function fromContent(dtype: DType, count: number, content: Uint8Array): Data {
  if (dtype === string) return stringsOf(content, count);
  if (dtype.kind === 'handle') throw malformed(`${dtype.name} has no elements as bytes`);
  if (content.length !== count * dtype.size) {
    throw malformed(`Input size was ${content.length} and expected ${count * dtype.size}`);
  }
  if (dtype === float16 || dtype === bfloat16) {
    const halves = numbersIn(new Uint16Array(0), content) as Uint16Array;
    return Float32Array.from(halves, dtype === float16 ? halfToFloat : bfloat16ToFloat);
  }
  if (dtype === bool) return content.map((byte) => (byte ? 1 : 0));
  return numbersIn(allocateAny(dtype, 0) as NumericData, content);
}

/** The bytes as numbers of `kind`'s type; as they lie where they are many and lie at a multiple of the width. */
function numbersIn(kind: NumericData, content: Uint8Array): NumericData {
  const make = kind.constructor as new (buffer: ArrayBufferLike, offset: number, length: number) => NumericData;
  const length = content.length / kind.BYTES_PER_ELEMENT;
  const inPlace = content.length >= VIEW_BYTES && content.byteOffset % kind.BYTES_PER_ELEMENT === 0;
  // A copy: `slice` of Node's `Buffer` is none.
  const bytes = inPlace ? content : new Uint8Array(content);
  return new make(bytes.buffer, bytes.byteOffset, length);
}

/** The lengths of all strings, as varints, then the strings. */
function stringsOf(content: Uint8Array, count: number): Uint8Array[] {
  if (count > content.length) throw malformed(`${content.length} bytes cannot hold ${count} strings`);
  const lengths: number[] = [];
  let at = 0;
  while (lengths.length < count) {
    let length = 0;
    let byte = 0x80;
    for (let unit = 1; byte >= 0x80; unit *= 128) {
      if (at === content.length || unit > 2 ** 28) throw malformed('the lengths of its strings are cut off');
      byte = content[at++];
      length += (byte & 0x7f) * unit;
    }
    lengths.push(length);
  }
  return lengths.map((length) => {
    if (length > content.length - at) throw malformed('its strings are cut off');
    at += length;
    return content.subarray(at - length, at);
  });
}

function toContent(dtype: DType, data: Data): Uint8Array {
  if (Array.isArray(data)) return stringContent(data);
  const numbers = dtype === float16 || dtype === bfloat16 ? toHalves(dtype, data as Float32Array) : data;
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function stringContent(strings: readonly Uint8Array[]): Uint8Array {
  const head: number[] = [];
  for (const { length } of strings) {
    let rest = length;
    for (; rest >= 128; rest = Math.floor(rest / 128)) head.push((rest % 128) + 128);
    head.push(rest);
  }
  const out = new Uint8Array(strings.reduce((sum, { length }) => sum + length, head.length));
  out.set(head);
  let at = head.length;
  for (const bytes of strings) {
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}

// ---------------------------------------------------------------------------------------------------------------------
// Floats of 16 bits, which arrays store as float32

const floatBits = new Float32Array(1);
const intBits = new Uint32Array(floatBits.buffer);

function bfloat16ToFloat(bits: number): number {
  intBits[0] = bits << 16;
  return floatBits[0];
}

function halfToFloat(bits: number): number {
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The bits of numbers that the type can represent. */
function toHalves(dtype: DType, numbers: Float32Array): Uint16Array {
  const bits = new Uint32Array(Float32Array.from(numbers).buffer);
  return Uint16Array.from(bits, dtype === bfloat16 ? (b) => b >>> 16 : floatBitsToHalf);
}

function floatBitsToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const fraction = bits & 0x7fffff;
  if (exponent === 128) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  if (exponent >= -14) return sign | ((exponent + 15) << 10) | (fraction >>> 13);
  if (exponent >= -24) return sign | ((fraction | 0x800000) >>> (-exponent - 1));
  return sign;
}
