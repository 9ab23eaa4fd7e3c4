/**
 * Reading and growing runs of bytes: varints, fixed words, slices. What the numbers mean is for the formats; the errors
 * are plain ones, for the readers to put the file's name to.
 */

/** Thrown where bytes end too early or say what cannot be. */
export class FormatError extends Error {
  override name = 'FormatError';
}

/** Reads one after the other what the bytes hold. */
export class ByteReader {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
    readonly end = bytes.length,
  ) {}

  get left(): number {
    return this.end - this.at;
  }
  byte(): number {
    if (this.at >= this.end) throw new FormatError('ends too early');
    return this.bytes[this.at++];
  }
  /** An unsigned number; `FormatError` from 2⁵³ on, which no length or offset reaches. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw new FormatError('has a number that is too large');
  }
  fixed32(): number {
    const [a, b, c, d] = this.take(4);
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  }
  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    if (length > this.left) throw new FormatError('ends too early');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

/** Bytes that grow at their end. */
export class ByteWriter {
  private buffer: Uint8Array;
  private used = 0;

  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity);
  }

  get length(): number {
    return this.used;
  }
  byte(value: number): this {
    this.reserve(1)[this.used++] = value;
    return this;
  }
  varint(value: number): this {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    return this.byte(rest);
  }
  fixed32(value: number): this {
    return this.byte(value & 255)
      .byte((value >>> 8) & 255)
      .byte((value >>> 16) & 255)
      .byte(value >>> 24);
  }
  append(bytes: Uint8Array): this {
    this.reserve(bytes.length).set(bytes, this.used);
    this.used += bytes.length;
    return this;
  }
  /** A view of what was written, until the next change. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.used);
  }
  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.used);
  }
  clear(): void {
    this.used = 0;
  }

  private reserve(more: number): Uint8Array {
    if (this.used + more > this.buffer.length) {
      const grown = new Uint8Array(Math.max(this.used + more, 2 * this.buffer.length));
      grown.set(this.view());
      this.buffer = grown;
    }
    return this.buffer;
  }
}

/** As C's `memcmp`: below, above or at zero; a start of the other comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

/** How many bytes the two have in common at their starts. */
export function sharedPrefix(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < length && a[shared] === b[shared]) shared++;
  return shared;
}

/** Bytes as text with a character a byte, so that any bytes can be a key and keep their order. */
export function binaryString(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
/** The text of bytes; what is no UTF-8 becomes replacement characters. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
