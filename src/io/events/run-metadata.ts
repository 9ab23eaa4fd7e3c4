/** What a run tells of itself as a message of type `RunMetadata`. Recording it is the sessions' work. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { asDType, type DType } from '../../util/dtype.ts';
import { TypeError } from '../../util/errors.ts';
import type { KnownShape } from '../../util/shape.ts';
import { decodeMessage, encodeMessage } from '../proto/codec.ts';
import { RunMetadataSchema } from '../proto/config_pb.ts';
import type { NodeExecStats as NodeExecStatsMessage, NodeExecStatsSchema } from '../proto/step_stats_pb.ts';

/** One executed step. Times are microseconds, the start since 1970. */
export interface NodeStats {
  readonly nodeName: string;
  readonly allStartMicros: number;
  readonly allEndRelMicros: number;
  readonly timelineLabel: string;
  readonly output: readonly {
    readonly slot: number;
    readonly dtype: DType;
    readonly shape: KnownShape;
    readonly bytes: number;
  }[];
}

/** What `tf.RunMetadata` holds after a run with a trace; null before. */
export interface RunRecord {
  readonly stepStats: {
    readonly devStats: readonly { readonly device: string; readonly nodeStats: readonly NodeStats[] }[];
  } | null;
}

/**
 * What a run told of itself, read from the bytes of a `RunMetadata`. Throws `DataLossError` where they are none. Of outputs
 * whose types are not known nothing is kept.
 */
export function parseRunMetadata(bytes: Uint8Array): RunRecord {
  const { stepStats } = decodeMessage(RunMetadataSchema, bytes);
  if (!stepStats) return { stepStats: null };
  const devStats = stepStats.devStats.map(({ device, nodeStats }) => ({ device, nodeStats: nodeStats.map(recordOf) }));
  return { stepStats: { devStats } };
}

function recordOf({
  nodeName,
  allStartMicros,
  allEndRelMicros,
  timelineLabel,
  output,
}: NodeExecStatsMessage): NodeStats {
  return {
    nodeName,
    allStartMicros: Number(allStartMicros),
    allEndRelMicros: Number(allEndRelMicros),
    timelineLabel,
    output: output.flatMap(({ slot, tensorDescription }) => {
      const { dtype = 0, shape, allocationDescription } = tensorDescription ?? {};
      const type = dtypeOf(dtype);
      if (!type) return [];
      const bytes = Number(allocationDescription?.requestedBytes ?? 0);
      return [{ slot, dtype: type, shape: shape?.dim.map(({ size }) => Number(size)) ?? [], bytes }];
    }),
  };
}

/** References have their types with this added. */
const REFERENCE = 100;

function dtypeOf(value: number): DType | null {
  try {
    return asDType(value % REFERENCE);
  } catch {
    return null;
  }
}

/** The record as bytes. Bytes are taken as they are: a `RunMetadata` that was serialized elsewhere. */
export function serializeRunMetadata(record: RunRecord | Uint8Array): Uint8Array {
  if (record instanceof Uint8Array) return record;
  if (typeof record !== 'object' || record === null || !('stepStats' in record)) {
    throw new TypeError('run_metadata must be a RunMetadata');
  }
  const { stepStats } = record;
  if (!stepStats) return new Uint8Array(0);
  const devStats = stepStats.devStats.map(({ device, nodeStats }) => ({ device, nodeStats: nodeStats.map(nodeOf) }));
  return encodeMessage(RunMetadataSchema, create(RunMetadataSchema, { stepStats: { devStats } }));
}

function nodeOf(node: NodeStats): MessageInitShape<typeof NodeExecStatsSchema> {
  const { nodeName, allStartMicros, allEndRelMicros, timelineLabel, output } = node;
  const [start, end] = [BigInt(Math.round(allStartMicros)), BigInt(Math.round(allEndRelMicros))];
  const bytes = BigInt(output.reduce((sum, each) => sum + each.bytes, 0));
  return {
    nodeName,
    allStartMicros: start,
    allStartNanos: start * 1000n,
    opEndRelMicros: end,
    opEndRelNanos: end * 1000n,
    allEndRelMicros: end,
    allEndRelNanos: end * 1000n,
    timelineLabel,
    memory: [{ allocatorName: 'backend', totalBytes: bytes, peakBytes: bytes, liveBytes: bytes }],
    output: output.map(({ slot, dtype, shape, bytes: size }) => ({
      slot,
      tensorDescription: {
        dtype: dtype.asDatatypeEnum,
        shape: { dim: shape.map((length) => ({ size: BigInt(length) })) },
        allocationDescription: {
          requestedBytes: BigInt(size),
          allocatedBytes: BigInt(size),
          allocatorName: 'backend',
        },
      },
    })),
  };
}
