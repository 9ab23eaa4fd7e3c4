/** Generated kernels that resize images, and their gradients: nearest and bilinear, all ways in which pixels lie over pixels. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { emitOne } from '../../src/ops/emit.ts';
import { seed } from '../support/arbitraries.ts';
import { family, floats, special } from '../support/codegen.ts';

const test = suite('codegen/resize');
const check = family(test);
const int = (min: number, max: number) => fc.integer({ min, max });
const side = fc.oneof({ weight: 3, arbitrary: int(1, 7) }, { weight: 1, arbitrary: int(8, 40) });

const image = fc.record({
  batch: int(1, 3),
  from: fc.tuple(side, side),
  to: fc.tuple(side, side),
  channels: fc.oneof({ weight: 3, arbitrary: int(1, 5) }, { weight: 1, arbitrary: int(6, 13) }),
  centers: fc.constantFrom<readonly [boolean, boolean]>([false, false], [true, false], [false, true]),
  special,
  seed,
});
type Image = typeof image extends fc.Arbitrary<infer T> ? T : never;

const resized = (of: Image, type: string, x: tf.Tensor) => {
  const [align_corners, half_pixel_centers] = of.centers;
  const size = tf.constant([...of.to], { dtype: tf.int32 });
  return emitOne(type, [x, size], { align_corners, half_pixel_centers }, 'resized');
};

for (const type of ['ResizeNearestNeighbor', 'ResizeBilinear']) {
  check(`${type}, with the gradient`, 70, image, (of) => ({
    inputs: [floats([of.batch, ...of.from, of.channels], of.seed, of.special)],
    build: (x) => resized(of, type, x),
    gradients: true,
    kernels: 2,
    cpu: false,
  }));

  check(
    `${type} by whole numbers, as before and behind of convolutions`,
    12,
    fc.record({ of: image, by: fc.tuple(int(1, 4), int(1, 4)), isSmaller: fc.boolean() }),
    ({ of, by, isSmaller }) => {
      const large = of.from.map((size, i) => size * by[i]) as [number, number];
      const [from, to] = isSmaller ? [large, of.from] : [of.from, large];
      return {
        inputs: [floats([of.batch, ...from, of.channels], of.seed)],
        build: (x) => resized({ ...of, to }, type, x),
        gradients: true,
        kernels: 2,
        cpu: false,
      };
    },
  );
}

test.run();
