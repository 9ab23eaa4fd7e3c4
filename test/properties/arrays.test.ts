/** Properties of ops that move elements: shapes, axes, joining, slicing, padding, filling. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { axes, axis, broadcastable, floats, ints, length, permutation, seed, shape } from '../support/arbitraries.ts';
import { family } from '../support/properties.ts';

const test = suite('properties/arrays');
const check = family(test);

check(
  'transposes and reshapes in a row',
  15,
  shape().chain((of) =>
    fc.record({
      of: fc.constant(of),
      first: permutation(of.length),
      second: permutation(of.length),
      whole: fc.boolean(),
      seed,
    }),
  ),
  ({ of, first, second, whole, seed: from }) => ({
    inputs: [whole ? ints(of, from) : floats(of, from)],
    build: ([x]) => {
      const turned = tf.transpose(x, first);
      const flat = tf.reshape(turned, [-1]);
      return [tf.transpose(turned, second), tf.reshape(flat, tf.shape(x)), tf.transpose(x)];
    },
    smooth: !whole,
  }),
);

check(
  'axes of length 1 put in and taken out, reversals and rolls',
  15,
  shape(1).chain((of) =>
    fc.record({
      of: fc.constant(of),
      at: fc.integer({ min: -of.length - 1, max: of.length }),
      over: axes(of.length),
      roll: axis(of.length),
      shift: fc.integer({ min: -6, max: 6 }),
      seed,
    }),
  ),
  ({ of, at, over, roll, shift, seed: from }) => ({
    inputs: [floats(of, from)],
    build: ([x]) => [
      tf.squeeze(tf.expandDims(x, at), [at]),
      tf.expandDims(tf.square(x), at),
      tf.reverse(x, over),
      tf.roll(x, shift, roll),
    ],
    smooth: true,
  }),
);

check(
  'tiles',
  7,
  shape().chain((of) =>
    fc.record({
      of: fc.constant(of),
      times: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: of.length, maxLength: of.length }),
      seed,
    }),
  ),
  ({ of, times, seed: from }) => ({ inputs: [floats(of, from)], build: ([x]) => tf.tile(x, times), smooth: true }),
);

check(
  'broadcasts to a shape, constant or computed',
  10,
  fc.record({ of: broadcastable(2), seed }),
  ({ of, seed: from }) => ({
    inputs: of.map((s, i) => floats(s, from + i)),
    build: ([x, y]) => {
      const dynamic = tf.broadcastDynamicShape(tf.shape(x), tf.shape(y));
      return [tf.broadcastTo(x, dynamic), tf.broadcastTo(tf.multiply(y, 2), dynamic)];
    },
    smooth: true,
  }),
);

check(
  'concatenations and their pieces',
  12,
  shape(1).chain((of) =>
    fc.record({
      of: fc.constant(of),
      at: axis(of.length),
      lengths: fc.array(length, { minLength: 2, maxLength: 4 }),
      whole: fc.boolean(),
      seed,
    }),
  ),
  ({ of, at, lengths, whole, seed: from }) => ({
    inputs: lengths.map((n, i) =>
      (whole ? ints : floats)(
        of.map((d, k) => (k === (at + of.length) % of.length ? n : d)),
        from + i,
      ),
    ),
    build: (xs) => {
      const joined = tf.concat([...xs], at);
      return [joined, ...(tf.split(joined, lengths, at) as tf.Tensor[])];
    },
    smooth: !whole,
  }),
);

check(
  'stacks and equal parts',
  10,
  shape(0, 3).chain((of) =>
    fc.record({
      of: fc.constant(of),
      at: fc.integer({ min: -of.length - 1, max: of.length }),
      count: fc.integer({ min: 1, max: 4 }),
      seed,
    }),
  ),
  ({ of, at, count, seed: from }) => ({
    inputs: Array.from({ length: count }, (_, i) => floats(of, from + i)),
    build: (xs) => {
      const stacked = tf.stack([...xs], at);
      return [
        stacked,
        ...tf.unstack(stacked, { num: count, axis: at }),
        ...(tf.split(tf.square(stacked), count, at) as tf.Tensor[]),
      ];
    },
    smooth: true,
  }),
);

check(
  'slices',
  10,
  shape(1).chain((of) =>
    fc.record({
      of: fc.constant(of),
      parts: fc.tuple(
        ...of.map((d) =>
          fc.integer({ min: 0, max: d }).chain((b) => fc.tuple(fc.constant(b), fc.integer({ min: -1, max: d - b }))),
        ),
      ),
      whole: fc.boolean(),
      seed,
    }),
  ),
  ({ of, parts, whole, seed: from }) => ({
    inputs: [whole ? ints(of, from) : floats(of, from)],
    build: ([x]) =>
      tf.slice(
        x,
        parts.map(([b]) => b),
        parts.map(([, s]) => s),
      ),
    smooth: !whole,
  }),
);

const bound = fc.integer({ min: -6, max: 6 });
const stride = fc.integer({ min: -3, max: 3 }).filter((s) => s !== 0);

check(
  'strided slices with masks and negative strides',
  25,
  shape(1).chain((of) =>
    fc.record({
      of: fc.constant(of),
      spec: fc
        .integer({ min: 1, max: of.length })
        .chain((n) => fc.array(fc.tuple(bound, bound, stride), { minLength: n, maxLength: n })),
      masks: fc.tuple(fc.nat(15), fc.nat(15), fc.constantFrom(0, 0, 1, 2, 4), fc.constantFrom(0, 0, 1, 2)),
      whole: fc.boolean(),
      seed,
    }),
  ),
  ({ of, spec, masks: [beginMask, endMask, ellipsisMask, newAxisMask], whole, seed: from }) => ({
    inputs: [whole ? ints(of, from) : floats(of, from)],
    build: ([x]) =>
      tf.stridedSlice(
        x,
        spec.map(([b]) => b),
        spec.map(([, e]) => e),
        spec.map(([, , s]) => s),
        { beginMask, endMask, ellipsisMask, newAxisMask },
      ),
    smooth: !whole,
  }),
);

check(
  'single indices of strided slices',
  10,
  shape(1, 4, fc.integer({ min: 1, max: 4 })).chain((of) =>
    fc.record({
      of: fc.constant(of),
      at: fc.tuple(...of.map((d) => fc.integer({ min: -d, max: d - 1 }))),
      mask: fc.nat(15),
      seed,
    }),
  ),
  ({ of, at, mask, seed: from }) => ({
    inputs: [floats(of, from)],
    build: ([x]) =>
      tf.stridedSlice(
        x,
        at,
        at.map((i) => (i === -1 ? 2 ** 31 - 1 : i + 1)),
        at.map(() => 1),
        { shrinkAxisMask: mask },
      ),
    smooth: true,
  }),
);

const pads = (of: readonly number[], most: (d: number) => number) =>
  fc.tuple(...of.map((d) => fc.tuple(fc.integer({ min: 0, max: most(d) }), fc.integer({ min: 0, max: most(d) }))));

check(
  'pads',
  10,
  shape().chain((of) =>
    fc.record({ of: fc.constant(of), pads: pads(of, () => 2), value: fc.constantFrom(0, 1.5), seed }),
  ),
  ({ of, pads: p, value, seed: from }) => ({
    inputs: [floats(of, from)],
    build: ([x]) =>
      tf.pad(x, tf.constant(p.flat(), { shape: [of.length, 2], dtype: tf.int32 }), { constantValues: value }),
    smooth: true,
    unknown: of.length > 0,
  }),
);

for (const mode of ['REFLECT', 'SYMMETRIC']) {
  check(
    `pads, ${mode}`,
    7,
    shape(1, 3, fc.integer({ min: 1, max: 4 })).chain((of) =>
      fc.record({
        of: fc.constant(of),
        pads: pads(of, (d) => (mode === 'REFLECT' ? d - 1 : d)),
        whole: fc.boolean(),
        seed,
      }),
    ),
    ({ of, pads: p, whole, seed: from }) => ({
      inputs: [whole ? ints(of, from) : floats(of, from)],
      build: ([x]) => tf.pad(x, p as number[][], { mode }),
      smooth: !whole,
    }),
  );
}

check(
  'ranges, steps and flags of positions',
  7,
  fc.record({
    start: fc.integer({ min: -5, max: 5 }),
    count: fc.integer({ min: 1, max: 6 }),
    delta: stride,
    of: shape(0, 3),
    at: fc.constantFrom(-1, 0),
    seed,
  }),
  ({ start, count, delta, of, at, seed: from }) => ({
    inputs: [
      ints([], 1, start, start),
      ints([], 1, start + count * delta, start + count * delta),
      ints(of, from, -1, 4),
    ],
    build: ([a, b, i]) => [
      tf.range(a, b, delta),
      tf.linspace(tf.cast(a, tf.float32), tf.cast(b, tf.float32), count),
      tf.oneHot(i, 4, { axis: at }),
      tf.oneHot(i, 3, { onValue: 5, offValue: -1, dtype: tf.int32, axis: at }),
      tf.fill(tf.shape(i), 2.5),
      tf.onesLike(i),
      tf.sequenceMask(tf.abs(i), 5),
    ],
  }),
);

check('sizes of known and unknown shapes', 6, fc.record({ of: shape(), seed }), ({ of, seed: from }) => ({
  inputs: [floats(of, from)],
  build: ([x]) => [tf.shape(x), tf.size(x), tf.rank(x), tf.multiply(tf.cast(tf.size(x), tf.float32), tf.reduceSum(x))],
}));

test.run();
