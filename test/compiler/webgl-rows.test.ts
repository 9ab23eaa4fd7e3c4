/**
 * What the compiler makes of programs for WebGL: what stays off the GPU, and kernels under fewer axes than their operands have.
 * The values are compared in a browser, by `test/browser/`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Instruction, KernelStep } from '../../compiler/plan/plan.ts';
import * as tf from '../../src/index.ts';

const test = suite('compiler/webgl-rows');

/** The steps for what the function builds of placeholders, without generated kernels. */
function steps(build: (...inputs: tf.Tensor[]) => unknown, ...inputs: [tf.DType, number[]][]): readonly Instruction[] {
  const graph = new tf.Graph();
  return graph.asDefault(() => {
    const feeds = inputs.map(([dtype, shape]) => tf.placeholder(dtype, shape));
    const fetches = build(...feeds) as object;
    return tf.compile(fetches, { target: 'webgl', feeds, codegen: false, graph }).plan.instructions;
  });
}

/** `Kernel` or `host.Op`, in order. */
const kinds = (list: readonly Instruction[]): string[] =>
  list.map((step) => {
    if (step.kind === 'kernel') return step.kernel;
    return step.kind === 'host' ? `host.${step.kernel}` : step.kind;
  });

const seven = [2, 1, 3, 2, 1, 2, 2];

test('elements of many axes are computed under few', () => {
  const [step] = steps((x) => tf.sin(x), [tf.float32, seven]) as [KernelStep];
  assert.equal([step.kernel, step.inputShapes, step.outputShapes], ['Sin', [[48]], [seven]]);
});

test('axes that are broadcast alike are one', () => {
  const list = steps((x, y) => tf.add(x, y), [tf.float32, [2, 3, 4, 5, 1, 7]], [tf.float32, [4, 5, 6, 7]]);
  const [step] = list as [KernelStep];
  assert.is(step.kernel, 'Add');
  assert.equal(step.inputShapes, [
    [6, 20, 1, 7],
    [1, 20, 6, 7],
  ]);
  assert.equal(step.outputShapes, [[2, 3, 4, 5, 6, 7]]);
});

test('axes that cannot be merged leave the op to the host', () => {
  const list = steps((x, y) => tf.multiply(x, y), [tf.float32, [2, 1, 2, 1, 2, 1]], [tf.float32, [1, 2, 1, 2, 1, 2]]);
  assert.equal(kinds(list), ['host.Mul']);
});

test('running sums and softmax along one of many axes', () => {
  const [sum] = steps((x) => tf.cumsum(x, 3), [tf.float32, seven]) as [KernelStep];
  assert.equal([sum.kernel, sum.inputShapes, sum.attrs.axis], ['Cumsum', [[6, 2, 4]], 1]);
  const [softmax] = steps((x) => tf.nn.softmax(x), [tf.float32, seven]) as [KernelStep];
  assert.equal([softmax.kernel, softmax.inputShapes, softmax.attrs.dim], ['Softmax', [[24, 2]], 1]);
});

test('integers are moved and computed on the host', () => {
  const i: [tf.DType, number[]] = [tf.int32, [3, 4]];
  assert.equal(kinds(steps((x) => tf.transpose(x), i)), ['host.Transpose']);
  assert.equal(kinds(steps((x) => tf.concat([x, x], 0), i)), ['host.ConcatV2']);
  assert.equal(kinds(steps((x) => tf.reduceMax(x, 0), i)), ['host.Max']);
  assert.equal(kinds(steps((x) => tf.transpose(x), [tf.float32, [3, 4]])), ['Transpose']);
});

test('values of one-hot arrays that a shader cannot be told', () => {
  const make = (onValue: number) => (x: tf.Tensor) => tf.oneHot(x, 5, { onValue });
  assert.equal(kinds(steps(make(2), [tf.int32, [3]])), ['OneHot']);
  assert.equal(kinds(steps(make(Number.POSITIVE_INFINITY), [tf.int32, [3]])), ['host.OneHot']);
});

test('logits stay on the GPU, whatever type the labels have', () => {
  for (const type of [tf.int32, tf.int64]) {
    const list = steps(
      (logits, labels) => tf.nn.sparseSoftmaxCrossEntropyWithLogits({ logits, labels }),
      [tf.float32, [80, 100]],
      [type, [80]],
    );
    assert.equal(
      kinds(list).filter((kind) => kind.startsWith('host.')),
      ['host._CheckedLabels'],
    );
  }
});

test('scalars that come from the host are computed there, those of variables are not', () => {
  const list = steps(
    (x, rate) => {
      const step = new tf.Variable(0, { dtype: tf.int64 });
      const scale = new tf.Variable(1);
      const decay = tf.pow(0.9, tf.cast(step, tf.float32));
      return tf.multiply(x, tf.multiply(tf.multiply(rate, decay), scale));
    },
    [tf.float32, [3]],
    [tf.float32, []],
  );
  assert.equal(
    kinds(list).filter((kind) => kind !== 'read'),
    ['host.Cast', 'host.Pow', 'host.Mul', 'Multiply', 'Multiply'],
  );
});

test.run();
