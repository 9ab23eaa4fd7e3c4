/** Lookup tables as property of sessions: who sees what, what a failed run leaves, what is refused when an op is built. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SessionResources } from '../../runtime/session-resources.ts';
import * as tf from '../../src/index.ts';
import { emitOne } from '../../src/ops/emit.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const { KeyValueTensorInitializer, StaticHashTable } = tf.lookup;
const { MutableHashTable } = tf.lookup.experimental;

const test = suite('lookup/session');
const check = leakChecked(test);

check('each session has tables of its own, and a new one starts with empty ones', async () => {
  const table = new MutableHashTable(tf.string, tf.int64, -1);
  const insert = table.insert(['a'], tf.constant([1], { dtype: tf.int64 }));
  const size = table.size();
  const first = new tf.Session();
  using second = new tf.Session();
  await first.run(insert);
  assert.is((await first.run(size)).item(), 1);
  assert.is((await second.run(size)).item(), 0);
  first.close();
  using third = new tf.Session();
  assert.is((await third.run(size)).item(), 0);
});

check('a run that fails takes its changes of tables back', async () => {
  const table = new MutableHashTable(tf.string, tf.int64, -1);
  const k = tf.placeholder(tf.string, [null]);
  const v = tf.placeholder(tf.int64, [null]);
  const bad = tf.placeholder(tf.bool, []);
  const insert = table.insert(k, v);
  const remove = tf.controlDependencies([insert], () => table.remove(['old']));
  const check = tf.controlDependencies([remove], () => tf.Assert(tf.logicalNot(bad), [bad]));
  const [keys, values] = table.export();
  using sess = new tf.Session();
  await sess.run(insert, [
    [k, ['old', 'same']],
    [v, [1, 2]],
  ]);
  const feeds = (isBad: boolean): tf.FeedDict => [
    [k, ['same', 'new']],
    [v, [3, 4]],
    [bad, isBad],
  ];
  const error = await failure(() => sess.run(check, feeds(true)));
  assert.is(error.name, 'InvalidArgumentError');
  const found = async () => {
    const [names, numbers] = await sess.run([keys, values]);
    return new Map((names.array() as string[]).map((name, i) => [name, (numbers.array() as number[])[i]]));
  };
  assert.equal(
    await found(),
    new Map([
      ['old', 1],
      ['same', 2],
    ]),
  );
  await sess.run(check, feeds(false));
  assert.equal(
    await found(),
    new Map([
      ['same', 3],
      ['new', 4],
    ]),
  );
});

check('a failed run leaves a static table uninitialized', async () => {
  const table = new StaticHashTable(new KeyValueTensorInitializer(['a'], [1]), -1);
  const fail = tf.controlDependencies([table.initializer], () => tf.Assert(tf.constant(false), [0]));
  using sess = new tf.Session();
  await failure(() => sess.run(fail));
  const error = await failure(() => sess.run(table.lookup(['a'])));
  assert.is(error.name, 'FailedPreconditionError');
});

check('of the three resets only that of the session loses its tables and positions', async () => {
  const build = () => {
    const table = new MutableHashTable(tf.string, tf.int64, -1);
    const iterator = tf.data.makeInitializableIterator(tf.data.Dataset.range(5));
    const insert = table.insert(['a'], tf.constant([1], { dtype: tf.int64 }));
    return { start: [insert, iterator.initializer], read: [table.size(), iterator.getNext()] };
  };
  const { start, read } = build();
  const sess = new tf.Session();
  const state = async () => (await sess.run(read)).map((value) => value.item());
  await sess.run(start);
  assert.equal(await state(), [1, 0]);
  tf.resetDefaultGraph();
  assert.equal(await state(), [1, 1]);
  const own = build();
  const kerasSession = tf.keras.backend.getSession();
  await kerasSession.run(own.start);
  tf.keras.backend.clearSession();
  assert.ok(kerasSession.closed);
  assert.equal(await state(), [1, 2]);
  sess.close();
  assert.match((await failure(state)).message, /closed Session/);
});

check('what a session holds is dropped by container, and all of it in the end', () => {
  const resources = new SessionResources();
  const dropped: string[] = [];
  const make = (name: string) => () => ({ dispose: () => dropped.push(name) });
  const first = resources.lookupOrCreate('table', 'one', 'a', make('one/a'));
  resources.lookupOrCreate('table', 'two', 'a', make('two/a'));
  resources.lookupOrCreate('iterator', 'one', 'a', make('one/a of the other kind'));
  assert.is(resources.lookupOrCreate('table', 'one', 'a', make('none')), first);
  assert.is(resources.size, 3);
  resources.clearContainer('one');
  assert.equal(dropped, ['one/a', 'one/a of the other kind']);
  resources.dispose();
  assert.equal([dropped.length, resources.size], [3, 0]);
});

check('tablesInitializer fills all tables of the graph, and does nothing where there is none', async () => {
  assert.is(tf.tablesInitializer().type, 'NoOp');
  const one = new StaticHashTable(new KeyValueTensorInitializer(['a'], [1]), -1);
  const two = new StaticHashTable(new KeyValueTensorInitializer(['a'], [2]), -1, { name: 'scope/two' });
  assert.is(two.name, 'two');
  using sess = new tf.Session();
  await sess.run(tf.tablesInitializer('fill'));
  const [a, b] = await sess.run([one.lookup(['a']), two.lookup('a')]);
  assert.equal([a.array(), b.item()], [[1], 2]);
});

check('reads and writes of one run happen in the order of their making', async () => {
  const table = new MutableHashTable(tf.int64, tf.float32, 0);
  const key = tf.constant([5], { dtype: tf.int64 });
  const before = table.lookup(key);
  const insert = table.insert(key, [1]);
  const after = table.lookup(key);
  using sess = new tf.Session();
  const [x, , y] = await sess.run([before, insert, after]);
  assert.equal([x.array(), y.array()], [[0], [1]]);
});

check('a handle goes through identity, and is nothing to fetch', async () => {
  const table = new MutableHashTable(tf.string, tf.int64, -1);
  const size = emitOne('LookupTableSizeV2', [tf.identity(table.resourceHandle)]);
  using sess = new tf.Session();
  await sess.run(table.insert(['a'], tf.constant([1], { dtype: tf.int64 })));
  assert.is((await sess.run(size)).item(), 1);
  assert.is((await failure(() => sess.run(table.resourceHandle))).name, 'UnimplementedError');
});

check('a table is no variable, and a variable no table', async () => {
  const w = new tf.Variable(1, { name: 'w' });
  using sess = new tf.Session();
  const error = await failure(() => sess.run(emitOne('LookupTableSizeV2', [w.handle])));
  assert.is(error.name, 'UnimplementedError');
});

check('shapes and types are checked when an op is built, in the words of TensorFlow', async () => {
  const table = new MutableHashTable(tf.string, tf.int64, -1);
  const [none, vectors] = [
    new StaticHashTable(new KeyValueTensorInitializer(['a'], [1]), -1),
    new MutableHashTable(tf.string, tf.float32, [0, 0, 0]),
  ];
  assert.equal(table.lookup([['a', 'b']]).shape, [1, 2]);
  assert.equal(vectors.lookup([['a', 'b']]).shape, [1, 2, 3]);
  assert.equal(none.lookup([['a', 'b']]).shape, [1, 2]);
  const wrong = await failure(() =>
    emitOne('LookupTableFindV2', [table.resourceHandle, tf.constant(['a']), tf.constant([1.5])]),
  );
  assert.match(wrong.message, /^Trying to read value with wrong dtype\. Expected int64 got float for '/);
  const lengths = await failure(() => new StaticHashTable(new KeyValueTensorInitializer(['a', 'b'], [1]), -1));
  assert.match(lengths.message, /^Dimensions must be equal, but are 2 and 1 for '\{\{node key_value_init/);
  const scalar = await failure(() => table.remove('a'));
  assert.match(scalar.message, /^Shape must be at least rank 1 but is rank 0/);
});

check('a failed construction adds nothing to the graph', async () => {
  const initializer = new KeyValueTensorInitializer(['a', 'b'], [1]);
  const { size } = tf.getDefaultGraph();
  await failure(() => new StaticHashTable(initializer, -1));
  assert.is(tf.getDefaultGraph().size, size);
  assert.equal(tf.getCollection(tf.GraphKeys.TABLE_INITIALIZERS), []);
});

test.run();
