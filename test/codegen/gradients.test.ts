/** Gradients that generated kernels compute, against differences of the losses that they compute. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { floats } from '../support/codegen.ts';
import { leakChecked } from '../support/leaks.ts';

const test = suite('codegen/gradients');
const check = leakChecked(test);

/** A loss without kinks, of a few inputs. */
interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly loss: (...inputs: tf.Tensor[]) => tf.Tensor;
}

const average = (x: tf.Tensor) => tf.reduceMean(tf.square(tf.tanh(x)));

const cases: Readonly<Record<string, Case>> = {
  'two dense layers and a cross entropy': {
    shapes: [[9, 13], [13, 7], [7], [7, 5]],
    loss: (x, w1, b, w2) => {
      const h = tf.tanh(tf.nn.biasAdd(tf.matmul(x, w1), b));
      const ids = tf.constant([0, 1, 2, 3, 4, 3, 2, 1, 0], tf.int32);
      return tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: ids, logits: tf.matmul(h, w2) }));
    },
  },
  'a convolution with strides and padding, and means of windows': {
    shapes: [
      [2, 9, 8, 3],
      [3, 2, 3, 5],
    ],
    loss: (x, w) => {
      const y = tf.nn.conv2d(x, w, { strides: [1, 2, 1, 1], padding: 'SAME' });
      return average(tf.nn.avgPool(y, [1, 2, 3, 1], [1, 1, 1, 1], 'VALID'));
    },
  },
  'a dilated convolution': {
    shapes: [
      [1, 11, 10, 2],
      [3, 3, 2, 6],
    ],
    loss: (x, w) => average(tf.nn.conv2d(x, w, { strides: [1, 1, 1, 1], padding: 'VALID', dilations: [1, 2, 3, 1] })),
  },
  'a transposed convolution': {
    shapes: [
      [2, 4, 3, 5],
      [3, 3, 2, 5],
    ],
    loss: (y, w) => average(tf.nn.conv2dTranspose(y, w, [2, 8, 6, 2], [1, 2, 2, 1])),
  },
  'a convolution of each channel': {
    shapes: [
      [2, 6, 7, 3],
      [3, 3, 3, 2],
    ],
    loss: (x, w) => average(tf.nn.depthwiseConv2d(x, w, [1, 2, 2, 1], 'SAME')),
  },
  'a convolution of volumes': {
    shapes: [
      [1, 4, 5, 5, 2],
      [2, 3, 2, 2, 3],
    ],
    loss: (x, w) => average(tf.nn.conv3d(x, w, { strides: [1, 1, 2, 1, 1], padding: 'SAME' })),
  },
  'normal rows, softmax and products of batches': {
    shapes: [
      [2, 3, 5, 4],
      [3, 4, 6],
    ],
    loss: (x, w) => {
      const [mean, variance] = tf.nn.moments(x, [3], { keepDims: true });
      const normal = tf.divide(tf.subtract(x, mean), tf.sqrt(tf.add(variance, 0.1)));
      return average(tf.matmul(tf.nn.softmax(normal), w));
    },
  },
};

/** A direction, and values moved along it. */
function moved(value: tf.NdArray, by: number): tf.NdArray {
  const along = floats(value.shape, 99).data as Float32Array;
  return new tf.NdArray(
    tf.float32,
    value.shape,
    (value.data as Float32Array).map((x, i) => x + by * along[i]),
  );
}

for (const [name, { shapes, loss }] of Object.entries(cases)) {
  check(`${name}: the gradient along a direction is the difference of the losses`, async () => {
    const xs = shapes.map((shape) => tf.placeholder(tf.float32, shape));
    const y = loss(...xs);
    const gradients = tf.gradients([y], xs) as tf.Tensor[];
    const values = shapes.map((shape, i) => {
      const array = floats(shape, 5 + i);
      return new tf.NdArray(
        tf.float32,
        shape,
        (array.data as Float32Array).map((x) => x / 2),
      );
    });
    using session = new tf.Session({ config: { backend: 'wasm' } });
    await session.ready();
    const feed = (by: number) => xs.map((x, i) => [x, moved(values[i], by)] as const);
    for (const [k, x] of xs.entries()) {
      const [gradient] = session.runSync([gradients[k]], { feedDict: feed(0) }) as tf.NdArray[];
      const along = floats(shapes[k], 99).data as Float32Array;
      const found = (gradient.data as Float32Array).reduce((sum, g, i) => sum + g * along[i], 0);
      const at = (by: number) => {
        const feeds = xs.map((each, i) => [each, moved(values[i], each === x ? by : 0)] as const);
        return Number(session.runSync(y, { feedDict: feeds }));
      };
      const step = 2e-2;
      const expected = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      assert.ok(Math.abs(found - expected) <= 1e-4 + 2e-3 * Math.abs(expected), `input ${k}: ${found} for ${expected}`);
    }
  });
}

test.run();
