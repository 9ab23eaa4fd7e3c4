/** Generated reads and writes of rows at places known in the run; joins and parts that are copied alone. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { seed, stream } from '../support/arbitraries.ts';
import { extent, family, floats, special } from '../support/codegen.ts';
import { leakChecked } from '../support/leaks.ts';

const test = suite('codegen/rows');
const check = family(test);

/** Places within the extents, vectors of one for each of them. */
function places(shape: readonly number[], extents: readonly number[], from: number, least = 0): tf.NdArray {
  const random = stream(from);
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Int32Array.from({ length: size }, (_, i) => {
    const limit = extents[i % extents.length];
    return least + Math.floor(random() * (limit - least));
  });
  return new tf.NdArray(tf.int32, shape, data);
}
const integers = (shape: readonly number[], from: number) => places(shape, [1000], from, -1000);

const gathers = fc
  .record({
    table: fc.array(extent, { minLength: 1, maxLength: 3 }),
    count: fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 2 }),
    axis: fc.nat(2),
    isConstant: fc.boolean(),
    isInteger: fc.boolean(),
    special,
    seed,
  })
  .map((of) => ({ ...of, axis: of.axis % of.table.length }));

check('gather along any axis, with its gradient', 80, gathers, (of) => ({
  inputs: [
    of.isInteger ? integers(of.table, of.seed) : floats(of.table, of.seed, of.special),
    places(of.count, [of.table[of.axis]], of.seed + 1),
  ],
  constants: of.isConstant ? [1] : [],
  build: (x, at) => tf.gather(x, at, { axis: of.axis }),
  gradients: !of.isInteger,
}));

const scatters = fc
  .record({
    table: fc.array(extent, { minLength: 1, maxLength: 3 }),
    count: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 2 }),
    depth: fc.nat(2),
    isInteger: fc.boolean(),
    seed,
  })
  .map((of) => ({ ...of, depth: 1 + (of.depth % of.table.length) }));

interface Scatter {
  readonly table: readonly number[];
  readonly count: readonly number[];
  readonly depth: number;
  readonly isInteger: boolean;
  readonly seed: number;
}

const operands = ({ table, count, depth, isInteger, seed: from }: Scatter) => {
  const numbers = isInteger ? integers : floats;
  return {
    at: places([...count, depth], table.slice(0, depth), from),
    updates: numbers([...count, ...table.slice(depth)], from + 1),
    base: numbers(table, from + 2),
  };
};

check('rows added to zeros, to a tensor and taken from it, with gradients', 80, scatters, (of) => {
  const { at, updates, base } = operands(of);
  return {
    inputs: [at, updates, base],
    build: (places, rows, x) => [
      tf.scatterNd(places, rows, of.table),
      tf.tensorScatterNdAdd(x, places, rows),
      tf.tensorScatterNdSub(x, places, rows),
    ],
    gradients: !of.isInteger,
    kernels: 3,
  };
});

check('rows that take the place of others, and elements at places', 40, scatters, (of) => {
  const { at, updates, base } = operands(of);
  return {
    inputs: [at, updates, base],
    build: (places, rows, x) => [tf.tensorScatterNdUpdate(x, places, rows), tf.gatherNd(x, places)],
    kernels: 2,
  };
});

check(
  'sums by segment: rows with negative numbers are left out',
  60,
  fc.record({ count: extent, width: fc.array(extent, { maxLength: 2 }), segments: extent, seed }),
  (of) => ({
    inputs: [floats([of.count, ...of.width], of.seed), places([of.count], [of.segments], of.seed + 1, -2)],
    build: (x, ids) => tf.math.unsortedSegmentSum(x, ids, of.segments),
    gradients: true,
  }),
);

check(
  'joins and parts of any axis, alone',
  80,
  fc
    .record({
      shape: fc.array(extent, { minLength: 1, maxLength: 3 }),
      sizes: fc.array(extent, { minLength: 2, maxLength: 20 }),
      axis: fc.nat(2),
      isInteger: fc.boolean(),
      seed,
    })
    .map((of) => ({ ...of, axis: of.axis % of.shape.length })),
  (of) => {
    const along = (size: number) => of.shape.map((extent, i) => (i === of.axis ? size : extent));
    const numbers = of.isInteger ? integers : floats;
    return {
      inputs: of.sizes.map((size, i) => numbers(along(size), of.seed + i)),
      build: (...xs) => {
        const whole = tf.concat(xs, of.axis);
        return [whole, ...tf.split(tf.identity(whole), [...of.sizes].reverse(), of.axis)];
      },
    };
  },
);

check(
  'products to which an array of their shape is added, before an activation',
  60,
  fc.record({
    rows: extent,
    depth: extent,
    columns: extent,
    biased: fc.boolean(),
    active: fc.boolean(),
    special,
    seed,
  }),
  (of) => ({
    inputs: [
      floats([of.rows, of.depth], of.seed, of.special),
      floats([of.depth, of.columns], of.seed + 1),
      floats([of.columns], of.seed + 2),
      floats([of.rows, of.columns], of.seed + 3, of.special),
    ],
    build: (x, y, bias, z) => {
      const product = of.biased ? tf.nn.biasAdd(tf.matmul(x, y), bias) : tf.matmul(x, y);
      const sum = z.add(product);
      return of.active ? tf.nn.relu(sum) : sum;
    },
    gradients: of.special === 0 && !of.active,
  }),
);

/** Runs with a place out of bounds, which has to fail as on the host; then with one that is within. */
leakChecked(test)("a place out of bounds is TensorFlow's error, and the session goes on", async () => {
  using session = new tf.Session({ graph: new tf.Graph() });
  const { x, at, fetches } = session.graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [4, 3], { name: 'x' });
    const at = tf.placeholder(tf.int32, [2], { name: 'at' });
    const depth1 = tf.expandDims(at, 1);
    const rows = tf.ones([2, 3]);
    return {
      x,
      at,
      fetches: {
        gather: tf.gather(x, at, { name: 'gather' }),
        scatter: tf.tensorScatterNdAdd(x, depth1, rows, { name: 'scatter' }),
        segment: tf.math.unsortedSegmentSum(tf.slice(x, [0, 0], [2, 3]), at, 4, { name: 'segment' }),
      },
    };
  });
  const values = floats([4, 3], 1);
  const wanted = {
    gather: /indices\[1\] = 4 is not in \[0, 4\)/,
    scatter: /indices\[1\] = \[4\] does not index into shape \[4,3\]/,
    segment: /segment_ids\[1\] = 4 is out of range \[0, 4\)/,
  };
  for (const [name, text] of Object.entries(wanted)) {
    const run = (places: number[]) =>
      session.run(fetches[name as keyof typeof fetches], {
        feedDict: [
          [x, values],
          [at, places],
        ],
      });
    try {
      await run([0, 4]);
      assert.unreachable(`${name} took a place out of bounds`);
    } catch (error) {
      assert.instance(error, tf.errors.InvalidArgumentError);
      assert.match((error as Error).message, text);
      assert.match((error as Error).message, name);
    }
    assert.equal((await run([0, 3])).shape[1], 3);
  }
});

leakChecked(test)(
  'a filter that is not finite leaves the border of an input gradient as TensorFlow has it',
  async () => {
    using session = new tf.Session({ graph: new tf.Graph() });
    const filter = new tf.NdArray(tf.float32, [3, 3, 1, 1], Float32Array.of(Infinity, 1, 1, 1, 1, 1, 1, 1, 1));
    const { gradient, f } = session.graph.asDefault(() => {
      const f = tf.placeholder(tf.float32, [3, 3, 1, 1]);
      return { f, gradient: tf.nn.conv2dBackpropInput([1, 4, 4, 1], f, tf.ones([1, 4, 4, 1]), [1, 1, 1, 1], 'SAME') };
    });
    const inf = Infinity;
    // As tf.nn.conv2d_backprop_input of TensorFlow 2.21 gives it.
    assert.equal(Array.from((await session.run(gradient, { feedDict: [[f, filter]] })).data as Float32Array), [
      ...[inf, inf, inf, 4],
      ...[inf, inf, inf, 6],
      ...[inf, inf, inf, 6],
      ...[4, 6, 6, 4],
    ]);
  },
);

test.run();
