/**
 * Searching, counting, gathering by batch, segments of picked rows: the functions against real TensorFlow's values and
 * messages. Values of single ops are in `goldens.test.ts`.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import { emitOne } from '../../src/ops/emit.ts';
import * as tf from '../../src/ops/index.ts';
import { IndexedSlices } from '../../src/ops/indexed-slices.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import { int32, int64 } from '../../src/util/dtype.ts';
import { evaluate } from '../support/interpret.ts';

/** The test in a graph of its own. */
function graphTest(name: string, body: () => void): void {
  test(name, () => new Graph().asDefault(body));
}

graphTest('searchsorted finds places before or after equal elements', () => {
  const rows = [
    [1, 3, 3, 9],
    [0, 2, 4, 6],
  ];
  const values = [
    [3, 0, 10],
    [2, 5, 6],
  ];
  assert.equal(evaluate(tf.searchsorted(rows, values)).array(), [
    [1, 0, 4],
    [1, 3, 3],
  ]);
  const right = tf.searchsorted(rows, values, 'right', int64);
  assert.is(right.dtype, int64);
  assert.equal(evaluate(right).array(), [
    [3, 0, 4],
    [2, 3, 4],
  ]);
  assert.throws(
    () => tf.searchsorted([1], [2], 'x' as 'left'),
    "Argument `side` must be either 'right' or 'left'. Received: `side` = 'x'.",
  );
  assert.throws(() => evaluate(tf.searchsorted([[1], [3]], [2])), /Leading dim_size of both tensors must match\./);
});

graphTest('bincount counts, sums weights, and keeps to its lengths', () => {
  assert.equal(evaluate(tf.bincount([1, 3, 1])).array(), [0, 2, 0, 1]);
  const weights = [
    [0.5, 1],
    [2, 4],
  ];
  const pairs = [
    [1, 3],
    [1, 0],
  ];
  assert.equal(evaluate(tf.bincount(pairs, { weights })).array(), [4, 2.5, 0, 1]);
  assert.equal(evaluate(tf.bincount([1, 3, 1], { minlength: 6 })).array(), [0, 2, 0, 1, 0, 0]);
  assert.equal(evaluate(tf.bincount([1, 3, 1], { maxlength: 2, dtype: int64 })).array(), [0, 2]);
  assert.equal(evaluate(tf.bincount(tf.zeros([0], int32))).array(), []);
  assert.throws(() => evaluate(tf.bincount([1, -3, 1])), /Input arr must be non-negative!/);
});

graphTest('histograms count the values outside in the outer bins', () => {
  const values = [-1, 0, 1.5, 2, 5, 15];
  assert.equal(evaluate(tf.histogramFixedWidth(values, [0, 5], 5)).array(), [2, 1, 1, 0, 2]);
  assert.equal(evaluate(tf.histogramFixedWidthBins(values, [0, 5], 5)).array(), [0, 0, 1, 2, 4, 4]);
  assert.throws(
    () => evaluate(tf.histogramFixedWidth([1], [5, 5])),
    /value_range should satisfy value_range\[0\] < value_range\[1\], but got '\[5, 5\]'/,
  );
});

graphTest('unravelIndex gives a vector for one index and columns for many', () => {
  assert.equal(evaluate(tf.unravelIndex([2, 5, 7], [3, 3])).array(), [
    [0, 1, 2],
    [2, 2, 1],
  ]);
  assert.equal(evaluate(tf.unravelIndex(5, [2, 2, 2])).array(), [1, 0, 1]);
  assert.throws(() => evaluate(tf.unravelIndex([9], [3, 3])), /index is out of bound as with dims/);
});

graphTest('gatherNd takes leading axes batch by batch', () => {
  const params = tf.reshape(tf.range(12), [2, 3, 2]);
  assert.equal(
    evaluate(
      tf.gatherNd(
        params,
        [
          [[0], [2]],
          [[1], [1]],
        ],
        { batchDims: 1 },
      ),
    ).array(),
    [
      [
        [0, 1],
        [4, 5],
      ],
      [
        [8, 9],
        [8, 9],
      ],
    ],
  );
  const cube = tf.reshape(tf.range(8), [2, 2, 2]);
  assert.equal(
    evaluate(
      tf.gatherNd(
        cube,
        [
          [[0], [1]],
          [[1], [0]],
        ],
        { batchDims: 2 },
      ),
    ).array(),
    [
      [0, 3],
      [5, 6],
    ],
  );
  assert.throws(
    () => tf.gatherNd(params, [[0]], { batchDims: 2 }),
    'Argument `batch_dims` = 2 must be less than rank(`indices`) = 2',
  );
});

graphTest('the n-th element fails for an n out of range', () => {
  const n = tf.placeholder(int32, []);
  const at = (value: number) =>
    evaluate(emitOne('NthElement', [[1, 2], n]), { feeds: new Map([[n, toNdArray(value, int32)]]) });
  assert.throws(() => at(-1), /n must be non-negative but is -1/);
  assert.throws(() => at(5), /Input must have last dimension > n = 5/);
  assert.throws(() => emitOne('NthElement', [[1, 2], 5]), /Input must have last dimension > n = 5 but is 2/);
});

graphTest('segments of picked rows check indices and numbers, and can have a sparse gradient', () => {
  const sum = (indices: number[], ids: number[], numSegments?: number) =>
    evaluate(tf.sparseSegmentSum([[1], [2]], indices, ids, { numSegments })).array();
  assert.equal(sum([0, 1], [0, 0]), [[3]]);
  assert.throws(() => sum([0, 7], [0, 0]), /Bad: indices\[1\] == 7 out of range \[0, 2\)/);
  assert.throws(() => sum([0, 1], [1, 0]), /segment ids are not increasing/);
  assert.throws(() => sum([0, 1], [0, 4], 2), /segment ids must be < num_segments/);

  const x = tf.constant([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const y = tf.sparseSegmentMean(x, [0, 2, 2], [0, 0, 1], { sparseGradient: true });
  const [gradient] = gradients(y, [x]);
  assert.instance(gradient, IndexedSlices);
  const { values, indices } = gradient as IndexedSlices;
  assert.equal(evaluate(values).array(), [
    [0.5, 0.5],
    [1.5, 1.5],
  ]);
  assert.equal(evaluate(indices).array(), [0, 2]);
});

test.run();
