/** Settings of sessions and runs as servers take them. What they mean here is written where they are read. */
import { create, type DescMessage, fromJson, type JsonValue, type MessageShape } from '@bufbuild/protobuf';
import {
  type ConfigProto as ConfigMessage,
  ConfigProtoSchema,
  GPUOptionsSchema,
  GraphOptionsSchema,
  type RunOptions as RunOptionsMessage,
  RunOptionsSchema,
} from '../../src/io/proto/session_config_pb.ts';
import { ValueError } from '../../src/util/errors.ts';
import type { ConfigProto } from '../config.ts';
import { RunOptions, type RunOptionsInit } from '../metadata.ts';

export function configMessage(config: ConfigProto): ConfigMessage {
  return create(ConfigProtoSchema, {
    deviceCount: { ...config.deviceCount },
    intraOpParallelismThreads: config.intraOpParallelismThreads,
    interOpParallelismThreads: config.interOpParallelismThreads,
    usePerSessionThreads: config.usePerSessionThreads,
    deviceFilters: [...config.deviceFilters],
    allowSoftPlacement: config.allowSoftPlacement,
    logDevicePlacement: config.logDevicePlacement,
    operationTimeoutInMs: BigInt(Math.round(config.operationTimeoutInMs)),
    isolateSessionState: config.isolateSessionState,
    gpuOptions: optionsMessage(GPUOptionsSchema, config.gpuOptions, 'gpuOptions'),
    graphOptions: optionsMessage(GraphOptionsSchema, config.graphOptions, 'graphOptions'),
  });
}

/** Options by their names in JSON, which are those of JavaScript. */
function optionsMessage<Desc extends DescMessage>(
  schema: Desc,
  options: Readonly<Record<string, unknown>>,
  name: string,
): MessageShape<Desc> | undefined {
  if (Object.keys(options).length === 0) return undefined;
  try {
    return fromJson(schema, options as JsonValue);
  } catch (error) {
    throw new ValueError(`config.${name} is not what servers know: ${(error as Error).message}`);
  }
}

/** The options of a run: those given, with the session's timeout where they set none. */
export function runSettings(
  given: RunOptions | RunOptionsInit | null | undefined,
  { operationTimeoutInMs }: ConfigProto,
): { readonly timeoutInMs: number; readonly traceLevel: number; readonly message: RunOptionsMessage } {
  const { traceLevel, timeoutInMs } = given instanceof RunOptions ? given : new RunOptions(given ?? {});
  const limit = timeoutInMs || operationTimeoutInMs;
  const message = create(RunOptionsSchema, { traceLevel, timeoutInMs: BigInt(Math.round(limit)) });
  return { timeoutInMs: limit, traceLevel, message };
}
