/** The ops that the array functions build, with their names: those of TensorFlow's Python code. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import * as tf from '../../src/ops/index.ts';
import { stridedSliceOf } from '../../src/ops/slicing.ts';
import { float32, int32 } from '../../src/util/dtype.ts';

const test = suite('ops/array-names');

/** `name Type(inputs)` per op that `build` adds. */
function built(build: () => unknown): string[] {
  const graph = new Graph();
  graph.asDefault(build);
  return graph.getOperations().map((op) => {
    const inputs = op.inputs.map((t) => (t.index === 0 ? t.op.name : t.name));
    return `${op.name} ${op.type}(${inputs.join(', ')})`;
  });
}

const x = (...shape: (number | null)[]) => tf.placeholder(float32, shape, 'x');
const grad = (y: ReturnType<typeof x>) => gradients([y], [y.graph.getTensorByName('x:0')]);
/** The ops of the gradient of one op, without those before. */
const gradOf = (build: () => ReturnType<typeof x>, scope: string) =>
  built(() => grad(build()))
    .filter((line) => line.startsWith(`gradients/${scope}_grad/`))
    .map((line) => line.replaceAll(`gradients/${scope}_grad/`, ''));

test('zeros and ones: constants while they are small, else fills', () => {
  assert.equal(
    built(() => tf.zeros([3, 333])),
    ['zeros Const()'],
  );
  assert.equal(
    built(() => tf.zeros([10, 100])),
    ['zeros/shape_as_tensor Const()', 'zeros/Const Const()', 'zeros Fill(zeros/shape_as_tensor, zeros/Const)'],
  );
  assert.equal(
    built(() => tf.ones(tf.placeholder(int32, [2], 's'))),
    ['s Placeholder()', 'ones/Const Const()', 'ones Fill(s, ones/Const)'],
  );
  assert.equal(
    built(() => tf.zeros([tf.placeholder(int32, [], 'n'), 3])),
    [
      'n Placeholder()',
      'zeros/packed/1 Const()',
      'zeros/packed Pack(n, zeros/packed/1)',
      'zeros/Const Const()',
      'zeros Fill(zeros/packed, zeros/Const)',
    ],
  );
});

test('zerosLike and onesLike', () => {
  assert.equal(
    built(() => tf.zerosLike(x(2))),
    ['x Placeholder()', 'zeros_like Const()'],
  );
  assert.equal(
    built(() => tf.zerosLike(x(null))),
    ['x Placeholder()', 'zeros_like ZerosLike(x)'],
  );
  // As clip_by_norm of TensorFlow 2.21 has it.
  assert.equal(
    built(() => tf.onesLike(x(2))),
    [
      'x Placeholder()',
      'ones_like/Shape/shape_as_tensor Const()',
      'ones_like/Const Const()',
      'ones_like Fill(ones_like/Shape/shape_as_tensor, ones_like/Const)',
    ],
  );
});

test('range, shape, size, rank', () => {
  assert.equal(
    built(() => tf.range(4)),
    [
      'range/start Const()',
      'range/limit Const()',
      'range/delta Const()',
      'range Range(range/start, range/limit, range/delta)',
    ],
  );
  assert.equal(
    built(() => [tf.shape(x(2, 3)), tf.size(x(2)), tf.rank(x(null))]),
    ['x Placeholder()', 'Shape Const()', 'x_1 Placeholder()', 'Size Const()', 'x_2 Placeholder()', 'Rank Const()'],
  );
  assert.equal(
    built(() => [tf.shape(x(null)), tf.size(x(null))]),
    ['x Placeholder()', 'Shape Shape(x)', 'x_1 Placeholder()', 'Size Size(x_1)'],
  );
});

test('reshape, transpose, concat, split, stack, slice, pad', () => {
  assert.equal(built(() => tf.reshape(x(6), [2, 3])).slice(1), [
    'Reshape/shape Const()',
    'Reshape Reshape(x, Reshape/shape)',
  ]);
  assert.equal(built(() => tf.transpose(x(2, 3))).slice(1), [
    'transpose/perm Const()',
    'transpose Transpose(x, transpose/perm)',
  ]);
  assert.equal(built(() => tf.concat([x(2), x(2)], 0)).slice(2), [
    'concat/axis Const()',
    'concat ConcatV2(x, x_1, concat/axis)',
  ]);
  assert.equal(built(() => tf.split(x(4), 2)).slice(1), ['split/split_dim Const()', 'split Split(split/split_dim, x)']);
  assert.equal(built(() => tf.split(x(4), [1, 3])).slice(1), [
    'Const Const()',
    'split/split_dim Const()',
    'split SplitV(x, Const, split/split_dim)',
  ]);
  assert.equal(built(() => tf.stack([x(2), x(2)], 1)).slice(2), ['stack Pack(x, x_1)']);
  assert.equal(
    built(() => tf.stack([1, 2])),
    ['stack Const()'],
  );
  assert.equal(built(() => tf.slice(x(4), [1], [2])).slice(1), [
    'Slice/begin Const()',
    'Slice/size Const()',
    'Slice Slice(x, Slice/begin, Slice/size)',
  ]);
  assert.equal(built(() => tf.pad(x(4), [[1, 2]])).slice(1), ['Pad/paddings Const()', 'Pad Pad(x, Pad/paddings)']);
  assert.equal(built(() => tf.parallelStack([x(2)])).slice(1), [
    'parallel_stack/ExpandDims/dim Const()',
    'parallel_stack/ExpandDims ExpandDims(x, parallel_stack/ExpandDims/dim)',
    'parallel_stack/ParallelConcat ParallelConcat(parallel_stack/ExpandDims)',
  ]);
});

test('slicing with tensors among the indices', () => {
  const lines = built(() => stridedSliceOf(x(4, 4), [tf.placeholder(int32, [], 'i'), { start: 1 }]));
  assert.equal(lines.slice(2), [
    'add/y Const()',
    'add AddV2(i, add/y)',
    'strided_slice/stack/1 Const()',
    'strided_slice/stack Pack(i, strided_slice/stack/1)',
    'strided_slice/stack_1/1 Const()',
    'strided_slice/stack_1 Pack(add, strided_slice/stack_1/1)',
    'strided_slice/stack_2 Const()',
    'strided_slice StridedSlice(x, strided_slice/stack, strided_slice/stack_1, strided_slice/stack_2)',
  ]);
});

// The texts below are those of graphs that TensorFlow 2.21 wrote (attention, train_convnet, word2vec, map_fn, rnn).
test('gradients have TensorFlow’s ops and names', () => {
  assert.equal(
    gradOf(() => tf.reshape(x(6), [2, 3]), 'Reshape'),
    ['Shape Const()', 'Reshape Reshape(gradients/grad_ys_0, Shape)'],
  );
  assert.equal(
    gradOf(() => tf.reshape(x(null, 4), [-1]), 'Reshape'),
    ['Reshape/shape Const()', 'Reshape Reshape(gradients/grad_ys_0, Reshape/shape)'],
  );
  assert.equal(
    gradOf(() => tf.expandDims(x(null), 0), 'ExpandDims'),
    ['Shape Shape(x)', 'Reshape Reshape(gradients/grad_ys_0, Shape)'],
  );
  assert.equal(
    gradOf(() => tf.transpose(x(2, 3), [1, 0]), 'transpose'),
    [
      'InvertPermutation InvertPermutation(transpose/perm)',
      'transpose Transpose(gradients/grad_ys_0, InvertPermutation)',
    ],
  );
  assert.equal(
    gradOf(() => tf.slice(x(null, 2), [1, 0], [1, 2]), 'Slice').map((l) => l.split('(')[0]),
    [
      'Rank Const',
      'Shape Const',
      'stack/1 Const',
      'stack Pack',
      'Reshape Reshape',
      'Shape_1 Shape',
      'sub Sub',
      'sub_1 Sub',
      'Reshape_1 Reshape',
      'concat/axis Const',
      'concat ConcatV2',
      'Pad Pad',
    ],
  );
  assert.equal(
    gradOf(() => stridedSliceOf(x(4), [1]), 'strided_slice').map((l) => l.split('(')[0]),
    [
      'Shape Const',
      'StridedSliceGrad/shape Const',
      'StridedSliceGrad/begin Const',
      'StridedSliceGrad/end Const',
      'StridedSliceGrad/strides Const',
      'StridedSliceGrad StridedSliceGrad',
    ],
  );
  assert.equal(
    gradOf(() => tf.concat([x(null, 2), tf.ones([1, 2])], 0), 'concat')
      .map((l) => l.split('(')[0])
      .slice(0, 5),
    ['Rank Const', 'mod FloorMod', 'Shape Shape', 'ShapeN ShapeN', 'ConcatOffset ConcatOffset'],
  );
});

test.run();
