/** Files that callbacks write text to: in Node they are the system's, in browsers there are none. */
import { RuntimeError } from '../../util/errors.ts';
import { isNode } from '../../util/platform.ts';
import type { TextFile } from './text-sink.ts';

/**
 * Opens a file for new text (`'w'`) or for more (`'a'`); it is made where there is none. Throws `RuntimeError` in browsers.
 */
export async function openTextFile(path: string, mode: 'w' | 'a'): Promise<TextFile> {
  if (!isNode) {
    throw new RuntimeError(`There are no files here to write '${path}' to: give an object with a \`write\` method.`);
  }
  return (await import('./text-file-node.ts')).openNodeFile(path, mode);
}
