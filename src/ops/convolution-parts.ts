/**
 * The parts that convolutions and their gradients are made of, as functions of `tf.nn`: what flows to the input and to the
 * filter, depthwise ones, and the transposed convolution with holes. The ops are in `convolution.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { conv2dTranspose } from './convolution-functions.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { batchToSpace, spaceToBatch } from './spacing.ts';
import { constantValue } from './static-value.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';
import { type PaddingLike, paddingAttrs } from './window-arguments.ts';

export interface ConvolutionPartOptions {
  readonly useCudnnOnGpu?: boolean;
  /** `NHWC` (the default) or `NCHW`. */
  readonly dataFormat?: string | null;
  /** Holes along every axis of the data format; none without it. */
  readonly dilations?: readonly number[] | null;
  readonly name?: string | null;
}
export interface Conv2dBackpropInputOptions extends ConvolutionPartOptions {
  readonly filter?: TensorLike;
  /** The same as `filter`. */
  readonly filters?: TensorLike;
  readonly outBackprop?: TensorLike;
  readonly strides?: readonly number[];
  readonly padding?: PaddingLike;
}

const ONES = [1, 1, 1, 1];

function windowAttrs(strides: readonly number[], padding: PaddingLike, options: ConvolutionPartOptions) {
  if (!Array.isArray(strides)) throw new TypeError(`Expected list for 'strides' argument, not ${strides}.`);
  return {
    ...paddingAttrs(padding),
    strides,
    data_format: options.dataFormat ?? 'NHWC',
    dilations: options.dilations ?? ONES,
  };
}

/**
 * What flows to the input of `conv2d`, of the shape `inputSizes`, where `outBackprop` flows to its result. `strides` has an
 * element for every axis. Throws `ValueError` where shapes do not fit.
 *
 *     tf.nn.conv2dBackpropInput([1, 4, 4, 2], w, dy, [1, 2, 2, 1], 'SAME')
 */
export function conv2dBackpropInput(
  inputSizes: TensorLike,
  ...rest: Rest<
    [
      filter: TensorLike,
      outBackprop: TensorLike,
      strides: readonly number[],
      padding: PaddingLike,
      useCudnnOnGpu: boolean,
      dataFormat: string | null,
      dilations: readonly number[] | null,
      name: string | null,
      filters: TensorLike,
    ],
    Conv2dBackpropInputOptions
  >
): Tensor {
  const { filter, filters, outBackprop, strides, padding, ...options } = bind<Conv2dBackpropInputOptions>(
    [
      'filter',
      'outBackprop',
      'strides',
      'padding',
      'useCudnnOnGpu',
      'dataFormat',
      'dilations',
      'name',
      'filters',
    ] as never,
    rest,
  );
  const weights = filter ?? filters;
  if (weights === undefined) throw new ValueError('Must specify filter.');
  if (outBackprop === undefined) throw new ValueError('Must specify out_backprop.');
  if (strides === undefined || padding === undefined) throw new ValueError('Must specify strides and padding.');
  const attrs = { ...windowAttrs(strides, padding, options), use_cudnn_on_gpu: options.useCudnnOnGpu };
  return emitOne('Conv2DBackpropInput', [inputSizes, weights, outBackprop], attrs, options.name);
}

type PartRest = Rest<
  [useCudnnOnGpu: boolean, dataFormat: string | null, dilations: readonly number[] | null, name: string | null],
  ConvolutionPartOptions
>;

/**
 * What flows to the filter of `conv2d`, of the shape `filterSizes`, where `outBackprop` flows to its result.
 *
 *     tf.nn.conv2dBackpropFilter(x, [2, 2, 2, 3], dy, [1, 2, 2, 1], 'SAME')
 */
export function conv2dBackpropFilter(
  input: TensorLike,
  filterSizes: TensorLike,
  outBackprop: TensorLike,
  strides: readonly number[],
  padding: PaddingLike,
  ...rest: PartRest
): Tensor {
  const options = bind<ConvolutionPartOptions>(['useCudnnOnGpu', 'dataFormat', 'dilations', 'name'], rest);
  const attrs = { ...windowAttrs(strides, padding, options), use_cudnn_on_gpu: options.useCudnnOnGpu };
  return emitOne('Conv2DBackpropFilter', [input, filterSizes, outBackprop], attrs, options.name);
}

export interface DepthwisePartOptions {
  readonly dataFormat?: string | null;
  readonly dilations?: readonly number[] | null;
  readonly name?: string | null;
}
type DepthwiseRest = Rest<
  [dataFormat: string | null, dilations: readonly number[] | null, name: string | null],
  DepthwisePartOptions
>;

function depthwise(
  type: string,
  inputs: readonly TensorLike[],
  strides: readonly number[],
  padding: PaddingLike,
  rest: DepthwiseRest,
): Tensor {
  const options = bind<DepthwisePartOptions>(['dataFormat', 'dilations', 'name'], rest);
  return emitOne(type, inputs, windowAttrs(strides, padding, options), options.name);
}

/**
 * The convolution of each channel of `input` with filters of its own, `filter` [height, width, depth, multiplier]: the op
 * that `tf.nn.depthwiseConv2d` builds. Strides along both axes are the same.
 *
 *     tf.nn.depthwiseConv2dNative(x, w, [1, 1, 1, 1], 'VALID')
 */
export function depthwiseConv2dNative(
  input: TensorLike,
  filter: TensorLike,
  strides: readonly number[],
  padding: PaddingLike,
  ...rest: DepthwiseRest
): Tensor {
  return depthwise('DepthwiseConv2dNative', [input, filter], strides, padding, rest);
}

/**
 * What flows to the input of a depthwise convolution, of the shape `inputSizes`.
 *
 *     tf.nn.depthwiseConv2dNativeBackpropInput([1, 3, 3, 2], w, dy, [1, 1, 1, 1], 'VALID')
 */
export function depthwiseConv2dNativeBackpropInput(
  inputSizes: TensorLike,
  filter: TensorLike,
  outBackprop: TensorLike,
  strides: readonly number[],
  padding: PaddingLike,
  ...rest: DepthwiseRest
): Tensor {
  const inputs = [inputSizes, filter, outBackprop];
  return depthwise('DepthwiseConv2dNativeBackpropInput', inputs, strides, padding, rest);
}

/**
 * What flows to the filter of a depthwise convolution, of the shape `filterSizes`.
 *
 *     tf.nn.depthwiseConv2dNativeBackpropFilter(x, [2, 2, 2, 1], dy, [1, 1, 1, 1], 'VALID')
 */
export function depthwiseConv2dNativeBackpropFilter(
  input: TensorLike,
  filterSizes: TensorLike,
  outBackprop: TensorLike,
  strides: readonly number[],
  padding: PaddingLike,
  ...rest: DepthwiseRest
): Tensor {
  const inputs = [input, filterSizes, outBackprop];
  return depthwise('DepthwiseConv2dNativeBackpropFilter', inputs, strides, padding, rest);
}

/**
 * The transposed convolution with holes: what flows back through `atrousConv2d` with `filters` [height, width, outDepth,
 * depth] and `rate`, to `outputShape` [batch, height, width, outDepth]. Filters and shape have to be known when the graph
 * is built. Throws `ValueError` for a rate below 1, and where depths do not fit.
 *
 *     tf.nn.atrousConv2dTranspose(y, w, [1, 5, 5, 2], 2, 'SAME')
 */
export function atrousConv2dTranspose(
  value: TensorLike,
  filters: TensorLike,
  outputShape: TensorLike,
  rate: number,
  padding: 'SAME' | 'VALID',
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ name: string | null }>(['name'], rest);
  return opScope(name, 'atrous_conv2d_transpose', [value, filters, outputShape], () => {
    const y = convertToTensor(value, { preferredDtype: float32, name: 'value' });
    const w = convertToTensor(filters, { preferredDtype: float32, name: 'filters' });
    const [depth, inDepth] = [y.shape?.[3] ?? null, w.shape?.[3] ?? null];
    if (depth !== null && inDepth !== null && depth !== inDepth) {
      throw new ValueError(
        '`value` channel count must be compatible with `filters` input channel count. Received: ' +
          `value.shape=(${y.shape?.join(', ')}) with channel count ${depth} and filters.shape=(${w.shape?.join(', ')}) ` +
          `with input channel count ${inDepth}.`,
      );
    }
    if (rate < 1) throw new ValueError(`\`rate\` cannot be less than one. Received: rate=${rate}`);
    if (padding !== 'SAME' && padding !== 'VALID') {
      throw new ValueError(`\`padding\` must be either 'VALID' or 'SAME'. Received: padding=${padding}`);
    }
    if (rate === 1) return conv2dTranspose(y, w, outputShape, [1, 1, 1, 1], padding);
    const sizes = constantValue(convertToTensor(outputShape, { name: 'output_shape' }));
    if (sizes?.size !== 4 || w.shape === null)
      throw new ValueError('`output_shape` must have shape (4,), and be known.');
    const [batch, height, width, outDepth] = Array.from(sizes.data as Int32Array, Number);
    const [filterHeight, filterWidth, filterDepth] = w.shape;
    if (filterHeight === null || filterWidth === null) throw new ValueError('The size of `filters` must be known.');
    if (filterDepth !== null && filterDepth !== outDepth) {
      throw new ValueError(
        '`output_shape` channel count must be compatible with `filters` output channel count. Received: ' +
          `output_shape=[${[batch, height, width, outDepth].join(', ')}] with channel count ${outDepth} and ` +
          `filters.shape=(${w.shape.join(', ')}) with output channel count ${inDepth}.`,
      );
    }
    // What a filter with holes reaches over the edge, the odd pixel after; then up to a multiple of the rate.
    const axis = (size: number, window: number) => {
      const over = padding === 'SAME' ? (window - 1) * rate : 0;
      const before = over >> 1;
      const extra = (rate - ((size + over) % rate)) % rate;
      return { before, after: over - before + extra, extra, blocks: (size + over + extra) / rate };
    };
    const [rows, columns] = [axis(height, filterHeight), axis(width, filterWidth)];
    const apart = spaceToBatch(y, [[0, rows.extra], [0, columns.extra]], { blockSize: rate }); // biome-ignore format: a pair
    const attrs = { strides: ONES, padding: 'VALID' };
    const inputSizes = [rate * rate * batch, rows.blocks, columns.blocks, outDepth];
    const spread = emitOne('Conv2DBackpropInput', [inputSizes, w, apart], attrs);
    const crops = [[rows.before, rows.after], [columns.before, columns.after]]; // biome-ignore format: a pair
    return batchToSpace(spread, crops, { blockSize: rate });
  });
}
