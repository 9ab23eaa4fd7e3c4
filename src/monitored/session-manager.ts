/**
 * `SessionManager`: opens sessions that are ready to train, initialized or restored by the chief, waited for by the others.
 * The ops for that are the scaffold's.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import { makeSession } from '../graph/evaluator.ts';
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import { getCheckpointState } from '../io/checkpoint/management.ts';
import type { Saver } from '../io/checkpoint/saver.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { int32 } from '../util/dtype.ts';
import { DeadlineExceededError, FailedPreconditionError, RuntimeError, ValueError } from '../util/errors.ts';
import { decodeString, type NdArray } from '../util/ndarray.ts';
import type { HookedSession, HookFeeds, HookRunOptions } from './hooks.ts';

export interface SessionManagerOptions {
  /** Run in every new session. */
  readonly localInitOp?: Operation | null;
  /** The names of what is not initialized: a session is ready where there are none. Without it all are ready. */
  readonly readyOp?: Tensor | null;
  /** As `readyOp`, for what `localInitOp` needs. */
  readonly readyForLocalInitOp?: Tensor | null;
  /** The default graph without it. */
  readonly graph?: Graph | null;
  /** Seconds between looks whether a model is ready; 30 without it. */
  readonly recoveryWaitSecs?: number;
  readonly localInitRunOptions?: HookRunOptions | null;
  readonly localInitFeedDict?: HookFeeds | null;
}

/** Where a model may be restored from, and how long that is waited for. */
export interface RestoreOptions {
  readonly saver?: Saver | null;
  /** A folder: its latest checkpoint. */
  readonly checkpointDir?: string | null;
  /** One checkpoint. */
  readonly checkpointFilenameWithPath?: string | null;
  readonly waitForCheckpoint?: boolean;
  /** Seconds; 7200 without it. */
  readonly maxWaitSecs?: number;
  /** The configuration of the session. */
  readonly config?: unknown;
}

export interface PrepareOptions extends RestoreOptions {
  readonly initOp?: Operation | null;
  readonly initFeedDict?: HookFeeds | null;
  readonly initFn?: ((session: HookedSession) => void | Promise<void>) | null;
}

interface Readiness {
  readonly isReady: boolean;
  /** What is missing; null where it is ready. */
  readonly message: string | null;
}

const READY: Readiness = { isReady: true, message: null };

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * Opens sessions on a target. The chief calls `prepareSession`, which initializes the model or restores it; all others
 * `waitForSession`, which waits until it has.
 *
 *     const manager = new tf.train.SessionManager({readyOp: tf.reportUninitializedVariables()});
 *     const sess = await manager.waitForSession('grpc://localhost:2223');
 */
export class SessionManager {
  private readonly localInitOp: Operation | null;
  private readonly readyOp: Tensor | null;
  private readonly readyForLocalInitOp: Tensor | null;
  private readonly graph: Graph;
  private readonly recoveryWaitSecs: number;
  private readonly localInitRunOptions: HookRunOptions | null;
  private readonly localInitFeedDict: HookFeeds | null;

  /** Throws `ValueError` for `readyForLocalInitOp` without `localInitOp`. */
  constructor(
    ...rest: Rest<
      [
        localInitOp: Operation | null,
        readyOp: Tensor | null,
        readyForLocalInitOp: Tensor | null,
        graph: Graph | null,
        recoveryWaitSecs: number,
        localInitRunOptions: HookRunOptions | null,
        localInitFeedDict: HookFeeds | null,
      ],
      SessionManagerOptions
    >
  ) {
    const options = bind<SessionManagerOptions>(
      [
        'localInitOp',
        'readyOp',
        'readyForLocalInitOp',
        'graph',
        'recoveryWaitSecs',
        'localInitRunOptions',
        'localInitFeedDict',
      ],
      rest,
    );
    this.localInitOp = options.localInitOp ?? null;
    this.readyOp = options.readyOp ?? null;
    this.readyForLocalInitOp = options.readyForLocalInitOp ?? null;
    this.graph = options.graph ?? getDefaultGraph();
    this.recoveryWaitSecs = options.recoveryWaitSecs ?? 30;
    this.localInitRunOptions = options.localInitRunOptions ?? null;
    this.localInitFeedDict = options.localInitFeedDict ?? null;
    if (this.readyForLocalInitOp && !this.localInitOp) {
      throw new ValueError(
        `If you pass a ready_for_local_init_op you must also pass a local_init_op , ready_for_local_init_op [${this.readyForLocalInitOp}]`,
      );
    }
  }

  /**
   * A session whose model is restored, where there is a checkpoint, or else initialized. Rejects with `RuntimeError` where
   * that leaves something without a value, or where there is nothing to initialize with.
   */
  async prepareSession(master: string, options: PrepareOptions = {}): Promise<HookedSession> {
    const { session, isRestored } = await this.restoreCheckpoint(master, options);
    try {
      const { initOp = null, initFn = null, initFeedDict = null } = options;
      if (!isRestored) {
        if (!initOp && !initFn && !this.localInitOp) {
          throw new RuntimeError('Model is not initialized and no init_op or init_fn or local_init_op was given');
        }
        if (initOp) await session.run(initOp, { feedDict: initFeedDict as never });
        if (initFn) await initFn(session);
      }
      const local = await this.tryLocalInit(session);
      const ops = `Init op: ${initOp?.name ?? 'None'}, init fn: ${initFn ? String(initFn.name || 'function') : 'None'}`;
      if (!local.isReady) {
        throw new RuntimeError(
          `Init operations did not make model ready for local_init.  ${ops}, error: ${local.message}`,
        );
      }
      const model = await isReady(this.readyOp, session);
      if (!model.isReady) {
        throw new RuntimeError(
          `Init operations did not make model ready.  ${ops}, local_init_op: ${this.localInitOp?.name ?? 'None'}, error: ${model.message}`,
        );
      }
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** A session, and whether its model was restored and is ready. */
  async recoverSession(
    master: string,
    options: RestoreOptions = {},
  ): Promise<readonly [session: HookedSession, initialized: boolean]> {
    const { session, isRestored } = await this.restoreCheckpoint(master, options);
    const local = await this.tryLocalInit(session);
    if (!isRestored || !local.isReady) return [session, false];
    return [session, (await isReady(this.readyOp, session)).isReady];
  }

  /**
   * A session, once somebody else has initialized the model. Rejects with `DeadlineExceededError` where that takes longer
   * than `maxWaitSecs`.
   */
  async waitForSession(
    master: string,
    ...rest: Rest<
      [config: unknown, maxWaitSecs: number | null],
      { readonly config?: unknown; readonly maxWaitSecs?: number | null }
    >
  ): Promise<HookedSession> {
    const { config, maxWaitSecs } = bind<{ config: unknown; maxWaitSecs: number | null }>(
      ['config', 'maxWaitSecs'],
      rest,
    );
    const limit = maxWaitSecs ?? Infinity;
    const start = performance.now();
    while (true) {
      const session = makeSession(this.graph, config, master);
      try {
        const local = await this.tryLocalInit(session);
        if (local.isReady && (await isReady(this.readyOp, session)).isReady) return session;
      } catch (error) {
        session.close();
        throw error;
      }
      session.close();
      const left = limit - (performance.now() - start) / 1000 - this.recoveryWaitSecs;
      if (left < 0) throw new DeadlineExceededError(null, `Session was not ready after waiting ${limit} secs.`);
      await pause(this.recoveryWaitSecs);
    }
  }

  private async restoreCheckpoint(
    master: string,
    options: RestoreOptions,
  ): Promise<{ readonly session: HookedSession; readonly isRestored: boolean }> {
    const { saver, checkpointDir, checkpointFilenameWithPath: file } = options;
    if (checkpointDir && file) {
      throw new ValueError('Can not provide both checkpoint_dir and checkpoint_filename_with_path.');
    }
    const session = makeSession(this.graph, options.config, master);
    const from = !saver ? null : file ? { path: file, all: [] } : await this.latest(checkpointDir ?? null, options);
    if (!saver || !from) return { session, isRestored: false };
    const initializers = this.graph.getCollection('saved_model_initializers');
    if (initializers.length > 0) await session.run(initializers as object);
    await saver.restore(session, from.path);
    if (from.all.length > 0) await saver.recoverLastCheckpoints(from.all);
    return { session, isRestored: true };
  }

  /** The latest checkpoint of the folder; null where there is none, and none comes in time. */
  private async latest(folder: string | null, { waitForCheckpoint = false, maxWaitSecs = 7200 }: RestoreOptions) {
    if (!folder) return null;
    for (let waited = 0; ; waited += this.recoveryWaitSecs) {
      const state = await getCheckpointState(folder);
      if (state?.modelCheckpointPath) return { path: state.modelCheckpointPath, all: state.allModelCheckpointPaths };
      if (!waitForCheckpoint || waited >= maxWaitSecs) return null;
      await pause(this.recoveryWaitSecs);
    }
  }

  private async tryLocalInit(session: HookedSession): Promise<Readiness> {
    if (!this.localInitOp) return READY;
    const ready = await isReady(this.readyForLocalInitOp, session);
    if (!ready.isReady) return ready;
    const options = this.localInitRunOptions as never;
    await session.run(this.localInitOp, { feedDict: this.localInitFeedDict as never, options });
    return READY;
  }
}

/** Whether the op names nothing that is missing. */
export async function isReady(op: Tensor | null, session: HookedSession): Promise<Readiness> {
  if (!op) return READY;
  try {
    const value = (await session.run(op)) as NdArray;
    if (value.dtype === int32 || value.size === 0) return READY;
    const names = Array.from(value.data as Uint8Array[], decodeString).join(', ');
    return { isReady: false, message: `Variables not initialized: ${names}` };
  } catch (error) {
    if (!(error instanceof FailedPreconditionError) || !error.message.includes('uninitialized')) throw error;
    return { isReady: false, message: error.message };
  }
}
