/**
 * A folder for TensorBoard: a small network learns digits and writes its loss, the distribution of its weights, pictures, the
 * graph, and how long each node took: `npx tsx examples/tensorboard.ts [folder]`.
 */
import * as tf from '../src/index.ts';
import { all, batch, generator, loadDigits, permutation } from './digits.ts';

const STEPS = 200;
const BATCH = 32;
const logdir = process.argv[2] ?? 'out/logs';

const { train, test } = loadDigits();
tf.setRandomSeed(42);

const x = tf.placeholder(tf.float32, [null, 64], { name: 'x' });
const y = tf.placeholder(tf.int32, [null], { name: 'y' });
const dense = (name: string, input: tf.Tensor, inputs: number, units: number) =>
  tf.variableScope(name, () => {
    const kernel = tf.getVariable('kernel', [inputs, units]);
    const bias = tf.getVariable('bias', [units], { initializer: tf.zerosInitializer() });
    // Summaries collect themselves: `mergeAll` below has all of them.
    tf.summary.histogram('kernel', kernel);
    tf.summary.histogram('bias', bias);
    return tf.nn.biasAdd(tf.matmul(input, kernel), bias);
  });
const hidden = tf.nn.relu(dense('hidden', x, 64, 64));
const logits = dense('output', hidden, 64, 10);
const loss = tf.nameScope('loss', () =>
  tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits })),
);
const accuracy = tf.nameScope('accuracy', () =>
  tf.reduceMean(tf.cast(tf.equal(tf.argmax(logits, 1, { outputType: tf.int32 }), y), tf.float32)),
);
const step = new tf.train.AdamOptimizer(5e-3).minimize(loss);

tf.summary.scalar('loss', loss, { family: 'training' });
tf.summary.scalar('accuracy', accuracy, { family: 'training' });
tf.summary.image('digits', tf.reshape(x, [-1, 8, 8, 1]), 4);
const summaries = tf.summary.mergeAll() as tf.Tensor;
// Not in the collection, so that it is written once.
const note = tf.summary.text('about', tf.constant('Digits of **8×8** pixels, Adam, batches of 32.'), []);

const session = new tf.Session();
const writer = new tf.summary.FileWriter(logdir, session.graph);
await session.run(tf.globalVariablesInitializer());
writer.addSummary(await session.run(note), 0);

const random = generator(42);
for (let i = 0; i < STEPS; i++) {
  const { x: images, y: labels } = batch(train, permutation(train.labels.length, random).subarray(0, BATCH));
  const feedDict = [
    [x, images],
    [y, labels],
  ] as const;
  if (i % 10 !== 0) {
    await session.run(step, { feedDict });
    continue;
  }
  // Now and then a run is traced: TensorBoard colours the graph by it.
  const isTraced = i % 100 === 50;
  const runMetadata = new tf.RunMetadata();
  const options = new tf.RunOptions({ traceLevel: isTraced ? tf.RunOptions.FULL_TRACE : tf.RunOptions.NO_TRACE });
  const [summary] = await session.run([summaries, step], { feedDict, options, runMetadata });
  writer.addSummary(summary, i);
  if (isTraced) writer.addRunMetadata(runMetadata, `step ${i}`, i);
}

const { x: images, y: labels } = all(test);
const result = await session.run(accuracy, {
  feedDict: [
    [x, images],
    [y, labels],
  ],
});
// A value of one's own, without an op.
writer.addSummary(new tf.Summary({ value: [{ tag: 'test/accuracy', simpleValue: Number(result) }] }), STEPS);
await writer.close();
session.close();

console.log(`test accuracy ${Number(result).toFixed(4)}`);
console.log(`wrote ${logdir}; to look at it:\n\n    tensorboard --logdir ${logdir}\n`);
