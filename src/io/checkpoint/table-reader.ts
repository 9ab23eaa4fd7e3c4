/**
 * Reads sorted tables: the places of the blocks first, then blocks as they are asked for, each checked against its
 * checksum. What keys and values mean is for others.
 */
import { DataLossError, OpError } from '../../util/errors.ts';
import { crc32c, unmaskCrc } from '../crc32c.ts';
import type { ReadableFile } from '../file-system.ts';
import { ByteReader, compareBytes, FormatError } from './bytes.ts';
import { uncompress } from './snappy.ts';
import {
  BLOCK_TRAILER,
  type BlockHandle,
  FOOTER,
  MAGIC_HIGH,
  MAGIC_LOW,
  readHandle,
  SNAPPY,
  UNCOMPRESSED,
} from './table-format.ts';

/** An entry; key and value are views of a block. */
export interface TableEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Blocks up to this size are kept for the next key. */
const KEPT_BLOCK = 1 << 20;

/** The error for a file whose bytes are not what they must be. */
export function dataLoss(path: string, offset: number, what: string): DataLossError {
  return new DataLossError(null, `${what} (file ${path}, offset ${offset})`);
}

/** A table: the index of its blocks. The file itself is handed to each method, and stays its owner's. */
export class TableReader {
  /** The block that was read last: keys are mostly asked for in their order. */
  private recent: { readonly offset: number; readonly entries: readonly TableEntry[] } | null = null;

  private constructor(
    readonly path: string,
    private readonly blocks: readonly { readonly last: Uint8Array; readonly handle: BlockHandle }[],
  ) {}

  /** Throws `DataLossError` for a file that is no table. */
  static async open(path: string, file: ReadableFile): Promise<TableReader> {
    if (file.size < FOOTER) throw dataLoss(path, file.size, 'file is too short to be an sstable');
    const start = file.size - FOOTER;
    const footer = new ByteReader(await file.read(start, FOOTER), FOOTER - 8);
    if (footer.left < 8 || footer.fixed32() !== MAGIC_LOW || footer.fixed32() !== MAGIC_HIGH) {
      throw dataLoss(path, file.size - 8, 'not an sstable (bad magic number)');
    }
    const handle = placed(path, start, 'bad block handle', () => {
      const handles = new ByteReader(footer.bytes, 0, FOOTER - 8);
      readHandle(handles);
      return readHandle(handles);
    });
    const index = await readBlock(path, file, handle);
    const blocks = placed(path, handle.offset, 'bad entry in block', () =>
      entriesOf(index).map(({ key, value }) => ({ last: key, handle: readHandle(new ByteReader(value)) })),
    );
    // Blocks lie one after the other: an index that says otherwise could make a small file an endless one.
    const total = blocks.reduce((sum, { handle: { size } }) => sum + size + BLOCK_TRAILER, 0);
    if (total > file.size) throw dataLoss(path, handle.offset, 'bad entry in block');
    return new TableReader(path, blocks);
  }

  /** All entries, block by block. */
  async *entries(file: ReadableFile): AsyncGenerator<TableEntry> {
    for (const { handle } of this.blocks) yield* await this.entriesAt(file, handle);
  }

  /** The value of a key, null where there is none. */
  async get(file: ReadableFile, key: Uint8Array): Promise<Uint8Array | null> {
    const { blocks } = this;
    let [low, high] = [0, blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareBytes(blocks[middle].last, key) < 0) low = middle + 1;
      else high = middle;
    }
    if (low === blocks.length) return null;
    const found = (await this.entriesAt(file, blocks[low].handle)).find((entry) => compareBytes(entry.key, key) === 0);
    return found?.value ?? null;
  }

  private async entriesAt(file: ReadableFile, handle: BlockHandle): Promise<readonly TableEntry[]> {
    if (this.recent?.offset === handle.offset) return this.recent.entries;
    const block = await readBlock(this.path, file, handle);
    const entries = placed(this.path, handle.offset, 'bad entry in block', () => entriesOf(block));
    this.recent = handle.size <= KEPT_BLOCK ? { offset: handle.offset, entries } : null;
    return entries;
  }
}

/** Puts the file's name and the offset to what goes wrong. */
function placed<T>(path: string, offset: number, what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof OpError) throw error;
    throw dataLoss(path, offset, what);
  }
}

async function readBlock(path: string, file: ReadableFile, { offset, size }: BlockHandle): Promise<Uint8Array> {
  const whole = size + BLOCK_TRAILER;
  if (offset + whole > file.size) throw dataLoss(path, offset, 'truncated block read');
  const bytes = await file.read(offset, whole);
  if (bytes.length < whole) throw dataLoss(path, offset, 'truncated block read');
  const stored = unmaskCrc(new ByteReader(bytes, size + 1).fixed32());
  if (stored !== crc32c(bytes.subarray(0, size + 1))) throw dataLoss(path, offset, 'block checksum mismatch');
  const content = bytes.subarray(0, size);
  if (bytes[size] === UNCOMPRESSED) return content;
  if (bytes[size] !== SNAPPY) throw dataLoss(path, offset, 'bad block type');
  return placed(path, offset, 'corrupted compressed block contents', () => uncompress(content));
}

/** The entries of a block. Keys that stand abbreviated are completed. Throws `FormatError`. */
function entriesOf(block: Uint8Array): TableEntry[] {
  if (block.length < 4) throw new FormatError('has a block without restarts');
  const restarts = new ByteReader(block, block.length - 4).fixed32();
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) throw new FormatError('has a block with too many restarts');
  const input = new ByteReader(block, 0, end);
  const entries: TableEntry[] = [];
  let last: Uint8Array = new Uint8Array(0);
  // Abbreviated keys can be longer than the block: what they may take in all is bounded by it, generously.
  let budget = 64 * block.length + 65536;
  while (input.left > 0) {
    const shared = input.varint();
    const fresh = input.varint();
    const size = input.varint();
    if (shared > last.length) throw new FormatError('has a key that is shorter than what it shares');
    budget -= shared + fresh;
    if (budget < 0) throw new FormatError('has keys that are too long');
    const rest = input.take(fresh);
    let key = rest;
    if (shared > 0) {
      key = new Uint8Array(shared + fresh);
      key.set(last.subarray(0, shared));
      key.set(rest, shared);
    }
    entries.push({ key, value: input.take(size) });
    last = key;
  }
  return entries;
}
