/**
 * The functions for glimpses, fractional pools, JPEG files and quantized types, and what the cases of their ops cannot
 * show: noise, and windows drawn anew. The values of single ops are in `goldens.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { emitOne } from '../../src/ops/emit.ts';
import { leakChecked } from '../support/leaks.ts';

const all = suite('ops/regions');
const test = leakChecked(all);

const image = () =>
  tf.constant(
    new tf.NdArray(
      tf.float32,
      [1, 20, 30, 2],
      Float32Array.from({ length: 1200 }, (_, i) => i % 97),
    ),
  );

test('a glimpse of tf.image is the op with the noise of its default', async () => {
  using _ = new tf.Graph().asDefault();
  const x = tf.constant(
    [
      [
        [[0], [1], [2]],
        [[3], [4], [5]],
        [[6], [7], [8]],
      ],
    ],
    tf.float32,
  );
  const y = tf.image.extractGlimpse(x, [2, 2], [[1, 1]], { centered: false, normalized: false, name: 'cut' });
  assert.equal([y.op.name, y.op.type, y.op.node.attrs.noise], ['cut', 'ExtractGlimpse', 'uniform']);
  using sess = new tf.Session();
  assert.equal((await sess.run(y)).array(), [
    [
      [[0], [1]],
      [[3], [4]],
    ],
  ]);
});

test('noise around an image lies in its range and differs from run to run', async () => {
  for (const backend of ['cpu', 'wasm']) {
    using _ = new tf.Graph().asDefault();
    const cut = (noise: string) =>
      emitOne('ExtractGlimpse', [image(), [60, 60], [[0, 0]]], { uniform_noise: false, noise });
    using sess = new tf.Session({ config: { backend } });
    for (const noise of ['uniform', 'gaussian']) {
      const y = cut(noise);
      const [a, b] = [await sess.run(y), await sess.run(y)].map((v) => v.data as Float32Array);
      const outside = a.subarray(0, 60 * 20 * 2);
      assert.ok(outside.every((v) => v >= 0 && v <= 96));
      const mean = outside.reduce((sum, v) => sum + v, 0) / outside.length;
      assert.ok(Math.abs(mean - 48) < 4, `mean ${mean}`);
      assert.ok(outside.some((v, i) => v !== b[i]));
      const middle = (20 * 60 + 15) * 2;
      assert.equal(
        [...a.subarray(middle, middle + 60)],
        Array.from({ length: 60 }, (_, i) => i),
      );
    }
  }
});

test('fractional pools take the same windows in every run where they are deterministic, else new ones', async () => {
  for (const pool of [tf.nn.fractionalMaxPool, tf.nn.fractionalAvgPool]) {
    using _ = new tf.Graph().asDefault();
    using sess = new tf.Session();
    const draw = async (sequence: tf.Tensor) => String((await sess.run(sequence)).array());
    const [y, rows, columns] = pool(image(), [1, 1.44, 1.73, 1], { deterministic: true, name: 'pool' });
    assert.equal([y.name, y.shape, rows.dtype], ['pool:0', [1, 13, 17, 2], tf.int64]);
    assert.is(await draw(columns), await draw(columns));
    const [, free] = pool(image(), [1, 1.44, 1.73, 1], true);
    const [, shuffled, more] = pool(image(), [1, 1.44, 1.73, 1]);
    const runs = new Set<string>();
    for (let i = 0; i < 4; i++) for (const sequence of [free, shuffled, more]) runs.add(await draw(sequence));
    assert.ok(runs.size > 6, `${runs.size} sequences in 12 draws`);
  }
});

test('ratios that are too few, or below one, are refused', () => {
  using _ = new tf.Graph().asDefault();
  assert.throws(() => tf.nn.fractionalMaxPool(image(), [1, 2, 1]), /less than minimum 4/);
  assert.throws(
    () => tf.nn.fractionalAvgPool(image(), [1, 0.5, 1, 1]),
    /pooling_ratio cannot be smaller than 1, got: 0.5/,
  );
  assert.is(
    tf
      .getDefaultGraph()
      .getOperations()
      .filter((op) => op.type.startsWith('Fractional')).length,
    0,
  );
});

test('a JPEG file that is written is read again, nearly the same', async () => {
  using _ = new tf.Graph().asDefault();
  const pixels = Uint8Array.from({ length: 20 * 24 * 3 }, (_, i) => 100 + 60 * Math.sin(i / 300));
  const file = tf.image.encodeJpeg(tf.constant(new tf.NdArray(tf.uint8, [20, 24, 3], pixels)), {
    quality: 98,
    name: 'file',
  });
  assert.equal([file.op.name, file.shape], ['file', []]);
  const read = tf.image.decodeImage(file, { channels: 3, expandAnimations: false, dtype: tf.float64 });
  assert.equal([read.dtype, read.shape], [tf.float64, [null, null, 3]]);
  using sess = new tf.Session();
  const [again, shape] = await sess.run([read, tf.image.extractJpegShape(file, tf.int64)]);
  assert.is(String(shape.array()), '20,24,3');
  const worst = Math.max(...(again.data as Float64Array).map((v, i) => Math.abs(255 * v - pixels[i])));
  assert.ok(worst < 6, `off by ${worst}`);
});

test('what is quantized and dequantized is off by a step and a half at most', async () => {
  using _ = new tf.Graph().asDefault();
  using sess = new tf.Session();
  for (const mode of ['MIN_COMBINED', 'MIN_FIRST', 'SCALED'] as const) {
    const [codes, low, high] = tf.quantization.quantize([-0.9, -0.3, 0, 0.4, 0.95], -1, 1, tf.qint8, { mode });
    assert.equal([codes.dtype, codes.shape, low.shape], [tf.qint8, [5], []]);
    const back = await sess.run(tf.quantization.dequantize(codes, low, high, { mode }));
    const wanted = [-0.9, -0.3, 0, 0.4, 0.95];
    assert.ok(
      wanted.every((v, i) => Math.abs((back.data as Float32Array)[i] - v) < 0.012),
      `${mode}: ${back}`,
    );
  }
});

all.run();
