/** Files that callbacks write text to: in Node they are the system's, in browsers there are none. */
import { RuntimeError } from '../../util/errors.ts';
import { isNode } from '../../util/platform.ts';

/** What text is written to. */
export interface TextSink {
  write(text: string): void | Promise<void>;
  close?(): void | Promise<void>;
}

export interface TextFile extends TextSink {
  /** Whether the file held text when it was opened. */
  readonly hasText: boolean;
}

/**
 * Opens a file for new text (`'w'`) or for more (`'a'`); it is made where there is none. Throws `RuntimeError` in browsers.
 */
export async function openTextFile(path: string, mode: 'w' | 'a'): Promise<TextFile> {
  if (!isNode) {
    throw new RuntimeError(`There are no files here to write '${path}' to: give an object with a \`write\` method.`);
  }
  return (await import('./text-file-node.ts')).openNodeFile(path, mode);
}
