/** Makes one bundle of several: their data files become its shards, their indexes one index. No element is copied. */
import { InvalidArgumentError } from '../../util/errors.ts';
import { dirname, type FileSystem, randomHex } from '../file-system.ts';
import { BundleReader } from './bundle-reader.ts';
import { dataPath, type Entries, indexPath, writeIndex } from './bundle-writer.ts';

export interface MergeOptions {
  /** Whether folders of the old bundles that are empty then, and not that of the new one, are removed. */
  readonly deleteOldDirs: boolean;
  /** Whether bundles that are not there are passed over. */
  readonly allowMissingFiles: boolean;
}

/** Throws `InvalidArgumentError` where two have a tensor of one name, `NotFoundError` where a file is missing. */
export async function mergeBundles(
  files: FileSystem,
  prefixes: readonly string[],
  destination: string,
  { deleteOldDirs, allowMissingFiles }: MergeOptions,
): Promise<void> {
  const entries: Entries = new Map();
  const moves: string[] = [];
  const merged: string[] = [];
  for (const prefix of prefixes) {
    if (!(await files.exists(indexPath(prefix)))) {
      if (allowMissingFiles) continue;
      throw new InvalidArgumentError(
        null,
        `allow_missing_files was set to false and ${prefix} did not exist.NOT_FOUND: ${prefix} not found`,
      );
    }
    const bundle = await BundleReader.open(files, prefix);
    addEntries(entries, bundle, moves.length, prefix);
    for (let shard = 0; shard < bundle.shards; shard++) moves.push(dataPath(prefix, shard, bundle.shards));
    merged.push(prefix);
  }
  const index = indexPath(destination);
  const temporary = `${index}.tempstate${randomHex()}`;
  await files.mkdirs(dirname(destination));
  try {
    await writeIndex(files, temporary, entries, moves.length);
    for (const [shard, path] of moves.entries()) await files.rename(path, dataPath(destination, shard, moves.length));
    await files.rename(temporary, index);
  } catch (error) {
    await files.remove(temporary).catch(() => {});
    throw error;
  }
  // What cannot be cleared away does no harm.
  for (const prefix of merged) await files.remove(indexPath(prefix)).catch(() => {});
  if (!deleteOldDirs) return;
  const folders = new Set(merged.map(dirname));
  folders.delete(dirname(destination));
  for (const folder of folders) await files.remove(folder).catch(() => {});
}

function addEntries(entries: Entries, bundle: BundleReader, firstShard: number, prefix: string): void {
  for (const [key, { proto }] of bundle.entries) {
    const known = entries.get(key);
    if (!known) {
      const shardId = proto.slices.length > 0 ? proto.shardId : proto.shardId + firstShard;
      entries.set(key, { ...proto, shardId });
      continue;
    }
    // Only a tensor in slices may have some of them here and some there.
    if (proto.slices.length === 0 || !known.slices?.length) {
      throw new InvalidArgumentError(
        null,
        `Duplicate tensor keyed by ${key} encountered, when merging prefix: ${prefix}`,
      );
    }
    entries.set(key, { dtype: known.dtype, shape: known.shape, slices: [...known.slices, ...proto.slices] });
  }
}
