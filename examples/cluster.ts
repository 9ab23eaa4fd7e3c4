/**
 * Trains the digits network on a cluster of TensorFlow servers, by as many clients as there are workers. Start the servers
 * first, as `docs/distributed.md` says; then `npx tsx examples/cluster.ts`, with the cluster as JSON where it is another.
 */
import * as tf from '../src/index.ts';
import { all, batch, generator, loadDigits } from './digits.ts';

const LAST_STEP = 600;
const BATCH = 32;

const text = process.argv[2] ?? '{"ps": ["localhost:2222"], "worker": ["localhost:2223", "localhost:2224"]}';
const cluster = new tf.train.ClusterSpec(JSON.parse(text));
const { train, test } = loadDigits();

/** The graph of one worker: the same for all, but for the device that computes. */
function build(task: number) {
  const graph = new tf.Graph();
  const setter = tf.train.replicaDeviceSetter({ cluster, workerDevice: `/job:worker/task:${task}` });
  const network = () => {
    const globalStep = tf.train.getOrCreateGlobalStep();
    const x = tf.placeholder(tf.float32, [null, 64], { name: 'x' });
    const y = tf.placeholder(tf.int32, [null], { name: 'y' });
    const hidden = tf.layers.dense(x, 64, { activation: tf.nn.relu });
    const logits = tf.layers.dense(hidden, 10);
    const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }));
    const right = tf.equal(tf.argmax(logits, 1, { outputType: tf.int32 }), y);
    const accuracy = tf.reduceMean(tf.cast(right, tf.float32));
    return { x, y, loss, accuracy, globalStep, step: new tf.train.AdamOptimizer(3e-3).minimize(loss, { globalStep }) };
  };
  return { graph, ...graph.asDefault(() => tf.device(setter, network)) };
}

/** One client. In earnest each is a program of its own, near its worker. */
async function client(task: number): Promise<void> {
  const { graph, x, y, loss, step, globalStep } = build(task);
  const session = graph.asDefault(() =>
    tf.train.MonitoredTrainingSession({
      master: `grpc://${cluster.taskAddress('worker', task)}`,
      isChief: task === 0,
      hooks: [new tf.train.StopAtStepHook({ lastStep: LAST_STEP })],
      config: { deviceFilters: ['/job:ps', `/job:worker/task:${task}`] },
      recoveryWaitSecs: 0.2,
    }),
  );
  const random = generator(task + 1);
  await session.enter(async () => {
    for (let i = 0; !session.shouldStop(); i++) {
      const rows = batch(
        train,
        Int32Array.from({ length: BATCH }, () => random() % train.labels.length),
      );
      const fetches = [step, loss, globalStep];
      const [, value, count] = (await session.run(fetches, { feedDict: [[x, rows.x], [y, rows.y]] })) as tf.NdArray[]; // biome-ignore format: pairs
      if (i % 50 === 0) console.log(`worker ${task}, step ${count.item()}: loss ${Number(value.item()).toFixed(3)}`);
    }
  });
}

await Promise.all(cluster.taskIndices('worker').map(client));

// The variables are on the parameter server still, for whoever asks.
const { graph, x, y, accuracy } = build(0);
await using session = new tf.Session({
  graph,
  target: `grpc://${cluster.taskAddress('worker', 0)}`,
  config: { deviceFilters: ['/job:ps', '/job:worker/task:0'] },
});
const images = all(test);
const share = await session.run(accuracy, [[x, images.x], [y, images.y]]); // biome-ignore format: pairs
console.log(`test accuracy ${Number(share.item()).toFixed(3)}`);
