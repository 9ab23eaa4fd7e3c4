/**
 * A server of TensorFlow's MasterService in this process, which answers as a test says and notes what it was asked. It
 * computes nothing: what real servers do is seen in `test/interop`.
 */
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import { tensorFromProto, tensorToProto } from '../../src/io/graph-def-tensor.ts';
import * as messages from '../../src/io/proto/master_pb.ts';
import type { NdArray } from '../../src/util/ndarray.ts';

const METHODS = {
  CreateSession: [messages.CreateSessionRequestSchema, messages.CreateSessionResponseSchema],
  ExtendSession: [messages.ExtendSessionRequestSchema, messages.ExtendSessionResponseSchema],
  PartialRunSetup: [messages.PartialRunSetupRequestSchema, messages.PartialRunSetupResponseSchema],
  RunStep: [messages.RunStepRequestSchema, messages.RunStepResponseSchema],
  CloseSession: [messages.CloseSessionRequestSchema, messages.CloseSessionResponseSchema],
  ListDevices: [messages.ListDevicesRequestSchema, messages.ListDevicesResponseSchema],
  Reset: [messages.ResetRequestSchema, messages.ResetResponseSchema],
  MakeCallable: [messages.MakeCallableRequestSchema, messages.MakeCallableResponseSchema],
  RunCallable: [messages.RunCallableRequestSchema, messages.RunCallableResponseSchema],
  ReleaseCallable: [messages.ReleaseCallableRequestSchema, messages.ReleaseCallableResponseSchema],
} as const satisfies Readonly<Record<string, readonly [DescMessage, DescMessage]>>;

type Methods = typeof METHODS;
export type Method = keyof Methods;
export type RequestOf<M extends Method> = MessageShape<Methods[M][0]>;
type ResponseOf<M extends Method> = MessageInitShape<Methods[M][1]>;

/** Answers a call. `cancelled` settles when the client gives it up. A thrown `Status` is what the call fails with. */
export type Handler<M extends Method> = (
  request: RequestOf<M>,
  cancelled: Promise<void>,
) => ResponseOf<M> | Promise<ResponseOf<M>>;

export class Status extends Error {
  constructor(
    readonly code: number,
    readonly details: string,
  ) {
    super(details);
  }
}

export interface Noted {
  readonly method: Method;
  readonly request: unknown;
}

const SERVICE = 'tensorflow.MasterService';

export class MasterServer {
  /** All calls, in the order in which they came. */
  readonly calls: Noted[] = [];
  target = '';
  private readonly server = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
  private readonly handlers = new Map<Method, Handler<Method>>();
  private versions = 0n;

  private constructor() {
    this.on('CreateSession', () => ({ sessionHandle: 'session', graphVersion: this.versions++ }));
    this.on('ExtendSession', () => ({ newGraphVersion: this.versions++ }));
  }

  static async start(): Promise<MasterServer> {
    const found = new MasterServer();
    const names = Object.keys(METHODS) as Method[];
    const definition = Object.fromEntries(names.map((method) => [method, found.definition(method)]));
    found.server.addService(
      definition,
      Object.fromEntries(names.map((method) => [method, found.implementation(method)])),
    );
    const port = await new Promise<number>((resolve, reject) => {
      found.server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    found.target = `grpc://127.0.0.1:${port}`;
    return found;
  }

  /** Says how a method is answered from now on. */
  on<M extends Method>(method: M, handler: Handler<M>): void {
    this.handlers.set(method, handler as unknown as Handler<Method>);
  }

  /** What a method was asked. */
  asked<M extends Method>(method: M): RequestOf<M>[] {
    return this.calls.filter((call) => call.method === method).map(({ request }) => request as RequestOf<M>);
  }

  stop(): void {
    this.server.forceShutdown();
  }

  private definition(method: Method): grpc.MethodDefinition<unknown, unknown> {
    const [request, response] = METHODS[method];
    return {
      path: `/${SERVICE}/${method}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: () => Buffer.alloc(0),
      requestDeserialize: (bytes) => fromBinary(request as DescMessage, bytes),
      responseSerialize: (value) =>
        Buffer.from(toBinary(response as DescMessage, create(response as DescMessage, value as never))),
      responseDeserialize: () => null,
    };
  }

  private implementation(method: Method): grpc.handleUnaryCall<unknown, unknown> {
    return (call, callback) => {
      this.calls.push({ method, request: call.request });
      const cancelled = new Promise<void>((resolve) => call.on('cancelled', resolve));
      const handler = this.handlers.get(method) ?? (() => ({}));
      Promise.resolve()
        .then(() => handler(call.request as never, cancelled))
        .then(
          (value) => callback(null, value),
          (error) => callback({ code: error.code ?? 2, details: error.details ?? String(error) }),
        );
    };
  }
}

/** Tensors of an answer, by name. */
export function namedTensors(values: Readonly<Record<string, NdArray>>) {
  return Object.entries(values).map(([name, value]) => ({ name, tensor: tensorToProto(value) }));
}

/** The feeds of a step, by name. */
export function feedsOf({ feed }: RequestOf<'RunStep'>): Map<string, NdArray> {
  return new Map(feed.map(({ name, tensor }) => [name, tensorFromProto(tensor as NonNullable<typeof tensor>)]));
}
