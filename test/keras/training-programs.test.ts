/**
 * Trainings with code of the user's, against the programs of `training.json`, which are the same in Python: callbacks,
 * losses and metrics, added losses, shared layers, subclassed models, iterables, optimizers between trainings.
 */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { agree, agreeLogs, agreeNumbers, rowsOf } from '../support/training.ts';

const test = leakChecked(suite);
const { keras } = tf;
const { layers, backend: K } = keras;

type Log = readonly (readonly [name: string, values: readonly number[]])[];
type Seen = readonly [hook: string, index: number | null, logs: readonly (readonly [string, number | null])[]];
interface Run {
  readonly seen: readonly Seen[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly history?: Log;
  readonly values?: readonly number[];
}

const file = new URL('../goldens/keras/training.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8'));
// biome-ignore lint/suspicious/noExplicitAny: what a program recorded is its own
const programs: any = golden.programs;
const arrays = new Map<string, tf.NdArray>(
  Object.entries(golden.data).map(([name, value]) => [name, fromGolden(value as GoldenArray)]),
);
const [x, y, vx, vy, w] = ['x', 'y', 'vx', 'vy', 'w'].map((name) => arrays.get(name) as tf.NdArray);
const SILENT = { shuffle: false, verbose: 0 } as const;

/** The weights of the golden programs: those of the first case, which is the same model. */
const START = (golden.cases[0].weights as GoldenArray[]).map(fromGolden);

function build(): { input: tf.Tensor; hidden: tf.Tensor; model: tf.keras.Model } {
  const input = keras.Input({ shape: [3], name: 'features' });
  const hidden = new layers.Dense(4, { activation: 'tanh', name: 'hidden' }).apply(input);
  return { input, hidden, model: new keras.Model(input, new layers.Dense(2, { name: 'out' }).apply(hidden)) };
}

/** The model of most programs, compiled with gradient descent. */
async function start(loss = 'mse', metrics: string[] | null = ['mae'], rate = 0.1): Promise<tf.keras.Model> {
  const { model } = build();
  await model.setWeights(START);
  model.compile({ optimizer: new keras.optimizers.SGD(rate), loss, metrics });
  return model;
}

const pair = (from: number, to: number) => [rowsOf(x, from, to), rowsOf(y, from, to)];

class Pairs extends keras.utils.Sequence {
  get length(): number {
    return 3;
  }
  override getItem(i: number): unknown {
    return pair(4 * i, Math.min(4 * i + 4, 10));
  }
}

function* endless(): Generator<unknown> {
  for (;;) {
    yield pair(0, 4);
    yield pair(4, 10);
  }
}

/** Notes every call of a hook. */
class Recorder extends keras.callbacks.Callback {
  readonly seen: [string, number | null, [string, number | null][]][] = [];
  protected note(hook: string, index: number | null, logs: tf.keras.callbacks.Logs = {}): void {
    this.seen.push([hook, index, Object.entries(logs).map(([k, v]) => [k, typeof v === 'number' ? v : null])]);
  }
  override onTrainBegin(logs?: tf.keras.callbacks.Logs): void {
    this.note('train begin', null, logs);
  }
  override onTrainEnd(logs?: tf.keras.callbacks.Logs): void {
    this.note('train end', null, logs);
  }
  override onEpochBegin(n: number, logs?: tf.keras.callbacks.Logs): void {
    this.note('epoch begin', n, logs);
  }
  override onEpochEnd(n: number, logs?: tf.keras.callbacks.Logs): void {
    this.note('epoch end', n, logs);
  }
  override onTrainBatchBegin(n: number, logs?: tf.keras.callbacks.Logs): void {
    this.note('train batch begin', n, logs);
  }
  override onTrainBatchEnd(n: number, logs?: tf.keras.callbacks.Logs): void {
    this.note('train batch end', n, logs);
  }
  override onTestBegin(logs?: tf.keras.callbacks.Logs): void {
    this.note('test begin', null, logs);
  }
  override onTestEnd(logs?: tf.keras.callbacks.Logs): void {
    this.note('test end', null, logs);
  }
  override onTestBatchBegin(n: number, logs?: tf.keras.callbacks.Logs): void {
    this.note('test batch begin', n, logs);
  }
  override onTestBatchEnd(n: number, logs?: tf.keras.callbacks.Logs): void {
    this.note('test batch end', n, logs);
  }
  override onPredictBegin(logs?: tf.keras.callbacks.Logs): void {
    this.note('predict begin', null, logs);
  }
  override onPredictEnd(logs?: tf.keras.callbacks.Logs): void {
    this.note('predict end', null, logs);
  }
  override onPredictBatchBegin(n: number, logs?: tf.keras.callbacks.Logs): void {
    this.note('predict batch begin', n, logs);
  }
  override onPredictBatchEnd(n: number, logs?: tf.keras.callbacks.Logs): void {
    this.note('predict batch end', n, logs);
  }
}

function agreeHooks(actual: Recorder['seen'], expected: readonly Seen[], what: string): void {
  assert.equal(
    actual.map(([hook, index]) => [hook, index]),
    expected.map(([hook, index]) => [hook, index]),
    what,
  );
  actual.forEach(([hook, index, logs], i) => {
    const place = `${what}, ${hook} ${index}`;
    const wanted = expected[i][2];
    assert.equal(
      logs.map(([name]) => name),
      wanted.map(([name]) => name),
      place,
    );
    agreeNumbers(
      logs.map(([, value]) => value ?? 0),
      wanted.map(([, value]) => value ?? 0),
      place,
    );
  });
}

test('callbacks are called in the order of Keras, with its logs and parameters', async () => {
  const model = await start();
  const runs: Record<string, (callbacks: Recorder[]) => Promise<unknown>> = {
    fit: (callbacks) => model.fit(x, y, { batchSize: 4, epochs: 2, validationData: [vx, vy], callbacks, ...SILENT }),
    'fit without validation': (callbacks) => model.fit(x, y, { callbacks, ...SILENT }),
    evaluate: (callbacks) => model.evaluate(x, y, { batchSize: 4, verbose: 0, callbacks }),
    predict: (callbacks) => model.predict(x, { batchSize: 4, callbacks }),
    generator: (callbacks) => model.fitDataset(endless(), { epochs: 2, stepsPerEpoch: 2, callbacks, ...SILENT }),
    sequence: (callbacks) =>
      model.fitDataset(new Pairs(), { epochs: 2, validationData: new Pairs(), callbacks, ...SILENT }),
    'evaluate sequence': (callbacks) => model.evaluateDataset(new Pairs(), { verbose: 0, callbacks }),
    'predict sequence': (callbacks) => model.predictDataset(new Pairs(), { callbacks }),
  };
  assert.equal(Object.keys(runs), Object.keys(programs.hooks));
  for (const [name, run] of Object.entries(runs)) {
    const { seen, params, history, values } = programs.hooks[name] as Run;
    keras.utils.setRandomSeed(5);
    const recorder = new Recorder();
    const result = await run([recorder]);
    agreeHooks(recorder.seen, seen, name);
    if (history) agreeLogs((result as tf.keras.callbacks.History).history, history, name);
    if (values) agreeNumbers(result as number[], values, name);
    const { epochs, steps, samples, batchSize, metrics, verbose } = recorder.params ?? {};
    // Where steps are counted, Keras calls them samples.
    const counted = params.batch_size === null ? null : params.samples;
    const ours = { epochs, samples, batchSize, metrics: [...(metrics ?? [])], verbose };
    const theirs = {
      epochs: params.epochs,
      samples: counted,
      batchSize: params.batch_size,
      metrics: params.metrics,
      verbose: 0,
    };
    assert.equal(ours, theirs, name);
    if (params.steps !== null) assert.is(steps, params.steps, name);
  }
});

test('stopTraining ends training where Keras ends it, whichever hook sets it', async () => {
  for (const [where, wanted] of Object.entries(programs.stopping) as [
    string,
    { seen: [string, number | null][]; history: Log; final: GoldenArray[] },
  ][]) {
    class Stop extends Recorder {
      protected override note(hook: string, index: number | null, logs?: tf.keras.callbacks.Logs): void {
        super.note(hook, index, logs);
        if (`${hook} ${index ?? 'None'}` === where && this.model) this.model.stopTraining = true;
      }
    }
    const model = await start();
    const stop = new Stop();
    keras.utils.setRandomSeed(5);
    const options = { batchSize: 4, epochs: 4, validationData: [vx, vy], callbacks: [stop], ...SILENT } as const;
    const { history } = await model.fit(x, y, options);
    assert.equal(
      stop.seen.map(([hook, index]) => [hook, index]),
      wanted.seen,
      where,
    );
    // Keras divides the loss of a validation that was stopped by all seven examples, not by the four that were seen.
    const seen = where === 'test batch end 0' ? 4 / 7 : 1;
    const { val_loss: losses, ...others } = history;
    const [ours, theirs] = [Object.entries(history), new Map(wanted.history)];
    assert.equal(
      ours.map(([name]) => name),
      [...theirs.keys()],
      where,
    );
    agreeLogs(
      others,
      wanted.history.filter(([name]) => name !== 'val_loss'),
      where,
    );
    if (losses)
      agreeNumbers(
        losses.map((loss) => loss * seen),
        theirs.get('val_loss') ?? [],
        where,
      );
    agree(await model.getWeights(), wanted.final, where);
    keras.backend.clearSession();
  }
});

test('examples are shuffled as NumPy shuffles them, those of validation too', async () => {
  const model = await start();
  keras.utils.setRandomSeed(5);
  const all = [{}, { shuffle: 'batch' }, { validationData: [vx, vy] }, { validationSplit: 0.3 }] as const;
  for (const [i, options] of all.entries()) {
    const { history } = await model.fit(x, y, { batchSize: 4, epochs: 2, verbose: 0, ...options });
    agreeLogs(history, programs.shuffled.history[i], `training ${i}`);
  }
  await model.fit(x, y, { batchSize: 4, verbose: 0 });
  agree(await model.getWeights(), programs.shuffled.final, 'weights');
});

test('EarlyStopping puts the best weights back', async () => {
  const model = await start('mae', null, 0.7);
  const early = new keras.callbacks.EarlyStopping({ monitor: 'val_loss', patience: 2, restoreBestWeights: true });
  const { history } = await model.fit(x, y, {
    batchSize: 4,
    epochs: 20,
    callbacks: [early],
    validationData: [vx, vy],
    ...SILENT,
  });
  agreeLogs(history, programs.early.history, 'history');
  agree(await model.getWeights(), programs.early.final, 'weights');
});

test('functions and objects are losses and metrics', async () => {
  const { model } = build();
  await model.setWeights(START);
  const cubes = (t: tf.Tensor, p: tf.Tensor) => tf.reduceMean(tf.pow(tf.abs(t.sub(p)), 3), -1);
  const spread = (t: tf.Tensor, p: tf.Tensor) => tf.reduceMax(p, -1).sub(tf.reduceMin(t, -1));
  const whole = (t: tf.Tensor, p: tf.Tensor) => tf.reduceMean(tf.abs(t.sub(p)));
  const { metrics, losses } = keras;
  const cases = [
    { loss: cubes, metrics: [spread, whole], weightedMetrics: [spread] },
    {
      loss: whole,
      metrics: [new metrics.MeanAbsoluteError({ name: 'mine' }), new metrics.MeanSquaredError()],
      weightedMetrics: [new metrics.MeanAbsoluteError()],
    },
    { loss: new losses.Huber({ delta: 0.5, reduction: 'sum' }), metrics: ['mae'] },
  ];
  for (const [i, options] of cases.entries()) {
    const wanted = programs.functions[i];
    model.compile({ optimizer: new keras.optimizers.SGD(0.1), ...options } as never);
    assert.equal(model.metricsNames, wanted.names);
    const sampleWeight = options.loss === whole ? null : w;
    const { history } = await model.fit(x, y, { batchSize: 4, epochs: 2, sampleWeight, ...SILENT });
    agreeLogs(history, wanted.history, `case ${i}`);
    agreeNumbers(await model.evaluate(x, y, { verbose: 0 }), wanted.evaluate, `case ${i}`);
  }
});

test('addLoss counts in the total, also where it is the only loss', async () => {
  const input = keras.Input({ shape: [3], name: 'features' });
  const hidden = new layers.Dense(4, { name: 'hidden' }).apply(input);
  const model = new keras.Model(input, new layers.Dense(2, { name: 'out' }).apply(hidden));
  model.addLoss(tf.reduceMean(hidden).mul(0.5));
  await model.setWeights(START);
  model.compile({ optimizer: new keras.optimizers.SGD(0.1), loss: 'mse', metrics: ['mae'] });
  const { history } = await model.fit(x, y, { batchSize: 4, epochs: 2, ...SILENT });
  agreeLogs(history, programs.added.history, 'history');
  agreeNumbers(await model.evaluate(x, y, { verbose: 0 }), programs.added.evaluate, 'evaluation');
  keras.backend.clearSession();

  const features = keras.Input({ shape: [3], name: 'features' });
  const output = new layers.Dense(4, { name: 'hidden' }).apply(features);
  const only = new keras.Model(features, output);
  only.addLoss(tf.reduceMean(tf.square(output)));
  await only.setWeights(START.slice(0, 2));
  only.compile({ optimizer: new keras.optimizers.SGD(0.1) });
  const run = await only.fit(x, null, { batchSize: 4, epochs: 2, ...SILENT });
  agreeLogs(run.history, programs.added.only.history, 'only');
  agree(await only.getWeights(), programs.added.only.final, 'only');
});

test('two compiled models train the layers that they share', async () => {
  const shared = new layers.Dense(3, { activation: 'tanh', name: 'shared' });
  const input = keras.Input({ shape: [3], name: 'i' });
  const hidden = shared.apply(input);
  const a = new keras.Model(input, new layers.Dense(2, { name: 'a' }).apply(hidden));
  const b = new keras.Model(input, new layers.Dense(2, { name: 'b' }).apply(hidden));
  const random = programs.shared.start.map(fromGolden) as tf.NdArray[];
  await a.setWeights(random);
  const own = [new tf.NdArray(tf.float32, [3, 2], new Float32Array(6).fill(0.3)), tf.NdArray.zeros(tf.float32, [2])];
  await b.setWeights([...random.slice(0, 2), ...own]);
  a.compile({ optimizer: new keras.optimizers.SGD(0.1), loss: 'mse' });
  b.compile({ optimizer: new keras.optimizers.Adam(0.05), loss: 'mae' });
  for (const [i, losses] of (programs.shared.history as number[][]).entries()) {
    const { history } = await (i % 2 === 0 ? a : b).fit(x, y, { batchSize: 4, ...SILENT });
    agreeNumbers(history.loss, losses, `training ${i}`);
  }
  agree(await a.getWeights(), programs.shared.a, 'a');
  agree(await b.getWeights(), programs.shared.b, 'b');
});

test('a subclassed model trains, with its moving averages', async () => {
  class Net extends keras.Model {
    readonly a = new layers.Dense(4, { activation: 'tanh', name: 'a' });
    readonly n = new layers.BatchNormalization({ name: 'n' });
    readonly b = new layers.Dense(2, { name: 'b' });
    constructor() {
      super({ name: 'net' });
    }
    override call(z: tf.Tensor): tf.Tensor {
      return this.b.apply(this.n.apply(this.a.apply(z)));
    }
  }
  const wanted = programs.subclassed;
  const model = new Net();
  model.compile({ optimizer: new keras.optimizers.SGD(0.1), loss: 'mse', metrics: ['mae'] });
  await model.predict(x);
  const order = (wanted.weights as string[]).map((name) => name.replace(/^net\//, ''));
  const names = model.weights.map(({ name }) => name.replace(/^net\//, ''));
  assert.equal([...names].sort(), [...order].sort());
  const values = new Map(order.map((name, i) => [name, fromGolden(wanted.start[i])]));
  await model.setWeights(names.map((name) => values.get(name) as tf.NdArray));
  const { history } = await model.fit(x, y, { batchSize: 4, epochs: 2, ...SILENT });
  agreeLogs(history, wanted.history, 'history');
  agreeNumbers(await model.evaluate(x, y, { verbose: 0 }), wanted.evaluate, 'evaluation');
  agree([await model.predict(x)], [wanted.predict], 'prediction');
});

test('a Sequential without an input shape is built by the first data', async () => {
  const model = new keras.Sequential(
    [
      new layers.Dense(4, { activation: 'tanh', name: 'a', kernelInitializer: 'ones' }),
      new layers.Dense(2, { name: 'b', kernelInitializer: 'ones' }),
    ],
    { name: 'later' },
  );
  const optimizer = new keras.optimizers.SGD(0.1);
  model.compile({ optimizer, loss: 'mse', metrics: ['mae'] });
  assert.is(model.optimizer, optimizer);
  const { history } = await model.fit(x, y, { batchSize: 4, epochs: 2, ...SILENT });
  assert.equal(
    model.weights.map(({ name }) => name),
    programs.deferred.weights,
  );
  agreeLogs(history, programs.deferred.history, 'history');
  agreeNumbers(await model.evaluate(x, y, { verbose: 0 }), programs.deferred.evaluate, 'evaluation');
});

test('K.function with the updates of an optimizer trains a model', async () => {
  const { model } = build();
  await model.setWeights(START);
  const t = K.placeholder([null, 2], { name: 't' });
  const loss = K.mean(K.square((model.output as tf.Tensor).sub(t)));
  const optimizer = new keras.optimizers.Adam(0.05);
  const step = K.function([model.inputs[0], t], [loss], {
    updates: optimizer.getUpdates(loss, model.trainableWeights),
  });
  const losses: number[] = [];
  for (let i = 0; i < 4; i++) losses.push(Number((await step([x, y]))[0].item()));
  agreeNumbers(losses, programs.custom.losses, 'losses');
  agree(await model.getWeights(), programs.custom.final, 'weights');
});

test('hyperparameters become variables when one is asked for after compile, else with the first step', async () => {
  for (const [name, wanted] of Object.entries(programs.hypers) as [
    string,
    Record<string, string[]> & { lr: string },
  ][]) {
    const make = () => new (Reflect.get(keras.optimizers, name) as new () => tf.keras.optimizers.Adam)();
    const names = () =>
      tf
        .globalVariables()
        .map((variable) => variable.name)
        .sort();
    const without = (list: readonly string[]) => [...list].sort();
    for (const asks of [true, false]) {
      const { model } = build();
      const optimizer = make();
      assert.type(optimizer.lr, 'number');
      model.compile({ optimizer, loss: 'mse', metrics: ['mae'] });
      assert.equal(names(), without(wanted.compiled), name);
      if (asks) {
        assert.is((optimizer.lr as tf.Variable).name, wanted.lr);
        assert.equal(names(), without(wanted.asked), name);
        assert.is(
          Number(await K.getValue(optimizer.lr as tf.Variable)),
          Number(make().lr) && Math.fround(make().lr as number),
        );
      }
      await model.fit(x, y, SILENT);
      assert.equal(names(), without(asks ? wanted.fitted : wanted.never_asked), name);
      assert.equal(
        optimizer.weights.map((variable) => variable.name),
        wanted.weights,
        name,
      );
      K.clearSession();
    }
  }
});

test('a callback changes the learning rate in the middle of training', async () => {
  class Slow extends keras.callbacks.Callback {
    override async onTrainBatchEnd(): Promise<void> {
      const rate = ((this.model as tf.keras.Model).optimizer as tf.keras.optimizers.SGD).lr as tf.Variable;
      await K.setValue(rate, Number(await K.getValue(rate)) * 0.5);
    }
  }
  const model = await start('mse', null);
  const { history } = await model.fit(x, y, { batchSize: 4, epochs: 2, callbacks: [new Slow()], ...SILENT });
  agreeLogs(history, programs.within.history, 'history');
  assert.is(
    Number(await K.getValue((model.optimizer as tf.keras.optimizers.SGD).lr as tf.Variable)),
    programs.within.lr,
  );
  agree(await model.getWeights(), programs.within.final, 'weights');
});

suite.run();
