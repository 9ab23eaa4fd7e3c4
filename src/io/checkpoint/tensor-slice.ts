/**
 * Parts of tensors: their extents, the text in which ops name them (`5 2 0,3:-`), and copying one part into another.
 * How parts are stored is for the bundles.
 */
import { InternalError, InvalidArgumentError } from '../../util/errors.ts';
import type { Data, NumericData } from '../../util/ndarray.ts';
import { formatShapeBrackets, type KnownShape, sizeOf } from '../../util/shape.ts';
import type { TensorSliceProto } from '../proto/tensor_slice_pb.ts';
import { FormatError } from './bytes.ts';

/** The length of an extent that takes all of its axis, however long that is. */
export const FULL = -1;

/** What a slice takes of one axis. A full one starts at 0. */
export interface Extent {
  readonly start: number;
  readonly length: number;
}

/** A part of a tensor: an extent an axis. */
export type TensorSlice = readonly Extent[];

const WHOLE_AXIS: Extent = { start: 0, length: FULL };

/** The slice that is the whole tensor. */
export function fullSlice(rank: number): TensorSlice {
  return Array.from({ length: rank }, () => WHOLE_AXIS);
}

/** The slice as texts have it: `0,3:-`. */
export function formatSlice(slice: TensorSlice): string {
  return slice.map(({ start, length }) => (length === FULL ? '-' : `${start},${length}`)).join(':');
}

/** Shape and slice from `shape_and_slice` texts. Throws `InvalidArgumentError` or `InternalError`, in TensorFlow's words. */
export function parseShapeAndSlice(text: string): {
  readonly shape: KnownShape;
  readonly slice: TensorSlice;
  readonly sliceShape: KnownShape;
} {
  const parts = text.split(' ');
  if (parts.length < 2) {
    throw new InvalidArgumentError(null, `Need least two elements in shape_and_slice specification: ${text}`);
  }
  const shape = parts.slice(0, -1).map((part) => {
    if (!/^\d{1,16}$/.test(part)) {
      throw new InvalidArgumentError(null, `Non numerical dimension in shape_and_slice: ${text}`);
    }
    return Number(part);
  });
  const slice = parseSlice(parts[parts.length - 1]);
  return { shape, slice, sliceShape: shapeOfSlice(slice, shape) };
}

function parseSlice(text: string): TensorSlice {
  const extents = text.split(':').filter((part) => part !== '');
  return extents.map((part) => {
    if (part === '-') return WHOLE_AXIS;
    const numbers = /^(-?\d{1,16}),(-?\d{1,16})$/.exec(part);
    if (!numbers) {
      throw new InvalidArgumentError(null, `Expected a pair of numbers or '-' but got '${part}': string = ${text}`);
    }
    const [start, length] = [Number(numbers[1]), Number(numbers[2])];
    if (start < 0 || length <= 0) {
      throw new InvalidArgumentError(
        null,
        `Expected non-negative start and positive length but got start = ${start}, length = ${length}: string = ${text}`,
      );
    }
    return { start, length };
  });
}

/** The shape of what a slice takes of a tensor. Throws `InternalError` where it does not fit. */
export function shapeOfSlice(slice: TensorSlice, shape: KnownShape): KnownShape {
  const place = `shape = ${formatShapeBrackets(shape)}, slice = ${formatSlice(slice)}`;
  if (slice.length !== shape.length) throw new InternalError(null, `Mismatching ranks: ${place}`);
  return slice.map(({ start, length }, axis) => {
    if (length === FULL) return shape[axis];
    if (start + length > shape[axis]) {
      throw new InternalError(null, `Extent in dimension ${axis} out of bounds: ${place}`);
    }
    return length;
  });
}

/** The slice with its extents as numbers of the shape. */
export function resolveSlice(slice: TensorSlice, shape: KnownShape): TensorSlice {
  return slice.map(({ start, length }, axis) => ({ start, length: length === FULL ? shape[axis] : length }));
}

/** Whether the slice takes all of the tensor. */
export function isWhole(slice: TensorSlice, shape: KnownShape): boolean {
  return slice.every(({ start, length }, axis) => length === FULL || (start === 0 && length === shape[axis]));
}

/** What two slices have in common, null where that is nothing. Both are resolved. */
export function intersect(a: TensorSlice, b: TensorSlice): TensorSlice | null {
  const common = a.map((extent, axis) => {
    const start = Math.max(extent.start, b[axis].start);
    return { start, length: Math.min(extent.start + extent.length, b[axis].start + b[axis].length) - start };
  });
  return common.every(({ length }) => length > 0) ? common : null;
}

/** As the message. */
export function sliceToProto(slice: TensorSlice): {
  extent: { start: bigint; hasLengthHack: { case: 'length'; value: bigint } | { case: undefined } }[];
} {
  return {
    extent: slice.map(({ start, length }) =>
      length === FULL
        ? { start: 0n, hasLengthHack: { case: undefined } }
        : { start: BigInt(start), hasLengthHack: { case: 'length', value: BigInt(length) } },
    ),
  };
}

/** From the message. Throws `FormatError` where it does not fit the shape. */
export function sliceFromProto({ extent }: TensorSliceProto, shape: KnownShape): TensorSlice {
  if (extent.length !== shape.length) throw new FormatError('has a slice of another rank than its tensor');
  return extent.map(({ start, hasLengthHack }, axis) => {
    if (hasLengthHack.case === undefined) return WHOLE_AXIS;
    const [from, length] = [Number(start), Number(hasLengthHack.value)];
    if (!(from >= 0 && length >= 0 && from + length <= shape[axis])) {
      throw new FormatError('has a slice that lies outside of its tensor');
    }
    return { start: from, length };
  });
}

/**
 * Copies what `common` covers from the values of one slice to those of another, all of the same tensor and resolved.
 * `width` is how many entries of the data an element takes.
 */
export function copyCommon(
  common: TensorSlice,
  from: { readonly slice: TensorSlice; readonly data: Data },
  to: { readonly slice: TensorSlice; readonly data: Data },
  width: number,
): void {
  const rank = common.length;
  // Axes at the end that are whole in both are one run of memory with the axis before them.
  let inner = rank - 1;
  while (
    inner > 0 &&
    common[inner].length === from.slice[inner].length &&
    common[inner].length === to.slice[inner].length
  ) {
    inner--;
  }
  const below = common.slice(inner + 1).reduce((size, { length }) => size * length, width);
  const run = rank === 0 ? width : common[inner].length * below;
  const outer = common.slice(0, Math.max(inner, 0));
  const rows = sizeOf(outer.map(({ length }) => length));
  const at = new Array<number>(outer.length).fill(0);
  for (let row = 0; row < rows; row++) {
    copyRun(
      from.data,
      place(from.slice, common, at, inner, below),
      to.data,
      place(to.slice, common, at, inner, below),
      run,
    );
    for (let axis = outer.length - 1; axis >= 0 && ++at[axis] === outer[axis].length; axis--) at[axis] = 0;
  }
}

/** Where a run of the common part starts in the data of a slice. */
function place(slice: TensorSlice, common: TensorSlice, at: readonly number[], inner: number, below: number): number {
  let index = 0;
  for (let axis = 0; axis <= inner; axis++) {
    const offset = common[axis].start - slice[axis].start + (at[axis] ?? 0);
    index = index * slice[axis].length + offset;
  }
  return index * below;
}

function copyRun(from: Data, start: number, to: Data, at: number, length: number): void {
  if (Array.isArray(from)) for (let i = 0; i < length; i++) (to as Uint8Array[])[at + i] = from[start + i];
  else (to as Float32Array).set((from as NumericData as Float32Array).subarray(start, start + length), at);
}
