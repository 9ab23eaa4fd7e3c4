/**
 * Images with windows sliding over them, as buffers with strides: what convolutions and pools have in common. An image has
 * the dimensions batch, height, width (one to three of them) and channels, in this order.
 */
import { float32 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { type Padding, padsOf, type WindowAxis, windowAxis } from '../../src/util/window.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import { denseStrides } from './parts.ts';
import { type CopyAxis, copyKernel, fillKernel, type Sequence } from './sequence.ts';

/** An image in a buffer. */
export interface Image {
  /** The number of the buffer in the sequence. */
  readonly buffer: number;
  readonly batch: number;
  readonly channels: number;
  /** By axis of space. */
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly batchStride: number;
}

/** The shape of an input as that of an image; null for other shapes and types. */
export function imageShape(op: LowerContext, input: number): KnownShape | null {
  const shape = op.shape(input);
  return op.dtype(input) === float32 && isFullyDefined(shape) && shape.length >= 3 && sizeOf(shape) > 0 ? shape : null;
}

/** As images are where the op has nothing to say of it. */
export function isChannelsLast(op: LowerContext): boolean {
  const format = op.attr('data_format');
  return format === 'NHWC' || format === 'NDHWC' || format === undefined;
}

export function imageOf(buffer: number, shape: KnownShape): Image {
  const [batchStride, ...strides] = denseStrides(shape).slice(0, -1);
  return {
    buffer,
    batch: shape[0],
    channels: shape[shape.length - 1],
    sizes: shape.slice(1, -1),
    strides,
    batchStride,
  };
}

/** The axes of the windows; null where one does not fit into the image. */
export function windowsOf(
  op: LowerContext,
  sizes: readonly number[],
  window: readonly number[],
  dilations: readonly number[] = [],
): WindowAxis[] | null {
  const strides = op.attr<readonly number[]>('strides');
  const padding = op.attr<Padding & string>('padding');
  const explicit = padding === 'EXPLICIT' ? op.attr<readonly number[]>('explicit_paddings') : [];
  const axes = sizes.map((size, i) =>
    windowAxis(size, window[i], strides[i + 1], dilations[i + 1] ?? 1, padding, padsOf(explicit, i + 1)),
  );
  return axes.every(({ out }) => out > 0) ? axes : null;
}

/** Windows of a pool over an image of this shape; null for those that go along batch or channels. */
export function poolWindows(op: LowerContext, image: KnownShape): WindowAxis[] | null {
  if (!isChannelsLast(op)) return null;
  const [ksize, strides] = [op.attr<readonly number[]>('ksize'), op.attr<readonly number[]>('strides')];
  const last = ksize.length - 1;
  if (ksize[0] * ksize[last] * strides[0] * strides[last] !== 1) return null;
  return windowsOf(op, image.slice(1, -1), ksize.slice(1, -1));
}

/**
 * The image in a room of these sizes: place i of an axis at `before + i · step`, places that would lie outside left out, the
 * others filled. The image itself where that is the same.
 */
export function spread(
  sequence: Sequence,
  image: Image,
  axes: readonly { readonly before: number; readonly step: number; readonly size: number }[],
  filling = 0,
): Image {
  if (axes.every(({ before, step, size }, i) => before === 0 && step === 1 && size === image.sizes[i])) return image;
  const shape = [image.batch, ...axes.map(({ size }) => size), image.channels];
  const room = imageOf(sequence.room(sizeOf(shape)), shape);
  sequence.add(fillKernel(sizeOf(shape), filling), [room.buffer]);
  let from = 0;
  let to = 0;
  const copies: CopyAxis[] = [{ extent: image.batch, from: image.batchStride, to: room.batchStride }];
  for (const [i, { before, step, size }] of axes.entries()) {
    const first = Math.max(0, Math.ceil(-before / step));
    const last = Math.min(image.sizes[i] - 1, Math.floor((size - 1 - before) / step));
    if (last < first) return room;
    from += first * image.strides[i];
    to += (before + first * step) * room.strides[i];
    copies.push({ extent: last - first + 1, from: image.strides[i], to: step * room.strides[i] });
  }
  copies.push({ extent: image.channels, from: 1, to: 1 });
  sequence.add(copyKernel(copies, from, to), [image.buffer, room.buffer]);
  return room;
}

/** The image with its padding. */
export function padded(sequence: Sequence, image: Image, windows: readonly WindowAxis[], filling = 0): Image {
  const axes = windows.map(({ before, after, size }) => ({ before, step: 1, size: before + size + after }));
  return spread(sequence, image, axes, filling);
}

/**
 * What comes back from the windows, spread out so that place `i + (window - 1) · dilation - k · dilation` is what window
 * place k gave back for place i of the image.
 */
export function returned(sequence: Sequence, gradient: Image, windows: readonly WindowAxis[], filling = 0): Image {
  const axes = windows.map(({ before, window, dilation, stride, size }) => ({
    before: (window - 1) * dilation - before,
    step: stride,
    size: size + (window - 1) * dilation,
  }));
  return spread(sequence, gradient, axes, filling);
}

/** The first place that a backward walk over the windows begins at, in elements. */
export function backwardStart({ strides }: Image, windows: readonly WindowAxis[]): number {
  return windows.reduce((sum, { window, dilation }, i) => sum + (window - 1) * dilation * strides[i], 0);
}
