/**
 * A training step of one block of a small GPT-2 (width 128, 4 heads, 64 tokens) with Adam, beside TensorFlow.js eager and
 * jax-js on wasm.
 */
import { type Array as JaxArray, nn, numpy as np } from '@jax-js/jax';
import * as tfjs from '@tensorflow/tfjs';
import * as tf from '../src/index.ts';
import { heading, race, results } from './harness.ts';
import {
  agree,
  attempt,
  type Data,
  eagerTrainer,
  full,
  graphTrainer,
  jaxTrainer,
  profile,
  type Trainer,
  uniform,
} from './support.ts';

const [TOKENS, WIDTH, HEADS] = [64, 128, 4];
const DEPTH = WIDTH / HEADS;
const EPSILON = 1e-5;
const [CUBE, ROOT] = [0.044715, Math.sqrt(2 / Math.PI)];

const weights = {
  scale1: full([WIDTH], 1),
  offset1: full([WIDTH], 0),
  query: uniform([WIDTH, WIDTH], 0.2, 1),
  key: uniform([WIDTH, WIDTH], 0.2, 2),
  value: uniform([WIDTH, WIDTH], 0.2, 3),
  project: uniform([WIDTH, WIDTH], 0.2, 4),
  projectBias: full([WIDTH], 0),
  scale2: full([WIDTH], 1),
  offset2: full([WIDTH], 0),
  expand: uniform([WIDTH, 4 * WIDTH], 0.2, 5),
  expandBias: full([4 * WIDTH], 0),
  shrink: uniform([4 * WIDTH, WIDTH], 0.1, 6),
  shrinkBias: full([WIDTH], 0),
};

/** 0 where a token may look, a large negative number where it would look ahead. */
const mask: Data = {
  data: Float32Array.from({ length: TOKENS * TOKENS }, (_, i) => (i % TOKENS > Math.floor(i / TOKENS) ? -1e9 : 0)),
  shape: [TOKENS, TOKENS],
};

const inputs = (rows: number): Data[] => [uniform([rows, TOKENS, WIDTH], 2, 7), uniform([rows, TOKENS, WIDTH], 2, 8)];

export function transformer(rows: number, config = {}) {
  const lossOf = (w: Record<string, tf.Variable>, x: tf.Tensor, y: tf.Tensor) => {
    const normal = (h: tf.Tensor, scale: tf.Variable, offset: tf.Variable) => {
      const [mean, variance] = tf.nn.moments(h, [-1], { keepDims: true });
      return tf.nn.batchNormalization(h, mean, variance, offset, scale, EPSILON);
    };
    const dense = (h: tf.Tensor, kernel: tf.Variable) => {
      const [inner, outer] = kernel.shape as number[];
      return tf.reshape(tf.matmul(tf.reshape(h, [-1, inner]), kernel), [-1, TOKENS, outer]);
    };
    const heads = (h: tf.Tensor) => tf.transpose(tf.reshape(h, [-1, TOKENS, HEADS, DEPTH]), [0, 2, 1, 3]);
    const a = normal(x, w.scale1, w.offset1);
    const [q, k, v] = [w.query, w.key, w.value].map((kernel) => heads(dense(a, kernel)));
    const scores = tf.matmul(q, k, { transposeB: true }).mul(1 / Math.sqrt(DEPTH));
    const attention = tf.matmul(tf.nn.softmax(scores.add(tf.constant(mask))), v);
    const joined = tf.reshape(tf.transpose(attention, [0, 2, 1, 3]), [-1, TOKENS, WIDTH]);
    const h = x.add(dense(joined, w.project)).add(w.projectBias);
    const inner = dense(normal(h, w.scale2, w.offset2), w.expand).add(w.expandBias);
    const cubed = inner.mul(inner).mul(inner);
    const gelu = inner.mul(0.5).mul(tf.tanh(inner.add(cubed.mul(CUBE)).mul(ROOT)).add(1));
    const out = h.add(dense(gelu, w.shrink)).add(w.shrinkBias);
    return tf.reduceMean(tf.squaredDifference(out, y));
  };
  return graphTrainer(weights, inputs(rows), lossOf, config);
}

function eager(rows: number): Promise<Trainer> {
  const ahead = tfjs.tensor(mask.data, mask.shape);
  return eagerTrainer('wasm', weights, inputs(rows), (w, x, y) => {
    const normal = (h: tfjs.Tensor, scale: tfjs.Tensor, offset: tfjs.Tensor) => {
      const { mean, variance } = tfjs.moments(h, -1, true);
      return h.sub(mean).mul(variance.add(EPSILON).rsqrt()).mul(scale).add(offset);
    };
    const dense = (h: tfjs.Tensor, kernel: tfjs.Tensor) => {
      const [inner, outer] = kernel.shape;
      return h
        .reshape([rows * TOKENS, inner])
        .matMul(kernel)
        .reshape([rows, TOKENS, outer]);
    };
    const heads = (h: tfjs.Tensor) => h.reshape([rows, TOKENS, HEADS, DEPTH]).transpose([0, 2, 1, 3]);
    const a = normal(x, w.scale1, w.offset1);
    const [q, k, v] = [w.query, w.key, w.value].map((kernel) => heads(dense(a, kernel)));
    const scores = tfjs.matMul(q, k, false, true).mul(1 / Math.sqrt(DEPTH));
    const attention = tfjs.matMul(tfjs.softmax(scores.add(ahead)), v);
    const joined = attention.transpose([0, 2, 1, 3]).reshape([rows, TOKENS, WIDTH]);
    const h = x.add(dense(joined, w.project)).add(w.projectBias);
    const inner = dense(normal(h, w.scale2, w.offset2), w.expand).add(w.expandBias);
    const cubed = inner.mul(inner).mul(inner);
    const gelu = inner.mul(0.5).mul(inner.add(cubed.mul(CUBE)).mul(ROOT).tanh().add(1));
    const out = h.add(dense(gelu, w.shrink)).add(w.shrinkBias);
    return tfjs.mean(tfjs.squaredDifference(out, y));
  });
}

function jax(rows: number): Promise<Trainer> {
  return jaxTrainer(weights, inputs(rows), (w, x, y) => {
    const ahead = np.array(mask.data).reshape(mask.shape);
    const normal = (h: JaxArray, scale: JaxArray, offset: JaxArray) =>
      nn.standardize(h, -1, { epsilon: EPSILON }).mul(scale).add(offset);
    const dense = (h: JaxArray, kernel: JaxArray) => {
      const [inner, outer] = kernel.shape;
      return np.matmul(h.reshape([rows * TOKENS, inner]), kernel).reshape([rows, TOKENS, outer]);
    };
    const heads = (h: JaxArray) => np.transpose(h.reshape([rows, TOKENS, HEADS, DEPTH]), [0, 2, 1, 3]);
    const a = normal(x.ref, w.scale1, w.offset1);
    const q = heads(dense(a.ref, w.query));
    const k = heads(dense(a.ref, w.key));
    const v = heads(dense(a, w.value));
    const scores = np.matmul(q, np.transpose(k, [0, 1, 3, 2])).mul(1 / Math.sqrt(DEPTH));
    const attention = np.matmul(nn.softmax(scores.add(ahead), -1), v);
    const joined = np.transpose(attention, [0, 2, 1, 3]).reshape([rows, TOKENS, WIDTH]);
    const h = x.add(dense(joined, w.project)).add(w.projectBias);
    const inner = dense(normal(h.ref, w.scale2, w.offset2), w.expand).add(w.expandBias);
    const out = h.add(dense(nn.gelu(inner), w.shrink)).add(w.shrinkBias);
    const d = out.sub(y);
    return np.mean(d.ref.mul(d));
  });
}

export async function benchTransformer(): Promise<void> {
  for (const rows of [1, 8]) {
    heading(`GPT-2 block, width ${WIDTH}, ${HEADS} heads, ${TOKENS} tokens, batch ${rows}, a step with Adam, on wasm`);
    const network = await transformer(rows);
    const trainers: Record<string, Trainer> = { 'tfjs-graph': network, 'tfjs eager': await eager(rows) };
    const peer = await attempt('jax-js', async () => {
      const trainer = await jax(rows);
      // It compiles on the first step: a trainer that cannot do so is left out. The others step with it.
      for (const { step } of [trainer, ...Object.values(trainers)]) await step();
      return trainer;
    });
    if (peer) trainers['jax-js'] = peer;
    await agree(trainers);
    const steps = Object.entries(trainers).map(([name, { step }]) => [name, step] as const);
    results(await race(Object.fromEntries(steps), { warmup: 700 }));
    await profile(network.trace);
    for (const { close } of Object.values(trainers)) close();
  }
}
