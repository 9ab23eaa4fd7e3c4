/** One run with hooks beside it: what they ask for is added, what they get is handed out. Sessions are made elsewhere. */
import { RuntimeError } from '../util/errors.ts';
import {
  type HookedSession,
  type HookFeeds,
  type HookRunOptions,
  SessionRunArgs,
  SessionRunContext,
  type SessionRunHook,
  SessionRunValues,
} from './hooks.ts';

/** What a program asks of a run, beside the fetches. */
export interface MonitoredRunOptions {
  readonly feedDict?: HookFeeds | null;
  readonly options?: HookRunOptions | null;
  readonly runMetadata?: unknown;
}

/** Under this key come the values that the program asked for. */
const CALLER = 'caller';

/** Runs; the values for the program, and whether a hook asked for the end. */
export async function runWithHooks(
  session: HookedSession,
  hooks: readonly SessionRunHook[],
  fetches: unknown,
  given: MonitoredRunOptions,
): Promise<{ readonly values: unknown; readonly stop: boolean }> {
  const context = new SessionRunContext(new SessionRunArgs(fetches, given.feedDict ?? null), session);
  const wanted = new Map<unknown, unknown>([[CALLER, fetches]]);
  const hookFeeds = new Map<unknown, unknown>();
  let options: HookRunOptions = given.options ?? {};
  for (const hook of hooks) {
    const asked = await hook.beforeRun(context);
    if (!asked) continue;
    if (asked.fetches !== null && asked.fetches !== undefined) wanted.set(hook, asked.fetches);
    if (asked.feedDict) addFeeds(hookFeeds, asked.feedDict, 'Same tensor is fed by two hooks.');
    if (asked.options) options = mergedOptions(options, asked.options);
  }
  const feedDict = new Map(hookFeeds);
  if (given.feedDict) addFeeds(feedDict, given.feedDict, 'Same tensor is fed by a SessionRunHook and user.');
  const { runMetadata } = given;
  const results = (await session.run(wanted as never, { feedDict, options, runMetadata } as never)) as Map<
    unknown,
    unknown
  >;
  for (const hook of hooks) {
    await hook.afterRun(context, new SessionRunValues(results.get(hook) ?? null, options, runMetadata ?? null));
  }
  return { values: results.get(CALLER), stop: context.stopRequested };
}

function addFeeds(to: Map<unknown, unknown>, feeds: HookFeeds, message: string): void {
  const pairs = feeds instanceof Map || Array.isArray(feeds) ? feeds : Object.entries(feeds);
  for (const [key, value] of pairs as Iterable<readonly [unknown, unknown]>) {
    if (to.has(key)) throw new RuntimeError(`${message} Conflict(s): [${String(key)}]`);
    to.set(key, value);
  }
}

/** The larger of each. */
function mergedOptions(a: HookRunOptions, b: HookRunOptions): HookRunOptions {
  const larger = (x = 0, y = 0): number => Math.max(x, y);
  return { traceLevel: larger(a.traceLevel, b.traceLevel), timeoutInMs: larger(a.timeoutInMs, b.timeoutInMs) };
}
