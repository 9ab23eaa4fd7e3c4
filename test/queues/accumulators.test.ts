/** Accumulators of gradients: values, steps, refusals, the classes, and runs that wait, against real TensorFlow. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { leakChecked } from '../support/leaks.ts';
import { goldenLines, opLines, readProgram } from '../support/programs.ts';
import { checkProgram, rawPrograms } from '../support/raw-programs.ts';

const test = suite('queues/accumulators');
const checked = leakChecked(test);

const prefixes = ['ConditionalAccumulator', 'ResourceConditionalAccumulator', 'SparseConditionalAccumulator'];
rawPrograms(...prefixes).forEach((program) => {
  checked(`${program.name} (${program.nodes[0].op})`, () => checkProgram(program));
});

checked('the graph of the program is that of TensorFlow', () => {
  const acc = new tf.ConditionalAccumulator(tf.float32, [2], { name: 'acc' });
  const g = tf.placeholder(tf.float32, [2], 'g');
  acc.applyGrad(g, 0);
  acc.takeGrad(2);
  acc.numAccumulated();
  assert.equal(opLines(tf.getDefaultGraph()), goldenLines(readProgram('accumulator')));
});

checked('a run that takes waits for gradients, and others go on', async () => {
  const acc = new tf.ConditionalAccumulator(tf.float32, [2]);
  const g = tf.placeholder(tf.float32, [2]);
  const apply = acc.applyGrad(g);
  const taken = acc.takeGrad(2);
  using sess = new tf.Session();
  const result = sess.run(taken);
  await sess.run(apply, { feedDict: [[g, [1, 2]]] });
  await sess.run(apply, { feedDict: [[g, [3, 6]]] });
  assert.equal([...((await result) as NdArray).data], [2, 4]);
});

checked('a run that waits for gradients is cancelled when the session is closed', async () => {
  const acc = new tf.ConditionalAccumulator(tf.float32, [2]);
  const sess = new tf.Session();
  const result = sess.run(acc.takeGrad(1)).then(
    () => null,
    (error: Error) => error,
  );
  await sess.run(acc.numAccumulated());
  sess.close();
  const error = await result;
  assert.is(error?.name, 'CancelledError');
});

checked('rows of gradients by the class', async () => {
  const acc = new tf.SparseConditionalAccumulator(tf.float32, [4, 2]);
  const slices = new tf.IndexedSlices(tf.constant([[1, 2]]), tf.constant([1], tf.int64));
  const applied = acc.applyIndexedSlicesGrad(slices);
  const taken = acc.takeIndexedSlicesGrad(1);
  using sess = new tf.Session();
  await sess.run(applied);
  assert.is(((await sess.run(acc.numAccumulated())) as NdArray).item(), 1);
  const values = (await sess.run([taken.indices, taken.values, taken.denseShape as tf.Tensor])) as NdArray[];
  assert.equal(
    values.map((value) => value.array()),
    [[1], [[1, 2]], [4, 2]],
  );
});

checked('gradients of another static shape are refused', () => {
  const acc = new tf.ConditionalAccumulator(tf.float32, [2]);
  assert.throws(() => acc.applyGrad([1, 2, 3]), /Shapes \(3,\) and \(2,\) are incompatible/);
});

test.run();
