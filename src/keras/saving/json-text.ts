/**
 * Configurations as JSON: as Python writes it (`1.0` for a float array, `NaN`), and with what must not be renamed kept
 * apart. Which keys a configuration has is its makers' business.
 */
import { ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { fromPythonKeys, toPythonKeys } from '../serialization.ts';

/** A value whose keys are a file format's or a user's: `toPythonKeys` and `fromPythonKeys` leave it alone. */
export class Verbatim {
  constructor(readonly value: unknown) {}
  toJSON(): unknown {
    return this.value;
  }
}

/** What was put in a `Verbatim`; anything else as it is. */
export function unverbatim(value: unknown): unknown {
  return value instanceof Verbatim ? value.value : value;
}

/** A number that Python is to read as a float: `1.0`, not `1`. */
export class Float {
  constructor(readonly value: number) {}
  toJSON(): number {
    return this.value;
  }
}

/** Keys whose values have keys that are no names of Keras's. */
const VERBATIM = new Set(['node_def', 'nodeDef']);

/** A configuration of a file, with the keys of this library's constructors. */
export function readConfig(value: unknown): unknown {
  return fromPythonKeys(protect(value));
}

function protect(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(protect);
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    VERBATIM.has(key) && isPlain(item) ? new Verbatim(item) : protect(item),
  ]);
  return Object.fromEntries(entries);
}

/** A configuration with the keys of files, of nothing but JSON's kinds of values. */
export function writeConfig(value: unknown): unknown {
  return plain(toPythonKeys(value));
}

function plain(value: unknown): unknown {
  if (value instanceof NdArray) return plain(value.array());
  if (value instanceof Verbatim) return plain(value.value);
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return plain(Array.from(value as Float32Array));
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'function') throw notSerializable(value);
  if (isPlain(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(entries.map(([key, item]) => [key, plain(item)]));
  }
  if (typeof value === 'object' && value !== null) {
    if ('toJSON' in value) return plain((value as { toJSON(): unknown }).toJSON());
    throw notSerializable(value);
  }
  return value;
}

function notSerializable(value: object): ValueError {
  const name = typeof value === 'function' ? value.name || 'function' : value.constructor?.name;
  return new ValueError(`The configuration holds a value that JSON has no form for: ${name}.`);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A configuration as text with the keys of files. Elements of float arrays keep their point, so that Python reads floats. */
export function configText(value: unknown): string {
  return text(toPythonKeys(value), false);
}

/** Settings that are floats in Keras, also where they are whole: its files say `1.0`. */
const FLOATS: ReadonlySet<string> = new Set([
  'gain',
  'mean',
  'stddev',
  'minval',
  'maxval',
  'scale',
  'dropout',
  'recurrent_dropout',
]);

function text(value: unknown, float: boolean): string {
  if (value instanceof NdArray) return text(value.array(), value.dtype.isFloating);
  if (value instanceof Verbatim) return text(value.value, false);
  if (value instanceof Float) return numberText(value.value, true);
  if (Array.isArray(value)) return `[${value.map((item) => text(item, float)).join(', ')}]`;
  if (typeof value === 'number') return numberText(value, float);
  if (isPlain(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}: ${text(item, float || FLOATS.has(key))}`).join(', ')}}`;
  }
  if (typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (value === null || value === undefined) return 'null';
  return text(plain(value), float);
}

function numberText(value: number, float: boolean): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (Object.is(value, -0)) return '-0.0';
  // Python prints two digits of exponent at least: 1e-07.
  const digits = String(value).replace(/e([+-])(\d)$/, 'e$10$2');
  return float && /^-?\d+$/.test(digits) ? `${digits}.0` : digits;
}

/** What Python's JSON says: also `NaN` and `Infinity`. Throws `ValueError` for what is no JSON. */
export function parseText(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    const parsed = parsePython(json);
    if (parsed !== undefined) return parsed;
    throw new ValueError(`Not valid JSON: ${(error as Error).message}`);
  }
}

const SPECIAL = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;
const MARK = '\u0000number:';

function parsePython(json: string): unknown {
  const marked = json.replace(SPECIAL, (part) => (part.startsWith('"') ? part : JSON.stringify(MARK + part)));
  try {
    return JSON.parse(marked, (_, value) =>
      typeof value === 'string' && value.startsWith(MARK) ? Number(value.slice(MARK.length)) : value,
    );
  } catch {
    return undefined;
  }
}
