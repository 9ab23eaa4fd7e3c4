/**
 * Reductions, matrix products, gather and selection on real backends: sessions against the interpreter, on instances that
 * touch every row of `tfjs-linear.ts` and what it leaves to decomposition, and on TensorFlow's own cases.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../runtime/compile.ts';
import { ConfigProto } from '../../runtime/config.ts';
import { Session } from '../../runtime/session.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as tf from '../../src/ops/index.ts';
import { topK } from '../../src/ops/selection.ts';
import { type ArrayValue, toNdArray } from '../../src/util/array-convert.ts';
import { bool, type DType, float32, int32 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { KnownShape } from '../../src/util/shape.ts';
import { difference, FORWARD, type Tolerance } from '../support/compare.ts';
import { checkForward, type GoldenCase, goldenCases, type Run } from '../support/goldens.ts';
import { interpret } from '../support/interpret.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('session/linear-kernels');
const check = leakChecked(test);

/** Distinguishable numbers of both signs. */
function numbers(dtype: DType, ...shape: number[]): NdArray {
  const data = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7919) % 1009) / 64 - 7);
  if (dtype === bool) return toNdArray(data.map((x) => x > 1) as ArrayValue, bool, shape);
  if (dtype === int32) return toNdArray(data.map((x) => Math.round(x * 1e6)) as ArrayValue, int32, shape);
  return toNdArray(data as ArrayValue, float32, shape);
}

const ints = (values: readonly number[], shape: KnownShape = [values.length]): NdArray =>
  toNdArray(values as number[], int32, shape);

interface Instance {
  readonly name: string;
  readonly feeds: readonly NdArray[];
  readonly build: (...xs: Tensor[]) => Tensor | readonly Tensor[];
  /** What must not be left to the host: per backend, `all` where it is the same on each. */
  readonly kernel?: 'all' | 'wasm' | 'none';
  readonly tolerance?: Tolerance;
}

const f = (...shape: number[]): NdArray => numbers(float32, ...shape);
const i = (...shape: number[]): NdArray => numbers(int32, ...shape);
const b = (...shape: number[]): NdArray => numbers(bool, ...shape);
const loose: Tolerance = { relative: 2e-5, absolute: 1e-4 };

const instances: readonly Instance[] = [
  { name: 'sum of all', feeds: [f(4, 5)], build: (x) => tf.reduceSum(x) },
  { name: 'sum over rows', feeds: [f(32, 10)], build: (x) => tf.reduceSum(x, 0) },
  { name: 'sum over columns, kept', feeds: [f(3, 4, 5)], build: (x) => tf.reduceSum(x, [1], true) },
  { name: 'sum over outer and inner axes', feeds: [f(3, 4, 5)], build: (x) => tf.reduceSum(x, [0, 2]) },
  { name: 'sum over axes of length 1', feeds: [f(1, 5, 1)], build: (x) => tf.reduceSum(x, [0, -1]) },
  { name: 'sum over no axes', feeds: [f(2, 3)], build: (x) => tf.reduceSum(x, []) },
  { name: 'sum with a leading 1', feeds: [f(1, 7)], build: (x) => tf.reduceSum(x, 0) },
  { name: 'long sum', feeds: [f(1500, 6)], build: (x) => tf.reduceSum(x, 0) },
  { name: 'long sum of all', feeds: [f(100, 30, 7)], build: (x) => tf.reduceSum(x), tolerance: loose },
  { name: 'long sum over outer and inner axes', feeds: [f(40, 3, 50)], build: (x) => tf.reduceSum(x, [0, 2], true) },
  { name: 'long sum of a prime', feeds: [f(2, 1009)], build: (x) => tf.reduceSum(x, 1), kernel: 'none' },
  { name: 'long mean', feeds: [f(1000, 4)], build: (x) => tf.reduceMean(x, 0) },
  { name: 'mean', feeds: [f(4, 5)], build: (x) => tf.reduceMean(x, 1) },
  { name: 'max', feeds: [f(4, 5)], build: (x) => tf.reduceMax(x, 0) },
  { name: 'min', feeds: [f(4, 5)], build: (x) => tf.reduceMin(x, 1, true) },
  { name: 'product', feeds: [f(4, 5)], build: (x) => tf.reduceProd(x, 1) },
  { name: 'all', feeds: [b(4, 5)], build: (x) => tf.reduceAll(x, 1) },
  { name: 'any', feeds: [b(4, 5)], build: (x) => tf.reduceAny(x, 0) },
  { name: 'sum of integers, wrapping', feeds: [i(4, 900)], build: (x) => tf.reduceSum(x, 1) },
  { name: 'max of integers', feeds: [i(4, 5)], build: (x) => tf.reduceMax(x, 1) },
  { name: 'min of integers', feeds: [i(4, 5)], build: (x) => tf.reduceMin(x) },
  { name: 'product of integers, wrapping', feeds: [i(4, 5)], build: (x) => tf.reduceProd(x, 1), kernel: 'wasm' },
  { name: 'argmax', feeds: [f(4, 5)], build: (x) => tf.argmax(x, 1), kernel: 'none' },
  { name: 'running sum', feeds: [f(3, 4)], build: (x) => tf.cumsum(x, 0, true, true) },
  { name: 'running product', feeds: [f(3, 4)], build: (x) => tf.cumprod(x, -1) },
  { name: 'logsumexp', feeds: [f(3, 4)], build: (x) => tf.reduceLogsumexp(x, 1) },
  { name: 'product of matrices', feeds: [f(5, 7), f(7, 3)], build: (x, y) => tf.matmul(x, y), tolerance: loose },
  {
    name: 'product of transposed matrices',
    feeds: [f(7, 5), f(3, 7)],
    build: (x, y) => tf.matmul(x, y, true, true),
    tolerance: loose,
  },
  { name: 'batch', feeds: [f(3, 5, 7), f(3, 7, 2)], build: (x, y) => tf.matmul(x, y), tolerance: loose },
  {
    name: 'batch, adjoint',
    feeds: [f(2, 3, 7, 5), f(2, 3, 7, 2)],
    build: (x, y) => tf.matmul(x, y, { adjointA: true }),
    tolerance: loose,
  },
  { name: 'batch by a matrix', feeds: [f(3, 5, 7), f(7, 2)], build: (x, y) => tf.matmul(x, y), tolerance: loose },
  {
    name: 'batch by a transposed matrix',
    feeds: [f(3, 5, 7), f(2, 7)],
    build: (x, y) => tf.matmul(x, y, false, true),
    tolerance: loose,
  },
  { name: 'broadcast batches', feeds: [f(3, 1, 2, 4), f(2, 4, 2)], build: (x, y) => tf.matmul(x, y), tolerance: loose },
  { name: 'matrix by a batch', feeds: [f(2, 4), f(3, 4, 2)], build: (x, y) => tf.matmul(x, y), tolerance: loose },
  { name: 'integer matrices', feeds: [i(2, 3), i(3, 2)], build: (x, y) => tf.matmul(x, y), kernel: 'none' },
  { name: 'tensordot', feeds: [f(2, 3, 4), f(4, 5)], build: (x, y) => tf.tensordot(x, y, 1), tolerance: loose },
  { name: 'rows at constants', feeds: [f(4, 3)], build: (x) => tf.gather(x, [3, 0, 3]) },
  { name: 'columns at constants', feeds: [f(4, 3)], build: (x) => tf.gather(x, [[2, 0]], { axis: 1 }) },
  { name: 'rows at data', feeds: [f(4, 3), ints([1, 3])], build: (x, at) => tf.gather(x, at), kernel: 'wasm' },
  {
    name: 'gather by batch',
    feeds: [f(2, 5, 3), ints([1, 3, 4, 0], [2, 2])],
    build: (x, at) => tf.gather(x, at, { axis: 1, batchDims: 1 }),
  },
  { name: 'select', feeds: [b(2, 3), f(2, 3), f(2, 3)], build: (c, x, y) => tf.where(c, x, y) },
  { name: 'select rows', feeds: [b(2), f(2, 3), f(2, 3)], build: (c, x, y) => tf.where(c, x, y) },
  { name: 'select by one condition', feeds: [b(), f(2, 3), f(2, 3)], build: (c, x, y) => tf.where(c, x, y) },
  { name: 'select broadcast', feeds: [b(2, 1), f(3), f()], build: (c, x, y) => tf.whereV2(c, x, y) },
  { name: 'select a constant', feeds: [b(2, 3), f(2, 3)], build: (c, x) => tf.whereV2(c, x, 0) },
  { name: 'select integers', feeds: [b(2, 3), i(2, 3), i(2, 3)], build: (c, x, y) => tf.where(c, x, y) },
  { name: 'one-hot', feeds: [ints([0, 2, -1, 9])], build: (at) => tf.oneHot(at, 3) },
  { name: 'one-hot of values', feeds: [ints([0, 2, 1])], build: (at) => tf.oneHot(at, 3, 5, -2) },
  { name: 'one-hot of fractions', feeds: [ints([0, 2, 1])], build: (at) => tf.oneHot(at, 3, 0.5, 0.25) },
  { name: 'one-hot in front', feeds: [ints([0, 2, 1])], build: (at) => tf.oneHot(at, 3, 1, 0, 0) },
  { name: 'top k', feeds: [f(3, 9)], build: (x) => Object.values(topK(x, 4)) },
  { name: 'top k of equals', feeds: [toNdArray([1, 3, 3, 2, 3])], build: (x) => Object.values(topK(x, 4)) },
  { name: 'segments', feeds: [f(4, 3), ints([0, 0, 1, 3])], build: (x, at) => tf.segmentSum(x, at), kernel: 'none' },
];

const HOST_FINE = new Set([
  'gather by batch',
  'rows at data',
  'one-hot of fractions',
  'one-hot in front',
  'top k',
  'top k of equals',
]);

for (const backend of ['wasm', 'cpu']) {
  for (const { name, feeds, build, kernel = 'all', tolerance = FORWARD } of instances) {
    check(`${name} on ${backend}`, async () => {
      const graph = new Graph();
      const { xs, ys } = graph.asDefault(() => {
        const placeholders = feeds.map((feed) => tf.placeholder(feed.dtype, feed.shape));
        const built = build(...placeholders);
        return { xs: placeholders, ys: Array.isArray(built) ? (built as Tensor[]) : [built as Tensor] };
      });
      const values = new Map(xs.map((x, k) => [x, feeds[k]]));
      const expected = interpret(graph.snapshot(), ys, { feeds: values });
      const session = new Session({ graph, config: new ConfigProto({ backend }) });
      const found = (await session.run(ys, { feedDict: values })) as NdArray[];
      session.close();
      found.forEach((value, k) => {
        assert.is(difference(value, expected[k], tolerance), null, `${difference(value, expected[k], tolerance)}`);
      });
      const { plan } = compile(ys, { feeds: xs, target: backend, graph });
      const onHost = plan.instructions.filter((step) => step.kind === 'host').map((step) => step.kernel);
      if (kernel === 'all' && !HOST_FINE.has(name)) assert.equal(onHost, [], 'steps on the host');
      if (kernel === 'wasm' && backend === 'wasm')
        assert.ok(plan.instructions.some(({ kind }) => kind === 'kernel' || kind === 'generated'));
    });
  }

  check(`an index out of range names its op on ${backend}`, async () => {
    const graph = new Graph();
    const { x, at, y } = graph.asDefault(() => {
      const params = tf.placeholder(float32, [3]);
      const indices = tf.placeholder(int32, [2]);
      return { x: params, at: indices, y: tf.gather(params, indices, { name: 'rows' }) };
    });
    const session = new Session({ graph, config: new ConfigProto({ backend }) });
    const error = await failure(() =>
      session.run(y, {
        feedDict: [
          [x, [1, 2, 3]],
          [at, [0, 3]],
        ],
      }),
    );
    session.close();
    assert.is(error.name, 'InvalidArgumentError');
    assert.is(error.detail, 'indices[1] = 3 is not in [0, 3)');
    assert.is((error.op as { name: string }).name, 'rows');
  });

  const run: Run = async (fetches, feeds) => {
    const session = new Session({ graph: fetches[0].graph, config: new ConfigProto({ backend }) });
    try {
      return (await session.run([...fetches], { feedDict: feeds })) as NdArray[];
    } finally {
      session.close();
    }
  };
  const groups: readonly (readonly [string, readonly string[]])[] = [
    ['reduce', 'Sum Mean Prod Max Min All Any EuclideanNorm Cumsum Cumprod ArgMax ArgMin'.split(' ')],
    ['matmul', ['MatMul', 'BatchMatMul', 'BatchMatMulV2', 'BatchMatMulV3']],
    ['gather', 'Gather GatherV2 GatherNd ScatterNd DynamicStitch DynamicPartition OneHot TopKV2 Unique'.split(' ')],
    ['segment', ['SegmentSum', 'SegmentMean', 'UnsortedSegmentSum', 'UnsortedSegmentMax']],
    ['shape', ['Where', 'Select', 'SelectV2']],
  ];
  for (const [group, ops] of groups) {
    check(`TensorFlow's cases of ${group} on ${backend}`, async () => {
      const problems: string[] = [];
      for (const c of goldenCases(group, ops) as GoldenCase[]) {
        if (c.construct_error) continue;
        try {
          await checkForward(c, run);
        } catch (error) {
          problems.push((error as Error).message);
        }
      }
      assert.equal(problems, []);
    });
  }
}

test('an axis given twice is an error, as in TensorFlow, not a reduction', async () => {
  const graph = new Graph();
  const sums = graph.asDefault(() => {
    const x = tf.placeholderWithDefault([[1, 2, 3]], [1, 3]);
    return [tf.reduceSum(x, [1, -1]), tf.reduceSum(tf.constant([[1, 2, 3]]), [0, 0])];
  });
  const session = new Session({ graph });
  for (const [i, sum] of sums.entries()) {
    const error = await failure(() => session.run(sum));
    const axis = 1 - i;
    assert.match(error.message, `Invalid reduction arguments: Axes contains duplicate dimension: ${axis}`);
  }
  session.close();
});

test.run();
