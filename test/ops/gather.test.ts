/** Gather, scatter, stitch, partition, sets, embeddings: the functions, their names and errors. Values of single ops are in `goldens.test.ts`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { embeddingLookup } from '../../src/ops/embedding.ts';
import * as tf from '../../src/ops/index.ts';
import { constantValue } from '../../src/ops/static-value.ts';
import { int32, int64 } from '../../src/util/dtype.ts';
import { evaluate } from '../support/interpret.ts';

const build = <R>(body: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => body(graph));
};

test('gather: names, axis, batches', () => {
  build((graph) => {
    const x = tf.constant([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const rows = tf.gather(x, [1, 0, 1]);
    assert.is(rows.op.name, 'GatherV2');
    assert.equal(
      graph.getOperations().map((op) => op.name),
      ['Const', 'GatherV2/indices', 'GatherV2/axis', 'GatherV2'],
    );
    assert.equal(evaluate(rows).array(), [
      [4, 5, 6],
      [1, 2, 3],
      [4, 5, 6],
    ]);
    assert.equal(evaluate(tf.gather(x, [[2], [0]], { axis: 1, batchDims: 1 })).array(), [[3], [4]]);
    assert.equal(
      evaluate(
        tf.batchGather(x, [
          [2, 2],
          [0, 1],
        ]),
      ).array(),
      [
        [3, 3],
        [4, 5],
      ],
    );
    assert.throws(
      () => tf.gather(x, tf.placeholder('float32', [2])),
      /DataType float32 not in list of allowed values: int16, int32, int64/,
    );
  });
});

test('gather reads a variable only where it is asked for', () => {
  build(() => {
    const read = tf.constant([7]);
    let seen: unknown = null;
    const variable = {
      sparseRead: (indices: unknown, name?: string | null): Tensor => {
        seen = [indices instanceof Object, name];
        return read;
      },
    };
    assert.is(tf.gather(variable, [0], { name: 'rows' }), read);
    assert.equal(seen, [true, 'rows']);
  });
});

test('gatherNd, scatterNd, tensor scatters', () => {
  build(() => {
    const x = tf.constant([
      [1, 2],
      [3, 4],
    ]);
    assert.equal(
      evaluate(
        tf.gatherNd(x, [
          [0, 1],
          [1, 0],
        ]),
      ).array(),
      [2, 3],
    );
    assert.equal(evaluate(tf.scatterNd([[1], [3], [1]], tf.constant([5, 6, 7]), [4])).array(), [0, 12, 0, 6]);
    assert.equal(evaluate(tf.tensorScatterNdUpdate(x, [[1]], tf.constant([[8, 9]]))).array(), [
      [1, 2],
      [8, 9],
    ]);
    assert.equal(evaluate(tf.tensorScatterNdMax(x, [[0, 0]], [0])).array(), [
      [1, 2],
      [3, 4],
    ]);
  });
});

test('booleanMask is built as in TensorFlow', () => {
  build((graph) => {
    const x = tf.constant([1, 2, 3]);
    const mask = tf.constant([true, false, true]);
    const kept = tf.booleanMask(x, mask);
    assert.equal(evaluate(kept).array(), [1, 3]);
    assert.equal(kept.shape, [null]);
    const types = graph.getOperations().filter((op) => op.type !== 'Const');
    assert.equal(
      types.map((op) => op.name),
      'strided_slice Prod strided_slice_1 strided_slice_2 concat/values_1 concat Reshape Reshape_1 Where Squeeze GatherV2'
        .split(' ')
        .map((name) => `boolean_mask/${name}`),
    );
    assert.equal(
      evaluate(
        tf.booleanMask(
          [
            [1, 2],
            [3, 4],
          ],
          [false, true],
          { axis: 1 },
        ),
      ).array(),
      [[2], [4]],
    );
    assert.equal(
      evaluate(
        tf.booleanMask(
          [
            [1, 2],
            [3, 4],
          ],
          [
            [true, false],
            [true, true],
          ],
        ),
      ).array(),
      [1, 3, 4],
    );
    assert.throws(() => tf.booleanMask(x, true), 'mask cannot be scalar.');
    assert.throws(() => tf.booleanMask(x, [true, false]), 'Shapes (3,) and (2,) are incompatible');
  });
});

test('stitch, partition, unique', () => {
  build(() => {
    assert.equal(evaluate(tf.dynamicStitch([[0, 2], [1]], [[10, 30], [20]])).array(), [10, 20, 30]);
    const [no, yes] = tf.dynamicPartition([1, 2, 3], [1, 0, 1], 2);
    assert.equal(evaluate(no).array(), [2]);
    assert.equal(evaluate(yes).array(), [1, 3]);
    const { y, idx } = tf.unique([7, 8, 7], { outIdx: int64 });
    assert.equal(evaluate(y).array(), [7, 8]);
    assert.is(evaluate(idx).dtype, int64);
    assert.equal(evaluate(tf.uniqueWithCounts([7, 8, 7]).count).array(), [2, 1]);
    assert.equal(evaluate(tf.setdiff1d([1, 2, 3], [2]).out).array(), [1, 3]);
    assert.equal(evaluate(tf.invertPermutation([2, 0, 1])).array(), [1, 2, 0]);
  });
});

test('what shape computations consist of is folded', () => {
  build(() => {
    const dims = tf.constant([4, 5, 6], int32);
    const picked = tf.gather(dims, [2, 0]);
    assert.equal(constantValue(picked)?.array(), [6, 4]);
    assert.is(constantValue(tf.reduceProd(picked))?.item(), 24);
    const merged = tf.dynamicStitch([[0, 1, 2], [1]], [dims, tf.constant([1], int32)]);
    assert.equal(constantValue(merged)?.array(), [4, 1, 6]);
    assert.equal(constantValue(tf.invertPermutation([1, 2, 0]))?.array(), [2, 0, 1]);
  });
});

test('embeddingLookup in one table and in parts', () => {
  build((graph) => {
    const table = tf.constant([
      [0, 1],
      [10, 11],
      [20, 21],
      [30, 31],
      [40, 41],
    ]);
    const found = embeddingLookup(table, [[3, 1]]);
    assert.is(found.op.name, 'embedding_lookup/Identity');
    assert.ok(graph.getOperations().some((op) => op.name === 'embedding_lookup' && op.type === 'GatherV2'));
    assert.equal(evaluate(found).array(), [
      [
        [30, 31],
        [10, 11],
      ],
    ]);
    const mod = [tf.constant([[0], [2], [4]]), tf.constant([[1], [3]])];
    assert.equal(evaluate(embeddingLookup(mod, [4, 3, 0])).array(), [[4], [3], [0]]);
    const div = [tf.constant([[0], [1], [2]]), tf.constant([[3], [4]])];
    const rows = embeddingLookup(div, [4, 2, 3, 0], { partitionStrategy: 'div' });
    assert.equal(evaluate(rows).array(), [[4], [2], [3], [0]]);
    assert.equal(rows.shape, [4, 1]);
  });
});

test.run();
