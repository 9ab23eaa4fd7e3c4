/**
 * The graphs that `tf.nn` and `tf.losses` build: op names, types and inputs as in TensorFlow. Values are in
 * `nn-goldens.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as image from '../../src/image.ts';
import * as losses from '../../src/losses.ts';
import * as nn from '../../src/nn.ts';
import * as tf from '../../src/ops/index.ts';
import { float32, int32 } from '../../src/util/dtype.ts';

type OpRow = readonly [name: string, type: string, inputs: readonly string[]];

const { programs } = JSON.parse(readFileSync(new URL('../goldens/programs/names.json', import.meta.url), 'utf8')) as {
  programs: { readonly id: number; readonly ops: readonly OpRow[] }[];
};
const rowsOf = (id: number) => (programs.find((p) => p.id === id) as { ops: readonly OpRow[] }).ops;

/** The ops of a graph as the goldens write them: data inputs, then control inputs sorted. */
function opsOf(graph: Graph): OpRow[] {
  return graph
    .getOperations()
    .map((op) => [
      op.name,
      op.type,
      [
        ...op.inputs.map((t) => (t.index === 0 ? t.op.name : t.name)),
        ...op.controlInputs.map((c) => `^${c.name}`).sort(),
      ],
    ]);
}

const sorted = (rows: readonly OpRow[]): OpRow[] =>
  rows.map(([name, type, inputs]) => [
    name,
    type,
    [...inputs.filter((i) => !i.startsWith('^')), ...inputs.filter((i) => i.startsWith('^')).sort()],
  ]);

function build(body: (graph: Graph) => void): OpRow[] {
  const graph = new Graph();
  graph.asDefault(() => body(graph));
  return opsOf(graph);
}

const names = (rows: readonly OpRow[]) => rows.map(([name, type]) => `${name} ${type}`);

const test = suite('ops/nn-names');

test('names.json 10: dropout and softmax', () => {
  const rows = build(() => {
    const x = tf.placeholder(float32, [4, 5], 'x');
    nn.dropout(x, { rate: 0.5 });
    nn.softmax(x);
  });
  assert.equal(rows, sorted(rowsOf(10)).slice(0, rows.length));
});

test('names.json 11: sparse cross entropy, its loss and total, moments, l2Normalize', () => {
  const rows = build((graph) => {
    const l = tf.placeholder(float32, [2, 3], 'logits');
    const y = tf.placeholder(int32, [2], 'labels');
    nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits: l });
    losses.sparseSoftmaxCrossEntropy(y, l);
    losses.getTotalLoss();
    nn.moments(l, [0]);
    nn.l2Normalize(l, 1);
    assert.is(graph.getCollection('losses').length, 1);
  });
  assert.equal(rows, sorted(rowsOf(11)));
});

/** What TensorFlow builds for a dense cross entropy on constants [2, 3], and for its gradient by the logits. */
const ENTROPY = `Rank Const, Shape Const, Rank_1 Const, Shape_1 Const, Sub/y Const, Sub Sub, Slice/begin Pack, Slice/size Const,
Slice Slice, concat/values_0 Const, concat/axis Const, concat ConcatV2, Reshape Reshape, Rank_2 Const, Shape_2 Const, Sub_1/y Const,
Sub_1 Sub, Slice_1/begin Pack, Slice_1/size Const, Slice_1 Slice, concat_1/values_0 Const, concat_1/axis Const, concat_1 ConcatV2,
Reshape_1 Reshape, * SoftmaxCrossEntropyWithLogits, Sub_2/y Const, Sub_2 Sub, Slice_2/begin Const, Slice_2/size Pack, Slice_2 Slice,
Reshape_2 Reshape`;
const ENTROPY_GRADIENT =
  'ExpandDims/dim Const, ExpandDims ExpandDims, mul Mul, LogSoftmax LogSoftmax, Neg Neg, ExpandDims_1/dim Const, ExpandDims_1 ExpandDims, mul_1 Mul';

const listed = (text: string, scope: string) =>
  text.split(/,\s+/).map((item) => (item.startsWith('* ') ? `${scope}${item.slice(1)}` : `${scope}/${item}`));

test('softmaxCrossEntropyWithLogitsV2 and its gradient', () => {
  const scope = 'softmax_cross_entropy_with_logits';
  let start = 0;
  const rows = build((graph) => {
    const logits = tf.constant([1, 2, 3, 4, 5, 6], { shape: [2, 3] });
    const labels = tf.placeholder(float32, [2, 3]);
    const loss = nn.softmaxCrossEntropyWithLogitsV2({ labels, logits });
    assert.equal(loss.shape, [2]);
    start = graph.size;
    gradients(loss, logits);
  });
  assert.equal(names(rows.slice(2, start)), listed(ENTROPY, scope));
  const gradient = names(rows.slice(start)).filter((name) => name.includes(`${scope}_grad/`));
  assert.equal(gradient, listed(ENTROPY_GRADIENT, `gradients/${scope}_grad`));
});

test('softmaxCrossEntropyWithLogits stops the gradient of the labels', () => {
  const rows = build(() => {
    const x = tf.placeholder(float32, [2, 3]);
    const y = tf.placeholder(float32, [2, 3]);
    const loss = nn.softmaxCrossEntropyWithLogits({ labels: y, logits: x });
    const [dx, dy] = gradients(loss, [x, y]);
    assert.ok(dx);
    assert.is(dy, null);
  });
  assert.is(rows[2][0], 'softmax_cross_entropy_with_logits_sg/labels_stop_gradient');
  assert.equal(names(rows.slice(3, 34)), listed(ENTROPY, 'softmax_cross_entropy_with_logits_sg'));
});

test('sigmoidCrossEntropyWithLogits on a batch of unknown size', () => {
  const rows = build(() => {
    const x = tf.placeholder(float32, [null, 3]);
    nn.sigmoidCrossEntropyWithLogits({ labels: tf.placeholder(float32, [null, 3]), logits: x });
  });
  const parts =
    'zeros_like ZerosLike, GreaterEqual GreaterEqual, Select Select, Neg Neg, Select_1 Select, mul Mul, sub Sub, Exp Exp, Log1p Log1p, * AddV2';
  assert.equal(names(rows.slice(2)), listed(parts, 'logistic_loss'));
});

test('a convolution net: layers and gradients', () => {
  let forward = 0;
  const rows = build((graph) => {
    const x = tf.placeholder(float32, [null, 8, 8, 1], 'image');
    const w = tf.placeholder(float32, [3, 3, 1, 2], 'w');
    const b = tf.placeholder(float32, [2], 'b');
    const z = nn.relu(nn.biasAdd(nn.conv2d(x, w, [1, 1, 1, 1], 'SAME'), b));
    const y = nn.maxPool(z, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID');
    forward = graph.size;
    gradients(y, [w, b]);
  });
  assert.equal(names(rows.slice(3, forward)), ['Conv2D Conv2D', 'BiasAdd BiasAdd', 'Relu Relu', 'MaxPool MaxPool']);
  const built = names(rows.slice(forward)).filter((name) => !name.includes('grad_ys') && !name.includes('tuple'));
  assert.equal(
    built.filter((name) => name !== 'gradients/Shape Shape'),
    [
      'gradients/MaxPool_grad/MaxPoolGrad MaxPoolGrad',
      'gradients/Relu_grad/ReluGrad ReluGrad',
      'gradients/BiasAdd_grad/BiasAddGrad BiasAddGrad',
      'gradients/Conv2D_grad/ShapeN ShapeN',
      'gradients/Conv2D_grad/Conv2DBackpropInput Conv2DBackpropInput',
      'gradients/Conv2D_grad/Conv2DBackpropFilter Conv2DBackpropFilter',
    ],
  );
});

test('functions of one scope name their last op after it', () => {
  const x = (shape: number[]) => tf.placeholder(float32, shape);
  const named = (body: () => Tensor) => {
    const graph = new Graph();
    return graph.asDefault(() => body().name);
  };
  assert.is(
    named(() => nn.xwPlusB(x([2, 3]), x([3, 2]), x([2]), 'logits')),
    'logits:0',
  );
  assert.is(
    named(() => nn.reluLayer(x([2, 3]), x([3, 2]), x([2]))),
    'relu_layer:0',
  );
  assert.is(
    named(() => nn.biasAdd(x([2, 3]), x([3]))),
    'BiasAdd:0',
  );
  assert.is(
    named(() => nn.conv2dTranspose(x([1, 2, 2, 2]), x([3, 3, 1, 2]), [1, 4, 4, 1], 2)),
    'conv2d_transpose:0',
  );
  assert.is(
    named(() => nn.depthwiseConv2d(x([1, 4, 4, 2]), x([2, 2, 2, 1]), 1, 'SAME')),
    'depthwise:0',
  );
  assert.is(
    named(() => nn.conv1d(x([1, 5, 2]), x([3, 2, 2]), 1, 'SAME')),
    'conv1d/Squeeze:0',
  );
  assert.is(
    named(() => nn.pool(x([1, 4, 4, 1]), [2, 2], 'MAX', 'VALID')),
    'max_pool:0',
  );
  assert.is(
    named(() => nn.avgPool(x([1, 4, 4, 1]), 2, 2, 'VALID')),
    'AvgPool:0',
  );
  assert.is(
    named(() => nn.l2Loss(x([3]))),
    'L2Loss:0',
  );
});

test('three-dimensional layers, transposes and resizing, with their gradients', () => {
  const { names: expected } = JSON.parse(
    readFileSync(new URL('../goldens/ops/windows.json', import.meta.url), 'utf8'),
  ) as { names: OpRow[] };
  const rows = build(() => {
    const x = tf.placeholder(float32, [1, 4, 4, 4, 2], 'x');
    const w = tf.placeholder(float32, [2, 2, 2, 2, 1], 'w');
    const images = tf.placeholder(float32, [1, null, 4, 1], 'im');
    const y = nn.conv3d(x, w, [1, 1, 1, 1, 1], 'SAME');
    const pools = [nn.avgPool3d(y, 2, 2, 'SAME'), nn.maxPool3d(y, 2, 2, 'SAME')];
    gradients(gradients(pools, [x]) as Tensor[], [w]);
    nn.conv3dTranspose(y, w, [1, 4, 4, 4, 2], 1);
    nn.convTranspose(y, w, [1, 4, 4, 4, 2], 1);
    nn.pool(x, [2, 2, 2], 'MAX', 'SAME');
    nn.convolution(x, w, 'SAME');
    gradients([image.resizeImages(images, [8, 8], 1), image.resizeImages(images, [8, 8])], [images]);
    image.resizeImages(images, [8, 8], { preserveAspectRatio: true });
    const q = tf.placeholder(float32, [1, 3, 2], 'q');
    nn.conv1dTranspose(q, tf.placeholder(float32, [3, 1, 2], 'f'), [1, 6, 1], 2);
  });
  // Inputs by the names of their ops, as the golden has them; the order of ops within a gradient is TensorFlow's own affair.
  const plain = rows.map(([name, type, inputs]): OpRow => [name, type, inputs.map((input) => input.split(':')[0])]);
  const byName = (a: OpRow, b: OpRow) => (a[0] < b[0] ? -1 : 1);
  assert.equal(plain.sort(byName), sorted(expected).sort(byName));
});

test.run();
