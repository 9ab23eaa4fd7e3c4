/**
 * Weights that functional layers and layer objects share, against the programs of `goldens/layers.json`; and choosing
 * between training and inference in the run.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { Session } from '../../runtime/session.ts';
import { getDefaultGraph } from '../../src/graph/default-graph.ts';
import type { Operation, Tensor } from '../../src/graph/graph.ts';
import { GraphKeys } from '../../src/graph/graph-keys.ts';
import * as layers from '../../src/layers.ts';
import { abs, ones, placeholder, reduceSum } from '../../src/ops/index.ts';
import { bool, float32 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import * as v from '../../src/variables/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { golden } from './golden.ts';

const test = suite('tf.layers sharing');
const check = leakChecked(test);

const { dense, flatten, dropout, batchNormalization, Dense } = layers;
const { variableScope } = v;
const reuse = true;
const sum = (w: Tensor): Tensor => reduceSum(w);

function numbersOf({ data }: NdArray): number[] {
  return Array.from(data as Float32Array);
}

function failure(body: () => unknown): readonly [string, string] | null {
  try {
    body();
  } catch (error) {
    return [(error as Error).constructor.name, (error as Error).message];
  }
  return null;
}

async function initialValues(): Promise<number[][]> {
  using session = new Session();
  await session.run(v.globalVariablesInitializer());
  const values = (await session.run(v.globalVariables())) as unknown as NdArray[];
  return values.map(({ data }) => Array.from(data as Float32Array));
}

const programs: Readonly<Record<string, (x: Tensor) => unknown>> = {
  'two functions': (x) => [dense(x, 2).name, dense(x, 2).name],
  'reuse by name': (x) => [dense(x, 2, { name: 'a' }).name, dense(x, 2, { name: 'a', reuse }).name],
  'auto reuse by name': (x) => {
    return [dense(x, 2, { name: 'a', reuse: v.AUTO_REUSE }).name, dense(x, 2, { name: 'a', reuse: v.AUTO_REUSE }).name];
  },
  'same name without reuse': (x) => {
    dense(x, 2, { name: 'a' });
    return failure(() => dense(x, 2, { name: 'a' }));
  },
  'reuse of nothing': (x) => failure(() => dense(x, 2, { name: 'a', reuse })),
  'reuse with another shape': (x) => {
    dense(x, 2, { name: 'a' });
    return failure(() => dense(x, 5, { name: 'a', reuse }));
  },
  'reuse without a name': (x) => [dense(x, 2).name, dense(x, 2, { reuse }).name],
  'enclosing scope reuse': (x) => {
    const body = () => [dense(x, 2, { name: 'a' }).name, dense(x, 2).name];
    return [...variableScope('net', body), ...variableScope('net', { reuse }, body)];
  },
  'enclosing scope auto reuse': (x) => {
    const body = () => [dense(x, 2).name, batchNormalization(x, { training: true }).name];
    const names = [1, 2].flatMap(() => variableScope('net', { reuse: v.AUTO_REUSE }, body));
    const updates = getDefaultGraph().getCollection(GraphKeys.UPDATE_OPS) as Operation[];
    return [...names, updates.map(({ name }) => name)];
  },
  'scope initializer and regularizer': async (x) => {
    const options = { initializer: v.onesInitializer(), regularizer: sum };
    const y = variableScope('net', options, () => dense(x, 2));
    return [y.name, await initialValues()];
  },
  'regularizer is not added twice': (x) => {
    const options = { name: 'a', kernelRegularizer: sum };
    return [dense(x, 2, options).name, dense(x, 2, { ...options, reuse }).name];
  },
  objects: (x) => {
    const [a, b] = [new Dense(2), new Dense(2)];
    const calls = [a.apply(x).name, b.apply(x).name, a.apply(x).name, a.scopeName, b.scopeName];
    const [c, d] = [new Dense(2, { name: 'named' }), new Dense(2, { name: 'named' })];
    const named = [c.apply(x).name, d.apply(x).name, c.name, d.name, c.scopeName, d.scopeName];
    return [a.name, b.name, ...calls, ...named];
  },
  'scope name before the call': () => failure(() => new Dense(2).scopeName),
  'object called in another scope': (x) => {
    const a = new Dense(2);
    return [variableScope('one', () => a.apply(x).name), variableScope('two', () => a.apply(x).name)];
  },
  'name scope around': (x) =>
    getDefaultGraph().nameScope('outer', () => [dense(x, 2).name, dense(x, 2, { name: 'a' }).name]),
  'scope argument': (x) => {
    const a = new Dense(2);
    return [a.apply(x, { scope: 'given' }).name, a.scopeName];
  },
  'custom getter': (x) => {
    const customGetter: v.CustomGetter = (getter, name, request) => getter(name, { ...request, trainable: false });
    const a = new Dense(2);
    variableScope('net', { customGetter }, () => a.apply(x));
    return [a.trainableWeights, a.nonTrainableWeights, v.trainableVariables()].map((list) =>
      list.map(({ name }) => name),
    );
  },
  partitioner: (x) => {
    const partitioner = v.fixedSizePartitioner(3);
    const options = { useBias: false, kernelRegularizer: sum };
    return [variableScope('net', { partitioner }, () => dense(x, 2, options).name)];
  },
  'layer functions without weights': (x) => {
    const named = { name: 'd' };
    return [flatten(x), flatten(x), dropout(x), dropout(x, named), dropout(x, named)].map(({ name }) => name);
  },
  constraint: (x) => {
    dense(x, 2, { kernelConstraint: (w: Tensor) => abs(w) });
    const [kernel, bias] = v.globalVariables();
    return [kernel.constraint !== null, bias.constraint === null];
  },
};

test('every program of the golden is here', () => {
  assert.equal(Object.keys(programs).sort(), Object.keys(golden.programs).sort());
});

for (const [name, program] of Object.entries(programs)) {
  check(`${name}: as in TensorFlow`, async () => {
    const expected = golden.programs[name];
    const x = placeholder(float32, [null, 3], { name: 'x' });
    assert.equal(await program(x), expected.result);
    assert.equal(
      v.globalVariables().map((variable) => variable.name),
      expected.variables,
    );
    const losses = getDefaultGraph().getCollection(GraphKeys.REGULARIZATION_LOSSES) as Tensor[];
    assert.equal(
      losses.map((loss) => loss.name),
      expected.losses,
    );
  });
}

for (const backend of ['cpu', 'wasm']) {
  check(`the run chooses between training and inference (${backend})`, async () => {
    const training = placeholder(bool, [], { name: 'training' });
    const x = placeholder(float32, [null, 2, 2, 2], { name: 'x' });
    const fused = batchNormalization(x, { training, momentum: 0.5 });
    const general = batchNormalization(flatten(x), { training, momentum: 0.5 });
    const dropped = dropout(ones([100, 100]), 0.25, { training });
    const updates = getDefaultGraph().getCollection(GraphKeys.UPDATE_OPS) as Operation[];
    const averages = v.globalVariables().filter(({ name }) => name.includes('moving'));
    const images = { data: Float32Array.from({ length: 16 }, (_, i) => i), shape: [2, 2, 2, 2] };
    using session = new Session({ config: { backend } });
    await session.run(v.globalVariablesInitializer());
    const run = async (phase: boolean): Promise<NdArray[]> => {
      const feedDict = [
        [training, phase],
        [x, images],
      ];
      return (await session.run([fused, general, dropped, ...updates], { feedDict } as never)) as never;
    };
    const average = async () => {
      const values = (await session.run(averages)) as unknown as NdArray[];
      return values.map(({ data }) => Array.from(data as Float32Array, (value) => Math.round(value * 1e4) / 1e4));
    };
    const [plain, flat, kept] = await run(false);
    assert.ok(Math.abs((plain.data[15] as number) - 15 / Math.sqrt(1.001)) < 1e-4);
    assert.ok(Math.abs((flat.data[15] as number) - 15 / Math.sqrt(1.001)) < 1e-4);
    assert.ok(numbersOf(kept).every((value) => value === 1));
    const zeros = new Array<number>(8).fill(0);
    assert.equal(await average(), [[0, 0], [1, 1], zeros, zeros.map(() => 1)]);

    const [normalized, , thinned] = await run(true);
    assert.ok(Math.abs(numbersOf(normalized).reduce((a, b) => a + b)) < 1e-4);
    const share = numbersOf(thinned).filter((value) => value === 0).length / 10_000;
    assert.ok(Math.abs(share - 0.25) < 0.03, `${share} are dropped`);
    assert.ok(numbersOf(thinned).every((value) => value === 0 || Math.abs(value - 4 / 3) < 1e-6));
    // Means of channels are 7 and 8, of features i + 4; the fused op's variance is that of a sample: 168 / 7 = 24.
    const means = zeros.map((_, i) => (i + 4) / 2);
    assert.equal(await average(), [[3.5, 4], [12.5, 12.5], means, zeros.map(() => 8.5)]);
  });

  check(`channels first gives what channels last does (${backend})`, async () => {
    const data = Float32Array.from({ length: 96 }, (_, i) => Math.sin(i * 1.7));
    const [x, first] = [placeholder(float32, [2, 4, 4, 3]), placeholder(float32, [2, 3, 4, 4])];
    const moved = new Float32Array(96);
    for (let n = 0; n < 2; n++)
      for (let p = 0; p < 16; p++) for (let c = 0; c < 3; c++) moved[(n * 3 + c) * 16 + p] = data[(n * 16 + p) * 3 + c];
    const dataFormat = 'channels_first';
    const both = (build: (input: Tensor, options: object) => Tensor): [Tensor, Tensor] => [
      build(x, {}),
      build(first, { dataFormat }),
    ];
    const name = (n: string): { name: string; reuse: v.Reuse } => ({ name: n, reuse: v.AUTO_REUSE });
    const pairs = [
      both((input, o) => layers.conv2d(input, 2, 3, { ...o, ...name('a'), biasInitializer: v.onesInitializer() })),
      both((input, o) => layers.conv2dTranspose(input, 2, 3, 2, 'same', { ...o, ...name('b') })),
      both((input, o) => layers.separableConv2d(input, 2, 2, { ...o, ...name('c') })),
      both((input, o) => layers.maxPooling2d(input, 2, 2, o)),
      both((input, o) => layers.averagePooling2d(input, 2, 2, o)),
      both((input, o) => batchNormalization(input, { axis: 'dataFormat' in o ? 1 : -1, training: true, ...name('d') })),
    ];
    const flattened = both((input, o) => flatten(input, o));
    using session = new Session({ config: { backend } });
    await session.run(v.globalVariablesInitializer());
    const feedDict = [
      [x, { data, shape: [2, 4, 4, 3] }],
      [first, { data: moved, shape: [2, 3, 4, 4] }],
    ];
    const values = (await session.run([...pairs, flattened].flat(), { feedDict } as never)) as unknown as NdArray[];
    for (let k = 0; k < pairs.length; k++) {
      const [last, ahead] = [values[2 * k], values[2 * k + 1]];
      const [n, h, w, c] = last.shape;
      assert.equal(ahead.shape, [n, c, h, w]);
      for (let i = 0; i < last.data.length; i++) {
        const [channel, pixel] = [i % c, Math.floor(i / c)];
        const [image, inside] = [Math.floor(pixel / (h * w)), pixel % (h * w)];
        const other = ahead.data[(image * c + channel) * h * w + inside] as number;
        assert.ok(Math.abs((last.data[i] as number) - other) < 1e-5, `pair ${k}, element ${i}`);
      }
    }
    assert.equal(numbersOf(values[values.length - 1]), numbersOf(values[values.length - 2]));
  });
}

check('a subclass names its own weights', async () => {
  class Scale extends layers.Layer {
    scale!: v.Variable;
    override build(inputShape: never): void {
      const shape = inputShape as readonly number[];
      this.scale = this.addWeight('scale', [shape[shape.length - 1]], { initializer: v.onesInitializer() });
      super.build(inputShape);
    }
    override call(x: Tensor): Tensor {
      return x.mul(this.scale);
    }
  }
  const layer = new Scale({ name: 'own' });
  const x = ones([2, 3]);
  assert.is(layer.apply(x).name, 'own/mul:0');
  assert.equal(layer.countParams(), 3);
  assert.is(layer.scale.name, 'own/scale:0');
  assert.equal(await initialValues(), [[1, 1, 1]]);
});

test.run();
