/**
 * Pools, depthwise convolutions and the gradients of these as loops: each place of the result reduces a window, channel by
 * channel. The gradients of pools are in `pool-gradients.ts`.
 */
import { float32 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import type { LoopKernel } from './kernel.ts';
import type { OpKernel } from './op-kernel.ts';
import { denseStrides } from './parts.ts';
import {
  averageGradient,
  gradientToPlaces,
  maximumGradient,
  maximumSecondGradient,
  maximumWithPlace,
} from './pool-gradients.ts';
import { Sequence } from './sequence.ts';
import { Values } from './values.ts';
import { type LoopAxis, loops, overWindows, placesInside, reduced } from './window-loops.ts';
import {
  backwardStart,
  imageOf,
  imageShape,
  isChannelsLast,
  padded,
  poolWindows,
  returned,
  windowsOf,
} from './windows.ts';

type Rule = (op: LowerContext) => OpKernel | null;

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['MaxPool', (op) => pool(op, 'greatest')],
  ['MaxPool3D', (op) => pool(op, 'greatest')],
  ['AvgPool', (op) => pool(op, 'sum')],
  ['AvgPool3D', (op) => pool(op, 'sum')],
  ['AvgPoolGrad', averageGradient],
  ['AvgPool3DGrad', averageGradient],
  ['MaxPoolGrad', (op) => maximumGradient(op)],
  ['MaxPool3DGrad', (op) => maximumGradient(op, true)],
  ['MaxPoolGradGrad', (op) => maximumSecondGradient(op)],
  ['MaxPool3DGradGrad', (op) => maximumSecondGradient(op, true)],
  ['MaxPoolWithArgmax', maximumWithPlace],
  ['MaxPoolGradWithArgmax', gradientToPlaces],
  ['DepthwiseConv2dNative', depthwise],
  ['DepthwiseConv2dNativeBackpropInput', depthwiseByImage],
  ['DepthwiseConv2dNativeBackpropFilter', depthwiseByFilter],
]);

/** The kernel for a pool, a depthwise convolution or a gradient of one; null for other ops, layouts and types. */
export function poolKernel(op: LowerContext): OpKernel | null {
  return rules.get(op.type)?.(op) ?? null;
}

// ---------------------------------------------------------------------------------------------------------------------
// Pools

/** Where the maximum of a window begins in TensorFlow's two-dimensional pools. */
const LOWEST = -3.4028234663852886e38;

function pool(op: LowerContext, reduction: 'greatest' | 'sum'): OpKernel | null {
  const shape = imageShape(op, 0);
  const windows = shape && poolWindows(op, shape);
  const result = op.outputShape(0);
  if (!shape || !windows || !isFullyDefined(result)) return null;
  const sequence = new Sequence(1, 1);
  const image = padded(sequence, imageOf(0, shape), windows, reduction === 'sum' ? 0 : -Infinity);
  const $ = new Values();
  const stages = reduced($, reduction, $.load('f32', 0), (value) => {
    if (reduction === 'sum') return $.op('div', value, placesInside($, windows));
    return op.type === 'MaxPool' ? $.op('max', value, $.constant(LOWEST)) : value;
  });
  sequence.add(loops(overWindows(image, imageOf(1, result), windows), [0], $, stages), [image.buffer, 1]);
  return { kernel: sequence.finish(), inputs: [0] };
}

// ---------------------------------------------------------------------------------------------------------------------
// Depthwise convolutions: a filter [height, width, channels, multiplier], and as many results for each channel

function depthwiseOf(op: LowerContext, image: KnownShape | null, filter: KnownShape | null, result: KnownShape | null) {
  if (!image || !filter || !result || !isChannelsLast(op) || filter.length !== 4 || sizeOf(filter) === 0) return null;
  const [height, width, channels, multiplier] = filter;
  if (channels !== image[3] || result[3] !== channels * multiplier || result[0] !== image[0]) return null;
  const windows = windowsOf(op, image.slice(1, 3), [height, width], op.attr<readonly number[]>('dilations'));
  if (!windows || windows.some(({ out }, i) => out !== result[i + 1])) return null;
  return { windows, channels, multiplier, strides: denseStrides(filter).slice(0, 2) };
}

const known = (shape: ReturnType<LowerContext['shape']>): KnownShape | null => (isFullyDefined(shape) ? shape : null);
const filterShape = (op: LowerContext, input: number) => (op.dtype(input) === float32 ? known(op.shape(input)) : null);

/** @param offset the place in the first buffer that the loops begin at */
function sumOfProducts(axes: readonly LoopAxis[], offset: number): LoopKernel {
  const $ = new Values();
  const product = $.op('mul', $.load('f32', 0), $.load('f32', 1));
  const stages = reduced($, 'sum', product, (value) => value);
  return loops(axes, [offset, 0], $, stages);
}

function depthwise(op: LowerContext): OpKernel | null {
  const [image, filter, result] = [imageShape(op, 0), filterShape(op, 1), known(op.outputShape(0))];
  const of = depthwiseOf(op, image, filter, result);
  if (!of || !image || !result) return null;
  const sequence = new Sequence(2, 1);
  const x = padded(sequence, imageOf(0, image), of.windows);
  const y = imageOf(2, result);
  const axes: LoopAxis[] = [
    { extent: x.batch, inputs: [x.batchStride, 0], output: y.batchStride },
    ...of.windows.map(({ out, stride }, i) => ({
      extent: out,
      inputs: [stride * x.strides[i], 0],
      output: y.strides[i],
    })),
    ...of.windows.map(({ window, dilation }, i) => ({
      extent: window,
      isReduced: true,
      inputs: [dilation * x.strides[i], of.strides[i]],
      output: 0,
    })),
    { extent: of.channels, inputs: [1, of.multiplier], output: of.multiplier },
    { extent: of.multiplier, inputs: [0, 1], output: 1 },
  ];
  sequence.add(sumOfProducts(axes, 0), [x.buffer, 1, 2]);
  return { kernel: sequence.finish(), inputs: [0, 1] };
}

function depthwiseByImage(op: LowerContext): OpKernel | null {
  const [image, filter, gradient] = [known(op.constantShape(0)), filterShape(op, 1), imageShape(op, 2)];
  const of = depthwiseOf(op, image, filter, gradient);
  if (!of || !image || !gradient) return null;
  const sequence = new Sequence(2, 1);
  const dz = returned(sequence, imageOf(1, gradient), of.windows);
  const dx = imageOf(2, image);
  const axes: LoopAxis[] = [
    { extent: dx.batch, inputs: [dz.batchStride, 0], output: dx.batchStride },
    ...of.windows.map(({ size }, i) => ({ extent: size, inputs: [dz.strides[i], 0], output: dx.strides[i] })),
    ...of.windows.map(({ window, dilation }, i) => ({
      extent: window,
      isReduced: true,
      inputs: [-dilation * dz.strides[i], of.strides[i]],
      output: 0,
    })),
    { extent: of.multiplier, isReduced: true, inputs: [1, 1], output: 0 },
    { extent: of.channels, inputs: [of.multiplier, of.multiplier], output: 1 },
  ];
  sequence.add(sumOfProducts(axes, backwardStart(dz, of.windows)), [dz.buffer, 0, 2]);
  return { kernel: sequence.finish(), inputs: [1, 2] };
}

function depthwiseByFilter(op: LowerContext): OpKernel | null {
  const [image, filter, gradient] = [imageShape(op, 0), known(op.constantShape(1)), imageShape(op, 2)];
  const of = depthwiseOf(op, image, filter, gradient);
  if (!of || !image || !gradient) return null;
  const sequence = new Sequence(2, 1);
  const x = padded(sequence, imageOf(0, image), of.windows);
  const dy = imageOf(1, gradient);
  const axes: LoopAxis[] = [
    ...of.windows.map(({ window, dilation }, i) => ({
      extent: window,
      inputs: [dilation * x.strides[i], 0],
      output: of.strides[i],
    })),
    { extent: x.batch, isReduced: true, inputs: [x.batchStride, dy.batchStride], output: 0 },
    ...of.windows.map(({ out, stride }, i) => ({
      extent: out,
      isReduced: true,
      inputs: [stride * x.strides[i], dy.strides[i]],
      output: 0,
    })),
    { extent: of.channels, inputs: [1, of.multiplier], output: of.multiplier },
    { extent: of.multiplier, inputs: [0, 1], output: 1 },
  ];
  sequence.add(sumOfProducts(axes, 0), [x.buffer, 1, 2]);
  return { kernel: sequence.finish(), inputs: [0, 2] };
}
