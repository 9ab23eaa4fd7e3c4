/**
 * Pools, depthwise convolutions and their gradients as loops: each place of the result reduces a window, channel by channel.
 */
import { float32 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import type { WindowAxis } from '../../src/util/window.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import type { Axis, Kernel, LoopKernel, Reduction, Stage } from './kernel.ts';
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

/** How many places of a window lie in the image: an average leaves out the others. The axes after the batch are its places. */
function placesInside($: Values, windows: readonly WindowAxis[]): ValueId {
  const counts = windows.map(({ window, before, after, size, stride }, i) => {
    if (before + after === 0) return $.constant(window);
    const start = startOf($, { before, stride }, 1 + i);
    const end = $.op('min', $.op('add', start, $.constant(window)), $.constant(size));
    return $.op('sub', end, $.op('max', start, $.constant(0)));
  });
  return counts.reduce((product, count) => $.op('mul', product, count));
}

/** Where in the image, along an axis, the window begins whose number is the index of an axis of the loops. */
function startOf($: Values, { before, stride }: Pick<WindowAxis, 'before' | 'stride'>, axis: number): ValueId {
  return $.op('sub', $.op('mul', $.index(axis), $.constant(stride)), $.constant(before));
}

/** What comes back goes to all places of a window alike. */
function averageGradient(op: LowerContext): OpKernel | null {
  const [shape, gradient] = [op.constantShape(0), imageShape(op, 1)];
  if (!isFullyDefined(shape) || !gradient) return null;
  const windows = poolWindows(op, shape);
  if (!windows || windows.some(({ out }, i) => out !== gradient[i + 1])) return null;
  const sequence = new Sequence(1, 1);
  const parts = { ...imageOf(0, gradient), buffer: sequence.room(sizeOf(gradient)) };
  const share = new Values();
  const value = share.op('div', share.load('f32', 0), placesInside(share, windows));
  const all = denseStrides(gradient).map((stride, i) => ({ extent: gradient[i], inputs: [stride], output: stride }));
  sequence.add(loops(all, [0], share, [{ kind: 'store', output: 0, value }]), [0, parts.buffer]);
  const dz = returned(sequence, parts, windows);
  const $ = new Values();
  const stages = reduced($, 'sum', $.load('f32', 0), (sum) => sum);
  sequence.add(loops(backOver(imageOf(1, shape), [dz], windows), [0], $, stages), [dz.buffer, 1]);
  return { kernel: sequence.finish(), inputs: [1] };
}

/** Batch and places of an image, and for each the windows that it is in, the last place of a window first. */
function backOver(image: Image, spread: readonly Image[], windows: readonly WindowAxis[]): LoopAxis[] {
  const all = (stride: (of: Image) => number) => spread.map(stride);
  return [
    { extent: image.batch, inputs: all((of) => of.batchStride), output: image.batchStride },
    ...windows.map(({ size }, i) => ({ extent: size, inputs: all((of) => of.strides[i]), output: image.strides[i] })),
    ...windows.map(({ window }, i) => ({
      extent: window,
      isReduced: true,
      inputs: all((of) => of.strides[i]),
      output: 0,
    })),
    { extent: image.channels, inputs: all(() => 1), output: 1 },
  ];
}

/** What comes back goes to the first greatest place of each window. */
function maximumGradient(op: LowerContext): OpKernel | null {
  const [shape, result, gradient] = [imageShape(op, 0), imageShape(op, 1), imageShape(op, 2)];
  const windows = shape && poolWindows(op, shape);
  if (!shape || !windows || !result || !gradient || String(result) !== String(gradient)) return null;
  if (windows.some(({ out }, i) => out !== gradient[i + 1])) return null;
  const isSimple = !isPadded(windows) && windows.every(({ window, stride }) => stride >= window);
  const build = isSimple ? toOwnPlaces : toSharedPlaces;
  return { kernel: build(shape, result, windows), inputs: [0, 1, 2] };
}

/** Windows that neither overlap nor go over the edge: each place gets what comes back from its one window, or nothing. */
function toOwnPlaces(shape: KnownShape, result: KnownShape, windows: readonly WindowAxis[]): Kernel {
  const sequence = new Sequence(3, 1);
  const [x, y] = [imageOf(0, shape), imageOf(1, result)];
  const isWhole = windows.every(({ window, stride, out, size }) => window === stride && out * stride === size);
  if (!isWhole) sequence.add(fillKernel(sizeOf(shape), 0), [3]);
  const axes = overWindows(x, x, windows).map((axis, i): LoopAxis => {
    const ofResult = axis.isReduced ? 0 : i === 0 ? y.batchStride : (y.strides[i - 1] ?? 1);
    return { ...axis, inputs: [axis.inputs[0], ofResult, ofResult], output: axis.inputs[0] };
  });
  const $ = new Values();
  const { stage, chosen, place } = firstGreatest($, windows);
  const value = $.op('select', $.op('eq', place, chosen), $.load('f32', 2), $.constant(0));
  sequence.add(loops(axes, [0, 0, 0], $, [stage, { kind: 'store', output: 0, value }]), [0, 1, 2, 3]);
  return sequence.finish();
}

/** Any windows: the greatest place of each is found first, then each place asks all windows that it is in. */
function toSharedPlaces(shape: KnownShape, result: KnownShape, windows: readonly WindowAxis[]): Kernel {
  const sequence = new Sequence(3, 1);
  const y = imageOf(1, result);
  const x = padded(sequence, imageOf(0, shape), windows, -Infinity);
  const numbers = { ...y, buffer: sequence.room(sizeOf(result)) };
  const search = new Values();
  const { stage, chosen } = firstGreatest(search, windows);
  const axes = overWindows(x, y, windows).map((axis): LoopAxis => ({ ...axis, inputs: [axis.inputs[0], axis.output] }));
  const store: Stage = { kind: 'store', output: 0, value: chosen };
  sequence.add(loops(axes, [0, 0], search, [stage, store]), [x.buffer, 1, numbers.buffer]);
  const places = returned(sequence, numbers, windows, -1);
  const back = returned(sequence, imageOf(2, result), windows);
  const $ = new Values();
  // The first window that a place is in has it as its last.
  const own = numberOf(
    $,
    windows,
    windows.map(({ window }, i) => $.op('sub', $.constant(window - 1), $.index(1 + windows.length + i))),
  );
  const share = $.op('select', $.op('eq', $.load('f32', 0), own), $.load('f32', 1), $.constant(0));
  const stages = reduced($, 'sum', share, (sum) => sum);
  const over = backOver(imageOf(3, shape), [places, back], windows);
  sequence.add(loops(over, [0, 0], $, stages), [places.buffer, back.buffer, 3]);
  return sequence.finish();
}

/** The number of a place in its window, from its places along the axes. */
function numberOf($: Values, windows: readonly WindowAxis[], places: readonly ValueId[]): ValueId {
  return places.reduce((sum, place, i) => $.op('add', $.op('mul', sum, $.constant(windows[i].window)), place));
}

/**
 * The stage that finds the first place of a window that holds its maximum, and the number of that. Loads 0 and 1 are the
 * image and the maximum; the axes are those of `overWindows`.
 */
function firstGreatest($: Values, windows: readonly WindowAxis[]) {
  const along = windows.map((_, i) => $.index(1 + windows.length + i));
  const place = numberOf($, windows, along);
  const [value, greatest] = [$.load('f32', 0), $.load('f32', 1)];
  const none = $.constant(sizeOfWindow(windows));
  // By axis, the first and last places of the window that are in the image.
  const bounds = windows.map(({ before, after, stride, size, window }, i) => {
    if (before + after === 0) return { first: $.constant(0), isInside: null };
    const start = startOf($, { before, stride }, 1 + i);
    const first = $.op('max', $.op('neg', start), $.constant(0));
    const isInside =
      window === 1
        ? null
        : $.op('and', $.op('ge', along[i], first), $.op('lt', $.op('add', start, along[i]), $.constant(size)));
    return { first, isInside };
  });
  const firstPlace = numberOf(
    $,
    windows,
    bounds.map(({ first }) => first),
  );
  const inside = bounds.reduce<ValueId | null>(
    (all, { isInside }) => (all === null ? isInside : isInside === null ? all : $.op('and', all, isInside)),
    null,
  );
  const isEqual = $.op('eq', value, greatest);
  const holds = inside === null ? isEqual : $.op('and', inside, isEqual);
  // TensorFlow begins with the first place, and no number is more than a NaN there.
  const isStuck = $.op('and', $.op('ne', value, value), $.op('eq', place, firstPlace));
  const candidate = $.op('select', isStuck, $.constant(-1), $.op('select', holds, place, none));
  const stage: Stage = { kind: 'reduce', reduction: 'min', value: candidate };
  const found = $.reduced('f32', 0);
  const isNone = $.op('or', $.op('eq', found, none), $.op('lt', found, $.constant(0)));
  return { stage, place, chosen: $.op('select', isNone, firstPlace, found) };
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
