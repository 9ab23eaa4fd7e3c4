/**
 * Shows what becomes of a program: the graph, the IR after each pass that changed it, the plan; then the same with a pass
 * of one's own. `npx tsx examples/explain.ts`
 */
import * as tf from '../src/index.ts';

const x = tf.placeholder(tf.float32, [null, 4], { name: 'x' });
const w = tf.getVariable('w', [4, 3], { initializer: tf.onesInitializer() });
const b = tf.getVariable('b', [3], { initializer: tf.zerosInitializer() });
const h = tf.nn.relu(tf.nn.biasAdd(tf.matmul(x, w), b), { name: 'h' });
// Written clumsily on purpose: a constant to fold, the same product twice, a reshape of a reshape.
const scale = tf.constant(2).mul(0.5);
const y = tf.reshape(tf.reshape(h.mul(scale).add(h.mul(scale)), [-1]), [-1, 3], { name: 'y' });

using session = new tf.Session();
await session.run(tf.globalVariablesInitializer());
const feeds = [[x, [[1, 2, 3, 4]]]] as const;
console.log(await session.explain(y, { feedDict: feeds }));
console.log(`\ny = ${await session.run(y, { feedDict: feeds })}`);
