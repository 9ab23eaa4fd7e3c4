/** The host kernel of `StringFormat`: tensors as texts within a template. Where texts are printed is the session's business. */
import { string } from '../../src/util/dtype.ts';
import { encodeString, type NdArray } from '../../src/util/ndarray.ts';
import { printNumber } from './control.ts';
import { invalid } from './elements.ts';
import { defineHostKernels } from './registry.ts';
import { joinBytes, textArray, textsOf } from './texts.ts';

defineHostKernels({
  StringFormat: (inputs, op) => {
    const parts = op.attr<string>('template').split(op.attr<string>('placeholder'));
    if (parts.length - 1 !== inputs.length) {
      throw invalid(`num placeholders in template and num inputs must match: ${parts.length - 1} vs. ${inputs.length}`);
    }
    const pieces = [encodeString(parts[0])];
    inputs.forEach((input, i) => {
      pieces.push(...format(input, op.attr<number>('summarize')), encodeString(parts[i + 1]));
    });
    return [textArray([], [joinBytes(pieces)])];
  },
});

/** The first and the last `summarize` entries of each axis, with the axes in brackets. */
function format(array: NdArray, summarize: number): Uint8Array[] {
  const { shape } = array;
  const out: Uint8Array[] = [];
  const write = (text: string) => out.push(encodeString(text));
  const ends = summarize < 0 ? array.size : Math.min(summarize, array.size);
  // Recursion over axes, of which there are few.
  const axisAt = (axis: number, start: number, size: number): void => {
    if (axis === shape.length) {
      out.push(element(array, start));
      return;
    }
    const length = shape[axis];
    const step = length > 0 ? size / length : 0;
    const isLast = axis === shape.length - 1;
    const gap = isLast ? ' ' : '\n'.repeat(shape.length - axis - 1) + ' '.repeat(axis + 1);
    write('[');
    for (let i = 0; i < Math.min(ends, length); i++) {
      if (i > 0) write(gap);
      axisAt(axis + 1, start + i * step, step);
    }
    if (length > 2 * ends) write(`${gap}...`);
    for (let i = Math.max(ends, length - ends); i < length; i++) {
      write(gap);
      axisAt(axis + 1, start + i * step, step);
    }
    write(']');
  };
  axisAt(0, 0, array.size);
  return out;
}

function element(array: NdArray, i: number): Uint8Array {
  const { dtype, data } = array;
  if (dtype === string) return quoted(textsOf(array)[i]);
  // Complex numbers print so in TensorFlow.
  if (dtype.isComplex) return encodeString('?');
  const value = data[i] as number | bigint;
  if (typeof value === 'bigint' || !dtype.isFloating) return encodeString(String(value));
  return encodeString(printNumber(value, dtype));
}

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [9, '\\t'],
  [10, '\\n'],
  [13, '\\r'],
  [34, '\\"'],
  [39, "\\'"],
  [92, '\\\\'],
]);

function quoted(bytes: Uint8Array): Uint8Array {
  const out: number[] = [34];
  for (const byte of bytes) {
    const escape = ESCAPES.get(byte) ?? (byte < 32 || byte === 127 ? `\\${byte.toString(8).padStart(3, '0')}` : null);
    if (escape === null) out.push(byte);
    else out.push(...encodeString(escape));
  }
  out.push(34);
  return Uint8Array.from(out);
}
