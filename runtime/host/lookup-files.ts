/**
 * The host kernel that fills a lookup table from a text file. What tables are is `lookup.ts`'s business, reading files that of
 * `src/io`.
 */
import { fileSystem, readFile } from '../../src/io/file-system.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import { type DType, float32, float64, int32, int64, string } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { type Data, NdArray } from '../../src/util/ndarray.ts';
import { typeName } from './handles.ts';
import { whenMade } from './iterators.ts';
import { initializableTypes, initializeTable } from './lookup.ts';
import { defineHostKernels } from './registry.ts';
import { shown, textsOf } from './texts.ts';

const LINE_NUMBER = -1;
const WHOLE_LINE = -2;

/** How the lines of a file are read. */
interface Layout {
  readonly path: string;
  readonly delimiter: number;
  /** How many lines there must be; -1 for any number. */
  readonly size: number;
  /** Added to line numbers. */
  readonly offset: number;
  readonly columns: readonly [key: number, value: number];
}

defineHostKernels({
  InitializeTableFromTextFileV2: ([handle, filename], op) => {
    const types = initializableTypes(handle);
    const delimiter = new TextEncoder().encode(op.attr<string>('delimiter'));
    if (delimiter.length !== 1) throw new InvalidArgumentError(null, 'delimiter should be only 1 char');
    const layout: Layout = {
      path: shown(textsOf(filename)[0]),
      delimiter: delimiter[0],
      size: Number(op.attr('vocab_size')),
      offset: Number(op.attr('offset')),
      columns: [Number(op.attr('key_index')), Number(op.attr('value_index'))],
    };
    (['Key', 'Value'] as const).forEach((what, i) => {
      checkType(what, layout.columns[i], types[i]);
    });
    const read = async (): Promise<[NdArray, NdArray]> => {
      const bytes = await readFile(await fileSystem(layout.path), layout.path);
      return entries(linesOf(bytes), layout, types);
    };
    const resources = op.services.resources();
    return whenMade(op, read(), ([keys, values]) => {
      initializeTable(handle, keys, values, resources);
      return [];
    });
  },
});

function checkType(what: string, column: number, dtype: DType): void {
  if (column === LINE_NUMBER && dtype !== int64) {
    throw new InvalidArgumentError(
      null,
      `${what} index for line number requires table ${what.toLowerCase()} dtype of int64, got ${typeName(dtype)}`,
    );
  }
  if (column === WHOLE_LINE && !dtype.isInteger && dtype !== string) {
    throw new InvalidArgumentError(
      null,
      `${what} index for whole line requires string or integer table ${what.toLowerCase()}, got ${typeName(dtype)}`,
    );
  }
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(10, from);
    const line = bytes.subarray(from, end < 0 ? bytes.length : end);
    lines.push(line.includes(13) ? line.filter((byte) => byte !== 13) : line);
    from = end < 0 ? bytes.length : end + 1;
  }
  return lines;
}

function entries(lines: readonly Uint8Array[], layout: Layout, types: readonly [DType, DType]): [NdArray, NdArray] {
  const { path, size, columns, delimiter } = layout;
  const count = size === -1 ? lines.length : Math.min(size, lines.length);
  const last = Math.max(...columns);
  const found: [unknown[], unknown[]] = [[], []];
  let position = 0;
  for (let i = 0; i < count; i++) {
    const line = lines[i];
    position += line.length + 1;
    if (line.length === 0) {
      throw new InvalidArgumentError(null, `Invalid content in ${path}: empty line found at position ${position}.`);
    }
    const parts = last >= 0 ? split(line, delimiter) : [];
    if (last >= parts.length && last >= 0) {
      throw new InvalidArgumentError(
        null,
        `Invalid number of columns in ${path} line ${i} (${shown(line)}) : expected ${last} got ${parts.length}`,
      );
    }
    columns.forEach((column, k) => {
      const value =
        column === LINE_NUMBER
          ? BigInt(i + layout.offset)
          : parsed(column === WHOLE_LINE ? line : parts[column], types[k], i);
      found[k].push(value);
    });
  }
  if (size !== -1 && lines.length < size) {
    throw new InvalidArgumentError(null, `Invalid vocab_size in ${path}: expected ${size} but got ${lines.length}`);
  }
  return [arrayOf(found[0], types[0]), arrayOf(found[1], types[1])];
}

function arrayOf(values: readonly unknown[], dtype: DType): NdArray {
  if (dtype === string) return new NdArray(string, [values.length], values as unknown as Data);
  return toNdArray(values as readonly number[], dtype);
}

function split(line: Uint8Array, delimiter: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = line.indexOf(delimiter); at >= 0; at = line.indexOf(delimiter, from)) {
    parts.push(line.subarray(from, at));
    from = at + 1;
  }
  parts.push(line.subarray(from));
  return parts;
}

const INTEGER = /^[+-]?\d+$/;

function parsed(token: Uint8Array, dtype: DType, line: number): unknown {
  if (dtype === string) return token.slice();
  const text = shown(token).trim();
  if (dtype === int64 || dtype === int32) {
    const value = INTEGER.test(text) ? BigInt(text.replace(/^\+/, '')) : null;
    const bits = dtype === int64 ? 64 : 32;
    if (value !== null && BigInt.asIntN(bits, value) === value) return dtype === int64 ? value : Number(value);
  } else if (dtype === float32 || dtype === float64) {
    if (text !== '' && !Number.isNaN(Number(text))) return Number(text);
  } else {
    throw new InvalidArgumentError(null, `Data type ${typeName(dtype)} not supported.`);
  }
  throw new InvalidArgumentError(null, `Field ${shown(token)} in line ${line} is not a valid ${typeName(dtype)}.`);
}
