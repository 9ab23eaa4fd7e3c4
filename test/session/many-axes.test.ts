/** Tensors of seven axes: what wasm computes is what the cpu backend computes, also where its kernels count to six. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { difference } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

const test = leakChecked(suite);

const SHAPE = [2, 1, 2, 1, 2, 2, 3];
const NARROW = [2, 1, 2, 1, 2, 2, 1];
const values = (shape: readonly number[], step: number) => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * step) % 17) / 7 + 0.1),
  shape,
});

const OPS: Readonly<Record<string, (x: tf.Tensor, y: tf.Tensor) => tf.Tensor>> = {
  add: (x, y) => x.add(y),
  sub: (x, y) => x.sub(y),
  mul: (x, y) => x.mul(y),
  div: (x, y) => x.div(y),
  'add of a scalar': (x) => x.add(1),
  'add of itself': (x) => x.add(x),
  addN: (x) => tf.addN([x, x, x]),
  squaredDifference: (x, y) => tf.squaredDifference(x, y),
  maximum: (x, y) => tf.maximum(x, y),
  pow: (x, y) => tf.pow(x, y),
  floormod: (x, y) => tf.floormod(x, y),
  greater: (x, y) => tf.cast(tf.greater(x, y), tf.float32),
  where: (x, y) => tf.where(tf.greater(x, y), x, tf.zerosLike(x)),
  'add of integers': (x, y) => tf.cast(tf.cast(x, tf.int32).add(tf.cast(y, tf.int32)), tf.float32),
  'relu, sigmoid, exp': (x) => tf.exp(tf.sigmoid(tf.nn.relu(x))),
  biasAdd: (x) => tf.nn.biasAdd(x, [1, 2, 3]),
  softmax: (x) => tf.nn.softmax(x),
  reduceSum: (x) => tf.reduceSum(x, [0, 2, 4]),
  reduceMax: (x) => tf.reduceMax(x, 4),
  transpose: (x) => tf.transpose(x, [6, 5, 4, 3, 2, 1, 0]),
  tile: (x) => tf.tile(x, [1, 2, 1, 1, 2, 1, 1]),
  concat: (x) => tf.concat([x, x], 3),
  slice: (x) => tf.slice(x, [0, 0, 0, 0, 0, 0, 1], [2, 1, 2, 1, 2, 2, 2]),
  pad: (x) =>
    tf.pad(
      x,
      SHAPE.map(() => [1, 0]),
    ),
  gather: (x) => tf.gather(x, [1, 0], { axis: 4 }),
  reverse: (x) => tf.reverse(x, [4]),
  cumsum: (x) => tf.cumsum(x, 5),
  stack: (x) => tf.stack([x, x], 2),
  matmul: (x) => tf.matmul(x, x, { transposeB: true }),
};

for (const [name, build] of Object.entries(OPS)) {
  test(`${name} of seven axes`, async () => {
    const x = tf.placeholder(tf.float32, SHAPE);
    const y = tf.placeholder(tf.float32, NARROW);
    const z = build(x, y);
    const feedDict = [
      [x, values(SHAPE, 37)],
      [y, values(NARROW, 29)],
    ] as const;
    using wasm = new tf.Session({ config: { backend: 'wasm' } });
    using cpu = new tf.Session({ config: { backend: 'cpu' } });
    const wrong = difference(await wasm.run(z, { feedDict }), await cpu.run(z, { feedDict }));
    assert.is(wrong, null);
  });
}

suite.run();
