/**
 * What stands behind a session: the interface of the machinery that runs requests, in this process or on a server. Which
 * requests there are, and how they and their results look to users, is `session.ts`'s business.
 */
import type { Request } from '../compiler/ir/import.ts';
import type { Tensor } from '../src/graph/graph.ts';
import type { NdArray } from '../src/util/ndarray.ts';
import type { Backend } from './backends/backend.ts';
import type { DeviceAttributes } from './devices.ts';
import type { EngineRequest } from './engine.ts';
import type { Feed } from './feeds.ts';
import type { FetchPlan } from './fetches.ts';
import type { InitializeRequest } from './initialize.ts';
import type { SessionReport } from './live-sessions.ts';
import type { RunValue } from './run.ts';
import type { RunArguments } from './session-arguments.ts';

export const NO_STATE: SessionReport = { variables: 0, plans: 0, buffers: 0, bytes: 0 };

/** A run in several steps, as `Session.partialRunSetup` hands it out. */
export interface PartialRun {
  /** Whether everything set up has been fed and fetched. */
  readonly exhausted: boolean;
}

/** Runs a fixed request with these feeds, which are its own from then on. */
export type FixedRun = (feeds: readonly Feed[]) => Promise<RunValue[]>;

/** Runs the requests of one session. Feeds that it is given are its to release. */
export interface Runner {
  /** The name of the backend. */
  readonly backend: string;
  /** Whose buffers feeds may share; null where there is none, or none yet. */
  readonly device: Backend | null;

  /** Makes it ready for requests; a second call makes nothing new. */
  start(): Promise<void>;
  /** The values of the fetches, in order. */
  run(request: EngineRequest, given: RunArguments): Promise<RunValue[]>;
  /** Throws `RuntimeError` where `runSync` cannot be called. */
  checkSync(): void;
  /** As `run`, at once; after `checkSync`. */
  runSync(request: EngineRequest, given: RunArguments): RunValue[];
  /** @param options of all the runs */
  callable(plan: FetchPlan, feeds: readonly Tensor[]): FixedRun;
  setupPartial(plan: FetchPlan, feeds: readonly Tensor[]): PartialRun;
  stepPartial(handle: PartialRun, plan: FetchPlan, feeds: readonly Feed[]): Promise<NdArray[]>;
  /** Runs the initializers of those variables that have no value. */
  initialize(request: InitializeRequest): Promise<void>;
  /** Whether the variable of this key has a value, as far as is known here. */
  hasValue(key: string): boolean;

  /** The devices; throws `RuntimeError` where they are not known before `start`. */
  devices(): DeviceAttributes[];
  report(): SessionReport;
  /** What compilation makes of the request, as text. */
  explain(request: Request | EngineRequest): string | Promise<string>;

  /** Forgets the values in these containers. */
  clear(containers: readonly string[]): void;
  /** Ends it: runs in flight reject with `CancelledError`. Settles when nothing is left, and never rejects. */
  end(): Promise<void>;
}
