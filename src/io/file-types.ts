/**
 * The interface through which the readers and writers of files reach them, which Node's files and those in memory have.
 * Which of them is in use is `file-system.ts`'s.
 */
import { NotFoundError } from '../util/errors.ts';

/** A file that is open for reading. */
export interface ReadableFile {
  /** Bytes, when the file was opened. */
  readonly size: number;
  /** The bytes from `offset` on: fewer than `length` where the file ends. The caller may keep and change them. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A file that is open for writing, at its end. */
export interface WritableFile {
  /** Appends. The bytes are taken when the promise settles, not before. */
  write(bytes: Uint8Array): Promise<void>;
  /** Settles when others can read what was written. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Files by path. Paths have forward slashes. A path that is not there rejects with `NotFoundError`, other failures with
 * the class of `tf.errors` that fits.
 */
export interface FileSystem {
  /** Whether there is a file or a folder. */
  exists(path: string): Promise<boolean>;
  /** Bytes of a file. */
  size(path: string): Promise<number>;
  /** When the file was last written, in seconds since 1970. */
  modified(path: string): Promise<number>;
  open(path: string): Promise<ReadableFile>;
  /** As `read` of a file that is open, for a single use. */
  readRange(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** A new file in the place of an old one; with `append`, the old one to be gone on with. */
  write(path: string, options?: { readonly append?: boolean }): Promise<WritableFile>;
  /** Moves a file; one at the new path is replaced, in one step that others see done or not done. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder that is empty. */
  remove(path: string): Promise<void>;
  /** The names of what is in a folder, sorted. */
  list(folder: string): Promise<string[]>;
  /** Makes a folder, and those above it; no error where it is there. */
  mkdirs(folder: string): Promise<void>;
}

/** What a path that is not there is answered with. */
export function noSuchFile(path: string): NotFoundError {
  return new NotFoundError(null, `${path}; No such file or directory`);
}
