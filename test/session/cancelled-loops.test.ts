/**
 * Runs that are ended in the middle of a loop, by their time or by `close`, wherever the loop stands: the words are TensorFlow's,
 * nothing stays in memory, and the session, where there still is one, goes on.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { bufferCounts, leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const cases = suite('session/cancelled-loops');
const test = leakChecked(cases);

type T = tf.Tensor;
const int = (value: number) => tf.constant(value, tf.int32);
const vector = () => tf.constant([0.1, 0.2, 0.3, 0.4]);
const ENDLESS = 2 ** 30;

/** Rounds of vectors, up to a number that is fed. */
const rounds = (n: T, x: T) =>
  tf.whileLoop(
    (i, _y) => i.less(n),
    (i, y) => [i.add(1), tf.nn.relu(tf.nn.softmax(y)).add(x)],
    [int(0), x],
  )[1];

/** Each gets the number of rounds, and gives what is fetched. */
const places: Readonly<Record<string, (n: T) => T>> = {
  'a loop': (n) => rounds(n, vector()),
  'a loop in a loop': (n) =>
    tf.whileLoop(
      (i, _y) => i.less(2),
      (i, y) => [i.add(1), rounds(n, y)],
      [int(0), vector()],
    )[1],
  'a loop in a branch': (n) => {
    const x = vector();
    return tf.cond(
      n.greater(0),
      () => rounds(n, x),
      () => x,
    );
  },
  'a loop in a branch in a loop': (n) =>
    tf.whileLoop(
      (i, _y) => i.less(3),
      (i, y) => [
        i.add(1),
        tf.cond(
          i.greater(0),
          () => rounds(n, y),
          () => y.mul(2),
        ),
      ],
      [int(0), vector()],
    )[1],
  'a branch in a loop': (n) =>
    tf.whileLoop(
      (i, _y) => i.less(n),
      (i, y) => [
        i.add(1),
        tf.cond(
          tf.equal(tf.floormod(i, 2), 0),
          () => tf.nn.softmax(y),
          () => y.add(1),
        ),
      ],
      [int(0), vector()],
    )[1],
  'a loop over an array of tensors': (n) =>
    tf
      .whileLoop(
        (i, _array) => i.less(n),
        (i, array) => [i.add(1), array.write(tf.floormod(i, 8), tf.nn.softmax(vector()))],
        [int(0), new tf.TensorArray(tf.float32, 8, { elementShape: [4] })],
      )[1]
      .stack(),
};

/** How each kind of run is ended, and what it says then. */
const ends: Readonly<Record<string, (fetch: T, n: T, backend: string) => Promise<Error>>> = {
  'its time': async (fetch, n, backend) => {
    using session = new tf.Session({ config: { backend } });
    const value = await session.run(fetch, { feedDict: [[n, 4]] });
    const before = bufferCounts();
    const options = new tf.RunOptions({ timeoutInMs: 30 });
    const error = await failure(() => session.run(fetch, { feedDict: [[n, ENDLESS]], options }));
    assert.equal(bufferCounts(), before, 'buffers are left');
    assert.equal((await session.run(fetch, { feedDict: [[n, 4]] })).array(), value.array());
    return error;
  },
  close: async (fetch, n, backend) => {
    const before = bufferCounts();
    const session = new tf.Session({ config: { backend } });
    const running = failure(() => session.run(fetch, { feedDict: [[n, ENDLESS]] }));
    await new Promise((resolve) => setTimeout(resolve, 30));
    session.close();
    const error = await running;
    assert.equal(bufferCounts(), before, 'buffers are left');
    return error;
  },
};
const words: Readonly<Record<string, readonly [string, RegExp]>> = {
  'its time': ['DeadlineExceededError', /Timed out waiting for notification/],
  close: ['CancelledError', /Run call was cancelled/],
};

for (const [end, finish] of Object.entries(ends)) {
  for (const [place, build] of Object.entries(places)) {
    for (const backend of place === 'a loop' ? ['wasm', 'cpu'] : ['wasm']) {
      test(`${end} ends ${place}, on ${backend}`, async () => {
        const n = tf.placeholder(tf.int32, []);
        const error = await finish(build(n), n, backend);
        assert.is(error.name, words[end][0]);
        assert.match(error.message, words[end][1]);
      });
    }
  }
  test(`${end} ends the gradient of a loop`, async () => {
    // The way there is short, the way back is not: its rounds hold a loop of their own.
    const n = tf.placeholder(tf.int32, []);
    const slow = tf.customGradient((x: T) => [tf.identity(x), (dy: T) => rounds(n, dy)]);
    const x = vector();
    const [, y] = tf.whileLoop(
      (i, _y) => i.less(3),
      (i, y) => [i.add(1), (slow(tf.sin(y)) as T).mul(x)],
      [int(0), x],
    );
    const [dx] = tf.gradients(y, x) as T[];
    const error = await finish(dx, n, 'wasm');
    assert.is(error.name, words[end][0]);
    assert.match(error.message, words[end][1]);
  });
  test(`${end} ends a loop that accumulates for its gradient`, async () => {
    const n = tf.placeholder(tf.int32, []);
    const x = vector();
    const [, y] = tf.whileLoop(
      (i, _y) => i.less(n),
      (i, y) => [i.add(1), tf.tanh(y).mul(x)],
      [int(0), x],
    );
    const error = await finish(tf.gradients(y, x)[0] as T, n, 'wasm');
    assert.is(error.name, words[end][0]);
    assert.match(error.message, words[end][1]);
  });
}

cases.run();
