/**
 * Generated kernels that choose: places of extremes, cross entropies with labels, one-hot vectors, rows at indices of 64 bits,
 * and in batches.
 */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { seed, stream } from '../support/arbitraries.ts';
import { extent, family, floats, special } from '../support/codegen.ts';

const test = suite('codegen/choices');
const check = family(test);
const int = (min: number, max: number) => fc.integer({ min, max });

/** Whole numbers from `low`, below `high`. */
function whole(dtype: tf.DType, shape: readonly number[], from: number, low: number, high: number): tf.NdArray {
  const random = stream(from);
  const numbers = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
    Math.floor(low + random() * (high - low)),
  );
  const data = dtype === tf.int64 ? BigInt64Array.from(numbers, BigInt) : Int32Array.from(numbers);
  return new tf.NdArray(dtype, shape, data);
}

const either = fc.constantFrom(tf.int32, tf.int64);

check(
  'places of the greatest and least numbers along an axis',
  60,
  fc.record({
    shape: fc.array(extent, { minLength: 1, maxLength: 3 }),
    axis: int(-3, 2),
    type: either,
    special: fc.oneof(special, fc.constant(0.6)),
    isTied: fc.boolean(),
    isWhole: fc.boolean(),
    seed,
  }),
  (of) => {
    const { shape } = of;
    const axis = ((of.axis % shape.length) + shape.length) % shape.length;
    const values = floats(shape, of.seed, of.special);
    const tied = new tf.NdArray(tf.float32, shape, (values.data as Float32Array).map(Math.round));
    const x = of.isWhole ? whole(tf.int32, shape, of.seed, -3, 4) : of.isTied ? tied : values;
    return {
      inputs: [x],
      build: (x) => {
        const options = { axis: of.axis < 0 ? axis - shape.length : axis, outputType: of.type };
        return [tf.argmax(x, options), tf.argmin(x, options)];
      },
      kernels: shape.length > 1 || shape[0] > 1 ? 2 : 0,
      cpu: of.special === 0,
    };
  },
);

check(
  'extremes of one number each, and of many',
  6,
  fc.record({ length: fc.constantFrom(1, 1025, 3000), inner: int(1, 5), seed }),
  (of) => ({
    inputs: [floats([2, of.length, of.inner], of.seed, 0.01)],
    build: (x) => [tf.argmax(x, 1), tf.argmin(x, { axis: 1, outputType: tf.int32 })],
    kernels: 2,
    cpu: false,
  }),
);

check(
  'how often the place is the label',
  10,
  fc.record({ rows: extent, classes: int(2, 12), type: either, seed }),
  (of) => ({
    inputs: [
      floats([of.rows, of.classes], of.seed),
      floats([of.rows, of.classes], of.seed + 1),
      whole(of.type, [of.rows], of.seed, 0, of.classes),
    ],
    build: (x, y, labels) => {
      const part = (a: tf.Tensor, b: tf.Tensor) => tf.reduceMean(tf.cast(tf.equal(a, b), tf.float32));
      return [
        part(tf.argmax(x, 1), tf.argmax(y, 1)),
        part(tf.argmax(x, { axis: 1, outputType: of.type }), labels),
        tf.cast(tf.notEqual(tf.argmax(x, 1), tf.argmax(y, 1)), tf.int32),
      ];
    },
    kernels: 3,
  }),
);

check(
  'cross entropies of logits and labels, with the gradients',
  50,
  fc.record({ rows: extent, classes: fc.oneof(extent, int(40, 700)), type: either, special, seed }),
  (of) => ({
    inputs: [floats([of.rows, of.classes], of.seed, of.special), whole(of.type, [of.rows], of.seed, 0, of.classes)],
    build: (logits, labels) => tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits }),
    gradients: true,
    cpu: of.special === 0,
  }),
);

check(
  'one-hot vectors along any axis, alone and in other ops',
  40,
  fc.record({
    shape: fc.array(int(1, 9), { minLength: 1, maxLength: 3 }),
    axis: int(-1, 3),
    depth: fc.oneof(int(1, 9), int(10, 40)),
    type: either,
    values: fc.constantFrom([1, 0], [0.3, -2], [Number.NaN, Infinity]),
    seed,
  }),
  (of) => {
    const axis = Math.min(of.axis, of.shape.length);
    const shape = [...of.shape];
    shape.splice(axis < 0 ? shape.length : axis, 0, of.depth);
    return {
      inputs: [whole(of.type, of.shape, of.seed, -2, of.depth + 2), floats(shape, of.seed)],
      build: (at, x) => {
        const [onValue, offValue] = of.values;
        return [
          tf.oneHot(at, of.depth, { onValue, offValue, axis }),
          tf.reduceSum(tf.multiply(x, tf.oneHot(at, of.depth, { axis })), { axis: axis < 0 ? shape.length - 1 : axis }),
          tf.oneHot(at, of.depth, { onValue: 7, offValue: -7, axis, dtype: tf.int32 }),
        ];
      },
      gradients: true,
      cpu: false,
    };
  },
);

check(
  'rows at indices of 64 bits, and sums of rows',
  40,
  fc.record({ rows: extent, width: extent, count: extent, seed }),
  (of) => ({
    inputs: [
      floats([of.rows, of.width], of.seed),
      whole(tf.int64, [of.count], of.seed, 0, of.rows),
      floats([of.count, of.width], of.seed + 1),
      whole(tf.int64, [of.count], of.seed + 2, -1, of.rows),
    ],
    build: (x, at, rows, segments) => [
      tf.gather(x, at),
      tf.gather(tf.transpose(x), tf.reshape(at, [1, of.count]), { axis: 1 }),
      tf.gatherNd(x, tf.expandDims(at, 1)),
      tf.scatterNd(tf.expandDims(at, 1), rows, tf.constant([of.rows, of.width], { dtype: tf.int64 })),
      tf.tensorScatterAdd(x, tf.expandDims(at, 1), rows),
      tf.math.unsortedSegmentSum(rows, segments, of.rows),
    ],
    gradients: true,
    kernels: 5,
  }),
);

check(
  'rows of each table of a batch',
  30,
  fc.record({
    batch: fc.array(int(1, 4), { minLength: 1, maxLength: 2 }),
    rows: extent,
    width: int(1, 6),
    count: int(1, 6),
    type: either,
    seed,
  }),
  (of) => ({
    inputs: [
      floats([...of.batch, of.rows, of.width], of.seed),
      whole(of.type, [...of.batch, of.count], of.seed, 0, of.rows),
      whole(of.type, of.batch, of.seed, 0, of.rows),
    ],
    build: (x, many, one) => [
      tf.gather(x, many, { axis: of.batch.length, batchDims: of.batch.length }),
      tf.gather(x, one, { axis: of.batch.length, batchDims: of.batch.length }),
    ],
    gradients: true,
    kernels: 2,
  }),
);

check(
  'whether the label is among the best',
  40,
  fc.record({ rows: extent, classes: int(1, 40), k: int(-1, 8), type: either, special, seed }),
  (of) => {
    const scores = floats([of.rows, of.classes], of.seed, of.special / 4);
    const tied = new tf.NdArray(
      tf.float32,
      scores.shape,
      (scores.data as Float32Array).map((x) => Math.round(4 * x)),
    );
    return {
      inputs: [tied, whole(of.type, [of.rows], of.seed, -1, of.classes + 1)],
      build: (x, labels) => tf.nn.inTopK(x, labels, of.k),
      cpu: false,
    };
  },
);

check(
  'places that are used as indices',
  15,
  fc.record({ rows: extent, classes: int(2, 9), width: int(1, 5), seed }),
  (of) => ({
    inputs: [floats([of.rows, of.classes], of.seed), floats([of.classes, of.width], of.seed + 1)],
    build: (x, table) => [tf.gather(table, tf.argmax(x, 1)), tf.oneHot(tf.argmax(x, 1), of.classes)],
    gradients: true,
    kernels: 3,
  }),
);

for (const type of [tf.int32, tf.int64]) {
  test(`labels and indices of ${type.name} that are out of bounds are refused in TensorFlow's words`, async () => {
    using _ = new tf.Graph().asDefault();
    using session = new tf.Session();
    const at = tf.placeholder(type, [2]);
    const x = tf.placeholder(tf.float32, [2, 3]);
    const loss = tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: at, logits: x });
    const rows = tf.gather(x, at);
    const feed = (index: number) => ({
      feedDict: [
        [
          x,
          [
            [1, 2, 3],
            [4, 5, 6],
          ],
        ],
        [at, [0, index]],
      ] as [tf.Tensor, number[] | number[][]][],
    });
    const message = async (fetch: tf.Tensor, index: number) => {
      try {
        await session.run(fetch, feed(index));
      } catch (error) {
        return (error as Error).message;
      }
      return 'none';
    };
    assert.match(await message(loss, 3), 'Received a label value of 3 which is outside the valid range of [0, 3).');
    assert.match(await message(loss, -1), 'Received a label value of -1 which is outside the valid range of [0, 3).');
    assert.match(await message(rows, 2), 'indices[1] = 2 is not in [0, 2)');
    if (type === tf.int64) {
      assert.match(await message(loss, 2 ** 32), 'is outside the valid range of [0, 3).');
      assert.match(await message(rows, 2 ** 32 + 1), 'is not in [0, 2)');
    }
  });
}

test.run();
