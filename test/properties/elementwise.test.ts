/**
 * Properties of the ops that work element by element, with broadcasting: unary, binary, comparisons, selection, casts. What
 * is tried of each piece is in `properties.ts`.
 */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { broadcastable, type Domain, floats, ints, seed, shape } from '../support/arbitraries.ts';
import { family } from '../support/properties.ts';

const test = suite('properties/elementwise');
const check = family(test);

type Unary = (x: tf.Tensor) => tf.Tensor;
const positive: Domain = { low: 0.1, high: 3 };
const inner: Domain = { low: -0.9, high: 0.9 };
const unary: Readonly<Record<string, readonly [Unary, Domain?]>> = {
  abs: [tf.abs],
  acos: [tf.acos, inner],
  acosh: [tf.acosh, { low: 1.1, high: 3 }],
  asin: [tf.asin, inner],
  asinh: [tf.asinh],
  atan: [tf.atan],
  atanh: [tf.atanh, inner],
  cos: [tf.cos],
  cosh: [tf.cosh],
  erf: [tf.erf],
  exp: [tf.exp],
  expm1: [tf.expm1],
  log: [tf.log, positive],
  log1p: [tf.log1p, { low: -0.8, high: 3 }],
  negative: [tf.negative],
  reciprocal: [tf.reciprocal, positive],
  rsqrt: [tf.rsqrt, positive],
  sigmoid: [tf.sigmoid],
  sin: [tf.sin],
  sinh: [tf.sinh],
  sqrt: [tf.sqrt, positive],
  square: [tf.square],
  tan: [tf.tan, { low: -1, high: 1 }],
  tanh: [tf.tanh],
  lgamma: [tf.lgamma, positive],
  relu: [tf.nn.relu],
  relu6: [(x) => tf.nn.relu6(x), { low: -2, high: 9 }],
  elu: [(x) => tf.nn.elu(x)],
  selu: [(x) => tf.nn.selu(x)],
  softplus: [(x) => tf.nn.softplus(x)],
  softsign: [(x) => tf.nn.softsign(x)],
  leakyRelu: [(x) => tf.nn.leakyRelu(x)],
};

check(
  'functions of one tensor, two in a row',
  20,
  fc.record({
    names: fc.tuple(fc.constantFrom(...Object.keys(unary)), fc.constantFrom('tanh', 'square', 'sigmoid', 'negative')),
    of: shape(),
    seed,
  }),
  ({ names, of, seed: from }) => {
    const [first, domain] = unary[names[0]];
    return { inputs: [floats(of, from, domain)], build: ([x]) => unary[names[1]][0](first(x)), smooth: true };
  },
);

check(
  'steps: floor, ceil, round, sign, and tests of numbers',
  6,
  fc.record({ of: shape(), seed }),
  ({ of, seed: from }) => ({
    inputs: [floats(of, from)],
    build: ([x]) => [tf.floor(x), tf.ceil(x), tf.round(x), tf.rint(x), tf.sign(x), tf.isNan(x), tf.isFinite(x)],
  }),
);

type Binary = (x: tf.Tensor, y: tf.Tensor) => tf.Tensor;
const binary: Readonly<Record<string, Binary>> = {
  add: tf.add,
  subtract: tf.subtract,
  multiply: tf.multiply,
  divide: tf.divide,
  divNoNan: tf.divNoNan,
  maximum: tf.maximum,
  minimum: tf.minimum,
  pow: tf.pow,
  squaredDifference: tf.squaredDifference,
  atan2: tf.atan2,
  floormod: tf.floormod,
  'a product and a sum': (x, y) => tf.multiply(tf.add(x, y), y),
  'a sum to itself': (x, y) => tf.add(tf.subtract(x, y), x),
};

check(
  'functions of two tensors broadcast',
  25,
  fc.record({ name: fc.constantFrom(...Object.keys(binary)), of: broadcastable(2), seed }),
  ({ name, of, seed: from }) => ({
    inputs: [floats(of[0], from, { low: 0.2, high: 2 }), floats(of[1], from + 1, { low: 0.31, high: 1.9 })],
    build: ([x, y]) => binary[name](x, y),
    smooth: name !== 'floormod',
  }),
);

const whole: Readonly<Record<string, Binary>> = {
  add: tf.add,
  subtract: tf.subtract,
  multiply: tf.multiply,
  floordiv: tf.floordiv,
  floormod: tf.floormod,
  truncatediv: tf.truncatediv,
  truncatemod: tf.truncatemod,
  maximum: tf.maximum,
  minimum: tf.minimum,
  less: tf.less,
  equal: tf.equal,
  bitwiseAnd: (x, y) => tf.bitwise.bitwiseAnd(x, y),
  bitwiseXor: (x, y) => tf.bitwise.bitwiseXor(x, y),
};

check(
  'functions of two integers broadcast',
  12,
  fc.record({
    name: fc.constantFrom(...Object.keys(whole)),
    of: broadcastable(2),
    seed,
    dtype: fc.constantFrom(tf.int32, tf.int64, tf.uint8),
    wide: fc.boolean(),
  }),
  ({ name, of, seed: from, dtype: type, wide }) => {
    // Remainders toward zero have no kernel for bytes.
    const dtype = name === 'truncatemod' && type === tf.uint8 ? tf.int32 : type;
    const low = dtype === tf.uint8 ? 0 : wide && dtype === tf.int32 ? -(2 ** 31) : -9;
    const high = wide && dtype === tf.int32 ? 2 ** 31 - 1 : 9;
    const x = ints(of[0], from, low, high, dtype === tf.int64 ? tf.int32 : dtype);
    const y = ints(of[1], from + 1, name.includes('div') || name.includes('mod') ? 1 : low, high, x.dtype);
    const cast = (t: tf.Tensor) => (dtype === tf.int64 ? tf.cast(t, tf.int64) : t);
    return { inputs: [x, y], build: ([a, b]) => whole[name](cast(a), cast(b)) };
  },
);

check(
  'comparisons, logic and selection broadcast',
  12,
  fc.record({ of: broadcastable(3), seed }),
  ({ of, seed: from }) => ({
    inputs: of.map((s, i) => floats(s, from + i)),
    build: ([x, y, z]) => {
      const [less, more] = [tf.less(x, y), tf.greaterEqual(y, z)];
      return [
        tf.whereV2(tf.logicalOr(less, more), x, tf.multiply(y, z)),
        tf.logicalAnd(less, tf.logicalNot(more)),
        tf.notEqual(x, z),
      ];
    },
    smooth: true,
  }),
);

check(
  'selection of rows and of whole tensors',
  6,
  fc.record({ of: shape(1), rows: fc.boolean(), seed }),
  ({ of, rows, seed: from }) => ({
    inputs: [ints(rows ? of.slice(0, 1) : of, from, 0, 1), floats(of, from), floats(of, from + 1)],
    build: ([c, x, y]) => tf.where(tf.cast(c, tf.bool), tf.square(x), y) as tf.Tensor,
    smooth: true,
  }),
);

check(
  'sums of many, clips and casts there and back',
  7,
  fc.record({ of: shape(), count: fc.integer({ min: 1, max: 5 }), seed }),
  ({ of, count, seed: from }) => ({
    inputs: Array.from({ length: count }, (_, i) => floats(of, from + i)),
    build: (xs) => {
      const total = tf.addN([...xs]);
      return [
        tf.clipByValue(total, -1.05, 0.55),
        tf.cast(tf.cast(xs[0], tf.int32), tf.float32),
        tf.cast(xs[0], tf.bool),
      ];
    },
  }),
);

test.run();
