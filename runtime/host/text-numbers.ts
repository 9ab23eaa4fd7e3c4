/**
 * Numbers read from texts, as TensorFlow's C++ reads them: for `StringToNumber` and `DecodeCSV`. What becomes of a text that
 * is no number is the callers' business.
 */
import type { DType } from '../../src/util/dtype.ts';
import { shown, strip } from './texts.ts';

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const HEXADECIMAL = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?\d+))?$/i;
const SPECIAL = /^([+-]?)(?:(inf|infinity)|nan)$/i;

/** The number of the type that the text holds, white space around it; null where it holds none. */
export function parseNumber(bytes: Uint8Array, dtype: DType): number | bigint | null {
  const text = shown(strip(bytes));
  if (dtype.isFloating) {
    const value = parseFloatText(text);
    return value !== null && dtype.name === 'float32' ? Math.fround(value) : value;
  }
  if (!/^[+-]?\d+$/.test(text) || (dtype.isUnsigned && text[0] === '-')) return null;
  const value = BigInt(text[0] === '+' ? text.slice(1) : text);
  if (value < BigInt(dtype.min) || value > BigInt(dtype.max)) return null;
  return dtype.isBigInt ? value : Number(value);
}

function parseFloatText(text: string): number | null {
  if (DECIMAL.test(text)) return Number(text);
  const special = SPECIAL.exec(text);
  if (special) {
    if (!special[2]) return Number.NaN;
    return special[1] === '-' ? -Infinity : Infinity;
  }
  const hexadecimal = HEXADECIMAL.exec(text);
  if (!hexadecimal) return null;
  const [, sign, whole, fraction, exponent] = hexadecimal;
  if (whole + fraction === '') return null;
  const size = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent ?? 0) - 4 * fraction.length);
  return sign === '-' ? -size : size;
}
