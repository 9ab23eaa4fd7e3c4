/** The batches of a run, one at a time. Where they come from is `batches.ts`'s and `sources.ts`'s business. */
import type { Batch, BatchSource } from './batches.ts';

/** Takes batches from a source; closing it lets go of the iterator. */
export class Feed {
  private batches: AsyncIterator<Batch> | Iterator<Batch> | null = null;
  readonly samples: number | null;

  constructor(private readonly source: BatchSource) {
    this.samples = source.samples;
  }

  /** The next batch; null at the end, unless `counted` steps go over it and the source begins again by itself. */
  async next(counted: boolean): Promise<Batch | null> {
    const first = await this.take();
    if (first || !counted || !this.source.endless) return first;
    return this.take();
  }
  private async take(): Promise<Batch | null> {
    this.batches ??= iterate(this.source);
    const next = await this.batches.next();
    if (!next.done) return next.value;
    this.batches = null;
    return null;
  }

  async close(): Promise<void> {
    const { batches } = this;
    this.batches = null;
    await batches?.return?.();
  }
}

/** Runs `body` on the batches of a source, and closes it however that ends. */
export async function withFeed<R>(source: BatchSource, body: (feed: Feed) => Promise<R>): Promise<R> {
  const feed = new Feed(source);
  try {
    return await body(feed);
  } finally {
    await feed.close();
  }
}

function iterate(source: BatchSource): AsyncIterator<Batch> | Iterator<Batch> {
  const batches = source.epoch();
  return Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
}
