/**
 * `FileSystem` over `fetch`: what paths lead to in browsers. Paths are URLs, taken from the page's own; files can only be
 * read. The interface is `file-types.ts`'s; which file system is in use, `file-system.ts`'s.
 */
import { NotFoundError, UnavailableError, UnimplementedError } from '../util/errors.ts';
import { type FileSystem, noSuchFile, type ReadableFile } from './file-types.ts';

async function request(path: string, method: 'GET' | 'HEAD'): Promise<Response> {
  const base = (globalThis.document as { baseURI?: string } | undefined)?.baseURI ?? globalThis.location?.href;
  let response: Response;
  try {
    response = await fetch(base === undefined ? path : new URL(path, base), { method });
  } catch (error) {
    throw new UnavailableError(null, `${path}; ${(error as Error).message}`);
  }
  if (response.status === 404 || response.status === 410) throw noSuchFile(path);
  if (!response.ok) throw new UnavailableError(null, `${path}; status ${response.status} ${response.statusText}`);
  return response;
}

/** The content of a blob under a path. */
export function blobFile(blob: Blob): ReadableFile {
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
    close: async () => {},
  };
}

async function open(path: string): Promise<ReadableFile> {
  return blobFile(await (await request(path, 'GET')).blob());
}

/** What cannot be done with files that are only read. */
export async function readOnly(path: string): Promise<never> {
  throw new UnimplementedError(null, `${path}; Files can only be read here. Choose others with tf.io.setFileSystem().`);
}

export const fetchFileSystem: FileSystem = {
  open,
  async exists(path) {
    try {
      await request(path, 'HEAD');
      return true;
    } catch (error) {
      if (error instanceof NotFoundError) return false;
      throw error;
    }
  },
  async size(path) {
    return (await open(path)).size;
  },
  async modified(path) {
    const written = (await request(path, 'HEAD')).headers.get('last-modified');
    return written ? Date.parse(written) / 1000 : 0;
  },
  async readRange(path, offset, length) {
    return (await open(path)).read(offset, length);
  },
  // Servers do not tell what there is.
  list: async (folder) => {
    throw noSuchFile(folder);
  },
  write: readOnly,
  rename: readOnly,
  remove: readOnly,
  mkdirs: readOnly,
};
