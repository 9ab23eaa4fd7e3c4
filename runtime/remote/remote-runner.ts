/**
 * The machinery behind a session on a server: opens it at the first use, keeps runs in order, cancels. What is said to the
 * server is `remote-session.ts`'s job, which is loaded then.
 */
import { type Tensor as TfjsTensor, tensor as tfjsTensor } from '@tensorflow/tfjs-core';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import { string } from '../../src/util/dtype.ts';
import {
  ABORTED,
  InvalidArgumentError,
  OpError,
  RuntimeError,
  TypeError,
  UNAVAILABLE,
  UnimplementedError,
} from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { deviceTypes } from '../backends/backend.ts';
import { CancelToken, cancelledError, deadlineError } from '../cancel.ts';
import type { ConfigProto } from '../config.ts';
import type { DeviceAttributes } from '../devices.ts';
import type { EngineRequest } from '../engine.ts';
import { detachFeeds, type Feed } from '../feeds.ts';
import type { FetchPlan } from '../fetches.ts';
import type { InitializeRequest } from '../initialize.ts';
import type { SessionReport } from '../live-sessions.ts';
import { RunOptions } from '../metadata.ts';
import type { RunValue } from '../run.ts';
import { type FixedRun, NO_STATE, type PartialRun, type Runner } from '../runner.ts';
import type { RunArguments } from '../session-arguments.ts';
import { serverError } from './errors.ts';
import type { Pending } from './master.ts';
import type { RemoteSession, ServerCallable } from './remote-session.ts';
import { type RunKind, RunKinds, RunOrder } from './run-order.ts';
import { checkAccess } from './target.ts';

type Module = typeof import('./remote-session.ts');

async function load(): Promise<Module> {
  const isNode = typeof process === 'object' && typeof process.versions?.node === 'string';
  if (isNode) return import('./remote-session.ts');
  throw new RuntimeError(
    'Sessions on servers need gRPC, which browsers do not have: run the program in Node, after npm install @grpc/grpc-js.',
  );
}

/** Callables are released when nobody can call them any more. */
const unreachable = new FinalizationRegistry<() => void>((release) => release());

class RemotePartialRun implements PartialRun {
  /** What may be fed and fetched yet. */
  left: number;
  constructor(
    readonly owner: RemoteRunner,
    readonly handle: Promise<string>,
    plan: FetchPlan,
    feeds: readonly Tensor[],
  ) {
    this.left = plan.endpoints.length + plan.targets.length + feeds.length;
  }
  get exhausted(): boolean {
    return this.left <= 0;
  }
}

export class RemoteRunner implements Runner {
  readonly backend = 'grpc';
  readonly device = null;
  private readonly order = new RunOrder();
  private readonly kinds: RunKinds;
  private readonly tokens = new Set<CancelToken>();
  private readonly withValue = new Set<string>();
  private session: RemoteSession | null = null;
  private opening: Promise<RemoteSession> | null = null;
  private known: DeviceAttributes[] | null = null;
  private ended = false;

  constructor(
    private readonly graph: Graph,
    private readonly target: string,
    private readonly config: ConfigProto,
  ) {
    this.kinds = new RunKinds(graph);
  }

  /** Clears containers on the server and all of its cluster. */
  static async reset(target: string, containers: readonly string[], config: ConfigProto): Promise<void> {
    checkAccess(target, config);
    try {
      await (await load()).resetServer(target, containers, config);
    } catch (error) {
      throw serverError(error, null);
    }
  }

  // Opening

  /** Opens the session and asks for its devices. */
  async start(): Promise<void> {
    this.known = await this.guarded(async () => (await this.open()).devices());
  }

  private open(): Promise<RemoteSession> {
    if (this.session) return Promise.resolve(this.session);
    if (this.ended) return Promise.reject(cancelledError());
    this.opening ??= load()
      .then(({ RemoteSession: Remote }) => Remote.open(this.graph, this.target, this.config))
      .then((session) => {
        if (this.ended) return session.close().then(() => Promise.reject(cancelledError()));
        this.session = session;
        return session;
      })
      .finally(() => {
        this.opening = null;
      });
    return this.opening;
  }

  /** The session, with all of the graph. */
  private async current(): Promise<RemoteSession> {
    const session = await this.open();
    if (!session.isCurrent) await session.update();
    return session;
  }

  /** Errors of the server as those of runs. */
  private async guarded<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      const found = serverError(error, this.graph);
      if (found instanceof OpError && (found.code === UNAVAILABLE || found.code === ABORTED)) this.withValue.clear();
      throw found;
    }
  }

  // Running

  async run(request: EngineRequest, given: RunArguments): Promise<RunValue[]> {
    if (request.fetches.length === 0 && request.targets.length === 0) return [];
    const kind = this.kinds.of(request);
    const own = this.atOnce(kind, request.feeds);
    const step = (session: RemoteSession) => session.run({ ...request, feeds: own }, given);
    const values = await this.perform(kind, step, limitOf(given, this.config));
    return given.as === 'tensor' ? values.map(asTensor) : values;
  }

  /** The feeds, which are copied where they are not sent before the call returns: the user may write to his arrays. */
  private atOnce(kind: RunKind, feeds: readonly Feed[]): readonly Feed[] {
    return this.session?.isCurrent && this.order.isFree(kind) ? feeds : detachFeeds(feeds);
  }

  /** Makes a call in its turn; `close` and the limit end it early, and the server's work with it. */
  private perform<T>(kind: RunKind, begin: (session: RemoteSession) => Pending<T>, limit: number): Promise<T> {
    const token = new CancelToken();
    const send = async (session: RemoteSession): Promise<T> => {
      const { reply, cancel } = begin(session);
      const deaf = token.listen(cancel);
      return reply.finally(deaf);
    };
    const job = (): Promise<T> => {
      const { session } = this;
      return session?.isCurrent ? send(session) : this.current().then(send);
    };
    return this.inTurn(kind, job, limit, token);
  }

  private inTurn<T>(kind: RunKind, job: () => Promise<T>, limit: number, token: CancelToken): Promise<T> {
    if (this.ended) return Promise.reject(cancelledError());
    const timer = limit > 0 ? setTimeout(() => token.cancel(deadlineError()), limit) : undefined;
    this.tokens.add(token);
    return this.order
      .add(kind, () => this.guarded(job), token)
      .finally(() => {
        clearTimeout(timer);
        this.tokens.delete(token);
      });
  }

  checkSync(): void {
    throw new RuntimeError('runSync cannot wait for a server: use run.');
  }
  runSync(): RunValue[] {
    throw new RuntimeError('runSync cannot wait for a server: use run.');
  }

  callable(plan: FetchPlan, tensors: readonly Tensor[]): FixedRun {
    let made: Promise<ServerCallable> | null = null;
    let owner: RemoteSession | null = null;
    const request = { fetches: plan.endpoints, targets: plan.targets };
    const isEmpty = plan.endpoints.length === 0 && plan.targets.length === 0;
    const run: FixedRun = async (feeds) => {
      if (isEmpty) return [];
      const kind = this.kinds.of({ ...request, feeds });
      const own = this.atOnce(kind, feeds);
      const make = async (): Promise<ServerCallable> => {
        owner = await this.current();
        return owner.makeCallable(plan, tensors);
      };
      made ??= this.guarded(make);
      made.catch(() => {
        made = null;
      });
      const callable = await made;
      return this.perform(kind, (session) => session.runCallable(callable, own), this.config.operationTimeoutInMs);
    };
    unreachable.register(run, () => {
      made?.then((callable) => owner?.releaseCallable(callable)).catch(() => {});
    });
    return run;
  }

  setupPartial(plan: FetchPlan, feeds: readonly Tensor[]): RemotePartialRun {
    const handle = this.guarded(async () => (await this.current()).setupPartial(plan, feeds));
    // Its steps tell.
    handle.catch(() => {});
    return new RemotePartialRun(this, handle, plan, feeds);
  }

  async stepPartial(handle: PartialRun, plan: FetchPlan, feeds: readonly Feed[]): Promise<NdArray[]> {
    if (!(handle instanceof RemotePartialRun) || handle.owner !== this) {
      throw new InvalidArgumentError(null, "Must run 'setup' before performing partial runs!");
    }
    const own = detachFeeds(feeds);
    const name = await handle.handle;
    const request = { fetches: plan.endpoints, targets: plan.targets, feeds: own };
    const step = (session: RemoteSession) => session.run(request, {}, name);
    // The server waits for what other steps feed: it holds no other runs up.
    const values = await this.perform('waits', step, this.config.operationTimeoutInMs);
    handle.left -= plan.endpoints.length + plan.targets.length + feeds.length;
    return values;
  }

  async initialize(request: InitializeRequest): Promise<void> {
    const token = new CancelToken();
    const { entries } = request;
    const job = async (): Promise<void> => {
      const session = await this.current();
      const found = await session.areInitialized(entries.map(({ handle }) => handle));
      entries.forEach(({ key }, i) => {
        if (found[i]) this.withValue.add(key);
        else this.withValue.delete(key);
      });
      const targets = request.missing((key) => this.withValue.has(key));
      if (targets.length > 0) {
        const { reply, cancel } = session.run({ fetches: [], targets, feeds: [] }, {});
        const deaf = token.listen(cancel);
        await reply.finally(deaf);
      }
      for (const { key } of entries) this.withValue.add(key);
    };
    await this.inTurn('writes', job, this.config.operationTimeoutInMs, token);
  }

  hasValue(key: string): boolean {
    return this.withValue.has(key);
  }

  // Looking in

  devices(): DeviceAttributes[] {
    if (!this.known) throw new RuntimeError('The devices of a server are not known before await session.ready().');
    return this.known;
  }

  report(): SessionReport {
    return NO_STATE;
  }

  explain(): string {
    throw new UnimplementedError(
      null,
      'What a server makes of a graph is not known here: explain it without a target.',
    );
  }

  // Ending

  /** What is in containers is the server's. */
  clear(): void {}

  async end(): Promise<void> {
    this.ended = true;
    for (const token of this.tokens) token.cancel(cancelledError());
    const { session, opening } = this;
    this.session = null;
    await session?.close();
    await opening?.catch(() => {});
  }
}

function limitOf({ options }: RunArguments, { operationTimeoutInMs }: ConfigProto): number {
  const { timeoutInMs } = options instanceof RunOptions ? options : new RunOptions(options ?? {});
  return timeoutInMs || operationTimeoutInMs;
}

/** A tensor of the backend that tfjs uses at the moment. */
function asTensor(array: NdArray): TfjsTensor {
  const { dtype, shape, data } = array;
  if (dtype === string) return tfjsTensor(array.array() as never, [...shape], 'string');
  if (!deviceTypes.has(dtype)) {
    throw new TypeError(
      `TensorFlow.js has no tensors of type ${dtype.name}: fetch the value as an array, or cast it in the graph.`,
    );
  }
  return tfjsTensor(data as Float32Array, [...shape], dtype.name as 'float32');
}
