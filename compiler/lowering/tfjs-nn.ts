/**
 * Lowering rows of the neural-network families: softmax, bias, convolution, pooling, local response normalisation. A row
 * stands only where the tfjs kernel gives TensorFlow's results; everything else is decomposed by its definition, or
 * runs on the host: batch normalisation, cross entropies, filter gradients.
 */
import { float32 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape } from '../../src/util/shape.ts';
import { type Padding, padsOf, type WindowAxis, windowAxis } from '../../src/util/window.ts';
import {
  decomposed,
  type KernelCall,
  type LowerContext,
  type LoweringRule,
  type LoweringTable,
  onHost,
  upToRank,
  XNN_AXES,
} from './lowering.ts';

type Numbers = readonly number[];

function call(
  kernel: string,
  inputs: readonly number[],
  names: readonly string[],
  attrs: Readonly<Record<string, unknown>>,
  inputShapes?: KernelCall['inputShapes'],
): KernelCall {
  return { kind: 'kernel', kernel, inputs, names, attrs, ...(inputShapes && { inputShapes }) };
}

/** Float32, channels last: what every backend's convolutions and pools take. */
function isPlain(op: LowerContext, image: number): boolean {
  return op.dtype(image) === float32 && op.attr('data_format') === 'NHWC';
}

const planar = (list: Numbers): [number, number] => [list[1], list[2]];

/** The window along height and width of a channels-last image, from the op's attributes. */
function axesOf(op: LowerContext, image: KnownShape, window: Numbers, hasExplicit: boolean, dilations: Numbers) {
  const strides = op.attr<Numbers>('strides');
  const explicit = hasExplicit ? op.attr<Numbers>('explicit_paddings') : [];
  const padding = op.attr<Padding & string>('padding');
  return [1, 2].map((k) =>
    windowAxis(image[k], window[k - 1], strides[k], dilations[k], padding, padsOf(explicit, k)),
  ) as [WindowAxis, WindowAxis];
}

/**
 * The padding as tfjs writes it, always in numbers: what tfjs-wasm makes of `'same'` is all zeros where a stride is longer
 * than the window.
 */
function padOf([rows, columns]: readonly [WindowAxis, WindowAxis]): 'valid' | number[][] {
  const pads = [rows.before, rows.after, columns.before, columns.after];
  if (pads.every((p) => p === 0)) return 'valid';
  return [[0, 0], pads.slice(0, 2), pads.slice(2), [0, 0]];
}

/** The attributes of tfjs's convolutions over an image by a filter of these shapes. */
export function convolutionAttrs(op: LowerContext, image: KnownShape, filter: KnownShape): Record<string, unknown> {
  const dilations = op.attr<Numbers>('dilations');
  return {
    strides: planar(op.attr<Numbers>('strides')),
    pad: padOf(axesOf(op, image, filter, true, dilations)),
    dataFormat: 'NHWC',
    dilations: planar(dilations),
    dimRoundingMode: undefined,
  };
}

const convolution: LoweringRule = (op) => {
  const [input, filter] = [op.shape(0), op.shape(1)];
  if (!isPlain(op, 0) || !isFullyDefined(input) || !isFullyDefined(filter)) return null;
  // tfjs knows no groups.
  if (input[3] !== filter[2]) return null;
  return call('Conv2D', [0, 1], ['x', 'filter'], convolutionAttrs(op, input, filter));
};

const depthwise: LoweringRule = (op) => {
  const [input, filter] = [op.shape(0), op.shape(1)];
  if (!isPlain(op, 0) || !isFullyDefined(input) || !isFullyDefined(filter)) return null;
  // tfjs refuses both at once.
  if (['strides', 'dilations'].every((name) => op.attr<Numbers>(name).some((n) => n !== 1))) return null;
  return call('DepthwiseConv2dNative', [0, 1], ['x', 'filter'], convolutionAttrs(op, input, filter));
};

/** tfjs's input gradient knows no dilation and no groups. */
const inputGradient: LoweringRule = (op) => {
  const [shape, filter] = [op.outputShape(0), op.shape(1)];
  if (!isPlain(op, 2) || !isFullyDefined(shape) || !isFullyDefined(filter) || shape[3] !== filter[2]) return null;
  if (op.attr<Numbers>('dilations').some((d) => d !== 1)) return null;
  const { dilations: _, ...attrs } = convolutionAttrs(op, shape, filter);
  return call('Conv2DBackpropInput', [2, 1], ['dy', 'filter'], { ...attrs, inputShape: shape });
};

const filterGradient: LoweringRule = (op) => {
  const [shape, input] = [op.outputShape(0), op.shape(0)];
  if (!isPlain(op, 0) || !isFullyDefined(shape) || !isFullyDefined(input) || shape[2] !== input[3]) return null;
  if (op.attr<Numbers>('dilations').some((d) => d !== 1)) return null;
  const { dilations: _, ...attrs } = convolutionAttrs(op, input, shape);
  return call('Conv2DBackpropFilter', [0, 2], ['x', 'dy'], { ...attrs, filterShape: shape });
};

interface Pool {
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
}

/** The pool's window over an image of this shape; null where tfjs has no such pool. */
function poolOf(op: LowerContext, image: KnownShape | null, hasExplicit: boolean): Pool | null {
  if (image === null || op.attr('data_format') !== 'NHWC') return null;
  const [ksize, strides] = [op.attr<Numbers>('ksize'), op.attr<Numbers>('strides')];
  if (ksize[0] !== 1 || ksize[3] !== 1 || strides[0] !== 1 || strides[3] !== 1) return null;
  const axes = axesOf(op, image, planar(ksize), hasExplicit, [1, 1, 1, 1]);
  // A window of one element, or one that leaves elements out, is refused by some backends.
  if (ksize[1] * ksize[2] === 1 || strides[1] > ksize[1] || strides[2] > ksize[2]) return null;
  const attrs = { filterSize: planar(ksize), strides: planar(strides), pad: padOf(axes), dimRoundingMode: undefined };
  return { attrs, rows: axes[0], columns: axes[1] };
}

const known = (op: LowerContext, input: number): KnownShape | null => {
  const shape = op.shape(input);
  return op.dtype(input) === float32 && isFullyDefined(shape) ? shape : null;
};

const maxPool: LoweringRule = (op) => {
  const pool = poolOf(op, known(op, 0), true);
  return pool && call('MaxPool', [0], ['x'], pool.attrs);
};

const averagePool: LoweringRule = (op) => {
  const pool = poolOf(op, known(op, 0), false);
  return pool && call('AvgPool', [0], ['x'], pool.attrs);
};

/** tfjs divides by the whole window also where padding is part of it: right without padding only. */
const averagePoolGradient: LoweringRule = (op) => {
  const shape = op.outputShape(0);
  if (op.dtype(1) !== float32 || !isFullyDefined(shape)) return null;
  const pool = poolOf(op, shape, false);
  if (!pool || [pool.rows, pool.columns].some((axis) => axis.before > 0 || axis.after > 0)) return null;
  // Of its second operand the kernel reads the shape alone.
  return call('AvgPoolGrad', [1, 1], ['dy', 'input'], pool.attrs, [null, shape]);
};

const maxPoolGradient: LoweringRule = (op) => {
  const pool = poolOf(op, known(op, 0), true);
  return pool && call('MaxPoolGrad', [2, 0, 1], ['dy', 'input', 'output'], pool.attrs);
};

const softmax: LoweringRule = (op) => {
  const rank = op.shape(0)?.length;
  if (op.dtype(0) !== float32 || rank === undefined) return null;
  return call('Softmax', [0], ['logits'], { dim: rank - 1 });
};

const bias: LoweringRule = (op) => {
  if (op.dtype(0) !== float32 || (op.type === 'BiasAdd' && op.attr('data_format') !== 'NHWC')) return null;
  return call('Add', [0, 1], ['a', 'b'], {});
};

function responseAttrs(op: LowerContext): Record<string, unknown> {
  return {
    depthRadius: op.attr('depth_radius'),
    bias: op.attr('bias'),
    alpha: op.attr('alpha'),
    beta: op.attr('beta'),
  };
}

const response: LoweringRule = (op) => (op.dtype(0) === float32 ? call('LRN', [0], ['x'], responseAttrs(op)) : null);
const responseGradient: LoweringRule = (op) =>
  op.dtype(0) === float32 ? call('LRNGrad', [1, 2, 0], ['x', 'y', 'dy'], responseAttrs(op)) : null;

export const nnRows: LoweringTable = {
  Softmax: softmax,
  BiasAdd: bias,
  BiasAddV1: bias,
  Conv2D: convolution,
  DepthwiseConv2dNative: depthwise,
  MaxPool: maxPool,
  AvgPool: averagePool,
  AvgPoolGrad: averagePoolGradient,
  LRN: response,
  LRNGrad: responseGradient,
};

/**
 * Nothing beyond the shared rows. The input gradient of tfjs-wasm is a scalar loop: at any stride it takes twice as long as
 * the decomposition. Its max-pool gradient is wrong where a window's maximum is not positive.
 */
export const wasmNnRows: LoweringTable = {
  SparseSoftmaxCrossEntropyWithLogits: onHost,
  BiasAdd: upToRank(XNN_AXES, bias),
  BiasAddV1: upToRank(XNN_AXES, bias),
};

/** Decomposed on the cpu backend, the gradients, and all of three dimensions, take up to five times as long as on the host. */
export const cpuNnRows: LoweringTable = {
  SparseSoftmaxCrossEntropyWithLogits: onHost,
  Conv2DBackpropInput: onHost,
  Conv2DBackpropFilter: onHost,
  Conv3D: onHost,
  Conv3DBackpropInputV2: onHost,
  Conv3DBackpropFilterV2: onHost,
};

/** On a GPU the backend's own gradients are better than the host's. */
export const webglNnRows: LoweringTable = {
  Conv2DBackpropInput: inputGradient,
  Conv2DBackpropFilter: filterGradient,
  MaxPoolGrad: maxPoolGradient,
  SparseSoftmaxCrossEntropyWithLogits: decomposed,
};
