/**
 * Host kernels of readers: which file a reader is in, what it has given, and how the names of files come from a queue. How
 * files are divided into records is `src/io`'s business and that of `file-records.ts`.
 */
import type { Compression } from '../../src/io/records/compression.ts';
import { int64, string } from '../../src/util/dtype.ts';
import { InvalidArgumentError, type OpError, UnimplementedError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { type Attempt, operationCancelled, type Queue } from '../queues.ts';
import { type KeyedRecord, keyedFixed, keyedLines, keyedRecords, wholeFile } from './file-records.ts';
import { handleArray, handleOf } from './handles.ts';
import { type ReaderState, readerState, stateOfBytes } from './reader-state.ts';
import { defineHostKernels, type HostOp } from './registry.ts';
import { shown, textArray, textsOf } from './texts.ts';

const KIND = 'tensorflow::ReaderInterface';
const QUEUE = 'tensorflow::QueueInterface';

/** The records of a file; the promise is over when the file is open. */
type Open = (work: Uint8Array) => Promise<AsyncIterator<KeyedRecord>>;

interface ReaderKind {
  /** As messages have it: the name of TensorFlow's kernel. */
  readonly name: string;
  readonly open: Open;
  /** Whether each file is one record, so that it is read to its end with it, and the state can be told. */
  readonly isSingle: boolean;
}

/** What a run that is cancelled stops. */
class Waiting {
  isCancelled = false;
  private attempt: { readonly queue: Queue; readonly attempt: Attempt } | null = null;
  private stop = (): void => {};
  private readonly stopped = new Promise<void>((resolve) => {
    this.stop = resolve;
  });

  /** The name that the queue gives next. */
  async take(queue: Queue): Promise<Uint8Array> {
    const { dtypes } = queue.options;
    if (dtypes.length !== 1) throw new InvalidArgumentError(null, 'Expected single component queue');
    if (dtypes[0] !== string) throw new InvalidArgumentError(null, 'Expected queue with single string component');
    const attempt = queue.dequeue();
    if (!attempt.isOver) {
      this.attempt = { queue, attempt };
      await Promise.race([attempt.over(), this.stopped]);
      this.attempt = null;
    }
    if (this.isCancelled) throw operationCancelled('dequeue');
    if (attempt.error) throw attempt.error;
    const [[name]] = attempt.taken;
    if (name.rank !== 0) throw new InvalidArgumentError(null, 'Expected to dequeue a one-element string tensor');
    return textsOf(name)[0];
  }

  cancel(): void {
    this.isCancelled = true;
    if (this.attempt) this.attempt.queue.cancel(this.attempt.attempt);
    this.stop();
  }
}

class Reader {
  started = 0;
  finished = 0;
  produced = 0;
  private work: Uint8Array | null = null;
  private records: AsyncIterator<KeyedRecord> | null = null;
  /** What reading the file failed with: it does so again. */
  private failure: unknown = null;
  /** What runs that were cancelled have given back. */
  private givenBack: KeyedRecord[] = [];
  private turn: Promise<unknown> = Promise.resolve();

  constructor(readonly kind: ReaderKind) {}

  /** Records, one read after the other: 1 to `count` of them, and all of one file. */
  read(queue: Queue, count: number, waiting: Waiting): Promise<KeyedRecord[]> {
    const mine = this.turn.then(() => this.some(queue, count, waiting));
    this.turn = mine.catch(() => {});
    return mine;
  }

  private async some(queue: Queue, count: number, waiting: Waiting): Promise<KeyedRecord[]> {
    const found = this.givenBack.splice(0, count);
    while (found.length < count) {
      if (!this.records) {
        // A file that ends early gives fewer records, rather than those of two files.
        if (found.length > 0) break;
        await this.begin(await waiting.take(queue));
      }
      const record = await this.next();
      if (!record) continue;
      found.push(record);
    }
    this.produced += found.length;
    return found;
  }

  private async begin(work: Uint8Array): Promise<void> {
    this.work = work;
    this.records = await this.kind.open(work);
    this.started++;
  }

  private async next(): Promise<KeyedRecord | null> {
    if (this.failure) throw this.failure;
    try {
      const { done, value } = await (this.records as AsyncIterator<KeyedRecord>).next();
      if (done || this.kind.isSingle) this.finish();
      return done ? null : value;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  private finish(): void {
    this.records = null;
    this.finished = this.started;
  }

  giveBack(records: readonly KeyedRecord[]): void {
    this.givenBack.unshift(...records);
    this.produced -= records.length;
  }

  reset(): void {
    this.dispose();
    this.restore({ workStarted: 0, workFinished: 0, numRecordsProduced: 0, currentWork: new Uint8Array(0) });
  }

  state(): ReaderState {
    return {
      workStarted: this.started,
      workFinished: this.finished,
      numRecordsProduced: this.produced,
      currentWork: this.work ?? new Uint8Array(0),
    };
  }

  restore({ workStarted, workFinished, numRecordsProduced, currentWork }: ReaderState): void {
    this.started = workStarted;
    this.finished = workFinished;
    this.produced = numRecordsProduced;
    this.work = currentWork;
    this.records = null;
    this.failure = null;
    this.givenBack = [];
  }

  dispose(): void {
    this.records?.return?.().catch(() => {});
    this.records = null;
  }
}

function readerOf(handle: NdArray): Reader {
  return handleOf(handle, KIND).resource as Reader;
}

const maker =
  (name: string, isSingle: boolean, openOf: (op: HostOp) => Open) => (_: readonly NdArray[], op: HostOp) => {
    const open = openOf(op);
    const container = op.attr<string>('container');
    const shared = op.attr<string>('shared_name');
    const kind = shared ? KIND : `${KIND} of a node`;
    const make = () => new Reader({ name, open, isSingle });
    const resource = op.services.resources().lookupOrCreate(kind, container, shared || op.name, make);
    return [handleArray({ container, name: shared || op.name, kind: KIND, resource })];
  };

const compressionOf = (op: HostOp, attr: string): Compression => {
  const compression = op.attr<string>(attr);
  if (compression === '' || compression === 'ZLIB' || compression === 'GZIP') return compression;
  throw new InvalidArgumentError(null, `Unsupported compression type: ${compression}`);
};

function fixedOpener(op: HostOp): Open {
  const [header, record, footer, hop] = ['header_bytes', 'record_bytes', 'footer_bytes', 'hop_bytes'].map((name) =>
    Number(op.attr<number | bigint>(name)),
  );
  const check = (name: string, value: number, least: number) => {
    if (value >= least) return;
    throw new InvalidArgumentError(null, `${name} must be >= ${least} not ${value}`);
  };
  check('header_bytes', header, 0);
  check('record_bytes', record, 1);
  check('footer_bytes', footer, 0);
  check('hop_bytes', hop, 0);
  const compression = compressionOf(op, 'encoding');
  return (work) => keyedFixed(shown(work), compression, { header, record, footer, hop: hop || record });
}

/** The outputs, once there are records. */
function whenRead(
  reader: NdArray,
  queue: NdArray,
  count: number,
  op: HostOp,
  outputs: (records: readonly KeyedRecord[]) => readonly NdArray[],
): readonly NdArray[] {
  const source = readerOf(reader);
  const names = handleOf(queue, QUEUE).resource as Queue;
  const waiting = new Waiting();
  let isTaken = false;
  let settled: () => readonly KeyedRecord[] = () => [];
  const read = source.read(names, count, waiting);
  const ready = read.then(
    (records) => {
      settled = () => records;
    },
    (error) => {
      settled = () => {
        throw error;
      };
    },
  );
  op.services.wait({
    ready: () => ready,
    outputs: () => {
      isTaken = true;
      return outputs(settled());
    },
    cancel: () => {
      waiting.cancel();
      if (!isTaken) {
        read.then(
          (records) => source.giveBack(records),
          () => {},
        );
      }
    },
    cancelled: (): OpError => operationCancelled('dequeue'),
  });
  return [];
}

const count = (value: number) => new NdArray(int64, [], BigInt64Array.of(BigInt(value)));
const unsupported = (what: string) => new UnimplementedError(null, `Reader ${what}`);

defineHostKernels({
  WholeFileReaderV2: maker('WholeFileReader', true, () => async (work) => wholeFile(shown(work))),
  IdentityReaderV2: maker('IdentityReader', true, () => async (work) => identity(work)),
  TextLineReaderV2: maker('TextLineReader', false, (op) => {
    const skipped = Number(op.attr<number | bigint>('skip_header_lines'));
    if (skipped < 0) throw new InvalidArgumentError(null, `skip_header_lines must be >= 0 not ${skipped}`);
    return (work) => keyedLines(shown(work), skipped);
  }),
  FixedLengthRecordReaderV2: maker('FixedLengthRecordReader', false, fixedOpener),
  TFRecordReaderV2: maker('TFRecordReader', false, (op) => {
    const compression = compressionOf(op, 'compression_type');
    return (work) => keyedRecords(shown(work), compression);
  }),

  ReaderReadV2: ([reader, queue], op) =>
    whenRead(reader, queue, 1, op, ([[key, value]]) => [textArray([], [key]), textArray([], [value])]),
  ReaderReadUpToV2: ([reader, queue, wanted], op) =>
    whenRead(reader, queue, Number(wanted.item()), op, (records) =>
      [0, 1].map((part) =>
        textArray(
          [records.length],
          records.map((record) => record[part]),
        ),
      ),
    ),
  ReaderNumRecordsProducedV2: ([reader]) => [count(readerOf(reader).produced)],
  ReaderNumWorkUnitsCompletedV2: ([reader]) => [count(readerOf(reader).finished)],
  ReaderResetV2: ([reader]) => {
    readerOf(reader).reset();
    return [];
  },
  ReaderSerializeStateV2: ([reader]) => {
    const source = readerOf(reader);
    if (!source.kind.isSingle) throw unsupported('SerializeState');
    return [textArray([], [readerState(source.state())])];
  },
  ReaderRestoreStateV2: ([reader, state]) => {
    const source = readerOf(reader);
    if (!source.kind.isSingle) throw unsupported('RestoreState');
    source.restore(stateOfBytes(textsOf(state)[0], `${source.kind.name} '${handleOf(reader, KIND).name}'`));
    return [];
  },
});

async function* identity(work: Uint8Array): AsyncGenerator<KeyedRecord, void, undefined> {
  yield [work, work];
}
