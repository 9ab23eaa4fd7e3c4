/** Reductions, running sums and arg-reductions: the functions, their names and errors. Values of single ops are in `goldens.test.ts`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph } from '../../src/graph/graph.ts';
import * as tf from '../../src/ops/index.ts';
import { reduceEuclideanNorm, reduceStd, reduceVariance } from '../../src/ops/reductions.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import { int32, int64 } from '../../src/util/dtype.ts';
import { evaluate, runOp } from '../support/interpret.ts';

const build = <R>(body: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => body(graph));
};

const names = (graph: Graph): string[] => graph.getOperations().map((op) => `${op.name}:${op.type}`);

test('axes become constants named as in TensorFlow', () => {
  build((graph) => {
    const x = tf.placeholder('float32', [2, 3], 'x');
    tf.reduceSum(x);
    tf.reduceSum(x, 1);
    tf.reduceMean(x, [0, 1], true, 'm');
    tf.argmax(x, 1);
    assert.equal(names(graph), [
      'x:Placeholder',
      'Const:Const',
      'Sum:Sum',
      'Sum_1/reduction_indices:Const',
      'Sum_1:Sum',
      'm/reduction_indices:Const',
      'm:Mean',
      'ArgMax/dimension:Const',
      'ArgMax:ArgMax',
    ]);
  });
});

test('reduceLogsumexp is built as in TensorFlow', () => {
  build((graph) => {
    tf.reduceLogsumexp(tf.placeholder('float32', [4, 5], 'x'), 1);
    const expected =
      'x ReduceLogSumExp/Max/reduction_indices ReduceLogSumExp/Max ReduceLogSumExp/IsFinite ReduceLogSumExp/SelectV2/e ReduceLogSumExp/SelectV2 ReduceLogSumExp/StopGradient ReduceLogSumExp/Sub ReduceLogSumExp/Exp ReduceLogSumExp/Sum/reduction_indices ReduceLogSumExp/Sum ReduceLogSumExp/Log ReduceLogSumExp/Shape ReduceLogSumExp/Reshape ReduceLogSumExp';
    assert.is(
      graph
        .getOperations()
        .map((op) => op.name)
        .join(' '),
      expected,
    );
  });
});

test('the keywords and their old names', () => {
  build(() => {
    const x = tf.constant([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    assert.equal(evaluate(tf.reduceSum(x, { axis: 0, keepdims: true })).array(), [[5, 7, 9]]);
    assert.equal(evaluate(tf.reduceSum(x, { reductionIndices: [1], keepDims: true })).array(), [[6], [15]]);
    assert.equal(evaluate(tf.reduceMax(x, -1)).array(), [3, 6]);
    assert.is(tf.reduceSum(x, { name: 'total' }).op.name, 'total');
  });
});

test('full reductions of an unknown rank take their axes from the rank', () => {
  build((graph) => {
    tf.reduceSum(tf.placeholder('float32', null, 'x'));
    assert.equal(names(graph).slice(1), [
      'Rank:Rank',
      'range/start:Const',
      'range/delta:Const',
      'range:Range',
      'Sum:Sum',
    ]);
  });
});

test('variance, deviation, counts', () => {
  build(() => {
    const x = tf.constant([
      [1, 2],
      [3, 6],
    ]);
    assert.equal(evaluate(reduceVariance(x, 0)).array(), [1, 4]);
    assert.equal(evaluate(reduceStd(x, 0)).array(), [1, 2]);
    assert.is(evaluate(reduceEuclideanNorm([3, 4])).item(), 5);
    const counts = evaluate(
      tf.countNonzero(
        [
          [0, 1],
          [2, 3],
        ],
        1,
      ),
    );
    assert.is(counts.dtype, int64);
    assert.equal(counts.array(), [1, 2]);
    assert.throws(() => reduceVariance(tf.constant([1, 2], int32)), /Received integer type/);
  });
});

test('integers wrap, int64 is exact', () => {
  const axis = toNdArray([0], int32);
  const big = toNdArray([2147483647, 1], int32);
  assert.is(runOp('Sum', [big, axis])[0].item(), -2147483648);
  const wide = toNdArray([9007199254740993n, 2n], int64);
  assert.is(runOp('Sum', [wide, axis])[0].item(), 9007199254740995n);
  assert.is(runOp('Prod', [toNdArray([65536, 65537], int32), axis])[0].item(), 65536);
});

test('an axis out of range is an error where it is known', () => {
  build((graph) => {
    const x = tf.placeholder('float32', [2, 3]);
    assert.throws(
      () => tf.reduceSum(x, 2),
      "Invalid reduction dimension 2 for input with 2 dimensions. for '{{node Sum}} = Sum[T=DT_FLOAT, Tidx=DT_INT32, keep_dims=false](Placeholder, Sum/reduction_indices)' with input shapes: [2,3], [] and with computed input tensors: input[1] = <2>.",
    );
    assert.throws(
      () => tf.argmax(x, 2),
      "Dimension (2) must be in the range [-2, 2), where 2 is the number of dimensions in the input. for '{{node ArgMax}} = ArgMax[T=DT_FLOAT, Tidx=DT_INT32, output_type=DT_INT64](Placeholder, ArgMax/dimension)' with input shapes: [2,3], [] and with computed input tensors: input[1] = <2>.",
    );
    assert.is(graph.size, 1);
  });
});

test('argmax gives int64 or the type asked for', () => {
  build(() => {
    const x = tf.constant([
      [1, 5, 5],
      [7, 2, 3],
    ]);
    assert.is(tf.argmax(x, 1).dtype, int64);
    assert.is(tf.argmax(x, { axis: 1, outputType: int32 }).dtype, int32);
    assert.equal(evaluate(tf.argmax(x, 1)).array(), [1, 0]);
    assert.equal(evaluate(tf.argmin(x)).array(), [0, 1, 1]);
  });
});

test.run();
