/**
 * Several metrics in one graph: names, collections, the reset by the initializer, arguments by position and by keyword.
 * What each metric computes is in `goldens.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';
import { golden } from './golden.ts';

const test = suite('metrics in scopes');
const checked = leakChecked(test);

const number = (value: unknown) => Number((value as tf.NdArray).item());

test('metrics of one name get names of their own, as in TensorFlow', () => {
  const graph = new tf.Graph();
  using _ = graph.asDefault();
  const p = tf.placeholder(tf.float32, [2]);
  const names: string[][] = [];
  const note = (metric: readonly { readonly op: tf.Operation }[]) => names.push(metric.map((t) => t.op.name));
  for (const options of [{}, {}, { name: 'm' }, { name: 'm' }]) note(tf.metrics.mean(p, options));
  for (let i = 0; i < 2; i++) note(tf.metrics.precision(p, p));
  for (let i = 0; i < 2; i++) note(tf.metrics.precisionAtK(tf.zeros([1, 1], tf.int64), tf.zeros([1, 3]), 2));
  tf.variableScope('outer', () => note(tf.metrics.mean(p)));
  tf.nameScope('outside', () => note(tf.metrics.mean(p)));
  assert.equal(names, golden.twice.names);
  assert.equal(
    tf.localVariables().map((v) => v.name),
    golden.twice.variables,
  );
});

checked('the initializer of local variables resets one metric and all', async () => {
  const graph = new tf.Graph();
  using _ = graph.asDefault();
  const x = tf.placeholder(tf.float32, [null]);
  const [value, update] = tf.metrics.mean(x);
  const [count, updateCount] = tf.metrics.truePositives(x, x);
  const trained = tf.getVariable('w', [], { initializer: tf.onesInitializer() });
  const own = tf.getCollection(tf.GraphKeys.LOCAL_VARIABLES, { scope: 'true_positives' }) as tf.Variable[];
  const resetCount = tf.variablesInitializer(own);
  using sess = new tf.Session();
  await sess.run([tf.globalVariablesInitializer(), tf.localVariablesInitializer()]);
  const feedDict = new Map([[x, [1, 3]]]);
  await sess.run([update, updateCount, trained.assign(7)], { feedDict });
  await sess.run([update, updateCount], { feedDict });
  assert.equal((await sess.run([value, count])).map(number), [2, 4]);
  await sess.run(resetCount);
  assert.equal((await sess.run([value, count])).map(number), [2, 0]);
  await sess.run(tf.localVariablesInitializer());
  assert.equal((await sess.run([value, count, trained])).map(number), [0, 0, 7]);
});

checked('two metrics of one name count apart', async () => {
  const graph = new tf.Graph();
  using _ = graph.asDefault();
  const x = tf.placeholder(tf.float32, [null]);
  const [train, updateTrain] = tf.metrics.mean(x, { name: 'loss' });
  const [test_, updateTest] = tf.metrics.mean(x, { name: 'loss' });
  using sess = new tf.Session();
  await sess.run(tf.localVariablesInitializer());
  await sess.run(updateTrain, { feedDict: new Map([[x, [1, 2]]]) });
  await sess.run(updateTest, { feedDict: new Map([[x, [5]]]) });
  assert.equal((await sess.run([train, test_])).map(number), [1.5, 5]);
});

test('collections are given by name or by list, by position or by keyword', () => {
  const graph = new tf.Graph();
  using _ = graph.asDefault();
  const x = tf.placeholder(tf.float32, [2]);
  const [a, updateA] = tf.metrics.mean(x, null, ['values', 'more'], ['updates']);
  const [b, updateB] = tf.metrics.accuracy(x, x, { metricsCollections: 'values', updatesCollections: 'updates' });
  const [, updateC] = tf.metrics.truePositives(x, x, { updatesCollections: ['updates'] });
  assert.equal(tf.getCollection('values'), [a, b]);
  assert.equal(tf.getCollection('more'), [a]);
  assert.equal(tf.getCollection('updates'), [updateA, updateB, updateC]);
});

checked('plain values and weights stand for tensors', async () => {
  const graph = new tf.Graph();
  using _ = graph.asDefault();
  const metrics = [
    tf.metrics.accuracy([1, 2, 3, 4], [1, 2, 0, 4], [1, 1, 1, 0]),
    tf.metrics.auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], { numThresholds: 5 }),
    tf.metrics.recallAtK(
      [[0], [1]],
      [
        [0.1, 0.9],
        [0.2, 0.8],
      ],
      1,
    ),
    tf.metrics.averagePrecisionAtK(
      [1, 1],
      [
        [0.1, 0.9],
        [0.8, 0.2],
      ],
      2,
    ),
    tf.metrics.meanPerClassAccuracy([0, 1, 1], [0, 1, 0], 2),
  ] as const;
  using sess = new tf.Session();
  await sess.run(tf.localVariablesInitializer());
  await sess.run(metrics.map(([, update]) => update));
  const values = (await sess.run(metrics.map(([value]) => value))).map(number);
  // The second is what TensorFlow gives for these; the others are counted by hand.
  const expected = [2 / 3, 0.87499964, 0.5, 0.75, 0.75];
  for (const [i, v] of values.entries()) assert.ok(Math.abs(v - expected[i]) < 1e-5, `${i}: ${v}`);
});

test('metrics are built on the graph of their tensors', () => {
  const graph = new tf.Graph();
  const x = graph.asDefault(() => tf.placeholder(tf.float32, [2]));
  const [value] = tf.metrics.rootMeanSquaredError(x, x);
  assert.is(value.graph, graph);
  assert.is(graph.getCollection(tf.GraphKeys.LOCAL_VARIABLES).length, 2);
  assert.is(tf.localVariables().length, 0);
});

checked('a batch whose weights do not fit changes nothing', async () => {
  const graph = new tf.Graph();
  using _ = graph.asDefault();
  const x = tf.placeholder(tf.float32, [null, 2]);
  const w = tf.placeholder(tf.float32, [null, 2]);
  const [value, update] = tf.metrics.mean(x, w);
  using sess = new tf.Session();
  await sess.run(tf.localVariablesInitializer());
  await sess.run(update, {
    feedDict: new Map([
      [x, [[1, 2]]],
      [w, [[1, 3]]],
    ]),
  });
  const error = await failure(() =>
    sess.run(update, {
      feedDict: new Map([
        [
          x,
          [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
        ],
        [
          w,
          [
            [1, 3],
            [1, 1],
          ],
        ],
      ]),
    }),
  );
  assert.is(error.constructor, tf.errors.InvalidArgumentError);
  assert.ok(error.message.includes('weights can not be broadcast to values.'), error.message);
  assert.is(number(await sess.run(value)), 1.75);
});

checked('labels at k of other examples fail the run, and are not broadcast', async () => {
  const graph = new tf.Graph();
  using _ = graph.asDefault();
  const labels = tf.placeholder(tf.int64, [null, 1]);
  const scores = tf.placeholder(tf.float32, [null, 3]);
  const updates = [
    tf.metrics.recallAtK(labels, scores, 2),
    tf.metrics.precisionAtK(labels, scores, 2, { classId: 1 }),
    tf.metrics.averagePrecisionAtK(labels, scores, 2),
  ].map(([, update]) => update);
  using sess = new tf.Session();
  await sess.run(tf.localVariablesInitializer());
  const rows = [
    [0.1, 0.2, 0.7],
    [0.3, 0.4, 0.3],
  ];
  for (const update of updates) {
    const error = await failure(() =>
      sess.run(update, {
        feedDict: [
          [labels, [[1]]],
          [scores, rows],
        ],
      }),
    );
    assert.is(error.constructor, tf.errors.InvalidArgumentError);
  }
});

test('labels at k must be of type int64', async () => {
  const graph = new tf.Graph();
  using _ = graph.asDefault();
  const labels = tf.placeholder(tf.int32, [2, 1]);
  const error = await failure(() => tf.metrics.averagePrecisionAtK(labels, tf.zeros([2, 3]), 2));
  assert.is(error.constructor, tf.TypeError);
});

test.run();
