/**
 * The convolutions of the Keras backend. Images are `[batch, …, channels]`, or `[batch, channels, …]` in the layout
 * `channels_first`, for which they are transposed on the way in and out. The ops are TensorFlow's.
 */
import type { Tensor } from '../../graph/graph.ts';
import * as planar from '../../ops/convolution-functions.ts';
import * as volumes from '../../ops/convolution3d.ts';
import { emitOne } from '../../ops/emit.ts';
import { vector } from '../../ops/indices.ts';
import { stack } from '../../ops/joining.ts';
import { expandDims, shape as shapeIn, squeeze } from '../../ops/shaping.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { ValueError } from '../../util/errors.ts';
import type { ImageDataFormat } from '../config.ts';
import { channelsLast, paddingOf, type Sizes, sizesOf } from './images.ts';
import { build, layout, operand } from './operands.ts';
import { temporalPadding } from './spatial.ts';

type Padding = 'valid' | 'same' | 'causal' | (string & {});

export interface ConvolutionOptions {
  readonly strides?: Sizes;
  /** `'valid'` or `'same'`; `conv1d` knows `'causal'` too. */
  readonly padding?: Padding;
  /** `'channels_last'`, `'channels_first'`, or null for the setting. */
  readonly dataFormat?: string | null;
  readonly dilationRate?: Sizes;
}
type ConvolutionRest = Rest<
  [strides: Sizes, padding: Padding, dataFormat: string | null, dilationRate: Sizes],
  ConvolutionOptions
>;

interface Window {
  readonly strides: readonly number[];
  readonly padding: string;
  readonly format: ImageDataFormat;
  readonly dilationRate: readonly number[];
}

function windowOf(rest: ConvolutionRest, spatial: number): Window {
  const given = bind<ConvolutionOptions>(['strides', 'padding', 'dataFormat', 'dilationRate'], rest);
  return {
    format: layout(given.dataFormat),
    strides: sizesOf(given.strides ?? 1, spatial, 'strides'),
    padding: given.padding ?? 'valid',
    dilationRate: sizesOf(given.dilationRate ?? 1, spatial, 'dilation_rate'),
  };
}

/**
 * The convolution of sequences `[batch, steps, channels]` with a kernel `[width, channels, filters]`. With padding `causal`
 * a step sees none after it.
 *
 *     K.conv1d(x, kernel, 1, 'causal', {dilationRate: 2})
 */
export function conv1d(x: TensorLike, kernel: TensorLike, ...rest: ConvolutionRest): Tensor {
  const { strides, padding, format, dilationRate } = windowOf(rest, 1);
  return build([x, kernel], () => {
    const w = operand(kernel);
    return channelsLast(operand(x), format, 3, (image) => {
      const causal = padding === 'causal';
      const width = w.shape?.[0] ?? null;
      if (causal && width === null) throw new ValueError('Causal padding needs a kernel of known width.');
      const padded = causal ? temporalPadding(image, [dilationRate[0] * ((width as number) - 1), 0]) : image;
      return planar.convolution(padded, w, causal ? 'VALID' : paddingOf(padding), { strides, dilationRate });
    });
  });
}

/**
 * The convolution of images `[batch, height, width, channels]` with a kernel `[height, width, channels, filters]`.
 *
 *     K.conv2d(x, kernel, [2, 2], 'same')
 *     K.conv2d(x, kernel, {dilationRate: 2})
 */
export function conv2d(x: TensorLike, kernel: TensorLike, ...rest: ConvolutionRest): Tensor {
  const { strides, padding, format, dilationRate } = windowOf(rest, 2);
  return build([x, kernel], () => {
    const w = operand(kernel);
    return channelsLast(operand(x), format, 4, (image) =>
      planar.convolution(image, w, paddingOf(padding), { strides, dilationRate }),
    );
  });
}

/** The convolution of volumes `[batch, depth, height, width, channels]`; see `conv2d`. */
export function conv3d(x: TensorLike, kernel: TensorLike, ...rest: ConvolutionRest): Tensor {
  const { strides, padding, format, dilationRate } = windowOf(rest, 3);
  return build([x, kernel], () => {
    const w = operand(kernel);
    return channelsLast(operand(x), format, 5, (volume) =>
      volumes.conv3d(volume, w, {
        strides: [1, ...strides, 1],
        padding: paddingOf(padding),
        dilations: [1, ...dilationRate, 1],
        name: 'convolution',
      }),
    );
  });
}

/** The lengths of the result, in the layout of the call; a null batch is that of the input. */
export type OutputShape = readonly (number | null | Tensor)[] | Tensor;

/** The result's shape with the channels last, with a null batch replaced. */
function outputSizes(outputShape: OutputShape, x: Tensor, format: ImageDataFormat, rank: number): TensorLike {
  const first = format === 'channels_first';
  if (isSymbolic(outputShape) && !first) return outputShape;
  const list = isSymbolic(outputShape) ? Array.from({ length: rank }, (_, i) => outputShape.slice(i)) : outputShape;
  const [batch, ...others] = list;
  const moved = [batch, ...(first ? [...others.slice(1), others[0]] : others)];
  if (moved.every((length) => typeof length === 'number')) return vector(...moved);
  return stack([batch ?? shapeIn(x).slice(0), ...moved.slice(1)] as TensorLike[]);
}

/**
 * The transpose of a convolution, which enlarges images: the kernel is `[height, width, filters, channels]`, and
 * `outputShape` the whole shape of the result. Throws `ValueError` for dilations that differ.
 *
 *     K.conv2dTranspose(x, kernel, [null, 28, 28, 16], [2, 2], 'same')
 */
export function conv2dTranspose(
  x: TensorLike,
  kernel: TensorLike,
  outputShape: OutputShape,
  ...rest: ConvolutionRest
): Tensor {
  const { strides, padding, format, dilationRate } = windowOf(rest, 2);
  if (dilationRate[0] !== dilationRate[1]) {
    throw new ValueError(
      `Expected the 2 dimensions of the \`dilation_rate\` argument to be equal to each other. Received: dilation_rate=(${dilationRate.join(', ')})`,
    );
  }
  return build([x, kernel, outputShape], () => {
    const w = operand(kernel);
    return channelsLast(operand(x), format, 4, (image) =>
      planar.conv2dTranspose(image, w, outputSizes(outputShape, image, format, 4), [1, ...strides, 1], {
        padding: paddingOf(padding),
        dilations: dilationRate,
        name: dilationRate[0] === 1 ? null : 'atrous_conv2d_transpose',
      }),
    );
  });
}

type Conv3dTransposeRest = Rest<
  [strides: Sizes, padding: Padding, dataFormat: string | null],
  Omit<ConvolutionOptions, 'dilationRate'>
>;

/** The transpose of a convolution of volumes; see `conv2dTranspose`. */
export function conv3dTranspose(
  x: TensorLike,
  kernel: TensorLike,
  outputShape: OutputShape,
  ...rest: Conv3dTransposeRest
): Tensor {
  const { strides, padding, format } = windowOf(rest as ConvolutionRest, 3);
  return build([x, kernel, outputShape], () => {
    const w = operand(kernel);
    return channelsLast(operand(x), format, 5, (volume) =>
      volumes.conv3dTranspose(volume, w, outputSizes(outputShape, volume, format, 5), [1, ...strides, 1], {
        padding: paddingOf(padding),
      }),
    );
  });
}

/**
 * Each channel convolved with kernels of its own: the kernel is `[height, width, channels, multiplier]`.
 *
 *     K.depthwiseConv2d(x, kernel, [1, 1], 'same')
 */
export function depthwiseConv2d(x: TensorLike, depthwiseKernel: TensorLike, ...rest: ConvolutionRest): Tensor {
  const { strides, padding, format, dilationRate } = windowOf(rest, 2);
  return build([x, depthwiseKernel], () => {
    const w = operand(depthwiseKernel);
    return channelsLast(operand(x), format, 4, (image) =>
      planar.depthwiseConv2d(image, w, [1, ...strides, 1], paddingOf(padding), { rate: dilationRate }),
    );
  });
}

/**
 * A depthwise convolution followed by one of single points, whose kernel is `[1, 1, channels * multiplier, filters]`.
 *
 *     K.separableConv2d(x, depthwise, pointwise, [1, 1], 'same')
 */
export function separableConv2d(
  x: TensorLike,
  depthwiseKernel: TensorLike,
  pointwiseKernel: TensorLike,
  ...rest: ConvolutionRest
): Tensor {
  const { strides, padding, format, dilationRate } = windowOf(rest, 2);
  return build([x, depthwiseKernel, pointwiseKernel], () => {
    const [d, p] = [operand(depthwiseKernel), operand(pointwiseKernel)];
    return channelsLast(operand(x), format, 4, (image) =>
      planar.separableConv2d(image, d, p, [1, ...strides, 1], paddingOf(padding), { rate: dilationRate }),
    );
  });
}

/** `separableConv2d` of sequences: kernels `[width, channels, multiplier]` and `[1, channels * multiplier, filters]`. */
export function separableConv1d(
  x: TensorLike,
  depthwiseKernel: TensorLike,
  pointwiseKernel: TensorLike,
  ...rest: ConvolutionRest
): Tensor {
  const { strides, padding, format, dilationRate } = windowOf(rest, 1);
  return build([x, depthwiseKernel, pointwiseKernel], () => {
    const d = emitOne('ExpandDims', [operand(depthwiseKernel), 0]);
    const p = emitOne('ExpandDims', [operand(pointwiseKernel), 0]);
    return channelsLast(operand(x), format, 3, (image) => {
      const wide = expandDims(image, 1);
      // Strides of a depthwise convolution are equal; the axis of length 1 gives one row in any case.
      const steps = [1, strides[0], strides[0], 1];
      const rate = [1, dilationRate[0]];
      return squeeze(planar.separableConv2d(wide, d, p, steps, paddingOf(padding), { rate }), [1]);
    });
  });
}
