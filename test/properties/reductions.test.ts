/** Properties of reductions over any axes, running sums, and choices along an axis. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { axes, axis, floats, ints, seed, shape } from '../support/arbitraries.ts';
import { family } from '../support/properties.ts';

const test = suite('properties/reductions');
const check = family(test);

const kinds = {
  sum: tf.reduceSum,
  mean: tf.reduceMean,
  prod: tf.reduceProd,
  max: tf.reduceMax,
  min: tf.reduceMin,
  logsumexp: tf.reduceLogsumexp,
  norm: tf.math.reduceEuclideanNorm,
} as const;
type Kind = keyof typeof kinds;
const names = Object.keys(kinds) as Kind[];

const reduced = shape().chain((of) =>
  fc.record({ of: fc.constant(of), over: fc.option(axes(of.length)), keepdims: fc.boolean(), seed }),
);
const full = (of: readonly number[]) => !of.includes(0);

check(
  'reductions of floats',
  25,
  fc.tuple(fc.constantFrom(...names), reduced),
  ([kind, { of, over, keepdims, seed: from }]) => ({
    inputs: [floats(of, from, { low: 0.3, high: 2 })],
    build: ([x]) => kinds[kind](tf.square(x), over, { keepdims }),
    smooth: full(of),
  }),
);

check(
  'reductions of integers',
  12,
  fc.tuple(fc.constantFrom('sum', 'mean', 'prod', 'max', 'min'), reduced),
  ([kind, { of, over, keepdims, seed: from }]) => ({
    inputs: [ints(of, from, kind === 'prod' ? -3 : -(2 ** 31), kind === 'prod' ? 3 : 2 ** 31 - 1)],
    build: ([x]) => kinds[kind as Kind](x, over, { keepdims }),
  }),
);

check('reductions of flags, and counts', 7, reduced, ({ of, over, keepdims, seed: from }) => ({
  inputs: [ints(of, from, 0, 1)],
  build: ([x]) => {
    const flags = tf.cast(x, tf.bool);
    return [
      tf.reduceAll(flags, over, { keepdims }),
      tf.reduceAny(flags, over, { keepdims }),
      tf.countNonzero(x, over, { keepdims }),
    ];
  },
}));

const along = shape(1).chain((of) =>
  fc.record({ of: fc.constant(of), at: axis(of.length), exclusive: fc.boolean(), reverse: fc.boolean(), seed }),
);

check('running sums and products', 15, along, ({ of, at, exclusive, reverse, seed: from }) => ({
  inputs: [floats(of, from, { low: 0.4, high: 1.8 })],
  build: ([x]) => [tf.cumsum(x, at, { exclusive, reverse }), tf.cumprod(x, at, { exclusive, reverse })],
  smooth: true,
}));

check('running sums of integers', 6, along, ({ of, at, exclusive, reverse, seed: from }) => ({
  inputs: [ints(of, from, -(2 ** 31), 2 ** 31 - 1)],
  build: ([x]) => tf.cumsum(x, at, { exclusive, reverse }),
}));

const nonempty = shape(1, 4, fc.integer({ min: 1, max: 4 })).chain((of) =>
  fc.record({
    of: fc.constant(of),
    at: axis(of.length),
    k: fc.integer({ min: 0, max: of[of.length - 1] }),
    whole: fc.boolean(),
    seed,
  }),
);

check('argmax, argmin', 7, nonempty, ({ of, at, whole, seed: from }) => ({
  inputs: [whole ? ints(of, from, -2, 2) : floats(of, from)],
  build: ([x]) => [tf.argmax(x, at), tf.argmin(x, at, { outputType: tf.int32 })],
}));

check('the k largest', 7, nonempty, ({ of, k, seed: from }) => ({
  inputs: [floats(of, from)],
  build: ([x]) => Object.values(tf.nn.topK(x, k)),
  smooth: k > 0,
}));

check('sorting', 6, nonempty, ({ of, at, whole, seed: from }) => ({
  inputs: [whole ? ints(of, from, -2, 2) : floats(of, from)],
  build: ([x]) => [tf.sort(x, at), tf.sort(x, at, { direction: 'DESCENDING' }), tf.argsort(x, at, { stable: true })],
}));

test.run();
