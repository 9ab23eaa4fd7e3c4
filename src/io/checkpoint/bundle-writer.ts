/**
 * Writes tensor bundles, the V2 format of checkpoints: a data file with the elements and an index that says what is
 * where. Byte for byte what TensorFlow writes. Which tensors, in which order, is the ops' business.
 */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { string } from '../../util/dtype.ts';
import { InternalError, InvalidArgumentError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import type { KnownShape } from '../../util/shape.ts';
import { crc32c, maskCrc } from '../crc32c.ts';
import { type FileSystem, randomHex, type WritableFile } from '../file-system.ts';
import { encodeMessage } from '../proto/codec.ts';
import { BundleEntryProtoSchema, BundleHeaderProtoSchema } from '../proto/tensor_bundle_pb.ts';
import { ByteWriter, binaryString, utf8 } from './bytes.ts';
import { elementSize, numericPieces, TextPieces } from './elements.ts';
import { sliceKey } from './ordered-code.ts';
import { TableWriter } from './table-writer.ts';
import { isWhole, sliceToProto, type TensorSlice } from './tensor-slice.ts';

export type EntryInit = MessageInitShape<typeof BundleEntryProtoSchema>;
/** Entries by key, as text with a character a byte. */
export type Entries = Map<string, EntryInit>;

/** Small writes are gathered up to this size. */
const BUFFER = 1 << 18;

export function indexPath(prefix: string): string {
  return `${prefix}.index`;
}
export function dataPath(prefix: string, shard: number, count: number): string {
  return `${prefix}.data-${digits(shard)}-of-${digits(count)}`;
}
function digits(value: number): string {
  return String(value).padStart(5, '0');
}

/** The key of an entry whose name is text. */
export function keyOf(name: string): string {
  return binaryString(utf8(name));
}

/**
 * A bundle of one shard. Nothing is at its place before `finish`, which moves the data file and then the index there: a
 * reader finds the old bundle or the new one. Whoever does not get to `finish` calls `abort`.
 */
export class BundleWriter {
  private readonly entries: Entries = new Map();
  private readonly gathered = new ByteWriter(1024);
  private readonly mark = `.tempstate${randomHex()}`;
  private file: WritableFile | null = null;
  private offset = 0;

  constructor(
    private readonly files: FileSystem,
    private readonly prefix: string,
  ) {}

  private get data(): string {
    return dataPath(this.prefix, 0, 1);
  }

  /** Adds a tensor. Throws `InvalidArgumentError` for a name that is there already. */
  async add(name: string, value: NdArray): Promise<void> {
    await this.addKey(keyOf(name), name, value);
  }

  /** Adds a part of a tensor of this shape. */
  async addSlice(name: string, shape: KnownShape, slice: TensorSlice, value: NdArray): Promise<void> {
    if (isWhole(slice, shape)) return this.add(name, value);
    const key = keyOf(name);
    const known = this.entries.get(key);
    const slices = [...(known?.slices ?? []), sliceToProto(slice)];
    if (known && !known.slices?.length) throw duplicate(name);
    this.entries.set(key, { dtype: value.dtype.asDatatypeEnum, shape: shapeProto(shape), slices });
    await this.addKey(binaryString(sliceKey(name, slice)), name, value);
  }

  private async addKey(key: string, name: string, value: NdArray): Promise<void> {
    if (this.entries.has(key)) throw duplicate(name);
    const { dtype, shape } = value;
    const start = this.offset;
    let sum = 0;
    if (dtype === string) {
      const pieces = new TextPieces(value.data as Uint8Array[]);
      for (const piece of pieces) await this.put(piece);
      sum = pieces.sum;
    } else {
      if (elementSize(dtype) === 0) throw new InternalError(null, `A checkpoint cannot hold elements of ${dtype}.`);
      for (const piece of numericPieces(value)) {
        sum = crc32c(piece, sum);
        await this.put(piece);
      }
    }
    this.entries.set(key, {
      dtype: dtype.asDatatypeEnum,
      shape: shapeProto(shape),
      offset: BigInt(start),
      size: BigInt(this.offset - start),
      crc32c: maskCrc(sum),
    });
  }

  private async put(bytes: Uint8Array): Promise<void> {
    this.offset += bytes.length;
    if (this.gathered.length + bytes.length > BUFFER) await this.flush();
    if (bytes.length > BUFFER / 2) await (await this.opened()).write(bytes);
    else this.gathered.append(bytes);
  }
  private async flush(): Promise<void> {
    if (this.gathered.length === 0) return;
    await (await this.opened()).write(this.gathered.view());
    this.gathered.clear();
  }
  private async opened(): Promise<WritableFile> {
    this.file ??= await this.files.write(this.data + this.mark);
    return this.file;
  }

  /** Puts the bundle at its place. */
  async finish(): Promise<void> {
    const index = indexPath(this.prefix);
    await this.flush();
    await (await this.opened()).close();
    // Both are complete before the first is moved.
    await writeIndex(this.files, index + this.mark, this.entries, 1);
    await this.files.rename(this.data + this.mark, this.data);
    await this.files.rename(index + this.mark, index);
  }

  /** Takes back what was written so far. */
  async abort(): Promise<void> {
    await this.file?.close().catch(() => {});
    for (const path of [this.data, indexPath(this.prefix)]) await this.files.remove(path + this.mark).catch(() => {});
  }
}

function duplicate(key: string): InvalidArgumentError {
  return new InvalidArgumentError(null, `Adding duplicate key: ${key}`);
}

function shapeProto(shape: KnownShape): { dim: { size: bigint }[] } {
  return { dim: shape.map((size) => ({ size: BigInt(size) })) };
}

/** Writes the index of a bundle: its header and entries, sorted. */
export async function writeIndex(files: FileSystem, path: string, entries: Entries, shards: number): Promise<void> {
  const file = await files.write(path);
  const gathered = new ByteWriter(4096);
  try {
    const table = new TableWriter(async (bytes) => {
      gathered.append(bytes);
      if (gathered.length < BUFFER) return;
      await file.write(gathered.view());
      gathered.clear();
    });
    const header = create(BundleHeaderProtoSchema, { numShards: shards, version: { producer: 1 } });
    await table.add(new Uint8Array(0), encodeMessage(BundleHeaderProtoSchema, header));
    for (const key of [...entries.keys()].sort(byCharacters)) {
      const entry = create(BundleEntryProtoSchema, entries.get(key));
      await table.add(bytesOf(key), encodeMessage(BundleEntryProtoSchema, entry));
    }
    await table.finish();
    await file.write(gathered.view());
  } finally {
    await file.close();
  }
}

function byCharacters(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The bytes of a key that stands as text with a character a byte. */
function bytesOf(key: string): Uint8Array {
  return Uint8Array.from(key, (character) => character.charCodeAt(0));
}
