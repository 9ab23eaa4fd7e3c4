/** Runs that wait for queues: order, passing, closing, deadlines, what becomes of variables and buffers. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RunMetadata, RunOptions } from '../../runtime/metadata.ts';
import { Session } from '../../runtime/session.ts';
import { getDefaultGraph } from '../../src/graph/default-graph.ts';
import { type Operation, Tensor } from '../../src/graph/graph.ts';
import { add, constant, group, placeholder } from '../../src/ops/index.ts';
import { type Dequeued, QueueBase } from '../../src/queues/queue-base.ts';
import { FIFOQueue, PaddingFIFOQueue, PriorityQueue, RandomShuffleQueue } from '../../src/queues/queues.ts';
import { float32, int32 } from '../../src/util/dtype.ts';
import {
  CancelledError,
  DeadlineExceededError,
  InvalidArgumentError,
  OpError,
  OutOfRangeError,
  RuntimeError,
} from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { Variable } from '../../src/variables/variable.ts';
import { bufferCounts, leakChecked } from '../support/leaks.ts';
import { slowBackend } from '../support/session.ts';

const test = leakChecked(suite);

const one = (dequeued: Dequeued): Tensor => {
  if (dequeued instanceof Tensor) return dequeued;
  throw new Error('The queue has several components');
};
const scalars = (capacity = 10, name = 'q') => new FIFOQueue(capacity, [float32], [[]], { name });

/** What a promise comes to: a text, or the error. */
async function outcome(promise: Promise<unknown>): Promise<string | OpError> {
  try {
    return String(await promise);
  } catch (error) {
    if (error instanceof OpError) return error;
    throw error;
  }
}

async function fails(
  promise: Promise<unknown>,
  type: abstract new (...args: never[]) => OpError,
  detail: string,
  node?: string,
): Promise<void> {
  const error = await outcome(promise);
  if (!(error instanceof OpError)) throw new Error(`No error but ${error}`);
  assert.instance(error, type);
  assert.is(error.detail.replace(/'_\d+_/, "'_N_"), detail);
  assert.is(error.op?.name, node);
}

const later = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms));

async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  await later();
  return (await Promise.race([promise.catch(() => {}), Promise.resolve('open')])) === 'open';
}

test('a run that waits lets others pass, and goes on when it can', async () => {
  const q = scalars();
  const x = placeholder(float32, []);
  const put = q.enqueue(x);
  const got = add(one(q.dequeue()), 1);
  using sess = new Session();
  const waiting = sess.run(got);
  assert.ok(await isOpen(waiting));
  assert.is((await sess.run(add(x, 1), [[x, 1]])).item(), 2);
  assert.is((await sess.run(q.size())).item(), 0);
  await sess.run(put, [[x, 41]]);
  assert.is((await waiting).item(), 42);
});

test('those who wait are served in the order of their calls, also with many to take', async () => {
  const q = scalars();
  const x = placeholder(float32, []);
  const put = q.enqueue(x);
  const size = q.size();
  const single = one(q.dequeue());
  using sess = new Session();
  const first = sess.run(single);
  const many = sess.run(one(q.dequeueMany(3)));
  const last = sess.run(single);
  const sizes: unknown[] = [];
  for (const value of [1, 2, 3, 4]) {
    await sess.run(put, [[x, value]]);
    sizes.push((await sess.run(size)).item());
  }
  assert.equal(sizes, [0, 0, 0, 0]);
  assert.ok(await isOpen(last));
  await sess.run(put, [[x, 5]]);
  assert.equal([await first, await many, await last].map(String), ['1.0', '[2. 3. 4.]', '5.0']);
});

test('a batch larger than the capacity goes through, in both directions', async () => {
  const q = scalars(2);
  const put = q.enqueueMany([[1, 2, 3, 4, 5]]);
  using sess = new Session();
  const putting = sess.run(put);
  assert.ok(await isOpen(putting));
  assert.is((await sess.run(q.size())).item(), 2);
  assert.is(String(await sess.run(one(q.dequeueMany(5)))), '[1. 2. 3. 4. 5.]');
  await putting;
  const taking = sess.run(one(q.dequeueMany(5)));
  await sess.run(put);
  assert.is(String(await taking), '[1. 2. 3. 4. 5.]');
});

test('a priority queue gives many only when it has them all, in order', async () => {
  const q = new PriorityQueue(5, [float32], [[]], { name: 'q' });
  using sess = new Session();
  const many = sess.run(q.dequeueMany(2) as Tensor[]);
  await sess.run(q.enqueue([7, 70]));
  assert.is((await sess.run(q.size())).item(), 1);
  await sess.run(q.enqueue([-7, -70]));
  assert.is(String(await many), '[-7  7],[-70.  70.]');
});

test('of elements with one priority the first comes first', async () => {
  const q = new PriorityQueue(20, [int32], [[]]);
  using sess = new Session();
  await sess.run(
    q.enqueueMany([
      [1, 0, 1, 0, 1, 1, 0],
      [0, 1, 2, 3, 4, 5, 6],
    ]),
  );
  const [, values] = await sess.run(q.dequeueMany(7) as Tensor[]);
  assert.is(String(values), '[1 3 6 0 2 4 5]');
});

test('a closed priority queue gives up to as many as it holds', async () => {
  const q = new PriorityQueue(20, [int32], [[]], { name: 'q' });
  using sess = new Session();
  await sess.run(
    q.enqueueMany([
      [2, 1],
      [20, 10],
    ]),
  );
  await sess.run(q.close());
  assert.is(String(await sess.run(q.dequeueUpTo(4) as Tensor[])), '[1 2],[10 20]');
});

for (const [type, make] of [
  ['FIFOQueue', () => scalars()],
  ['RandomShuffleQueue', () => new RandomShuffleQueue(10, 0, [float32], [[]], { name: 'q', seed: 1 })],
  ['PaddingFIFOQueue', () => new PaddingFIFOQueue(10, [float32], [[]], { name: 'q' })],
] as const) {
  test(`${type}: closing ends those who wait for more than there is, and gives back what they had`, async () => {
    const q = make();
    const single = one(q.dequeue());
    using sess = new Session();
    await sess.run(q.enqueue(1));
    const many = sess.run(one(q.dequeueMany(3)));
    assert.ok(await isOpen(many));
    await sess.run(q.close());
    const text = `${type} '_N_q' is closed and has insufficient elements`;
    await fails(many, OutOfRangeError, `${text} (requested 2, current size 0)`, 'q_DequeueMany');
    assert.is((await sess.run(q.size())).item(), 1);
    assert.is((await sess.run(single)).item(), 1);
  });

  test(`${type}: closing gives those who take fewer what there is`, async () => {
    const q = make();
    using sess = new Session();
    await sess.run(q.enqueue(1));
    const some = sess.run(one(q.dequeueUpTo(3)));
    assert.ok(await isOpen(some));
    await sess.run(q.close());
    assert.is(String(await some), '[1.]');
  });
}

test('closing waits for those who still put something in', async () => {
  const q = scalars(2);
  const single = one(q.dequeue());
  using sess = new Session();
  const putting = sess.run(q.enqueueMany([[1, 2, 3, 4]]));
  const closing = sess.run(q.close());
  assert.ok(await isOpen(closing));
  assert.is((await sess.run(q.isClosed())).item(), false);
  for (const value of [1, 2, 3, 4]) assert.is((await sess.run(single)).item(), value);
  await Promise.all([putting, closing]);
  await fails(
    sess.run(single),
    OutOfRangeError,
    "FIFOQueue '_N_q' is closed and has insufficient elements (requested 1, current size 0)",
    'q_Dequeue',
  );
});

test('closing can cancel those who put something in; what they have put in stays', async () => {
  const q = scalars(2);
  using sess = new Session();
  const putting = sess.run(q.enqueueMany([[1, 2, 3, 4]]));
  assert.ok(await isOpen(putting));
  await sess.run(q.close({ cancelPendingEnqueues: true }));
  await fails(putting, CancelledError, 'Enqueue operation was cancelled', 'q_EnqueueMany');
  assert.is((await sess.run(q.size())).item(), 2);
  await fails(sess.run(q.enqueue(1)), CancelledError, "FIFOQueue '_N_q' is closed.", 'q_enqueue');
});

test('Session.close and Session.reset end runs that wait, with the words of the op', async () => {
  const q = scalars(1);
  const plus = add(one(q.dequeueMany(2)), constant([1, 2]));
  for (const end of [(sess: Session) => void sess.close(), () => Session.reset()]) {
    const before = bufferCounts();
    const sess = new Session();
    const many = sess.run(plus);
    const single = sess.run(one(q.dequeue()));
    assert.ok(await isOpen(single));
    end(sess);
    await fails(many, CancelledError, 'Dequeue operation was cancelled', 'q_DequeueMany');
    await fails(
      single,
      CancelledError,
      'Dequeue operation was cancelled',
      getDefaultGraph().getOperations().at(-1)?.name,
    );
    assert.equal(bufferCounts(), before);
    sess.close();
  }
  const sess = new Session();
  await sess.run(q.enqueue(1));
  const putting = sess.run(q.enqueue(2, { name: 'second' }));
  assert.ok(await isOpen(putting));
  sess.close();
  await fails(putting, CancelledError, 'Enqueue operation was cancelled', 'second');
});

test('a deadline ends the wait, and what was taken goes back', async () => {
  const q = scalars();
  const many = one(q.dequeueMany(3));
  const text = 'Timed out waiting for notification';
  using sess = new Session();
  await sess.run(q.enqueueMany([[1, 2]]));
  await fails(sess.run(many, { options: { timeoutInMs: 20 } }), DeadlineExceededError, text);
  assert.is((await sess.run(q.size())).item(), 2);
  await sess.run(q.enqueue(3));
  assert.is(String(await sess.run(many)), '[1. 2. 3.]');
  using short = new Session({ config: { operationTimeoutInMs: 20 } });
  await fails(short.run(many), DeadlineExceededError, text);
  const full = new RandomShuffleQueue(1, 0, [float32], [[]]);
  await short.run(full.enqueue(1));
  await fails(short.run(full.enqueue(2)), DeadlineExceededError, text);
  assert.is((await short.run(full.size())).item(), 1);
});

test('runSync does not wait, and passes those that do', async () => {
  const q = scalars();
  const single = one(q.dequeue());
  using sess = await new Session().ready();
  assert.throws(
    () => sess.runSync(single),
    (error: unknown) => error instanceof RuntimeError && /runSync cannot wait for 'q_Dequeue'/.test(error.message),
  );
  const waiting = sess.run(single);
  assert.is(sess.runSync(q.size()).item(), 0);
  sess.runSync(q.enqueue(5));
  assert.is((await waiting).item(), 5);
  sess.runSync(q.enqueue(6));
  assert.is(sess.runSync(single).item(), 6);
});

test('sessions of one graph have queues of their own; a shared name joins queues of one session', async () => {
  const q = new FIFOQueue(5, [float32], [[]], { sharedName: 'shared' });
  const twin = new FIFOQueue(5, [float32], [[]], { sharedName: 'shared' });
  const put = q.enqueue(1);
  using first = new Session();
  using second = new Session();
  await first.run(put);
  assert.equal([await first.run(q.size()), await first.run(twin.size())].map(Number), [1, 1]);
  assert.is((await second.run(twin.size())).item(), 0);
  const waiting = second.run(one(twin.dequeue()));
  await first.run(put);
  assert.ok(await isOpen(waiting));
  await second.run(put);
  assert.is((await waiting).item(), 1);
});

test('what a run did before its wait is done; what it does afterwards is all or nothing', async () => {
  const q = scalars();
  const v = new Variable(0, { name: 'v', dtype: float32 });
  const w = new Variable(0, { name: 'w', dtype: float32 });
  const graph = getDefaultGraph();
  const before = v.assign(1);
  const taken = graph.controlDependencies([before], () => one(q.dequeue()));
  const after = graph.controlDependencies([taken], () => group(w.assignAdd(1), v.assignAdd(10)));
  const wrong = placeholder(float32);
  const checked = graph.controlDependencies([after], () => q.enqueue(wrong));
  using sess = new Session();
  await sess.initialize([v, w]);

  const waiting = sess.run(after);
  assert.is((await sess.run(v.value())).item(), 1);
  await sess.run(v.assign(100));
  await sess.run(q.enqueue(1));
  await waiting;
  assert.equal((await sess.run([v.value(), w.value()])).map(Number), [110, 1]);

  // The second part fails: only what came before the wait, and the element, are gone.
  const failing = sess.run(checked, [[wrong, [1, 2]]]);
  failing.catch(() => {});
  assert.is((await sess.run(v.value())).item(), 1);
  await sess.run(q.enqueue(1));
  await fails(failing, InvalidArgumentError, 'Shape mismatch in tuple component 0. Expected [], got [2]', checked.name);
  assert.equal((await sess.run([v.value(), w.value(), q.size()])).map(Number), [1, 1, 0]);
});

test('a read after the wait sees what others wrote meanwhile', async () => {
  const q = scalars();
  const v = new Variable(1, { name: 'v', dtype: float32, useResource: true });
  const graph = getDefaultGraph();
  const early = v.readValue();
  const taken = graph.controlDependencies([early], () => one(q.dequeue()));
  const late = graph.controlDependencies([taken], () => v.readValue());
  using sess = new Session();
  await sess.initialize([v]);
  const waiting = sess.run([early, late]);
  await sess.run(v.assign(2));
  await sess.run(q.enqueue(0));
  assert.equal((await waiting).map(Number), [1, 2]);
});

test('fed arrays may be used again while the run waits', async () => {
  const q = scalars();
  const x = placeholder(float32, [2]);
  const graph = getDefaultGraph();
  const taken = one(q.dequeue());
  const sum = graph.controlDependencies([taken], () => add(add(x, 0), taken));
  using sess = new Session();
  const data = Float32Array.of(1, 2);
  const waiting = sess.run(sum, [[x, data]]);
  await later();
  data.fill(99);
  const element = placeholder(float32, []);
  await sess.run(q.enqueue(element), [[element, 10]]);
  assert.is(String(await waiting), '[11. 12.]');
  const array = Float32Array.of(7);
  const row = new FIFOQueue(2, [float32], [[1]]);
  const y = placeholder(float32, [1]);
  await sess.run(row.enqueue([y]), [[y, array]]);
  array.fill(0);
  assert.is(String(await sess.run(one(row.dequeue()))), '[7.]');
});

test('runs of one plan that wait share its constants, though the plan is dropped meanwhile', async () => {
  const q = scalars();
  const sum = add(add(one(q.dequeue()), constant([1, 2, 3])), constant([10, 20, 30]));
  using sess = new Session({ config: { planCacheSize: 1 } });
  const waiting = Array.from({ length: 3 }, () => sess.run(sum));
  for (let i = 0; i < 3; i++) await sess.run(q.enqueue(i));
  assert.equal((await Promise.all(waiting)).map(String), ['[11. 22. 33.]', '[12. 23. 34.]', '[13. 24. 35.]']);
});

test('ten thousand runs wait, in order, and nothing piles up', async () => {
  const q = scalars(20_000);
  const single = one(q.dequeue());
  using sess = new Session();
  const count = 10_000;
  const waiting = Array.from({ length: count }, () => sess.run(single));
  const values = placeholder(float32, [null]);
  await later();
  await sess.run(q.enqueueMany([values]), [[values, Float32Array.from({ length: count }, (_, i) => i)]]);
  const found = await Promise.all(waiting);
  assert.ok(found.every((value: NdArray, i) => value.item() === i));
});

test('what a run took is gone where it fails later: the next one gets the next element', async () => {
  const q = new FIFOQueue(5, [float32], { name: 'q' });
  const shaped = new FIFOQueue(5, [float32], [[2]], { name: 'shaped' });
  const move = shaped.enqueue([one(q.dequeue())]);
  const x = placeholder(float32);
  using sess = new Session();
  await sess.run(q.enqueue([x]), [[x, [1, 2, 3]]]);
  await sess.run(q.enqueue([x]), [[x, [4, 5]]]);
  await fails(
    sess.run(move),
    InvalidArgumentError,
    'Shape mismatch in tuple component 0. Expected [2], got [3]',
    'shaped_enqueue',
  );
  await sess.run(move);
  assert.is(String(await sess.run(one(shaped.dequeue()))), '[4. 5.]');
});

test('a queue chosen in the run', async () => {
  const queues = [new FIFOQueue(3, [float32], [[2]]), new FIFOQueue(3, [float32], [[3]])];
  const index = placeholder(int32, []);
  const q = QueueBase.fromList(index, queues);
  assert.equal(q.shapes, [[null]]);
  using sess = new Session();
  await sess.run(q.enqueue([[1, 2]]), [[index, 0]]);
  await sess.run(q.enqueue([[1, 2, 3]]), [[index, 1]]);
  assert.equal((await sess.run([queues[0].size(), queues[1].size()])).map(Number), [1, 1]);
  assert.is(String(await sess.run(one(q.dequeue()), [[index, 1]])), '[1. 2. 3.]');
});

test('a backend that cannot be read at once: runs wait for queues, and end, as on others', async () => {
  const q = new FIFOQueue(2, [float32], [[2]], { name: 'q' });
  const x = placeholder(float32, [2]);
  const put = q.enqueue([add(x, 1)]);
  const sum = add(one(q.dequeue()), constant([10, 20]));
  const sess = new Session({ config: { backend: await slowBackend() } });
  const waiting = sess.run(sum);
  await sess.run(put, [[x, [1, 2]]]);
  assert.is(String(await waiting), '[12. 23.]');
  const many = sess.run(one(q.dequeueMany(2)));
  await sess.run(put, [[x, [1, 2]]]);
  assert.ok(await isOpen(many));
  sess.close();
  await fails(many, CancelledError, 'Dequeue operation was cancelled', 'q_DequeueMany');
});

test('a trace holds the step that waited', async () => {
  const q = scalars();
  using sess = new Session();
  const metadata = new RunMetadata();
  const waiting = sess.run(one(q.dequeue()), null, new RunOptions({ traceLevel: RunOptions.FULL_TRACE }), metadata);
  await later(20);
  await sess.run(q.enqueue(1));
  await waiting;
  const text = JSON.stringify(metadata.stepStats, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  assert.match(text, /q_Dequeue/);
});

test('a partial run may wait too', async () => {
  const q = scalars();
  const x = placeholder(float32, []);
  const taken = one(q.dequeue());
  const sum = add(taken, x);
  using sess = new Session();
  const handle = sess.partialRunSetup([taken, sum], [x]);
  const first = sess.partialRun(handle, taken);
  assert.ok(await isOpen(first));
  await sess.run(q.enqueue(4));
  assert.is((await first).item(), 4);
  assert.is((await sess.partialRun(handle, sum, [[x, 3]])).item(), 7);
});

test('the op of the handle can be run by itself', async () => {
  const q = scalars();
  using sess = new Session();
  const target: Operation = q.queueRef.op;
  assert.is(await sess.run(target), null);
});

suite.run();
