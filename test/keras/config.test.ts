/**
 * Configurations of models against Keras: those of `fit.json` and `models.json` are read, written again and compared; models
 * built here have the same ones. What a model of a configuration predicts is compared too.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../../runtime/session.ts';
import { getDefaultGraph } from '../../src/graph/default-graph.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import * as tf from '../../src/index.ts';
import { clearSession } from '../../src/keras/backend/state.ts';
import { bindNamespace } from '../../src/keras/binding.ts';
import { KerasContext } from '../../src/keras/context.ts';
import { Input } from '../../src/keras/engine/input-layer.ts';
import { Layer } from '../../src/keras/engine/layer.ts';
import type { TensorNest } from '../../src/keras/engine/nest.ts';
import * as layers from '../../src/keras/layers/index.ts';
import '../../src/keras/layers/registry.ts';
import { cloneModel, Model, modelFromConfig, modelFromJson, Sequential } from '../../src/keras/models/index.ts';
import type { Config } from '../../src/keras/serialization.ts';
import { ValueError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

interface FitCase {
  readonly id: number;
  readonly model: string;
  readonly config: Record<string, unknown>;
}
interface ModelCase {
  readonly name: string;
  readonly config: Record<string, unknown>;
  readonly layers: readonly string[];
  readonly weight_names: readonly string[];
  readonly weights: readonly GoldenArray[];
  readonly x: readonly GoldenArray[];
  readonly predictions: readonly GoldenArray[];
}

function goldens<T>(name: string): T[] {
  const text = readFileSync(new URL(`../goldens/keras/${name}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { cases: T[] }).cases;
}
const fits = goldens<FitCase>('fit');
const models = goldens<ModelCase>('models');

const tests = suite('configurations of models');
const test = leakChecked(tests);

/** Without what Keras writes into HDF5 files only: the input shape of a model that `build` built. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'build_input_shape');
  return Object.fromEntries(entries.map(([key, item]) => [key, comparable(item)]));
}
const written = (model: { toJson(): string }) => comparable(JSON.parse(model.toJson()));

for (const { id, model: kind, config } of fits) {
  test(`the configuration of the ${kind} of fit ${id} comes back as it was`, () => {
    const model = modelFromConfig(config);
    assert.equal(JSON.parse(model.toJson()), config);
    assert.is(modelFromJson(model.toJson()).toJson(), model.toJson());
  });
}

async function predictions(model: Model<TensorNest>, x: readonly NdArray[]): Promise<NdArray[]> {
  return [(await model.predict(x.length === 1 ? x[0] : x)) as unknown as NdArray | NdArray[]].flat();
}

function check(actual: readonly NdArray[], expected: readonly GoldenArray[]): void {
  assert.is(actual.length, expected.length);
  for (const [i, value] of actual.entries()) assert.is(difference(value, fromGolden(expected[i])), null);
}

for (const golden of models) {
  test(`the model ${golden.name} of a configuration is that of Keras`, async () => {
    const model = modelFromConfig(golden.config);
    assert.equal(written(model), golden.config);
    const x = golden.x.map(fromGolden);
    if (model.inputs.length === 0) model.build([null, 3]);
    assert.equal(
      model.layers.map(({ name }) => name),
      golden.layers,
    );
    assert.equal(
      model.weights.map(({ name }) => name),
      golden.weight_names,
    );
    await model.setWeights(golden.weights.map(fromGolden));
    check(await predictions(model, x), golden.predictions);

    const copy = cloneModel(model);
    assert.equal(written(copy), golden.config);
    await copy.setWeights(await model.getWeights());
    check(await predictions(copy, x), golden.predictions);
  });
}

/** The models of `models.json`, by the same calls. */
const BUILD: Readonly<Record<string, () => Model<TensorNest>>> = {
  shared_layers() {
    const x = Input([3]);
    const dense = new layers.Dense(4, { activation: 'tanh' });
    const a = dense.apply(x);
    const b = dense.apply(new layers.Dense(3).apply(x));
    return new Model<TensorNest>(x, [new layers.Concatenate().apply([a, b]), a]);
  },
  alternating_calls() {
    const x = Input([3]);
    const [f, g] = [new layers.Dense(3, { name: 'f' }), new layers.Dense(3, { name: 'g' })];
    return new Model<TensorNest>(x, f.apply(g.apply(f.apply(g.apply(x)))), { name: 'alternating' });
  },
  nested_models() {
    const inner = new Sequential([new layers.Dense(2, { inputShape: [3], name: 'q' })], { name: 'inner' });
    const t = Input([2], { name: 't' });
    const deferred = new Sequential([new layers.Dense(2, { name: 's' })], { name: 'deferred' });
    const deep = new Model(t, new layers.Dense(2, { name: 'r' }).apply(deferred.apply(t)), { name: 'deep' });
    const x = Input([3], { name: 'x' });
    const sum = new layers.Add({ name: 'sum' });
    return new Model<TensorNest>(x, sum.apply([inner.apply(x), deep.apply(inner.apply(x))]), { name: 'outer' });
  },
  options_of_calls() {
    const x = Input([4, 2], { name: 'steps' });
    const masked = new layers.Masking({ name: 'masking' }).apply(x);
    const off = new layers.Dropout(0.5, { name: 'off' }).apply(masked, { training: false });
    const norm = new layers.BatchNormalization({ name: 'norm' }).apply(off, { training: false });
    const outputs = [new layers.Dense(3, { name: 'head' }).apply(norm), new layers.Flatten({ name: 'flat' }).apply(x)];
    return new Model<TensorNest>(x, outputs, { name: 'options' });
  },
  two_inputs() {
    const [a, b] = [Input([2], { name: 'a' }), Input([3], { name: 'b', dtype: 'float32' })];
    const h = new layers.Concatenate({ name: 'join' }).apply([b, a]);
    const gate = new layers.Dense(5, { name: 'gate', activation: 'sigmoid' }).apply(h);
    const times = new layers.Multiply({ name: 'times' }).apply([gate, h]);
    const outputs = [
      new layers.Dense(1, { name: 'one' }).apply(times),
      new layers.Dense(2, { name: 'two', useBias: false }).apply(h),
    ];
    return new Model<TensorNest>([a, b], outputs, { name: 'two_inputs' });
  },
  ops_between_layers() {
    const y = Input([3], { name: 'y' });
    const z = tf.reduceMean(tf.concat([y.mul(2), tf.exp(y)], 1), { axis: -1, keepdims: true });
    return new Model<TensorNest>(y, new layers.Dense(2, { name: 'head' }).apply(z), { name: 'ops' });
  },
  slices_and_residuals() {
    const x = Input([4], { name: 'x' });
    const r = x.add(new layers.Dense(4, { name: 'h' }).apply(x));
    const [left, right] = tf.split(r, 2, { axis: 1 });
    const s = r.slice({}, { start: 1, stop: 3 });
    const a = new layers.Dense(1, { name: 'a' }).apply(right);
    const b = new layers.Add({ name: 'b' }).apply([left, s]);
    return new Model<TensorNest>(x, [a, b, tf.nn.relu(r)], { name: 'residual' });
  },
  built_later() {
    const model = new Sequential([new layers.Dense(2, { name: 'd' }), new layers.Dense(1, { name: 'e' })], {
      name: 'later',
    });
    model.build([null, 3]);
    return model;
  },
};

for (const golden of models) {
  test(`the model ${golden.name} built here has Keras's configuration`, async () => {
    clearSession();
    const model = BUILD[golden.name]();
    const strip = (config: unknown) =>
      JSON.parse(JSON.stringify(config, (key, item) => (key === 'attr' ? sorted(item) : item)));
    assert.equal(strip(written(model)), strip(golden.config));
    assert.equal(
      model.weights.map(({ name }) => name),
      golden.weight_names,
    );
    await model.setWeights(golden.weights.map(fromGolden));
    check(await predictions(model, golden.x.map(fromGolden)), golden.predictions);
  });
}

function sorted(attrs: object): object {
  return Object.fromEntries(Object.entries(attrs).sort(([a], [b]) => (a < b ? -1 : 1)));
}

test('a configuration that does not fit together throws, and the graph is as before', () => {
  const size = getDefaultGraph().size;
  const [shared] = models;
  const broken = (change: (layers: Record<string, unknown>[]) => unknown) => {
    const copy = structuredClone(shared.config) as { config: { layers: Record<string, unknown>[] } };
    change(copy.config.layers);
    return () => modelFromConfig(copy);
  };
  const throws = (change: (layers: Record<string, unknown>[]) => unknown, message: RegExp) =>
    assert.throws(broken(change), (error: Error) => error instanceof ValueError && message.test(error.message));
  throws((list) => list.pop(), /there is no layer "concatenate"/);
  const nodes = [[['dense', 5, 0, {}]]];
  throws((list) => Object.assign(list[1], { inbound_nodes: nodes }), /is called on a tensor that no layer gives/);
  throws((list) => Object.assign(list[2], { class_name: 'Nothing' }), /Unknown layer: 'Nothing'/);
  throws((list) => Object.assign(list[2], { name: 'input_1' }), /two layers are named "input_1"/);
  assert.is(getDefaultGraph().size, size);
});

class Scale extends Layer {
  static readonly className = 'Scale';
  constructor(readonly options: { readonly factor: number; readonly name?: string }) {
    super(options);
  }
  override call(x: TensorNest): Tensor {
    return (x as Tensor).mul(this.options.factor);
  }
  override computeOutputShape(shape: never): never {
    return shape;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), factor: this.options.factor };
  }
}

test('layers of the user are found by name when a model is made of text', () => {
  const x = Input([2]);
  const text = new Model(x, new Scale({ factor: 3 }).apply(x)).toJson();
  assert.throws(() => modelFromJson(text), /Unknown layer: 'Scale'/);
  const model = modelFromJson(text, { customObjects: { Scale } });
  assert.instance(model.layers[1], Scale);
  assert.is((model.layers[1] as Scale).options.factor, 3);
});

test('a model of text belongs to the context that made it', () => {
  const context = new KerasContext({ name: 'other', zeroBased: true, ownGraph: true });
  const other = bindNamespace({ modelFromJson, Model }, context);
  const { size } = getDefaultGraph();
  const model = other.modelFromJson(JSON.stringify(models[2].config));
  assert.is(model.context, context);
  assert.is(model.graph, context.graph);
  assert.instance(model, other.Model);
  for (const layer of model.layers) assert.is(layer.context, context);
  assert.is(other.Model.fromConfig(model.getConfig()).context, context);
  assert.is(cloneModel(model).graph, context.graph);
  assert.is(getDefaultGraph().size, size);
});

test('a copy may begin with other tensors, and layers may be copied otherwise', async () => {
  const model = BUILD.slices_and_residuals();
  const other = tf.constant([[1, 2, 3, 4]]);
  const x = Input({ tensor: other });
  const copy = cloneModel(model, {
    inputTensors: x,
    cloneFunction: (layer) => {
      const { constructor } = layer as unknown as { constructor: { fromConfig(config: Config): Layer } };
      return layer instanceof layers.Dense
        ? constructor.fromConfig({ ...layer.getConfig(), kernelInitializer: 'ones', useBias: false })
        : cloneOf(layer);
    },
  });
  assert.equal(
    copy.layers.map(({ name }) => name),
    model.layers.map(({ name }) => (name === 'x' ? copy.layers[0].name : name)),
  );
  assert.is(copy.weights.length, 2);
});

function cloneOf(layer: Layer): Layer {
  const { constructor } = layer as unknown as { constructor: { fromConfig(config: Config): Layer } };
  return constructor.fromConfig(layer.getConfig());
}

tests.run();
