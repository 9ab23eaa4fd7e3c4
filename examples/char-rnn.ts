/**
 * Learns nursery rhymes and proverbs letter by letter with an LSTM, and writes what it has learnt: some ten seconds on
 * the wasm backend. `npx tsx examples/char-rnn.ts [steps]`
 */
import { readFileSync } from 'node:fs';
import * as tf from '../src/index.ts';

const STEPS = Number(process.argv[2] ?? 400);
const [BATCH, TIME, UNITS] = [16, 32, 96];

// Letters are numbered in the order of the alphabet; a row of the batch reads on where it stopped the last time.
const text = readFileSync(new URL('./data/rhymes.txt', import.meta.url), 'utf8');
const letters = [...new Set(text)].sort();
const numbers = Array.from(text, (letter) => letters.indexOf(letter));
const stride = Math.floor(numbers.length / BATCH);

tf.setRandomSeed(11);
const x = tf.placeholder(tf.int32, [null, null], { name: 'x' });
const y = tf.placeholder(tf.int32, [null, null], { name: 'y' });
const cell = new tf.nn.rnnCell.BasicLSTMCell(UNITS);
const c = tf.placeholder(tf.float32, [null, UNITS], { name: 'c' });
const h = tf.placeholder(tf.float32, [null, UNITS], { name: 'h' });
const initialState = new tf.nn.rnnCell.LSTMStateTuple(c, h);
const [outputs, state] = tf.nn.dynamicRnn(cell, tf.oneHot(x, letters.length), { initialState });
const logits = tf.layers.dense(outputs, letters.length);
const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }));

// Long products of gradients may explode: they are clipped together.
const optimizer = new tf.train.AdamOptimizer(0.01);
const variables = tf.trainableVariables();
const [gradients] = tf.clipByGlobalNorm(tf.gradients(loss, variables), 5);
const step = optimizer.applyGradients(variables.map((variable, i) => [gradients[i], variable]));

using session = new tf.Session();
await session.run(tf.globalVariablesInitializer());
const zeros = (rows: number) => new tf.NdArray(tf.float32, [rows, UNITS], new Float32Array(rows * UNITS));

const started = performance.now();
let memory = [zeros(BATCH), zeros(BATCH)];
for (let i = 0; i < STEPS; i++) {
  const batch = (shift: number) =>
    Array.from({ length: BATCH }, (_, row) =>
      Array.from({ length: TIME }, (_, t) => numbers[(row * stride + i * TIME + t + shift) % numbers.length]),
    );
  const feedDict = [
    [x, batch(0)],
    [y, batch(1)],
    [c, memory[0]],
    [h, memory[1]],
  ] as const;
  const [value, last] = await session.run([loss, [state.c, state.h], step], { feedDict });
  memory = last;
  if (i % Math.ceil(STEPS / 10) === 0 || i === STEPS - 1) {
    console.log(`step ${String(i).padStart(4)}  loss ${Number(value.item()).toFixed(3)}`);
  }
}
const seconds = (performance.now() - started) / 1000;
console.log(`\ntrained in ${seconds.toFixed(1)} s on the ${session.backend} backend, ${letters.length} letters\n`);

/** Goes on from `start`, always with the letter that is most likely. */
async function write(start: string, length: number): Promise<string> {
  let written = start;
  let input = Array.from(start, (letter) => letters.indexOf(letter));
  let own = [zeros(1), zeros(1)];
  const best = tf.argmax(logits, 2);
  const next = session.makeCallable([best, state.c, state.h], [x, c, h]);
  for (let i = 0; i < length; i++) {
    const [found, ...last] = (await next([input], ...own)) as unknown as tf.NdArray[];
    const letter = Number(found.data[found.data.length - 1]);
    written += letters[letter];
    input = [letter];
    own = last;
  }
  return written;
}

for (const start of ['Twinkle', 'Humpty', 'The cow', 'Birds of']) {
  console.log(`--- ${start}\n${await write(start, 80)}`);
}
