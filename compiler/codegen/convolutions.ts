/**
 * Convolutions and their gradients as contractions, without copies of the image for each place of the window: a row of
 * windows is a matrix whose rows lie a stride apart. Padding is a copy of the image. Depthwise ones and pools are in
 * `pools.ts`.
 */
import { float32 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import type { WindowAxis } from '../../src/util/window.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import { epilogue, plain } from './epilogue.ts';
import type { ContractionAxis, ContractionKernel, Operand } from './kernel.ts';
import type { OpKernel } from './op-kernel.ts';
import { denseStrides } from './parts.ts';
import { Sequence } from './sequence.ts';
import { Values } from './values.ts';
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
  ['Conv2D', forward],
  ['Conv3D', forward],
  ['_FusedConv2D', forward],
  ['Conv2DBackpropFilter', byFilter],
  ['Conv3DBackpropFilterV2', byFilter],
  ['Conv2DBackpropInput', byImage],
  ['Conv3DBackpropInputV2', byImage],
]);

/** The kernel for a convolution or a gradient of one; null for other ops, layouts and types. */
export function convolutionKernel(op: LowerContext): OpKernel | null {
  return rules.get(op.type)?.(op) ?? null;
}

function dilationsOf(op: LowerContext): readonly number[] {
  return op.attr<readonly number[]>('dilations');
}

/** The filter: places of the window, channels that go in and come out. */
function filterOf(shape: KnownShape) {
  const [input, output] = shape.slice(-2);
  return { window: shape.slice(0, -2), strides: denseStrides(shape).slice(0, -2), input, output };
}

/** Joins each axis with the one before it where both operands go on as if they were one. */
function joined(axes: readonly ContractionAxis[]): ContractionAxis[] {
  const list: ContractionAxis[] = [];
  for (const axis of axes) {
    const last = list[list.length - 1];
    const joins = last && last.left === axis.left * axis.extent && last.right === axis.right * axis.extent;
    if (joins) list[list.length - 1] = { ...axis, extent: last.extent * axis.extent };
    else if (axis.extent > 1 || axes.length === 1) list.push(axis);
  }
  return list.length > 0 ? list : [axes[axes.length - 1]];
}

/** Rows of a tile, and the part of the work that may be lost on tiles which are not full. */
const TILE = 4;
const LOSS = 0.08;
/** Bytes apart at which rows meet in the same few lines of the cache. */
const COLLISION = 4096;

/**
 * The number of the axis whose places are the rows: the last, along which rows overlap, unless it fills tiles badly and the
 * first, the images, fills them all.
 */
function rowsAmong(axes: readonly ContractionAxis[]): number {
  const last = axes.length - 1;
  const { extent } = axes[last];
  const isFull = extent >= (1 - LOSS) * TILE * Math.ceil(extent / TILE);
  const isGood = axes[0].extent % TILE === 0 && (4 * axes[0].left) % COLLISION !== 0;
  return !isFull && isGood ? 0 : last;
}

/** The contraction of these axes, with as much as possible in the rows. The result lies densely in their order. */
function contraction(
  batch: readonly ContractionAxis[],
  rows: ContractionAxis,
  columns: ContractionAxis,
  sums: readonly ContractionAxis[],
  offset: number,
  op: LowerContext,
): ContractionKernel | null {
  const outer = joined([...batch, rows]);
  const steps: number[] = [];
  let size = columns.extent;
  for (const { extent } of [...outer].reverse()) {
    steps.unshift(size);
    size *= extent;
  }
  const chosen = rowsAmong(outer);
  const [tall] = outer.splice(chosen, 1);
  const [step] = steps.splice(chosen, 1);
  const strides = [...steps, step, 1];
  const $ = new Values();
  const others: Operand[] = [];
  const value = epilogue(op, $, others, strides, columns.extent);
  if (value === null) return null;
  return {
    kind: 'contraction',
    batch: outer,
    rows: tall,
    columns,
    sums: joined(sums),
    inputs: [{ ...plain([]), offset }, plain([]), ...others],
    scalars: [],
    outputs: [plain(strides)],
    values: $.list,
    results: [value],
  };
}

function forward(op: LowerContext): OpKernel | null {
  const [image, filter] = [imageShape(op, 0), op.shape(1)];
  if (!image || !isFullyDefined(filter) || sizeOf(filter) === 0 || !isChannelsLast(op)) return null;
  const { window, strides, input, output } = filterOf(filter);
  // Groups are another op.
  if (input !== image[image.length - 1]) return null;
  const windows = windowsOf(op, image.slice(1, -1), window, dilationsOf(op));
  if (!windows) return null;
  const count = op.inputCount;
  const sequence = new Sequence(count, 1);
  const x = padded(sequence, imageOf(0, image), windows);
  const places = windows.map(({ out, stride }, i) => ({ extent: out, left: stride * x.strides[i], right: 0 }));
  const rows = places.pop() as ContractionAxis;
  const kernel = contraction(
    [{ extent: x.batch, left: x.batchStride, right: 0 }, ...places],
    rows,
    { extent: output, left: 0, right: 1 },
    [
      ...windows.map(({ dilation }, i) => ({ extent: window[i], left: dilation * x.strides[i], right: strides[i] })),
      { extent: input, left: 1, right: output },
    ],
    0,
    op,
  );
  if (!kernel) return null;
  const others = Array.from({ length: count - 1 }, (_, i) => i + 1);
  sequence.add(kernel, [x.buffer, ...others, count]);
  return { kernel: sequence.finish(), inputs: [0, ...others] };
}

/** Shape and windows of the image that a gradient is about; null where something is not known, or not for this kernel. */
function gradientOf(
  op: LowerContext,
  image: KnownShape | null,
  filter: KnownShape | null,
  gradient: KnownShape | null,
) {
  if (!image || !filter || !gradient || !isChannelsLast(op) || sizeOf(image) * sizeOf(filter) === 0) return null;
  const { window, strides, input, output } = filterOf(filter);
  if (input !== image[image.length - 1] || output !== gradient[gradient.length - 1]) return null;
  const windows = windowsOf(op, image.slice(1, -1), window, dilationsOf(op));
  const fits = windows?.every(({ out }, i) => out === gradient[i + 1]) && gradient[0] === image[0];
  return windows && fits ? { windows, window, strides, input, output } : null;
}

function known(op: LowerContext, isOutput: boolean, input: number): KnownShape | null {
  const shape = isOutput ? op.outputShape(0) : op.constantShape(input);
  return isFullyDefined(shape) ? shape : null;
}

function byFilter(op: LowerContext): OpKernel | null {
  const [image, filter, gradient] = [imageShape(op, 0), known(op, false, 1), imageShape(op, 2)];
  const of = gradientOf(op, image, filter, gradient);
  if (!of) return null;
  const sequence = new Sequence(2, 1);
  const x = padded(sequence, imageOf(0, image as KnownShape), of.windows);
  const dy = imageOf(1, gradient as KnownShape);
  const kernel = contraction(
    of.windows.map(({ dilation }, i) => ({ extent: of.window[i], left: dilation * x.strides[i], right: 0 })),
    { extent: of.input, left: 1, right: 0 },
    { extent: of.output, left: 0, right: 1 },
    [
      { extent: x.batch, left: x.batchStride, right: dy.batchStride },
      ...of.windows.map(({ out, stride }, i) => ({
        extent: out,
        left: stride * x.strides[i],
        right: dy.strides[i],
      })),
    ],
    0,
    op,
  );
  if (!kernel) return null;
  sequence.add(kernel, [x.buffer, 1, 2]);
  return { kernel: sequence.finish(), inputs: [0, 2] };
}

function byImage(op: LowerContext): OpKernel | null {
  const [image, gradient] = [known(op, false, 0), imageShape(op, 2)];
  const shape = op.shape(1);
  const filter = isFullyDefined(shape) && op.dtype(1) === float32 ? shape : null;
  const of = gradientOf(op, image, filter, gradient);
  if (!of || !image) return null;
  const sequence = new Sequence(2, 1);
  const dz = returned(sequence, imageOf(1, gradient as KnownShape), of.windows);
  const places = of.windows.map(({ size }, i) => ({ extent: size, left: dz.strides[i], right: 0 }));
  const rows = places.pop() as ContractionAxis;
  const kernel = contraction(
    [{ extent: dz.batch, left: dz.batchStride, right: 0 }, ...places],
    rows,
    { extent: of.input, left: 0, right: of.output },
    [...backwards(dz, of.windows, of.strides), { extent: of.output, left: 1, right: 1 }],
    backwardStart(dz, of.windows),
    op,
  );
  if (!kernel) return null;
  sequence.add(kernel, [dz.buffer, 0, 2]);
  // Around the gradient are zeros, which the filter is multiplied with: there TensorFlow multiplies nothing.
  return { kernel: sequence.finish(), inputs: [1, 2], guard: { kind: 'finite', input: 1 } };
}

/** The places of the window, from the last to the first in the image. */
function backwards(image: Image, windows: readonly WindowAxis[], strides: readonly number[]): ContractionAxis[] {
  return windows.map(({ window, dilation }, i) => ({
    extent: window,
    left: -dilation * image.strides[i],
    right: strides[i],
  }));
}
