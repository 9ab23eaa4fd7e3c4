/**
 * Training while other things happen: errors of callbacks and data, several trainings at once, predictions in between,
 * sessions that are closed, many batches. What trainings compute is compared in the other files.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import * as tf from '../../src/index.ts';
import { refusal } from '../support/keras.ts';
import { bufferCounts, leakChecked } from '../support/leaks.ts';
import { slowBackend } from '../support/session.ts';
import { agreeNumbers, data } from '../support/training.ts';

const test = leakChecked(suite);
const { keras } = tf;
const { layers, backend: K } = keras;
const SILENT = { shuffle: false, verbose: 0 } as const;
const { x, y } = data();

function build(optimizer: unknown = 'adam'): tf.keras.Sequential {
  const model = new keras.Sequential([
    new layers.Dense(4, { activation: 'tanh', inputShape: [3] }),
    new layers.BatchNormalization(),
    new layers.Dropout(0.5),
    new layers.Dense(2),
  ]);
  model.compile({ optimizer, loss: 'mse', metrics: ['mae'] });
  return model;
}

const session = () => K.getSession() as Session;
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

test('graph, plans and buffers are constant from the second batch on', async () => {
  const model = build();
  const seen: string[] = [];
  class Watch extends keras.callbacks.Callback {
    override onTrainBatchEnd(): void {
      seen.push(JSON.stringify([model.graph.size, session().stateReport().plans, bufferCounts()]));
    }
  }
  await model.fit(x, y, { epochs: 4, batchSize: 5, callbacks: [new Watch()], ...SILENT });
  assert.is(seen.length, 8);
  assert.equal([...new Set(seen.slice(1))], [seen[1]]);
  // Further calls of every kind add nothing once each has been made.
  const all = async () => {
    await model.fit(x, y, { batchSize: 5, ...SILENT });
    await model.evaluate(x, y, { batchSize: 5, verbose: 0 });
    await model.predict(x, { batchSize: 5 });
    await model.trainOnBatch(x, y);
    await model.testOnBatch(x, y);
    await model.fit(x, y, { batchSize: 5, sampleWeight: Array(10).fill(1), ...SILENT });
    return JSON.stringify([model.graph.size, session().stateReport().plans, bufferCounts()]);
  };
  const first = await all();
  assert.is(await all(), first);
  assert.is(await all(), first);
});

test('hooks that are promises are waited for', async () => {
  const model = build();
  const order: string[] = [];
  class Slow extends keras.callbacks.Callback {
    private async wait(name: string): Promise<void> {
      order.push(`${name} …`);
      await turn();
      order.push(name);
    }
    override onTrainBegin(): Promise<void> {
      return this.wait('train');
    }
    override onEpochBegin(): Promise<void> {
      return this.wait('epoch');
    }
    override onTrainBatchEnd(): Promise<void> {
      return this.wait('batch');
    }
    override onTrainEnd(): Promise<void> {
      return this.wait('end');
    }
  }
  await model.fit(x, y, { batchSize: 5, callbacks: [new Slow()], ...SILENT });
  const wanted = ['train', 'epoch', 'batch', 'batch', 'end'];
  assert.equal(
    order,
    wanted.flatMap((name) => [`${name} …`, name]),
  );
});

test('an error of a callback ends training, and the model goes on', async () => {
  const model = build();
  const hooks = [
    'onTrainBegin',
    'onEpochBegin',
    'onTrainBatchBegin',
    'onTrainBatchEnd',
    'onTestBegin',
    'onEpochEnd',
  ] as const;
  for (const hook of hooks) {
    class Broken extends keras.callbacks.Callback {}
    Object.assign(Broken.prototype, {
      async [hook](): Promise<void> {
        await turn();
        throw new RangeError(`broken ${hook}`);
      },
    });
    const run = () => model.fit(x, y, { callbacks: [new Broken()], validationData: [x, y], ...SILENT });
    await refusal(run, 'RangeError', `broken ${hook}`);
    assert.is((await model.evaluate(x, y, { verbose: 0 })).length, 2);
    assert.ok(Number.isFinite((await model.fit(x, y, SILENT)).history.loss[0]));
  }
});

test('an error in the middle of an iterable leaves the model sound, and the iterable is closed', async () => {
  const model = build();
  let closed = 0;
  const broken = {
    *[Symbol.iterator](): Generator<unknown> {
      try {
        yield [x, y];
        throw new RangeError('no more');
      } finally {
        closed++;
      }
    },
  };
  await refusal(() => model.fitDataset(broken, { verbose: 0 }), 'RangeError', 'no more');
  assert.is(closed, 1);
  const wrong = {
    *[Symbol.iterator](): Generator<unknown> {
      try {
        yield [x, y];
        yield [x, [[1, 2, 3]]];
        yield [x, y];
      } finally {
        closed++;
      }
    },
  };
  await refusal(() => model.fitDataset(wrong, { verbose: 0 }), 'ValueError', '');
  await refusal(() => model.evaluateDataset(wrong, { verbose: 0 }), 'ValueError', '');
  assert.is(closed, 3);
  const rejecting = [Promise.resolve([x, y]), Promise.reject(new RangeError('lost'))];
  await refusal(() => model.fitDataset(rejecting, { verbose: 0 }), 'RangeError', 'lost');
  // The rest is left where it is wanted no more.
  const many = {
    *[Symbol.iterator](): Generator<unknown> {
      try {
        for (;;) yield [x, y];
      } finally {
        closed++;
      }
    },
  };
  await model.fitDataset(many, { epochs: 2, stepsPerEpoch: 2, ...SILENT });
  await model.evaluateDataset(many, { steps: 2, verbose: 0 });
  await model.predictDataset(many, { steps: 2 });
  assert.is(closed, 6);
  assert.ok(Number.isFinite((await model.fit(x, y, SILENT)).history.loss[0]));
});

test('a generator goes on where a training left it', async () => {
  const model = build();
  let given = 0;
  function* batches(): Generator<unknown> {
    for (;;) {
      given++;
      yield [x, y];
    }
  }
  const generator = batches();
  await model.fitDataset(generator, { stepsPerEpoch: 2, ...SILENT });
  await model.fitDataset(generator, { stepsPerEpoch: 3, ...SILENT });
  assert.is(given, 5);
});

test('two models of one session train at once as they do one after the other', async () => {
  const train = async (together: boolean) => {
    keras.utils.setRandomSeed(11);
    const models = ['adam', 'sgd'].map((optimizer) => {
      const model = new keras.Sequential([
        new layers.Dense(4, { activation: 'tanh', inputShape: [3] }),
        new layers.Dense(2),
      ]);
      model.compile({ optimizer, loss: 'mse', metrics: ['mae'] });
      return model;
    });
    const run = (model: tf.keras.Model) => model.fit(x, y, { epochs: 5, batchSize: 3, ...SILENT });
    const histories = together ? await Promise.all(models.map(run)) : [await run(models[0]), await run(models[1])];
    K.clearSession();
    return histories.map(({ history }) => history);
  };
  assert.equal(await train(true), await train(false));
});

test('predictions are answered while a model trains', async () => {
  const model = build();
  const training = model.fit(x, y, { epochs: 20, batchSize: 2, ...SILENT });
  const sums: number[] = [];
  for (let i = 0; i < 5; i++) {
    const prediction = await model.predict(x);
    assert.equal(prediction.shape, [10, 2]);
    sums.push((prediction.data as Float32Array).reduce((a, b) => a + b, 0));
    await turn();
  }
  const { history } = await training;
  assert.is(history.loss.length, 20);
  assert.ok(sums.every(Number.isFinite));
});

test('a predict inside of a callback is answered', async () => {
  const model = build();
  const shapes: number[][] = [];
  class Look extends keras.callbacks.Callback {
    override async onEpochEnd(): Promise<void> {
      shapes.push([...(await model.predict(x)).shape]);
    }
  }
  await model.fit(x, y, { epochs: 2, callbacks: [new Look()], ...SILENT });
  assert.equal(shapes, [
    [10, 2],
    [10, 2],
  ]);
});

test('closing the session in the middle of a training ends it with an error', async () => {
  const model = build();
  class Close extends keras.callbacks.Callback {
    override onTrainBatchEnd(batch: number): void {
      if (batch === 1) session().close();
    }
  }
  const error = await model.fit(x, y, { epochs: 3, batchSize: 2, callbacks: [new Close()], ...SILENT }).then(
    () => null,
    (reason: Error) => reason,
  );
  assert.match(String(error), /closed/i);
  // Its weights are gone with the session: nothing answers in their place.
  await refusal(() => model.predict(x), 'FailedPreconditionError', 'are gone');
  const another = build();
  assert.ok(Number.isFinite((await another.fit(x, y, SILENT)).history.loss[0]));
});

test('a training in flight ends with CancelledError when its session is closed', async () => {
  const model = build();
  using slow = new Session({ config: { backend: await slowBackend('wasm', 1) } });
  K.setSession(slow);
  const training = model.fit(x, y, { epochs: 50, batchSize: 2, ...SILENT });
  const ended = training.then(
    () => 'ended',
    (error: Error) => error.name,
  );
  await new Promise((resolve) => setTimeout(resolve, 30));
  slow.close();
  assert.is(await ended, 'CancelledError');
  K.setSession(null);
});

test('an optimizer of tf.train trains a model', async () => {
  for (const make of [
    () => new tf.train.GradientDescentOptimizer(0.1),
    () => new tf.train.AdamOptimizer(0.05),
    () => new tf.train.MomentumOptimizer(0.05, 0.9),
  ]) {
    const model = new keras.Sequential([new layers.Dense(2, { inputShape: [3] })]);
    model.compile({ optimizer: make(), loss: 'mse' });
    const { history } = await model.fit(x, y, { epochs: 20, ...SILENT });
    assert.ok(history.loss[19] < history.loss[0]);
    K.clearSession();
  }
});

test('a metric object for two outputs gathers values for each', async () => {
  const input = keras.Input({ shape: [3] });
  const outputs = ['p', 'q'].map((name) => new layers.Dense(2, { name }).apply(input));
  const model = new keras.Model(input, outputs);
  model.compile({ optimizer: 'sgd', loss: 'mse', metrics: [new keras.metrics.MeanSquaredError()] });
  const values = await model.evaluate(x, [y, y], { verbose: 0 });
  assert.equal(model.metricsNames, ['loss', 'p_loss', 'q_loss', 'p_mean_squared_error', 'q_mean_squared_error']);
  agreeNumbers(values.slice(3), values.slice(1, 3), 'metrics');
});

test('models in several contexts train side by side, each with its optimizer', async () => {
  const contexts = [tf.createKeras(), tf.createKeras()];
  const runs = contexts.map((own) => {
    const model = new own.Sequential([new own.layers.Dense(2, { inputShape: [3], kernelInitializer: 'ones' })]);
    model.compile({ optimizer: new own.optimizers.Adam(0.1), loss: 'mse', metrics: ['mae'] });
    return model;
  });
  const histories = await Promise.all(runs.map((model) => model.fit(x, y, { epochs: 3, ...SILENT })));
  assert.equal(histories[0].history, histories[1].history);
  for (const { backend } of contexts) backend.clearSession();
});

suite.run();
