/** Text files of Node for callbacks. The entry for Node calls `useNodeFiles`. */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { setFileOpener, type TextFile } from './text-file.ts';

/** Has callbacks write to files. Each write is on disk when it returns. */
export function useNodeFiles(): void {
  setFileOpener((path, mode): TextFile => {
    const descriptor = openSync(path, mode);
    return {
      hasText: fstatSync(descriptor).size > 0,
      write: (text) => void writeSync(descriptor, text),
      close: () => closeSync(descriptor),
    };
  });
}
