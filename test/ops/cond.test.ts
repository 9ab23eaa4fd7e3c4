/** `tf.cond`, `tf.case`, `tf.switchCase`: values, effects, gradients and errors against real TensorFlow. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('ops/cond');
const checked = leakChecked(test);
const c = tf.constant;
const int = (value: number | number[]) => tf.constant(value, tf.int32);
const flag = () => tf.placeholder(tf.bool, [], { name: 'p' });

function buildFails(name: string, build: () => unknown, kind: string, message: string): void {
  checked(`${name} fails when it is built`, async () => {
    const error = await failure(build);
    assert.is(error.name, kind);
    assert.ok(error.message.startsWith(message), error.message);
  });
}

/** The value with the condition true and false, on both backends. */
async function both(p: tf.Tensor, y: tf.Tensor | readonly tf.Tensor[], expected: readonly unknown[]): Promise<void> {
  for (const backend of ['cpu', 'wasm']) {
    using session = new tf.Session({ config: { backend } });
    for (const [i, value] of [true, false].entries()) {
      const found = (await session.run(y as tf.Tensor[], { feedDict: [[p, value]] })) as unknown;
      const plain = Array.isArray(found) ? found.map((array) => array.array()) : (found as tf.NdArray).array();
      assert.equal(plain, expected[i]);
    }
  }
}

checked('branches with two results each', async () => {
  const p = flag();
  const [a, b] = tf.cond(
    p,
    () => [c(10).add(1), c(12)],
    () => [c(1), c(2)],
  );
  await both(
    p,
    [a, b],
    [
      [11, 12],
      [1, 2],
    ],
  );
});
checked('a list of one result is the result, unless it is strict', () => {
  const one = () => [int(1)] as const;
  assert.ok(tf.cond(flag(), one, one) instanceof tf.Tensor);
  assert.ok(Array.isArray(tf.cond(flag(), one, one, { strict: true })));
});
checked('values, objects, sparse tensors and arrays as results', async () => {
  const p = flag();
  const r = tf.cond(
    p,
    () => ({ n: 1, s: new tf.SparseTensor([[0, 1]], [3], [1, 2]), a: new tf.TensorArray(tf.float32, 1).write(0, 5) }),
    () => ({ n: 2, s: new tf.SparseTensor([[0, 0]], [4], [1, 2]), a: new tf.TensorArray(tf.float32, 1).write(0, 6) }),
  );
  const { n, s, a } = r as unknown as { n: tf.Tensor; s: tf.SparseTensor; a: tf.TensorArray };
  await both(
    p,
    [n, tf.sparse.toDense(s), a.stack()],
    [
      [1, [[0, 3]], [5]],
      [2, [[4, 0]], [6]],
    ],
  );
});
checked('an operation stands for true, and only the chosen one runs, as far as it is needed', async () => {
  const v = [7, 7, 7].map((value, i) => new tf.Variable(value, { name: `v${i}`, useResource: true }));
  const r = tf.cond(
    c(true),
    () => [tf.assign(v[0], 1).op, tf.assign(v[1], 2).op],
    () => [tf.assign(v[2], 3).op, tf.assign(v[2], 4).op],
  );
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  assert.is((await session.run(r[1])).item(), true);
  assert.equal(
    (await session.run(v.map((one) => one.readValue()))).map((x) => x.item()),
    [7, 2, 7],
  );
});
checked('the branch that is not taken does not run', async () => {
  const wrong = () => tf.controlDependencies([tf.Assert(c(false), [c('wrong')])], () => tf.identity(c(1)));
  using session = new tf.Session();
  assert.is((await session.run(tf.cond(c(true), () => c(0), wrong))).item(), 0);
  const error = await failure(() => session.run(tf.cond(c(false), () => c(0), wrong)));
  assert.match(error.message, /^assertion failed: \[wrong\]/);
});
checked('branches assign variables', async () => {
  const v = new tf.Variable(0, { useResource: true });
  const n = tf.placeholder(tf.int32, []);
  const r = tf.cond(
    n.greater(1),
    () => tf.assign(v, 1),
    () => tf.assign(v, 2),
  );
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  for (const [fed, expected] of [
    [2, 1],
    [0, 2],
  ]) {
    assert.is((await session.run(r, { feedDict: [[n, fed]] })).item(), expected);
    assert.is((await session.run(v.readValue())).item(), expected);
  }
});

checked('integers have no gradient', () => {
  const x = int(10);
  const y = tf.cond(
    flag(),
    () => x.add(1),
    () => x.sub(1),
  );
  assert.equal(tf.gradients(y, x), [null]);
});
checked('the gradient is that of the branch taken', async () => {
  const p = flag();
  const alpha = c(5);
  const y = tf.cond(
    p,
    () => alpha.mul(2),
    () => alpha.mul(3),
  );
  await both(p, tf.gradients(y, alpha) as tf.Tensor[], [[2], [3]]);
});
checked('the gradient of branches in branches', async () => {
  const p = flag();
  const x = c(3);
  const inner = () =>
    tf.cond(
      x.greater(2),
      () => x.mul(x),
      () => x,
    );
  const y = tf.cond(p, inner, () => x);
  const [dx] = tf.gradients(y, x);
  const [ddx] = tf.gradients(dx as tf.Tensor, x);
  await both(
    p,
    [y, dx as tf.Tensor, ddx as tf.Tensor],
    [
      [9, 6, 2],
      [3, 1, 0],
    ],
  );
});

buildFails(
  'a branch that is no function',
  () => tf.cond(flag(), 1 as never, () => 2),
  'TypeError',
  "'true_fn' must be callable.",
);
buildFails(
  'a condition that is known',
  () =>
    tf.cond(
      true as never,
      () => c(1),
      () => c(2),
    ),
  'TypeError',
  "'pred' must not be a Python bool.",
);
buildFails(
  'a condition that is a number',
  () =>
    tf.cond(
      int(1),
      () => c(1),
      () => c(2),
    ),
  'TypeError',
  "Input 'pred' of 'Switch' Op has type int32 that does not match expected type of bool.",
);
buildFails(
  'a condition that is a vector',
  () =>
    tf.cond(
      c([true]),
      () => c(1),
      () => c(2),
    ),
  'ValueError',
  'Shape must be rank 0 but is rank 1',
);
buildFails(
  'results of different types',
  () =>
    tf.cond(
      flag(),
      () => int(1),
      () => c(2) as never,
    ),
  'ValueError',
  "Outputs of 'true_fn' and 'false_fn' must have the same type(s). Received int32 from 'true_fn' and float32 from 'false_fn'.",
);
buildFails(
  'results of different structure',
  () =>
    tf.cond(
      flag(),
      () => [c(1), c(1)],
      () => c(2) as never,
    ),
  'ValueError',
  "The two structures don't have the same nested structure.",
);
buildFails(
  'no result',
  () =>
    tf.cond(
      flag(),
      () => null as never,
      () => c(2),
    ),
  'ValueError',
  "'true_fn' must have a return value.",
);
buildFails(
  'a case that is no pair',
  () => tf.case([1 as never]),
  'TypeError',
  "Each entry in 'pred_fn_pairs' must be a 2-tuple. Received 1.",
);
buildFails(
  'a case without a function',
  () => tf.case([[flag(), 1 as never]]),
  'TypeError',
  'fn for pred p:0 must be callable.',
);
buildFails(
  'a case without a condition',
  () => tf.case([[1 as never, () => c(1)]]),
  'TypeError',
  'pred must be a Tensor, got: 1',
);
buildFails(
  'a number of a branch that is no integer',
  () => tf.switchCase(c(1), [() => c(1)]),
  'TypeError',
  "'branch_index' must be an integer Tensor, got <dtype: 'float32'>",
);
buildFails(
  'a number of a branch that is no tensor',
  () => tf.switchCase(1 as never, [() => c(1)]),
  'TypeError',
  "'branch_index' must be a Tensor, got",
);

checked('a failed branch leaves the graph as it was', async () => {
  const p = flag();
  const before = tf.getDefaultGraph().snapshot();
  await failure(() =>
    tf.cond(
      p,
      () => int(1),
      () => c(2) as never,
    ),
  );
  assert.is(tf.getDefaultGraph().snapshot(), before);
});
checked('a tensor of a branch is neither used, fetched nor fed outside', async () => {
  let inside = c(0);
  const y = tf.cond(
    c(true),
    () => {
      inside = c(1).add(1);
      return inside;
    },
    () => c(2),
  );
  assert.throws(
    () => c(1).add(inside),
    (error: Error) => error.message.length > 0,
  );
  using session = new tf.Session();
  assert.is((await failure(() => session.run(inside))).name, 'ValueError');
  const error = await failure(() => session.run(y, { feedDict: [[inside, 1]] }));
  assert.ok(error.name === 'ValueError' || error.name === 'TypeError', error.name);
});

checked('cases: the first that holds, or the default', async () => {
  const x = tf.placeholder(tf.float32, []);
  const y = tf.case(
    [
      [x.less(0), () => x.neg()],
      [x.less(10), () => x],
    ],
    { default: () => c(10) },
  );
  using session = new tf.Session();
  for (const [fed, expected] of [
    [-3, 3],
    [4, 4],
    [20, 10],
  ]) {
    assert.is((await session.run(y, { feedDict: [[x, fed]] })).item(), expected);
  }
});
checked('exclusive cases of which two hold fail in the run', async () => {
  const p = tf.placeholder(tf.bool, [2]);
  const y = tf.case(
    [
      [p.slice(0), () => c(1)],
      [p.slice(1), () => c(2)],
    ],
    { exclusive: true, default: () => c(3) },
  );
  using session = new tf.Session();
  assert.is((await session.run(y, { feedDict: [[p, [false, true]]] })).item(), 2);
  const error = await failure(() => session.run(y, { feedDict: [[p, [true, true]]] }));
  assert.is(error.name, 'InvalidArgumentError');
  assert.match(error.message, /^assertion failed: \[Input error: exclusive=True: more than 1 conditions/);
});
checked('without a default one of the cases has to hold', async () => {
  const y = tf.case([
    [c(false), () => c(1)],
    [c(false), () => c(2)],
  ]);
  using session = new tf.Session();
  const error = await failure(() => session.run(y));
  assert.is(error.name, 'InvalidArgumentError');
  assert.match(error.message, /^assertion failed: \[Input error: None of conditions evaluated as True:\] \[0 0\]/);
});

test.run();
