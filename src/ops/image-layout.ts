/**
 * Functions of `tf.image` that move pixels: flips, turns, crops and pads. Those that change values are in
 * `image-adjust.ts`, resizing is in `image-resize.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { float64, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { type Dim, formatShape } from '../util/shape.ts';
import { cast } from './cast.ts';
import { withDependencies } from './control.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import {
  checkedImage,
  checkImage,
  demand,
  dimOf,
  type Extent,
  extentOf,
  extents,
  extentsOf,
  extentVector,
} from './image-checks.ts';
import { pad } from './padding.ts';
import { randomUniform } from './random.ts';
import { where } from './selection.ts';
import { expandDims, reshape, squeeze, transpose } from './shaping.ts';
import { reverse, slice } from './slicing.ts';
import { constantValue } from './static-value.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';
import { round } from './unary-math.ts';

interface Named {
  readonly name?: string | null;
}

export interface RandomImageOptions {
  readonly seed?: number | null;
}
/** The arguments of functions that draw at random. */
export type SeedRest = Rest<[seed: number | null], RandomImageOptions>;

/** The checked image in a name scope, with its rank: 3 or 4. */
function withImage(
  name: string | null | undefined,
  scope: string,
  value: TensorLike,
  body: (image: Tensor, rank: 3 | 4) => Tensor,
): Tensor {
  return opScope(name, scope, [value], () => {
    const image = checkedImage(convertToTensor(value, { name: 'image' }));
    const rank = image.shape?.length;
    if (rank === 3 || rank === 4) return body(image, rank);
    throw new ValueError(`'image' (shape ${formatShape(image.shape)}) must have either 3 or 4 dimensions.`);
  });
}

function flip(image: TensorLike, axis: number, scope: string): Tensor {
  return withImage(null, scope, image, (x, rank) => reverse(x, [axis + rank - 3]));
}

/**
 * `image` [height, width, channels], or a batch of such, with left and right exchanged. Throws `ValueError` for other ranks.
 *
 *     tf.image.flipLeftRight(x)
 */
export function flipLeftRight(image: TensorLike): Tensor {
  return flip(image, 1, 'flip_left_right');
}

/** `image` [height, width, channels], or a batch of such, upside down. Throws `ValueError` for other ranks. */
export function flipUpDown(image: TensorLike): Tensor {
  return flip(image, 0, 'flip_up_down');
}

function randomFlip(image: TensorLike, axis: number, scope: string, rest: SeedRest): Tensor {
  const { seed } = bind<RandomImageOptions>(['seed'], rest);
  return withImage(null, scope, image, (x, rank) => {
    const flipped = reverse(x, [axis + rank - 3]);
    if (rank === 3) {
      const draw = randomUniform([], 0, 1, { seed });
      return where(emitOne('Less', [draw, 0.5]), flipped, x);
    }
    const [batch] = extentsOf(x);
    const draws = randomUniform(extentVector([batch]), 0, 1, { seed });
    const flips = cast(round(reshape(draws, extentVector([batch, 1, 1, 1]))), x.dtype);
    return flips.mul(flipped).add(emitOne('Sub', [toNdArray(1, x.dtype), flips]).mul(x));
  });
}

/**
 * `image` [height, width, channels] with left and right exchanged in one of two runs; of a batch each image on its own. Both
 * choices are computed.
 *
 *     tf.image.randomFlipLeftRight(x, {seed: 1})
 */
export function randomFlipLeftRight(image: TensorLike, ...rest: SeedRest): Tensor {
  return randomFlip(image, 1, 'random_flip_left_right', rest);
}

/** `image` upside down in one of two runs. See `randomFlipLeftRight`. */
export function randomFlipUpDown(image: TensorLike, ...rest: SeedRest): Tensor {
  return randomFlip(image, 0, 'random_flip_up_down', rest);
}

/**
 * `image` [height, width, channels], or a batch of such, turned counterclockwise `k` (1) times by 90 degrees. Throws
 * `ValueError` for other ranks and for a `k` that only a run can tell.
 *
 *     tf.image.rot90(x, 2)
 */
export function rot90(
  image: TensorLike,
  ...rest: Rest<[k: TensorLike, name: string | null], Named & { readonly k?: TensorLike }>
): Tensor {
  const { k = 1, name } = bind<Named & { k: TensorLike }>(['k', 'name'], rest);
  const turns = typeof k === 'number' ? k : constantValue(convertToTensor(k, { dtype: int32 }))?.item();
  if (turns === undefined) throw new ValueError('rot90 needs a k that is known when the graph is built.');
  return withImage(name, 'rot90', image, (x, rank) => {
    const [rows, columns] = rank === 3 ? [0, 1] : [1, 2];
    const perm = rank === 3 ? [1, 0, 2] : [0, 2, 1, 3];
    switch (((Number(turns) % 4) + 4) % 4) {
      case 1:
        return transpose(reverse(x, [columns]), perm);
      case 2:
        return reverse(x, [rows, columns]);
      case 3:
        return reverse(transpose(x, perm), [columns]);
      default:
        return x;
    }
  });
}

/** `image` [height, width, channels], or a batch of such, with rows and columns exchanged. */
export function transposeImage(image: TensorLike, ...rest: Rest<[name: string | null], Named>): Tensor {
  const { name } = bind<Named>(['name'], rest);
  return withImage(name, 'transpose', image, (x, rank) => transpose(x, rank === 3 ? [1, 0, 2] : [0, 2, 1, 3]));
}

/**
 * The middle of `image` [height, width, channels], or of a batch of such, that is `centralFraction` of its height and of its
 * width. Throws `ValueError` for a fraction outside (0, 1] and for other ranks.
 *
 *     tf.image.centralCrop(x, 0.5)
 */
export function centralCrop(image: TensorLike, centralFraction: number): Tensor {
  return opScope(null, 'central_crop', [image], () => {
    const x = convertToTensor(image, { name: 'image' });
    if (!(centralFraction > 0 && centralFraction <= 1)) throw new ValueError('central_fraction must be within (0, 1]');
    if (centralFraction === 1) return x;
    checkImage(x);
    const rank = x.shape?.length;
    if (rank !== 3 && rank !== 4) {
      throw new ValueError(
        `\`image\` should either be a Tensor with rank = 3 or rank = 4. Had rank = ${rank ?? 'None'}.`,
      );
    }
    const sizes = extentsOf(x).slice(rank - 3, rank - 1);
    const starts = sizes.map((size): Extent => {
      if (typeof size === 'number') return Math.trunc((size - size * centralFraction) / 2);
      const whole = cast(size, float64);
      return cast(emitOne('RealDiv', [whole.sub(whole.mul(centralFraction)), toNdArray(2, float64)]), int32);
    });
    const kept = sizes.map((size, i) => extents.sub(extents.sub(size, starts[i]), starts[i]));
    const outer: Extent[] = rank === 4 ? [0] : [];
    const begin = extentVector([...outer, ...starts, 0]);
    const cropped = slice(x, begin, extentVector([...outer.map(() => -1), ...kept, -1]));
    const shape = x.shape as readonly Dim[];
    cropped.setShape([...shape.slice(0, rank - 3), ...kept.map(dimOf), shape[rank - 1]]);
    return cropped;
  });
}

/** Works on a batch; a single image becomes one of it, and comes back as it was. */
function batched(scope: string, value: TensorLike, body: (batch: Tensor) => Tensor): Tensor {
  return opScope(null, scope, [value], () => {
    const image = convertToTensor(value, { name: 'image' });
    const rank = image.shape?.length;
    if (rank !== undefined && rank !== 3 && rank !== 4) {
      throw new ValueError(`'image' (shape ${formatShape(image.shape)}) must have either 3 or 4 dimensions.`);
    }
    if (rank === 4) return body(image);
    const batch = expandDims(image, 0);
    if (rank === undefined) batch.setShape([null, null, null, null]);
    return squeeze(body(batch), [0]);
  });
}

/**
 * The part of `image` [height, width, channels], or of a batch of such, that begins at `offsetHeight` and `offsetWidth` and
 * is `targetHeight` by `targetWidth`. Sizes are numbers or scalar int32 tensors. Throws `ValueError` where the part is not
 * within the image; where only a run can tell, it fails the run.
 *
 *     tf.image.cropToBoundingBox(x, 10, 10, 100, 100)
 */
export function cropToBoundingBox(
  image: TensorLike,
  offsetHeight: Extent,
  offsetWidth: Extent,
  targetHeight: Extent,
  targetWidth: Extent,
): Tensor {
  const [top, left, rows, columns] = [offsetHeight, offsetWidth, targetHeight, targetWidth].map(extentOf);
  return batched('crop_to_bounding_box', image, (x) => {
    const checks = checkImage(x);
    const [batch, height, width, channels] = extentsOf(x);
    checks.push(
      ...demand(left, '>=', 0, 'offset_width must be >= 0.'),
      ...demand(top, '>=', 0, 'offset_height must be >= 0.'),
      ...demand(columns, '>', 0, 'target_width must be > 0.'),
      ...demand(rows, '>', 0, 'target_height must be > 0.'),
      ...demand(extents.sub(width, columns), '>=', left, 'width must be >= target + offset.'),
      ...demand(extents.sub(height, rows), '>=', top, 'height must be >= target + offset.'),
    );
    const ready = withDependencies([checks], x);
    const cropped = slice(ready, extentVector([0, top, left, 0]), extentVector([batch, rows, columns, channels]));
    cropped.setShape([batch, rows, columns, channels].map(dimOf));
    return cropped;
  });
}

/**
 * `image` [height, width, channels], or a batch of such, with zeros around it: `offsetHeight` rows above, `offsetWidth`
 * columns at the left, in all `targetHeight` by `targetWidth`. Sizes are numbers or scalar int32 tensors. Throws `ValueError`
 * where the image does not fit; where only a run can tell, it fails the run.
 *
 *     tf.image.padToBoundingBox(x, 2, 2, 32, 32)
 */
export function padToBoundingBox(
  image: TensorLike,
  offsetHeight: Extent,
  offsetWidth: Extent,
  targetHeight: Extent,
  targetWidth: Extent,
): Tensor {
  const [top, left, rows, columns] = [offsetHeight, offsetWidth, targetHeight, targetWidth].map(extentOf);
  return batched('pad_to_bounding_box', image, (x) => {
    const [batch, height, width, channels] = extentsOf(x);
    const right = extents.sub(extents.sub(columns, left), width);
    const bottom = extents.sub(extents.sub(rows, top), height);
    const checks = [
      ...checkImage(x),
      ...demand(top, '>=', 0, 'offset_height must be >= 0'),
      ...demand(left, '>=', 0, 'offset_width must be >= 0'),
      ...demand(right, '>=', 0, 'width must be <= target - offset'),
      ...demand(bottom, '>=', 0, 'height must be <= target - offset'),
    ];
    const ready = withDependencies([checks], x);
    const paddings = reshape(extentVector([0, 0, top, bottom, left, right, 0, 0]), [4, 2]);
    const padded = pad(ready, paddings);
    padded.setShape([batch, rows, columns, channels].map(dimOf));
    return padded;
  });
}

/**
 * `image` [height, width, channels], or a batch of such, `targetHeight` by `targetWidth`: its middle where it is greater,
 * zeros around it where it is smaller. Sizes are numbers or scalar int32 tensors. Throws `ValueError` for other ranks and for
 * sizes that are not positive.
 *
 *     tf.image.resizeImageWithCropOrPad(x, 32, 32)
 */
export function resizeImageWithCropOrPad(image: TensorLike, targetHeight: Extent, targetWidth: Extent): Tensor {
  const [rows, columns] = [targetHeight, targetWidth].map(extentOf);
  return batched('resize_image_with_crop_or_pad', image, (x) => {
    const checks = [
      ...checkImage(x),
      ...demand(columns, '>', 0, 'target_width must be > 0.'),
      ...demand(rows, '>', 0, 'target_height must be > 0.'),
    ];
    const ready = withDependencies([checks], x);
    const [, height, width] = extentsOf(ready);
    const [more, less] = [
      [extents.sub(rows, height), extents.sub(columns, width)],
      [extents.sub(height, rows), extents.sub(width, columns)],
    ].map((pair) => pair.map((difference) => extents.max(extents.half(difference), 0)));
    const cropped = cropToBoundingBox(ready, less[0], less[1], extents.min(rows, height), extents.min(columns, width));
    return padToBoundingBox(cropped, more[0], more[1], rows, columns);
  });
}
