/** Branches and loops in sessions: long loops, closing and timing out in the middle, waiting inside, errors, memory. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { bufferCounts, leakChecked } from '../support/leaks.ts';

const run = suite('session/control-flow');
const test = leakChecked(run);

type T = tf.Tensor;
const i = (value: number) => tf.constant(value, { dtype: tf.int32 });
const f = (value: number | number[]) => tf.constant(value, { dtype: tf.float32 });
const forever = () => tf.constant(true);

const BACKENDS = ['wasm', 'cpu'];
const open = (backend: string) => new tf.Session({ config: new tf.ConfigProto({ backend }) });

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail.');
}

for (const backend of BACKENDS) {
  test(`a million rounds of a counter end, on ${backend}`, async () => {
    const [n] = tf.whileLoop(
      (k, _x) => k.less(1_000_000),
      (k, x) => [k.add(1), x],
      [i(0), i(0)],
    );
    using session = open(backend);
    const before = bufferCounts();
    assert.is((await session.run(n)).item(), 1_000_000);
    assert.equal(bufferCounts(), before);
  });

  test(`buffers do not grow from round to round, on ${backend}`, async () => {
    const x = f([1, 2, 3, 4]);
    const [, y] = tf.whileLoop(
      (n, _y) => n.less(200),
      (n, y) => [n.add(1), tf.nn.relu(tf.nn.softmax(y).mul(x)).add(x)],
      [i(0), x],
    );
    using session = open(backend);
    await session.run(y);
    const before = bufferCounts();
    await session.run(y);
    assert.equal(bufferCounts(), before);
  });

  test(`closing the session stops a loop, on ${backend}`, async () => {
    const [n] = tf.whileLoop(forever, (n, x) => [n.add(1), tf.nn.relu(x)], [i(0), f([1, 2])]);
    const session = open(backend);
    const running = failure(session.run(n));
    await new Promise((resolve) => setTimeout(resolve, 60));
    session.close();
    const error = await running;
    assert.instance(error, tf.errors.CancelledError);
    assert.match(error.message, /Run call was cancelled/);
  });

  test(`a loop ends with its time, on ${backend}, and the session goes on`, async () => {
    const v = new tf.Variable(0, { dtype: tf.float32 });
    const [n] = tf.whileLoop(
      forever,
      (n, x) => tf.controlDependencies([v.assignAdd(1)], () => [n.add(1), tf.nn.relu(x)]),
      [i(0), f([1, 2])],
    );
    using session = open(backend);
    await session.run(tf.globalVariablesInitializer());
    const error = await failure(session.run(n, { options: new tf.RunOptions({ timeoutInMs: 40 }) }));
    assert.instance(error, tf.errors.DeadlineExceededError);
    assert.is((await session.run(v)).item(), 0, 'what the run assigned is taken back');
  });

  test(`an error in a body names the node in it, and nothing is left, on ${backend}`, async () => {
    const x = tf.placeholder(tf.int32, [], { name: 'x' });
    const [, y] = tf.whileLoop(
      (n, _y) => n.less(5),
      (n, y) => [n.add(1), tf.floordiv(y, tf.subtract(i(3), n), { name: 'by_zero' })],
      [i(0), x],
      { name: 'loop' },
    );
    using session = open(backend);
    const error = (await failure(session.run(y, { feedDict: [[x, 7]] }))) as tf.errors.OpError;
    assert.instance(error, tf.errors.InvalidArgumentError);
    assert.match(error.message, /Integer division by zero/);
    assert.match(String(error.op?.name), /^loop\/loop_body_\d+\/by_zero$/);
  });
}

test('only the branch that is taken has effects', async () => {
  const v = new tf.Variable(0, { dtype: tf.float32 });
  const p = tf.placeholder(tf.bool, []);
  const y = tf.cond(
    p,
    () => v.assignAdd(1) as unknown as T,
    () => v.assignAdd(100) as unknown as T,
  );
  using session = open('wasm');
  await session.run(tf.globalVariablesInitializer());
  assert.is((await session.run(y, { feedDict: [[p, true]] })).item(), 1);
  assert.is((await session.run(y, { feedDict: [[p, false]] })).item(), 101);
});

test('of a branch only what its results need runs', async () => {
  const [v1, v2, v3] = [7, 8, 9].map((value) => new tf.Variable(value, { dtype: tf.float32 }));
  const p = tf.constant(true);
  const c = tf.cond(
    p,
    () => [v1.assign(1).op, v2.assign(2).op],
    () => [v3.assign(3).op, v3.assign(4).op],
  ) as unknown as T[];
  using session = open('wasm');
  await session.run(tf.globalVariablesInitializer());
  assert.is((await session.run(c[1])).item(), true);
  assert.equal(
    (await session.run([v1, v2, v3])).map((value) => value.item()),
    [7, 2, 9],
  );
});

test('variables are read and assigned in a body in the order of the program', async () => {
  const v = new tf.Variable(1, { dtype: tf.float32 });
  const [, sum] = tf.whileLoop(
    (n, _s) => n.less(4),
    (n, s) => {
      const before = v.readValue();
      const doubled = tf.controlDependencies([before], () => v.assign(before.mul(2)));
      const after = tf.controlDependencies([doubled], () => v.readValue());
      return [n.add(1), s.add(before).add(after.mul(100))];
    },
    [i(0), f(0)],
  );
  using session = open('wasm');
  await session.run(tf.globalVariablesInitializer());
  assert.is((await session.run(sum)).item(), 1 + 2 + 4 + 8 + 100 * (2 + 4 + 8 + 16));
  assert.is((await session.run(v)).item(), 16);
});

test('an update that is built outside of the loop takes place once', async () => {
  const v = new tf.Variable(0, { dtype: tf.float32 });
  const b = v.assignAdd(1) as unknown as T;
  const [, y] = tf.whileLoop(
    (n, _y) => n.less(10),
    (n, y) => [n.add(1), y.add(b)],
    [i(0), f(0)],
  );
  using session = open('wasm');
  await session.run(tf.globalVariablesInitializer());
  assert.is((await session.run(y)).item(), 10);
  assert.is((await session.run(v)).item(), 1);
});

test('a loop waits for a queue in its body, and lets others fill it', async () => {
  const queue = new tf.FIFOQueue(10, [tf.float32], [[]]);
  const x = tf.placeholder(tf.float32, []);
  const enqueue = queue.enqueue([x]);
  const [, sum] = tf.whileLoop(
    (n, _s) => n.less(3),
    (n, s) => [n.add(1), s.add(queue.dequeue() as T)],
    [i(0), f(0)],
  );
  using session = open('wasm');
  const total = session.run(sum);
  for (const value of [1, 20, 300]) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await session.run(enqueue, { feedDict: [[x, value]] });
  }
  assert.is((await total).item(), 321);
});

test('closing the session stops a loop that waits in its body', async () => {
  const queue = new tf.FIFOQueue(10, [tf.float32], [[]]);
  const [, sum] = tf.whileLoop(
    (n, _s) => n.less(3),
    (n, s) => [n.add(1), s.add(queue.dequeue() as T)],
    [i(0), f([0, 0])],
    { shapeInvariants: [[], [2]] },
  );
  const session = open('wasm');
  const running = failure(session.run(sum));
  await new Promise((resolve) => setTimeout(resolve, 20));
  session.close();
  const error = await running;
  assert.instance(error, tf.errors.CancelledError);
  assert.match(error.message, /Dequeue operation was cancelled/);
});

test('runSync runs loops to their end, and refuses one that waits', async () => {
  const [n] = tf.whileLoop(
    (k, _x) => k.less(100_000),
    (k, x) => [k.add(1), x],
    [i(0), i(0)],
  );
  const queue = new tf.FIFOQueue(10, [tf.float32], [[]]);
  const [, sum] = tf.whileLoop(
    (k, _s) => k.less(3),
    (k, s) => [k.add(1), s.add(queue.dequeue() as T)],
    [i(0), f(0)],
  );
  using session = open('wasm');
  await session.ready();
  assert.is(session.runSync(n).item(), 100_000);
  assert.throws(() => session.runSync(sum), /cannot wait/);
});

test('random draws in a body go on from round to round, and start again in a new session', async () => {
  const [, , spread] = tf.whileLoop(
    (n, _last, _s) => n.less(5),
    (n, last, s) => {
      const draw = tf.randomUniform([], { seed: 3 });
      return [n.add(1), draw, s.add(tf.abs(draw.sub(last)))];
    },
    [i(0), f(0), f(0)],
  );
  const values: number[] = [];
  for (let k = 0; k < 2; k++) {
    using session = open('wasm');
    values.push((await session.run(spread)).item() as number);
    values.push((await session.run(spread)).item() as number);
  }
  assert.is.not(values[0], values[1]);
  assert.equal(values.slice(0, 2), values.slice(2));
});

test('run metadata has the steps of bodies', async () => {
  const [n] = tf.whileLoop(
    (k, _x) => k.less(2),
    (k, x) => [k.add(1), x],
    [i(0), i(0)],
    { name: 'loop' },
  );
  const runMetadata = new tf.RunMetadata();
  using session = open('wasm');
  await session.run(n, { options: new tf.RunOptions({ traceLevel: tf.RunOptions.FULL_TRACE }), runMetadata });
  const names = runMetadata.stepStats?.devStats.flatMap(({ nodeStats }) => nodeStats.map(({ nodeName }) => nodeName));
  assert.is(names?.filter((name) => /^loop\/loop_body_\d+\/add$/.test(name)).length, 2);
});

run.run();
