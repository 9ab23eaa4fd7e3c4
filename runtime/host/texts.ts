/** What the host kernels of texts share: arrays of bytes, and bytes put together. No kernel is here. */
import { string } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import type { KnownShape } from '../../src/util/shape.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The elements of an array of texts. */
export function textsOf(array: NdArray): readonly Uint8Array[] {
  return array.data as Uint8Array[];
}

export function textArray(shape: KnownShape, texts: readonly Uint8Array[]): NdArray {
  return new NdArray(string, shape, texts as Uint8Array[]);
}

/** The array with each text replaced. */
export function mapTexts(array: NdArray, change: (bytes: Uint8Array) => Uint8Array): NdArray {
  return textArray(array.shape, textsOf(array).map(change));
}

/** The parts one after the other, with a separator between them. */
export function joinBytes(parts: readonly Uint8Array[], separator: Uint8Array = new Uint8Array(0)): Uint8Array {
  let length = Math.max(parts.length - 1, 0) * separator.length;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  parts.forEach((part, i) => {
    if (i > 0) {
      joined.set(separator, at);
      at += separator.length;
    }
    joined.set(part, at);
    at += part.length;
  });
  return joined;
}

/** The text for a message; what is no UTF-8 shows as U+FFFD. */
export function shown(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Space, tab, line feed, vertical tab, form feed, carriage return. */
export function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

/** The text without white space at its ends. */
export function strip(bytes: Uint8Array): Uint8Array {
  let [start, end] = [0, bytes.length];
  while (start < end && isSpace(bytes[start])) start++;
  while (end > start && isSpace(bytes[end - 1])) end--;
  return bytes.subarray(start, end);
}

/** In UTF-8 the other bytes of a character have the bits 10 in front. */
export function startsCharacter(byte: number): boolean {
  return (byte & 0xc0) !== 0x80;
}
