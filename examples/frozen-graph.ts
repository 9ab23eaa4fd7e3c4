/**
 * A trained network as one file: its variables become constants, what only training needs goes, and the file runs in a graph
 * that knows nothing of it. `npx tsx examples/frozen-graph.ts` writes `out/digits.pb`; with the name of another `.pb` file it
 * tells what is in that one.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as tf from '../src/index.ts';
import { all, batch, draw, generator, loadDigits, permutation } from './digits.ts';

const FILE = 'out/digits.pb';
const { train, test } = loadDigits();

const frozen = process.argv[2] === undefined ? await trainAndFreeze() : null;
if (frozen) {
  mkdirSync('out', { recursive: true });
  writeFileSync(FILE, frozen.toBinary());
}

// From here on there is only the file: a graph by TensorFlow is read in the same way.
const file = process.argv[2] ?? FILE;
const def = tf.GraphDef.fromBinary(readFileSync(file));
tf.resetDefaultGraph();
if (frozen) await classify(def);
else describe(def);

async function trainAndFreeze(): Promise<tf.GraphDef> {
  tf.setRandomSeed(7);
  const x = tf.placeholder(tf.float32, [null, 64], { name: 'pixels' });
  const y = tf.placeholder(tf.int32, [null], { name: 'labels' });
  const hidden = tf.layers.dense(x, 48, { activation: tf.nn.relu, name: 'hidden' });
  const logits = tf.layers.dense(hidden, 10, { name: 'logits' });
  tf.nn.softmax(logits, { name: 'probabilities' });
  const loss = tf.losses.sparseSoftmaxCrossEntropy(y, logits);
  const step = new tf.train.AdamOptimizer(5e-3).minimize(loss);

  using sess = new tf.Session();
  await sess.run(tf.globalVariablesInitializer());
  const random = generator(7);
  for (let i = 0; i < 300; i++) {
    const { x: images, y: labels } = batch(train, permutation(train.labels.length, random).subarray(0, 32));
    await sess.run(step, {
      feedDict: [
        [x, images],
        [y, labels],
      ],
    });
  }
  const whole = sess.graph.asGraphDef() as tf.GraphDef;
  const constant = await tf.graphUtil.convertVariablesToConstants(sess, whole, ['probabilities']);
  const small = tf.graphUtil.removeTrainingNodes(constant, ['probabilities']);
  console.log(`${whole.node.length} nodes with training and variables, ${small.node.length} frozen`);
  return small;
}

async function classify(def: tf.GraphDef): Promise<void> {
  describe(def);
  // The input is one of this graph's own: bytes from 0 to 255, as a camera gives them.
  const bytes = tf.placeholder(tf.uint8, [null, 64], { name: 'bytes' });
  const scaled = tf.div(tf.cast(bytes, tf.float32), 255);
  const [probabilities] = tf.importGraphDef(def, {
    name: 'model',
    inputMap: { 'pixels:0': scaled },
    returnElements: ['probabilities:0'],
  }) as tf.Tensor[];
  const digit = tf.argmax(probabilities, 1, { outputType: tf.int32 });

  using sess = new tf.Session();
  const { x, y } = all(test);
  const pixels = Uint8Array.from(x.data as Float32Array, (value) => Math.round(value * 255));
  const [found, sure] = await sess.run([digit, tf.reduceMax(probabilities, 1)], {
    feedDict: [[bytes, { data: pixels, shape: x.shape }]],
  });
  const right = Array.from(found.data as Int32Array).filter((value, i) => value === y[i]).length;
  console.log(draw((x.data as Float32Array).subarray(0, 64)).join('\n'));
  console.log(`this is a ${found.data[0]} (${(100 * Number(sure.data[0])).toFixed(1)} %)`);
  console.log(`test accuracy ${(right / y.length).toFixed(4)}, without any variable`);
}

function describe(def: tf.GraphDef): void {
  const ops = new Map<string, number>();
  for (const { op } of def.node) ops.set(op, (ops.get(op) ?? 0) + 1);
  const counts = [...ops].sort((a, b) => b[1] - a[1]).map(([op, count]) => `${op} ${count}`);
  console.log(`${file}: ${def.toBinary().length} bytes, ${def.node.length} nodes: ${counts.join(', ')}`);
  const inputs = def.node.filter(({ op }) => op === 'Placeholder').map(({ name }) => name);
  console.log(`inputs: ${inputs.join(', ')}`);
}
