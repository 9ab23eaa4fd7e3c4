/**
 * `Session`: runs parts of a graph and owns what they remember. It checks requests, keeps them in order, and opens and
 * closes; compiling and running is `engine.ts`'s job, fetch and feed structures are `fetches.ts`'s and `feeds.ts`'s.
 */
import type { Tensor as TfjsTensor } from '@tensorflow/tfjs-core';
import { getDefaultGraph } from '../src/graph/default-graph.ts';
import { type Evaluator, sessionStack, setMemoryReleaser, setSessionFactory } from '../src/graph/evaluator.ts';
import { Graph, graphStack } from '../src/graph/graph.ts';
import { CancelledError, RuntimeError, TypeError, ValueError } from '../src/util/errors.ts';
import type { NdArray } from '../src/util/ndarray.ts';
import { pythonTypeName } from '../src/util/python-names.ts';
import { type OpenScope, within } from '../src/util/scope.ts';
import type { Backend } from './backends/backend.ts';
import { defaultBackendName, readyBackend, releasePooled, startBackend } from './backends/index.ts';
import { CancelToken, cancelledError, deadlineError } from './cancel.ts';
import { type CompileFeeds, explainRequest, requestOf } from './compile.ts';
import { asConfig, type ConfigInit, type ConfigProto } from './config.ts';
import { type DeviceAttributes, devicesOf } from './devices.ts';
import { Engine, type EngineRequest, type RunSettings, targetOf } from './engine.ts';
import {
  detachFeeds,
  type Feed,
  type FeedDict,
  type FeedInput,
  type FeedKey,
  feedTensor,
  parseFeeds,
  releaseFeeds,
} from './feeds.ts';
import { FetchPlan, type FetchResult } from './fetches.ts';
import { withFlags } from './flags.ts';
import { type InitializableVariable, InitializeRequest, storeKeyOf, type VariableHandle } from './initialize.ts';
import { JobQueue } from './job-queue.ts';
import { liveSessions, registerSession, type SessionReport } from './live-sessions.ts';
import { type RunMetadata, RunOptions, type RunOptionsInit, StepRecorder } from './metadata.ts';
import { PartialRunHandle, runStep } from './partial-run.ts';
import type { Pass, RunValue } from './run.ts';
import {
  checkTarget,
  type Fetches,
  isInit,
  type RunArguments,
  runArguments,
  type SessionInit,
} from './session-arguments.ts';

const NO_STATE: SessionReport = { variables: 0, plans: 0, buffers: 0, bytes: 0 };

declare global {
  interface TfjsGraphSessionTypes {
    readonly session: Session;
  }
}

/** Frees what sessions leave behind that nobody closed. */
const abandoned = new FinalizationRegistry<{ engine: Engine | null }>((held) => held.engine?.dispose());

let nextSerial = 1;

/**
 * Runs the operations of a graph and keeps the values of its variables.
 *
 *     using sess = new tf.Session();
 *     await sess.run(tf.globalVariablesInitializer());
 *     const [loss] = await sess.run([lossTensor], {feedDict: [[x, batch]]});
 *
 * Runs happen one at a time, in the order of the calls. A run that fails leaves the session as it was, but for queues:
 * what it has put into one or taken out of one stays so.
 *
 * A run that waits for a queue lets others pass. What it has done until then is done, whatever comes of the rest; what it
 * does after the wait is all or nothing again, and sees the variables as the other runs have left them.
 */
export class Session implements Evaluator, Disposable {
  readonly graph: Graph;
  readonly target: string;
  readonly config: ConfigProto;
  private readonly held: { engine: Engine | null } = { engine: null };
  private readonly queue = new JobQueue();
  private readonly pass = (promise: Promise<void>) => this.queue.pass(promise);
  private readonly tokens = new Set<CancelToken>();
  private readonly partialRuns = new Set<PartialRunHandle>();
  private readonly unregister: () => void;
  private readonly serial = nextSerial++;
  private state: 'open' | 'closed' | 'reset' = 'open';
  private entered = false;
  private starting: Promise<void> | null = null;

  /** `new Session({graph, target, config})`, or TensorFlow's positional (target, graph, config). Nothing is run yet. */
  constructor(init?: SessionInit);
  constructor(target?: string | null, graph?: Graph | null, config?: ConfigProto | ConfigInit | null);
  constructor(first?: SessionInit | string | null, graph?: Graph | null, config?: ConfigProto | ConfigInit | null) {
    const init = isInit(first) ? first : { target: first, graph, config };
    this.target = checkTarget(init.target);
    if (init.graph != null && !(init.graph instanceof Graph)) {
      throw new TypeError(`graph must be a tf.Graph, but got <class '${pythonTypeName(init.graph)}'>`);
    }
    this.graph = init.graph ?? getDefaultGraph();
    this.config = asConfig(init.config);
    this.unregister = registerSession(this);
    abandoned.register(this, this.held, this);
  }

  // Running

  /**
   * The values of `fetches`, in the same structure: an `NdArray` for a tensor, null for an operation. Rejects with
   * TensorFlow's errors: for wrong fetches and feeds, and with an `OpError` where an operation fails.
   *
   *     await sess.run({loss, step}, {feedDict: new Map([[x, [[1, 2]]]])});
   *     await sess.run('loss:0', [[x, [[1, 2]]]]);
   */
  run<const F extends Fetches>(
    fetches: F,
    options: RunArguments & { readonly as: 'tensor' },
  ): Promise<FetchResult<F, TfjsTensor>>;
  run<const F extends Fetches>(
    fetches: F,
    feedDict?: FeedDict | RunArguments | null,
    options?: RunOptions | RunOptionsInit | null,
    runMetadata?: RunMetadata | null,
  ): Promise<FetchResult<F>>;
  run(fetches: unknown, ...rest: unknown[]): Promise<unknown> {
    try {
      const given = runArguments(rest);
      const { plan, request } = this.prepare(fetches, given.feedDict);
      return this.execute(request, given).then((values) => plan.assemble(values));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * `run` without a promise. The backend must have been started (`await sess.ready()`, or an earlier run) and must be one
   * that can be read at once, and no other run may be waiting; otherwise `RuntimeError`.
   */
  runSync<const F extends Fetches>(
    fetches: F,
    options: RunArguments & { readonly as: 'tensor' },
  ): FetchResult<F, TfjsTensor>;
  runSync<const F extends Fetches>(fetches: F, feedDict?: FeedDict | RunArguments | null): FetchResult<F>;
  runSync(fetches: unknown, ...rest: unknown[]): unknown {
    const given = runArguments(rest);
    const engine = this.syncEngine();
    const { plan, request } = this.prepare(fetches, given.feedDict);
    try {
      const settings = this.settings(given, new CancelToken(), null);
      const values = isNothing(request) ? [] : (engine.run(request, settings) as RunValue[]);
      fill(given.runMetadata, settings);
      return plan.assemble(values);
    } finally {
      releaseFeeds(request.feeds, engine.backend);
    }
  }

  private syncEngine(): Engine {
    this.checkOpen();
    const engine = this.engine;
    if (!engine) {
      throw new RuntimeError('runSync needs a backend that has been started: await session.ready() first.');
    }
    if (!engine.backend.canReadSync) {
      throw new RuntimeError(`The backend '${engine.backend.name}' cannot be read synchronously: use run.`);
    }
    if (!this.queue.idle)
      throw new RuntimeError('runSync cannot be called while other runs of the session are waiting.');
    return engine;
  }

  /** Starts the backend. `run` does it by itself; `runSync` wants it done. */
  async ready(): Promise<this> {
    this.checkOpen();
    await this.start();
    return this;
  }

  /**
   * A function that runs `fetches`, taking the values of `feedList` in order. After `close` it rejects with
   * `CancelledError`.
   *
   *     const predict = sess.makeCallable(y, [x]);
   *     const value = await predict([[1, 2]]);
   */
  makeCallable<const F extends Fetches>(
    fetches: F,
    feedList: readonly FeedKey[] = [],
  ): (...values: FeedInput[]) => Promise<FetchResult<F>> {
    this.checkOpen();
    const plan = new FetchPlan(this.graph, fetches);
    const tensors = feedList.map((key) => feedTensor(this.graph, key));
    return async (...values) => {
      if (this.state !== 'open') throw new CancelledError(null, 'Session has been closed.');
      if (values.length !== tensors.length) {
        throw new ValueError(`The callable takes ${tensors.length} values, got ${values.length}.`);
      }
      const feeds = parseFeeds(
        this.graph,
        tensors.map((tensor, i) => [tensor, values[i]]),
        this.device,
      );
      const request = { fetches: plan.endpoints, targets: plan.targets, feeds };
      return plan.assemble(await this.execute(request, {})) as FetchResult<F>;
    };
  }

  /**
   * Prepares a run in several steps, each of which feeds and fetches a part; nothing is computed twice.
   *
   *     const h = sess.partialRunSetup([r1, r2], [a, b, c]);
   *     await sess.partialRun(h, r1, [[a, 1], [b, 2]]);
   *     await sess.partialRun(h, r2, [[c, 17]]);
   */
  partialRunSetup(fetches: Fetches, feeds: readonly FeedKey[] = []): PartialRunHandle {
    this.checkOpen();
    this.checkGraph();
    const tensors = feeds.map((key) => feedTensor(this.graph, key));
    const handle = new PartialRunHandle(this.graph, new FetchPlan(this.graph, fetches), tensors);
    this.partialRuns.add(handle);
    return handle;
  }

  /** The next step of a partial run. Rejects with `InvalidArgumentError` for what was not set up, or has been done. */
  async partialRun<const F extends Fetches>(
    handle: PartialRunHandle,
    fetches: F,
    feedDict?: FeedDict | null,
  ): Promise<FetchResult<F>> {
    const { plan, request } = this.prepare(fetches, feedDict);
    const token = new CancelToken();
    const settings: RunSettings = { ...this.settings({}, token), form: 'value' };
    const job = async (): Promise<NdArray[]> => {
      const values = await runStep(this.engineOrThrow(), handle, plan, request.feeds, settings);
      if (handle.exhausted) this.partialRuns.delete(handle);
      return values;
    };
    return plan.assemble(await this.enqueue(job, token, 0)) as FetchResult<F>;
  }

  /**
   * Gives those of the variables their initial values that have none when its turn comes, in one run; the others keep
   * theirs, and where all have one nothing runs. In order with the runs of the session: later ones see the values. Rejects
   * with `ValueError` for variables of another graph, and as `run` does where an initializer fails: then no value changes.
   *
   *     await sess.initialize(tf.globalVariables());
   */
  initialize(variables: Iterable<InitializableVariable>): Promise<void> {
    try {
      this.checkOpen();
      const request = new InitializeRequest(this.graph, variables);
      if (request.isEmpty) return Promise.resolve();
      const token = new CancelToken();
      const settings = this.settings({}, token);
      const job = (): unknown => {
        const engine = this.engineOrThrow();
        const targets = request.missing(engine.store);
        return targets.length > 0 ? engine.runOnce({ fetches: [], targets, feeds: [] }, settings) : null;
      };
      return this.enqueue(job, token, settings.deadline).then(() => {});
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Whether the session holds a value of the variable at this moment: runs that wait are not counted. False before the
   * first run and after `close`. Throws `ValueError` for a variable of another graph.
   *
   *     sess.hasValue(w) || (await sess.initialize([w]));
   */
  hasValue(variable: VariableHandle): boolean {
    const key = storeKeyOf(this.graph, variable);
    return this.engine?.store.has(key) ?? false;
  }

  private prepare(fetches: unknown, feedDict: unknown): { plan: FetchPlan; request: EngineRequest } {
    this.checkOpen();
    this.checkGraph();
    const feeds = parseFeeds(this.graph, feedDict, this.device);
    try {
      const plan = new FetchPlan(this.graph, fetches);
      return { plan, request: { fetches: plan.endpoints, targets: plan.targets, feeds } };
    } catch (error) {
      releaseFeeds(feeds, this.device);
      throw error;
    }
  }

  private execute(request: EngineRequest, given: RunArguments): Promise<RunValue[]> {
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

  private get engine(): Engine | null {
    return this.held.engine;
  }
  private get device(): Backend | null {
    return this.engine?.backend ?? null;
  }
  private engineOrThrow(): Engine {
    if (!this.engine) throw cancelledError();
    return this.engine;
  }

  private start(): Promise<void> {
    if (this.engine) return Promise.resolve();
    const wanted = this.config.backend ?? defaultBackendName();
    const known = typeof wanted === 'string' ? readyBackend(wanted) : wanted;
    if (known) {
      this.begin(known);
      return Promise.resolve();
    }
    this.starting ??= startBackend(wanted as string)
      .then((backend) => this.begin(backend))
      .finally(() => {
        this.starting = null;
      });
    return this.starting;
  }

  private begin(backend: Backend): void {
    if (this.state !== 'open' || this.engine) return;
    this.held.engine = new Engine(this.graph, backend, this.config);
    this.queue.open();
  }

  private checkOpen(): void {
    if (this.state === 'closed') throw new RuntimeError('Attempted to use a closed Session.');
    if (this.state === 'reset') throw new CancelledError(null, 'Session has been closed.');
  }
  private checkGraph(): void {
    if (this.graph.size === 0) {
      throw new RuntimeError('The Session graph is empty. Add operations to the graph before calling run().');
    }
  }

  // Opening and closing

  /**
   * Frees every buffer of the session: variable values, plans. Runs in flight reject with `CancelledError`. A second
   * call does nothing. The report tells what was released.
   */
  close(): SessionReport {
    return this.end('closed');
  }

  /** `using sess = new tf.Session()` closes at the end of the block. */
  [Symbol.dispose](): void {
    this.close();
  }

  private end(state: 'closed' | 'reset'): SessionReport {
    if (this.state !== 'open') {
      if (state === 'closed') this.state = state;
      return NO_STATE;
    }
    const report = this.stateReport();
    this.state = state;
    this.unregister();
    abandoned.unregister(this);
    for (const token of this.tokens) token.cancel(cancelledError());
    for (const handle of this.partialRuns) handle.release(this.device);
    this.partialRuns.clear();
    this.engine?.dispose();
    this.held.engine = null;
    return report;
  }

  /** Makes this the default session, until the scope is disposed or for the time of `body`; never closes it. */
  asDefault(): OpenScope<Session>;
  asDefault<R>(body: (session: Session) => R): R;
  asDefault<R>(body?: (session: Session) => R): OpenScope<Session> | R {
    return within(() => sessionStack.push(this) as OpenScope<Session>, body);
  }

  /**
   * Python's `with session`: makes its graph and the session the defaults, and closes it in the end. Throws
   * `RuntimeError` when it is entered already.
   *
   *     using _ = sess.enter();
   */
  enter(): OpenScope<Session>;
  enter<R>(body: (session: Session) => R): R;
  enter<R>(body?: (session: Session) => R): OpenScope<Session> | R {
    return within(() => this.openContext(), body);
  }

  private openContext(): OpenScope<Session> {
    if (this.entered) {
      throw new RuntimeError(
        'Session context managers are not re-entrant. Use `Session.as_default()` if you want to enter a session multiple times.',
      );
    }
    const graphScope = graphStack.push(this.graph);
    const sessionScope = sessionStack.push(this);
    this.entered = true;
    return {
      value: this,
      [Symbol.dispose]: () => {
        if (!this.entered) return;
        sessionScope[Symbol.dispose]();
        graphScope[Symbol.dispose]();
        this.entered = false;
        this.close();
      },
    };
  }

  /**
   * Clears the containers (the default one where none is named) in every session of the process and ends them all: their
   * runs reject with `CancelledError`. The target is TensorFlow's and not looked at.
   */
  static reset(_target?: string | null, containers?: readonly string[] | null): void {
    for (const session of liveSessions()) session.reset(containers?.length ? containers : ['']);
  }

  /** Called by `Session.reset`. */
  reset(containers: readonly string[]): void {
    for (const container of containers) this.engine?.store.clearContainer(container);
    this.end('reset');
  }

  // Looking in

  /** Whether `close` was called, or `Session.reset` ended it. */
  get closed(): boolean {
    return this.state !== 'open';
  }

  /** The name of the backend that this session runs on. */
  get backend(): string {
    const { backend } = this.config;
    return typeof backend === 'string' ? backend : (backend?.name ?? defaultBackendName());
  }

  /** The devices of this session: the host, and that of its backend. */
  listDevices(): DeviceAttributes[] {
    this.checkOpen();
    return devicesOf(this.backend);
  }

  /** What the session holds at the moment. */
  stateReport(): SessionReport {
    return this.engine?.report() ?? NO_STATE;
  }

  /**
   * The graph, the IR after each pass that changes it, and the plan for these fetches, as text. Fed tensors are given
   * with their values (`feedDict`), or with their shapes where these are not known: `{feeds: [[x, [32, 784]], keep]}`.
   */
  async explain(
    fetches: Fetches,
    { feeds, feedDict }: { readonly feeds?: CompileFeeds; readonly feedDict?: FeedDict | null } = {},
  ): Promise<string> {
    await this.ready();
    const { backend } = this.engineOrThrow();
    const { request } = feeds ? { request: requestOf(this.graph, fetches, feeds) } : this.prepare(fetches, feedDict);
    if (!feeds) releaseFeeds(request.feeds as readonly Feed[], backend);
    const exact = feeds ? request : withFlags(request as EngineRequest);
    return explainRequest(this.graph, exact, targetOf(backend, this.config), this.config);
  }

  toString(): string {
    return `<tf.Session ${this.serial}>`;
  }
}

setSessionFactory((graph, config) => new Session({ graph: graph as Graph, config: config as ConfigProto | null }));
setMemoryReleaser(releasePooled);

function isNothing({ fetches, targets }: EngineRequest): boolean {
  return fetches.length === 0 && targets.length === 0;
}

function fill(metadata: RunMetadata | null | undefined, { recorder }: RunSettings): void {
  if (metadata) metadata.stepStats = recorder?.stats() ?? null;
}
