/**
 * Functions of `tf.image` that change values: element types, brightness, contrast, gamma, hue, saturation, and colors in
 * other systems. The ops on colors are in `image-color.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { asDType, type DType, type DTypeLike, float16, float32, int32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { maximum } from './arithmetic.ts';
import { cast, saturateCast } from './cast.ts';
import { constantOp, convertToTensor, emitOne, graphOf, opScope } from './emit.ts';
import { checkedImage } from './image-checks.ts';
import type { RandomImageOptions, SeedRest } from './image-layout.ts';
import { concat } from './joining.ts';
import { tensordot } from './matmul.ts';
import { randomUniform } from './random.ts';
import { reduceMean, reduceProd, reduceStd } from './reductions.ts';
import { expandDims, rank, shape as shapeOf } from './shaping.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';
import { tile } from './tiling.ts';
import { rsqrt } from './unary-math.ts';

interface Named {
  readonly name?: string | null;
}

export interface ConvertImageOptions extends Named {
  /** Whether values beyond the new type become its limits. */
  readonly saturate?: boolean;
}

/**
 * `image` as `dtype`, with values scaled: integers stand for what they are of their greatest value, floats for numbers in
 * [0, 1]. Throws `TypeError` for other kinds of types.
 *
 *     tf.image.convertImageDtype(bytes, tf.float32)
 */
export function convertImageDtype(
  image: TensorLike,
  dtype: DTypeLike,
  ...rest: Rest<[saturate: boolean, name: string | null], ConvertImageOptions>
): Tensor {
  const { saturate = false, name } = bind<ConvertImageOptions>(['saturate', 'name'], rest);
  const to = asDType(dtype);
  return opScope(name, 'convert_image', [image], (scope) => {
    const x = convertToTensor(image, { name: 'image' });
    const from = x.dtype;
    if (!to.isFloating && !to.isInteger) throw new TypeError('dtype must be either floating point or integer');
    if (!from.isFloating && !from.isInteger)
      throw new TypeError('image dtype must be either floating point or integer');
    if (to === from) return emitOne('Identity', [x], {}, scope);
    const converted = (value: Tensor, final = true) =>
      saturate ? saturateCast(value, to, final ? { name: scope } : {}) : cast(value, to, final ? { name: scope } : {});
    if (from.isFloating && to.isFloating) return cast(x, to, { name: scope });
    if (from.isInteger && to.isFloating) {
      return emitOne('Mul', [cast(x, to), toNdArray(1 / Number(from.max), to)], {}, scope);
    }
    if (from.isFloating) {
      // Half a unit more, so that the cast does not round the greatest down.
      return converted(emitOne('Mul', [x, toNdArray(Number(to.max) + 0.5, from)]));
    }
    const [high, low] = [BigInt(from.max as number), BigInt(to.max as number)];
    if (high > low) {
      const scale = (high + 1n) / (low + 1n);
      return converted(emitOne('FloorDiv', [x, whole(scale, from)], {}, 'floordiv'));
    }
    return emitOne('Mul', [converted(x, false), whole((low + 1n) / (high + 1n), to)], {}, scope);
  });
}

function whole(value: bigint, dtype: DType) {
  return toNdArray(dtype.isBigInt ? value : Number(value), dtype);
}

/** Changes the image as floats, and gives it its type back. */
function asFloats(
  scope: string,
  image: TensorLike,
  saturate: boolean,
  body: (floats: Tensor, scope: string) => Tensor,
  name?: string | null,
): Tensor {
  return opScope(name, scope, [image], (final) => {
    const x = convertToTensor(image, { name: 'image' });
    const isFloat = x.dtype === float16 || x.dtype === float32;
    const changed = body(isFloat ? x : convertImageDtype(x, float32), final);
    return convertImageDtype(changed, x.dtype, saturate);
  });
}

/**
 * `image` with `delta` added to its values as floats: an integer image is scaled to [0, 1] for it, and limited to its type.
 *
 *     tf.image.adjustBrightness(x, 0.1)
 */
export function adjustBrightness(image: TensorLike, delta: TensorLike): Tensor {
  return asFloats('adjust_brightness', image, true, (x, name) => {
    const by = cast(convertToTensor(delta, { preferredDtype: x.dtype }), x.dtype);
    return emitOne('AddV2', [x, by], {}, name);
  });
}

/**
 * `images` [..., height, width, channels] whose differences from the mean of each channel are `contrastFactor` times what
 * they were.
 *
 *     tf.image.adjustContrast(x, 2)
 */
export function adjustContrast(images: TensorLike, contrastFactor: TensorLike): Tensor {
  return asFloats('adjust_contrast', images, true, (x, name) =>
    emitOne('AdjustContrastv2', [x, contrastFactor], {}, name),
  );
}

export interface GammaOptions {
  readonly gamma?: TensorLike;
  readonly gain?: TensorLike;
}

/**
 * `gain · image ** gamma`, of the values as floats in [0, 1]. Throws `ValueError` for a negative gamma.
 *
 *     tf.image.adjustGamma(x, 2.2)
 */
export function adjustGamma(
  image: TensorLike,
  ...rest: Rest<[gamma: TensorLike, gain: TensorLike], GammaOptions>
): Tensor {
  const { gamma = 1, gain = 1 } = bind<GammaOptions>(['gamma', 'gain'], rest);
  if (typeof gamma === 'number' && gamma < 0) throw new ValueError('Gamma should be a non-negative real number.');
  return asFloats('adjust_gamma', image, true, (x) => {
    const power = emitOne('Pow', [x, gamma], {}, 'pow');
    return emitOne('Mul', [gain, power], {}, 'mul');
  });
}

/**
 * `image` [..., 3] with its hues turned by `delta` of the circle, in [-1, 1].
 *
 *     tf.image.adjustHue(x, 0.1)
 */
export function adjustHue(image: TensorLike, delta: TensorLike, ...rest: Rest<[name: string | null], Named>): Tensor {
  const { name } = bind<Named>(['name'], rest);
  return asFloats('adjust_hue', image, false, (x) => emitOne('AdjustHue', [x, delta]), name);
}

/**
 * `image` [..., 3] with its saturations `saturationFactor` times what they were.
 *
 *     tf.image.adjustSaturation(x, 0.5)
 */
export function adjustSaturation(
  image: TensorLike,
  saturationFactor: TensorLike,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  const { name } = bind<Named>(['name'], rest);
  const change = (x: Tensor) => emitOne('AdjustSaturation', [x, saturationFactor]);
  return asFloats('adjust_saturation', image, false, change, name);
}

function draw(low: number, high: number, rest: SeedRest): Tensor {
  return randomUniform([], low, high, { seed: bind<RandomImageOptions>(['seed'], rest).seed });
}

function checkRange(lower: number, upper: number): void {
  if (upper <= lower) throw new ValueError('upper must be > lower.');
  if (lower < 0) throw new ValueError('lower must be non-negative.');
}

/** `image` brighter or darker by a number drawn from [-maxDelta, maxDelta). Throws `ValueError` for a negative one. */
export function randomBrightness(image: TensorLike, maxDelta: number, ...rest: SeedRest): Tensor {
  if (maxDelta < 0) throw new ValueError('max_delta must be non-negative.');
  return adjustBrightness(image, draw(-maxDelta, maxDelta, rest));
}

/** `image` with its contrast changed by a factor drawn from [lower, upper). Throws `ValueError` for other limits. */
export function randomContrast(image: TensorLike, lower: number, upper: number, ...rest: SeedRest): Tensor {
  checkRange(lower, upper);
  return adjustContrast(image, draw(lower, upper, rest));
}

/** `image` with its hues turned by a number drawn from [-maxDelta, maxDelta), of at most 0.5. */
export function randomHue(image: TensorLike, maxDelta: number, ...rest: SeedRest): Tensor {
  if (maxDelta > 0.5) throw new ValueError('max_delta must be <= 0.5.');
  if (maxDelta < 0) throw new ValueError('max_delta must be non-negative.');
  return adjustHue(image, draw(-maxDelta, maxDelta, rest));
}

/** `image` with its saturations changed by a factor drawn from [lower, upper). Throws `ValueError` for other limits. */
export function randomSaturation(image: TensorLike, lower: number, upper: number, ...rest: SeedRest): Tensor {
  checkRange(lower, upper);
  return adjustSaturation(image, draw(lower, upper, rest));
}

/**
 * `images` [..., 3] of red, green and blue as gray [..., 1], of the same type.
 *
 *     tf.image.rgbToGrayscale(x)
 */
export function rgbToGrayscale(images: TensorLike, ...rest: Rest<[name: string | null], Named>): Tensor {
  return opScope(bind<Named>(['name'], rest).name, 'rgb_to_grayscale', [images], (scope) => {
    const x = convertToTensor(images, { name: 'images' });
    const weights = toNdArray([0.2989, 0.587, 0.114], float32);
    const gray = expandDims(tensordot(convertImageDtype(x, float32), weights, [-1, -1]), -1);
    return convertImageDtype(gray, x.dtype, { name: scope });
  });
}

/** Gray `images` [..., 1] with the value three times [..., 3]. Throws `ValueError` for another number of channels. */
export function grayscaleToRgb(images: TensorLike, ...rest: Rest<[name: string | null], Named>): Tensor {
  return opScope(bind<Named>(['name'], rest).name, 'grayscale_to_rgb', [images], (scope) => {
    const x = convertToTensor(images, { name: 'images' });
    const last = x.shape?.[x.shape.length - 1] ?? null;
    if (x.shape?.length === 0) throw new ValueError('A grayscale image must be at least two-dimensional.');
    if (last !== null && last !== 1) throw new ValueError('Last dimension of a grayscale image should be size 1.');
    const others = expandDims(rank(x).sub(1), 0);
    const ones = emitOne('Fill', [others, constantOp(toNdArray(1, int32), 'Const')], {}, 'ones');
    const colors = tile(x, concat([ones, toNdArray([3], int32)], 0), { name: scope });
    if (x.shape !== null) colors.setShape([...x.shape.slice(0, -1), 3]);
    return colors;
  });
}

/**
 * `image` [..., height, width, channels] as float32, each with mean 0 and variance 1; of one color with zeros. Throws
 * `ValueError` for fewer than three axes.
 *
 *     tf.image.perImageStandardization(x)
 */
export function perImageStandardization(image: TensorLike): Tensor {
  return opScope(null, 'per_image_standardization', [image], (scope) => {
    const x = cast(checkedImage(convertToTensor(image, { name: 'image' })), float32);
    const count = reduceProd(shapeOf(x).slice({ start: -3 }));
    const axes = [-1, -2, -3];
    const mean = reduceMean(x, axes, { keepdims: true });
    const deviation = reduceStd(x, axes, { keepdims: true });
    const least = rsqrt(cast(count, float32));
    return emitOne('RealDiv', [x.sub(mean), maximum(deviation, least)], {}, scope);
  });
}

/** Multiplies the last axis with a 3 by 3 matrix. */
function recolored(images: TensorLike, matrix: readonly (readonly number[])[]): Tensor {
  return opScopeless(images, () => {
    const x = convertToTensor(images, { name: 'images' });
    const kernel = constantOp(toNdArray(matrix as number[][], x.dtype), 'kernel');
    return tensordot(x, kernel, [[(x.shape?.length ?? 1) - 1], [0]]);
  });
}

/** All or nothing, on the graph of the input, in the current name scope. */
function opScopeless<R>(input: TensorLike, body: () => R): R {
  const graph = graphOf([input]);
  return graph.atomic(() => graph.asDefault(body));
}

/** `images` [..., 3] of red, green and blue as YIQ: luma and two differences. */
export function rgbToYiq(images: TensorLike): Tensor {
  return recolored(images, [
    [0.299, 0.59590059, 0.2115],
    [0.587, -0.27455667, -0.52273617],
    [0.114, -0.32134392, 0.31119955],
  ]);
}

/** `images` [..., 3] of YIQ as red, green and blue. */
export function yiqToRgb(images: TensorLike): Tensor {
  return recolored(images, [
    [1, 1, 1],
    [0.95598634, -0.27201283, -1.10674021],
    [0.6208248, -0.64720424, 1.70423049],
  ]);
}

/** `images` [..., 3] of red, green and blue as YUV: luma and two differences. */
export function rgbToYuv(images: TensorLike): Tensor {
  return recolored(images, [
    [0.299, -0.14714119, 0.61497538],
    [0.587, -0.28886916, -0.51496512],
    [0.114, 0.43601035, -0.10001026],
  ]);
}

/** `images` [..., 3] of YUV as red, green and blue. */
export function yuvToRgb(images: TensorLike): Tensor {
  return recolored(images, [
    [1, 1, 1],
    [0, -0.394642334, 2.03206185],
    [1.13988303, -0.58062185, 0],
  ]);
}
