/** Generated convolutions and their gradients: strides, dilations, paddings, layouts, any number of channels. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { seed } from '../support/arbitraries.ts';
import { family, floats, special } from '../support/codegen.ts';

const test = suite('codegen/convolutions');
const check = family(test);
const int = (min: number, max: number) => fc.integer({ min, max });
const pair = (min: number, max: number) => fc.tuple(int(min, max), int(min, max));

/** Numbers of channels: few, and those around multiples of four. */
const channels = fc.oneof({ weight: 3, arbitrary: int(1, 5) }, { weight: 1, arbitrary: int(6, 13) });
const image = fc.record({
  batch: int(1, 3),
  window: pair(1, 4),
  /** How many places an image is longer than the window. */
  more: fc.oneof({ weight: 3, arbitrary: pair(0, 6) }, { weight: 1, arbitrary: fc.tuple(int(0, 3), int(7, 33)) }),
  input: channels,
  output: channels,
  strides: pair(1, 3),
  dilations: pair(1, 3),
  isDilated: fc.boolean(),
  padding: fc.constantFrom('SAME' as const, 'VALID' as const),
  special,
  seed,
});

const spread = (window: number, dilation: number) => (window - 1) * dilation + 1;
type Image = typeof image extends fc.Arbitrary<infer T> ? T : never;

/** Strides and dilations, of which only one may be more than 1. */
function steps({ strides, dilations, isDilated }: Image): readonly [strides: number[], dilations: number[]] {
  return isDilated ? [[1, 1], dilations] : [strides, [1, 1]];
}
function sizes(of: Image): [number, number] {
  const [, d] = steps(of);
  return [spread(of.window[0], d[0]) + of.more[0], spread(of.window[1], d[1]) + of.more[1]];
}

check('convolutions of images, with both gradients', 60, image, (of) => {
  const [s, d] = steps(of);
  return {
    inputs: [
      floats([of.batch, ...sizes(of), of.input], of.seed, of.special),
      // What is not finite here meets the zeros of a padding, where TensorFlow's own kernels differ from each other.
      floats([...of.window, of.input, of.output], of.seed + 1),
    ],
    build: (x, w) => tf.nn.conv2d(x, w, { strides: [1, ...s, 1], padding: of.padding, dilations: [1, ...d, 1] }),
    gradients: true,
    kernels: 3,
  };
});

check('convolutions without padding of filters that are not finite', 15, image, (of) => ({
  inputs: [
    floats([of.batch, ...sizes(of), of.input], of.seed, 0.02),
    floats([...of.window, of.input, of.output], of.seed + 1, 0.02),
  ],
  build: (x, w) => tf.nn.conv2d(x, w, { strides: [1, ...steps(of)[0], 1], padding: 'VALID' }),
}));

check(
  'convolutions with paddings of their own, with both gradients',
  30,
  fc.record({ of: image, before: pair(0, 4), after: pair(0, 4) }),
  ({ of, before, after }) => {
    const [s, d] = steps(of);
    const padding = [
      [0, 0],
      [before[0], after[0]],
      [before[1], after[1]],
      [0, 0],
    ];
    return {
      inputs: [
        floats([of.batch, ...sizes(of), of.input], of.seed),
        floats([...of.window, of.input, of.output], of.seed + 1),
      ],
      build: (x, w) =>
        tf.nn.conv2d(x, w, { strides: [1, ...s, 1], padding: padding as never, dilations: [1, ...d, 1] }),
      gradients: true,
      cpu: false,
    };
  },
);

check('images with channels first, bias and activation, with the gradients', 20, image, (of) => {
  const [s, d] = steps(of);
  return {
    inputs: [
      floats([of.batch, of.input, ...sizes(of)], of.seed),
      floats([...of.window, of.input, of.output], of.seed + 1),
      floats([of.output], of.seed + 2),
    ],
    build: (x, w, b) => {
      const y = tf.nn.conv2d(x, w, {
        strides: [1, 1, ...s],
        padding: of.padding,
        dilations: [1, 1, ...d],
        dataFormat: 'NCHW',
      });
      return [y, tf.nn.relu(tf.nn.biasAdd(y, b, 'NCHW'))];
    },
    gradients: true,
  };
});

check('bias and activation after a convolution, with the gradients', 25, image, (of) => ({
  inputs: [
    floats([of.batch, ...sizes(of), of.input], of.seed),
    floats([...of.window, of.input, of.output], of.seed + 1),
    floats([of.output], of.seed + 2),
  ],
  constants: of.isDilated ? [1, 2] : [],
  build: (x, w, b) =>
    tf.nn.relu(tf.nn.biasAdd(tf.nn.conv2d(x, w, { strides: [1, ...of.strides, 1], padding: of.padding }), b)),
  gradients: true,
}));

check('transposed convolutions, with both gradients', 30, image, (of) => {
  const out = sizes({ ...of, isDilated: false });
  const small = out.map((n, k) =>
    of.padding === 'SAME' ? Math.ceil(n / of.strides[k]) : Math.ceil((n - of.window[k] + 1) / of.strides[k]),
  );
  return {
    inputs: [
      floats([of.batch, ...small, of.output], of.seed),
      floats([...of.window, of.input, of.output], of.seed + 1),
    ],
    build: (y, w) =>
      tf.nn.conv2dTranspose(y, w, [of.batch, ...out, of.input], [1, ...of.strides, 1], { padding: of.padding }),
    gradients: true,
    kernels: 3,
  };
});

check(
  'convolutions of each channel, with both gradients',
  40,
  fc.record({ of: image, multiplier: int(1, 5) }),
  ({ of, multiplier }) => {
    const stride = of.isDilated ? 1 : of.strides[0];
    const [, d] = steps(of);
    return {
      inputs: [
        floats([of.batch, ...sizes(of), of.input], of.seed),
        floats([...of.window, of.input, multiplier], of.seed + 1),
      ],
      build: (x, w) => tf.nn.depthwiseConv2d(x, w, [1, stride, stride, 1], of.padding, { rate: d }),
      gradients: true,
      kernels: of.isDilated ? 1 : 3,
    };
  },
);

check('convolutions of each channel, channels first', 15, fc.record({ of: image, multiplier: int(1, 3) }), (given) => {
  const { of, multiplier } = given;
  const stride = of.strides[0];
  return {
    inputs: [
      floats([of.batch, of.input, ...sizes({ ...of, isDilated: false })], of.seed),
      floats([...of.window, of.input, multiplier], of.seed + 1),
    ],
    build: (x, w) => tf.nn.depthwiseConv2d(x, w, [1, 1, stride, stride], of.padding, { dataFormat: 'NCHW' }),
    gradients: true,
    kernels: 3,
    cpu: false,
  };
});

check('convolutions of sequences, with both gradients', 15, image, (of) => ({
  inputs: [
    floats([of.batch, of.window[0] + of.more[1], of.input], of.seed),
    floats([of.window[0], of.input, of.output], of.seed + 1),
  ],
  build: (x, w) => tf.nn.conv1d(x, w, of.strides[0], of.padding),
  gradients: true,
  kernels: 3,
}));

check(
  'convolutions of volumes, with both gradients',
  25,
  fc.record({ of: image, depth: int(1, 3), more: int(0, 3), stride: int(1, 2) }),
  ({ of, depth, more, stride }) => {
    const [height, width] = sizes({ ...of, isDilated: false, more: [of.more[0] % 3, of.more[1] % 5] });
    return {
      inputs: [
        floats([of.batch, depth + more, height, width, of.input % 6 || 1], of.seed),
        floats([depth, ...of.window, of.input % 6 || 1, of.output % 7 || 1], of.seed + 1),
      ],
      build: (x, w) => tf.nn.conv3d(x, w, { strides: [1, stride, ...of.strides, 1], padding: of.padding }),
      gradients: true,
      kernels: 3,
    };
  },
);

test.run();
