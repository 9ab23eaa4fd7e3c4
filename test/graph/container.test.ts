/** `tf.container`: which ops it concerns, and what `Session.reset` makes of it. */
import { suite as newSuite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const suite = newSuite('graph/container');
const test = leakChecked(suite);

const containerOf = (op: tf.Operation) => op.getAttr('container');

test('what is kept for a session goes into the innermost container; other ops know none', () => {
  const [v, queue, inner, none, sum] = tf.container('a', () => [
    new tf.Variable(1).op,
    new tf.FIFOQueue(1, [tf.float32]).queueRef.op,
    tf.container('b', () => new tf.Variable(1).op),
    tf.container('', () => new tf.Variable(1).op),
    tf.add(1, 2).op,
  ]);
  assert.equal([v, queue, inner, none].map(containerOf), ['a', 'a', 'b', '']);
  assert.throws(() => containerOf(sum), 'has no attr named');
  assert.is(containerOf(new tf.Variable(1).op), '');
  {
    using _ = tf.container('c');
    assert.is(containerOf(new tf.Variable(1).op), 'c');
  }
  assert.is(containerOf(new tf.Variable(1).op), '');
});

test('a container is kept in the exported graph', () => {
  tf.container('a', () => new tf.Variable(1, { name: 'v' }));
  const node = tf.GraphDef.of(tf.getDefaultGraph()).node.find(({ name }) => name === 'v');
  assert.equal(node?.attr.get('container'), { s: new TextEncoder().encode('a') });
});

test('variables of one name in two containers are two', async () => {
  const [a, b] = ['a', 'b'].map((name) => tf.container(name, () => new tf.Variable(0, { name: 'v' })));
  using session = new tf.Session();
  await session.run([a.initializer, b.initializer]);
  await session.run(a.assign(5).op);
  assert.equal(
    (await session.run([a, b])).map((value) => value.item()),
    [5, 0],
  );
  await tf.Session.reset('', ['a']);
  assert.is((await failure(() => session.run(b))).message, 'Session has been closed.');
});

suite.run();
