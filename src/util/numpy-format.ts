/**
 * Prints arrays as NumPy does. It takes the few members it reads, so that `ndarray.ts` can call it; the digits of single
 * numbers are `decimal.ts`'s business.
 */
import { type FloatSpec, float32Spec, float64Spec, halfSpec, positional, scalarText, scientific } from './decimal.ts';
import type { DType } from './dtype.ts';

/** What the printer reads of an array. */
export interface Printable {
  readonly dtype: DType;
  readonly shape: readonly number[];
  at(position: number): unknown;
}

const PRECISION = 8;
const THRESHOLD = 1000;
const EDGE_ITEMS = 3;
const LINE_WIDTH = 75;

type Formatter = (value: unknown) => string;

/** The text that `str(array)` gives in NumPy. */
export function formatNdArray(array: Printable): string {
  const { shape, dtype } = array;
  if (shape.length === 0) return formatScalar(array.at(0), dtype);
  const size = shape.reduce((n, d) => n * d, 1);
  if (size === 0) return '[]';
  const summarized = size > THRESHOLD;
  const format = formatterFor(dtype, shownValues(array, summarized));
  return layOut(array, format, summarized);
}

/** The elements that are printed: all of them, or the edges along each axis. */
function shownValues(array: Printable, summarized: boolean): unknown[] {
  let positions = [0];
  for (const length of array.shape) {
    const indices =
      summarized && length > 2 * EDGE_ITEMS
        ? Array.from({ length: 2 * EDGE_ITEMS }, (_, i) => (i < EDGE_ITEMS ? i : length - 2 * EDGE_ITEMS + i))
        : Array.from({ length }, (_, i) => i);
    positions = positions.flatMap((p) => indices.map((i) => p * length + i));
  }
  return positions.map((p) => array.at(p));
}

/** Brackets, rows, wrapped lines; `...` for what is left out of a summary. */
function layOut(array: Printable, format: Formatter, summarized: boolean): string {
  const { shape } = array;
  const rank = shape.length;
  const row = (axis: number, base: number, indent: string, width: number): string => {
    if (axis === rank) return format(array.at(base));
    const length = shape[axis];
    const cut = summarized && length > 2 * EDGE_ITEMS;
    const parts: string[] = [];
    for (let i = 0; i < length; i++) {
      if (cut && i === EDGE_ITEMS) {
        parts.push('...');
        i = length - EDGE_ITEMS;
      }
      parts.push(row(axis + 1, base * length + i, `${indent} `, width - 1));
    }
    const left = rank - axis;
    const text = left === 1 ? wrap(parts, indent, width - 1) : parts.join('\n'.repeat(left - 1) + indent);
    return `[${text}]`;
  };
  return row(0, 0, ' ', LINE_WIDTH);
}

/** The words of a row, on as many lines as they need. */
function wrap(words: readonly string[], indent: string, width: number): string {
  let text = '';
  let line = indent;
  words.forEach((word, i) => {
    if (line.length + word.length > width && line.length > indent.length) {
      text += `${line.trimEnd()}\n`;
      line = indent;
    }
    line += word;
    if (i < words.length - 1) line += ' ';
  });
  return (text + line).slice(indent.length);
}

function formatScalar(value: unknown, dtype: DType): string {
  if (dtype.isBool) return value ? 'True' : 'False';
  if (dtype.name === 'string') return formatBytes(value);
  if (dtype.isFloating) return scalarText(value as number, specOf(dtype), '.0');
  if (dtype.isComplex) {
    const [re, im] = value as [number, number];
    const spec = specOf(dtype);
    const imaginary = `${scalarText(im, spec, '')}j`;
    if (re === 0 && !Object.is(re, -0)) return imaginary;
    return `(${scalarText(re, spec, '')}${imaginary.startsWith('-') ? '' : '+'}${imaginary})`;
  }
  return String(value);
}

function formatterFor(dtype: DType, values: readonly unknown[]): Formatter {
  if (dtype.isBool) return (value) => (value ? ' True' : 'False');
  if (dtype.name === 'string') return formatBytes;
  if (dtype.isFloating) return floatFormatter(values as readonly number[], specOf(dtype), '');
  if (dtype.isComplex) {
    const pairs = values as readonly (readonly [number, number])[];
    const spec = specOf(dtype);
    const real = floatFormatter(
      pairs.map((p) => p[0]),
      spec,
      '',
    );
    const imaginary = floatFormatter(
      pairs.map((p) => p[1]),
      spec,
      '+',
    );
    return (value) => {
      const [re, im] = value as [number, number];
      const text = imaginary(im);
      const end = text.trimEnd().length;
      return `${real(re)}${text.slice(0, end)}j${text.slice(end)}`;
    };
  }
  const width = Math.max(...values.map((v) => String(v).length));
  return (value) => String(value).padStart(width);
}

function specOf(dtype: DType): FloatSpec {
  if (dtype.name === 'float64' || dtype.name === 'complex128') return float64Spec;
  if (dtype.name === 'float16') return halfSpec(11, -14);
  if (dtype.name === 'bfloat16') return halfSpec(8, -126);
  return float32Spec;
}

/** One format for all: columns aligned at the point, scientific where the magnitudes lie far apart. */
function floatFormatter(values: readonly number[], spec: FloatSpec, plus: '' | '+'): (value: unknown) => string {
  const signed = (text: string, x: number) => (x < 0 || Object.is(x, -0) || Number.isNaN(x) ? text : plus + text);
  const finite = values.filter((x) => Number.isFinite(x));
  const magnitudes = finite.filter((x) => x !== 0).map(Math.abs);
  const [least, most] = [Math.min(...magnitudes), Math.max(...magnitudes)];
  const exponential =
    magnitudes.length > 0 &&
    (most >= Math.min(1e8, spec.limit) || least < spec.round(1e-4) || spec.round(most / least) > 1000);
  let left = 0;
  let right = 0;
  let print = (x: number) => signed('', x);
  if (exponential) {
    const parts = finite.map((x) => scientific(x, spec, PRECISION));
    const digits = Math.max(...parts.map((p) => p.fraction.length));
    const exponentSize = Math.max(...parts.map((p) => p.exponent.length));
    left = Math.max(...parts.map((p, i) => signed(p.whole, finite[i]).length));
    right = exponentSize + 2 + digits;
    print = (x) => {
      const { whole, fraction, sign, exponent } = scientific(x, spec, PRECISION, digits);
      const power = `e${sign}${exponent.padStart(exponentSize, '0')}`;
      return `${signed(whole, x).padStart(left)}.${fraction.padEnd(digits, '0')}${power}`;
    };
  } else if (finite.length > 0) {
    const parts = finite.map((x) => positional(x, spec, PRECISION));
    left = Math.max(...parts.map((p, i) => signed(p.whole, finite[i]).length));
    right = Math.max(...parts.map((p) => p.fraction.length));
    print = (x) => {
      const { whole, fraction } = positional(x, spec, PRECISION);
      return `${signed(whole, x).padStart(left)}.${fraction.padEnd(right)}`;
    };
  }
  if (finite.length < values.length) {
    const hasSign = plus === '+' || values.includes(-Infinity);
    left = Math.max(left, 3 - right - 1, 3 + Number(hasSign) - right - 1);
  }
  const width = left + right + 1;
  return (value) => {
    const x = value as number;
    if (Number.isFinite(x)) return print(x);
    const text = Number.isNaN(x) ? `${plus}nan` : x < 0 ? '-inf' : `${plus}inf`;
    return text.padStart(width);
  };
}

const encoder = new TextEncoder();
const escapes = new Map([
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x5c, '\\\\'],
]);

/** As Python prints bytes: `b'caf\xc3\xa9'`. */
function formatBytes(value: unknown): string {
  const bytes = value instanceof Uint8Array ? value : encoder.encode(String(value));
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
  let text = '';
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f;
    const char = String.fromCharCode(byte);
    if (char === quote) text += `\\${char}`;
    else text += escapes.get(byte) ?? (plain ? char : `\\x${byte.toString(16).padStart(2, '0')}`);
  }
  return `b${quote}${text}${quote}`;
}
