/**
 * Generated loops: random programs of element-wise ops, broadcasts, reductions, views, selections, casts and parts of tensors,
 * all of whose values are fetched or only some; and the families that have kernels of their own shape.
 */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { axes, ints, seed, stream } from '../support/arbitraries.ts';
import { extent, family, floats, special } from '../support/codegen.ts';

const test = suite('codegen/loops');
const check = family(test);

/** Multiples of 1/8 in [-2, 2], so that sums and differences are exact; some of them special. */
function eighths(shape: readonly number[], from: number, part: number): tf.NdArray {
  const array = floats(shape, from, part);
  return new tf.NdArray(
    tf.float32,
    shape,
    (array.data as Float32Array).map((x) => Math.round(x * 8) / 8),
  );
}

/** A value of a random program. */
interface Node {
  readonly tensor: tf.Tensor;
  /** Whether its elements are free of rounding: only then may a step function be applied. */
  readonly isExact: boolean;
}

type Step = (program: Program) => Node | null;

/** A random program: each step takes values that are there. */
class Program {
  readonly nodes: Node[];

  constructor(
    inputs: readonly tf.Tensor[],
    readonly full: readonly number[],
    private readonly random: () => number,
  ) {
    this.nodes = inputs.map((tensor) => ({ tensor, isExact: true }));
  }

  int(below: number): number {
    return Math.floor(this.random() * below);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)];
  }
  /** A value of the type, later ones more likely. */
  take(dtype: tf.DType, onlyExact = false): Node | null {
    const found = this.nodes.filter(({ tensor, isExact }) => tensor.dtype === dtype && (isExact || !onlyExact));
    if (found.length === 0) return null;
    return this.random() < 0.5 ? this.pick(found.slice(-3)) : this.pick(found);
  }
  /** One that broadcasts with the other. */
  other(than: Node, onlyExact = false): Node | null {
    const found = this.nodes.filter(
      ({ tensor, isExact }) =>
        tensor.dtype === than.tensor.dtype && (isExact || !onlyExact) && broadcasts(tensor, than.tensor),
    );
    return found.length > 0 ? this.pick(found) : null;
  }
}

const shapeOf = (x: tf.Tensor) => x.shape as readonly number[];
const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

function broadcasts(a: tf.Tensor, b: tf.Tensor): boolean {
  const [x, y] = [[...shapeOf(a)].reverse(), [...shapeOf(b)].reverse()];
  const size = Array.from({ length: Math.max(x.length, y.length) }, (_, i) => Math.max(x[i] ?? 1, y[i] ?? 1));
  const fits = x.every((n, i) => n === 1 || (y[i] ?? 1) === 1 || n === y[i]);
  return fits && sizeOf(size) <= 6000;
}

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (x: tf.Tensor, y: tf.Tensor) => tf.Tensor;

const unary =
  (dtype: tf.DType, functions: readonly Unary[], needsExact: boolean, keepsExact: boolean): Step =>
  (program) => {
    const x = program.take(dtype, needsExact);
    return x && { tensor: program.pick(functions)(x.tensor), isExact: keepsExact && x.isExact };
  };
const binary =
  (dtype: tf.DType, functions: readonly Binary[], needsExact: boolean, keepsExact: boolean): Step =>
  (program) => {
    const x = program.take(dtype, needsExact);
    const y = x && program.other(x, needsExact);
    if (!x || !y) return null;
    const [a, b] = program.int(2) === 0 ? [x, y] : [y, x];
    const isExact = keepsExact && x.isExact && y.isExact;
    return { tensor: program.pick(functions)(a.tensor, b.tensor), isExact };
  };

function someAxes(program: Program, rank: number): number[] {
  return Array.from({ length: rank }, (_, i) => i).filter(() => program.int(2) === 0);
}

type Reduce = (x: tf.Tensor, axis: readonly number[], keepdims: boolean) => tf.Tensor;
const reduction =
  (dtype: tf.DType, functions: readonly Reduce[], keepsExact: boolean): Step =>
  (program) => {
    const x = program.take(dtype);
    if (!x) return null;
    const along = someAxes(program, shapeOf(x.tensor).length);
    const tensor = program.pick(functions)(x.tensor, along, program.int(2) === 0);
    return { tensor, isExact: keepsExact && x.isExact };
  };

const select: Step = (program) => {
  const x = program.take(program.pick([tf.float32, tf.int32]));
  const y = x && program.other(x);
  const condition = program.take(tf.bool);
  if (!x || !y || !condition || !broadcasts(condition.tensor, x.tensor) || !broadcasts(condition.tensor, y.tensor)) {
    return null;
  }
  const both = tf.add(tf.zerosLike(x.tensor), tf.zerosLike(y.tensor));
  if (!broadcasts(condition.tensor, both)) return null;
  return { tensor: tf.whereV2(condition.tensor, x.tensor, y.tensor), isExact: x.isExact && y.isExact };
};

const cast: Step = (program) => {
  const [from, to] = program.pick([
    [tf.bool, tf.float32],
    [tf.bool, tf.int32],
    [tf.int32, tf.float32],
    [tf.int32, tf.bool],
    [tf.float32, tf.bool],
    [tf.float32, tf.int32],
  ] as const);
  const x = program.take(from, from === tf.float32);
  return x && { tensor: tf.cast(x.tensor, to), isExact: x.isExact };
};

const view: Step = (program) => {
  const x = program.take(program.pick([tf.float32, tf.float32, tf.int32, tf.bool]));
  if (!x) return null;
  const shape = shapeOf(x.tensor);
  const views: Unary[] = [
    (t) => tf.expandDims(t, program.int(shape.length + 1)),
    (t) => tf.squeeze(t),
    (t) => tf.reshape(t, [-1]),
    (t) => tf.reshape(t, [...shape.slice(0, 1), 1, ...shape.slice(1)]),
    (t) => tf.identity(t),
    (t) => tf.stopGradient(t),
  ];
  const tensor = program.pick(views)(x.tensor);
  return shapeOf(tensor).length <= 5 ? { tensor, isExact: x.isExact } : null;
};

const spread: Step = (program) => {
  const x = program.take(tf.float32);
  const full = program.full;
  if (!x || !broadcasts(x.tensor, program.nodes[0].tensor) || shapeOf(x.tensor).length > full.length) return null;
  const fits = [...shapeOf(x.tensor)].reverse().every((n, i) => n === 1 || n === full[full.length - 1 - i]);
  return fits ? { tensor: tf.broadcastTo(x.tensor, [...full]), isExact: x.isExact } : null;
};

/** A part, a turned or a joined tensor; of parts that come together, all. */
const parts: Step = (program) => {
  const x = program.take(program.pick([tf.float32, tf.float32, tf.int32, tf.bool]));
  if (!x || shapeOf(x.tensor).length === 0) return null;
  const shape = shapeOf(x.tensor);
  const rank = shape.length;
  const axis = program.int(rank);
  const alike = program.nodes.filter(
    ({ tensor }) => tensor.dtype === x.tensor.dtype && String(tensor.shape) === String(shape),
  );
  const others = [program.pick(alike), program.pick(alike)];
  const begin = shape.map((n) => program.int(n));
  const size = shape.map((n, i) => 1 + program.int(n - begin[i]));
  const steps = shape.map((n) => (n < 2 || program.int(2) === 0 ? 1 : 1 + program.int(3)));
  const order = shape.map((_, i) => i).sort(() => program.int(2) - 0.5);
  const joined = [x.tensor, ...others.map(({ tensor }) => tensor)];
  const ways: (() => tf.Tensor | readonly tf.Tensor[])[] = [
    () => tf.slice(x.tensor, begin, size),
    () => tf.concat(joined.slice(0, 2 + program.int(2)), axis),
    () => tf.stack(joined.slice(0, 2 + program.int(2)), program.int(rank + 1)),
    () => tf.transpose(x.tensor, order),
    () => tf.stridedSlice(x.tensor, begin, [...shape], steps),
    () =>
      tf.stridedSlice(
        x.tensor,
        begin,
        shape.map(() => -99),
        steps.map((n) => -n),
      ),
    () => tf.stridedSlice(x.tensor, begin, [...shape], steps, { shrinkAxisMask: 1 << axis, beginMask: 1 }),
    () => tf.split(x.tensor, [1, shape[axis] - 1], axis)[program.int(shape[axis] > 1 ? 2 : 1)],
    () => (shape[axis] % 2 === 0 ? tf.split(x.tensor, 2, axis) : [tf.identity(x.tensor)]),
    () => (shape[axis] <= 5 ? tf.unstack(x.tensor, { axis }) : tf.slice(x.tensor, begin, size)),
    () => tf.reverse(x.tensor, [axis]),
    () =>
      tf.tile(
        x.tensor,
        shape.map((_, i) => (i === axis ? 2 : 1)),
      ),
    () =>
      x.tensor.dtype === tf.bool
        ? x.tensor
        : tf.pad(
            x.tensor,
            shape.map((_, i) => (i === axis ? [1, 2] : [0, 0])),
          ),
  ];
  const found = program.pick(ways)();
  const made = 'op' in found ? [found] : [...found];
  const isExact = x.isExact && others.every((other) => other.isExact);
  const good = made.filter((tensor) => sizeOf(shapeOf(tensor)) <= 6000 && shapeOf(tensor).length <= 5);
  for (const tensor of good.slice(1)) program.nodes.push({ tensor, isExact });
  return good.length > 0 ? { tensor: good[0], isExact } : null;
};

const rows: Step = (program) => {
  const x = program.take(tf.float32);
  if (!x || shapeOf(x.tensor).length === 0) return null;
  return { tensor: program.pick<Unary>([tf.nn.softmax, tf.nn.logSoftmax])(x.tensor), isExact: false };
};

const entropy: Step = (program) => {
  const x = program.take(tf.float32);
  if (!x || shapeOf(x.tensor).length === 0) return null;
  const y = program.pick(
    program.nodes.filter(
      ({ tensor }) => tensor.dtype === tf.float32 && String(tensor.shape) === String(shapeOf(x.tensor)),
    ),
  );
  const [labels, logits] = [y.tensor, tf.tanh(x.tensor)];
  const tensor =
    program.int(2) === 0
      ? tf.nn.softmaxCrossEntropyWithLogitsV2({ labels, logits })
      : tf.nn.sigmoidCrossEntropyWithLogits({ labels, logits });
  return { tensor, isExact: false };
};

const steps: readonly Step[] = [
  unary(tf.float32, [tf.negative, tf.abs, tf.nn.relu, (x) => tf.nn.relu6(x)], false, true),
  unary(tf.float32, [tf.floor, tf.ceil, tf.round, tf.sign, tf.rint], true, true),
  unary(tf.float32, [tf.sqrt, tf.rsqrt, tf.log, tf.reciprocal], true, false),
  unary(tf.float32, [tf.tanh, tf.sigmoid, (x) => tf.exp(tf.tanh(x)), (x) => tf.nn.leakyRelu(x, 0.25)], false, false),
  unary(tf.float32, [(x) => tf.square(tf.sigmoid(x)), tf.onesLike, tf.zerosLike], false, false),
  unary(
    tf.float32,
    [(x) => tf.log1p(tf.abs(x)), (x) => tf.nn.softplus(x), (x) => tf.pow(tf.tanh(x), 3), tf.erf, tf.nn.selu],
    false,
    false,
  ),
  unary(tf.float32, [(x) => tf.clipByValue(x, -0.75, 1.25)], false, true),
  unary(tf.float32, [tf.isNan, tf.isInf, tf.isFinite], true, true),
  unary(tf.int32, [tf.negative, tf.abs, tf.square], true, true),
  unary(tf.bool, [tf.logicalNot], true, true),
  binary(tf.float32, [tf.add, tf.subtract, tf.maximum, tf.minimum], false, true),
  binary(tf.float32, [tf.multiply, tf.squaredDifference, tf.math.multiplyNoNan], false, false),
  binary(tf.float32, [tf.divide, tf.divNoNan, tf.math.xdivy, tf.math.xlogy], true, false),
  binary(tf.float32, [tf.less, tf.lessEqual, tf.greater, tf.greaterEqual, tf.equal, tf.notEqual], true, true),
  binary(tf.int32, [tf.add, tf.subtract, tf.multiply, tf.maximum, tf.minimum, tf.squaredDifference], true, true),
  binary(tf.int32, [tf.less, tf.lessEqual, tf.greater, tf.greaterEqual, tf.equal, tf.notEqual], true, true),
  binary(tf.bool, [tf.logicalAnd, tf.logicalOr, tf.equal, tf.notEqual, tf.logicalXor], true, true),
  reduction(tf.float32, [tf.reduceSum, tf.reduceMean, tf.reduceMax, tf.reduceMin], false),
  reduction(tf.float32, [(x, axis, keep) => tf.reduceProd(tf.tanh(x), axis, keep)], false),
  reduction(tf.int32, [tf.reduceSum, tf.reduceMax, tf.reduceMin, tf.reduceProd], true),
  reduction(tf.bool, [tf.reduceAny, tf.reduceAll], true),
  select,
  cast,
  view,
  view,
  spread,
  parts,
  parts,
  parts,
  rows,
  entropy,
];

/** Shapes of at most 1500 elements. */
const shape = fc.array(extent, { minLength: 1, maxLength: 4 }).map((of) => {
  let size = 1;
  return of.map((n) => {
    const kept = size * n <= 1500 ? n : 1 + (n % 3);
    size *= kept;
    return kept;
  });
});

/** The shape with some dimensions 1, or left out in front. */
function lesser(of: readonly number[], random: () => number): number[] {
  const skip = random() < 0.3 ? Math.floor(random() * of.length) : 0;
  return of.slice(skip).map((n) => (random() < 0.3 ? 1 : n));
}

check(
  'random programs',
  110,
  fc.record({ shape, count: fc.integer({ min: 2, max: 25 }), special, seed, few: fc.boolean() }),
  (of) => {
    const random = stream(of.seed);
    const shapes = Array.from({ length: 6 }, (_, i) => (i % 3 === 0 ? of.shape : lesser(of.shape, random)));
    const kept = random();
    return {
      inputs: [
        ...shapes.slice(0, 4).map((s, i) => eighths(s, of.seed + i, of.special)),
        ints(shapes[0], of.seed + 5),
        ints(shapes[4], of.seed + 6, -3, 3),
        ints(shapes[0], of.seed + 7, 0, 1, tf.bool),
        ints(shapes[5], of.seed + 8, 0, 1, tf.bool),
      ],
      constants: kept < 0.3 ? [2, 5] : [],
      build: (...xs) => {
        const program = new Program(xs, of.shape, random);
        for (let i = 0; i < of.count; i++) {
          const made = program.pick(steps)(program);
          if (made) program.nodes.push(made);
        }
        const made = program.nodes.slice(xs.length).map(({ tensor }) => tensor);
        if (made.length === 0) return tf.nn.relu(xs[0]);
        return of.few ? made.filter((_, i) => i === made.length - 1 || random() < 0.25) : made;
      },
      tolerance: 1e-4,
      kernels: 0,
      cpu: false,
    };
  },
);

type OfShape = { shape: number[]; seed: number; special: number };
const shaped = fc.record({ shape, seed, special });

check('chains of activations, forward and back, with a bias that broadcasts', 20, shaped, (of: OfShape) => ({
  inputs: [floats(of.shape, of.seed), floats(of.shape.slice(-1), of.seed + 1), floats([], of.seed + 2)],
  build: (x, b, s) => {
    const y = tf.nn.relu(tf.add(tf.multiply(x, s), b));
    const z = tf.multiply(tf.sigmoid(y), tf.tanh(tf.subtract(y, b)));
    return [y, tf.nn.leakyRelu(z, 0.1), tf.add(tf.nn.elu(z), tf.nn.softplus(tf.square(z)))];
  },
  gradients: true,
  tolerance: 1e-4,
}));

check(
  'reductions of all kinds over any axes, several in a program, with the gradients of sums',
  30,
  fc.record({ of: shaped, along: axes(4), keep: fc.boolean() }),
  ({ of, along, keep }) => {
    const rank = of.shape.length;
    const over = [...new Set(along.map((axis) => ((axis % rank) + rank) % rank))];
    return {
      inputs: [
        eighths(of.shape, of.seed, of.special),
        ints(of.shape, of.seed + 1),
        ints(of.shape, of.seed, 0, 1, tf.bool),
      ],
      build: (x, i, b) => [
        tf.reduceSum(x, over, keep),
        tf.reduceMean(tf.square(x), over, keep),
        tf.reduceMax(x, over, keep),
        tf.reduceMin(x, over, keep),
        tf.reduceSum(i, over, keep),
        tf.reduceProd(i, over, keep),
        tf.reduceMax(i, over, keep),
        tf.reduceMin(i, over, keep),
        tf.reduceMean(i, over, keep),
        tf.reduceAny(b, over, keep),
        tf.reduceAll(b, over, keep),
        ...tf.nn.moments(x, over, { keepDims: keep }),
      ],
      gradients: of.special === 0,
      tolerance: 5e-5,
      cpu: of.special === 0,
    };
  },
);

check(
  'long reductions, in either direction',
  4,
  fc.record({ n: fc.integer({ min: 2000, max: 9000 }), seed }),
  (of) => ({
    inputs: [floats([of.n, 3], of.seed), floats([3, of.n], of.seed + 1)],
    build: (x, y) => [
      tf.reduceSum(x, 0),
      tf.reduceMean(y, 1),
      tf.reduceSum(tf.multiply(x, tf.transpose(y))),
      tf.reduceMax(x, 0),
      tf.reduceMean(tf.square(tf.subtract(x, tf.reduceMean(x, 0))), 0),
      tf.nn.l2Loss(y),
      tf.nn.softmax(y),
    ],
    gradients: true,
    tolerance: 1e-4,
  }),
);

check('softmax, its logarithm and cross entropies of rows, with the gradients', 25, shaped, (of: OfShape) => ({
  inputs: [
    floats(of.shape, of.seed, of.special),
    floats(of.shape, of.seed + 1),
    ints(of.shape.slice(0, -1), of.seed + 2, 0, of.shape[of.shape.length - 1] - 1),
  ],
  build: (logits, other, ids) => {
    const labels = tf.nn.softmax(other);
    return [
      tf.nn.softmax(logits),
      tf.nn.logSoftmax(logits),
      tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: tf.stopGradient(labels), logits })),
      tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: ids, logits }),
      tf.nn.sigmoidCrossEntropyWithLogits({ labels, logits }),
    ];
  },
  gradients: true,
  tolerance: 5e-5,
  cpu: of.special === 0,
}));

check('normal rows, as in layers of norm and of batch norm, with the gradients', 15, shaped, (of: OfShape) => ({
  inputs: [floats(of.shape, of.seed), floats(of.shape.slice(-1), of.seed + 1), floats(of.shape.slice(-1), of.seed + 2)],
  build: (x, gamma, beta) => {
    const last = of.shape.length - 1;
    const results: tf.Tensor[] = [];
    for (const over of [[last], Array.from({ length: last }, (_, i) => i)]) {
      const [mean, variance] = tf.nn.moments(x, over, { keepDims: true });
      results.push(tf.nn.batchNormalization(x, mean, variance, beta, gamma, 0.1));
    }
    return results;
  },
  gradients: true,
  tolerance: 2e-4,
}));

check(
  'scalars in long chains, with a vector in between',
  10,
  fc.record({ n: fc.integer({ min: 9, max: 60 }), seed }),
  (of) => ({
    inputs: [floats([], of.seed), floats([], of.seed + 1), floats([5], of.seed + 2)],
    build: (x, y, v) => {
      const chain: tf.Tensor[] = [x];
      for (let i = 0; i < of.n; i++) {
        const last = chain[chain.length - 1];
        chain.push(i % 4 === 3 ? tf.tanh(last) : i % 4 === 2 ? tf.multiply(last, y) : tf.add(last, i / 8));
      }
      const last = chain[chain.length - 1];
      return [last, chain[chain.length >> 1], tf.multiply(v, last), tf.reduceSum(tf.multiply(v, chain[3]))];
    },
    gradients: true,
  }),
);

check(
  'more inputs and more values than one kernel takes',
  2,
  fc.record({ n: fc.integer({ min: 17, max: 33 }), width: fc.integer({ min: 1, max: 9 }), seed }),
  ({ n, width, seed: from }) => ({
    inputs: Array.from({ length: n }, (_, i) => floats(i % 5 === 4 ? [width] : [3, width], from + i)),
    build: (...xs) => {
      const alike = xs.filter((x) => shapeOf(x).length === 2);
      let chain: tf.Tensor = xs[0];
      for (let i = 0; i < 9 * n; i++) {
        const x = xs[i % n];
        chain =
          i % 3 === 0 ? tf.tanh(tf.add(chain, x)) : i % 3 === 1 ? tf.multiply(chain, 0.5 + i) : tf.maximum(chain, x);
        if (i % 3 === 1) chain = tf.sigmoid(chain);
      }
      return [tf.addN(alike), tf.concat(alike, 1), tf.reduceSum(tf.stack(alike, 1), 1), chain];
    },
    gradients: true,
    tolerance: 1e-4,
  }),
);

check('casts to types that the host computes, in between', 8, shaped, (of: OfShape) => ({
  inputs: [eighths(of.shape, of.seed, 0), ints(of.shape, of.seed + 1)],
  build: (x, i) => {
    const double = tf.cast(tf.tanh(tf.cast(tf.add(x, 1), tf.float64)), tf.float32);
    const long = tf.cast(tf.add(tf.cast(tf.multiply(i, 3), tf.int64), tf.cast(i, tf.int64)), tf.int32);
    const short = tf.cast(tf.cast(tf.clipByValue(i, 0, 5), tf.uint8), tf.float32);
    const whole = tf.cast(tf.multiply(x, 4), tf.int32);
    return [
      tf.multiply(double, x),
      tf.maximum(long, whole),
      tf.nn.relu(tf.subtract(short, double)),
      tf.cast(x, tf.float16),
    ];
  },
  kernels: 0,
}));

check(
  'log1p, softplus, erf and expm1 keep their digits, near 0 and far out',
  20,
  fc.record({ seed, scale: fc.constantFrom(1, 10, 40, 1e-4, 1e-8, 1e-30) }),
  (of) => {
    const values = floats([257], of.seed, 0.05);
    const scaled = (values.data as Float32Array).map((x) => x * of.scale);
    // Each row is compared by its largest element: one number a row.
    return {
      inputs: [new tf.NdArray(tf.float32, [257], scaled)],
      build: (x) => {
        const near = (y: tf.Tensor, exact: tf.Tensor) => tf.divNoNan(y, exact);
        const wide = tf.cast(x, tf.float64);
        return [
          near(tf.log1p(x), tf.cast(tf.log1p(wide), tf.float32)),
          near(tf.nn.softplus(x), tf.cast(tf.nn.softplus(wide), tf.float32)),
          tf.math.xlog1py(x, tf.abs(x)),
          near(tf.erf(x), tf.cast(tf.erf(wide), tf.float32)),
          near(tf.math.expm1(tf.minimum(x, 80)), tf.cast(tf.math.expm1(tf.minimum(wide, 80)), tf.float32)),
        ];
      },
      tolerance: 1e-6,
      kernels: 2,
      cpu: false,
    };
  },
);

check(
  'floats as integers, those too large among them',
  10,
  fc.record({ seed, scale: fc.constantFrom(1, 100, 2e9, 1e20) }),
  (of) => {
    const values = floats([70], of.seed, 0.1);
    return {
      inputs: [
        new tf.NdArray(
          tf.float32,
          [70],
          (values.data as Float32Array).map((x) => x * of.scale),
        ),
      ],
      build: (x) => tf.cast(x, tf.int32),
      cpu: false,
    };
  },
);

test.run();
