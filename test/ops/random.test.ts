import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RandomStream } from '../../runtime/host/registry.ts';
import { Session } from '../../runtime/session.ts';
import { resetDefaultGraph, setRandomSeed } from '../../src/graph/default-graph.ts';
import { Graph } from '../../src/graph/graph.ts';
import * as initializers from '../../src/initializers.ts';
import { constant } from '../../src/ops/constants.ts';
import {
  getSeed,
  multinomial,
  randomNormal,
  randomShuffle,
  randomUniform,
  truncatedNormal,
} from '../../src/ops/random.ts';
import { int32 } from '../../src/util/dtype.ts';
import { fromGolden } from '../support/compare.ts';
import { evaluate, interpret } from '../support/interpret.ts';
import { builders, built, cases, checkNodes, expectSame, initializerOf, shapeOf } from '../support/rng-cases.ts';
import { failure } from '../support/session.ts';

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
