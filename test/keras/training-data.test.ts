/**
 * The forms in which data come: arrays of every kind, lists, maps and objects by name, and iterables of batches. What
 * trainings on them amount to is compared with Keras where `training.json` has the program, else with NumPy arrays'.
 */
import { readFileSync } from 'node:fs';
import * as tfjs from '@tensorflow/tfjs-core';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { fromGolden, type GoldenArray } from '../support/compare.ts';
import { refusal } from '../support/keras.ts';
import { leakChecked } from '../support/leaks.ts';
import { agree, agreeLogs, agreeNumbers, data, rowsOf } from '../support/training.ts';

const test = leakChecked(suite);
const { keras } = tf;
const { layers } = keras;

type Log = readonly (readonly [name: string, values: readonly number[]])[];
interface Outcome {
  readonly history?: Log;
  readonly values?: readonly number[];
  readonly error?: readonly [string, string];
  readonly messages: readonly string[];
  readonly final: readonly GoldenArray[];
}

const file = new URL('../goldens/keras/training.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8'));
const iterables = golden.programs.iterables as Readonly<Record<string, Outcome>>;
const arrays = new Map<string, tf.NdArray>(
  Object.entries(golden.data).map(([name, value]) => [name, fromGolden(value as GoldenArray)]),
);
const [x, y, w] = ['x', 'y', 'w'].map((name) => arrays.get(name) as tf.NdArray);
const START = (golden.cases[0].weights as GoldenArray[]).map(fromGolden);

async function start(): Promise<tf.keras.Model> {
  const input = keras.Input({ shape: [3], name: 'features' });
  const hidden = new layers.Dense(4, { activation: 'tanh', name: 'hidden' }).apply(input);
  const model = new keras.Model(input, new layers.Dense(2, { name: 'out' }).apply(hidden));
  await model.setWeights(START);
  model.compile({ optimizer: new keras.optimizers.SGD(0.1), loss: 'mse', metrics: ['mae'] });
  return model;
}

const pair = (from: number, to: number) => [rowsOf(x, from, to), rowsOf(y, from, to)];
function* endless(): Generator<unknown> {
  for (;;) yield* [pair(0, 4), pair(4, 10)];
}
function* short(): Generator<unknown> {
  for (let i = 0; i < 3; i++) yield pair(3 * i, 3 * i + 3);
}
class Pairs extends keras.utils.Sequence {
  ended = 0;
  get length(): number {
    return 3;
  }
  override getItem(i: number): unknown {
    return pair(4 * i, Math.min(4 * i + 4, 10));
  }
  override onEpochEnd(): void {
    this.ended++;
  }
}

/** What is printed as a warning in the meantime. */
async function warnings(body: () => Promise<unknown>): Promise<string[]> {
  const { warn } = console;
  const seen: string[] = [];
  console.warn = (text: unknown) => seen.push(String(text));
  try {
    await body();
  } finally {
    console.warn = warn;
  }
  return seen;
}

const positive = new tf.NdArray(
  tf.float32,
  [4, 2],
  Float32Array.from({ length: 8 }, (_, i) => (Number(y.data[i - (i % 2)]) > 0 ? 1 : 0)),
);
function* repeated(item: unknown): Generator<unknown> {
  for (let i = 0; i < 9; i++) yield item;
}

const SILENT = { shuffle: false, verbose: 0 } as const;
const RUNS: Readonly<Record<string, (model: tf.keras.Model) => Promise<unknown>>> = {
  'runs out': (m) => m.fitDataset(short(), { epochs: 2, stepsPerEpoch: 2, ...SILENT }),
  'validation by generator': (m) =>
    m.fitDataset(endless(), { epochs: 2, stepsPerEpoch: 2, validationData: endless(), validationSteps: 2, ...SILENT }),
  'class weights': (m) =>
    m.fitDataset(repeated([rowsOf(x, 0, 4), positive]), { stepsPerEpoch: 2, classWeight: { 0: 2, 1: 3 }, ...SILENT }),
  'sample weights': (m) => m.fitDataset(repeated([...pair(0, 4), rowsOf(w, 0, 4)]), { stepsPerEpoch: 2, ...SILENT }),
  'evaluate generator': (m) => m.evaluateDataset(endless(), { steps: 3, verbose: 0 }),
  'wrong shape later': (m) => m.fitDataset([pair(0, 10), [tf.NdArray.zeros(tf.float32, [10, 2]), y]], { ...SILENT }),
};

for (const [name, run] of Object.entries(RUNS)) {
  test(`iterables, ${name}: as in Keras`, async () => {
    const wanted = iterables[name];
    const model = await start();
    let result: unknown;
    const seen = await warnings(async () => {
      if (wanted.error) await refusal(() => run(model), wanted.error[0], wanted.error[1]);
      else result = await run(model);
    });
    if (wanted.history) agreeLogs((result as tf.keras.callbacks.History).history, wanted.history, name);
    if (wanted.values) agreeNumbers(result as number[], wanted.values, name);
    // Keras calls generators iterators there.
    const words = wanted.messages.map((text) => text.replaceAll('iterator', '').replaceAll('touse', 'to use'));
    assert.equal(
      seen.map((text) => text.replace(/\s+/g, ' ')),
      words.map((text) =>
        text
          .replace(/dataset +ran/, 'dataset ran')
          .replace('your  can', 'your dataset can')
          .replace(/\s+/g, ' '),
      ),
      name,
    );
    agree(await model.getWeights(), wanted.final, name);
  });
}

test('data that have run out end training with what there was', async () => {
  const model = await start();
  let history: Record<string, number[]> = {};
  const seen = await warnings(async () => {
    ({ history } = await model.fitDataset(short(), { epochs: 3, stepsPerEpoch: 3, ...SILENT }));
  });
  assert.is(seen.length, 1);
  // Keras adds an epoch without a batch here, with what is left of the loss before.
  const wanted = new Map(iterables['runs out at once'].history);
  agreeNumbers(history.loss, (wanted.get('loss') ?? []).slice(0, 1), 'loss');
  agree(await model.getWeights(), iterables['runs out at once'].final, 'weights');
});

test('batches as arrays, generators, async generators, objects, a Sequence and a Dataset train alike', async () => {
  const batches = [pair(0, 4), pair(4, 8), pair(8, 10)];
  async function* slowly(): AsyncGenerator<unknown> {
    for (const batch of batches) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      yield batch;
    }
  }
  const sequence = new Pairs();
  const forms: Record<string, Iterable<unknown> | AsyncIterable<unknown>> = {
    arrays: batches,
    objects: batches.map(([xs, ys]) => ({ xs, ys })),
    promises: { [Symbol.iterator]: () => batches.map((batch) => Promise.resolve(batch))[Symbol.iterator]() },
    async: { [Symbol.asyncIterator]: () => slowly() },
    sequence,
    dataset: new keras.utils.Dataset(batches),
    'async dataset': keras.utils.Dataset.fromGenerator(slowly as never, { async: true }),
    'sliced dataset': keras.utils.Dataset.fromTensorSlices([x, y]).batch(4),
    'nested arrays': batches.map(([a, b]) => [a.array(), b.array()]),
  };
  let wanted: tf.NdArray[] | null = null;
  for (const [name, form] of Object.entries(forms)) {
    const model = await start();
    const { history } = await model.fitDataset(form, { epochs: 2, ...SILENT });
    assert.is(history.loss.length, 2, name);
    const weights = await model.getWeights();
    if (wanted) assert.equal(weights.map(String), wanted.map(String), name);
    wanted ??= weights;
    assert.equal((await model.predictDataset(form)).shape, [10, 2], name);
    assert.is((await model.evaluateDataset(form, { verbose: 0 })).length, 2, name);
    keras.backend.clearSession();
  }
  assert.is(sequence.ended, 4, 'epochs of training, testing, predicting');
});

test('a Sequence begins again where steps go over its end', async () => {
  const model = await start();
  const sequence = new Pairs();
  const { history } = await model.fitDataset(sequence, { epochs: 2, stepsPerEpoch: 5, ...SILENT });
  assert.is(history.loss.length, 2);
  assert.is(sequence.ended, 3);
});

test('a model without an input shape is built by a generator, whose first batch counts', async () => {
  let wanted: number[] | null = null;
  for (const batches of [
    [pair(0, 4), pair(4, 8), pair(8, 10)],
    ['one', 'generator'],
    ['async', 'generator'],
  ]) {
    const items = [pair(0, 4), pair(4, 8), pair(8, 10)];
    async function* slowly(): AsyncGenerator<unknown> {
      yield* items;
    }
    const dataset = batches[0] === 'one' ? items.values() : batches[0] === 'async' ? slowly() : batches;
    const model = new keras.Sequential([new layers.Dense(2, { kernelInitializer: 'ones' })]);
    model.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mae'] });
    const { history } = await model.fitDataset(dataset, { ...SILENT });
    assert.is(model.history?.history, history);
    wanted ??= history.loss;
    agreeNumbers(history.loss, wanted, 'loss');
    keras.backend.clearSession();
  }
});

test('arrays come nested, typed with a shape, as NdArrays and tfjs tensors, in lists, maps and objects', async () => {
  const tensors = [tfjs.tensor2d(x.array() as number[][]), tfjs.tensor2d(y.array() as number[][])];
  const doubles = (array: tf.NdArray) => ({ data: Float64Array.from(array.data as Float32Array), shape: array.shape });
  const forms: Record<string, readonly [unknown, unknown]> = {
    ndarrays: [x, y],
    nested: [x.array(), y.array()],
    'typed with a shape': [
      { data: x.data, shape: x.shape },
      { data: y.data, shape: y.shape },
    ],
    doubles: [doubles(x), doubles(y)],
    tensors: [tensors[0], tensors[1]],
    lists: [[x], [y]],
    'lists of tensors': [[tensors[0]], [tensors[1]]],
    maps: [new Map([['features', x]]), new Map([['out', y]])],
    objects: [{ features: x }, { out: y.array() }],
  };
  let wanted: number[] | null = null;
  for (const [name, [a, b]] of Object.entries(forms)) {
    const model = await start();
    await model.fit(a as never, b as never, { batchSize: 4, ...SILENT });
    const found = await model.evaluate(a as never, b as never, { verbose: 0 });
    wanted ??= found;
    agreeNumbers(found, wanted, name);
    assert.equal((await model.predict(a as never)).shape, [10, 2], name);
    assert.is((await model.trainOnBatch(a as never, b as never)).length, 2, name);
    keras.backend.clearSession();
  }
  for (const tensor of tensors) tensor.dispose();
});

test('labels of any integer type, also without an axis of their own, train classes and steps', async () => {
  const { x: features } = data();
  const labels = [0, 2, 1, 1, 0, 2, 2, 0, 1, 0];
  const forms: unknown[] = [
    labels,
    Int32Array.from(labels),
    Uint8Array.from(labels),
    BigInt64Array.from(labels.map(BigInt)),
    labels.map((label) => [label]),
    new tf.NdArray(tf.int64, [10, 1], BigInt64Array.from(labels.map(BigInt))),
  ];
  const losses: number[] = [];
  for (const form of forms) {
    keras.utils.setRandomSeed(3);
    const model = new keras.Sequential([new layers.Dense(3, { activation: 'softmax', inputShape: [3] })]);
    model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
    losses.push((await model.fit(features, form as never, SILENT)).history.loss[0]);
    keras.backend.clearSession();
  }
  agreeNumbers(
    losses,
    losses.map(() => losses[0]),
    'losses',
  );

  const steps = new keras.Sequential([new layers.Dense(3, { activation: 'softmax', inputShape: [2, 3] })]);
  steps.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  const sequences = { data: features.data, shape: [5, 2, 3] };
  const [flat, deep] = [
    await steps.evaluate(
      sequences,
      [
        [0, 1],
        [2, 0],
        [1, 1],
        [0, 2],
        [2, 2],
      ],
      { verbose: 0 },
    ),
    await steps.evaluate(
      sequences,
      [
        [[0], [1]],
        [[2], [0]],
        [[1], [1]],
        [[0], [2]],
        [[2], [2]],
      ],
      { verbose: 0 },
    ),
  ];
  assert.equal(flat, deep);
});

test('weights of steps count where targets have steps', async () => {
  const model = new keras.Sequential([new layers.Dense(2, { inputShape: [2, 3], kernelInitializer: 'ones' })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const { x: features, y: targets } = data();
  const [a, b] = [
    { data: features.data, shape: [5, 2, 3] },
    { data: targets.data, shape: [5, 2, 2] },
  ];
  const [plain] = await model.evaluate(a, b, { verbose: 0 });
  const weigh = async (value: number) => {
    const sampleWeight = Array.from({ length: 5 }, () => [value, value]);
    return (await model.evaluate(a, b, { verbose: 0, sampleWeight }))[0];
  };
  agreeNumbers([await weigh(1), await weigh(2), await weigh(0)], [plain, 2 * plain, 0], 'losses');
});

test('class weights by output, and a list of sample weights with gaps, reach their outputs', async () => {
  const input = keras.Input({ shape: [3] });
  const outputs = ['p', 'q'].map((name) => new layers.Dense(1, { name, kernelInitializer: 'ones' }).apply(input));
  const model = new keras.Model(input, outputs);
  model.compile({ optimizer: new keras.optimizers.SGD(0), loss: 'mse' });
  const { x: features } = data();
  const labels = [0, 1, 1, 0, 1, 0, 0, 1, 1, 0];
  const train = async (options: object) => {
    const { history } = await model.fit(features, [labels, labels], { ...SILENT, ...options });
    return [history.p_loss[0], history.q_loss[0]];
  };
  const [p, q] = await train({});
  agreeNumbers(await train({ classWeight: { p: { 0: 2, 1: 2 } } }), [2 * p, q], 'by name');
  agreeNumbers(
    await train({
      classWeight: [
        null,
        new Map([
          [0, 3],
          [1, 3],
        ]),
      ],
    }),
    [p, 3 * q],
    'list',
  );
  agreeNumbers(await train({ sampleWeight: [null, labels.map(() => 4)] }), [p, 4 * q], 'samples');
});

suite.run();
