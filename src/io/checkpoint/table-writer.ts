/** Writes sorted tables, byte for byte as TensorFlow does without compression. What keys and values mean is for others. */
import { InternalError } from '../../util/errors.ts';
import { crc32c, maskCrc } from '../crc32c.ts';
import { ByteWriter, compareBytes, sharedPrefix } from './bytes.ts';
import {
  BLOCK_SIZE,
  type BlockHandle,
  FOOTER,
  MAGIC_HIGH,
  MAGIC_LOW,
  RESTART_INTERVAL,
  UNCOMPRESSED,
  writeHandle,
} from './table-format.ts';

const NO_KEY = new Uint8Array(0);

/** The entries of a block: each key without what it shares with the one before. */
class BlockBuilder {
  private readonly out = new ByteWriter();
  private restarts = [0];
  private sinceRestart = 0;
  private last: Uint8Array = NO_KEY;

  constructor(private readonly restartInterval: number) {}

  get isEmpty(): boolean {
    return this.out.length === 0;
  }
  get size(): number {
    return this.out.length + 4 * this.restarts.length + 4;
  }

  add(key: Uint8Array, value: Uint8Array): void {
    let shared = 0;
    if (this.sinceRestart < this.restartInterval) shared = sharedPrefix(this.last, key);
    else {
      this.restarts.push(this.out.length);
      this.sinceRestart = 0;
    }
    this.out
      .varint(shared)
      .varint(key.length - shared)
      .varint(value.length);
    this.out.append(key.subarray(shared)).append(value);
    this.last = key;
    this.sinceRestart++;
  }

  /** The block; the builder is as new. */
  finish(): Uint8Array {
    for (const restart of this.restarts) this.out.fixed32(restart);
    const block = this.out.fixed32(this.restarts.length).finish();
    this.out.clear();
    this.restarts = [0];
    this.sinceRestart = 0;
    this.last = NO_KEY;
    return block;
  }
}

/** Builds a table of entries given in the order of their keys. Blocks go to `put` as they are filled, in order. */
export class TableWriter {
  private readonly data = new BlockBuilder(RESTART_INTERVAL);
  private readonly index = new BlockBuilder(1);
  private offset = 0;
  private last: Uint8Array | null = null;
  /** A block that is written but not in the index: its key there depends on the key after it. */
  private pending: BlockHandle | null = null;

  constructor(private readonly put: (bytes: Uint8Array) => Promise<void>) {}

  /** Throws `InternalError` for a key that does not come after the last one. */
  async add(key: Uint8Array, value: Uint8Array): Promise<void> {
    if (this.last && compareBytes(this.last, key) >= 0) throw new InternalError(null, 'Keys of a table must ascend.');
    if (this.pending) this.indexBlock(this.pending, shortestSeparator(this.last ?? NO_KEY, key));
    this.pending = null;
    this.data.add(key, value);
    this.last = key;
    if (this.data.size >= BLOCK_SIZE) await this.flush();
  }

  /** Writes what is left, the index and the footer. */
  async finish(): Promise<void> {
    await this.flush();
    const meta = await this.block(new BlockBuilder(RESTART_INTERVAL).finish());
    if (this.pending) this.indexBlock(this.pending, shortSuccessor(this.last ?? NO_KEY));
    const index = await this.block(this.index.finish());
    const footer = new ByteWriter(FOOTER);
    writeHandle(footer, meta);
    writeHandle(footer, index);
    while (footer.length < FOOTER - 8) footer.byte(0);
    await this.put(footer.fixed32(MAGIC_LOW).fixed32(MAGIC_HIGH).finish());
  }

  private async flush(): Promise<void> {
    if (!this.data.isEmpty) this.pending = await this.block(this.data.finish());
  }

  private indexBlock(handle: BlockHandle, key: Uint8Array): void {
    const value = new ByteWriter(20);
    writeHandle(value, handle);
    this.index.add(key, value.finish());
  }

  private async block(content: Uint8Array): Promise<BlockHandle> {
    const handle = { offset: this.offset, size: content.length };
    const type = Uint8Array.of(UNCOMPRESSED);
    const trailer = new ByteWriter(5).append(type).fixed32(maskCrc(crc32c(type, crc32c(content))));
    await this.put(content);
    await this.put(trailer.finish());
    this.offset += content.length + trailer.length;
    return handle;
  }
}

/** A short key from `start` on, and before `limit`. */
function shortestSeparator(start: Uint8Array, limit: Uint8Array): Uint8Array {
  const shared = sharedPrefix(start, limit);
  if (shared >= Math.min(start.length, limit.length)) return start;
  return start[shared] < 0xff && start[shared] + 1 < limit[shared] ? raised(start, shared) : start;
}

/** A short key from `key` on. */
function shortSuccessor(key: Uint8Array): Uint8Array {
  const at = key.findIndex((byte) => byte !== 0xff);
  return at < 0 ? key : raised(key, at);
}

function raised(key: Uint8Array, at: number): Uint8Array {
  const short = key.slice(0, at + 1);
  short[at]++;
  return short;
}
