/**
 * `Session`: runs parts of a graph and owns what they remember. It checks requests, and opens and closes; running them is
 * the job of its runner, in this process (`local-runner.ts`) or on a server (`remote/`), fetch and feed structures are
 * `fetches.ts`'s and `feeds.ts`'s.
 */
import type { Tensor as TfjsTensor } from '@tensorflow/tfjs-core';
import { getDefaultGraph } from '../src/graph/default-graph.ts';
import { type Evaluator, sessionStack, setMemoryReleaser, setSessionFactory } from '../src/graph/evaluator.ts';
import { Graph, graphStack } from '../src/graph/graph.ts';
import { CancelledError, RuntimeError, TypeError, ValueError } from '../src/util/errors.ts';
import { pythonTypeName } from '../src/util/python-names.ts';
import { type OpenScope, within } from '../src/util/scope.ts';
import { releasePooled } from './backends/index.ts';
import { type CompileFeeds, requestOf } from './compile.ts';
import { asConfig, type ConfigInit, type ConfigProto } from './config.ts';
import type { DeviceAttributes } from './devices.ts';
import type { EngineRequest } from './engine.ts';
import { type FeedDict, type FeedInput, type FeedKey, feedTensor, parseFeeds, releaseFeeds } from './feeds.ts';
import { FetchPlan, type FetchResult } from './fetches.ts';
import { type InitializableVariable, InitializeRequest, storeKeyOf, type VariableHandle } from './initialize.ts';
import { liveSessions, registerSession, type SessionReport } from './live-sessions.ts';
import { LocalRunner } from './local-runner.ts';
import type { RunMetadata, RunOptions, RunOptionsInit } from './metadata.ts';
import { RemoteRunner } from './remote/remote-runner.ts';
import { checkAccess, isRemote } from './remote/target.ts';
import { NO_STATE, type PartialRun, type Runner } from './runner.ts';
import {
  checkTarget,
  type Fetches,
  isInit,
  type RunArguments,
  runArguments,
  type SessionInit,
} from './session-arguments.ts';

declare global {
  interface TfjsGraphSessionTypes {
    readonly session: Session;
  }
}

/** Frees what sessions leave behind that nobody closed. */
const abandoned = new FinalizationRegistry<Runner>((runner) => void runner.end());

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
  private readonly runner: Runner;
  private readonly unregister: () => void;
  private readonly serial = nextSerial++;
  private state: 'open' | 'closed' | 'reset' = 'open';
  private entered = false;
  private ending: Promise<void> = Promise.resolve();

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
    const { graph: own, config: settings } = this;
    if (isRemote(this.target)) checkAccess(this.target, settings);
    this.runner = isRemote(this.target) ? new RemoteRunner(own, this.target, settings) : new LocalRunner(own, settings);
    this.unregister = registerSession(this);
    abandoned.register(this, this.runner, this);
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
      return this.runner.run(request, given).then((values) => plan.assemble(values));
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
    this.checkOpen();
    this.runner.checkSync();
    const { plan, request } = this.prepare(fetches, given.feedDict);
    return plan.assemble(this.runner.runSync(request, given));
  }

  /** Starts the backend. `run` does it by itself; `runSync` wants it done. */
  async ready(): Promise<this> {
    this.checkOpen();
    await this.runner.start();
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
    const run = this.runner.callable(plan, tensors);
    return async (...values) => {
      if (this.state !== 'open') throw new CancelledError(null, 'Session has been closed.');
      if (values.length !== tensors.length) {
        throw new ValueError(`The callable takes ${tensors.length} values, got ${values.length}.`);
      }
      const pairs = tensors.map((tensor, i) => [tensor, values[i]]);
      return plan.assemble(await run(parseFeeds(this.graph, pairs, this.runner.device))) as FetchResult<F>;
    };
  }

  /**
   * Prepares a run in several steps, each of which feeds and fetches a part; nothing is computed twice.
   *
   *     const h = sess.partialRunSetup([r1, r2], [a, b, c]);
   *     await sess.partialRun(h, r1, [[a, 1], [b, 2]]);
   *     await sess.partialRun(h, r2, [[c, 17]]);
   */
  partialRunSetup(fetches: Fetches, feeds: readonly FeedKey[] = []): PartialRun {
    this.checkOpen();
    this.checkGraph();
    const tensors = feeds.map((key) => feedTensor(this.graph, key));
    return this.runner.setupPartial(new FetchPlan(this.graph, fetches), tensors);
  }

  /** The next step of a partial run. Rejects with `InvalidArgumentError` for what was not set up, or has been done. */
  async partialRun<const F extends Fetches>(
    handle: PartialRun,
    fetches: F,
    feedDict?: FeedDict | null,
  ): Promise<FetchResult<F>> {
    const { plan, request } = this.prepare(fetches, feedDict);
    return plan.assemble(await this.runner.stepPartial(handle, plan, request.feeds)) as FetchResult<F>;
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
      return request.isEmpty ? Promise.resolve() : this.runner.initialize(request);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Whether the session holds a value of the variable at this moment: runs that wait are not counted. False before the
   * first run and after `close`. A session on a server knows only of variables that `initialize` was asked for. Throws
   * `ValueError` for a variable of another graph.
   *
   *     sess.hasValue(w) || (await sess.initialize([w]));
   */
  hasValue(variable: VariableHandle): boolean {
    const key = storeKeyOf(this.graph, variable);
    return this.state === 'open' && this.runner.hasValue(key);
  }

  private prepare(fetches: unknown, feedDict: unknown): { plan: FetchPlan; request: EngineRequest } {
    this.checkOpen();
    this.checkGraph();
    const feeds = parseFeeds(this.graph, feedDict, this.runner.device);
    try {
      const plan = new FetchPlan(this.graph, fetches);
      return { plan, request: { fetches: plan.endpoints, targets: plan.targets, feeds } };
    } catch (error) {
      releaseFeeds(feeds, this.runner.device);
      throw error;
    }
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

  /**
   * `await using sess = …` closes at the end of the block, and waits until a server has let go of the session, too.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.ending;
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
    this.ending = this.runner.end();
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
   * Clears the containers (the default one where none is named) in every session of the process and ends these: their runs
   * reject with `CancelledError`. It is done when the call returns. With the target of a server (`grpc://…`) it is done on
   * all machines of its cluster, and the sessions of all clients on this server end; those of this process are left alone.
   * Rejects with `ValueError` for an address that needs `config`, as sessions do, and with an `OpError` where the server
   * fails.
   *
   *     await tf.Session.reset('grpc://localhost:2222', ['experiment0']);
   */
  static reset(
    target?: string | null,
    containers?: readonly string[] | null,
    config?: ConfigProto | ConfigInit | null,
  ): Promise<void> {
    if (isRemote(checkTarget(target))) return RemoteRunner.reset(target as string, containers ?? [], asConfig(config));
    for (const session of liveSessions()) session.reset(containers?.length ? containers : ['']);
    return Promise.resolve();
  }

  /** Called by `Session.reset`. A session on a server is not in this process, and stays as it is. */
  reset(containers: readonly string[]): void {
    if (isRemote(this.target)) return;
    this.runner.clear(containers);
    this.end('reset');
  }

  // Looking in

  /** Whether `close` was called, or `Session.reset` ended it. */
  get closed(): boolean {
    return this.state !== 'open';
  }

  /** The name of the backend that this session runs on; `grpc` for a server. */
  get backend(): string {
    return this.runner.backend;
  }

  /**
   * The devices of this session: the host and that of its backend, or those of the cluster, which `await sess.ready()` asks
   * for. Throws `RuntimeError` where they have not been asked for.
   */
  listDevices(): DeviceAttributes[] {
    this.checkOpen();
    return this.runner.devices();
  }

  /** What the session holds at the moment. */
  stateReport(): SessionReport {
    return this.state === 'open' ? this.runner.report() : NO_STATE;
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
    if (feeds) return this.runner.explain(requestOf(this.graph, fetches, feeds));
    const { request } = this.prepare(fetches, feedDict);
    releaseFeeds(request.feeds, this.runner.device);
    return this.runner.explain(request);
  }

  toString(): string {
    return `<tf.Session ${this.serial}>`;
  }
}

setSessionFactory(
  (graph, config, target) => new Session({ graph: graph as Graph, config: config as ConfigProto | null, target }),
);
setMemoryReleaser(releasePooled);
