/**
 * Boxes of images: crops of boxes in one size with their gradients, drawing of boxes. Choosing among boxes is in
 * `non-max-suppression.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { isFullyDefined } from '../util/shape.ts';
import { emitOne } from './emit.ts';
import { asIndices } from './indices.ts';
import { defineOp, type InferContext, ShapeError, sample } from './opdef/define.ts';
import { mergeDim, withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import { bind, type Rest, renamed, type TensorLike } from './tensor-like.ts';

const IMAGES = 'T: {uint8, uint16, int8, int16, int32, int64, float16, float32, float64}';
const METHOD = 'method: {"bilinear", "nearest"} = "bilinear"';

/** The number of boxes: `[n, 4]`, with a number of the image for each. */
function boxCount(op: InferContext, boxes: number): number | null {
  const [count, four] = withRank(op.shape(boxes), 2);
  const [others] = withRank(op.shape(boxes + 1), 1);
  const merged = mergeDim(count, others);
  if (four !== null && four !== 4) throw new ShapeError(`Dimension must be 4 but is ${four}`);
  return merged;
}

const image = sample(float32, [1, 2, 2, 1], [1, 2, 3, 4]);
const whole = sample(float32, [1, 4], [0, 0, 1, 1]);
const first = sample(int32, [1], [0]);
const wide = sample(float32, [1, 1, 3, 1], [1, 2, 4]);

defineOp({
  name: 'CropAndResize',
  doc: 'Boxes of images, resized to one size.',
  inputs: ['image: T', 'boxes: float32', 'box_ind: int32', 'crop_size: int32'],
  outputs: ['crops: float32'],
  attrs: [IMAGES, METHOD, 'extrapolation_value: float = 0'],
  infer: (op) => {
    const input = withRank(op.shape(0), 4);
    const count = boxCount(op, 1);
    const [length] = withRank(op.shape(3), 1);
    if (length !== null && length !== 2) throw new ShapeError(`Dimension must be 2 but is ${length}`);
    const size = op.constantShape(3) ?? [null, null];
    return [[count, ...size, input[3]]];
  },
  grad: (op, [dy], $) => {
    const [x, boxes, indices] = op.inputs;
    const known = $.shapeOf(x);
    const shape = isFullyDefined(known) ? $.ints(known, 'CropAndResizeGradImage/image_size') : $.shape(x);
    const dtype = $.dtypeOf(x);
    const attrs = { T: dtype, method: op.attr<string>('method') };
    const dx = dtype.isFloating ? $.op('CropAndResizeGradImage', [dy, boxes, indices, shape], attrs) : null;
    return [dx, $.op('CropAndResizeGradBoxes', [dy, x, boxes, indices]), null, null];
  },
  samples: [
    {
      inputs: [image, whole, first, sample(int32, [2], [1, 3])],
      outputs: [sample(float32, [1, 1, 3, 1], [2, 2.5, 3])],
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'CropAndResizeGradImage',
  doc: 'The gradient of resized boxes with respect to the images.',
  inputs: ['grads: float32', 'boxes: float32', 'box_ind: int32', 'image_size: int32'],
  outputs: ['output: T'],
  attrs: ['T: {float32, float16, float64}', METHOD],
  infer: (op) => {
    const size = op.constantShape(3);
    return [size ?? [null, null, null, null]];
  },
  grad: null,
  samples: [
    {
      inputs: [wide, whole, first, sample(int32, [4], [1, 2, 2, 1])],
      attrs: { T: float32 },
      outputs: [sample(float32, [1, 2, 2, 1], [1, 2.5, 1, 2.5])],
    },
  ],
});

defineOp({
  name: 'CropAndResizeGradBoxes',
  doc: 'The gradient of resized boxes with respect to the boxes.',
  inputs: ['grads: float32', 'image: T', 'boxes: float32', 'box_ind: int32'],
  outputs: ['output: float32'],
  attrs: [IMAGES, 'method: {"bilinear"} = "bilinear"'],
  infer: (op) => [op.shape(2)],
  grad: null,
  samples: [
    { inputs: [wide, image, whole, first], outputs: [sample(float32, [1, 4], [7, 1, 7, 1])], differentiable: false },
  ],
});

const blank = sample(float32, [1, 2, 2, 1], [0, 0, 0, 0]);
const column = sample(float32, [1, 1, 4], [0, 0, 1, 0]);

for (const [name, colored] of [
  ['DrawBoundingBoxes', false],
  ['DrawBoundingBoxesV2', true],
] as const) {
  defineOp({
    name,
    doc: `Images with the outlines of boxes drawn on them${colored ? ' in colors that are given' : ''}.`,
    inputs: ['images: T', 'boxes: float32', ...(colored ? ['colors: float32'] : [])],
    outputs: ['output: T'],
    attrs: ['T: {float32, float16} = float32'],
    infer: (op) => [withRankAtLeast(op.shape(0), 3)],
    grad: colored ? null : () => [null, null],
    samples: [
      {
        inputs: colored ? [blank, column, sample(float32, [1, 1], [0.5])] : [blank, column],
        outputs: [sample(float32, [1, 2, 2, 1], colored ? [0.5, 0, 0.5, 0] : [1, 0, 1, 0])],
        differentiable: false,
      },
    ],
  });
}

// Functions

export interface CropAndResizeOptions {
  readonly boxInd?: TensorLike | null;
  readonly cropSize?: TensorLike;
  /** `'bilinear'` (the default) or `'nearest'`. */
  readonly method?: 'bilinear' | 'nearest';
  /** What pixels outside the image are; 0. */
  readonly extrapolationValue?: number;
  readonly name?: string | null;
  /** The other name of `boxInd`. */
  readonly boxIndices?: TensorLike | null;
}

/**
 * The `boxes` [n, 4] of images `image` [batch, height, width, channels], as float32 of `cropSize` [height, width]. A box is
 * [y1, x1, y2, x2] in parts of the image, `boxInd` (int32) says which image each is of; another one fails the run.
 *
 *     tf.image.cropAndResize(x, [[0, 0, 0.5, 0.5]], [0], [24, 24])
 */
export function cropAndResize(
  image: TensorLike,
  boxes: TensorLike,
  ...rest: Rest<
    [
      boxInd: TensorLike | null,
      cropSize: TensorLike,
      method: 'bilinear' | 'nearest',
      extrapolationValue: number,
      name: string | null,
      boxIndices: TensorLike | null,
    ],
    CropAndResizeOptions
  >
): Tensor {
  const { boxInd, cropSize, method, extrapolationValue, name, boxIndices } = bind<CropAndResizeOptions>(
    ['boxInd', 'cropSize', 'method', 'extrapolationValue', 'name', 'boxIndices'],
    rest,
  );
  const indices = renamed(['box_indices', 'box_ind'], boxIndices, boxInd);
  const inputs = [image, boxes, asIndices(indices as TensorLike), asIndices(cropSize as TensorLike)];
  return emitOne('CropAndResize', inputs, { method, extrapolation_value: extrapolationValue }, name);
}

export interface DrawBoxesOptions {
  readonly name?: string | null;
  /** Colors [n, channels] to be used in turn. */
  readonly colors?: TensorLike | null;
}

/**
 * `images` [batch, height, width, channels] with the outlines of `boxes` [batch, n, 4] drawn on them. A box is
 * [y1, x1, y2, x2] in parts of the image.
 *
 *     tf.image.drawBoundingBoxes(x, [[[0.1, 0.1, 0.9, 0.9]]])
 */
export function drawBoundingBoxes(
  images: TensorLike,
  boxes: TensorLike,
  ...rest: Rest<[name: string | null, colors: TensorLike | null], DrawBoxesOptions>
): Tensor {
  const { name, colors } = bind<DrawBoxesOptions>(['name', 'colors'], rest);
  if (colors == null) return emitOne('DrawBoundingBoxes', [images, boxes], {}, name);
  return emitOne('DrawBoundingBoxesV2', [images, boxes, colors], {}, name);
}
