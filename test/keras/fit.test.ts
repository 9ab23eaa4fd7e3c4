/**
 * `fit`, `evaluate`, `predict` and `trainOnBatch` against Keras 2.15 in graph mode: history, weights and predictions of
 * the recorded trainings, and of a convolutional network on digits. Options of the loops are in `training.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { all, loadDigits } from '../../examples/digits.ts';
import * as tf from '../../src/index.ts';
import { fromPythonKeys, toPythonKeys } from '../../src/keras/serialization.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

const test = leakChecked(suite);

interface FitCase {
  readonly id: number;
  readonly model: string;
  readonly config: { readonly class_name: string; readonly config: object };
  readonly optimizer: { readonly class: string; readonly args: object; readonly config: object };
  readonly loss: unknown;
  readonly metrics: readonly string[] | null;
  readonly weight_names: readonly string[];
  readonly initial_weights: readonly GoldenArray[];
  readonly x: readonly GoldenArray[];
  readonly y: readonly GoldenArray[];
  readonly predict_before: readonly GoldenArray[];
  readonly evaluate_before: Readonly<Record<string, number>>;
  readonly fit: { readonly epochs: number; readonly batch_size: number; readonly validation_split: number };
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly final_weights: readonly GoldenArray[];
  readonly predict_after: readonly GoldenArray[];
  readonly train_on_batch_again: readonly number[];
}

const file = new URL('../goldens/keras/fit.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly FitCase[] };

/**
 * A bias before a batch normalization has a gradient of zero. Adam divides the rounding noise in its place by its own
 * size: what comes of it is no number of Keras's, and the average that follows the bias takes it up.
 */
const NOISE = new Map([['bn Adam', ['dense/bias:0', 'batch_normalization/moving_mean:0']]]);

function optimizerOf({ optimizer }: FitCase): unknown {
  const make = Reflect.get(tf.keras.optimizers, optimizer.class) as new (options: unknown) => unknown;
  return new make(fromPythonKeys(optimizer.args));
}

function modelOf({ config }: FitCase): tf.keras.Model<tf.Tensor | readonly tf.Tensor[]> {
  const made = config.class_name === 'Sequential' ? tf.keras.Sequential : tf.keras.Model;
  return made.fromConfig(fromPythonKeys(config.config) as never) as never;
}

function agree(actual: readonly NdArray[], expected: readonly GoldenArray[], what: string, tolerance = GRADIENT): void {
  assert.is(actual.length, expected.length, what);
  actual.forEach((array, i) => {
    const wrong = difference(array, fromGolden(expected[i]), tolerance);
    assert.ok(wrong === null, `${what} ${i}: ${wrong}`);
  });
}

function agreeNumbers(actual: readonly number[], expected: readonly number[], what: string): void {
  assert.is(actual.length, expected.length, what);
  actual.forEach((value, i) => {
    const wanted = expected[i];
    const limit = GRADIENT.absolute + GRADIENT.relative * Math.abs(wanted);
    assert.ok(Math.abs(value - wanted) <= limit, `${what} ${i}: ${value}, expected ${wanted}`);
  });
}

for (const c of cases) {
  const what = `${c.model} ${c.optimizer.class} ${JSON.stringify(c.optimizer.args)}`;

  test(`case ${c.id}, ${what}: the model, its history, weights and predictions are Keras's`, async () => {
    const model = modelOf(c);
    model.compile({ optimizer: optimizerOf(c), loss: c.loss, metrics: c.metrics as string[] | null });
    assert.equal(
      model.weights.map(({ name }) => name),
      [...c.weight_names],
    );
    await model.setWeights(c.initial_weights.map(fromGolden));
    const [x, y] = [c.x.map(fromGolden), c.y.map(fromGolden)];
    const list = (value: NdArray | NdArray[]) => (Array.isArray(value) ? value : [value]);
    agree(list(await model.predict(x)), c.predict_before, 'prediction before', FORWARD);

    const batchSize = c.fit.batch_size;
    const before = await model.evaluate(x, y, { batchSize, verbose: 0 });
    assert.equal(model.metricsNames, Object.keys(c.evaluate_before));
    agreeNumbers(before, Object.values(c.evaluate_before), 'evaluation');

    const { history, epoch } = await model.fit(x, y, {
      epochs: c.fit.epochs,
      batchSize,
      validationSplit: c.fit.validation_split,
      shuffle: false,
      verbose: 0,
    });
    assert.equal(epoch, [0, 1, 2, 3, 4]);
    assert.equal(Object.keys(history), Object.keys(c.history));
    for (const [name, values] of Object.entries(c.history)) agreeNumbers(history[name], values, name);

    const noise = NOISE.get(`${c.model} ${c.optimizer.class}`) ?? [];
    const weights = await model.getWeights();
    weights.forEach((array, i) => {
      if (noise.includes(c.weight_names[i])) return;
      const wrong = difference(array, fromGolden(c.final_weights[i]), GRADIENT);
      assert.ok(wrong === null, `${c.weight_names[i]}: ${wrong}`);
    });
    if (noise.length === 0) agree(list(await model.predict(x)), c.predict_after, 'prediction after');
    else agreeWithin(list(await model.predict(x)), c.predict_after, 1e-3);
    agreeNumbers(await model.trainOnBatch(x, y), c.train_on_batch_again, 'another batch');
    tf.keras.backend.clearSession();
  });
}

/** For predictions that hang on the noise: they may differ by as much as it moved the bias. */
function agreeWithin(actual: readonly NdArray[], expected: readonly GoldenArray[], absolute: number): void {
  agree(actual, expected, 'prediction after', { relative: 0, absolute });
}

/**
 * Trainings by Keras 3, eagerly: a dense layer of 4 with relu and one of 1. Left out: AdamW, which graph mode has not, and
 * RMSprop, which takes the root of mean square plus epsilon where Keras 2 adds epsilon to the root.
 */
interface Keras3Fit {
  readonly optimizer: { readonly name: string; readonly learning_rate: number };
  readonly initial_weights: readonly GoldenArray[];
  readonly x: GoldenArray;
  readonly y: GoldenArray;
  readonly batch_size: number;
  readonly epochs: number;
  readonly history: { readonly loss: readonly number[]; readonly mae: readonly number[] };
  readonly final_weights: readonly GoldenArray[];
}
const later = JSON.parse(readFileSync(new URL('../goldens/keras/keras3.json', import.meta.url), 'utf8')) as {
  readonly fit: readonly Keras3Fit[];
};
const NAMES = new Map([
  ['sgd', 'SGD'],
  ['adam', 'Adam'],
]);

for (const c of later.fit.filter(({ optimizer }) => NAMES.has(optimizer.name))) {
  test(`Keras 3 trains with ${c.optimizer.name} to the same history and weights`, async () => {
    const { layers, Sequential } = tf.keras;
    const model = new Sequential([new layers.Dense(4, { activation: 'relu', inputShape: [3] }), new layers.Dense(1)]);
    const make = Reflect.get(tf.keras.optimizers, NAMES.get(c.optimizer.name) as string) as new (
      rate: number,
    ) => unknown;
    model.compile({ optimizer: new make(c.optimizer.learning_rate), loss: 'mse', metrics: ['mae'] });
    await model.setWeights(c.initial_weights.map(fromGolden));
    const options = { epochs: c.epochs, batchSize: c.batch_size, shuffle: false, verbose: 0 };
    const { history } = await model.fit(fromGolden(c.x), fromGolden(c.y), options);
    agreeNumbers(history.loss, c.history.loss, 'loss');
    agreeNumbers(history.mean_absolute_error, c.history.mae, 'mae');
    agree(await model.getWeights(), c.final_weights, 'weight');
    tf.keras.backend.clearSession();
  });
}

test("an optimizer's configuration after training is Keras's", () => {
  for (const c of cases.filter((item) => item.model === 'mlp')) {
    const optimizer = optimizerOf(c) as { getConfig(): object };
    const config = toPythonKeys(optimizer.getConfig()) as Record<string, unknown>;
    assert.equal(Object.keys(config).sort(), Object.keys(c.optimizer.config).sort());
  }
});

test('a convolutional network learns digits to 0.97 on wasm, where TensorFlow.js has no kernel to train one', async () => {
  const { layers, Sequential, utils } = tf.keras;
  const { train, test: unseen } = loadDigits();
  utils.setRandomSeed(7);
  const model = new Sequential([
    new layers.Reshape([8, 8, 1], { inputShape: [64] }),
    new layers.Conv2D(16, 3, { padding: 'same', activation: 'relu' }),
    new layers.MaxPooling2D(2),
    new layers.Conv2D(32, 3, { padding: 'same', activation: 'relu' }),
    new layers.MaxPooling2D(2),
    new layers.Flatten(),
    new layers.Dense(10, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  const digits = all(train);
  await model.fit(digits.x, digits.y, { epochs: 15, batchSize: 32, verbose: 0 });
  assert.is(tf.keras.backend.getSession().backend, 'wasm');
  const held = all(unseen);
  const [, accuracy] = await model.evaluate(held.x, held.y, { verbose: 0 });
  assert.ok(accuracy >= 0.97, `test accuracy ${accuracy}`);
  tf.keras.backend.clearSession();
});

suite.run();
