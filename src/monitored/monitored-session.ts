/**
 * `MonitoredSession`: a session with hooks that is made anew when it is lost. How one run goes is `run-hooks.ts`'s business,
 * how sessions are made that of the creators.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Graph } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { Coordinator } from '../queues/coordinator.ts';
import { startQueueRunners } from '../queues/queue-runner.ts';
import { AbortedError, OutOfRangeError, RuntimeError, UnavailableError } from '../util/errors.ts';
import type { HookedSession, SessionRunHook } from './hooks.ts';
import { type MonitoredRunOptions, runWithHooks } from './run-hooks.ts';
import type { Scaffold } from './scaffold.ts';
import { ChiefSessionCreator, type SessionCreator } from './session-creators.ts';

/** How long a session that could not be made is left alone, in milliseconds. */
const RETRY_MS = 100;

/** Errors that speak of a machine that is gone, and not of the program. */
function isLoss(error: unknown): boolean {
  return error instanceof AbortedError || error instanceof UnavailableError;
}

/** What a step function of `runStepFn` asks the loop to end with; `enter` takes it for a regular end. */
export class StopIteration extends Error {
  override name = 'StopIteration';
}

/** What a step function has: the session itself, and runs with hooks. */
export class StepContext {
  constructor(
    /** Runs without hooks. */
    readonly session: HookedSession,
    private readonly run: (fetches: unknown, options?: MonitoredRunOptions) => Promise<unknown>,
  ) {}

  runWithHooks(fetches: unknown, options?: MonitoredRunOptions): Promise<unknown> {
    return this.run(fetches, options);
  }
  /** Ends the step, and has `shouldStop` be true. */
  requestStop(): never {
    throw new StopIteration('step_fn has requested the iterations to stop.');
  }
}

interface Live {
  readonly session: HookedSession;
  readonly coord: Coordinator;
}

/** What monitored sessions have in common. */
export class MonitoredSessionBase {
  /** The graph that it runs: the default one when it was made. */
  readonly graph: Graph;
  private readonly wasFinalized: boolean;
  private readonly creator: SessionCreator;
  private live: Live | null = null;
  private making: Promise<Live> | null = null;
  private stop = false;
  private closed = false;

  /** Calls `begin` of the hooks and finalizes the graph. The session itself is made at the first use. */
  constructor(
    creator: SessionCreator | null,
    private readonly hooks: readonly SessionRunHook[],
    private readonly recovers: boolean,
    private readonly stopGracePeriodSecs: number,
  ) {
    this.graph = getDefaultGraph();
    this.wasFinalized = this.graph.finalized;
    for (const hook of hooks) hook.begin();
    this.creator = creator ?? new ChiefSessionCreator();
    this.creator.prepare();
  }

  /** Makes the session, if there is none: `run` does it by itself. */
  async ready(): Promise<this> {
    await this.current();
    return this;
  }

  private current(): Promise<Live> {
    if (this.closed) return Promise.reject(new RuntimeError('Run called even after should_stop requested.'));
    if (this.live) return Promise.resolve(this.live);
    this.making ??= this.make().finally(() => {
      this.making = null;
    });
    return this.making;
  }

  private async make(): Promise<Live> {
    while (true) {
      try {
        const session = await this.creator.createSession();
        const coord = new Coordinator({ cleanStopExceptionTypes: [] });
        this.live = { session, coord };
        if (this.graph.getCollection(GraphKeys.QUEUE_RUNNERS).length > 0) startQueueRunners(session, coord);
        for (const hook of this.hooks) await hook.afterCreateSession(session, coord);
        return this.live;
      } catch (error) {
        await this.drop();
        if (!this.recovers || !isLoss(error) || this.closed) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Lets go of a session, and of what runs beside it. */
  private async drop(): Promise<unknown> {
    const { live } = this;
    this.live = null;
    if (!live) return null;
    live.coord.requestStop();
    // Loops that wait for a queue end with the session.
    const joined = live.coord.join(null, { stopGracePeriodSecs: this.stopGracePeriodSecs, ignoreLiveThreads: true });
    const outcome = joined.then(
      () => null,
      (error) => error,
    );
    const inTime = await Promise.race([outcome, new Promise((resolve) => setTimeout(resolve, RETRY_MS))]);
    live.session.close();
    return inTime ?? outcome;
  }

  /**
   * As `Session.run`, with what the hooks ask for beside it. Where the server is lost (`AbortedError`,
   * `UnavailableError`), a new session is made and the run is made again. Rejects with `RuntimeError` after the stop.
   */
  run(fetches: unknown, given: MonitoredRunOptions = {}): Promise<unknown> {
    return this.guarded((live) => this.runHooked(live, fetches, given));
  }

  /** Calls the function with a `StepContext`: it may run with hooks and without. */
  runStepFn<R>(stepFn: (stepContext: StepContext) => Promise<R>): Promise<R | null> {
    return this.guarded(async (live) => {
      const context = new StepContext(live.session, (fetches, options = {}) => this.runHooked(live, fetches, options));
      try {
        return await stepFn(context);
      } catch (error) {
        if (!(error instanceof StopIteration)) throw error;
        this.stop = true;
        return null;
      }
    });
  }

  private async guarded<R>(action: (live: Live) => Promise<R>): Promise<R> {
    while (true) {
      const live = await this.current();
      try {
        if (this.shouldStop()) throw new RuntimeError('Run called even after should_stop requested.');
        return await action(live);
      } catch (error) {
        const cause = causeOf(error, live.coord);
        if (!this.recovers || !isLoss(cause) || this.closed) throw cause;
        if (this.live === live) await this.drop();
      }
    }
  }

  private async runHooked({ session }: Live, fetches: unknown, given: MonitoredRunOptions): Promise<unknown> {
    const { values, stop } = await runWithHooks(session, this.hooks, fetches, given);
    this.stop ||= stop;
    return values;
  }

  /** Whether a hook or a loop beside the session asked for the end, or the session was closed. */
  shouldStop(): boolean {
    if (this.closed || this.stop) return true;
    const { live } = this;
    if (!live) return false;
    try {
      live.coord.raiseRequestedException();
      return live.coord.shouldStop();
    } catch (error) {
      // The next run makes a session anew.
      return !(this.recovers && isLoss(error));
    }
  }

  /** Calls `end` of the hooks, ends what runs beside the session, and closes it. Rejects with what the loops ended with. */
  async close(): Promise<void> {
    await this.end(true);
  }

  /** `await using sess = …` closes at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.closed) await this.end(true);
  }

  /**
   * Python's `with`: calls the body and closes. `OutOfRangeError`, the end of the input, ends it without an error; after
   * other errors the hooks' `end` is not called.
   *
   *     await sess.enter(async () => { while (!sess.shouldStop()) await sess.run(step); });
   */
  async enter(body: (session: this) => Promise<void>): Promise<void> {
    try {
      await body(this);
    } catch (error) {
      const isEnd = error instanceof OutOfRangeError || error instanceof StopIteration;
      await this.end(isEnd).catch((other) => {
        if (isEnd) throw other;
      });
      if (!isEnd) throw error;
      return;
    }
    await this.end(true);
  }

  private async end(callsHooks: boolean): Promise<void> {
    if (this.closed) throw new RuntimeError('Session is already closed.');
    let problem: unknown = null;
    try {
      await this.making?.catch(() => {});
      const { live } = this;
      if (callsHooks && live) for (const hook of this.hooks) await hook.end(live.session);
    } catch (error) {
      problem = error;
    }
    this.closed = true;
    const ofLoops = await this.drop();
    if (!this.wasFinalized) this.graph.unfinalize();
    problem ??= ofLoops;
    if (problem) throw problem;
  }

  /** The session that it holds now; null where there is none. */
  protected get rawSessionOrNull(): HookedSession | null {
    return this.live?.session ?? null;
  }
}

/** What a loop beside the session ended with, where that is why the run failed: the loss of a machine. */
function causeOf(error: unknown, coord: Coordinator): unknown {
  if (isLoss(error)) return error;
  try {
    coord.raiseRequestedException();
  } catch (requested) {
    if (isLoss(requested)) return requested;
  }
  return error;
}

export interface MonitoredSessionOptions {
  /** A `ChiefSessionCreator` without it. */
  readonly sessionCreator?: SessionCreator | null;
  readonly hooks?: readonly SessionRunHook[] | null;
  /** Seconds that loops beside the session may take to end; 120 without it. */
  readonly stopGracePeriodSecs?: number;
}

/**
 * A session for training: it initializes or restores the model, calls hooks, and is made anew when its server is lost.
 * It is no `tf.Session`: it cannot be the default session, and savers do not take it.
 *
 *     const sess = new tf.train.MonitoredSession({hooks: [new tf.train.StopAtStepHook({lastStep: 1000})]});
 *     await sess.enter(async () => { while (!sess.shouldStop()) await sess.run(step); });
 */
export class MonitoredSession extends MonitoredSessionBase {
  constructor(
    ...rest: Rest<
      [sessionCreator: SessionCreator | null, hooks: readonly SessionRunHook[] | null, stopGracePeriodSecs: number],
      MonitoredSessionOptions
    >
  ) {
    const options = bind<MonitoredSessionOptions>(['sessionCreator', 'hooks', 'stopGracePeriodSecs'], rest);
    super(options.sessionCreator ?? null, options.hooks ?? [], true, options.stopGracePeriodSecs ?? 120);
  }
}

export interface SingularMonitoredSessionOptions {
  readonly hooks?: readonly SessionRunHook[] | null;
  readonly scaffold?: Scaffold | null;
  readonly master?: string;
  readonly config?: unknown;
  readonly checkpointDir?: string | null;
  readonly stopGracePeriodSecs?: number;
  readonly checkpointFilenameWithPath?: string | null;
}

/** As `MonitoredSession`, for one machine: a loss is an error, and the session inside can be had. */
export class SingularMonitoredSession extends MonitoredSessionBase {
  constructor(
    ...rest: Rest<
      [
        hooks: readonly SessionRunHook[] | null,
        scaffold: Scaffold | null,
        master: string,
        config: unknown,
        checkpointDir: string | null,
        stopGracePeriodSecs: number,
        checkpointFilenameWithPath: string | null,
      ],
      SingularMonitoredSessionOptions
    >
  ) {
    const { hooks, stopGracePeriodSecs, ...options } = bind<SingularMonitoredSessionOptions>(
      ['hooks', 'scaffold', 'master', 'config', 'checkpointDir', 'stopGracePeriodSecs', 'checkpointFilenameWithPath'],
      rest,
    );
    super(new ChiefSessionCreator(options), hooks ?? [], false, stopGracePeriodSecs ?? 120);
  }

  /** The session inside, once it is `ready`; null before. */
  rawSession(): HookedSession | null {
    return this.rawSessionOrNull;
  }
}
