/**
 * TensorFlow's details of sessions, row by row, as far as other session tests do not have them: opening, closing, the
 * order of the checks of a run.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend } from '../../runtime/backends/index.ts';
import { liveSessions } from '../../runtime/live-sessions.ts';
import * as tf from '../../src/index.ts';
import { settledHeap } from '../support/heap.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

const outcome = async (call: () => unknown): Promise<string> => {
  const { name, message } = await failure(call);
  return `${name}: ${message}`;
};
const CLOSED = 'RuntimeError: Attempted to use a closed Session.';

test('made: the graph is the argument, or the one that is the default at that time', () => {
  const [given, entered] = [new tf.Graph(), new tf.Graph()];
  using a = new tf.Session({ graph: given });
  using b = new tf.Session('', given);
  using c = entered.asDefault(() => new tf.Session());
  using d = new tf.Session();
  assert.is(a.graph, given);
  assert.is(b.graph, given);
  assert.is(c.graph, entered);
  assert.is(d.graph, tf.getDefaultGraph());
  assert.is(a.target, '');
});

test('close before the first run closes', async () => {
  const c = tf.constant(1);
  const session = new tf.Session();
  const callable = session.makeCallable(c);
  session.close();
  assert.is(await outcome(() => session.run(c)), CLOSED);
  assert.is(await outcome(() => callable()), 'CancelledError: Session has been closed.');
  assert.equal(session.close(), { variables: 0, plans: 0, buffers: 0, bytes: 0 });
});

test('entered: an error inside closes it, and both stacks are as before', async () => {
  const graph = new tf.Graph();
  const c = graph.asDefault(() => tf.constant(1));
  const session = new tf.Session({ graph });
  const outer = tf.getDefaultGraph();
  assert.throws(() => {
    using _ = session.enter();
    assert.is(tf.getDefaultGraph(), graph);
    throw new Error('inside');
  }, 'inside');
  assert.is(tf.getDefaultGraph(), outer);
  assert.is(tf.getDefaultSession(), null);
  assert.is(await outcome(() => session.run(c)), CLOSED);
});

test('entered twice at a time it refuses; asDefault may be nested', () => {
  const session = new tf.Session();
  session.enter(() => {
    assert.throws(
      () => session.enter(),
      (error: Error) =>
        error.name === 'RuntimeError' &&
        error.message ===
          'Session context managers are not re-entrant. Use `Session.as_default()` if you want to enter a session multiple times.',
    );
    session.asDefault(() => session.asDefault(() => assert.is(tf.getDefaultSession(), session)));
  });
});

test('a closed session may be entered again and stay the default one; its run fails', async () => {
  const c = tf.constant(1);
  const session = new tf.Session();
  {
    using _ = session.asDefault();
    session.close();
    assert.is(tf.getDefaultSession(), session);
    assert.is(await outcome(() => c.eval()), CLOSED);
  }
  using _ = session.enter();
  assert.is(await outcome(() => c.eval()), CLOSED);
  assert.is(session.graph.getOperations()[0], c.op);
});

test('a session that is dropped without being closed gives back what it held', async () => {
  const backend = readyBackend('wasm');
  const empty = backend?.numBuffers();
  const open = liveSessions().length;
  await (async () => {
    const v = new tf.Variable([1, 2, 3]);
    const session = new tf.Session();
    await session.run(v.initializer);
    assert.ok((backend?.numBuffers() ?? 0) > (empty ?? 0));
  })();
  for (let i = 0; i < 20 && backend?.numBuffers() !== empty; i++) await settledHeap();
  assert.is(backend?.numBuffers(), empty);
  assert.is(liveSessions().length, open);
});

test('values that were fetched, the graph and other sessions outlive a close', async () => {
  const v = new tf.Variable([1, 2]);
  const session = new tf.Session();
  using other = new tf.Session();
  await session.run(v.initializer);
  await other.run([v.initializer, v.assign([3, 4]).op]);
  const value = await session.run(v);
  const [tensor] = await session.run([v], { as: 'tensor' });
  session.close();
  assert.equal(value.array(), [1, 2]);
  assert.equal(tensor.arraySync(), [1, 2]);
  tensor.dispose();
  assert.equal([...(await other.run(v)).shape], [2]);
});

test('checks of a run, in order: closed, empty graph, feeds, fetches', async () => {
  const bad = { feedDict: { nobody: 1 } };
  const empty = new tf.Session({ graph: new tf.Graph() });
  assert.match(await outcome(() => empty.run('zzz', bad)), 'RuntimeError: The Session graph is empty.');
  empty.close();
  assert.is(await outcome(() => empty.run('zzz', bad)), CLOSED);
  tf.constant(1);
  using session = new tf.Session();
  assert.match(await outcome(() => session.run('zzz', bad)), 'TypeError: Cannot interpret feed_dict key as Tensor');
  assert.match(await outcome(() => session.run('zzz')), "The name 'zzz' refers to an Operation not in the graph.");
});

test('checks of a feed, in order: key, tensor value, overflow, conversion, shape, feedable', async () => {
  const c = tf.constant(1);
  const x = tf.placeholder('int32', [2], 'x');
  tf.getDefaultGraph().preventFeeding(x);
  using session = new tf.Session();
  const feed = (key: unknown, value: unknown) => outcome(() => session.run('zzz', [[key, value]] as never));
  assert.match(await feed('nobody:0', c), 'TypeError: Cannot interpret feed_dict key as Tensor');
  assert.match(await feed(x, c), 'TypeError: The value of a feed cannot be a tf.Tensor object.');
  assert.match(await feed(x, 3000000000), "TypeError: Type of feed value 3000000000 with type <class 'int'>");
  assert.not.match(await feed(x, [[1], [2, 3]]), 'may not be fed');
  assert.match(await feed(x, [1, 2, 3]), 'ValueError: Cannot feed value of shape (3,)');
  assert.is(await feed(x, [1, 2]), 'ValueError: Tensor x:0 may not be fed.');
});

test('run([]) on a graph with ops gives [], a fetch that is fed its value', async () => {
  const x = tf.placeholder('float32', [2]);
  using session = new tf.Session();
  assert.equal(await session.run([]), []);
  assert.equal((await session.run(x, [[x, [1, 2]]])).array(), [1, 2]);
  const sum = tf.add(x, 1);
  const [fed, same] = await session.run([sum, sum], { feedDict: [[sum, [7, 8]]] });
  assert.equal([fed.array(), same.array()], [[7, 8], [7, 8]]); // biome-ignore format: a pair
});

suite.run();
