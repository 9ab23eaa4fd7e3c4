/** Files of meta graphs, in binary or text form. What becomes of them is `import.ts`'s matter. */
import { DataLossError, NotFoundError, type OpError } from '../../util/errors.ts';
import { fileSystem, readFile } from '../file-system.ts';
import { MetaGraphDef } from './messages.ts';

/** Throws `NotFoundError` where the file is not there, `DataLossError` where it is no meta graph. */
export async function readMetaGraphFile(filename: string): Promise<MetaGraphDef> {
  const bytes = await fileBytes(filename);
  if (!bytes) throw new NotFoundError(null, `File does not exist. Received: ${filename}.`);
  return binaryOrText(filename, bytes, MetaGraphDef);
}

/** The content of a file; null where it is not there. */
export async function fileBytes(path: string): Promise<Uint8Array | null> {
  const files = await fileSystem(path);
  try {
    return await readFile(files, path);
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}

interface Readable<T> {
  fromBinary(bytes: Uint8Array): T;
  fromText(text: string): T;
}

/** A message from a file of either form. Throws `DataLossError` where it is neither. */
export function binaryOrText<T>(filename: string, bytes: Uint8Array, type: Readable<T>): T {
  let why: Error;
  try {
    return type.fromBinary(bytes);
  } catch (error) {
    why = error as OpError;
  }
  try {
    return type.fromText(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    // Of a file that is no text, what is wrong with its bytes says more.
    if (!bytes.includes(0)) why = error as Error;
  }
  throw new DataLossError(null, `Cannot parse file ${filename}: ${why.message}.`);
}
