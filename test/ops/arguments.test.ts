/**
 * How public functions take their arguments: TensorFlow's positional order, keywords, the former names of keywords.
 * Messages are TensorFlow's.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';

const test = suite('arguments');

test.before.each(() => void tf.resetDefaultGraph());
test.after.each(() => void tf.resetDefaultGraph());

const input = (...shape: number[]) => tf.placeholder(tf.float32, shape);

/** That the call throws an error of this class with this message. */
function fails(call: () => unknown, error: new (message: string) => Error, message: string): void {
  try {
    call();
  } catch (thrown) {
    assert.instance(thrown, error);
    assert.is((thrown as Error).message, message);
    return;
  }
  assert.unreachable(message);
}

test('former names of keywords mean the same', () => {
  const x = input(2, 1, 3);
  const same: [tf.Tensor, tf.Tensor][] = [
    [tf.expandDims(x, 1), tf.expandDims(x, { dim: 1 })],
    [tf.squeeze(x, [1]), tf.squeeze(x, { squeezeDims: [1] })],
    [tf.reduceSum(x, 1, true), tf.reduceSum(x, { reductionIndices: 1, keepDims: true })],
    [tf.reduceSum(x, 1, true), tf.reduceSum(x, null, null, null, 1, true)],
    [tf.countNonzero(x, 1, true), tf.countNonzero(x, { reductionIndices: 1, keepDims: true })],
    [tf.argmax(x, 2), tf.argmax(x, { dimension: 2 })],
    [tf.nn.softmax(x, 1), tf.nn.softmax(x, { dim: 1 })],
    [tf.nn.logSoftmax(x, 1), tf.nn.logSoftmax(x, { dim: 1 })],
    [tf.nn.l2Normalize(x, 2), tf.nn.l2Normalize(x, { dim: 2 })],
    [tf.nn.dropout(x, 0.5), tf.nn.dropout(x, { keepProb: 0.5 })],
    [tf.norm(x, 2, 1, true), tf.norm(x, { ord: 2, axis: 1, keepDims: true })],
    [
      tf.nn.weightedCrossEntropyWithLogits(x, x, 2),
      tf.nn.weightedCrossEntropyWithLogits({ targets: x, logits: x, posWeight: 2 }),
    ],
    [tf.reverseSequence(x, [1, 1], 2, 0), tf.reverseSequence(x, [1, 1], { seqDim: 2, batchDim: 0 })],
    [tf.concat([x, x], 1), tf.concat([x, x], { axis: 1 })],
  ];
  for (const [a, b] of same) {
    assert.is(a.op.type, b.op.type);
    assert.equal(a.shape, b.shape, a.name);
    const [axisA, axisB] = [a, b].map((t) => t.op.inputs[1] && tf.getStaticValue(t.op.inputs[1])?.array());
    assert.equal(axisA, axisB, a.name);
  }
});

test('an argument given under both its names is refused', () => {
  const x = input(2, 3);
  const both = (former: string, present: string) => `Cannot specify both '${former}' and '${present}'.`;
  fails(() => tf.expandDims(x, 0, { dim: 1 }), tf.ValueError, both('dim', 'axis'));
  fails(() => tf.squeeze(x, 0, { squeezeDims: 1 }), tf.ValueError, both('squeeze_dims', 'axis'));
  fails(() => tf.nn.softmax(x, 0, { dim: 1 }), tf.ValueError, both('dim', 'axis'));
  fails(() => tf.nn.l2Normalize(x, 0, { dim: 1 }), tf.ValueError, both('dim', 'axis'));
  fails(() => tf.argmax(x, 0, { dimension: 1 }), tf.ValueError, both('dimension', 'axis'));
  fails(() => tf.reduceSum(x, 0, { reductionIndices: 1 }), tf.ValueError, both('reduction_indices', 'axis'));
  fails(() => tf.reduceSum(x, 0, true, { keepDims: true }), tf.ValueError, both('keep_dims', 'keepdims'));
  fails(() => tf.norm(x, { keepdims: true, keepDims: true }), tf.ValueError, both('keep_dims', 'keepdims'));
  fails(
    () => tf.nn.weightedCrossEntropyWithLogits({ labels: x, targets: x, logits: x, posWeight: 1 }),
    tf.ValueError,
    both('targets', 'labels'),
  );
  fails(() => tf.losses.cosineDistance(x, x, 1, { dim: 1 }), tf.ValueError, both('dim', 'axis'));
  fails(
    () => tf.convertToTensor([1], { preferredDtype: tf.int32, dtypeHint: tf.int32 }),
    tf.ValueError,
    both('preferred_dtype', 'dtype_hint'),
  );
  fails(() => tf.expandDims(x), tf.ValueError, 'Must specify an axis argument to tf.expand_dims()');
});

test("concat's arguments in the order of the oldest programs are refused", () => {
  const [a, b] = [input(2, 3), input(2, 3)];
  // @ts-expect-error: an axis is no list of tensors
  fails(() => tf.concat(1, [a, b]), tf.ValueError, 'Shape (2, 2, 3) must have rank 0');
  // @ts-expect-error: the axis is missing
  fails(() => tf.concat([a, b]), tf.TypeError, "concat() missing 1 required positional argument: 'axis'");
});

test('constant checks the shape on demand', () => {
  const verified = (value: tf.ArrayValue, shape: number[]) => tf.constant(value, { shape, verifyShape: true });
  assert.equal(verified([1, 2, 3], [3]).shape, [3]);
  fails(() => verified([1, 2, 3], [2, 2]), tf.TypeError, "Expected Tensor's shape: (2, 2), but got (3,).");
  fails(() => verified(1, [3]), tf.TypeError, "Expected Tensor's shape: (3,), but got ().");
  fails(() => verified([[1, 2, 3]], [3]), tf.TypeError, "Expected Tensor's shape: (3,), but got (1, 3).");
  assert.equal(tf.constant(1, tf.int32, [3], 'c').shape, [3]);
});

test('matmul and maxPoolWithArgmax take names where TF1 has them', () => {
  assert.is(tf.matmul(input(2, 3), input(4, 3), false, true, false, false, false, false, 'product').name, 'product:0');
  const x = input(1, 4, 4, 1);
  const two = [1, 2, 2, 1];
  const { output, argmax } = tf.nn.maxPoolWithArgmax(x, two, two, 'SAME', 'NHWC', 'int32', 'pooled');
  assert.is(output.name, 'pooled:0');
  assert.is(argmax.dtype, tf.int32);
  assert.is(tf.nn.maxPoolWithArgmax(x, two, two, 'SAME').argmax.dtype, tf.int64);
  fails(
    () => tf.nn.maxPoolWithArgmax(x, two, two, 'SAME', { Targmax: tf.int32, outputDtype: tf.int32 }),
    tf.ValueError,
    "Cannot specify both 'Targmax' and 'output_dtype'.",
  );
});

test('convertToTensor takes types by name, hints, and positional arguments', () => {
  const named = tf.convertToTensor([1], 'float64', 'nm');
  assert.is(`${named.name} ${named.dtype.name}`, 'nm:0 float64');
  assert.is(tf.convertToTensor([1], null, null, tf.int32).dtype, tf.int32);
  assert.is(tf.convertToTensor([1], { dtypeHint: 'int64' }).dtype, tf.int64);
  assert.is(tf.convertToTensor([1.5], { dtypeHint: tf.int32 }).dtype, tf.float32);
  assert.is(tf.convertToTensor(named), named);
});

test('isTensor tells what stands for a tensor', () => {
  const x = input(2);
  const v = new tf.Variable([1, 2]);
  const rows = new tf.IndexedSlices(x, tf.constant([0, 1], tf.int32));
  assert.equal([x, v, rows].map(tf.isTensor), [true, true, true]);
  assert.equal([x.op, 1, [x], Float32Array.of(1), null, undefined].some(tf.isTensor), false);
});

test('getStaticValue knows parts of stacks on demand', () => {
  const n = tf.placeholder(tf.int32, [], { name: 'n' });
  const stacked = tf.stack([tf.constant(1, tf.int32), n]);
  assert.is(tf.getStaticValue(stacked), null);
  const parts = tf.getStaticValue(stacked, { partial: true }) as readonly (tf.NdArray | null)[];
  assert.is(parts.length, 2);
  assert.is(parts[0]?.item(), 1);
  assert.is(parts[1], null);
  const deep = tf.getStaticValue(tf.stack([stacked, stacked]), true) as readonly (readonly unknown[])[];
  assert.equal(
    deep.map((row) => row[1]),
    [null, null],
  );
  assert.is(tf.getStaticValue(stacked.add(1), true), null);
  assert.equal((tf.getStaticValue(tf.constant([1, 2]), true) as tf.NdArray).array(), [1, 2]);
});

test('functions about losses take keywords', () => {
  const [a, b] = tf.nameScope('s', () => [tf.identity(input(), 'a'), tf.identity(input(), 'b')]);
  const elsewhere = tf.identity(input(), 'c');
  tf.losses.addLoss(a);
  tf.losses.addLoss(b, { lossCollection: 'mine' });
  tf.losses.addLoss(elsewhere);
  tf.losses.addLoss(elsewhere, { lossCollection: null });
  tf.addToCollection(tf.GraphKeys.REGULARIZATION_LOSSES, b);
  const names = (list: readonly unknown[]) => list.map((t) => (t as tf.Tensor).name).join(' ');
  assert.is(names(tf.losses.getLosses()), 's/a:0 c:0');
  assert.is(names(tf.losses.getLosses({ scope: 's/' })), 's/a:0');
  assert.is(names(tf.losses.getLosses({ lossCollection: 'mine' })), 's/b:0');
  assert.is(names(tf.losses.getLosses('s/', 'mine')), 's/b:0');
  assert.is(names(tf.losses.getRegularizationLosses({ scope: 's/' })), 's/b:0');
  assert.is(names(tf.losses.getRegularizationLosses({ scope: 't/' })), '');
  assert.is(tf.losses.getRegularizationLoss({ name: 'penalty' }).name, 'penalty:0');
  const total = tf.losses.getTotalLoss({ name: 'total', scope: 's/' });
  assert.is(`${total.name} ${names(total.op.inputs)}`, 'total:0 s/a:0 s/b:0');
  const bare = tf.losses.getTotalLoss({ addRegularizationLosses: false });
  assert.is(`${bare.name} ${names(bare.op.inputs)}`, 'total_loss:0 s/a:0 c:0');
  assert.is(tf.losses.getTotalLoss(false, 'alone', 's/').op.inputs[0], a);
});

test('functions about variables and collections take keywords', () => {
  const v = tf.variableScope('a', () => tf.getVariable('v', [2]));
  const w = tf.variableScope('b', () => tf.getVariable('w', [2], { initializer: tf.zerosInitializer() }));
  const n = new tf.Variable(tf.constant(1, tf.int32), { name: 'n', trainable: false, collections: [] });
  assert.equal(tf.globalVariables({ scope: 'a/' }), [v]);
  assert.equal(tf.trainableVariables({ scope: 'b/' }), [w]);
  assert.equal(tf.trainableVariables('b/'), [w]);
  assert.equal(tf.localVariables({ scope: 'a/' }), []);
  assert.equal(tf.getCollection(tf.GraphKeys.GLOBAL_VARIABLES, { scope: 'b' }), [w]);
  assert.equal(tf.getCollection(tf.GraphKeys.GLOBAL_VARIABLES, 'b'), [w]);
  assert.equal(tf.getCollection(tf.GraphKeys.GLOBAL_VARIABLES), [v, w]);
  assert.is(tf.variablesInitializer([v], { name: 'start' }).name, 'start');
  assert.is(tf.variablesInitializer([v]).name, 'init');
  assert.is(tf.initializeVariables([v], 'again').name, 'again');
  assert.is(n.countUpTo(3).name, 'ResourceCountUpTo:0');
  assert.is(n.countUpTo(3, { name: 'count' }).name, 'count:0');
  assert.is(tf.countUpTo(n, 3, 'more').name, 'more:0');
});

test('colocateWith takes a body', () => {
  const a = input(2);
  const classes = (t: tf.Tensor) => t.op.getAttr('_class') as readonly string[] | undefined;
  const inside = tf.colocateWith(a, () => tf.identity(a, 'inside'));
  const cleared = tf.colocateWith(a, () => tf.colocateWith(null, true, () => tf.constant(1)));
  assert.equal(classes(inside), [`loc:@${a.op.name}`]);
  assert.throws(() => classes(cleared), /_class/);
  {
    using _ = tf.colocateWith(a);
    assert.equal(classes(tf.identity(a)), [`loc:@${a.op.name}`]);
  }
});

test('the names of notDifferentiable are TensorFlow’s and ours', () => {
  assert.is(tf.NotDifferentiable, tf.notDifferentiable);
  assert.is(tf.NoGradient, tf.notDifferentiable);
  assert.is(tf.noGradient, tf.notDifferentiable);
});

test('a regularizer gets the variable and may call it a tensor', () => {
  const l2 = (v: tf.Tensor) => tf.nn.l2Loss(v).mul(0.5);
  const kept: unknown[] = [];
  const watched = (v: tf.Variable) => {
    kept.push(v);
    return null;
  };
  tf.variableScope('s', { regularizer: l2 }, () => {
    tf.getVariable('w', [2, 2]);
    kept.push(tf.getVariable('x', [2], { regularizer: watched }));
  });
  assert.is(kept[0], kept[1]);
  const names = tf
    .getDefaultGraph()
    .getOperations()
    .map((op) => op.name)
    .filter((name) => name.includes('Regularizer'));
  // As TensorFlow builds `lambda v: tf.nn.l2_loss(v) * 0.5`.
  assert.equal(names, [
    's/w/Regularizer/L2Loss/ReadVariableOp',
    's/w/Regularizer/L2Loss',
    's/w/Regularizer/mul/y',
    's/w/Regularizer/mul',
  ]);
});

test.run();
