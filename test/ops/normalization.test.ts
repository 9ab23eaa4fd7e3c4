/**
 * Batch normalisation: formats, decompositions, second derivatives; moments of halves; arguments. Values of TensorFlow are
 * in `goldens.test.ts` and `nn-goldens.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as nn from '../../src/nn.ts';
import { emit } from '../../src/ops/emit.ts';
import * as tf from '../../src/ops/index.ts';
import { float16, float32, float64, int32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { difference } from '../support/compare.ts';
import { decomposed } from '../support/decomposed.ts';
import { evaluate, interpret, runOp } from '../support/interpret.ts';

type Shape = readonly number[];
const size = (shape: Shape) => shape.reduce((a, b) => a * b, 1);
function spread(shape: Shape, seed = 1, shift = 0): NdArray {
  const data = Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(seed + 2.3 * i + 0.1 * i * i) + shift);
  return new NdArray(float32, shape, data);
}
const ints = (values: Shape) => new NdArray(int32, [values.length], Int32Array.from(values));
const CLOSE = { relative: 1e-4, absolute: 1e-5 };

/** The inputs of each forward op on this image, and of its gradient. */
function inputsFor(training: boolean, shape: Shape, channels: number): readonly NdArray[] {
  const none = new NdArray(float32, [0], new Float32Array(0));
  const moments = training ? [none, none] : [spread([channels], 4), spread([channels], 5, 1.5)];
  return [spread(shape), spread([channels], 2, 1), spread([channels], 3), ...moments];
}

const versions = ['', 'V2', 'V3'];
const test = suite('ops/normalization');

test('decompositions give what the host kernels give', () => {
  for (const version of versions) {
    for (const training of [true, false]) {
      for (const format of ['NHWC', 'NCHW']) {
        const shape = format === 'NHWC' ? [2, 3, 2, 4] : [2, 4, 3, 2];
        const inputs = inputsFor(training, shape, 4);
        const attrs = { is_training: training, data_format: format, epsilon: 0.01 };
        const title = `FusedBatchNorm${version} ${format} ${training ? 'training' : 'inference'}`;
        const host = runOp(`FusedBatchNorm${version}`, inputs, attrs);
        decomposed(`FusedBatchNorm${version}`, inputs, attrs).forEach((found, i) => {
          assert.is(difference(found, host[i], CLOSE), null, `${title}, output ${i}`);
        });
        const reserves = training ? host.slice(3, 5) : inputs.slice(3, 5);
        const given = [spread(shape, 9), inputs[0], inputs[1], ...reserves, ...host.slice(5)];
        const gradient = runOp(`FusedBatchNormGrad${version}`, given, attrs);
        decomposed(`FusedBatchNormGrad${version}`, given, attrs).forEach((found, i) => {
          assert.is(difference(found, gradient[i], CLOSE), null, `${title}, gradient ${i}`);
        });
      }
    }
  }
});

test('NCHW and five axes are NHWC in another order', () => {
  const inputs = inputsFor(true, [2, 3, 2, 4], 4);
  const plain = runOp('FusedBatchNormV3', inputs, { epsilon: 0.01 });
  const moved = runOp('Transpose', [inputs[0], ints([0, 3, 1, 2])])[0];
  const nchw = runOp('FusedBatchNormV3', [moved, ...inputs.slice(1)], { epsilon: 0.01, data_format: 'NCHW' });
  assert.is(difference(runOp('Transpose', [nchw[0], ints([0, 2, 3, 1])])[0], plain[0], CLOSE), null);
  const wide = runOp('FusedBatchNormV3', [inputs[0].reshape([2, 1, 3, 2, 4]), ...inputs.slice(1)], {
    epsilon: 0.01,
    data_format: 'NDHWC',
  });
  assert.is(difference(wide[0].reshape([2, 3, 2, 4]), plain[0], CLOSE), null);
});

test('the gradient and its own gradient agree with differences', () => {
  for (const training of [true, false]) {
    for (const format of ['NHWC', 'NCHW']) {
      const graph = new Graph();
      graph.asDefault(() => {
        const shape = format === 'NHWC' ? [2, 2, 1, 2] : [2, 2, 2, 1];
        const values = inputsFor(training, shape, 2);
        const x = tf.placeholder(float32, shape);
        const scale = tf.placeholder(float32, [2]);
        const offset = tf.constant(values[2]);
        const moments = training ? {} : { mean: tf.constant(values[3]), variance: tf.constant(values[4]) };
        const [y] = nn.fusedBatchNorm(x, scale, offset, {
          ...moments,
          isTraining: training,
          dataFormat: format,
          epsilon: 0.05,
        });
        const loss = tf.reduceSum(tf.multiply(tf.square(y), tf.constant(spread(shape, 6))));
        const first = gradients(loss, [x, scale]) as Tensor[];
        const objective = tf.addN(
          first.map((g, i) => tf.reduceSum(tf.multiply(g, tf.constant(spread(g.shape as Shape, i))))),
        );
        const second = gradients(objective, [x, scale]) as Tensor[];
        const feeds = new Map([
          [x, values[0]],
          [scale, values[1]],
        ]);
        const run = (t: Tensor, at = feeds) => interpret(graph.snapshot(), [t], { feeds: at })[0];
        for (const [function_, found] of [
          [loss, first],
          [objective, second],
        ] as const) {
          [x, scale].forEach((input, k) => {
            const analytic = run(found[k]).data as Float32Array;
            const data = (feeds.get(input) as NdArray).data as Float32Array;
            for (let i = 0; i < data.length; i++) {
              const moved = (by: number) => {
                const changed = data.slice();
                changed[i] += by;
                return run(
                  function_,
                  new Map([...feeds, [input, new NdArray(float32, input.shape as Shape, changed)]]),
                ).item() as number;
              };
              const numeric = (moved(1e-2) - moved(-1e-2)) / 2e-2;
              const allowed = 0.02 * (1 + Math.abs(numeric));
              assert.ok(
                Math.abs(analytic[i] - numeric) < allowed,
                `${training ? 'training' : 'inference'} ${format}, input ${k}, element ${i}: ${analytic[i]}, ${numeric}`,
              );
            }
          });
        }
      });
    }
  }
});

test('a half image keeps float32 moments', () => {
  new Graph().asDefault(() => {
    const x = tf.constant([[[[1]], [[3]]]], float16);
    const [y, mean] = nn.fusedBatchNorm(x, [1], [0]);
    assert.equal([y.dtype, mean.dtype], [float16, float32]);
    const [m, v] = nn.moments(x, [0, 1, 2]);
    assert.equal([m.dtype, evaluate(m).array(), evaluate(v).array()], [float16, [2], [1]]);
  });
});

test('arguments of fusedBatchNorm', () => {
  new Graph().asDefault(() => {
    const x = tf.placeholder(float32, [null, 2, 2, 3]);
    assert.throws(
      () => nn.fusedBatchNorm(x, [1, 1, 1], [0, 0, 0], { isTraining: false }),
      /^Both `mean` and `variance` must be a 1D tensor when `is_training` is False/,
    );
    assert.throws(() => nn.fusedBatchNorm(x, [1, 1], [0, 0]), /Dimensions must be equal, but are 3 and 2/);
    const [y, mean] = nn.fusedBatchNorm(x, [1, 1, 1], [0, 0, 0], { epsilon: 0 });
    assert.equal([y.shape, mean.shape], [[null, 2, 2, 3], [3]]);
    assert.is(y.op.getAttr('epsilon'), 1.001e-5);
  });
});

test('moments: axes, kept axes, a batch of unknown size', () => {
  new Graph().asDefault(() => {
    const x = tf.placeholder(float32, [null, 4, 5, 3]);
    assert.equal(
      nn.moments(x, [0, 1, 2]).map((t) => t.shape),
      [[3], [3]],
    );
    assert.equal(
      nn.moments(x, [1, 2], { keepdims: true }).map((t) => t.shape),
      [
        [null, 1, 1, 3],
        [null, 1, 1, 3],
      ],
    );
    assert.equal(
      nn
        .moments(
          [
            [1, 2],
            [3, 6],
          ],
          0,
        )
        .map((t) => evaluate(t).array()),
      [
        [2, 4],
        [1, 4],
      ],
    );
  });
});

test('normalizeMoments with a shift undoes it in the mean', () => {
  new Graph().asDefault(() => {
    // The numbers 11 and 13 less 10: two of them, sum 4, sum of squares 10.
    const [mean, variance] = nn.normalizeMoments(tf.constant(2), tf.constant(4), tf.constant(10), tf.constant(10));
    assert.equal([evaluate(mean).item(), evaluate(variance).item()], [12, 1]);
  });
});

test('batchNormalization without scale or offset; zeroFraction; float64', () => {
  new Graph().asDefault(() => {
    const x = tf.constant([1, 3], float64);
    const of = (scale: Tensor | null, offset: Tensor | null) =>
      evaluate(nn.batchNormalization(x, tf.constant(2, float64), tf.constant(4, float64), offset, scale, 0)).array();
    assert.equal(of(null, null), [-0.5, 0.5]);
    assert.equal(of(tf.constant(2, float64), null), [-1, 1]);
    assert.equal(of(null, tf.constant(1, float64)), [0.5, 1.5]);
    assert.is(evaluate(nn.zeroFraction([0, 1, 0, 2])).item(), 0.5);
    const y = emit('LRN', [tf.constant(spread([1, 1, 1, 3]))], {}).outputs[0];
    assert.equal(nn.localResponseNormalization(spread([1, 1, 1, 3])).shape, y.shape);
  });
});

test.run();
