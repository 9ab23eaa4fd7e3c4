/**
 * Paddings of a number, mirrored paddings with their gradients, and tiles: a tensor, parts of it once more, and what fills the
 * rest. What moves elements otherwise is in `moves.ts`.
 */
import { intsOf } from '../../src/ops/opdef/small-ints.ts';
import { isFullyDefined, type KnownShape, type Shape, sizeOf } from '../../src/util/shape.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import { elementType } from './elements.ts';
import type { LoopKernel } from './kernel.ts';
import type { OpKernel } from './op-kernel.ts';
import { denseStrides } from './parts.ts';
import { type CopyAxis, copyKernel, Sequence } from './sequence.ts';
import { type ElementType, Values } from './values.ts';

type Rule = (op: LowerContext) => OpKernel | null;

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Pad', (op) => pad(op, 0)],
  ['PadV2', (op) => pad(op, op.constant(2)?.data[0])],
  ['MirrorPad', mirror],
  ['MirrorPadGrad', mirrorGradient],
  ['Tile', tile],
]);

/** The kernel for an op that pads or tiles; null for other ops and types, and for what is not known. */
export function paddingKernel(op: LowerContext): OpKernel | null {
  return rules.get(op.type)?.(op) ?? null;
}

const known = (shape: Shape): KnownShape | null => (isFullyDefined(shape) && sizeOf(shape) > 0 ? shape : null);

/** How much there is before and after each axis. */
type Pads = readonly (readonly [before: number, after: number])[];

/** Null where there is none, or it is not known. */
function padsOf(op: LowerContext, rank: number): Pads | null {
  const flat = intsOf(op.constant(1));
  if (flat?.length !== 2 * rank || flat.some((count) => count < 0) || flat.every((count) => count === 0)) return null;
  return Array.from({ length: rank }, (_, axis) => [flat[2 * axis], flat[2 * axis + 1]] as const);
}

/** The inner elements of a padded tensor: where they begin, and how it goes along their axes. */
function inner(shape: KnownShape, pads: Pads, whole: KnownShape): { axes: CopyAxis[]; offset: number } {
  const [from, to] = [denseStrides(shape), denseStrides(whole)];
  return {
    axes: shape.map((extent, axis) => ({ extent, from: from[axis], to: to[axis] })),
    offset: pads.reduce((sum, [before], axis) => sum + before * to[axis], 0),
  };
}

function pad(op: LowerContext, filling: unknown): OpKernel | null {
  const [shape, whole] = [known(op.shape(0)), known(op.outputShape(0))];
  const type = elementType(op.dtype(0));
  const pads = shape && padsOf(op, shape.length);
  if (!shape || !whole || !pads || !type || filling === undefined) return null;
  const sequence = new Sequence(1, 1);
  const strides = denseStrides(whole);
  /** The part that is neither written nor inside yet. */
  const extents = [...whole];
  let offset = 0;
  pads.forEach(([before, after], axis) => {
    const [stride, length] = [strides[axis], shape[axis]];
    const parts = [
      [before, 0],
      [after, before + length],
    ];
    for (const [count, first] of parts) {
      if (count === 0) continue;
      const border = extents.map((extent, i) => (i === axis ? count : extent));
      sequence.add(filled(border, strides, offset + first * stride, type, Number(filling)), [1]);
    }
    extents[axis] = length;
    offset += before * stride;
  });
  sequence.add(copyKernel(inner(shape, pads, whole).axes, 0, offset, type), [0, 1]);
  return { kernel: sequence.finish(), inputs: [0] };
}

/** Writes a number to part of a tensor. */
function filled(
  extents: readonly number[],
  strides: readonly number[],
  offset: number,
  type: ElementType,
  value: number,
): LoopKernel {
  const $ = new Values();
  return {
    kind: 'loops',
    axes: extents.map((extent) => ({ extent, isReduced: false })),
    inputs: [],
    scalars: [],
    outputs: [{ type, strides, offset }],
    values: $.list,
    stages: [{ kind: 'store', output: 0, value: $.constant(value, type) }],
  };
}

// ---------------------------------------------------------------------------------------------------------------------
// Mirrors

/** Whether the mirrored parts are there: all of the tensor, or all but its borders. */
function isMirrored(pads: Pads, shape: KnownShape, skip: number): boolean {
  return pads.every(([before, after], axis) => Math.max(before, after) <= shape[axis] - skip);
}

const skipOf = (op: LowerContext) => (op.attr<string>('mode') === 'REFLECT' ? 1 : 0);

/** The tensor first; then along each axis what is there already, turned around. */
function mirror(op: LowerContext): OpKernel | null {
  const [shape, whole] = [known(op.shape(0)), known(op.outputShape(0))];
  const type = elementType(op.dtype(0));
  const pads = shape && padsOf(op, shape.length);
  const skip = skipOf(op);
  if (!shape || !whole || !pads || !type || !isMirrored(pads, shape, skip)) return null;
  const sequence = new Sequence(1, 1);
  const { axes, offset } = inner(shape, pads, whole);
  sequence.add(copyKernel(axes, 0, offset, type), [0, 1]);
  const strides = denseStrides(whole);
  const extents = [...shape];
  let first = offset;
  pads.forEach(([before, after], axis) => {
    const [stride, length] = [strides[axis], shape[axis]];
    const copied = (count: number, from: number, to: number) => {
      if (count === 0) return;
      const turned = extents.map((extent, i) =>
        i === axis ? { extent: count, from: -stride, to: stride } : { extent, from: strides[i], to: strides[i] },
      );
      sequence.add(copyKernel(turned, first + from * stride, first + to * stride, type), [1, 1]);
    };
    copied(before, before - 1 + skip, -before);
    copied(after, length - 1 - skip, length);
    extents[axis] = whole[axis];
    first -= before * stride;
  });
  return { kernel: sequence.finish(), inputs: [0] };
}

/** Axis by axis from the first: the inner elements, and the borders added to them where they were copied from. */
function mirrorGradient(op: LowerContext): OpKernel | null {
  const [shape, result] = [known(op.shape(0)), known(op.outputShape(0))];
  const pads = shape && padsOf(op, shape.length);
  const skip = skipOf(op);
  if (!shape || !result || !pads || elementType(op.dtype(0)) !== 'f32' || !isMirrored(pads, result, skip)) return null;
  const sequence = new Sequence(1, 1);
  const padded = shape.flatMap((_, axis) => (pads[axis][0] + pads[axis][1] > 0 ? [axis] : []));
  let from = 0;
  const sizes = [...shape];
  for (const axis of padded) {
    const [before, after] = pads[axis];
    const long = sizes[axis];
    const length = result[axis];
    const [outer, inner] = [sizeOf(sizes.slice(0, axis)), sizeOf(sizes.slice(axis + 1))];
    sizes[axis] = length;
    const to = axis === padded[padded.length - 1] ? 1 : sequence.room(sizeOf(sizes));
    const along = (count: number, step: number): CopyAxis[] => [
      { extent: outer, from: long * inner, to: length * inner },
      { extent: count, from: step * inner, to: inner },
      { extent: inner, from: 1, to: 1 },
    ];
    sequence.add(copyKernel(along(length, 1), before * inner, 0), [from, to]);
    // Borders are turned around: their last element is nearest to the first of the others, or next to it.
    if (before > 0) sequence.add(adding(along(before, -1), (before - 1) * inner, skip * inner), [from, to, to]);
    const first = (length - skip - after) * inner;
    if (after > 0) sequence.add(adding(along(after, -1), (long - 1) * inner, first), [from, to, to]);
    from = to;
  }
  return { kernel: sequence.finish(), inputs: [0] };
}

/** Adds elements of its first input to those of the second, which is the output as well. */
function adding(axes: readonly CopyAxis[], fromOffset: number, toOffset: number): LoopKernel {
  const $ = new Values();
  const value = $.op('add', $.load('f32', 1), $.load('f32', 0));
  const target = { type: 'f32', strides: axes.map(({ to }) => to), offset: toOffset } as const;
  return {
    kind: 'loops',
    axes: axes.map(({ extent }) => ({ extent, isReduced: false })),
    inputs: [{ type: 'f32', strides: axes.map(({ from }) => from), offset: fromOffset }, target],
    scalars: [],
    outputs: [target],
    values: $.list,
    stages: [{ kind: 'store', output: 0, value }],
  };
}

// ---------------------------------------------------------------------------------------------------------------------
// Tiles

function tile(op: LowerContext): OpKernel | null {
  const [shape, times] = [known(op.shape(0)), intsOf(op.constant(1))];
  const type = elementType(op.dtype(0));
  if (!shape || !type || times?.length !== shape.length || times.some((count) => count < 1)) return null;
  const from = denseStrides(shape);
  const to = denseStrides(shape.map((extent, axis) => extent * times[axis]));
  const axes = shape.flatMap((extent, axis): CopyAxis[] => [
    { extent: times[axis], from: 0, to: extent * to[axis] },
    { extent, from: from[axis], to: to[axis] },
  ]);
  return { kernel: copyKernel(axes, 0, 0, type), inputs: [0] };
}
