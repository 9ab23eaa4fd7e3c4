/**
 * An LSTM of 64 units over 28 steps of 28 numbers, batch 32: forward, and a training step with Adam, as a Keras layer and with
 * `dynamicRnn`, beside tfjs-layers, on wasm.
 */
import * as tfjs from '@tensorflow/tfjs';
import * as tf from '../src/index.ts';
import { heading, race, results } from './harness.ts';

const [ROWS, STEPS, INPUTS, UNITS, OUTPUTS] = [32, 28, 28, 64, 10];
const RATE = 1e-3;

/** The same pseudo-random numbers for everyone: a linear congruential generator. */
function numbers(count: number, scale: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * scale;
  });
}

const sequences = numbers(ROWS * STEPS * INPUTS, 2, 1);
const labels = Float32Array.from({ length: ROWS * OUTPUTS }, (_, i) =>
  Number(Math.floor(i / OUTPUTS) % OUTPUTS === i % OUTPUTS),
);
const kernel = numbers(INPUTS * 4 * UNITS, 0.3, 2);
const recurrent = numbers(UNITS * 4 * UNITS, 0.3, 3);
/** Gates i, f, c, o; that of forgetting begins with ones. */
const bias = Float32Array.from({ length: 4 * UNITS }, (_, i) => Number(Math.floor(i / UNITS) === 1));
const dense = numbers(UNITS * OUTPUTS, 0.3, 4);

interface Network {
  readonly forward: () => unknown;
  /** Trains once and gives the loss before. */
  readonly step: () => number | Promise<number>;
  readonly close: () => void;
}

const variable = (data: Float32Array, shape: readonly number[]) => new tf.Variable({ data: data.slice(), shape });

/** A graph around what makes the last output of the sequence. */
async function network(
  last: (x: tf.Tensor) => { readonly h: tf.Tensor; readonly fill: tf.Operation },
): Promise<Network> {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, config: { backend: 'wasm' } });
  const { x, y, logits, loss, step, start, fill } = graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [null, STEPS, INPUTS]);
    const y = tf.placeholder(tf.float32, [null, OUTPUTS]);
    const { h, fill } = last(x);
    const logits = tf.nn.biasAdd(
      tf.matmul(h, variable(dense, [UNITS, OUTPUTS])),
      variable(new Float32Array(OUTPUTS), [OUTPUTS]),
    );
    const loss = tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: y, logits }));
    const step = new tf.train.AdamOptimizer(RATE).minimize(loss);
    return { x, y, logits, loss, step, start: tf.globalVariablesInitializer(), fill };
  });
  await session.run(start);
  await session.run(fill);
  const predict = session.makeCallable(logits, [x]);
  const train = session.makeCallable([step, loss], [x, y]);
  const xs = { data: sequences, shape: [ROWS, STEPS, INPUTS] };
  const ys = { data: labels, shape: [ROWS, OUTPUTS] };
  return {
    forward: () => predict(xs),
    step: async () => Number((await train(xs, ys))[1]),
    close: () => session.close(),
  };
}

function assigned(variables: readonly tf.Variable[], arrays: readonly Float32Array[]): tf.Operation {
  return tf.group(...variables.map((v, i) => v.assign(new tf.NdArray(tf.float32, v.shape as number[], arrays[i]))));
}

const asLayer = () =>
  network((x) => {
    const layer = new tf.keras.layers.LSTM(UNITS, { recurrentActivation: 'sigmoid' });
    const h = layer.apply(x) as tf.Tensor;
    return { h, fill: assigned(layer.weights as tf.Variable[], [kernel, recurrent, bias]) };
  });

/** TensorFlow's cells have one kernel for inputs and state, and the gates in the order i, c, f, o. */
function turned(data: Float32Array): Float32Array {
  const order = [0, 2, 1, 3];
  return data.map((_, i) => {
    const [row, column] = [Math.floor(i / (4 * UNITS)), i % (4 * UNITS)];
    return data[row * 4 * UNITS + order[Math.floor(column / UNITS)] * UNITS + (column % UNITS)];
  });
}

const asCell = () =>
  network((x) => {
    const cell = new tf.nn.rnnCell.BasicLSTMCell(UNITS, { forgetBias: 0 });
    const [, { h }] = tf.nn.dynamicRnn(cell, x, { dtype: tf.float32 });
    const both = new Float32Array([...turned(kernel), ...turned(recurrent)]);
    return { h, fill: assigned(cell.weights as tf.Variable[], [both, turned(bias)]) };
  });

function peer(): Network {
  const model = tfjs.sequential({
    layers: [
      tfjs.layers.lstm({ units: UNITS, inputShape: [STEPS, INPUTS], recurrentActivation: 'sigmoid' }),
      tfjs.layers.dense({ units: OUTPUTS }),
    ],
  });
  model.setWeights([
    tfjs.tensor2d(kernel.slice(), [INPUTS, 4 * UNITS]),
    tfjs.tensor2d(recurrent.slice(), [UNITS, 4 * UNITS]),
    tfjs.tensor1d(bias.slice()),
    tfjs.tensor2d(dense.slice(), [UNITS, OUTPUTS]),
    tfjs.zeros([OUTPUTS]),
  ]);
  // As a loss of its own: that of tfjs-layers clips the probabilities of a softmax.
  const loss = (y: tfjs.Tensor, p: tfjs.Tensor) => tfjs.losses.softmaxCrossEntropy(y, p);
  model.compile({ optimizer: tfjs.train.adam(RATE), loss });
  const x = tfjs.tensor3d(sequences, [ROWS, STEPS, INPUTS]);
  const y = tfjs.tensor2d(labels, [ROWS, OUTPUTS]);
  return {
    forward: () => tfjs.tidy(() => (model.predict(x) as tfjs.Tensor).dataSync()),
    step: async () => (await model.trainOnBatch(x, y)) as number,
    close: () => tfjs.dispose([x, y]),
  };
}

export async function benchLstm(): Promise<void> {
  heading(
    `LSTM-${UNITS} over ${STEPS} steps of ${INPUTS}, batch ${ROWS}, on wasm (target: a step at most 1/15 of tfjs-layers)`,
  );
  const networks = {
    'tfjs-graph, Keras layer': await asLayer(),
    'tfjs-graph, dynamicRnn': await asCell(),
    'tfjs-layers': peer(),
  };
  const entries = Object.entries(networks);
  results(await race(Object.fromEntries(entries.map(([name, { forward }]) => [`${name}, forward`, forward]))));
  // All train the same network: after five steps their losses must agree before their times may be compared.
  const losses: [string, number][] = [];
  for (const [name, { step }] of entries) {
    let loss = 0;
    for (let i = 0; i < 5; i++) loss = await step();
    losses.push([name, loss]);
  }
  console.log(`  loss after 5 steps: ${losses.map(([name, loss]) => `${name} ${loss.toFixed(5)}`).join('   ')}`);
  if (losses.some(([, loss]) => Math.abs(loss - losses[0][1]) > 1e-3)) throw new Error('The losses differ.');
  results(await race(Object.fromEntries(entries.map(([name, { step }]) => [`${name}, a step`, step]))));
  for (const [, { close }] of entries) close();
}
