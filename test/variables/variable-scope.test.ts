/**
 * Section H of the behavioural cases: getVariable, variable scopes, getters and partitioners.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { getDefaultGraph, resetDefaultGraph } from '../../src/graph/default-graph.ts';
import { Graph, graphStack, type Tensor } from '../../src/graph/graph.ts';
import { GraphKeys } from '../../src/graph/graph-keys.ts';
import { add, constant, identity, multiply, zeros } from '../../src/ops/index.ts';
import { bool, float16, int32 } from '../../src/util/dtype.ts';
import {
  AUTO_REUSE,
  type CustomGetter,
  constantInitializer,
  fixedSizePartitioner,
  getLocalVariable,
  getVariable,
  getVariableScope,
  globalVariables,
  minMaxVariablePartitioner,
  noRegularizer,
  onesInitializer,
  PartitionedVariable,
  trainableVariables,
  Variable,
  variableAxisSizePartitioner,
  variableOpScope,
  variableScope,
  zerosInitializer,
} from '../../src/variables/index.ts';
import { VariableStore } from '../../src/variables/variable-store.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

/** The name scope that `nameScope(name)` opens here. */
const opened = (name: string) => getDefaultGraph().nameScope(name, (scope) => scope);

test('case 165: the bare store makes or finds; reuse true and false insist', () => {
  const store = new VariableStore();
  const v = store.getVariable('v', { shape: [1] });
  assert.is(store.getVariable('v', { shape: [1] }), v);
  assert.throws(
    () => store.getVariable('v', { shape: [1], reuse: false }),
    /^Variable v already exists, disallowed\. Did you mean to set reuse=True or reuse=tf\.AUTO_REUSE in VarScope\?$/,
  );
  assert.is(store.getVariable('v', { shape: [1], reuse: true }), v);
  assert.throws(
    () => store.getVariable('u', { shape: [1], reuse: true }),
    /^Variable u does not exist, or was not created with tf\.get_variable\(\)\. Did you mean to set reuse=tf\.AUTO_REUSE in VarScope\?$/,
  );
  assert.throws(
    () => store.getVariable('v', { shape: [2] }),
    /^Trying to share variable v, but specified shape \(2,\) and found shape \(1,\)\.$/,
  );
  assert.throws(
    () => store.getVariable('v', { shape: [1], dtype: int32 }),
    /^Trying to share variable v, but specified dtype int32 and found dtype float32\.$/,
  );
});

test('case 167: the type comes from the scope', () => {
  variableScope('tower', (scope) => {
    scope.setDtype(float16);
    assert.is(getVariable('v', []).dtype, float16);
  });
  variableScope('other', { dtype: 'float16' }, () => {
    assert.is(getVariable('v', []).dtype, float16);
    variableScope('inner', () => assert.is(getVariable('w', []).dtype, float16));
  });
});

test('case 169: an initial value in place of an initializer', async () => {
  const v = getVariable('v', { initializer: constant(0.1) });
  using sess = new Session();
  await sess.run(v.initializer);
  assert.is((await sess.run(v)).item(), Math.fround(0.1));
  assert.throws(
    () => getVariable('u', [1], { initializer: constant(0.1) }),
    /^If initializer is a constant, do not specify shape\.$/,
  );
  assert.throws(() => getVariable('w', { initializer: constant(0.1), dtype: int32 }), /don't match\./);
  assert.is(getVariable('plain', { initializer: 3, dtype: int32 }).dtype, int32);
  assert.is(getVariable('flag', { initializer: true }).dtype, bool);
});

test('case 171: integers and bools start at zero and false', async () => {
  const i = getVariable('i', [2], int32);
  const b = getVariable('b', [], { dtype: bool });
  using sess = new Session();
  await sess.run([i.initializer, b.initializer]);
  assert.equal((await sess.run(i)).array(), [0, 0]);
  assert.is((await sess.run(b)).item(), false);
  assert.throws(() => getVariable('c', [1], 'complex64'), /An initializer for variable c of .* is required/);
});

test('case 173: initializers do not wait for what is open around them', async () => {
  const v0 = getVariable('v0', [1], { initializer: constantInitializer(0) });
  const graph = getDefaultGraph();
  const [v1, sum] = graph.controlDependencies([v0.value()], () => {
    const v = getVariable('v1', [1], { initializer: constantInitializer(1) });
    return [v, v.add(v0)] as const;
  });
  using sess = new Session();
  assert.is((await failure(() => sess.run(v0))).name, 'FailedPreconditionError');
  await sess.run(v1.initializer);
  assert.equal((await sess.run(v1)).array(), [1]);
  assert.is((await failure(() => sess.run(sum))).name, 'FailedPreconditionError');
  await sess.run(v0.initializer);
  assert.equal((await sess.run(sum)).array(), [1]);
});

test('case 175: a scope that is entered again keeps its prefix, ops get a new place', () => {
  variableScope('tower4', (tower) => {
    assert.is(tower.name, 'tower4');
    assert.is(opened('scope'), 'tower4/scope/');
  });
  variableScope('tower5', () =>
    variableScope('bar', (bar) => {
      assert.is(bar.name, 'tower5/bar');
      assert.is(opened('scope'), 'tower5/bar/scope/');
    }),
  );
  const tower4 = variableScope('tower4', (scope) => scope);
  variableScope('tower6', () =>
    variableScope(tower4, { reuse: true }, (shared) => {
      assert.is(shared.name, 'tower4');
      assert.is(shared.reuse, true);
      assert.is(opened('scope'), 'tower6/tower4/scope/');
    }),
  );
});

test('case 177: the original name scope stays', () => {
  const graph = getDefaultGraph();
  const tower = graph.nameScope('scope1', () => variableScope('tower', (scope) => scope));
  assert.is(tower.originalNameScope, 'scope1/tower/');
  graph.nameScope('scope2', () =>
    variableScope(tower, { reuse: true }, (again) => {
      assert.is(again.originalNameScope, 'scope1/tower/');
      assert.is(graph.getNameScope(), 'scope2/tower');
      for (const expected of ['scope1/tower/bar/', 'scope1/tower/bar_1/']) {
        graph.nameScope(again.originalNameScope, () => assert.is(opened('bar'), expected));
      }
    }),
  );
});

test('case 179: AUTO_REUSE creates once and shares afterwards', () => {
  const build = () => variableScope('foo', { reuse: AUTO_REUSE }, () => getVariable('v', [1]));
  const v = build();
  assert.is(build(), v);
  assert.is(v.name, 'foo/v:0');
  assert.equal(globalVariables(), [v]);
});

test('case 181: default names that begin alike do not disturb each other', () => {
  const build = (name: string) =>
    variableScope(null, { defaultName: name }, () => variableScope('layer', () => getVariable('w', []).name));
  assert.equal(['defaultScope1', 'defaultScope1', 'defaultScope', 'defaultScope1'].map(build), [
    'defaultScope1/layer/w:0',
    'defaultScope1_1/layer/w:0',
    'defaultScope/layer/w:0',
    'defaultScope1_2/layer/w:0',
  ]);
});

test('case 183: a scope is reused by name and by object, wherever it is entered', () => {
  const v = variableScope('root', () => variableScope('towerA', () => getVariable('v', [1])));
  assert.is(v.name, 'root/towerA/v:0');
  variableScope('root', () => {
    const towerA = variableScope('towerA', { reuse: true }, (scope) => {
      assert.is(getVariable('v', [1]), v);
      return scope;
    });
    variableScope('towerA', () => assert.throws(() => getVariable('v', [1]), /already exists/));
    variableScope(towerA, { reuse: true }, () => assert.is(getVariable('v', [1]), v));
    variableScope('foo', () =>
      variableScope('bar', () =>
        variableScope(towerA, { reuse: true }, () => {
          assert.is(getVariable('v', [1]), v);
          assert.is(getVariableScope().name, 'root/towerA');
        }),
      ),
    );
  });
});

test('case 185: a scope object entered again: new name scopes, the same variables', () => {
  const outer = variableScope('outer', (scope) => {
    assert.is(getVariable('w', []).name, 'outer/w:0');
    assert.is(opened('scope2'), 'outer/scope2/');
    return scope;
  });
  for (const [i, scope] of ['outer_1/scope2/', 'outer_2/scope2/'].entries()) {
    variableScope(outer, { reuse: i > 0 }, (again) => {
      assert.is(again.name, 'outer');
      assert.is(opened('scope2'), scope);
      variableScope(null, { defaultName: 'default' }, () => {
        assert.is(getVariable('w', []).name, 'outer/default/w:0');
      });
    });
  }
});

test('case 187: no auxiliary name scope', () => {
  variableScope('scope', { auxiliaryNameScope: false }, (scope) => {
    assert.is(scope.name, 'scope');
    assert.is(getVariable('w', []).name, 'scope/w:0');
    assert.is(constant(1, { name: 'c' }).name, 'c:0');
  });
  variableScope('outer', () =>
    variableScope('inner', { auxiliaryNameScope: false }, (inner) => {
      assert.is(inner.originalNameScope, 'outer/');
      assert.is(getVariable('w', []).name, 'outer/inner/w:0');
      assert.is(constant(1, { name: 'c' }).name, 'outer/c:0');
    }),
  );
});

test('case 189: local variables', () => {
  const w = variableScope('outer', () => getLocalVariable('w', [], { collections: ['foo'] }));
  assert.is(w.name, 'outer/w:0');
  const graph = getDefaultGraph();
  assert.equal(graph.getCollection('foo'), [w]);
  assert.equal(graph.getCollection(GraphKeys.LOCAL_VARIABLES), [w]);
  assert.equal(graph.getCollection(GraphKeys.GLOBAL_VARIABLES), []);
  assert.equal(graph.getCollection(GraphKeys.TRAINABLE_VARIABLES), []);
});

test('case 191: a partitioned variable has the name that was asked for', async () => {
  const partitioner = fixedSizePartitioner(2);
  variableScope('scope0', { partitioner }, () => {
    const v = getVariable('name0', [3, 1, 1]) as unknown as PartitionedVariable;
    assert.instance(v, PartitionedVariable);
    assert.is(v.name, 'scope0/name0');
    assert.is(v.asTensor().name, 'scope0/name0:0');
    assert.equal(
      v.variables.map((part) => [part.name, part.shape]),
      [
        ['scope0/name0/part_0:0', [2, 1, 1]],
        ['scope0/name0/part_1:0', [1, 1, 1]],
      ],
    );
  });
  const shared = variableScope('scope0', { reuse: true }, () => getVariable('name0', [3, 1, 1]));
  assert.is((shared as unknown as PartitionedVariable).length, 2);
  const rows = variableScope('values', { partitioner }, () =>
    getVariable('rows', [3, 2], { initializer: onesInitializer() }),
  ) as unknown as PartitionedVariable;
  using sess = new Session();
  await sess.run(rows.initializer);
  assert.equal((await sess.run(add(rows, 1))).array(), [
    [2, 2],
    [2, 2],
    [2, 2],
  ]);
});

test('case 193: scalars are not partitioned', () => {
  const scalar = variableScope('scope0', { partitioner: fixedSizePartitioner(2) }, () => getVariable('s', []));
  assert.instance(scalar, Variable);
  assert.throws(
    () => variableScope('bad', { partitioner: () => [2, 2] }, () => getVariable('w', [4, 4])),
    /Cannot partition along more than one dimension/,
  );
  variableScope('plain', { partitioner: fixedSizePartitioner(2) }, () => getVariable('p', [4]));
  assert.throws(
    () => variableScope('plain', () => getVariable('p', [4])),
    /No partitioner was provided, but a partitioned version of the variable was found: plain\/p\/part_0/,
  );
});

test('partitioners count parts by bytes', () => {
  const float32 = getVariable('f', []).dtype;
  assert.equal(fixedSizePartitioner(4, { axis: 1 })([2, 3], float32), [1, 3]);
  assert.equal(minMaxVariablePartitioner(8, { minSliceSize: 100 })([50, 2], float32), [4, 1]);
  assert.equal(minMaxVariablePartitioner(2, 0, 100)([50, 2], float32), [2, 1]);
  assert.equal(minMaxVariablePartitioner(8)([50, 2], float32), [1, 1]);
  assert.equal(variableAxisSizePartitioner(64)([10, 4], float32), [3, 1]);
  assert.equal(variableAxisSizePartitioner(64, { maxShards: 2 })([10, 4], float32), [2, 1]);
  assert.throws(() => minMaxVariablePartitioner(0), /`max_partitions` must be positive/);
});

test('case 195: a custom getter names its results by reuse', () => {
  const getter: CustomGetter = (inner, name, request) =>
    identity(inner(name, request) as Variable, { name: request.reuse ? 'reused' : 'not_reused' });
  variableScope('scope', { customGetter: getter }, () => {
    assert.is((getVariable('v', [1]) as unknown as Tensor).name, 'not_reused:0');
  });
  variableScope('scope', { customGetter: getter, reuse: true }, () => {
    assert.is((getVariable('v', [1]) as unknown as Tensor).name, 'reused:0');
  });
});

test('case 197: nested custom getters', async () => {
  const combine =
    (kind: string, op: typeof add): CustomGetter =>
    (inner, name, request) => {
      const [x, y] = [0, 1].map((i) => inner(`${name}/${kind}_${i}`, request) as Variable);
      return getDefaultGraph().nameScope(`${kind}_getter`, () => op(x, y));
    };
  const sum = combine('sum', add);
  const product = combine('prod', multiply);
  const v = variableScope('outer', { customGetter: product }, () =>
    variableScope('middle', { customGetter: sum }, () =>
      variableScope('scope', { customGetter: sum }, () =>
        getVariable('v', [1, 2, 3], { initializer: constantInitializer(2) }),
      ),
    ),
  ) as unknown as Tensor;
  assert.equal(
    trainableVariables().map((one) => one.name),
    [0, 1].flatMap((i) =>
      [0, 1].flatMap((j) => [0, 1].map((k) => `outer/middle/scope/v/sum_${i}/sum_${j}/prod_${k}:0`)),
    ),
  );
  assert.is(v.op.type, 'AddV2');
  using sess = new Session();
  await sess.run(trainableVariables().map((one) => one.initializer));
  assert.is((await sess.run(v)).item(0, 0, 0), 16);
});

test('case 199: resource variables', () => {
  variableScope('dense', { useResource: true }, () => {
    assert.is(getVariable('v', [1]).op.type, 'VarHandleOp');
  });
  assert.throws(() => getVariable('ref', [1], { useResource: false }), /use_resource must not be False/);
});

test('settings are inherited, and can be set on the scope', () => {
  const losses: unknown[] = [];
  const regularizer = (w: Variable) => {
    const loss = w.square().sum();
    losses.push(loss);
    return loss;
  };
  variableScope('a', { initializer: onesInitializer(), regularizer }, (a) => {
    const v = variableScope('b', () => getVariable('v', [2]));
    assert.is(v.initialValue.name, 'a/b/v/Initializer/ones:0');
    assert.is((losses[0] as Tensor).name.startsWith('a/b/v/Regularizer/'), true);
    getVariable('w', [2], { regularizer: noRegularizer });
    a.setInitializer(zerosInitializer);
    assert.is(getVariable('x', [2]).initialValue.name, 'a/x/Initializer/zeros:0');
    a.reuseVariables();
    assert.throws(() => getVariable('y', [2]), /does not exist/);
    assert.equal(
      a.trainableVariables().map((one) => one.name),
      ['a/b/v:0', 'a/w:0', 'a/x:0'],
    );
  });
  assert.equal(getDefaultGraph().getCollection(GraphKeys.REGULARIZATION_LOSSES), losses);
  assert.is(losses.length, 2);
  assert.is(getVariableScope().name, '');
});

test('reuse false inherits; the root refuses what exists', () => {
  getVariable('v', [1]);
  assert.throws(() => getVariable('v', [1]), /already exists/);
  variableScope('a', () => getVariable('v', [1]));
  variableScope('a', { reuse: true }, () => variableScope('b', { reuse: false }, (b) => assert.is(b.reuse, true)));
});

test('what a scope refuses', () => {
  assert.throws(() => variableScope(null), /If default_name is None then name_or_scope is required/);
  assert.throws(() => variableScope(3 as never), /VariableScope: name_or_scope must be a string or VariableScope\./);
  assert.throws(
    () => variableScope(null, { defaultName: 'd', reuse: true }),
    /reuse=True cannot be used without a name_or_scope/,
  );
  assert.throws(
    () => variableScope('a', { reuse: 'yes' as never }),
    /The reuse parameter must be True or False or None\./,
  );
  assert.is(graphStack.depth, 0);
});

test('a scope is a graph context: it holds back resetDefaultGraph, and opens the graph of its values', () => {
  {
    using scope = variableScope('a');
    assert.is(scope.value.name, 'a');
    assert.throws(() => resetDefaultGraph(), /Do not use tf\.reset_default_graph\(\) to clear nested graphs/);
  }
  const other = new Graph();
  const x = other.asDefault(() => zeros([1]));
  {
    using _ = variableOpScope([x], 'b');
    assert.is(getDefaultGraph(), other);
    assert.is(getVariable('w', [1]).graph, other);
  }
  resetDefaultGraph();
  assert.is(getVariable('w', [1]).name, 'w:0');
});

test('scopes are left in order', () => {
  const outer = variableScope('a');
  const inner = variableScope('b');
  assert.throws(() => outer[Symbol.dispose](), /Improper nesting of variable_scope\./);
  inner[Symbol.dispose]();
  outer[Symbol.dispose]();
  assert.is(getVariableScope().name, '');
  assert.is(getDefaultGraph().getNameScope(), '');
});

test('a failed build takes its variables back', () => {
  const graph = getDefaultGraph();
  assert.throws(() =>
    graph.atomic(() => {
      getVariable('v', [1]);
      throw new Error('no');
    }),
  );
  assert.is(globalVariables().length, 0);
  assert.is(getVariable('v', [2]).name, 'v:0');
});

suite.run();
