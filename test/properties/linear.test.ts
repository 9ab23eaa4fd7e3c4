/** Properties of products of matrices, in batches, transposed, and as sums over named axes. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { broadcastable, floats, ints, length, seed } from '../support/arbitraries.ts';
import { family } from '../support/properties.ts';

const test = suite('properties/linear');
const check = family(test);

const flags = fc.record({ transposeA: fc.boolean(), transposeB: fc.boolean() });
const sizes = fc.tuple(length, length, length);
const turned = (rows: number, columns: number, turn: boolean) => (turn ? [columns, rows] : [rows, columns]);

check(
  'products of two matrices',
  15,
  fc.record({ sizes, flags, seed, scale: fc.constantFrom(1, 1, 7) }),
  ({ sizes: [n, k, m], flags: f, seed: from, scale }) => ({
    inputs: [
      floats(turned(n * scale, k * scale, f.transposeA), from),
      floats(turned(k * scale, m * scale, f.transposeB), from + 1),
    ],
    build: ([a, b]) => tf.matmul(a, b, f),
    smooth: true,
  }),
);

check('products of integers', 6, fc.record({ sizes, flags, seed }), ({ sizes: [n, k, m], flags: f, seed: from }) => ({
  inputs: [ints(turned(n, k, f.transposeA), from), ints(turned(k, m, f.transposeB), from + 1, -(2 ** 31), 2 ** 31 - 1)],
  build: ([a, b]) => tf.matmul(a, b, f),
}));

check(
  'products of batches that broadcast, transposed or adjoint',
  17,
  fc.record({ batch: broadcastable(2, 3), sizes, flags, adjoint: fc.boolean(), seed }),
  ({ batch, sizes: [n, k, m], flags: f, adjoint, seed: from }) => ({
    inputs: [
      floats([...batch[0], ...turned(n, k, f.transposeA)], from),
      floats([...batch[1], ...turned(k, m, f.transposeB)], from + 1),
    ],
    build: ([a, b]) => tf.matmul(a, b, adjoint ? { adjointA: f.transposeA, adjointB: f.transposeB } : f),
    smooth: true,
  }),
);

const equations: Readonly<Record<string, readonly string[]>> = {
  'ij,jk->ik': ['ij', 'jk'],
  'ij,kj->ki': ['ij', 'kj'],
  'bij,bjk->bik': ['bij', 'bjk'],
  'bij,jk->bki': ['bij', 'jk'],
  'ij->ji': ['ij'],
  'ij->': ['ij'],
  'ij,ij->i': ['ij', 'ij'],
  'i,j->ij': ['i', 'j'],
  'abc,cd,db->a': ['abc', 'cd', 'db'],
  'ijk->kj': ['ijk'],
  'bhid,bhjd->bhij': ['bhid', 'bhjd'],
};

check(
  'sums over named axes',
  12,
  fc.record({
    equation: fc.constantFrom(...Object.keys(equations)),
    lengths: fc.array(length, { minLength: 12, maxLength: 12 }),
    seed,
  }),
  ({ equation, lengths, seed: from }) => ({
    inputs: equations[equation].map((term, i) =>
      floats(
        [...term].map((c) => lengths[c.charCodeAt(0) - 97]),
        from + i,
      ),
    ),
    build: (xs) => tf.einsum(equation, ...xs),
    smooth: true,
  }),
);

check(
  'contractions',
  7,
  fc.record({
    a: fc.array(length, { minLength: 1, maxLength: 3 }),
    b: fc.array(length, { minLength: 1, maxLength: 3 }),
    n: fc.integer({ min: 0, max: 2 }),
    seed,
  }),
  ({ a, b, n, seed: from }) => {
    const count = Math.min(n, a.length, b.length);
    const shared = a.slice(a.length - count);
    return {
      inputs: [floats(a, from), floats([...shared, ...b.slice(count)], from + 1)],
      build: ([x, y]) => tf.tensordot(x, y, count),
      smooth: true,
    };
  },
);

test.run();
