/** TFRecord files: the writer and the iterator of `tf.io` and `tf.pythonIo`. Frames and compression are beside it. */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { FailedPreconditionError } from '../../util/errors.ts';
import { type Deflater, deflater, expand } from './compression.ts';
import { FileQueue } from './file-queue.ts';
import { frameRecord, readRecords } from './framing.ts';
import { type RecordOptions, TFRecordOptions } from './options.ts';
import { type ByteSource, chunksOf, nameOfSource } from './sources.ts';

type OptionsRest = Rest<[options: RecordOptions], { readonly options?: RecordOptions }>;

const encoder = new TextEncoder();

/**
 * The records of a TFRecord file, as bytes, to be read with `for await`. The file is a path, a `URL`, a `File` or `Blob`, a
 * stream or bytes; it is read as the records are asked for. `options` says how it is compressed. Rejects with `NotFoundError`
 * for a file that is not there, and with `DataLossError`, which names the file and the offset, for a corrupt one. A few bytes
 * at the end, too few for the head of a record, count as the end.
 *
 *     for await (const record of tf.io.tfRecordIterator('train.tfrecord', 'GZIP')) {
 *       const example = tf.train.Example.fromString(record);
 *     }
 */
export function tfRecordIterator(path: ByteSource, ...rest: OptionsRest): AsyncGenerator<Uint8Array, void, undefined> {
  const { options = null } = bind<{ readonly options?: RecordOptions }>(['options'], rest);
  const compression = TFRecordOptions.getCompressionTypeString(options);
  const name = nameOfSource(path);
  return readRecords(expand(chunksOf(path), compression, name), name);
}

/**
 * Writes records to a TFRecord file, in place of one that is there. Writing goes on in the background, in order: a promise
 * that a call gives may be left alone, the error comes again from `flush` and `close`. Close the file in the end.
 *
 *     const writer = new tf.io.TFRecordWriter('train.tfrecord', 'GZIP');
 *     for (const example of examples) writer.write(example.serializeToString());
 *     await writer.close();
 */
export class TFRecordWriter {
  private readonly queue: FileQueue;
  private readonly deflater: Deflater | null;
  private isClosed = false;

  constructor(path: string, ...rest: OptionsRest) {
    const { options = null } = bind<{ readonly options?: RecordOptions }>(['options'], rest);
    const compression = TFRecordOptions.getCompressionTypeString(options);
    const { compressionLevel = null, memLevel = null } = options instanceof TFRecordOptions ? options : {};
    this.deflater = compression === '' ? null : deflater(compression, { level: compressionLevel, memLevel });
    this.queue = new FileQueue(async () => path);
  }

  /**
   * Adds a record: bytes, or a text as UTF-8. The promise settles when it is written; waiting for it now and then keeps
   * memory small. Throws `FailedPreconditionError` after `close`.
   */
  write(record: Uint8Array | string): Promise<void> {
    this.checkOpen();
    const framed = frameRecord(typeof record === 'string' ? encoder.encode(record) : record);
    this.queue.push(...(this.deflater ? this.deflater.push(framed) : [framed]));
    return this.queue.settled();
  }

  /** Settles when others can read all that was written. Throws `FailedPreconditionError` after `close`. */
  flush(): Promise<void> {
    this.checkOpen();
    if (this.deflater) this.queue.push(...this.deflater.flush());
    return this.queue.flush();
  }

  /** Ends the file. A second call does nothing. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.deflater) this.queue.push(...this.deflater.finish());
    await this.queue.close();
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private checkOpen(): void {
    if (this.isClosed) throw new FailedPreconditionError(null, 'Writer is closed.');
  }
}
