/**
 * Host kernels that read arrays from texts: raw bytes, lines of CSV, tensors as messages. `Example`s are
 * `parse-example.ts`'s business.
 */
import { type DType, string } from '../../src/util/dtype.ts';
import { allocate, type Data, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { invalid, scalarOf } from './elements.ts';
import { readElements, storedSize } from './raw-bytes.ts';
import { defineHostKernels, type HostOp } from './registry.ts';
import { parseTensor, serializeTensor } from './tensor-proto.ts';
import { parseNumber } from './text-numbers.ts';
import { shown, textArray, textsOf } from './texts.ts';

defineHostKernels({
  DecodeRaw: ([input], op) => [decodeRaw(input, op)],
  DecodePaddedRaw: ([input, length], op) => [decodePadded(input, scalarOf(length), op)],
  DecodeCSV: ([records, ...defaults], op) => decodeCsv(records, defaults, op),
  SerializeTensor: ([tensor]) => [textArray([], [serializeTensor(tensor)])],
  ParseTensor: ([serialized], op) => {
    if (serialized.rank > 0) {
      throw invalid(`Expected \`serialized\` to be a scalar, got shape: [${serialized.shape}]`);
    }
    return [parseTensor(textsOf(serialized)[0], op.outputDType(0))];
  },
});

function decodeRaw(input: NdArray, op: HostOp): NdArray {
  const dtype = op.outputDType(0);
  const texts = textsOf(input);
  const length = texts[0]?.length ?? 0;
  texts.forEach((bytes, i) => {
    if (bytes.length === length) return;
    throw invalid(
      `DecodeRaw requires input strings to all be the same size, but element ${i} has size ${length} != ${bytes.length}`,
    );
  });
  const size = storedSize(dtype);
  if (length % size !== 0) {
    throw invalid(
      `Input to DecodeRaw has length ${length} that is not a multiple of ${size}, the size of ${dtype.name}`,
    );
  }
  return elementsOf(input, texts, length / size, op);
}

function decodePadded(input: NdArray, length: number, op: HostOp): NdArray {
  if (length <= 0) throw invalid(`fixed_length (${length}) must be greater than zero.`);
  const size = storedSize(op.outputDType(0));
  if (length % size !== 0) {
    throw invalid(`fixed_length (${length}) must be a multiple of the size of out_type (${size})`);
  }
  const texts = textsOf(input).map((bytes) => {
    const padded = new Uint8Array(length);
    padded.set(bytes.subarray(0, length));
    return padded;
  });
  return elementsOf(input, texts, length / size, op);
}

function elementsOf(input: NdArray, texts: readonly Uint8Array[], count: number, op: HostOp): NdArray {
  const dtype = op.outputDType(0);
  const isLittle = op.attr<boolean>('little_endian');
  const out = allocate(dtype, texts.length * count) as NumericData;
  const words = dtype.isComplex ? 2 : 1;
  for (const [i, bytes] of texts.entries()) readElements(bytes, dtype, isLittle, out, i * count * words);
  return new NdArray(dtype, [...input.shape, count], out);
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['float32', 'float'],
  ['float64', 'double'],
]);

function decodeCsv(records: NdArray, defaults: readonly NdArray[], op: HostOp): readonly NdArray[] {
  const delimiter = op.attr<string>('field_delim');
  if (delimiter.length !== 1) throw invalid('field_delim should be only 1 char');
  const missing = op.attr<string>('na_value');
  const columns = defaults.map((_, f) => allocate(op.outputDType(f), records.size));
  for (const [f, preset] of defaults.entries()) {
    if (preset.size > 1) throw invalid(`There should only be 1 default per field but field ${f} has ${preset.size}`);
  }
  const style: CsvStyle = {
    delimiter: delimiter.charCodeAt(0),
    quotes: op.attr<boolean>('use_quote_delim'),
    selected: op.attr<readonly number[]>('select_cols'),
  };
  textsOf(records).forEach((line, i) => {
    const fields = fieldsOf(line, style);
    if (fields.length !== defaults.length) {
      throw invalid(`Expect ${defaults.length} fields but have ${fields.length} in record ${i}`);
    }
    fields.forEach((field, f) => {
      const isMissing = field.length === 0 || shown(field) === missing;
      if (isMissing && defaults[f].size === 0) throw invalid(`Field ${f} is required but missing in record ${i}!`);
      setField(columns[f], i, isMissing ? null : field, defaults[f], op.outputDType(f), f);
    });
  });
  return columns.map((data, f) => new NdArray(op.outputDType(f), records.shape, data));
}

function setField(column: Data, i: number, field: Uint8Array | null, preset: NdArray, dtype: DType, f: number): void {
  if (field === null) {
    (column as Float64Array)[i] = preset.data[0] as number;
    return;
  }
  if (dtype === string) {
    (column as Uint8Array[])[i] = field;
    return;
  }
  const value = parseNumber(field, dtype);
  if (value === null) {
    throw invalid(`Field ${f} in record ${i} is not a valid ${NAMES.get(dtype.name) ?? dtype.name}: ${shown(field)}`);
  }
  (column as Float64Array)[i] = value as number;
}

interface CsvStyle {
  readonly delimiter: number;
  readonly quotes: boolean;
  /** Which columns count, rising; all where it is empty. */
  readonly selected: readonly number[];
}

const QUOTE = 34;
const isBreak = (byte: number): boolean => byte === 10 || byte === 13;

function fieldsOf(line: Uint8Array, { delimiter, quotes, selected }: CsvStyle): Uint8Array[] {
  const fields: Uint8Array[] = [];
  const isSelected = (column: number) => selected.length === 0 || selected[fields.length] === column;
  let column = 0;
  let at = 0;
  while (at < line.length) {
    // Line breaks between fields are skipped.
    if (isBreak(line[at])) {
      at++;
      continue;
    }
    const field: number[] = [];
    at =
      quotes && line[at] === QUOTE
        ? quotedField(line, at + 1, delimiter, field)
        : plainField(line, at, delimiter, quotes, field);
    if (isSelected(column)) {
      fields.push(Uint8Array.from(field));
      if (fields.length === selected.length) return fields;
    }
    column++;
  }
  if (line.length > 0 && line[line.length - 1] === delimiter && isSelected(column)) fields.push(new Uint8Array(0));
  return fields;
}

/** Reads up to the delimiter; the position behind it. */
function plainField(line: Uint8Array, start: number, delimiter: number, quotes: boolean, field: number[]): number {
  let at = start;
  for (; at < line.length && line[at] !== delimiter; at++) {
    if ((quotes && line[at] === QUOTE) || isBreak(line[at])) {
      throw invalid('Unquoted fields cannot have quotes/CRLFs inside');
    }
    field.push(line[at]);
  }
  return at + 1;
}

/** Reads up to the closing quote, which the delimiter or the end must follow; the position behind that. */
function quotedField(line: Uint8Array, start: number, delimiter: number, field: number[]): number {
  let at = start;
  while (at < line.length - 1 && (line[at] !== QUOTE || line[at + 1] !== delimiter)) {
    field.push(line[at]);
    if (line[at] === QUOTE) {
      if (line[at + 1] !== QUOTE) throw invalid('Quote inside a string has to be escaped by another quote');
      at++;
    }
    at++;
  }
  if (line[at] !== QUOTE) throw invalid('Quoted field has to end with quote followed by delim or end');
  return at + 2;
}
