/** The functions of `tf.nn` on connectionist temporal classification against real TensorFlow; the ops are in the goldens. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import * as tf from '../../src/index.ts';
import { SparseTensor } from '../../src/ops/sparse-tensor.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { leakChecked } from '../support/leaks.ts';

const test = suite('ops/ctc');
const checked = leakChecked(test);

const LOGITS = [
  [-0.33, 0.88, -2, -0.79, -1.41, -1.63],
  [-1.25, -0.62, -0.41, 0.16, -0.32, 0.74],
  [-1.18, 1.51, -1.89, 0.68, -0.33, 0.23],
  [-1.44, -1.21, 1.2, 1.87, -0.75, 0.77],
].flat();
const logits = () => tf.reshape(tf.constant(LOGITS), [4, 2, 3]);
const lengths = () => tf.constant([4, 3], tf.int32);
const sparse = (values: readonly number[]) => {
  const indices = [
    [0, 0],
    [0, 1],
    [1, 0],
  ];
  return new SparseTensor(tf.constant(indices, tf.int64), tf.constant(values, tf.int32), [2, 2]);
};

async function run(fetches: readonly tf.Tensor[]): Promise<NdArray[]> {
  using session = new tf.Session();
  return (await session.run([...fetches])) as NdArray[];
}

function near(actual: NdArray, expected: readonly number[]): void {
  assert.is(actual.size, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(Number(actual.at(i)) - value) < 1e-5, `${actual}, expected ${expected}`);
  });
}

checked('the loss, in both layouts of logits', async () => {
  const first = tf.nn.ctcLoss(sparse([1, 0, 1]), logits(), lengths());
  const turned = tf.transpose(logits(), [1, 0, 2]);
  const second = tf.nn.ctcLoss(sparse([1, 0, 1]), turned, { sequenceLength: lengths(), timeMajor: false });
  for (const found of await run([first, second])) near(found, [2.7417655, 2.195281]);
});

checked('the loss of dense and sparse labels, the blank at another index', async () => {
  const counts = tf.constant([2, 1], tf.int32);
  const dense = (rows: readonly (readonly number[])[]) => tf.constant(rows, tf.int32);
  const plain = tf.nn.ctcLossV2(
    dense([
      [1, 2],
      [2, 0],
    ]),
    logits(),
    counts,
    lengths(),
  );
  const same = tf.nn.ctcLossV2(sparse([1, 2, 2]), logits(), null, lengths(), { blankIndex: 0 });
  const middle = tf.nn.ctcLossV2(
    dense([
      [0, 2],
      [2, 0],
    ]),
    logits(),
    counts,
    lengths(),
    { blankIndex: -2 },
  );
  const [a, b, c] = await run([plain, same, middle]);
  near(a, [1.0379263, 0.9375796]);
  near(b, [1.0379263, 0.9375796]);
  near(c, [1.3954016, 1.881927]);
});

checked('the gradient of the loss; there is none of the gradient', async () => {
  const x = logits();
  const loss = tf.nn.ctcLossV2(sparse([1, 2, 2]), x, null, lengths(), { blankIndex: 0 });
  const [dx] = gradients(loss, [x]) as tf.Tensor[];
  const [found] = await run([dx]);
  const expected = [
    [-0.0673658, 0.0259176, 0.0414483, -0.1699765, 0.2731161, -0.1031396],
    [0.0664059, -0.4828604, 0.4164544, 0.0902849, 0.1817374, -0.2720223],
    [-0.0151219, 0.0493898, -0.0342681, -0.0690094, 0.1819414, -0.1129321],
    [0.0536331, 0.0773485, -0.1309817, 0, 0, 0],
  ];
  near(found, expected.flat());
  assert.throws(() => gradients(dx, [x]), /no way to take the second\s+derivative of ctc_loss/);
});

checked('labels that are no sparse tensor, or sparse ones without a blank, are refused', () => {
  assert.throws(
    () => tf.nn.ctcLoss(tf.constant([1]) as never, logits(), lengths()),
    /Expected argument `labels` to be a SparseTensor/,
  );
  assert.throws(
    () => tf.nn.ctcLossV2(sparse([1, 2, 2]), logits(), null, lengths()),
    /Argument `blank_index` must be provided when labels is a SparseTensor/,
  );
});

checked('the decoders', async () => {
  const [[greedy], sums] = tf.nn.ctcGreedyDecoder(logits(), lengths());
  const [two, logs] = tf.nn.ctcBeamSearchDecoder(logits(), lengths(), 100, 2);
  const [[plain], own] = tf.nn.ctcBeamSearchDecoderV2(logits(), lengths(), 5);
  const [g, s, first, second, l, p, o] = await run([
    greedy.values,
    sums,
    two[0].values,
    two[1].indices,
    logs,
    plain.values,
    own,
  ]);
  near(g, [1, 1, 0, 0]);
  near(s, [-3.18, -0.63]);
  near(first, [1, 0]);
  near(second, [0, 0, 1, 0, 1, 1]);
  near(l, [-1.2655914, -1.3019533, -1.1491466, -1.7044067]);
  near(p, [1, 1, 0]);
  near(o, [-1.2655914, -1.1491466]);
});

test.run();
