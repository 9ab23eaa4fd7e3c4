/**
 * `replicaDeviceSetter`: a device function that puts variables on parameter servers and all else on a worker. Device scopes
 * themselves are the graph's.
 */
import { bind, type Rest } from '../ops/tensor-like.ts';
import { formatDevice, mergeDevices, parseDevice } from '../util/device-spec.ts';
import { TypeError } from '../util/errors.ts';
import { type ClusterInit, ClusterSpec } from './cluster-spec.ts';

/** What a device function is told of the op that it places. */
export interface PlacedOp {
  readonly name: string;
  readonly type: string;
  /** What the scopes inside say. */
  readonly device: string;
}

export interface ReplicaDeviceSetterOptions {
  /** The number of parameter servers; 0 without it. That of `cluster` counts. */
  readonly psTasks?: number;
  /** Where variables go, `/job:ps` without it. */
  readonly psDevice?: string;
  /** Where all else goes, `/job:worker` without it. */
  readonly workerDevice?: string;
  /** False: an op that has a device is left there, and parts are not filled in. */
  readonly mergeDevices?: boolean;
  readonly cluster?: ClusterInit | null;
  /** The ops that go to parameter servers: variables, tables and accumulators without it. */
  readonly psOps?: readonly string[] | null;
  /** Chooses the parameter server of an op; one after the other without it. */
  readonly psStrategy?: ((op: PlacedOp) => number) | null;
}

const PS_OPS: readonly string[] = [
  'Variable',
  'VariableV2',
  'AutoReloadVariable',
  'MutableHashTable',
  'MutableHashTableV2',
  'MutableHashTableOfTensors',
  'MutableHashTableOfTensorsV2',
  'MutableDenseHashTable',
  'MutableDenseHashTableV2',
  'VarHandleOp',
  'BoostedTreesEnsembleResourceHandleOp',
  'BoostedTreesQuantileStreamResourceHandleOp',
  'ResourceConditionalAccumulator',
  'DecisionTreeResource',
];

function inTurn(tasks: number): () => number {
  let next = 0;
  return () => {
    const task = next;
    next = (next + 1) % tasks;
    return task;
  };
}

/**
 * A function for `tf.device`: variables go to the parameter servers, one after the other, all other ops to the worker. Null
 * where there are no parameter servers. Throws `TypeError` for a strategy that is no function.
 *
 *     tf.device(tf.train.replicaDeviceSetter({cluster, workerDevice: '/job:worker/task:1'}), () => build());
 */
export function replicaDeviceSetter(
  ...rest: Rest<
    [
      psTasks: number,
      psDevice: string,
      workerDevice: string,
      mergeDevices: boolean,
      cluster: ClusterInit | null,
      psOps: readonly string[] | null,
      psStrategy: ((op: PlacedOp) => number) | null,
    ],
    ReplicaDeviceSetterOptions
  >
): ((op: PlacedOp) => string) | null {
  const options = bind<ReplicaDeviceSetterOptions>(
    ['psTasks', 'psDevice', 'workerDevice', 'mergeDevices', 'cluster', 'psOps', 'psStrategy'],
    rest,
  );
  const { psDevice = '/job:ps', workerDevice = '/job:worker', mergeDevices: merges = true } = options;
  const ps = parseDevice(psDevice);
  let tasks = options.psTasks ?? 0;
  if (options.cluster) {
    const spec = new ClusterSpec(options.cluster);
    if (ps.job === null || !spec.jobs.includes(ps.job)) return null;
    tasks = spec.numTasks(ps.job);
  }
  if (tasks === 0) return null;
  const psOps = new Set(options.psOps ?? PS_OPS);
  const strategy = options.psStrategy ?? inTurn(tasks);
  if (typeof strategy !== 'function') throw new TypeError('ps_strategy must be callable');
  const worker = parseDevice(workerDevice);
  return (op) => {
    if (!merges && op.device) return op.device;
    const current = parseDevice(op.device);
    if (psDevice === '' || !psOps.has(op.type)) return formatDevice(mergeDevices(worker, current));
    const chooses = ps.job !== null && (current.job === null || current.job === ps.job);
    return formatDevice(mergeDevices(chooses ? { ...ps, task: strategy(op) } : ps, current));
  };
}
