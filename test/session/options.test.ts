/** Options of sessions and runs, synchronous runs, callables, profiles, and looking at plans. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Pass } from '../../compiler/compile.ts';
import { compile } from '../../runtime/compile.ts';
import { ConfigProto } from '../../runtime/config.ts';
import { RunMetadata, RunOptions } from '../../runtime/metadata.ts';
import { Session } from '../../runtime/session.ts';
import { Graph } from '../../src/graph/graph.ts';
import { add, constant, matmul, multiply, placeholder } from '../../src/ops/index.ts';
import { float32, string } from '../../src/util/dtype.ts';
import { Variable } from '../../src/variables/variable.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure, slowBackend } from '../support/session.ts';

const test = leakChecked(suite);

/** The lines that are logged while `body` runs. */
async function logged(body: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  try {
    await body();
  } finally {
    console.log = log;
  }
  return lines;
}

for (const backend of ['wasm', 'cpu']) {
  test(`case 45: step stats with FULL_TRACE only (${backend})`, async () => {
    const x = placeholder(float32, [2, 2], 'x');
    const y = matmul(x, x, { name: 'y' });
    using sess = new Session({ config: { backend } });
    const feedDict = [[x, [[1, 2], [3, 4]]]] as const; // biome-ignore format: a matrix
    const runMetadata = new RunMetadata();
    await sess.run(y, { feedDict, runMetadata });
    assert.is(runMetadata.stepStats, null);
    await sess.run(y, { feedDict, runMetadata, options: new RunOptions({ traceLevel: RunOptions.FULL_TRACE }) });
    const nodes = runMetadata.stepStats?.devStats.flatMap((device) => device.nodeStats) ?? [];
    const stats = nodes.find((node) => node.nodeName === 'y');
    assert.ok(stats);
    assert.equal(stats?.output[0].shape, [2, 2]);
    assert.is(stats?.output[0].bytes, 16);
    assert.ok((stats?.allEndRelMicros ?? -1) >= 0);
    assert.ok((stats?.allStartMicros ?? 0) > 1e15);
    const again = RunMetadata.fromString(runMetadata.serializeToString());
    assert.equal(again, runMetadata, 'as bytes and back');
    // Positional, as in TensorFlow; a run without tracing empties the record.
    await sess.run(y, feedDict, new RunOptions({ traceLevel: 'NO_TRACE' }), runMetadata);
    assert.is(runMetadata.stepStats, null);
  });

  test(`runSync answers without a promise (${backend})`, async () => {
    const x = placeholder(float32, []);
    const y = add(x, 1);
    using sess = new Session({ config: { backend } });
    const early = await failure(() => sess.runSync(y, [[x, 1]]));
    assert.is(early.name, 'RuntimeError');
    assert.match(early.message, 'await session.ready() first');
    await sess.ready();
    assert.is(sess.runSync(y, [[x, 1]]).item(), 2);
    const [value, nothing] = sess.runSync([y, y.op], { feedDict: [[x, 2]] });
    assert.is(value.item(), 3);
    assert.is(nothing, null);
    const tensor = sess.runSync(y, { feedDict: [[x, 5]], as: 'tensor' });
    assert.equal(tensor.arraySync(), 6);
    tensor.dispose();
    assert.equal(sess.runSync([]), []);
    assert.throws(() => sess.runSync(y), 'You must feed a value for placeholder');
  });
}

test('runSync refuses backends that must be waited for, and waiting runs', async () => {
  const c = constant(1);
  using slow = new Session({ config: { backend: await slowBackend() } });
  await slow.ready();
  assert.match((await failure(() => slow.runSync(c))).message, 'cannot be read synchronously');
});

test('callables take values in order', async () => {
  const [a, b] = [placeholder(float32, []), placeholder(float32, [], 'b')];
  using sess = new Session();
  const call = sess.makeCallable([add(a, multiply(b, 10)), a.op], [a, 'b:0']);
  const [value, op] = await call(1, 2);
  assert.is(value.item(), 21);
  assert.is(op, null);
  assert.match((await failure(() => call(1))).message, 'takes 2 values, got 1');
});

test('a ConfigProto and a plain object mean the same; unknown backends are reported', async () => {
  const c = constant(1);
  using a = new Session({ config: new ConfigProto({ backend: 'cpu', allowSoftPlacement: true }) });
  using b = new Session('', null, { backend: 'cpu', gpuOptions: { allowGrowth: true } });
  assert.is(a.backend, 'cpu');
  assert.is(b.backend, 'cpu');
  assert.is((await a.run(c)).item(), (await b.run(c)).item());
  using wrong = new Session({ config: { backend: 'abacus' } });
  for (let i = 0; i < 2; i++) {
    const error = await failure(() => wrong.run(c));
    assert.is(error.name, 'NotFoundError');
    assert.match(error.message, "No backend 'abacus' is registered");
  }
});

test('passes off and on agree', async () => {
  const x = placeholder(float32, [2]);
  const y = multiply(add(x, multiply(constant(2), 3)), add(x, multiply(constant(2), 3)));
  const results: unknown[] = [];
  for (const passes of [true, false, ['cse']]) {
    using sess = new Session({ config: { passes } });
    results.push((await sess.run(y, [[x, [1, 2]]])).array());
  }
  assert.equal(results, [
    [49, 64],
    [49, 64],
    [49, 64],
  ]);
});

test('listDevices names the host and the backend', () => {
  using wasm = new Session();
  assert.equal(
    wasm.listDevices().map((device) => device.name),
    ['/job:localhost/replica:0/task:0/device:CPU:0', '/job:localhost/replica:0/task:0/device:WASM:0'],
  );
  using cpu = new Session({ config: { backend: 'cpu' } });
  assert.equal(cpu.listDevices(), [{ name: '/job:localhost/replica:0/task:0/device:CPU:0', deviceType: 'CPU' }]);
});

test('logDevicePlacement prints each step of a new plan, once', async () => {
  const x = placeholder(float32, [2, 2]);
  const y = matmul(x, x, { name: 'y' });
  using sess = new Session({ config: { logDevicePlacement: true } });
  const feedDict = [[x, [[1, 2], [3, 4]]]] as const; // biome-ignore format: a matrix
  const lines = await logged(() => sess.run(y, feedDict));
  assert.ok(lines.some((line) => /^y: \(\w+\): \/job:localhost\/replica:0\/task:0\/device:\w+:0$/.test(line)));
  assert.equal(await logged(() => sess.run(y, feedDict)), []);
});

test('explain prints graph, IR and plan, for values and for shapes', async () => {
  const x = placeholder(float32, [null, 2], 'x');
  const y = add(x, multiply(constant(2), 3), { name: 'y' });
  using sess = new Session();
  const byShape = await sess.explain(y, { feeds: [[x, [3, 2]]] });
  assert.match(byShape, '## graph');
  assert.match(byShape, '## plan');
  assert.match(byShape, 'f32[3,2]');
  const values = [1, 2, 3].map(() => [0, 0]);
  assert.is(await sess.explain(y, { feedDict: [[x, values]] }), byShape);
  assert.match((await failure(() => sess.explain(y, { feeds: [x] }))).message, 'Give the shape that x:0 is fed with');
  assert.match((await failure(() => sess.explain(y))).message, "You must feed a value for placeholder tensor 'x'");
});

test('compile gives the plan and the IR after every pass as values', () => {
  const graph = new Graph();
  const { x, y } = graph.asDefault(() => {
    const x = placeholder(float32, [null, 2], 'x');
    return { x, y: add(x, multiply(constant(2), 3)) };
  });
  for (const target of ['wasm', 'cpu', 'webgl', 'host']) {
    const { plan, stages } = compile({ result: y }, { feeds: [[x, [3, 2]]], target });
    assert.is(plan.target, target);
    assert.is(plan.fetches.length, 1);
    assert.is(stages[0].pass, 'import');
    assert.equal(plan.slots[plan.fetches[0]].shape, [3, 2]);
  }
  const seen: number[] = [];
  const counting: Pass = {
    name: 'count',
    doc: 'Counts nodes.',
    run: (module) => {
      seen.push(module.nodes.length);
      return module;
    },
  };
  const { stages } = compile(y, { feeds: [[x, [3, 2]]], passes: [{ after: 'specialise', pass: counting }] });
  assert.is(seen.length, 1);
  assert.is(stages[stages.findIndex((stage) => stage.pass === 'specialise') + 1].pass, 'count');
});

test('a session of types that no backend has works without device buffers', async () => {
  const x = placeholder(string, [2]);
  const v = new Variable(constant(['a', 'b']));
  using sess = new Session();
  await sess.run(v.initializer);
  assert.equal((await sess.run(v.assign(x), [[x, ['ü', '']]])).array(), ['ü', '']);
  assert.equal([sess.stateReport().variables, sess.stateReport().buffers], [1, 0]);
});

suite.run();
