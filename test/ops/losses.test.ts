/** `tf.losses`: weights, reductions, collections, errors. Values of TensorFlow are in `nn-goldens.test.ts`. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addToCollection } from '../../src/graph/default-graph.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { GraphKeys } from '../../src/graph/graph-keys.ts';
import * as losses from '../../src/losses.ts';
import * as tf from '../../src/ops/index.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import { float32, float64, int32 } from '../../src/util/dtype.ts';
import { evaluate, interpret } from '../support/interpret.ts';

const { Reduction } = losses;
const inGraph = <R>(body: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => body(graph));
};
const scalar = (body: () => Tensor): number => inGraph(() => evaluate(body()).item() as number);
const close = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-4 * (1 + Math.abs(expected)), `${found}, expected ${expected}`);

const predictions = [
  [4, 8, 12],
  [8, 1, 3],
];
const labels = [
  [1, 9, 2],
  [-5, -2, 6],
];

const test = suite('ops/losses');

test('case 399: absolute differences, weighted', () => {
  close(
    scalar(() => losses.absoluteDifference(labels, predictions)),
    5.5,
  );
  close(
    scalar(() => losses.absoluteDifference(labels, predictions, 2.3)),
    5.5 * 2.3,
  );
  close(
    scalar(() => losses.absoluteDifference(labels, predictions, [[1.2], [0]])),
    5.6,
  );
  inGraph((graph) => {
    assert.throws(() => losses.absoluteDifference(labels, predictions, null as never), /None/);
    assert.is(graph.size, 0);
  });
});

test('case 401: softmax cross entropy with smoothed labels', () => {
  const smoothing = 0.1;
  close(
    scalar(() => losses.softmaxCrossEntropy([[1, 0, 0]], [[100, -100, -100]], { labelSmoothing: smoothing })),
    (400 * smoothing) / 3,
  );
});

test('every reduction of [1, 2, 3] weighted by [2, 0, 1]', () => {
  const of = (reduction: losses.ReductionKey) =>
    inGraph(() => evaluate(losses.computeWeightedLoss([1, 2, 3], [2, 0, 1], { reduction })).array());
  assert.equal(of(Reduction.NONE), [2, 0, 3]);
  assert.equal(of(Reduction.SUM), 5);
  close(of(Reduction.MEAN) as number, 5 / 3);
  close(of(Reduction.SUM_OVER_BATCH_SIZE) as number, 5 / 3);
  assert.equal(of(Reduction.SUM_BY_NONZERO_WEIGHTS), 2.5);
  assert.is(Reduction.SUM_OVER_NONZERO_WEIGHTS, Reduction.SUM_BY_NONZERO_WEIGHTS);
  assert.throws(() => of('mean' as never), /^Invalid Reduction Key: mean/);
});

test('weights that are all zero give zero, not NaN', () => {
  for (const reduction of [Reduction.SUM_BY_NONZERO_WEIGHTS, Reduction.MEAN]) {
    assert.is(
      scalar(() => losses.meanSquaredError([1, 2], [3, 4], { weights: 0, reduction })),
      0,
    );
  }
});

test('weights must be scalar or of the rank of the losses, with equal lengths or 1', () => {
  inGraph((graph) => {
    const x = tf.placeholder(float32, [2, 3]);
    const size = graph.size;
    assert.throws(
      () => losses.computeWeightedLoss(x, [1, 2, 3]),
      /^weights can not be broadcast to values. values.rank=2. weights.rank=1/,
    );
    assert.throws(
      () => losses.computeWeightedLoss(x, [[1, 2]]),
      /^weights can not be broadcast to values. Mismatch at dim 1/,
    );
    assert.is(graph.size, size);
    assert.equal(losses.computeWeightedLoss(x, [[1], [2]], { reduction: Reduction.NONE }).shape, [2, 3]);
  });
});

test('weights of unknown size are checked in the run', () => {
  inGraph((graph) => {
    const x = tf.placeholder(float32, [null, 3]);
    const w = tf.placeholder(float32, [null, 1]);
    const loss = losses.computeWeightedLoss(x, w, { reduction: Reduction.SUM });
    const check = graph.getOperations().filter((op) => op.type === 'Assert');
    assert.is(check.length, 1);
    const values = toNdArray([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const run = (weights: number[][]) =>
      interpret(graph.snapshot(), [loss], {
        feeds: new Map([
          [x, values],
          [w, toNdArray(weights)],
        ]),
        targets: check,
      })[0].item();
    assert.is(run([[1], [0]]), 6);
    assert.is(run([[2]]), 42);
    assert.throws(() => run([[1], [1], [1]]), /weights can not be broadcast to values/);
  });
});

test('losses are collected, by scope too, and summed with the penalties of regularizers', () => {
  inGraph((graph) => {
    const a = losses.meanSquaredError([1], [3]);
    const b = graph.nameScope('tower', () => losses.absoluteDifference([1], [2]));
    losses.hingeLoss([1], [0], { lossCollection: null });
    losses.logLoss([1], [0.5], { lossCollection: 'other' });
    assert.equal(losses.getLosses(), [a, b]);
    assert.equal(losses.getLosses('tower'), [b]);
    assert.is(losses.getLosses(null, 'other').length, 1);
    const penalty = tf.constant(10);
    addToCollection(GraphKeys.REGULARIZATION_LOSSES, penalty);
    losses.addLoss(tf.constant(100));
    assert.equal(losses.getRegularizationLosses(), [penalty]);
    assert.is(evaluate(losses.getTotalLoss()).item(), 4 + 1 + 100 + 10);
    assert.is(evaluate(losses.getTotalLoss(false)).item(), 105);
    assert.is(evaluate(losses.getRegularizationLoss()).item(), 10);
  });
  inGraph(() => {
    assert.is(evaluate(losses.getRegularizationLoss()).item(), 0);
    assert.throws(() => losses.getTotalLoss(), /at least one Tensor/);
  });
});

test('sparse labels may have a last axis of length 1, and so may weights', () => {
  const logits = [
    [1, 2, 3],
    [3, 2, 1],
  ];
  const flat = scalar(() => losses.sparseSoftmaxCrossEntropy(tf.constant([0, 1], int32), logits, [1, 2]));
  close(
    scalar(() => losses.sparseSoftmaxCrossEntropy(tf.constant([[0], [1]], int32), logits, [1, 2])),
    flat,
  );
  close(
    scalar(() => losses.sparseSoftmaxCrossEntropy(tf.constant([0, 1], int32), logits, [[1], [2]])),
    flat,
  );
});

test('other types are computed in float32, and given back where they came from', () => {
  inGraph(() => {
    assert.is(losses.meanSquaredError(tf.constant([1, 2], int32), tf.constant([1, 4], int32)).dtype, float32);
    assert.is(losses.computeWeightedLoss(tf.constant([1, 2], float64)).dtype, float64);
  });
});

test('missing arguments and shapes that differ', () => {
  inGraph((graph) => {
    assert.throws(() => losses.meanSquaredError(null as never, [1]), 'Argument `labels` must not be None.');
    assert.throws(() => losses.hingeLoss([1], undefined as never), 'Argument `logits` must not be None.');
    assert.throws(() => losses.huberLoss([1, 2], [1]), /^Shapes \(1,\) and \(2,\) are incompatible/);
    assert.throws(() => losses.cosineDistance([1], [1], { axis: null }), 'You must specify argument `axis`.');
    assert.is(graph.size, 0);
  });
});

test('scopes name the ops', () => {
  inGraph((graph) => {
    losses.huberLoss([1], [2], { scope: 'mine', delta: 0.5 });
    assert.ok(graph.getOperations().every((op) => op.name.startsWith('mine/')));
    assert.is(losses.meanSquaredError([1], [2]).name, 'mean_squared_error/value:0');
    assert.is(losses.meanSquaredError([1], [2]).name, 'mean_squared_error_1/value:0');
  });
});

test.run();
