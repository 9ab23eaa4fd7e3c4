/**
 * `CheckpointReader` and the functions that look into checkpoints without a session. The formats are `bundle-reader.ts`'s
 * and `v1-reader.ts`'s; which checkpoint of a folder is the latest, `management.ts` says.
 */
import type { DType } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import type { KnownShape } from '../../util/shape.ts';
import { type FolderSource, pathOfCheckpoint } from '../file-sources.ts';
import { type FileSystem, fileSystem } from '../file-system.ts';
import { BundleReader } from './bundle-reader.ts';
import { indexPath } from './bundle-writer.ts';
import { latestCheckpoint } from './management.ts';
import { type CheckpointSource, withFiles } from './source.ts';
import { V1Reader } from './v1-reader.ts';

/** Reads the index of a checkpoint in either format; the newer one comes first where both are there. */
export async function openCheckpoint(files: FileSystem, prefix: string): Promise<CheckpointSource> {
  if (await files.exists(indexPath(prefix))) return BundleReader.open(files, prefix);
  return V1Reader.open(files, prefix);
}

/** The names, shapes, types and values in a checkpoint. `tf.train.NewCheckpointReader` makes one. */
export class CheckpointReader {
  constructor(
    private readonly files: FileSystem,
    private readonly source: CheckpointSource,
  ) {}

  /** Shapes by the names of the tensors, in the order of the names. */
  getVariableToShapeMap(): Map<string, number[]> {
    return new Map([...this.source.tensors].map(([name, { shape }]) => [name, [...shape]]));
  }
  /** Element types by the names of the tensors. */
  getVariableToDtypeMap(): Map<string, DType> {
    return new Map([...this.source.tensors].map(([name, { dtype }]) => [name, dtype]));
  }
  /** Whether there is a tensor of this name. */
  hasTensor(name: string): boolean {
    return this.source.tensors.has(name);
  }
  /**
   * The value of a tensor; a tensor stored in slices comes as a whole. Rejects with `NotFoundError` for an unknown name,
   * with `DataLossError` (file and offset in its text) for damaged files.
   */
  getTensor(name: string): Promise<NdArray> {
    return withFiles(this.files, (open) => this.source.read(open, name));
  }
  /** A line a stored tensor or slice: name, type, shape. */
  debugString(): string {
    return this.source.describe();
  }
}

/**
 * A reader of the checkpoint with this prefix, V2 or V1. Rejects with `NotFoundError` where there is none, with
 * `DataLossError` where its index is damaged.
 *
 *     const reader = await tf.train.NewCheckpointReader('model.ckpt-100');
 *     reader.getVariableToShapeMap();          // Map { 'w' => [784, 10], … }
 *     const w = await reader.getTensor('w');   // NdArray
 */
export async function NewCheckpointReader(filepattern: FolderSource): Promise<CheckpointReader> {
  const prefix = pathOfCheckpoint(filepattern);
  const files = await fileSystem(prefix);
  return new CheckpointReader(files, await openCheckpoint(files, prefix));
}

/** The prefix of a checkpoint: that given, or the latest in the folder given. Null where the folder has none. */
export async function checkpointPrefix(ckptDirOrFile: string): Promise<string | null> {
  const files = await fileSystem(ckptDirOrFile);
  const isFolder = await files.list(ckptDirOrFile).then(
    () => true,
    () => false,
  );
  return isFolder ? latestCheckpoint(ckptDirOrFile) : ckptDirOrFile;
}

/**
 * A reader of a checkpoint, or of the latest one in a folder. Rejects with `ValueError` for a folder without any.
 *
 *     const reader = await tf.train.loadCheckpoint('logs/');
 */
export async function loadCheckpoint(ckptDirOrFile: FolderSource): Promise<CheckpointReader> {
  const prefix = await checkpointPrefix(pathOfCheckpoint(ckptDirOrFile));
  if (prefix === null) {
    throw new ValueError(`Couldn't find 'checkpoint' file or checkpoints in given directory ${ckptDirOrFile}`);
  }
  return NewCheckpointReader(prefix);
}

/**
 * The value of one variable in a checkpoint or in the latest one of a folder. Rejects as `loadCheckpoint` and
 * `CheckpointReader.getTensor` do.
 *
 *     const w = await tf.train.loadVariable('logs/', 'w');
 */
export async function loadVariable(ckptDirOrFile: string, name: string): Promise<NdArray> {
  const reader = await loadCheckpoint(ckptDirOrFile);
  return reader.getTensor(name.endsWith(':0') ? name.slice(0, -2) : name);
}

/**
 * Names and shapes of all variables in a checkpoint or in the latest one of a folder, sorted by name.
 *
 *     for (const [name, shape] of await tf.train.listVariables('logs/')) console.log(name, shape);
 */
export async function listVariables(ckptDirOrFile: string): Promise<[name: string, shape: KnownShape][]> {
  const reader = await loadCheckpoint(ckptDirOrFile);
  const shapes: [string, KnownShape][] = [...reader.getVariableToShapeMap()];
  return shapes.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
