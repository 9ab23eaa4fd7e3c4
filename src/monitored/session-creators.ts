/**
 * The creators of sessions: how the chief of a cluster gets one, and how the other workers do. Using them, also once more
 * after a loss, is the monitored session's business.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Graph } from '../graph/graph.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import type { HookedSession } from './hooks.ts';
import { Scaffold } from './scaffold.ts';
import { SessionManager } from './session-manager.ts';

/** Makes sessions for a `MonitoredSession`. */
export abstract class SessionCreator {
  abstract createSession(): Promise<HookedSession>;

  /** Adds to the graph what is needed, before it is finalized. Called once, when nothing has been made. */
  prepare(): void {}
}

export interface ChiefSessionCreatorOptions {
  /** A new one without it. */
  readonly scaffold?: Scaffold | null;
  /** The target of the session: none for one in this process. */
  readonly master?: string;
  /** The configuration of the session. */
  readonly config?: unknown;
  /** A folder: the model is restored from its latest checkpoint, if there is one. */
  readonly checkpointDir?: string | null;
  /** One checkpoint that the model is restored from. */
  readonly checkpointFilenameWithPath?: string | null;
}

abstract class ScaffoldSessionCreator extends SessionCreator {
  protected readonly scaffold: Scaffold;
  private readonly graph: Graph = getDefaultGraph();
  private sessionManager: SessionManager | null = null;

  constructor(
    scaffold: Scaffold | null | undefined,
    protected readonly master: string,
    protected readonly config: unknown,
    private readonly recoveryWaitSecs: number | undefined,
  ) {
    super();
    this.scaffold = scaffold ?? new Scaffold();
  }

  override prepare(): void {
    const { graph } = this;
    if (getDefaultGraph() === graph) this.scaffold.finalize();
    else graph.asDefault(() => this.scaffold.finalize());
  }

  protected manager(): SessionManager {
    this.prepare();
    const { localInitOp, localInitFeedDict, readyOp, readyForLocalInitOp } = this.scaffold;
    this.sessionManager ??= new SessionManager({
      localInitOp,
      localInitFeedDict,
      readyOp,
      readyForLocalInitOp,
      graph: this.graph,
      recoveryWaitSecs: this.recoveryWaitSecs,
    });
    return this.sessionManager;
  }
}

/**
 * Makes the sessions of the chief, who restores the model or initializes it.
 *
 *     new tf.train.ChiefSessionCreator({master: 'grpc://localhost:2223', checkpointDir: 'logs'});
 */
export class ChiefSessionCreator extends ScaffoldSessionCreator {
  private readonly checkpointDir: string | null;
  private readonly checkpointFile: string | null;

  constructor(
    ...rest: Rest<
      [
        scaffold: Scaffold | null,
        master: string,
        config: unknown,
        checkpointDir: string | null,
        checkpointFilenameWithPath: string | null,
      ],
      ChiefSessionCreatorOptions
    >
  ) {
    const options = bind<ChiefSessionCreatorOptions>(
      ['scaffold', 'master', 'config', 'checkpointDir', 'checkpointFilenameWithPath'],
      rest,
    );
    super(options.scaffold, options.master ?? '', options.config, undefined);
    this.checkpointDir = options.checkpointDir ?? null;
    this.checkpointFile = options.checkpointFilenameWithPath ?? null;
  }

  async createSession(): Promise<HookedSession> {
    const manager = this.manager();
    const { saver, initOp, initFeedDict, initFn } = this.scaffold;
    return manager.prepareSession(this.master, {
      saver,
      checkpointDir: this.checkpointDir,
      checkpointFilenameWithPath: this.checkpointFile,
      config: this.config,
      initOp,
      initFeedDict,
      initFn,
    });
  }
}

export interface WorkerSessionCreatorOptions {
  readonly scaffold?: Scaffold | null;
  readonly master?: string;
  readonly config?: unknown;
  /** Seconds that the model may take to be ready; 1800 without it. */
  readonly maxWaitSecs?: number;
  /** Seconds between looks whether it is; 30 without it. */
  readonly recoveryWaitSecs?: number;
}

/** Makes the sessions of workers that are not the chief: each waits until the model is ready. */
export class WorkerSessionCreator extends ScaffoldSessionCreator {
  private readonly maxWaitSecs: number;

  constructor(
    ...rest: Rest<
      [scaffold: Scaffold | null, master: string, config: unknown, maxWaitSecs: number],
      WorkerSessionCreatorOptions
    >
  ) {
    const options = bind<WorkerSessionCreatorOptions>(['scaffold', 'master', 'config', 'maxWaitSecs'], rest);
    super(options.scaffold, options.master ?? '', options.config, options.recoveryWaitSecs);
    this.maxWaitSecs = options.maxWaitSecs ?? 1800;
  }

  async createSession(): Promise<HookedSession> {
    return this.manager().waitForSession(this.master, { config: this.config, maxWaitSecs: this.maxWaitSecs });
  }
}
