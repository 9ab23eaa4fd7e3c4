/** Reading and writing the files of models with Node's file system. What is in them is `files.ts`'s. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export type FileKind = 'file' | 'directory' | 'none';

export async function kindOf(path: string): Promise<FileKind> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return 'none';
    throw error;
  }
}

export async function read(path: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(path));
}

/** Writes a file; directories that are missing are made. */
export async function write(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

export { dirname, join };
