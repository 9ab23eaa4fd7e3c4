/** Segment reductions: the functions, their names and errors. Values of single ops are in `goldens.test.ts`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph } from '../../src/graph/graph.ts';
import * as tf from '../../src/ops/index.ts';
import { evaluate } from '../support/interpret.ts';

test('the functions take lists of segment numbers', () => {
  new Graph().asDefault(() => {
    const x = tf.constant([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    assert.equal(evaluate(tf.segmentSum(x, [0, 0, 2])).array(), [
      [4, 6],
      [0, 0],
      [5, 6],
    ]);
    assert.equal(evaluate(tf.unsortedSegmentSum(x, [1, -1, 1], 3)).array(), [
      [0, 0],
      [6, 8],
      [0, 0],
    ]);
    assert.equal(evaluate(tf.unsortedSegmentMean(x, [1, 0, 1], 3)).array(), [
      [3, 4],
      [3, 4],
      [0, 0],
    ]);
    assert.equal(evaluate(tf.unsortedSegmentSqrtN(tf.constant([2, 2, 2, 2]), [0, 0, 0, 0], 1)).array(), [4]);
    assert.equal(tf.unsortedSegmentMax(x, [0, 1, 0], 2).shape, [2, 2]);
  });
});

test.run();
