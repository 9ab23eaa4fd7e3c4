/**
 * Generated kernels over the life of a session: sizes that change from run to run, nothing to compute, sizes that follow from
 * data, room that grows, loops and branches, several sessions.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { floats } from '../support/codegen.ts';
import { difference } from '../support/compare.ts';
import { interpret } from '../support/interpret.ts';
import { leakChecked } from '../support/leaks.ts';

const test = suite('codegen/sessions');
const check = leakChecked(test);

type Feeds = ReadonlyMap<tf.Tensor, tf.NdArray>;

function same(actual: readonly tf.NdArray[], expected: readonly tf.NdArray[]): void {
  actual.forEach((value, i) => {
    assert.is(difference(value, expected[i], { relative: 5e-5, absolute: 5e-5 }), null, `fetch ${i}`);
  });
}
function reference(fetches: readonly tf.Tensor[], feeds: Feeds): tf.NdArray[] {
  return interpret(tf.getDefaultGraph().snapshot(), fetches, { feeds });
}
async function agrees(fetches: readonly tf.Tensor[], feeds: Feeds): Promise<void> {
  using session = new tf.Session({ config: { backend: 'wasm' } });
  same(await session.run([...fetches], { feedDict: feeds }), reference(fetches, feeds));
}

check('batches of changing sizes in one session', async () => {
  const x = tf.placeholder(tf.float32, [null, 6, 5, 2]);
  const y = tf.nn.conv2d(x, tf.constant(floats([3, 2, 2, 7], 1)), { strides: [1, 2, 1, 1], padding: 'SAME' });
  const z = tf.nn.softmax(tf.matmul(tf.reshape(y, [-1, 21 * 5]), tf.constant(floats([105, 9], 2))));
  const fetches = [z, tf.reduceSum(z, 0), tf.nn.maxPool(tf.nn.relu(y), [1, 2, 2, 1], [1, 1, 1, 1], 'SAME')];
  using session = new tf.Session({ config: { backend: 'wasm' } });
  for (const batch of [3, 1, 7, 3, 40, 1, 2, 7]) {
    const feeds = new Map([[x, floats([batch, 6, 5, 2], batch)]]);
    same(await session.run(fetches, { feedDict: feeds }), reference(fetches, feeds));
  }
});

check('tensors without elements', async () => {
  const x = tf.placeholder(tf.float32, [0, 3]);
  const image = tf.placeholder(tf.float32, [0, 4, 4, 2]);
  const fetches = [
    tf.nn.relu(tf.add(x, 1)),
    tf.matmul(x, tf.ones([3, 2])),
    tf.matmul(tf.transpose(x), tf.ones([0, 2])),
    tf.reduceSum(tf.square(x), 0),
    tf.reduceMax(tf.tanh(x), 0),
    tf.reduceMean(x),
    tf.reduceProd(x, 1),
    tf.nn.softmax(x),
    tf.nn.conv2d(image, tf.ones([2, 2, 2, 3]), { strides: [1, 1, 1, 1], padding: 'SAME' }),
    tf.greater(x, 0),
    tf.concat([x, tf.ones([2, 3])], 0),
  ];
  await agrees(
    fetches,
    new Map([
      [x, floats([0, 3], 1)],
      [image, floats([0, 4, 4, 2], 1)],
    ]),
  );
});

check('sizes that follow from data', async () => {
  const x = tf.placeholder(tf.float32, [9, 4]);
  const kept = tf.booleanMask(x, tf.greater(tf.reduceSum(x, 1), 0)) as tf.Tensor;
  const y = tf.tanh(tf.add(tf.multiply(kept, 2), 1));
  const count = tf.cast(tf.gather(tf.shape(kept), 0), tf.float32);
  const fetches = [y, tf.reduceSum(y, 0), tf.divide(tf.reduceSum(y), count), tf.matmul(y, tf.ones([4, 3]))];
  for (const from of [1, 2, 3]) await agrees(fetches, new Map([[x, floats([9, 4], from)]]));
});

check('a small convolution before and after one that needs more room than the heap has', async () => {
  const [small, large] = [tf.placeholder(tf.float32, [1, 5, 5, 2]), tf.placeholder(tf.float32, [24, 130, 130, 16])];
  const few = tf.nn.conv2d(small, tf.constant(floats([3, 3, 2, 3], 1)), { strides: [1, 1, 1, 1], padding: 'SAME' });
  const many = tf.nn.conv2d(large, tf.ones([2, 2, 16, 1]), {
    strides: [1, 43, 43, 1],
    padding: [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ],
  });
  const feeds = new Map([[small, floats([1, 5, 5, 2], 3)]]);
  const expected = reference([few], feeds);
  using session = new tf.Session({ config: { backend: 'wasm' } });
  const before = await session.run([few], { feedDict: feeds });
  const ones = new tf.NdArray(tf.float32, [24, 130, 130, 16], new Float32Array(24 * 130 * 130 * 16).fill(0.5));
  const sums = await session.run(many, { feedDict: [[large, ones]] });
  const after = await session.run([few], { feedDict: feeds });
  same(before, expected);
  same(after, expected);
  // A window in the middle holds 64 halves; the corner has a row and a column of padding.
  assert.equal(sums.shape, [24, 4, 4, 1]);
  assert.is(sums.data[0], 8);
  assert.is(sums.data[5], 32);
});

check('loops and branches of generated kernels, with the gradient', async () => {
  const x = tf.placeholder(tf.float32, [3, 5]);
  const w = tf.placeholder(tf.float32, [5, 5]);
  const [, last] = tf.whileLoop(
    (i: tf.Tensor) => tf.less(i, 4),
    (i: tf.Tensor, h: tf.Tensor) => [
      tf.add(i, 1),
      tf.cond(
        tf.equal(tf.floormod(i, 2), 0),
        () => tf.tanh(tf.add(tf.matmul(h, w), x)),
        () => tf.multiply(tf.sigmoid(h), tf.nn.softmax(x)),
      ) as tf.Tensor,
    ],
    [tf.constant(0, tf.int32), x] as const,
  ) as readonly tf.Tensor[];
  const gradients = tf.gradients([last], [x, w]) as tf.Tensor[];
  const feeds = new Map([
    [x, floats([3, 5], 1)],
    [w, floats([5, 5], 2)],
  ]);
  using cpu = new tf.Session({ config: { backend: 'cpu' } });
  using wasm = new tf.Session({ config: { backend: 'wasm' } });
  const fetches = [last, ...gradients];
  same(await wasm.run(fetches, { feedDict: feeds }), await cpu.run(fetches, { feedDict: feeds }));
});

check('sessions that share kernels do not share values', async () => {
  const v = new tf.Variable(floats([4, 3], 1));
  const step = v.assign(tf.tanh(tf.multiply(v, 1.5)));
  using one = new tf.Session({ config: { backend: 'wasm' } });
  using two = new tf.Session({ config: { backend: 'wasm' } });
  await one.run(v.initializer);
  await two.run(v.initializer);
  const start = await two.run(v.value());
  for (let i = 0; i < 3; i++) await one.run(step);
  assert.equal((await two.run(v.value())).array(), start.array());
  for (let i = 0; i < 3; i++) await two.run(step);
  assert.equal((await two.run(v.value())).array(), (await one.run(v.value())).array());
});

check('explain says which ops a generated kernel holds, and none with codegen off', async () => {
  const x = tf.placeholder(tf.float32, [4, 6]);
  const y = tf.nn.relu(tf.add(tf.matmul(x, tf.ones([6, 3])), 1));
  const z = tf.tanh(tf.multiply(tf.sigmoid(x), 2));
  for (const codegen of [true, false]) {
    using session = new tf.Session({ config: { backend: 'wasm', codegen } });
    const text = await session.explain([y, z], { feeds: [[x, [4, 6]]] });
    assert.is(/generated\..*MatMul/.test(text), codegen);
    assert.is(/generated\.Sigmoid\+Mul\+Tanh/.test(text), codegen);
  }
});

test.run();
