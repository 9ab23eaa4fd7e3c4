/**
 * The machinery behind a session of this process: keeps runs in order, starts the backend, cancels. Compiling and running
 * is `engine.ts`'s job; the session in front checks what it is asked for.
 */
import type { Request } from '../compiler/ir/import.ts';
import type { Graph, Tensor } from '../src/graph/graph.ts';
import { RuntimeError } from '../src/util/errors.ts';
import type { NdArray } from '../src/util/ndarray.ts';
import { isNode } from '../src/util/platform.ts';
import type { Backend } from './backends/backend.ts';
import { defaultBackendName, readyBackend, startBackend, startDefaultBackend } from './backends/index.ts';
import { CancelToken, cancelledError, deadlineError } from './cancel.ts';
import { explainRequest } from './compile.ts';
import type { ConfigProto } from './config.ts';
import { type DeviceAttributes, devicesOf } from './devices.ts';
import { Engine, type EngineRequest, type RunSettings, targetOf } from './engine.ts';
import { detachFeeds, type Feed, releaseFeeds } from './feeds.ts';
import type { FetchPlan } from './fetches.ts';
import { withFlags } from './flags.ts';
import type { InitializeRequest } from './initialize.ts';
import { JobQueue } from './job-queue.ts';
import type { SessionReport } from './live-sessions.ts';
import { type RunMetadata, RunOptions, StepRecorder } from './metadata.ts';
import { PartialRunHandle, runStep } from './partial-run.ts';
import type { Pass, RunValue } from './run.ts';
import { type FixedRun, NO_STATE, type PartialRun, type Runner } from './runner.ts';
import type { RunArguments } from './session-arguments.ts';

export class LocalRunner implements Runner {
  private engine: Engine | null = null;
  private readonly queue = new JobQueue();
  private readonly pass = (promise: Promise<void>) => this.queue.pass(promise);
  private readonly tokens = new Set<CancelToken>();
  private readonly partialRuns = new Set<PartialRunHandle>();
  private starting: Promise<void> | null = null;
  private ended = false;
  /** Gives up the threads that kernels are computed on. */
  private leaveThreads: (() => void) | null = null;

  constructor(
    private readonly graph: Graph,
    private readonly config: ConfigProto,
  ) {}

  get backend(): string {
    const { backend } = this.config;
    return typeof backend === 'string' ? backend : (backend?.name ?? defaultBackendName());
  }
  get device(): Backend | null {
    return this.engine?.backend ?? null;
  }
  private engineOrThrow(): Engine {
    if (!this.engine) throw cancelledError();
    return this.engine;
  }

  // Starting

  start(): Promise<void> {
    if (this.engine) return Promise.resolve();
    const wanted = this.config.backend ?? defaultBackendName();
    const known = typeof wanted === 'string' ? readyBackend(wanted) : wanted;
    const threads = this.config.intraOpParallelismThreads;
    if (known && threads <= 1) {
      this.begin(known);
      return Promise.resolve();
    }
    this.starting ??= this.startBackend(known ?? null, threads > 1)
      .then(async (backend) => {
        if (threads > 1) await this.joinThreads(backend, threads);
        this.begin(backend);
      })
      .finally(() => {
        this.starting = null;
      });
    return this.starting;
  }

  private async startBackend(known: Backend | null, isShared: boolean): Promise<Backend> {
    if (known) return known;
    const { backend } = this.config;
    return backend ? startBackend(backend as string, isShared) : startDefaultBackend(isShared);
  }

  private async joinThreads(backend: Backend, count: number): Promise<void> {
    const leave = await backend.useThreads?.(count);
    if (leave === null) warnOfThreads();
    this.leaveThreads = leave ?? null;
    if (this.ended) leave?.();
  }

  private begin(backend: Backend): void {
    if (this.ended || this.engine) return;
    this.engine = new Engine(this.graph, backend, this.config);
    this.queue.open();
  }

  // Running

  run(request: EngineRequest, given: RunArguments): Promise<RunValue[]> {
    const backend = this.device;
    if (isNothing(request)) {
      releaseFeeds(request.feeds, backend);
      return Promise.resolve([]);
    }
    const token = new CancelToken();
    const settings = this.settings(given, token);
    const own = this.queue.idle ? request : { ...request, feeds: detachFeeds(request.feeds) };
    const job = (): RunValue[] | Promise<RunValue[]> => this.engineOrThrow().run(own, settings);
    return this.enqueue(job, token, settings.deadline).finally(() => {
      releaseFeeds(request.feeds, backend);
      fill(given.runMetadata, settings);
    });
  }

  checkSync(): void {
    const { engine } = this;
    if (!engine) {
      throw new RuntimeError('runSync needs a backend that has been started: await session.ready() first.');
    }
    if (!engine.backend.canReadSync) {
      throw new RuntimeError(`The backend '${engine.backend.name}' cannot be read synchronously: use run.`);
    }
    if (!this.queue.idle)
      throw new RuntimeError('runSync cannot be called while other runs of the session are waiting.');
  }

  runSync(request: EngineRequest, given: RunArguments): RunValue[] {
    const engine = this.engineOrThrow();
    try {
      const settings = this.settings(given, new CancelToken(), null);
      const values = isNothing(request) ? [] : (engine.run(request, settings) as RunValue[]);
      fill(given.runMetadata, settings);
      return values;
    } finally {
      releaseFeeds(request.feeds, engine.backend);
    }
  }

  callable(plan: FetchPlan): FixedRun {
    return (feeds) => this.run({ fetches: plan.endpoints, targets: plan.targets, feeds }, {});
  }

  setupPartial(plan: FetchPlan, feeds: readonly Tensor[]): PartialRunHandle {
    const handle = new PartialRunHandle(this.graph, plan, feeds);
    this.partialRuns.add(handle);
    return handle;
  }

  stepPartial(handle: PartialRun, plan: FetchPlan, feeds: readonly Feed[]): Promise<NdArray[]> {
    const token = new CancelToken();
    const settings: RunSettings = { ...this.settings({}, token), form: 'value' };
    const job = async (): Promise<NdArray[]> => {
      const values = await runStep(this.engineOrThrow(), handle as PartialRunHandle, plan, feeds, settings);
      if (handle.exhausted) this.partialRuns.delete(handle as PartialRunHandle);
      return values;
    };
    return this.enqueue(job, token, 0);
  }

  async initialize(request: InitializeRequest): Promise<void> {
    const token = new CancelToken();
    const settings = this.settings({}, token);
    const job = (): unknown => {
      const engine = this.engineOrThrow();
      const targets = request.missing((key) => engine.store.has(key));
      return targets.length > 0 ? engine.runOnce({ fetches: [], targets, feeds: [] }, settings) : null;
    };
    await this.enqueue(job, token, settings.deadline);
  }

  hasValue(key: string): boolean {
    return this.engine?.store.has(key) ?? false;
  }

  private settings(given: RunArguments, cancel: CancelToken, pass: Pass | null = this.pass): RunSettings {
    const options = given.options instanceof RunOptions ? given.options : new RunOptions(given.options ?? {});
    const limit = options.timeoutInMs || this.config.operationTimeoutInMs;
    return {
      form: given.as === 'tensor' ? 'tensor' : 'array',
      cancel,
      deadline: limit > 0 ? performance.now() + limit : 0,
      recorder: options.traceLevel === RunOptions.FULL_TRACE && given.runMetadata ? new StepRecorder() : null,
      pass,
    };
  }

  /** Runs the job in its turn, once the backend is there; `close` and the deadline end it early. */
  private enqueue<T>(job: () => T | Promise<T>, token: CancelToken, deadline: number): Promise<T> {
    if (!this.engine) this.start().catch((error) => token.cancel(error));
    const waits = deadline !== 0 && !(this.queue.idle && this.engine?.backend.canReadSync);
    const timer = waits ? setTimeout(() => token.cancel(deadlineError()), deadline - performance.now()) : undefined;
    this.tokens.add(token);
    return this.queue.add(job, token).finally(() => {
      clearTimeout(timer);
      this.tokens.delete(token);
    });
  }

  // Looking in

  devices(): DeviceAttributes[] {
    return devicesOf(this.backend);
  }

  report(): SessionReport {
    return this.engine?.report() ?? NO_STATE;
  }

  explain(request: Request | EngineRequest): Promise<string> {
    const { backend } = this.engineOrThrow();
    const exact = withFlags(request as EngineRequest);
    return explainRequest(this.graph, exact, targetOf(backend, this.config), this.config);
  }

  // Ending

  clear(containers: readonly string[]): void {
    for (const container of containers) this.engine?.store.clearContainer(container);
  }

  end(): Promise<void> {
    this.ended = true;
    for (const token of this.tokens) token.cancel(cancelledError());
    for (const handle of this.partialRuns) handle.release(this.device);
    this.partialRuns.clear();
    this.engine?.dispose();
    this.engine = null;
    this.leaveThreads?.();
    return Promise.resolve();
  }
}

let hasWarned = false;

function warnOfThreads(): void {
  if (!isNode || hasWarned) return;
  hasWarned = true;
  console.warn(
    'intraOpParallelismThreads is without effect: the wasm backend was started before, without memory that threads share. ' +
      'Give the option to the first session of the process.',
  );
}

function isNothing({ fetches, targets }: EngineRequest): boolean {
  return fetches.length === 0 && targets.length === 0;
}

function fill(metadata: RunMetadata | null | undefined, { recorder }: RunSettings): void {
  if (metadata) metadata.stepStats = recorder?.stats() ?? null;
}
