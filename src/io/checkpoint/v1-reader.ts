/**
 * Reads V1 checkpoints: tables with a record of all tensors under the empty key, and a record a slice with its values.
 * They are read only; what is written is V2.
 */
import { type DType, string } from '../../util/dtype.ts';
import { DataLossError, NotFoundError, OpError } from '../../util/errors.ts';
import { bfloat16ToNumber, halfToNumber } from '../../util/float-bits.ts';
import { allocate, NdArray, type NumericData } from '../../util/ndarray.ts';
import { formatShapeBrackets, sizeOf } from '../../util/shape.ts';
import { basename, dirname, type FileSystem, joinPath } from '../file-system.ts';
import { decodeMessage } from '../proto/codec.ts';
import { type SavedSliceMeta, SavedTensorSlicesSchema } from '../proto/saved_tensor_slice_pb.ts';
import type { TensorProto } from '../proto/tensor_pb.ts';
import { shapeFromProto, typeFromProto } from './bundle-reader.ts';
import { FormatError } from './bytes.ts';
import { sliceKey } from './ordered-code.ts';
import { assemble } from './slices.ts';
import { type CheckpointSource, keyNotFound, type OpenFiles, type StoredTensor } from './source.ts';
import { dataLoss, TableReader } from './table-reader.ts';
import { fullSlice, shapeOfSlice, sliceFromProto, type TensorSlice } from './tensor-slice.ts';

/** No compression makes a value smaller than this part of its bytes. */
const LARGEST_RATIO = 32;

interface StoredSlice {
  readonly slice: TensorSlice;
  readonly table: TableReader;
}
interface V1Tensor extends StoredTensor {
  readonly slices: StoredSlice[];
}

export class V1Reader implements CheckpointSource {
  private constructor(
    readonly tensors: ReadonlyMap<string, V1Tensor>,
    /** Bytes of all files together. */
    private readonly size: number,
  ) {}

  /**
   * Reads what the files hold whose names match: `?` and `*` in the last part of the path stand for any character and
   * any text. Throws `NotFoundError` where there are none, `DataLossError` where they are no tables.
   */
  static async open(files: FileSystem, pattern: string): Promise<V1Reader> {
    const paths = await matchingFiles(files, pattern);
    if (paths.length === 0) {
      throw new NotFoundError(
        null,
        `Unsuccessful TensorSliceReader constructor: Failed to find any matching files for ${pattern}`,
      );
    }
    const tensors = new Map<string, V1Tensor>();
    let size = 0;
    for (const path of paths) size += await addFile(files, path, tensors);
    return new V1Reader(new Map([...tensors].sort(([a], [b]) => (a < b ? -1 : 1))), size);
  }

  async read(files: OpenFiles, name: string, slice?: TensorSlice): Promise<NdArray> {
    const tensor = this.tensors.get(name);
    if (!tensor) throw keyNotFound(name);
    const { dtype, shape, slices } = tensor;
    const tables = new Map(slices.map((stored) => [stored.slice, stored.table]));
    const read = async (part: TensorSlice) => {
      const table = tables.get(part) as TableReader;
      const value = await table.get(await files.get(table.path), sliceKey(name, part));
      if (value === null) throw dataLoss(table.path, 0, `A slice of ${name} is missing`);
      const partShape = shapeOfSlice(part, shape);
      try {
        const data = elementsOf(decodeMessage(SavedTensorSlicesSchema, value).data?.data, dtype, sizeOf(partShape));
        return new NdArray(dtype, partShape, data);
      } catch (error) {
        throw placed(error, table.path, `The value of ${name}`);
      }
    };
    const verify = async () => {
      if (sizeOf(shape) <= LARGEST_RATIO * this.size) return;
      throw dataLoss(slices[0].table.path, 0, `The value of ${name} is too short`);
    };
    const stored = slices.map((part) => part.slice);
    return assemble(name, tensor, stored, slice ?? fullSlice(shape.length), read, verify);
  }

  position(): number {
    return 0;
  }

  describe(): string {
    let text = '';
    for (const [name, { dtype, shape }] of this.tensors) {
      text += `${name} (${dtype.protoName}) ${formatShapeBrackets(shape)}\n`;
    }
    return text;
  }
}

/** Adds the tensors of a file; gives its size. */
async function addFile(files: FileSystem, path: string, tensors: Map<string, V1Tensor>): Promise<number> {
  const file = await files.open(path);
  try {
    const table = await opened(path, () => TableReader.open(path, file));
    const value = await table.get(file, new Uint8Array(0));
    if (value === null) {
      throw dataLoss(path, 0, 'Failed to find the saved tensor slices at the beginning of the checkpoint file');
    }
    try {
      for (const meta of decodeMessage(SavedTensorSlicesSchema, value).meta?.tensor ?? []) {
        addTensor(tensors, meta, table);
      }
    } catch (error) {
      throw placed(error, path, 'The index');
    }
    return file.size;
  } finally {
    await file.close();
  }
}

async function opened(path: string, open: () => Promise<TableReader>): Promise<TableReader> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof DataLossError)) throw error;
    throw new DataLossError(
      null,
      `Unable to open table file ${path}: DATA_LOSS: ${error.detail}: perhaps your file is in a different file format and you need to use a different restore operator?`,
    );
  }
}

function addTensor(tensors: Map<string, V1Tensor>, meta: SavedSliceMeta, table: TableReader): void {
  const dtype = typeFromProto(meta.type);
  const shape = shapeFromProto(meta.shape);
  const known = tensors.get(meta.name);
  if (known && (known.dtype !== dtype || known.shape.join() !== shape.join())) {
    throw new FormatError(`and another file differ in what ${meta.name} is`);
  }
  const slices = known?.slices ?? [];
  for (const slice of meta.slice) slices.push({ slice: sliceFromProto(slice, shape), table });
  if (!known) tensors.set(meta.name, { dtype, shape, slices });
}

function placed(error: unknown, path: string, what: string): unknown {
  if (error instanceof FormatError) return dataLoss(path, 0, `${what} ${error.message}`);
  if (error instanceof OpError && error.name === 'DataLossError') return dataLoss(path, 0, `${what}: ${error.detail}`);
  return error;
}

/** The elements that a message lists. Throws `FormatError` where there are not as many as asked for. */
function elementsOf(proto: TensorProto | undefined, dtype: DType, count: number): Uint8Array[] | NumericData {
  const values = proto ? listOf(proto, dtype) : [];
  const length = dtype.isComplex ? 2 * count : count;
  if (values.length !== length) throw new FormatError(`has ${values.length} elements in place of ${length}`);
  if (dtype === string) return (values as Uint8Array[]).map((text) => text.slice());
  const data = allocate(dtype, count) as Float32Array;
  for (let i = 0; i < length; i++) data[i] = values[i] as number;
  return data;
}

function listOf(proto: TensorProto, dtype: DType): ArrayLike<unknown> {
  switch (dtype.name) {
    case 'float32':
      return proto.floatVal;
    case 'float64':
      return proto.doubleVal;
    case 'complex64':
      return proto.scomplexVal;
    case 'complex128':
      return proto.dcomplexVal;
    case 'int64':
      return proto.int64Val;
    case 'uint64':
      return proto.uint64Val;
    case 'uint32':
      return proto.uint32Val;
    case 'bool':
      return proto.boolVal;
    case 'string':
      return proto.stringVal;
    case 'float16':
      return proto.halfVal.map(halfToNumber);
    case 'bfloat16':
      return proto.halfVal.map(bfloat16ToNumber);
    default:
      return proto.intVal;
  }
}

/** The files whose paths match: `?` and `*` count in the last part of the path. Sorted. */
export async function matchingFiles(files: FileSystem, pattern: string): Promise<string[]> {
  const last = basename(pattern);
  if (!/[?*]/.test(last)) return (await isFile(files, pattern)) ? [pattern] : [];
  const folder = dirname(pattern);
  const escaped = last.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const expression = new RegExp(`^${escaped.replace(/\?/g, '.').replace(/\*/g, '.*')}$`, 's');
  const names = await files.list(folder === '' ? '.' : folder).catch(() => []);
  return names.filter((name) => expression.test(name)).map((name) => joinPath(folder, name));
}

/** Whether there is something to read. */
async function isFile(files: FileSystem, path: string): Promise<boolean> {
  return path !== '' && (await files.exists(path));
}
