/** `tf.whileLoop`: values, structures, effects, gradients and errors against real TensorFlow. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('ops/while-loop');
const checked = leakChecked(test);
const c = tf.constant;
const int = (value: number | number[]) => tf.constant(value, tf.int32);

async function run(fetches: unknown): Promise<unknown> {
  const results: unknown[] = [];
  for (const backend of ['cpu', 'wasm']) {
    using session = new tf.Session({ config: { backend } });
    const found = (await session.run(fetches as tf.Tensor)) as unknown;
    results.push(Array.isArray(found) ? found.map((array) => array.array()) : (found as tf.NdArray).array());
  }
  assert.equal(results[0], results[1]);
  return results[0];
}

function values(name: string, build: () => unknown, expected: unknown): void {
  checked(name, async () => assert.equal(await run(build()), expected));
}

function buildFails(name: string, build: () => unknown, kind: string, message: string): void {
  checked(`${name} fails when it is built`, async () => {
    const error = await failure(build);
    assert.is(error.name, kind);
    assert.ok(error.message.startsWith(message), error.message);
  });
}

const below = (limit: number) => (x: tf.Tensor) => x.less(limit);

values(
  'ten thousand rounds',
  () => tf.whileLoop(below(10000), (x) => x.add(1), [int(0)], { parallelIterations: 20 }),
  10000,
);
values('no round', () => tf.whileLoop(below(0), (x) => x.add(1), [int(10)]), 10);
values(
  'not more rounds than said',
  () =>
    tf.whileLoop(
      (x) => tf.reduceSum(x).less(1000),
      (x) => x.add(1),
      [int([1, 2, 3, 4, 5])],
      { maximumIterations: 3 },
    ),
  [4, 5, 6, 7, 8],
);
values(
  'four variables',
  () =>
    tf.whileLoop(
      (n) => n.less(100),
      (n, x, y, z) => [n.add(1), x.add(1), y.add(x), z.add(2).add(n)],
      [int(0), int(0), int(0), int(0)],
    )[3],
  5150,
);
values(
  'a shape that grows',
  () =>
    tf.whileLoop(
      (i) => i.less(6),
      (i, r) => [i.add(1), tf.concat([r, tf.expandDims(i.add(1), 0)], 0)],
      [int(0), int([0])],
      { shapeInvariants: [[], [null]] },
    )[1],
  [0, 1, 2, 3, 4, 5, 6],
);
values(
  'a loop in a loop',
  () =>
    tf.whileLoop(
      (s) => s.less(3000),
      (s) =>
        tf
          .whileLoop(
            (x) => x.less(20),
            (x) => x.mul(2),
            [s],
          )
          .square(),
      [c(2)],
    ),
  1048576,
);
values(
  'a branch in the condition and in the body',
  () =>
    tf.whileLoop(
      (i) =>
        tf.cond(
          i.greater(0),
          () => i.greater(0),
          () => c(false),
        ),
      (i) =>
        tf.cond(
          i.greater(0),
          () => i.sub(1),
          () => i,
        ),
      [int(5)],
    ),
  0,
);
values(
  'a loop in a branch',
  () =>
    tf.cond(
      c(false),
      () => int(1),
      () => tf.whileLoop(below(6), (x) => x.add(1), [int(0)]),
    ),
  6,
);

checked('a structure of variables comes back', async () => {
  const result = tf.whileLoop(
    ({ a }) => a.less(100),
    ({ a, b }, [p, q], t) => [{ a: a.add(1), b }, [p.add(1), q], t.add(2)],
    [{ a: int(0), b: int(1) }, [int(2), int(3)], int(4)],
  );
  const [{ a, b }, [p, q], t] = result;
  assert.equal(await run([a, b, p, q, t]), [100, 1, 102, 3, 204]);
});
checked('a list of one variable is the variable, or a list if asked', () => {
  assert.ok(tf.whileLoop(below(3), (x) => x.add(1), [int(0)]) instanceof tf.Tensor);
  assert.ok(Array.isArray(tf.whileLoop(below(3), (x) => x.add(1), [int(0)], { returnSameStructure: true })));
  assert.ok(tf.whileLoop(below(3), (x) => x.add(1), int(0)) instanceof tf.Tensor);
});
checked('an op outside that is used inside runs once', async () => {
  const v = new tf.Variable(0, { useResource: true });
  const once = tf.assignAdd(v, 1);
  const r = tf.whileLoop(
    (i) => i.less(10),
    (i, s) => [i.add(1), s.add(once)],
    [int(0), c(0)],
  )[1];
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  assert.is((await session.run(r)).item(), 10);
  assert.is((await session.run(v.readValue())).item(), 1);
});
checked('rows of a variable are updated in every round', async () => {
  const v = new tf.Variable([0, 0, 0], { useResource: true });
  const body = (i: tf.Tensor) => {
    const update = tf.scatterUpdate(v, [0, 1, 2], tf.fill([3], tf.cast(i.add(1), tf.float32)));
    return tf.controlDependencies([update], () => i.add(1));
  };
  const r = tf.whileLoop(below(10), body, [int(0)]);
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  assert.is((await session.run(r)).item(), 10);
  assert.equal((await session.run(v.readValue())).array(), [10, 10, 10]);
});
checked('tensors inside are neither fetched nor fed; those outside are fed', async () => {
  let inside = c(0);
  const start = int(0);
  const r = tf.whileLoop(
    below(3),
    (x) => {
      inside = x.add(1);
      return inside;
    },
    [start],
  );
  using session = new tf.Session();
  assert.is((await failure(() => session.run(inside))).name, 'ValueError');
  const error = await failure(() => session.run(r, { feedDict: [[inside, 1]] }));
  assert.ok(error.name === 'ValueError' || error.name === 'TypeError', error.name);
  assert.is((await session.run(r, { feedDict: [[start, 7]] })).item(), 7);
});
checked('a tensor of one loop is not used in another', async () => {
  let inside = c(0);
  tf.whileLoop(
    below(3),
    (x) => {
      inside = x.add(1);
      return inside;
    },
    [int(0)],
  );
  const error = await failure(() => tf.whileLoop(below(3), (x) => x.add(inside), [int(0)]));
  assert.ok(error.name === 'ValueError' || error.name === 'InaccessibleTensorError', `${error.name} ${error.message}`);
});

// Gradients

const times = (v: tf.Tensor, a: tf.Tensor) =>
  tf.whileLoop(
    (x) => x.less(100),
    (x) => x.mul(a),
    [v],
  );
values('the gradient of v·aⁿ', () => {
  const [a, v] = [c(3), c(2)];
  return tf.gradients(times(v, a), [a, v]);
}, [216, 81]);
checked('the gradient of a loop on a fed shape', async () => {
  const x = tf.placeholder(tf.float32, [null]);
  const v = c([2, 2]);
  const r = tf.whileLoop(
    (_v, n) => n.less(4),
    (u, n) => [u.mul(x), n.add(1)],
    [v, int(0)],
    { shapeInvariants: [[null], []] },
  )[0];
  const [g] = tf.gradients(r, x);
  using session = new tf.Session();
  // d(v·x⁴) = 4·v·x³
  assert.equal((await session.run(g as tf.Tensor, { feedDict: [[x, [3, 4]]] })).array(), [216, 512]);
});
checked('the gradient to a variable in the body', async () => {
  const a = new tf.Variable(3, { useResource: true });
  const r = tf.whileLoop(
    (x) => x.less(100),
    (x) => x.mul(a),
    [c(2)],
  );
  const [g] = tf.gradients(r, a);
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  assert.is((await session.run(g as tf.Tensor)).item(), 216);
});
checked('the gradient to a value that the body replaces is zero', async () => {
  const c0 = c(0);
  const r = tf.whileLoop(
    (i) => i.less(3),
    (i, _a) => [i.add(1), c(100)],
    [int(0), c0],
  )[1];
  const [g] = tf.gradients(r, c0);
  assert.equal(await run(g), 0);
});
values('a stopped gradient inside', () => {
  const [x, y] = [c(3), c(2)];
  const body = (u: tf.Tensor, v: tf.Tensor) => [tf.stopGradient(u.mul(v)), v.mul(u)];
  const [, r] = tf.whileLoop((u, _v) => u.less(10), body, [x, y]);
  // One round to x = 6, another to 36: r = y·3 then (y·3)·6 with 6 stopped.
  return tf.gradients(r, [y]);
}, [18]);

// Errors

const one = () => tf.ones([2, 2]);
buildFails(
  'a condition that is no function',
  () => tf.whileLoop(1 as never, (x) => x, [int(1)]),
  'TypeError',
  "'cond' must be callable.",
);
buildFails(
  'a body that is no function',
  () => tf.whileLoop(() => c(true), 1 as never, [int(1)]),
  'TypeError',
  "'body' must be callable.",
);
buildFails(
  'no variables',
  () =>
    tf.whileLoop(
      () => c(true),
      () => 1,
      [],
    ),
  'ValueError',
  "'loop_vars' must be provided.",
);
buildFails(
  'a condition that is a number',
  () =>
    tf.whileLoop(
      () => int(1),
      (x) => x,
      [int(0)],
    ),
  'TypeError',
  "Input 'input' of 'LoopCond' Op has type int32 that does not match expected type of bool.",
);
buildFails(
  'a condition that is a vector',
  () =>
    tf.whileLoop(
      () => c([true]),
      (x) => x,
      [int(0)],
    ),
  'ValueError',
  'Shape must be rank 0 but is rank 1',
);
buildFails(
  'a type that changes',
  () => tf.whileLoop(below(3), (x) => tf.cast(x, tf.float32), [int(0)]),
  'TypeError',
  "Loop var Const:0 enters the loop with type <dtype: 'int32'> but has type <dtype: 'float32'> after 1 iteration.",
);
buildFails(
  'a number of variables that changes',
  () =>
    tf.whileLoop(
      (x, _y) => x.less(3),
      (x, _y) => x,
      [int(0), int(1)],
    ),
  'ValueError',
  "The two structures don't have the same nested structure.",
);
buildFails(
  'a shape that changes',
  () =>
    tf.whileLoop(
      () => c(true),
      () => tf.ones([4, 2]),
      [one()],
    ),
  'ValueError',
  "Input tensor 'ones:0' enters the loop with shape (2, 2), but has shape (4, 2) after one iteration. To allow the shape to vary across iterations, use the `shape_invariants` argument of tf.while_loop to specify a less-specific shape.",
);
buildFails(
  'an invariant that does not hold at the start',
  () =>
    tf.whileLoop(
      () => c(true),
      (x) => x,
      [one()],
      { shapeInvariants: [[3, 2]] },
    ),
  'ValueError',
  'The shape invariant specified for ones:0 is not compatible with the initial shape of the loop variable. It enters the loop with shape (2, 2), but the specified shape invariant is (3, 2).',
);
buildFails(
  'invariants of another structure',
  () =>
    tf.whileLoop(
      () => c(true),
      (x) => x,
      [one()],
      {
        shapeInvariants: [
          [3, 2],
          [3, 2],
        ],
      },
    ),
  'ValueError',
  "The two structures don't have the same nested structure.",
);
buildFails(
  'a bad invariant of a sparse tensor',
  () =>
    tf.whileLoop(
      () => c(true),
      (x) => x,
      [new tf.SparseTensor([[0]], [3], [1])],
      { shapeInvariants: [[5, 5]] },
    ),
  'ValueError',
  'The shape invariant specified for',
);
buildFails(
  'no parallel iterations',
  () => tf.whileLoop(below(3), (x) => x.add(1), [int(0)], { parallelIterations: 0 }),
  'TypeError',
  "'parallel_iterations' must be a positive integer.",
);
buildFails(
  'a body that gives nothing',
  () => tf.whileLoop(below(3), () => null, [int(0)]),
  'ValueError',
  'None values not supported.',
);
buildFails(
  'a limit that is no scalar',
  () => tf.whileLoop(below(3), (x) => x.add(1), [int(0)], { maximumIterations: int([1]) }),
  'ValueError',
  "'maximum_iterations' must be a scalar. Received shape: (1,)",
);

checked('an error inside names the node and frees everything', async () => {
  const r = tf.whileLoop(below(3), (x) => tf.controlDependencies([tf.Assert(x.less(2), [x])], () => x.add(1)), [
    int(0),
  ]);
  using session = new tf.Session();
  const error = await failure(() => session.run(r));
  assert.is(error.name, 'InvalidArgumentError');
  assert.match(error.message, /^assertion failed: \[2\]/);
});

test.run();
