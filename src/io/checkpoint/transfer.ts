/**
 * Saving and restoring lists of tensors by name and slice, as the ops `SaveV2` and `RestoreV2` do it. The ops' arguments
 * are unpacked by the runtime; the formats are the readers' and writers'.
 */
import type { DType } from '../../util/dtype.ts';
import { InvalidArgumentError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { formatShapeBrackets } from '../../util/shape.ts';
import { dirname, type FileSystem, noSuchFile } from '../file-system.ts';
import { runtimeName } from './bundle-reader.ts';
import { BundleWriter } from './bundle-writer.ts';
import { openCheckpoint } from './reader.ts';
import { keyNotFound, withFiles } from './source.ts';
import { parseShapeAndSlice } from './tensor-slice.ts';

/** A tensor to be saved: `slice` is a `shape_and_slice` text, empty for a whole tensor. */
export interface Saved {
  readonly name: string;
  readonly slice: string;
  readonly value: NdArray;
}

/** Writes a checkpoint, elements in the order of the tensors. Where that fails, or `cancelled` says so, the one that is there stays as it was. */
export async function saveTensors(
  files: FileSystem,
  prefix: string,
  tensors: readonly Saved[],
  cancelled: () => boolean,
): Promise<void> {
  await makeFolder(files, dirname(prefix));
  const writer = new BundleWriter(files, prefix);
  try {
    for (const { name, slice, value } of tensors) {
      if (cancelled()) break;
      if (slice === '') {
        await writer.add(name, value);
        continue;
      }
      const parsed = parseShapeAndSlice(slice);
      if (parsed.sliceShape.join() !== value.shape.join()) {
        throw new InvalidArgumentError(
          null,
          `Slice in shape_and_slice specification does not match the shape of the tensor to  save: ${slice}, tensor: ${formatShapeBrackets(value.shape)}`,
        );
      }
      await writer.addSlice(name, parsed.shape, parsed.slice, value);
    }
    if (cancelled()) await writer.abort();
    else await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** One folder is made, not those above it: a wrong path is more likely than a wish for many. */
async function makeFolder(files: FileSystem, folder: string): Promise<void> {
  if (folder === '' || (await files.exists(folder))) return;
  const above = dirname(folder);
  if (above !== '' && !(await files.exists(above))) throw noSuchFile(folder);
  await files.mkdirs(folder);
}

/** A tensor to be restored; `dtype` is the type it must have. */
export interface Wanted {
  readonly name: string;
  readonly slice: string;
  readonly dtype: DType;
}

/** Reads tensors, in the order in which they lie in the files. */
export async function restoreTensors(
  files: FileSystem,
  prefix: string,
  wanted: readonly Wanted[],
  cancelled: () => boolean,
): Promise<NdArray[]> {
  const source = await openCheckpoint(files, prefix);
  for (const { name, dtype } of wanted) {
    const stored = source.tensors.get(name);
    if (!stored) throw keyNotFound(name);
    if (stored.dtype !== dtype) {
      throw new InvalidArgumentError(
        null,
        `tensor_name = ${name}; expected dtype ${runtimeName(dtype)} does not equal original dtype ${runtimeName(stored.dtype)}`,
      );
    }
  }
  const order = wanted
    .map((_, i) => i)
    .sort((a, b) => source.position(wanted[a].name) - source.position(wanted[b].name));
  const values = new Array<NdArray>(wanted.length);
  await withFiles(files, async (open) => {
    for (const i of order) {
      if (cancelled()) break;
      const { name, slice } = wanted[i];
      if (slice === '') {
        values[i] = await source.read(open, name);
        continue;
      }
      const parsed = parseShapeAndSlice(slice);
      const shape = source.tensors.get(name)?.shape ?? [];
      if (parsed.shape.join() !== shape.join()) {
        throw new InvalidArgumentError(
          null,
          `tensor_name = ${name}; shape in shape_and_slice spec ${formatShapeBrackets(parsed.shape)} does not match the shape stored in checkpoint: ${formatShapeBrackets(shape)}`,
        );
      }
      values[i] = await source.read(open, name, parsed.slice);
    }
  });
  return values;
}
