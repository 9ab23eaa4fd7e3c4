/**
 * The types of what Keras gives. The assertions are the compiler's: a wrong type fails the type check, and the calls show
 * that the values are what the types say.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../runtime/session.ts';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { data } from '../support/training.ts';

const test = leakChecked(suite);
const { keras } = tf;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where the two types are the same. */
function same<A, B>(_equal: Same<A, B>): void {}

test('a prediction is an array for one output, and a list for several', async () => {
  const { x, y } = data();
  const input = keras.Input({ shape: [3] });
  same<typeof input, tf.Tensor>(true);
  const one = new keras.layers.Dense(2).apply(input);
  same<typeof one, tf.Tensor>(true);

  const single = new keras.Model(input, one);
  const prediction = await single.predict(x);
  same<typeof prediction, tf.NdArray>(true);
  assert.equal(prediction.shape, [10, 2]);
  const onBatch = await single.predictOnBatch(x);
  same<typeof onBatch, tf.NdArray>(true);
  const fromBatches = await single.predictDataset([x, x]);
  same<typeof fromBatches, tf.NdArray>(true);
  assert.equal(fromBatches.shape, [20, 2]);

  const several = new keras.Model(input, [one, new keras.layers.Dense(1).apply(input)]);
  const predictions = await several.predict(x);
  same<typeof predictions, tf.NdArray[]>(true);
  assert.equal(
    predictions.map(({ shape }) => shape),
    [
      [10, 2],
      [10, 1],
    ],
  );
  const listed = await new keras.Model(input, [one]).predict(x);
  same<typeof listed, tf.NdArray[]>(true);
  assert.is(listed.length, 1);

  const row = new keras.Sequential([new keras.layers.Dense(2, { inputShape: [3] })]);
  const fromRow = await row.predict(x);
  same<typeof fromRow, tf.NdArray>(true);

  row.compile({ optimizer: 'sgd', loss: 'mse' });
  const run = await row.fit(x, y, { verbose: 0 });
  same<typeof run, tf.keras.callbacks.History>(true);
  same<typeof run.history, Record<string, number[]>>(true);
  assert.instance(run, keras.callbacks.History);
  const values = await row.evaluate(x, y, { verbose: 0 });
  same<typeof values, number[]>(true);
  const stepped = await row.trainOnBatch(x, y);
  same<typeof stepped, number[]>(true);
});

test("Keras's session is a session", async () => {
  const session = keras.backend.getSession();
  same<typeof session, Session>(true);
  assert.instance(session, tf.Session);
  const value = await session.run(tf.constant(3));
  same<typeof value, tf.NdArray>(true);
  assert.is(value.item(), 3);
});

suite.run();
