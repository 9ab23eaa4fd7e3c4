/**
 * Section G of the behavioural cases: variables in sessions. Case 149 (variables made in the branches of a cond) needs
 * control flow, case 157 (a variable from its proto) importing; they belong to those parts.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { getDefaultGraph } from '../../src/graph/default-graph.ts';
import { Graph } from '../../src/graph/graph.ts';
import { GraphKeys } from '../../src/graph/graph-keys.ts';
import { constant, IndexedSlices, matmul, ones, placeholder, zeros } from '../../src/ops/index.ts';
import { GradientDescentOptimizer } from '../../src/train/gradient-descent.ts';
import { bool, float64, int32, int64 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import {
  assertVariablesInitialized,
  assign,
  assignAdd,
  assignSub,
  countUpTo,
  globalVariables,
  globalVariablesInitializer,
  isVariableInitialized,
  localVariables,
  localVariablesInitializer,
  reportUninitializedVariables,
  scatterAdd,
  scatterDiv,
  scatterMax,
  scatterMin,
  scatterMul,
  scatterNdAdd,
  scatterNdUpdate,
  scatterSub,
  scatterUpdate,
  trainableVariables,
  Variable,
  variablesInitializer,
} from '../../src/variables/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

for (const backend of ['wasm', 'cpu']) {
  const config = { backend };

  test(`case 143: automatic names; a value only after the initializer (${backend})`, async () => {
    const v0 = new Variable(0);
    const v1 = new Variable(1.1);
    assert.is(v0.name, 'Variable:0');
    assert.is(v1.name, 'Variable_1:0');
    assert.equal(v0.shape, []);
    using sess = new Session({ config });
    for (const v of [v0, v1]) {
      const error = await failure(() => v.eval(sess));
      assert.is(error.name, 'FailedPreconditionError');
      assert.match(error.message, /Could not find variable Variable/);
    }
    await sess.run(globalVariablesInitializer());
    assert.is((await sess.run(v0)).item(), 0);
    assert.is((await sess.run(v1)).item(), Math.fround(1.1));
  });

  test(`case 147: countUpTo stops at the limit (${backend})`, async () => {
    const v = new Variable(0, { dtype: int32 });
    const next = countUpTo(v, 3);
    using sess = new Session({ config });
    await sess.run(globalVariablesInitializer());
    for (const expected of [0, 1, 2]) assert.is((await sess.run(next)).item(), expected);
    for (let i = 0; i < 2; i++) {
      const error = await failure(() => sess.run(next));
      assert.is(error.name, 'OutOfRangeError');
      assert.match(error.message, /Reached limit of 3/);
      assert.is((await sess.run(v)).item(), 3);
    }
  });

  test(`case 151: a variable without elements in a product (${backend})`, async () => {
    const v = new Variable(zeros([0, 2]));
    const product = matmul(ones([2, 0]), v);
    using sess = new Session({ config });
    await sess.run(globalVariablesInitializer());
    assert.equal((await sess.run(product)).array(), [
      [0, 0],
      [0, 0],
    ]);
  });

  test(`case 155: a function as initial value (${backend})`, async () => {
    const v = new Variable(() => constant([1, 2, 3]));
    using sess = new Session({ config });
    assert.equal((await sess.run(v.initialValue)).array(), [1, 2, 3]);
    assert.is((await failure(() => sess.run(v))).name, 'FailedPreconditionError');
    await sess.run(v.initializer);
    assert.equal((await sess.run(v)).array(), [1, 2, 3]);
  });

  test(`case 159: load sets the value without adding to the graph (${backend})`, async () => {
    const v = new Variable(zeros([5, 5]));
    using sess = new Session({ config });
    await sess.run(v.initializer);
    const { size } = getDefaultGraph();
    const wanted = Array.from({ length: 5 }, () => [1, 1, 1, 1, 1]);
    await v.load(wanted, sess);
    assert.equal((await sess.run(v)).array(), wanted);
    assert.is(getDefaultGraph().size, size);
  });

  test(`case 161: reportUninitializedVariables (${backend})`, async () => {
    using sess = new Session({ config });
    assert.equal((await sess.run(reportUninitializedVariables())).array(), []);
    const v = new Variable([1, 2], { name: 'v' });
    const w = new Variable([3, 4], { name: 'w' });
    const report = reportUninitializedVariables();
    const of = reportUninitializedVariables([w]);
    assert.equal((await sess.run(report)).array(), ['v', 'w']);
    await sess.run(w.initializer);
    assert.equal((await sess.run(report)).array(), ['v']);
    assert.equal((await sess.run(of)).array(), []);
    await sess.run(v.initializer);
    assert.equal((await sess.run(report)).array(), []);
  });

  test(`case 163: training with a variable without elements (${backend})`, async () => {
    const empty = new Variable(zeros([0, 2]));
    const weights = new Variable(ones([2, 2]));
    const loss = weights.sum().add(empty.sum());
    const step = new GradientDescentOptimizer(0.1).minimize(loss);
    using sess = new Session({ config });
    await sess.run(globalVariablesInitializer());
    await sess.run(step);
    const value = (await sess.run(weights)).array() as number[][];
    for (const x of value.flat()) assert.ok(Math.abs(x - 0.9) < 1e-6);
    assert.equal([...(await sess.run(empty)).shape], [0, 2]);
  });

  test(`assignments give the new value, in every type (${backend})`, async () => {
    const values = { float: new Variable([1, 2]), int: new Variable([1, 2], { dtype: int32 }) };
    const wide = new Variable([1, 2], { dtype: int64 });
    const double = new Variable([0.1, 2], { dtype: float64 });
    const flag = new Variable(false);
    using sess = new Session({ config });
    await sess.run(globalVariablesInitializer());
    for (const v of [values.float, values.int, wide]) {
      assert.equal((await sess.run(assign(v, [5, 6]))).array(), [5, 6]);
      assert.equal((await sess.run(assignAdd(v, [1, 1]))).array(), [6, 7]);
      assert.equal((await sess.run(assignSub(v, [2, 3]))).array(), [4, 4]);
      assert.equal((await sess.run(v)).array(), [4, 4]);
      assert.is((await sess.run(v)).dtype, v.dtype);
    }
    assert.equal((await sess.run(double.assignAdd([0.2, 1]))).array(), [0.1 + 0.2, 3]);
    assert.is((await sess.run(flag.assign(true))).item(), true);
    assert.is(flag.dtype, bool);
    const chained = values.float.assign([1, 1]).assignAdd([2, 3]).mul(2);
    assert.equal((await sess.run(chained)).array(), [6, 8]);
    assert.is(await sess.run(values.float.assign([9, 9], { readValue: false })), null);
    assert.equal((await sess.run(values.float)).array(), [9, 9]);
  });

  test(`scatter updates, with repeated rows (${backend})`, async () => {
    const start = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    using sess = new Session({ config });
    const rows = [
      [2, 3],
      [4, 5],
      [6, 7],
    ];
    const cases = [
      [
        'add',
        scatterAdd,
        [
          [1, 2],
          [11, 14],
          [5 + 6, 6 + 7],
        ].map((r, i) => (i === 1 ? [3 + 2 + 4, 4 + 3 + 5] : r)),
      ],
      [
        'sub',
        scatterSub,
        [
          [1, 2],
          [3 - 2 - 4, 4 - 3 - 5],
          [5 - 6, 6 - 7],
        ],
      ],
      [
        'mul',
        scatterMul,
        [
          [1, 2],
          [3 * 2 * 4, 4 * 3 * 5],
          [30, 42],
        ],
      ],
      [
        'div',
        scatterDiv,
        [
          [1, 2],
          [3 / 8, 4 / 15],
          [5 / 6, 6 / 7],
        ],
      ],
      [
        'min',
        scatterMin,
        [
          [1, 2],
          [2, 3],
          [5, 6],
        ],
      ],
      [
        'max',
        scatterMax,
        [
          [1, 2],
          [4, 5],
          [6, 7],
        ],
      ],
      [
        'update',
        scatterUpdate,
        [
          [1, 2],
          [4, 5],
          [6, 7],
        ],
      ],
    ] as const;
    for (const [name, update, expected] of cases) {
      const v = new Variable(start, { name });
      await sess.run(v.initializer);
      const found = (await sess.run(update(v, [1, 1, 2], rows))).array() as number[][];
      found.flat().forEach((x, i) => {
        assert.ok(Math.abs(x - expected.flat()[i]) < 1e-6, `${name}[${i}]: ${x}, expected ${expected.flat()[i]}`);
      });
      assert.equal((await sess.run(v)).array(), found);
    }
    const v = new Variable([1, 2, 3, 4], { dtype: int32 });
    await sess.run(v.initializer);
    assert.equal((await sess.run(scatterUpdate(v, [0, 3], 9))).array(), [9, 2, 3, 9], 'a scalar update');
    assert.equal((await sess.run(scatterNdUpdate(v, [[1], [2]], [7, 8]))).array(), [9, 7, 8, 9]);
    assert.equal((await sess.run(scatterNdAdd(v, [[0]], [1]))).array(), [10, 7, 8, 9]);
    const slices = new IndexedSlices(constant([5], int32), constant([1], int32));
    assert.equal((await sess.run(v.scatterSub(slices))).array(), [10, 2, 8, 9]);
  });

  test(`a scatter out of range fails and changes nothing (${backend})`, async () => {
    const v = new Variable([1, 2, 3]);
    using sess = new Session({ config });
    await sess.run(v.initializer);
    const error = await failure(() => sess.run(scatterUpdate(v, [5], [1])));
    assert.is(error.name, 'InvalidArgumentError');
    assert.equal((await sess.run(v)).array(), [1, 2, 3]);
  });

  test(`reads: whole, by rows, by indices; each sees what ran before it (${backend})`, async () => {
    const v = new Variable([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const rows = v.sparseRead([2, 0]);
    const element = v.gatherNd([[1, 1]]);
    const graph = getDefaultGraph();
    const before = v.readValue();
    const update = graph.controlDependencies([before], () => v.assignAdd(ones([3, 2])));
    const after = graph.controlDependencies([update.op], () => v.readValue());
    using sess = new Session({ config });
    await sess.run(v.initializer);
    assert.equal((await sess.run(rows)).array(), [
      [5, 6],
      [1, 2],
    ]);
    assert.equal((await sess.run(element)).array(), [4]);
    const [x, y] = await sess.run([before, after]);
    assert.equal(x.array(), [
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    assert.equal(y.array(), [
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
  });

  test(`initialization is per session; a variable may depend on another (${backend})`, async () => {
    const a = new Variable(3, { name: 'a' });
    const b = new Variable(a.mul(2), { name: 'b' });
    const init = globalVariablesInitializer();
    const ready = [isVariableInitialized(a), b.isInitialized()];
    const ranks = assertVariablesInitialized();
    using one = new Session({ config });
    using two = new Session({ config });
    await one.run(init);
    assert.is((await one.run(b)).item(), 6);
    assert.equal(
      (await one.run(ready)).map((x) => x.item()),
      [true, true],
    );
    assert.equal(
      (await two.run(ready)).map((x) => x.item()),
      [false, false],
    );
    assert.equal(((await one.run(ranks as never)) as NdArray).array(), [0, 0]);
    assert.is((await failure(() => two.run(ranks as never))).name, 'FailedPreconditionError');
  });
}

test('case 145: variables do not iterate', () => {
  const v = new Variable(0);
  assert.throws(() => [...(v as unknown as Iterable<unknown>)], /'Variable' object is not iterable\./);
  assert.throws(() => `${(v as unknown as number) * 2}`, /is not allowed/);
});

test('case 153: collections by name scope', () => {
  const graph = getDefaultGraph();
  const [v1, v2] = ['scope_1', 'scope_2'].map((scope) => graph.nameScope(scope, () => new Variable(1)));
  assert.equal(globalVariables('scope_1'), [v1]);
  assert.equal(globalVariables('scope_2'), [v2]);
  assert.is(v2.name, 'scope_2/Variable:0');
});

test('collections: trainable, local, own; none for an empty initializer', () => {
  const v = new Variable(1);
  const w = new Variable(1, { trainable: false });
  const local = new Variable(1, { collections: [GraphKeys.LOCAL_VARIABLES], trainable: false });
  assert.equal(trainableVariables(), [v]);
  assert.equal(globalVariables(), [v, w]);
  assert.equal(localVariables(), [local]);
  const init = globalVariablesInitializer();
  assert.is(init.name, 'init');
  assert.is(init.type, 'NoOp');
  assert.equal(init.controlInputs, [v.initializer, w.initializer]);
  assert.equal(localVariablesInitializer().controlInputs, [local.initializer]);
  assert.is(variablesInitializer([]).type, 'NoOp');
  assert.is(assertVariablesInitialized([]), null);
});

test('what is known of a variable', () => {
  const v = new Variable([1, 2], { name: 'v' });
  assert.is(String(v), "<tf.Variable 'v:0' shape=(2,) dtype=float32>");
  assert.is(v.op.type, 'VarHandleOp');
  assert.is(v.handle.op, v.op);
  assert.is(v.graph, getDefaultGraph());
  assert.equal(v.getShape().asList(), [2]);
  assert.is(v.initializer.name, 'v/Assign');
  assert.is(v.initialValue.name, 'v/Initializer/initial_value:0');
  assert.equal(v.handle.spec.handle, { dtype: v.dtype, shape: [2] });
  assert.is(v.op.getAttr('shared_name'), 'v');
});

test('errors of building leave the graph as it was', () => {
  const graph = getDefaultGraph();
  const x = placeholder('float32');
  const v = new Variable([1, 2], { name: 'v' });
  const { size } = graph;
  const items = globalVariables().length;
  assert.throws(
    () => new Variable(x),
    /initial_value must have a shape specified: Tensor\("Placeholder:0", dtype=float32\)/,
  );
  assert.throws(() => new Variable(null as never), /The `initial_value` arg to `tf.Variable` must be specified/);
  assert.throws(() => new Variable(1, { collections: 'c' as never }), /collections argument to Variable constructor/);
  assert.throws(() => new Variable(1, { constraint: 3 as never }), /Argument `constraint` must be None or a callable/);
  assert.throws(() => new Variable([1, 2], { shape: [3] }), /is not compatible with the explicitly supplied `shape`/);
  assert.throws(
    () => v.assign([1, 2, 3]),
    /Shape mismatch.The variable shape \(2,\), and the assigned value shape \(3,\)/,
  );
  assert.throws(() => v.assign(constant([1, 2], int32)), /requested dtype float32 for Tensor with dtype int32/);
  assert.throws(() => v.asTensor(int32), /Incompatible type conversion requested to type 'int32'/);
  assert.throws(() => v.scatterSub(3 as never), /Argument `sparse_delta` must be a `tf.IndexedSlices`/);
  assert.is(globalVariables().length, items);
  assert.ok(graph.size - size <= 2, 'at most the constants that were passed in');
  assert.is(new Variable(x, { validateShape: false }).shape, null);
  assert.throws(() => new Graph().asDefault(() => new Variable(1)).add(v), /must be from the same graph/);
});

suite.run();
