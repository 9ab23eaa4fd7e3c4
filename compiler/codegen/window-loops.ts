/**
 * Loops over images with windows on them: the axes that pools and depthwise convolutions go along, and what is computed of a
 * window's place. What is done there is said by `pools.ts` and `pool-gradients.ts`.
 */
import type { WindowAxis } from '../../src/util/window.ts';
import type { Axis, LoopKernel, Reduction, Stage } from './kernel.ts';
import type { ValueId, Values } from './values.ts';
import type { Image } from './windows.ts';

/** An axis of the loops, and how far each buffer goes along it. */
export interface LoopAxis {
  readonly extent: number;
  readonly isReduced?: boolean;
  readonly inputs: readonly number[];
  readonly output: number;
}

export function loops(
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

export function reduced(
  $: Values,
  reduction: Reduction,
  value: ValueId,
  finish: (result: ValueId) => ValueId,
): Stage[] {
  return [
    { kind: 'reduce', reduction, value },
    { kind: 'store', output: 0, value: finish($.reduced('f32', 0)) },
  ];
}

export const isPadded = (windows: readonly WindowAxis[]) =>
  windows.some(({ before, after }) => before > 0 || after > 0);
export const sizeOfWindow = (windows: readonly WindowAxis[]) => windows.reduce((size, { window }) => size * window, 1);

/** Batch, places of the result and of the window, channels: the result, and the image under the windows. */
export function overWindows(image: Image, result: Image, windows: readonly WindowAxis[]): LoopAxis[] {
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

/** How many places of a window lie in the image: an average leaves out the others. The axes after the batch are its places. */
export function placesInside($: Values, windows: readonly WindowAxis[]): ValueId {
  const counts = windows.map(({ window, before, after, size, stride }, i) => {
    if (before + after === 0) return $.constant(window);
    const start = startOf($, { before, stride }, 1 + i);
    const end = $.op('min', $.op('add', start, $.constant(window)), $.constant(size));
    return $.op('sub', end, $.op('max', start, $.constant(0)));
  });
  return counts.reduce((product, count) => $.op('mul', product, count));
}

/** Where in the image, along an axis, the window begins whose number is the index of an axis of the loops. */
export function startOf($: Values, { before, stride }: Pick<WindowAxis, 'before' | 'stride'>, axis: number): ValueId {
  return $.op('sub', $.op('mul', $.index(axis), $.constant(stride)), $.constant(before));
}

/** Batch and places of an image, and for each the windows that it is in, the last place of a window first. */
export function backOver(image: Image, spread: readonly Image[], windows: readonly WindowAxis[]): LoopAxis[] {
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

/** The number of a place in its window, from its places along the axes. */
export function numberOf($: Values, windows: readonly WindowAxis[], places: readonly ValueId[]): ValueId {
  return places.reduce((sum, place, i) => $.op('add', $.op('mul', sum, $.constant(windows[i].window)), place));
}
