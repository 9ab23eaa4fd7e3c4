/** Where bytes to read come from: paths, URLs, blobs, streams, memory. What the bytes mean is for the formats. */
import { NotFoundError, TypeError, UnavailableError } from '../../util/errors.ts';
import { pythonTypeName } from '../../util/python-names.ts';
import { fileSystem } from '../file-system.ts';

/** A file by its path, a `URL` to fetch, a `File` or `Blob`, a stream, or the bytes themselves. */
export type ByteSource = string | URL | Blob | ReadableStream<Uint8Array> | ArrayBuffer | Uint8Array;

/** Bytes that are read at a time. */
const CHUNK = 1 << 18;

/** What messages call a source; '' for one without a name. */
export function nameOfSource(source: ByteSource): string {
  if (typeof source === 'string') return source;
  if (source instanceof URL) return source.href;
  return typeof File === 'function' && source instanceof File ? source.name : '';
}

/** The bytes of a source, piece by piece. Rejects with `NotFoundError` for what is not there. */
export async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  if (typeof source === 'string') return yield* chunksOfFile(source);
  if (source instanceof URL) {
    if (source.protocol === 'file:') return yield* chunksOfFile(decodeURIComponent(source.pathname));
    return yield* chunksOfStream(await fetched(source));
  }
  if (source instanceof Uint8Array) return yield source;
  if (source instanceof ArrayBuffer) return yield new Uint8Array(source);
  if (source instanceof Blob) return yield* chunksOfStream(source.stream());
  if (typeof ReadableStream === 'function' && source instanceof ReadableStream) return yield* chunksOfStream(source);
  throw new TypeError(`Expected a path, URL, Blob, stream or bytes, got ${pythonTypeName(source)}`);
}

async function* chunksOfFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await (await fileSystem(path)).open(path);
  try {
    for (let at = 0; ; ) {
      // A file may have grown since it was opened: then there is more to read than its size said.
      const chunk = await file.read(at, CHUNK);
      if (chunk.length === 0) return;
      at += chunk.length;
      yield chunk;
    }
  } finally {
    await file.close();
  }
}

async function fetched(url: URL): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(url).catch((error: Error) => {
    throw new UnavailableError(null, `${url.href}; ${error.message}`);
  });
  if (response.status === 404) throw new NotFoundError(null, `${url.href}; No such file or directory`);
  if (!response.ok || !response.body) {
    throw new UnavailableError(null, `${url.href}; status ${response.status} ${response.statusText}`);
  }
  return response.body;
}

async function* chunksOfStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}
