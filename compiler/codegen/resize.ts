/**
 * Images of another size, and what flows back from them: rows and then columns, or columns and then rows, are read at places
 * that a loop works out before, as TensorFlow does in single precision, and are mixed where each place lies between two.
 */
import { float32 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import type { LoopKernel, Operand, RowsKernel } from './kernel.ts';
import type { OpKernel } from './op-kernel.ts';
import { fillKernel, Sequence } from './sequence.ts';
import { type ElementType, type ValueId, Values } from './values.ts';

/** The kernel for an op that resizes images, or for its gradient; null for other ops and types, and for unknown shapes. */
export function resizingKernel(op: LowerContext): OpKernel | null {
  switch (op.type) {
    case 'ResizeNearestNeighbor':
    case 'ResizeBilinear':
      return resize(op, op.type === 'ResizeBilinear');
    case 'ResizeNearestNeighborGrad':
    case 'ResizeBilinearGrad':
      return gradient(op, op.type === 'ResizeBilinearGrad');
  }
  return null;
}

/** An axis of images: how long it is in the original and in the resized image. */
interface Axis {
  readonly original: number;
  readonly resized: number;
  readonly alignCorners: boolean;
  readonly halfPixel: boolean;
}

/** The axes of height and width; null where the op is not one for here. */
function axesOf(op: LowerContext, original: KnownShape, resized: KnownShape): [Axis, Axis] | null {
  const [alignCorners, halfPixel] = [op.attr<boolean>('align_corners'), op.attr<boolean>('half_pixel_centers')];
  if (op.dtype(0) !== float32 || op.outputDType(0) !== float32 || (alignCorners && halfPixel)) return null;
  if (original.length !== 4 || resized.length !== 4 || sizeOf(original) * sizeOf(resized) === 0) return null;
  if (original[0] !== resized[0] || original[3] !== resized[3]) return null;
  const [down, across] = [1, 2].map((k) => ({ original: original[k], resized: resized[k], alignCorners, halfPixel }));
  return [down, across];
}

/** Pixels of the original for one of the resized image. */
function scaleOf({ original, resized, alignCorners }: Axis): number {
  return Math.fround(alignCorners && resized > 1 ? (original - 1) / (resized - 1) : original / resized);
}

/** The nearest place in the original of the one whose number is the index of an axis of the loops. */
function nearest($: Values, axis: Axis, index: number): ValueId {
  const number = $.index(index);
  const center = axis.halfPixel ? $.op('add', number, $.constant(0.5)) : number;
  const place = $.op('mul', center, $.constant(scaleOf(axis)));
  const below = $.op('floor', place);
  const isAbove = $.op('ge', $.op('sub', place, below), $.constant(0.5));
  const rounded = axis.alignCorners ? $.op('select', isAbove, $.op('add', below, $.constant(1)), below) : below;
  return $.op('max', $.op('min', rounded, $.constant(axis.original - 1)), $.constant(0));
}

/** The two places that it lies between, and how far from the lower one. */
function neighbors($: Values, axis: Axis, index: number) {
  const number = $.index(index);
  const scale = $.constant(scaleOf(axis));
  const half = $.constant(0.5);
  const place = axis.halfPixel
    ? $.op('sub', $.op('mul', $.op('add', number, half), scale), half)
    : $.op('mul', number, scale);
  const below = $.op('floor', place);
  return {
    lower: $.op('max', below, $.constant(0)),
    upper: $.op('min', $.op('ceil', place), $.constant(axis.original - 1)),
    weight: $.op('sub', place, below),
  };
}

function operand(type: ElementType, strides: readonly number[]): Operand {
  return { type, strides, offset: 0 };
}

/** Writes the numbers of places to a room, which it gives. */
function numbersOf(sequence: Sequence, { resized }: Axis, places: ($: Values) => ValueId): number {
  const room = sequence.room(resized);
  const $ = new Values();
  const kernel: LoopKernel = {
    kind: 'loops',
    axes: [{ extent: resized, isReduced: false }],
    inputs: [],
    scalars: [],
    outputs: [operand('i32', [1])],
    stages: [{ kind: 'store', output: 0, value: $.op('toInt', places($)) }],
    values: $.list,
  };
  sequence.add(kernel, [room]);
  return room;
}

/** Lines of so many elements each, one after the other in each of the tables. */
interface Lines {
  readonly tables: number;
  readonly width: number;
}

/** Reads a line of the original for each of the resized image, or adds each of these to one of the original. */
function rows(mode: 'read' | 'add', { original, resized }: Axis, { tables, width }: Lines): RowsKernel {
  return { kind: 'rows', mode, type: 'f32', tables, count: resized, extents: [original], skipsNegative: false, width };
}

/** Computes elements of the resized image from those of inputs that lie as it does. */
function mixed(
  axis: Axis,
  { tables, width }: Lines,
  inputs: number,
  mix: ($: Values, weight: ValueId) => ValueId,
): LoopKernel {
  const $ = new Values();
  const value = mix($, neighbors($, axis, 1).weight);
  const strides = [axis.resized * width, width, 1];
  return {
    kind: 'loops',
    axes: [tables, axis.resized, width].map((extent) => ({ extent, isReduced: false })),
    inputs: Array.from({ length: inputs }, () => operand('f32', strides)),
    scalars: [],
    outputs: [operand('f32', strides)],
    stages: [{ kind: 'store', output: 0, value }],
    values: $.list,
  };
}

function resize(op: LowerContext, isBilinear: boolean): OpKernel | null {
  const [shape, out] = [op.shape(0), op.outputShape(0)];
  const axes = isFullyDefined(shape) && isFullyDefined(out) ? axesOf(op, shape, out) : null;
  if (!axes || !isFullyDefined(shape)) return null;
  const [down, across] = axes;
  const [batch, , , channels] = shape;
  const sequence = new Sequence(1, 1);
  const toRows: Lines = { tables: batch * down.original, width: channels };
  const toImages: Lines = { tables: batch, width: across.resized * channels };
  const middle = sequence.room(batch * down.original * across.resized * channels);
  const step = isBilinear ? between : atNearest;
  step(sequence, across, toRows, 0, middle);
  step(sequence, down, toImages, middle, 1);
  return { kernel: sequence.finish(), inputs: [0] };
}

function atNearest(sequence: Sequence, axis: Axis, lines: Lines, from: number, to: number): void {
  const places = numbersOf(sequence, axis, ($) => nearest($, axis, 0));
  sequence.add(rows('read', axis, lines), [from, places, to]);
}

/** What lies below is read to where the result is going to be, and mixed in place with what lies above. */
function between(sequence: Sequence, axis: Axis, lines: Lines, from: number, to: number): void {
  const above = sequence.room(lines.tables * axis.resized * lines.width);
  for (const [side, room] of [
    ['lower', to],
    ['upper', above],
  ] as const) {
    const places = numbersOf(sequence, axis, ($) => neighbors($, axis, 0)[side]);
    sequence.add(rows('read', axis, lines), [from, places, room]);
  }
  const mix = mixed(axis, lines, 2, ($, weight) => {
    const [a, b] = [$.load('f32', 0), $.load('f32', 1)];
    return $.op('add', a, $.op('mul', $.op('sub', b, a), weight));
  });
  sequence.add(mix, [to, above, to]);
}

function gradient(op: LowerContext, isBilinear: boolean): OpKernel | null {
  const [shape, flow] = [op.outputShape(0), op.shape(0)];
  const axes = isFullyDefined(shape) && isFullyDefined(flow) ? axesOf(op, shape, flow) : null;
  if (!axes || !isFullyDefined(shape)) return null;
  const [down, across] = axes;
  const [batch, , , channels] = shape;
  const sequence = new Sequence(1, 1);
  const toImages: Lines = { tables: batch, width: across.resized * channels };
  const toRows: Lines = { tables: batch * down.original, width: channels };
  const middle = sequence.room(batch * down.original * across.resized * channels);
  const step = isBilinear ? fromBetween : fromNearest;
  step(sequence, down, toImages, 0, middle);
  step(sequence, across, toRows, middle, 1);
  return { kernel: sequence.finish(), inputs: [0] };
}

function fromNearest(sequence: Sequence, axis: Axis, lines: Lines, from: number, to: number): void {
  sequence.add(fillKernel(lines.tables * axis.original * lines.width, 0), [to]);
  const places = numbersOf(sequence, axis, ($) => nearest($, axis, 0));
  sequence.add(rows('add', axis, lines), [from, places, to]);
}

function fromBetween(sequence: Sequence, axis: Axis, lines: Lines, from: number, to: number): void {
  sequence.add(fillKernel(lines.tables * axis.original * lines.width, 0), [to]);
  const share = sequence.room(lines.tables * axis.resized * lines.width);
  for (const side of ['lower', 'upper'] as const) {
    const places = numbersOf(sequence, axis, ($) => neighbors($, axis, 0)[side]);
    const part = mixed(axis, lines, 1, ($, weight) => {
      const own = side === 'upper' ? weight : $.op('sub', $.constant(1), weight);
      return $.op('mul', $.load('f32', 0), own);
    });
    sequence.add(part, [from, share]);
    sequence.add(rows('add', axis, lines), [share, places, to]);
  }
}
