/**
 * TensorFlow's details of graphs, row by row, as far as the other graph tests and those of variable scopes do not have
 * them: names, scopes, seeds, finalizing, control inputs, collections.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';

const test = leakChecked(suite);

const names = (tensors: readonly tf.Tensor[]) => tensors.map((t) => t.op.name);

test('name_scope: ops and scopes share one counter', () => {
  tf.constant(1, { name: 'a' });
  assert.is(
    tf.nameScope('a', (scope) => scope),
    'a_1/',
  );
  assert.is(tf.constant(1, { name: 'a_1' }).op.name, 'a_1_1');
  assert.is(
    tf.nameScope('a/', (scope) => scope),
    'a/',
  );
});

test('names ending in a slash are taken as they are', () => {
  tf.constant(1, { name: 'dd' });
  assert.throws(() => tf.constant(1, { name: 'dd/' }), "Duplicate node name in graph: 'dd'");
  assert.is(tf.constant(1, { name: 'ee/' }).op.name, 'ee');
});

test('get_variable ignores name scopes; tf.Variable takes them, and a unique name', () => {
  tf.nameScope('n', () => {
    assert.is(tf.getVariable('w', [1]).name, 'w:0');
    assert.is(new tf.Variable(1, { name: 't' }).name, 'n/t:0');
    assert.is(new tf.Variable(1, { name: 't' }).name, 'n/t_1:0');
  });
});

test('variable_scope: entered again by name or object it opens a new name scope, with the same variables', () => {
  const enter = (scope: string | tf.VariableScope, reuse: boolean) =>
    tf.variableScope(scope, { reuse }, (entered) => {
      const w = tf.getVariable('w', [1]);
      return { entered, w, o: tf.constant(1, { name: 'o' }).op.name };
    });
  const first = enter('v', false);
  const byName = enter('v', true);
  const byObject = enter(first.entered, true);
  assert.equal([first.o, byName.o, byObject.o], ['v/o', 'v_1/o', 'v_2/o']);
  assert.is(first.w.name, 'v/w:0');
  assert.ok(byName.w === first.w && byObject.w === first.w);
});

test('variable_scope: auxiliary_name_scope=False with original_name_scope continues the first name scope', () => {
  const scope = tf.variableScope('v', (entered) => {
    tf.constant(1, { name: 'o' });
    return entered;
  });
  tf.variableScope(scope, { auxiliaryNameScope: false }, (entered) =>
    tf.nameScope(entered.originalNameScope, () => assert.is(tf.constant(1, { name: 'o' }).op.name, 'v/o_1')),
  );
});

test('variable_scope: default names are unique in their scope, and start again when the parent does', () => {
  const inner = () => tf.variableScope(null, { defaultName: 'dn' }, (scope) => scope.name);
  assert.equal([inner(), inner()], ['dn', 'dn_1']);
  for (let i = 0; i < 2; i++) {
    tf.variableScope('parent', () => assert.equal([inner(), inner()], ['parent/dn', 'parent/dn_1']));
  }
});

test('reuse: inherited, and false cannot switch it off', () => {
  tf.variableScope('a', () => tf.variableScope('b', () => tf.getVariable('w', [1])));
  tf.variableScope('a', { reuse: true }, () =>
    tf.variableScope('b', { reuse: false }, () => assert.is(tf.getVariable('w', [1]).name, 'a/b/w:0')),
  );
});

test('default initializers: Glorot for floats, zeros for integers, bools and texts', async () => {
  assert.match(tf.getVariable('f', [3, 4]).initialValue.op.name, 'f/Initializer/random_uniform');
  const others = ['int32', 'bool', 'string'].map((dtype) => tf.getVariable(dtype, [2], dtype as 'int32'));
  using session = new tf.Session();
  await session.run(others.map((v) => v.initializer));
  const values = await session.run(others);
  assert.equal(
    values.map((value) => value.array()),
    [
      [0, 0],
      [false, false],
      ['', ''],
    ],
  );
});

test('seeds: both, graph only, op only, none, zeros', () => {
  const seeds = (seed: number | null = null) => {
    const { op } = tf.randomUniform([1], { seed });
    return [op.getAttr('seed'), op.getAttr('seed2')];
  };
  assert.equal(seeds(), [0, 0]);
  assert.equal(seeds(5), [87654321, 5]);
  tf.setRandomSeed(9);
  assert.equal(seeds(5), [9, 5]);
  tf.constant(1);
  // A count of the calls, not of the ops.
  assert.equal([seeds(), seeds()], [[9, 0], [9, 1]]); // biome-ignore format: pairs
  tf.setRandomSeed(0);
  assert.equal(seeds(0), [0, 2 ** 31 - 1]);
});

test('finalize: blocks ops and collections, not the seed, names or live collections', () => {
  const graph = tf.getDefaultGraph();
  const ref = graph.getCollectionRef('k');
  graph.finalize();
  assert.throws(() => tf.constant(1), 'Graph is finalized and cannot be modified.');
  assert.throws(() => graph.addToCollection('k', 1), 'Graph is finalized and cannot be modified.');
  tf.setRandomSeed(3);
  ref.push(1);
  assert.is(graph.seed, 3);
  assert.equal(graph.getCollection('k'), [1]);
  assert.is(graph.uniqueName('x'), 'x');
});

test('control_dependencies: nested ones add up, data inputs and what an input implies are left out', () => {
  const [a, b] = [tf.constant(1, { name: 'a' }), tf.constant(1, { name: 'b' })];
  const controls = (t: tf.Tensor) => t.op.controlInputs.map((op) => op.name);
  tf.controlDependencies([a], () => {
    tf.controlDependencies([b], () => {
      assert.equal(controls(tf.constant(1)), ['a', 'b']);
      assert.equal(controls(tf.identity(a)), ['b']);
      tf.controlDependencies(null, () => assert.equal(controls(tf.constant(1)), []));
    });
    const within = tf.identity(b, { name: 'within' });
    tf.controlDependencies([b], () => assert.equal(controls(tf.identity(within)), ['b']));
  });
});

test('device and colocate_with: fields merge, null clears, colocation counts instead of devices', () => {
  const graph = tf.getDefaultGraph();
  graph.device('/job:worker/task:1', () =>
    graph.device('/device:GPU:0', () => {
      const x = tf.constant(1, { name: 'x' });
      assert.is(x.device, '/job:worker/task:1/device:GPU:0');
      graph.colocateWith(x, false, () => {
        const y = tf.constant(1);
        assert.equal(y.op.getAttr('_class'), ['loc:@x']);
        graph.colocateWith(null, true, () => {
          assert.throws(() => tf.constant(1).op.getAttr('_class'), 'has no attr named');
        });
      });
      graph.device(null, () => assert.is(tf.constant(1).device, ''));
    }),
  );
  assert.throws(() => graph.colocateWith(null), 'ignore_existing is not True');
});

test('gradient_override_map: saved and restored; an unknown name fails in gradients only', () => {
  const graph = tf.getDefaultGraph();
  const x = tf.constant(1);
  const outer = graph.gradientOverrideMap({ Identity: 'One' });
  const y = graph.gradientOverrideMap({ Identity: 'Two' }, () => tf.identity(x));
  const z = tf.identity(x);
  outer[Symbol.dispose]();
  assert.equal(
    [y, z].map((t) => t.op.getAttr('_gradient_op_type')),
    ['Two', 'One'],
  );
  assert.throws(() => tf.identity(x).op.getAttr('_gradient_op_type'), 'has no attr named');
  assert.throws(
    () => tf.gradients(y, x),
    (error: Error) => error.name === 'LookupError' && error.message.startsWith('No gradient defined for operation'),
  );
});

test('collections: duplicates are kept; the reference creates the key; the keys of variables', () => {
  const graph = tf.getDefaultGraph();
  const [a, b] = [tf.constant(1, { name: 'one/x' }), tf.constant(1, { name: 'on/x' })];
  for (const item of [a, a, b]) tf.addToCollection('k', item);
  assert.equal(names(tf.getCollection('k') as tf.Tensor[]), ['one/x', 'one/x', 'on/x']);
  assert.equal(names(tf.getCollection('k', 'on.*e/') as tf.Tensor[]), ['one/x', 'one/x']);
  assert.equal(tf.getCollection('k', 'x'), []);
  assert.not(graph.getAllCollectionKeys().includes('made'));
  tf.getCollectionRef('made');
  assert.ok(graph.getAllCollectionKeys().includes('made'));
  assert.equal([tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.TRAINABLE_VARIABLES], ['variables', 'trainable_variables']);
});

test('slices: what is no index is refused, and nothing is added', () => {
  const x = tf.placeholder('float32', [2, 2]);
  const { size } = tf.getDefaultGraph();
  for (const index of [[0, 1], 1.5, 'all', true, undefined]) {
    assert.throws(
      () => x.slice(index as never),
      (error: Error) => error.name === 'TypeError',
    );
  }
  assert.is(tf.getDefaultGraph().size, size);
});

suite.run();
