/** Files of Keras: they are read, trained on, and written again with the same layout. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { getDefaultGraph } from '../../../src/graph/default-graph.ts';
import { clearSession } from '../../../src/keras/backend/state.ts';
import { Input } from '../../../src/keras/engine/input-layer.ts';
import type { TensorNest } from '../../../src/keras/engine/nest.ts';
import * as layers from '../../../src/keras/layers/index.ts';
import {
  loadModelFromHdf5,
  loadWeightsFromHdf5,
  Model,
  modelFromConfig,
  Sequential,
  saveModelToHdf5,
  saveWeightsToHdf5,
} from '../../../src/keras/models/index.ts';
import { Optimizer } from '../../../src/keras/optimizers/index.ts';
import { Hdf5Group, readHdf5, writeHdf5 } from '../../../src/keras/saving/hdf5.ts';
import { float32, float64 } from '../../../src/util/dtype.ts';
import { NdArray } from '../../../src/util/ndarray.ts';
import { fromGolden, GRADIENT } from '../../support/compare.ts';
import { leakChecked } from '../../support/leaks.ts';
import {
  type AnyModel,
  goldenBytes,
  type LayoutEntry,
  nested,
  predictions,
  row,
  same,
  saved,
  X,
  Y,
} from './support.ts';

const tests = suite('HDF5 files');
const test = leakChecked(tests);

/** The layout of a file as the goldens have it. */
async function layoutOf(bytes: Uint8Array): Promise<LayoutEntry[]> {
  const entries: LayoutEntry[] = [];
  const visit = (path: string, group: Hdf5Group) => {
    const attrs = [...group.attributes].filter(([name]) => !name.endsWith('_config'));
    entries.push({ path: path || '/', attrs: Object.fromEntries(attrs) as LayoutEntry['attrs'] });
    const below = path ? `${path}/` : '';
    const names = [...group.groups.keys(), ...group.arrays.keys()].sort((a, b) => (a < b ? -1 : 1));
    for (const name of names) {
      const [inner, array] = [group.groups.get(name), group.arrays.get(name)];
      if (inner) visit(below + name, inner);
      if (array) entries.push({ path: below + name, attrs: {}, dtype: array.dtype.name, shape: array.shape });
    }
  };
  visit('', await readHdf5(bytes));
  return entries;
}

function optimizerOf(model: AnyModel): Optimizer {
  assert.instance(model.optimizer, Optimizer);
  return model.optimizer as Optimizer;
}

for (const golden of saved) {
  const { file } = golden.h5_model;
  test(`${file} is read, goes on training as in Keras, and is written with the same layout`, async () => {
    const bytes = goldenBytes(file);
    const model = await loadModelFromHdf5(bytes);
    same(await model.getWeights(), golden.h5_weights.values);
    const written = await saveModelToHdf5(model);
    assert.equal(await layoutOf(written), golden.h5_model.layout);

    const [before, after] = await Promise.all([readHdf5(bytes), readHdf5(written)]);
    assert.is(after.text('model_config'), before.text('model_config'));
    assert.equal(JSON.parse(after.text('training_config') ?? ''), JSON.parse(before.text('training_config') ?? ''));
    const state = (root: Hdf5Group) => root.findGroup('optimizer_weights')?.attributes.get('weight_names') as string[];
    for (const name of state(before)) {
      const at = (root: Hdf5Group) => root.findArray(`optimizer_weights/${name}`) as NdArray;
      same([at(after)], [at(before)]);
    }

    // The same batch again, in the model of the file and in that of the file written here.
    const again = await loadModelFromHdf5(written);
    const [x, y] = [golden.x, golden.y].map((list) => list.map(fromGolden));
    const data = [x, y].map((list) => (list.length === 1 ? list[0] : list)) as [NdArray, NdArray];
    same(await predictions(again, x), await predictions(model, x));
    for (const one of [model, again]) await one.trainOnBatch(...data);
    same(await again.getWeights(), await model.getWeights());
    const [a, b] = [model, again].map((one) => optimizerOf(one).weights.length);
    assert.is(a, b);
  });

  const { file: weights } = golden.h5_weights;
  test(`${weights} is read and written with the same layout`, async () => {
    const model = modelFromConfig(golden.config);
    await loadWeightsFromHdf5(model, goldenBytes(weights));
    same(await model.getWeights(), golden.h5_weights.values);
    assert.equal(await layoutOf(await saveWeightsToHdf5(model)), golden.h5_weights.layout);
    await model.setWeights(model.weights.map(({ shape }) => NdArray.zeros(float32, shape as number[])));
    await loadWeightsFromHdf5(model, goldenBytes(weights), { byName: true });
    same(await model.getWeights(), golden.h5_weights.values);
  });
}

test('nested models and ops between layers come back with weights', async () => {
  const model = nested();
  model.compile({ optimizer: 'sgd', loss: ['mse', null] });
  const bytes = await saveModelToHdf5(model);
  const x = [new NdArray(float32, [4, 3], Float32Array.from(X.flat()))];
  const before = await predictions(model, x);
  clearSession();
  const again = await loadModelFromHdf5(bytes);
  same(await predictions(again, x), before);
  assert.equal(again.compileOptions?.loss, ['mse', null]);
});

test('the state of an optimizer goes on where it was', async () => {
  const model = row();
  await model.fit(X, Y, { epochs: 2, verbose: 0, shuffle: false });
  const bytes = await saveModelToHdf5(model);
  const again = await loadModelFromHdf5(bytes);
  await model.fit(X, Y, { epochs: 2, verbose: 0, shuffle: false });
  await again.fit(X, Y, { epochs: 2, verbose: 0, shuffle: false });
  same(await again.getWeights(), await model.getWeights(), GRADIENT);
  // Without the state the steps are other ones.
  const fresh = await loadModelFromHdf5(bytes, { compile: false });
  assert.not(fresh.isCompiled);
  assert.not((await readHdf5(await saveModelToHdf5(model, { includeOptimizer: false }))).text('training_config'));
});

test('a learning rate that was changed in the session is saved as it is', async () => {
  const model = row();
  await model.trainOnBatch(X, Y);
  const { learningRate } = optimizerOf(model) as unknown as { learningRate: never };
  const { setValue } = await import('../../../src/keras/backend/index.ts');
  await setValue(learningRate, 0.25);
  const config = (await readHdf5(await saveModelToHdf5(model))).text('training_config') ?? '';
  assert.is(JSON.parse(config).optimizer_config.config.learning_rate, 0.25);
});

test('weights that do not fit are refused, and none is set', async () => {
  const [bytes, model] = [await saveWeightsToHdf5(row(4)), row(5)];
  const before = await model.getWeights();
  const size = getDefaultGraph().size;
  const refused = async (loading: Promise<unknown>, message: RegExp) => {
    const error = await loading.then(
      () => null,
      (reason: Error) => reason,
    );
    assert.is(error?.name, 'ValueError');
    assert.match(error?.message ?? '', message);
    same(await model.getWeights(), before);
    assert.is(getDefaultGraph().size, size);
  };
  await refused(
    loadWeightsFromHdf5(model, bytes),
    /Shape mismatch in layer #0 .*Weight expects shape \(3, 5\)\. Received saved weight with shape \(3, 4\)/,
  );
  await refused(loadWeightsFromHdf5(model, bytes, { skipMismatch: true }), /skip_mismatch can only be set to True/);
  await refused(loadWeightsFromHdf5(model, Uint8Array.of(1, 2, 3)), /not an HDF5 file/);
  await refused(loadModelFromHdf5(bytes), /No model config found in the file/);
  await refused(loadModelFromHdf5(goldenBytes('keras3.weights.h5')), /No model config found/);
});

test('a model whose weights do not fit is not left in the graph', async () => {
  const root = await readHdf5(await saveModelToHdf5(row()));
  const group = root.groupAt('model_weights/dense');
  const [name] = group.attributes.get('weight_names') as string[];
  group.setArray(name, NdArray.zeros(float32, [7, 7]));
  const bytes = await writeHdf5(root);
  clearSession();
  const size = getDefaultGraph().size;
  const error = await loadModelFromHdf5(bytes).catch((reason: Error) => reason);
  assert.match((error as Error).message, /Shape mismatch/);
  assert.is(getDefaultGraph().size, size);
});

test('by name, layers that the model has not are passed over, and mismatches may be', async () => {
  const source = new Sequential([
    new layers.Dense(4, { inputShape: [3], name: 'a', biasInitializer: 'ones' }),
    new layers.Dense(2, { name: 'b', biasInitializer: 'ones' }),
  ]);
  const bytes = await saveWeightsToHdf5(source);
  const x = Input([3]);
  const target = new Model<TensorNest>(x, [
    new layers.Dense(4, { name: 'a' }).apply(x),
    new layers.Dense(2, { name: 'b' }).apply(x),
    new layers.Dense(2, { name: 'c' }).apply(x),
  ]);
  const error = await loadWeightsFromHdf5(target, bytes, { byName: true }).catch((reason: Error) => reason);
  assert.match(
    (error as Error).message,
    /Shape mismatch in layer #1 \(named b\) for weight b_1\/kernel:0\. Weight expects shape \(3, 2\)\. Received saved weight with shape \(4, 2\)/,
  );
  await loadWeightsFromHdf5(target, bytes, { byName: true, skipMismatch: true });
  const [, a, , b, , c] = await target.getWeights();
  assert.equal([...a.data, ...b.data, ...c.data], [1, 1, 1, 1, 1, 1, 0, 0]);
});

test('names that are too many for one attribute are kept in several', async () => {
  const root = new Hdf5Group();
  const names = Array.from({ length: 3000 }, (_, i) => `a layer with a rather long name, number ${i}`);
  root.attributes.set('layer_names', names);
  root.attributes.set('text', 'größer');
  root.setArray('a/b', new NdArray(float64, [2], Float64Array.of(1, 2)));
  const again = await readHdf5(await writeHdf5(root));
  const { namesIn } = await import('../../../src/keras/saving/weights-hdf5.ts');
  assert.not(again.attributes.has('layer_names'));
  assert.equal(namesIn(again, 'layer_names'), names);
  assert.is(again.text('text'), 'größer');
  assert.equal([...(again.findArray('a/b') as NdArray).data], [1, 2]);
});

tests.run();
