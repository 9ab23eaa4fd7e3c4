/** Bytes on their way to a file: written in order, in the background, errors kept. What the bytes are is for the formats. */
import { fileSystem, type WritableFile } from '../file-system.ts';

/**
 * Appends to a file that is opened at once; what is there already is replaced. Everything after a failure fails with its
 * error.
 */
export class FileQueue {
  private tail: Promise<WritableFile>;
  private waiting: Uint8Array[] = [];
  private isScheduled = false;

  /** @param prepare gives the path, when all that it needs is there */
  constructor(prepare: () => Promise<string>) {
    this.tail = prepare().then(async (path) => (await fileSystem()).write(path));
    this.settled();
  }

  /** Takes the bytes, which must not change any more. What was pushed in one go is written in one go. */
  push(...pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) if (piece.length > 0) this.waiting.push(piece);
    if (this.isScheduled || this.waiting.length === 0) return;
    this.isScheduled = true;
    this.later(async (file) => {
      this.isScheduled = false;
      const bytes = joined(this.waiting);
      this.waiting = [];
      await file.write(bytes);
    });
  }

  /** Settles when others can read all that was pushed; rejects with the first failure. */
  flush(): Promise<void> {
    this.later((file) => file.flush());
    return this.settled();
  }

  close(): Promise<void> {
    this.later((file) => file.close());
    return this.settled();
  }

  /** When all until now is done. A caller who does not look misses the error here, but not in a later flush. */
  settled(): Promise<void> {
    const done = this.tail.then(() => {});
    done.catch(() => {});
    return done;
  }

  private later(act: (file: WritableFile) => Promise<void>): void {
    this.tail = this.tail.then(async (file) => {
      await act(file);
      return file;
    });
    this.tail.catch(() => {});
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
