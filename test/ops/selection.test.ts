/** Where, select, oneHot, topK and sorting: the functions, their names and errors. Values of single ops are in `goldens.test.ts`. */

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import * as tf from '../../src/ops/index.ts';
import { inTopK, topK } from '../../src/ops/selection.ts';
import { bool, int32, int64 } from '../../src/util/dtype.ts';
import { evaluate } from '../support/interpret.ts';

const build = <R>(body: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => body(graph));
};

test('oneHot and topK are named as in TensorFlow', () => {
  build((graph) => {
    const x = tf.placeholder('float32', [4, 5], 'x');
    tf.oneHot(tf.argmax(x, 1), 5);
    topK(x, 2);
    assert.is(
      graph
        .getOperations()
        .map((op) => op.name)
        .join(' '),
      'x ArgMax/dimension ArgMax one_hot/on_value one_hot/off_value one_hot/depth one_hot TopKV2/k TopKV2',
    );
    assert.throws(
      () => tf.oneHot(x, 3),
      /Value passed to parameter 'indices' has DataType float32 not in list of allowed values: uint8, int8, int32, int64/,
    );
  });
});

test('where with one and with three arguments', () => {
  build(() => {
    const found = tf.where([
      [true, false],
      [false, true],
    ]);
    assert.is(found.dtype, int64);
    assert.equal(evaluate(found).array(), [
      [0, 0],
      [1, 1],
    ]);
    const rows = tf.where(
      [true, false],
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    );
    assert.is(rows.op.type, 'Select');
    assert.equal(evaluate(rows).array(), [
      [1, 2],
      [7, 8],
    ]);
    assert.equal(evaluate(tf.whereV2([[true], [false]], [1, 2], 9)).array(), [
      [1, 2],
      [9, 9],
    ]);
    assert.throws(() => tf.where([true], [1]), 'x and y must both be non-None or both be None.');
  });
});

test('oneHot: values, axis, types', () => {
  build(() => {
    assert.equal(evaluate(tf.oneHot([0, 2], 3, { onValue: 5, offValue: -1 })).array(), [
      [5, -1, -1],
      [-1, -1, 5],
    ]);
    assert.equal(evaluate(tf.oneHot([0, 2], 3, { axis: 0, dtype: int32 })).array(), [
      [1, 0],
      [0, 0],
      [0, 1],
    ]);
    assert.is(tf.oneHot([0], 2, { onValue: true, offValue: false }).dtype, bool);
    assert.throws(
      () => tf.oneHot([0], 2, { onValue: tf.constant(1, int32), offValue: tf.constant(0, int64) }),
      /does not match dtype/,
    );
  });
});

test('sequenceMask', () => {
  build(() => {
    assert.equal(evaluate(tf.sequenceMask([1, 3, 0])).array(), [
      [true, false, false],
      [true, true, true],
      [false, false, false],
    ]);
    assert.equal(evaluate(tf.sequenceMask([[1], [2]], 2, 'float32')).array(), [[[1, 0]], [[1, 1]]]);
  });
});

test('sorting', () => {
  build(() => {
    const x = tf.constant([
      [3, 1, 2],
      [0, 5, 0],
    ]);
    assert.equal(evaluate(tf.sort(x)).array(), [
      [1, 2, 3],
      [0, 0, 5],
    ]);
    assert.equal(evaluate(tf.sort(x, 0, 'DESCENDING')).array(), [
      [3, 5, 2],
      [0, 1, 0],
    ]);
    assert.equal(evaluate(tf.argsort(x)).array(), [
      [1, 2, 0],
      [0, 2, 1],
    ]);
    assert.equal(evaluate(tf.sort(tf.constant([2, -2147483648, 1], int32))).array(), [-2147483648, 1, 2]);
    assert.equal(evaluate(inTopK([[0.1, 0.7, 0.2]], [2], 2)).array(), [true]);
  });
});

test('the gradient of topK has the ops of TensorFlow', () => {
  const file = new URL('../goldens/ops/errors.json', import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: { id: string; ops_left_in_graph: string[] }[] };
  const golden = cases.find((c) => c.id === 'errors/0041')?.ops_left_in_graph ?? [];
  const prefix = 'gradients/TopKV2_grad/';
  build((graph) => {
    const x = tf.placeholder('float32', [4]);
    gradients([topK(x, 2).values], [x]);
    const ours = graph.getOperations().map((op) => `${op.name}:${op.type}`);
    const inner = (list: string[]): string[] => list.filter((name) => name.startsWith(prefix)).sort();
    assert.equal(inner(ours), inner(golden));
  });
});

test.run();
