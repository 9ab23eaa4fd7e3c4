/**
 * Host kernels of ops that order, check and print. Where a printed line goes is the session's business.
 */
import type { DType } from '../../src/util/dtype.ts';
import { string } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { decodeString, type NdArray } from '../../src/util/ndarray.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

defineHostKernels({
  NoOp: () => [],
  Assert: ([condition, ...data], op) => {
    if (condition.data[0] === 0) {
      throw new InvalidArgumentError(null, `assertion failed: ${summaries(data, op).join(' ')}`);
    }
    return [];
  },
  Print: ([input, ...data], op) => {
    const limit = op.attr<number>('first_n');
    if (limit < 0 || callsSoFar(op) < limit) {
      op.services.print(`${op.attr<string>('message')}${summaries(data, op).join('')}`);
    }
    return [input];
  },
  PrintV2: ([input], op) => {
    const end = op.attr<string>('end');
    op.services.print(`${input.item()}${end === '\n' ? '' : end}`);
    return [];
  },
});

function summaries(data: readonly NdArray[], op: HostOp): string[] {
  return data.map((array) => `[${summarize(array, op.attr<number>('summarize'))}]`);
}

/** How often the op ran in its session: the counter of its random stream, which a failed run takes back. */
function callsSoFar(op: HostOp): number {
  return op.services.stream(1, 0).reserve(1).counter[0];
}

/** The first elements of an array as TensorFlow's messages show them: `1 2 3...`, `[1 2][3...]`. */
export function summarize(array: NdArray, maximum: number): string {
  const limit = maximum < 0 ? array.size : Math.min(maximum, array.size);
  const parts: string[] = [];
  const { shape } = array;
  // The rows of the last axis, with a bracket for every axis above it that starts or ends there.
  const row = shape.length === 0 ? 1 : shape[shape.length - 1];
  for (let at = 0; at < limit; at += row) {
    const end = Math.min(at + row, limit);
    parts.push('['.repeat(boundaries(shape, at)));
    for (let i = at; i < end; i++) parts.push(`${i > at ? ' ' : ''}${printElement(array, i)}`);
    const cut = end < at + row;
    if (cut && shape.length > 1) parts.push('...');
    parts.push(']'.repeat(end === limit ? Math.max(shape.length - 1, 0) : boundaries(shape, end)));
  }
  return parts.join('') + (array.size > limit ? '...' : '');
}

/** How many axes but the last one start a new index at this flat position. */
function boundaries(shape: readonly number[], position: number): number {
  let count = 0;
  let size = 1;
  for (let axis = shape.length - 1; axis > 0; axis--) {
    size *= shape[axis];
    if (size > 0 && position % size === 0) count++;
  }
  return count;
}

function printElement(array: NdArray, i: number): string {
  const { dtype, data } = array;
  if (dtype === string) {
    const text = decodeString((data as Uint8Array[])[i]);
    return escape(typeof text === 'string' ? text : String.fromCharCode(...text));
  }
  if (dtype.isComplex)
    return `(${printNumber(Number(data[2 * i]), dtype)},${printNumber(Number(data[2 * i + 1]), dtype)})`;
  const value = data[i] as number | bigint;
  return typeof value === 'bigint' || !dtype.isFloating ? String(value) : printNumber(value, dtype);
}

/** A float with six digits (fifteen for doubles), or with as many more as it takes to read it back. */
export function printNumber(value: number, dtype: DType): string {
  const double = dtype.name === 'float64' || dtype.name === 'complex128';
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const short = general(value, double ? 15 : 6);
  const back = double ? Number(short) : Math.fround(Number(short));
  return back === value ? short : general(value, double ? 17 : 9);
}

/** C's `%g` with this many digits. */
function general(value: number, digits: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
  const power = Number(exponent);
  const trim = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (power >= -4 && power < digits) return trim(value.toFixed(Math.max(digits - 1 - power, 0)));
  return `${trim(mantissa)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['"', '\\"'],
  ["'", "\\'"],
  ['\\', '\\\\'],
]);

function escape(text: string): string {
  return text.replace(/["'\\\n\r\t]/g, (c) => ESCAPES.get(c) as string);
}
