/**
 * `tf.ReaderBase` and its kinds: records of files whose names come from a queue. Reading files is the runtime's business; new
 * programs use `tf.data`.
 */
import { type Operation, Tensor } from '../graph/graph.ts';
import type { NameOption } from '../ops/control.ts';
import { emit, emitOne } from '../ops/emit.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import type { QueueBase } from '../queues/queue-base.ts';
import { toNdArray } from '../util/array-convert.ts';
import { int64, string } from '../util/dtype.ts';
import { type RecordOptions, TFRecordOptions } from './records/options.ts';

type NameRest = Rest<[name: string | null], NameOption>;
const nameOf = (rest: NameRest): string | null => bind<NameOption>(['name'], rest).name ?? null;

/** The op whose outputs are wanted: it is run by them. */
const outputsOf = (op: Operation): Tensor[] => [...op.outputs];

/**
 * A reader that sessions keep. A run that reads gets the next record of the file that the reader is in; at its end, the name of
 * the next file is taken from the queue, and the run waits while there is none. It fails with `OutOfRangeError` where the
 * queue is closed and empty, and with `NotFoundError` for a file that is not there.
 *
 *     const names = tf.train.stringInputProducer(['a.txt', 'b.txt'], {numEpochs: 1});
 *     const [key, line] = new tf.TextLineReader().read(names);    // 'a.txt:1', the first line
 */
export class ReaderBase {
  /**
   * @param readerRef the handle of the reader
   * @param supportsSerialize whether `serializeState` and `restoreState` can be run
   */
  constructor(
    readonly readerRef: Tensor,
    readonly supportsSerialize = false,
  ) {}

  /** The next record: two scalars of strings, its key and its value. */
  read(queue: QueueBase | Tensor, ...rest: NameRest): [key: Tensor, value: Tensor] {
    const [key, value] = outputsOf(emit('ReaderReadV2', [this.readerRef, refOf(queue)], {}, nameOf(rest)));
    return [key, value];
  }

  /**
   * The next records: vectors of their keys and values. They are `numRecords`, a scalar, or fewer where the file ends before.
   */
  readUpTo(queue: QueueBase | Tensor, numRecords: TensorLike, ...rest: NameRest): [keys: Tensor, values: Tensor] {
    const count = typeof numRecords === 'number' ? toNdArray(numRecords, int64) : numRecords;
    const op = emit('ReaderReadUpToV2', [this.readerRef, refOf(queue), count], {}, nameOf(rest));
    const [keys, values] = outputsOf(op);
    return [keys, values];
  }

  /** How many records it has given: an int64 scalar. */
  numRecordsProduced(...rest: NameRest): Tensor {
    return emitOne('ReaderNumRecordsProducedV2', [this.readerRef], {}, nameOf(rest));
  }

  /** How many files it has read to their ends: an int64 scalar. */
  numWorkUnitsCompleted(...rest: NameRest): Tensor {
    return emitOne('ReaderNumWorkUnitsCompletedV2', [this.readerRef], {}, nameOf(rest));
  }

  /** The state of the reader, a scalar of bytes. Fails with `UnimplementedError` for kinds that have none. */
  serializeState(...rest: NameRest): Tensor {
    return emitOne('ReaderSerializeStateV2', [this.readerRef], {}, nameOf(rest));
  }

  /** Puts the reader into the state that `serializeState` gave. Fails with `InvalidArgumentError` for what is none. */
  restoreState(state: TensorLike, ...rest: NameRest): Operation {
    const bytes = state instanceof Uint8Array ? toNdArray(state, string) : state;
    return emit('ReaderRestoreStateV2', [this.readerRef, bytes], {}, nameOf(rest));
  }

  /** Puts the reader into its first state: counts of 0, in no file. */
  reset(...rest: NameRest): Operation {
    return emit('ReaderResetV2', [this.readerRef], {}, nameOf(rest));
  }
}

function refOf(queue: QueueBase | Tensor): Tensor {
  return queue instanceof Tensor ? queue : queue.queueRef;
}

/** Whole files: their names are the keys. */
export class WholeFileReader extends ReaderBase {
  constructor(...rest: NameRest) {
    super(emitOne('WholeFileReaderV2', [], {}, nameOf(rest)), true);
  }
}

export interface TextLineReaderOptions extends NameOption {
  /** Lines at the beginning of each file that are left out. */
  readonly skipHeaderLines?: number | null;
}

/** Lines of text; keys are names with the number of the line, from 1: `a.txt:1`. */
export class TextLineReader extends ReaderBase {
  constructor(...rest: Rest<[skipHeaderLines: number | null, name: string | null], TextLineReaderOptions>) {
    const { skipHeaderLines, name } = bind<TextLineReaderOptions>(['skipHeaderLines', 'name'], rest);
    super(emitOne('TextLineReaderV2', [], { skip_header_lines: skipHeaderLines ?? 0 }, name ?? null));
  }
}

export interface FixedLengthRecordReaderOptions extends NameOption {
  /** The length of a record in bytes. */
  readonly recordBytes?: number;
  /** Bytes before the first record. */
  readonly headerBytes?: number | null;
  /** Bytes behind the last record. */
  readonly footerBytes?: number | null;
  /** From the beginning of one record to that of the next; the length of a record without it. */
  readonly hopBytes?: number | null;
  /** `''`, `'ZLIB'` or `'GZIP'`. */
  readonly encoding?: string | null;
}

/** Records of one length; keys are names with the number of the record, from 0. */
export class FixedLengthRecordReader extends ReaderBase {
  constructor(
    ...rest: Rest<
      [
        recordBytes: number,
        headerBytes: number | null,
        footerBytes: number | null,
        hopBytes: number | null,
        name: string | null,
        encoding: string | null,
      ],
      FixedLengthRecordReaderOptions
    >
  ) {
    const options = bind<FixedLengthRecordReaderOptions>(
      ['recordBytes', 'headerBytes', 'footerBytes', 'hopBytes', 'name', 'encoding'],
      rest,
    );
    const attrs = {
      record_bytes: options.recordBytes as number,
      header_bytes: options.headerBytes ?? 0,
      footer_bytes: options.footerBytes ?? 0,
      hop_bytes: options.hopBytes ?? 0,
      encoding: options.encoding ?? '',
    };
    super(emitOne('FixedLengthRecordReaderV2', [], attrs, options.name ?? null));
  }
}

export interface TFRecordReaderOptions extends NameOption {
  /** Whether the files are compressed, and how. */
  readonly options?: RecordOptions;
}

/** Records of TFRecord files; keys are names with the place of the record: `a.tfrecord:0`. */
export class TFRecordReader extends ReaderBase {
  constructor(...rest: Rest<[name: string | null, options: RecordOptions], TFRecordReaderOptions>) {
    const { name, options } = bind<TFRecordReaderOptions>(['name', 'options'], rest);
    const compression = TFRecordOptions.getCompressionTypeString(options ?? null);
    super(emitOne('TFRecordReaderV2', [], { compression_type: compression }, name ?? null));
  }
}

/** The texts of the queue themselves, as keys and as values. */
export class IdentityReader extends ReaderBase {
  constructor(...rest: NameRest) {
    super(emitOne('IdentityReaderV2', [], {}, nameOf(rest)), true);
  }
}
