/** `tf.pyFunc`: JavaScript functions as ops. Names, errors and counts are those of real TensorFlow's `py_func`. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('ops/py-func');
const checked = leakChecked(test);
const { float32: f } = tf;
const c = tf.constant;

async function run(fetches: unknown, backend = 'wasm'): Promise<unknown> {
  using session = new tf.Session({ config: { backend } });
  const value = (await session.run(fetches as tf.Tensor)) as unknown;
  return Array.isArray(value) ? value.map((array) => (array as tf.NdArray).array()) : (value as tf.NdArray).array();
}

function values(name: string, build: () => unknown, expected: unknown): void {
  for (const backend of ['cpu', 'wasm']) {
    checked(`${name}, on ${backend}`, async () => assert.equal(await run(build(), backend), expected));
  }
}

function runFails(name: string, build: () => tf.Tensor | readonly tf.Tensor[], kind: string, message: RegExp): void {
  checked(`${name} fails in the run`, async () => {
    const fetch = build();
    using session = new tf.Session();
    const error = await failure(() => session.run(fetch));
    assert.is(error.name, kind);
    assert.match(error.message, message);
  });
}

/** The elements times two. */
const twice = (x: tf.NdArray) => Float32Array.from(x.data as Float32Array, (v) => v * 2);

checked('names and ops are those of TensorFlow', () => {
  tf.pyFunc((x) => x, [1], f);
  tf.pyFunc((x) => x, [1], [f]);
  tf.pyFunc((x) => x, [1], f, { stateful: false, name: 'n' });
  tf.numpyFunction((x) => x, [1], f);
  const lines = tf
    .getDefaultGraph()
    .getOperations()
    .map(({ name, type }) => `${name} ${type}`);
  assert.equal(lines, [
    'PyFunc/input_0 Const',
    'PyFunc PyFunc',
    'PyFunc_1/input_0 Const',
    'PyFunc_1 PyFunc',
    'n/input_0 Const',
    'n PyFuncStateless',
    'PyFunc_2/input_0 Const',
    'PyFunc_2 PyFunc',
  ]);
});
checked('the static shape is unknown, one type gives a tensor, none the operation', () => {
  assert.is(tf.pyFunc((x) => x, [1], f).shape, null);
  assert.is(tf.pyFunc((x) => x, [1], [f]).length, 1);
  assert.ok(tf.pyFunc(() => null, [1], []) instanceof tf.Operation);
});

values('a function of an array', () => tf.pyFunc(twice, [c([1, 2])], f), [2, 4]);
values('a function without state', () => tf.pyFunc(twice, [c([1, 2])], f, { stateful: false }), [2, 4]);
values(
  'two of two',
  () =>
    tf.pyFunc(
      (a: tf.NdArray, b: tf.NdArray) => [Number(a) + Number(b), Number(a) - Number(b)],
      [c(3), c(1)],
      [f, tf.int64],
    ),
  [4, 2],
);
values(
  'plain numbers take the type',
  () =>
    tf.pyFunc(
      () => [
        [1, 2],
        [3, 4],
      ],
      [],
      tf.int32,
    ),
  [
    [1, 2],
    [3, 4],
  ],
);
values('strings', () => tf.pyFunc((x: tf.NdArray) => `${x.item()}!`, [c('a')], tf.string), 'a!');
values('the input itself', () => tf.pyFunc((x: tf.NdArray) => x, [c([[1, 2]])], f), [[1, 2]]);
values('a list with one array for one type', () => tf.pyFunc((x: tf.NdArray) => [x], [c([1, 2])], f), [1, 2]);
values(
  'element types of inputs',
  () =>
    tf.pyFunc(
      (x: tf.NdArray, y: tf.NdArray, z: tf.NdArray) => `${x.dtype.name} ${y.dtype.name} ${z.dtype.name}`,
      [c(1, tf.int32), c(true), c(2, tf.int64)],
      tf.string,
    ),
  'int32 bool int64',
);
values(
  'a promise',
  () =>
    tf.pyFunc(
      async (x: tf.NdArray) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        return twice(x);
      },
      [c([1, 2])],
      f,
    ),
  [2, 4],
);
values(
  'a function in a loop',
  () =>
    tf.whileLoop(
      (i) => i.less(3),
      (i, a) => [i.add(1), tf.ensureShape(tf.pyFunc(twice, [a], f), [2])],
      [c(0, tf.int32), c([1, 2])],
    )[1],
  [8, 16],
);
values(
  'a promise in a loop',
  () => tf.mapFn((x) => tf.pyFunc(async (v: tf.NdArray) => Number(v) + 1, [x], f), c([1, 2, 3])),
  [2, 3, 4],
);

checked('only the branch that is taken is called', async () => {
  const called: string[] = [];
  const branch = (name: string) => () => tf.pyFunc(() => [called.push(name)], [], [f])[0];
  await run(tf.cond(c(true), branch('then'), branch('else')));
  assert.equal(called, ['then']);
});
checked('a function is called in every run, and not where nobody needs it', async () => {
  let calls = 0;
  const count = tf.pyFunc(() => ++calls, [], f);
  const once = tf.pyFunc(() => ++calls, [c(1)], f, { stateful: false });
  using session = new tf.Session();
  await session.run(count);
  await session.run(count);
  assert.is(calls, 2);
  await session.run(once);
  assert.is(calls, 3);
});
checked('an operation without results is run for its effect', async () => {
  const seen: unknown[] = [];
  const op = tf.pyFunc((x: tf.NdArray) => void seen.push(x.array()), [c([1, 2])], []);
  using session = new tf.Session();
  await session.run(op);
  assert.equal(seen, [[1, 2]]);
});
checked('inputs and results are copies', async () => {
  const kept = new Float32Array([1, 2]);
  const x = c([5, 6]);
  const y = tf.pyFunc(
    (v: tf.NdArray) => {
      (v.data as Float32Array).fill(0);
      return kept;
    },
    [x],
    f,
  );
  using session = new tf.Session();
  const [first, input] = await session.run([y, x]);
  kept.fill(9);
  assert.equal(first.array(), [1, 2]);
  assert.equal(input.array(), [5, 6]);
  assert.equal((await session.run(x)).array(), [5, 6]);
});
checked('while a run waits for a promise, others of the session pass', async () => {
  let release = (_: number) => {};
  const slow = tf.pyFunc(() => new Promise<number>((resolve) => (release = resolve)), [], f);
  using session = new tf.Session();
  const waiting = session.run(slow);
  assert.is((await session.run(c(3))).item(), 3);
  release(7);
  assert.is((await waiting).item(), 7);
});
checked('closing the session ends a run that waits', async () => {
  const session = new tf.Session();
  const waiting = failure(() => session.run(tf.pyFunc(() => new Promise<number>(() => {}), [c([1])], f)));
  await new Promise((resolve) => setTimeout(resolve, 5));
  session.close();
  assert.is((await waiting).name, 'CancelledError');
});
checked('runSync does not wait', async () => {
  using session = new tf.Session({ config: { backend: 'cpu' } });
  await session.ready();
  assert.equal(session.runSync(tf.pyFunc(twice, [c([1, 2])], f)).array(), [2, 4]);
  const error = await failure(() => session.runSync(tf.pyFunc(async () => 1, [], f)));
  assert.is(error.name, 'RuntimeError');
});

runFails(
  'no result for one',
  () => tf.pyFunc(() => null, [1], f),
  'InvalidArgumentError',
  /^pyfunc_\d+ returns 0 values, but expects to see 1 values\./,
);
runFails(
  'two results for one',
  () => tf.pyFunc((x: tf.NdArray) => [x, x], [1], f),
  'InvalidArgumentError',
  /^pyfunc_\d+ returns 2 values, but expects to see 1 values\./,
);
runFails(
  'one result for two',
  () => tf.pyFunc((x: tf.NdArray) => x, [1], [f, f]),
  'InvalidArgumentError',
  /^pyfunc_\d+ returns 1 values, but expects to see 2 values\./,
);
runFails(
  'a result of another type',
  () => tf.pyFunc((x: tf.NdArray) => [x, Float64Array.of(1)], [1], [f, f]),
  'InvalidArgumentError',
  /^1-th value returned by pyfunc_\d+ is double, but expects float/,
);
class ValueError extends Error {
  override name = 'ValueError';
}
runFails(
  'a function that throws a TypeError',
  () =>
    tf.pyFunc(
      () => {
        throw new TypeError('t');
      },
      [1],
      f,
    ),
  'InvalidArgumentError',
  /^TypeError: t/,
);
runFails(
  'a function that throws a ValueError',
  () =>
    tf.pyFunc(
      () => {
        throw new ValueError('v');
      },
      [1],
      f,
    ),
  'InvalidArgumentError',
  /^ValueError: v/,
);
runFails(
  'a function that throws another error',
  () =>
    tf.pyFunc(
      () => {
        throw new RangeError('r');
      },
      [1],
      f,
    ),
  'UnknownError',
  /^RangeError: r/,
);
runFails(
  'a function that throws an error of a run',
  () =>
    tf.pyFunc(
      () => {
        throw new tf.errors.NotFoundError(null, 'nf');
      },
      [1],
      f,
    ),
  'UnknownError',
  /^NotFoundError: nf/,
);
runFails(
  'a promise that is rejected',
  () =>
    tf.pyFunc(
      async () => {
        throw new TypeError('later');
      },
      [1],
      f,
    ),
  'InvalidArgumentError',
  /^TypeError: later/,
);
checked('the error that was thrown is the cause', async () => {
  const thrown = new Error('mine');
  const y = tf.pyFunc(
    () => {
      throw thrown;
    },
    [],
    f,
  );
  using session = new tf.Session();
  assert.is((await failure(() => session.run(y))).cause, thrown);
});
checked('what is no function is refused', async () => {
  const error = await failure(() => tf.pyFunc(1 as never, [1], f));
  assert.is(error.name, 'ValueError');
  assert.ok(error.message.startsWith('Expected func to be callable. Received func=1'));
});
checked('a graph that comes from elsewhere has no functions', async () => {
  tf.pyFunc((x) => x, [1], f);
  const text = tf
    .getDefaultGraph()
    .asGraphDef()
    .toText()
    .replace(/pyfunc_\d+/, 'pyfunc_999999');
  const graph = new tf.Graph();
  graph.asDefault(() => tf.importGraphDef(tf.GraphDef.fromText(text), { name: '' }));
  using session = new tf.Session({ graph });
  const error = await failure(() => session.run('PyFunc:0'));
  assert.is(error.name, 'InvalidArgumentError');
  assert.ok(error.message.startsWith('ValueError: Could not find callback with key=pyfunc_999999 in the registry.'));
});

checked('without a gradient nothing flows through', () => {
  const x = c(1);
  assert.equal(
    tf.gradients(
      tf.pyFunc((v: tf.NdArray) => v, [x], f),
      x,
    ),
    [null],
  );
});
checked('a gradient of its own, first and second', async () => {
  const x = c([1, 2, 3]);
  const cube = (v: tf.NdArray) => Float32Array.from(v.data as Float32Array, (a) => a ** 3);
  const y = tf.pyFunc(cube, [x], f, { grad: (op, dy) => (dy as tf.Tensor).mul(op.inputs[0].square()).mul(3) });
  const [dx] = tf.gradients(y, x);
  const [ddx] = tf.gradients(dx as tf.Tensor, x);
  assert.equal(await run([y, dx, ddx]), [
    [1, 8, 27],
    [3, 12, 27],
    [6, 12, 18],
  ]);
});

test.run();
