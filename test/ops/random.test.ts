/**
 * Random ops against real TensorFlow: seeds as attributes, streams bit for bit over several runs. Ops that are not built
 * yet (gamma, Poisson, stateless, candidate samplers, image augmentation) have their goldens waiting.
 */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RandomStream } from '../../runtime/host/registry.ts';
import { Session } from '../../runtime/session.ts';
import { resetDefaultGraph, setRandomSeed } from '../../src/graph/default-graph.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as initializers from '../../src/initializers.ts';
import { constant } from '../../src/ops/constants.ts';
import { dropout } from '../../src/ops/dropout.ts';
import {
  categorical,
  getSeed,
  multinomial,
  randomCrop,
  randomNormal,
  randomShuffle,
  randomUniform,
  truncatedNormal,
} from '../../src/ops/random.ts';
import { asDType, type DType, float16, float64, int32, int64 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { Initializer } from '../../src/variables/initializers.ts';
import { fromGolden, type GoldenArray } from '../support/compare.ts';
import { evaluate, interpret } from '../support/interpret.ts';
import { failure } from '../support/session.ts';

interface RngCase {
  readonly id: number;
  readonly group: string;
  readonly describe: string;
  readonly graph_seed: number | null;
  readonly op_seed?: number | null;
  readonly shape?: readonly number[];
  readonly args?: Readonly<Record<string, unknown>>;
  readonly random_nodes?: readonly { name: string; type: string; attrs: Record<string, unknown> }[];
  readonly runs: readonly (readonly (GoldenArray & { readonly hex: string })[])[];
}

const { cases } = JSON.parse(readFileSync(new URL('../goldens/rng.json', import.meta.url), 'utf8')) as {
  cases: readonly RngCase[];
};

/** The elements of a golden from their bytes, which are exact. */
function exact(golden: GoldenArray & { readonly hex: string }): (number | bigint)[] {
  const dtype = asDType(golden.dtype);
  const bytes = Buffer.from(golden.hex, 'hex');
  const count = bytes.length / dtype.size;
  const read: Record<string, (i: number) => number | bigint> = {
    float32: (i) => bytes.readFloatLE(4 * i),
    float64: (i) => bytes.readDoubleLE(8 * i),
    int32: (i) => bytes.readInt32LE(4 * i),
    int64: (i) => bytes.readBigInt64LE(8 * i),
    float16: (i) => halfValue(bytes.readUInt16LE(2 * i)),
  };
  return Array.from({ length: count }, (_, i) => read[dtype.name](i));
}

function halfValue(bits: number): number {
  const exponent = (bits >> 10) & 31;
  return exponent === 0 ? (bits & 1023) * 2 ** -24 : 2 ** (exponent - 15) * (1 + (bits & 1023) / 1024);
}

function expectSame(actual: NdArray, golden: GoldenArray & { readonly hex: string }, what: string): void {
  assert.equal([...actual.shape], [...golden.shape], what);
  assert.is(actual.dtype.name, golden.dtype, what);
  assert.equal(Array.from(actual.data as Float32Array), exact(golden), what);
}

/** How a group's tensor is built from a case. */
const builders: Readonly<Record<string, (c: RngCase, seed: number | null) => Tensor>> = {
  uniform: (c, seed) => randomUniform(shapeOf(c), { seed }),
  normal: (c, seed) => randomNormal(shapeOf(c), { seed }),
  truncated_normal: (c, seed) => truncatedNormal(shapeOf(c), { seed }),
  uniform_range: (c, seed) => randomUniform(shapeOf(c), { ...range(c), seed }),
  uniform_int32: (c, seed) => randomUniform(shapeOf(c), { ...range(c), dtype: int32, seed }),
  uniform_int64: (c, seed) =>
    randomUniform(shapeOf(c), {
      minval: BigInt(range(c).minval),
      maxval: BigInt(range(c).maxval),
      dtype: int64,
      seed,
    }),
  uniform_f64: (c, seed) => randomUniform(shapeOf(c), { dtype: float64, seed }),
  normal_f64: (c, seed) => randomNormal(shapeOf(c), { dtype: float64, seed }),
  uniform_f16: (c, seed) => randomUniform(shapeOf(c), { dtype: float16, seed }),
  normal_mean: (c, seed) => randomNormal(shapeOf(c), { ...moments(c), seed }),
  truncated_mean: (c, seed) => truncatedNormal(shapeOf(c), { ...moments(c), seed }),
  multinomial: (c, seed) => multinomial(c.args?.logits as number[][], c.args?.num_samples as number, { seed }),
  categorical: (c, seed) =>
    categorical(c.args?.logits as number[][], c.args?.num_samples as number, { dtype: c.args?.dtype as string, seed }),
  shuffle: (c, seed) => randomShuffle(constant(c.args?.value as number[], int32), { seed }),
  crop: (_c, seed) =>
    randomCrop(
      constant(
        Array.from({ length: 12 }, (_, i) => i),
        int32,
        [4, 3],
      ),
      [2, 2],
      { seed },
    ),
  dropout: (c, seed) => dropout(constant(1, { shape: [2, 5] }), { rate: c.args?.rate as number, seed }),
};

const shapeOf = (c: RngCase) => c.shape as readonly number[];
const range = (c: RngCase) => c.args as { minval: number; maxval: number };
const moments = (c: RngCase) => c.args as { mean: number; stddev: number };

/** Builds a case in a graph of its own, as TensorFlow's script did. */
function built(c: RngCase, build: (seed: number | null) => Tensor): Tensor {
  return new Graph().asDefault((graph) => {
    graph.seed = c.graph_seed;
    return build(c.op_seed ?? null);
  });
}

function checkNodes(c: RngCase, tensor: Tensor): void {
  for (const node of c.random_nodes ?? []) {
    const op = tensor.graph.getOperationByName(node.name);
    assert.is(op.type, node.type);
    for (const [key, value] of Object.entries(node.attrs)) {
      const actual = op.getAttr(key);
      const expected = typeof value === 'object' ? asDType((value as { type: string }).type) : value;
      assert.is(actual, expected as DType, `case ${c.id}: ${node.name}.${key}`);
    }
  }
}

for (const group of Object.keys(builders)) {
  test(`${group}: TensorFlow's streams, run after run`, () => {
    const own = cases.filter((c) => c.group === group);
    assert.ok(own.length > 0);
    for (const c of own) {
      const tensor = built(c, (seed) => builders[group](c, seed));
      checkNodes(c, tensor);
      const streams = new Map<string, RandomStream>();
      c.runs.forEach((run, i) => {
        expectSame(evaluate(tensor, { streams }), run[0], `case ${c.id}, run ${i}`);
      });
      expectSame(evaluate(tensor, { streams: new Map() }), c.runs[0][0], `case ${c.id}, fresh session`);
    }
  });
}

/** The initializers of the goldens, by the words that describe them. */
const made: Readonly<Record<string, (seed: number | null) => Initializer>> = {
  'tf.glorot_uniform': (seed) => initializers.glorotUniform({ seed }),
  'tf.glorot_normal': (seed) => initializers.glorotNormal({ seed }),
  'tf.he_normal': (seed) => initializers.heNormal({ seed }),
  'tf.he_uniform': (seed) => initializers.heUniform({ seed }),
  'tf.lecun_normal': (seed) => initializers.lecunNormal({ seed }),
  'tf.lecun_uniform': (seed) => initializers.lecunUniform({ seed }),
  'tf.truncated_normal(stddev=.1)': (seed) => initializers.truncatedNormal({ stddev: 0.1, seed }),
  // The values have this deviation; the description leaves it out.
  'tf.random_normal(mean=1)': (seed) => initializers.randomNormal({ mean: 1, stddev: 0.5, seed }),
  'tf.random_uniform(-.1,.1)': (seed) => initializers.randomUniform(-0.1, 0.1, { seed }),
  'tf.uniform_unit_scaling': (seed) => initializers.uniformUnitScaling({ seed }),
  'tf.orthogonal': (seed) => initializers.orthogonal({ seed }),
};

function initializerOf(describe: string, seed: number | null): Initializer {
  const scaling = /^tf\.variance_scaling\(scale=(.*), mode=(.*), distribution=(.*)\)$/.exec(describe);
  if (!scaling) return made[describe](seed);
  const [, scale, mode, distribution] = scaling;
  return initializers.varianceScaling({
    scale: Number(scale),
    mode: mode as 'fan_in',
    distribution: distribution as 'uniform',
    seed,
  });
}

test('initializers: the values that TensorFlow draws', () => {
  const own = cases.filter((c) => c.group === 'initializer' && c.shape);
  assert.is(own.length, 91);
  for (const c of own) {
    const tensor = built(c, (seed) => initializerOf(c.describe, seed)(shapeOf(c)));
    checkNodes(c, tensor);
    const actual = evaluate(tensor, { streams: new Map() });
    const [golden] = c.runs[0];
    const what = `case ${c.id}: ${c.describe}`;
    if (c.describe !== 'tf.orthogonal') {
      expectSame(actual, golden, what);
      continue;
    }
    // A decomposition sums in an order of its own.
    const expected = fromGolden(golden).data as Float32Array;
    (actual.data as Float32Array).forEach((x, i) => {
      assert.ok(Math.abs(x - expected[i]) <= 2e-6, `${what}: element ${i}: ${x}, expected ${expected[i]}`);
    });
  }
});

test('initializers: identity, zeros, ones, constant', () => {
  const [c] = cases.filter((other) => other.group === 'initializer' && !other.shape);
  const tensors = new Graph().asDefault(() => [
    initializers.identity()([2, 3]),
    initializers.zeros()([2]),
    initializers.ones()([2]),
    initializers.constant([1, 2, 3, 4])([2, 2]),
  ]);
  const values = interpret(tensors[0].graph.snapshot(), tensors);
  values.forEach((value, i) => void expectSame(value, c.runs[0][i], `output ${i}`));
});

test('a graph seed numbers the ops without a seed by their order', () => {
  const [c] = cases.filter((other) => other.group === 'graph_seed');
  const { op_seeds: seeds } = c as unknown as { op_seeds: readonly [string, number, number][] };
  const tensors = new Graph().asDefault((graph) => {
    graph.seed = 42;
    const uniform = randomUniform([2]);
    constant(1);
    return [uniform, randomNormal([2]), randomUniform([2], { seed: 9 }), truncatedNormal([2])];
  });
  const { graph } = tensors[0];
  for (const [name, seed, seed2] of seeds) {
    assert.is(graph.getOperationByName(name).getAttr('seed'), seed);
    assert.is(graph.getOperationByName(name).getAttr('seed2'), seed2);
  }
  const streams = new Map<string, RandomStream>();
  for (const run of c.runs) {
    interpret(graph.snapshot(), tensors, { streams }).forEach((value, i) => void expectSame(value, run[i], `op ${i}`));
  }
});

test('getSeed follows the table of seeds', () => {
  resetDefaultGraph();
  assert.equal(getSeed(null), [null, null]);
  assert.equal(getSeed(7), [87654321, 7]);
  setRandomSeed(42);
  assert.equal(getSeed(7), [42, 7]);
  assert.equal(getSeed(), [42, 0]);
  assert.equal(getSeed(), [42, 1]);
  setRandomSeed(0);
  assert.equal(getSeed(0), [0, 2 ** 31 - 1]);
  resetDefaultGraph();
  setRandomSeed(42);
  assert.equal(getSeed(), [42, 0]);
  resetDefaultGraph();
});

test('a failed build gives its seeds back', () => {
  new Graph().asDefault((graph) => {
    graph.seed = 42;
    randomUniform([2]);
    assert.throws(() =>
      graph.atomic(() => {
        randomUniform([2]);
        randomNormal([2]);
        throw new Error('no');
      }),
    );
    assert.is(randomUniform([2], { name: 'next' }).op.getAttr('seed2'), 1);
  });
});

test('case 451: one op seed gives one sequence in every session', async () => {
  const graph = new Graph();
  const tensor = graph.asDefault(() => randomNormal([2, 3], { seed: 345 }));
  const sequence = async () => {
    using sess = new Session({ graph });
    const runs: unknown[] = [];
    for (let i = 0; i < 3; i++) runs.push((await sess.run(tensor)).array());
    return runs;
  };
  const first = await sequence();
  assert.equal(await sequence(), first);
  assert.not.equal(first[0], first[1]);
  const streams = new Map<string, RandomStream>();
  assert.equal(
    [0, 1, 2].map(() => evaluate(tensor, { streams }).array()),
    first,
    'the interpreter draws the same',
  );
});

test('case 453: random ops alike are not merged', async () => {
  const graph = new Graph();
  const difference = graph.asDefault(() => randomNormal([2, 3]).sub(randomNormal([2, 3])));
  using sess = new Session({ graph });
  const values = (await sess.run(difference)).array() as number[][];
  assert.ok(values.flat().every((x) => x !== 0));
});

test('case 455: integers need minval < maxval, unless nothing is drawn', async () => {
  const graph = new Graph();
  const [empty, bad] = graph.asDefault(() => [
    randomUniform([10, 0], { minval: 0, maxval: 0, dtype: int32 }),
    randomUniform([3], { minval: 0, maxval: 0, dtype: int32 }),
  ]);
  assert.equal([...evaluate(empty).shape], [10, 0]);
  assert.throws(() => evaluate(bad), /Need minval < maxval, got 0 >= 0/);
  using sess = new Session({ graph });
  assert.equal([...(await sess.run(empty)).shape], [10, 0]);
  const error = await failure(() => sess.run(bad));
  assert.is(error.name, 'InvalidArgumentError');
  assert.is(error.detail, 'Need minval < maxval, got 0 >= 0');
});

test('shapes are static, where they are known', () => {
  new Graph().asDefault(() => {
    assert.equal(randomUniform([2, 3]).shape, [2, 3]);
    assert.equal(randomNormal([]).shape, []);
    assert.equal(randomUniform([constant(2, int32), 3]).shape, [2, 3]);
    assert.equal(multinomial([[0, 1]], 4).shape, [1, 4]);
    assert.equal(randomShuffle([[1, 2]]).shape, [1, 2]);
    assert.throws(() => randomUniform([2], { dtype: int32 }), /Must specify maxval for integer dtype/);
    assert.throws(() => randomUniform([2], { dtype: 'string' }), /Argument `dtype` got invalid value/);
  });
});

test.run();
