/** Files of Keras 3: their weights, and models in their archives. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as layers from '../../../src/keras/layers/index.ts';
import { loadModel, Sequential } from '../../../src/keras/models/index.ts';
import { readHdf5 } from '../../../src/keras/saving/hdf5.ts';
import { fromKeras3, isKeras3 } from '../../../src/keras/saving/keras3-config.ts';
import type { NdArray } from '../../../src/util/ndarray.ts';
import { leakChecked } from '../../support/leaks.ts';
import { goldenBytes, same } from './support.ts';

const tests = suite('files of Keras 3');
const test = leakChecked(tests);

const FILES = ['keras3_model.keras', 'keras3.weights.h5'];

async function expected(): Promise<NdArray[]> {
  const root = await readHdf5(goldenBytes('keras3.weights.h5'));
  return ['dense/vars/0', 'dense/vars/1', 'dense_1/vars/0', 'dense_1/vars/1'].map(
    (path) => root.findArray(`layers/${path}`) as NdArray,
  );
}

test('an archive is a model with its weights, compiled as it was', async () => {
  const model = await loadModel(goldenBytes('keras3_model.keras'));
  same(await model.getWeights(), await expected());
  assert.equal(
    model.layers.map((layer) => [layer.name, layer.getConfig().activation]),
    [
      ['dense_8', 'relu'],
      ['dense_9', 'linear'],
    ],
  );
  assert.is((model.optimizer as { name: string }).name, 'rm_sprop');
  assert.is(model.loss, 'mse');
});

for (const file of FILES) {
  test(`the weights of ${file} are set in a model of the same layers`, async () => {
    const model = new Sequential([new layers.Dense(4, { inputShape: [3] }), new layers.Dense(1)]);
    await model.loadWeights(goldenBytes(file));
    same(await model.getWeights(), await expected());
  });

  test(`the weights of ${file} are refused by a model of other layers`, async () => {
    const model = new Sequential([new layers.Dense(4, { inputShape: [3] }), new layers.Dense(2)]);
    const before = await model.getWeights();
    const error = await model.loadWeights(goldenBytes(file)).catch((reason: Error) => reason);
    assert.match((error as Error).message, /Shape mismatch in layer 'dense_1'/);
    same(await model.getWeights(), before);
  });
}

test('a functional configuration of Keras 3 is read as one of Keras 2', () => {
  const tensor = (name: string, node = 0) => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, 3], dtype: 'float32', keras_history: [name, node, 0] },
  });
  const dtype = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null };
  const config = {
    module: 'keras.src.models.functional',
    class_name: 'Functional',
    config: {
      name: 'functional',
      trainable: true,
      layers: [
        {
          class_name: 'InputLayer',
          config: { batch_shape: [null, 3], dtype: 'float32', name: 'x' },
          name: 'x',
          inbound_nodes: [],
        },
        {
          class_name: 'Dense',
          config: { name: 'd', dtype, units: 3, activation: 'linear', quantization_config: null },
          name: 'd',
          inbound_nodes: [
            { args: [tensor('x')], kwargs: {} },
            { args: [tensor('d')], kwargs: {} },
          ],
        },
        {
          class_name: 'Add',
          config: { name: 'a', dtype },
          name: 'a',
          inbound_nodes: [{ args: [[tensor('d'), tensor('d', 1)]], kwargs: {} }],
        },
      ],
      input_layers: ['x', 0, 0],
      output_layers: ['a', 0, 0],
    },
  };
  assert.ok(isKeras3(config));
  const read = fromKeras3(config) as {
    config: { layers: { config: object; inbound_nodes: unknown }[]; input_layers: unknown };
  };
  assert.equal(read.config.input_layers, [['x', 0, 0]]);
  assert.equal(read.config.layers[1].config, { name: 'd', dtype: 'float32', units: 3, activation: 'linear' });
  assert.equal(read.config.layers[1].inbound_nodes, [[['x', 0, 0, {}]], [['d', 0, 0, {}]]]);
  assert.equal(read.config.layers[2].inbound_nodes, [
    [
      ['d', 0, 0, {}],
      ['d', 1, 0, {}],
    ],
  ]);
});

tests.run();
