/**
 * One client of a cluster, as a program of its own: trains the digits network on a worker, with variables on the parameter
 * server, until the global step. Prints lines: `ready` when it begins, `step n` now and then, `done` at the end.
 */
import { batch, generator, loadDigits } from '../../examples/digits.ts';
import * as tf from '../../src/index.ts';
import { digitsNetwork } from './cluster-network.ts';

const [clusterText, taskText, stepsText] = process.argv.slice(2);
const cluster = new tf.train.ClusterSpec(JSON.parse(clusterText));
const task = Number(taskText);
const lastStep = Number(stepsText);

const { x, y, step, globalStep } = digitsNetwork(cluster, task);
const session = tf.train.MonitoredTrainingSession({
  master: `grpc://${cluster.taskAddress('worker', task)}`,
  isChief: task === 0,
  hooks: [new tf.train.StopAtStepHook({ lastStep })],
  config: { deviceFilters: ['/job:ps', `/job:worker/task:${task}`] },
  recoveryWaitSecs: 0.2,
});
const { train } = loadDigits();
const random = generator(task + 1);
await session.enter(async () => {
  await session.ready();
  console.log('ready');
  for (let i = 0; !session.shouldStop(); i++) {
    const rows = Int32Array.from({ length: 32 }, () => random() % train.labels.length);
    const images = batch(train, rows);
    const [, count] = (await session.run([step, globalStep], {
      feedDict: [[x, images.x], [y, images.y]], // biome-ignore format: pairs
    })) as [null, tf.NdArray];
    if (i % 20 === 0) console.log(`step ${count.item()}`);
  }
});
console.log('done');
