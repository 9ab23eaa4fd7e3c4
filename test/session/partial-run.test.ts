/** Runs in several steps. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { add, constant, multiply, placeholder } from '../../src/ops/index.ts';
import { randomUniform } from '../../src/ops/random.ts';
import { float32, int64 } from '../../src/util/dtype.ts';
import { Variable } from '../../src/variables/variable.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

function abc() {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => placeholder(float32, [], name));
  const r1 = add(a, b, { name: 'r1' });
  const r2 = multiply(r1, c, { name: 'r2' });
  return { a, b, c, r1, r2 };
}

for (const backend of ['wasm', 'cpu']) {
  test(`case 81: what an earlier step computed is not computed again (${backend})`, async () => {
    const { a, b, c, r1, r2 } = abc();
    using sess = new Session({ config: { backend } });
    const h = sess.partialRunSetup([r1, r2], [a, b, c]);
    const first = await sess.partialRun(h, r1, [
      [a, 1],
      [b, 2],
    ]);
    assert.is(first.item(), 3);
    const second = await sess.partialRun(h, r2, [[c, 3 * 17]]);
    assert.is(second.item(), 153);
    const error = await failure(() => sess.partialRun(h, r1));
    assert.is(error.message, "Must run 'setup' before performing partial runs!");
  });

  test(`effects happen once, and values of other types are kept (${backend})`, async () => {
    const c = placeholder(float32, []);
    const v = new Variable(constant(10, int64));
    const count = v.assignAdd(constant(1, int64));
    const drawn = randomUniform([3]);
    const late = multiply(add(drawn, 0), c);
    using sess = new Session({ config: { backend } });
    await sess.run(v.initializer);
    const h = sess.partialRunSetup([drawn, count, late, count.op], [c]);
    const [r, n] = await sess.partialRun(h, [drawn, count]);
    assert.is(n.item(), 11);
    const [l, op] = await sess.partialRun(h, [late, count.op], [[c, 2]]);
    assert.is(op, null);
    assert.equal(
      l.array(),
      (r.array() as number[]).map((x) => x * 2),
    );
    assert.is((await sess.run(v)).item(), 11);
  });
}

test('case 83: a feed that was not set up', async () => {
  const { a, b, c, r1 } = abc();
  using sess = new Session();
  const h = sess.partialRunSetup([r1], [a, b]);
  const error = await failure(() =>
    sess.partialRun(h, r1, [
      [a, 1],
      [b, 2],
      [c, 3],
    ]),
  );
  assert.is(error.name, 'InvalidArgumentError');
  assert.is(error.message, 'The feed c:0 was not specified in partial_run_setup.');
});

test('case 85: a fetch that was fetched already', async () => {
  const { a, b, c, r1, r2 } = abc();
  using sess = new Session();
  const h = sess.partialRunSetup([r1, r2], [a, b, c]);
  await sess.partialRun(h, r1, [
    [a, 1],
    [b, 2],
  ]);
  const fetched = await failure(() => sess.partialRun(h, r1));
  assert.is(fetched.name, 'InvalidArgumentError');
  assert.is(fetched.message, 'The fetch r1:0 has already been fetched.');
  const fed = await failure(() => sess.partialRun(h, r2, [[a, 1]]));
  assert.is(fed.message, 'The feed a:0 has already been fed.');
  const early = await failure(() => sess.partialRun(h, r2));
  assert.is(early.message, "Fetch r2:0 can't be computed from the feeds that have been fed so far.");
  // Errors change nothing.
  assert.is((await sess.partialRun(h, r2, [[c, 4]])).item(), 12);
});

test('a fetch or operation that was not set up', async () => {
  const { a, r1, r2 } = abc();
  using sess = new Session();
  const h = sess.partialRunSetup([r1], [a]);
  const tensor = await failure(() => sess.partialRun(h, r2));
  assert.is(tensor.message, 'The fetch r2:0 was not specified in partial_run_setup.');
  const operation = await failure(() => sess.partialRun(h, r1.op));
  assert.is(operation.message, 'The fetch r1 was not specified in partial_run_setup.');
});

test('what real TensorFlow answered to the program partial_run', async () => {
  const [x, y] = [placeholder(float32, [2], 'x'), placeholder(float32, [2], 'y')];
  const h = multiply(x, 2);
  const [r1, r2] = [add(h, 1), multiply(h, y)];
  const close = (value: { readonly data: unknown }, expected: readonly number[]): void => {
    const data = [...(value.data as Float32Array)];
    assert.is(data.length, expected.length);
    for (const [i, e] of expected.entries()) assert.ok(Math.abs(data[i] - e) <= 1e-6 + 1e-5 * Math.abs(e), `${data}`);
  };
  using sess = new Session();
  const one = sess.partialRunSetup([r1, r2], [x, y]);
  close(await sess.partialRun(one, r1, [[x, [0.198, 0.743]]]), [1.396, 2.486]);
  close(await sess.partialRun(one, r2, [[y, [-0.793, 0.861]]]), [-0.314028, 1.279446]);
  const two = sess.partialRunSetup([r1, r2], [x, y]);
  const feeds = { 'x:0': [0.363, -0.514], 'y:0': [0.85, 0.135] };
  const [v1, v2] = await sess.partialRun(two, [r1, r2], feeds);
  close(v1, [1.7260001, -0.027999997]);
  close(v2, [0.6171, -0.13878]);
  const error = await failure(() => sess.partialRun(two, r1));
  assert.is(error.name, 'InvalidArgumentError');
  assert.is(error.message, "Must run 'setup' before performing partial runs!");
});

test('close gives up what an unfinished partial run keeps', async () => {
  const { a, b, c, r1, r2 } = abc();
  const sess = new Session();
  const h = sess.partialRunSetup([r1, r2], [a, b, c]);
  await sess.partialRun(h, r1, [
    [a, 1],
    [b, 2],
  ]);
  sess.close();
  assert.is((await failure(() => sess.partialRun(h, r2, [[c, 1]]))).message, 'Attempted to use a closed Session.');
});

suite.run();
