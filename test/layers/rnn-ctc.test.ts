/** A recurrent network whose outputs go to the loss and the decoders of CTC: values and gradients of real TensorFlow. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';

const networks = suite('recurrent networks with CTC');
const test = leakChecked(networks);

/** The numbers of the Python program that the expected values come from. */
function wave(scale: number, ...shape: number[]): tf.NdArray {
  const count = shape.reduce((size, d) => size * d, 1);
  const data = Float32Array.from(
    { length: count },
    (_, i) => (Math.round(Math.sin(i * 1.7 + shape[0]) * 1000) / 1000) * scale,
  );
  return new tf.NdArray(tf.float32, shape, data);
}

function near(found: tf.NdArray, expected: readonly number[], what: string): void {
  assert.is(found.size, expected.length, what);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(Number(found.data[i]) - value) < 2e-5, `${what}: ${found.data}, expected ${expected}`);
  });
}

const [LOSS, KERNEL, DENSE, INPUT] = [
  [2.500988483428955, 1.083045482635498],
  5.654916763305664,
  0.4106872081756592,
  2.6237473487854004,
];
const BIAS = [
  -0.013218127191066742, -0.036108583211898804, -0.07464378327131271, -0.12603744864463806, -0.311655730009079,
  0.4289242923259735, 0.49304208159446716, -0.1818155199289322, -0.22684872150421143, -0.0632210224866867,
  -0.06316332519054413, -0.017793215811252594, -0.20356139540672302, -0.004587870091199875, 0.05170755460858345,
  -0.12788325548171997,
];

for (const backend of ['wasm', 'cpu']) {
  test(`dynamicRnn, a dense layer, the loss and both decoders, on ${backend}`, async () => {
    const x = tf.constant(wave(1, 2, 5, 3));
    const lengths = tf.constant([5, 4], tf.int32);
    const cell = new tf.nn.rnnCell.BasicLSTMCell(4);
    const [outputs] = tf.nn.dynamicRnn(cell, tf.transpose(x, [1, 0, 2]), {
      sequenceLength: lengths,
      timeMajor: true,
      dtype: tf.float32,
    });
    const logits = tf.layers.dense(outputs as tf.Tensor, 3);
    const labels = new tf.SparseTensor(
      tf.constant(
        [
          [0, 0],
          [0, 1],
          [1, 0],
        ],
        tf.int64,
      ),
      tf.constant([0, 1, 1], tf.int32),
      [2, 2],
    );
    const loss = tf.nn.ctcLoss(labels, logits, lengths);
    const variables = tf.trainableVariables();
    const [dk, db, dw, dd, dx] = tf.gradients(tf.reduceMean(loss), [...variables, x]) as tf.Tensor[];
    const step = new tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduceMean(loss));
    const [[greedy], sums] = tf.nn.ctcGreedyDecoder(logits, lengths);
    const [beams, logs] = tf.nn.ctcBeamSearchDecoder(logits, lengths, { beamWidth: 10, topPaths: 2 });
    using session = new tf.Session({ config: { backend } });
    await session.run(tf.globalVariablesInitializer());
    const values = [wave(1, 7, 16), wave(0.1, 16), wave(2, 4, 3), wave(0.1, 3)];
    for (const [i, variable] of variables.entries()) await variable.load(values[i], session);

    const size = (tensor: tf.Tensor) => tf.reduceSum(tf.abs(tensor));
    const found = (await session.run([loss, size(dk), db, size(dw), dd, size(dx)])) as tf.NdArray[];
    near(found[0], LOSS, 'loss');
    near(found[1], [KERNEL], 'gradient to the kernel');
    near(found[2], BIAS, 'gradient to the bias');
    near(found[3], [DENSE], 'gradient to the dense kernel');
    near(found[4], [0.355255663394928, -0.19356797635555267, -0.16168810427188873], 'gradient to the dense bias');
    near(found[5], [INPUT], 'gradient to the input');

    const decoded = (await session.run([
      greedy.values,
      greedy.indices,
      sums,
      beams[0].values,
      beams[0].indices,
      beams[1].values,
      beams[1].indices,
      logs,
    ])) as tf.NdArray[];
    const expected = [
      [1, 1],
      [0, 0, 1, 0],
      [-2.2279555797576904, -2.3963050842285156],
      [1, 0, 1],
      [0, 0, 0, 1, 1, 0],
      [1, 0, 1],
      [0, 0, 1, 0, 1, 1],
      [-1.2507092952728271, -1.8677856922149658, -1.083045244216919, -1.8578587770462036],
    ];
    decoded.forEach((value, i) => {
      near(value, expected[i], `decoded ${i}`);
    });

    for (let i = 0; i < 60; i++) await session.run(step);
    const losses = Array.from((await session.run(loss)).data as Float32Array);
    assert.ok(
      losses.every((value) => value < 0.5),
      String(losses),
    );
    assert.equal((await session.run(greedy.values)).array(), [0, 1, 1]);
  });
}

networks.run();
