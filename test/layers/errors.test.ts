/**
 * What functional layers refuse, in TensorFlow's words (`goldens/layers.json`), and that a refusal leaves nothing behind.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { Graph } from '../../src/graph/graph.ts';
import * as layers from '../../src/layers.ts';
import { placeholder } from '../../src/ops/index.ts';
import { asDType, float32 } from '../../src/util/dtype.ts';
import { globalVariables, zerosInitializer } from '../../src/variables/index.ts';
import { callLayer, type FailingCase, golden } from './golden.ts';

const test = suite('tf.layers errors');

/** How the messages write values: tuples and types are Python's. */
function plain(message: string): string {
  return message
    .replaceAll("<dtype: 'int32'>", 'int32')
    .replace(/Received: [[(]([\d, ]+)[\])]/, 'Received: $1')
    .replace('padding=wrong', 'wrong');
}

function failure(body: () => unknown): Error {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

for (const [name, c] of Object.entries<FailingCase>(golden.errors)) {
  test(`${name} is refused as TensorFlow refuses it`, () => {
    const graph = new Graph();
    graph.asDefault(() => {
      const x = placeholder(asDType(c.dtype as 'float32'), c.shape, { name: 'x' });
      const { size } = graph;
      const error = failure(() => callLayer(c.function, x, c.options));
      const [type, message] = c.error;
      assert.is(error.constructor.name, type);
      assert.is(plain(error.message), plain(message));
      assert.is(graph.size, size);
      assert.equal(globalVariables(), []);
    });
  });
}

test('a call that fails in the middle can be repeated', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const x = placeholder(float32, [null, 3], { name: 'x' });
    let fails = true;
    const bias = (shape: readonly number[]) => {
      if (fails) throw new Error('not yet');
      return zerosInitializer()(shape);
    };
    const layer = new layers.Dense(2, { biasInitializer: bias });
    assert.throws(() => layer.apply(x), /not yet/);
    assert.is(graph.size, 1);
    assert.is(layer.built, false);
    assert.equal(layer.weights, []);
    fails = false;
    assert.is(layer.apply(x).name, 'dense/BiasAdd:0');
    assert.equal(
      layer.weights.map(({ name }) => name),
      ['dense/kernel:0', 'dense/bias:0'],
    );
  });
});

test('batch renormalization and virtual batches are refused', () => {
  assert.throws(() => new layers.BatchNormalization({ renorm: true }), /renormalization/);
  assert.throws(() => new layers.BatchNormalization({ virtualBatchSize: 2 }), /virtual_batch_size/);
});

test('a specification of inputs names what does not fit', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const layer = new layers.Layer({ name: 'own' });
    layer.inputSpec = new layers.InputSpec({ dtype: 'int32', axes: { [-1]: 4 } });
    assert.throws(
      () => layer.apply(placeholder(float32, [null, 4])),
      (error: Error) => error.message.includes('expected dtype=int32, found dtype=float32'),
    );
    assert.throws(
      () => layer.apply(placeholder(asDType('int32'), [null, 3])),
      (error: Error) => error.message.includes('expected axis -1 of input shape to have value 4'),
    );
    assert.is(new layers.InputSpec({ shape: [null, 3] }).ndim, 2);
  });
});

test('a function without inputs is refused', () => {
  assert.throws(() => layers.dense({ units: 2 }), /inputs/);
});

test.run();
