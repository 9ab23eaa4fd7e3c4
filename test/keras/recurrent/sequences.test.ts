/**
 * What stands around the recurrent layers against Keras 2.15 in graph mode: the backend's `rnn`, the words of errors, and a
 * model that keeps states from batch to batch. The layers themselves are in `layers.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../../src/index.ts';
import { difference, FORWARD, fromGolden, type GoldenArray } from '../../support/compare.ts';
import { leakChecked } from '../../support/leaks.ts';
import { failure } from '../../support/session.ts';
import { goldens } from './support.ts';

const test = suite('recurrent layers in models');
const check = leakChecked(test);
const { layers } = tf.keras;
const K = tf.keras.backend;

function near(actual: tf.NdArray, expected: GoldenArray, what: string): void {
  assert.is(difference(actual, fromGolden(expected), FORWARD), null, what);
}

const { x: X, h: H, w: W, u: U, mask: MASK, runs } = goldens.backend;
const lengths = () => tf.constant([1, 4, 2], tf.int32);

/** What each of the golden's runs asks for. */
const asked: Readonly<Record<string, () => object>> = {
  plain: () => ({}),
  backwards: () => ({ goBackwards: true }),
  mask: () => ({ mask: fromGolden(MASK) }),
  'mask backwards': () => ({ mask: fromGolden(MASK), goBackwards: true }),
  zeroes: () => ({ mask: fromGolden(MASK), zeroOutputForMask: true }),
  'mask unrolled': () => ({ mask: fromGolden(MASK), unroll: true }),
  'zeroes unrolled': () => ({ mask: fromGolden(MASK), unroll: true, zeroOutputForMask: true }),
  'time major': () => ({ timeMajor: true }),
  lengths: () => ({ inputLength: lengths() }),
  'lengths backwards': () => ({ inputLength: lengths(), goBackwards: true }),
};

for (const { name, values } of runs) {
  check(`the backend's rnn: ${name}`, async () => {
    const [x, h, w, u] = [X, H, W, U].map((array) => tf.constant(fromGolden(array)));
    const options = asked[name]() as never;
    const step = (inputs: tf.Tensor, [state]: tf.Tensor[]) => {
      const next = tf.tanh(tf.matmul(inputs, w).add(tf.matmul(state, u)));
      return [next.mul(2), [next]] as const;
    };
    const steps = name === 'time major' ? tf.transpose(x, [1, 0, 2]) : x;
    const [last, outputs, states] = K.rnn(step, steps, [h], options);
    using session = new tf.Session();
    const found = (await session.run([last, outputs, states[0]] as tf.Tensor[])) as tf.NdArray[];
    found.forEach((value, i) => {
      near(value, values[i], `${name}, result ${i}`);
    });
  });
}

const unknown = (...shape: (number | null)[]) => tf.placeholder(tf.float32, shape);
const { Bidirectional: B, LSTM, GRU, RNN } = layers;
const wrong: Readonly<Record<string, () => unknown>> = {
  units: () => new LSTM(0),
  'no call': () => new RNN(3 as never),
  'no batch': () => new LSTM(2, { stateful: true }).apply(unknown(null, 3, 2)),
  unroll: () => new LSTM(2, { unroll: true }).apply(unknown(2, null, 2)),
  'number of states': () => new LSTM(2).apply(tf.zeros([2, 3, 2]), { initialState: [tf.zeros([2, 2])] }),
  rank: () => new LSTM(2).apply(tf.zeros([2, 3])),
  steps: () => K.rnn((x, s) => [x, s], unknown(2, null, 2), [], { unroll: true }),
  merge: () => new B(new LSTM(2), { mergeMode: 'max' as never }),
  'same way': () => new B(new LSTM(2), { backwardLayer: new LSTM(2) as never }),
  'other results': () =>
    new B(new LSTM(2), { backwardLayer: new LSTM(2, { goBackwards: true, returnSequences: true }) as never }),
  'odd states': () => new B(new GRU(2)).apply(tf.zeros([2, 3, 2]), { initialState: [tf.zeros([2, 2])] }),
  'unrolled convolution': () => new layers.ConvLSTM2D(2, 2, { unroll: true } as never),
};
/** What is named by address, or by the class of a list, in Python. */
const plain = (text: string) =>
  text
    .replace(/ListWrapper\((\[.*\])\);/, '$1;')
    .replace(/<tf_keras\.\S+\.(\w+) object at 0x\w+>/g, '$1')
    .replace(/\[<tf.Tensor .*>\]|\[Tensor\(.*\)\]/g, '[tensors]');

for (const [name, [type, message]] of Object.entries(goldens.errors)) {
  // Whether a function takes constants cannot be seen here: a cell that does not look at them goes on without.
  if (name === 'constants') continue;
  check(`an error as in Keras: ${name}`, async () => {
    const error = await failure(wrong[name]);
    assert.is(error.name, type, error.message);
    assert.is(plain(error.message), plain(message));
  });
}

check('a model of a layer that keeps its state predicts, starts again, learns and keeps as in Keras', async () => {
  const { weights, x, y, first, second, again, loss, evaluated, final, states } = goldens.stateful;
  const keras = tf.createKeras();
  // The golden's is the layer of the second API.
  const gru = new keras.layers.GRU(2, {
    stateful: true,
    resetAfter: true,
    recurrentActivation: 'sigmoid',
    batchInputShape: [2, 3, 2],
  });
  const model = new keras.Sequential([gru, new keras.layers.Dense(1)]);
  model.compile({ optimizer: new tf.keras.optimizers.SGD(0.1), loss: 'mse' });
  await model.setWeights(weights.map(fromGolden));
  const [xs, ys] = [fromGolden(x), fromGolden(y)];
  near((await model.predict(xs, { batchSize: 2 })) as tf.NdArray, first, 'first');
  near((await model.predict(xs, { batchSize: 2 })) as tf.NdArray, second, 'second');
  await model.resetStates();
  near((await model.predict(xs, { batchSize: 2 })) as tf.NdArray, again, 'again');
  await model.resetStates();
  const { history } = await model.fit(xs, ys, { batchSize: 2, epochs: 3, shuffle: false, verbose: 0 });
  history.loss.forEach((value, i) => {
    assert.ok(Math.abs(Number(value) - loss[i]) < 1e-5, `${history.loss}, expected ${loss}`);
  });
  const found = Number(await model.evaluate(xs, ys, { batchSize: 2, verbose: 0 }));
  assert.ok(Math.abs(found - evaluated) < 1e-5, `${found}, expected ${evaluated}`);
  (await model.getWeights()).forEach((value, i) => {
    near(value as tf.NdArray, final[i], `weight ${i}`);
  });
  const kept = await Promise.all((gru.states ?? []).map((state) => keras.backend.getValue(state as tf.Variable)));
  kept.forEach((value, i) => {
    near(value as tf.NdArray, states[i], `state ${i}`);
  });
  keras.backend.clearSession();
});

test.run();
