/** Models that are given weights again after the session with their old ones was closed. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../../src/index.ts';
import { leakChecked } from '../../support/leaks.ts';
import { failure } from '../../support/session.ts';

const test = leakChecked(suite);
const K = tf.keras.backend;

function compiled(): tf.keras.Sequential {
  const model = new tf.keras.Sequential([new tf.keras.layers.Dense(1, { inputShape: [2], useBias: false })]);
  model.compile({ optimizer: new tf.keras.optimizers.Adam(0.1), loss: 'mse', metrics: ['mae'] });
  return model;
}
const x = [
  [1, 0],
  [0, 1],
];
const y = [[1], [2]];
const start = [[[0.5], [0.25]]];
const options = { epochs: 2, batchSize: 1, shuffle: false, verbose: 0 } as const;

test('training goes on from the given weights, with an optimizer that starts anew', async () => {
  const fresh = compiled();
  await fresh.setWeights(start);
  const expected = (await fresh.fit(x, y, options)).history;
  K.clearSession();

  const model = compiled();
  await model.fit(x, y, options);
  K.clearSession();
  assert.is((await failure(() => model.fit(x, y, options))).name, 'FailedPreconditionError');
  await model.setWeights(start);
  assert.equal((await model.fit(x, y, options)).history, expected);
  K.clearSession();
});

test('so it is after a reset of the default graph, once Keras has moved on', async () => {
  const model = compiled();
  await model.fit(x, y, options);
  const { graph } = model;
  tf.resetDefaultGraph();
  await compiled().predict(x);
  assert.is((await failure(() => model.evaluate(x, y, { verbose: 0 }))).name, 'FailedPreconditionError');
  await model.setWeights(start);
  const [loss] = await model.evaluate(x, y, { verbose: 0 });
  assert.ok(Math.abs(loss - (0.5 ** 2 + 1.75 ** 2) / 2) < 1e-6, String(loss));
  assert.is(model.graph, graph);
  K.clearSession();
});

suite.run();
