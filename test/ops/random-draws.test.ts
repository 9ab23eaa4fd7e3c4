/**
 * Gamma, Poisson, bounded, stateless draws and candidate samplers against real TensorFlow, in sessions; sampled losses and
 * gradients; the rules of seeds. The streams of every kind of draw are `rng.test.ts`'s business too.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import type { AttrValue } from '../../src/graph/node.ts';
import * as tf from '../../src/index.ts';
import { emit } from '../../src/ops/emit.ts';
import { asDType } from '../../src/util/dtype.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('ops/random-draws');
const checked = leakChecked(test);

interface Value {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly (string | number)[];
}

interface Case {
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly attrs: Readonly<Record<string, AttrValue>>;
  readonly runs?: readonly (readonly Value[])[];
  readonly error?: string;
}

interface Loss {
  readonly function: string;
  readonly removes: boolean;
  readonly labels: readonly (readonly number[])[];
  readonly true_counts: readonly (readonly number[])[];
  readonly outputs: readonly Value[];
}

const golden = JSON.parse(
  readFileSync(new URL('../goldens/random_draws.json', import.meta.url), 'utf8').replace(/\bNaN\b/g, '"nan"'),
) as {
  readonly cases: readonly Case[];
  readonly losses: readonly Loss[];
  readonly seeded: readonly (readonly Value[])[];
  readonly gradients: readonly (readonly Value[])[];
};

const isBig = (value: Value) => value.dtype === 'int64' || value.dtype === 'uint64';

function constant(value: Value): Tensor {
  const data = isBig(value) ? value.data.map((x) => BigInt(x)) : value.data.map(Number);
  return tf.constant(data as number[], { dtype: asDType(value.dtype), shape: [...value.shape] });
}

function expectClose(actual: tf.NdArray, expected: Value, what: string, tolerance = 1e-6): void {
  assert.is(actual.dtype.name, expected.dtype, what);
  assert.equal([...actual.shape], [...expected.shape], what);
  for (const [i, x] of Array.from<number | bigint>(actual.data as Float32Array).entries()) {
    const y = expected.data[i];
    const near = (z: number) => Object.is(z, Number(y)) || Math.abs(z - Number(y)) <= tolerance * scale(Number(y));
    const close = typeof x === 'bigint' ? x === BigInt(y) : near(x);
    assert.ok(close, `${what}: element ${i}: ${x}, expected ${y}`);
  }
}

const scale = (y: number) => Math.max(1, Math.abs(y));

function built(c: Case): Tensor[] {
  const attrs = Object.entries(c.attrs).map(([key, value]) => [
    key,
    key === 'dtype' ? asDType(value as string) : value,
  ]);
  return [...emit(c.op, c.inputs.map(constant), Object.fromEntries(attrs)).outputs];
}

for (const backend of ['cpu', 'wasm']) {
  checked(`every case on ${backend}: TensorFlow's values, run after run, and errors`, async () => {
    assert.ok(golden.cases.length > 100);
    for (const [index, c] of golden.cases.entries()) {
      const what = `case ${index}: ${c.op} ${JSON.stringify(c.attrs)}`;
      const graph = new Graph();
      const tensors = graph.asDefault(() => built(c));
      using sess = new Session({ graph, config: { backend } });
      if (c.error) {
        const error = await failure(() => sess.run(tensors));
        assert.is(error.name, 'InvalidArgumentError', what);
        assert.is(error.detail, c.error, what);
        continue;
      }
      for (const [i, run] of (c.runs ?? []).entries()) {
        const values = (await sess.run(tensors)) as tf.NdArray[];
        // The derivative of a draw is a ratio of tiny numbers, where TensorFlow is exact to 1e-5 only.
        const tolerance = c.op === 'RandomGammaGrad' ? 2e-5 : 1e-6;
        values.forEach((value, k) => void expectClose(value, run[k], `${what}, run ${i}, output ${k}`, tolerance));
      }
    }
  });
}

const weights = () =>
  tf.constant(
    Array.from({ length: 20 }, (_, i) => i / 10),
    { shape: [10, 2] },
  );
const biases = () => tf.constant(Array.from({ length: 10 }, (_, i) => i / 7));
const inputs = () =>
  tf.constant([
    [0.5, -1],
    [2, 0.25],
  ]);

const dense = (g: Awaited<ReturnType<typeof tf.gradients>>[number]): Tensor =>
  g !== null && 'asTensor' in g ? g.asTensor() : (g as Tensor);

checked('sampled losses and their gradients', async () => {
  for (const loss of golden.losses) {
    const what = `${loss.function}, ${loss.removes}, ${JSON.stringify(loss.labels)}`;
    const graph = new Graph();
    const tensors = graph.asDefault(() => {
      const given = [weights(), biases(), inputs()];
      const sampledValues = [
        tf.constant([1, 5, 0, 3], tf.int64),
        tf.constant(loss.true_counts as number[][]),
        tf.constant([0.4, 0.2, 0.9, 0.3]),
      ] as const;
      const options = { numTrue: loss.labels[0].length, sampledValues, removeAccidentalHits: loss.removes };
      const make = loss.function === 'nce_loss' ? tf.nn.nceLoss : tf.nn.sampledSoftmaxLoss;
      const labels = tf.constant(loss.labels as number[][], tf.int32);
      const value = make(given[0], given[1], labels, given[2], 4, 10, options);
      return [value, ...tf.gradients(value, given).map(dense)];
    });
    using sess = new Session({ graph });
    const values = (await sess.run(tensors)) as tf.NdArray[];
    values.forEach((value, k) => void expectClose(value, loss.outputs[k], `${what}, output ${k}`, 1e-5));
  }
});

checked('a sampled loss draws its own classes by its seed', async () => {
  const graph = new Graph();
  const loss = graph.asDefault(() =>
    tf.nn.sampledSoftmaxLoss(weights(), biases(), [[1], [3]], inputs(), 4, 10, { seed: 5 }),
  );
  using sess = new Session({ graph });
  for (const [expected] of golden.seeded) expectClose(await sess.run(loss), expected, 'loss', 1e-5);
});

checked('gamma draws have gradients along both parameters', async () => {
  for (const [stateless, expected] of golden.gradients.entries()) {
    const graph = new Graph();
    const tensors = graph.asDefault(() => {
      const alpha = tf.constant([0.5, 2, 7]);
      const beta = tf.constant([1, 2, 4]);
      const y = stateless
        ? tf.random.statelessGamma([4, 3], [1, 2], alpha, { beta })
        : tf.randomGamma([4], alpha, { beta, seed: 3 });
      return [y, ...tf.gradients(y, [alpha, beta]).map(dense)];
    });
    using sess = new Session({ graph });
    const values = (await sess.run(tensors)) as tf.NdArray[];
    values.forEach((value, k) => void expectClose(value, expected[k], `output ${k}`, 1e-5));
  }
});

checked('a failed run takes back what a sampler learned', async () => {
  const graph = new Graph();
  const [sampled, failing, flag] = graph.asDefault(() => {
    const isOk = tf.placeholder(tf.bool, []);
    const labels = tf.constant([[1], [3]], tf.int64);
    const [, counts] = tf.nn.learnedUnigramCandidateSampler(labels, 1, 4, false, 10, { seed: 7 });
    const check = tf.controlDependencies([counts], () => tf.Assert(isOk, ['no']));
    return [counts, check, isOk] as const;
  });
  using sess = new Session({ graph });
  const first = await sess.run(sampled);
  await failure(() => sess.run([sampled, failing], { feedDict: new Map([[flag, false]]) }));
  const second = await sess.run(sampled);
  using other = new Session({ graph });
  assert.equal(await other.run(sampled), first);
  assert.equal(await other.run(sampled), second);
});

test('wrong types and bounds of stateless draws', () => {
  new Graph().asDefault(() => {
    const { statelessUniform, statelessCategorical } = tf.random;
    assert.throws(() => statelessUniform([2], [1, 2], { dtype: tf.int32 }), /must be both None or not None/);
    assert.throws(() => statelessUniform([2], [1, 2], { dtype: tf.string }), /Argument `dtype` got invalid value/);
    assert.throws(() => statelessUniform([2], [1, 2], 0, 4, { dtype: tf.uint32 }), /don't use unsigned integers/);
    assert.throws(() => statelessCategorical([[0]], 1, [1, 2], { dtype: tf.float32 }), /Accepted dtypes are/);
  });
});

test("the rule of 1.15 gives seeds by the number of ops, and 1.15's ops", () => {
  new Graph().asDefault((graph) => {
    tf.setRandomSeed(42, { rule: '1.15' });
    tf.constant(1);
    // After the constant: shape, min and max.
    const uniform = tf.randomUniform([2], { name: 'u' });
    assert.is(uniform.op.type, 'AddV2');
    assert.is(graph.getOperationByName('u/RandomUniform').getAttr('seed2'), 4);
    const made = graph.size;
    tf.randomNormal([2], { name: 'n' });
    assert.is(graph.getOperationByName('n/RandomStandardNormal').getAttr('seed2'), made + 3);
    assert.equal(tf.getSeed(9), [42, 9]);
    assert.equal(tf.getSeed(), [42, graph.size]);
    tf.setRandomSeed(42);
    assert.is(tf.randomUniform([2]).op.type, 'RandomUniform');
    assert.throws(() => tf.setRandomSeed(1, { rule: '1.14' as '1.15' }), /Unknown rule/);
  });
});

test.run();
