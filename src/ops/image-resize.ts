/**
 * Resizing of images by nearest neighbor and by bilinear interpolation: the ops, their gradients, and the functions of
 * `tf.image` on them. The other two ways are ops in `image-resample.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { type Dim, isCompatible, isFullyDefined } from '../util/shape.ts';
import { minimum } from './arithmetic.ts';
import { cast } from './cast.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { vector } from './indices.ts';
import { unstack } from './joining.ts';
import { defineOp, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { withRank } from './opdef/shape-rules.ts';
import { expandDims, shape as shapeOf, squeeze } from './shaping.ts';
import { constantShape } from './static-value.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';
import { round } from './unary-math.ts';

const IMAGES = 'T: {int8, uint8, int16, uint16, int32, int64, float16, float32, float64, bfloat16}';
const CENTERS = ['align_corners: bool = false', 'half_pixel_centers: bool = false'];

/** The images of the first input in the size that another one holds. */
export function sizedBy(op: InferContext, input: number): Inferred {
  const [batch, , , channels] = withRank(op.shape(0), 4);
  const [length] = withRank(op.shape(input), 1);
  if (length !== null && length !== 2) throw new ShapeError(`Dimension must be 2 but is ${length}`);
  const size: readonly Dim[] = op.constantShape(input) ?? [null, null];
  return [[batch, ...size, channels]];
}

/** The images of the first input in the size that the second one holds. */
export const resized = (op: InferContext): Inferred => sizedBy(op, 1);

const size = (height: number, width: number) => sample(int32, [2], [height, width]);
const image = (height: number, width: number, data: readonly number[]) => sample(float32, [1, height, width, 1], data);

defineOp({
  name: 'ResizeNearestNeighbor',
  doc: 'Images of another size, each pixel the nearest of the original.',
  inputs: ['images: T', 'size: int32'],
  outputs: ['resized_images: T'],
  attrs: [IMAGES, ...CENTERS],
  infer: resized,
  grad: (op, [dy], $) => {
    const [x] = op.inputs;
    const attrs = { align_corners: op.attr('align_corners'), half_pixel_centers: op.attr('half_pixel_centers') };
    const planar = $.shapeOf(x)?.slice(1, 3) ?? null;
    const slice = () => $.op('StridedSlice', [$.shape(x), vector(1), vector(3), vector(1)], {}, 'strided_slice');
    const original = isFullyDefined(planar) ? vector(...planar) : slice();
    return [$.op('ResizeNearestNeighborGrad', [dy, original], attrs), null];
  },
  samples: [
    { inputs: [image(1, 2, [1, 2]), size(1, 4)], outputs: [image(1, 4, [1, 1, 2, 2])] },
    {
      inputs: [image(1, 4, [1, 2, 3, 4]), size(1, 2)],
      attrs: { half_pixel_centers: true },
      outputs: [image(1, 2, [2, 4])],
    },
  ],
});

defineOp({
  name: 'ResizeNearestNeighborGrad',
  doc: 'The gradient of resizing to nearest neighbors, for original images of a size.',
  inputs: ['grads: T', 'size: int32'],
  outputs: ['output: T'],
  attrs: ['T: {uint8, int8, int32, float16, float32, float64, bfloat16}', ...CENTERS],
  infer: resized,
  grad: null,
  samples: [{ inputs: [image(1, 4, [1, 2, 3, 4]), size(1, 2)], outputs: [image(1, 2, [3, 7])] }],
});

defineOp({
  name: 'ResizeBilinear',
  doc: 'Images of another size, each pixel between four of the original.',
  inputs: ['images: T', 'size: int32'],
  outputs: ['resized_images: float32'],
  // TensorFlow's registry has bfloat16 twice.
  attrs: ['T: {int8, uint8, int16, uint16, int32, int64, bfloat16, float16, float32, float64, bfloat16}', ...CENTERS],
  infer: resized,
  grad: (op, [dy], $) => {
    const attrs = { align_corners: op.attr('align_corners'), half_pixel_centers: op.attr('half_pixel_centers') };
    return [$.op('ResizeBilinearGrad', [dy, op.inputs[0]], attrs), null];
  },
  samples: [
    { inputs: [image(1, 2, [1, 2]), size(1, 4)], outputs: [image(1, 4, [1, 1.5, 2, 2])] },
    {
      inputs: [image(2, 1, [1, 4]), size(4, 1)],
      attrs: { align_corners: true },
      outputs: [image(4, 1, [1, 2, 3, 4])],
    },
    {
      inputs: [image(1, 2, [1, 3]), size(1, 4)],
      attrs: { half_pixel_centers: true },
      outputs: [image(1, 4, [1, 1.5, 2.5, 3])],
    },
  ],
});

defineOp({
  name: 'ResizeBilinearGrad',
  doc: 'The gradient of bilinear resizing, of the type and size of the original images.',
  inputs: ['grads: float32', 'original_image: T'],
  outputs: ['output: T'],
  attrs: ['T: {float32, bfloat16, float16, float64}', ...CENTERS],
  infer: (op) => [op.shape(1)],
  // TensorFlow declares it not differentiable: no gradient, without an error.
  grad: () => [null, null],
  samples: [
    {
      inputs: [image(1, 4, [1, 2, 3, 4]), image(1, 2, [0, 0])],
      outputs: [image(1, 2, [2, 8])],
      differentiable: false,
    },
  ],
});

// Functions

/** The ways to resize, for `resizeImages`. */
export const ResizeMethod = Object.freeze({ BILINEAR: 0, NEAREST_NEIGHBOR: 1, BICUBIC: 2, AREA: 3 });

export interface ResizeOptions {
  /** Whether the centers of the corner pixels stay where they are. */
  readonly alignCorners?: boolean;
  readonly name?: string | null;
  /** Whether pixels are areas, with their centers half a pixel in; not together with `alignCorners`. */
  readonly halfPixelCenters?: boolean;
}
export type ResizeRest = Rest<[alignCorners: boolean, name: string | null, halfPixelCenters: boolean], ResizeOptions>;

/** One of the ops that take both ways to place pixels. */
export function resize(
  type: 'ResizeBilinear' | 'ResizeNearestNeighbor' | 'ResizeBicubic',
  images: TensorLike,
  size: TensorLike,
  rest: ResizeRest,
): Tensor {
  const { alignCorners, name, halfPixelCenters } = bind<ResizeOptions>(
    ['alignCorners', 'name', 'halfPixelCenters'],
    rest,
  );
  return emitOne(type, [images, size], { align_corners: alignCorners, half_pixel_centers: halfPixelCenters }, name);
}

/**
 * `images` [batch, height, width, channels] in the size [newHeight, newWidth], as float32, each pixel interpolated between
 * the four around its place in the original. Throws `ValueError` for other ranks.
 *
 *     tf.image.resizeBilinear(x, [56, 56], {halfPixelCenters: true})
 */
export function resizeBilinear(images: TensorLike, size: TensorLike, ...rest: ResizeRest): Tensor {
  return resize('ResizeBilinear', images, size, rest);
}

/**
 * `images` [batch, height, width, channels] of any real type in the size [newHeight, newWidth], each pixel the nearest one of
 * the original. Throws `ValueError` for other ranks.
 *
 *     tf.image.resizeNearestNeighbor(x, [56, 56])
 */
export function resizeNearestNeighbor(images: TensorLike, size: TensorLike, ...rest: ResizeRest): Tensor {
  return resize('ResizeNearestNeighbor', images, size, rest);
}

export interface ResizeImagesOptions {
  /** `ResizeMethod.BILINEAR` (the default), `NEAREST_NEIGHBOR`, `BICUBIC`, `AREA`, or `'bilinear'`, `'nearest'`, …. */
  readonly method?: number | string;
  readonly alignCorners?: boolean;
  /** Whether `size` is a box that the images are to fit in, keeping their proportions. */
  readonly preserveAspectRatio?: boolean;
  readonly name?: string | null;
}

/**
 * `images` [batch, height, width, channels] or [height, width, channels] in the size [newHeight, newWidth]. The result is
 * float32, but has the type of `images` with nearest neighbors, or where the size is known to stay as it is. Throws
 * `ValueError` for other ranks, sizes and methods.
 *
 *     tf.image.resizeImages(x, [299, 299], tf.image.ResizeMethod.NEAREST_NEIGHBOR)
 */
export function resizeImages(
  images: TensorLike,
  size: TensorLike,
  ...rest: Rest<
    [method: number | string, alignCorners: boolean, preserveAspectRatio: boolean, name: string | null],
    ResizeImagesOptions
  >
): Tensor {
  const { method, alignCorners, preserveAspectRatio, name } = bind<ResizeImagesOptions>(
    ['method', 'alignCorners', 'preserveAspectRatio', 'name'],
    rest,
  );
  return opScope(name, 'resize', [images, size], () => {
    const given = convertToTensor(images, { name: 'images' });
    if (given.shape === null) throw new ValueError("'images' contains no shape.");
    const rank = given.shape.length;
    if (rank !== 3 && rank !== 4) throw new ValueError("'images' must have either 3 or 4 dimensions.");
    const batch = rank === 4 ? given : expandDims(given, 0);
    let target = sizeTensor(size);
    if (preserveAspectRatio) target = inProportion(batch, target);
    const [height, width] = constantShape(target) ?? [null, null];
    const [, oldHeight, oldWidth] = batch.shape as readonly Dim[];
    let result = batch;
    if (height === null || width === null || height !== oldHeight || width !== oldWidth) {
      result = emitOne(opOf(method ?? ResizeMethod.BILINEAR), [batch, target], { align_corners: alignCorners });
      result.setShape([null, height, width, null]);
    }
    return rank === 4 ? result : squeeze(result, [0]);
  });
}

function opOf(method: number | string): string {
  if (method === ResizeMethod.BILINEAR || method === 'bilinear') return 'ResizeBilinear';
  if (method === ResizeMethod.NEAREST_NEIGHBOR || method === 'nearest') return 'ResizeNearestNeighbor';
  if (method === ResizeMethod.BICUBIC || method === 'bicubic') return 'ResizeBicubic';
  if (method === ResizeMethod.AREA || method === 'area') return 'ResizeArea';
  throw new ValueError(`Resize method is not implemented: ${method}`);
}

function sizeTensor(size: TensorLike): Tensor {
  let target: Tensor;
  try {
    target = convertToTensor(size, { dtype: int32, name: 'size' });
  } catch {
    throw new ValueError("'size' must be a 1-D int32 Tensor");
  }
  if (!isCompatible(target.shape, [2])) {
    throw new ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width");
  }
  return target;
}

/** The greatest size within a box that has the images' proportions. */
function inProportion(batch: Tensor, box: Tensor): Tensor {
  const dims = batch.shape as readonly Dim[];
  const dynamic = dims.includes(null) ? unstack(shapeOf(batch)) : [];
  const current = (k: number) => cast(dynamicOr(dims[k + 1], dynamic[k + 1]), float32);
  const factors = [0, 1].map((k) => cast(box.slice(k), float32).div(current(k)));
  const factor = minimum(factors[0], factors[1]);
  const scaled = [0, 1].map((k) => cast(round(factor.mul(current(k))), int32));
  return convertToTensor(scaled, { dtype: int32, name: 'size' });
}

function dynamicOr(known: Dim, dynamic: Tensor): TensorLike {
  return known === null ? dynamic : toNdArray(known, int32);
}
