/** Compressing and expanding bytes that come in pieces, by fflate. Which files are compressed is for the callers. */
import { Gunzip, Gzip, Unzlib, Zlib } from 'fflate';
import { DataLossError } from '../../util/errors.ts';

export type Compression = '' | 'ZLIB' | 'GZIP';

/** Compressed bytes that are expanded at a time, so that a small file of great content comes in bounded pieces. */
const STEP = 1 << 14;

/** The pieces expanded. Rejects with `DataLossError` for what is not compressed so; an end that is missing is no error. */
export async function* expand(
  pieces: AsyncIterable<Uint8Array>,
  compression: Compression,
  where: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (compression === '') return yield* pieces;
  let out: Uint8Array[] = [];
  const stream = compression === 'GZIP' ? new Gunzip() : new Unzlib();
  stream.ondata = (chunk) => out.push(chunk);
  let isFirst = true;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += STEP) {
      const step = piece.subarray(at, at + STEP);
      // fflate waits for the rest of a header that it cannot find: a file of another kind must not look empty.
      if (isFirst && compression === 'GZIP' && step[0] !== 31) throw inflateError('incorrect header check', where);
      isFirst = false;
      try {
        // Without `true`, which would make an end that is missing an error.
        stream.push(step, false);
      } catch (error) {
        throw inflateError((error as Error).message, where);
      }
      const ready = out;
      out = [];
      yield* ready;
    }
  }
}

function inflateError(reason: string, where: string): DataLossError {
  return new DataLossError(null, `inflate() failed with error -3: ${reason}${where === '' ? '' : ` in ${where}`}`);
}

export interface DeflateOptions {
  readonly level?: number | null;
  readonly memLevel?: number | null;
}

/** Compresses bytes as they come. */
export interface Deflater {
  push(bytes: Uint8Array): Uint8Array[];
  /** All that was pushed, so that a reader can expand it. */
  flush(): Uint8Array[];
  finish(): Uint8Array[];
}

type Level = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

export function deflater(compression: 'ZLIB' | 'GZIP', { level, memLevel }: DeflateOptions): Deflater {
  let out: Uint8Array[] = [];
  // fflate has 13 levels of memory, zlib 9; the greatest number is the most memory in both.
  const options = {
    ...(level != null && { level: level as Level }),
    ...(memLevel != null && { mem: memLevel as Level }),
  };
  const stream = compression === 'GZIP' ? new Gzip({ ...options, mtime: 0 }) : new Zlib(options);
  stream.ondata = (chunk) => out.push(chunk);
  const taken = (): Uint8Array[] => {
    const ready = out;
    out = [];
    return ready;
  };
  return {
    push(bytes) {
      stream.push(bytes, false);
      return taken();
    },
    flush() {
      stream.flush(true);
      return taken();
    },
    finish() {
      stream.push(new Uint8Array(0), true);
      return taken();
    },
  };
}
