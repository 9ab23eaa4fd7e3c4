/** `Session.initialize` and `Session.hasValue`: which initializers run, when, and what a failure leaves. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { controlDependencies } from '../../src/graph/default-graph.ts';
import { Graph } from '../../src/graph/graph.ts';
import { Assert, add, constant, placeholder } from '../../src/ops/index.ts';
import { float32, string } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { Variable } from '../../src/variables/variable.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure, slowBackend } from '../support/session.ts';

const test = leakChecked(suite);

const valueOf = (result: unknown): unknown => (result as NdArray).array();

test('gives every variable its initial value', async () => {
  const a = new Variable([1, 2], { name: 'a' });
  const b = new Variable(3, { name: 'b' });
  using sess = new Session();
  assert.is(sess.hasValue(a), false);
  await sess.initialize([a, b]);
  assert.is(sess.hasValue(a), true);
  assert.is(sess.hasValue(b), true);
  assert.equal((await sess.run([a, b])).map(valueOf), [[1, 2], 3]);
});

test('leaves values alone that are there', async () => {
  const a = new Variable(1, { name: 'a' });
  const b = new Variable(2, { name: 'b' });
  using sess = new Session();
  await sess.run(a.initializer);
  await a.load(10, sess);
  await sess.initialize([a, b]);
  assert.equal((await sess.run([a, b])).map(valueOf), [10, 2]);
});

test('initialises those that are named and no other', async () => {
  const a = new Variable(1, { name: 'a' });
  const b = new Variable(2, { name: 'b' });
  using sess = new Session();
  await sess.initialize([a]);
  assert.is(sess.hasValue(b), false);
  assert.is((await failure(() => sess.run(b))).name, 'FailedPreconditionError');
});

test('runs and compiles nothing where all have values', async () => {
  const a = new Variable(1, { name: 'a' });
  using sess = new Session();
  await sess.initialize([a]);
  const before = sess.stateReport();
  await sess.initialize([a]);
  await sess.initialize([]);
  await sess.initialize(new Set([a, a]));
  assert.equal(sess.stateReport(), before);
});

test('keeps no plan and no constant of its own', async () => {
  const a = new Variable(new Array(100).fill(1), { name: 'a' });
  using sess = new Session();
  await sess.initialize([a]);
  assert.equal(sess.stateReport(), { variables: 1, plans: 0, buffers: 1, bytes: 400 });
});

test('a variable that starts from another sees it initialised in the same run', async () => {
  const a = new Variable(2, { name: 'a' });
  const b = new Variable(add(a, 5), { name: 'b' });
  using sess = new Session();
  await sess.initialize([b, a]);
  assert.equal((await sess.run([a, b])).map(valueOf), [2, 7]);
});

for (const [kind, backend] of [
  ['at once', async () => 'cpu' as const],
  ['later', () => slowBackend()],
] as const) {
  test(`where results come ${kind}, it takes its turn between earlier assignments and later reads`, async () => {
    const a = new Variable(1, { name: 'a' });
    const b = new Variable(2, { name: 'b' });
    const raised = a.assignAdd(1);
    const set = a.assign(7);
    using sess = new Session({ config: { backend: await backend() } });
    // Nothing is awaited in between: the calls alone make the order.
    const results = await Promise.all([
      sess.run(set),
      sess.initialize([a, b]),
      sess.run([a, b]),
      sess.run(raised),
      sess.initialize([a, b]),
      sess.run([a, b]),
    ]);
    assert.is(valueOf(results[0]), 7);
    assert.is(results[1], undefined);
    assert.equal((results[2] as unknown[]).map(valueOf), [7, 2]);
    assert.is(valueOf(results[3]), 8);
    assert.equal((results[5] as unknown[]).map(valueOf), [8, 2]);
  });
}

test('what has a value is decided when its turn comes', async () => {
  const a = new Variable(1, { name: 'a' });
  using sess = new Session({ config: { backend: await slowBackend() } });
  const assigned = sess.run(a.assign(5));
  assert.is(sess.hasValue(a), false);
  const done = sess.initialize([a]);
  await assigned;
  await done;
  assert.is(valueOf(await sess.run(a)), 5);
});

test('works before the backend is started', async () => {
  const a = new Variable(1, { name: 'a' });
  using sess = new Session();
  const done = sess.initialize([a]);
  const read = sess.run(a);
  await done;
  assert.is(valueOf(await read), 1);
});

test('where one initializer fails, no variable gets a value', async () => {
  const x = placeholder(float32, [], { name: 'x' });
  const a = new Variable(1, { name: 'a' });
  const b = new Variable(x, { name: 'b' });
  using sess = new Session();
  const error = await failure(() => sess.initialize([a, b]));
  assert.is(error.name, 'InvalidArgumentError');
  assert.match(error.message, 'You must feed a value for placeholder');
  assert.is(sess.hasValue(a), false);
  assert.is(sess.hasValue(b), false);
  // The session goes on.
  await sess.initialize([a]);
  assert.is(valueOf(await sess.run(a)), 1);
});

test('a failure in the middle of the run takes back what it assigned', async () => {
  const a = new Variable(1, { name: 'a' });
  const wrong = constant(false);
  const check = Assert(wrong, [constant('no', { dtype: string })]);
  const start = controlDependencies([a.initializer, check], () => add(constant(1), constant(2)));
  const b = new Variable(
    controlDependencies([start.op], () => add(start, 0)),
    { name: 'b' },
  );
  const c = new Variable(1, { name: 'c' });
  using sess = new Session();
  await sess.run(c.assign(9));
  const error = await failure(() => sess.initialize([a, b, c]));
  assert.is(error.name, 'InvalidArgumentError');
  assert.is(sess.hasValue(a), false);
  assert.is(sess.hasValue(b), false);
  assert.is(valueOf(await sess.run(c)), 9);
});

test('refuses variables of another graph, before anything runs', async () => {
  const a = new Variable(1, { name: 'a' });
  const other = new Graph().asDefault(() => new Variable(1, { name: 'a' }));
  using sess = new Session();
  assert.is((await failure(() => sess.initialize([a, other]))).name, 'ValueError');
  assert.is(sess.hasValue(a), false);
  assert.throws(() => sess.hasValue(other), /not an element of this session's graph/);
  assert.is((await failure(() => sess.initialize([1 as never]))).name, 'TypeError');
});

test('a closed session refuses, and has no values', async () => {
  const a = new Variable(1, { name: 'a' });
  const sess = new Session();
  await sess.initialize([a]);
  assert.is(sess.closed, false);
  sess.close();
  assert.is(sess.closed, true);
  assert.is(sess.hasValue(a), false);
  const error = await failure(() => sess.initialize([a]));
  assert.is(`${error.name}: ${error.message}`, 'RuntimeError: Attempted to use a closed Session.');
});

test('closing ends one that waits', async () => {
  const a = new Variable(1, { name: 'a' });
  const sess = new Session({ config: { backend: await slowBackend() } });
  const read = sess.run(constant(1));
  const done = sess.initialize([a]);
  const outcomes = Promise.allSettled([read, done]);
  sess.close();
  const names = (await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason.name);
  assert.equal(names, ['CancelledError', 'CancelledError']);
});

test('a session ended from outside counts as closed', () => {
  const sess = new Session();
  Session.reset();
  assert.is(sess.closed, true);
});

test('takes pairs of a handle and an initializer', async () => {
  const a = new Variable(4, { name: 'a' });
  using sess = new Session();
  await sess.initialize([{ handle: a.handle, initializer: a.initializer }]);
  assert.is(sess.hasValue({ handle: a.handle }), true);
  assert.is(valueOf(await sess.run(a)), 4);
});

suite.run();
