/**
 * Resizing of images by bicubic interpolation and by the mean over areas: the ops, the gradient, and the functions of
 * `tf.image` on them. The simpler ways are in `image-resize.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { emitOne } from './emit.ts';
import { type ResizeRest, resize, resized } from './image-resize.ts';
import { defineOp, sample } from './opdef/define.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const IMAGES = 'T: {int8, uint8, int16, uint16, int32, int64, float16, float32, float64, bfloat16}';
const CENTERS = ['align_corners: bool = false', 'half_pixel_centers: bool = false'];

const image = (width: number, data: readonly number[]) => sample(float32, [1, 1, width, 1], data);
const size = (width: number) => sample(int32, [2], [1, width]);

defineOp({
  name: 'ResizeBicubic',
  doc: 'Images of another size, each pixel between sixteen of the original.',
  inputs: ['images: T', 'size: int32'],
  outputs: ['resized_images: float32'],
  attrs: [IMAGES, ...CENTERS],
  infer: resized,
  grad: (op, [dy], $) => {
    const [x] = op.inputs;
    if (!['float32', 'float64'].includes($.dtypeOf(x).name)) return [null, null];
    const attrs = {
      align_corners: op.attr<boolean>('align_corners'),
      half_pixel_centers: op.attr<boolean>('half_pixel_centers'),
    };
    return [$.op('ResizeBicubicGrad', [dy, x], attrs), null];
  },
  samples: [{ inputs: [image(2, [0, 1]), size(4)], outputs: [image(4, [0, 0.5, 1, 1.09375])] }],
});

defineOp({
  name: 'ResizeBicubicGrad',
  doc: 'The gradient of bicubic resizing, of the type and size of the original images.',
  inputs: ['grads: float32', 'original_image: T'],
  outputs: ['output: T'],
  attrs: ['T: {float32, float64}', ...CENTERS],
  infer: (op) => [op.shape(1)],
  grad: null,
  samples: [
    { inputs: [image(4, [1, 2, 3, 4]), image(2, [0, 0])], outputs: [image(2, [1.625, 8.375])], differentiable: false },
  ],
});

defineOp({
  name: 'ResizeArea',
  doc: 'Images of another size, each pixel the mean over its area of the original.',
  inputs: ['images: T', 'size: int32'],
  outputs: ['resized_images: float32'],
  attrs: [IMAGES, 'align_corners: bool = false'],
  infer: resized,
  grad: null,
  samples: [{ inputs: [image(4, [1, 2, 3, 5]), size(2)], outputs: [image(2, [1.5, 4])] }],
});

/**
 * `images` [batch, height, width, channels] in the size [newHeight, newWidth], as float32, each pixel interpolated between
 * the sixteen around its place in the original. Throws `ValueError` for other ranks.
 *
 *     tf.image.resizeBicubic(x, [56, 56], {halfPixelCenters: true})
 */
export function resizeBicubic(images: TensorLike, size: TensorLike, ...rest: ResizeRest): Tensor {
  return resize('ResizeBicubic', images, size, rest);
}

export interface ResizeAreaOptions {
  readonly alignCorners?: boolean;
  readonly name?: string | null;
}

/**
 * `images` [batch, height, width, channels] in the size [newHeight, newWidth], as float32, each pixel the mean over its area
 * of the original. Throws `ValueError` for other ranks.
 *
 *     tf.image.resizeArea(x, [56, 56])
 */
export function resizeArea(
  images: TensorLike,
  size: TensorLike,
  ...rest: Rest<[alignCorners: boolean, name: string | null], ResizeAreaOptions>
): Tensor {
  const { alignCorners, name } = bind<ResizeAreaOptions>(['alignCorners', 'name'], rest);
  return emitOne('ResizeArea', [images, size], { align_corners: alignCorners }, name);
}
