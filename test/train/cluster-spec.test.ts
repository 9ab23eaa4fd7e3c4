/** Clusters by name, and the devices that `replicaDeviceSetter` gives: the values are TensorFlow's. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';

const test = suite('train/cluster-spec');
const { ClusterSpec, replicaDeviceSetter } = tf.train;

const cluster = new ClusterSpec({ ps: ['a:1', 'b:1'], worker: ['c:1'] });

test('a cluster tells its jobs, tasks and addresses', () => {
  assert.is(String(cluster), "ClusterSpec({'ps': ['a:1', 'b:1'], 'worker': ['c:1']})");
  assert.equal(cluster.asDict(), { ps: ['a:1', 'b:1'], worker: ['c:1'] });
  assert.equal(cluster.jobs, ['ps', 'worker']);
  assert.equal([cluster.numTasks('ps'), cluster.taskIndices('ps'), cluster.taskAddress('ps', 1)], [2, [0, 1], 'b:1']);
  const sparse = new ClusterSpec({ w: { 1: 'x:1', 3: 'y:1' } });
  assert.is(String(sparse), "ClusterSpec({'w': {1: 'x:1', 3: 'y:1'}})");
  assert.equal(sparse.jobTasks('w'), [null, 'x:1', null, 'y:1']);
  assert.equal(sparse.asDict(), { w: { 1: 'x:1', 3: 'y:1' } });
  for (const again of [
    new ClusterSpec(sparse),
    new ClusterSpec(sparse.asClusterDef()),
    new ClusterSpec(
      new Map([
        [
          'w',
          new Map([
            [1, 'x:1'],
            [3, 'y:1'],
          ]),
        ],
      ]),
    ),
  ]) {
    // biome-ignore format: one line
    assert.ok(again.equals(sparse));
  }
  assert.not(cluster.equals(sparse));
});

test('what is no cluster is refused in the words of TensorFlow', () => {
  const refused = (make: () => unknown, type: string, text: string) => {
    try {
      make();
    } catch (error) {
      assert.is((error as Error).name, type);
      assert.ok((error as Error).message.startsWith(text), (error as Error).message);
      return;
    }
    assert.unreachable(text);
  };
  refused(
    () => new ClusterSpec({ w: 5 as never }),
    'TypeError',
    "The tasks for job 'w' must be a list or a dictionary",
  );
  refused(() => new ClusterSpec({ w: [5 as never] }), 'TypeError', 'Task address 5 must be bytes or unicode');
  refused(
    () => new ClusterSpec(5 as never),
    'TypeError',
    '`cluster` must be a dictionary mapping one or more job names',
  );
  refused(() => cluster.numTasks('q'), 'ValueError', "No such job in cluster: 'q'");
  refused(() => cluster.taskAddress('ps', 7), 'ValueError', "No task with index 7 in job 'ps'");
  refused(() => new tf.train.Server(cluster, 'ps', 0), 'UnimplementedError', 'A server runs TensorFlow');
  refused(
    () => replicaDeviceSetter({ psTasks: 1, psStrategy: 3 as never }),
    'TypeError',
    'ps_strategy must be callable',
  );
});

/** The devices of the ops that `build` makes, by name. */
function devices(build: () => void): Record<string, string> {
  const graph = new tf.Graph();
  graph.asDefault(build);
  return Object.fromEntries(graph.getOperations().map((op) => [op.name, op.device]));
}
const variable = (name: string) => new tf.Variable([1], { name });

test('variables go to the parameter servers in turn, with what belongs to them, all else to the worker', () => {
  const found = devices(() =>
    tf.device(replicaDeviceSetter({ cluster }), () => {
      variable('v1');
      variable('v2');
      tf.device('/job:worker/task:0', () => variable('v3'));
      tf.device('/job:ps/task:1', () => variable('v4'));
      tf.device('/cpu:0', () => variable('v5'));
      tf.matmul([[1]], [[1]]);
    }),
  );
  const parts = (name: string) =>
    ['Initializer/initial_value', 'IsInitialized/VarIsInitializedOp', 'Assign', 'Read/ReadVariableOp'].map(
      (part) => found[`${name}/${part}`],
    );
  assert.equal(
    ['v1', 'v2', 'v3', 'v4', 'v5'].map((name) => found[name]),
    ['/job:ps/task:0', '/job:ps/task:1', '/job:worker/task:0', '/job:ps/task:1', '/job:ps/task:1/device:CPU:0'],
  );
  assert.equal(parts('v1'), ['', '/job:worker', '/job:ps/task:0', '/job:ps/task:0']);
  assert.equal(parts('v5'), ['', '/job:worker/device:CPU:0', '/job:ps/task:1/device:CPU:0', '/job:ps/task:1/device:CPU:0']); // biome-ignore format: one line
  assert.equal([found.MatMul, found['MatMul/a']], ['/job:worker', '/job:worker']);
});

test('devices of jobs are completed, or left alone without merging', () => {
  const named = devices(() =>
    tf.device(
      replicaDeviceSetter({ psTasks: 1, workerDevice: '/job:worker/task:2', psDevice: '/job:ps/cpu:0' }),
      () => {
        variable('v1');
        tf.matmul([[1]], [[1]]);
      },
    ),
  );
  assert.equal([named.v1, named.MatMul], ['/job:ps/task:0/device:CPU:0', '/job:worker/task:2']);
  const unmerged = devices(() =>
    tf.device('/job:w/replica:0', () =>
      tf.device(replicaDeviceSetter({ psTasks: 2, workerDevice: '/job:worker/task:2', mergeDevices: false }), () => {
        tf.device('/gpu:1', () => variable('v6'));
        variable('v7');
      }),
    ),
  );
  assert.equal([unmerged.v6, unmerged.v7], ['/job:w/replica:0/device:GPU:1', '/job:ps/replica:0/task:0']);
  assert.is(replicaDeviceSetter(), null);
  assert.is(replicaDeviceSetter({ cluster: { worker: ['a:1'] } }), null);
});

test('a device function answers for the scopes inside it, and is completed by those outside', () => {
  const device = (...scopes: tf.DeviceLike[]): string => {
    const [first, ...rest] = scopes;
    return first === undefined ? tf.constant(1).device : tf.device(first, () => device(...rest));
  };
  tf.resetDefaultGraph();
  assert.is(
    device(() => '/device:GPU:0', '/cpu:0'),
    '/device:GPU:0',
  );
  assert.is(
    device('/cpu:0', () => '/job:a/device:GPU:0'),
    '/job:a/device:GPU:0',
  );
  let seen = '';
  const look: tf.DeviceLike = (op) => {
    seen = `${op.device} ${op.type}`;
    return '/device:GPU:0';
  };
  assert.is(device('/job:b', look, '/task:3'), '/job:b/device:GPU:0');
  assert.is(seen, '/task:3 Const');
});

test.run();
