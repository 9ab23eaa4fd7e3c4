/**
 * What readers take beside paths: URLs, and the `File`s and `Blob`s of a page. Each gets a path, so that whatever reads it,
 * ops of the graph included, finds it as any other file.
 */
import { InvalidArgumentError, TypeError } from '../util/errors.ts';
import { pythonTypeName } from '../util/python-names.ts';
import { blobFile, fetchFileSystem, readOnly } from './file-system-fetch.ts';
import { type FileSystem, noSuchFile } from './file-types.ts';

/** Files as an `<input type="file" multiple>` or a drop gives them. */
export type GivenFiles = ArrayLike<File> & Iterable<File>;

/** One file: its path, a `URL` to fetch, or the `File` or `Blob` itself. */
export type FileSource = string | URL | Blob;

/** Several files that belong together: the path or `URL` of their folder (or what their names begin with), or the files. */
export type FolderSource = string | URL | GivenFiles;

const GIVEN = /^given:\/(\d+)(?:\/(.*))?$/;
const FETCHED = /^(?:https?|blob|data):/;

/** By number, the files that were given, each by its path within. A `Blob` is a handle: its bytes are not in memory. */
const given: ReadonlyMap<string, Blob>[] = [];

function keep(files: ReadonlyMap<string, Blob>): string {
  return `given:/${given.push(files) - 1}`;
}

/** The path of a file. Throws `TypeError` for what is none. */
export function pathOfFile(source: FileSource): string {
  if (typeof source === 'string') return source;
  if (source instanceof URL) return pathOfUrl(source);
  if (!(source instanceof Blob)) {
    throw new TypeError(`Expected a path, URL, File or Blob, got ${pythonTypeName(source)}`);
  }
  const name = nameOf(source) || 'file';
  return `${keep(new Map([[name, source]]))}/${name}`;
}

/** The path of the folder. Throws `TypeError` for what is neither one nor files. */
export function pathOfFolder(source: FolderSource): string {
  if (typeof source === 'string') return source;
  if (source instanceof URL) return pathOfUrl(source);
  if (typeof source !== 'object' || source === null || !(Symbol.iterator in source)) {
    throw new TypeError(`Expected a path, URL or files, got ${pythonTypeName(source)}`);
  }
  return keep(new Map(Array.from(source, (file) => [pathWithin(file), file])));
}

/** The prefix of a checkpoint among files, all of which belong to it. Throws `InvalidArgumentError` where there is no one. */
export function pathOfCheckpoint(source: FolderSource): string {
  const folder = pathOfFolder(source);
  const match = GIVEN.exec(folder);
  if (typeof source === 'string' || !match) return folder;
  const names = [...given[Number(match[1])].keys()];
  const prefixes = names.filter((name) => name.endsWith('.index')).map((name) => name.slice(0, -'.index'.length));
  if (prefixes.length !== 1) {
    throw new InvalidArgumentError(
      null,
      `Expected the files of one checkpoint, one of which ends in '.index', but got: ${names.join(', ')}`,
    );
  }
  return `${folder}/${prefixes[0]}`;
}

function pathOfUrl(url: URL): string {
  return url.protocol === 'file:' ? decodeURIComponent(url.pathname) : url.href.replace(/\/$/, '');
}

function nameOf(blob: Blob): string {
  return typeof File === 'function' && blob instanceof File ? blob.name : '';
}

/** The path of a file in its folder. What a page is given of a folder has the folder's own name in front. */
function pathWithin(file: File): string {
  const { webkitRelativePath: path = '' } = file;
  return path === '' ? file.name : path.slice(path.indexOf('/') + 1);
}

/** Where a path leads that no other file system has: to files that were given, or to the network. Null for other paths. */
export function sourceOfPath(path: string): FileSystem | null {
  if (GIVEN.test(path)) return givenFileSystem;
  return FETCHED.test(path) ? fetchFileSystem : null;
}

/** The files of the folder that the path is in, and the path within. */
function place(path: string): { files: ReadonlyMap<string, Blob>; within: string } {
  const [, number, within = ''] = GIVEN.exec(path) as RegExpExecArray;
  return { files: given[Number(number)] ?? new Map(), within };
}

function blobAt(path: string): Blob {
  const { files, within } = place(path);
  const blob = files.get(within);
  if (!blob) throw noSuchFile(path);
  return blob;
}

const givenFileSystem: FileSystem = {
  async exists(path) {
    const { files, within } = place(path);
    return within === '' || files.has(within) || [...files.keys()].some((name) => name.startsWith(`${within}/`));
  },
  size: async (path) => blobAt(path).size,
  modified: async (path) => ((blobAt(path) as Partial<File>).lastModified ?? 0) / 1000,
  open: async (path) => blobFile(blobAt(path)),
  readRange: async (path, offset, length) => blobFile(blobAt(path)).read(offset, length),
  async list(folder) {
    const { files, within } = place(folder);
    const prefix = within === '' ? '' : `${within}/`;
    const names = [...files.keys()].filter((name) => name.startsWith(prefix));
    if (names.length === 0) throw noSuchFile(folder);
    return [...new Set(names.map((name) => name.slice(prefix.length).split('/', 1)[0]))].sort();
  },
  write: readOnly,
  rename: readOnly,
  remove: readOnly,
  mkdirs: readOnly,
};
