/**
 * Gradients of pools as loops: what comes back from the windows goes to places of the image. The pools themselves, and which
 * ops these are the kernels of, are in `pools.ts`.
 */
import { int32 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import type { WindowAxis } from '../../src/util/window.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import type { Kernel, Stage } from './kernel.ts';
import type { OpKernel } from './op-kernel.ts';
import { denseStrides } from './parts.ts';
import { placesGuard } from './rows.ts';
import { fillKernel, Sequence } from './sequence.ts';
import { type ValueId, Values } from './values.ts';
import {
  backOver,
  isPadded,
  type LoopAxis,
  loops,
  numberOf,
  overWindows,
  placesInside,
  reduced,
  sizeOfWindow,
  startOf,
} from './window-loops.ts';
import { imageOf, imageShape, padded, poolWindows, returned } from './windows.ts';

/** Whether the shape is what a pool makes of an image. */
function isResult(shape: KnownShape, [batch, ...image]: KnownShape, windows: readonly WindowAxis[]): boolean {
  return String(shape) === String([batch, ...windows.map(({ out }) => out), image[image.length - 1]]);
}

/** What comes back goes to all places of a window alike. */
export function averageGradient(op: LowerContext): OpKernel | null {
  const [shape, gradient] = [op.constantShape(0), imageShape(op, 1)];
  if (!isFullyDefined(shape) || !gradient) return null;
  const windows = poolWindows(op, shape);
  if (!windows || !isResult(gradient, shape, windows)) return null;
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

/**
 * What comes back goes to the first greatest place of each window.
 *
 * @param toAll or to all places that hold the greatest number, as TensorFlow has it for volumes
 */
export function maximumGradient(op: LowerContext, toAll = false): OpKernel | null {
  const [shape, result, gradient] = [imageShape(op, 0), imageShape(op, 1), imageShape(op, 2)];
  const windows = shape && poolWindows(op, shape);
  if (!shape || !windows || !result || !gradient || String(result) !== String(gradient)) return null;
  if (!isResult(gradient, shape, windows)) return null;
  const isApart = !isPadded(windows) && windows.every(({ window, stride }) => stride >= window);
  const toShared = toAll ? toEqualPlaces : toSharedPlaces;
  return {
    kernel: isApart ? toOwnPlaces(shape, result, windows, toAll) : toShared(shape, result, windows),
    inputs: [0, 1, 2],
  };
}

/** Windows that neither overlap nor go over the edge: each place gets what comes back from its one window, or nothing. */
function toOwnPlaces(shape: KnownShape, result: KnownShape, windows: readonly WindowAxis[], toAll: boolean): Kernel {
  const sequence = new Sequence(3, 1);
  const [x, y] = [imageOf(0, shape), imageOf(1, result)];
  const isWhole = windows.every(({ window, stride, out, size }) => window === stride && out * stride === size);
  if (!isWhole) sequence.add(fillKernel(sizeOf(shape), 0), [3]);
  const axes = overWindows(x, x, windows).map((axis, i): LoopAxis => {
    const ofResult = axis.isReduced ? 0 : i === 0 ? y.batchStride : (y.strides[i - 1] ?? 1);
    return { ...axis, inputs: [axis.inputs[0], ofResult, ofResult], output: axis.inputs[0] };
  });
  const $ = new Values();
  const given = (isOwn: ValueId, isSum = false): Stage => {
    const value = $.op('select', isOwn, $.load('f32', 2), $.constant(0));
    // A sum that begins with 0 is no -0.
    return { kind: 'store', output: 0, value: isSum ? $.op('add', value, $.constant(0)) : value };
  };
  const stages: Stage[] = [];
  if (toAll) stages.push(given($.op('eq', $.load('f32', 0), $.load('f32', 1)), true));
  else {
    const { stage, chosen, place } = firstGreatest($, windows);
    stages.push(stage, given($.op('eq', place, chosen)));
  }
  sequence.add(loops(axes, [0, 0, 0], $, stages), [0, 1, 2, 3]);
  return sequence.finish();
}

/** Any windows: each place asks all windows that it is in whether it holds their greatest number. */
function toEqualPlaces(shape: KnownShape, result: KnownShape, windows: readonly WindowAxis[]): Kernel {
  const sequence = new Sequence(3, 1);
  const x = imageOf(0, shape);
  const greatest = returned(sequence, imageOf(1, result), windows);
  const back = returned(sequence, imageOf(2, result), windows);
  const $ = new Values();
  // Between the windows there is nothing that comes back, whatever the place is compared with.
  const isOwn = $.op('eq', $.load('f32', 0), $.load('f32', 1));
  const stages = reduced($, 'sum', $.op('select', isOwn, $.load('f32', 2), $.constant(0)), (sum) => sum);
  const axes = backOver(imageOf(3, shape), [greatest, back], windows).map(
    (axis): LoopAxis => ({ ...axis, inputs: [axis.output, ...axis.inputs] }),
  );
  sequence.add(loops(axes, [0, 0, 0], $, stages), [x.buffer, greatest.buffer, back.buffer, 3]);
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

/**
 * The gradient of the gradient: of what comes back to the places of a window, that at its first greatest one.
 *
 * @param isStrict whether nothing comes from windows whose places are NaN, as TensorFlow has it for volumes
 */
export function maximumSecondGradient(op: LowerContext, isStrict = false): OpKernel | null {
  const [shape, result, gradient] = [imageShape(op, 0), imageShape(op, 1), imageShape(op, 2)];
  const windows = shape && poolWindows(op, shape);
  if (!shape || !windows || !result || String(shape) !== String(gradient)) return null;
  if (!isResult(result, shape, windows)) return null;
  const sequence = new Sequence(3, 1);
  const y = imageOf(3, result);
  const x = padded(sequence, imageOf(0, shape), windows, -Infinity);
  const upstream = padded(sequence, imageOf(2, shape), windows);
  const axes = overWindows(x, y, windows).map(
    (axis): LoopAxis => ({ ...axis, inputs: [axis.inputs[0], axis.output, axis.inputs[0]] }),
  );
  const $ = new Values();
  const { stage, place, chosen } = firstGreatest($, windows, { isStrict });
  const picked = $.reduced('f32', 1);
  const isNone = $.op('eq', chosen, $.constant(sizeOfWindow(windows)));
  const stages: Stage[] = [
    stage,
    pick($, $.op('eq', place, chosen), $.load('f32', 2)),
    { kind: 'store', output: 0, value: isStrict ? $.op('select', isNone, $.constant(0), picked) : picked },
  ];
  sequence.add(loops(axes, [0, 0, 0], $, stages), [x.buffer, 1, upstream.buffer, 3]);
  return { kernel: sequence.finish(), inputs: [0, 1, 2] };
}

/** The stage that takes the value of the one place that is chosen, a zero with its sign and a NaN as well. */
function pick($: Values, isChosen: ValueId, value: ValueId): Stage {
  return { kind: 'reduce', reduction: 'max', value: $.op('select', isChosen, value, $.constant(-Infinity)) };
}

/** The greatest number of each window and its place in the image, or in all images, where no image is too large. */
export function maximumWithPlace(op: LowerContext): OpKernel | null {
  const [shape, result] = [imageShape(op, 0), op.outputShape(0)];
  if (shape?.length !== 4 || !isFullyDefined(result) || op.outputDType(1) !== int32) return null;
  const windows = poolWindows(op, shape);
  if (!windows || !isResult(result, shape, windows)) return null;
  const sequence = new Sequence(1, 2);
  const image = padded(sequence, imageOf(0, shape), windows, -Infinity);
  const $ = new Values();
  const search = firstGreatest($, windows, { greatest: $.reduced('f32', 0), number: 1 });
  const { stage, place, chosen } = search;
  const [rows, columns] = windows;
  const down = $.op('floor', $.op('div', chosen, $.constant(columns.window)));
  const across = $.op('sub', chosen, $.op('mul', down, $.constant(columns.window)));
  const whole = (value: ValueId) => $.op('toInt', value);
  const times = (value: ValueId, by: number) => $.op('mul', value, $.constant(by, 'i32'));
  const row = whole($.op('add', startOf($, rows, 1), down));
  const column = whole($.op('add', startOf($, columns, 2), across));
  const pixel = $.op('add', times(row, shape[2]), column);
  const inImage = $.op('add', times(pixel, shape[3]), whole($.index(5)));
  const size = sizeOf(shape.slice(1));
  const isOverall = op.attr<boolean>('include_batch_in_index');
  const number = isOverall ? $.op('add', times(whole($.index(0)), size), inImage) : inImage;
  const kernel = loops(overWindows(image, imageOf(1, result), windows), [0], $, [
    { kind: 'reduce', reduction: 'greatest', value: $.load('f32', 0) },
    stage,
    pick($, $.op('eq', place, chosen), $.load('f32', 0)),
    { kind: 'store', output: 0, value: $.reduced('f32', 2) },
    { kind: 'store', output: 1, value: number },
  ]);
  const [values] = kernel.outputs;
  sequence.add({ ...kernel, outputs: [values, { ...values, type: 'i32' }] }, [image.buffer, 1, 2]);
  return { kernel: sequence.finish(), inputs: [0], outputs: [0, 1] };
}

/** What comes back goes to the places in the images that the pool has told. */
export function gradientToPlaces(op: LowerContext): OpKernel | null {
  const [shape, gradient, places] = [imageShape(op, 0), imageShape(op, 1), op.shape(2)];
  if (!shape || !gradient || String(places) !== String(gradient) || op.dtype(2) !== int32) return null;
  if (gradient[0] !== shape[0]) return null;
  const isOverall = op.attr<boolean>('include_batch_in_index');
  const [batch, each, size] = [shape[0], sizeOf(gradient.slice(1)), sizeOf(shape.slice(1))];
  const sequence = new Sequence(2, 1);
  const numbers = sequence.room(sizeOf(gradient));
  const $ = new Values();
  const start = $.op('mul', $.op('toInt', $.index(0)), $.constant(isOverall ? 0 : size, 'i32'));
  const along = { type: 'i32', strides: [each, 1], offset: 0 } as const;
  sequence.add(
    {
      kind: 'loops',
      axes: [batch, each].map((extent) => ({ extent, isReduced: false })),
      inputs: [along],
      scalars: [],
      outputs: [along],
      values: $.list,
      stages: [{ kind: 'store', output: 0, value: $.op('add', $.load('i32', 0), start) }],
    },
    [1, numbers],
  );
  sequence.add(fillKernel(batch * size, 0), [2]);
  const extents = [batch * size];
  const count = sizeOf(gradient);
  const added = { kind: 'rows', mode: 'add', type: 'f32', tables: 1, count, extents, skipsNegative: false } as const;
  sequence.add({ ...added, width: 1 }, [0, numbers, 2]);
  const bounds = { extents: [isOverall ? batch * size : size], skipsNegative: false };
  return { kernel: sequence.finish(), inputs: [1, 2], guard: placesGuard(op, 2, bounds) };
}

/** By axis, the first place of the window that is in the image; and whether a place is in it, null where all are. */
function boundsOf($: Values, windows: readonly WindowAxis[], along: readonly ValueId[]) {
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
  const inside = bounds.reduce<ValueId | null>(
    (all, { isInside }) => (all === null ? isInside : isInside === null ? all : $.op('and', all, isInside)),
    null,
  );
  return { first: bounds.map(({ first }) => first), inside };
}

/**
 * The stage that finds the first place of a window that holds its maximum, and the number of that. Load 0 is the image; the
 * axes are those of `overWindows`.
 *
 * @param isStrict whether a place that holds a NaN, or a window without its maximum, has none
 * @param greatest the maximum; load 1 without it
 * @param number of the stage
 */
function firstGreatest(
  $: Values,
  windows: readonly WindowAxis[],
  { isStrict = false, greatest = $.load('f32', 1), number = 0 } = {},
) {
  const along = windows.map((_, i) => $.index(1 + windows.length + i));
  const place = numberOf($, windows, along);
  const value = $.load('f32', 0);
  const none = $.constant(sizeOfWindow(windows));
  const { first, inside } = boundsOf($, windows, along);
  const isEqual = $.op('eq', value, greatest);
  const holds = inside === null ? isEqual : $.op('and', inside, isEqual);
  const own = $.op('select', holds, place, none);
  const found = $.reduced('f32', number);
  if (isStrict) {
    const stage: Stage = { kind: 'reduce', reduction: 'min', value: own };
    return { stage, place, chosen: found };
  }
  const firstPlace = numberOf($, windows, first);
  // TensorFlow begins with the first place, and no number is more than a NaN there.
  const isStuck = $.op('and', $.op('ne', value, value), $.op('eq', place, firstPlace));
  const candidate = $.op('select', isStuck, $.constant(-1), own);
  const stage: Stage = { kind: 'reduce', reduction: 'min', value: candidate };
  const isNone = $.op('or', $.op('eq', found, none), $.op('lt', found, $.constant(0)));
  return { stage, place, chosen: $.op('select', isNone, firstPlace, found) };
}
