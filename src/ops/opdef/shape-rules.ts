/**
 * The shape rules and checks that many ops share, with the wording of TensorFlow's C++ shape functions. Each throws
 * `ShapeError`; the builder adds the node and its inputs to the text.
 */
import { broadcastShapes, type Dim, mergeShapes, type Shape, shapeConflict } from '../../util/shape.ts';
import { type InferContext, type Inferred, ShapeError } from './define.ts';

/** Every output has the shape of the first input. */
export const unchanged = (op: InferContext): Inferred => [op.shape(0)];
/** A scalar. */
export const scalar = (): Inferred => [[]];
/** No outputs. */
export const none = (): Inferred => [];
/** Nothing is known. */
export const unknown = (): Inferred => [null];

/** The shape, which must have this rank (or an unknown one, which becomes it). */
export function withRank(shape: Shape, rank: number): readonly Dim[] {
  if (shape === null) return new Array<Dim>(rank).fill(null);
  if (shape.length !== rank) throw new ShapeError(`Shape must be rank ${rank} but is rank ${shape.length}`);
  return shape;
}

export function withRankAtLeast(shape: Shape, rank: number): Shape {
  if (shape !== null && shape.length < rank) {
    throw new ShapeError(`Shape must be at least rank ${rank} but is rank ${shape.length}`);
  }
  return shape;
}

export function withRankAtMost(shape: Shape, rank: number): Shape {
  if (shape !== null && shape.length > rank) {
    throw new ShapeError(`Shape must be at most rank ${rank} but is rank ${shape.length}`);
  }
  return shape;
}

/** Two dimensions that must agree; the known one of them. */
export function mergeDim(a: Dim, b: Dim): Dim {
  if (a !== null && b !== null && a !== b) throw new ShapeError(`Dimensions must be equal, but are ${a} and ${b}`);
  return a ?? b;
}

/** Two shapes that must agree; what is known from both. */
export function merge(a: Shape, b: Shape): Shape {
  const conflict = shapeConflict(a, b);
  if (conflict) throw new ShapeError(conflict);
  return mergeShapes(a, b);
}

/** The first two inputs broadcast against each other. */
export function broadcast(op: InferContext): Inferred {
  return [broadcastPair(op.shape(0), op.shape(1))];
}

/** The broadcast shape of two; throws with the first pair of dimensions, from the right, that do not fit. */
export function broadcastPair(a: Shape, b: Shape): Shape {
  const found = broadcastShapes(a, b);
  if (found !== undefined) return found;
  const [x, y] = [a as readonly Dim[], b as readonly Dim[]];
  for (let i = 1; i <= Math.min(x.length, y.length); i++) {
    const [d, e] = [x[x.length - i], y[y.length - i]];
    if (d !== e && d !== 1 && e !== 1) throw new ShapeError(`Dimensions must be equal, but are ${d} and ${e}`);
  }
  return null;
}

/** An axis counted from the front. Throws with `[-rank, rank)` in the text where it is out of range. */
export function normalizeAxis(axis: number, rank: number, what = 'axis'): number {
  if (axis < -rank || axis >= rank) throw new ShapeError(`${what} ${axis} not in [-${rank},${rank}).`);
  return axis < 0 ? axis + rank : axis;
}
