/** Text files of Node for callbacks. */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import type { TextFile } from './text-sink.ts';

/** A file of which each write is on disk when it returns. */
export function openNodeFile(path: string, mode: 'w' | 'a'): TextFile {
  const descriptor = openSync(path, mode);
  return {
    hasText: fstatSync(descriptor).size > 0,
    write: (text) => void writeSync(descriptor, text),
    close: () => closeSync(descriptor),
  };
}
