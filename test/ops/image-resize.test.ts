/**
 * Resizing of images: the functions of `tf.image` against real TensorFlow, value and gradients, in sessions; shapes,
 * arguments, errors. Single ops are in `goldens.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

interface ApiCase {
  readonly id: string;
  readonly api?: string;
  readonly note?: string;
  readonly args: {
    readonly size: readonly number[];
    readonly method?: number | string;
    readonly align_corners?: boolean;
    readonly preserve_aspect_ratio?: boolean;
  };
  readonly inputs: readonly GoldenArray[];
  readonly outputs: readonly GoldenArray[];
  readonly grad_weights?: readonly GoldenArray[];
  readonly grads?: readonly { readonly grad: GoldenArray | null }[];
}

const cases = ['image', 'windows'].flatMap((group) => {
  const text = readFileSync(new URL(`../goldens/ops/${group}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { cases: ApiCase[] }).cases.filter((c) => c.api === 'tf.image.resize_images');
});

const uvu = suite('ops/image-resize');
const test = leakChecked(uvu);

for (const c of cases) {
  test(`${c.id} ${c.api} ${JSON.stringify(c.args)} ${c.note ?? ''}`, async () => {
    const value = fromGolden(c.inputs[0]);
    const x = tf.placeholder(value.dtype, value.shape);
    const { size, method, align_corners: alignCorners, preserve_aspect_ratio: preserveAspectRatio } = c.args;
    const y = tf.image.resizeImages(x, [...size], { method, alignCorners, preserveAspectRatio });
    const fetches = [y];
    if (c.grads?.[0]?.grad && c.grad_weights) {
      fetches.push(tf.gradients(y, [x], { gradYs: [tf.constant(fromGolden(c.grad_weights[0]))] })[0] as tf.Tensor);
    }
    using session = new tf.Session();
    const [found, gradient] = await session.run(fetches, { feedDict: [[x, value]] });
    assert.is(difference(found, fromGolden(c.outputs[0]), FORWARD), null);
    if (gradient) assert.is(difference(gradient, fromGolden(c.grads?.[0].grad as GoldenArray), GRADIENT), null);
  });
}

test('both names of the function are one, and the methods have the numbers of TensorFlow', () => {
  assert.is(tf.image.resize, tf.image.resizeImages);
  assert.equal({ ...tf.image.ResizeMethod }, { BILINEAR: 0, NEAREST_NEIGHBOR: 1, BICUBIC: 2, AREA: 3 });
});

test('shapes where sizes are not known', async () => {
  const x = tf.placeholder(tf.float32, [null, null, 4, 3]);
  assert.equal(tf.image.resizeImages(x, [5, 6]).shape, [null, 5, 6, 3]);
  assert.equal(tf.image.resizeBilinear(x, tf.placeholder(tf.int32, [2])).shape, [null, null, null, 3]);
  const twice = tf.multiply(tf.shape(x).slice({ start: 1, stop: 3 }), 2);
  const y = tf.image.resizeNearestNeighbor(x, twice);
  const g = tf.gradients(y, [x])[0] as tf.Tensor;
  using session = new tf.Session();
  const feed = tf.NdArray.zeros(tf.float32, [1, 2, 4, 3]);
  const [a, b] = await session.run([y, g], { feedDict: [[x, feed]] });
  assert.equal(a.shape, [1, 4, 8, 3]);
  assert.ok(Array.from(b.data as Float32Array).every((v) => v === 4));
});

test('images are kept in proportion also where their size is not known', async () => {
  const x = tf.placeholder(tf.float32, [null, null, null, 1]);
  const y = tf.image.resizeImages(x, [6, 6], { preserveAspectRatio: true });
  using session = new tf.Session();
  const found = await session.run(y, { feedDict: [[x, tf.NdArray.zeros(tf.float32, [1, 4, 8, 1])]] });
  assert.equal(found.shape, [1, 3, 6, 1]);
});

test('the type of the result', () => {
  const x = tf.placeholder(tf.uint8, [1, 4, 4, 1]);
  assert.is(tf.image.resizeImages(x, [2, 2]).dtype, tf.float32);
  assert.is(tf.image.resizeImages(x, [2, 2], tf.image.ResizeMethod.NEAREST_NEIGHBOR).dtype, tf.uint8);
  assert.is(tf.image.resizeImages(x, [4, 4]), x);
});

test('arguments that do not fit are refused, and nothing is built', () => {
  const x = tf.placeholder(tf.float32, [1, 4, 4, 1]);
  const graph = tf.getDefaultGraph();
  const refused = (body: () => unknown, expected: RegExp) => {
    const before = graph.size;
    assert.throws(body, expected);
    assert.is(graph.size, before);
  };
  const anyRank = tf.placeholder(tf.float32);
  refused(() => tf.image.resizeImages(anyRank, [2, 2]), /'images' contains no shape\./);
  refused(() => tf.image.resizeImages([1, 2], [2, 2]), /'images' must have either 3 or 4 dimensions\./);
  refused(() => tf.image.resizeImages(x, [2]), /'size' must be a 1-D Tensor of 2 elements: new_height, new_width/);
  refused(() => tf.image.resizeImages(x, ['a', 'b']), /'size' must be a 1-D int32 Tensor/);
  refused(() => tf.image.resizeImages(x, [2, 2], 'lanczos3'), /Resize method is not implemented: lanczos3/);
  refused(() => tf.image.resizeBilinear(x, [2, 2, 2]), /Dimension must be 2 but is 3/);
});

uvu.run();
