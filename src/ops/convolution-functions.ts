/**
 * The convolutions of `tf.nn` along one and two axes, and those along as many as their arguments have. They check and
 * complete arguments; the ops and their gradients are in `convolution.ts` and `convolution3d.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { conv3d, conv3dTranspose } from './convolution3d.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { asIndices, vector } from './indices.ts';
import { shape as shapeOf } from './shaping.ts';
import { bind, isConvertible, isSymbolic, type Rest, type TensorLike } from './tensor-like.ts';
import { everyAxis, type PaddingLike, paddingAttrs, type WindowSizes } from './window-arguments.ts';

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

export interface Conv1dTransposeOptions {
  readonly padding?: PaddingLike | null;
  /** `NWC` (the default) or `NCW`. */
  readonly dataFormat?: string | null;
  readonly dilations?: WindowSizes | null;
  readonly name?: string | null;
}
type TransposeRest = Rest<
  [padding: PaddingLike | null, dataFormat: string | null, dilations: WindowSizes | null, name: string | null],
  Conv1dTransposeOptions
>;

/**
 * The transpose (gradient) of `conv1d`: `input` [batch, width, depth], `filters` [width, outDepth, depth], and
 * `outputShape` the shape of the result, a list or an int32 vector.
 *
 *     tf.nn.conv1dTranspose(x, w, [batch, 28, 16], 2)
 */
export function conv1dTranspose(
  input: TensorLike,
  filters: TensorLike,
  outputShape: TensorLike,
  strides: WindowSizes,
  ...rest: TransposeRest
): Tensor {
  const { padding, dataFormat, dilations, name } = bind<Conv1dTransposeOptions>(
    ['padding', 'dataFormat', 'dilations', 'name'],
    rest,
  );
  return opScope(name, 'conv1d_transpose', [input, filters, outputShape], (scope) => {
    const format = planarFormat(dataFormat ?? 'NWC');
    const start = format === 'NCHW' ? 2 : 1;
    const widened = (sizes: WindowSizes | null | undefined) => {
      const list = everyAxis(sizes, 1, format);
      return [...list.slice(0, start), 1, ...list.slice(start)];
    };
    const x = emitOne('ExpandDims', [images(input, 'input'), start]);
    const w = emitOne('ExpandDims', [images(filters, 'filters'), 0]);
    const y = emitOne(
      'Conv2DBackpropInput',
      [planarShape(outputShape, start), w, x],
      {
        ...paddingAttrs(padding ?? 'SAME'),
        strides: widened(strides),
        dilations: widened(dilations),
        data_format: format,
      },
      scope,
    );
    return emitOne('Squeeze', [y], { squeeze_dims: [start] });
  });
}

/** The shape with an axis of length 1 before axis `start`. */
function planarShape(shape: TensorLike, start: number): Tensor {
  let [before, after]: TensorLike[] = [];
  if (Array.isArray(shape)) {
    [before, after] = [asIndices(shape.slice(0, start)), asIndices(shape.slice(start))];
  } else {
    const whole = convertToTensor(shape, { dtype: int32, name: 'output_shape' });
    const part = (from: number, to: number, attrs: { begin_mask?: number; end_mask?: number }) =>
      emitOne('StridedSlice', [whole, vector(from), vector(to), vector(1)], attrs, 'strided_slice');
    [before, after] = [part(0, start, { begin_mask: 1 }), part(start, 0, { end_mask: 1 })];
  }
  return emitOne('ConcatV2', [[before, vector(1), after], 0], {}, 'concat');
}

export interface ConvolutionOptions {
  readonly strides?: WindowSizes | null;
  readonly dilationRate?: WindowSizes | null;
  readonly name?: string | null;
  readonly dataFormat?: string | null;
}

/**
 * The convolution of `input` with `filter` over as many spatial axes as `filter` has (one to three), with strides and
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
    if (rank === 5) {
      if (typeof padding !== 'string') throw new TypeError('The padding of a convolution of volumes must be a string.');
      return conv3d(x, w, { strides, padding, dataFormat, dilations: dilationRate, name: scope });
    }
    if (rank !== 4) {
      throw new ValueError(
        `\`num_spatial_dims\` must be 1, 2, or 3. Received: num_spatial_dims=${rank === null ? 'None' : rank - 2}.`,
      );
    }
    return conv2d(x, w, { strides, padding, dataFormat, dilations: dilationRate, name: scope });
  });
}

/**
 * The transpose (gradient) of `convolution` along one to three axes, by the length of `outputShape`: see `conv1dTranspose`,
 * `conv2dTranspose` and `conv3dTranspose`. Throws `ValueError` for other lengths.
 *
 *     tf.nn.convTranspose(x, w, [batch, 28, 28, 16], [2, 2])
 */
export function convTranspose(
  input: TensorLike,
  filters: TensorLike,
  outputShape: TensorLike,
  strides: WindowSizes,
  ...rest: TransposeRest
): Tensor {
  const { padding, dataFormat, dilations, name } = bind<Conv1dTransposeOptions>(
    ['padding', 'dataFormat', 'dilations', 'name'],
    rest,
  );
  return opScope(name, 'conv_transpose', [input, filters, outputShape], (scope) => {
    const length = lengthOf(outputShape);
    const options = { dataFormat, dilations, name: scope };
    if (length === 3) return conv1dTranspose(input, filters, outputShape, strides, { ...options, padding });
    if (length === 4) return conv2dTranspose(input, filters, outputShape, strides, { ...options, padding });
    if (length !== 5) {
      throw new ValueError(
        `\`output_shape\` must be of length 3, 4 or 5. Received: output_shape=${outputShape} of length ${length ?? 'None'}.`,
      );
    }
    if (padding && typeof padding !== 'string') {
      throw new TypeError('The padding of a convolution of volumes must be a string.');
    }
    return conv3dTranspose(input, filters, outputShape, strides, { ...options, padding });
  });
}

/** The number of elements of a vector; null where it is not known. */
function lengthOf(list: TensorLike): number | null {
  if (Array.isArray(list)) return list.length;
  if (list instanceof NdArray) return list.size;
  if (ArrayBuffer.isView(list)) return (list as Int32Array).length;
  const tensor = isConvertible(list) ? list.asTensor() : list;
  const { shape } = tensor as { shape?: readonly (number | null)[] | null };
  return shape?.length === 1 ? shape[0] : null;
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
