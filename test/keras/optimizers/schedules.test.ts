/** Schedules of learning rates: their values against Keras's, configurations, and what may go wrong. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../../runtime/session.ts';
import * as optimizers from '../../../src/keras/optimizers/index.ts';
import {
  type Config,
  customObjectScope,
  fromPythonKeys,
  type Serialized,
  toPythonKeys,
} from '../../../src/keras/serialization.ts';
import { truediv } from '../../../src/ops/arithmetic.ts';
import { placeholder } from '../../../src/ops/placeholders.ts';
import type { TensorLike } from '../../../src/ops/tensor-like.ts';
import { RuntimeError, ValueError } from '../../../src/util/errors.ts';
import type { NdArray } from '../../../src/util/ndarray.ts';
import { difference, FORWARD, fromGolden } from '../../support/compare.ts';
import { leakChecked } from '../../support/leaks.ts';
import { failure } from '../../support/session.ts';
import { golden } from './training.ts';

const { schedules } = optimizers;
const tests = suite('Keras learning rate schedules');
const test = leakChecked(tests);

for (const wanted of golden.schedules) {
  test(`${wanted.class} ${JSON.stringify(wanted.args)} is Keras's`, async () => {
    const config = fromPythonKeys(wanted.args) as Config;
    const schedule = schedules.deserialize({ className: wanted.class, config });
    assert.equal(toPythonKeys(schedule.getConfig()), wanted.config);
    assert.equal(toPythonKeys(schedules.serialize(schedule)), wanted.legacy);
    for (const type of ['int64', 'float32'] as const) {
      const step = placeholder(type, [], { name: 'step' });
      const rate = schedule.call(step);
      using sess = new Session();
      for (const [i, at] of wanted.steps.entries()) {
        const value = (await sess.run(rate as never, { feedDict: [[step, at]] })) as NdArray;
        assert.is(difference(value, fromGolden(wanted.values[type][i]), FORWARD), null);
      }
    }
  });
}

class Halving extends schedules.LearningRateSchedule {
  readonly rate: number;
  constructor({ rate }: { readonly rate: number }) {
    super();
    this.rate = rate;
  }
  override call(step: TensorLike): TensorLike {
    return truediv(this.rate, (step as { add(y: number): TensorLike }).add(1));
  }
  override getConfig(): Config {
    return { rate: this.rate };
  }
}

test('a schedule of the user trains, is saved and found by its name', () => {
  const optimizer = new optimizers.SGD(new Halving({ rate: 0.5 }));
  const config = optimizer.getConfig();
  assert.equal(config.learningRate, { className: 'Halving', config: { rate: 0.5 } });
  assert.throws(() => optimizers.SGD.fromConfig(config), /Unknown decay: 'Halving'/);
  customObjectScope({ Halving: Halving as never }, () => {
    const again = optimizers.SGD.fromConfig(config);
    assert.instance(again.learningRate, Halving);
    assert.equal(again.getConfig(), config);
  });
  const saved = schedules.serialize(new Halving({ rate: 1 }));
  assert.instance(schedules.deserialize(saved, { customObjects: { Halving: Halving as never } }), Halving);
});

test('arguments by position and by keyword are the same', () => {
  const { ExponentialDecay, PolynomialDecay, CosineDecay } = schedules;
  assert.equal(
    new ExponentialDecay(0.1, 2, 0.5, true, 'n').getConfig(),
    new ExponentialDecay({
      initialLearningRate: 0.1,
      decaySteps: 2,
      decayRate: 0.5,
      staircase: true,
      name: 'n',
    }).getConfig(),
  );
  assert.equal(new PolynomialDecay(0.1, 4, { power: 2 }).getConfig().power, 2);
  assert.equal(new CosineDecay(0.1, 4, 0.5, null, 1, 3).getConfig(), {
    initialLearningRate: 0.1,
    decaySteps: 4,
    alpha: 0.5,
    name: null,
    warmupTarget: 1,
    warmupSteps: 3,
  });
});

test('errors are named as by Keras', async () => {
  const lengths = await failure(() => new schedules.PiecewiseConstantDecay([1, 2], [1]));
  assert.instance(lengths, ValueError);
  assert.is(
    lengths.message,
    'The length of boundaries should be 1 less than the length of values. Received: boundaries=[1, 2] of length 2, and values=[1] of length 1.',
  );
  class Empty extends schedules.LearningRateSchedule {}
  const call = await failure(() => new Empty().call(1));
  assert.instance(call, RuntimeError);
  assert.is(call.message, "Learning rate schedule 'Empty' must override `__call__(self, step)`.");
  const config = await failure(() => new Empty().getConfig());
  assert.is(config.message, "Learning rate schedule 'Empty' must override `get_config()` in order to be serializable.");
  const unknown = await failure(() => schedules.deserialize({ className: 'Foo', config: {} } as Serialized));
  assert.match(unknown.message, "Unknown decay: 'Foo'");
});

tests.run();
