/**
 * The convolutions of `tf.nn`. They check and complete arguments; the ops and their gradients are in `convolution.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { vector } from './indices.ts';
import { shape as shapeOf } from './shaping.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from './tensor-like.ts';

/** `'SAME'`, `'VALID'`, or the padding of each axis as [before, after]. */
export type PaddingLike = 'SAME' | 'VALID' | (string & {}) | readonly (readonly [number, number])[];
/** One number for all spatial axes, one for each, or one for every axis of the data format. */
export type WindowSizes = number | readonly number[];

/** The attributes `padding` and `explicit_paddings` of a padding as users write it. */
export function paddingAttrs(
  padding: PaddingLike,
  rank = 4,
): { padding: string; explicit_paddings: readonly number[] } {
  if (typeof padding === 'string') {
    if (padding === 'EXPLICIT') {
      throw new ValueError(
        "'EXPLICIT' is not a valid value for `padding`. To use explicit padding, `padding` must be a list.",
      );
    }
    return { padding, explicit_paddings: [] };
  }
  if (!Array.isArray(padding)) throw new TypeError('The padding must be a string or a list of [before, after] pairs.');
  const pairs = padding as readonly unknown[];
  pairs.forEach((pair, i) => {
    if (Array.isArray(pair) && pair.length === 2) return;
    const found = Array.isArray(pair) ? `size ${pair.length}` : `type ${typeof pair}`;
    throw new ValueError(
      `When \`padding\` is a list, each element of \`padding\` must be a list/tuple of size 2. Received: padding=${JSON.stringify(padding)} with element at index ${i} of ${found}`,
    );
  });
  if (pairs.length !== rank) {
    throw new ValueError(
      `When padding is a list, it must be of size ${rank}. Received: padding=${JSON.stringify(padding)} of size ${pairs.length}`,
    );
  }
  return { padding: 'EXPLICIT', explicit_paddings: (pairs as readonly number[][]).flat() };
}

/** A size for every axis of the data format. Lists of other lengths are left for the op to refuse. */
export function everyAxis(
  value: WindowSizes | null | undefined,
  spatial: number,
  dataFormat: string,
): readonly number[] {
  const list = value === null || value === undefined ? [1] : typeof value === 'number' ? [value] : value;
  let inner: readonly number[];
  if (list.length === 1) inner = new Array<number>(spatial).fill(list[0]);
  else if (list.length === spatial) inner = list;
  else return list;
  return dataFormat.startsWith('NC') ? [1, 1, ...inner] : [1, ...inner, 1];
}

function images(input: TensorLike, name: string): Tensor {
  return convertToTensor(input, { preferredDtype: float32, name });
}

export interface Conv2dOptions {
  readonly strides?: WindowSizes | null;
  readonly padding?: PaddingLike | null;
  readonly useCudnnOnGpu?: boolean;
  /** `NHWC` (the default) or `NCHW`. */
  readonly dataFormat?: string | null;
  readonly dilations?: WindowSizes | null;
  readonly name?: string | null;
}

/**
 * The two-dimensional convolution (in truth correlation) of `input` [batch, height, width, depth] with `filter` [height,
 * width, depth, outDepth], both of one float type. `padding` SAME keeps the size divided by the strides, VALID takes whole
 * windows only, a list of [before, after] pairs pads every axis as it says. Throws `ValueError` where ranks or depths do
 * not fit or no window fits.
 *
 *     tf.nn.conv2d(x, w, [1, 1, 1, 1], 'SAME')
 *     tf.nn.conv2d(x, w, {strides: 2, padding: [[0, 0], [1, 1], [1, 1], [0, 0]]})
 */
export function conv2d(
  input: TensorLike,
  filter: TensorLike,
  ...rest: Rest<
    [
      strides: WindowSizes | null,
      padding: PaddingLike | null,
      useCudnnOnGpu: boolean,
      dataFormat: string | null,
      dilations: WindowSizes | null,
      name: string | null,
    ],
    Conv2dOptions
  >
): Tensor {
  const { strides, padding, useCudnnOnGpu, dataFormat, dilations, name } = bind<Conv2dOptions>(
    ['strides', 'padding', 'useCudnnOnGpu', 'dataFormat', 'dilations', 'name'],
    rest,
  );
  const format = dataFormat ?? 'NHWC';
  return emitOne(
    'Conv2D',
    [input, filter],
    {
      ...paddingAttrs(requirePadding(padding)),
      strides: everyAxis(strides, 2, format),
      dilations: everyAxis(dilations, 2, format),
      data_format: format,
      use_cudnn_on_gpu: useCudnnOnGpu,
    },
    name,
  );
}

function requirePadding(padding: PaddingLike | null | undefined): PaddingLike {
  if (padding === null || padding === undefined) throw new TypeError("conv2d missing required argument 'padding'");
  return padding;
}

export interface Conv2dTransposeOptions {
  readonly padding?: PaddingLike | null;
  readonly dataFormat?: string | null;
  readonly dilations?: WindowSizes | null;
  readonly name?: string | null;
}

/**
 * The transpose (gradient) of `conv2d`, with which decoders enlarge images: `value` [batch, height, width, depth], `filter`
 * [height, width, outDepth, depth], and `outputShape` the shape of the result, a list or an int32 vector.
 *
 *     tf.nn.conv2dTranspose(x, w, [batch, 28, 28, 16], [1, 2, 2, 1], 'SAME')
 */
export function conv2dTranspose(
  value: TensorLike,
  filter: TensorLike,
  outputShape: TensorLike,
  strides: WindowSizes,
  ...rest: Rest<[padding: PaddingLike | null, dataFormat: string | null, name: string | null], Conv2dTransposeOptions>
): Tensor {
  const { padding, dataFormat, dilations, name } = bind<Conv2dTransposeOptions>(
    ['padding', 'dataFormat', 'name'],
    rest,
  );
  const format = dataFormat ?? 'NHWC';
  return opScope(name, 'conv2d_transpose', [value, filter, outputShape], (scope) =>
    emitOne(
      'Conv2DBackpropInput',
      [outputShape, filter, isSymbolic(filter) ? value : images(value, 'out_backprop')],
      {
        ...paddingAttrs(padding ?? 'SAME'),
        strides: everyAxis(strides, 2, format),
        dilations: everyAxis(dilations, 2, format),
        data_format: format,
      },
      scope,
    ),
  );
}

export interface DepthwiseOptions {
  /** Dilation; where it is not 1, the strides must be. */
  readonly rate?: WindowSizes | null;
  readonly name?: string | null;
  readonly dataFormat?: string | null;
  /** Another name of `rate`. */
  readonly dilations?: WindowSizes | null;
}

type DepthwiseRest = Rest<[rate: WindowSizes | null, name: string | null, dataFormat: string | null], DepthwiseOptions>;

/** The depthwise op with what TensorFlow builds before it; `finalName` names the op itself. */
function depthwise(
  input: Tensor,
  filter: Tensor,
  strides: WindowSizes,
  padding: PaddingLike,
  { rate, dilations, dataFormat }: DepthwiseOptions,
  finalName: string,
): Tensor {
  const format = dataFormat ?? 'NHWC';
  const steps = everyAxis(strides, 2, format);
  const spread = everyAxis(rate ?? dilations, 2, format);
  if (spread.some((d) => d > 1) && steps.some((s) => s > 1)) {
    throw new ValueError(
      `\`strides > 1\` not supported in conjunction with \`dilation_rate > 1\`. Received: strides=[${steps}] and dilation_rate=[${spread}]`,
    );
  }
  shapeOf(filter);
  convertToTensor(vector(...(format === 'NCHW' ? spread.slice(2) : spread.slice(1, 3))), { name: 'dilation_rate' });
  return emitOne(
    'DepthwiseConv2dNative',
    [input, filter],
    { ...paddingAttrs(padding), strides: steps, dilations: spread, data_format: format },
    finalName,
  );
}

/**
 * Each channel of `input` [batch, height, width, depth] convolved with its own `filter` [height, width, depth,
 * multiplier]: the result has depth · multiplier channels.
 *
 *     tf.nn.depthwiseConv2d(x, w, [1, 1, 1, 1], 'SAME')
 */
export function depthwiseConv2d(
  input: TensorLike,
  filter: TensorLike,
  strides: WindowSizes,
  padding: PaddingLike,
  ...rest: DepthwiseRest
): Tensor {
  const options = bind<DepthwiseOptions>(['rate', 'name', 'dataFormat'], rest);
  return opScope(options.name, 'depthwise', [input, filter], (scope) =>
    depthwise(images(input, 'tensor_in'), images(filter, 'filter_in'), strides, padding, options, scope),
  );
}

/**
 * A depthwise convolution followed by a 1×1 one: `depthwiseFilter` [height, width, depth, multiplier], `pointwiseFilter`
 * [1, 1, depth · multiplier, outDepth].
 *
 *     tf.nn.separableConv2d(x, d, p, [1, 1, 1, 1], 'SAME')
 */
export function separableConv2d(
  input: TensorLike,
  depthwiseFilter: TensorLike,
  pointwiseFilter: TensorLike,
  strides: WindowSizes,
  padding: PaddingLike,
  ...rest: DepthwiseRest
): Tensor {
  const options = bind<DepthwiseOptions>(['rate', 'name', 'dataFormat'], rest);
  return opScope(options.name, 'separable_conv2d', [input, depthwiseFilter, pointwiseFilter], (scope) => {
    const x = images(input, 'tensor_in');
    const d = images(depthwiseFilter, 'depthwise_filter');
    const p = images(pointwiseFilter, 'pointwise_filter');
    if (p.shape !== null && (p.shape.length !== 4 || [p.shape[0], p.shape[1]].some((n) => n !== null && n !== 1))) {
      throw new ValueError(`The pointwise filter must be of shape [1, 1, depth, outDepth], got ${p.getShape()}.`);
    }
    const middle = depthwise(x, d, strides, padding, options, 'depthwise');
    return conv2d(middle, p, { strides: 1, padding: 'VALID', dataFormat: options.dataFormat, name: scope });
  });
}

export interface Conv1dOptions {
  readonly useCudnnOnGpu?: boolean;
  /** `NWC` (the default) or `NCW`. */
  readonly dataFormat?: string | null;
  readonly name?: string | null;
  readonly dilations?: WindowSizes | null;
}

/**
 * The one-dimensional convolution of `value` [batch, width, depth] with `filters` [width, depth, outDepth].
 *
 *     tf.nn.conv1d(x, w, 1, 'SAME')
 */
export function conv1d(
  value: TensorLike,
  filters: TensorLike,
  stride: WindowSizes,
  padding: PaddingLike,
  ...rest: Rest<[useCudnnOnGpu: boolean, dataFormat: string | null, name: string | null], Conv1dOptions>
): Tensor {
  const { useCudnnOnGpu, dataFormat, name, dilations } = bind<Conv1dOptions>(
    ['useCudnnOnGpu', 'dataFormat', 'name'],
    rest,
  );
  return opScope(name, 'conv1d', [value, filters], (scope) => {
    const format = planarFormat(dataFormat ?? 'NWC');
    const axis = format === 'NCHW' ? -2 : -3;
    const widened = (sizes: WindowSizes | null | undefined) => {
      const list = everyAxis(sizes, 1, format);
      return format === 'NCHW' ? [list[0], list[1], 1, ...list.slice(2)] : [list[0], 1, ...list.slice(1)];
    };
    const x = emitOne('ExpandDims', [images(value, 'value'), axis]);
    const w = emitOne('ExpandDims', [isSymbolic(filters) ? filters : images(filters, 'filters'), 0]);
    const y = emitOne(
      'Conv2D',
      [x, w],
      {
        ...paddingAttrs(padding),
        strides: widened(stride),
        dilations: widened(dilations),
        data_format: format,
        use_cudnn_on_gpu: useCudnnOnGpu,
      },
      scope,
    );
    return emitOne('Squeeze', [y], { squeeze_dims: [axis] });
  });
}

function planarFormat(dataFormat: string): 'NHWC' | 'NCHW' {
  if (dataFormat === 'NWC' || dataFormat === 'NHWC') return 'NHWC';
  if (dataFormat === 'NCW' || dataFormat === 'NCHW') return 'NCHW';
  throw new ValueError(`\`data_format\` must be 'NWC' or 'NCW'. Received: data_format=${dataFormat}`);
}

export interface ConvolutionOptions {
  readonly strides?: WindowSizes | null;
  readonly dilationRate?: WindowSizes | null;
  readonly name?: string | null;
  readonly dataFormat?: string | null;
}

/**
 * The convolution of `input` with `filter` over as many spatial axes as `filter` has (one or two), with strides and
 * dilations per spatial axis. Throws `ValueError` where both are above 1.
 *
 *     tf.nn.convolution(x, w, 'SAME', {dilationRate: [2, 2]})
 */
export function convolution(
  input: TensorLike,
  filter: TensorLike,
  padding: PaddingLike,
  ...rest: Rest<
    [strides: WindowSizes | null, dilationRate: WindowSizes | null, name: string | null, dataFormat: string | null],
    ConvolutionOptions
  >
): Tensor {
  const { strides, dilationRate, name, dataFormat } = bind<ConvolutionOptions>(
    ['strides', 'dilationRate', 'name', 'dataFormat'],
    rest,
  );
  return opScope(name, 'convolution', [input, filter], (scope) => {
    const x = images(input, 'input');
    const w = images(filter, 'filter');
    const rank = w.shape?.length ?? x.shape?.length ?? null;
    const steps = spatialOf(strides);
    const spread = spatialOf(dilationRate);
    if (steps.some((s) => s > 1) && spread.some((d) => d > 1)) {
      throw new ValueError(
        `\`strides > 1\` not supported in conjunction with \`dilations > 1\`. Received: strides=[${steps}] and dilations=[${spread}]`,
      );
    }
    if (rank === 3) {
      return conv1d(x, w, strides ?? 1, padding, {
        dataFormat: dataFormat ?? 'NWC',
        dilations: dilationRate,
        name: scope,
      });
    }
    if (rank !== 4) {
      throw new ValueError(
        `\`num_spatial_dims\` must be 1 or 2. Received: num_spatial_dims=${rank === null ? 'None' : rank - 2}`,
      );
    }
    return conv2d(x, w, { strides, padding, dataFormat, dilations: dilationRate, name: scope });
  });
}

function spatialOf(sizes: WindowSizes | null | undefined): readonly number[] {
  if (sizes === null || sizes === undefined) return [];
  return typeof sizes === 'number' ? [sizes] : sizes;
}

/**
 * `conv2d` with `rate - 1` holes between the taps of the filter: `value` [batch, height, width, depth], `filters` [height,
 * width, depth, outDepth]. Throws `ValueError` for a rate below 1.
 *
 *     tf.nn.atrousConv2d(x, w, 2, 'SAME')
 */
export function atrousConv2d(
  value: TensorLike,
  filters: TensorLike,
  rate: number,
  padding: PaddingLike,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ name: string | null }>(['name'], rest);
  if (rate < 1) throw new ValueError(`all values of dilation_rate must be positive. Received: dilation_rate=${rate}`);
  return convolution(value, filters, padding, { dilationRate: [rate, rate], name });
}
