/** Properties of softmax, losses and normalisation. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { axis, floats, ints, length, seed, shape } from '../support/arbitraries.ts';
import { family } from '../support/properties.ts';

const test = suite('properties/networks');
const check = family(test);
const some = fc.integer({ min: 1, max: 4 });

check(
  'softmax and its logarithm along any axis',
  12,
  shape(1).chain((of) => fc.record({ of: fc.constant(of), at: axis(of.length), seed })),
  ({ of, at, seed: from }) => ({
    inputs: [floats(of, from, { low: -6, high: 6 })],
    build: ([x]) => [tf.nn.softmax(x, { axis: at }), tf.nn.logSoftmax(x, { axis: at })],
    smooth: true,
  }),
);

check('cross entropies', 10, fc.record({ of: shape(1, 3, some), seed }), ({ of, seed: from }) => ({
  inputs: [floats(of, from), floats(of, from + 1), ints(of.slice(0, -1), from, 0, (of.at(-1) as number) - 1)],
  build: ([x, y, i]) => [
    tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: tf.nn.softmax(y), logits: x }),
    tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: i, logits: x }),
    tf.nn.sigmoidCrossEntropyWithLogits({ labels: tf.sigmoid(y), logits: x }),
  ],
  smooth: true,
}));

check(
  'bias, on the last axis or after the batch',
  7,
  fc.record({ of: shape(3, 4), first: fc.boolean(), seed }),
  ({ of, first, seed: from }) => ({
    inputs: [floats(of, from), floats([first ? of[1] : (of.at(-1) as number)], from + 1)],
    build: ([x, b]) => tf.nn.relu(tf.add(tf.nn.biasAdd(x, b, { dataFormat: first ? 'NC..' : 'N..C' }), 0.0004)),
  }),
);

check(
  'moments and normalisation by them',
  10,
  shape(1, 4, some).chain((of) =>
    fc.record({
      of: fc.constant(of),
      over: fc.subarray(
        of.map((_, i) => i),
        { minLength: 1 },
      ),
      keepDims: fc.boolean(),
      seed,
    }),
  ),
  ({ of, over, seed: from }) => ({
    inputs: [floats(of, from), floats([of.at(-1) as number], from + 1)],
    build: ([x, gamma]) => {
      const [mean, variance] = tf.nn.moments(x, over, { keepDims: true });
      return [mean, variance, tf.nn.batchNormalization(x, mean, variance, null, gamma, 0.1)];
    },
    smooth: true,
  }),
);

check(
  'fused batch normalisation, in training and not',
  7,
  fc.record({ batch: some, height: some, width: some, channels: some, isTraining: fc.boolean(), seed }),
  ({ batch, height, width, channels, isTraining, seed: from }) => {
    const vector = (k: number) => floats([channels], from + k, { low: 0.5, high: 1.5 });
    const inputs = [floats([batch, height, width, channels], from), vector(1), vector(2)];
    if (!isTraining) inputs.push(vector(3), vector(4));
    return {
      inputs,
      build: ([x, scale, offset, mean, variance]) =>
        tf.nn.fusedBatchNorm(x, scale, offset, { mean, variance, epsilon: 0.1, isTraining })[0],
    };
  },
);

check(
  'a layer of weights with an activation',
  7,
  fc.record({ sizes: fc.tuple(length, some, some), name: fc.constantFrom('relu', 'tanh', 'sigmoid', 'elu'), seed }),
  ({ sizes: [n, k, m], name, seed: from }) => {
    const activation = { relu: tf.nn.relu, tanh: tf.tanh, sigmoid: tf.sigmoid, elu: tf.nn.elu }[name] as (
      x: tf.Tensor,
    ) => tf.Tensor;
    return {
      inputs: [floats([n, k], from), floats([k, m], from + 1), floats([m], from + 2)],
      build: ([x, w, b]) => activation(tf.add(tf.matmul(x, w), b)),
      smooth: true,
    };
  },
);

check('losses over a batch', 6, fc.record({ of: shape(1, 3, some), seed }), ({ of, seed: from }) => ({
  inputs: [floats(of, from), floats(of, from + 1)],
  build: ([x, y]) => [
    tf.nn.l2Loss(x),
    tf.reduceMean(tf.squaredDifference(x, y)),
    tf.nn.l2Normalize(x, -1, { epsilon: 1e-3 }),
  ],
  smooth: true,
}));

test.run();
