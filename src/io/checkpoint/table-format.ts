/**
 * What readers and writers of tables agree on: the layout of LevelDB's sorted tables as TensorFlow uses them. A table is
 * data blocks, an index block with the last key and the place of each, and a footer with the place of the index.
 */
import type { ByteReader, ByteWriter } from './bytes.ts';

/** Each block is followed by its compression and the masked checksum of block and compression. */
export const BLOCK_TRAILER = 5;
export const UNCOMPRESSED = 0;
export const SNAPPY = 1;

/** Two block handles, zeros up to 40 bytes, the magic number. */
export const FOOTER = 48;
export const MAGIC_LOW = 0x8b80fb57;
export const MAGIC_HIGH = 0xdb477524;

/** Every so many keys one stands unabbreviated in a data block. */
export const RESTART_INTERVAL = 16;
/** A data block is closed when it has reached this size. */
export const BLOCK_SIZE = 262144;

/** The place of a block, its trailer not counted. */
export interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

export function readHandle(input: ByteReader): BlockHandle {
  return { offset: input.varint(), size: input.varint() };
}
export function writeHandle(output: ByteWriter, { offset, size }: BlockHandle): void {
  output.varint(offset).varint(size);
}
