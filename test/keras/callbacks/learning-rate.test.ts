/** Callbacks that set the learning rate, against the rates of Keras; the rate in a session, or before there is a step. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../../../runtime/session.ts';
import { Graph } from '../../../src/graph/graph.ts';
import { LearningRateScheduler, ReduceLROnPlateau } from '../../../src/keras/callbacks/index.ts';
import { readLearningRate, writeLearningRate } from '../../../src/keras/callbacks/learning-rate.ts';
import { integrated } from '../../../src/keras/context.ts';
import { SGD, schedules, TFOptimizer } from '../../../src/keras/optimizers/index.ts';
import { constant } from '../../../src/ops/constants.ts';
import { reduceSum } from '../../../src/ops/reductions.ts';
import { GradientDescentOptimizer } from '../../../src/train/gradient-descent.ts';
import { ValueError } from '../../../src/util/errors.ts';
import { Variable } from '../../../src/variables/variable.ts';
import { leakChecked } from '../../support/leaks.ts';
import { failure } from '../../support/session.ts';
import { captured, connected, goldens, logsOf, NotingModel } from './support.ts';

const tests = suite('callbacks that set the learning rate');
const test = leakChecked(tests);

/** A model in training: the step of its optimizer is built, so the rate is a variable of its graph. */
class TrainedModel extends NotingModel {
  override readonly context = integrated;
  override readonly variables: readonly Variable[];

  constructor(optimizer: SGD | TFOptimizer, graph = integrated.graph) {
    super(optimizer, graph);
    const w = graph.asDefault(() => new Variable([1, 2], { name: 'w' }));
    graph.asDefault(() => optimizer.getUpdates(reduceSum(w.mul(w)), [w]));
    const rate = optimizer instanceof SGD ? graph.asDefault(() => optimizer.learningRate) : null;
    this.variables = rate instanceof Variable ? [w, rate] : [w];
    for (const variable of this.variables) this.context.track(variable);
  }
}

type GoldenLogs = Readonly<Record<string, number | string>>;

interface PlateauCase {
  readonly options: Record<string, unknown>;
  readonly initial: number;
  readonly rounds: number;
  readonly logs: readonly GoldenLogs[];
  readonly logged: readonly number[];
  readonly rates: readonly number[];
  readonly output: string;
  readonly warnings: string[];
}

for (const [i, golden] of goldens<PlateauCase[]>('reduceLROnPlateau').entries()) {
  test(`ReduceLROnPlateau sets the rates that Keras sets: case ${i}, ${JSON.stringify(golden.options)}`, async () => {
    const model = new TrainedModel(new SGD(golden.initial));
    const rates: number[] = [];
    const logged: number[] = [];
    const nodes = model.graph.size;
    const { output, warnings } = await captured(async () => {
      const callback = connected(new ReduceLROnPlateau(golden.options), model);
      for (let round = 0; round < golden.rounds; round++) {
        callback.onTrainBegin();
        for (const [epoch, given] of golden.logs.entries()) {
          const logs = logsOf(given);
          await callback.onEpochEnd(epoch, logs);
          logged.push(logs.lr);
          rates.push(await readLearningRate(model));
        }
      }
    });
    assert.equal(rates, golden.rates);
    assert.equal(logged, golden.logged);
    assert.is(output, golden.output);
    const unknown = /is unknown/;
    assert.equal(
      [...new Set(warnings.filter((text) => !unknown.test(text)))],
      [...new Set(golden.warnings.filter((text) => !unknown.test(text)))],
    );
    assert.is(model.graph.size, nodes, 'the graph grew');
  });
}

const SCHEDULES: Readonly<Record<string, (epoch: number, lr: number) => number>> = {
  'halve every two': (epoch, lr) => (epoch % 2 ? lr * 0.5 : lr),
  exponential: (epoch) => 0.1 / 10 ** epoch,
  float: () => 0.05,
};

for (const golden of goldens<
  { schedule: string; initial: number; verbose: number; rates: number[]; logged: number[]; output: string }[]
>('learningRateScheduler')) {
  test(`LearningRateScheduler sets the rates that Keras sets: ${golden.schedule}`, async () => {
    const model = new TrainedModel(new SGD(golden.initial));
    const rates: number[] = [];
    const logged: number[] = [];
    const { output } = await captured(async () => {
      const callback = connected(new LearningRateScheduler(SCHEDULES[golden.schedule], golden.verbose), model);
      for (let epoch = 0; epoch < golden.rates.length; epoch++) {
        await callback.onEpochBegin(epoch);
        rates.push(await readLearningRate(model));
        const logs = logsOf({ loss: 1 });
        await callback.onEpochEnd(epoch, logs);
        logged.push(logs.lr);
      }
    });
    assert.equal([rates, logged, output], [golden.rates, golden.logged, golden.output]);
  });
}

test('before a step is built the rate is the number that was given', async () => {
  const optimizer = new SGD(0.1);
  const model = new NotingModel(optimizer);
  assert.is(await readLearningRate(model), 0.1);
  await writeLearningRate(model, 0.2);
  assert.is(optimizer.learningRate, 0.2);
});

test('the rate is that of the graph of the model, also where another is current', async () => {
  const optimizer = new SGD(0.1);
  const other = new Graph();
  const model = new TrainedModel(optimizer);
  const w = other.asDefault(() => new Variable([1], { name: 'w' }));
  other.asDefault(() => optimizer.getUpdates(reduceSum(w.mul(w)), [w]));
  await writeLearningRate(model, 0.5);
  assert.is(await readLearningRate(model), 0.5);
});

test('a rate that is no number is not set, and one that is a schedule is not read', async () => {
  const schedule = new TrainedModel(new SGD(new schedules.ExponentialDecay(0.1, 10, 0.5)));
  assert.match((await failure(() => readLearningRate(schedule))).message, /cannot be read by a callback/);
  assert.match((await failure(() => writeLearningRate(schedule, 1))).message, /cannot be set by a callback/);
  const tensor = new TrainedModel(new SGD(constant(0.25)));
  assert.is(await readLearningRate(tensor), 0.25);
  assert.match((await failure(() => writeLearningRate(tensor, 1))).message, /cannot be set by a callback/);
  const train = new TrainedModel(new TFOptimizer(new GradientDescentOptimizer(0.1)));
  const error = await failure(() => readLearningRate(train));
  assert.instance(error, ValueError);
  assert.is(error.message, 'Optimizer must have a "lr" attribute.');
});

test('a schedule that gives no number is refused, and a factor that lowers nothing', async () => {
  const model = new TrainedModel(new SGD(0.1));
  const callback = connected(new LearningRateScheduler({ schedule: () => '0.1' as never }), model);
  const error = await failure(() => callback.onEpochBegin(0));
  assert.instance(error, ValueError);
  assert.is(error.message, 'The output of the "schedule" function should be float. Got: 0.1');
  assert.is(await readLearningRate(model), Math.fround(0.1));
  assert.throws(
    () => new ReduceLROnPlateau({ factor: 1 }),
    (thrown: Error) => thrown.message === 'ReduceLROnPlateau does not support a factor >= 1.0. Got 1.0',
  );
  assert.throws(
    () => new LearningRateScheduler({}),
    (thrown: Error) => thrown instanceof ValueError && /schedule/.test(thrown.message),
  );
});

tests.run();
