/**
 * `tf.keras.metrics`: values, names, configurations of Keras 2.15 in graph mode, over several batches on both backends;
 * names of functions, resets, errors. How `fit` chooses metrics is tested with it.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../../src/ops/index.ts';
import { Session } from '../../runtime/session.ts';
import { getDefaultGraph } from '../../src/graph/default-graph.ts';
import type { Operation, Tensor } from '../../src/graph/graph.ts';
import { bindNamespace } from '../../src/keras/binding.ts';
import { integrated, KerasContext } from '../../src/keras/context.ts';
import * as losses from '../../src/keras/losses/index.ts';
import { metricFunctionName } from '../../src/keras/metrics/function-names.ts';
import * as metrics from '../../src/keras/metrics/index.ts';
import { fromPythonKeys, toPythonKeys } from '../../src/keras/serialization.ts';
import { cast } from '../../src/ops/cast.ts';
import { lessEqual } from '../../src/ops/comparison.ts';
import { constant } from '../../src/ops/constants.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { size } from '../../src/ops/shaping.ts';
import type { TensorLike } from '../../src/ops/tensor-like.ts';
import { abs } from '../../src/ops/unary-math.ts';
import { float32 } from '../../src/util/dtype.ts';
import { InvalidArgumentError, ValueError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { Variable } from '../../src/variables/variable.ts';
import { difference, FORWARD, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

type Config = Record<string, unknown>;
interface Update {
  readonly args: readonly GoldenArray[];
  readonly sample_weight?: GoldenArray | null;
  readonly result: GoldenArray;
}
interface Case {
  readonly class: string;
  readonly args: Config;
  readonly updates: readonly Update[];
  readonly name: string;
  readonly variables: readonly string[];
  readonly values: readonly GoldenArray[];
  readonly config: Config;
}
interface Goldens {
  readonly classes: readonly Case[];
  readonly functions: readonly {
    readonly name: string;
    readonly found: string;
    readonly args: Config;
    readonly y_true: GoldenArray;
    readonly y_pred: GoldenArray;
    readonly value: GoldenArray;
  }[];
  /** Metrics that graph mode of Keras updates in part only. */
  readonly eager: readonly Case[];
  readonly names: readonly { readonly class: string; readonly name: string; readonly variables: readonly string[] }[];
}
const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../goldens/keras/${name}.json`, import.meta.url), 'utf8'));
const goldens = read('metrics') as Goldens;
const { metrics: common } = read('values') as {
  metrics: readonly { name: string; args: Config; updates: readonly Update[]; state_names: readonly string[] }[];
};

/** A metric as a test calls it, whatever its class takes. */
interface AnyMetric {
  readonly name: string;
  readonly variables: readonly Variable[];
  apply(...args: unknown[]): Tensor;
  value(): Tensor;
  update(...args: unknown[]): Operation;
  getConfig(): Config;
}
const make = (className: string, config: Config): AnyMetric =>
  metrics.deserialize({ className, config }) as unknown as AnyMetric;

/** Counts are differences of sums, of which little is left at times. */
const SUMS = { relative: 1e-5, absolute: 1e-5 };
const same = (actual: NdArray, golden: GoldenArray, what: string, tolerance = FORWARD): void => {
  const found = difference(actual, fromGolden(golden), tolerance);
  assert.is(found, null, `${what}: ${found}`);
};

/** Runs the updates in turn; each gives the result after it. */
async function replay(
  metric: AnyMetric,
  updates: readonly Update[],
  backend: string,
  what: string,
): Promise<NdArray[]> {
  const results = updates.map(({ args, sample_weight: weights }) => {
    const tensors = args.map((arg) => constant(fromGolden(arg)));
    return weights
      ? metric.apply(...tensors, { sampleWeight: constant(fromGolden(weights)) })
      : metric.apply(...tensors);
  });
  using sess = new Session({ config: { backend } });
  await sess.run(metric.variables.map((variable) => variable.initializer));
  for (const [i, result] of results.entries()) {
    same((await sess.run(result)) as NdArray, updates[i].result, `${what}, update ${i}`);
  }
  return (await sess.run([...metric.variables])) as NdArray[];
}

const test = suite('keras/metrics');
const check = leakChecked(test);

for (const backend of ['wasm', 'cpu']) {
  common.forEach(({ name, args, updates, state_names: names }, i) => {
    check(`${name} ${JSON.stringify(args)} has Keras's results on ${backend} (${i})`, async () => {
      integrated.clear();
      const metric = make(name, fromPythonKeys(args) as Config);
      await replay(metric, updates, backend, name);
      assert.equal(
        metric.variables.map((variable) => variable.name),
        names,
      );
    });
  });

  [...goldens.classes, ...goldens.eager].forEach((golden, i) => {
    check(`${golden.class} ${JSON.stringify(golden.args)} is Keras's on ${backend} (${i})`, async () => {
      integrated.clear();
      const metric = make(golden.class, fromPythonKeys(golden.args) as Config);
      const values = await replay(metric, golden.updates, backend, golden.class);
      assert.is(metric.name, golden.name);
      assert.equal(
        metric.variables.map((variable) => variable.name),
        golden.variables,
      );
      values.forEach((value, j) => {
        same(value, golden.values[j], `${golden.class}, ${golden.variables[j]}`, SUMS);
      });
      assert.equal(toPythonKeys(metric.getConfig()), golden.config);
    });
  });

  goldens.functions.forEach(({ name, found, args, y_true, y_pred, value }, i) => {
    check(`the function ${name} ${JSON.stringify(args)} has Keras's values on ${backend} (${i})`, async () => {
      const fn = metrics.get(name) as metrics.MetricFunction;
      assert.is(metricFunctionName(fn), found);
      const options = fromPythonKeys(args) as never;
      using sess = new Session({ config: { backend } });
      same(
        (await sess.run(fn(constant(fromGolden(y_true)), constant(fromGolden(y_pred)), options))) as NdArray,
        value,
        name,
      );
    });
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Names

check('automatic names, and those of variables, are counted as in Keras', () => {
  integrated.clear();
  const needed: Record<string, Config> = {
    MeanMetricWrapper: { fn: metrics.mse },
    MeanIoU: { numClasses: 2 },
    OneHotMeanIoU: { numClasses: 2 },
    MeanRelativeError: { normalizer: 1 },
    SpecificityAtSensitivity: { sensitivity: 0.5 },
  };
  let means = 0;
  for (const { class: className, name, variables } of goldens.names) {
    // The third mean of the file has no name of its own.
    const config = className === 'Mean' && ++means === 3 ? { name: null } : (needed[className] ?? {});
    const metric = make(className, config) as unknown as metrics.Metric;
    assert.is(metric.name, name);
    // Ours come with the first update, or the first question for the result.
    metric.value();
    assert.equal(
      metric.variables.map((variable) => variable.name),
      variables,
    );
  }
});

test('every class comes back from its configuration, and from JSON with the keys of Python', () => {
  for (const { class: className, args } of [...goldens.classes, ...goldens.eager]) {
    const metric = make(className, fromPythonKeys(args) as Config);
    const saved = metrics.serialize(metric) as { className: string; config: Config };
    assert.is(saved.className, className);
    const file = JSON.parse(JSON.stringify(toPythonKeys(saved.config))) as Config;
    const again = make(className, fromPythonKeys(file) as Config);
    assert.equal(again.getConfig(), metric.getConfig());
    assert.is(again.constructor, metric.constructor);
  }
});

test('a metric is found by names of every kind', () => {
  assert.is(metrics.get('categorical_accuracy'), metrics.categoricalAccuracy);
  assert.is(metrics.get('categoricalAccuracy'), metrics.categoricalAccuracy);
  assert.is(metrics.get('sparse_top_k_categorical_accuracy'), metrics.sparseTopKCategoricalAccuracy);
  assert.is(metrics.get('acc'), metrics.accuracy);
  assert.is(metrics.get('kld'), metrics.klDivergence);
  assert.instance(metrics.get('AUC'), metrics.AUC);
  assert.instance(metrics.get('MeanSquaredError'), metrics.MeanSquaredError);
  assert.instance(metrics.get(metrics.Precision), metrics.Precision);
  const recall = metrics.get({ className: 'Recall', config: { thresholds: 0.4 } }) as metrics.Recall;
  assert.equal(recall.thresholds, [0.4]);
  assert.is(metrics.get(recall), recall);
  const own = (yTrue: Tensor, yPred: Tensor) => yTrue.sub(yPred);
  assert.is(metrics.get(own), own);
  assert.throws(() => metrics.get(null), 'Could not interpret metric identifier: None');
  assert.throws(() => metrics.get(3), 'Could not interpret metric identifier: 3');
  assert.throws(() => metrics.get('nope'), "Unknown metric function: 'nope'");
});

test('functions go by the names of Keras, those of users by their own', () => {
  assert.is(metricFunctionName(metrics.get('mae') as metrics.MetricFunction), 'mean_absolute_error');
  assert.is(metricFunctionName(metrics.sparseCategoricalCrossentropy), 'sparse_categorical_crossentropy');
  assert.is(metricFunctionName(metrics.kld), 'kl_divergence');
  const ownError = (yTrue: Tensor, yPred: Tensor) => yTrue.sub(yPred);
  assert.is(metricFunctionName(ownError), 'ownError');
  assert.is(
    metricFunctionName((yTrue) => yTrue),
    '<lambda>',
  );
  assert.is(metricFunctionName(new losses.Huber()), 'huber_loss');
});

// ---------------------------------------------------------------------------------------------------------------------
// Use

const run = async (fetch: Tensor, variables: readonly Variable[] = []): Promise<unknown> => {
  using sess = new Session({ config: { backend: 'cpu' } });
  await sess.run(variables.map((variable) => variable.initializer));
  return ((await sess.run(fetch)) as NdArray).array();
};

check('arrays are taken as values, weights by place or by keyword', async () => {
  const [first, second] = [new metrics.Mean(), new metrics.Mean()];
  const results = [first.apply([1, 3, 5, 7], [1, 1, 0, 0]), second.apply([1, 3, 5, 7], { sampleWeight: [0, 0, 0, 2] })];
  assert.is(await run(results[0], first.variables), 2);
  assert.is(await run(results[1], second.variables), 7);
});

check('a function of the user is wrapped with its options, and saved as it is', async () => {
  const within = (yTrue: Tensor, yPred: Tensor, { limit }: { readonly limit: number }) =>
    cast(lessEqual(abs(yTrue.sub(yPred)), limit), float32);
  const metric = new metrics.MeanMetricWrapper(within, 'close', { limit: 0.5 });
  const result = metric.apply([1, 2, 3, 4], [1.4, 2.6, 3, 5]);
  assert.is(await run(result, metric.variables), 0.5);
  assert.equal(metric.getConfig(), { name: 'close', dtype: 'float32', limit: 0.5, fn: within });
  const known = new metrics.MeanMetricWrapper(metrics.binaryAccuracy, { threshold: 0.9 });
  assert.is(known.getConfig().fn, 'binary_accuracy');
  const again = metrics.deserialize({ className: 'MeanMetricWrapper', config: known.getConfig() });
  assert.is((again as metrics.MeanMetricWrapper).fn, metrics.binaryAccuracy);
});

check('a class of the user gathers what it likes', async () => {
  class Seen extends metrics.Metric {
    seen!: Variable;
    override build() {
      this.seen = this.addWeight('seen');
    }
    updateState(values: TensorLike) {
      return this.seen.assignAdd(cast(size(values), float32)).op;
    }
    result() {
      return this.seen.value();
    }
  }
  const metric = new Seen();
  assert.match(metric.name, /^seen/);
  const result = metric.apply([1, 2, 3]);
  assert.is(await run(result, metric.variables), 3);
});

check('batches may be of any size, which only the run tells', async () => {
  const [labels, scores] = [placeholder(float32, [null, 3]), placeholder(float32, [null, 3])];
  const weights = placeholder(float32, [null]);
  // Keras's results.
  const made: [AnyMetric, number][] = [
    [make('Precision', {}), 0.6666666865348816],
    [make('Recall', { topK: 1 }), 0.6000000238418579],
    [make('AUC', {}), 0.48181819915771484],
    [make('AUC', { multiLabel: true, thresholds: [0.4] }), 0.4444444477558136],
    [make('MeanAbsoluteError', {}), 0.5047618746757507],
    [make('CategoricalAccuracy', {}), 0.8571428656578064],
    [make('TopKCategoricalAccuracy', { k: 1 }), 0.8571428656578064],
    [make('OneHotMeanIoU', { numClasses: 3 }), 0.7333333492279053],
  ];
  const results = made.map(([metric]) => metric.apply(labels, scores, { sampleWeight: weights }));
  using sess = new Session({ config: { backend: 'cpu' } });
  await sess.run(made.flatMap(([metric]) => metric.variables.map((variable) => variable.initializer)));
  const step = (t: number[][], p: number[][], w: number[]) =>
    sess.run(results, {
      feedDict: [
        [labels, t],
        [scores, p],
        [weights, w],
      ],
    }) as Promise<NdArray[]>;
  await step([[1, 0, 1]], [[0.1, 0.9, 0.2]], [0.5]);
  const labelled = [
    [1, 0, 1],
    [0, 1, 0],
  ];
  const scored = [
    [0.9, 0.7, 0.2],
    [0.3, 0.6, 0.5],
  ];
  const found = await step(labelled, scored, [1, 2]);
  made.forEach(([metric, expected], i) => {
    const value = found[i].item() as number;
    assert.ok(Math.abs(value - expected) < 1e-6, `${metric.name}: ${value}, expected ${expected}`);
  });
});

check('a metric starts anew in the session of Keras', async () => {
  integrated.clear();
  const metric = new metrics.Sum();
  const result = metric.apply([1, 2]);
  const session = integrated.getSession();
  const value = async (fetch: Tensor) => ((await session.run(fetch)) as NdArray).item();
  assert.is(await value(result), 3);
  assert.is(await value(result), 6);
  await metric.resetStates();
  assert.is(await value(metric.value()), 0);
  assert.is(await value(result), 3);
  assert.equal(getDefaultGraph().getCollection('variables'), []);
  integrated.clear();
});

check('variables stay in their graph', () => {
  const metric = new metrics.Mean();
  metric.apply([1]);
  assert.is(metric.graph, getDefaultGraph());
  integrated.clear();
  assert.throws(() => metric.apply([1]), /Metric mean has its variables in another graph/);
});

check('a Keras of its own has metrics in its own graph', () => {
  const other = new KerasContext({ name: 'other', zeroBased: true, ownGraph: true });
  const bound = bindNamespace(metrics, other);
  const nodes = getDefaultGraph().size;
  const found = [new bound.AUC(), bound.get('Recall'), bound.deserialize({ className: 'AUC', config: {} })];
  assert.equal(
    found.map((item) => (item as metrics.Metric).context),
    [other, other, other],
  );
  (found[0] as metrics.AUC).apply([0, 1], [0.2, 0.7]);
  assert.is((found[0] as metrics.AUC).graph, other.graph);
  assert.is(getDefaultGraph().size, nodes);
});

// ---------------------------------------------------------------------------------------------------------------------
// Errors

test('arguments beyond their range are refused with the words of Keras', () => {
  const refused: [() => unknown, string][] = [
    [() => new metrics.Precision(1.5), 'Threshold values must be in [0, 1]. Received: [1.5]'],
    [() => new metrics.AUC(1), 'Argument `num_thresholds` must be an integer > 1. Received: num_thresholds=1'],
    [
      () => new metrics.AUC({ curve: 'x' }),
      'Invalid AUC curve value: "x". Expected values are ["PR", "ROC", "PR_GAIN"]',
    ],
    [
      () => new metrics.AUC({ summationMethod: 'x' }),
      'Invalid AUC summation method value: "x". Expected values are ["interpolation", "majoring", "minoring"]',
    ],
    [() => new metrics.AUC({ numLabels: 2 }), '`num_labels` is needed only when `multi_label` is True.'],
    [
      () => new metrics.SensitivityAtSpecificity(2),
      'Argument `specificity` must be in the range [0, 1]. Received: specificity=2',
    ],
    [
      () => new metrics.RecallAtPrecision({ precision: -1 }),
      'Argument `precision` must be in the range [0, 1]. Received: precision=-1',
    ],
    [
      () => new metrics.PrecisionAtRecall(0.2, 0),
      'Argument `num_thresholds` must be an integer > 0. Received: num_thresholds=0',
    ],
    [() => new metrics.IoU(2, [2]), 'Target class id 2 is out of range, which is [0, 2).'],
  ];
  for (const [body, message] of refused) {
    assert.throws(body, (error: unknown) => error instanceof ValueError && error.message === message);
  }
  assert.throws(
    () => new metrics.MeanIoU(),
    "MeanIoU.__init__() missing 1 required positional argument: 'num_classes'",
  );
  assert.throws(() => metrics.get('MeanMetricWrapper'), /missing 1 required positional argument: 'fn'/);
  assert.throws(
    () => new metrics.AUC({ labelWeights: [-1, 1] }),
    (error: unknown) =>
      error instanceof InvalidArgumentError && /`label_weights` must be non-negative/.test(error.message),
  );
});

check('values that do not fit are refused, and leave no variables behind', () => {
  const graph = getDefaultGraph();
  const ones = (...shape: number[]) => constant(1, { shape, dtype: float32 });
  const t = { 2: ones(3, 2), 3: ones(3, 3), flat: ones(3) };
  const { size: before } = graph;
  const refused: [metrics.Metric, () => unknown, RegExp][] = [];
  const precision = new metrics.Precision();
  refused.push([precision, () => precision.apply(t[2], t[3]), /Shapes \(3, 3\) and \(3, 2\) are incompatible/]);
  const auc = new metrics.AUC({ multiLabel: true });
  refused.push([auc, () => auc.apply(t.flat, t.flat), /`y_pred` must have rank 2 when `multi_label=True`/]);
  const weighted = new metrics.AUC({ labelWeights: [1, 2] });
  refused.push([weighted, () => weighted.apply(t[3], t[3]), /Number of labels is not consistent/]);
  const mean = new metrics.MeanTensor();
  refused.push([mean, () => mean.value(), /MeanTensor does not have any value yet/]);
  const score = new metrics.F1Score();
  refused.push([score, () => score.apply(t.flat, t.flat), /FBetaScore expects 2D inputs/]);
  for (const [metric, body, message] of refused) {
    assert.throws(body, (error: unknown) => error instanceof ValueError && message.test(error.message));
    assert.equal(metric.variables, []);
    assert.is(metric.graph, null);
  }
  assert.is(graph.size, before);
  // What failed can be used for other values.
  precision.apply(t[2], t[2]);
  mean.apply(t[2]);
  assert.throws(() => mean.apply(t[3]), /MeanTensor input values must always have the same shape/);
  assert.is(mean.variables.length, 2);
});

test.run();
