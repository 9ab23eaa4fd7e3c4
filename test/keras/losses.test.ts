/**
 * `tf.keras.losses`: values of Keras 2.15, weights, masks, ranks, logits behind activations, names, gradients. Cross-entropies
 * of the backend are covered through the losses.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as activations from '../../src/keras/activations.ts';
import { maskOf, setMask } from '../../src/keras/engine/history.ts';
import * as losses from '../../src/keras/losses/index.ts';
import { LossFunctionWrapper } from '../../src/keras/losses/loss.ts';
import { computeWeightedLoss } from '../../src/keras/losses/weighting.ts';
import { fromPythonKeys, type Serialized, toPythonKeys } from '../../src/keras/serialization.ts';
import * as nn from '../../src/nn.ts';
import { constant } from '../../src/ops/constants.ts';
import { identity } from '../../src/ops/identity.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { oneHot } from '../../src/ops/selection.ts';
import { transpose } from '../../src/ops/shaping.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import { float32, float64, int32 } from '../../src/util/dtype.ts';
import { ValueError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { evaluate } from '../support/interpret.ts';
import { leakChecked } from '../support/leaks.ts';

interface Case {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly reduction: losses.LossReduction;
  readonly y_true: GoldenArray;
  readonly y_pred: GoldenArray;
  readonly sample_weight: GoldenArray | null;
  readonly value: GoldenArray;
}
const file = new URL('../goldens/keras/values.json', import.meta.url);
const { losses: cases } = JSON.parse(readFileSync(file, 'utf8')) as { losses: readonly Case[] };

const inGraph = <R>(body: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => body(graph));
};
const values = (body: () => Tensor): unknown => inGraph(() => evaluate(body()).array());
const close = (found: unknown, expected: unknown): void => {
  if (Array.isArray(expected)) {
    assert.is((found as unknown[]).length, expected.length);
    for (let i = 0; i < expected.length; i++) close((found as unknown[])[i], expected[i]);
    return;
  }
  const [a, e] = [found as number, expected as number];
  assert.ok(Math.abs(a - e) <= 1e-6 + 1e-5 * Math.abs(e), `${a}, expected ${e}`);
};
const read = (golden: GoldenArray | null) => (golden ? constant(fromGolden(golden)) : null);
/** A loss of the class of that name, of a configuration. */
const make = (className: string, config: Record<string, unknown>): losses.Loss =>
  losses.deserialize({ className, config }) as losses.Loss;

const test = suite('keras/losses');

test('the reference has 60 cases', () => assert.is(cases.length, 60));

cases.forEach(({ name, args, reduction, y_true, y_pred, sample_weight, value }, i) => {
  test(`${i} ${name} ${JSON.stringify(args)} ${reduction} agrees with Keras`, () => {
    const found = inGraph(() => {
      const loss = make(name, { ...(fromPythonKeys(args) as object), reduction });
      const options = { sampleWeight: read(sample_weight) };
      return evaluate(loss.apply(read(y_true) as Tensor, read(y_pred) as Tensor, options));
    });
    assert.is(difference(found, fromGolden(value)), null);
  });
});

// Values from tf_keras 2.21 in graph mode.
const labels = [
  [0, 1],
  [1, 0],
  [0, 1],
];
const predictions = [
  [0.1, 0.9],
  [0.4, 0.6],
  [0.7, 0.3],
];
const cube = Array.from({ length: 2 }, (_, i) =>
  Array.from({ length: 3 }, (_, j) => Array.from({ length: 2 }, (_, k) => Math.fround((6 * i + 2 * j + k) / 12))),
);

test('focal and smoothed cross-entropies agree with Keras', () => {
  close(
    values(() => losses.categoricalFocalCrossentropy(labels, predictions, { alpha: [0.25, 0.75], gamma: 1.5 })),
    [0.0024988456, 0.106463365, 0.52884084],
  );
  close(
    values(() =>
      new losses.CategoricalFocalCrossentropy({ labelSmoothing: 0.1, fromLogits: true })(labels, predictions),
    ),
    0.05100554,
  );
  close(
    values(() =>
      losses.binaryFocalCrossentropy(labels, predictions, {
        applyClassBalancing: true,
        alpha: 0.3,
        gamma: 1.5,
        fromLogits: true,
        labelSmoothing: 0.1,
      }),
    ),
    [0.10561447, 0.1942199, 0.2168826],
  );
  close(
    values(() => losses.categoricalCrossentropy(labels, predictions, { labelSmoothing: 0.2 })),
    [0.32508302, 0.8757442, 1.1192431],
  );
});

test('a class to ignore counts neither in the sum nor in the mean', () => {
  const target = () => constant([1, -1, 0], { dtype: int32 });
  inGraph(() => {
    const each = losses.sparseCategoricalCrossentropy(target(), predictions, { ignoreClass: -1 });
    close(evaluate(each).array(), [0.10536056, 0, 0.35667497]);
    assert.equal(evaluate(maskOf(each) as Tensor).array(), [true, false, true]);
  });
  const loss = new losses.SparseCategoricalCrossentropy({ ignoreClass: -1 });
  close(
    values(() => loss(target(), predictions)),
    0.23101777,
  );
  close(
    values(() => loss(target(), predictions, { sampleWeight: [1, 2, 3] })),
    0.58769274,
  );
  close(
    values(() =>
      losses.sparseCategoricalCrossentropy(
        [
          [0, 1, 1],
          [1, 0, 0],
        ],
        cube,
        { fromLogits: true, ignoreClass: 1 },
      ),
    ),
    [
      [0.73568165, 0, 0],
      [0, 0.73568165, 0.7356817],
    ],
  );
});

test('class indices of several axes, with an axis of length 1, and classes along another axis', () => {
  const expected = [
    [0.73568165, 0.65234834, 0.65234834],
    [0.65234834, 0.73568165, 0.7356817],
  ];
  const indices = [
    [0, 1, 1],
    [1, 0, 0],
  ];
  close(
    values(() => losses.sparseCategoricalCrossentropy(indices, cube, { fromLogits: true })),
    expected,
  );
  const columns = indices.map((row) => row.map((index) => [index]));
  close(
    values(() => losses.sparseCategoricalCrossentropy(columns, cube, { fromLogits: true })),
    expected,
  );
  const along = [
    [0, 2],
    [1, 0],
  ];
  close(
    values(() => losses.sparseCategoricalCrossentropy(along, cube, { fromLogits: true, axis: 1 })),
    [
      [1.2745169, 0.94118357],
      [1.1078502, 1.2745169],
    ],
  );
  close(
    values(() =>
      losses.categoricalCrossentropy(
        oneHot(constant(along, { dtype: int32 }), 3, { axis: 1 }),
        constant(cube).add(0.1),
        {
          axis: 1,
        },
      ),
    ),
    [
      [2.0794415, 0.7091475],
      [1.0986123, 1.3168658],
    ],
  );
});

test('huber with another delta, hinge with labels of three kinds, cosines along another axis', () => {
  close(
    values(() => losses.huber([[0, 3]], [[0.5, 0]], { delta: 2 })),
    [2.0625],
  );
  close(
    values(() => losses.hinge([[-1, 1, 0]], [[0.3, 0.4, 0.9]])),
    [0.9666667],
  );
  close(
    values(() => losses.cosineSimilarity(labels, predictions, { axis: 0 })),
    [-0.492366, -0.75592893],
  );
});

test('integer labels do for every loss', () => {
  const whole = () => constant(labels, { dtype: int32 });
  for (const name of ['mse', 'hinge', 'kld', 'poisson', 'cosine_similarity', 'categorical_crossentropy', 'huber']) {
    const loss = losses.get(name) as losses.LossFunction;
    close(
      values(() => loss(whole(), constant(predictions))),
      values(() => loss(constant(labels), constant(predictions))),
    );
  }
});

test('a last axis of length 1 too many is dropped', () => {
  const each = new losses.MeanSquaredError({ reduction: 'none' });
  close(
    values(() => each([1, 2], [[1.5], [0]])),
    2.125,
  );
  close(
    values(() => each([[1], [2]], [1.5, 0])),
    2.125,
  );
});

test('weights get the rank of the losses', () => {
  const each = new losses.MeanSquaredError({ reduction: 'none' });
  close(
    values(() => each(labels, predictions, { sampleWeight: [[1], [2], [0]] })),
    [0.01, 0.72, 0],
  );
  close(
    values(() => new losses.MeanSquaredError()(constant(cube).mul(0), cube, { sampleWeight: [1, 2] })),
    0.5538194,
  );
});

test('ranks that only a run tells fit as those that are known', () => {
  inGraph(() => {
    const [u, v, w] = ['u', 'v', 'w'].map((name) => placeholder(float32, null, name));
    const loss = new losses.MeanSquaredError({ reduction: 'none' })(u, v, { sampleWeight: w });
    const run = (...fed: unknown[]): unknown => {
      const feeds = new Map<Tensor, NdArray>([u, v, w].map((t, i) => [t, toNdArray(fed[i] as number[], float32)]));
      return evaluate(loss, { feeds }).array();
    };
    const [a, b] = [labels.slice(0, 2), predictions.slice(0, 2)];
    const expected = [0.01, 1.08];
    close(run([1, 2], [[1.5], [0]], 2), 4.25);
    close(run([[1], [2]], [1.5, 0], 2), 4.25);
    close(run(a, b, [[1], [3]]), expected);
    close(run(a, b, [1, 3]), expected);
    close(
      run(
        a.map((row) => row.map((x) => [x])),
        b,
        [1, 3],
      ),
      expected,
    );
    close(
      run(
        a,
        b.map((row) => row.map((x) => [x])),
        [1, 3],
      ),
      expected,
    );
    close(run([a], [b], [2]), [[0.02, 0.72]]);
  });
});

test('a mask on the predictions leaves out, and the mean is over the rest', () => {
  inGraph(() => {
    const masked = constant(predictions);
    setMask(masked, constant([true, false, true]));
    close(evaluate(new losses.MeanSquaredError()(labels, masked)).item(), 0.25);
    const each = new losses.MeanSquaredError({ reduction: 'none' });
    close(evaluate(each(labels, masked, { sampleWeight: [1, 2, 3] })).array(), [0.01, 0, 1.47]);
  });
});

test('weights that are all zero give zero, and no losses a mean of zero', () => {
  assert.is(
    values(() => new losses.MeanSquaredError()(labels, predictions, { sampleWeight: 0 })),
    0,
  );
  assert.is(
    values(() => computeWeightedLoss(constant([], { dtype: float32 }))),
    0,
  );
});

const extreme = [
  [40, 0],
  [0, 3],
  [-60, 60],
];

test('behind a softmax or sigmoid the logits are found, and nothing is clipped', () => {
  const found = [
    () => losses.categoricalCrossentropy(labels, nn.softmax(extreme)),
    () => losses.categoricalCrossentropy(labels, activations.softmax(extreme)),
    () =>
      losses.categoricalCrossentropy(transpose(labels), activations.softmax(transpose(extreme), { axis: 0 }), {
        axis: 0,
      }),
  ];
  for (const loss of found) close(values(loss), [40, 3.0485873, 0]);
  close(
    values(() => losses.sparseCategoricalCrossentropy([1, 0, 0], nn.softmax(extreme))),
    [40, 3.0485873, 120],
  );
  close(
    values(() => losses.binaryCrossentropy(labels, nn.sigmoid(extreme))),
    [20.346573, 1.8708673, 0],
  );
  close(
    values(() => losses.binaryCrossentropy(labels, activations.sigmoid(extreme))),
    [20.346573, 1.8708673, 0],
  );
});

test('probabilities of other ops are kept from 0 and 1', () => {
  close(
    values(() => losses.categoricalCrossentropy(labels, identity(nn.softmax(extreme)))),
    [16.118095, 3.0485873, 1.1920929e-7],
  );
  close(
    values(() => losses.binaryCrossentropy(labels, identity(nn.sigmoid(extreme)))),
    [8.013193, 1.8708662, 0],
  );
});

// ---------------------------------------------------------------------------------------------------------------------
// Gradients

/** Labels and predictions that suit every loss, away from its corners. */
const smooth = {
  plain: [
    [0.3, 0.45, 0.2],
    [0.6, 0.15, 0.85],
  ],
  positive: [
    [1.4, 0.7, 2.2],
    [0.4, 1.9, 0.8],
  ],
  oneHot: [
    [0, 1, 0],
    [1, 0, 0],
  ],
};
const differentiable: readonly (readonly [name: string, labels: number[][] | number[], options?: object])[] = [
  ['mean_squared_error', smooth.positive],
  ['mean_absolute_error', smooth.positive],
  ['mean_absolute_percentage_error', smooth.positive],
  ['mean_squared_logarithmic_error', smooth.positive],
  ['binary_crossentropy', smooth.oneHot],
  ['binary_crossentropy', smooth.oneHot, { fromLogits: true, labelSmoothing: 0.1 }],
  ['binary_focal_crossentropy', smooth.oneHot, { applyClassBalancing: true }],
  ['binary_focal_crossentropy', smooth.oneHot, { fromLogits: true, gamma: 1.5 }],
  ['categorical_crossentropy', smooth.oneHot, { labelSmoothing: 0.1 }],
  ['categorical_crossentropy', smooth.oneHot, { fromLogits: true }],
  ['categorical_crossentropy', smooth.oneHot, { axis: 0 }],
  ['categorical_focal_crossentropy', smooth.oneHot, { alpha: [0.2, 0.3, 0.5] }],
  ['categorical_focal_crossentropy', smooth.oneHot, { fromLogits: true }],
  ['sparse_categorical_crossentropy', [1, 0]],
  ['sparse_categorical_crossentropy', [1, 0], { fromLogits: true }],
  ['sparse_categorical_crossentropy', [1, -1], { ignoreClass: -1 }],
  ['hinge', smooth.oneHot],
  ['squared_hinge', smooth.oneHot],
  ['categorical_hinge', smooth.oneHot],
  ['kl_divergence', smooth.plain],
  ['poisson', smooth.positive],
  ['log_cosh', smooth.positive],
  ['huber', smooth.positive, { delta: 0.6 }],
  ['cosine_similarity', smooth.positive],
];

for (const [name, yTrue, options] of differentiable) {
  test(`the gradient of ${name} ${JSON.stringify(options ?? {})} is that of finite differences`, () => {
    inGraph(() => {
      // Huber computes in float32 whatever it is given: its steps are larger.
      const [dtype, step, tolerance] = name === 'huber' ? [float32, 1e-2, 1e-3] : [float64, 1e-5, 1e-7];
      const x = placeholder(dtype, [2, 3]);
      const fn = losses.get(name) as (t: unknown, p: Tensor, options?: object) => Tensor;
      const sum = fn(constant(yTrue, { dtype: name.startsWith('sparse') ? int32 : dtype }), x, options).sum();
      const [gradient] = gradients(sum, [x]) as Tensor[];
      const at = smooth.plain.flat();
      const fed = (data: readonly number[]) =>
        new Map([[x, toNdArray([data.slice(0, 3), data.slice(3)] as number[][], dtype)]]);
      const found = [...(evaluate(gradient, { feeds: fed(at) }).data as Float64Array)];
      const moved = (i: number, by: number) =>
        evaluate(sum, { feeds: fed(at.map((v, k) => (k === i ? v + by : v))) }).item() as number;
      found.forEach((slope, i) => {
        const expected = (moved(i, step) - moved(i, -step)) / (2 * step);
        assert.ok(Math.abs(slope - expected) < tolerance * (1 + Math.abs(expected)), `${i}: ${slope}, not ${expected}`);
      });
    });
  });
}

test('gradients behind a softmax are those of its logits', () => {
  inGraph(() => {
    const logits = constant([[1, -2, 3]], { dtype: float64 });
    const direct = losses.categoricalCrossentropy([[0, 1, 0]], logits, { fromLogits: true });
    const behind = losses.categoricalCrossentropy([[0, 1, 0]], nn.softmax(logits));
    const [a, b] = [direct, behind].map((loss) => evaluate((gradients(loss, [logits]) as Tensor[])[0]).array());
    assert.equal(a, b);
  });
});

// ---------------------------------------------------------------------------------------------------------------------
// Sessions

leakChecked(test)('on every backend a session gives what Keras gave, and gradients are finite', async () => {
  const built = cases.map(({ name, args, reduction, y_true, y_pred, sample_weight }) => {
    const loss = make(name, { ...(fromPythonKeys(args) as object), reduction });
    const predictions = read(y_pred) as Tensor;
    const value = loss(read(y_true) as Tensor, predictions, { sampleWeight: read(sample_weight) });
    return [value, (gradients(value, [predictions]) as Tensor[])[0]] as const;
  });
  for (const backend of ['wasm', 'cpu']) {
    using session = new Session({ config: { backend } });
    const found = (await session.run(built)) as (readonly [NdArray, NdArray])[];
    found.forEach(([value, gradient], i) => {
      assert.is(difference(value, fromGolden(cases[i].value)), null, `${backend} ${i} ${cases[i].name}`);
      assert.ok((gradient.data as Float32Array).every(Number.isFinite));
    });
  }
});

// ---------------------------------------------------------------------------------------------------------------------
// Names and configurations

test('functions are found by all of their names, objects by that of their class', () => {
  for (const name of ['mse', 'MSE', 'mean_squared_error', 'meanSquaredError']) {
    assert.is(losses.get(name), losses.meanSquaredError, name);
  }
  assert.is(losses.get('huber_loss'), losses.huber);
  assert.is(losses.get('logcosh'), losses.logCosh);
  assert.is(losses.get('kullback_leibler_divergence'), losses.klDivergence);
  assert.is(losses.get('cosine_proximity'), losses.cosineSimilarity);
  assert.instance(losses.get('KLDivergence'), losses.KLDivergence);
  assert.instance(losses.get(losses.Hinge), losses.Hinge);
  assert.is(losses.get(null), null);
  const own = (yTrue: Tensor, yPred: Tensor) => yPred.sub(yTrue);
  assert.is(losses.get(own), own);
  const object = new losses.Poisson();
  assert.is(losses.get(object), object);
});

test('configurations are Keras’s', () => {
  const config = (loss: losses.Loss) => toPythonKeys(losses.serialize(loss));
  const common = (name: string) => ({ reduction: 'auto', name });
  const smoothed = { from_logits: false, label_smoothing: 0, axis: -1 };
  const expected: readonly (readonly [losses.Loss, string, object])[] = [
    [
      new losses.MeanSquaredError({ reduction: 'sum' }),
      'MeanSquaredError',
      { reduction: 'sum', name: 'mean_squared_error' },
    ],
    [new losses.Huber(), 'Huber', { ...common('huber_loss'), delta: 1 }],
    [new losses.CosineSimilarity(), 'CosineSimilarity', { ...common('cosine_similarity'), axis: -1 }],
    [new losses.BinaryCrossentropy(), 'BinaryCrossentropy', { ...common('binary_crossentropy'), ...smoothed }],
    [
      new losses.BinaryFocalCrossentropy(),
      'BinaryFocalCrossentropy',
      { ...common('binary_focal_crossentropy'), apply_class_balancing: false, alpha: 0.25, gamma: 2, ...smoothed },
    ],
    [
      new losses.CategoricalFocalCrossentropy(),
      'CategoricalFocalCrossentropy',
      { ...common('categorical_focal_crossentropy'), alpha: 0.25, gamma: 2, ...smoothed },
    ],
    [
      new losses.SparseCategoricalCrossentropy(true),
      'SparseCategoricalCrossentropy',
      { ...common('sparse_categorical_crossentropy'), from_logits: true, ignore_class: null },
    ],
  ];
  for (const [loss, name, settings] of expected) {
    assert.equal(config(loss), { class_name: name, config: settings });
    const back = losses.deserialize(losses.serialize(loss) as Serialized);
    assert.equal(losses.serialize(back), losses.serialize(loss));
  }
  assert.is(losses.serialize(losses.kld), 'kl_divergence');
  assert.is(losses.serialize(null), null);
});

test('a configuration with the name of the function, as files have it, is read', () => {
  const loss = make('Huber', { reduction: 'auto', name: 'huber_loss', delta: 2, fn: 'huber' });
  assert.equal(loss.getConfig(), { reduction: 'auto', name: 'huber_loss', delta: 2 });
});

test('a subclass says what the loss of an example is; the rest is done for it', () => {
  class Cubes extends losses.Loss {
    override call(yTrue: Tensor, yPred: Tensor): Tensor {
      return yPred.sub(yTrue).pow(3).mean(-1);
    }
  }
  inGraph((graph) => {
    const loss = new Cubes()([[0, 0]], [[1, 2]]);
    assert.is(evaluate(loss).item(), 4.5);
    assert.ok(loss.op.name.startsWith('Cubes/'), loss.op.name);
    assert.throws(() => new losses.Loss()([1], [1]), 'Must be implemented in subclasses.');
    assert.ok(graph.size > 0);
  });
  const restored = losses.deserialize(
    { className: 'Cubes', config: { name: 'mine' } },
    { customObjects: { Cubes: Cubes as never } },
  );
  assert.is((restored as losses.Loss).name, 'mine');
});

test('a function with options becomes a loss', () => {
  const loss = new LossFunctionWrapper(losses.huber as never, { reduction: 'sum', name: 'mine' }, { delta: 2 });
  close(
    values(() => loss([[0, 3]], [[0.5, 0]])),
    2.0625,
  );
  inGraph(() => assert.ok(loss([[0]], [[1]]).op.name.startsWith('mine/')));
});

test('what is no loss is an error, and leaves the graph as it was', () => {
  const fails = (call: () => unknown, message: string | RegExp) =>
    assert.throws(call, (error: Error) => {
      assert.instance(error, ValueError);
      return typeof message === 'string' ? error.message === message : message.test(error.message);
    });
  fails(() => losses.get('foo'), /^Unknown loss function: 'foo'\. Please ensure/);
  fails(() => losses.get(3), 'Could not interpret loss function identifier: 3');
  fails(
    () => new losses.Hinge({ reduction: 'x' as never }),
    "Invalid Reduction Key: x. Expected keys are \"('auto', 'none', 'sum', 'sum_over_batch_size')\"",
  );
  inGraph((graph) => {
    const [a, b] = [placeholder(float32, [1, 2]), placeholder(float32, [1, 3])];
    const { size } = graph;
    fails(() => new losses.CategoricalCrossentropy()(a, b), 'Shapes (1, 2) and (1, 3) are incompatible');
    fails(() => new losses.MeanSquaredError()(a, b), /^Dimensions must be equal, but are 3 and 2/);
    assert.is(graph.size, size);
  });
});

test.run();
