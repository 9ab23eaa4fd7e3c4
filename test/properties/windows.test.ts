/** Properties of convolutions and pools: windows, strides, dilations, padding. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { floats, seed } from '../support/arbitraries.ts';
import { family } from '../support/properties.ts';

const test = suite('properties/windows');
const check = family(test);
const int = (min: number, max: number) => fc.integer({ min, max });
const padding = fc.constantFrom('SAME', 'VALID');

/** Height and width are long enough for a window with VALID padding. */
const image = fc.record({
  batch: int(1, 3),
  window: fc.tuple(int(1, 3), int(1, 3)),
  more: fc.tuple(int(0, 4), int(0, 4)),
  channels: fc.tuple(int(1, 3), int(1, 4)),
  strides: fc.tuple(int(1, 3), int(1, 3)),
  dilations: fc.tuple(int(1, 2), int(1, 2)),
  dilated: fc.boolean(),
  padding,
  seed,
});

const size = (window: number, dilation: number, more: number) => (window - 1) * dilation + 1 + more;

check(
  'convolutions of images',
  15,
  image,
  ({ batch, window, more, channels, strides, dilations, dilated, padding: p, seed: from }) => {
    const [s, d] = dilated ? [[1, 1], dilations] : [strides, [1, 1]];
    return {
      inputs: [
        floats([batch, size(window[0], d[0], more[0]), size(window[1], d[1], more[1]), channels[0]], from),
        floats([...window, ...channels], from + 1),
      ],
      build: ([x, w]) => tf.nn.conv2d(x, w, { strides: [1, ...s, 1], padding: p, dilations: [1, ...d, 1] }),
      smooth: true,
    };
  },
);

check('depthwise convolutions', 10, image, ({ batch, window, more, channels, strides, padding: p, seed: from }) => ({
  inputs: [
    floats([batch, size(window[0], 1, more[0]), size(window[1], 1, more[1]), channels[0]], from),
    floats([...window, channels[0], 2], from + 1),
  ],
  build: ([x, w]) => tf.nn.depthwiseConv2d(x, w, [1, strides[0], strides[0], 1], p),
  smooth: true,
}));

check('convolutions of sequences', 7, image, ({ batch, window, more, channels, strides, padding: p, seed: from }) => ({
  inputs: [floats([batch, size(window[0], 1, more[0]), channels[0]], from), floats([window[0], ...channels], from + 1)],
  build: ([x, w]) => tf.nn.conv1d(x, w, strides[0], p),
  smooth: true,
}));

check('transposed convolutions', 10, image, ({ batch, window, more, channels, strides, padding: p, seed: from }) => {
  const out = [0, 1].map((k) => size(window[k], 1, more[k]));
  const small = out.map((n, k) =>
    p === 'SAME' ? Math.ceil(n / strides[k]) : Math.ceil((n - window[k] + 1) / strides[k]),
  );
  return {
    inputs: [floats([batch, ...small, channels[1]], from), floats([...window, ...channels], from + 1)],
    build: ([y, w]) => tf.nn.conv2dTranspose(y, w, [batch, ...out, channels[0]], [1, ...strides, 1], { padding: p }),
    smooth: true,
  };
});

check('pools', 15, image, ({ batch, window, more, channels, strides, padding: p, seed: from }) => ({
  inputs: [floats([batch, size(window[0], 1, more[0]), size(window[1], 1, more[1]), channels[0]], from)],
  build: ([x]) => [
    tf.nn.maxPool(x, [1, ...window, 1], [1, ...strides, 1], p),
    tf.nn.avgPool(x, [1, ...window, 1], [1, ...strides, 1], p),
  ],
  smooth: true,
}));

check('convolutions and pools of volumes', 6, image, ({ window, more, channels, strides, padding: p, seed: from }) => {
  const volume = [1, ...[window[0], window[1], 2].map((w, k) => size(w, 1, (more[k] ?? 1) % 3)), channels[0]];
  return {
    inputs: [floats(volume, from), floats([...window, 2, ...channels], from + 1)],
    build: ([x, w]) => [
      tf.nn.conv3d(x, w, { strides: [1, strides[0], strides[1], 1, 1], padding: p }),
      tf.nn.avgPool3d(x, [1, ...window, 2, 1], [1, 1, 1, 1, 1], p),
    ],
    smooth: true,
  };
});

check(
  'convolution, bias, activation and pool in a row',
  7,
  image,
  ({ batch, window, more, channels, strides, padding: p, seed: from }) => ({
    inputs: [
      floats([batch, size(window[0], 1, more[0] + 1), size(window[1], 1, more[1] + 1), channels[0]], from),
      floats([...window, ...channels], from + 1),
      floats([channels[1]], from + 2),
    ],
    build: ([x, w, b]) => {
      const y = tf.nn.relu(tf.nn.biasAdd(tf.nn.conv2d(x, w, { strides: [1, 1, 1, 1], padding: p }), b));
      return tf.nn.avgPool(tf.tanh(y), [1, 2, 2, 1], [1, ...strides, 1], 'SAME');
    },
  }),
);

test.run();
