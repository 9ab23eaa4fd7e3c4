/** `tf.keras.initializers`: values of Keras 2.15 by seed, names, configurations, functions of the user's. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as initializers from '../../src/keras/initializers.ts';
import { customObjectScope, fromPythonKeys, type Serialized, toPythonKeys } from '../../src/keras/serialization.ts';
import { fill } from '../../src/ops/filling.ts';
import { float32, float64 } from '../../src/util/dtype.ts';
import { ValueError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { KnownShape, ShapeLike } from '../../src/util/shape.ts';
import * as functional from '../../src/variables/initializers.ts';
import { getVariable } from '../../src/variables/variable-scope.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { evaluate } from '../support/interpret.ts';
import { leakChecked } from '../support/leaks.ts';

interface Case {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly shape: readonly number[];
  readonly value: GoldenArray & { readonly hex: string };
}
const read = (name: string) => JSON.parse(readFileSync(new URL(`../goldens/keras/${name}`, import.meta.url), 'utf8'));
const { initializers: cases } = read('values.json') as { initializers: readonly Case[] };

const inGraph = <R>(body: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => body(graph));
};
const bytes = (data: Float32Array): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');

/** Normal draws go through a library's logarithm and sine, which differ in the last place. */
const NORMAL = { relative: 1e-6, absolute: 1e-6 };
const isNormal = ({ name, args }: Case) =>
  /Normal|Orthogonal/.test(name) || (name === 'VarianceScaling' && args.distribution !== 'uniform');

const test = suite('keras/initializers');

test('the reference has 34 cases', () => assert.is(cases.length, 34));

for (const one of cases) {
  const { name, args, shape, value } = one;
  test(`${name} ${JSON.stringify(args)} of shape [${shape}] agrees with Keras`, () => {
    const config = fromPythonKeys(args) as Record<string, unknown>;
    const found = inGraph(() => evaluate(initializers.deserialize({ className: name, config }).call(shape)));
    if (isNormal(one)) assert.is(difference(found, fromGolden(value), NORMAL), null);
    else assert.is(bytes(found.data as Float32Array), value.hex);
  });
}

leakChecked(test)('weights start with Keras’s values in a session on every backend', async () => {
  const uniform = cases.filter((one) => !isNormal(one));
  const made = uniform.map(({ name, args, shape }, i) => {
    const config = fromPythonKeys(args) as Record<string, unknown>;
    const initializer = initializers.deserialize({ className: name, config });
    return getVariable(`v${i}`, shape, { initializer });
  });
  const check = (values: readonly NdArray[]) =>
    values.forEach((value, i) => {
      assert.is(bytes(value.data as Float32Array), uniform[i].value.hex);
    });
  for (const backend of ['wasm', 'cpu']) {
    using session = new Session({ config: { backend } });
    await session.run(made.map((variable) => variable.initializer));
    check((await session.run(made)) as NdArray[]);
  }
});

// From tf_keras 2.21 in graph mode.
const configs: readonly (readonly [names: string, className: string, config: object])[] = [
  ['zeros zero Zeros ZerosV2', 'Zeros', { dtype: 'float32' }],
  ['ones one Ones', 'Ones', { dtype: 'float32' }],
  ['constant Constant', 'Constant', { value: 0, dtype: 'float32' }],
  ['identity Identity', 'Identity', { gain: 1, dtype: 'float32' }],
  [
    'random_normal randomNormal normal RandomNormal',
    'RandomNormal',
    { mean: 0, stddev: 0.05, seed: null, dtype: 'float32' },
  ],
  [
    'random_uniform randomUniform uniform RandomUniform',
    'RandomUniform',
    { minval: -0.05, maxval: 0.05, seed: null, dtype: 'float32' },
  ],
  [
    'truncated_normal truncatedNormal TruncatedNormal',
    'TruncatedNormal',
    { mean: 0, stddev: 0.05, seed: null, dtype: 'float32' },
  ],
  [
    'variance_scaling varianceScaling VarianceScaling',
    'VarianceScaling',
    { scale: 1, mode: 'fan_in', distribution: 'truncated_normal', seed: null, dtype: 'float32' },
  ],
  ['orthogonal Orthogonal', 'Orthogonal', { gain: 1, seed: null, dtype: 'float32' }],
  ['glorot_normal glorotNormal GlorotNormal', 'GlorotNormal', { seed: null, dtype: 'float32' }],
  [
    'glorot_uniform glorotUniform GlorotUniform GlorotUniformV2 glorot_uniformV2',
    'GlorotUniform',
    { seed: null, dtype: 'float32' },
  ],
  ['he_normal heNormal HeNormal', 'HeNormal', { seed: null }],
  ['he_uniform heUniform HeUniform', 'HeUniform', { seed: null }],
  ['lecun_normal lecunNormal LecunNormal', 'LecunNormal', { seed: null }],
  ['lecun_uniform lecunUniform LecunUniform', 'LecunUniform', { seed: null }],
];
for (const [names, className, config] of configs) {
  test(`${className} has Keras's names and configuration`, () => {
    for (const name of names.split(' ')) {
      const serialized = initializers.serialize(initializers.get(name)) as Serialized;
      assert.equal(toPythonKeys(serialized), { class_name: className, config }, name);
      assert.equal(initializers.serialize(initializers.deserialize(serialized)), serialized);
    }
  });
}

test('the configurations of the reference layers are read and written as they are', () => {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const item = value as Record<string, unknown>;
    if (typeof item.class_name === 'string' && configs.some(([, name]) => name === item.class_name)) {
      const { class_name, config } = item;
      found.add(class_name);
      const made = initializers.get(fromPythonKeys({ class_name, config }) as Serialized);
      assert.equal(toPythonKeys(initializers.serialize(made)), { class_name, config });
    }
    for (const part of Object.values(item)) visit(part);
  };
  visit(read('layers.json'));
  assert.ok(found.size >= 4, [...found].join());
});

test('classes, functions that make them, and null', () => {
  assert.instance(initializers.get(initializers.HeNormal), initializers.HeNormal);
  assert.instance(initializers.get(initializers.heNormal), initializers.HeNormal);
  const object = initializers.lecunUniform({ seed: 4 });
  assert.is(initializers.get(object), object);
  assert.is(initializers.get(null), null);
  assert.equal(new initializers.GlorotUniform(7).getConfig(), { seed: 7, dtype: 'float32' });
});

test('a function of the user’s gives the value of a shape and type', () => {
  const sevens = (shape: KnownShape, { dtype }: initializers.InitializerCallOptions) =>
    fill(shape, 7).cast(dtype ?? float32);
  const made = initializers.get(sevens);
  assert.is(initializers.get(sevens), made);
  assert.is(initializers.serialize(made), 'sevens');
  inGraph(() => {
    const value = made.call([2], { dtype: float64 });
    assert.is(value.dtype, float64);
    assert.equal(evaluate(value).array(), [7, 7]);
    assert.equal(evaluate(initializers.get(() => [1, 2]).call([2])).array(), [1, 2]);
  });
  assert.is(
    customObjectScope({ sevens }, () => initializers.get('sevens')),
    made,
  );
});

test('the initializers of TensorFlow 1 serve layers, those of Keras tf.getVariable', () => {
  inGraph(() => {
    assert.equal(evaluate(initializers.get(functional.onesInitializer).call([2])).array(), [1, 1]);
    assert.equal(evaluate(initializers.get(functional.onesInitializer()).call([2])).array(), [1, 1]);
    const kinds = [new initializers.Constant(3), initializers.ones(), initializers.ones];
    kinds.forEach((initializer, i) => {
      assert.equal(getVariable(`v${i}`, [2], { initializer: initializer as initializers.Initializer }).shape, [2]);
    });
  });
});

test('a subclass says what the value is, and is restored', () => {
  class Sevens extends initializers.Initializer {
    override call(shape: ShapeLike): Tensor {
      return fill(shape as KnownShape, 7);
    }
  }
  inGraph(() => {
    assert.equal(evaluate(new Sevens()([2])).array(), [7, 7]);
    assert.instance(initializers.deserialize('Sevens', { customObjects: { Sevens: Sevens as never } }), Sevens);
    assert.throws(() => new initializers.Initializer()([2]), /must implement/);
  });
});

test('what is no initializer is an error', () => {
  const fails = (call: () => unknown, message: RegExp) =>
    assert.throws(call, (error: Error) => error instanceof ValueError && message.test(error.message));
  fails(() => initializers.get('foo'), /^Unknown initializer: 'foo'\. Please ensure/);
  fails(() => initializers.get(3), /^Could not interpret initializer identifier: 3$/);
  inGraph((graph) => {
    fails(() => new initializers.Identity()([2]), /at least two-dimensional/);
    fails(() => new initializers.Orthogonal({ seed: 1 })([2]), /at least two-dimensional/);
    fails(() => new initializers.VarianceScaling({ scale: -1 }), /must be positive float/);
    assert.is(graph.size, 0);
  });
});

test.run();
