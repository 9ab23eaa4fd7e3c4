/**
 * A training step of a residual block with batch norm, mean pooling and a dense layer, with Adam, beside TensorFlow.js on cpu,
 * whose wasm backend lacks the gradients, and jax-js on wasm.
 */
import { type Array as JaxArray, lax, nn, numpy as np } from '@jax-js/jax';
import * as tfjs from '@tensorflow/tfjs';
import * as tf from '../src/index.ts';
import { heading, race, results, timeFew } from './harness.ts';
import {
  agree,
  attempt,
  eagerTrainer,
  full,
  graphTrainer,
  jaxTrainer,
  oneHot,
  profile,
  type Trainer,
  transposed,
  uniform,
} from './support.ts';

const [ROWS, SIZE, CHANNELS, CLASSES] = [8, 16, 32, 10];
const EPSILON = 1e-3;

const weights = {
  filter1: uniform([3, 3, CHANNELS, CHANNELS], 0.2, 1),
  scale1: full([CHANNELS], 1),
  offset1: full([CHANNELS], 0),
  filter2: uniform([3, 3, CHANNELS, CHANNELS], 0.2, 2),
  scale2: full([CHANNELS], 1),
  offset2: full([CHANNELS], 0),
  dense: uniform([CHANNELS, CLASSES], 0.4, 3),
  bias: full([CLASSES], 0),
};
const images = uniform([ROWS, SIZE, SIZE, CHANNELS], 2, 4);
const labels = oneHot(ROWS, CLASSES);

function ours() {
  return graphTrainer(weights, [images, labels], (w, x, y) => {
    const conv = (h: tf.Tensor, filter: tf.Variable, scale: tf.Variable, offset: tf.Variable) => {
      const sums = tf.nn.conv2d(h, filter, [1, 1, 1, 1], 'SAME');
      return tf.nn.fusedBatchNorm(sums, scale, offset, { epsilon: EPSILON })[0];
    };
    const h = tf.nn.relu(conv(x, w.filter1, w.scale1, w.offset1));
    const out = tf.nn.relu(conv(h, w.filter2, w.scale2, w.offset2).add(x));
    const logits = tf.matmul(tf.reduceMean(out, [1, 2]), w.dense).add(w.bias);
    return tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: y, logits }));
  });
}

function eager(): Promise<Trainer> {
  return eagerTrainer('cpu', weights, [images, labels], (w, x, y) => {
    const conv = (h: tfjs.Tensor, filter: tfjs.Tensor, scale: tfjs.Tensor, offset: tfjs.Tensor) => {
      const sums = tfjs.conv2d(h as tfjs.Tensor4D, filter as tfjs.Tensor4D, 1, 'same');
      const { mean, variance } = tfjs.moments(sums, [0, 1, 2]);
      return sums.sub(mean).mul(variance.add(EPSILON).rsqrt()).mul(scale).add(offset);
    };
    const h = tfjs.relu(conv(x, w.filter1, w.scale1, w.offset1));
    const out = tfjs.relu(conv(h, w.filter2, w.scale2, w.offset2).add(x));
    const logits = tfjs.mean(out, [1, 2]).matMul(w.dense).add(w.bias);
    return tfjs.losses.softmaxCrossEntropy(y, logits);
  });
}

/** Channels first, as jax-js has them. */
function jax(): Promise<Trainer> {
  const order = [3, 2, 0, 1];
  const turned = {
    ...weights,
    filter1: transposed(weights.filter1, order),
    filter2: transposed(weights.filter2, order),
  };
  return jaxTrainer(turned, [transposed(images, [0, 3, 1, 2]), labels], (w, x, y) => {
    const conv = (h: JaxArray, filter: JaxArray, scale: JaxArray, offset: JaxArray) => {
      const sums = lax.conv(h, filter, [1, 1], 'SAME');
      const centred = sums.ref.sub(np.mean(sums, [0, 2, 3], { keepdims: true }));
      const variance = np.mean(centred.ref.mul(centred.ref), [0, 2, 3], { keepdims: true });
      const normal = centred.div(np.sqrt(variance.add(EPSILON)));
      return normal.mul(scale.reshape([CHANNELS, 1, 1])).add(offset.reshape([CHANNELS, 1, 1]));
    };
    const h = nn.relu(conv(x.ref, w.filter1, w.scale1, w.offset1));
    const out = nn.relu(conv(h, w.filter2, w.scale2, w.offset2).add(x));
    const logits = np.matmul(np.mean(out, [2, 3]), w.dense).add(w.bias);
    return nn
      .logSoftmax(logits)
      .mul(y)
      .sum()
      .mul(-1 / ROWS);
  });
}

export async function benchResnet(): Promise<void> {
  heading(`Residual block with batch norm, ${ROWS}×${SIZE}×${SIZE}×${CHANNELS}, a step with Adam`);
  const network = await ours();
  const cpu = await eager();
  const trainers: Record<string, Trainer> = { 'tfjs-graph, wasm': network, 'tfjs eager, cpu': cpu };
  const peer = await attempt('jax-js', async () => {
    const trainer = await jax();
    // It compiles on the first step: a trainer that cannot do so is left out. The others step with it.
    for (const { step } of [trainer, network, cpu]) await step();
    return trainer;
  });
  if (peer) trainers['jax-js, wasm'] = peer;
  await agree(trainers, 2);
  const quick = Object.entries(trainers).filter(([, trainer]) => trainer !== cpu);
  const timings = await race(Object.fromEntries(quick.map(([name, { step }]) => [name, step])), { warmup: 700 });
  timings.set('tfjs eager, cpu', await timeFew(cpu.step, 3));
  results(timings);
  await profile(network.trace);
  for (const { close } of Object.values(trainers)) close();
}
