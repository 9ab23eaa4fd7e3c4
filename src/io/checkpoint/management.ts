/**
 * The `checkpoint` file of a folder, which names the checkpoints in it, and looking after their files. What is in
 * checkpoints is for their readers and for `saver.ts`.
 */
import { create } from '@bufbuild/protobuf';
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { NotFoundError, OpError, RuntimeError, ValueError } from '../../util/errors.ts';
import {
  basename,
  dirname,
  type FileSystem,
  fileSystem,
  joinPath,
  readFile,
  writeFileAtomically,
} from '../file-system.ts';
import { type CheckpointState, CheckpointStateSchema } from '../proto/checkpoint_state_pb.ts';
import { SaverDef_CheckpointFormatVersion as Version } from '../proto/saver_pb.ts';
import { formatText, parseText } from '../text-format.ts';
import { indexPath } from './bundle-writer.ts';
import { textOf, utf8 } from './bytes.ts';
import { matchingFiles } from './v1-reader.ts';

export interface CheckpointStateOptions {
  /** All checkpoints that are still there, oldest first. */
  readonly allModelCheckpointPaths?: readonly string[] | null;
  /** When each of them was written, in seconds since 1970. */
  readonly allModelCheckpointTimestamps?: readonly number[] | null;
  /** When the last checkpoint was written that is kept for good. */
  readonly lastPreservedTimestamp?: number | null;
}
type StateRest = Rest<
  [
    allModelCheckpointPaths: readonly string[] | null,
    allModelCheckpointTimestamps: readonly number[] | null,
    lastPreservedTimestamp: number | null,
  ],
  CheckpointStateOptions
>;

/**
 * The message that a `checkpoint` file holds. Paths become relative to `saveDir` where that is relative. Throws
 * `ValueError` where the timestamps are not as many as the paths.
 */
export function generateCheckpointStateProto(
  saveDir: string,
  modelCheckpointPath: string,
  ...rest: StateRest
): CheckpointState {
  const options = bind<CheckpointStateOptions>(
    ['allModelCheckpointPaths', 'allModelCheckpointTimestamps', 'lastPreservedTimestamp'],
    rest,
  );
  const paths = [...(options.allModelCheckpointPaths ?? [])];
  if (paths[paths.length - 1] !== modelCheckpointPath) paths.push(modelCheckpointPath);
  const times = options.allModelCheckpointTimestamps ?? [];
  if (times.length > 0 && times.length !== paths.length) {
    throw new ValueError(
      `Checkpoint timestamps, if provided, must match checkpoint paths (got paths ['${paths.join("', '")}'] and timestamps [${times.join(', ')}])`,
    );
  }
  const placed = (path: string) => (isAbsolute(saveDir) || isAbsolute(path) ? path : relativePath(path, saveDir));
  return create(CheckpointStateSchema, {
    modelCheckpointPath: placed(modelCheckpointPath),
    allModelCheckpointPaths: paths.map(placed),
    allModelCheckpointTimestamps: [...times],
    lastPreservedTimestamp: options.lastPreservedTimestamp ?? 0,
  });
}

export interface UpdateCheckpointStateOptions extends CheckpointStateOptions {
  /** The name of the file; `checkpoint` without it. */
  readonly latestFilename?: string | null;
}

/**
 * Writes the `checkpoint` file of a folder, all at once. Rejects with `RuntimeError` where the checkpoint's own path is
 * that of the file.
 *
 *     await tf.train.updateCheckpointState('logs', 'logs/model-20', ['logs/model-10', 'logs/model-20']);
 */
export async function updateCheckpointState(
  saveDir: string,
  modelCheckpointPath: string,
  ...rest: Rest<
    [
      allModelCheckpointPaths: readonly string[] | null,
      latestFilename: string | null,
      allModelCheckpointTimestamps: readonly number[] | null,
      lastPreservedTimestamp: number | null,
    ],
    UpdateCheckpointStateOptions
  >
): Promise<void> {
  const options = bind<UpdateCheckpointStateOptions>(
    ['allModelCheckpointPaths', 'latestFilename', 'allModelCheckpointTimestamps', 'lastPreservedTimestamp'],
    rest,
  );
  const path = statePath(saveDir, options.latestFilename);
  const state = generateCheckpointStateProto(saveDir, modelCheckpointPath, { ...options });
  if (path === state.modelCheckpointPath) {
    throw new RuntimeError(
      `Save path '${modelCheckpointPath}' conflicts with path used for checkpoint state.  Please use a different save path.`,
    );
  }
  await writeFileAtomically(await fileSystem(), path, utf8(formatText(CheckpointStateSchema, state)));
}

/** The paths as they stand in a `checkpoint` file that is to move with its folder. */
export function relativeTo(saveDir: string, path: string): string {
  return isAbsolute(path) ? relativePath(path, saveDir) : path;
}

type LatestFilenameRest = Rest<[latestFilename: string | null], { readonly latestFilename?: string | null }>;

/**
 * What the `checkpoint` file of a folder says, paths completed with the folder; null where there is none that can be
 * read. Rejects with `ValueError` where it names no checkpoint.
 *
 *     const state = await tf.train.getCheckpointState('logs');
 *     state?.allModelCheckpointPaths;    // ['logs/model-10', 'logs/model-20']
 */
export async function getCheckpointState(
  checkpointDir: string,
  ...rest: LatestFilenameRest
): Promise<CheckpointState | null> {
  const { latestFilename } = bind<{ latestFilename: string | null }>(['latestFilename'], rest);
  const files = await fileSystem(checkpointDir);
  const path = statePath(checkpointDir, latestFilename);
  if (!(await files.exists(path))) return null;
  let state: CheckpointState;
  try {
    state = parseText(CheckpointStateSchema, textOf(await readFile(files, path)));
  } catch (error) {
    const { name, message } = error as Error;
    console.warn(`${path}: ${name}: ${message}: Checkpoint ignored`);
    return null;
  }
  if (!state.modelCheckpointPath) throw new ValueError(`Invalid checkpoint state loaded from ${checkpointDir}`);
  state.modelCheckpointPath = joinPath(checkpointDir, state.modelCheckpointPath);
  state.allModelCheckpointPaths = state.allModelCheckpointPaths.map((known) => joinPath(checkpointDir, known));
  return state;
}

/**
 * The prefix of the latest checkpoint in a folder, by its `checkpoint` file; null where there is none.
 *
 *     const prefix = await tf.train.latestCheckpoint('logs');
 *     if (prefix) await saver.restore(sess, prefix);
 */
export async function latestCheckpoint(checkpointDir: string, ...rest: LatestFilenameRest): Promise<string | null> {
  const state = await getCheckpointState(checkpointDir, ...rest);
  if (!state) return null;
  if (await checkpointExists(state.modelCheckpointPath)) return state.modelCheckpointPath;
  console.warn(`Couldn't match files for checkpoint ${state.modelCheckpointPath}`);
  return null;
}

/** Whether there is a checkpoint with this prefix, in either format. */
export async function checkpointExists(checkpointPrefix: string): Promise<boolean> {
  return (await mainFile(await fileSystem(checkpointPrefix), checkpointPrefix)) !== null;
}

/** The file that tells of a checkpoint: the index of V2, else the data of V1. */
async function mainFile(files: FileSystem, prefix: string): Promise<string | null> {
  const [index] = await matchingFiles(files, indexPath(prefix));
  if (index !== undefined) return index;
  return (await matchingFiles(files, prefix))[0] ?? null;
}

/** When the checkpoints were written, in seconds since 1970. Those that are not there are left out. */
export async function getCheckpointMtimes(checkpointPrefixes: readonly string[]): Promise<number[]> {
  const files = await fileSystem();
  const times: number[] = [];
  for (const prefix of checkpointPrefixes) {
    const file = await mainFile(files, prefix);
    if (file !== null) times.push(await files.modified(file));
  }
  return times;
}

export interface RemoveCheckpointOptions {
  /** `SaverDef.CheckpointFormatVersion`: 2 is V2 (as without it), 1 is V1. */
  readonly checkpointFormatVersion?: number;
  /** The end of the meta graph's file name; `meta` without it. */
  readonly metaGraphSuffix?: string;
}

/**
 * Removes the files of a checkpoint and its meta graph. Nothing happens where there are none.
 *
 *     await tf.train.removeCheckpoint('logs/model-10');
 */
export async function removeCheckpoint(
  checkpointPrefix: string,
  ...rest: Rest<[checkpointFormatVersion: number, metaGraphSuffix: string], RemoveCheckpointOptions>
): Promise<void> {
  const { checkpointFormatVersion = Version.V2, metaGraphSuffix = 'meta' } = bind<RemoveCheckpointOptions>(
    ['checkpointFormatVersion', 'metaGraphSuffix'],
    rest,
  );
  const files = await fileSystem();
  const data = `${checkpointPrefix}.data-?????-of-?????`;
  const patterns = checkpointFormatVersion === Version.V2 ? [indexPath(checkpointPrefix), data] : [checkpointPrefix];
  for (const pattern of [metaGraphFilename(checkpointPrefix, metaGraphSuffix), ...patterns]) {
    for (const path of await matchingFiles(files, pattern)) {
      await files.remove(path).catch((error) => {
        // Somebody else may be removing it too.
        if (!(error instanceof NotFoundError)) throw error;
      });
    }
  }
}

/** The name of the meta graph beside a checkpoint. */
export function metaGraphFilename(checkpointFilename: string, metaGraphSuffix = 'meta'): string {
  return `${checkpointFilename.replace(/-[\d?]+-of-\d+$/, '')}.${metaGraphSuffix}`;
}

/** Whether an error says that a folder is missing into which a file was to be written. */
export async function isMissingFolder(files: FileSystem, path: string, error: unknown): Promise<boolean> {
  if (!(error instanceof OpError) || dirname(path) === '') return false;
  return files.list(dirname(path)).then(
    () => false,
    () => true,
  );
}

function statePath(folder: string, latestFilename: string | null | undefined): string {
  return joinPath(folder, latestFilename ?? 'checkpoint');
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/');
}

/** The way to a path from a folder; both start at the same place. */
function relativePath(path: string, folder: string): string {
  const [to, from] = [steps(path), steps(folder)];
  let shared = 0;
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared++;
  return [...from.slice(shared).map(() => '..'), ...to.slice(shared)].join('/') || basename(path);
}

/** The parts of a path, `.` and `..` resolved where they can be. */
function steps(path: string): string[] {
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && out.length > 0 && out[out.length - 1] !== '..') out.pop();
    else out.push(part);
  }
  return out;
}
