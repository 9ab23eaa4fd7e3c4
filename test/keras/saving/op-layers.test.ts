/** Ops of TensorFlow between the layers of a model: they are layers of it, are called anew with it, and are saved with it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../../src/index.ts';
import { Input } from '../../../src/keras/engine/input-layer.ts';
import type { TensorNest } from '../../../src/keras/engine/nest.ts';
import { TensorFlowOpLayer } from '../../../src/keras/engine/op-layer.ts';
import * as layers from '../../../src/keras/layers/index.ts';
import { cloneModel, Model, modelFromJson, Sequential } from '../../../src/keras/models/index.ts';
import { float32 } from '../../../src/util/dtype.ts';
import { NdArray } from '../../../src/util/ndarray.ts';
import { leakChecked } from '../../support/leaks.ts';
import { predictions, same, X, Y } from './support.ts';

const tests = suite('ops between layers');
const test = leakChecked(tests);

const x4 = new NdArray(float32, [4, 3], Float32Array.from(X.flat()));
const namesOf = (model: { readonly layers: readonly { readonly name: string }[] }) =>
  model.layers.map(({ name }) => name);

test('a model called on other tensors builds its ops anew', async () => {
  const x = Input([3]);
  const h = new layers.Dense(3).apply(x);
  const y = tf.concat([h.add(x), tf.square(h)], 1);
  const model = new Model(x, tf.reduceSum(y, { axis: 1, keepdims: true }));
  assert.equal(namesOf(model), [
    'input_1',
    'dense',
    'tf_op_layer_add',
    'tf_op_layer_Square',
    'tf_op_layer_concat',
    'tf_op_layer_Sum',
  ]);
  const other = Input([3]);
  const twice = new Model(other, model.apply(other.mul(2)));
  const doubled = new NdArray(
    float32,
    [4, 3],
    (x4.data as Float32Array).map((value) => 2 * value),
  );
  same(await predictions(twice as never, [x4]), await predictions(model as never, [doubled]));
  const y2 = model.apply(tf.constant([[1, 2, 3]]));
  assert.equal(y2.shape, [1, 1]);
});

test('a model with ops is trained through them', async () => {
  const x = Input([3]);
  const h = new layers.Dense(3, { kernelInitializer: 'zeros' }).apply(x);
  const model = new Model(x, tf.reduceSum(h.add(x), { axis: 1, keepdims: true }));
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const { history } = await model.fit(X, Y, { epochs: 20, verbose: 0, shuffle: false });
  assert.ok(history.loss[19] < history.loss[0]);
});

test('an op of several outputs is one layer', async () => {
  const x = Input([3]);
  const [a, b, c] = tf.unstack(x, { axis: 1 });
  const model = new Model<TensorNest>(x, [c, a.add(b)]);
  assert.equal(namesOf(model), ['input_1', 'tf_op_layer_unstack', 'tf_op_layer_add']);
  const [last] = await predictions(model, [x4]);
  assert.equal([...last.data], [...Float32Array.of(0.3, -0.6, 0.9, 0.5)]);
  same(await predictions(modelFromJson(model.toJson()), [x4]), await predictions(model, [x4]));
});

test('shapes that a run tells are part of the model', async () => {
  const x = Input([3]);
  const rows = tf.shape(x).slice(0);
  const model = new Model(x, tf.reshape(x, tf.stack([rows.mul(3), 1])));
  const [flat] = await predictions(model as never, [x4]);
  assert.equal(flat.shape, [12, 1]);
  const again = modelFromJson(model.toJson());
  same(await predictions(again, [x4]), [flat]);
});

test('a variable of the program stays the one that an op reads, but is not saved', async () => {
  const scale = new tf.Variable([1, 2, 3], { name: 'scale', dtype: 'float32' });
  const x = Input([3]);
  const model = new Model(x, new layers.Activation('linear').apply(x.mul(scale)));
  const session = tf.keras.backend.getSession();
  await session.run(scale.initializer);
  const [once] = await predictions(model as never, [x4]);
  const scaled = (factors: readonly number[]) =>
    new NdArray(
      float32,
      [4, 3],
      Float32Array.from(X.flat(), (value, i) => value * factors[i % 3]),
    );
  same([once], [scaled([1, 2, 3])]);
  await session.run(scale.assign([0, 0, 1]).op);
  const [changed] = await predictions(cloneModel(model) as never, [x4]);
  same([changed], [scaled([0, 0, 1])]);
  assert.throws(() => model.toJson(), /is no part of the model and no constant/);
});

test('constants keep their types in the saved model', async () => {
  const x = Input({ shape: [3], dtype: 'int32' });
  const model = new Model(x, tf.cast(tf.gather(tf.constant([5, 6, 7, 8]), x).mul(tf.constant(2)), 'float32'));
  const json = model.toJson();
  assert.match(json, /"constants": \{"0": \[5\.0, 6\.0, 7\.0, 8\.0\], "2": 0\}/);
  const again = modelFromJson(json);
  const ids = new NdArray(tf.int32, [1, 3], Int32Array.of(0, 3, 1));
  const [value] = await predictions(again, [ids]);
  assert.equal([...value.data], [10, 16, 12]);
});

test('a tensor that comes from no input is refused as before', () => {
  const x = Input([3]);
  assert.throws(() => new Model(x, tf.constant([1, 2])), /Output tensors to a Functional must come from/);
  const other = Input([3]);
  assert.throws(() => new Model(x, other.add(1)), /Graph disconnected: cannot obtain value/);
});

test('ops inside of a call are the layer, not layers', () => {
  const model = new Sequential([
    new layers.Dense(2, { inputShape: [3] }),
    new layers.Lambda((x) => tf.square(x as never)),
  ]);
  assert.equal(namesOf(model), ['dense', 'lambda']);
  assert.not(model.layers.some((layer) => (layer as unknown) instanceof TensorFlowOpLayer));
});

tests.run();
