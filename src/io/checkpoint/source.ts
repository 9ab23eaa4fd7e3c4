/** What readers of all formats of checkpoints offer, and the files they share. The formats are the readers'. */
import type { DType } from '../../util/dtype.ts';
import { InvalidArgumentError, NotFoundError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import type { KnownShape } from '../../util/shape.ts';
import type { FileSystem, ReadableFile } from '../file-system.ts';
import { formatSlice, type TensorSlice } from './tensor-slice.ts';

/** What is known of a tensor before it is read. */
export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: KnownShape;
}

/** A checkpoint whose index is read. It holds no open files. */
export interface CheckpointSource {
  /** By name, in the order of the names' bytes. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** A tensor, or a part of it. Throws `NotFoundError` for an unknown name, `DataLossError` for damaged files. */
  read(files: OpenFiles, name: string, slice?: TensorSlice): Promise<NdArray>;
  /** Where the tensor lies, to read many in a good order. */
  position(name: string): number;
  /** A line a tensor, those of stored slices included. */
  describe(): string;
}

/** Files that are opened when they are first asked for, and closed together. */
export class OpenFiles {
  private readonly open = new Map<string, Promise<ReadableFile>>();

  constructor(private readonly files: FileSystem) {}

  get(path: string): Promise<ReadableFile> {
    let file = this.open.get(path);
    if (!file) {
      file = this.files.open(path);
      this.open.set(path, file);
    }
    return file;
  }

  async close(): Promise<void> {
    for (const file of this.open.values()) {
      await file.then(
        (opened) => opened.close(),
        () => {},
      );
    }
    this.open.clear();
  }
}

/** Opens files for one action and closes them after it. */
export async function withFiles<T>(files: FileSystem, action: (open: OpenFiles) => Promise<T>): Promise<T> {
  const open = new OpenFiles(files);
  try {
    return await action(open);
  } finally {
    await open.close();
  }
}

export function keyNotFound(name: string): NotFoundError {
  return new NotFoundError(null, `Key ${name} not found in checkpoint`);
}

export function insufficientSlices(name: string, slice: TensorSlice): InvalidArgumentError {
  return new InvalidArgumentError(
    null,
    `Does not have sufficient slices for partitioned tensor ${name} to restore in slice_spec: ${formatSlice(slice)}`,
  );
}
