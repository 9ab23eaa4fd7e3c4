/** Files that callbacks write text to. How a file is opened is the platform's business: the entry for Node registers it. */
import { RuntimeError } from '../../util/errors.ts';

/** What text is written to. */
export interface TextSink {
  write(text: string): void | Promise<void>;
  close?(): void | Promise<void>;
}

export interface TextFile extends TextSink {
  /** Whether the file held text when it was opened. */
  readonly hasText: boolean;
}

/** Opens a file for new text (`'w'`) or for more (`'a'`); it is made where there is none. */
export type FileOpener = (path: string, mode: 'w' | 'a') => TextFile | Promise<TextFile>;

let opener: FileOpener | null = null;

/** Says how files are opened. The former way comes back. */
export function setFileOpener(next: FileOpener | null): FileOpener | null {
  const former = opener;
  opener = next;
  return former;
}

/** Opens a file. Throws `RuntimeError` where nobody said how. */
export async function openTextFile(path: string, mode: 'w' | 'a'): Promise<TextFile> {
  if (opener) return opener(path, mode);
  throw new RuntimeError(
    `There are no files to write '${path}' to: import from 'tfjs-graph/node', or give an object with a \`write\` method.`,
  );
}
