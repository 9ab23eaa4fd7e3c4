/** `padSequences`: sequences of different lengths as one array. */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import { asDType, type DType, type DTypeLike, string } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { encodeString, NdArray, type NumericData } from '../../util/ndarray.ts';
import { formatShape, sizeOf } from '../../util/shape.ts';
import { astype, rowRange, stackRows } from './rows.ts';

export type PaddingSide = 'pre' | 'post';

export interface PadSequencesOptions {
  /** The length of all; that of the longest where it is null. */
  readonly maxlen?: number | null;
  /** int32 without it: fractions are cut off. */
  readonly dtype?: DTypeLike;
  /** Which side short sequences are filled on; `'pre'` without it. */
  readonly padding?: PaddingSide;
  /** Which side long sequences are cut on; `'pre'` without it. */
  readonly truncating?: PaddingSide;
  /** What fills them; 0 without it. */
  readonly value?: number | string;
}

/**
 * An array of shape `[sequences, maxlen, …]`: the elements of sequences may be arrays, all of one shape. Throws
 * `ValueError` where something is no sequence, elements differ in shape, or an option is none.
 *
 *     tf.keras.utils.padSequences([[1], [2, 3], [4, 5, 6]])              // [[0, 0, 1], [0, 2, 3], [4, 5, 6]]
 *     tf.keras.utils.padSequences(texts, {maxlen: 100, padding: 'post'})
 */
export function padSequences(
  sequences: readonly ArrayValue[] | NdArray,
  ...rest: Rest<
    [maxlen: number | null, dtype: DTypeLike, padding: PaddingSide, truncating: PaddingSide, value: number | string],
    PadSequencesOptions
  >
): NdArray {
  const options = bind<PadSequencesOptions>(['maxlen', 'dtype', 'padding', 'truncating', 'value'], rest);
  const { padding = 'pre', truncating = 'pre', value = 0 } = options;
  const dtype = asDType(options.dtype ?? 'int32');
  const rows = rowsOf(sequences, dtype);
  const lengths = rows.map((row) => row.shape[0]);
  const sampleShape = rows.find((row) => row.shape[0] > 0)?.shape.slice(1) ?? [];
  if (options.maxlen == null && rows.length === 0) {
    throw new ValueError('zero-size array to reduction operation maximum which has no identity');
  }
  const maxlen = options.maxlen ?? lengths.reduce((a, b) => Math.max(a, b));
  if (typeof value === 'string' && dtype !== string) {
    throw new ValueError(
      `\`dtype\` ${dtype.name} is not compatible with \`value\`'s type: <class 'str'>\nYou should set \`dtype=object\` for variable length strings.`,
    );
  }

  const result = filled(dtype, [rows.length, maxlen, ...sampleShape], value);
  const words = sizeOf(sampleShape);
  rows.forEach((row, i) => {
    const length = lengths[i];
    if (length === 0) return;
    if (truncating !== 'pre' && truncating !== 'post') {
      throw new ValueError(`Truncating type "${truncating}" not understood`);
    }
    if (row.shape.slice(1).join() !== sampleShape.join()) {
      throw new ValueError(
        `Shape of sample ${formatShape(row.shape.slice(1))} of sequence at position ${i} is different from expected shape ${formatShape(sampleShape)}`,
      );
    }
    if (padding !== 'pre' && padding !== 'post') throw new ValueError(`Padding type "${padding}" not understood`);
    const kept = Math.min(length, maxlen);
    const cut = truncating === 'pre' ? rowRange(row, length - kept, length) : rowRange(row, 0, kept);
    const start = (i * maxlen + (padding === 'pre' ? maxlen - kept : 0)) * words;
    for (let k = 0; k < cut.data.length; k++) (result.data as unknown[])[start + k] = cut.data[k];
  });
  return result;
}

function rowsOf(sequences: readonly ArrayValue[] | NdArray, dtype: DType): NdArray[] {
  if (sequences instanceof NdArray) {
    return Array.from({ length: sequences.shape[0] }, (_, i) => {
      const row = rowRange(sequences, i, i + 1);
      return converted(row.reshape(row.shape.slice(1)), dtype);
    });
  }
  if (!Array.isArray(sequences)) throw new ValueError('`sequences` must be iterable.');
  return sequences.map((sequence: ArrayValue) => {
    const row = rowOf(sequence, dtype);
    if (row.rank > 0) return row;
    throw new ValueError(`\`sequences\` must be a list of iterables. Found non-iterable: ${sequence}`);
  });
}

function rowOf(sequence: ArrayValue, dtype: DType): NdArray {
  // A list of arrays is no nested list yet.
  if (Array.isArray(sequence) && sequence[0] instanceof NdArray) {
    return converted(stackRows(sequence as unknown as NdArray[]), dtype);
  }
  return converted(dtype === string ? toNdArray(sequence, string) : toNdArray(sequence), dtype);
}

function converted(row: NdArray, dtype: DType): NdArray {
  return row.dtype === dtype ? row : astype(row, dtype);
}

function filled(dtype: DType, shape: number[], value: number | string): NdArray {
  const result = NdArray.zeros(dtype, shape);
  const { data } = result;
  if (Array.isArray(data)) data.fill(encodeString(String(value)));
  else {
    const fill = astype(toNdArray(value as number), dtype).data[0];
    (data as NumericData & { fill(value: unknown): void }).fill(fill);
  }
  return result;
}
