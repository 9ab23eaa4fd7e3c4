/** Generated pools and their gradients: windows apart and overlapping, paddings, dimensions of one to three, NaN. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { emit, emitOne } from '../../src/ops/emit.ts';
import { seed } from '../support/arbitraries.ts';
import { family, floats, special } from '../support/codegen.ts';

const test = suite('codegen/pools');
const check = family(test);
const int = (min: number, max: number) => fc.integer({ min, max });
const pair = (min: number, max: number) => fc.tuple(int(min, max), int(min, max));

const image = fc.record({
  batch: int(1, 3),
  window: pair(1, 5),
  more: fc.oneof({ weight: 3, arbitrary: pair(0, 7) }, { weight: 1, arbitrary: fc.tuple(int(0, 3), int(8, 35)) }),
  channels: fc.oneof({ weight: 3, arbitrary: int(1, 5) }, { weight: 1, arbitrary: int(6, 13) }),
  strides: pair(1, 5),
  /** Whether windows touch each other: the strides are their sizes. */
  isApart: fc.boolean(),
  padding: fc.constantFrom('SAME' as const, 'VALID' as const),
  special,
  /** Whether there are few different numbers, so that windows have several greatest ones. */
  isTied: fc.boolean(),
  seed,
});
type Image = typeof image extends fc.Arbitrary<infer T> ? T : never;

function values(of: Image, shape: readonly number[]): tf.NdArray {
  const array = floats(shape, of.seed, of.special);
  return of.isTied ? new tf.NdArray(tf.float32, shape, (array.data as Float32Array).map(Math.round)) : array;
}
const shapeOf = (of: Image) => [of.batch, of.window[0] + of.more[0], of.window[1] + of.more[1], of.channels];
const stridesOf = (of: Image) => (of.isApart ? of.window : of.strides);

check('greatest numbers of windows, with the gradient', 70, image, (of) => ({
  inputs: [values(of, shapeOf(of))],
  build: (x) => tf.nn.maxPool(x, [1, ...of.window, 1], [1, ...stridesOf(of), 1], of.padding),
  gradients: true,
  kernels: 2,
  cpu: of.special === 0 && !of.isTied,
}));

check('numbers below zero, whose padding is not greater', 15, image, (of) => ({
  inputs: [floats(shapeOf(of), of.seed)],
  build: (x) => tf.nn.maxPool(tf.subtract(x, 5), [1, ...of.window, 1], [1, ...stridesOf(of), 1], of.padding),
  gradients: true,
  cpu: false,
}));

check('means of windows, with the gradient', 50, image, (of) => ({
  inputs: [values(of, shapeOf(of))],
  build: (x) => tf.nn.avgPool(x, [1, ...of.window, 1], [1, ...stridesOf(of), 1], of.padding),
  gradients: true,
  kernels: 2,
  cpu: of.special === 0,
}));

check('images with channels first', 15, image, (of) => ({
  inputs: [floats([of.batch, of.channels, ...shapeOf(of).slice(1, 3)], of.seed)],
  build: (x) => [
    tf.nn.maxPool(x, [1, 1, ...of.window], [1, 1, ...stridesOf(of)], of.padding, { dataFormat: 'NCHW' }),
    tf.nn.avgPool(x, [1, 1, ...of.window], [1, 1, ...stridesOf(of)], of.padding, { dataFormat: 'NCHW' }),
  ],
  gradients: true,
  kernels: 4,
}));

check(
  'pools of volumes, with the gradients',
  25,
  fc.record({ of: image, depth: int(1, 3), more: int(0, 2) }),
  ({ of, depth, more }) => {
    const [batch, height, width, channels] = shapeOf({ ...of, more: [of.more[0] % 4, of.more[1] % 5] });
    const [ksize, strides] = [
      [1, depth, ...of.window, 1],
      [1, of.isApart ? depth : 1, ...stridesOf(of), 1],
    ];
    return {
      inputs: [values(of, [batch, depth + more, height, width, channels])],
      build: (x) => [tf.nn.maxPool3d(x, ksize, strides, of.padding), tf.nn.avgPool3d(x, ksize, strides, of.padding)],
      gradients: true,
      kernels: 4,
      cpu: of.special === 0,
    };
  },
);

check('volumes with channels first', 8, fc.record({ of: image, depth: int(1, 3) }), ({ of, depth }) => {
  const [batch, height, width, channels] = shapeOf({ ...of, more: [of.more[0] % 4, of.more[1] % 5] });
  const attrs = [[1, 1, depth, ...of.window], [1, 1, 1, ...stridesOf(of)], of.padding] as const;
  return {
    inputs: [values({ ...of, special: 0 }, [batch, channels, depth + 1, height, width])],
    build: (x) => [
      tf.nn.maxPool3d(x, ...attrs, { dataFormat: 'NCDHW' }),
      tf.nn.avgPool3d(x, ...attrs, { dataFormat: 'NCDHW' }),
    ],
    gradients: true,
    kernels: 4,
  };
});

check(
  'gradients of the gradients of greatest numbers',
  40,
  fc.record({ of: image, isVolume: fc.boolean() }),
  (given) => {
    const { of, isVolume } = given;
    const [batch, ...sizes] = shapeOf(isVolume ? { ...of, more: [of.more[0] % 4, of.more[1] % 5] } : of);
    const [shape, window, strides] = isVolume
      ? [
          [batch, 3, ...sizes],
          [2, ...of.window],
          [of.isApart ? 2 : 1, ...stridesOf(of)],
        ]
      : [[batch, ...sizes], of.window, stridesOf(of)];
    const pool = isVolume ? tf.nn.maxPool3d : tf.nn.maxPool;
    return {
      inputs: [values(of, shape), floats(shape, of.seed + 1, of.special)],
      build: (x, back) => {
        const y = pool(x, [1, ...window, 1], [1, ...strides, 1], of.padding);
        const attrs = { ksize: [1, ...window, 1], strides: [1, ...strides, 1], padding: of.padding };
        return emitOne(isVolume ? 'MaxPool3DGradGrad' : 'MaxPoolGradGrad', [x, y, back], attrs, 'second');
      },
      kernels: 2,
      cpu: false,
    };
  },
);

check(
  'greatest numbers with their places, and the gradient by these',
  50,
  fc.record({ of: image, isOverall: fc.boolean(), type: fc.constantFrom(tf.int32, tf.int64) }),
  ({ of, isOverall, type }) => ({
    inputs: [values(of, shapeOf(of))],
    build: (x) => {
      const sizes = { ksize: [1, ...of.window, 1], strides: [1, ...stridesOf(of), 1], padding: of.padding };
      const attrs = { ...sizes, include_batch_in_index: isOverall, Targmax: type };
      return emit('MaxPoolWithArgmax', [x], attrs, 'pool').outputs;
    },
    gradients: true,
    kernels: 2,
    cpu: false,
  }),
);

check('windows that are told by tensors', 8, image, (of) => ({
  inputs: [values(of, shapeOf(of))],
  build: (x) => {
    const sizes = [...of.window].map((size, i) => [size, stridesOf(of)[i]]);
    const [ksize, strides] = [0, 1].map((k) => tf.constant([1, sizes[0][k], sizes[1][k], 1], { dtype: tf.int32 }));
    return emitOne('MaxPoolV2', [x, ksize, strides], { padding: of.padding }, 'pool');
  },
  gradients: true,
  kernels: 2,
  cpu: false,
}));

check(
  'greatest numbers of windows with paddings of their own, with the gradient',
  20,
  fc.record({ of: image, before: pair(0, 4), after: pair(0, 4) }),
  ({ of, before, after }) => {
    const pads = [0, 1].flatMap((k) => [Math.min(before[k], of.window[k] - 1), Math.min(after[k], of.window[k] - 1)]);
    const attrs = { ksize: [1, ...of.window, 1], strides: [1, ...stridesOf(of), 1], padding: 'EXPLICIT' };
    return {
      inputs: [values(of, shapeOf(of))],
      build: (x) => emitOne('MaxPool', [x], { ...attrs, explicit_paddings: [0, 0, ...pads, 0, 0] }, 'pool'),
      gradients: true,
      cpu: false,
    };
  },
);

check(
  'windows of hundreds of places, as those over whole sequences',
  4,
  fc.record({ channels: int(1, 5), seed }),
  (of) => ({
    inputs: [floats([2, 1, 1100, of.channels], of.seed)],
    build: (x) => [
      tf.nn.maxPool(x, [1, 1, 1100, 1], [1, 1, 1100, 1], 'VALID'),
      tf.nn.avgPool(x, [1, 1, 550, 1], [1, 1, 550, 1], 'VALID'),
    ],
    gradients: true,
  }),
);

check(
  'a convolution, its activation and a pool, with all gradients',
  25,
  fc.record({ of: image, filters: int(1, 9) }),
  ({ of, filters }) => ({
    inputs: [
      floats(shapeOf(of), of.seed),
      floats([3, 3, of.channels, filters], of.seed + 1),
      floats([filters], of.seed),
    ],
    build: (x, w, b) => {
      const y = tf.nn.relu(tf.nn.biasAdd(tf.nn.conv2d(x, w, { strides: [1, 1, 1, 1], padding: 'SAME' }), b));
      return tf.nn.maxPool(y, [1, ...of.window, 1], [1, ...stridesOf(of), 1], of.padding);
    },
    gradients: true,
    cpu: false,
  }),
);

test.run();
