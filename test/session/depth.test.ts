/** Depth: nothing recurses over a graph. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';

const test = suite('session/depth');

const DEPTH = 50_000;

test('a chain of 50,000 ops builds, differentiates, compiles and runs', async () => {
  const graph = new tf.Graph();
  const { x, y, gradient } = graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [2], { name: 'x' });
    let y: tf.Tensor = x;
    for (let i = 0; i < DEPTH; i++) y = i % 2 === 0 ? tf.negative(y) : tf.add(y, x);
    const [gradient] = tf.gradients(y, [x]);
    return { x, y, gradient: gradient as tf.Tensor };
  });
  // Negating and adding x turns k·x into (1 − k)·x: the factor alternates between 1 and 0.
  const factor = (DEPTH / 2) % 2 === 0 ? 1 : 0;
  using session = new tf.Session({ graph });
  const [value, slope] = await session.run([y, gradient], { feedDict: [[x, [2, 3]]] });
  assert.equal(value.array(), [2 * factor, 3 * factor]);
  assert.equal(slope.array(), [factor, factor]);
});

test('a chain of 50,000 foldable ops on shapes has its static value found', () => {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    let n: tf.Tensor = tf.constant([1, 2], { dtype: tf.int32 });
    for (let i = 0; i < DEPTH; i++) n = tf.add(n, 1);
    assert.equal(tf.getStaticValue(n)?.array(), [1 + DEPTH, 2 + DEPTH]);
  });
});

test('50,000 control dependencies in a row run in order', async () => {
  const graph = new tf.Graph();
  const last = graph.asDefault(() => {
    let op: tf.Operation = tf.noOp();
    for (let i = 0; i < DEPTH; i++) op = graph.controlDependencies([op], () => tf.noOp());
    return op;
  });
  using session = new tf.Session({ graph });
  assert.is(await session.run(last), null);
});

test.run();
