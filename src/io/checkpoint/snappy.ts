/**
 * Snappy blocks, uncompressed. Written here because the packages there are trust their input: a length that wraps around
 * makes them run for ever.
 */
import { ByteReader, FormatError } from './bytes.ts';

/** The shortest copy takes two bytes, the longest gives 64: no block grows more than this. */
const LARGEST_RATIO = 32;

/** The bytes behind a compressed block. Throws `FormatError` for anything else. */
export function uncompress(block: Uint8Array): Uint8Array {
  const input = new ByteReader(block);
  const length = input.varint();
  if (length > LARGEST_RATIO * block.length) throw new FormatError('has a compressed block of an impossible length');
  const out = new Uint8Array(length);
  let to = 0;
  while (input.left > 0) {
    const tag = input.byte();
    const kind = tag & 3;
    if (kind === 0) {
      const literal = input.take(1 + (tag >>> 2 < 60 ? tag >>> 2 : word(input, (tag >>> 2) - 59)));
      if (literal.length > length - to) throw overflow();
      out.set(literal, to);
      to += literal.length;
      continue;
    }
    const size = kind === 1 ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2);
    const back = kind === 1 ? (tag >>> 5) * 256 + input.byte() : word(input, kind === 2 ? 2 : 4);
    if (back === 0 || back > to) throw new FormatError('has a compressed block that refers to what it does not hold');
    if (size > length - to) throw overflow();
    // Byte by byte: what is copied may be what the copy itself has just written.
    for (let i = 0; i < size; i++, to++) out[to] = out[to - back];
  }
  if (to !== length) throw new FormatError('has a compressed block that ends too early');
  return out;
}

function word(input: ByteReader, size: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value += input.byte() * 256 ** i;
  return value;
}

function overflow(): FormatError {
  return new FormatError('has a compressed block that is longer than it says');
}
