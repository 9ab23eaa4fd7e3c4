/**
 * Where tfjs's webgl backend puts the elements of an array in a texture. A packed texture has two rows by two columns of a
 * matrix in each texel, an unpacked one an element in each. Making textures is the backend's business.
 */
import { type KnownShape, sizeOf } from '../../../src/util/shape.ts';

/** Texels are numbered along the rows of the texture; what they hold follows from the shape alone. */
export interface PackedLayout {
  readonly kind: 'packed';
  /** Matrices, rows and columns of each. */
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  /** Texels in a row of the texture, and how many rows it has. */
  readonly width: number;
  readonly height: number;
}

/** Elements one after the other, from the one at the offset on. */
export interface FlatLayout {
  readonly kind: 'flat';
  readonly width: number;
  readonly height: number;
  readonly offset: number;
}

export type Layout = PackedLayout | FlatLayout;

/**
 * How an array of this shape lies in a packed texture, in the simplest terms: matrices of an even number of rows are one
 * matrix, rows of an even number of columns one row.
 *
 * @param width texels in a row of the texture
 * @param height how many rows it has
 */
export function packedLayout(shape: KnownShape, width: number, height: number): PackedLayout {
  const columns = shape.length > 0 ? shape[shape.length - 1] : 1;
  const rows = shape.length > 1 ? shape[shape.length - 2] : 1;
  const batch = sizeOf(shape) / (rows * columns);
  if (rows === 1 && columns % 2 === 0)
    return { kind: 'packed', batch: 1, rows: 1, columns: batch * columns, width, height };
  if (rows % 2 === 0) return { kind: 'packed', batch: 1, rows: batch * rows, columns, width, height };
  return { kind: 'packed', batch, rows, columns, width, height };
}

/** How elements lie in an unpacked texture. */
export function flatLayout(width: number, height: number, offset: number): FlatLayout {
  return { kind: 'flat', width, height, offset };
}

/** Whether both have the same elements in the texels of the same number. */
export function sameTexels(a: PackedLayout, b: PackedLayout): boolean {
  return a.batch === b.batch && a.rows === b.rows && a.columns === b.columns;
}

/** Whether both have the same elements at the same places. */
export function samePlaces(a: PackedLayout, b: PackedLayout): boolean {
  return sameTexels(a, b) && a.width === b.width;
}
