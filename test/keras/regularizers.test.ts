/** `tf.keras.regularizers`: values of Keras 2.15, names, configurations, errors. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { getCollection } from '../../src/graph/default-graph.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { GraphKeys } from '../../src/graph/graph-keys.ts';
import { setFloatx } from '../../src/keras/config.ts';
import * as regularizers from '../../src/keras/regularizers.ts';
import { customObjectScope, type Serialized, toPythonKeys } from '../../src/keras/serialization.ts';
import { constant } from '../../src/ops/constants.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { float32, float64 } from '../../src/util/dtype.ts';
import { RuntimeError, ValueError } from '../../src/util/errors.ts';
import { getVariable } from '../../src/variables/variable-scope.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { evaluate } from '../support/interpret.ts';

interface Case {
  readonly name: string;
  readonly w: GoldenArray;
  readonly value: GoldenArray;
}
const file = new URL('../goldens/keras/values.json', import.meta.url);
const { regularizers: cases } = JSON.parse(readFileSync(file, 'utf8')) as { regularizers: readonly Case[] };

const inGraph = <R>(body: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => body(graph));
};
const near = (found: unknown, expected: number) =>
  assert.ok(Math.abs((found as number) - expected) <= 1e-6 + 1e-5 * Math.abs(expected), `${found}, not ${expected}`);

const made: Readonly<Record<string, () => regularizers.Regularizer>> = {
  'L1(0.01)': () => new regularizers.L1(0.01),
  'L2(0.01)': () => new regularizers.L2({ l2: 0.01 }),
  'L1L2(.1, .2)': () => new regularizers.L1L2(0.1, 0.2),
};

const test = suite('keras/regularizers');

test('the reference has 3 cases', () => assert.equal(cases.map(({ name }) => name).sort(), Object.keys(made).sort()));

for (const { name, w, value } of cases) {
  test(`${name} agrees with Keras`, () => {
    const found = inGraph(() => evaluate(made[name]()(constant(fromGolden(w)))));
    assert.is(difference(found, fromGolden(value)), null);
  });
}

// From tf_keras 2.21.
test('orthogonal rows and columns agree with Keras', () => {
  const w = [
    [1, 2, 3],
    [4, -5, 6],
  ];
  inGraph(() => {
    near(evaluate(new regularizers.OrthogonalRegularizer(0.5)(w)).item(), 0.18274347);
    near(evaluate(regularizers.orthogonalRegularizer({ factor: 0.5, mode: 'columns' })(w)).item(), 0.40853834);
  });
});

test('gradients are those of the penalties', () => {
  inGraph(() => {
    const x = constant([-2, 3], { dtype: float64 });
    const of = (penalty: Tensor) => evaluate((gradients(penalty, [x]) as Tensor[])[0]).array();
    assert.equal(of(new regularizers.L1(0.5)(x)), [-0.5, 0.5]);
    assert.equal(of(new regularizers.L2(0.5)(x)), [-2, 3]);
    assert.equal(of(new regularizers.L1L2(0.5, 0.5)(x)), [-2.5, 3.5]);
  });
});

test('names, classes and functions give regularizers', () => {
  const config = (identifier: unknown) => regularizers.get(identifier)?.getConfig();
  const hundredth = Math.fround(0.01);
  assert.equal(config('l1'), { l1: hundredth });
  assert.equal(config('L2'), { l2: hundredth });
  for (const both of ['l1_l2', 'l1L2', regularizers.l1L2]) assert.equal(config(both), { l1: hundredth, l2: hundredth });
  assert.equal(config('L1L2'), { l1: 0, l2: 0 });
  assert.equal(config('orthogonal_regularizer'), { factor: hundredth, mode: 'rows' });
  assert.instance(regularizers.get(regularizers.L1), regularizers.L1);
  assert.instance(regularizers.get(regularizers.l2), regularizers.L2);
  assert.is(regularizers.get(null), null);
  const own = (x: Tensor) => x.abs().max();
  const wrapped = regularizers.get(own);
  assert.is(regularizers.get(own), wrapped);
  assert.is(regularizers.get(wrapped), wrapped);
  assert.is(regularizers.serialize(wrapped), 'own');
  inGraph(() => assert.is(evaluate(wrapped.call([1, -7])).item(), 7));
  assert.is(
    customObjectScope({ own }, () => regularizers.get('own')),
    wrapped,
  );
});

test('configurations are Keras’s, in its float type', () => {
  const l2 = regularizers.serialize(new regularizers.L2(0.01)) as Serialized;
  assert.equal(toPythonKeys(l2), { class_name: 'L2', config: { l2: 0.009999999776482582 } });
  assert.equal(regularizers.deserialize(l2).getConfig(), l2.config);
  setFloatx('float64');
  try {
    assert.equal(new regularizers.L1L2({ l1: 0.01 }).getConfig(), { l1: 0.01, l2: 0 });
  } finally {
    setFloatx('float32');
  }
});

test('a subclass is called, serves tf.getVariable, and is restored', () => {
  class Largest extends regularizers.Regularizer {
    readonly factor: number;
    constructor({ factor = 1 }: { readonly factor?: number } = {}) {
      super();
      this.factor = factor;
    }
    override call(x: Tensor): Tensor {
      return x.abs().max().mul(this.factor);
    }
    override getConfig() {
      return { factor: this.factor };
    }
  }
  inGraph(() => {
    const regularizer = new Largest({ factor: 2 });
    assert.is(evaluate(regularizer(constant([1, -3]))).item(), 6);
    getVariable('w', [2], { regularizer });
    assert.is(getCollection(GraphKeys.REGULARIZATION_LOSSES).length, 1);
    const config = regularizers.serialize(regularizer) as Serialized;
    assert.equal(config, { className: 'Largest', config: { factor: 2 } });
    const restored = regularizers.deserialize(config, { customObjects: { Largest: Largest as never } });
    assert.instance(restored, Largest);
  });
});

test('what is no penalty is an error', () => {
  const fails = (call: () => unknown, message: string) =>
    assert.throws(call, (error: Error) => error instanceof ValueError && error.message === message);
  const text = 'is not a valid regularization penalty number,';
  fails(() => new regularizers.L1('x' as never), `Value x ${text} expected an int or float value.`);
  fails(() => new regularizers.L2(Number.NaN), `Value nan ${text} an infinite number or NaN are not valid values.`);
  fails(
    () => new regularizers.OrthogonalRegularizer({ mode: 'x' as never }),
    'Invalid value for argument `mode`. Expected one of {"rows", "columns"}. Received: mode=x',
  );
  fails(() => regularizers.get(3), 'Could not interpret regularizer identifier: 3');
  assert.throws(() => regularizers.get('foo'), /^Unknown regularizer: 'foo'\. Please ensure/);
  assert.throws(
    () => new regularizers.Regularizer().getConfig(),
    (error: Error) => error instanceof RuntimeError && /does not implement getConfig\(\)/.test(error.message),
  );
  inGraph((graph) => {
    const x = placeholder(float32, [2]);
    const { size } = graph;
    fails(
      () => new regularizers.OrthogonalRegularizer()(x),
      'Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape == (2,)',
    );
    assert.is(graph.size, size);
  });
});

test.run();
