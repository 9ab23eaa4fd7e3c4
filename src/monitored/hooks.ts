/**
 * What is called beside the runs of a monitored session: `SessionRunHook`, and what it is told and asks for. Calling them is
 * `monitored-session.ts`'s business, hooks for common ends are `step-hooks.ts`'s and `saving-hooks.ts`'s.
 */
import type { AnySession } from '../graph/evaluator.ts';
import type { Coordinator } from '../queues/coordinator.ts';

/** A session, as hooks have it. */
export type HookedSession = AnySession;

/** Options of a run, as `Session.run` takes them. */
export interface HookRunOptions {
  /** The number of `tf.RunOptions.FULL_TRACE` and its like. */
  readonly traceLevel?: number;
  readonly timeoutInMs?: number;
}

/** Feeds, in any of the forms that `Session.run` takes. */
export type HookFeeds = ReadonlyMap<unknown, unknown> | readonly (readonly [unknown, unknown])[] | object;

/** What a run is asked for: by the program, or by a hook beside it. */
export class SessionRunArgs {
  constructor(
    readonly fetches: unknown,
    readonly feedDict: HookFeeds | null = null,
    readonly options: HookRunOptions | null = null,
  ) {}
}

/** What a run gave for the fetches of one hook. */
export class SessionRunValues {
  constructor(
    readonly results: unknown,
    readonly options: HookRunOptions,
    /** The record that the program gave to the run; null without one. */
    readonly runMetadata: unknown,
  ) {}
}

/** The run that is about to be made, for the hooks beside it. */
export class SessionRunContext {
  private stop = false;

  constructor(
    /** What the program asked for. */
    readonly originalArgs: SessionRunArgs,
    readonly session: HookedSession,
  ) {}

  /** Whether a hook asked for the end. */
  get stopRequested(): boolean {
    return this.stop;
  }
  /** Has `shouldStop` of the monitored session be true from now on. */
  requestStop(): void {
    this.stop = true;
  }
}

/**
 * The base of hooks. Methods may return promises, except `begin`; each does nothing unless it is overridden.
 *
 *     class Print extends tf.train.SessionRunHook {
 *       beforeRun() { return new tf.train.SessionRunArgs(loss); }
 *       afterRun(_context, values) { console.log(values.results.item()); }
 *     }
 */
export class SessionRunHook {
  /** Called before the graph is finalized: ops can be added. */
  begin(): void {}
  /** Called for every session that is made, also after a loss of one. */
  afterCreateSession(_session: HookedSession, _coord: Coordinator): void | Promise<void> {}
  /** What is to be run beside what the program asks for; null for nothing. */
  beforeRun(_context: SessionRunContext): SessionRunArgs | null | Promise<SessionRunArgs | null> {
    return null;
  }
  /** Called with the values of what `beforeRun` asked for, unless the run failed. */
  afterRun(_context: SessionRunContext, _values: SessionRunValues): void | Promise<void> {}
  /** Called at the end, with the session that is still open, unless that came by an error. */
  end(_session: HookedSession): void | Promise<void> {}
}
