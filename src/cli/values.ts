/**
 * Values on the command line: what `--feed` says, arrays from files and from the line itself, results to files. The
 * format of `.npy` files is `npy.ts`'s business.
 */
import { fileSystem, readFile, writeFileAtomically } from '../io/file-system.ts';
import { type ArrayValue, toNdArray } from '../util/array-convert.ts';
import { asDType, type DType } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { allocate, type Element, NdArray, type NestedArray } from '../util/ndarray.ts';
import { type KnownShape, type Shape, sizeOf } from '../util/shape.ts';
import { formatNpy, isNpy, parseNpy } from './npy.ts';
import { UsageError } from './usage.ts';

/** `NAME=VALUE`, or `NAME:SHAPE` where values do not matter. */
export type FeedOption = { readonly name: string } & ({ readonly value: string } | { readonly shape: KnownShape });

/** Throws `UsageError` for text of neither form. */
export function parseFeed(text: string): FeedOption {
  const equals = text.indexOf('=');
  if (equals > 0) return { name: text.slice(0, equals), value: text.slice(equals + 1) };
  const match = /^(.+):(?:\[([\d,\s]*)\]|([\d,\s]+))$/.exec(text);
  const shape = (match?.[2] ?? match?.[3])?.trim();
  if (!match || shape === undefined) {
    throw new UsageError(`--feed ${text}: write NAME=VALUE, or NAME:SHAPE such as x:32,784`);
  }
  const sizes = shape === '' ? [] : shape.split(',').map((size) => (size.trim() === '' ? Number.NaN : Number(size)));
  if (sizes.some((size) => !Number.isSafeInteger(size))) throw new UsageError(`--feed ${text}: '${shape}' is no shape`);
  return { name: match[1], shape: sizes };
}

/**
 * The array that a text names: that of a `.npy` or JSON file, where there is such a file, else JSON itself. Rejects with
 * `ValueError` for what is neither.
 */
export async function readValue(text: string, dtype: DType): Promise<NdArray> {
  const files = await fileSystem();
  if (await files.exists(text)) {
    const bytes = await readFile(files, text);
    try {
      if (isNpy(bytes)) return parseNpy(bytes);
      return fromJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), dtype);
    } catch (error) {
      throw new ValueError(`${text}: ${(error as Error).message}`);
    }
  }
  try {
    return fromJson(text, dtype);
  } catch (error) {
    if (error instanceof SyntaxError) throw new ValueError(`'${text}' is neither a file nor JSON`);
    throw error;
  }
}

const NOT_FINITE: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

/** Nested arrays, or `{"dtype", "shape", "data"}` with the data nested or flat. */
function fromJson(text: string, dtype: DType): NdArray {
  const parsed = JSON.parse(text) as unknown;
  const isObject = typeof parsed === 'object' && parsed !== null && 'data' in parsed;
  const given = (isObject ? parsed : { data: parsed }) as { data: unknown; dtype?: string; shape?: KnownShape };
  const own = given.dtype === undefined ? dtype : asDType(given.dtype);
  const data = own.name === 'string' ? given.data : withNumbers(given.data, own);
  if (own.isComplex) return complexOf(data, own, given.shape);
  return toNdArray(data as ArrayValue, own, given.shape ?? null, 'throw');
}

/** JSON has no word for numbers that are not finite, nor digits enough for all of int64: they are texts. */
function withNumbers(value: unknown, dtype: DType): unknown {
  if (Array.isArray(value)) return value.map((item) => withNumbers(item, dtype));
  if (typeof value !== 'string') return value;
  if (dtype.isInteger && /^-?\d+$/.test(value)) return BigInt(value);
  return NOT_FINITE.get(value) ?? value;
}

/** The last axis holds the two parts. */
function complexOf(data: unknown, dtype: DType, shape: KnownShape | undefined): NdArray {
  const parts = toNdArray(data as ArrayValue, asDType('float64'), null, 'throw');
  const array = NdArray.zeros(dtype, shape ?? parts.shape.slice(0, -1));
  if (parts.shape.at(-1) !== 2 || parts.size !== 2 * array.size) {
    throw new ValueError('complex numbers are written as [real, imaginary]');
  }
  (array.data as Float64Array).set(parts.data as Float64Array);
  return array;
}

/** `{dtype, shape, data}` with the data nested, in values that JSON has. */
export function toJsonValue(array: NdArray): object {
  return { dtype: array.dtype.name, shape: array.shape, data: jsonOf(array.array()) };
}

function jsonOf(value: NestedArray): unknown {
  if (Array.isArray(value)) return value.map(jsonOf);
  if (value instanceof Uint8Array) return { b64: btoa(String.fromCharCode(...value)) };
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : (value as Element);
}

/** Writes results: `.npy` for one array, `.json` for any number of them by name. */
export async function writeResults(path: string, results: ReadonlyMap<string, NdArray>): Promise<void> {
  await writeOutput(path, contentOf(path, results));
}

function contentOf(path: string, results: ReadonlyMap<string, NdArray>): Uint8Array {
  if (path.endsWith('.npy')) {
    if (results.size !== 1)
      throw new UsageError(`${path}: a .npy file holds one array, and ${results.size} are fetched`);
    const [array] = results.values();
    return formatNpy(array);
  }
  if (!path.endsWith('.json')) throw new UsageError(`${path}: results are written as .npy or .json`);
  return new TextEncoder().encode(`${resultsAsJson(results)}\n`);
}

/** One object by names; `JSON.stringify` would have `__proto__` vanish. */
export function resultsAsJson(results: ReadonlyMap<string, NdArray>): string {
  const entries = [...results].map(([name, array]) => `${JSON.stringify(name)}: ${JSON.stringify(toJsonValue(array))}`);
  return `{${entries.join(',\n ')}}`;
}

/** A whole file. The path is in the text of what goes wrong. */
export async function writeOutput(path: string, content: Uint8Array): Promise<void> {
  await writeFileAtomically(await fileSystem(), path, content);
}

/** Random values for measuring: from [0, 1) for numbers with a fraction, 0 and 1 for others, empty texts. */
export function randomValue(dtype: DType, shape: Shape): NdArray {
  const sizes = (shape ?? []).map((size) => size ?? 1);
  const data = allocate(dtype, sizeOf(sizes));
  if (Array.isArray(data)) return new NdArray(dtype, sizes, data);
  const isFraction = dtype.isFloating || dtype.isComplex;
  for (let i = 0; i < data.length; i++) {
    // Sixteenths are exact in every type.
    const value = isFraction ? Math.floor(Math.random() * 16) / 16 : Math.floor(Math.random() * 2);
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(value);
    else data[i] = value;
  }
  return new NdArray(dtype, sizes, data);
}
