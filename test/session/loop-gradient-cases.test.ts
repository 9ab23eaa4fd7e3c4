/**
 * What TensorFlow's own tests say of gradients of branches and loops, of maps, scans and folds, of arrays of tensors and of cells:
 * cases 269 to 299, 353 and 413 to 419 of the list that `control-flow-cases.test.ts` names.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const cases = suite('gradients of loops, cases');
const test = leakChecked(cases);

type T = tf.Tensor;
const c = tf.constant;
const int = (value: number) => tf.constant(value, tf.int32);
const { rnnCell } = tf.nn;

async function value(fetch: unknown, feedDict?: readonly (readonly [unknown, unknown])[]): Promise<unknown> {
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  const found = (await session.run(fetch as T, { feedDict: feedDict as never })) as unknown;
  return Array.isArray(found) ? found.map((item) => (item as tf.NdArray).array()) : (found as tf.NdArray).array();
}

function near(found: unknown, expected: readonly number[], tolerance = 1e-6): void {
  const list = ([found] as unknown[]).flat(Number.POSITIVE_INFINITY) as number[];
  assert.is(list.length, expected.length);
  expected.forEach((wanted, i) => {
    assert.ok(Math.abs(list[i] - wanted) <= tolerance, `${list}, expected ${expected}`);
  });
}

test('the gradient of rows that a body gathers from outside, of a shape that is known in the run only', async () => {
  const x = tf.placeholder(tf.float32, [3, null, 2]);
  const v = tf.constant([1, 2]);
  const [, h] = tf.whileLoop(
    (t) => t.less(3),
    (t, h) => [t.add(1), h.add(tf.reduceSum(tf.gather(x, t).mul(v)))],
    [tf.constant(0, tf.int32), tf.constant(0)],
  );
  const [byV, byX] = tf.gradients(h, [v, x]);
  using sess = new tf.Session();
  const rows = new tf.NdArray(
    tf.float32,
    [3, 4, 2],
    Float32Array.from({ length: 24 }, (_, i) => i),
  );
  const found = await sess.run([byV as tf.Tensor, tf.convertToTensor(byX as tf.IndexedSlices)], {
    feedDict: [[x, rows]],
  });
  // What TensorFlow 2.21 gives.
  assert.equal(found[0].array(), [132, 144]);
  assert.equal(found[1].array(), new Array(3).fill(new Array(4).fill([1, 2])));
});

test('case 269: the gradient of a branch that is chosen in the run', async () => {
  const alpha = new tf.Variable(5);
  const p = tf.placeholder(tf.bool, []);
  const y = tf.cond(
    p,
    () => alpha.mul(2),
    () => alpha.mul(3),
  );
  const [dy] = tf.gradients(y, alpha);
  assert.is(await value(dy, [[p, true]]), 2);
  assert.is(await value(dy, [[p, false]]), 3);
});

/** v·a until it is 100 or more. */
const power = (v: T, a: T | tf.Variable) =>
  tf.whileLoop(
    (x) => x.less(100),
    (x) => x.mul(a),
    [v],
  );

test('cases 273 and 277: the gradient of v·aⁿ to a constant and to a variable', async () => {
  const [v, a] = [c(2), c(3)];
  assert.equal(await value(tf.gradients(power(v, a), [a, v])), [216, 81]);
  const b = new tf.Variable(3);
  assert.equal(await value(tf.gradients(power(c(2), b), b)), [216]);
});

test('case 275: the gradient of a loop over a shape that is fed', async () => {
  const x = tf.placeholder(tf.float32, [null]);
  const r = tf.whileLoop(
    (_v, n) => n.less(5),
    (v, n) => [v.mul(x), n.add(1)],
    [c(2), int(0)],
    { shapeInvariants: [null, []] },
  )[0];
  const [dx] = tf.gradients(r, x) as T[];
  assert.equal(dx.shape, [null]);
  assert.equal(await value(dx, [[x, [3, 4]]]), [810, 2560]);
});

test('case 279: gradients of several results to several starts', async () => {
  const [x, y] = [c(3), c(2)];
  const [rx, ry] = tf.whileLoop(
    (x, _y) => x.less(100),
    (x, y) => {
      const y1 = x.add(y);
      return [x.mul(y1), y1];
    },
    [x, y],
  );
  assert.equal(await value(tf.gradients([rx, ry], [x, y])), [304, 124]);
  assert.equal(await value(tf.gradients(rx, [x, y])), [295, 120]);
});

test('case 281: the gradient to a value that the body replaces is 0', async () => {
  const v = c(0);
  const r = tf.whileLoop(
    (i) => i.less(3),
    (i, _v) => [i.add(1), c(100)],
    [int(0), v],
  )[1];
  assert.equal(await value(tf.gradients(r, v)), [0]);
});

test('case 283: a gradient that is stopped inside', async () => {
  const [x, y] = [c(3), c(2)];
  const [r] = tf.whileLoop(
    (x, _y) => x.less(100),
    (x, y) => {
      const y1 = tf.stopGradient(y.square());
      return [x.square().add(y1), y1];
    },
    [x, y],
  );
  assert.equal(await value(tf.gradients(r, [y, x])), [0, 156]);
});

test('case 285: the second derivative of a scan, which TensorFlow 1 refused, is that of its rounds written out', async () => {
  const x = c([0.5, 2, 3]);
  const product = tf.reduceSum(tf.scan((a, e) => a.mul(e), x));
  const [dx] = tf.gradients(product, x) as T[];
  const [ddx] = tf.gradients(tf.reduceSum(dx.mul(dx)), x) as T[];
  const [p, q, r] = [0, 1, 2].map((i) => x.slice(i));
  const [du] = tf.gradients(p.add(p.mul(q)).add(p.mul(q).mul(r)), x) as T[];
  const [ddu] = tf.gradients(tf.reduceSum(du.mul(du)), x) as T[];
  const [found, expected] = (await value([ddx, ddu])) as number[][];
  near(found, expected, 1e-4);
});

test('case 287: maps in maps learn one step of Adam', async () => {
  const v = tf.getVariable('v', [], { initializer: tf.constantInitializer(3) });
  const outer = (n: T) => tf.mapFn((x) => x.mul(v).mul(n), c([1, 2]));
  const step = new tf.train.AdamOptimizer(0.001).minimize(tf.reduceSum(tf.mapFn(outer, c([1, 2]))));
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  await session.run(step);
  near((await session.run(v)).item(), [2.999]);
});

const six = () => c([1, 2, 3, 4, 5, 6]);

test('case 289: the gradient of a fold to where it starts', async () => {
  for (const fold of [tf.foldl, tf.foldr]) {
    const v = c(2);
    assert.equal(
      await value(
        tf.gradients(
          fold((a, x) => a.mul(x), six(), { initializer: v }),
          v,
        ),
      ),
      [720],
    );
  }
});

test('case 291: scalars are not mapped over', async () => {
  for (const [elems, words] of [
    [c(1), /not scalars/],
    [[c(1), c(2)], /not scalars/],
  ] as const) {
    const error = await failure(() => tf.mapFn((x) => x as T, elems as T));
    assert.is(error.name, 'ValueError');
    assert.match(error.message, words);
  }
});

test('case 293: gradients of a map to what it maps and to what it captures', async () => {
  const [x, param] = [six(), c(2)];
  const y = tf.mapFn((e) => e.square().mul(param), x);
  assert.equal(await value([...tf.gradients(y, param), ...tf.gradients(y, x)]), [91, [4, 8, 12, 16, 20, 24]]);
});

test('case 295: scans', async () => {
  const product = (a: T, x: T) => a.mul(x);
  assert.equal(
    await value([
      tf.scan(product, six()),
      tf.scan(product, six(), { initializer: c(2) }),
      tf.scan(product, six(), { reverse: true }),
    ]),
    [
      [1, 2, 6, 24, 120, 720],
      [2, 4, 12, 48, 240, 1440],
      [720, 720, 360, 120, 30, 6],
    ],
  );
});

test('case 297: a functional branch, as it is written', async () => {
  const n = tf.placeholder(tf.float32, []);
  const y = tf.cond(
    n.greater(0),
    () => n.mul(2),
    () => n.mul(3).add(1),
  );
  for (const [fed, expected] of [
    [9, 18],
    [-8, -23],
    [0, 1],
  ]) {
    assert.is(await value(y, [[n, fed]]), expected);
  }
});

test('case 299: elements of different shapes', async () => {
  const rows = [c([[4, 5]]), c([[1]]), c(-3)];
  let array = new tf.TensorArray(tf.float32, 3, { inferShape: false, clearAfterRead: false });
  rows.forEach((row, i) => {
    array = array.write(i, row);
  });
  assert.equal(await value([0, 1, 2].map((i) => array.read(i))), [[[4, 5]], [[1]], -3]);
});

test('case 353: loops in branches are written, read, and differentiated again', async () => {
  const { graph } = c(0.5, { name: 'x' });
  const x = graph.getTensorByName('x:0');
  const y = tf.cond(
    x.less(1),
    () =>
      tf.whileLoop(
        (i, _y) => i.less(3),
        (i, y) => [
          i.add(1),
          tf.whileLoop(
            (j, _z) => j.less(2),
            (j, z) => [j.add(1), z.mul(x).add(1)],
            [int(0), y],
          )[1],
        ],
        [int(0), x],
      )[1],
    () => x,
  );
  tf.identity(y, { name: 'y' });
  const files = (['functional', 'v1'] as const).map((controlFlow) => tf.GraphDef.of(graph, { controlFlow }).toBinary());
  const expected = await value(tf.gradients(y, x));
  for (const bytes of files) {
    using _ = new tf.Graph().asDefault();
    const read = tf.importGraphDef(tf.GraphDef.fromBinary(bytes), { name: '', returnElements: ['x:0', 'y:0'] });
    const [again, result] = read as unknown as T[];
    assert.equal(await value(tf.gradients(result, again)), expected);
  }
});

test('case 413: names of the variables of a cell', () => {
  tf.variableScope('root', () => new rnnCell.BasicRNNCell(2).apply(tf.zeros([1, 2]), tf.zeros([1, 2])));
  assert.equal(
    tf.globalVariables().map(({ name }) => name),
    ['root/basic_rnn_cell/kernel:0', 'root/basic_rnn_cell/bias:0'],
  );
});

test('cases 415 and 417: two cells on top of each other, with states in tuples', async () => {
  const cell = new rnnCell.MultiRNNCell([new rnnCell.BasicLSTMCell(2), new rnnCell.BasicLSTMCell(2)]);
  const zeros = cell.zeroState(1, tf.float32) as readonly unknown[];
  assert.ok(zeros.length === 2 && zeros.every((state) => state instanceof rnnCell.LSTMStateTuple));
  const tenth = () => tf.fill([1, 2], 0.1);
  const states = [0, 1].map(() => new rnnCell.LSTMStateTuple(tenth(), tenth()));
  const [output, after] = tf.variableScope('root', { initializer: tf.constantInitializer(0.5) }, () =>
    cell.apply(c([[1, 1]]), states as never),
  ) as unknown as [T, readonly { c: T; h: T }[]];
  const found = await value([output, ...after.flatMap(({ c, h }) => [c, h])]);
  const twice = (...values: number[]) => values.flatMap((v) => [v, v]);
  near(found, twice(0.24024698, 0.68967271, 0.44848421, 0.39897051, 0.24024698));
});

test('case 419: a scalar as the state of a cell, which counts steps', async () => {
  class Counter extends rnnCell.RNNCell<T, T> {
    override get stateSize() {
      return new tf.TensorShape([]);
    }
    override get outputSize() {
      return 1;
    }
    override call(input: T, state: T): [T, T] {
      return [input, state.add(1)];
    }
  }
  const x = c([[[1], [2], [3], [4]]]);
  const [outputs, state] = tf.nn.dynamicRnn(new Counter() as never, x, {
    sequenceLength: [4],
    initialState: tf.zeros([], tf.int32),
    dtype: tf.float32,
  } as never) as unknown as [T, T];
  assert.equal(await value([outputs, state]), [[[[1], [2], [3], [4]]], 4]);
});

cases.run();
