/** `tf.confusionMatrix` against TensorFlow: names, static shapes, values, errors. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';
import { type ConfusionCase, call, golden, nodesOf, same } from './golden.ts';

const test = suite('confusionMatrix');
const checked = leakChecked(test);

function build(c: ConfusionCase): tf.Tensor {
  const value = (argument: unknown) =>
    typeof argument === 'object' && argument !== null ? fromGolden(argument as GoldenArray) : argument;
  return call(c, tf.confusionMatrix as (...args: unknown[]) => unknown, value) as tf.Tensor;
}

for (const c of golden.confusion_matrix) {
  const { build_error: error } = c;
  if (error) {
    test(`${c.id} is refused`, async () => {
      const graph = new tf.Graph();
      using _ = graph.asDefault();
      const found = await failure(() => build(c));
      assert.is(found.constructor.name, error.class);
      const trimmed = (text: string) => text.split(" for '{{node")[0].split('\n\tFrom')[0].replace(/\s+/g, ' ');
      assert.is(trimmed(found.message), trimmed(error.message));
      assert.is(graph.getOperations().length, 0);
    });
    continue;
  }
  test(`${c.id}: graph`, () => {
    const graph = new tf.Graph();
    using _ = graph.asDefault();
    const matrix = build(c);
    assert.is(matrix.op.name, c.name);
    assert.equal(nodesOf(graph).sort(), [...c.nodes].sort());
    if (matrix.shape?.every((d) => d !== null)) assert.equal(matrix.shape, c.static_shape);
  });
  for (const backend of ['wasm', 'cpu']) {
    checked(`${c.id} on ${backend}`, async () => {
      const graph = new tf.Graph();
      using _ = graph.asDefault();
      const matrix = build(c);
      using sess = new tf.Session({ config: new tf.ConfigProto({ backend }) });
      same(await sess.run(matrix), c.result, c.id);
    });
  }
}

checked('classes out of range fail the run', async () => {
  const graph = new tf.Graph();
  using _ = graph.asDefault();
  const labels = tf.placeholder(tf.int64, [null]);
  const predictions = tf.placeholder(tf.int64, [null]);
  const matrix = tf.confusionMatrix(labels, predictions, 2);
  using sess = new tf.Session();
  const feed = (l: number[], p: number[]) => new Map([labels, predictions].map((t, i) => [t, [l, p][i]]));
  const counts = (await sess.run(matrix, { feedDict: feed([0, 1, 1], [1, 1, 0]) })) as tf.NdArray;
  assert.equal(counts.array(), [
    [0, 1],
    [1, 1],
  ]);
  for (const [l, p, words] of [
    [[0, 2], [0, 1], '`labels` out of bound'],
    [[0, 1], [0, 2], '`predictions` out of bound'],
    [[0, -1], [0, 1], '`labels` contains negative values'],
    [[0, 1], [0, -1], '`predictions` contains negative values'],
  ] as const) {
    const error = await failure(() => sess.run(matrix, { feedDict: feed([...l], [...p]) }));
    assert.is(error.constructor, tf.errors.InvalidArgumentError);
    assert.ok(error.message.includes(words), error.message);
  }
});

test.run();
