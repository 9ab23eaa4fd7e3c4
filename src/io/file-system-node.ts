/** `FileSystem` over Node's files. The interface is `file-types.ts`'s; which one is in use, `file-system.ts`'s. */
import { access, mkdir, open, readdir, rename, rmdir, stat, unlink } from 'node:fs/promises';
import {
  AlreadyExistsError,
  FailedPreconditionError,
  InvalidArgumentError,
  type OpError,
  PermissionDeniedError,
  ResourceExhaustedError,
  UnknownError,
} from '../util/errors.ts';
import { type FileSystem, noSuchFile, type ReadableFile, type WritableFile } from './file-types.ts';

/** Node's errors as those of TensorFlow, with its texts. */
function asOpError(error: unknown, path: string): OpError | unknown {
  const { code, message } = error as { code?: string; message?: string };
  switch (code) {
    case 'ENOENT':
      return noSuchFile(path);
    case 'EEXIST':
      return new AlreadyExistsError(null, `${path}; File exists`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new PermissionDeniedError(
        null,
        `${path}; ${code === 'EROFS' ? 'Read-only file system' : 'Permission denied'}`,
      );
    case 'EISDIR':
      return new FailedPreconditionError(null, `${path}; Is a directory`);
    case 'ENOTEMPTY':
      return new FailedPreconditionError(null, `${path}; Directory not empty`);
    case 'ENOTDIR':
      return new FailedPreconditionError(null, `${path}; Not a directory`);
    case 'ENOSPC':
      return new ResourceExhaustedError(null, `${path}; No space left on device`);
    case 'EMFILE':
      return new ResourceExhaustedError(null, `${path}; Too many open files`);
    case 'ERR_INVALID_ARG_VALUE':
    case 'EINVAL':
      return new InvalidArgumentError(null, `${path}; Invalid argument`);
    default:
      return code === undefined ? error : new UnknownError(null, `${path}; ${message}`);
  }
}

async function guarded<T>(path: string, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    throw asOpError(error, path);
  }
}

async function openToRead(path: string): Promise<ReadableFile> {
  const file = await guarded(path, open(path, 'r'));
  try {
    const status = await file.stat();
    if (status.isDirectory()) throw new FailedPreconditionError(null, `${path}; Is a directory`);
    const { size } = status;
    return {
      size,
      read: async (offset, length) => {
        const wanted = Math.max(0, Math.min(length, size - offset));
        // The bytes are all overwritten or cut off: zeros would only cost time.
        const bytes = Buffer.allocUnsafeSlow(wanted);
        let done = 0;
        while (done < wanted) {
          const { bytesRead } = await guarded(path, file.read(bytes, done, wanted - done, offset + done));
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return new Uint8Array(bytes.buffer, bytes.byteOffset, done);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openToWrite(path: string, append: boolean): Promise<WritableFile> {
  const file = await guarded(path, open(path, append ? 'a' : 'w'));
  let isOpen = true;
  return {
    write: async (bytes) => {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await guarded(path, file.write(bytes, done, bytes.length - done));
        done += bytesWritten;
      }
    },
    // What was written is the system's already: other processes see it.
    flush: async () => {},
    close: async () => {
      if (isOpen) {
        isOpen = false;
        await guarded(path, file.close());
      }
    },
  };
}

async function removeOne(path: string): Promise<void> {
  if ((await stat(path)).isDirectory()) await rmdir(path);
  else await unlink(path);
}

/** The files of this machine. */
export const nodeFileSystem: FileSystem = {
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  size: async (path) => (await guarded(path, stat(path))).size,
  modified: async (path) => (await guarded(path, stat(path))).mtimeMs / 1000,
  open: openToRead,
  readRange: async (path, offset, length) => {
    const file = await openToRead(path);
    try {
      return await file.read(offset, length);
    } finally {
      await file.close();
    }
  },
  write: (path, { append = false } = {}) => openToWrite(path, append),
  rename: (from, to) => guarded(from, rename(from, to)),
  remove: (path) => guarded(path, removeOne(path)),
  list: async (folder) => (await guarded(folder, readdir(folder))).sort(),
  mkdirs: async (folder) => {
    if (folder !== '') await guarded(folder, mkdir(folder, { recursive: true }));
  },
};
