/** Callbacks in a real `fit`: what is printed, written and done, against the same training in Keras. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../../../runtime/session.ts';
import '../../../src/ops/index.ts';
import {
  CSVLogger,
  EarlyStopping,
  LambdaCallback,
  LearningRateScheduler,
  ModelCheckpoint,
  ReduceLROnPlateau,
  TerminateOnNaN,
} from '../../../src/keras/callbacks/index.ts';
import { Dense } from '../../../src/keras/layers/index.ts';
import { MeanAbsoluteError } from '../../../src/keras/metrics/index.ts';
import { Sequential } from '../../../src/keras/models/sequential.ts';
import { SGD } from '../../../src/keras/optimizers/index.ts';
import { leakChecked } from '../../support/leaks.ts';
import { captured, goldens } from './support.ts';

const tests = suite('callbacks in fit');
const test = leakChecked(tests);

const X = Array.from({ length: 10 }, (_, i) => [i]);
const Y = X.map(([x]) => [2 * x]);
const KEPT = { batchSize: 4, epochs: 2, shuffle: false } as const;

function line(rate = 0.01): Sequential {
  const model = new Sequential([new Dense(1, { inputShape: [1], kernelInitializer: 'ones' })]);
  model.compile({ optimizer: new SGD(rate), loss: 'mse', metrics: [new MeanAbsoluteError({ name: 'mae' })] });
  return model;
}

/** In the goldens no time passes. */
async function withoutTime<T>(run: () => Promise<T>): Promise<T> {
  const { now } = Date;
  Date.now = () => 0;
  try {
    return await run();
  } finally {
    Date.now = now;
  }
}

test('training prints and writes what it does in Keras', async () => {
  const golden = goldens<{ fit: string; fit2: string; csv: { text: string } }>('fit');
  const model = line();
  const validationData = [X.slice(0, 3), Y.slice(0, 3)] as const;
  const first = await captured(() => withoutTime(() => model.fit(X, Y, { ...KEPT, validationData })));
  assert.is(first.output, golden.fit);
  const second = await captured(() => withoutTime(() => model.fit(X, Y, { ...KEPT, verbose: 2 })));
  assert.is(second.output, golden.fit2);

  // What the golden trained before the table.
  const halves = [
    [X.slice(0, 5), Y.slice(0, 5)],
    [X.slice(5), Y.slice(5)],
  ];
  await model.fitDataset(halves, { verbose: 0 });
  await model.fitDataset(halves, { verbose: 0 });
  await model.fitDataset([halves[0], halves[0]], { verbose: 0 });
  const lines: string[] = [];
  const callbacks = [
    new LearningRateScheduler((_, lr) => lr * 0.3),
    new CSVLogger({ write: (text) => void lines.push(text) }),
  ];
  await model.fit(X, Y, { ...KEPT, epochs: 3, verbose: 0, callbacks });
  const [found, expected] = [lines.join(''), golden.csv.text].map((text) =>
    text.split('\r\n').map((row) => row.split(',')),
  );
  const shape = (rows: string[][]) =>
    rows.map((row) => row.map((cell) => (/^0\.\d{6,}$/.test(cell) ? 'number' : cell)));
  assert.equal(shape(found), shape(expected));
  expected.forEach((row, i) => {
    row.forEach((cell, j) => {
      const [a, b] = [Number(found[i][j]), Number(cell)];
      if (Number.isFinite(b)) assert.ok(Math.abs(a - b) <= 1e-4 * Math.abs(b), `${row}: ${found[i][j]}`);
    });
  });
});

test('early stopping ends training and gives the best weights back', async () => {
  const model = line(0.05);
  const seen: number[][] = [];
  const weights = async () => (await model.getWeights()).map((value) => Number(value.item()));
  const note = new LambdaCallback({ onEpochEnd: async () => void seen.push(await weights()) });
  // So high a rate makes it worse each time.
  const early = new EarlyStopping('loss', { patience: 2, restoreBestWeights: true });
  const { history } = await model.fit(X, Y, { epochs: 20, shuffle: false, verbose: 0, callbacks: [note, early] });
  assert.is(history.loss.length, early.stoppedEpoch + 1);
  assert.ok(early.stoppedEpoch < 19);
  assert.is(early.stoppedEpoch - early.bestEpoch, 2);
  assert.equal(await weights(), seen[early.bestEpoch]);
});

test('a rate that is lowered counts from the next step on', async () => {
  const model = line(0.01);
  const plateau = new ReduceLROnPlateau('loss', 0.5, 1, { minDelta: 1e9 });
  const { history } = await model.fit(X, Y, { ...KEPT, epochs: 4, verbose: 0, callbacks: [plateau] });
  assert.equal(history.lr, [0.01, 0.01, 0.005, 0.0025].map(Math.fround));
  const before = (await model.getWeights()).map((value) => Number(value.item()));
  const still = new LearningRateScheduler(() => 0);
  await model.fit(X, Y, { ...KEPT, verbose: 0, callbacks: [still] });
  assert.equal(
    (await model.getWeights()).map((value) => Number(value.item())),
    before,
  );
});

test('training ends with the batch whose loss is no number', async () => {
  const model = line(1e20);
  let batches = 0;
  const count = new LambdaCallback({ onTrainBatchEnd: () => void batches++ });
  const { output } = await captured(() =>
    model.fit(X, Y, { epochs: 9, batchSize: 1, shuffle: false, verbose: 0, callbacks: [count, new TerminateOnNaN()] }),
  );
  assert.match(output, /^Batch \d+: Invalid loss, terminating training\n$/);
  assert.ok(batches < 10);
});

test('checkpoints are saved by the methods of the model', async () => {
  const model = line();
  const paths: string[] = [];
  Object.assign(model, { saveWeights: async (path: string) => void paths.push(path) });
  const callback = new ModelCheckpoint('w.{epoch:02d}-{mae:.1f}.h5', { saveWeightsOnly: true, monitor: 'mae' });
  const { history } = await model.fit(X, Y, { ...KEPT, verbose: 0, callbacks: [callback] });
  assert.equal(
    paths,
    history.mae.map((mae, i) => `w.0${i + 1}-${mae.toFixed(1)}.h5`),
  );
});

tests.run();
