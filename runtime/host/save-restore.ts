/** Host kernels of checkpoints: they unpack arguments and wait for the files. Reading and writing is `src/io/checkpoint`'s. */
import { mergeBundles } from '../../src/io/checkpoint/bundle-merge.ts';
import { restoreTensors, saveTensors, type Wanted } from '../../src/io/checkpoint/transfer.ts';
import { fileSystem } from '../../src/io/file-system.ts';
import type { DType } from '../../src/util/dtype.ts';
import { CancelledError, UnimplementedError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { integer } from './operands.ts';
import { defineHostKernels, type HostOp } from './registry.ts';
import { shown, textArray, textsOf } from './texts.ts';

const encoder = new TextEncoder();

defineHostKernels({
  SaveV2: ([prefix, names, slices, ...tensors], op) => {
    const [names_, slices_] = [words(names), words(slices)];
    const saved = tensors.map((value, i) => ({ name: names_[i], slice: slices_[i], value }));
    return later(op, async (cancelled) => {
      await saveTensors(await fileSystem(), word(prefix), saved, cancelled);
      return [];
    });
  },
  RestoreV2: ([prefix, names, slices], op) => {
    const [names_, slices_] = [words(names), words(slices)];
    const dtypes = op.attr<readonly DType[]>('dtypes');
    return restore(
      op,
      word(prefix),
      dtypes.map((dtype, i) => ({ name: names_[i], slice: slices_[i], dtype })),
    );
  },
  Restore: ([pattern, name], op) =>
    restore(op, word(pattern), [{ name: word(name), slice: '', dtype: op.attr<DType>('dt') }]),
  RestoreSlice: ([pattern, name, slice], op) =>
    restore(op, word(pattern), [{ name: word(name), slice: word(slice), dtype: op.attr<DType>('dt') }]),
  Save: writeV1,
  SaveSlices: writeV1,

  MergeV2Checkpoints: ([prefixes, destination], op) =>
    later(op, async () => {
      const options = {
        deleteOldDirs: op.attr<boolean>('delete_old_dirs'),
        allowMissingFiles: op.attr<boolean>('allow_missing_files'),
      };
      await mergeBundles(await fileSystem(), words(prefixes), word(destination), options);
      return [];
    }),

  ShardedFilename: ([base, shard, count]) => [
    text(`${word(base)}-${digits(integer(shard))}-of-${digits(integer(count))}`),
  ],
  ShardedFilespec: ([base, count]) => [text(`${word(base)}-?????-of-${digits(integer(count))}`)],
  DisableCopyOnRead: () => [],
});

function writeV1(): never {
  throw new UnimplementedError(null, 'Checkpoints of format V1 are read, not written: build a new Saver.');
}

function restore(op: HostOp, prefix: string, wanted: readonly Wanted[]): readonly NdArray[] {
  return later(op, async (cancelled) => restoreTensors(await fileSystem(prefix), prefix, wanted, cancelled));
}

/** Lets the run wait for what `action` gives. It starts when the run has begun to wait. */
function later(op: HostOp, action: (cancelled: () => boolean) => Promise<readonly NdArray[]>): readonly NdArray[] {
  let isCancelled = false;
  let outcome: readonly NdArray[] = [];
  let failure: unknown = null;
  op.services.wait({
    ready: () =>
      action(() => isCancelled).then(
        (made) => {
          outcome = made;
        },
        (error) => {
          failure = error;
        },
      ),
    outputs: () => {
      if (failure !== null) throw failure;
      return outcome;
    },
    cancel: () => {
      isCancelled = true;
    },
    cancelled: () => new CancelledError(null, `${op.type} was cancelled`),
  });
  return [];
}

function word(array: NdArray): string {
  return shown(textsOf(array)[0]);
}
function words(array: NdArray): string[] {
  return textsOf(array).map(shown);
}
function text(value: string): NdArray {
  return textArray([], [encoder.encode(value)]);
}
function digits(value: number): string {
  return String(value).padStart(5, '0');
}
