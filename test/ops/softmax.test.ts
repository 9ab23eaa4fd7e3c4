/** Softmax and the cross entropies: arguments, errors, decompositions against host kernels. Values: `nn-goldens.test.ts`. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as nn from '../../src/nn.ts';
import * as tf from '../../src/ops/index.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import { float16, float32, float64, int32, int64 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { difference } from '../support/compare.ts';
import { decomposed } from '../support/decomposed.ts';
import { evaluate, interpret, runOp } from '../support/interpret.ts';

const build = <R>(body: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => body(graph));
};
const value = (body: () => Tensor) => build(() => evaluate(body()).array());

/** Reproducible values between -2 and 2. */
function spread(shape: readonly number[], seed = 1): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return new NdArray(
    float32,
    shape,
    Float32Array.from({ length: size }, (_, i) => 2 * Math.sin(seed + 1.7 * i * i)),
  );
}

const test = suite('ops/softmax');

test('any axis, by either name and counted from either end', () => {
  const x = spread([2, 3, 4]);
  for (const [axis, options] of [
    [0, { axis: 0 }],
    [1, { dim: 1 }],
    [1, { axis: -2 }],
    [2, {}],
  ] as const) {
    build(() => {
      const y = nn.softmax(tf.constant(x), options);
      assert.equal(y.shape, [2, 3, 4]);
      const sums = evaluate(tf.reduceSum(y, axis)).data as Float32Array;
      for (const sum of sums) assert.ok(Math.abs(sum - 1) < 1e-6);
      const log = evaluate(nn.logSoftmax(tf.constant(x), options)).data as Float32Array;
      const plain = evaluate(y).data as Float32Array;
      for (let i = 0; i < log.length; i++) assert.ok(Math.abs(Math.exp(log[i]) - plain[i]) < 1e-6);
    });
  }
});

test('an axis out of range and integers are refused, and nothing is built', () => {
  build((graph) => {
    const x = tf.placeholder(float32, [2, 3]);
    assert.throws(() => nn.softmax(x, 2), /`dim` must be in the range \[-2, 2\)/);
    assert.throws(
      () => nn.softmax(tf.placeholder(int32, [2])),
      "Value passed to parameter 'logits' has DataType int32 not in list of allowed values: float16, bfloat16, float32, float64",
    );
    assert.is(graph.size, 2);
  });
});

test('large and infinite logits', () => {
  assert.equal(
    value(() => nn.softmax([[1000, 0, -1000]])),
    [[1, 0, 0]],
  );
  assert.equal(
    value(() => nn.logSoftmax([[1000, 0]])),
    [[0, -1000]],
  );
  assert.equal(
    value(() => nn.softmaxCrossEntropyWithLogits({ labels: [[1, 0, 0]], logits: [[100, -100, -100]] })),
    [0],
  );
});

test('float64 and float16 keep their type', () => {
  build(() => {
    const wide = tf.constant([[1, 2]], float64);
    assert.is(nn.softmax(wide).dtype, float64);
    assert.is(nn.softmaxCrossEntropyWithLogits({ labels: [[0, 1]], logits: wide }).dtype, float64);
    const half = tf.constant([[1, 2]], float16);
    const loss = nn.sparseSoftmaxCrossEntropyWithLogits({ labels: [1], logits: half });
    assert.is(loss.dtype, float16);
    assert.ok(Math.abs((evaluate(loss).data as Float32Array)[0] - 0.3133) < 1e-3);
  });
});

test('labels and logits come by name', () => {
  build((graph) => {
    const x = tf.placeholder(float32, [2, 3]);
    const y = tf.placeholder(float32, [2, 3]);
    const positional = nn.softmaxCrossEntropyWithLogits as unknown as (...args: Tensor[]) => Tensor;
    assert.throws(
      () => positional(y, x),
      /^Only call `softmax_cross_entropy_with_logits` with named arguments \(labels=..., logits=..., ...\)/,
    );
    assert.throws(
      () => nn.softmaxCrossEntropyWithLogits({ labels: y } as never),
      /^Both `labels` and `logits` must be provided/,
    );
    assert.is(graph.size, 2);
  });
});

test('sparse labels: ranks, shapes and types', () => {
  build((graph) => {
    const x = tf.placeholder(float32, [2, 3]);
    const y = tf.placeholder(int32, [2, 3]);
    assert.throws(
      () => nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits: x }),
      '`labels.shape.rank` must equal `logits.shape.rank - 1`. Received: labels.shape=(2, 3) of rank 2 and logits.shape=(2, 3) of rank 2',
    );
    assert.throws(
      () => nn.sparseSoftmaxCrossEntropyWithLogits({ labels: tf.placeholder(int32, [3]), logits: x }),
      /^`labels.shape` must equal `logits.shape` except for the last dimension/,
    );
    assert.throws(
      () => nn.sparseSoftmaxCrossEntropyWithLogits(tf.placeholder(float32, [2]), x),
      "Value passed to parameter 'labels' has DataType float32 not in list of allowed values: int32, int64",
    );
    assert.throws(
      () =>
        nn.sigmoidCrossEntropyWithLogits({
          labels: tf.placeholder(float32, [2]),
          logits: tf.placeholder(float32, [12]),
        }),
      '`logits` and `labels` must have the same shape, received ((12,) vs (2,)).',
    );
    assert.is(graph.size, 6);
  });
});

test('a label out of range fails the run', () => {
  const logits = toNdArray([
    [1, 2],
    [3, 4],
  ]);
  for (const labels of [toNdArray([5, 0], int32), toNdArray([0, -1], int64)]) {
    assert.throws(
      () => runOp('SparseSoftmaxCrossEntropyWithLogits', [logits, labels]),
      (error: Error) =>
        error.message ===
        `Received a label value of ${labels.at(0) === 5 ? 5 : -1} which is outside the valid range of [0, 2).  Label values: ${labels.at(0)} ${labels.at(1)}`,
    );
  }
});

test('logits of any rank: sparse labels have one less', () => {
  build((graph) => {
    const x = tf.placeholder(float32, [2, 2, 3]);
    const labels = tf.constant(
      [
        [0, 1],
        [2, 1],
      ],
      int32,
    );
    const loss = nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits: x });
    const dense = nn.softmaxCrossEntropyWithLogitsV2({ labels: tf.oneHot(labels, 3), logits: x });
    assert.equal(
      [loss.shape, dense.shape],
      [
        [2, 2],
        [2, 2],
      ],
    );
    const [a, b] = interpret(graph.snapshot(), [loss, dense], { feeds: new Map([[x, spread([2, 2, 3])]]) });
    assert.is(difference(a, b), null);
  });
});

test('dense cross entropy along another axis', () => {
  build(() => {
    const [x, p] = [spread([2, 3, 4]), spread([2, 3, 4], 5)];
    const labels = nn.softmax(tf.constant(p), 1);
    const loss = nn.softmaxCrossEntropyWithLogitsV2({ labels, logits: tf.constant(x), axis: 1 });
    const expected = tf.reduceSum(tf.multiply(labels, nn.logSoftmax(tf.constant(x), 1)).neg(), 1);
    assert.equal(loss.shape, [2, 4]);
    assert.is(difference(evaluate(loss), evaluate(expected), { relative: 1e-5, absolute: 1e-6 }), null);
  });
});

test('second derivatives of the cross entropies agree with differences', () => {
  for (const sparse of [false, true]) {
    build((graph) => {
      const x = tf.placeholder(float64, [2, 3]);
      const loss = sparse
        ? nn.sparseSoftmaxCrossEntropyWithLogits({ labels: [2, 0], logits: x })
        : nn.softmaxCrossEntropyWithLogitsV2({
            labels: tf.constant(
              [
                [0.2, 0.3, 0.5],
                [1, 0, 0],
              ],
              float64,
            ),
            logits: x,
          });
      const [first] = gradients(loss, [x]) as Tensor[];
      const objective = tf.reduceSum(tf.multiply(first, first));
      const [second] = gradients(objective, [x]) as Tensor[];
      const at = Float64Array.from([0.3, -1, 2, 0.5, 0.1, -0.7]);
      const run = (data: Float64Array, t: Tensor) =>
        interpret(graph.snapshot(), [t], { feeds: new Map([[x, new NdArray(float64, [2, 3], data)]]) })[0];
      const analytic = run(at, second).data as Float64Array;
      at.forEach((_, i) => {
        const moved = (by: number) =>
          run(
            at.map((v, k) => (k === i ? v + by : v)),
            objective,
          ).item() as number;
        const numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert.ok(Math.abs(analytic[i] - numeric) < 1e-6, `${analytic[i]} against ${numeric}`);
      });
    });
  }
});

test('decompositions give what the host kernels give', () => {
  // Large enough to be decomposed.
  const x = spread([70, 80]);
  const labels = runOp('Softmax', [spread([70, 80], 3)])[0];
  const cases: [string, NdArray[]][] = [
    ['Softmax', [x]],
    ['LogSoftmax', [x]],
    ['SoftmaxCrossEntropyWithLogits', [x, labels]],
    ['L2Loss', [x]],
    ['BiasAdd', [x, spread([80], 9)]],
    ['BiasAddGrad', [x]],
  ];
  for (const [type, inputs] of cases) {
    const host = runOp(type, inputs);
    const simpler = decomposed(type, inputs);
    host.forEach((expected, i) => {
      assert.is(difference(simpler[i], expected, { relative: 1e-5, absolute: 1e-5 }), null, type);
    });
  }
});

test.run();
