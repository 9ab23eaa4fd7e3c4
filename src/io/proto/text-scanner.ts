/**
 * The tokens of protobuf's text form, each with its place. What they mean is `text-parser.ts`'s business.
 */
import { ValueError } from '../../util/errors.ts';

/** A number's sign is part of its text; a string's quotes are too. The end is an empty symbol. */
export type TokenKind = 'name' | 'number' | 'string' | 'symbol';

const TAB = 9;
const NEWLINE = 10;
const SPACE = 32;
const DOUBLE_QUOTE = 34;
const HASH = 35;
const QUOTE = 39;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const BACKSLASH = 92;

/** Stands on one token; `next` goes on. */
export class TextScanner {
  kind: TokenKind = 'symbol';
  token = '';
  private start = 0;
  private end = 0;
  private previous = 0;

  constructor(private readonly text: string) {
    if (text.charCodeAt(0) === 0xfeff) this.end = 1;
    this.next();
    this.previous = this.start;
  }

  get atEnd(): boolean {
    return this.token === '';
  }

  next(): void {
    const { text } = this;
    this.previous = this.start;
    let i = skipSpace(text, this.end);
    this.start = i;
    const c = text.charCodeAt(i);
    if (Number.isNaN(c)) {
      this.kind = 'symbol';
    } else if (isLetter(c)) {
      this.kind = 'name';
      do i++;
      while (isLetter(text.charCodeAt(i)) || isDigit(text.charCodeAt(i)));
    } else if (isDigit(c) || c === MINUS || c === PLUS || (c === DOT && isDigit(text.charCodeAt(i + 1)))) {
      this.kind = 'number';
      i = skipNumber(text, c === MINUS ? skipSpace(text, i + 1) : i + 1);
    } else if (c === DOUBLE_QUOTE || c === QUOTE) {
      this.kind = 'string';
      i = this.endOfString(i, c);
    } else {
      this.kind = 'symbol';
      i += text.codePointAt(i)! > 0xffff ? 2 : 1;
    }
    this.end = i;
    this.token = text.slice(this.start, i);
    // Between sign and digits may be space, and even a comment.
    if (c === MINUS && !isWord(text.charCodeAt(this.start + 1))) {
      this.token = `-${text.slice(skipSpace(text, this.start + 1), i)}`;
    }
  }

  /** Goes on if it stands on the symbol. */
  take(symbol: string): boolean {
    if (this.token !== symbol || this.kind !== 'symbol') return false;
    this.next();
    return true;
  }

  expect(symbol: string): void {
    if (!this.take(symbol)) throw this.error(`Expected "${symbol}".`);
  }

  /** The error for the present token: its line is quoted. */
  error(message: string): ValueError {
    const [line, column] = place(this.text, this.start);
    return new ValueError(`${line}:${column} : '${lineAt(this.text, this.start)}': ${message}`);
  }

  /** The error for the token before. */
  errorBefore(message: string): ValueError {
    return new ValueError(`${place(this.text, this.previous).join(':')} : ${message}`);
  }

  private endOfString(from: number, quote: number): number {
    const { text } = this;
    for (let i = from + 1; ; i++) {
      const c = text.charCodeAt(i);
      if (c === quote) return i + 1;
      if (c === BACKSLASH && text.charCodeAt(i + 1) !== NEWLINE) i++;
      else if (Number.isNaN(c) || c === NEWLINE || c === BACKSLASH) {
        throw this.error(`String missing ending quote: ${lineAt(text, from).slice(0, 80)}`);
      }
    }
  }
}

function skipSpace(text: string, from: number): number {
  let i = from;
  for (;;) {
    const c = text.charCodeAt(i);
    if (c === HASH) {
      const newline = text.indexOf('\n', i);
      if (newline < 0) return text.length;
      i = newline + 1;
    } else if (c === SPACE || (c >= TAB && c <= 13)) {
      i++;
    } else {
      return i;
    }
  }
}

function skipNumber(text: string, from: number): number {
  let i = from;
  while (isWord(text.charCodeAt(i))) i++;
  return i;
}

/** What may stand in a number: `-0x1F`, `1.5e+3f`, `-inf`. */
function isWord(c: number): boolean {
  return isLetter(c) || isDigit(c) || c === DOT || c === PLUS || c === MINUS;
}

function isLetter(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95;
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

/** Line and column, from 1. */
function place(text: string, position: number): [number, number] {
  let line = 1;
  let start = 0;
  for (let i = text.indexOf('\n'); i >= 0 && i < position; i = text.indexOf('\n', start)) {
    line++;
    start = i + 1;
  }
  return [line, position - start + 1];
}

function lineAt(text: string, position: number): string {
  const start = text.lastIndexOf('\n', position - 1) + 1;
  const end = text.indexOf('\n', position);
  return text.slice(start, end < 0 ? text.length : end);
}

const encoder = new TextEncoder();

const ESCAPES = new Map(
  Object.entries({ a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '?': 63, '\\': 92, "'": 39, '"': 34 }),
);

/** The bytes of a quoted string. Throws ValueError, without a place, for an escape that is none. */
export function unquote(token: string): Uint8Array {
  const body = token.slice(1, -1);
  if (!body.includes('\\')) return encoder.encode(body);
  // A code unit takes three bytes at most, an escape fewer than its characters.
  const out = new Uint8Array(body.length * 3);
  let length = 0;
  const putText = (text: string): void => {
    length += encoder.encodeInto(text, out.subarray(length)).written;
  };
  for (let i = 0; i < body.length; ) {
    const c = body.charCodeAt(i);
    if (c !== BACKSLASH) {
      if (c < 128) {
        out[length++] = c;
        i++;
      } else {
        let end = i + 1;
        while (end < body.length && body.charCodeAt(end) >= 128) end++;
        putText(body.slice(i, end));
        i = end;
      }
      continue;
    }
    const kind = body[i + 1];
    const simple = ESCAPES.get(kind);
    if (simple !== undefined) {
      out[length++] = simple;
      i += 2;
    } else if (kind === 'u' || kind === 'U') {
      const [point, end] = unicodeEscape(body, i);
      putText(String.fromCodePoint(point));
      i = end;
    } else {
      const match = (kind === 'x' ? /\\x([0-9a-fA-F]{1,2})/y : /\\([0-7]{1,3})/y) as RegExp;
      match.lastIndex = i;
      const digits = match.exec(body);
      const value = digits ? Number.parseInt(digits[1], kind === 'x' ? 16 : 8) : Number.NaN;
      if (!(value <= 0xff)) throw new ValueError(`Invalid escape sequence in string: ${body.slice(i, i + 4)}`);
      out[length++] = value;
      i = match.lastIndex;
    }
  }
  return out.slice(0, length);
}

/** The code point of \uXXXX, of a surrogate pair of these, or of \UXXXXXXXX, and where it ends. */
function unicodeEscape(body: string, from: number): [point: number, end: number] {
  const unit = (at: number, digits: number): number => {
    const text = body.slice(at + 2, at + 2 + digits);
    return text.length === digits && /^[0-9a-fA-F]+$/.test(text) ? Number.parseInt(text, 16) : Number.NaN;
  };
  const long = body[from + 1] === 'U';
  const end = from + (long ? 10 : 6);
  const point = unit(from, long ? 8 : 4);
  if (point >= 0xd800 && point < 0xdc00 && body.startsWith('\\u', end)) {
    const low = unit(end, 4);
    if (low >= 0xdc00 && low < 0xe000) return [0x10000 + (point - 0xd800) * 0x400 + (low - 0xdc00), end + 6];
  }
  if (!(point <= 0x10ffff) || (point >= 0xd800 && point < 0xe000)) {
    throw new ValueError(`Invalid escape sequence in string: ${body.slice(from, end)}`);
  }
  return [point, end];
}
