/**
 * Reads tensor bundles, the V2 format of checkpoints: the index at once, elements when they are asked for, each tensor
 * checked against its checksum. What is asked for is for the ops and for `reader.ts`.
 */
import { asDType, type DType, string } from '../../util/dtype.ts';
import { InvalidArgumentError, OpError, UnimplementedError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { formatShapeBrackets, type KnownShape, sizeOf } from '../../util/shape.ts';
import { crc32c, maskCrc } from '../crc32c.ts';
import type { FileSystem } from '../file-system.ts';
import { decodeMessage } from '../proto/codec.ts';
import {
  type BundleEntryProto,
  BundleEntryProtoSchema,
  BundleHeaderProto_Endianness,
  BundleHeaderProtoSchema,
} from '../proto/tensor_bundle_pb.ts';
import type { TensorShapeProto } from '../proto/tensor_shape_pb.ts';
import { dataPath, indexPath, keyOf } from './bundle-writer.ts';
import { binaryString, FormatError, textOf } from './bytes.ts';
import { elementSize, numericArray, PIECE, readTexts } from './elements.ts';
import { sliceKey } from './ordered-code.ts';
import { assemble } from './slices.ts';
import { type CheckpointSource, keyNotFound, type OpenFiles, type StoredTensor } from './source.ts';
import { dataLoss, TableReader } from './table-reader.ts';
import { FULL, fullSlice, sliceFromProto, type TensorSlice } from './tensor-slice.ts';

/** The version of the format that is written and read. */
const VERSION = 1;

/** An entry of the index. */
interface Entry extends StoredTensor {
  readonly proto: BundleEntryProto;
  /** The parts of which a tensor consists that is not stored as one; null for one that is. */
  readonly slices: readonly TensorSlice[] | null;
}

/** Name of a type as TensorFlow's runtime has it in its texts. */
export function runtimeName(dtype: DType): string {
  return RUNTIME_NAMES[dtype.name] ?? dtype.name;
}
const RUNTIME_NAMES: Readonly<Record<string, string>> = { float32: 'float', float64: 'double', float16: 'half' };

/** The shape in a message. Throws `FormatError` for one that no tensor in a file can have. */
export function shapeFromProto(proto: TensorShapeProto | undefined): KnownShape {
  if (proto?.unknownRank) throw new FormatError('has a tensor of unknown rank');
  const shape = (proto?.dim ?? []).map(({ size }) => Number(size));
  const isFine = shape.length <= 254 && shape.every((size) => size >= 0) && Number.isSafeInteger(sizeOf(shape));
  if (!isFine) throw new FormatError('has a tensor of an impossible shape');
  return shape;
}

/** The element type of a number in a message. Throws `FormatError` for one that checkpoints do not hold. */
export function typeFromProto(type: number): DType {
  try {
    const dtype = asDType(type);
    if (elementSize(dtype) > 0 || dtype === string) return dtype;
  } catch {
    // The number is none.
  }
  throw new FormatError(`has a tensor of the type ${type}, which cannot be read`);
}

export class BundleReader implements CheckpointSource {
  readonly tensors: ReadonlyMap<string, StoredTensor>;

  private constructor(
    private readonly prefix: string,
    /** By key, as text with a character a byte; slices of tensors have entries of their own. */
    readonly entries: ReadonlyMap<string, Entry>,
    readonly shards: number,
  ) {
    const tensors = new Map<string, StoredTensor>();
    for (const [key, entry] of entries) if (!key.startsWith('\0')) tensors.set(nameOf(key), entry);
    this.tensors = tensors;
  }

  /** Reads the index. Throws `DataLossError` for a damaged one, `NotFoundError` where there is none. */
  static async open(files: FileSystem, prefix: string): Promise<BundleReader> {
    const path = indexPath(prefix);
    const file = await files.open(path);
    try {
      const table = await TableReader.open(path, file);
      const entries = new Map<string, Entry>();
      let shards = -1;
      for await (const { key, value } of headed(path, table.entries(file))) {
        try {
          if (shards < 0) shards = key.length === 0 ? readHeader(value) : noHeader();
          else entries.set(binaryString(key), readEntry(value, shards));
        } catch (error) {
          throw placedError(error, path);
        }
      }
      if (shards < 0) throw dataLoss(path, 0, 'The index has no header');
      return new BundleReader(prefix, entries, shards);
    } finally {
      await file.close();
    }
  }

  async read(files: OpenFiles, name: string, slice?: TensorSlice): Promise<NdArray> {
    const key = keyOf(name);
    const entry = this.entries.get(key);
    if (!entry || key.startsWith('\0')) throw keyNotFound(name);
    if (entry.slices === null && !slice) return this.value(files, entry);
    const { shape, slices } = entry;
    const stored = slices ?? [fullSlice(shape.length)];
    const part = (stored: TensorSlice) => (slices === null ? entry : this.partOf(name, entry, stored));
    return assemble(
      name,
      entry,
      stored,
      slice ?? fullSlice(shape.length),
      (stored) => this.value(files, part(stored)),
      async (all) => {
        for (const stored of all) await this.located(files, part(stored));
      },
    );
  }

  /** The entry of a slice of a tensor. */
  private partOf(name: string, { dtype, shape }: Entry, stored: TensorSlice): Entry {
    const found = this.entries.get(binaryString(sliceKey(name, stored)));
    const expected = stored.map(({ length }, axis) => (length === FULL ? shape[axis] : length));
    if (found?.slices === null && found.dtype === dtype && found.shape.join() === expected.join()) return found;
    throw dataLoss(indexPath(this.prefix), 0, `A slice of ${name} has no fitting entry`);
  }

  position(name: string): number {
    const entry = this.entries.get(keyOf(name));
    return entry ? entry.proto.shardId * 2 ** 44 + Number(entry.proto.offset) : 0;
  }

  describe(): string {
    let text = '';
    for (const [key, { dtype, shape, slices }] of this.entries) {
      if (slices === null) text += `${nameOf(key)} (${dtype.protoName}) ${formatShapeBrackets(shape)}\n`;
    }
    return text;
  }

  /** Where the elements of an entry are. Throws `DataLossError` where they cannot be there. */
  private async located(files: OpenFiles, { dtype, shape, proto }: Entry) {
    const path = dataPath(this.prefix, proto.shardId, this.shards);
    const [offset, size] = [Number(proto.offset), Number(proto.size)];
    const count = sizeOf(shape);
    if (dtype !== string && size !== count * elementSize(dtype)) {
      throw dataLoss(
        path,
        offset,
        `Invalid size in bundle entry: stored size ${size}; expected size ${count * elementSize(dtype)}`,
      );
    }
    const file = await files.get(path);
    if (offset + size > file.size) throw dataLoss(path, offset, 'Read less bytes than requested');
    return { file, path, offset, size };
  }

  /** Reads the elements of an entry that has some. */
  private async value(files: OpenFiles, entry: Entry): Promise<NdArray> {
    const { file, path, offset, size } = await this.located(files, entry);
    const { dtype, shape, proto } = entry;
    const bytes = await file.read(offset, size);
    if (bytes.length < size) throw dataLoss(path, offset, 'Read less bytes than requested');
    const place = `TensorBundle at ${this.prefix} shard ${proto.shardId} (${size} bytes)`;
    const check = (sum: number) => {
      if (maskCrc(sum) === proto.crc32c) return;
      throw dataLoss(
        path,
        offset,
        `${place}: Checksum does not match: stored ${proto.crc32c} vs. calculated on the restored bytes ${maskCrc(sum)}`,
      );
    };
    try {
      if (dtype !== string) {
        let sum = 0;
        for (let at = 0; at < size; at += PIECE) sum = crc32c(bytes.subarray(at, at + PIECE), sum);
        check(sum);
        return numericArray(dtype, shape, bytes);
      }
      const { texts, sum, lengthSum, storedLengthSum } = readTexts(bytes, sizeOf(shape));
      if (lengthSum !== storedLengthSum) {
        throw dataLoss(
          path,
          offset,
          `The length checksum does not match: expected ${storedLengthSum} but actual is ${lengthSum}`,
        );
      }
      check(sum);
      return new NdArray(dtype, shape, texts);
    } catch (error) {
      if (error instanceof FormatError) throw dataLoss(path, offset, `${place} ${error.message}`);
      throw error;
    }
  }
}

/** The error of the first entry is that of a file that is no bundle at all. */
async function* headed<T>(path: string, entries: AsyncGenerator<T>): AsyncGenerator<T> {
  const first = await entries.next().catch((error: Error) => {
    if (!(error instanceof OpError)) throw error;
    throw new (error.constructor as new (op: null, message: string) => OpError)(
      null,
      `Unable to read file (${path}). Perhaps the file is corrupt or was produced by a newer version of TensorFlow with format changes (failed to seek to header entry): ${error.detail}`,
    );
  });
  if (first.done) return;
  yield first.value;
  yield* entries;
}

function readHeader(value: Uint8Array): number {
  const { numShards, endianness, version } = decodeMessage(BundleHeaderProtoSchema, value);
  if (endianness !== BundleHeaderProto_Endianness.LITTLE) {
    throw new UnimplementedError(null, 'Reading a bundle with different endianness from the reader');
  }
  if (version && version.minConsumer > VERSION) {
    throw new InvalidArgumentError(
      null,
      `Checkpoint min consumer version ${version.minConsumer} above current version ${VERSION}: a newer program wrote it.`,
    );
  }
  if (numShards < 0) throw new FormatError('has a negative number of shards');
  return numShards;
}

function noHeader(): never {
  throw new FormatError('has no header');
}

function readEntry(value: Uint8Array, shards: number): Entry {
  const proto = decodeMessage(BundleEntryProtoSchema, value);
  const dtype = typeFromProto(proto.dtype);
  const shape = shapeFromProto(proto.shape);
  const { offset, size, shardId } = proto;
  if (offset < 0n || size < 0n || offset + size > 2n ** 53n || shardId < 0 || shardId >= Math.max(shards, 1)) {
    throw new FormatError('has an entry that points to nowhere');
  }
  const slices = proto.slices.length > 0 ? proto.slices.map((slice) => sliceFromProto(slice, shape)) : null;
  return { proto, dtype, shape, slices };
}

function placedError(error: unknown, path: string): unknown {
  if (error instanceof FormatError) return dataLoss(path, 0, `The index ${error.message}`);
  if (error instanceof OpError && error.name === 'DataLossError') return dataLoss(path, 0, error.detail);
  return error;
}

/** The name that a key is: keys are UTF-8, as text with a character a byte. */
function nameOf(key: string): string {
  return textOf(Uint8Array.from(key, (character) => character.charCodeAt(0)));
}
