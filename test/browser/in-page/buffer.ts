/** What tests take of Node's `Buffer`, in a page. */

/** Bytes that can be shown as text. */
class Bytes extends Uint8Array<ArrayBuffer> {
  override toString(encoding = 'utf8'): string {
    if (encoding === 'hex') return Array.from(this, (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (encoding === 'base64') return btoa(String.fromCharCode(...this));
    return new TextDecoder().decode(this);
  }
}

function from(value: string | ArrayLike<number> | ArrayBuffer, encoding?: string): Bytes {
  const bytes = typeof value === 'string' ? bytesOf(value, encoding) : new Uint8Array(value as ArrayBuffer);
  return new Bytes(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bytesOf(value: string, encoding?: string): Uint8Array<ArrayBuffer> {
  switch (encoding) {
    case 'base64':
      return Uint8Array.from(atob(value), (c) => c.charCodeAt(0));
    case 'hex':
      return Uint8Array.from(value.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    case 'latin1':
    case 'binary':
      return Uint8Array.from(value, (c) => c.charCodeAt(0));
  }
  return new TextEncoder().encode(value);
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  return Math.sign(a.length - b.length);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Takes Node's place in the tests of the page; the library itself must do without. */
export const Buffer = { from, compare, concat };
