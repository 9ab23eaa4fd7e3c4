/** `tf.keras.constraints`: values of Keras 2.15, names, configurations, errors. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as constraints from '../../src/keras/constraints.ts';
import { fromPythonKeys, type Serialized, toPythonKeys } from '../../src/keras/serialization.ts';
import { constant } from '../../src/ops/constants.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { float32 } from '../../src/util/dtype.ts';
import { ValueError } from '../../src/util/errors.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { evaluate } from '../support/interpret.ts';

interface Case {
  readonly name: string;
  readonly w: GoldenArray;
  readonly value: GoldenArray;
}
const file = new URL('../goldens/keras/values.json', import.meta.url);
const { constraints: cases } = JSON.parse(readFileSync(file, 'utf8')) as { constraints: readonly Case[] };

const inGraph = <R>(body: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => body(graph));
};

const made: Readonly<Record<string, () => constraints.Constraint>> = {
  'MaxNorm(1)': () => new constraints.MaxNorm(1),
  NonNeg: () => new constraints.NonNeg(),
  UnitNorm: () => new constraints.UnitNorm(),
  'MinMaxNorm(.5, 1, .8)': () => new constraints.MinMaxNorm({ minValue: 0.5, maxValue: 1, rate: 0.8 }),
};

const test = suite('keras/constraints');

test('the reference has 4 cases', () =>
  assert.equal(
    cases.map(({ name }) => name),
    Object.keys(made),
  ));

for (const { name, w, value } of cases) {
  test(`${name} agrees with Keras`, () => {
    const found = inGraph(() => evaluate(made[name]()(constant(fromGolden(w)))));
    assert.is(difference(found, fromGolden(value)), null);
  });
}

// From tf_keras 2.21.
test('norms along several axes agree with Keras', () => {
  const w = Array.from({ length: 16 }, (_, i) => i);
  const found = inGraph(() =>
    evaluate(new constraints.MaxNorm(3, { axis: [0, 1, 2] }).call(constant(w, { shape: [2, 2, 2, 2] }))),
  );
  const expected = [0, 0.11504475, 0.25354627, 0.34513426, 0.50709254, 0.57522374, 0.76063883, 0.80531323];
  expected.forEach((x, i) => {
    assert.ok(Math.abs((found.data[i] as number) - x) < 1e-6 + 1e-5 * x);
  });
});

test('radial kernels take a number of the diagonal for each ring, as in Keras', () => {
  const kernel = (size: number) =>
    inGraph(() => {
      const data = Array.from({ length: size * size * 2 }, (_, i) => i);
      const w = constant(data, { shape: [size, size, 1, 2] });
      const result = evaluate(new constraints.RadialConstraint()(w)).array() as number[][][][];
      return result.map((row) => row.map((cell) => cell[0][0]));
    });
  assert.equal(kernel(3), [
    [8, 8, 8],
    [8, 0, 8],
    [8, 8, 8],
  ]);
  assert.equal(kernel(5), [
    [36, 36, 36, 36, 36],
    [36, 24, 24, 24, 36],
    [36, 24, 12, 24, 36],
    [36, 24, 24, 24, 36],
    [36, 36, 36, 36, 36],
  ]);
  // Keras's graph mode fails on even sizes; the numbers are those that its code names: w[1, 1] inside, w[3, 3] around.
  assert.equal(kernel(4), [
    [30, 30, 30, 30],
    [30, 10, 10, 30],
    [30, 10, 10, 30],
    [30, 30, 30, 30],
  ]);
});

test('names, classes and functions give constraints', () => {
  for (const name of ['max_norm', 'maxnorm', 'maxNorm', 'MaxNorm', constraints.MaxNorm, constraints.maxNorm]) {
    assert.instance(constraints.get(name), constraints.MaxNorm);
  }
  for (const name of ['non_neg', 'nonneg', 'nonNeg', 'NonNeg']) {
    assert.instance(constraints.get(name), constraints.NonNeg);
  }
  assert.instance(constraints.get('unit_norm'), constraints.UnitNorm);
  assert.instance(constraints.get('radial_constraint'), constraints.RadialConstraint);
  assert.is(constraints.get(null), null);
  const clipped = (w: Tensor) => w.minimum(1);
  const wrapped = constraints.get(clipped);
  assert.is(constraints.serialize(wrapped), 'clipped');
  inGraph(() => assert.equal(evaluate(wrapped.call([0.5, 3])).array(), [0.5, 1]));
});

test('configurations are Keras’s', () => {
  const config = { class_name: 'MinMaxNorm', config: { min_value: 0, max_value: 1, rate: 1, axis: 0 } };
  assert.equal(toPythonKeys(constraints.serialize(constraints.minMaxNorm())), config);
  const restored = constraints.deserialize(fromPythonKeys(config) as Serialized);
  assert.equal(toPythonKeys(constraints.serialize(restored)), config);
  assert.equal(constraints.serialize(constraints.nonNeg()), { className: 'NonNeg', config: {} });
  assert.is(constraints.serialize(null), null);
});

test('a subclass says what the weights become', () => {
  class Halved extends constraints.Constraint {
    static override readonly className: string = 'Halved';
    override call(w: Tensor): Tensor {
      return w.mul(0.5);
    }
  }
  inGraph(() => assert.equal(evaluate(new Halved()(constant([2, 4]))).array(), [1, 2]));
  assert.equal(constraints.serialize(new Halved()), { className: 'Halved', config: {} });
  assert.instance(constraints.deserialize('Halved', { customObjects: { Halved: Halved as never } }), Halved);
});

test('what is no constraint or cannot be constrained is an error', () => {
  const fails = (call: () => unknown, message: RegExp) =>
    assert.throws(call, (error: Error) => error instanceof ValueError && message.test(error.message));
  fails(() => constraints.get('foo'), /^Unknown constraint: 'foo'\. Please ensure/);
  fails(() => constraints.get(3), /^Could not interpret constraint function identifier: 3$/);
  inGraph((graph) => {
    const [vector, oblong] = [placeholder(float32, [1]), placeholder(float32, [2, 3, 1, 1])];
    const { size } = graph;
    fails(
      () => constraints.radialConstraint()(vector),
      /^The weight tensor must have rank 4\. Received weight tensor with shape: \(1,\)$/,
    );
    fails(() => constraints.radialConstraint()(oblong), /square/);
    assert.is(graph.size, size);
  });
});

test.run();
