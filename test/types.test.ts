/**
 * The type of a run's result follows its fetches. The assertions are the compiler's: a wrong type fails the type check,
 * and the runs show that the values are what the types say.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../src/index.ts';

const test = suite('types');

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where the two types are the same. */
function same<A, B>(_equal: Same<A, B>): void {}

test('the result of run has the type and the structure of the fetches', async () => {
  tf.resetDefaultGraph();
  const x = tf.constant([1, 2], { name: 'x' });
  const v = new tf.Variable(3);
  using session = new tf.Session();
  const nothing = await session.run(v.initializer);
  same<typeof nothing, null>(true);
  assert.is(nothing, null);

  const one = await session.run(x);
  same<typeof one, tf.NdArray>(true);
  assert.instance(one, tf.NdArray);

  const variable = await session.run(v);
  same<typeof variable, tf.NdArray>(true);
  assert.is(variable.item(), 3);

  const tuple = await session.run([x, x.op, v]);
  same<typeof tuple, [tf.NdArray, null, tf.NdArray]>(true);
  assert.is(tuple[1], null);

  const nested = await session.run({ a: x, b: { c: [x.op, x] } });
  same<typeof nested, { a: tf.NdArray; b: { c: [null, tf.NdArray] } }>(true);
  assert.equal(nested.b.c[1].array(), [1, 2]);

  // A name may be that of a tensor or of an operation.
  const named = await session.run('x:0');
  same<typeof named, tf.NdArray | null>(true);
  assert.equal(named?.array(), [1, 2]);

  const many: readonly tf.Tensor[] = [x, x];
  const list = await session.run(many);
  same<typeof list, tf.NdArray[]>(true);
  assert.is(list.length, 2);

  const callable = session.makeCallable({ x });
  const called = await callable();
  same<typeof called, { x: tf.NdArray }>(true);
  assert.equal(called.x.array(), [1, 2]);
});

test.run();
