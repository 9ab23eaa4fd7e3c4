/** Registered objects, configurations of single objects, the inputs behind a tensor, and the namespaces of utilities. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tensor } from '../../../src/graph/graph.ts';
import { Input } from '../../../src/keras/engine/input-layer.ts';
import { Layer } from '../../../src/keras/engine/layer.ts';
import type { TensorNest } from '../../../src/keras/engine/nest.ts';
import * as layers from '../../../src/keras/layers/index.ts';
import { Model, modelFromJson } from '../../../src/keras/models/index.ts';
import * as preprocessing from '../../../src/keras/preprocessing/index-node.ts';
import * as utils from '../../../src/keras/utils/index-node.ts';
import { leakChecked } from '../../support/leaks.ts';
import './support.ts';

const tests = suite('utilities of configurations');
const test = leakChecked(tests);

class Shift extends Layer {
  static readonly className = 'Shift';
  override call(x: TensorNest): Tensor {
    return (x as Tensor).add(1);
  }
}

test('a registered layer is saved under its registered name, and found again', () => {
  try {
    assert.is(utils.registerKerasSerializable(Shift, { package: 'my' }), Shift);
    assert.is(utils.getRegisteredName(Shift), 'my>Shift');
    assert.is(utils.getRegisteredObject('my>Shift'), Shift);
    assert.is(utils.getRegisteredObject('Shift'), null);
    assert.throws(
      () => utils.registerKerasSerializable(Shift, { package: 'my' }),
      /my>Shift has already been registered/,
    );
    assert.throws(() => utils.registerKerasSerializable(Shift), /Shift has already been registered to my>Shift/);
    assert.throws(() => utils.registerKerasSerializable(class Nothing {}), /does not have a get_config\(\) method/);

    const x = Input([2]);
    const json = new Model(x, new Shift().apply(x)).toJson();
    assert.match(json, /"class_name": "my>Shift", "config": \{"name": "shift"/);
    assert.instance(modelFromJson(json).layers[1], Shift);
    const serialized = utils.serializeKerasObject(new Shift({ name: 's' })) as { className: string };
    assert.is(serialized.className, 'my>Shift');
    assert.is((utils.deserializeKerasObject(serialized) as Layer).name, 's');
  } finally {
    utils.getCustomObjects().delete('my>Shift');
  }
});

test('single objects become configurations, and these objects', () => {
  const { Dense } = layers;
  const serialized = utils.serializeKerasObject(new Dense(3, { name: 'd' }));
  const dense = utils.deserializeKerasObject(serialized, { moduleObjects: { Dense: Dense as never } });
  assert.instance(dense, Dense);
  assert.is((dense as InstanceType<typeof Dense>).units, 3);
  function double(): void {}
  assert.is(utils.serializeKerasObject(double), 'double');
  assert.is(utils.deserializeKerasObject('double', { customObjects: { double } }), double);
  assert.is(utils.serializeKerasObject(null), null);
  assert.is(utils.deserializeKerasObject(null), null);
  assert.throws(
    () => utils.deserializeKerasObject('nobody', { printableModuleName: 'loss' }),
    /Unknown loss: 'nobody'\. Please ensure/,
  );
  assert.throws(() => utils.serializeKerasObject(3), /Cannot serialize 3/);
});

test('the inputs behind a tensor are found, each once, also through ops', () => {
  const [a, b, c] = [Input([2]), Input([2]), Input([2])];
  const h = new layers.Add().apply([new layers.Dense(2).apply(a), b]);
  assert.equal(utils.getSourceInputs(h), [a, b]);
  assert.equal(utils.getSourceInputs(new layers.Add().apply([h, a])), [a, b]);
  assert.equal(utils.getSourceInputs(h.mul(2).add(c)), [a, b, c]);
  assert.equal(utils.getSourceInputs(c), [c]);
});

test('the namespaces hold what the manuals name', () => {
  const names = [
    'setRandomSeed',
    'toCategorical',
    'padSequences',
    'normalize',
    'splitDataset',
    'timeseriesDatasetFromArray',
  ];
  const more = [
    'imageDatasetFromDirectory',
    'textDatasetFromDirectory',
    'getSourceInputs',
    'zip',
    'zipLists',
    'arrayToImage',
  ];
  const rest = [
    'imageToArray',
    'loadImage',
    'saveImage',
    'clearSession',
    'customObjectScope',
    'getCustomObjects',
    'Sequence',
  ];
  for (const name of [...names, ...more, ...rest]) assert.type(Reflect.get(utils, name), 'function', name);
  assert.is(preprocessing.sequence.padSequences, utils.padSequences);
  assert.type(preprocessing.text.Tokenizer, 'function');
  assert.is(preprocessing.image.loadImage, utils.loadImage);
});

tests.run();
