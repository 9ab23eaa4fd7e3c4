/** `K.eval`, `K.isKerasTensor` and `K.nameScope`. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';

const test = leakChecked(suite);
const K = tf.keras.backend;

test('eval gives the value of a tensor or variable of Keras', async () => {
  const v = K.variable([1, 2], { name: 'v' });
  assert.equal((await K.eval(v)).array(), [1, 2]);
  assert.equal((await K.eval(v.mul(2))).array(), [2, 4]);
  K.clearSession();
});

test('isKerasTensor tells what a model can be made of', () => {
  const x = tf.keras.Input({ shape: [2] });
  assert.is(K.isKerasTensor(x), true);
  assert.is(K.isKerasTensor(new tf.keras.layers.Dense(1).apply(x)), true);
  assert.is(K.isKerasTensor(tf.constant(1)), false);
  assert.is(K.isKerasTensor(K.variable(1)), false);
  assert.throws(
    () => K.isKerasTensor(1),
    (error: Error) => error instanceof tf.ValueError,
  );
  K.clearSession();
});

test('nameScope names what is built inside', () => {
  K.nameScope('block', () => assert.is(K.square(tf.constant(2)).name, 'block/Square:0'));
});

suite.run();
