/** Properties of ops that pick elements by index, and add them up by index. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { axis, floats, ints, seed, shape } from '../support/arbitraries.ts';
import { family } from '../support/properties.ts';

const test = suite('properties/picking');
const check = family(test);
const some = fc.integer({ min: 1, max: 4 });

check(
  'gather along any axis, with constant and fed indices',
  15,
  shape(1, 3, some).chain((of) =>
    fc.record({
      of: fc.constant(of),
      at: axis(of.length),
      ids: shape(0, 2),
      whole: fc.boolean(),
      fixed: fc.boolean(),
      seed,
    }),
  ),
  ({ of, at, ids, whole, fixed, seed: from }) => ({
    inputs: [whole ? ints(of, from) : floats(of, from), ints(ids, from, 0, (of.at(at) as number) - 1)],
    build: ([x, i]) => tf.gather(x, i, { axis: at }),
    smooth: !whole,
    constants: fixed ? [1] : [],
  }),
);

check(
  'gather within batches',
  7,
  fc.record({ batch: some, rest: shape(1, 2, some), count: some, seed }),
  ({ batch, rest, count, seed: from }) => ({
    inputs: [floats([batch, ...rest], from), ints([batch, count], from, 0, rest[0] - 1)],
    build: ([x, i]) => tf.gather(x, i, { axis: 1, batchDims: 1 }),
    smooth: true,
  }),
);

const nested = shape(1, 3, some).chain((of) =>
  fc.record({
    of: fc.constant(of),
    depth: fc.integer({ min: 1, max: of.length }),
    rows: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 }),
    seed,
  }),
);

/** Index tuples for the first `depth` axes. */
function tuples(of: readonly number[], depth: number, rows: readonly number[], from: number) {
  const columns = of.slice(0, depth).map((d, k) => ints([...rows], from + k, 0, d - 1));
  const data = Int32Array.from({ length: columns[0].size * depth }, (_, i) =>
    Number(columns[i % depth].data[Math.floor(i / depth)]),
  );
  return new tf.NdArray(tf.int32, [...rows, depth], data);
}

check('gatherNd', 10, nested, ({ of, depth, rows, seed: from }) => ({
  inputs: [floats(of, from), tuples(of, depth, rows, from)],
  build: ([x, i]) => tf.gatherNd(x, i),
  smooth: true,
}));

check('scatterNd and updates of tensors', 12, nested, ({ of, depth, rows, seed: from }) => ({
  inputs: [floats(of, from), tuples(of, depth, rows, from), floats([...rows, ...of.slice(depth)], from + 1)],
  build: ([x, i, u]) => [tf.scatterNd(i, u, of), tf.tensorScatterNdAdd(x, i, u), tf.tensorScatterNdSub(x, i, u)],
  smooth: true,
}));

const rows = shape(1, 3).chain((of) =>
  fc.record({ of: fc.constant(of), segments: fc.integer({ min: 1, max: 4 }), whole: fc.boolean(), seed }),
);

check('sums, products and extremes by unsorted segments', 15, rows, ({ of, segments, whole, seed: from }) => ({
  inputs: [(whole ? ints : floats)(of, from), ints(of.slice(0, 1), from + 1, -1, segments - 1)],
  build: ([x, i]) => [
    tf.unsortedSegmentSum(x, i, segments),
    tf.unsortedSegmentMax(x, i, segments),
    tf.unsortedSegmentMin(x, i, segments),
    tf.unsortedSegmentProd(x, i, segments),
  ],
}));

check('gradients of sums, means and extremes by unsorted segments', 7, rows, ({ of, segments, seed: from }) => ({
  inputs: [floats(of, from), ints(of.slice(0, 1), from + 1, 0, segments - 1)],
  build: ([x, i]) => [
    tf.unsortedSegmentSum(x, i, segments),
    tf.unsortedSegmentMean(x, i, segments),
    tf.unsortedSegmentSqrtN(x, i, segments),
  ],
  smooth: true,
}));

check('sums, means and extremes by sorted segments', 12, rows, ({ of, seed: from }) => {
  const ids = ints(of.slice(0, 1), from + 1, 0, 3);
  ids.data.sort();
  return {
    inputs: [floats(of, from), ids],
    build: ([x, i]) => [tf.segmentSum(x, i), tf.segmentMean(x, i), tf.segmentMax(x, i), tf.segmentMin(x, i)],
    smooth: true,
  };
});

check(
  'where and masks',
  10,
  shape(1, 3).chain((of) => fc.record({ of: fc.constant(of), depth: fc.integer({ min: 1, max: of.length }), seed })),
  ({ of, depth, seed: from }) => ({
    inputs: [floats(of, from), ints(of.slice(0, depth), from + 1, 0, 1)],
    build: ([x, m]) => [tf.booleanMask(x, tf.cast(m, tf.bool)), tf.where(tf.cast(m, tf.bool)) as tf.Tensor],
    smooth: true,
  }),
);

check(
  'parts by number and stitched again',
  7,
  fc.record({ of: shape(1, 3), count: fc.integer({ min: 1, max: 3 }), seed }),
  ({ of, count, seed: from }) => ({
    inputs: [floats(of, from), ints(of.slice(0, 1), from, 0, count - 1)],
    build: ([x, p]) => {
      const parts = tf.dynamicPartition(x, p, count);
      const places = tf.dynamicPartition(tf.range(of[0]), p, count);
      return [tf.dynamicStitch(places, parts), ...parts];
    },
    smooth: true,
    unknown: false,
  }),
);

test.run();
