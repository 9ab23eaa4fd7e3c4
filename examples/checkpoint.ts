/**
 * Trains a little, saves, and goes on from there in another session; then looks into the files.
 * `npx tsx examples/checkpoint.ts` writes to `out/checkpoints`, which TensorFlow reads as well.
 */
import { mkdirSync } from 'node:fs';
import * as tf from '../src/index.ts';

mkdirSync('out/checkpoints', { recursive: true });

tf.setRandomSeed(3);
const x = tf.randomUniform([64, 3]);
const target = tf.matmul(x, tf.constant([[1], [-2], [0.5]]));
const w = tf.getVariable('w', [3, 1], { initializer: tf.zerosInitializer() });
const loss = tf.reduceMean(tf.squaredDifference(tf.matmul(x, w), target));
const globalStep = tf.train.getOrCreateGlobalStep();
const step = new tf.train.AdamOptimizer(0.01).minimize(loss, { globalStep });
const saver = new tf.train.Saver({ maxToKeep: 2 });

const train = async (sess: tf.Session, steps: number) => {
  let last = 0;
  for (let i = 0; i < steps; i++) [, last] = (await sess.run([step, loss])).map(Number);
  return last;
};

{
  using first = new tf.Session();
  await first.run(tf.globalVariablesInitializer());
  for (let round = 0; round < 3; round++) {
    const last = await train(first, 50);
    const path = await saver.save(first, 'out/checkpoints/model', { globalStep });
    console.log(`loss ${last.toFixed(4)}, saved ${path}`);
  }
}

// Another session, as after a restart: no initializer is run, the values and those of Adam come from the file.
const latest = await tf.train.latestCheckpoint('out/checkpoints');
using second = new tf.Session();
await saver.restore(second, latest);
console.log(`restored step ${await second.run(globalStep)} from ${latest}`);
console.log(`loss ${(await train(second, 100)).toFixed(4)} after 100 more steps`);

for (const [name, shape] of await tf.train.listVariables(latest as string)) console.log(`${name} [${shape}]`);
console.log(`w in the file: ${await tf.train.loadVariable(latest as string, 'w')}`.replace(/\s+/g, ' '));
