/**
 * The binary formats with a file of each, and what reading damaged copies of it must be: done, or a clean error, in a moment
 * and in little memory. Which bytes change is `mutations.ts`'s business.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseNpy } from '../../src/cli/npy.ts';
import * as tf from '../../src/index.ts';
import { FormatError } from '../../src/io/checkpoint/bytes.ts';
import { openCheckpoint } from '../../src/io/checkpoint/reader.ts';
import { uncompress } from '../../src/io/checkpoint/snappy.ts';
import { withFiles } from '../../src/io/checkpoint/source.ts';
import { crc32c, maskCrc } from '../../src/io/crc32c.ts';
import { frameRecord } from '../../src/io/records/framing.ts';
import {
  AssertionError,
  LookupError,
  OpError,
  TypeError as OurTypeError,
  RuntimeError,
  ValueError,
} from '../../src/util/errors.ts';
import { changedGraphs } from './changed-graphs.ts';
import { mutations } from './mutations.ts';

export interface Format {
  readonly name: string;
  readonly file: Uint8Array;
  /** Reads a damaged copy to its end. */
  readonly read: (bytes: Uint8Array) => unknown;
  /** Makes checksums fit again, so that what is behind them is reached. */
  readonly mend?: (bytes: Uint8Array) => Uint8Array;
  /** Damaged copies of another kind than changed bytes. */
  readonly copies?: (count: number, seed: number) => Iterable<Uint8Array>;
}

export interface Outcome {
  readonly read: number;
  readonly refused: number;
  readonly seconds: number;
  /** Milliseconds of the slowest file. */
  readonly slowest: number;
  /** Bytes that the process grew by while it read. */
  readonly grown: number;
}

const LONGEST = 5000;
const MOST = 700e6;

const golden = (path: string) =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../goldens/${path}`, import.meta.url))));
const interchange = (path: string) => golden(`interchange/${path}`);

/** TensorFlow's errors and no others: a `TypeError` of JavaScript's is a fault of the reader. */
function isClean(error: unknown): boolean {
  const kinds = [OpError, ValueError, OurTypeError, RuntimeError, LookupError, AssertionError];
  return kinds.some((kind) => error instanceof kind);
}

/** Reads `count` damaged copies. Throws for the first that ends in anything but values or a clean error, or takes too much. */
export async function survive({ name, file, read, mend, copies }: Format, count: number, seed = 1): Promise<Outcome> {
  const started = performance.now();
  const before = process.memoryUsage().rss;
  let [readable, refused, slowest, most, round] = [0, 0, 0, before, 0];
  const { warn } = console;
  // What is left out of a damaged file is told; here nobody reads it.
  console.warn = () => {};
  try {
    for (const damaged of copies?.(count, seed) ?? mutations(file, count, seed)) {
      const bytes = mend ? mend(damaged) : damaged;
      const start = performance.now();
      try {
        await read(bytes);
        readable++;
      } catch (error) {
        if (!isClean(error)) throw new Error(`${name}, file ${round}: ${(error as Error)?.stack ?? error}`);
        refused++;
      }
      slowest = Math.max(slowest, performance.now() - start);
      if (slowest > LONGEST) throw new Error(`${name}, file ${round} took ${slowest.toFixed(0)} ms`);
      if (round++ % 50 === 0) most = Math.max(most, process.memoryUsage().rss);
      if (most - before > MOST)
        throw new Error(`${name}, file ${round}: the process has grown by ${most - before} bytes`);
    }
  } finally {
    console.warn = warn;
  }
  const seconds = (performance.now() - started) / 1000;
  return { read: readable, refused, seconds, slowest, grown: most - before };
}

async function inMemory(
  files: Readonly<Record<string, Uint8Array>>,
  body: (files: tf.io.MemoryFileSystem) => Promise<void>,
) {
  const memory = new tf.io.MemoryFileSystem();
  await memory.mkdirs('m/variables');
  for (const [path, bytes] of Object.entries(files)) {
    const file = await memory.write(path);
    await file.write(bytes);
    await file.close();
  }
  const outer = tf.io.setFileSystem(memory);
  try {
    await body(memory);
  } finally {
    tf.io.setFileSystem(outer);
  }
}

/** Opens a checkpoint and reads all that is in it. */
const checkpoint = (files: Readonly<Record<string, Uint8Array>>, prefix = 'm') =>
  inMemory(files, async (memory) => {
    const source = await openCheckpoint(memory, prefix);
    await withFiles(memory, async (open) => {
      for (const name of source.tensors.keys()) await source.read(open, name);
    });
  });

async function drain(values: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of values);
}

function importGraph(def: tf.GraphDef): void {
  new tf.Graph().asDefault(() => tf.importGraphDef(def, { name: '' }));
}

/** The first block of a table: all that these files hold is in it. The footer's first number is where the next one begins. */
function blockOf(table: Uint8Array): Uint8Array {
  let at = table.length - 48;
  let [end, scale] = [0, 1];
  for (let more = true; more; at++, scale *= 128) {
    end += (table[at] & 127) * scale;
    more = table[at] > 127;
  }
  return table.slice(0, end - 5);
}

/** A table that holds the block, with checksums that fit. */
function tableOf(block: Uint8Array): Uint8Array {
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
  const parts: number[] = [];
  const add = (content: Iterable<number>): number[] => {
    const bytes = Uint8Array.of(...content, 0);
    const handle = [...varint(parts.length), ...varint(bytes.length - 1)];
    const sum = maskCrc(crc32c(bytes));
    parts.push(...bytes, sum & 255, (sum >>> 8) & 255, (sum >>> 16) & 255, sum >>> 24);
    return handle;
  };
  const oneRestart = [0, 0, 0, 0, 1, 0, 0, 0];
  const data = add(block);
  const meta = add(oneRestart);
  // No key of theirs comes after this one.
  const index = add([0, 2, data.length, 255, 255, ...data, ...oneRestart]);
  const handles = [...meta, ...index];
  const magic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
  return Uint8Array.of(...parts, ...handles, ...new Array(40 - handles.length).fill(0), ...magic);
}

/** A text with repetitions of all kinds, as a block of snappy's. */
function snappyBlock(): Uint8Array {
  const literal = new TextEncoder().encode('the quick brown fox jumps over the lazy dog, ');
  const copies = [1 | (4 << 2), 20, 2 | (30 << 2), 45, 0, 3 | (20 << 2), 60, 0, 0, 0, 1 | (7 << 2), 3];
  const length = literal.length + 8 + 31 + 21 + 11;
  return Uint8Array.of(length, (literal.length - 1) << 2, ...literal, ...copies);
}

function smallMetaGraph(): Uint8Array {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    const v = new tf.Variable([1, 2], { name: 'v' });
    tf.addToCollection('nodes', tf.identity(v.value().mul(2), { name: 'y' }));
    tf.addToCollection('numbers', 7);
    new tf.train.Saver();
  });
  return tf.train.exportMetaGraph({ graph }).toBinary();
}

const frames = (bytes: Uint8Array) => frameRecord(bytes);

/** Every binary format that is read here, by name. */
export function formats(): Format[] {
  const index = interchange('ckpt_v2/model.ckpt-100.index');
  const data = interchange('ckpt_v2/model.ckpt-100.data-00000-of-00001');
  const v2 = (indexBytes: Uint8Array, dataBytes: Uint8Array) =>
    checkpoint({ 'm.index': indexBytes, 'm.data-00000-of-00001': dataBytes });
  const model = 'saved_model_simple';
  const variables = {
    'm/variables/variables.index': interchange(`${model}/variables/variables.index`),
    'm/variables/variables.data-00000-of-00001': interchange(`${model}/variables/variables.data-00000-of-00001`),
  };
  const records = interchange('tfrecord/plain.tfrecord');
  const firstRecord = records.slice(12, 12 + Number(new DataView(records.buffer).getBigUint64(0, true)));
  const sequences = interchange('tfrecord/sequence.tfrecord');
  const sequence = sequences.slice(12, 12 + Number(new DataView(sequences.buffer).getBigUint64(0, true)));
  const events = interchange('events/events.out.tfevents.1700000000.golden');
  const old = interchange('ckpt_v1/model.ckpt');
  const loops = tf.MetaGraphDef.fromBinary(interchange('meta/model.ckpt-1.meta')).graphDef as tf.GraphDef;
  const graphs: Uint8Array[] = [
    ...['graph/graph', 'graph/frozen', 'functions/functions', 'functions/tf_function'],
    ...['functions/while_simple_v2', 'functions/while_grad_v2'],
  ].map((path) => interchange(`${path}.pb`));
  graphs.push(loops.toBinary());
  return [
    { name: 'GraphDef', file: interchange('graph/graph.pb'), read: (b) => importGraph(tf.GraphDef.fromBinary(b)) },
    {
      name: 'GraphDef with functions',
      file: interchange('functions/functions.pb'),
      read: (b) => importGraph(tf.GraphDef.fromBinary(b)),
    },
    {
      name: 'GraphDef, changed content',
      file: interchange('graph/graph.pb'),
      read: (b) => importGraph(tf.GraphDef.fromBinary(b)),
      copies: (count, seed) => changedGraphs(graphs, count, seed),
    },
    {
      name: 'GraphDef as text',
      file: interchange('graph/frozen.pbtxt'),
      read: (b) => importGraph(tf.GraphDef.fromText(new TextDecoder().decode(b))),
    },
    {
      name: 'MetaGraphDef',
      file: smallMetaGraph(),
      read: (b) => new tf.Graph().asDefault(() => tf.train.importMetaGraph(tf.MetaGraphDef.fromBinary(b))),
    },
    {
      name: 'SavedModel',
      file: interchange(`${model}/saved_model.pb`),
      read: (b) =>
        inMemory({ 'm/saved_model.pb': b, ...variables }, async () => {
          using sess = new tf.Session({ graph: new tf.Graph() });
          await tf.savedModel.load(sess, ['serve'], 'm');
        }),
    },
    { name: 'checkpoint: index', file: index, read: (b) => v2(b, data) },
    { name: 'checkpoint: index, right checksum', file: blockOf(index), read: (b) => v2(b, data), mend: tableOf },
    { name: 'checkpoint: data', file: data, read: (b) => v2(index, b) },
    { name: 'checkpoint V1', file: old, read: (b) => checkpoint({ c: b }, 'c') },
    {
      name: 'checkpoint V1, right checksum',
      file: blockOf(old),
      read: (b) => checkpoint({ c: b }, 'c'),
      mend: tableOf,
    },
    { name: 'event file', file: events, read: (b) => drain(tf.train.summaryIterator(b)) },
    {
      name: 'event, right checksum',
      file: summaryEvent(events),
      read: (b) => drain(tf.train.summaryIterator(b)),
      mend: frames,
    },
    { name: 'TFRecord', file: records, read: (b) => drain(tf.io.tfRecordIterator(b)) },
    {
      name: 'TFRecord, GZIP',
      file: interchange('tfrecord/gzip.tfrecord'),
      read: (b) => drain(tf.io.tfRecordIterator(b, 'GZIP')),
    },
    {
      name: 'TFRecord, ZLIB',
      file: interchange('tfrecord/zlib.tfrecord'),
      read: (b) => drain(tf.io.tfRecordIterator(b, 'ZLIB')),
    },
    { name: 'Example', file: firstRecord, read: (b) => tf.train.Example.fromString(b).serializeToString() },
    {
      name: 'SequenceExample',
      file: sequence,
      read: (b) => tf.train.SequenceExample.fromString(b).serializeToString(),
    },
    { name: 'npy', file: golden('cli/npy/f8-fortran.npy'), read: (b) => parseNpy(b).toJSON() },
    { name: 'snappy block', file: snappyBlock(), read: (b) => cleanly(() => uncompress(b)) },
  ];
}

/** Readers of tables turn this error of their parts into `DataLossError`, with file and offset. */
function cleanly(body: () => unknown): void {
  try {
    body();
  } catch (error) {
    throw error instanceof FormatError ? new ValueError(error.message) : error;
  }
}

/** The longest event of the file that is no graph: its summary of many kinds. */
function summaryEvent(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset);
  const found: Uint8Array[] = [];
  for (let at = 0; at + 16 <= file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    found.push(file.slice(at + 12, at + 12 + length));
    at += 16 + length;
  }
  const small = found.filter(({ length }) => length < 2500);
  return small.reduce((best, event) => (event.length > best.length ? event : best));
}
