/**
 * Whole models with all passes off and on, on wasm and cpu: the same losses and variables after some steps of training.
 * What the optimising passes may change is rounding.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';

const test = suite('session/differential');

interface Model {
  readonly feeds: readonly (readonly [tf.Tensor, { data: Float32Array | Int32Array; shape: number[] }])[];
  readonly loss: tf.Tensor;
  readonly step: tf.Operation | tf.Tensor;
}

/** Numbers in [-1, 1) that are the same every time. */
function numbers(shape: number[], seed: number): { data: Float32Array; shape: number[] } {
  let state = seed;
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  return { data, shape };
}

function weights(name: string, shape: number[], seed: number): tf.Variable {
  const { data } = numbers(shape, seed);
  return new tf.Variable({ data: data.map((x) => x / 2), shape }, { name });
}

const models: Readonly<Record<string, () => Model>> = {
  'an MLP with momentum and weight decay'() {
    const [x, y] = [tf.placeholder(tf.float32, [null, 6]), tf.placeholder(tf.int32, [null])];
    const [w1, w2, b] = [weights('w1', [6, 8], 1), weights('w2', [8, 3], 2), weights('b', [8], 3)];
    const hidden = tf.nn.relu(tf.nn.biasAdd(tf.matmul(x, w1), b));
    const entropy = tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits: tf.matmul(hidden, w2) });
    const loss = tf.reduceMean(entropy).add(tf.nn.l2Loss(w1).mul(1e-3));
    const step = new tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss);
    return {
      feeds: [
        [x, numbers([5, 6], 4)],
        [y, { data: Int32Array.of(0, 1, 2, 1, 0), shape: [5] }],
      ],
      loss,
      step,
    };
  },
  'a convolutional network with Adam'() {
    const [x, y] = [tf.placeholder(tf.float32, [null, 6, 6, 2]), tf.placeholder(tf.float32, [null, 3])];
    const [k, w] = [weights('k', [3, 3, 2, 4], 1), weights('w', [36, 3], 2)];
    const h = tf.nn.relu(tf.nn.conv2d(x, k, { strides: [1, 1, 1, 1], padding: 'SAME' }));
    const pooled = tf.reshape(tf.nn.maxPool(h, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID'), [-1, 36]);
    const logits = tf.matmul(pooled, w);
    const loss = tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: y, logits }));
    const step = new tf.train.AdamOptimizer(0.01).minimize(loss);
    const labels = { data: Float32Array.of(1, 0, 0, 0, 1, 0), shape: [2, 3] };
    return {
      feeds: [
        [x, numbers([2, 6, 6, 2], 3)],
        [y, labels],
      ],
      loss,
      step,
    };
  },
  'batch normalisation, dropout and RMSProp'() {
    tf.setRandomSeed(5);
    const x = tf.placeholder(tf.float32, [null, 4]);
    const [w, gamma, beta] = [weights('w', [4, 4], 1), weights('gamma', [4], 2), weights('beta', [4], 3)];
    const h = tf.matmul(x, w);
    const [mean, variance] = tf.nn.moments(h, [0]);
    const normal = tf.nn.batchNormalization(h, mean, variance, beta, gamma, 1e-3);
    const loss = tf.reduceSum(tf.square(tf.nn.dropout(tf.tanh(normal), { rate: 0.25, seed: 3 })));
    const step = new tf.train.RMSPropOptimizer(0.01, { momentum: 0.5, centered: true }).minimize(loss);
    return { feeds: [[x, numbers([6, 4], 4)]], loss, step };
  },
  'embeddings with sparse updates'() {
    const ids = tf.placeholder(tf.int32, [null]);
    const [table, w] = [weights('table', [7, 3], 1), weights('w', [3, 1], 2)];
    const loss = tf.reduceMean(tf.square(tf.matmul(tf.nn.embeddingLookup(table, ids), w).sub(1)));
    const step = new tf.train.AdagradOptimizer(0.1).minimize(loss);
    return { feeds: [[ids, { data: Int32Array.of(0, 3, 3, 6), shape: [4] }]], loss, step };
  },
  'a layer so wide that its products are turned'() {
    const [x, y] = [tf.placeholder(tf.float32, [null, 256]), tf.placeholder(tf.float32, [null, 128])];
    const [w, b] = [weights('w', [256, 128], 1), weights('b', [128], 2)];
    const loss = tf.reduceMean(tf.square(tf.nn.biasAdd(tf.matmul(x, w), b).sub(y)));
    const step = new tf.train.GradientDescentOptimizer(0.1).minimize(loss);
    return {
      feeds: [
        [x, numbers([4, 256], 3)],
        [y, numbers([4, 128], 4)],
      ],
      loss,
      step,
    };
  },
  'much to simplify'() {
    const x = tf.placeholder(tf.float32, [null, 3]);
    const w = weights('w', [3, 3], 1);
    const twice = tf.constant(1).add(1);
    const a = tf
      .transpose(tf.transpose(tf.matmul(x, w)))
      .mul(twice)
      .div(twice);
    const b = tf.reshape(tf.reshape(tf.matmul(x, w).mul(twice).div(twice), [-1]), tf.shape(a));
    const loss = tf.reduceSum(tf.pow(a.add(b).add(0).neg().neg(), 2)).mul(1);
    const step = new tf.train.GradientDescentOptimizer(1e-3).minimize(loss);
    return { feeds: [[x, numbers([4, 3], 2)]], loss, step };
  },
};

async function train(build: () => Model, config: { backend: string; passes?: boolean }): Promise<number[]> {
  const graph = new tf.Graph();
  const { model, init, variables } = graph.asDefault(() => {
    const model = build();
    return { model, init: tf.globalVariablesInitializer(), variables: tf.globalVariables() };
  });
  using session = new tf.Session({ graph, config });
  await session.run(init);
  const results: number[] = [];
  for (let i = 0; i < 4; i++) {
    const [, loss] = await session.run([model.step, model.loss], { feedDict: [...model.feeds] });
    results.push(Number(loss));
  }
  for (const value of await session.run([...variables] as tf.Variable[])) {
    results.push(...Array.from(value.data as Float32Array, Number));
  }
  return results;
}

for (const [name, build] of Object.entries(models)) {
  test(`${name}: passes off and on, wasm and cpu, agree`, async () => {
    const expected = await train(build, { backend: 'cpu', passes: false });
    assert.ok(expected.every(Number.isFinite));
    for (const config of [{ backend: 'cpu' }, { backend: 'wasm' }, { backend: 'wasm', passes: false }]) {
      const actual = await train(build, config);
      assert.is(actual.length, expected.length);
      const worst = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]) / (1 + Math.abs(expected[i]))));
      assert.ok(worst < 1e-4, `${JSON.stringify(config)}: differs by ${worst}`);
    }
  });
}

test('a matrix is right in products of two shapes, on wasm where packed weights are kept per buffer', async () => {
  const graph = new tf.Graph();
  const { products, w } = graph.asDefault(() => {
    const w = new tf.Variable([[1], [2], [3]]);
    const row = tf.reshape(w.value(), [1, 3]);
    return { w, products: [tf.matmul(tf.ones([2, 3]), w), tf.matmul(tf.ones([2, 1]), row), tf.matmul(row, w)] };
  });
  using session = new tf.Session({ graph, config: { backend: 'wasm' } });
  await session.run(w.initializer);
  for (let i = 0; i < 2; i++) {
    const [column, outer, inner] = await session.run(products);
    assert.equal(column.array(), [[6], [6]]);
    assert.equal(outer.array(), [
      [1, 2, 3],
      [1, 2, 3],
    ]);
    assert.equal(inner.array(), [[14]]);
  }
});

test.run();
