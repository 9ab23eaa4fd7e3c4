/**
 * The cases of `goldens/rng.json`: the tensors of each, and how exactly its values must agree. The simple draws are left to
 * `support/rng-cases.ts`, sessions to `goldens.ts`.
 */
import * as assert from 'uvu/assert';
import type { Tensor } from '../../src/graph/graph.ts';
import * as tf from '../../src/index.ts';
import { emitOne } from '../../src/ops/emit.ts';
import type { GoldenArray } from '../support/compare.ts';
import { builders, exact, initializerOf, type RngCase, shapeOf } from '../support/rng-cases.ts';

export type Exact = GoldenArray & { readonly hex: string };
export type Stateless = RngCase & { readonly seed: readonly number[]; readonly values: readonly Exact[] };

/** Groups that must agree bit for bit. */
const BITS = /^(uniform|shuffle|crop|multinomial|categorical|poisson|dropout)/;
/** Draws of the stateless group that must, too. */
const EXACT = /uniform|multinomial|poisson|KeyCounter/i;

const labels = () => tf.constant([[1], [3]], tf.int64);
const numbers = (c: RngCase, key: string) => c.args?.[key] as number;

function candidates(c: RngCase, seed: number | null): readonly Tensor[] {
  const match = /^tf\.nn\.(\w+)_candidate_sampler\(.*unique (\w+), range_max 10\)$/.exec(c.describe);
  if (!match) {
    const unigrams = [1, 2, 3, 4, 5];
    return tf.nn.fixedUnigramCandidateSampler(tf.constant([[1]], tf.int64), 1, 3, false, 5, { unigrams, seed });
  }
  const sampler = {
    uniform: tf.nn.uniformCandidateSampler,
    log_uniform: tf.nn.logUniformCandidateSampler,
    learned_unigram: tf.nn.learnedUnigramCandidateSampler,
  }[match[1] as 'uniform'];
  return sampler(labels(), 1, 4, match[2] === 'True', 10, { seed });
}

function stateless(given: RngCase): readonly Tensor[] {
  const { describe, seed, shape, args } = given as Stateless;
  const seeds = tf.constant([...seed], tf.int64);
  const op = (attrs: object, ...inputs: Parameters<typeof emitOne>[1]) =>
    emitOne(describe, inputs, attrs as Parameters<typeof emitOne>[2]);
  const dims = tf.constant([...(shape ?? [3])], tf.int32);
  switch (describe.split('(')[0]) {
    case 'StatelessRandomUniformInt': {
      const [low, high] = args as unknown as readonly number[];
      return [op({}, dims, seeds, tf.constant(low, tf.int32), tf.constant(high, tf.int32))];
    }
    case 'StatelessRandomUniformFullInt':
      return [op({ dtype: tf.int32 }, dims, seeds)];
    case 'StatelessMultinomial':
      return [tf.random.statelessMultinomial(args?.logits as number[][], numbers(given, 'num_samples'), seeds)];
    case 'StatelessRandomGetKeyCounter':
      return op({}, seeds).op.outputs;
    case 'tf.random.stateless_uniform':
      return [tf.random.statelessUniform(dims, seeds)];
    case 'tf.random.stateless_normal':
      return [tf.random.statelessNormal(dims, seeds)];
    case 'tf.random.stateless_truncated_normal':
      return [tf.random.statelessTruncatedNormal(dims, seeds)];
    case 'tf.random.stateless_gamma':
      return [tf.random.statelessGamma([3], seeds, numbers(given, 'alpha'))];
    case 'tf.random.stateless_poisson':
      return [tf.random.statelessPoisson([3], seeds, numbers(given, 'lam'))];
    default:
      return [op({ dtype: tf.float32 }, dims, seeds)];
  }
}

function initialValues(c: RngCase, seed: number | null): readonly Tensor[] {
  if (c.shape) return [initializerOf(c.describe, seed)(shapeOf(c))];
  const { identity, zeros, ones, constant } = tf.initializers;
  return [identity()([2, 3]), zeros()([2]), ones()([2]), constant([1, 2, 3, 4])([2, 2])];
}

/** The tensors of a case; null where they cannot be built yet. */
export function rngOutputs(c: RngCase, seed: number | null): readonly Tensor[] | null {
  switch (c.group) {
    case 'gamma':
      return [tf.randomGamma(shapeOf(c), numbers(c, 'alpha'), { beta: c.args?.beta as number[], seed })];
    case 'poisson':
      return [tf.randomPoisson(numbers(c, 'lam'), shapeOf(c), { seed })];
    case 'truncated': {
      const scalars = [0, 1, numbers(c, 'minvals'), numbers(c, 'maxvals')];
      const inputs = [tf.constant([4], tf.int32), ...scalars.map((x) => tf.constant(x))];
      return [emitOne('ParameterizedTruncatedNormal', inputs, { seed: 1, seed2: 2 })];
    }
    case 'candidates':
      return candidates(c, seed);
    case 'stateless':
      return stateless(c);
    case 'initializer':
      return initialValues(c, seed);
    case 'flip': {
      const pixels = Array.from({ length: 6 }, (_, i) => i);
      return [tf.image.randomFlipLeftRight(tf.constant(pixels, { dtype: tf.int32, shape: [2, 3, 1] }), { seed })];
    }
    case 'image':
      return [tf.image.randomBrightness(tf.zeros([1, 2, 1]), 0.5, { seed })];
    case 'graph_seed': {
      const uniform = tf.randomUniform([2]);
      tf.constant(1);
      return [uniform, tf.randomNormal([2]), tf.randomUniform([2], { seed: 9 }), tf.truncatedNormal([2])];
    }
    default:
      return builders[c.group] ? [builders[c.group](c, seed)] : null;
  }
}

export function expectClose(actual: tf.NdArray, golden: Exact, tolerance: number, what: string): void {
  assert.equal([...actual.shape], [...golden.shape], what);
  assert.is(actual.dtype.name, golden.dtype, what);
  const expected = golden.dtype === 'uint64' ? Array.from(golden.data as string[], BigInt) : exact(golden);
  Array.from(actual.data as Float32Array).forEach((x, i) => {
    const y = expected[i];
    const close = typeof x === 'number' && Math.abs(x - Number(y)) <= tolerance * Math.max(1, Math.abs(x));
    assert.ok(close || x === y, `${what}: element ${i}: ${x}, expected ${y}`);
  });
}

export function toleranceOf(c: RngCase): number {
  if (BITS.test(c.group) || (c.group === 'stateless' && EXACT.test(c.describe))) return 0;
  // A decomposition sums in an order of its own.
  return c.describe === 'tf.orthogonal' ? 2e-6 : 1e-6;
}
