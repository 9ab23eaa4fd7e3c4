/** The layers format of TensorFlow.js: TensorFlow.js reads what is written here, and the other way round. */
import * as tfc from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Input } from '../../../src/keras/engine/input-layer.ts';
import type { TensorNest } from '../../../src/keras/engine/nest.ts';
import * as layers from '../../../src/keras/layers/index.ts';
import {
  loadModelFromHdf5,
  loadTfjs,
  Model,
  Sequential,
  saveTfjs,
  type TfjsArtifacts,
} from '../../../src/keras/models/index.ts';
import { shardsOf } from '../../../src/keras/saving/tfjs.ts';
import { float32 } from '../../../src/util/dtype.ts';
import { NdArray } from '../../../src/util/ndarray.ts';
import { fromGolden } from '../../support/compare.ts';
import { leakChecked } from '../../support/leaks.ts';
import { type AnyModel, goldenBytes, predictions, row, same, saved, X, Y } from './support.ts';

const tests = suite('the format of TensorFlow.js');
const test = leakChecked(tests);

/** TensorFlow.js on its CPU backend, and everything that it made disposed after it. */
async function inTfjs<R>(body: () => Promise<R>): Promise<R> {
  const before = tfc.getBackend();
  await tfc.setBackend('cpu');
  tfc.engine().startScope();
  try {
    return await body();
  } finally {
    tfc.engine().endScope();
    if (before) await tfc.setBackend(before);
  }
}

function handler({ modelJson, weightData }: TfjsArtifacts): tfc.io.IOHandler {
  const weightSpecs = modelJson.weightsManifest.flatMap(({ weights }) => weights) as tfc.io.WeightsManifestEntry[];
  const modelTopology = JSON.parse(JSON.stringify(modelJson.modelTopology));
  return tfc.io.fromMemory({ modelTopology, weightSpecs, weightData: weightData.buffer });
}

async function predictedThere(model: tfl.LayersModel, x: readonly NdArray[]): Promise<NdArray[]> {
  const given = x.map(({ data, shape }) => tfc.tensor(data as Float32Array, [...shape]));
  const results = [model.predict(given.length === 1 ? given[0] : given)].flat();
  return results.map((tensor) => new NdArray(float32, tensor.shape, tensor.dataSync() as Float32Array));
}

/** Reads what is written here in TensorFlow.js, saves it there, and reads that here again. */
async function roundTrip(model: AnyModel, x: readonly NdArray[]): Promise<void> {
  const artifacts = await saveTfjs(model);
  const expected = await predictions(model, x);
  await inTfjs(async () => {
    const there = await tfl.loadLayersModel(handler(artifacts));
    same(await predictedThere(there, x), expected);
    let made: tfc.io.ModelArtifacts | null = null;
    await there.save({
      save: async (given) => {
        made = given;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      },
    });
    const { modelTopology, weightSpecs, weightData } = made as unknown as Required<tfc.io.ModelArtifacts>;
    const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs as never }];
    const back = await loadTfjs({ modelTopology, weightsManifest }, weightData as ArrayBuffer);
    same(await predictions(back, x), expected);
    there.dispose();
    tfc.disposeVariables();
  });
}

for (const golden of saved) {
  test(`the model of ${golden.h5_model.file} predicts the same in TensorFlow.js`, async () => {
    await roundTrip(await loadModelFromHdf5(goldenBytes(golden.h5_model.file)), golden.x.map(fromGolden));
  });
}

test('a second model of the same names has the names of its layers in the file', async () => {
  const [first, second] = [golden(), golden()];
  assert.is(second.weights[0].name, 'first_1/kernel:0');
  const names = async (model: AnyModel) =>
    (await saveTfjs(model)).modelJson.weightsManifest[0].weights.map(({ name }) => name);
  assert.equal(await names(second), await names(first));
  await roundTrip(second, [new NdArray(float32, [4, 3], Float32Array.from(X.flat()))]);
});

function golden(): AnyModel {
  return new Sequential([
    new layers.Dense(2, { inputShape: [3], name: 'first' }),
    new layers.LayerNormalization({ name: 'norm' }),
    new layers.Dense(2, { name: 'last' }),
  ]) as unknown as AnyModel;
}

test('nested models and shared layers are the same in TensorFlow.js', async () => {
  const inner = new Sequential([new layers.Dense(3, { inputShape: [3], activation: 'relu', name: 'q' })], {
    name: 'inner',
  });
  const x = Input([3]);
  const h = inner.apply(x);
  const model = new Model<TensorNest>(x, [new layers.Add().apply([h, inner.apply(h)]), new layers.Dense(2).apply(h)]);
  await roundTrip(model, [new NdArray(float32, [4, 3], Float32Array.from(X.flat()))]);
});

test('what a model was compiled with comes back, and weights may come shard by shard', async () => {
  const model = row(4);
  await model.trainOnBatch(X, Y);
  const artifacts = await saveTfjs(model as unknown as AnyModel);
  const json = JSON.parse(JSON.stringify(artifacts.modelJson));
  const shards = new Map(shardsOf(artifacts));
  const again = await loadTfjs(json, (path) => shards.get(path) as Uint8Array);
  same(await again.getWeights(), await model.getWeights());
  assert.is(again.loss, 'mse');
  assert.equal(again.compileOptions?.metrics, ['mae']);
  assert.not((await loadTfjs(json, artifacts.weightData, { compile: false })).isCompiled);
});

test('large weights go into several shards', async () => {
  const model = new Sequential([new layers.Dense(1100, { inputShape: [1000], kernelInitializer: 'ones' })]);
  const artifacts = await saveTfjs(model as unknown as AnyModel);
  const shards = shardsOf(artifacts);
  assert.equal(
    shards.map(([path, { length }]) => [path, length]),
    [
      ['group1-shard1of2.bin', 4194304],
      ['group1-shard2of2.bin', 1101 * 1000 * 4 - 4194304 + 400],
    ],
  );
});

test('quantized weights are read', async () => {
  const topology = (await saveTfjs(golden())).modelJson.modelTopology;
  const entry = (name: string, shape: number[], quantization: object) => ({
    name,
    shape,
    dtype: 'float32',
    quantization,
  });
  const bytes = { dtype: 'uint8', scale: 0.5, min: -1 };
  const halves = { dtype: 'float16' };
  const weights = [
    entry('first/kernel', [3, 2], bytes),
    entry('first/bias', [2], halves),
    entry('norm/gamma', [2], bytes),
    entry('norm/beta', [2], bytes),
    entry('last/kernel', [2, 2], bytes),
    entry('last/bias', [2], bytes),
  ];
  const data = Uint8Array.of(0, 1, 2, 3, 4, 5, 0x00, 0x3c, 0x00, 0xc0, 4, 4, 2, 2, 0, 0, 0, 0, 1, 1);
  const model = await loadTfjs(
    { modelTopology: topology, weightsManifest: [{ paths: ['a'], weights: weights as never }] },
    data,
  );
  const [kernel, bias] = await model.getWeights();
  assert.equal([...kernel.data, ...bias.data], [-1, -0.5, 0, 0.5, 1, 1.5, 1, -2]);
});

test('what does not fit is refused', async () => {
  const { modelJson, weightData } = await saveTfjs(golden());
  const refused = async (loading: Promise<unknown>, message: RegExp) =>
    assert.match(((await loading.catch((reason: Error) => reason)) as Error).message, message);
  await refused(loadTfjs(modelJson, weightData.slice(4)), /fewer bytes of weights/);
  await refused(loadTfjs({ ...modelJson, format: 'graph-model' }, weightData), /graph model of TensorFlow.js/);
  const [{ paths, weights }] = modelJson.weightsManifest;
  const renamed = weights.map((weight) => ({ ...weight, name: `other/${weight.name}x` }));
  await refused(
    loadTfjs({ ...modelJson, weightsManifest: [{ paths, weights: renamed }] }, weightData),
    /names no weight for first_\d+\/kernel:0/,
  );
});

tests.run();
