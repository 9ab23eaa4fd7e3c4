/**
 * Fits a line to noisy points by gradient descent: the smallest whole program. `npx tsx examples/linear-regression.ts`
 */
import * as tf from '../src/index.ts';

// Points on y = 3x + 2, with a little noise from the graph's own generator.
tf.setRandomSeed(7);
const x = tf.constant(
  Array.from({ length: 100 }, (_, i) => i / 50 - 1),
  { name: 'x' },
);
const noise = new tf.Variable(tf.randomNormal([100], { stddev: 0.1 }), { name: 'noise', trainable: false });
const y = x.mul(3).add(2).add(noise);

const slope = new tf.Variable(0, { name: 'slope' });
const offset = new tf.Variable(0, { name: 'offset' });
const loss = tf.reduceMean(tf.squaredDifference(slope.mul(x).add(offset), y));
const step = new tf.train.GradientDescentOptimizer(0.5).minimize(loss);

using session = new tf.Session();
await session.run(tf.globalVariablesInitializer());
for (let i = 0; i <= 40; i++) {
  const [, l] = await session.run([step, loss]);
  if (i % 10 === 0) console.log(`step ${String(i).padStart(2)}  loss ${Number(l).toFixed(5)}`);
}
const [a, b] = await session.run([slope, offset]);
console.log(`y = ${Number(a).toFixed(3)} x + ${Number(b).toFixed(3)}   (made from y = 3 x + 2)`);
