/**
 * Arrays in the messages of runs. Their elements travel as the bytes that they have here, and are copied once, into the
 * message. Small parts are left to the generated code.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { shapeToProto, tensorFromProto, tensorToProto } from '../../src/io/graph-def-tensor.ts';
import { type TensorProto, TensorProtoSchema } from '../../src/io/proto/tensor_pb.ts';
import { bfloat16, float16 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';

/** Fields of `TensorProto`, with their wire types. */
const CONTENT = (4 << 3) | 2;

/** The bytes of a tensor's message, in parts that follow each other. */
function tensorParts(array: NdArray): Uint8Array[] {
  const { dtype, data } = array;
  // Floats of 16 bits are kept in 32 here; texts and handles have no bytes of a fixed number.
  if (dtype.size === 0 || dtype === float16 || dtype === bfloat16 || array.size === 0 || Array.isArray(data)) {
    return [toBinary(TensorProtoSchema, tensorToProto(array))];
  }
  const head = create(TensorProtoSchema);
  head.dtype = dtype.asDatatypeEnum;
  head.tensorShape = shapeToProto({ dim: array.shape });
  const content = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return [toBinary(TensorProtoSchema, head), lengthPrefix(CONTENT, content.length), content];
}

/** The tag of a field and the length of what it holds. */
function lengthPrefix(tag: number, length: number): Uint8Array {
  const bytes = [tag];
  let rest = length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

const sizeOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(sizeOf(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const utf8 = new TextEncoder();

/** A message and behind it tensors with names, as `NamedTensorProto` in a repeated field of this number. */
export function withNamedTensors(
  message: Uint8Array,
  field: number,
  tensors: readonly (readonly [name: string, value: NdArray])[],
): Uint8Array {
  const parts = [message];
  for (const [name, value] of tensors) {
    const text = utf8.encode(name);
    const tensor = tensorParts(value);
    const inner = [lengthPrefix(0x0a, text.length), text, lengthPrefix(0x12, sizeOf(tensor)), ...tensor];
    parts.push(lengthPrefix((field << 3) | 2, sizeOf(inner)), ...inner);
  }
  return joined(parts);
}

/** A message and behind it tensors, in a repeated field of this number. */
export function withTensors(message: Uint8Array, field: number, tensors: readonly NdArray[]): Uint8Array {
  const parts = [message];
  for (const value of tensors) {
    const tensor = tensorParts(value);
    parts.push(lengthPrefix((field << 3) | 2, sizeOf(tensor)), ...tensor);
  }
  return joined(parts);
}

/** The array that a server sent. Its elements may be those of the message, which nobody else holds. */
export function arrayOf(tensor: TensorProto | undefined): NdArray {
  return tensorFromProto(tensor ?? fromBinary(TensorProtoSchema, new Uint8Array(0)));
}
