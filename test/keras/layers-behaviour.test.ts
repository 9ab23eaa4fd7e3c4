/**
 * What layers promise beside their values: failed calls that leave nothing behind, the learning phase, losses and updates.
 * Arguments and configurations are in `layers-arguments.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { Session } from '../../runtime/session.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { GraphKeys } from '../../src/graph/graph-keys.ts';
import { bindNamespace } from '../../src/keras/binding.ts';
import { integrated, KerasContext } from '../../src/keras/context.ts';
import { historyOf } from '../../src/keras/engine/history.ts';
import type { Layer } from '../../src/keras/engine/layer.ts';
import type { TensorNest } from '../../src/keras/engine/nest.ts';
import * as layers from '../../src/keras/layers/index.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { float32, float64 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { globalVariablesInitializer } from '../../src/variables/collections.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('Keras layer behaviour');
const check = leakChecked(test);

async function values(
  fetches: readonly Tensor[],
  feeds: readonly (readonly [Tensor, unknown])[] = [],
): Promise<number[][]> {
  const init = fetches[0].graph.asDefault(() => globalVariablesInitializer());
  using sess = new Session({ graph: fetches[0].graph });
  await sess.run(init);
  const results = (await sess.run([...fetches], { feedDict: feeds as never })) as NdArray[];
  return results.map(({ data }) => [...data].map(Number));
}

// ---------------------------------------------------------------------------------------------------------------------
// Failures

/** All that a failed call could have changed. */
function stateOf(graph: Graph, layer: Layer<TensorNest>): unknown {
  return {
    size: graph.size,
    collections: [GraphKeys.GLOBAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES].map(
      (key) => graph.getCollection(key).length,
    ),
    properties: { ...layer },
    built: layer.built,
    buildShape: layer.buildShape,
    weights: layer.weights,
    updates: layer.updates,
    losses: layer.losses,
    inbound: layer.inboundNodes.length,
    inputSpec: layer.inputSpec,
  };
}

const broken = () => {
  throw new Error('no value');
};

const FAILURES: readonly (readonly [string, () => Layer<TensorNest>, readonly (number | null)[], RegExp])[] = [
  [
    'Dense on vectors',
    () => new layers.Dense(2),
    [],
    /expected min_ndim=2, found ndim=1\. Full shape received: \(None,\)/,
  ],
  [
    'Dense on features of unknown number',
    () => new layers.Dense(2),
    [null],
    /^The last dimension of the inputs to a Dense layer should be defined\. Found None\./,
  ],
  ['Dense whose bias cannot be made', () => new layers.Dense(2, { biasInitializer: broken }), [3], /no value/],
  ['Dense whose activation fails', () => new layers.Dense(2, { activation: broken }), [3], /no value/],
  [
    'BatchNormalization whose average cannot be made',
    () => new layers.BatchNormalization({ movingVarianceInitializer: broken }),
    [3],
    /no value/,
  ],
  [
    'BatchNormalization of an axis that is not there',
    () => new layers.BatchNormalization(4),
    [3],
    /Expected 0 <= axis/,
  ],
  [
    'TimeDistributed around a layer that fails',
    () => new layers.TimeDistributed(new layers.Dense(2, { biasInitializer: broken })),
    [4, 3],
    /no value/,
  ],
  ['TimeDistributed on two axes', () => new layers.TimeDistributed(new layers.Dense(2)), [3], /at least 3 dimensions/],
  ['Reshape to another size', () => new layers.Reshape([5]), [6], /^total size of new array must be unchanged/],
  ['Lambda that throws', () => new layers.Lambda(broken), [3], /no value/],
];

for (const [name, make, shape, message] of FAILURES) {
  check(`${name}: the call fails, and graph and layer are as before`, async () => {
    const graph = new Graph();
    await graph.asDefault(() => layers.Input([1]));
    const [x, layer] = graph.asDefault(() => [layers.Input(shape), make()] as const);
    const inner = (layer as { readonly layer?: Layer<TensorNest> }).layer;
    const before = [stateOf(graph, layer), inner && stateOf(graph, inner)];
    const error = await failure(() => layer.apply(x));
    assert.match(error.message, message);
    assert.equal([stateOf(graph, layer), inner && stateOf(graph, inner)], before);
  });
}

check('after a failed first call a layer can be called on something else', async () => {
  const layer = new layers.Dense(2, { kernelInitializer: 'ones' });
  await failure(() => layer.apply(layers.Input([])));
  const y = layer.apply(layers.Input([3]));
  assert.is(y.name, 'dense/BiasAdd:0');
  assert.equal(
    layer.weights.map(({ name, shape }) => [name, shape]),
    [
      ['dense/kernel:0', [3, 2]],
      ['dense/bias:0', [2]],
    ],
  );
});

check('a failed call takes back the seed that it used', async () => {
  const outputs = [false, true].map((failing) => {
    return new Graph().asDefault(() => {
      const drop = new layers.Dropout(0.5, { seed: 3 });
      const x = placeholder(float32, [2, 8]);
      const fail = new layers.Lambda((given) => {
        drop.apply(given, { training: true });
        return broken();
      });
      if (failing) assert.throws(() => fail.apply(x));
      return [x, drop.apply(x, { training: true })] as const;
    });
  });
  const ones = [new Array(8).fill(1), new Array(8).fill(1)];
  const [first, second] = await Promise.all(outputs.map(([x, y]) => values([y], [[x, ones]])));
  assert.equal(first, second);
});

// ---------------------------------------------------------------------------------------------------------------------
// The phase

check('without a flag the learning phase decides, with 0 unless it is fed', async () => {
  const x = layers.Input([400]);
  const drop = new layers.Dropout(0.5).apply(x);
  const noise = new layers.GaussianNoise(1).apply(x);
  const phase = integrated.learningPhase() as Tensor;
  const row = [new Array(400).fill(1)];
  const [kept, same] = await values([drop, noise], [[x, row]]);
  assert.equal(kept, row[0]);
  assert.equal(same, row[0]);
  const [dropped, moved] = await values(
    [drop, noise],
    [
      [x, row],
      [phase, true],
    ],
  );
  assert.equal([...new Set(dropped)].sort(), [0, 2]);
  assert.is.not(new Set(moved).size, 1);
});

check('a flag builds one branch only, and a phase that was set counts as a flag', () => {
  const types = (call: () => unknown) => {
    const graph = new Graph();
    graph.asDefault(call);
    return Array.from({ length: graph.size }, (_, id) => graph.operation(id as never).type);
  };
  const drop = (training?: boolean) => () => {
    return new layers.Dropout(0.5).apply(layers.Input([4]), training === undefined ? {} : { training });
  };
  assert.ok(types(drop()).includes('If'));
  for (const training of [true, false]) {
    assert.is(types(drop(training)).includes('If'), false);
    assert.is(types(drop(training)).includes('RandomUniform'), training);
  }
  const inPhase = types(() => {
    integrated.setLearningPhase(1);
    drop()();
  });
  assert.ok(inPhase.includes('RandomUniform') && !inPhase.includes('Select'));
});

check('a flag reaches the layers inside of a layer', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    new layers.TimeDistributed(new layers.Dropout(0.5)).apply(layers.Input([4, 2]), { training: false });
  });
  const types = Array.from({ length: graph.size }, (_, id) => graph.operation(id as never).type);
  assert.not(types.includes('RandomUniform'));
});

check('BatchNormalization that is not trainable is in inference, and has no updates', async () => {
  const layer = new layers.BatchNormalization({ trainable: false });
  const x = layers.Input([2]);
  const y = layer.apply(x, { training: true });
  assert.equal(layer.updates, []);
  assert.equal(layer.trainableWeights, []);
  const [result] = await values([y], [[x, [[1, 2]]]]);
  assert.ok(Math.abs(result[0] - 1 / Math.sqrt(1.001)) < 1e-6);
});

check('the averages of BatchNormalization stay in inference and move in training', async () => {
  for (const shape of [[2], [2, 2, 2]]) {
    const graph = new Graph();
    const { x, layer, init, phase } = graph.asDefault(() => {
      const x = layers.Input(shape);
      const layer = new layers.BatchNormalization({ momentum: 0.5 });
      layer.apply(x);
      return { x, layer, init: globalVariablesInitializer(), phase: integrated.learningPhase() as Tensor };
    });
    using sess = new Session({ graph });
    await sess.run(init);
    const size = shape.reduce((a, b) => a * b, 1);
    const data = { shape: [2, ...shape], data: Float32Array.from({ length: 2 * size }, () => 4) };
    await sess.run(layer.updates, { feedDict: [[x, data]] as never });
    assert.equal([...((await sess.run(layer.movingMean)) as NdArray).data].map(Number), [0, 0]);
    await sess.run(layer.updates, {
      feedDict: [
        [x, data],
        [phase, true],
      ] as never,
    });
    assert.equal([...((await sess.run(layer.movingMean)) as NdArray).data].map(Number), [2, 2]);
    assert.equal([...((await sess.run(layer.movingVariance)) as NdArray).data].map(Number), [0.5, 0.5]);
  }
});

for (const [axis, output, mean, variance] of [
  [-1, [-1.2868066, 0.17836499, -1.0326226, 0.46374893], [0.19471154, 0.24519232], [0.5483111, 0.538215]],
  [1, [-1.6194613, 0.35205683, -1.3378159, 0.6337022], [0.22115386, 0.21875], [0.5392505, 0.5499877]],
] as const) {
  check(`BatchNormalization of volumes along axis ${axis} and its averages are as in Keras`, async () => {
    const x = layers.Input([2, 2, 2, 2]);
    const layer = new layers.BatchNormalization({ axis, momentum: 0.5 });
    const y = layer.apply(x, { training: true });
    assert.is(y.name, 'batch_normalization/FusedBatchNormV3:0');
    const data = Float32Array.from({ length: 32 }, (_, i) => ((i * 7) % 13) / 13);
    const init = globalVariablesInitializer();
    using sess = new Session();
    await sess.run(init);
    const fed = [[x, { shape: [2, 2, 2, 2, 2], data }]] as never;
    const [result] = (await sess.run([y, ...layer.updates], { feedDict: fed })) as NdArray[];
    const averages = (await sess.run([layer.movingMean, layer.movingVariance])) as NdArray[];
    const found = [[...result.data].slice(0, 4), [...averages[0].data], [...averages[1].data]];
    [output, mean, variance].forEach((expected, k) => {
      for (const [i, value] of expected.entries())
        assert.ok(Math.abs(Number(found[k][i]) - value) < 1e-5, `${found[k]}`);
    });
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Preparing data

const DATA = [
  [1, 10],
  [3, 10],
  [5, 40],
];

check('Normalization finds mean and variance from data, for each place of its axis', async () => {
  const graph = new Graph();
  using sess = new Session({ graph });
  const layer = graph.asDefault(() => new layers.Normalization());
  // The scope is over when the work is begun.
  const adapt = () => ({ done: layer.adapt(DATA) });
  await sess.asDefault(() => graph.asDefault(adapt)).done;
  assert.equal(
    layer.weights.map(({ name }) => name),
    ['normalization/mean:0', 'normalization/variance:0', 'normalization/count:0'],
  );
  const [mean, variance, count] = (await sess.run(layer.weights)) as NdArray[];
  assert.equal([...mean.data].map(Number), [3, 20]);
  assert.ok(Math.abs(Number(variance.data[0]) - 8 / 3) < 1e-6 && Number(variance.data[1]) === 200);
  assert.is(Number(count.data[0]), 3);
  const y = graph.asDefault(() => layer.apply([DATA[1], [3, 20 + Math.sqrt(200)]]));
  const [a, b, c, d] = [...((await sess.run(y)) as NdArray).data].map(Number);
  assert.equal([a, c], [0, 0]);
  assert.ok(Math.abs(b + 10 / Math.sqrt(200)) < 1e-6 && Math.abs(d - 1) < 1e-6);
});

check('categories are encoded by mode, and those out of range fail the run', async () => {
  const x = layers.Input({ shape: [3], dtype: 'int32' });
  const single = layers.Input({ shape: [1], dtype: 'int32' });
  const multi = new layers.CategoryEncoding(4).apply(x);
  const count = new layers.CategoryEncoding(4, 'count').apply(x);
  const hot = new layers.CategoryEncoding(4, 'one_hot').apply(single);
  assert.equal(
    [multi.shape, count.shape, hot.shape],
    [
      [null, 4],
      [null, 4],
      [null, 4],
    ],
  );
  const feeds = [
    [x, [[0, 2, 2]]],
    [single, [[3]]],
  ] as const;
  assert.equal(await values([multi, count, hot], feeds), [
    [1, 0, 1, 0],
    [1, 0, 2, 0],
    [0, 0, 0, 1],
  ]);
  const error = await failure(() => values([multi], [[x, [[0, 2, 4]]]]));
  assert.is(error.constructor.name, 'InvalidArgumentError');
  assert.match(error.message, /Input values must be in the range 0 <= values < num_tokens with num_tokens=4/);
});

// ---------------------------------------------------------------------------------------------------------------------
// Losses, weights, types

check('ActivityRegularization adds its penalty per example', async () => {
  const layer = new layers.ActivityRegularization({ l1: 1, l2: 10 });
  const x = layers.Input([2]);
  layer.apply(x);
  const [loss] = await values(layer.losses, [
    [
      x,
      [
        [1, -2],
        [0, 1],
      ],
    ],
  ]);
  assert.equal(loss, [(4 + 10 * 6) / 2]);
  assert.is(layer.getLossesFor(x).length, 1);
});

check("penalties on weights count once, those of the layer inside are the wrapper's", async () => {
  const inner = new layers.Dense(2, { kernelInitializer: 'ones', kernelRegularizer: 'l1', activityRegularizer: 'l2' });
  const layer = new layers.TimeDistributed(inner);
  const x = layers.Input([3, 2]);
  layer.apply(x);
  layer.apply(x);
  assert.is(layer.losses.length, 3);
  const names = layer.losses.map(({ name }) => name.toLowerCase());
  assert.is(names.filter((name) => name.startsWith('time_distributed/kernel/regularizer')).length, 1);
});

check('layers take the type of their inputs, or the one that is said', () => {
  const x = placeholder(float64, [null, 3]);
  assert.is(new layers.Dense(2).apply(x).dtype, float64);
  assert.is(new layers.Dense(2, { dtype: 'float32' }).apply(x).dtype, float32);
  assert.is(new layers.Embedding(4, 2).apply(layers.Input({ shape: [3], dtype: 'int32' })).dtype, float32);
});

check('merging functions record a layer that models can be read off', () => {
  const sum = layers.add([layers.Input([2]), layers.Input([2])], { name: 'sum' });
  assert.is(historyOf(sum)?.layer.name, 'sum');
});

check('functions and classes of another Keras context count names of their own', () => {
  const context = new KerasContext({ name: 'other', zeroBased: false, ownGraph: true });
  const other = bindNamespace(layers, context);
  const [a, b] = [other.Input([2]), other.Input([2])];
  assert.is(other.add([a, b]).name, 'add_1/add:0');
  assert.is(other.add([a, b]).graph, context.graph);
  assert.is(new other.Dense(1).name, 'dense_1');
  assert.is(new layers.Dense(1).name, 'dense');
});

check('merging of tensors of unknown rank broadcasts behind the batch', async () => {
  const a = placeholder(float32, null);
  const b = placeholder(float32, null);
  const y = new layers.Add().apply([a, b]);
  const [sum] = await values(
    [y],
    [
      [
        a,
        [
          [
            [1, 2],
            [3, 4],
          ],
          [
            [5, 6],
            [7, 8],
          ],
        ],
      ],
      [
        b,
        [
          [10, 20],
          [30, 40],
        ],
      ],
    ],
  );
  assert.equal(sum, [11, 22, 13, 24, 35, 46, 37, 48]);
});

test.run();
