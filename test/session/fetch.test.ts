/**
 * What can be fetched, and in which structure the values come back: with `feed`, `life` and `options` section A of the
 * behavioural cases. Case 49 (frames that do not agree) needs the ops Enter and Exit, which come with control flow.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IndexedSlicesValue, SparseTensorValue } from '../../runtime/fetches.ts';
import { Session } from '../../runtime/session.ts';
import { getDefaultGraph } from '../../src/graph/default-graph.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { identity } from '../../src/ops/identity.ts';
import { add, constant, group, IndexedSlices, matmul, noOp } from '../../src/ops/index.ts';
import { float16, float32, float64, int32, int64 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { Variable } from '../../src/variables/variable.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

class SparseTensor {
  constructor(
    readonly indices: Tensor,
    readonly values: Tensor,
    readonly denseShape: Tensor,
  ) {}
}

for (const backend of ['wasm', 'cpu']) {
  const config = { backend };

  test(`case 1: a session on a graph that was built elsewhere (${backend})`, async () => {
    const graph = new Graph();
    const product = graph.asDefault(() => matmul(constant([[6]]), constant([[7]])));
    using sess = new Session({ graph, config });
    assert.equal((await sess.run(product)).array(), [[42]]);
    assert.equal(((await product.eval(null, sess)) as NdArray).array(), [[42]]);
  });

  test(`case 3: any tensor can be fed, also a constant, and by name (${backend})`, async () => {
    const w = constant(10, { shape: [2, 3], name: 'W1' });
    const copy = identity(w);
    using sess = new Session({ config });
    const fed = [
      [0, 1, 2],
      [3, 4, 5],
    ];
    assert.equal((await sess.run(copy, { 'W1:0': fed })).array(), fed);
    assert.equal((await sess.run(copy)).array(), [
      [10, 10, 10],
      [10, 10, 10],
    ]);
  });

  test(`case 7: a tensor gives its value, an operation null, callables the same (${backend})`, async () => {
    const a = constant(42);
    using sess = new Session({ config });
    assert.is((await sess.run(a)).item(), 42);
    assert.is(await sess.run(a.op), null);
    assert.is((await sess.makeCallable(a)()).item(), 42);
    assert.is(await sess.makeCallable(a.op)(), null);
  });

  test(`case 17: the element type of scalars is kept (${backend})`, async () => {
    using sess = new Session({ config });
    for (const dtype of [int32, int64, float16, float32, float64]) {
      const sum = await sess.run(add(constant(7, dtype), constant(8, dtype)));
      assert.is(sum.dtype, dtype);
      assert.equal(sum.shape, []);
      assert.is(Number(sum), 15);
    }
  });

  test(`case 25: initializers of variables made after the first run (${backend})`, async () => {
    const p = constant([1]);
    using sess = new Session({ config });
    await sess.run(p);
    const v = new Variable([[1, 2]]);
    const w = new Variable([3, 4]);
    assert.is(await sess.run(group(v.initializer, w.initializer)), null);
    assert.equal((await sess.run(v)).array(), [[1, 2]]);
    assert.equal((await sess.run(w)).array(), [3, 4]);
  });

  test(`case 27: an assign whose constant value is fed (${backend})`, async () => {
    const v = new Variable([[1, 1]]);
    const b = constant([[2, 2]], { name: 'b' });
    const assign = v.assign(b);
    using sess = new Session({ config });
    await sess.run(v.initializer);
    assert.equal((await sess.run(v)).array(), [[1, 1]]);
    assert.equal((await sess.run(assign, { 'b:0': [[3, 3]] })).array(), [[3, 3]]);
    assert.equal((await sess.run(v)).array(), [[3, 3]]);
  });
}

test('case 9: a list of tensors, operations and names', async () => {
  const a = constant(42, { name: 'a' });
  const nothing = noOp();
  const c = constant(44);
  const v = new Variable(54);
  const assign = v.assign(63);
  using sess = new Session();
  const values = await sess.run([a, nothing, c, a.name, assign.op]);
  assert.equal(
    values.map((value) => (value === null ? null : value.item())),
    [42, null, 44, 42, null],
  );
});

test('case 11: an object of fixed keys comes back member by member', async () => {
  const [a, b] = [constant(42), constant(44)];
  using sess = new Session();
  const { first, op, second } = await sess.run({ first: a, op: a.op, second: b });
  assert.is(first.item(), 42);
  assert.is(op, null);
  assert.is(second.item(), 44);
});

test('case 13: the order of keys is kept', async () => {
  const [a, b, c] = [constant(1), constant(2), constant(3)];
  using sess = new Session();
  const object = await sess.run({ z: c, y: b, x: a });
  assert.equal(Object.keys(object), ['z', 'y', 'x']);
  const map = await sess.run(
    new Map([
      [3, a],
      [2, b],
      [1, c],
    ]),
  );
  assert.equal([...map.keys()], [3, 2, 1]);
  assert.equal(
    [...map.values()].map((value) => value.item()),
    [1, 2, 3],
  );
});

test('case 15: nested lists and objects of tensors, names and operations', async () => {
  const [a, b, c] = [constant(42, { name: 'a' }), noOp({ name: 'b' }), constant(44)];
  using sess = new Session();
  const item = (value: NdArray | null): unknown => value?.item() ?? null;
  const lists = await sess.run([
    [a, b],
    [c, 'a:0'],
  ]);
  assert.equal(
    lists.map((row) => row.map(item)),
    [
      [42, null],
      [44, 42],
    ],
  );
  const mixed = await sess.run({ list: [a, { op: b, name: 'b' }], deep: { deeper: { deepest: c } } });
  assert.is(mixed.list[0].item(), 42);
  assert.equal(mixed.list[1], { op: null, name: null });
  assert.is(mixed.deep.deeper.deepest.item(), 44);
});

test('case 19: a sparse tensor gives a value that is a tuple with named members', async () => {
  const indices = constant(
    [
      [3, 2, 0],
      [4, 5, 1],
    ],
    int64,
  );
  const sp = new SparseTensor(indices, constant([1, 2]), constant([7, 9, 2], int64));
  using sess = new Session();
  const value = await sess.run(sp);
  assert.instance(value, SparseTensorValue);
  const [i, v, s] = value;
  assert.equal(i?.array(), [
    [3, 2, 0],
    [4, 5, 1],
  ]);
  assert.equal(v?.array(), [1, 2]);
  assert.equal(s?.array(), [7, 9, 2]);
  assert.is(value.values, v);
});

test('indexed slices give their three parts, without a dense shape two', async () => {
  const [values, indices] = [constant([[1, 2]]), constant([3], int32)];
  using sess = new Session();
  const full = await sess.run(new IndexedSlices(values, indices, constant([4, 2], int32)));
  assert.instance(full, IndexedSlicesValue);
  assert.equal(full.denseShape?.array(), [4, 2]);
  assert.equal(
    [...full].map((part) => part?.array()),
    [[[1, 2]], [3], [4, 2]],
  );
  assert.is((await sess.run(new IndexedSlices(values, indices))).denseShape, null);
});

test('case 23: nodes added after the first run are seen, and old plans are kept', async () => {
  const c = matmul(constant([[1, 1]]), constant([[2], [3]]));
  using sess = new Session();
  assert.equal((await sess.run(c)).array(), [[5]]);
  const plans = sess.stateReport().plans;
  const e = matmul(c, constant([[4]]));
  assert.equal((await sess.run(e)).array(), [[20]]);
  assert.equal((await sess.run(c)).array(), [[5]]);
  assert.is(sess.stateReport().plans, plans + 1);
});

test('a variable is fetched like its tensor', async () => {
  const v = new Variable([1, 2], { name: 'v' });
  using sess = new Session();
  await sess.run(v.initializer);
  assert.equal((await sess.run(v)).array(), [1, 2]);
});

test('duplicates give the same value, empty structures empty ones', async () => {
  const a = constant([1, 2]);
  using sess = new Session();
  const [x, { y }] = await sess.run([a, { y: a }]);
  assert.is(x, y);
  assert.equal(await sess.run([]), []);
  assert.equal(await sess.run({}), {});
  assert.equal(await sess.run([[], {}, a.op]), [[], {}, null]);
});

test('results belong to the caller', async () => {
  const v = new Variable([1, 2]);
  const c = constant([3, 4]);
  for (const backend of ['wasm', 'cpu']) {
    using sess = new Session({ config: { backend } });
    await sess.run(v.initializer);
    const [first, fixed] = await sess.run([v, c]);
    (first.data as Float32Array).fill(9);
    (fixed.data as Float32Array).fill(9);
    const fed = Float32Array.of(5, 6);
    const [back] = await sess.run([c], [[c, fed]]);
    (back.data as Float32Array).fill(9);
    assert.equal([...fed], [5, 6]);
    const [second, again] = await sess.run([v, c]);
    assert.equal(second.array(), [1, 2]);
    assert.equal(again.array(), [3, 4]);
  }
});

test('tfjs tensors as results share buffers and belong to the caller', async () => {
  const v = new Variable([1, 2]);
  const y = add(v, [10, 10]);
  using sess = new Session();
  await sess.run(v.initializer);
  const [a, b, op] = await sess.run([v, y, y.op], { as: 'tensor' });
  await sess.run(v.assign([5, 5]));
  assert.equal(a.arraySync(), [1, 2]);
  assert.equal(b.arraySync(), [11, 12]);
  assert.is(op, null);
  a.dispose();
  b.dispose();
  assert.equal((await sess.run(v)).array(), [5, 5]);
  const text = await sess.run(constant(['a', 'ü']), { as: 'tensor' });
  assert.equal(text.arraySync(), ['a', 'ü']);
  text.dispose();
  const error = await failure(() => sess.run([y, constant(1, int64)], { as: 'tensor' }));
  assert.is(error.name, 'TypeError');
  assert.match(error.message, 'has no tensors of type int64');
});

test('errors of fetches', async () => {
  const c = constant(1, { name: 'c' });
  const other = new Graph().asDefault(() => constant(2, { name: 'other' }));
  using sess = new Session();
  const messages = async (fetch: unknown): Promise<string> => {
    const { name, message } = await failure(() => sess.run(fetch as string));
    return `${name}: ${message}`;
  };
  assert.is(
    await messages(other),
    'ValueError: Argument `fetch` = Tensor("other:0", shape=(), dtype=float32) cannot be interpreted as a Tensor. (Tensor Tensor("other:0", shape=(), dtype=float32) is not an element of this graph.)',
  );
  const none = 'TypeError: Argument `fetch` = None has invalid type "NoneType". Cannot be None';
  assert.is(await messages(null), none);
  assert.is(await messages([c, null]), none);
  assert.is(
    await messages(3),
    'TypeError: Argument `fetch` = 3 has invalid type "int" must be a string or Tensor. (Can not convert a int into a Tensor or Operation.)',
  );
  assert.match(
    await messages('b:0'),
    "ValueError: Argument `fetch` = b:0 cannot be interpreted as a Tensor. (\"The name 'b:0' refers to a Tensor which does not exist. The operation, 'b', does not exist in the graph.\")",
  );
  assert.match(await messages('zzz'), "The name 'zzz' refers to an Operation not in the graph.");
  getDefaultGraph().preventFetching(c.op);
  assert.match(
    await messages(c),
    'InaccessibleTensorError: Operation c has been marked as not fetchable. Typically this happens when',
  );
});

suite.run();
