/**
 * Pools, depthwise convolutions and their gradients as loops: each place of the result reduces a window, channel by channel.
 */
import { float32 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import type { WindowAxis } from '../../src/util/window.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import type { Axis, LoopKernel, Reduction, Stage } from './kernel.ts';
import type { OpKernel } from './op-kernel.ts';
import { denseStrides } from './parts.ts';
import { fillKernel, Sequence } from './sequence.ts';
import { type ValueId, Values } from './values.ts';
import {
  backwardStart,
  type Image,
  imageOf,
  imageShape,
  isChannelsLast,
  padded,
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
  ['MaxPoolGrad', maximumGradient],
  ['DepthwiseConv2dNative', depthwise],
  ['DepthwiseConv2dNativeBackpropInput', depthwiseByImage],
  ['DepthwiseConv2dNativeBackpropFilter', depthwiseByFilter],
]);

/** The kernel for a pool, a depthwise convolution or a gradient of one; null for other ops, layouts and types. */
export function poolKernel(op: LowerContext): OpKernel | null {
  return rules.get(op.type)?.(op) ?? null;
}

/** An axis of the loops, and how far each buffer goes along it. */
interface LoopAxis {
  readonly extent: number;
  readonly isReduced?: boolean;
  readonly inputs: readonly number[];
  readonly output: number;
}

function loops(
  axes: readonly LoopAxis[],
  offsets: readonly number[],
  values: Values,
  stages: readonly Stage[],
): LoopKernel {
  return {
    kind: 'loops',
    axes: axes.map(({ extent, isReduced = false }): Axis => ({ extent, isReduced })),
    inputs: offsets.map((offset, k) => ({ type: 'f32', strides: axes.map(({ inputs }) => inputs[k]), offset })),
    scalars: [],
    outputs: [{ type: 'f32', strides: axes.map(({ output }) => output), offset: 0 }],
    values: values.list,
    stages,
  };
}

function reduced($: Values, reduction: Reduction, value: ValueId, finish: (result: ValueId) => ValueId): Stage[] {
  return [
    { kind: 'reduce', reduction, value },
    { kind: 'store', output: 0, value: finish($.reduced('f32', 0)) },
  ];
}

// ---------------------------------------------------------------------------------------------------------------------
// Pools

/** Windows of a pool over an image of this shape; null for those that go along batch or channels. */
function poolWindows(op: LowerContext, image: KnownShape): WindowAxis[] | null {
  if (!isChannelsLast(op)) return null;
  const [ksize, strides] = [op.attr<readonly number[]>('ksize'), op.attr<readonly number[]>('strides')];
  const last = ksize.length - 1;
  if (ksize[0] * ksize[last] * strides[0] * strides[last] !== 1) return null;
  return windowsOf(op, image.slice(1, -1), ksize.slice(1, -1));
}

const isPadded = (windows: readonly WindowAxis[]) => windows.some(({ before, after }) => before > 0 || after > 0);
const sizeOfWindow = (windows: readonly WindowAxis[]) => windows.reduce((size, { window }) => size * window, 1);

/** Batch, places of the result and of the window, channels: the result, and the image under the windows. */
function overWindows(image: Image, result: Image, windows: readonly WindowAxis[]): LoopAxis[] {
  return [
    { extent: image.batch, inputs: [image.batchStride], output: result.batchStride },
    ...windows.map(({ out, stride }, i) => ({
      extent: out,
      inputs: [stride * image.strides[i]],
      output: result.strides[i],
    })),
    ...windows.map(({ window, dilation }, i) => ({
      extent: window,
      isReduced: true,
      inputs: [dilation * image.strides[i]],
      output: 0,
    })),
    { extent: image.channels, inputs: [1], output: 1 },
  ];
}

/** Where the maximum of a window begins in TensorFlow's two-dimensional pools. */
const LOWEST = -3.4028234663852886e38;

function pool(op: LowerContext, reduction: 'greatest' | 'sum'): OpKernel | null {
  const shape = imageShape(op, 0);
  const windows = shape && poolWindows(op, shape);
  const result = op.outputShape(0);
  if (!shape || !windows || !isFullyDefined(result)) return null;
  // An average leaves out what lies outside: it is not the same everywhere then.
  if (reduction === 'sum' && isPadded(windows)) return null;
  const sequence = new Sequence(1, 1);
  const image = padded(sequence, imageOf(0, shape), windows, -Infinity);
  const $ = new Values();
  const stages = reduced($, reduction, $.load('f32', 0), (value) => {
    if (reduction === 'sum') return $.op('div', value, $.constant(sizeOfWindow(windows)));
    return op.type === 'MaxPool' ? $.op('max', value, $.constant(LOWEST)) : value;
  });
  sequence.add(loops(overWindows(image, imageOf(1, result), windows), [0], $, stages), [image.buffer, 1]);
  return { kernel: sequence.finish(), inputs: [0] };
}

/** What comes back goes to all places of a window alike. */
function averageGradient(op: LowerContext): OpKernel | null {
  const [shape, gradient] = [op.constantShape(0), imageShape(op, 1)];
  if (!isFullyDefined(shape) || !gradient) return null;
  const windows = poolWindows(op, shape);
  if (!windows || isPadded(windows) || windows.some(({ out }, i) => out !== gradient[i + 1])) return null;
  const sequence = new Sequence(1, 1);
  const dz = returned(sequence, imageOf(0, gradient), windows);
  const dx = imageOf(1, shape);
  const $ = new Values();
  const count = $.constant(sizeOfWindow(windows));
  const stages = reduced($, 'sum', $.op('div', $.load('f32', 0), count), (value) => value);
  const axes: LoopAxis[] = [
    { extent: dx.batch, inputs: [dz.batchStride], output: dx.batchStride },
    ...windows.map(({ size }, i) => ({ extent: size, inputs: [dz.strides[i]], output: dx.strides[i] })),
    ...windows.map(({ window }, i) => ({ extent: window, isReduced: true, inputs: [dz.strides[i]], output: 0 })),
    { extent: dx.channels, inputs: [1], output: 1 },
  ];
  sequence.add(loops(axes, [0], $, stages), [dz.buffer, 1]);
  return { kernel: sequence.finish(), inputs: [1] };
}

/** What comes back goes to the first greatest place of each window. Only for windows that do not overlap. */
function maximumGradient(op: LowerContext): OpKernel | null {
  const [shape, result, gradient] = [imageShape(op, 0), imageShape(op, 1), imageShape(op, 2)];
  const windows = shape && poolWindows(op, shape);
  if (!shape || !windows || !result || !gradient || isPadded(windows)) return null;
  if (windows.some(({ window, stride, out }, i) => stride < window || out !== gradient[i + 1])) return null;
  if (String(result) !== String(gradient)) return null;
  const sequence = new Sequence(3, 1);
  const [x, y] = [imageOf(0, shape), imageOf(1, result)];
  const isWhole = windows.every(({ window, stride, out, size }) => window === stride && out * stride === size);
  if (!isWhole) sequence.add(fillKernel(sizeOf(shape), 0), [3]);
  const axes = overWindows(x, x, windows).map((axis, i): LoopAxis => {
    const ofResult = axis.isReduced ? 0 : i === 0 ? y.batchStride : (y.strides[i - 1] ?? 1);
    return { ...axis, inputs: [axis.inputs[0], ofResult, ofResult], output: axis.inputs[0] };
  });
  const $ = new Values();
  const place = windows.reduce(
    (sum, { window }, i) => $.op('add', $.op('mul', sum, $.constant(window)), $.index(1 + windows.length + i)),
    $.constant(0),
  );
  const [value, greatest, back] = [0, 1, 2].map((input) => $.load('f32', input));
  const none = $.constant(sizeOfWindow(windows));
  const first = $.op('select', $.op('eq', value, greatest), place, none);
  // TensorFlow begins with the first place, and no number is more than a NaN there.
  const isStuck = $.op('and', $.op('ne', value, value), $.op('eq', place, $.constant(0)));
  const found = $.reduced('f32', 0);
  const isFirst = $.op('or', $.op('eq', found, none), $.op('lt', found, $.constant(0)));
  const chosen = $.op('select', isFirst, $.constant(0), found);
  const stages: Stage[] = [
    { kind: 'reduce', reduction: 'min', value: $.op('select', isStuck, $.constant(-1), first) },
    {
      kind: 'store',
      output: 0,
      value: $.op('select', $.op('eq', place, chosen), back, $.constant(0)),
    },
  ];
  sequence.add(loops(axes, [0, 0, 0], $, stages), [0, 1, 2, 3]);
  return { kernel: sequence.finish(), inputs: [0, 1, 2] };
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
