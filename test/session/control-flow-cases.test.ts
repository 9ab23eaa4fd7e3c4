/**
 * What TensorFlow's own tests say of branches and loops: cases 205 to 251. The numbers are those of the list of cases that the
 * project was given; 49, 201 and 203 are in `dataflow-cases.test.ts`, gradients, maps and arrays in
 * `loop-gradient-cases.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const cases = suite('control flow, cases');
const test = leakChecked(cases);

type T = tf.Tensor;
const c = tf.constant;
const int = (value: number | number[]) => tf.constant(value, tf.int32);
const below = (limit: number) => (x: T) => x.less(limit);

async function value(fetch: unknown, feedDict?: readonly (readonly [unknown, unknown])[]): Promise<unknown> {
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  const found = (await session.run(fetch as T, { feedDict: feedDict as never })) as unknown;
  return Array.isArray(found)
    ? found.map((item) => (item as tf.NdArray | null)?.array() ?? null)
    : (found as tf.NdArray).array();
}

test('case 205: a branch on integers has no gradient', () => {
  const x = int(10);
  const y = tf.cond(
    c(true),
    () => x.add(1),
    () => x.sub(1),
  );
  assert.equal(tf.gradients(y, x), [null]);
});

test('case 207: what is outside of a loop may be fed, what is inside may not', async () => {
  const start = int(0);
  const limit = int(5);
  const inside: T[] = [];
  const y = tf.whileLoop(
    (i) => i.less(limit),
    (i) => {
      inside.push(i.add(1));
      return inside[0];
    },
    [start],
  );
  assert.is(await value(y, [[start, 3]]), 5);
  assert.is(await value(y, [[limit, 7]]), 7);
  // The words are those for a tensor that is in another graph: a body is one.
  const error = await failure(() => value(y, [[inside[0], 1]]));
  assert.is(error.name, 'TypeError');
  assert.match(error.message, /^Cannot interpret feed_dict key as Tensor/);
});

test('case 209: of lists of assignments only the one that is needed takes place', async () => {
  const v = [7, 7, 7].map((n) => new tf.Variable(n));
  const r = tf.cond(
    c(true),
    () => [v[0].assign(1).op, v[1].assign(2).op],
    () => [v[2].assign(3).op, v[2].assign(4).op],
  );
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  assert.is((await session.run(r[1])).item(), true);
  assert.equal(
    (await session.run(v)).map((item) => item.item()),
    [7, 2, 7],
  );
});

test('case 211: branches with two outputs', async () => {
  const [x, y] = [int(10), int(1)];
  const r = tf.cond(
    x.greater(y),
    () => [x.add(1), x.add(2)],
    () => [y, y],
  );
  assert.equal(await value(r), [11, 12]);
});

test('case 213: an assertion in the branch that is not taken does not fail', async () => {
  const r = tf.cond(
    c(true),
    () => tf.noOp(),
    () => tf.Assert(c(false), ['Wrong branch!!!']),
  );
  using session = new tf.Session();
  await session.run((r as unknown as T).op);
});

test('case 215: the gradient of a branch in a branch', async () => {
  const x = c(0, { name: 'X' });
  const y = tf.cond(
    c(true),
    () => x,
    () =>
      tf.cond(
        x.less(1),
        () => x,
        () => x,
      ),
  );
  assert.equal(await value(tf.gradients(y, x)), [1]);
});

test('case 217: two of the exclusive conditions hold', async () => {
  const y = tf.case(
    [
      [c(true), () => c(1)],
      [c(true), () => c(2)],
    ],
    { exclusive: true, default: () => c(3) },
  );
  const error = await failure(() => value(y));
  assert.instance(error, tf.errors.OpError);
  assert.match(error.message, /Input error:/);
});

test('case 219: each branch assigns', async () => {
  const v = new tf.Variable(0, { dtype: tf.int32 });
  const n = tf.placeholder(tf.int32, []);
  const r = tf.cond(
    n.greater(1),
    () => v.assign(1),
    () => v.assign(2),
  );
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  for (const [fed, expected] of [
    [2, 1],
    [0, 2],
  ]) {
    assert.is((await session.run(r as unknown as T, { feedDict: [[n, fed]] })).item(), expected);
    assert.is((await session.run(v)).item(), expected);
  }
});

test('case 221: a group initializes; an empty one is a NoOp without inputs', async () => {
  const v = [c([2]), c([1, 2])].map((start) => new tf.Variable(start));
  const init = tf.group(v[0].initializer, v[1].initializer);
  const empty = tf.group();
  assert.equal([empty.type, empty.controlInputs.length], ['NoOp', 0]);
  using session = new tf.Session();
  await session.run(init);
  assert.equal(
    (await session.run(v)).map((item) => item.array()),
    [[2], [1, 2]],
  );
});

test('case 223: static shapes where two branches meet', () => {
  const dims = [
    [
      [1, 2],
      [2, 1],
      [null, null],
    ],
    [
      [1, 2],
      [null, 2],
      [null, 2],
    ],
    [
      [1, 2],
      [2, 2],
      [null, 2],
    ],
    [
      [1, 2],
      [1, 2],
      [1, 2],
    ],
    [[1, 2], [2], null],
  ] as const;
  for (const [one, other, expected] of dims) {
    const [a, b] = [one, other].map((shape) => tf.placeholder(tf.int32, shape));
    const met = tf.cond(
      tf.placeholder(tf.bool, []),
      () => a,
      () => b,
    );
    assert.equal(met.shape, expected, `${one} and ${other}`);
  }
});

test('case 225: a tensor of one loop is not used in another', async () => {
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
  assert.ok(['ValueError', 'InaccessibleTensorError'].includes(error.name), error.name);
});

// Loops

const plain: Readonly<Record<string, readonly [() => unknown, unknown]>> = {
  'case 227: ten thousand rounds': [
    () => tf.whileLoop(below(10000), (x) => x.add(1), [int(0)], { parallelIterations: 20 }),
    10000,
  ],
  'case 229: not more rounds than said': [
    () =>
      tf.whileLoop(
        (x) => tf.reduceSum(x).less(1000),
        (x) => x.add(1),
        [int([1, 2, 3, 4, 5])],
        { maximumIterations: 3 },
      ),
    [4, 5, 6, 7, 8],
  ],
  'case 231: four variables': [
    () =>
      tf.whileLoop(
        (i) => i.less(100),
        (i, m, x, o) => [i.add(1), m.add(1), x.add(1), o.add(m.add(1)).add(x.add(1))],
        [int(0), int(0), int(0), int(0)],
      )[3],
    10100,
  ],
  'case 233: a list that grows': [
    () =>
      tf.whileLoop(
        (i) => i.less(6),
        (i, r) => [i.add(1), tf.concat([r, tf.expandDims(i.add(1), 0)], 0)],
        [int(0), int([0])],
        { shapeInvariants: [[], [null]] },
      )[1],
    [0, 1, 2, 3, 4, 5, 6],
  ],
  'case 239: a loop in a loop': [
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
  ],
  'case 241: a branch in the condition and in the body': [
    () => {
      const goesOn = (i: T) =>
        tf.cond(
          i.greater(0),
          () => c(true),
          () => c(false),
        );
      return tf.whileLoop(
        goesOn,
        (i) =>
          tf.cond(
            i.greater(0),
            () => i.sub(1),
            () => i,
          ),
        [int(5)],
      );
    },
    0,
  ],
};
for (const [name, [build, expected]] of Object.entries(plain)) {
  test(name, async () => assert.equal(await value(build()), expected));
}

test('case 235: a shape that changes without an invariant for it', async () => {
  const error = await failure(() =>
    tf.whileLoop(
      () => c(true),
      () => tf.ones([4, 2]),
      [tf.ones([2, 2])],
    ),
  );
  assert.is(error.name, 'ValueError');
  assert.ok(
    error.message.startsWith(
      "Input tensor 'ones:0' enters the loop with shape (2, 2), but has shape (4, 2) after one iteration. To allow the shape to vary across iterations, use the `shape_invariants` argument",
    ),
    error.message,
  );
});

test('case 237: an invariant that a sparse tensor does not meet', async () => {
  const x = new tf.SparseTensor([[0], [3]], [5, 6], [10]);
  const error = await failure(() =>
    tf.whileLoop(
      () => c(true),
      (x) => x,
      [x],
      { shapeInvariants: [[5, 5]] },
    ),
  );
  assert.is(error.name, 'ValueError');
  assert.match(error.message, /is not compatible with/);
});

test('case 243: a loop in the branch that is taken, and an update after it', async () => {
  const v = new tf.Variable(1);
  const r = tf.cond(
    c(false),
    () => c(1),
    () => {
      const x = tf.whileLoop(
        (x) => x.less(6),
        (x) => x.add(1),
        [c(0)],
      );
      return tf.controlDependencies([tf.controlDependencies([x], () => v.assign(99)).op], () => tf.identity(x));
    },
  );
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  assert.is((await session.run(r)).item(), 6);
  assert.is((await session.run(v)).item(), 99);
});

test('cases 245 and 247: an update inside takes place in each round, one outside once', async () => {
  const [inside, outside] = [new tf.Variable([0, 0, 0]), new tf.Variable(0)];
  const once = outside.assignAdd(1) as unknown as T;
  const [, sum] = tf.whileLoop(
    (i, _s) => i.less(10),
    (i, s) => {
      const update = tf.scatterUpdate(inside, [0, 1, 2], tf.fill([3], tf.cast(i.add(1), tf.float32)));
      return tf.controlDependencies([update], () => [i.add(1), s.add(once)]);
    },
    [int(0), c(0)],
  );
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  assert.is((await session.run(sum)).item(), 10);
  assert.equal((await session.run(inside)).array(), [10, 10, 10]);
  assert.is((await session.run(outside)).item(), 1);
});

test('case 249: a structure of variables comes back', async () => {
  const [{ a, b }, [p, q], t] = tf.whileLoop(
    ({ a }) => a.less(100),
    ({ a, b }, [p, q], t) => [{ a: a.add(1), b }, [p.add(1), q], t.add(2)],
    [{ a: int(0), b: int(1) }, [int(2), int(3)], int(4)],
  );
  assert.equal(await value([a, b, p, q, t]), [100, 1, 102, 3, 204]);
});

test('case 251: a tensor of a body is not fetched', async () => {
  let inside = c(0);
  tf.whileLoop(
    below(3),
    (x) => {
      inside = x.add(1);
      return inside;
    },
    [int(0)],
  );
  assert.is((await failure(() => value(inside))).name, 'ValueError');
});

cases.run();
