/**
 * Arguments of layers and their errors, with the words of Keras, and configurations there and back.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { Session } from '../../runtime/session.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { Layer } from '../../src/keras/engine/layer.ts';
import type { TensorNest } from '../../src/keras/engine/nest.ts';
import * as layers from '../../src/keras/layers/index.ts';
import { deserializeLayer, knownLayers, serializeLayer } from '../../src/keras/layers/registry.ts';
import { customObjectScope } from '../../src/keras/serialization.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { globalVariablesInitializer } from '../../src/variables/collections.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('Keras layer arguments');
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
// Arguments

test('required arguments come by position or by keyword', () => {
  assert.is(new layers.Dense(3).units, 3);
  assert.is(new layers.Dense({ units: 3 }).units, 3);
  assert.is(new layers.Dense(3, 'relu', false).useBias, false);
  assert.is(new layers.Dropout({ rate: 0.25 }).rate, 0.25);
  assert.equal(new layers.Reshape({ targetShape: [2, 3] }).targetShape, [2, 3]);
  assert.is(new layers.RepeatVector({ n: 2 }).n, 2);
  assert.is(new layers.Embedding({ inputDim: 4, outputDim: 2 }).outputDim, 2);
  assert.equal(new layers.Dot({ axes: [1, 2] }).axes, [1, 2]);
  assert.is(new layers.TimeDistributed({ layer: new layers.Dense(1) }).layer.constructor, layers.Dense);
});

const REFUSED: readonly (readonly [string, () => unknown, string, string])[] = [
  [
    'Dense',
    () => new layers.Dense(-1),
    'ValueError',
    'Received an invalid value for `units`, expected a positive integer. Received: units=-1',
  ],
  [
    'Dropout',
    () => new layers.Dropout(1.5),
    'ValueError',
    'Invalid value 1.5 received for `rate`, expected a value between 0 and 1.',
  ],
  [
    'SpatialDropout2D',
    () => new layers.SpatialDropout2D(0.5, 'last' as 'channels_last'),
    'ValueError',
    '`data_format` must be "channels_last" or "channels_first". Received: data_format=last.',
  ],
  [
    'Permute',
    () => new layers.Permute([1, 3]),
    'ValueError',
    'Invalid permutation argument `dims` for Permute Layer. The set of indices in `dims` must be consecutive and start from 1. Received dims=(1, 3)',
  ],
  [
    'RepeatVector',
    () => new layers.RepeatVector(1.5),
    'TypeError',
    "Expected an integer value for `n`, got <class 'float'>.",
  ],
  [
    'Embedding',
    () => new layers.Embedding(0, 2),
    'ValueError',
    'Both `input_dim` and `output_dim` should be positive, Received input_dim = 0 and output_dim = 2',
  ],
  [
    'ThresholdedReLU',
    () => new layers.ThresholdedReLU(-1),
    'ValueError',
    'The theta value of a Thresholded ReLU layer should be >=0. Received: -1',
  ],
  [
    'ReLU',
    () => new layers.ReLU(-1),
    'ValueError',
    'max_value of a ReLU layer cannot be a negative value. Received: -1',
  ],
  [
    'Dot',
    () => new layers.Dot([1, 2, 3] as never),
    'ValueError',
    'Invalid format for argument `axes`: it should contain two elements. Received: axes=(1, 2, 3)',
  ],
  [
    'BatchNormalization',
    () => new layers.BatchNormalization({ renorm: true }),
    'ValueError',
    'Batch renormalization (`renorm=True`) is not supported.',
  ],
  [
    'BatchNormalization.fused',
    () => new layers.BatchNormalization({ fused: true, axis: 2 }),
    'ValueError',
    'Passing `fused=True` is only supported when axis is 1 or 3 for input rank = 4 or 1 or 4 for input rank = 5. Got axis [2]',
  ],
  [
    'Add',
    () => new layers.Add().apply(layers.Input([3])),
    'ValueError',
    'A merge layer should be called on a list of inputs. Received: input_shape=(None, 3) (not a list of shapes)',
  ],
  [
    'Add of shapes',
    () => layers.add([layers.Input([3]), layers.Input([4])]),
    'ValueError',
    'Inputs have incompatible shapes. Received shapes (3,) and (4,)',
  ],
  [
    'Subtract',
    () => layers.subtract([layers.Input([3]), layers.Input([3]), layers.Input([3])]),
    'ValueError',
    'A `Subtract` layer should be called on exactly 2 inputs. Received: input_shape=[(None, 3), (None, 3), (None, 3)]',
  ],
  [
    'Concatenate',
    () => layers.concatenate([layers.Input([3, 2]), layers.Input([4, 2])]),
    'ValueError',
    'A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. Received: input_shape=[(None, 3, 2), (None, 4, 2)]',
  ],
  [
    'Attention',
    () => new layers.Attention().apply([layers.Input([3, 2])]),
    'ValueError',
    'Attention layer accepts inputs list of length 2 or 3, namely [query, value] or [query, value, key]. Received length: 1.',
  ],
  [
    'GroupNormalization',
    () => new layers.GroupNormalization(3).apply(layers.Input([4])),
    'ValueError',
    'Number of groups (3) must be a multiple of the number of channels (4).',
  ],
];

for (const [name, call, kind, message] of REFUSED) {
  test(`${name} refuses wrong arguments with the words of Keras`, async () => {
    const error = await failure(() => new Graph().asDefault(call));
    assert.is(error.constructor.name, kind);
    assert.is(error.message, message);
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Configurations

test('every layer comes back from its configuration', () => {
  const args: Readonly<Record<string, readonly unknown[]>> = {
    Dense: [2],
    Dropout: [0.5],
    SpatialDropout1D: [0.5],
    SpatialDropout2D: [0.5],
    SpatialDropout3D: [0.5],
    Permute: [[2, 1]],
    Reshape: [[2]],
    RepeatVector: [2],
    Embedding: [3, 2],
    Dot: [1],
    EinsumDense: ['ab,bc->ac', 3],
    MultiHeadAttention: [2, 3],
  };
  const own = [...knownLayers].filter(
    ([name]) =>
      /Norm|ReLU|ELU|Drop|Noise|Softmax|Add|Mult|Sub|Max|Min|Aver|Conc|Atten|Mask|Flat|Act/.test(name) || name in args,
  );
  for (const [name, made] of own.filter(([name]) => !/Pool|Conv/.test(name))) {
    const layer = new (made as unknown as new (...given: unknown[]) => Layer<TensorNest>)(...(args[name] ?? []));
    const again = deserializeLayer(JSON.parse(JSON.stringify(serializeLayer(layer))));
    assert.is(again.constructor, layer.constructor, name);
    assert.equal(again.getConfig(), layer.getConfig(), name);
  }
});

test('a wrapper brings the layer inside along', () => {
  class Twice extends Layer {
    override call(x: Tensor): Tensor {
      return x.mul(2);
    }
  }
  const layer = new layers.TimeDistributed(new Twice({ name: 'inner' }));
  const again = deserializeLayer(serializeLayer(layer), { Twice }) as layers.TimeDistributed;
  assert.instance(again.layer, Twice);
  assert.is(again.layer.name, 'inner');
});

test('a Lambda is saved by the name of a registered function only', async () => {
  const double = (x: Tensor) => x.mul(2);
  const layer = new layers.Lambda(double, { arguments: { factor: 2 } });
  const error = await failure(() => layer.getConfig());
  assert.is(error.constructor.name, 'ValueError');
  assert.match(error.message, /^The function 'double' of a Lambda layer can only be saved by name: register it first/);
  customObjectScope({ double }, () => {
    const again = deserializeLayer(serializeLayer(layer)) as layers.Lambda;
    assert.is(again.function, double);
    assert.equal(again.arguments, { factor: 2 });
  });
});

check('a Lambda hands on its arguments, and finds out the shape of its output', async () => {
  const scale = (x: Tensor, { factor }: layers.LambdaCallOptions) => x.mul(factor as number).slice(0);
  const layer = new layers.Lambda(scale, { arguments: { factor: 3 } });
  assert.equal(layer.computeOutputShape([null, 4]), [4]);
  const [result] = await values([
    layer.apply([
      [1, 2],
      [3, 4],
    ]),
  ]);
  assert.equal(result, [3, 6]);
  assert.equal(new layers.Lambda(scale, [7]).computeOutputShape([null, 4]), [null, 7]);
});

test.run();
