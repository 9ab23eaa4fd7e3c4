/**
 * The elements of arrays as the bytes of a bundle, both ways, in pieces of bounded size. Storage and files are both
 * little-endian, so that most types need no work; float16 and bfloat16 are stored wider than they are written.
 */
import type { DType } from '../../util/dtype.ts';
import { bfloat16Bits, bfloat16ToNumber, halfBits, halfToNumber } from '../../util/float-bits.ts';
import { NdArray, type NumericData } from '../../util/ndarray.ts';
import type { KnownShape } from '../../util/shape.ts';
import { crc32c, maskCrc } from '../crc32c.ts';
import { ByteReader, ByteWriter, FormatError } from './bytes.ts';

/** Bytes that are checked and written at a time. */
export const PIECE = 4 << 20;

/** Bytes of one element in a file; 0 for types that bundles cannot hold this way. */
export function elementSize(dtype: DType): number {
  return dtype.kind === 'handle' ? 0 : dtype.size;
}

/** The elements of a numeric array as bytes, in pieces: views of its data where they can be. */
export function* numericPieces({ dtype, data }: NdArray): Generator<Uint8Array> {
  const numbers = data as NumericData;
  if (dtype.name === 'float16' || dtype.name === 'bfloat16') {
    const bitsOf = dtype.name === 'float16' ? halfBits : bfloat16Bits;
    for (let at = 0; at < numbers.length; at += PIECE / 2) {
      const part = (numbers as Float32Array).subarray(at, at + PIECE / 2);
      yield new Uint8Array(Uint16Array.from(part, bitsOf).buffer);
    }
    return;
  }
  for (let at = 0; at < numbers.byteLength; at += PIECE) {
    yield new Uint8Array(numbers.buffer, numbers.byteOffset + at, Math.min(PIECE, numbers.byteLength - at));
  }
}

/** The array whose elements are these bytes, which it keeps. Their number must fit. Throws `FormatError` for a bool that is none. */
export function numericArray(dtype: DType, shape: KnownShape, bytes: Uint8Array): NdArray {
  if (dtype.name === 'float16' || dtype.name === 'bfloat16') {
    const bits = new Uint16Array(aligned(bytes, 2), 0, bytes.length / 2);
    return new NdArray(
      dtype,
      shape,
      Float32Array.from(bits, dtype.name === 'float16' ? halfToNumber : bfloat16ToNumber),
    );
  }
  const make = views[dtype.name];
  if (!make) throw new FormatError(`has elements of type ${dtype.name}`);
  const data = make(bytes);
  if (dtype.isBool) for (let i = 0; i < data.length; i++) if (data[i] > 1) data[i] = 1;
  return new NdArray(dtype, shape, data);
}

type View = (bytes: Uint8Array) => NumericData;

function viewOf<T extends NumericData>(
  type: (new (buffer: ArrayBuffer, offset: number, length: number) => T) & { readonly BYTES_PER_ELEMENT: number },
): View {
  const size = type.BYTES_PER_ELEMENT;
  return (bytes) =>
    bytes.byteOffset % size === 0
      ? new type(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / size)
      : new type(aligned(bytes, size), 0, bytes.length / size);
}

/** A buffer that starts with the bytes. */
function aligned(bytes: Uint8Array, size: number): ArrayBuffer {
  const isWhole = bytes.byteOffset === 0 && bytes.byteLength % size === 0;
  return (isWhole ? bytes.buffer : bytes.slice().buffer) as ArrayBuffer;
}

const views: Readonly<Record<string, View>> = {
  float32: viewOf(Float32Array),
  float64: viewOf(Float64Array),
  complex64: viewOf(Float32Array),
  complex128: viewOf(Float64Array),
  int8: viewOf(Int8Array),
  int16: viewOf(Int16Array),
  int32: viewOf(Int32Array),
  int64: viewOf(BigInt64Array),
  uint8: viewOf(Uint8Array),
  uint16: viewOf(Uint16Array),
  uint32: viewOf(Uint32Array),
  uint64: viewOf(BigUint64Array),
  bool: viewOf(Uint8Array),
  qint8: viewOf(Int8Array),
  qint16: viewOf(Int16Array),
  qint32: viewOf(Int32Array),
  quint8: viewOf(Uint8Array),
  quint16: viewOf(Uint16Array),
};

/**
 * The texts of an array as bytes, in pieces: the lengths, their checksum, the texts. `sum` is the checksum of it all, to
 * be asked for at the end; it takes each length as a word and not as the varint that is written.
 */
export class TextPieces {
  sum = 0;

  constructor(private readonly texts: readonly Uint8Array[]) {}

  *[Symbol.iterator](): Generator<Uint8Array> {
    yield this.head();
    const out = new ByteWriter();
    for (const text of this.texts) {
      this.sum = crc32c(text, this.sum);
      if (out.length > 0 && out.length + text.length > PIECE) {
        yield out.view();
        out.clear();
      }
      if (text.length > PIECE) yield text;
      else out.append(text);
    }
    if (out.length > 0) yield out.view();
  }

  private head(): Uint8Array {
    const out = new ByteWriter(this.texts.length + 8);
    for (const { length } of this.texts) {
      out.varint(length);
      this.sum = crc32c(lengthWord(length), this.sum);
    }
    const checksum = new ByteWriter(4).fixed32(maskCrc(this.sum)).finish();
    this.sum = crc32c(checksum, this.sum);
    return out.append(checksum).view();
  }
}

function lengthWord(length: number): Uint8Array {
  const word = new ByteWriter(8).fixed32(length % 2 ** 32);
  return (length < 2 ** 32 ? word : word.fixed32(Math.floor(length / 2 ** 32))).finish();
}

/** What a string tensor's bytes hold: the texts, the stored and the calculated checksum of the lengths, and that of it all. */
export interface ReadTexts {
  readonly texts: Uint8Array[];
  readonly storedLengthSum: number;
  readonly lengthSum: number;
  readonly sum: number;
}

/** Reads `count` texts. Throws `FormatError` where the bytes do not hold them. */
export function readTexts(bytes: Uint8Array, count: number): ReadTexts {
  if (count > bytes.length) throw new FormatError('has fewer bytes than texts');
  const input = new ByteReader(bytes);
  const lengths: number[] = [];
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const length = input.varint();
    lengths.push(length);
    sum = crc32c(lengthWord(length), sum);
  }
  const lengthSum = maskCrc(sum);
  const storedBytes = input.take(4);
  const storedLengthSum = new ByteReader(storedBytes).fixed32();
  if (storedLengthSum !== lengthSum) return { texts: [], storedLengthSum, lengthSum, sum: 0 };
  sum = crc32c(storedBytes, sum);
  const texts = lengths.map((length) => {
    const text = input.take(length).slice();
    sum = crc32c(text, sum);
    return text;
  });
  if (input.left > 0) throw new FormatError('has more bytes than texts');
  return { texts, storedLengthSum, lengthSum, sum };
}
