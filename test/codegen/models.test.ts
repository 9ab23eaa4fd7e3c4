/**
 * Small models that train some steps with generated kernels and without: the same losses and gradients at each step. Layers of
 * all kinds, every optimizer, and gradients against differences. Weights are compared loosely: some optimizers turn rounding into steps.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { floats } from '../support/codegen.ts';
import { configure } from '../support/keras.ts';
import { leakChecked } from '../support/leaks.ts';

const test = suite('codegen/models');
const check = leakChecked(test);

type Feeds = readonly (readonly [tf.Tensor, tf.NdArray])[];

interface Model {
  readonly feeds: Feeds;
  readonly loss: tf.Tensor;
  readonly optimizer?: tf.train.Optimizer;
}

const STEPS = 4;

function weights(name: string, shape: readonly number[], from: number): tf.Variable {
  const array = floats(shape, from);
  const data = (array.data as Float32Array).map((x) => x / 4);
  return new tf.Variable(new tf.NdArray(tf.float32, shape, data), { name });
}
function labels(count: number, classes: number): tf.NdArray {
  return new tf.NdArray(
    tf.int32,
    [count],
    Int32Array.from({ length: count }, (_, i) => (i * 7) % classes),
  );
}

interface Trace {
  /** By step: the loss, and the gradients of all variables. */
  readonly steps: readonly (readonly tf.NdArray[])[];
  readonly weights: readonly tf.NdArray[];
}

async function train(build: () => Model, config: { backend: string; codegen?: boolean }): Promise<Trace> {
  const graph = new tf.Graph();
  const { model, step, gradients, init } = graph.asDefault(() => {
    tf.setRandomSeed(7);
    const model = build();
    const optimizer = model.optimizer ?? new tf.train.GradientDescentOptimizer(0.1);
    const pairs = optimizer.computeGradients(model.loss).filter(([gradient]) => gradient !== null);
    const updates = tf.getCollection(tf.GraphKeys.UPDATE_OPS) as tf.Operation[];
    const step = tf.controlDependencies(updates, () =>
      optimizer.applyGradients(pairs, tf.train.getOrCreateGlobalStep()),
    );
    const gradients = pairs.map(([gradient]) => tf.convertToTensor(gradient as tf.Tensor));
    return { model, step, gradients, init: tf.globalVariablesInitializer() };
  });
  using session = new tf.Session({ graph, config });
  await session.run(init);
  const steps: tf.NdArray[][] = [];
  for (let i = 0; i < STEPS; i++) {
    const [values] = await session.run([[model.loss, ...gradients], step], { feedDict: [...model.feeds] });
    steps.push(values as tf.NdArray[]);
  }
  const variables = graph.asDefault(() => tf.globalVariables().filter(({ dtype }) => dtype === tf.float32));
  return { steps, weights: (await session.run(variables)) as tf.NdArray[] };
}

/** The greatest difference between arrays, relative to their largest element. */
function worst(actual: readonly tf.NdArray[], expected: readonly tf.NdArray[]): number {
  let result = 0;
  expected.forEach((array, k) => {
    const [a, e] = [actual[k].data as Float32Array, array.data as Float32Array];
    let [largest, far] = [1e-3, 0];
    e.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value));
      far = Math.max(far, Number.isFinite(a[i]) ? Math.abs(a[i] - value) : Infinity);
    });
    result = Math.max(result, far / largest);
  });
  return result;
}

const OFF = { backend: 'wasm', codegen: false };

async function compare(build: () => Model, first: number, later: number, others = [OFF, { backend: 'cpu' }]) {
  const generated = await train(build, { backend: 'wasm' });
  for (const config of others) {
    const plain = await train(build, config);
    plain.steps.forEach((expected, i) => {
      const found = worst(generated.steps[i], expected);
      assert.ok(found <= (i === 0 ? first : later), `step ${i} is off by ${found} from ${JSON.stringify(config)}`);
    });
    const found = worst(generated.weights, plain.weights);
    assert.ok(found <= 100 * later, `weights are off by ${found} from ${JSON.stringify(config)}`);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Models

const dense = (): Model => {
  const [x, y] = [tf.placeholder(tf.float32, [null, 13]), tf.placeholder(tf.int32, [null])];
  const h = tf.layers.dense(x, 11, { activation: tf.nn.relu });
  const logits = tf.layers.dense(h, 5);
  const decay = tf.addN(tf.trainableVariables().map((v) => tf.nn.l2Loss(v)));
  return {
    feeds: [
      [x, floats([9, 13], 1)],
      [y, labels(9, 5)],
    ],
    loss: tf.losses.sparseSoftmaxCrossEntropy(y, logits).add(tf.multiply(decay, 1e-3)) as tf.Tensor,
  };
};

const models: Readonly<Record<string, () => Model>> = {
  'dense layers with weight decay': dense,
  'convolutions, pools and batch norm'() {
    const [x, y] = [tf.placeholder(tf.float32, [null, 11, 9, 2]), tf.placeholder(tf.int32, [null])];
    let h = tf.layers.conv2d(x, 5, 3, { padding: 'same', useBias: false });
    h = tf.nn.relu(tf.layers.batchNormalization(h, { training: true }));
    h = tf.layers.maxPooling2d(h, 2, 2);
    h = tf.layers.conv2d(h, 7, [3, 2], { strides: 2, activation: tf.nn.relu6 });
    h = tf.layers.averagePooling2d(h, 2, 1, { padding: 'same' });
    const logits = tf.layers.dense(tf.layers.flatten(h), 3);
    return {
      feeds: [
        [x, floats([6, 11, 9, 2], 1)],
        [y, labels(6, 3)],
      ],
      loss: tf.losses.sparseSoftmaxCrossEntropy(y, logits),
    };
  },
  'a block with a shortcut, dilated, depthwise and transposed convolutions'() {
    const x = tf.placeholder(tf.float32, [null, 8, 8, 3]);
    const same = { strides: [1, 1, 1, 1], padding: 'SAME' } as const;
    const h = tf.nn.conv2d(x, weights('w1', [3, 3, 3, 6], 1), { ...same, dilations: [1, 2, 2, 1] });
    const each = tf.nn.depthwiseConv2d(tf.nn.elu(h), weights('w2', [3, 3, 6, 1], 2), [1, 1, 1, 1], 'SAME');
    const sum = tf.nn.relu(tf.add(h, each));
    const small = tf.nn.conv2d(sum, weights('w3', [2, 2, 6, 4], 3), { strides: [1, 2, 2, 1], padding: 'VALID' });
    const back = tf.nn.conv2dTranspose(tf.tanh(small), weights('w4', [2, 2, 3, 4], 4), [3, 8, 8, 3], [1, 2, 2, 1]);
    return { feeds: [[x, floats([3, 8, 8, 3], 5)]], loss: tf.reduceMean(tf.squaredDifference(back, x)) };
  },
  'an LSTM over six steps'() {
    const [x, y] = [tf.placeholder(tf.float32, [4, 6, 5]), tf.placeholder(tf.float32, [4, 7])];
    const cell = new tf.nn.rnnCell.BasicLSTMCell(7);
    const [outputs] = tf.nn.dynamicRnn(cell, x, { dtype: tf.float32 });
    const last = tf.squeeze(tf.slice(outputs as tf.Tensor, [0, 5, 0], [-1, 1, -1]), [1]);
    return {
      feeds: [
        [x, floats([4, 6, 5], 1)],
        [y, floats([4, 7], 2)],
      ],
      loss: tf.reduceMean(tf.squaredDifference(last, y)),
    };
  },
  'an LSTM that is unrolled'() {
    const [x, y] = [tf.placeholder(tf.float32, [4, 5, 5]), tf.placeholder(tf.float32, [4, 6])];
    const cell = new tf.nn.rnnCell.LSTMCell(6);
    const [outputs] = tf.nn.staticRnn(cell, tf.unstack(x, { axis: 1 }), { dtype: tf.float32 });
    const all = outputs as tf.Tensor[];
    return {
      feeds: [
        [x, floats([4, 5, 5], 1)],
        [y, floats([4, 6], 2)],
      ],
      loss: tf.reduceMean(tf.squaredDifference(all[all.length - 1], y)),
    };
  },
  'dropout between dense layers'() {
    const x = tf.placeholder(tf.float32, [null, 12]);
    const h = tf.layers.dropout(tf.layers.dense(x, 10, { activation: tf.tanh }), {
      rate: 0.4,
      training: true,
      seed: 3,
    });
    const y = tf.layers.dense(h, 4, { activation: tf.sigmoid });
    return { feeds: [[x, floats([8, 12], 2)]], loss: tf.reduceMean(tf.square(tf.subtract(y, 0.3))) };
  },
  'attention of two heads with norms of rows'() {
    const [length, width, heads] = [7, 12, 2];
    const x = tf.placeholder(tf.float32, [2, length, width]);
    const split = (t: tf.Tensor) => tf.transpose(tf.reshape(t, [2, length, heads, width / heads]), [0, 2, 1, 3]);
    const norm = (t: tf.Tensor) => {
      const [mean, variance] = tf.nn.moments(t, [2], { keepDims: true });
      return tf.nn.batchNormalization(
        t,
        mean,
        variance,
        weights('beta', [width], 8),
        weights('gamma', [width], 9),
        1e-3,
      );
    };
    const flat = tf.reshape(norm(x), [2 * length, width]);
    const [q, k, v] = [1, 2, 3].map((i) =>
      split(tf.reshape(tf.matmul(flat, weights(`w${i}`, [width, width], i)), [2, length, width])),
    );
    const scores = tf.multiply(tf.matmul(q, k, { transposeB: true }), 1 / Math.sqrt(width / heads));
    const mask = tf.matrixBandPart(tf.ones([length, length]), -1, 0);
    const hidden = tf.multiply(tf.subtract(1, mask), -1e9);
    const mixed = tf.transpose(tf.matmul(tf.nn.softmax(tf.add(scores, hidden)), v), [0, 2, 1, 3]);
    const out = tf.add(x, tf.reshape(mixed, [2, length, width]));
    return { feeds: [[x, floats([2, length, width], 3)]], loss: tf.reduceMean(tf.square(norm(out))) };
  },
  'embeddings that are gathered'() {
    const ids = tf.placeholder(tf.int32, [null]);
    const table = weights('table', [7, 5], 1);
    const h = tf.nn.embeddingLookup(table, ids) as tf.Tensor;
    return {
      feeds: [[ids, new tf.NdArray(tf.int32, [6], Int32Array.of(0, 3, 3, 6, 1, 0))]],
      loss: tf.reduceMean(tf.square(tf.subtract(tf.matmul(h, weights('w', [5, 3], 2)), 1))),
    };
  },
};

for (const [name, build] of Object.entries(models)) {
  check(`${name}: codegen on and off give the same losses and gradients`, () => compare(build, 1e-5, 1e-5));
}

// ---------------------------------------------------------------------------------------------------------------------
// Optimizers

const optimizers: Readonly<Record<string, () => tf.train.Optimizer>> = {
  GradientDescent: () => new tf.train.GradientDescentOptimizer(0.1),
  ProximalGradientDescent: () => new tf.train.ProximalGradientDescentOptimizer(0.1, 0.01, 0.01),
  Momentum: () => new tf.train.MomentumOptimizer(0.1, 0.9),
  'Momentum, Nesterov': () => new tf.train.MomentumOptimizer(0.1, 0.9, { useNesterov: true }),
  Adam: () => new tf.train.AdamOptimizer(0.01),
  RMSProp: () => new tf.train.RMSPropOptimizer(0.01, { momentum: 0.5 }),
  'RMSProp, centered': () => new tf.train.RMSPropOptimizer(0.01, { momentum: 0.5, centered: true }),
  Adagrad: () => new tf.train.AdagradOptimizer(0.1),
  ProximalAdagrad: () => new tf.train.ProximalAdagradOptimizer(0.1, 0.1, 0.01, 0.01),
  AdagradDA: () => new tf.train.AdagradDAOptimizer(0.1, tf.train.getOrCreateGlobalStep()),
  Adadelta: () => new tf.train.AdadeltaOptimizer(0.5),
  Ftrl: () => new tf.train.FtrlOptimizer(0.1, { l1RegularizationStrength: 1e-3, l2RegularizationStrength: 1e-3 }),
};

for (const [name, optimizer] of Object.entries(optimizers)) {
  check(`${name}: codegen on and off give the same losses and gradients`, () =>
    compare(() => ({ ...dense(), optimizer: optimizer() }), 1e-5, 1e-5, [OFF]),
  );
}

// ---------------------------------------------------------------------------------------------------------------------
// Keras

const kerasOptimizers = tf.keras.optimizers;
const keras: Readonly<Record<string, () => InstanceType<typeof kerasOptimizers.Optimizer>>> = {
  SGD: () => new kerasOptimizers.SGD(0.05, { momentum: 0.9, nesterov: true }),
  Adam: () => new kerasOptimizers.Adam(0.01, { amsgrad: true }),
  Adamax: () => new kerasOptimizers.Adamax(0.01),
  Nadam: () => new kerasOptimizers.Nadam(0.01),
  RMSprop: () => new kerasOptimizers.RMSprop(0.01, { momentum: 0.3, centered: true }),
  Adagrad: () => new kerasOptimizers.Adagrad(0.05),
  Adadelta: () => new kerasOptimizers.Adadelta(0.5),
  Ftrl: () => new kerasOptimizers.Ftrl(0.05),
};

/** The losses of some epochs; each way of running starts from the same weights. */
async function losses(optimizer: string, config: { backend: string; codegen?: boolean }): Promise<readonly number[]> {
  using graph = new tf.Graph().asDefault();
  using session = new tf.Session({ config });
  void graph;
  tf.keras.backend.setSession(session);
  const { layers } = tf.keras;
  const start = (from: number) => tf.keras.initializers.randomUniform({ minval: -0.4, maxval: 0.4, seed: from });
  const model = new tf.keras.Sequential([
    new layers.Conv2D(4, 3, { inputShape: [7, 7, 2], activation: 'relu', kernelInitializer: start(1) }),
    new layers.BatchNormalization(),
    new layers.MaxPooling2D(2),
    new layers.Flatten(),
    new layers.Dense(6, { activation: 'tanh', kernelInitializer: start(2), kernelRegularizer: 'l2' }),
    new layers.Dense(3, { activation: 'softmax', kernelInitializer: start(3) }),
  ]);
  model.compile({ optimizer: keras[optimizer](), loss: 'sparse_categorical_crossentropy' });
  const history = await model.fit(floats([12, 7, 7, 2], 3), labels(12, 3), {
    batchSize: 6,
    epochs: 3,
    shuffle: false,
    verbose: 0,
  });
  // Keras would make its next sessions of this configuration, in other tests too.
  configure(tf.keras, null);
  return history.history.loss as readonly number[];
}

for (const name of Object.keys(keras)) {
  check(`Keras with ${name}: codegen on and off give the same losses`, async () => {
    const [generated, plain] = [await losses(name, { backend: 'wasm' }), await losses(name, { backend: 'cpu' })];
    assert.is(generated.length, 3);
    plain.forEach((loss, i) => {
      assert.ok(Math.abs(generated[i] - loss) <= 2e-4 * Math.abs(loss), `epoch ${i}: ${generated[i]} for ${loss}`);
    });
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Gradients, against differences of the losses

/** A loss without kinks, of a few inputs. */
interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly loss: (...inputs: tf.Tensor[]) => tf.Tensor;
}

const average = (x: tf.Tensor) => tf.reduceMean(tf.square(tf.tanh(x)));

const cases: Readonly<Record<string, Case>> = {
  'two dense layers and a cross entropy': {
    shapes: [[9, 13], [13, 7], [7], [7, 5]],
    loss: (x, w1, b, w2) => {
      const h = tf.tanh(tf.nn.biasAdd(tf.matmul(x, w1), b));
      const ids = tf.constant([0, 1, 2, 3, 4, 3, 2, 1, 0], tf.int32);
      return tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: ids, logits: tf.matmul(h, w2) }));
    },
  },
  'a convolution with strides and padding, and means of windows': {
    shapes: [
      [2, 9, 8, 3],
      [3, 2, 3, 5],
    ],
    loss: (x, w) => {
      const y = tf.nn.conv2d(x, w, { strides: [1, 2, 1, 1], padding: 'SAME' });
      return average(tf.nn.avgPool(y, [1, 2, 3, 1], [1, 1, 1, 1], 'VALID'));
    },
  },
  'a dilated convolution': {
    shapes: [
      [1, 11, 10, 2],
      [3, 3, 2, 6],
    ],
    loss: (x, w) => average(tf.nn.conv2d(x, w, { strides: [1, 1, 1, 1], padding: 'VALID', dilations: [1, 2, 3, 1] })),
  },
  'a transposed convolution': {
    shapes: [
      [2, 4, 3, 5],
      [3, 3, 2, 5],
    ],
    loss: (y, w) => average(tf.nn.conv2dTranspose(y, w, [2, 8, 6, 2], [1, 2, 2, 1])),
  },
  'a convolution of each channel': {
    shapes: [
      [2, 6, 7, 3],
      [3, 3, 3, 2],
    ],
    loss: (x, w) => average(tf.nn.depthwiseConv2d(x, w, [1, 2, 2, 1], 'SAME')),
  },
  'a convolution of volumes': {
    shapes: [
      [1, 4, 5, 5, 2],
      [2, 3, 2, 2, 3],
    ],
    loss: (x, w) => average(tf.nn.conv3d(x, w, { strides: [1, 1, 2, 1, 1], padding: 'SAME' })),
  },
  'normal rows, softmax and products of batches': {
    shapes: [
      [2, 3, 5, 4],
      [3, 4, 6],
    ],
    loss: (x, w) => {
      const [mean, variance] = tf.nn.moments(x, [3], { keepDims: true });
      const normal = tf.divide(tf.subtract(x, mean), tf.sqrt(tf.add(variance, 0.1)));
      return average(tf.matmul(tf.nn.softmax(normal), w));
    },
  },
};

/** A direction, and values moved along it. */
function moved(value: tf.NdArray, by: number): tf.NdArray {
  const along = floats(value.shape, 99).data as Float32Array;
  return new tf.NdArray(
    tf.float32,
    value.shape,
    (value.data as Float32Array).map((x, i) => x + by * along[i]),
  );
}

for (const [name, { shapes, loss }] of Object.entries(cases)) {
  check(`${name}: the gradient along a direction is the difference of the losses`, async () => {
    const xs = shapes.map((shape) => tf.placeholder(tf.float32, shape));
    const y = loss(...xs);
    const gradients = tf.gradients([y], xs) as tf.Tensor[];
    const values = shapes.map((shape, i) => {
      const array = floats(shape, 5 + i);
      return new tf.NdArray(
        tf.float32,
        shape,
        (array.data as Float32Array).map((x) => x / 2),
      );
    });
    using session = new tf.Session({ config: { backend: 'wasm' } });
    await session.ready();
    const feed = (by: number) => xs.map((x, i) => [x, moved(values[i], by)] as const);
    for (const [k, x] of xs.entries()) {
      const [gradient] = session.runSync([gradients[k]], { feedDict: feed(0) }) as tf.NdArray[];
      const along = floats(shapes[k], 99).data as Float32Array;
      const found = (gradient.data as Float32Array).reduce((sum, g, i) => sum + g * along[i], 0);
      const at = (by: number) => {
        const feeds = xs.map((each, i) => [each, moved(values[i], each === x ? by : 0)] as const);
        return Number(session.runSync(y, { feedDict: feeds }));
      };
      const step = 2e-2;
      const expected = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      assert.ok(Math.abs(found - expected) <= 1e-4 + 2e-3 * Math.abs(expected), `input ${k}: ${found} for ${expected}`);
    }
  });
}

test.run();
