/**
 * A session on a server: makes it, keeps its graph up to date, runs, closes. It is loaded when a program uses a server; who
 * may run when is `remote-runner.ts`'s business.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import type { Endpoint, NodeId } from '../../src/graph/node.ts';
import { encodeMessage } from '../../src/io/proto/codec.ts';
import { type RunMetadata as MetadataMessage, RunMetadataSchema } from '../../src/io/proto/config_pb.ts';
import type { DeviceAttributes as DeviceMessage } from '../../src/io/proto/device_attributes_pb.ts';
import { RunCallableRequestSchema, RunStepRequestSchema, type RunStepResponse } from '../../src/io/proto/master_pb.ts';
import { InternalError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { ConfigProto } from '../config.ts';
import type { DeviceAttributes } from '../devices.ts';
import type { EngineRequest } from '../engine.ts';
import type { Feed } from '../feeds.ts';
import type { FetchPlan } from '../fetches.ts';
import { RunMetadata } from '../metadata.ts';
import type { RunArguments } from '../session-arguments.ts';
import type { Channel } from './channel.ts';
import { statusError } from './errors.ts';
import { callMaster, callMasterRaw, type Pending } from './master.ts';
import { nameOf, ServerGraph } from './server-graph.ts';
import { configMessage, runSettings } from './settings.ts';
import { addressOf } from './target.ts';
import { arrayOf, withNamedTensors, withTensors } from './tensors.ts';

/** How long a server may take to answer the first time: those of a cluster are started one by one. */
const CONNECT_MS = 10_000;
/** How long a server that may be gone is waited for in the end. */
const CLOSE_MS = 5_000;

/** A callable on a server. */
export interface ServerCallable {
  readonly handle: bigint;
  readonly plan: FetchPlan;
  readonly feeds: readonly Tensor[];
}

async function connect(target: string, config: ConfigProto): Promise<Channel> {
  const { openChannel } = await import('./grpc-node.ts');
  const channel = await openChannel(addressOf(target), config.channelCredentials);
  try {
    const limit = config.operationTimeoutInMs;
    await channel.ready(limit > 0 ? Math.min(limit, CONNECT_MS) : CONNECT_MS);
    return channel;
  } catch (error) {
    channel.close();
    throw error;
  }
}

/** Clears containers on all machines of a cluster. */
export async function resetServer(target: string, containers: readonly string[], config: ConfigProto): Promise<void> {
  const channel = await connect(target, config);
  try {
    const request = { container: [...containers], deviceFilters: [...config.deviceFilters] };
    await callMaster(channel, 'Reset', request, config.operationTimeoutInMs).reply;
  } finally {
    channel.close();
  }
}

export class RemoteSession {
  private readonly server: ServerGraph;
  private handle = '';
  private version = 0n;
  /** The last change of the server's graph; changes follow each other. */
  private change: Promise<void> = Promise.resolve();

  private constructor(
    private readonly graph: Graph,
    private readonly target: string,
    private readonly config: ConfigProto,
    private readonly channel: Channel,
  ) {
    this.server = new ServerGraph(graph);
  }

  /** Connects, and makes a session with the graph as it is. */
  static async open(graph: Graph, target: string, config: ConfigProto): Promise<RemoteSession> {
    const channel = await connect(target, config);
    const session = new RemoteSession(graph, target, config, channel);
    try {
      await session.create();
      return session;
    } catch (error) {
      channel.close();
      throw error;
    }
  }

  private async create(): Promise<void> {
    const { channel, config, server, target } = this;
    const request = { graphDef: server.lacking(), config: configMessage(config), target };
    const answer = await callMaster(channel, 'CreateSession', request, config.operationTimeoutInMs).reply;
    this.handle = answer.sessionHandle;
    this.version = answer.graphVersion;
    server.arrived();
  }

  // The graph

  /** Whether the server has the whole graph. */
  get isCurrent(): boolean {
    return this.server.isCurrent;
  }

  /** Sends the server what came to the graph. */
  update(): Promise<void> {
    const change = this.change.then(() => this.extend());
    this.change = change.catch(() => {});
    return change;
  }

  private async extend(): Promise<void> {
    const { channel, config, server } = this;
    if (server.isCurrent) return;
    if (server.isOutdated) {
      // Servers change no nodes. What variables hold is not the session's there, so that a new one finds it.
      const old = this.handle;
      server.restart();
      await this.create();
      await callMaster(channel, 'CloseSession', { sessionHandle: old }, CLOSE_MS).reply.catch(() => {});
      return;
    }
    const request = {
      sessionHandle: this.handle,
      graphDef: server.lacking(),
      currentGraphVersion: this.version,
    };
    const answer = await callMaster(channel, 'ExtendSession', request, config.operationTimeoutInMs).reply;
    this.version = answer.newGraphVersion;
    server.arrived();
  }

  /** Which of the variables with these handles have values. */
  async areInitialized(handles: readonly Endpoint[]): Promise<boolean[]> {
    const names = handles.map((handle) => this.server.probe(handle));
    await this.update();
    const fetch = [...new Set(names)];
    const request = { sessionHandle: this.handle, fetch, storeErrorsInResponseBody: true };
    const answer = this.checked(
      await callMaster(this.channel, 'RunStep', request, this.config.operationTimeoutInMs).reply,
    );
    const found = new Map(answer.tensor.map(({ name, tensor }) => [name, arrayOf(tensor).item() === true]));
    return names.map((name) => found.get(name) ?? false);
  }

  // Running

  /** A step, for a graph that the server has; the values of the fetches. @param partial the handle of a partial run */
  run({ fetches, targets, feeds }: EngineRequest, given: RunArguments, partial = ''): Pending<NdArray[]> {
    const { graph } = this;
    const { message: options } = runSettings(given.options, this.config);
    const { open, complete } = this.withoutFed(fetches, feeds);
    const names = open.map((endpoint) => nameOf(graph, endpoint));
    const request = create(RunStepRequestSchema, {
      sessionHandle: this.handle,
      fetch: names,
      target: targets.map((id) => graph.node(id).name),
      options,
      partialRunHandle: partial,
      // Else texts are cut to what fits into a header.
      storeErrorsInResponseBody: true,
    });
    const values = feeds.map(({ endpoint, host }) => [nameOf(graph, endpoint), host as NdArray] as const);
    const bytes = withNamedTensors(toBinary(RunStepRequestSchema, request), 2, values);
    const call = callMasterRaw(this.channel, 'RunStep', bytes);
    const reply = call.reply.then((answer) => {
      this.checked(answer);
      fill(given.runMetadata, answer.metadata);
      const found = new Map(answer.tensor.map(({ name, tensor }) => [name, tensor]));
      return complete(
        names.map((name) => {
          if (!found.has(name)) throw new InternalError(null, `The server did not send the value of ${name}.`);
          return arrayOf(found.get(name));
        }),
      );
    });
    return { reply, cancel: call.cancel };
  }

  /** The fetches that are not fed, which servers refuse, and what puts the fed ones among the values of those. */
  private withoutFed(fetches: readonly Endpoint[], feeds: readonly Feed[]) {
    const fed = new Map(feeds.map(({ endpoint, host }) => [`${endpoint.node}:${endpoint.index}`, host as NdArray]));
    const given = fetches.map(({ node, index }) => fed.get(`${node}:${index}`));
    const open = fetches.filter((_, i) => !given[i]);
    const complete = (values: readonly NdArray[]): NdArray[] => {
      let next = 0;
      return given.map((value) => value ?? values[next++]);
    };
    return { open, complete };
  }

  private checked(answer: RunStepResponse): RunStepResponse {
    if (answer.statusCode !== 0) throw statusError(answer.statusCode, answer.statusErrorMessage, this.graph);
    return answer;
  }

  /** Prepares a run in several steps; its handle. */
  async setupPartial(plan: FetchPlan, feeds: readonly Tensor[]): Promise<string> {
    const { graph } = this;
    const request = {
      sessionHandle: this.handle,
      feed: feeds.map(({ name }) => name),
      fetch: plan.endpoints.map((endpoint) => nameOf(graph, endpoint)),
      target: this.names(plan.targets),
    };
    const answer = await callMaster(this.channel, 'PartialRunSetup', request, this.config.operationTimeoutInMs).reply;
    return answer.partialRunHandle;
  }

  private names(targets: readonly NodeId[]): string[] {
    return targets.map((id) => this.graph.node(id).name);
  }

  // Callables

  async makeCallable(plan: FetchPlan, feeds: readonly Tensor[]): Promise<ServerCallable> {
    const { graph } = this;
    const fed = new Set(feeds.map(({ name }) => name));
    const fetch = plan.endpoints.map((endpoint) => nameOf(graph, endpoint)).filter((name) => !fed.has(name));
    const options = {
      feed: feeds.map(({ name }) => name),
      fetch,
      target: this.names(plan.targets),
      runOptions: runSettings(null, this.config).message,
    };
    const request = { sessionHandle: this.handle, options };
    const { handle } = await callMaster(this.channel, 'MakeCallable', request, this.config.operationTimeoutInMs).reply;
    return { handle, plan, feeds };
  }

  runCallable({ handle, plan }: ServerCallable, feeds: readonly Feed[]): Pending<NdArray[]> {
    const request = create(RunCallableRequestSchema, { sessionHandle: this.handle, handle });
    const values = feeds.map(({ host }) => host as NdArray);
    const bytes = withTensors(toBinary(RunCallableRequestSchema, request), 3, values);
    const call = callMasterRaw(this.channel, 'RunCallable', bytes);
    const { complete } = this.withoutFed(plan.endpoints, feeds);
    return { reply: call.reply.then(({ fetch }) => complete(fetch.map(arrayOf))), cancel: call.cancel };
  }

  async releaseCallable({ handle }: ServerCallable): Promise<void> {
    const request = { sessionHandle: this.handle, handle };
    await callMaster(this.channel, 'ReleaseCallable', request, CLOSE_MS).reply.catch(() => {});
  }

  // Looking in, and the end

  async devices(): Promise<DeviceAttributes[]> {
    const request = { sessionHandle: this.handle };
    const answer = await callMaster(this.channel, 'ListDevices', request, this.config.operationTimeoutInMs).reply;
    return [...answer.localDevice, ...answer.remoteDevice].map(deviceOf);
  }

  /** Lets the server go of the session. A server that is gone is no error. */
  async close(): Promise<void> {
    const request = { sessionHandle: this.handle };
    await callMaster(this.channel, 'CloseSession', request, CLOSE_MS).reply.catch(() => {});
    this.channel.close();
  }
}

function deviceOf({ name, deviceType, memoryLimit, incarnation }: DeviceMessage): DeviceAttributes {
  return { name, deviceType, memoryLimitBytes: Number(memoryLimit), incarnation };
}

function fill(metadata: RunMetadata | null | undefined, message: MetadataMessage | undefined): void {
  if (!metadata) return;
  metadata.stepStats = message ? RunMetadata.fromString(encodeMessage(RunMetadataSchema, message)).stepStats : null;
}
