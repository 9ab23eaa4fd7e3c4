/**
 * Options and records of single runs: `RunOptions`, `RunMetadata` and the recorder that fills it. The executor calls the
 * recorder; sessions hand the records out.
 */
import { parseRunMetadata, serializeRunMetadata } from '../src/io/events/run-metadata.ts';
import type { DType } from '../src/util/dtype.ts';
import { TypeError } from '../src/util/errors.ts';
import { type KnownShape, sizeOf } from '../src/util/shape.ts';

export type TraceLevel = 0 | 1 | 2 | 3;

export interface RunOptionsInit {
  /** `RunOptions.FULL_TRACE` fills `RunMetadata.stepStats`. */
  readonly traceLevel?: TraceLevel | 'NO_TRACE' | 'SOFTWARE_TRACE' | 'HARDWARE_TRACE' | 'FULL_TRACE';
  /** Milliseconds after which the run fails with `DeadlineExceededError`; 0 for no limit. */
  readonly timeoutInMs?: number;
}

const levels: ReadonlyMap<string, TraceLevel> = new Map([
  ['NO_TRACE', 0],
  ['SOFTWARE_TRACE', 1],
  ['HARDWARE_TRACE', 2],
  ['FULL_TRACE', 3],
]);

/**
 * Options of one run.
 *
 *     const metadata = new tf.RunMetadata();
 *     await sess.run(loss, {options: new tf.RunOptions({traceLevel: tf.RunOptions.FULL_TRACE}), runMetadata: metadata});
 */
export class RunOptions {
  static readonly NO_TRACE = 0;
  static readonly SOFTWARE_TRACE = 1;
  static readonly HARDWARE_TRACE = 2;
  static readonly FULL_TRACE = 3;

  readonly traceLevel: TraceLevel;
  readonly timeoutInMs: number;

  constructor({ traceLevel = 0, timeoutInMs = 0 }: RunOptionsInit = {}) {
    const level = typeof traceLevel === 'string' ? levels.get(traceLevel) : traceLevel;
    if (level === undefined) throw new TypeError(`Unknown trace level '${traceLevel}'.`);
    this.traceLevel = level;
    this.timeoutInMs = timeoutInMs;
  }
}

/** One output of one executed step. */
export interface OutputRecord {
  readonly slot: number;
  readonly dtype: DType;
  readonly shape: KnownShape;
  readonly bytes: number;
}

/** One executed step: the node it stands for, when it started, how long it took, what it made. */
export interface NodeExecStats {
  readonly nodeName: string;
  /** The kernel that ran: a tfjs kernel, or the op type of a host kernel. */
  readonly op: string;
  /** Microseconds since the epoch. */
  readonly allStartMicros: number;
  /** Microseconds from start to end. */
  readonly allEndRelMicros: number;
  readonly output: readonly OutputRecord[];
  readonly timelineLabel: string;
}

export interface DeviceStepStats {
  readonly device: string;
  readonly nodeStats: readonly NodeExecStats[];
}

export interface StepStats {
  readonly devStats: readonly DeviceStepStats[];
}

/** What a run tells of itself: `stepStats` is null unless the run was traced. */
export class RunMetadata {
  stepStats: StepStats | null = null;

  /**
   * What was written by `serializeToString`, here or by TensorFlow. Throws `DataLossError` for other bytes.
   *
   *     const metadata = tf.RunMetadata.fromString(event.taggedRunMetadata.runMetadata);
   */
  static fromString(bytes: Uint8Array): RunMetadata {
    const metadata = new RunMetadata();
    const { stepStats } = parseRunMetadata(bytes);
    const devStats = stepStats?.devStats.map(({ device, nodeStats }) => ({
      device,
      nodeStats: nodeStats.map((node) => ({ ...node, op: opIn(node.timelineLabel) })),
    }));
    metadata.stepStats = devStats ? { devStats } : null;
    return metadata;
  }

  /** A message of type `RunMetadata`, as bytes. */
  serializeToString(): Uint8Array {
    return serializeRunMetadata(this);
  }
}

/** Labels are `name = Op(…)`. */
function opIn(label: string): string {
  return /^\S+ = (\w+)\(/.exec(label)?.[1] ?? '';
}

/** Collects the steps of one run, by device. */
export class StepRecorder {
  private readonly devices = new Map<string, NodeExecStats[]>();

  /** @param start of `performance.now` */
  record(device: string, name: string, op: string, start: number, end: number, output: readonly OutputRecord[]): void {
    const stats = {
      nodeName: name,
      op,
      allStartMicros: Math.round((performance.timeOrigin + start) * 1000),
      allEndRelMicros: Math.round((end - start) * 1000),
      output,
      timelineLabel: `${name} = ${op}(${output.map((o) => `${o.dtype.shortName}[${o.shape.join(',')}]`).join(', ')})`,
    };
    const list = this.devices.get(device);
    if (list) list.push(stats);
    else this.devices.set(device, [stats]);
  }

  stats(): StepStats {
    return { devStats: [...this.devices].map(([device, nodeStats]) => ({ device, nodeStats })) };
  }
}

export function outputRecord(slot: number, dtype: DType, shape: KnownShape): OutputRecord {
  return { slot, dtype, shape, bytes: sizeOf(shape) * dtype.size };
}
