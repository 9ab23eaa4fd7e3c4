/**
 * What `compile`, `fit` and the like refuse, in Keras's words, and that a call that fails changes nothing: neither the
 * graph, nor weights, nor buffers, nor what the next call gives.
 */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { fromGolden } from '../support/compare.ts';
import { refusal } from '../support/keras.ts';
import { bufferCounts, leakChecked } from '../support/leaks.ts';
import { type Case, compile, data, modelOf, perform } from '../support/training.ts';

const test = leakChecked(suite);
const { layers } = tf.keras;

const file = new URL('../goldens/keras/training.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Case[] };

/** Where Keras's words are about NumPy or options that are not there, the part that stays. */
const SHORTER: readonly (readonly [from: RegExp, to: string])[] = [
  [/arrays: \[array[\s\S]*$/, 'arrays.'],
  [/(timestep-wise sample weights,)[\s\S]*$/, '$1'],
  [/(type not understood:)[\s\S]*$/, '$1'],
  [/, or alternatively[\s\S]*$/, ''],
  [/from tf_keras\.src\.utils/, 'from keras.utils'],
  [/\n\t \[\[\{\{node[\s\S]*$/, ''],
];

/** What is taken where Keras refuses it. */
const TAKEN = ['Type of `metrics` argument not understood', 'Could not interpret loss_weights argument'];

for (const c of cases.filter(({ name }) => name.startsWith('error: '))) {
  test(`${c.name.slice('error: '.length)}: refused as in Keras, and nothing is changed`, async () => {
    const model = modelOf(c);
    await model.setWeights(c.weights.map(fromGolden));
    compile(model, c.compile);
    const { graph } = model;
    for (const [i, call] of c.calls.entries()) {
      const [type, message] = call.error as readonly [string, string];
      const what = `call ${i} ${call.method}: ${message}`;
      if (TAKEN.some((words) => message.includes(words))) continue;
      const state = async () => ({
        size: graph.size,
        buffers: bufferCounts(),
        weights: (await model.getWeights()).map(String),
        names: model.metricsNames,
      });
      // The first call of all may build what later ones need, such as the training step.
      if (i === 0) await perform(model, call, what).catch(() => {});
      const before = await state();
      const wanted = SHORTER.reduce((text, [from, to]) => text.replace(from, to), message);
      await refusal(() => perform(model, call, what), type, wanted).catch((error: Error) => {
        throw new Error(`${what}\n${error.message}`);
      });
      assert.equal(await state(), before, what);
    }
  });
}

function small(): tf.keras.Sequential {
  return new tf.keras.Sequential([new layers.Dense(2, { inputShape: [3] })]);
}

test('a model that is not compiled refuses training and testing, and predicts', async () => {
  const model = small();
  const { x, y } = data();
  const words = 'You must compile your model before training/testing. Use `model.compile(optimizer, loss)`.';
  await refusal(() => model.fit(x, y), 'RuntimeError', words);
  await refusal(() => model.evaluate(x, y), 'RuntimeError', words);
  await refusal(() => model.trainOnBatch(x, y), 'RuntimeError', words);
  await refusal(() => model.optimizer, 'RuntimeError', words);
  assert.equal((await model.predict(x)).shape, [10, 2]);
});

test('a compile that fails leaves the model compiled as before', async () => {
  const model = small();
  const { x, y } = data();
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const [before] = await model.evaluate(x, y, { verbose: 0 });
  const { size } = model.graph;
  await refusal(() => model.compile({ optimizer: 'nope', loss: 'mae' }), 'ValueError', "Unknown optimizer: 'nope'");
  await refusal(
    () => model.compile({ optimizer: 'adam', loss: 'nope' }),
    'ValueError',
    "Unknown loss function: 'nope'",
  );
  await refusal(() => model.compile({ optimizer: 'adam' }), 'ValueError', 'it has no loss to optimize');
  assert.is(model.graph.size, size);
  assert.instance(model.optimizer, tf.keras.optimizers.SGD);
  assert.equal(await model.evaluate(x, y, { verbose: 0 }), [before]);
});

test('validation splits, empty data and batch sizes that make no sense are refused', async () => {
  const model = small();
  const { x, y } = data();
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  for (const validationSplit of [1, -0.1, 2, Number.NaN]) {
    await refusal(() => model.fit(x, y, { validationSplit }), 'ValueError', 'between 0 and 1');
  }
  await refusal(() => model.fit(x, y, { validationSplit: 0.99 }), 'ValueError', 'not sufficient to split it');
  await refusal(() => model.fit(x, y, { batchSize: 0 }), 'ValueError', '`batch_size`');
  await refusal(() => model.predict(tf.NdArray.zeros(tf.float32, [0, 3])), 'ValueError', '');
  await refusal(() => model.predictDataset([]), 'ValueError', 'no batch');
  await refusal(() => model.evaluateDataset([]), 'ValueError', 'Empty training data.');
  await refusal(() => model.fitDataset([], { verbose: 0 }), 'ValueError', 'Empty training data.');
  await refusal(() => model.fit(x, null as never), 'ValueError', 'No target data');
});

test('a training step that cannot be built leaves nothing behind, and the next compile works', async () => {
  const x = tf.keras.Input({ shape: [3] });
  const hidden = new layers.Dense(2).apply(x);
  const model = new tf.keras.Model(x, new layers.Lambda((t: tf.Tensor) => tf.stopGradient(t)).apply(hidden));
  const arrays = data();
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  await model.predict(arrays.x);
  const { size } = model.graph;
  for (let i = 0; i < 2; i++) {
    await refusal(() => model.fit(arrays.x, arrays.y, { verbose: 0 }), 'ValueError', 'has `None` for gradient');
    assert.is(model.graph.size, size);
  }
  assert.is((await model.evaluate(arrays.x, arrays.y, { verbose: 0 })).length, 2);
});

test('a loss that gives one value per example cannot be summed over batches: the error says so', async () => {
  const model = small();
  const { x, y } = data();
  model.compile({ optimizer: 'sgd', loss: new tf.keras.losses.MeanSquaredError({ reduction: 'none' }) });
  await refusal(() => model.fit(x, y, { verbose: 0 }), 'ValueError', "reduction 'none'");
});

suite.run();
