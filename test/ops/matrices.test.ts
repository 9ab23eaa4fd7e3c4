/**
 * Diagonals, `einsum`, decompositions and solvers: errors and values that the golden cases lack, all by real TensorFlow.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as tf from '../../src/index.ts';
import { emit } from '../../src/ops/emit.ts';
import { OpError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { Shape } from '../../src/util/shape.ts';
import { difference, GRADIENT } from '../support/compare.ts';
import { interpret } from '../support/interpret.ts';

const test = suite('ops/matrices');

const array = (shape: readonly number[], data: readonly number[], dtype = tf.float32): NdArray =>
  new tf.NdArray(dtype, [...shape], dtype === tf.float64 ? Float64Array.from(data) : Float32Array.from(data));
const whole = (value: number | readonly number[]): NdArray =>
  typeof value === 'number'
    ? new tf.NdArray(tf.int32, [], Int32Array.of(value))
    : new tf.NdArray(tf.int32, [value.length], Int32Array.from(value));
const counting = (...shape: number[]): NdArray =>
  array(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
  );

/** Runs an op with inputs of unknown shape, so that its kernel does the checks. */
function run(type: string, inputs: readonly NdArray[], attrs: Record<string, never> | object = {}): NdArray[] {
  const graph = new Graph();
  return graph.asDefault(() => {
    const xs = inputs.map((x) => tf.placeholder(x.dtype));
    const list = type === 'Einsum' ? [xs] : xs;
    const { outputs } = emit(type, list, attrs as Record<string, never>);
    return interpret(graph.snapshot(), outputs, { feeds: new Map(xs.map((x, i) => [x, inputs[i]])) });
  });
}

function shapeOf(type: string, shapes: readonly (Shape | NdArray)[], attrs: object = {}): Shape {
  return new Graph().asDefault(() => {
    const xs = shapes.map((s) => (s !== null && 'dtype' in s ? tf.constant(s) : tf.placeholder(tf.float32, s)));
    return emit(type, type === 'Einsum' ? [xs] : xs, attrs as Record<string, never>).outputs[0].shape;
  });
}

function messageOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    const text = error instanceof OpError ? error.detail : (error as Error).message;
    return text.split(" for '{{node")[0];
  }
  return 'no error';
}

const [a33, singular] = [counting(3, 3), array([2, 2], [1, 2, 2, 4])];
const scalar = array([], [0]);
const small = array([2, 2], [4, 1, 1, 3]);
const two = array([2, 2, 2], [4, 1, 1, 3, 4, 1, 1, 3]);

const runErrors: readonly (readonly [string, readonly NdArray[], string, object?])[] = [
  [
    'MatrixBandPart',
    [a33, whole(5), whole(0)],
    'num_lower must be negative or less or equal to number of rows (3) got: 5',
  ],
  [
    'MatrixDiagV3',
    [counting(3), whole([2, 1]), whole(-1), whole(-1), scalar],
    'lower_diag_index must not be larger than upper_diag_index: 2 > 1',
  ],
  ['MatrixDiagV3', [counting(3), whole(0), whole(2), whole(-1), scalar], 'The number of rows is too small.'],
  [
    'MatrixDiagV3',
    [counting(3), whole(0), whole(5), whole(5), scalar],
    'The number of rows or columns is not consistent with the specified d_lower, d_upper, and diagonal.',
  ],
  [
    'MatrixDiagPartV3',
    [counting(3, 4), whole(4), scalar],
    'lower_diag_index is out of bound: 4. It must be between -3 and 4',
  ],
  ['MatrixDiagPartV3', [counting(3), whole(0), scalar], 'input must be at least 2-dim, received shape: [3]'],
  [
    'MatrixSetDiagV3',
    [counting(3, 4), counting(3, 3), whole([0, 1])],
    'The number of diagonals provided in `diag` is not consistent with `lower_diag_index` and `upper_diag_index`',
  ],
  ['Cholesky', [counting(2, 3)], 'Input matrix must be square.'],
  ['Cholesky', [counting(3)], 'Input tensor 0 must have rank >= 2, got 1'],
  ['MatrixInverse', [singular], 'Input is not invertible.'],
  ['Lu', [singular], 'Input is not invertible.'],
  [
    'SelfAdjointEigV2',
    [array([2, 2], [NaN, 1, 1, 1])],
    'Self-adjoint eigen decomposition was not successful. The input might not be valid.',
  ],
  ['MatrixSolve', [singular, counting(2, 1)], 'Input matrix is not invertible.'],
  ['MatrixSolve', [counting(2, 3), counting(2, 1)], 'First input (lhs) must be a square matrix.'],
  ['MatrixSolve', [small, counting(3, 1)], 'Input matrix and rhs are incompatible.'],
  ['MatrixSolve', [two, counting(2, 1)], 'All input tensors must have the same rank.'],
  ['MatrixTriangularSolve', [small, counting(3, 1)], 'In[0] mismatch In[1] shape: 2 vs. 3: [2,2] [3,1] 1 0'],
  [
    'MatrixTriangularSolve',
    [two, counting(3, 2, 1)],
    'In[0] and In[1] must have compatible batch dimensions: [2,2,2] vs. [3,2,1]',
  ],
  [
    'MatrixSolveLs',
    [singular, counting(2, 1), array([], [0], tf.float64)],
    'Input matrix was rank deficient or ill-conditioned. Try setting fast=False or provide a larger l2_regularizer > 0.',
  ],
  ['MatrixSolveLs', [counting(3, 2), counting(3, 1), array([], [-1], tf.float64)], 'l2_regularizer must be >= 0.'],
  [
    'TridiagonalSolve',
    [counting(2, 3), counting(3, 1)],
    'Expected diagonals to be provided as a matrix with 3 rows, got 2 rows.',
  ],
  ['CholeskyGrad', [small, a33], 'Inputs (L and grad) must have the same shape.'],
  [
    'Einsum',
    [counting(2, 3), counting(4, 3)],
    'Expected dimension 3 at axis 0 of the input shaped [4,3] but got dimension 4',
    { equation: 'ij,jk->ik' },
  ],
  [
    'Einsum',
    [counting(2, 2, 3), counting(5, 3, 4)],
    'Invalid broadcasting dimensions: [2,2,3] vs. [5,3,4]',
    { equation: '...ij,...jk->...ik' },
  ],
  [
    'Einsum',
    [counting(2, 3)],
    'Output contains 1 broadcasting dimension(s) but no ellipsis (...) was found in the output subscripts.',
    { equation: '...i->i' },
  ],
];

for (const [type, inputs, message, attrs] of runErrors) {
  test(`${type} fails a run: ${message.slice(0, 60)}`, () => {
    assert.is(
      messageOf(() => run(type, inputs, attrs)),
      message,
    );
  });
}

const buildErrors: readonly (readonly [string, readonly (Shape | NdArray)[], string, object?])[] = [
  [
    'MatrixDiagV3',
    [[3], whole([1, 2, 3]), whole(-1), whole(-1), scalar],
    'diag_index must be a vector with one or two elements. It has 3 elements.',
  ],
  [
    'MatrixDiagV3',
    [[3, 3], whole([0, 1]), whole(-1), whole(-1), scalar],
    "The number of rows of `diagonal` doesn't match the number of diagonals implied from `d_lower` and `d_upper`.\nnum_diags = 3, d_lower = 0, d_upper = 1 2 3",
  ],
  ['MatrixDiagV3', [[3], whole(0), whole(4), whole(2), scalar], 'num_cols is too small.'],
  ['MatrixDiagPartV3', [[3, 4], whole([-3, 0]), scalar], 'lower_diag_index is out of bound.'],
  ['MatrixSetDiagV3', [[2, 3, 3], [3], whole(0)], 'Shape must be at least rank 2 but is rank 1'],
  ['MatrixSetDiag', [[3, 4], [4]], 'Dimensions must be equal, but are 3 and 4'],
  [
    'MatrixSolve',
    [
      [2, 3, 3],
      [4, 3, 1],
    ],
    'Dimension 0 in both shapes must be equal, but are 2 and 4. Shapes are [2] and [4].',
  ],
  [
    'MatrixTriangularSolve',
    [
      [3, 3],
      [2, 1],
    ],
    'Dimensions must be equal, but are 3 and 2',
  ],
  ['MatrixDeterminant', [[2, 3]], 'Dimensions must be equal, but are 3 and 2'],
  [
    'TridiagonalSolve',
    [
      [2, 3],
      [3, 1],
    ],
    'Dimension must be 3 but is 2',
  ],
  [
    'TridiagonalMatMul',
    [
      [1, 3],
      [1, 3],
      [1, 4],
      [3, 2],
    ],
    'Dimension 1 in both shapes must be equal, but are 4 and 3. Shapes are [1,4] and [1,3].',
  ],
  [
    'Einsum',
    [
      [2, 3, 4],
      [4, 3],
    ],
    'Shape must be rank 2 but is rank 3\n\t for 0th input and equation: ij,jk->ik',
    { equation: 'ij,jk->ik' },
  ],
  ['Einsum', [[2, 3]], 'Expected 2 inputs for equation ij,jk->ik but got: 1', { equation: 'ij,jk->ik' }],
  [
    'Einsum',
    [[2], [2], [2]],
    "Expecting 1 or 2 input subscripts in equation 'a,b,c->abc' but got: 3",
    { equation: 'a,b,c->abc' },
  ],
];

for (const [type, shapes, message, attrs] of buildErrors) {
  test(`${type} is not built: ${message.slice(0, 60)}`, () => {
    assert.is(
      messageOf(() => shapeOf(type, shapes, attrs)),
      message,
    );
  });
}

test('static shapes follow from what is known of the inputs', () => {
  assert.equal(shapeOf('Cholesky', [[2, null, 3]]), [2, 3, 3]);
  assert.equal(shapeOf('MatrixDiagV3', [[4, 3], whole(1), whole(3), whole(-1), scalar]), [4, 3, 4]);
  assert.equal(shapeOf('MatrixDiagPartV3', [[2, null, 4], whole([0, 1]), scalar]), [2, 2, null]);
  assert.equal(shapeOf('MatrixSetDiagV3', [null, [2, 3], whole(0)]), [2, null, null]);
  assert.equal(shapeOf('MatrixSolve', [null, [3, 1]]), [3, 1]);
  assert.equal(
    shapeOf('MatrixTriangularSolve', [
      [1, 3, 3],
      [4, 3, 1],
    ]),
    [4, 3, 1],
  );
  assert.equal(shapeOf('Einsum', [null, [3, 3]], { equation: 'ij,jk->ik' }), [null, 3]);
  assert.equal(
    shapeOf(
      'Einsum',
      [
        [2, 1, 2, 3],
        [5, 3, 4],
      ],
      { equation: '...ij,...jk->...ik' },
    ),
    [2, 5, 2, 4],
  );
});

test('short diagonals lie left or right in their rows as `align` says', () => {
  const expected = {
    LEFT_RIGHT: [4, 9, 9, 3, 8, 9, 2, 7, 12, 1, 6, 11, 9, 5, 10, 9, 9, 9],
    RIGHT_LEFT: [9, 9, 4, 9, 3, 8, 2, 7, 12, 1, 6, 11, 5, 10, 9, 9, 9, 9],
    LEFT_LEFT: [4, 9, 9, 3, 8, 9, 2, 7, 12, 1, 6, 11, 5, 10, 9, 9, 9, 9],
    RIGHT_RIGHT: [9, 9, 4, 9, 3, 8, 2, 7, 12, 1, 6, 11, 9, 5, 10, 9, 9, 9],
  };
  for (const [align, data] of Object.entries(expected)) {
    const [found] = run('MatrixDiagPartV3', [counting(3, 4), whole([-2, 3]), array([], [9])], { align });
    assert.equal([...(found.data as Float32Array)], data, align);
  }
});

test('limits are those of TensorFlow: empty, singular, not positive definite', () => {
  const first = (type: string, ...inputs: NdArray[]) => [...(run(type, inputs)[0].data as Float32Array)];
  assert.equal(first('MatrixDeterminant', array([0, 0], [])), [1]);
  assert.equal(first('MatrixInverse', array([0, 2, 2], [])), []);
  assert.equal(first('Cholesky', singular), [NaN, 0, NaN, NaN]);
  assert.equal(first('MatrixTriangularSolve', array([2, 2], [0, 1, 1, 0]), counting(2, 1)), [Infinity, -Infinity]);
  assert.equal(first('MatrixSquareRoot', array([2, 2], [-1, 0, 0, -4])), [NaN, NaN, NaN, NaN]);
  assert.equal(first('TridiagonalSolve', array([3, 1], [0, 0, 0]), counting(1, 1)), [NaN]);
  assert.equal(first('LogMatrixDeterminant', array([2, 2], [0, 0, 0, 0])), [0]);
});

function evaluate(build: () => Tensor | readonly Tensor[]): NdArray[] {
  const graph = new Graph();
  return graph.asDefault(() => {
    const built = build();
    const fetches = Array.isArray(built) ? (built as readonly Tensor[]) : [built as Tensor];
    return interpret(graph.snapshot(), fetches, {});
  });
}

function close(found: NdArray, expected: NdArray): void {
  assert.is(difference(found, expected, GRADIENT), null);
}

test('least squares: with and without regularization, of deficient matrices, and of few equations', () => {
  const [x, y] = [counting(3, 2), counting(3, 1)];
  close(evaluate(() => tf.matrixSolveLs(x, y, 0.5))[0], array([2, 1], [0.15770634, 0.37275967]));
  const deficient = array([3, 2], [1, 2, 2, 4, 3, 6]);
  close(evaluate(() => tf.matrixSolveLs(deficient, y, { fast: false }))[0], array([2, 1], [0.2, 0.4]));
  const few = array([2, 3], [1, 2, 3, 2, 4, 1]);
  for (const fast of [true, false]) {
    close(evaluate(() => tf.matrixSolveLs(few, counting(2, 1), { fast }))[0], array([3, 1], [0.2, 0.4, 0]));
  }
});

test('einsum takes equations without an arrow and more than two operands', () => {
  const [a, b, c] = [counting(2, 3), counting(3, 4), counting(4, 2)];
  const product = evaluate(() => tf.matmul(tf.matmul(a, b), c))[0];
  assert.equal(evaluate(() => tf.einsum('ij,jk,kl->il', a, b, c))[0].data, product.data);
  assert.equal(evaluate(() => tf.einsum('ij,jk', a, b))[0].data, evaluate(() => tf.matmul(a, b))[0].data);
  assert.equal([...evaluate(() => tf.einsum('ii', a33))[0].data], [15]);
});

test('einsum refuses equations that are none', () => {
  const x = counting(2, 3);
  const message = (equation: string, ...inputs: NdArray[]) =>
    messageOf(() => evaluate(() => tf.einsum(equation, ...inputs)));
  assert.is(message('ij,jk->ik', x), 'Got 1 inputs for equation "ij,jk->ik", expecting 2');
  assert.is(message('ij,jk->iik', x, x), 'Output subscripts contain a label appearing more than once: ij,jk->iik');
  assert.is(message('ij,jk->iz', x, x), 'Output subscripts contain the label z not present in the input subscripts.');
  assert.is(message('i1->i', x), 'Subscripts have incorrect format: i1->i');
});

test('gradients of vectors of a decomposition agree with finite differences', () => {
  const data = [3, 1, 0.5, 0, 2, 0.3, 0.2, 0.4, 1];
  const losses: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    selfAdjointEig: (x) => tf.square(tf.selfAdjointEig(x)[1]).mul(counting(3, 3)),
    svd: (x) => tf.square(tf.svd(x)[1]).mul(counting(3, 3)),
    qr: (x) => tf.qr(x)[1].mul(counting(3, 3)),
  };
  for (const [name, loss] of Object.entries(losses)) {
    const graph = new Graph();
    graph.asDefault(() => {
      const x = tf.placeholder(tf.float64, [3, 3]);
      const y = tf.reduceSum(loss(tf.cast(x, tf.float64)).mul(tf.constant(1, tf.float64)));
      const [g] = gradients([y], [x]) as Tensor[];
      const at = (fetch: Tensor, values: readonly number[]) =>
        interpret(graph.snapshot(), [fetch], { feeds: new Map([[x, array([3, 3], values, tf.float64)]]) })[0].data;
      const analytic = at(g, data) as Float64Array;
      data.forEach((_, i) => {
        const moved = (by: number) =>
          at(
            y,
            data.map((v, k) => (k === i ? v + by : v)),
          )[0] as number;
        const numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert.ok(
          Math.abs(analytic[i] - numeric) < 1e-6 * (1 + Math.abs(numeric)),
          `${name}, element ${i}: ${analytic[i]}, ${numeric}`,
        );
      });
    });
  }
});

test('determinants, solutions by factors, and equations of three diagonals', () => {
  const [sign, logAbs] = evaluate(() => tf.linalg.slogdet(array([2, 2], [1, 2, 3, 4])));
  close(sign, array([], [-1]));
  close(logAbs, array([], [Math.LN2]));
  close(evaluate(() => tf.linalg.logdet(small))[0], array([], [Math.log(11)]));
  const x = evaluate(() => tf.choleskySolve(tf.cholesky(small), [[1], [2]]))[0];
  close(x, evaluate(() => tf.matrixSolve(small, [[1], [2]]))[0]);
  const diagonals = array([3, 3], [1, 2, 9, 4, 5, 6, 9, 1, 2]);
  const solution = array([3], [0.02040816, 0.91836735, 0.19387755]);
  const rhs = [1, 5, 3];
  const matrix = evaluate(() =>
    tf.matmul(tf.linalg.diag(diagonals, { k: [-1, 1], align: 'LEFT_RIGHT' }), counting(3, 1)),
  );
  close(evaluate(() => tf.linalg.tridiagonalMatmul(diagonals, counting(3, 1)))[0], matrix[0]);
  const forms = evaluate(() => [
    tf.linalg.tridiagonalSolve(diagonals, rhs),
    tf.linalg.tridiagonalSolve([tf.constant([1, 2]), tf.constant([4, 5, 6]), tf.constant([1, 2])], rhs, 'sequence'),
    tf.linalg.tridiagonalSolve(
      [
        [4, 1, 0],
        [1, 5, 2],
        [0, 2, 6],
      ],
      rhs,
      { diagonalsFormat: 'matrix' },
    ),
  ]);
  for (const form of forms) close(form, solution);
});

test('pseudo-inverses, and solutions by LU factors, of batches too', () => {
  const tall = counting(3, 2);
  const inverse = array([2, 3], [-1.33333333, -0.33333333, 0.66666667, 1.08333333, 0.33333333, -0.41666667]);
  close(evaluate(() => tf.linalg.pinv(tall))[0], inverse);
  const rhs = counting(2, 2, 1);
  for (const [a, b] of [
    [two, rhs],
    [small, counting(2, 1)],
  ]) {
    const [found, expected] = evaluate(() => [tf.linalg.luSolve(...tf.linalg.lu(a), b), tf.matrixSolve(a, b)]);
    close(found, expected);
  }
});

test.run();
