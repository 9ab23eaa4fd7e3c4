/**
 * Where the readers and writers of files find them: the file system in use, and one in memory for browsers and tests. The
 * interface is `file-types.ts`'s, Node's files are `file-system-node.ts`'s; what is in the files is for the formats.
 */
import { FailedPreconditionError } from '../util/errors.ts';
import { isNode } from '../util/platform.ts';
import { sourceOfPath } from './file-sources.ts';
import { fetchFileSystem } from './file-system-fetch.ts';
import { type FileSystem, noSuchFile, type ReadableFile, type WritableFile } from './file-types.ts';

export { type FileSystem, noSuchFile, type ReadableFile, type WritableFile } from './file-types.ts';

let current: FileSystem | null = null;

/**
 * Chooses where paths lead, for checkpoints, event files and all other files of `tf.io` and `tf.train`; null for the
 * default again: Node's file system, or in browsers what `fetch` finds. Gives what was chosen before.
 *
 * ```ts
 * const files = new MemoryFileSystem();
 * setFileSystem(files);
 * ```
 */
export function setFileSystem(files: FileSystem | null): FileSystem | null {
  const before = current;
  current = files;
  return before;
}

type NodeModule = typeof import('./file-system-node.ts');

/** The file system that has a path: the one in use, but for URLs and for files that a page was given. */
export async function fileSystem(path?: string): Promise<FileSystem> {
  const own = path === undefined ? null : sourceOfPath(path);
  if (own) return own;
  if (current) return current;
  if (isNode) return ((await import('./file-system-node.ts')) as NodeModule).nodeFileSystem;
  return fetchFileSystem;
}

/** The part of a path before its last slash: '' where it has none. */
export function dirname(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : slash === 0 ? '/' : path.slice(0, slash);
}

/** The part of a path behind its last slash. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Joins as Python's `os.path.join` does: a part that starts with a slash stands alone. */
export function joinPath(folder: string, path: string): string {
  if (folder === '' || path.startsWith('/')) return path;
  return folder.endsWith('/') ? folder + path : `${folder}/${path}`;
}

/** A whole file. Meant for small ones: its size in memory is the file's. */
export async function readFile(files: FileSystem, path: string): Promise<Uint8Array> {
  const file = await files.open(path);
  try {
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

/** A whole file that others see complete or not at all: it is written beside its place, then moved. */
export async function writeFileAtomically(files: FileSystem, path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp${randomHex()}`;
  const file = await files.write(temporary);
  try {
    await file.write(content);
    await file.close();
    await files.rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => {});
    await files.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Sixteen random hexadecimal digits, for names that nobody else uses. */
export function randomHex(): string {
  const words = crypto.getRandomValues(new Uint32Array(2));
  return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');
}

interface Stored {
  bytes: Uint8Array;
  length: number;
  modified: number;
}

/** Files in memory. Folders are there while they are made or have files. */
export class MemoryFileSystem implements FileSystem {
  private readonly files = new Map<string, Stored>();
  private readonly folders = new Set<string>(['', '/', '.']);

  async exists(path: string): Promise<boolean> {
    const key = normal(path);
    return this.files.has(key) || this.isFolder(key);
  }
  async size(path: string): Promise<number> {
    return this.stored(path).length;
  }
  async modified(path: string): Promise<number> {
    return this.stored(path).modified / 1000;
  }
  async open(path: string): Promise<ReadableFile> {
    const file = this.stored(path);
    return {
      size: file.length,
      read: async (offset, length) => file.bytes.slice(offset, Math.min(offset + length, file.length)),
      close: async () => {},
    };
  }
  async readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
    return (await this.open(path)).read(offset, length);
  }
  async write(path: string, { append = false }: { readonly append?: boolean } = {}): Promise<WritableFile> {
    const key = normal(path);
    if (this.isFolder(key)) throw new FailedPreconditionError(null, `${path}; Is a directory`);
    if (!this.isFolder(dirname(key))) throw noSuchFile(path);
    let file = this.files.get(key);
    if (!file || !append) {
      file = { bytes: new Uint8Array(0), length: 0, modified: Date.now() };
      this.files.set(key, file);
    }
    const target = file;
    return {
      write: async (bytes) => addBytes(target, bytes),
      flush: async () => {},
      close: async () => {},
    };
  }
  async rename(from: string, to: string): Promise<void> {
    const file = this.stored(from);
    if (!this.isFolder(dirname(normal(to)))) throw noSuchFile(to);
    this.files.delete(normal(from));
    this.files.set(normal(to), file);
  }
  async remove(path: string): Promise<void> {
    const key = normal(path);
    if (this.files.delete(key)) return;
    if (!this.isFolder(key)) throw noSuchFile(path);
    const isEmpty = (await this.list(path)).length === 0;
    if (!isEmpty) throw new FailedPreconditionError(null, `${path}; Directory not empty`);
    this.folders.delete(key);
  }
  async list(folder: string): Promise<string[]> {
    const key = normal(folder);
    if (!this.isFolder(key)) throw noSuchFile(folder);
    const prefix = key === '' || key === '.' ? '' : key === '/' ? '/' : `${key}/`;
    const names = new Set<string>();
    for (const path of [...this.files.keys(), ...this.folders]) {
      if (path.startsWith(prefix)) names.add(path.slice(prefix.length).split('/', 1)[0]);
    }
    names.delete('');
    names.delete('.');
    return [...names].sort();
  }
  async mkdirs(folder: string): Promise<void> {
    for (let path = normal(folder); !this.folders.has(path); path = dirname(path)) this.folders.add(path);
  }

  private stored(path: string): Stored {
    const file = this.files.get(normal(path));
    if (!file) throw noSuchFile(path);
    return file;
  }
  private isFolder(key: string): boolean {
    if (this.folders.has(key)) return true;
    for (const path of this.files.keys()) if (path.startsWith(`${key}/`)) return true;
    return false;
  }
}

/** The same text for all spellings of a path: no doubled slashes, no `.` parts, no slash at the end. */
function normal(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return (path.startsWith('/') ? '/' : '') + parts.join('/');
}

function addBytes(file: Stored, bytes: Uint8Array): void {
  const length = file.length + bytes.length;
  if (length > file.bytes.length) {
    const grown = new Uint8Array(Math.max(length, 2 * file.bytes.length));
    grown.set(file.bytes.subarray(0, file.length));
    file.bytes = grown;
  }
  file.bytes.set(bytes, file.length);
  file.length = length;
  file.modified = Date.now();
}
