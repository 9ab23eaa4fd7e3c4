/**
 * Keys of the slices of tensors: name and extents as bytes whose order is that of names and numbers. It is the encoding
 * that Google calls ordered code. What a slice is stands in `tensor-slice.ts`.
 */
import { ByteWriter, utf8 } from './bytes.ts';
import { FULL, type TensorSlice } from './tensor-slice.ts';

/** The key under which the values of a slice are stored. All such keys start with a zero byte. */
export function sliceKey(name: string, slice: TensorSlice): Uint8Array {
  const out = new ByteWriter(64);
  unsigned(out, 0);
  text(out, utf8(name));
  unsigned(out, slice.length);
  for (const { start, length } of slice) {
    signed(out, start);
    signed(out, length === FULL ? -1 : length);
  }
  return out.finish();
}

/** A count of bytes, and the number in as few bytes, the highest first. */
function unsigned(out: ByteWriter, value: number): void {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  out.byte(bytes.length).append(Uint8Array.from(bytes));
}

/** Zeros and ones' bytes escaped, so that the end mark is below every other byte. */
function text(out: ByteWriter, bytes: Uint8Array): void {
  for (const byte of bytes) {
    out.byte(byte);
    if (byte === 0) out.byte(0xff);
    else if (byte === 0xff) out.byte(0);
  }
  out.byte(0).byte(1);
}

/** The first bits tell the length and the sign, then follows the number in two's complement. */
function signed(out: ByteWriter, value: number): void {
  const size = value < 0 ? -value - 1 : value;
  if (size < 64) {
    out.byte((0x80 ^ value) & 0xff);
    return;
  }
  let length = 2;
  while (size >= 2 ** (7 * length - 1)) length++;
  // Numbers are below 2⁵³: eight bytes hold them, and the marks of all lengths that occur lie in the first two.
  const bytes = new Uint8Array(Math.max(length, 8));
  new DataView(bytes.buffer).setBigInt64(bytes.length - 8, BigInt(value));
  const tail = bytes.slice(bytes.length - length);
  const marks = length <= 8 ? [0x100 - 2 ** (8 - length), 0] : [0xff, 0x100 - 2 ** (16 - length)];
  tail[0] ^= marks[0];
  tail[1] ^= marks[1];
  out.append(tail);
}
