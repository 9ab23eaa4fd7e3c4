/** `tf.vectorizedMap` against real TensorFlow: structures, types, shapes, rows that go with all others. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const maps = suite('ops/vectorized-map');
const test = leakChecked(maps);

/** The numbers of the Python program that the expected values come from. */
const wave = (...shape: number[]) => {
  const count = shape.reduce((size, d) => size * d, 1);
  const data = Float32Array.from({ length: count }, (_, i) => Math.round(Math.sin(i * 1.7 + shape[0]) * 1000) / 1000);
  return tf.reshape(tf.constant(data), shape);
};
async function near(tensor: tf.Tensor, expected: readonly number[], feedDict?: unknown): Promise<void> {
  using session = new tf.Session();
  const { data, size } = await session.run(tensor, { feedDict: feedDict as never });
  assert.is(size, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(Number(data[i]) - value) < 1e-5, `${data}, expected ${expected}`);
  });
}

test('a sum of squares of each row', async () => {
  const y = tf.vectorizedMap((row) => tf.reduceSum(row.mul(row)), wave(3, 4));
  assert.equal(y.shape, [3]);
  await near(y, [1.9744701385498047, 1.7727739810943604, 1.793705940246582]);
});

test('two results of a pair', async () => {
  const [sum, first] = tf.vectorizedMap(
    ([a, b]) => [a.add(b), a.slice(0)] as const,
    [wave(3, 4), wave(3, 4)],
  ) as unknown as tf.Tensor[];
  assert.equal([sum.shape, first.shape], [[3, 4], [3]]);
  await near(first, [0.141, -0.366, -0.778]);
  await near(sum.slice(1), [-0.732, -1.75, 1.184, 1.446]);
});

test('a tensor of length 1 goes with all elements', async () => {
  const y = tf.vectorizedMap(([a, b]) => a.mul(b), [wave(3, 2), wave(1, 2)]);
  assert.equal(y.shape, [3, 2]);
  await near(y, [0.118581, -0.427, 0.098397, 0.41419, -0.307806, -0.373625]);
});

test('results of other types and structures, without a word about them', async () => {
  const { best, large } = tf.vectorizedMap((row) => ({ best: tf.argmax(row), large: row.greater(0) }), wave(3, 2));
  assert.equal([best.dtype, large.dtype], [tf.int64, tf.bool]);
  const constant = tf.vectorizedMap(() => 1, wave(2));
  assert.equal(constant.shape, [2]);
  await near(constant, [1, 1]);
});

test('an unknown number of rows, and gradients to what is mapped and captured', async () => {
  const x = tf.placeholder(tf.float32, [null, 2]);
  const w = tf.constant([2, 3]);
  const y = tf.vectorizedMap((row) => row.square().mul(w), x);
  assert.equal(y.shape, [null, 2]);
  const [dx, dw] = tf.gradients(y, [x, w]) as tf.Tensor[];
  const feeds = [
    [
      x,
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ];
  await near(dx, [4, 12, 12, 24], feeds);
  await near(dw, [10, 20], feeds);
});

test('scalars, nothing, and what is no function are refused', async () => {
  const kinds = [
    () => tf.vectorizedMap((x) => x, tf.constant(1)),
    () => tf.vectorizedMap((x) => x, []),
    () => tf.vectorizedMap(1 as never, tf.constant([1])),
  ];
  const names: string[] = [];
  for (const build of kinds) names.push((await failure(build)).name);
  assert.equal(names, ['ValueError', 'ValueError', 'TypeError']);
});

maps.run();
