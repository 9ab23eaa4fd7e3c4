/**
 * Sparse updates with generated kernels: every optimizer on rows of tables, rows that come several times, and programs of their
 * kind that users write themselves, against sessions without generated kernels.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { emitOne } from '../../src/ops/emit.ts';
import { stream } from '../support/arbitraries.ts';
import { difference, FORWARD } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

const suited = suite('codegen/sparse-updates');
const test = leakChecked(suited);

const optimizers: readonly (readonly [string, () => tf.train.Optimizer])[] = [
  ['gradient descent', () => new tf.train.GradientDescentOptimizer(0.1)],
  ['momentum', () => new tf.train.MomentumOptimizer(0.1, 0.9)],
  ['momentum after Nesterov', () => new tf.train.MomentumOptimizer(0.1, 0.9, { useNesterov: true })],
  ['Adam', () => new tf.train.AdamOptimizer(0.1)],
  ['RMSProp', () => new tf.train.RMSPropOptimizer(0.1, { momentum: 0.5 })],
  ['centered RMSProp', () => new tf.train.RMSPropOptimizer(0.1, { centered: true })],
  ['Adagrad', () => new tf.train.AdagradOptimizer(0.1)],
  ['Adadelta', () => new tf.train.AdadeltaOptimizer(0.5)],
  ['Ftrl', () => new tf.train.FtrlOptimizer(0.1, { l1RegularizationStrength: 0.01 })],
  [
    'proximal gradient descent',
    () => new tf.train.ProximalGradientDescentOptimizer(0.1, { l2RegularizationStrength: 0.1 }),
  ],
  ['proximal Adagrad', () => new tf.train.ProximalAdagradOptimizer(0.1, { l1RegularizationStrength: 0.01 })],
];

const ROWS = 13;

/** Numbers of rows, some of them several times, and as many targets. */
function batch(dtype: tf.DType, count: number, from: number): readonly [tf.NdArray, tf.NdArray] {
  const random = stream(from);
  const ids = Array.from({ length: count }, () => Math.floor(random() * ROWS));
  const data = dtype === tf.int64 ? BigInt64Array.from(ids, BigInt) : Int32Array.from(ids);
  const targets = Float32Array.from({ length: 3 * count }, () => random() * 2 - 1);
  return [new tf.NdArray(dtype, [count], data), new tf.NdArray(tf.float32, [count, 3], targets)];
}

/** The instructions of a plan that the host computes. */
function hostSteps(fetch: tf.Operation, feeds: readonly (readonly [tf.Tensor, readonly number[]])[]): string[] {
  const { plan } = tf.compile(fetch, { feeds, target: 'wasm' });
  return plan.instructions.flatMap((step) =>
    step.kind === 'host' && step.why !== 'scalars cost less there' ? [step.kernel] : [],
  );
}

for (const [name, make] of optimizers) {
  for (const dtype of [tf.int32, tf.int64]) {
    test(`${name}: rows at ${dtype.name} indices`, async () => {
      using _ = new tf.Graph().asDefault();
      const ids = tf.placeholder(dtype, [null]);
      const targets = tf.placeholder(tf.float32, [null, 3]);
      const start = Float32Array.from({ length: 3 * ROWS }, (_, i) => Math.sin(i));
      const table = tf.getVariable('table', { initializer: tf.constant(new tf.NdArray(tf.float32, [ROWS, 3], start)) });
      const loss = tf.reduceMean(tf.squaredDifference(tf.nn.embeddingLookup(table, ids), targets));
      const step = make().minimize(loss) as tf.Operation;
      const sessions = [new tf.Session(), new tf.Session({ config: { codegen: false } })];
      for (const session of sessions) await session.run(tf.globalVariablesInitializer());
      const all = tf.globalVariables();
      for (const [i, count] of [6, 20, 1, 6].entries()) {
        const [a, b] = batch(dtype, count, 5 + i);
        const feedDict = [[ids, a] as const, [targets, b] as const];
        const [own, others] = await Promise.all(
          sessions.map(async (session) => {
            await session.run(step, { feedDict });
            return (await session.run(all)) as tf.NdArray[];
          }),
        );
        all.forEach((variable, k) => {
          const found = difference(own[k], others[k], FORWARD);
          assert.is(found, null, `${variable.name}: ${found}`);
        });
      }
      for (const session of sessions) session.close();
      const narrow = new Set(['_PaddedUnique', '_NarrowIndices']);
      const steps = hostSteps(step, [
        [ids, [20]],
        [targets, [20, 3]],
      ]);
      assert.equal(
        steps.filter((kernel) => !narrow.has(kernel)),
        [],
      );
    });
  }
}

test('indices that are out of bounds are refused, and nothing changes', async () => {
  for (const dtype of [tf.int32, tf.int64]) {
    using _ = new tf.Graph().asDefault();
    using session = new tf.Session();
    const ids = tf.placeholder(dtype, [null]);
    const table = tf.getVariable('table', [4, 2], { initializer: tf.onesInitializer() });
    // Of a sum, the gradient does not read the rows.
    const step = new tf.train.AdagradOptimizer(0.1).minimize(tf.reduceSum(tf.nn.embeddingLookup(table, ids)));
    await session.run(tf.globalVariablesInitializer());
    for (const bad of [[0, 4, 0], [0, -1], [7], ...(dtype === tf.int64 ? [[1, 2 ** 32]] : [])]) {
      try {
        await session.run(step, { feedDict: [[ids, bad]] });
        assert.unreachable();
      } catch (error) {
        assert.instance(error, tf.errors.InvalidArgumentError);
        assert.match((error as Error).message, /is not in \[0, 4\)|does not index into shape/);
      }
    }
    assert.equal((await session.run(table)).array(), [
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  }
});

test('what is used in other ways as well stays as it is', async () => {
  using _ = new tf.Graph().asDefault();
  const ids = tf.placeholder(tf.int32, [6]);
  const rows = tf.placeholder(tf.float32, [6, 2]);
  const { y, idx } = tf.unique(ids);
  const sums = tf.math.unsortedSegmentSum(rows, idx, tf.size(y));
  const table = tf.add(tf.zeros([5, 2]), 1);
  const there = emitOne('TensorScatterAdd', [table, tf.expandDims(y, 1), tf.multiply(sums, [1, 2])], {}, 'there');
  const feedDict = [
    [ids, [3, 1, 3, 0, 1, 3]] as const,
    [
      rows,
      [
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
        [5, 5],
        [6, 6],
      ],
    ] as const,
  ];
  const total = tf.reduceSum(sums, 0);
  for (const fetches of [[there], [there, y], [there, sums], [there, total], [y, tf.shape(sums)]]) {
    const sessions = [new tf.Session(), new tf.Session({ config: { codegen: false } })];
    const [own, others] = await Promise.all(sessions.map((session) => session.run(fetches, { feedDict })));
    for (const [i, value] of own.entries()) assert.equal(value.array(), others[i].array());
    for (const session of sessions) session.close();
  }
});

suited.run();
