/** Generated products of matrices: transposes, batches that broadcast, bias and activation, sums of any length. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { seed } from '../support/arbitraries.ts';
import { extent, family, floats, special } from '../support/codegen.ts';

const test = suite('codegen/products');
const check = family(test);

const turned = (isTurned: boolean, height: number, width: number) => (isTurned ? [width, height] : [height, width]);
const sizes = fc.record({
  rows: extent,
  depth: extent,
  columns: extent,
  a: fc.boolean(),
  b: fc.boolean(),
  special,
  seed,
});

check('products of two matrices, either transposed, and their gradients', 60, sizes, (of) => ({
  inputs: [
    floats(turned(of.a, of.rows, of.depth), of.seed, of.special),
    floats(turned(of.b, of.depth, of.columns), of.seed + 1, of.special),
  ],
  build: (x, y) => tf.matmul(x, y, of.a, of.b),
  gradients: true,
  kernels: 3,
}));

check(
  'sums so long that they are formed in parts',
  4,
  fc.record({
    rows: fc.integer({ min: 1, max: 9 }),
    depth: fc.integer({ min: 2000, max: 5000 }),
    columns: fc.integer({ min: 1, max: 21 }),
    a: fc.boolean(),
    b: fc.boolean(),
    seed,
  }),
  (of) => ({
    inputs: [
      floats(turned(of.a, of.rows, of.depth), of.seed),
      floats(turned(of.b, of.depth, of.columns), of.seed + 1),
      floats([of.columns], of.seed + 2),
    ],
    build: (x, y, b) => [tf.nn.relu(tf.nn.biasAdd(tf.matmul(x, y, of.a, of.b), b)), tf.matmul(x, y, of.a, of.b)],
    tolerance: 5e-5,
  }),
);

check(
  'transposed left operands that are copied first',
  6,
  fc.record({
    rows: fc.integer({ min: 128, max: 135 }),
    depth: fc.oneof(fc.integer({ min: 256, max: 300 }), fc.constant(2100)),
    columns: fc.integer({ min: 64, max: 75 }),
    b: fc.boolean(),
    seed,
  }),
  (of) => ({
    inputs: [
      floats([of.depth, of.rows], of.seed),
      floats(turned(of.b, of.depth, of.columns), of.seed + 1),
      floats([of.columns], of.seed + 2),
    ],
    build: (x, y, b) => tf.nn.relu(tf.nn.biasAdd(tf.matmul(x, y, true, of.b), b)),
    tolerance: 5e-5,
  }),
);

check(
  'an operand that several products take transposed',
  10,
  fc.record({ rows: extent, depth: extent, columns: extent, part: fc.boolean(), special, seed }),
  (of) => ({
    inputs: [
      ...Array.from({ length: 4 }, (_, k) => floats([of.rows, of.depth], of.seed + k, of.special)),
      floats([of.columns + 1, of.depth], of.seed + 4, of.special),
    ],
    build: (...inputs) => {
      const w = of.part ? tf.slice(inputs[4], [1, 0], [of.columns, of.depth]) : inputs[4];
      return inputs.slice(0, 4).map((x) => tf.tanh(tf.matmul(x, w, false, true)));
    },
    gradients: true,
  }),
);

/** Outer axes of both operands: left out in front, or 1 where the other is longer. */
const outer = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom('both', 'left', 'right')), { maxLength: 3 })
  .chain((axes) =>
    fc.tuple(fc.integer({ min: 0, max: axes.length }), fc.boolean()).map(([skip, isLeft]) => {
      const left = axes.map(([n, where]) => (where === 'right' ? 1 : n));
      const right = axes.map(([n, where]) => (where === 'left' ? 1 : n));
      return isLeft ? [left.slice(skip), right] : [left, right.slice(skip)];
    }),
  );
const short = fc.integer({ min: 1, max: 11 });

check(
  'batches of products that broadcast, adjoint or not, and their gradients',
  50,
  fc.record({ outer, rows: short, depth: short, columns: short, a: fc.boolean(), b: fc.boolean(), special, seed }),
  (of) => ({
    inputs: [
      floats([...of.outer[0], ...turned(of.a, of.rows, of.depth)], of.seed, of.special),
      floats([...of.outer[1], ...turned(of.b, of.depth, of.columns)], of.seed + 1, of.special),
    ],
    build: (x, y) => tf.matmul(x, y, { adjointA: of.a, adjointB: of.b }),
    gradients: true,
  }),
);

const activations: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  none: (x) => x,
  relu: tf.nn.relu,
  relu6: (x) => tf.nn.relu6(x),
  leakyRelu: (x) => tf.nn.leakyRelu(x, 0.3),
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  elu: (x) => tf.nn.elu(x),
};

check(
  'bias and activation, of constant and of fed weights, with the gradients',
  40,
  fc.record({ sizes, name: fc.constantFrom(...Object.keys(activations)), fixed: fc.boolean(), plus: fc.boolean() }),
  ({ sizes: of, name, fixed, plus }) => ({
    inputs: [
      floats(turned(of.a, of.rows, of.depth), of.seed, of.special),
      floats(turned(of.b, of.depth, of.columns), of.seed + 1, of.special),
      floats([of.columns], of.seed + 2, of.special),
    ],
    constants: fixed ? [1, 2] : [],
    build: (x, y, b) => {
      const product = tf.matmul(x, y, of.a, of.b);
      return activations[name](plus ? tf.add(product, b) : tf.nn.biasAdd(product, b));
    },
    gradients: true,
    tolerance: 5e-5,
    // The cpu backend's gradient of elu takes a NaN on.
    cpu: name !== 'elu' || of.special === 0,
  }),
);

check('a product of a matrix with itself, and one that is taken twice', 12, sizes, (of) => ({
  inputs: [floats([of.rows, of.depth], of.seed)],
  build: (x) => {
    const product = tf.matmul(x, x, of.a, !of.a);
    return [product, tf.reduceSum(product, 0), tf.add(tf.matmul(product, product), product)];
  },
  gradients: true,
  tolerance: 1e-4,
}));

check('products of operands read where they lie in others, and parts of products', 60, sizes, (of) => {
  const [rows, depth, columns] = [of.rows + 2, of.depth + 1, of.columns + 3];
  return {
    inputs: [floats([rows, depth], of.seed, of.special), floats(turned(of.b, depth, columns), of.seed + 1, of.special)],
    build: (x, y) => {
      const right = tf.slice(y, turned(of.b, 1, 2), turned(of.b, of.depth, of.columns));
      const left = of.a ? tf.transpose(tf.reverse(x, [0])) : tf.transpose(x);
      return [
        tf.matmul(tf.slice(x, [1, 0], [of.rows, of.depth]), right, false, of.b),
        tf.slice(tf.matmul(left, x), [1, 0], [of.depth, depth]),
        tf.slice(tf.matmul(x, y, false, of.b), [2, 3], [of.rows, of.columns]),
      ];
    },
    gradients: of.special === 0,
    kernels: 3,
  };
});

check(
  'heads of attention: axes turned before a product of batches',
  30,
  fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    steps: extent,
    heads: fc.integer({ min: 1, max: 4 }),
    size: extent,
    seed,
  }),
  (of) => {
    const shape = [of.batch, of.steps, of.heads, of.size];
    return {
      inputs: [0, 1, 2].map((i) => floats(shape, of.seed + i)),
      build: (...xs) => {
        const [query, key, value] = xs.map((x) => tf.transpose(x, [0, 2, 1, 3]));
        const scores = tf.matmul(query, key, false, true);
        return [scores, tf.transpose(tf.matmul(scores, value), [0, 2, 1, 3])];
      },
      gradients: true,
      tolerance: 1e-4,
    };
  },
);

test.run();
