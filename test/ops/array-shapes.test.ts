/**
 * Static shapes and values that follow from shape computations while the graph is built. Expected shapes are those of
 * TensorFlow's inference, which folds shape vectors and knows their parts.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { getDefaultGraph, resetDefaultGraph } from '../../src/graph/default-graph.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import { emit, emitOne } from '../../src/ops/emit.ts';
import * as tf from '../../src/ops/index.ts';
import { stridedSliceOf } from '../../src/ops/slicing.ts';
import { constantShape, constantValue } from '../../src/ops/static-value.ts';
import { float32, float64, int32, int64, string } from '../../src/util/dtype.ts';

const test = suite('ops/array-shapes');
test.before.each(() => void resetDefaultGraph());
test.after(() => void resetDefaultGraph());

const x = (...shape: (number | null)[]) => tf.placeholder(float32, shape);
const anything = () => tf.placeholder(float32, null);
const at = (t: Tensor, i: number) => stridedSliceOf(t, [i]);
const value = (t: Tensor) => constantValue(t)?.array() ?? null;

test('a reshape to lengths some of which are tensors', () => {
  const input = x(null, 4, 5);
  assert.equal(tf.reshape(input, [at(tf.shape(input), 0), 20]).shape, [null, 20]);
  assert.equal(tf.reshape(input, [-1, at(tf.shape(input), 2)]).shape, [null, 5]);
  const fixed = x(2, 4, 5);
  assert.equal(tf.reshape(fixed, [at(tf.shape(fixed), 0), -1]).shape, [2, 20]);
  assert.equal(tf.reshape(anything(), tf.shape(input)).shape, [null, 4, 5]);
  assert.equal(tf.reshape(x(null, 6), [-1, 3]).shape, [null, 3]);
  assert.is(tf.reshape(input, tf.placeholder(int32, [null])).shape, null);
  assert.equal(tf.reshape(input, tf.placeholder(int32, [2])).shape, [null, null]);
});

test('filling the shape of another tensor', () => {
  const input = x(null, 3);
  assert.equal(tf.zeros(tf.shape(input)).shape, [null, 3]);
  assert.equal(tf.ones([at(tf.shape(input), 0), 7]).shape, [null, 7]);
  assert.equal(tf.fill(tf.shape(input), 1).shape, [null, 3]);
  assert.equal(tf.zerosLike(input).shape, [null, 3]);
  assert.equal(tf.onesLike(input).shape, [null, 3]);
  assert.equal(tf.zerosLike(input, int32).shape, [null, 3]);
  assert.equal(tf.broadcastTo(x(1, 3), tf.shape(input)).shape, [null, 3]);
});

test('parts of a shape that are known, put together anew', () => {
  const dims = emitOne('Shape', [x(null, 4, 5)]);
  assert.equal(constantShape(dims), [null, 4, 5]);
  assert.is(value(dims), null);
  assert.is(value(at(dims, 1)), 4);
  assert.is(value(at(dims, -1)), 5);
  assert.is(value(at(dims, 0)), null);
  assert.equal(value(stridedSliceOf(dims, [{ start: 1 }])), [4, 5]);
  assert.equal(constantShape(stridedSliceOf(dims, [{ stop: 2 }])), [null, 4]);
  assert.equal(constantShape(stridedSliceOf(dims, [{ step: -1 }])), [5, 4, null]);
  assert.equal(constantShape(tf.concat([stridedSliceOf(dims, [{ stop: 1 }]), [9]], 0)), [null, 9]);
  assert.equal(constantShape(tf.stack([at(dims, 0), at(dims, 1)])), [null, 4]);
  assert.equal(constantShape(tf.slice(dims, [0], [2])), [null, 4]);
  assert.equal(constantShape(tf.identity(dims)), [null, 4, 5]);
});

test('values that fold', () => {
  const two = constant(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    int32,
  );
  const folded: [Tensor, unknown][] = [
    [
      tf.reshape(two, [3, 2]),
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
    [tf.expandDims(constant([1, 2], int32), 1), [[1], [2]]],
    [tf.squeeze(constant([[1], [2]], int32)), [1, 2]],
    [
      tf.concat([two, two], -1),
      [
        [1, 2, 3, 1, 2, 3],
        [4, 5, 6, 4, 5, 6],
      ],
    ],
    [tf.stack([constant(1, int32), constant(2, int32)], -1), [1, 2]],
    [tf.split(two, 3, 1)[1], [[2], [5]]],
    [
      tf.split(two, [1, -1], 1)[1],
      [
        [2, 3],
        [5, 6],
      ],
    ],
    [tf.unstack(two, null, 1)[2], [3, 6]],
    [
      tf.slice(two, [0, 1], [2, -1]),
      [
        [2, 3],
        [5, 6],
      ],
    ],
    [stridedSliceOf(two, [1, { step: -2 }]), [6, 4]],
    [tf.tile(constant([1, 2], int32), [2]), [1, 2, 1, 2]],
    [tf.range(2, 9, 3), [2, 5, 8]],
    [tf.fill([2], constant(7, int32)), [7, 7]],
    [emitOne('ZerosLike', [tf.placeholder(int32, [2])]), [0, 0]],
    [emitOne('OnesLike', [tf.placeholder(int32, [2])]), [1, 1]],
    [tf.broadcastDynamicShape([2, 1], [3]), [2, 3]],
    [emitOne('Size', [x(2, 3)]), 6],
    [emitOne('Size', [x(null, 0)]), 0],
    [emitOne('Rank', [x(null, 3)]), 2],
    [emit('ShapeN', [[x(2), x(3, 4)]]).outputs[1], [3, 4]],
    [
      emit('ConcatOffset', [
        1,
        [
          [2, 3],
          [2, 5],
        ],
      ]).outputs[1],
      [0, 3],
    ],
    [emit('BroadcastGradientArgs', [[2, 1, 3], [3]]).outputs[1], [0, 1]],
    [tf.identity(constant(['a'], string)), ['a']],
    [tf.concat([constant([1n << 40n], int64), [2n]], 0), [2 ** 40, 2]],
  ];
  for (const [tensor, expected] of folded) assert.equal(value(tensor), expected, tensor.name);
});

test('what is not known does not fold', () => {
  assert.is(value(tf.stack([tf.placeholder(int32, []), 1])), null);
  assert.is(value(tf.range(tf.placeholder(int32, []))), null);
  assert.is(value(emitOne('Fill', [[5000], constant(1, int32)])), null);
});

test('a long chain of shape computations is folded without recursion', () => {
  let dims = emitOne('Shape', [x(null, 3)]);
  for (let i = 0; i < 20_000; i++) dims = tf.identity(dims);
  assert.equal(tf.zeros(stridedSliceOf(dims, [{ start: 1 }])).shape, [3]);
});

test('a chain of reshapes by their own shapes stays linear', () => {
  let y: Tensor = x(null, 4);
  const start = performance.now();
  for (let i = 0; i < 1000; i++) y = tf.reshape(y, [at(tf.shape(y), 0), 4]);
  assert.equal(y.shape, [null, 4]);
  assert.ok(performance.now() - start < 2000);
});

test('unknown ranks and lengths are ordinary', () => {
  const u = anything();
  assert.is(tf.transpose(u).shape, null);
  assert.equal(tf.transpose(u, [1, 0]).shape, [null, null]);
  assert.is(tf.squeeze(x(null, 1)).shape, null);
  assert.equal(tf.squeeze(x(null, 1), [1]).shape, [null]);
  assert.is(tf.expandDims(u, 0).shape, null);
  assert.equal(tf.concat([x(null, 2), x(3, null)], 0).shape, [null, 2]);
  assert.equal(tf.concat([u, x(3, 2)], 1).shape, [3, null]);
  assert.equal(tf.concat([x(2, 3), x(2, 3)], tf.placeholder(int32, [])).shape, [null, null]);
  assert.equal(tf.stack([u, x(2, null)]).shape, [2, 2, null]);
  assert.equal(tf.split(x(null, 6), 3, 1)[0].shape, [null, 2]);
  assert.equal(tf.split(x(null, 6), 2, 0)[0].shape, [null, 6]);
  assert.equal(tf.tile(x(null, 2), [3, 2]).shape, [null, 4]);
  assert.equal(
    tf.pad(x(null, 2), [
      [1, 1],
      [0, 3],
    ]).shape,
    [null, 5],
  );
  assert.equal(tf.slice(x(null, 5), [1, 1], [2, -1]).shape, [2, 4]);
  assert.equal(stridedSliceOf(x(null, 5), [{ start: 1 }, { stop: -1 }]).shape, [null, 4]);
  assert.equal(stridedSliceOf(x(null, 5), [0]).shape, [5]);
  assert.equal(stridedSliceOf(x(2, 3, 4), ['...', null, 1]).shape, [2, 3, 1]);
  assert.equal(stridedSliceOf(x(5), [tf.placeholder(int32, [])]).shape, []);
  assert.equal(stridedSliceOf(x(5, 2), [{ start: tf.placeholder(int32, []) }]).shape, [null, 2]);
  assert.is(stridedSliceOf(u, [0]).shape, null);
  assert.equal(tf.broadcastTo(u, [2, 3]).shape, [2, 3]);
  assert.equal(tf.reverse(x(null, 2), [1]).shape, [null, 2]);
  assert.equal(tf.ensureShape(u, [null, 3]).shape, [null, 3]);
  assert.equal(tf.ensureShape(x(2, null), [null, 3]).shape, [2, 3]);
  assert.equal(tf.spaceToDepth(x(null, 4, null, 3), 2).shape, [null, 2, null, 12]);
  assert.equal(
    tf.batchToSpaceNd(
      x(8, 2, 3, 1),
      [2, 2],
      [
        [0, 1],
        [0, 0],
      ],
    ).shape,
    [2, 3, 6, 1],
  );
});

test('build errors leave the graph as it was', () => {
  const input = x(2, 3);
  const size = getDefaultGraph().size;
  const wrong: (() => unknown)[] = [
    () => tf.reshape(input, [7, 11]),
    () => tf.concat([input, x(2, 4)], 0),
    () => tf.stack([input, x(2, 4)]),
    () => tf.stack([input, input], 4),
    () => tf.split(input, 4, 1),
    () => tf.split(input, [1, 1], 0.5 as never),
    () => tf.unstack(x(null), null),
    () => tf.transpose(input, [0, 1, 2]),
    () => tf.expandDims(input, 3),
    () => tf.squeeze(input, [0]),
    () => stridedSliceOf(input, [2]),
    () => stridedSliceOf(input, [{ step: 0 }]),
    () => stridedSliceOf(input, [0, 0, 0]),
    () => stridedSliceOf(input, [0.5]),
    () => tf.tile(input, [1]),
    () => tf.pad(input, [[1, 2]]),
    () =>
      tf.pad(
        input,
        [
          [1, 1],
          [1, 1],
        ],
        'EDGE',
      ),
    () => tf.reverse(input, [0, -2]),
    () => tf.range(0, 5, 0),
    () => tf.range(0, 5, -1),
    () => tf.broadcastTo(input, [3, 3]),
    () => tf.ones([2], string),
    () => tf.parallelStack([anything()]),
    () => tf.meshgrid([1], [2], { indexing: 'yx' as 'xy' }),
  ];
  for (const build of wrong) {
    const before = getDefaultGraph().size;
    assert.throws(build, (error: unknown) => error instanceof Error, String(build));
    const extra = getDefaultGraph().getOperations().slice(before);
    assert.ok(
      extra.every((op) => op.type === 'Placeholder'),
      `${build}: left ${extra.map((op) => op.name)}`,
    );
  }
  assert.ok(getDefaultGraph().size >= size);
});

test('types', () => {
  assert.is(tf.range(5).dtype, int32);
  assert.is(tf.range(0, 1, 0.25).dtype, float32);
  assert.is(tf.range(5, { dtype: float64 }).dtype, float64);
  assert.is(tf.range(tf.placeholder(int64, [])).dtype, int64);
  assert.is(tf.shape(x(null), { outType: int64 }).dtype, int64);
  assert.is(tf.zeros([2], string).dtype, string);
  assert.is(tf.zerosLike(constant(['a'], string)).dtype, string);
  assert.is(tf.size([1, 2, 3]).dtype, int32);
  assert.is(tf.linspace(0, 1, 3).dtype, float32);
});

test.run();
