/**
 * `tf.train.Saver`: saves and restores the variables of a session, numbers checkpoints and removes old ones. Its ops are
 * `saver-builder.ts`'s, the `checkpoint` file is `management.ts`'s, meta graphs are
 * those of `meta-graph/export.ts`.
 */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Evaluator } from '../../graph/evaluator.ts';
import type { Graph } from '../../graph/graph.ts';
import { GraphKeys } from '../../graph/graph-keys.ts';
import { bind } from '../../ops/tensor-like.ts';
import {
  AssertionError,
  FailedPreconditionError,
  InvalidArgumentError,
  NotFoundError,
  type OpError,
  RuntimeError,
  TypeError,
  ValueError,
} from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { formatShapeBrackets, isCompatible, type Shape } from '../../util/shape.ts';
import type { Variable } from '../../variables/variable.ts';
import { type FolderSource, pathOfCheckpoint } from '../file-sources.ts';
import { basename, dirname, fileSystem } from '../file-system.ts';
import { exportMetaGraph } from '../meta-graph/export.ts';
import type { MetaGraphDef } from '../meta-graph/messages.ts';
import {
  checkpointExists,
  getCheckpointMtimes,
  isMissingFolder,
  metaGraphFilename,
  relativeTo,
  removeCheckpoint,
  updateCheckpointState,
} from './management.ts';
import { objectNames, renamedSaveables } from './object-based.ts';
import { openCheckpoint } from './reader.ts';
import { type Saveable, saveablesOf, type VarList } from './saveables.ts';
import { buildSaver } from './saver-builder.ts';
import { SaverDef } from './saver-def.ts';
import {
  EXPORT_POSITIONS,
  POSITIONS,
  SAVE_POSITIONS,
  type SaveOptions,
  type SaveRest,
  type SaverExportOptions,
  type SaverExportRest,
  type SaverOptions,
  type SaverRest,
} from './saver-options.ts';

/** A checkpoint and when it was written, in seconds since 1970. */
type Kept = readonly [path: string, time: number];

/**
 * Saves variables to checkpoints and restores them. Making one adds ops to the graph. Throws `ValueError` where there are
 * no variables or one has two names, `TypeError` for what is no variable.
 *
 *     const saver = new tf.train.Saver({maxToKeep: 3});
 *     const path = await saver.save(sess, 'logs/model', {globalStep: 100});   // 'logs/model-100'
 *     await saver.restore(otherSession, path);
 *     new tf.train.Saver([w, b]);                                            // these only
 *     new tf.train.Saver({kernel: w});                                       // under another name
 */
export class Saver {
  /** The names of the saver's ops and its settings; null before `build`. */
  saverDef: SaverDef | null;
  private varList: VarList | null;
  private readonly options: SaverOptions;
  private isBuilt = false;
  private isEmpty = false;
  private kept: Kept[] = [];
  private readonly toDelete: Kept[] = [];
  private nextPreserved = Infinity;
  /** What is restored as a whole, and the shape it must have. */
  private expected: readonly { readonly name: string; readonly shape: Shape }[] = [];
  private objectSaver: Saver | null = null;

  constructor(...args: readonly [varList?: VarList | null, ...rest: SaverRest] | readonly [options: SaverOptions]) {
    const { varList, options } = readArguments(args);
    this.options = options;
    this.varList = varList;
    this.saverDef = options.saverDef ?? null;
    if (options.deferBuild && varList) {
      throw new ValueError(
        'If `var_list` is provided then build cannot be deferred. Either set defer_build=False or var_list=None.',
      );
    }
    if ((options.writeVersion ?? SaverDef.V2) !== SaverDef.V2) {
      throw new ValueError('Checkpoints are written in format V2 only. Those of V1 can be restored.');
    }
    if (!options.deferBuild) this.build();
  }

  /** A saver for ops that the graph has already, of a meta graph for instance. */
  static fromProto(saverDef: SaverDef, importScope: string | null = null): Saver {
    return new Saver({ saverDef, name: importScope });
  }

  /** A saver of saveables that are known already. */
  private static of(saveables: readonly Saveable[]): Saver {
    const saver = new Saver({ deferBuild: true });
    saver.buildOps(saveables);
    return saver;
  }

  /** Adds the ops, where that was deferred. */
  build(): void {
    if (this.isBuilt) return;
    if (this.saverDef) this.adopt(this.saverDef);
    else {
      const varList = this.varList ?? allSaveables();
      this.varList = varList;
      if (Array.isArray(varList) && varList.length === 0) {
        if (!this.options.allowEmpty) throw new ValueError('No variables to save');
        this.isBuilt = true;
        this.isEmpty = true;
        return;
      }
      this.buildOps(saveablesOf(varList));
    }
    this.isBuilt = true;
  }

  private buildOps(saveables: readonly Saveable[]): void {
    const { name = null, filename = null, reshape = false, sharded = false, maxToKeep = 5 } = this.options;
    const keepCheckpointEveryNHours = this.options.keepCheckpointEveryNHours ?? 10000;
    this.expected = saveables.filter(({ slice }) => slice === '').map(({ name, key }) => ({ name, shape: key.shape }));
    const ops = buildSaver(saveables, { name, filename, reshape, sharded });
    this.adopt(
      new SaverDef({
        filenameTensorName: ops.filename.name,
        saveTensorName: ops.save.name,
        restoreOpName: ops.restore.name,
        maxToKeep: maxToKeep ?? 0,
        sharded,
        keepCheckpointEveryNHours,
        version: SaverDef.V2,
      }),
      null,
    );
    this.isBuilt = true;
  }

  private adopt(def: SaverDef, scope: string | null = this.options.name ?? null): void {
    const scoped = (name: string) => (scope ? `${scope.replace(/\/$/, '')}/${name}` : name);
    if (!def.saveTensorName)
      throw new ValueError(`saver_def must specify the save_tensor_name: ${JSON.stringify(def)}`);
    if (!def.restoreOpName) throw new ValueError(`saver_def must specify the restore_op_name: ${JSON.stringify(def)}`);
    const own = new SaverDef({ ...def });
    own.filenameTensorName = scoped(def.filenameTensorName);
    own.saveTensorName = scoped(def.saveTensorName);
    own.restoreOpName = scoped(def.restoreOpName);
    this.saverDef = own;
    this.nextPreserved = now() + own.keepCheckpointEveryNHours * 3600;
  }

  /** The names of the saver's ops and its settings. */
  asSaverDef(): SaverDef | null {
    return this.saverDef;
  }
  /** The same without the name scope `exportScope`; null where the ops are outside of it. */
  toProto(exportScope: string | null = null): SaverDef | null {
    const def = this.saverDef;
    if (!def || exportScope === null) return def;
    const names = [def.filenameTensorName, def.saveTensorName, def.restoreOpName];
    if (!names.every((name) => name.startsWith(exportScope))) return null;
    const inner = (name: string) => name.slice(exportScope.length).replace(/^\//, '');
    const [filenameTensorName, saveTensorName, restoreOpName] = names.map(inner);
    return new SaverDef({ ...def, filenameTensorName, saveTensorName, restoreOpName });
  }

  /** The checkpoints that are still there, oldest first. */
  get lastCheckpoints(): string[] {
    return this.kept.map(([path]) => path);
  }
  /** Replaces that list. Throws `AssertionError` for what is no list. */
  setLastCheckpoints(lastCheckpoints: readonly string[]): void {
    if (!Array.isArray(lastCheckpoints)) throw new AssertionError('lastCheckpoints must be a list.');
    this.kept = lastCheckpoints.map((path): Kept => [path, Infinity]);
  }
  /** Replaces that list; times are in seconds since 1970. */
  setLastCheckpointsWithTime(lastCheckpointsWithTime: readonly (readonly [path: string, time: number])[]): void {
    if (!Array.isArray(lastCheckpointsWithTime)) throw new AssertionError('lastCheckpointsWithTime must be a list.');
    this.kept = [...lastCheckpointsWithTime];
  }
  /** Replaces that list by those of the checkpoints that are there, with the times of their files. */
  async recoverLastCheckpoints(checkpointPaths: readonly string[]): Promise<void> {
    const found: Kept[] = [];
    for (const path of checkpointPaths) for (const time of await getCheckpointMtimes([path])) found.push([path, time]);
    this.kept = found;
  }

  /**
   * Saves the variables, which must have values, and gives the prefix of the checkpoint: `savePath`, with `-step` behind it
   * where a step is given; null for a saver of nothing. The checkpoint is there as a whole or not at all. Rejects with
   * `ValueError` for a wrong path, `RuntimeError` before `build`, and as `sess.run` does.
   *
   *     await saver.save(sess, 'logs/model', step, {writeMetaGraph: false});
   */
  async save(sess: Evaluator, savePath: string, ...rest: SaveRest): Promise<string | null> {
    const options = bind<SaveOptions>([...SAVE_POSITIONS], rest);
    const { metaGraphSuffix = 'meta', writeState = true } = options;
    const latestFilename = options.latestFilename ?? 'checkpoint';
    if (!this.isBuilt) throw new RuntimeError('`build()` should be called before save if defer_build==True');
    if (latestFilename.includes('/')) throw new ValueError("'latest_filename' must not contain path components");
    const file = await this.checkpointFile(sess, savePath, options.globalStep ?? null, latestFilename);
    if (typeof sess?.run !== 'function') throw new TypeError(`'sess' must be a Session; ${String(sess)}`);
    let path: string | null = null;
    const def = this.saverDef;
    if (!this.isEmpty && def) {
      try {
        path = await this.run(sess, def.saveTensorName, file);
        if (writeState) await this.record(path, dirname(savePath), latestFilename, metaGraphSuffix);
      } catch (error) {
        const isPath = error instanceof FailedPreconditionError || error instanceof NotFoundError;
        if (!isPath || !(await isMissingFolder(await fileSystem(), savePath, error))) throw error;
        throw new ValueError(`Parent directory of ${savePath} doesn't exist, can't save.`);
      }
    }
    if (options.writeMetaGraph ?? true) {
      const { stripDefaultAttrs = false } = options;
      const filename = metaGraphFilename(file, metaGraphSuffix);
      await exportMetaGraph({ filename, graph: sess.graph as Graph, saverDef: this.saverDef, stripDefaultAttrs });
    }
    return path;
  }

  private async checkpointFile(
    sess: Evaluator,
    savePath: string,
    globalStep: SaveOptions['globalStep'],
    latestFilename: string,
  ): Promise<string> {
    if (globalStep === null || globalStep === undefined) {
      if (basename(savePath) === latestFilename && !this.options.sharded) {
        throw new ValueError(`'latest_filename' collides with 'save_path': '${latestFilename}' and '${savePath}'`);
      }
      return savePath;
    }
    const isNumber = typeof globalStep === 'number' || typeof globalStep === 'bigint';
    const step = isNumber ? globalStep : ((await sess.run(globalStep)) as NdArray).item();
    return `${savePath}-${this.options.padStepNumber ? String(step).padStart(8, '0') : step}`;
  }

  private async run(sess: Evaluator, fetch: string, path: string): Promise<string> {
    const filename = (this.saverDef as SaverDef).filenameTensorName;
    const result = await sess.run(fetch, { feedDict: new Map([[filename, path]]) });
    return result === null ? '' : String((result as NdArray).item());
  }

  private async record(path: string, folder: string, latestFilename: string, suffix: string): Promise<void> {
    const def = this.saverDef as SaverDef;
    if (def.maxToKeep > 0) {
      this.kept = this.kept.filter(([known]) => known !== path);
      this.kept.push([path, now()]);
      if (this.kept.length > def.maxToKeep) this.toDelete.push(this.kept.shift() as Kept);
    }
    const placed = (known: string) => (this.options.saveRelativePaths ? relativeTo(folder, known) : known);
    const paths = this.lastCheckpoints.map(placed);
    await updateCheckpointState(folder, placed(path), { allModelCheckpointPaths: paths, latestFilename });
    await this.deleteOld(def, suffix);
  }

  private async deleteOld(def: SaverDef, suffix: string): Promise<void> {
    const oldest = this.toDelete.shift();
    if (!oldest) return;
    const [path, time] = oldest;
    if (time > this.nextPreserved) {
      this.nextPreserved += def.keepCheckpointEveryNHours * 3600;
      return;
    }
    await removeCheckpoint(path, def.version, suffix).catch((error: Error) =>
      console.warn(`Ignoring: ${error.message}`),
    );
  }

  /**
   * The default graph with what is needed to make the saver again, as a message; with a filename it is written as well, and
   * what comes back is a promise. Options are those of `tf.train.exportMetaGraph`.
   *
   *     await saver.exportMetaGraph('/tmp/model.meta', {asText: true});
   */
  exportMetaGraph(filename: string, ...rest: SaverExportRest): Promise<MetaGraphDef>;
  exportMetaGraph(filename?: null, ...rest: SaverExportRest): MetaGraphDef;
  exportMetaGraph(filename: string | null = null, ...rest: SaverExportRest): MetaGraphDef | Promise<MetaGraphDef> {
    const options = bind<SaverExportOptions>([...EXPORT_POSITIONS], rest);
    const all = { ...options, saverDef: this.saverDef };
    return filename ? exportMetaGraph(filename, all) : exportMetaGraph(null, all);
  }

  /**
   * Gives the variables the values of a checkpoint; they need not have any before. Rejects with `ValueError` where there is
   * no checkpoint, `NotFoundError` where it lacks a variable, `InvalidArgumentError` where types or shapes differ,
   * `DataLossError` for damaged files.
   *
   *     await saver.restore(sess, await tf.train.latestCheckpoint('logs'));
   *     await saver.restore(sess, new URL('model.ckpt-100', location.href));
   *     await saver.restore(sess, input.files);  // model.ckpt-100.index and model.ckpt-100.data-00000-of-00001
   */
  async restore(sess: Evaluator, savePath: FolderSource | null): Promise<void> {
    if (this.isEmpty) return;
    if (savePath === null || savePath === undefined) throw new ValueError("Can't load save_path when it is None.");
    if (!this.saverDef) throw new RuntimeError('`build()` should be called before restore if defer_build==True');
    const path = pathOfCheckpoint(savePath);
    if (!(await checkpointExists(path))) {
      throw new ValueError(`The passed save_path is not a valid checkpoint: ${path}`);
    }
    try {
      await this.checkShapes(path);
      await this.run(sess, this.saverDef.restoreOpName, path);
    } catch (error) {
      if (error instanceof NotFoundError) {
        const names = await objectNames(path);
        if (names === null) throw explained(error, 'a Variable name or other graph key that is missing');
        await this.restoreObjects(sess, path, names);
      } else if (error instanceof InvalidArgumentError) {
        throw explained(error, 'a mismatch between the current graph and the graph');
      } else throw error;
    }
  }

  /** The ops would give variables values of other shapes than they have: what depends on them would fail much later. */
  private async checkShapes(path: string): Promise<void> {
    if (this.options.reshape || this.expected.length === 0) return;
    const { tensors } = await openCheckpoint(await fileSystem(path), path);
    for (const { name, shape } of this.expected) {
      const stored = tensors.get(name);
      if (!stored || isCompatible(shape, stored.shape)) continue;
      const sizes = [shape, stored.shape].map(formatShapeBrackets);
      throw new InvalidArgumentError(
        null,
        `Assign requires shapes of both tensors to match. lhs shape= ${sizes[0]} rhs shape= ${sizes[1]}, for ${name}`,
      );
    }
  }

  /** The checkpoint is of the kind that TensorFlow 2 writes: its names are those of objects. */
  private async restoreObjects(sess: Evaluator, path: string, names: ReadonlyMap<string, string>): Promise<void> {
    const graph = sess.graph as Graph;
    this.objectSaver ??= graph.asDefault(() =>
      Saver.of(renamedSaveables(saveablesOf(this.varList ?? allSaveables()), names)),
    );
    await this.objectSaver.restore(sess, path);
  }
}

function readArguments(args: readonly unknown[]): { varList: VarList | null; options: SaverOptions } {
  const [first, ...rest] = args;
  if (args.length === 1 && isSaverOptions(first)) return { varList: first.varList ?? null, options: first };
  const options = bind<SaverOptions & { builder: null }>([...POSITIONS], rest);
  return { varList: (first as VarList | null | undefined) ?? options.varList ?? null, options };
}

const KEYWORDS = new Set<string>([...POSITIONS, 'varList']);

/** A single object is options where its keys are; a variable of such a name goes into a `Map`. */
function isSaverOptions(value: unknown): value is SaverOptions {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.entries(value).every(([key, item]) => KEYWORDS.has(key) && !isVariable(item, key));
}
function isVariable(item: unknown, key: string): boolean {
  return key !== 'varList' && key !== 'saverDef' && typeof item === 'object' && item !== null;
}

/** What is saved where nothing else is said: variables, and what others want to be saved. */
function allSaveables(): VarList {
  const graph = getDefaultGraph();
  return [
    ...graph.getCollection(GraphKeys.GLOBAL_VARIABLES),
    ...graph.getCollection(GraphKeys.SAVEABLE_OBJECTS),
  ] as Variable[];
}

function explained(error: OpError, what: string): OpError {
  const text = `Restoring from checkpoint failed. This is most likely due to ${what} from the checkpoint. Please ensure that you have not altered the graph expected based on the checkpoint. Original error:\n\n${error.message}`;
  return new (error.constructor as new (op: OpError['op'], message: string) => OpError)(error.op, text);
}

function now(): number {
  return Date.now() / 1000;
}
