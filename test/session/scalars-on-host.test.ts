/** Scalars that the host computes stay there until a kernel takes them: what goes to the backend and back in a run. */
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../runtime/backends/index.ts';
import type { TfjsBackend } from '../../runtime/backends/tfjs.ts';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';

const suite = createSuite('session/scalars-on-host');
const test = leakChecked(suite);

/** What a call writes to the backend and reads from it: numbers of values. */
async function traffic(call: () => Promise<unknown>): Promise<{ written: number; read: number }> {
  const backend = (await startBackend('wasm')) as TfjsBackend;
  const [write, readSync] = [backend.write, backend.readSync];
  const count = { written: 0, read: 0 };
  backend.write = (array) => {
    count.written++;
    return write.call(backend, array);
  };
  backend.readSync = (value, dtype) => {
    count.read++;
    return readSync.call(backend, value, dtype);
  };
  try {
    await call();
  } finally {
    Object.assign(backend, { write, readSync });
  }
  return count;
}

test('the powers that Adam keeps never leave the host', async () => {
  const x = tf.placeholder(tf.float32, [4, 3]);
  const w = new tf.Variable(tf.ones([3, 2]));
  const loss = tf.reduceMean(tf.square(tf.matmul(x, w)));
  const step = new tf.train.AdamOptimizer(0.1).minimize(loss);
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  const feedDict: [tf.Tensor, number[][]][] = [[x, Array.from({ length: 4 }, (_, i) => [i, 1, 2])]];
  const run = () => session.run([step, loss], { feedDict });
  await run();
  // There: the batch, and by how much to update. Back: the loss.
  assert.equal(await traffic(run), { written: 2, read: 1 });
  const powers = tf.globalVariables().filter(({ op }) => op.name.includes('_power'));
  const [beta1, beta2] = (await session.run(powers)).map((value) => Number(value));
  assert.ok(Math.abs(beta1 - 0.9 ** 3) < 1e-6, `${beta1}`);
  assert.ok(Math.abs(beta2 - 0.999 ** 3) < 1e-6, `${beta2}`);
});

test('a scalar that kernels take goes to the backend once', async () => {
  const v = new tf.Variable(2, { dtype: tf.float32 });
  const large = new tf.Variable(tf.ones([64]));
  const scaled = tf.reduceSum(tf.multiply(large, v));
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  const run = async () => Number(await session.run(scaled));
  assert.is(await run(), 128);
  assert.is((await traffic(run)).written, 0);
  const set = tf.placeholder(tf.float32, []);
  await session.run(v.assign(set).op, { feedDict: [[set, 3]] });
  assert.is(await run(), 192);
  assert.is((await traffic(run)).written, 0);
});

test('what a kernel writes into the place of such a scalar is what is read', async () => {
  const v = new tf.Variable(2, { dtype: tf.float32 });
  const large = new tf.Variable(tf.ones([64]));
  const scaled = tf.reduceSum(tf.multiply(large, v));
  const add = v.assignAdd(tf.reduceSum(large));
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  for (let i = 0; i < 4; i++) {
    assert.is(Number(await session.run(scaled)), 64 * (2 + 64 * i));
    await session.run(add.op);
    assert.is(Number(await session.run(v)), 2 + 64 * (i + 1));
  }
});

test('a run that fails leaves such a scalar as it was, on both sides', async () => {
  const v = new tf.Variable(2, { dtype: tf.float32 });
  const large = new tf.Variable(tf.ones([64]));
  const scaled = tf.reduceSum(tf.multiply(large, v));
  const set = v.assign(7);
  const size = tf.placeholder(tf.int32, [1]);
  const fails = tf.reshape(large, size);
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  let message = '';
  await session.run([scaled, set, fails], { feedDict: [[size, [7]]] }).catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, 'reshape');
  assert.equal([Number(await session.run(v)), Number(await session.run(scaled))], [2, 128]);
});

test('a value that goes to the backend when its variable has another one already leaves nothing there', async () => {
  const v = new tf.Variable(2, { dtype: tf.float32 });
  const large = new tf.Variable(tf.ones([64]));
  // Two assignments in one run: the value between them is taken by a kernel after the second.
  const first = v.assign(5);
  const between = tf.controlDependencies([first.op], () => tf.identity(v.readValue()));
  const second = tf.controlDependencies([between.op], () => v.assign(7));
  const scaled = tf.controlDependencies([second.op], () => tf.reduceSum(tf.multiply(large, between)));
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  for (let i = 0; i < 3; i++) {
    assert.is(Number(await session.run(scaled)), 320);
    assert.is(Number(await session.run(v)), 7);
  }
});

test('the same where another run gives the variable its value, while this one waits', async () => {
  const v = new tf.Variable(2, { dtype: tf.float32 });
  const large = new tf.Variable(tf.ones([64]));
  const queue = new tf.FIFOQueue(1, [tf.float32], { shapes: [[]] });
  const read = v.readValue();
  const item = tf.controlDependencies([read.op], () => queue.dequeue() as tf.Tensor);
  const scaled = tf.controlDependencies([item.op], () => tf.reduceSum(tf.multiply(large, read)).add(item));
  const set = v.assign(9);
  const put = queue.enqueue(1);
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  for (const value of [2, 9]) {
    const waiting = session.run(scaled);
    await session.run(set.op);
    await session.run(put);
    assert.is(Number(await waiting), 64 * value + 1);
  }
});

test('an array that was assigned is not the caller’s', async () => {
  const v = new tf.Variable(2, { dtype: tf.float32 });
  const value = tf.placeholder(tf.float32, []);
  const set = v.assign(value);
  using session = new tf.Session();
  const fed = new tf.NdArray(tf.float32, [], Float32Array.of(5));
  await session.run(set.op, { feedDict: [[value, fed]] });
  (fed.data as Float32Array)[0] = 6;
  assert.is(Number(await session.run(v)), 5);
});

suite.run();
