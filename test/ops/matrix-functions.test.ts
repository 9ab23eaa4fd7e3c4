/** The exponential and the rank of matrices, where the goldens have no case. Values are of real TensorFlow. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import * as tf from '../../src/index.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { difference } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

const test = suite('ops/matrix-functions');
const checked = leakChecked(test);

async function value(x: tf.Tensor): Promise<NdArray> {
  using session = new tf.Session();
  return (await session.run(x)) as NdArray;
}

const wide = { relative: 5e-5, absolute: 1e-5 };
const floats = (shape: readonly number[], ...values: number[]) =>
  new NdArray(tf.float32, shape, Float32Array.from(values));

checked('the exponential of one matrix, and its gradient', async () => {
  const x = tf.constant([
    [1.217, 0.576],
    [-1.963, -0.957],
  ]);
  const y = tf.linalg.expm(x);
  const weights = tf.constant([
    [0.32, 0.74],
    [-0.61, -0.44],
  ]);
  const [dx] = gradients(y, [x], { gradYs: [weights] }) as tf.Tensor[];
  const expected = floats([2, 2], 2.4163547, 0.661542, -2.254526, -0.08050707);
  assert.is(difference(await value(y), expected, wide), null);
  const slope = floats([2, 2], 2.2062693, 0.06775743, -0.4710892, 0.46718967);
  assert.is(difference(await value(dx), slope, wide), null);
});

checked('the exponential of matrices that are halved, and of those that are not', async () => {
  const x = tf.constant([
    [
      [10, 3],
      [2, -4],
    ],
    [
      [0.1, 0],
      [0, 0.2],
    ],
  ]);
  const expected = floats([2, 2, 2], 32459.984, 6754.8945, 4503.2637, 937.13763, 1.1051708, 0, 0, 1.2214029);
  assert.is(difference(await value(tf.linalg.expm(x)), expected, wide), null);
  const rows = [
    [3, 1],
    [0, 7],
  ];
  const precise = await value(tf.linalg.expm(tf.constant(rows, tf.float64)));
  [20.08553692, 269.13690538, 0, 1096.63315843].forEach((v, i) => {
    assert.ok(Math.abs(Number(precise.at(i)) - v) < 1e-6);
  });
});

checked('the exponential of what is not finite is NaN', async () => {
  const x = tf.constant([
    [Number.NaN, 1],
    [1, 1],
  ]);
  assert.ok([...(await value(tf.linalg.expm(x))).data].every((v) => Number.isNaN(v)));
});

test.run();
