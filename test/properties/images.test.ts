/** Properties of images: sizes, crops, patches, colours, and pools of drawn windows. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { floats, seed } from '../support/arbitraries.ts';
import { family } from '../support/properties.ts';

const test = suite('properties/images');
const check = family(test);

const extent = fc.integer({ min: 1, max: 5 });
const images = fc.record({
  of: fc.tuple(fc.integer({ min: 0, max: 2 }), extent, extent, fc.integer({ min: 1, max: 3 })),
  to: fc.tuple(extent, extent),
  flag: fc.boolean(),
  seed,
});

check('images of other sizes', 8, images, ({ of, to, flag, seed: from }) => ({
  inputs: [floats(of, from)],
  build: ([x]) => [
    tf.image.resizeBilinear(x, to, { alignCorners: flag }),
    tf.image.resizeBicubic(x, to, { halfPixelCenters: flag }),
    tf.image.resizeArea(x, to),
  ],
  // Results are of float32, whatever the images are of: too coarse for differences.
}));

check('nearest neighbors, flips, crops and pads', 8, images, ({ of, to, flag, seed: from }) => ({
  inputs: [floats(of, from)],
  build: ([x]) => [
    tf.image.resizeNearestNeighbor(x, to, { alignCorners: flag }),
    flag ? tf.image.flipLeftRight(x) : tf.image.flipUpDown(x),
    tf.image.resizeImageWithCropOrPad(x, ...to),
  ],
  smooth: of[0] > 0,
  // What the sizes are, the functions ask when they build.
  unknown: false,
}));

check('colours there and back', 5, images, ({ of: [batch, height, width], seed: from }) => ({
  inputs: [floats([batch, height, width, 3], from)],
  build: ([x]) => [tf.image.rgbToGrayscale(tf.square(x)), tf.image.rgbToYuv(x), tf.image.adjustBrightness(x, 0.25)],
  unknown: false,
}));

check(
  'pools of drawn windows',
  10,
  fc.record({
    size: fc.tuple(fc.integer({ min: 3, max: 9 }), fc.integer({ min: 3, max: 9 })),
    ratios: fc.tuple(fc.double({ min: 1, max: 3, noNaN: true }), fc.double({ min: 1, max: 3, noNaN: true })),
    pseudoRandom: fc.boolean(),
    overlapping: fc.boolean(),
    seed,
  }),
  ({ size, ratios, pseudoRandom, overlapping, seed: from }) => ({
    inputs: [floats([2, ...size, 2], from)],
    build: ([x]) => {
      const how = { pseudoRandom, overlapping, deterministic: true, seed: from % 1000, seed2: 7 };
      const [most, rows] = tf.nn.fractionalMaxPool(x, [1, ...ratios, 1], how);
      const [mean, , columns] = tf.nn.fractionalAvgPool(x, [1, ...ratios, 1], how);
      return [most, mean, rows, columns];
    },
    smooth: true,
  }),
);

test.run();
