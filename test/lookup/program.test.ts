/** A whole program with tables against real TensorFlow: its graph, and what its runs give. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { emitOne } from '../../src/ops/emit.ts';
import { difference, fromGolden } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { goldenLines, opLines, readProgram } from '../support/programs.ts';
import { failure } from '../support/session.ts';

const { KeyValueTensorInitializer, StaticHashTable } = tf.lookup;

const test = suite('lookup/program');
const check = leakChecked(test);

check('tables of strings, of integers, and one that changes', async () => {
  const program = readProgram('tables');
  const ids = () => tf.constant([0, 1], { dtype: tf.int64 });
  const graph = new tf.Graph();
  graph.asDefault(() => {
    const table = new StaticHashTable(new KeyValueTensorInitializer(['cat', 'dog'], ids()), -1);
    const x = tf.placeholder(tf.string, [null], { name: 'x' });
    table.lookup(x);
    const back = new StaticHashTable(new KeyValueTensorInitializer(ids(), tf.constant(['a', 'b'])), 'UNK');
    back.lookup(tf.constant([1, 5], { dtype: tf.int64 }));
    const changing = new tf.lookup.experimental.MutableHashTable(tf.string, tf.float32, -1);
    changing.insert(x, tf.cast(emitOne('StringLength', [x]), tf.float32));
    changing.lookup(x);
    changing.size();
    tf.tablesInitializer();
  });
  assert.equal(opLines(graph).sort(), goldenLines(program).sort());
  using sess = new tf.Session({ graph });
  for (const [i, step] of program.steps.entries()) {
    const feedDict = Object.entries(step.feeds).map(([name, value]) => [name, fromGolden(value)] as const);
    const run = () => sess.run([...step.fetches, ...step.targets], { feedDict });
    if (!step.outputs) {
      assert.match((await failure(run)).message, /^Table not initialized\./);
      continue;
    }
    const values = (await run()) as (tf.NdArray | null)[];
    step.outputs.forEach((expected, k) => {
      const found = difference(values[k] as tf.NdArray, fromGolden(expected));
      assert.is(found, null, `step ${i}, ${step.fetches[k]}: ${found}`);
    });
  }
});

test.run();
