/** Properties of linear algebra on batches of matrices: factors, inverses, solutions, diagonals and bands. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { floats, seed, shape } from '../support/arbitraries.ts';
import { family } from '../support/properties.ts';

const test = suite('properties/matrices');
const check = family(test);

const order = fc.integer({ min: 1, max: 3 });
const batches = shape(0, 2, fc.integer({ min: 0, max: 2 }));
const squares = fc.record({ batch: batches, n: order, m: order, adjoint: fc.boolean(), lower: fc.boolean(), seed });

/** A positive definite matrix of any square one: what is asked of it is then far from singular. */
const definite = (x: tf.Tensor, n: number) =>
  tf.add(tf.matmul(x, x, { transposeB: true }), tf.cast(tf.constant(eye(n)), x.dtype));
const eye = (n: number) => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 2 : 0)));

check('inverses, determinants and Cholesky factors', 7, squares, ({ batch, n, adjoint, seed: from }) => ({
  inputs: [floats([...batch, n, n], from)],
  build: ([x]) => {
    const a = definite(x, n);
    return [tf.linalg.inv(a, { adjoint }), tf.linalg.det(a), tf.linalg.cholesky(a)];
  },
  smooth: true,
  tolerance: 2e-4,
}));

check('solutions of equations', 7, squares, ({ batch, n, m, adjoint, lower, seed: from }) => ({
  inputs: [floats([...batch, n, n], from), floats([...batch, n, m], from + 1)],
  build: ([x, y]) => {
    const a = definite(x, n);
    return [tf.linalg.solve(a, y, { adjoint }), tf.linalg.triangularSolve(a, y, { lower, adjoint })];
  },
  smooth: true,
  tolerance: 2e-4,
}));

check(
  'diagonals, bands and traces',
  9,
  fc.record({ batch: batches, n: order, m: order, below: fc.integer({ min: -1, max: 2 }), seed }),
  ({ batch, n, m, below, seed: from }) => ({
    inputs: [floats([...batch, n, m], from), floats([...batch, Math.min(n, m)], from + 1)],
    build: ([x, d]) => [
      tf.linalg.diagPart(x),
      tf.linalg.diag(d),
      tf.linalg.setDiag(x, d),
      tf.linalg.bandPart(x, Math.min(below, n), 0),
      tf.linalg.trace(x),
      tf.linalg.matrixTranspose(x),
    ],
    smooth: true,
  }),
);

test.run();
