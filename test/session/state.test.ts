/** What runs leave behind: nothing but their results and the values of variables, whether they succeed or fail. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend } from '../../runtime/backends/index.ts';
import { Session } from '../../runtime/session.ts';
import { controlDependencies } from '../../src/graph/default-graph.ts';
import { emit } from '../../src/ops/emit.ts';
import { identity } from '../../src/ops/identity.ts';
import { add, constant, matmul, multiply, placeholder } from '../../src/ops/index.ts';
import { randomUniform } from '../../src/ops/random.ts';
import { reshape } from '../../src/ops/shaping.ts';
import { float32, int32, int64 } from '../../src/util/dtype.ts';
import { flags } from '../../src/util/flags.ts';
import { Variable } from '../../src/variables/variable.ts';
import { heap } from '../support/heap.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure, slowBackend } from '../support/session.ts';

const test = leakChecked(suite);

/** A variable, and an op that assigns to it, draws a number and then fails unless `shape` is fed [2, 2]. */
function failing() {
  const shape = placeholder(int32, [2], 'shape');
  const v = new Variable([1, 2, 3, 4]);
  const drawn = randomUniform([4], { seed: 5 });
  const assign = v.assign(add(v, drawn)).op;
  const y = controlDependencies([assign], () => reshape(identity(v), shape, { name: 'fails' }));
  return { shape, v, drawn, y };
}

for (const backend of ['wasm', 'cpu']) {
  const config = { backend };

  test(`10,000 runs leave the buffer count and the heap flat (${backend})`, async () => {
    const x = placeholder(float32, [2, 2]);
    const v = new Variable([
      [1, 0],
      [0, 1],
    ]);
    const y = multiply(matmul(x, v), 0.5);
    const step = v.assign(y);
    using sess = new Session({ config });
    await sess.run(v.initializer);
    const fed = Float32Array.of(1, 0, 0, 1);
    const feedDict = [[x, { data: fed, shape: [2, 2] }]] as const;
    const round = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await sess.run([y, step.op], { feedDict });
    };
    await round(2000);
    const buffers = readyBackend(backend)?.numBuffers();
    const before = heap();
    await round(8000);
    assert.is(readyBackend(backend)?.numBuffers(), buffers);
    const grown = heap() - before;
    assert.ok(grown < 1e6, `the heap grew by ${grown} bytes`);
  });

  test(`1,000 failed runs leave variables, streams, buffers and the heap as they were (${backend})`, async () => {
    const { shape, v, drawn, y } = failing();
    using sess = new Session({ config });
    await sess.run(v.initializer);
    const round = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) assert.is((await failure(() => sess.run(y, [[shape, [3, 3]]]))).op, y.op);
    };
    await round(200);
    const buffers = readyBackend(backend)?.numBuffers();
    const before = heap();
    await round(800);
    assert.is(readyBackend(backend)?.numBuffers(), buffers);
    assert.ok(heap() - before < 1e6);
    assert.equal((await sess.run(v)).array(), [1, 2, 3, 4]);
    const first = await sess.run(drawn);
    using fresh = new Session({ config });
    assert.equal(first, await fresh.run(drawn));
    const report = sess.stateReport();
    assert.is(report.variables, 1);
    assert.is(report.bytes, 16);
  });

  test(`random streams go on from run to run and start again in a new session (${backend})`, async () => {
    const drawn = randomUniform([3], { seed: 42 });
    using sess = new Session({ config });
    const [a, b] = [await sess.run(drawn), await sess.run(drawn)];
    assert.not.equal(a, b);
    using fresh = new Session({ config });
    assert.equal(await fresh.run(drawn), a);
    assert.equal(await fresh.run(drawn), b);
  });
}

test('an error names the operation, and in debug mode the line that built it', async () => {
  const { debug } = flags;
  flags.debug = true;
  try {
    const { shape, v, y } = failing();
    using sess = new Session();
    await sess.run(v.initializer);
    const error = await failure(() => sess.run(y, [[shape, [3, 3]]]));
    assert.is(error.name, 'InvalidArgumentError');
    assert.is(error.op, y.op);
    assert.is(error.detail, 'Input to reshape is a tensor with 4 values, but the requested shape has 9');
    assert.match(error.message, '\n\t [[{{node fails}}]]\n\t built at ');
    assert.match(error.message, 'state.test.ts:');
  } finally {
    flags.debug = debug;
  }
});

test('a run sees its own writes, and reads before them see the old value', async () => {
  const v = new Variable(1);
  const before = v.readValue();
  const assign = controlDependencies([before], () => v.assign(5));
  const after = controlDependencies([assign.op], () => v.readValue());
  using sess = new Session();
  await sess.run(v.initializer);
  const [x, y] = await sess.run([before, after]);
  assert.equal([x.item(), y.item()], [1, 5]);
});

test('a destroyed variable is gone, and comes back when the run fails', async () => {
  const v = new Variable([1, 2]);
  const destroy = emit('DestroyResourceOp', [v.handle], {});
  using sess = new Session();
  await sess.run(v.initializer);
  const { shape, v: w, y } = failing();
  await sess.run(w.initializer);
  await failure(() => sess.run([destroy, y], [[shape, [3, 3]]]));
  assert.equal((await sess.run(v)).array(), [1, 2]);
  await sess.run(destroy);
  assert.is((await failure(() => sess.run(v))).name, 'FailedPreconditionError');
  assert.match(
    (await failure(() => sess.run(v))).detail as string,
    'status error message=Resource localhost/Variable/N10tensorflow3VarE does not exist.',
  );
});

test('runs are serialised in the order of the calls', async () => {
  const v = new Variable(constant(0, int64));
  const x = placeholder(int64, []);
  const next = v.assign(add(multiply(v, constant(10, int64)), x));
  using sess = new Session({ config: { backend: await slowBackend('wasm', 1) } });
  const values = await Promise.all([sess.run(v.initializer), ...[1, 2, 3].map((i) => sess.run(next, [[x, i]]))]);
  assert.equal(values.slice(1).map(String), ['1', '12', '123']);
});

test('a waiting run is not affected by what its caller does to the arrays meanwhile', async () => {
  const x = placeholder(float32, [2]);
  using sess = new Session();
  const data = Float32Array.of(1, 2);
  const result = sess.run(identity(x), [[x, data]]);
  data.fill(9);
  assert.equal((await result).array(), [1, 2]);
});

test('a run that takes too long fails with DeadlineExceededError', async () => {
  const x = placeholder(float32, [2]);
  const v = new Variable([1, 2]);
  const assign = v.assign(x);
  using sess = new Session({ config: { backend: await slowBackend('wasm', 50), operationTimeoutInMs: 5 } });
  await sess.run(v.initializer, { options: { timeoutInMs: 60_000 } });
  const error = await failure(() => sess.run([assign, v], [[x, [3, 4]]]));
  assert.is(error.name, 'DeadlineExceededError');
  assert.is(error.message, 'Timed out waiting for notification');
  // A timeout of the run's own counts instead.
  const given = { feedDict: [[x, [3, 4]]], options: { timeoutInMs: 60_000 } } as const;
  assert.equal((await sess.run(assign, given)).array(), [3, 4]);
});

test('a long synchronous run notices its deadline', async () => {
  let y = constant([[1, 2]]);
  for (let i = 0; i < 3000; i++) y = add(y, randomUniform([1, 2]));
  using sess = new Session({ config: { passes: false } });
  await sess.run(y);
  const error = await failure(() => sess.run(y, { options: { timeoutInMs: 1 } }));
  assert.is(error.name, 'DeadlineExceededError');
});

test('a pure operation that is run as a target shows its errors', async () => {
  const { shape, v, y } = failing();
  using sess = new Session();
  await sess.run(v.initializer);
  assert.is((await failure(() => sess.run(y.op, [[shape, [3, 3]]]))).op, y.op);
  assert.is(await sess.run(y.op, [[shape, [2, 2]]]), null);
});

test('the plan cache is bounded, and old plans give their buffers back', async () => {
  using sess = new Session({ config: { planCacheSize: 3 } });
  const x = placeholder(float32, [null]);
  const y = add(x, [1]);
  for (let n = 1; n <= 10; n++) {
    assert.equal((await sess.run(y, [[x, new Float32Array(n)]])).shape, [n]);
    assert.ok(sess.stateReport().plans <= 3);
  }
  assert.equal((await sess.run(y, [[x, [5]]])).array(), [6]);
});

suite.run();
