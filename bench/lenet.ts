/**
 * A training step of a small convolutional network on 28×28 images with Adam, batch 32, beside TensorFlow.js's cpu backend,
 * the only one in Node that has the gradients. The network itself is also what other benchmarks measure.
 */
import * as tfjs from '@tensorflow/tfjs';
import * as tf from '../src/index.ts';
import { heading, results, time, timeFew } from './harness.ts';
import {
  agree,
  type Data,
  eagerTrainer,
  full,
  type GraphTrainer,
  graphTrainer,
  oneHot,
  profile,
  uniform,
} from './support.ts';

export const ROWS = 32;
const [SIZE, CLASSES] = [28, 10];
const [CHANNELS, MORE] = [8, 16];
const LEFT = 5 * 5 * MORE;

export const lenetWeights = {
  filter1: uniform([3, 3, 1, CHANNELS], 0.8, 1),
  bias1: full([CHANNELS], 0),
  filter2: uniform([3, 3, CHANNELS, MORE], 0.4, 2),
  bias2: full([MORE], 0),
  dense: uniform([LEFT, CLASSES], 0.2, 3),
  bias: full([CLASSES], 0),
};

export function lenetInputs(rows: number): [Data, Data] {
  return [uniform([rows, SIZE, SIZE, 1], 2, 4), oneHot(rows, CLASSES)];
}

const POOL = [1, 2, 2, 1];

export function lenet(rows = ROWS, config = {}): Promise<GraphTrainer> {
  return graphTrainer(
    lenetWeights,
    lenetInputs(rows),
    (w, x, y) => {
      const conv = (input: tf.Tensor, filter: tf.Variable, bias: tf.Variable) =>
        tf.nn.relu(tf.nn.biasAdd(tf.nn.conv2d(input, filter, [1, 1, 1, 1], 'VALID'), bias));
      const first = tf.nn.maxPool(conv(x, w.filter1, w.bias1), POOL, POOL, 'VALID');
      const second = tf.nn.maxPool(conv(first, w.filter2, w.bias2), POOL, POOL, 'VALID');
      const logits = tf.nn.biasAdd(tf.matmul(tf.reshape(second, [-1, LEFT]), w.dense), w.bias);
      return tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: y, logits }));
    },
    config,
  );
}

export function eagerLenet(rows = ROWS) {
  return eagerTrainer('cpu', lenetWeights, lenetInputs(rows), (w, x, y) => {
    const conv = (input: tfjs.Tensor, filter: tfjs.Tensor, bias: tfjs.Tensor): tfjs.Tensor4D =>
      tfjs.relu(tfjs.add(tfjs.conv2d(input as tfjs.Tensor4D, filter as tfjs.Tensor4D, 1, 'valid'), bias));
    const first = tfjs.maxPool(conv(x, w.filter1, w.bias1), 2, 2, 'valid');
    const second = tfjs.maxPool(conv(first, w.filter2, w.bias2), 2, 2, 'valid');
    const logits = tfjs.add(tfjs.matMul(tfjs.reshape(second, [-1, LEFT]), w.dense), w.bias);
    return tfjs.losses.softmaxCrossEntropy(y, logits);
  });
}

export async function benchLenet(): Promise<void> {
  heading(
    `LeNet-like network, batch ${ROWS}, a step with Adam (target: at most 1.3 ms, at least 700 times tfjs on cpu)`,
  );
  const trainers = { 'tfjs-graph, wasm': await lenet(), 'tfjs eager, cpu': await eagerLenet() };
  await agree(trainers, 3);
  const [ours, peer] = Object.values(trainers);
  const timings = new Map([['tfjs-graph, wasm', await time(ours.step)]]);
  timings.set('tfjs eager, cpu', await timeFew(peer.step));
  timings.set('tfjs-graph, wasm', await time(ours.step, { warmup: 1000, samples: 15 }));
  results(timings);
  await profile(trainers['tfjs-graph, wasm'].trace);
  for (const { close } of Object.values(trainers)) close();
}
