/**
 * Trains a network of 64, 128 and 10 units on handwritten digits, on the wasm backend: `npm start`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import * as tf from '../src/index.ts';
import { all, batch, draw, generator, loadDigits, permutation } from './digits.ts';

const EPOCHS = 20;
const BATCH = 32;
const SEED = 42;

const { train, test } = loadDigits();
tf.setRandomSeed(SEED);

// The graph: nothing is computed here.
const x = tf.placeholder(tf.float32, [null, 64], { name: 'x' });
const y = tf.placeholder(tf.int32, [null], { name: 'y' });
const dense = (name: string, input: tf.Tensor, inputs: number, units: number) =>
  tf.variableScope(name, () => {
    const kernel = tf.getVariable('kernel', [inputs, units]);
    const bias = tf.getVariable('bias', [units], { initializer: tf.zerosInitializer() });
    return tf.nn.biasAdd(tf.matmul(input, kernel), bias);
  });
const hidden = tf.nn.relu(dense('hidden', x, 64, 128));
const logits = dense('output', hidden, 128, 10);
const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }), { name: 'loss' });
const predictions = tf.argmax(logits, 1, { outputType: tf.int32, name: 'predictions' });
const accuracy = tf.reduceMean(tf.cast(tf.equal(predictions, y), tf.float32), { name: 'accuracy' });
const step = new tf.train.AdamOptimizer(2e-3).minimize(loss);
const init = tf.globalVariablesInitializer();

const random = generator(SEED);
const session = new tf.Session();
await session.run(init);

const started = performance.now();
for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  const order = permutation(train.labels.length, random);
  const batches = Math.ceil(order.length / BATCH);
  const title = `epoch ${String(epoch).padStart(2)}/${EPOCHS}`;
  const bar = new SingleBar({
    format: `${title} [{bar}]  loss {loss}  accuracy {accuracy}`,
    barsize: 30,
    hideCursor: true,
  });
  if (process.stdout.isTTY) bar.start(batches, 0, { loss: '', accuracy: '' });
  let [lossSum, accuracySum] = [0, 0];
  for (let i = 0; i < batches; i++) {
    const { x: images, y: labels } = batch(train, order.subarray(i * BATCH, (i + 1) * BATCH));
    const feedDict = [
      [x, images],
      [y, labels],
    ] as const;
    const [, l, a] = await session.run([step, loss, accuracy], { feedDict });
    lossSum += Number(l);
    accuracySum += Number(a);
    bar.update(i + 1, { loss: (lossSum / (i + 1)).toFixed(4), accuracy: (accuracySum / (i + 1)).toFixed(4) });
  }
  bar.stop();
  if (!process.stdout.isTTY) {
    console.log(`${title}  loss ${(lossSum / batches).toFixed(4)}  accuracy ${(accuracySum / batches).toFixed(4)}`);
  }
}
const seconds = (performance.now() - started) / 1000;

const { x: images, y: labels } = all(test);
const [testAccuracy, guesses] = await session.run([accuracy, predictions], {
  feedDict: [
    [x, images],
    [y, labels],
  ],
});
console.log(`\ntest accuracy ${Number(testAccuracy).toFixed(4)} on ${labels.length} digits that it has not seen`);
console.log(`trained in ${seconds.toFixed(1)} s on the ${session.backend} backend\n`);

const shown = [0, 1, 2, 3, 4, 5];
const pictures = shown.map((i) => draw(images.data.subarray(64 * i, 64 * i + 64)));
for (let row = 0; row < 8; row++) console.log(pictures.map((picture) => picture[row]).join('   '));
console.log(shown.map((i) => `it is ${labels[i]}, seen ${guesses.item(i)}`.padEnd(19)).join(''));

mkdirSync('out', { recursive: true });
writeFileSync('out/digits.pbtxt', tf.GraphDef.of(tf.getDefaultGraph(), { addShapes: true }).toText());
writeFileSync('out/digits.dot', tf.viz.toDot(tf.getDefaultGraph()));
console.log('\nwrote out/digits.pbtxt (the graph, for TensorBoard and Netron) and out/digits.dot (for Graphviz)');
session.close();
if (Number(testAccuracy) < 0.95) process.exitCode = 1;
