/**
 * Initializers of lookup tables from text files, an entry a line. The tables are `lookup-tables.ts`'s; files are read by the
 * runtime.
 */
import type { Graph, Operation } from '../graph/graph.ts';
import { Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { convertToTensor, emit, opScope } from '../ops/emit.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike, int64, string } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { checkTypes, type LookupTable, type TableInitializer } from './lookup-tables.ts';

/**
 * What of a line is a key or a value: its number, all of it, or, from 0 on, one of its fields.
 *
 *     tf.lookup.TextFileIndex.WHOLE_LINE
 */
export const TextFileIndex = {
  /** All of the line: a string or an integer. */
  WHOLE_LINE: -2,
  /** The number of the line, from 0 on: an int64. */
  LINE_NUMBER: -1,
} as const;

export interface TextFileInitializerOptions {
  /** How many lines there are: a run rejects with `InvalidArgumentError` where there are fewer, and reads no more. */
  readonly vocabSize?: number | null;
  /** What stands between fields, one character; a tab without it. */
  readonly delimiter?: string;
  readonly name?: string | null;
  /** Added to line numbers. */
  readonly valueIndexOffset?: number;
}

/**
 * Fills a table from a text file: `keyIndex` and `valueIndex` say what of a line is the key and the value, by
 * `TextFileIndex`. The run of the initializer rejects with `NotFoundError` for a file that is not there and with
 * `InvalidArgumentError` for a line that does not fit; it waits, so that `runSync` refuses. A file name that is no tensor is
 * noted as an asset of the graph. Throws `ValueError` for an empty name and for types that do not fit the indices.
 *
 *     const table = new tf.lookup.StaticHashTable(new tf.lookup.TextFileInitializer('capitals.tsv',
 *       tf.string, 0, tf.string, 1), '?');
 */
export class TextFileInitializer implements TableInitializer {
  readonly keyDtype: DType;
  readonly valueDtype: DType;
  readonly graph: Graph;
  private readonly filename: Tensor;
  private readonly attrs: Readonly<Record<string, number | string>>;
  private readonly name: string | null;

  constructor(
    filename: string | Tensor,
    keyDtype: DTypeLike,
    keyIndex: number,
    valueDtype: DTypeLike,
    valueIndex: number,
    ...rest: Rest<
      [vocabSize: number | null, delimiter: string, name: string | null, valueIndexOffset: number],
      TextFileInitializerOptions
    >
  ) {
    const given = bind<TextFileInitializerOptions>(['vocabSize', 'delimiter', 'name', 'valueIndexOffset'], rest);
    if (!(filename instanceof Tensor) && !filename) {
      throw new ValueError('`filename` argument required for tf.lookup.TextFileInitializer');
    }
    this.keyDtype = asDType(keyDtype);
    this.valueDtype = asDType(valueDtype);
    checkIndex('key', keyIndex, this.keyDtype, 'if');
    checkIndex('value', valueIndex, this.valueDtype, 'for');
    const { vocabSize = null } = given;
    if (vocabSize !== null && vocabSize <= 0) {
      throw new ValueError(`\`vocab_size\` should be > 0, received: ${vocabSize}`);
    }
    this.attrs = {
      key_index: keyIndex,
      value_index: valueIndex,
      vocab_size: vocabSize ?? -1,
      delimiter: given.delimiter ?? '\t',
      offset: given.valueIndexOffset ?? 0,
    };
    this.name = given.name ?? null;
    this.filename = convertToTensor(filename, { dtype: string, name: 'asset_path' });
    this.graph = this.filename.graph;
  }

  initialize(table: LookupTable): Operation {
    checkTypes(table, this.keyDtype, this.valueDtype);
    const inputs = [table.resourceHandle, this.filename];
    return opScope(this.name, 'text_file_init', inputs, () => {
      const op = emit('InitializeTableFromTextFileV2', inputs, this.attrs);
      this.graph.addToCollection(GraphKeys.TABLE_INITIALIZERS, op);
      if (this.filename.op.type === 'Const') this.graph.addToCollection(GraphKeys.ASSET_FILEPATHS, this.filename);
      return op;
    });
  }
}

function checkIndex(what: string, index: number, dtype: DType, preposition: string): void {
  if (index < -2)
    throw new ValueError(`\`${what}_index\` should be >= -2, received: ${index}${what === 'key' ? '.' : ''}`);
  if (index === TextFileIndex.LINE_NUMBER && dtype !== int64) {
    const when = preposition === 'if' ? `if \`${what}_index\` is` : `for \`${what}_index\``;
    throw new ValueError(`\`${what}_dtype\` must be int64 ${when} ${index}, received: ${dtype}`);
  }
  if (index === TextFileIndex.WHOLE_LINE && !dtype.isInteger && dtype !== string) {
    throw new ValueError(
      `\`${what}_dtype\` should be either integer or string for \`${what}_index\` ${index}, received: ${dtype}`,
    );
  }
}

interface ColumnOptions extends Omit<TextFileInitializerOptions, 'valueIndexOffset'> {
  readonly keyColumnIndex?: number;
  readonly valueColumnIndex?: number;
}
type ColumnRest<T> = Rest<
  [keyColumnIndex: number, valueColumnIndex: number, vocabSize: number | null, delimiter: string, name: string | null],
  T
>;
const COLUMNS = ['keyColumnIndex', 'valueColumnIndex', 'vocabSize', 'delimiter', 'name'] as const;

/**
 * Fills a table from int64 keys to strings: without columns, from line numbers to lines.
 *
 *     new tf.lookup.StaticHashTable(new tf.lookup.TextFileStringTableInitializer('words.txt'), '?')
 */
export class TextFileStringTableInitializer extends TextFileInitializer {
  constructor(filename: string | Tensor, ...rest: ColumnRest<ColumnOptions>) {
    const given = bind<ColumnOptions>([...COLUMNS], rest);
    const { keyColumnIndex = TextFileIndex.LINE_NUMBER, valueColumnIndex = TextFileIndex.WHOLE_LINE } = given;
    super(filename, int64, keyColumnIndex, string, valueColumnIndex, {
      ...named(given),
      name: given.name ?? 'text_file_string_table_init',
    });
  }
}

export interface TextFileIdTableOptions extends ColumnOptions {
  readonly keyDtype?: DTypeLike;
}

/**
 * Fills a table from strings to int64 ids: without columns, from lines to line numbers.
 *
 *     new tf.lookup.StaticVocabularyTable(new tf.lookup.TextFileIdTableInitializer('words.txt'), 1)
 */
export class TextFileIdTableInitializer extends TextFileInitializer {
  constructor(filename: string | Tensor, ...rest: ColumnRest<TextFileIdTableOptions>) {
    const given = bind<TextFileIdTableOptions>([...COLUMNS], rest);
    const { keyColumnIndex = TextFileIndex.WHOLE_LINE, valueColumnIndex = TextFileIndex.LINE_NUMBER } = given;
    super(filename, given.keyDtype ?? string, keyColumnIndex, int64, valueColumnIndex, {
      ...named(given),
      name: given.name ?? 'text_file_id_table_init',
    });
  }
}

function named({ vocabSize, delimiter }: ColumnOptions): TextFileInitializerOptions {
  return { vocabSize: vocabSize ?? null, delimiter: delimiter ?? '\t' };
}
