/**
 * Static shapes: `null` is an unknown rank, a `null` dimension is unknown. Merging, compatibility, broadcasting and
 * the two ways in which TensorFlow prints shapes. Total functions over values; nothing here knows of tensors.
 */
import { ValueError } from './errors.ts';

/** A dimension: a length, or null where it is not known. */
export type Dim = number | null;
/** A static shape, or null where not even the rank is known. */
export type Shape = readonly Dim[] | null;
/** A shape whose every dimension is known. */
export type KnownShape = readonly number[];

/** `-1` and `undefined` also stand for an unknown dimension where users write shapes. */
export type ShapeLike = readonly (number | null | undefined)[] | number | null | undefined | TensorShape;

export const SCALAR: KnownShape = Object.freeze([]);

/** The shape that a user's value means: null and -1 are unknown dimensions, a number is a vector's length. */
export function asShape(value: ShapeLike): Shape {
  if (value === null || value === undefined) return null;
  if (value instanceof TensorShape) return value.dims;
  if (typeof value === 'number') return [asDim(value)];
  return value.map(asDim);
}

function asDim(value: number | null | undefined): Dim {
  if (value === null || value === undefined || value === -1) return null;
  if (!Number.isInteger(value) || value < 0) throw new ValueError(`Dimension ${value} must be >= 0`);
  return value;
}

export function isFullyDefined(shape: Shape): shape is KnownShape {
  return shape?.every((d) => d !== null) ?? false;
}

/** The number of elements; null where a dimension is not known. A dimension of 0 decides even beside unknown ones. */
export function numElements(shape: Shape): number | null {
  if (shape === null) return null;
  let count = 1;
  let known = true;
  for (const d of shape) {
    if (d === 0) return 0;
    if (d === null) known = false;
    else count *= d;
  }
  return known ? count : null;
}

/** The number of elements of a known shape. */
export function sizeOf(shape: KnownShape): number {
  let count = 1;
  for (let i = 0; i < shape.length; i++) count *= shape[i];
  return count;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: KnownShape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** Whether some shape could be both. */
export function isCompatible(a: Shape, b: Shape): boolean {
  if (a === null || b === null) return true;
  return a.length === b.length && a.every((d, i) => d === null || b[i] === null || d === b[i]);
}

/** How two shapes that must be one contradict each other, in the words of shape inference; null where they do not. */
export function shapeConflict(a: Shape, b: Shape): string | null {
  if (isCompatible(a, b) || a === null || b === null) return null;
  if (a.length !== b.length) return `Shapes must be equal rank, but are ${a.length} and ${b.length}`;
  const i = a.findIndex((d, k) => d !== null && b[k] !== null && d !== b[k]);
  const shapes = `Shapes are ${formatShapeBrackets(a)} and ${formatShapeBrackets(b)}.`;
  return `Dimension ${i} in both shapes must be equal, but are ${a[i]} and ${b[i]}. ${shapes}`;
}

/** What is known from both. Throws `ValueError` with the text of TensorFlow's `TensorShape` where they contradict. */
export function mergeShapes(a: Shape, b: Shape): Shape {
  if (a === null) return b;
  if (b === null) return a;
  if (a.length !== b.length) {
    throw new ValueError(`Shapes ${formatShape(a)} and ${formatShape(b)} must have the same rank`);
  }
  return a.map((d, i) => {
    const e = b[i];
    if (d !== null && e !== null && d !== e) {
      throw new ValueError(`Shapes ${formatShape(a)} and ${formatShape(b)} are not compatible`);
    }
    return d ?? e;
  });
}

/** What both shapes say: the dimensions in which they agree; unknown where the ranks differ. */
export function commonShape(a: Shape, b: Shape): Shape {
  if (a === null || b === null || a.length !== b.length) return null;
  return sameShape(a, b) ? a : a.map((d, axis) => (d === b[axis] ? d : null));
}

/**
 * NumPy broadcasting of two static shapes; undefined where they cannot be broadcast. A known dimension other than 1
 * wins over an unknown one.
 */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  if (a === null || b === null) return null;
  if (a === b) return a;
  const rank = Math.max(a.length, b.length);
  const out = new Array<Dim>(rank);
  for (let i = 1; i <= rank; i++) {
    const d = i <= a.length ? a[a.length - i] : 1;
    const e = i <= b.length ? b[b.length - i] : 1;
    if (d === e) out[rank - i] = d;
    else if (d === 1) out[rank - i] = e;
    else if (e === 1) out[rank - i] = d;
    else if (d === null) out[rank - i] = e;
    else if (e === null) out[rank - i] = d;
    else return undefined;
  }
  return out;
}

/** As Python prints a `TensorShape`: `(?, 2)`, `(3,)`, `()`, `<unknown>`. */
export function formatShape(shape: Shape): string {
  if (shape === null) return '<unknown>';
  const dims = shape.map((d) => d ?? '?').join(', ');
  return shape.length === 1 ? `(${dims},)` : `(${dims})`;
}

/** As TensorFlow's C++ prints a shape: `[?,2]`, `[]`, `<unknown>`. */
export function formatShapeBrackets(shape: Shape): string {
  return shape === null ? '<unknown>' : `[${shape.map((d) => d ?? '?').join(',')}]`;
}

/**
 * A static shape as an object, for code ported from Python: what `tensor.getShape()` returns.
 *
 *     x.getShape().asList()        // [null, 784]
 *     x.getShape().ndims           // 2
 */
export class TensorShape {
  readonly dims: Shape;

  constructor(dims: ShapeLike) {
    this.dims = asShape(dims);
    Object.freeze(this);
  }

  /** The rank; null where it is not known. */
  get rank(): number | null {
    return this.dims === null ? null : this.dims.length;
  }
  get ndims(): number | null {
    return this.rank;
  }
  /** The dimensions as a fresh array. Throws `ValueError` where the rank is not known. */
  asList(): Dim[] {
    if (this.dims === null) throw new ValueError('as_list() is not defined on an unknown TensorShape.');
    return [...this.dims];
  }
  numElements(): number | null {
    return numElements(this.dims);
  }
  isFullyDefined(): boolean {
    return isFullyDefined(this.dims);
  }
  isCompatibleWith(other: ShapeLike): boolean {
    return isCompatible(this.dims, asShape(other));
  }
  mergeWith(other: ShapeLike): TensorShape {
    return new TensorShape(mergeShapes(this.dims, asShape(other)));
  }
  concatenate(other: ShapeLike): TensorShape {
    const tail = asShape(other);
    return new TensorShape(this.dims === null || tail === null ? null : [...this.dims, ...tail]);
  }
  withRank(rank: number): TensorShape {
    return this.mergeWith(new Array<null>(rank).fill(null));
  }
  equals(other: ShapeLike): boolean {
    return sameShape(this.dims, asShape(other));
  }
  toString(): string {
    return formatShape(this.dims);
  }
}
