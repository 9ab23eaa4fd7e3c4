/**
 * The functions of `tf.image` against real TensorFlow: the cases of `image.json` that name one, value and gradients, in
 * sessions. Values of single ops are in `goldens.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

const test = leakChecked(suite);

interface ApiCase {
  readonly id: string;
  readonly api?: string;
  readonly args: Readonly<Record<string, never>>;
  readonly inputs: readonly (GoldenArray & { readonly arg: string })[];
  readonly outputs: readonly GoldenArray[];
  readonly grad_weights?: readonly (GoldenArray | null)[];
  readonly grads?: readonly { readonly arg: string; readonly grad: GoldenArray | null }[];
}

type Build = (inputs: readonly tf.Tensor[], args: Record<string, never>) => tf.Tensor | readonly tf.Tensor[];

const text = readFileSync(new URL('../goldens/ops/image.json', import.meta.url), 'utf8');
const cases = (JSON.parse(text) as { cases: readonly ApiCase[] }).cases.filter((c) => c.api !== undefined);

const functions: Readonly<Record<string, Build>> = {
  adjust_brightness: ([x], { delta }) => tf.image.adjustBrightness(x, delta),
  adjust_contrast: ([x], { factor }) => tf.image.adjustContrast(x, factor),
  adjust_gamma: ([x], { gamma, gain }) => tf.image.adjustGamma(x, gamma, gain),
  adjust_hue: ([x], { delta }) => tf.image.adjustHue(x, delta),
  adjust_saturation: ([x], { f }) => tf.image.adjustSaturation(x, f),
  rgb_to_grayscale: ([x]) => tf.image.rgbToGrayscale(x),
  grayscale_to_rgb: ([x]) => tf.image.grayscaleToRgb(x),
  per_image_standardization: ([x]) => tf.image.perImageStandardization(x),
  flip_left_right: ([x]) => tf.image.flipLeftRight(x),
  flip_up_down: ([x]) => tf.image.flipUpDown(x),
  transpose_image: ([x]) => tf.image.transposeImage(x),
  rot90: ([x], { k }) => tf.image.rot90(x, k),
  central_crop: ([x], { f }) => tf.image.centralCrop(x, f),
  crop_to_bounding_box: ([x], { o }) => tf.image.cropToBoundingBox(x, o[0], o[1], o[2], o[3]),
  pad_to_bounding_box: ([x], { o }) => tf.image.padToBoundingBox(x, o[0], o[1], o[2], o[3]),
  resize_image_with_crop_or_pad: ([x], { o }) => tf.image.resizeImageWithCropOrPad(x, o[0], o[1]),
  total_variation: ([x]) => tf.image.totalVariation(x),
  rgb_to_yiq: ([x]) => tf.image.rgbToYiq(x),
  rgb_to_yuv: ([x]) => tf.image.rgbToYuv(x),
  yuv_to_rgb: ([x]) => tf.image.yuvToRgb(x),
  resize_images: ([x], { size, method }) => tf.image.resizeImages(x, size, method),
  image_gradients: ([x]) => tf.image.imageGradients(x),
  sobel_edges: ([x]) => tf.image.sobelEdges(x),
  psnr: ([a, b]) => tf.image.psnr(a, b, 1),
  ssim: ([a, b]) => tf.image.ssim(a, b, 1, { filterSize: 3 }),
  convert_image_dtype: ([x], { d, saturate }) => tf.image.convertImageDtype(x, d, { saturate }),
};

for (const c of cases) {
  // Shapes known, then unknown: what is checked while the graph is built, then in a run.
  for (const known of [true, false]) {
    test(`${c.id} ${c.api}, shapes ${known ? 'known' : 'unknown'}`, async () => {
      tf.resetDefaultGraph();
      const build = functions[(c.api as string).replace('tf.image.', '')];
      const feedDict: [tf.Tensor, tf.NdArray][] = c.inputs.map((golden) => {
        const value = fromGolden(golden);
        const shape = known ? value.shape : value.shape.map((d, i) => (i === value.rank - 1 ? d : null));
        return [tf.placeholder(value.dtype, shape), value];
      });
      const inputs = feedDict.map(([tensor]) => tensor);
      const built = build(inputs, c.args as Record<string, never>);
      const outputs = built instanceof tf.Tensor ? [built] : [...built];
      const grads = c.grads ?? [];
      const found =
        c.grads && c.grad_weights
          ? tf.gradients(outputs, [...inputs], {
              gradYs: c.grad_weights.map((w) => tf.constant(fromGolden(w as GoldenArray))),
            })
          : [];
      using session = new tf.Session();
      const values = await session.run(outputs, { feedDict });
      outputs.forEach((output, i) => {
        if (known) assert.equal(output.shape, c.outputs[i].shape, 'static shape');
        assert.is(difference(values[i] as tf.NdArray, fromGolden(c.outputs[i]), FORWARD), null);
      });
      for (const [i, { grad }] of grads.entries()) {
        if (grad === null) continue;
        const value = await session.run(tf.convertToTensor(found[i] as tf.Tensor), { feedDict });
        assert.is(difference(value, fromGolden(grad), GRADIENT), null, `gradient ${i}`);
      }
    });
  }
}

test('a PNG file of pixels has the pixels, and what is no image fails the run', async () => {
  tf.resetDefaultGraph();
  const pixels = [
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    [
      [7, 8, 9],
      [250, 251, 252],
    ],
  ];
  const image = tf.constant(pixels, tf.uint8);
  using session = new tf.Session();
  const read = await session.run(tf.image.decodePng(tf.image.encodePng(image)));
  assert.equal(read.array(), pixels);
  const gray = tf.image.decodePng(tf.image.encodePng(tf.constant([[[7], [9]]], tf.uint8)), { channels: 3 });
  assert.equal((await session.run(gray)).array(), [
    [
      [7, 7, 7],
      [9, 9, 9],
    ],
  ]);
  let message = '';
  await session.run(tf.image.decodeJpeg('not a jpeg')).catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, /Unknown image file format\. One of JPEG, JPEG XL, PNG, GIF, BMP, WebP required\./);
});

test('crops that do not fit fail when the graph is built, or in a run where sizes are unknown', async () => {
  tf.resetDefaultGraph();
  const x = tf.zeros([4, 5, 1]);
  assert.throws(() => tf.image.cropToBoundingBox(x, 3, 0, 2, 2), 'height must be >= target + offset.');
  assert.throws(() => tf.image.padToBoundingBox(x, 0, 0, 3, 9), 'height must be <= target - offset');
  assert.throws(() => tf.image.centralCrop(x, 0), 'central_fraction must be within (0, 1]');
  const unknown = tf.placeholder(tf.float32, [null, null, 1]);
  const zeros = Array.from({ length: 4 }, () => Array.from({ length: 5 }, () => [0]));
  const crop = tf.image.cropToBoundingBox(unknown, 3, 0, 2, 2);
  using session = new tf.Session();
  let message = '';
  await session.run(crop, { feedDict: [[unknown, zeros]] }).catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, /height must be >= target \+ offset\./);
});

test('random flips and adjustments stay within what was asked for', async () => {
  tf.resetDefaultGraph();
  tf.setRandomSeed(3);
  const x = tf.constant([[[1], [2]]]);
  const flipped = tf.image.randomFlipLeftRight(x, { seed: 1 });
  const brighter = tf.image.randomBrightness(x, 0.5, { seed: 2 });
  using session = new tf.Session();
  const seen = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const [a, b] = await session.run([flipped, brighter]);
    seen.add(JSON.stringify(a.array()));
    const moved = (b.data as Float32Array)[0] - 1;
    assert.ok(Math.abs(moved) <= 0.5);
  }
  assert.equal([...seen].sort(), ['[[[1],[2]]]', '[[[2],[1]]]']);
});

test('soft suppression lowers scores by overlaps, however great', async () => {
  tf.resetDefaultGraph();
  const boxes = [
    [0, 0, 1, 1],
    [0, 0.1, 1, 1.1],
    [0, 0.3, 1, 1.3],
    [0, 2, 1, 3],
    [0, 0.05, 1.02, 1],
  ];
  const scores = [0.9, 0.85, 0.8, 0.3, 0.7];
  using session = new tf.Session();
  const chosen = await session.run([...tf.image.nonMaxSuppressionWithScores(boxes, scores, 5, 0.9, 0.1, 0.5)]);
  assert.equal(chosen[0].array(), [0, 2, 3, 1, 4]);
  const expected = { dtype: 'float32', shape: [5], data: [0.9, 0.598646283, 0.3, 0.2790443, 0.10657329] };
  assert.is(difference(chosen[1], fromGolden(expected), FORWARD), null);
});

suite.run();
