/** Event files: their names, their first record, their life from opening to closing. What the events tell is for `file-writer.ts`. */
import { fileSystem, joinPath } from '../file-system.ts';
import { FileQueue } from '../records/file-queue.ts';
import { frameRecord } from '../records/framing.ts';
import { Event } from './event-messages.ts';

const FILE_VERSION = 'brain.Event:2';

/** Paths that writers of this process have chosen: a second one in the same second takes another. */
const chosen = new Set<string>();

async function hostName(): Promise<string> {
  const isNode = typeof process === 'object' && typeof process.versions?.node === 'string';
  return isNode ? (await import('./hostname-node.ts')).hostname() : 'browser';
}

/** Seconds since 1970, with fractions. */
export function wallTime(): number {
  return (performance.timeOrigin + performance.now()) / 1000;
}

/**
 * Writes events to a file in a folder, in the background, in order; the folder is made. A new file begins with the event that
 * says so.
 */
export class EventFileWriter {
  private queue: FileQueue | null = null;

  constructor(
    readonly logdir: string,
    private readonly suffix: string,
  ) {
    this.open();
  }

  get isOpen(): boolean {
    return this.queue !== null;
  }

  /** Begins another file, unless one is open. */
  open(): void {
    if (this.queue) return;
    const opened = wallTime();
    this.queue = new FileQueue(() => this.newPath(Math.floor(opened)));
    this.add(
      new Event({
        wallTime: opened,
        fileVersion: FILE_VERSION,
        sourceMetadata: { writer: 'tensorflow.core.util.events_writer' },
      }),
    );
  }

  /** Nothing, where no file is open. */
  add(event: Event): void {
    this.queue?.push(frameRecord(event.serializeToString()));
  }

  async flush(): Promise<void> {
    await this.queue?.flush();
  }

  async close(): Promise<void> {
    const { queue } = this;
    this.queue = null;
    await queue?.close();
  }

  private async newPath(seconds: number): Promise<string> {
    const files = await fileSystem();
    await files.mkdirs(this.logdir);
    const base = `events.out.tfevents.${String(seconds).padStart(10, '0')}.${await hostName()}`;
    for (let i = 0; ; i++) {
      const path = joinPath(this.logdir, `${base}${i === 0 ? '' : `.${i}`}${this.suffix}`);
      if (chosen.has(path)) continue;
      chosen.add(path);
      if (!(await files.exists(path))) return path;
    }
  }
}
