/**
 * Records of files: lines, records of one length, TFRecords, whole files; with keys, as readers give them. Reading and
 * expanding files is `src/io`'s business.
 */
import { fileSystem, readFile } from '../../src/io/file-system.ts';
import { type Compression, expand } from '../../src/io/records/compression.ts';
import { readRecords } from '../../src/io/records/framing.ts';
import { chunksOf } from '../../src/io/records/sources.ts';
import { encodeString } from '../../src/util/ndarray.ts';

/** A key, which tells file and place, and what stands there. */
export type KeyedRecord = readonly [key: Uint8Array, value: Uint8Array];
export type Records = AsyncGenerator<KeyedRecord, void, undefined>;

/** Bytes of a file with records of one length. */
export interface FixedLayout {
  readonly header: number;
  readonly record: number;
  readonly footer: number;
  /** From the beginning of one record to that of the next. */
  readonly hop: number;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** The lines of a file, without what ends them. */
export async function* linesOf(path: string, compression: Compression): AsyncGenerator<Uint8Array, void, undefined> {
  let left: Uint8Array[] = [];
  for await (const chunk of expand(chunksOf(path), compression, path)) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      yield lineOf([...left, chunk.subarray(from, at)]);
      left = [];
      from = at + 1;
    }
    if (from < chunk.length) left.push(chunk.slice(from));
  }
  if (left.length > 0) yield lineOf(left);
}

/** The pieces joined, without what Windows puts before a line feed. */
function lineOf(pieces: readonly Uint8Array[]): Uint8Array {
  const line = joined(pieces);
  return line[line.length - 1] === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The whole of a file, by its name. */
export async function* wholeFile(path: string): Records {
  yield [encodeString(path), await readFile(await fileSystem(path), path)];
}

// The following reject at once where the file is not there.

/** Lines by their numbers, from 1. */
export async function keyedLines(path: string, skipped: number): Promise<Records> {
  await mustBeThere(path);
  return numbered(path, 1, skipped, linesOf(path, ''));
}

/** Records of one length, by their numbers from 0. What is too short for one at the end is left out. */
export async function keyedFixed(path: string, compression: Compression, layout: FixedLayout): Promise<Records> {
  await mustBeThere(path);
  return numbered(path, 0, 0, pieces(path, compression, layout));
}

/** Records of a TFRecord file, by their places. */
export async function keyedRecords(path: string, compression: Compression): Promise<Records> {
  await mustBeThere(path);
  return (async function* placed(): Records {
    let offset = 0;
    for await (const record of readRecords(expand(chunksOf(path), compression, path), path)) {
      yield [encodeString(`${path}:${offset}`), record];
      offset += 16 + record.length;
    }
  })();
}

async function mustBeThere(path: string): Promise<void> {
  await (await (await fileSystem(path)).open(path)).close();
}

async function* numbered(path: string, first: number, skipped: number, values: AsyncIterable<Uint8Array>): Records {
  let number = first;
  for await (const value of values) {
    if (number - first >= skipped) yield [encodeString(`${path}:${number}`), value];
    number++;
  }
}

async function* pieces(
  path: string,
  compression: Compression,
  { header, record, footer, hop }: FixedLayout,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held = new Uint8Array(0);
  let toSkip = header;
  for await (const chunk of expand(chunksOf(path), compression, path)) {
    const bytes = joined([held, chunk]);
    let at = 0;
    for (;;) {
      const cut = Math.min(toSkip, bytes.length - at);
      at += cut;
      toSkip -= cut;
      if (toSkip > 0 || bytes.length - at < record + footer) break;
      yield bytes.slice(at, at + record);
      toSkip = hop;
    }
    held = bytes.slice(at);
  }
}
