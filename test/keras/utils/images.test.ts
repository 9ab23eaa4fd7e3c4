/** Decoding, resizing, images in memory and in files: against TensorFlow's decoders and `tf.image.resize`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode as decodePng } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { arrayToImage, imageToArray, PixelImage } from '../../../src/keras/utils/image.ts';
import { type Channels, decodeImage } from '../../../src/keras/utils/image-codec.ts';
import { loadImage, saveImage } from '../../../src/keras/utils/image-node.ts';
import { interpolationOf, resizeImage, smartResize } from '../../../src/keras/utils/resize.ts';
import { float32 } from '../../../src/util/dtype.ts';
import { NdArray } from '../../../src/util/ndarray.ts';
import { fromGolden } from '../../support/compare.ts';
import { assertSame, type GoldenArray, golden } from './support.ts';

const test = suite('Keras images');
const { resize, decode, decode_errors, image_errors } = golden('datasets');
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

for (const { method, size, value } of resize.cases) {
  test(`an image of 5 x 7 resized to ${size.join(' x ')}, ${method}, is TensorFlow's`, () => {
    const tolerance = { relative: 1e-5, absolute: 1e-4 };
    assertSame(resizeImage(fromGolden(resize.image), size, method), value, method, tolerance);
  });
}

for (const { size, interpolation, value } of resize.smart) {
  test(`smartResize to ${size.join(' x ')}, ${interpolation}, is Keras's`, () => {
    const tolerance = { relative: 1e-5, absolute: 1e-4 };
    assertSame(smartResize(fromGolden(resize.image), size, interpolation), value, 'smart', tolerance);
  });
}

test("an unknown interpolation is refused in Keras's words", () => {
  const { error } = image_errors.find((c: { args: object }) => 'interpolation' in c.args);
  assert.throws(
    () => interpolationOf('x'),
    (e: Error) => e.message === error.message,
  );
  assert.is(interpolationOf('BILINEAR'), 'bilinear');
});

/**
 * How far a JPEG may be off, at most and on average. TensorFlow decodes with libjpeg's fast transform, by default, which is
 * itself up to 5 steps off the accurate one; and it smooths colors that are stored at half the size.
 */
const JPEG_LIMITS: Record<string, { fast: readonly [number, number]; accurate: readonly [number, number] }> = {
  jpeg444: { fast: [5, 1.5], accurate: [2, 0.6] },
  jpeg_progressive: { fast: [5, 1.5], accurate: [2, 0.6] },
  jpeg_gray: { fast: [4, 2.2], accurate: [0, 0] },
  jpeg420: { fast: [10, 2.6], accurate: [9, 2.4] },
};

function assertNear(image: NdArray, expected: GoldenArray, [most, average]: readonly [number, number]): void {
  assert.equal(image.shape, expected.shape);
  const off = Array.from(image.data as Uint8Array, (v, i) => Math.abs(v - Number(expected.data[i])));
  const mean = off.reduce((a, b) => a + b) / off.length;
  assert.ok(Math.max(...off) <= most && mean <= average, `off by ${Math.max(...off)}, on average by ${mean}`);
}

for (const { name, file, decoded, accurate } of decode) {
  for (const [channels, expected] of Object.entries<GoldenArray & { error?: string }>(decoded)) {
    test(`${name} decoded to ${channels} channels is TensorFlow's`, () => {
      const call = () => decodeImage(bytesOf(file), Number(channels) as Channels);
      if (expected.error !== undefined) {
        assert.throws(call, (e: Error) => (expected.error as string).includes(e.message));
        return;
      }
      if (name in JPEG_LIMITS) assertNear(call(), expected, JPEG_LIMITS[name].fast);
      else assertSame(call(), expected, name);
    });
  }
  if (accurate) {
    test(`${name} is what TensorFlow's accurate transform gives`, () => {
      assertNear(decodeImage(bytesOf(file), 3), accurate, JPEG_LIMITS[name].accurate);
    });
  }
}

test('what is no image, and what cannot be read, is refused', () => {
  const detail = (message: string) => message.replace(/^\{\{.*?\}\} /, '').replace(/ \[Op:.*$/, '');
  assert.throws(
    () => decodeImage(new Uint8Array(0)),
    (e: Error) => e.message === detail(decode_errors.empty.message),
  );
  assert.throws(
    () => decodeImage(Buffer.from('hello world')),
    /^InvalidArgumentError|Unknown image file format. One of JPEG, PNG, BMP required./,
  );
  assert.throws(() => decodeImage(Buffer.from('GIF89a......')), /GIF images cannot be read. Use JPEG, PNG or BMP./);
  const png = bytesOf(decode[0].file);
  assert.throws(() => decodeImage(png.subarray(0, 40)), /Invalid PNG data, size 40/);
  assert.throws(() => decodeImage(Uint8Array.of(0xff, 0xd8, 0xff, 0)), /Invalid JPEG data, size 4/);
  assert.throws(() => decodeImage(Buffer.from('BM too short')), /Incomplete bmp content/);
});

test('arrayToImage spreads values over 0 … 255, cuts fractions off, and writes PNG', () => {
  const image = arrayToImage([
    [[0], [0.5]],
    [[1], [0.25]],
  ]);
  assert.equal([image.width, image.height, image.channels], [2, 2, 1]);
  assert.equal([...image.data], [0, 127, 255, 63]);
  const png = decodePng(image.toPng());
  assert.equal([png.width, png.height, png.channels, [...png.data]], [2, 2, 1, [0, 127, 255, 63]]);
  const rgb = arrayToImage([[[1, 2, 3]], [[4, 5, 6]]], { scale: false });
  assert.equal([...rgb.data], [1, 2, 3, 4, 5, 6]);
  const first = arrayToImage([[[1, 2]], [[3, 4]], [[5, 6]]], 'channels_first', false);
  assert.equal([first.width, first.height, [...first.data]], [2, 1, [1, 3, 5, 2, 4, 6]]);
  assert.equal([...arrayToImage([[[7, 7, 7]]]).data], [0, 0, 0]);
});

test("arrayToImage and imageToArray throw Keras's errors", () => {
  assert.throws(
    () => arrayToImage([1]),
    /Expected image array to have rank 3 \(single image\). Got array with shape: \(1,\)/,
  );
  assert.throws(() => arrayToImage([[[1, 2]]]), /Unsupported channel number: 2/);
  assert.throws(() => arrayToImage([[[1]]], 'x' as never), /Invalid data_format: x/);
  assert.throws(() => imageToArray(new PixelImage(1, 1, 1, Uint8Array.of(0)), 'x' as never), /Unknown data_format: x/);
});

test('imageToArray gives the pixels back, in either layout and type', () => {
  const image = arrayToImage(
    [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    { scale: false },
  );
  assertSame(imageToArray(image), { dtype: 'float32', shape: [1, 2, 3], data: [1, 2, 3, 4, 5, 6] }, 'last');
  const first = imageToArray(image, { dataFormat: 'channels_first', dtype: 'uint8' });
  assertSame(first, { dtype: 'uint8', shape: [3, 1, 2], data: [1, 4, 2, 5, 3, 6] }, 'first');
});

test('images are written as PNG and JPEG and loaded again, in each color mode and size', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keras-image-'));
  try {
    const pixels = new NdArray(float32, [2, 2, 3], Float32Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 10, 10));
    const png = join(folder, 'a.png');
    saveImage(png, pixels, { scale: false });
    assert.equal([...loadImage(png).data], [...(pixels.data as Float32Array)]);
    assert.equal([...loadImage(readFileSync(png), { colorMode: 'grayscale' }).data], [76, 150, 29, 10]);
    assert.equal([...loadImage(png, { colorMode: 'rgba' }).data.subarray(0, 8)], [255, 0, 0, 255, 0, 255, 0, 255]);
    const large = loadImage(png, { targetSize: [4, 4], colorMode: 'grayscale' });
    assert.equal([...large.data.subarray(0, 4)], [76, 76, 150, 150]);
    const wide = loadImage(png, { targetSize: [1, 2], keepAspectRatio: true, interpolation: 'bilinear' });
    assert.equal([wide.width, wide.height], [2, 1]);
    const jpg = join(folder, 'b.jpg');
    saveImage(jpg, NdArray.zeros(float32, [8, 8, 4]), { quality: 95 });
    const loaded = loadImage(jpg);
    assert.equal([loaded.width, loaded.height, loaded.channels], [8, 8, 3]);
    assert.ok(loaded.data.every((v) => v <= 2));
    assert.throws(() => saveImage(join(folder, 'c.tiff'), pixels), /unknown file extension: tiff/);
    assert.throws(
      () => loadImage(png, { colorMode: 'x' as never }),
      /color_mode must be "grayscale", "rgb", or "rgba"/,
    );
    assert.throws(
      () => loadImage(png, { targetSize: [1, 1], interpolation: 'x' as never }),
      /Invalid interpolation method x/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a JPEG written by jpeg-js is read back within a few steps of its pixels', () => {
  const data = Uint8Array.from({ length: 16 * 16 * 4 }, (_, i) => (i % 4 === 3 ? 255 : 60 + (i >> 2) / 2));
  const { data: file } = encodeJpeg({ width: 16, height: 16, data }, 95);
  const image = decodeImage(new Uint8Array(file), 3);
  assert.equal(image.shape, [16, 16, 3]);
  const off = Array.from(image.data as Uint8Array, (v, i) => Math.abs(v - data[Math.floor(i / 3) * 4 + (i % 3)]));
  assert.ok(Math.max(...off) <= 6, `off by ${Math.max(...off)}`);
});

test.run();
