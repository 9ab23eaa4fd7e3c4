/**
 * Checks and sizes that the functions of `tf.image` share: what is known while the graph is built is checked then, the rest
 * by assertions in a run.
 */
import { type Operation, Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { type Dim, formatShape } from '../util/shape.ts';
import { assertPositive } from './checks.ts';
import { Assert, withDependencies } from './control.ts';
import { constantOp, emitOne } from './emit.ts';
import { unstack } from './joining.ts';
import { shape as shapeOf } from './shaping.ts';

/** A height or width: known, or what a run will tell. */
export type Extent = number | Tensor;

/** Ops on extents: numbers as long as both are. */
export const extents = {
  sub: (a: Extent, b: Extent): Extent => combine('Sub', a, b, (x, y) => x - y),
  max: (a: Extent, b: Extent): Extent => combine('Maximum', a, b, Math.max),
  min: (a: Extent, b: Extent): Extent => combine('Minimum', a, b, Math.min),
  half: (a: Extent): Extent => combine('FloorDiv', a, 2, (x) => Math.floor(x / 2)),
};

function asInput(extent: Extent) {
  return typeof extent === 'number' ? toNdArray(extent, int32) : extent;
}

function combine(type: string, a: Extent, b: Extent, known: (a: number, b: number) => number): Extent {
  if (typeof a === 'number' && typeof b === 'number') return known(a, b);
  return emitOne(type, [asInput(a), asInput(b)]);
}

/** The extent as a static dimension. */
export function dimOf(extent: Extent): Dim {
  return typeof extent === 'number' ? extent : null;
}

/**
 * `a ≥ b`, or `a > b`. Throws `ValueError` with the message where it is known not to hold; an assertion where only a run can
 * tell, none where it holds.
 */
export function demand(a: Extent, relation: '>=' | '>', b: Extent, message: string): Operation[] {
  if (typeof a === 'number' && typeof b === 'number') {
    if (relation === '>=' ? a >= b : a > b) return [];
    throw new ValueError(message);
  }
  const holds = emitOne(relation === '>=' ? 'GreaterEqual' : 'Greater', [asInput(a), asInput(b)]);
  return [Assert(holds, [message])];
}

/** The checks that the last three dimensions are positive. Throws `ValueError` for lower ranks and empty images. */
export function checkImage(image: Tensor): Operation[] {
  const { shape } = image;
  if (shape !== null && shape.length < 3) {
    throw new ValueError(`'image' (shape ${formatShape(shape)}) must be at least three-dimensional.`);
  }
  const inner = shape?.slice(-3) ?? [null];
  if (inner.includes(0)) {
    throw new ValueError(`inner 3 dims of 'image.shape' must be > 0: ${formatShape(shape)}`);
  }
  if (!inner.includes(null)) return [];
  const message = "inner 3 dims of 'image.shape' must be > 0.";
  return [assertPositive(shapeOf(image).slice({ start: -3 }), { data: [constantOp(toNdArray(message), 'Const')] })];
}

/** The image after its checks. */
export function checkedImage(image: Tensor): Tensor {
  return withDependencies([checkImage(image)], image);
}

/** The dimensions of a tensor of known rank: numbers where they are known. */
export function extentsOf(image: Tensor): Extent[] {
  const shape = image.shape as readonly Dim[];
  const dynamic = shape.includes(null) ? unstack(shapeOf(image), shape.length) : [];
  return shape.map((d, axis) => d ?? dynamic[axis]);
}

/** An integer argument that may be a tensor. */
export function extentOf(value: Extent): Extent {
  return value instanceof Tensor ? value : Math.trunc(value);
}

/** An int32 vector of extents. */
export function extentVector(values: readonly Extent[]): Tensor {
  if (values.every((value) => typeof value === 'number')) {
    return constantOp(toNdArray(values as number[], int32, [values.length]), 'stack');
  }
  return emitOne(
    'Pack',
    [values.map((value) => (typeof value === 'number' ? constantOp(toNdArray(value, int32), 'Const') : value))],
    { axis: 0 },
    'stack',
  );
}
