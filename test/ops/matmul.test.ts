/** Matrix products: the functions, their names and errors. Values of single ops are in `goldens.test.ts`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph } from '../../src/graph/graph.ts';
import * as tf from '../../src/ops/index.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import { int32, int64 } from '../../src/util/dtype.ts';
import { evaluate, runOp } from '../support/interpret.ts';

const build = <R>(body: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => body(graph));
};

test('the rank decides between MatMul and BatchMatMulV2', () => {
  build(() => {
    const x = tf.placeholder('float32', [2, 3]);
    const y = tf.placeholder('float32', [5, 3, 4]);
    assert.is(tf.matmul(x, tf.placeholder('float32', [3, 4])).op.type, 'MatMul');
    const batched = tf.matmul(x, y);
    assert.is(batched.op.type, 'BatchMatMulV2');
    assert.equal(batched.shape, [5, 2, 4]);
    assert.equal(tf.matmul(y, y, { adjointA: true }).shape, [5, 4, 4]);
    assert.equal(tf.matmul(x, x, false, true).shape, [2, 2]);
    assert.is(tf.matmul(tf.placeholder('float32'), x).op.type, 'BatchMatMulV2');
  });
});

test('errors of a build', () => {
  build((graph) => {
    const x = tf.placeholder('float32', [2, 3]);
    const y = tf.placeholder('float32', [2, 13]);
    assert.throws(
      () => tf.matmul(x, y),
      "Dimensions must be equal, but are 3 and 2 for '{{node MatMul}} = MatMul[T=DT_FLOAT, grad_a=false, grad_b=false, transpose_a=false, transpose_b=false](Placeholder, Placeholder_1)' with input shapes: [2,3], [2,13].",
    );
    assert.throws(() => tf.matmul(tf.placeholder('float32', [2]), y), /^Shape must be rank 2 but is rank 1 for/);
    assert.throws(() => tf.matmul(x, x, { transposeA: true, adjointA: true }), /Only one of `transpose_a`/);
    assert.is(graph.size, 3);
  });
});

test('a run of matrices that do not fit', () => {
  const x = toNdArray([[1, 2, 3]]);
  assert.throws(
    () => runOp('MatMul', [x, x]),
    (error: Error) => error.message.startsWith('Matrix size-incompatible: In[0]: [1,3], In[1]: [1,3]'),
  );
});

test('integer products wrap and int64 ones are exact', () => {
  const x = toNdArray([[65536, 1]], int32);
  const y = toNdArray([[65536], [7]], int32);
  assert.is(runOp('MatMul', [x, y])[0].item(), 7);
  const wide = toNdArray([[9007199254740993n]], int64);
  assert.is(runOp('MatMul', [wide, toNdArray([[3n]], int64)])[0].item(), 27021597764222979n);
});

test('all transposes agree with loops', () => {
  const a = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const b = [
    [1, 0, 2],
    [3, 1, 4],
  ];
  const t = (m: number[][]): number[][] => m[0].map((_, j) => m.map((row) => row[j]));
  const product = (x: number[][], y: number[][]): number[][] =>
    x.map((row) => y[0].map((_, j) => row.reduce((sum, v, k) => sum + v * y[k][j], 0)));
  const expected = product(a, t(b));
  for (const [tA, tB] of [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ]) {
    const result = runOp('MatMul', [toNdArray(tA ? t(a) : a), toNdArray(tB ? b : t(b))], {
      transpose_a: tA,
      transpose_b: tB,
    });
    assert.equal(result[0].array(), expected);
  }
});

test('tensordot contracts axes', () => {
  build((graph) => {
    const x = tf.constant([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ]);
    const w = tf.constant([
      [1, 0, 2],
      [0, 1, 3],
    ]);
    const dot = tf.tensordot(x, w, 1);
    assert.equal(evaluate(dot).array(), [
      [
        [1, 2, 8],
        [3, 4, 18],
      ],
      [
        [5, 6, 28],
        [7, 8, 38],
      ],
    ]);
    assert.equal(
      graph
        .getOperations()
        .slice(2)
        .map((op) => op.name),
      ['Tensordot/Reshape/shape', 'Tensordot/Reshape', 'Tensordot/MatMul', 'Tensordot/shape', 'Tensordot'],
    );
    assert.equal(evaluate(tf.tensordot(x, w, [[0], [0]])).shape, [2, 2, 3]);
    assert.is(evaluate(tf.tensordot([1, 2, 3], [4, 5, 6], 1)).item(), 32);
    const open = tf.tensordot(tf.placeholder('float32', [null, 4, 2]), w, [[2], [0]]);
    assert.equal(open.shape, [null, 4, 3]);
    assert.throws(() => tf.tensordot(x, w, [[0, 1], [0]]), /Different number of contraction axes/);
  });
});

test('norms', () => {
  build(() => {
    const x = tf.constant([
      [3, -4],
      [0, 5],
    ]);
    assert.equal(evaluate(tf.norm(x, { axis: 1 })).array(), [5, 5]);
    assert.equal(evaluate(tf.norm(x, { ord: 1, axis: 1 })).array(), [7, 5]);
    assert.equal(evaluate(tf.norm(x, { ord: Infinity, axis: 0, keepdims: true })).array(), [[3, 5]]);
    assert.is(evaluate(tf.norm(x, 1, [0, 1])).item(), 9);
    assert.ok(Math.abs(Number(evaluate(tf.norm(x)).item()) - Math.sqrt(50)) < 1e-6);
  });
});

test.run();
