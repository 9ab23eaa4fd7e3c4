/**
 * The master of a cluster: the calls of TensorFlow's MasterService as functions of messages. What a session does with them
 * is `remote-session.ts`'s business.
 */
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  CloseSessionRequestSchema,
  CloseSessionResponseSchema,
  CreateSessionRequestSchema,
  CreateSessionResponseSchema,
  ExtendSessionRequestSchema,
  ExtendSessionResponseSchema,
  ListDevicesRequestSchema,
  ListDevicesResponseSchema,
  MakeCallableRequestSchema,
  MakeCallableResponseSchema,
  PartialRunSetupRequestSchema,
  PartialRunSetupResponseSchema,
  ReleaseCallableRequestSchema,
  ReleaseCallableResponseSchema,
  ResetRequestSchema,
  ResetResponseSchema,
  RunCallableRequestSchema,
  RunCallableResponseSchema,
  RunStepRequestSchema,
  RunStepResponseSchema,
} from '../../src/io/proto/master_pb.ts';
import { INTERNAL } from '../../src/util/errors.ts';
import { type Call, type Channel, StatusError } from './channel.ts';

const METHODS = {
  CreateSession: [CreateSessionRequestSchema, CreateSessionResponseSchema],
  ExtendSession: [ExtendSessionRequestSchema, ExtendSessionResponseSchema],
  PartialRunSetup: [PartialRunSetupRequestSchema, PartialRunSetupResponseSchema],
  RunStep: [RunStepRequestSchema, RunStepResponseSchema],
  CloseSession: [CloseSessionRequestSchema, CloseSessionResponseSchema],
  ListDevices: [ListDevicesRequestSchema, ListDevicesResponseSchema],
  Reset: [ResetRequestSchema, ResetResponseSchema],
  MakeCallable: [MakeCallableRequestSchema, MakeCallableResponseSchema],
  RunCallable: [RunCallableRequestSchema, RunCallableResponseSchema],
  ReleaseCallable: [ReleaseCallableRequestSchema, ReleaseCallableResponseSchema],
} as const satisfies Readonly<Record<string, readonly [DescMessage, DescMessage]>>;

type Methods = typeof METHODS;
type Method = keyof Methods;
type Answer<M extends Method> = MessageShape<Methods[M][1]>;

/** An answer on its way. It rejects with a `StatusError`. */
export interface Pending<T> {
  readonly reply: Promise<T>;
  cancel(): void;
}

/** @param milliseconds after which the call fails; 0 for no limit */
export function callMaster<M extends Method>(
  channel: Channel,
  method: M,
  request: MessageInitShape<Methods[M][0]>,
  milliseconds = 0,
): Pending<Answer<M>> {
  const schema: DescMessage = METHODS[method][0];
  const bytes = toBinary(schema, create(schema, request as never));
  return callMasterRaw(channel, method, bytes, milliseconds);
}

/** As `callMaster`, with the request as bytes. */
export function callMasterRaw<M extends Method>(
  channel: Channel,
  method: M,
  request: Uint8Array,
  milliseconds = 0,
): Pending<Answer<M>> {
  const call: Call = channel.call(method, request, milliseconds);
  return { reply: call.reply.then((bytes) => decode(method, bytes)), cancel: () => call.cancel() };
}

function decode<M extends Method>(method: M, bytes: Uint8Array): Answer<M> {
  try {
    return fromBinary(METHODS[method][1] as DescMessage, bytes) as unknown as Answer<M>;
  } catch (error) {
    throw new StatusError(INTERNAL, `The server's answer to ${method} cannot be read: ${(error as Error).message}`);
  }
}
