/** `tf.keras.activations`: values of Keras 2.15, names, configurations. Logits behind activations are in `losses.test.ts`. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as activations from '../../src/keras/activations.ts';
import { customObjectScope } from '../../src/keras/serialization.ts';
import * as nn from '../../src/nn.ts';
import { constant } from '../../src/ops/constants.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { float32, int32 } from '../../src/util/dtype.ts';
import { TypeError, ValueError } from '../../src/util/errors.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { evaluate } from '../support/interpret.ts';

interface Case {
  readonly name: string;
  readonly x: GoldenArray;
  readonly y: GoldenArray;
}
const file = new URL('../goldens/keras/values.json', import.meta.url);
const { activations: cases } = JSON.parse(readFileSync(file, 'utf8')) as { activations: readonly Case[] };

const inGraph = <R>(body: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => body(graph));
};
const values = (body: () => Tensor): number[] => inGraph(() => [...(evaluate(body()).data as Float32Array)]);
const close = (found: readonly number[], expected: readonly number[]) => {
  assert.is(found.length, expected.length);
  found.forEach((x, i) => {
    assert.ok(Math.abs(x - expected[i]) < 1e-6 + 1e-5 * Math.abs(expected[i]), `${i}: ${x}`);
  });
};

const test = suite('keras/activations');

test('the reference has 14 cases', () => assert.is(cases.length, 14));

for (const { name, x, y } of cases) {
  test(`${name} agrees with Keras`, () => {
    const found = inGraph(() => {
      const input = constant(fromGolden(x));
      if (name.startsWith('relu('))
        return evaluate(activations.relu(input, { alpha: 0.1, maxValue: 2, threshold: 0.5 }));
      return evaluate(activations.get(name)(input));
    });
    assert.is(difference(found, fromGolden(y)), null);
  });
}

// From tf_keras 2.21 in graph mode.
const x = [-1.5, -0.2, 0, 0.3, 2];
test('the activations beyond the reference agree with Keras', () => {
  close(
    values(() => activations.mish(x)),
    [-0.29809976, -0.10714479, 0, 0.20800139, 1.943959],
  );
  close(
    values(() => activations.gelu(x, { approximate: true })),
    [-0.10042843, -0.08414857, 0, 0.18537094, 1.9545977],
  );
  close(
    values(() => activations.elu(x, 0.5)),
    [-0.38843492, -0.090634614, 0, 0.3, 2],
  );
  close(
    values(() => activations.leakyRelu(x)),
    [-0.3, -0.04, 0, 0.3, 2],
  );
  close(
    values(() => activations.relu6([-1, 3, 8])),
    [0, 3, 6],
  );
  close(
    values(() => activations.logSoftmax([[0, 0]])),
    [-Math.LN2, -Math.LN2],
  );
  close(
    values(() =>
      activations.softmax(
        [
          [1, 5],
          [1, 5],
        ],
        { axis: 0 },
      ),
    ),
    [0.5, 0.5, 0.5, 0.5],
  );
});

test('relu takes its slope under both names, and 6 as a limit of its own', () => {
  close(
    values(() => activations.relu([-2, 3], { negativeSlope: 0.5 })),
    [-1, 3],
  );
  close(
    values(() => activations.relu([-2, 3], 0.5)),
    [-1, 3],
  );
  inGraph(() => assert.is(activations.relu([-2, 30], { maxValue: 6 }).op.type, 'Relu6'));
});

test('linear gives back the tensor', () => {
  inGraph(() => {
    const input = placeholder(float32, [3]);
    assert.is(activations.linear(input), input);
  });
});

test('names are Keras’s or in camel case, and null is linear', () => {
  assert.is(activations.get('hard_sigmoid'), activations.hardSigmoid);
  assert.is(activations.get('hardSigmoid'), activations.hardSigmoid);
  assert.is(activations.get('log_softmax'), activations.logSoftmax);
  assert.is(activations.get('silu'), activations.swish);
  assert.is(activations.get(null), activations.linear);
  assert.is(activations.get(undefined), activations.linear);
  const own = (input: Tensor) => input.mul(2);
  assert.is(activations.get(own), own);
});

test('functions are saved under Keras’s names, those of tf.nn too', () => {
  assert.is(activations.serialize(activations.hardSigmoid), 'hard_sigmoid');
  assert.is(activations.serialize(activations.silu), 'swish');
  assert.is(activations.serialize(nn.leakyRelu), 'leaky_relu');
  assert.is(activations.serialize(nn.softmax), 'softmax');
  assert.is(
    activations.serialize(function mine(input: Tensor) {
      return input;
    }),
    'mine',
  );
  assert.is(activations.serialize(null), null);
});

test('a name that is unknown is an error, unless a scope knows it', () => {
  assert.throws(
    () => activations.get('foo'),
    (error: Error) =>
      error instanceof ValueError &&
      error.message.startsWith(
        "Unknown activation function: 'foo'. Please ensure you are using a `keras.utils.custom_object_scope` and that this object is included in the scope.",
      ),
  );
  const foo = (input: Tensor) => input;
  assert.is(
    customObjectScope({ foo }, () => activations.get('foo')),
    foo,
  );
  assert.is(activations.deserialize('foo', { customObjects: { foo } }), foo);
  assert.throws(
    () => activations.get(3),
    (error: Error) =>
      error instanceof TypeError && error.message === 'Could not interpret activation function identifier: 3',
  );
});

test('what cannot be activated leaves the graph as it was', () => {
  inGraph((graph) => {
    const vector = placeholder(float32, [2], 'x');
    const whole = placeholder(int32, [2]);
    const { size } = graph;
    assert.throws(
      () => activations.softmax(vector),
      'Cannot apply softmax to a tensor that is 1D. Received input: Tensor("x:0", shape=(2,), dtype=float32)',
    );
    assert.throws(() => activations.gelu(whole), /must be a floating point tensor/);
    assert.is(graph.size, size);
  });
});

test.run();
