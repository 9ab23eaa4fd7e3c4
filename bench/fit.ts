/**
 * An epoch of Keras's `fit` on 1,024 examples, batch 32, beside TensorFlow.js's own `fit`, on wasm: a dense network, and a
 * convolutional one, for which TensorFlow.js has no gradient there.
 */
import * as tfjs from '@tensorflow/tfjs';
import * as tf from '../src/index.ts';
import { heading, race, results } from './harness.ts';

const [ROWS, BATCH, OUTPUTS] = [1024, 32, 10];

/** The same pseudo-random numbers for everyone: a linear congruential generator. */
function numbers(count: number): Float32Array {
  let state = 12345;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

const labels = Float32Array.from({ length: ROWS }, (_, i) => i % OUTPUTS);
const dense = { data: numbers(ROWS * 784), shape: [ROWS, 784] };
const images = { data: numbers(ROWS * 28 * 28), shape: [ROWS, 28, 28, 1] };
const target = { data: labels, shape: [ROWS, 1] };

const keras = tf.createKeras();
const { layers } = keras;

function compiled(model: tf.keras.Sequential): tf.keras.Sequential {
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  return model;
}

function ours(): () => Promise<void> {
  const model = compiled(
    new keras.Sequential([
      new layers.Dense(128, { activation: 'relu', inputShape: [784] }),
      new layers.Dense(OUTPUTS, { activation: 'softmax' }),
    ]),
  );
  return async () => {
    await model.fit(dense, target, { batchSize: BATCH, verbose: 0 });
  };
}

function peers(): () => Promise<void> {
  const model = tfjs.sequential({
    layers: [
      tfjs.layers.dense({ units: 128, activation: 'relu', inputShape: [784] }),
      tfjs.layers.dense({ units: OUTPUTS, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const x = tfjs.tensor2d(dense.data, [ROWS, 784]);
  const y = tfjs.tensor2d(labels, [ROWS, 1]);
  return async () => {
    await model.fit(x, y, { batchSize: BATCH, verbose: 0 });
  };
}

function convolutional(): () => Promise<void> {
  const model = compiled(
    new keras.Sequential([
      new layers.Conv2D(6, 5, { padding: 'same', activation: 'relu', inputShape: [28, 28, 1] }),
      new layers.MaxPooling2D(2),
      new layers.Conv2D(16, 5, { activation: 'relu' }),
      new layers.MaxPooling2D(2),
      new layers.Flatten(),
      new layers.Dense(120, { activation: 'relu' }),
      new layers.Dense(84, { activation: 'relu' }),
      new layers.Dense(OUTPUTS, { activation: 'softmax' }),
    ]),
  );
  return async () => {
    await model.fit(images, target, { batchSize: BATCH, verbose: 0 });
  };
}

export async function benchFit(): Promise<void> {
  heading(`fit: an epoch of ${ROWS} examples in batches of ${BATCH}, with Adam and accuracy, on wasm`);
  results(await race({ 'tfjs-graph fit, 784-128-10': ours(), 'tfjs-layers fit, 784-128-10': peers() }));
  results(await race({ 'tfjs-graph fit, LeNet-5 (tfjs-layers: no kernel)': convolutional() }));
  keras.backend.clearSession();
}
