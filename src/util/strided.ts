/**
 * Moving elements of arrays: strided windows to read and to write, and what follows from them: slices, transposes,
 * broadcasts, tiles, concatenations. For every element type. Checks of arguments are the callers' business.
 */
import { allocate, allocateAny, type Data, NdArray } from './ndarray.ts';
import { type KnownShape, sizeOf, stridesOf } from './shape.ts';

/** Elements of storage: element (i0, i1, …) is at offset + Σ i·stride. */
interface Window {
  readonly data: Data;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Copies the elements of one window to those of another of the same shape. Strides count words of storage. */
function copyWindow(shape: KnownShape, from: Window, to: Window): void {
  if (sizeOf(shape) === 0) return;
  const axes = mergedAxes(shape, from.strides, to.strides);
  // Every storage type is indexed alike; the cast only quiets the union.
  const [source, target] = [from.data as unknown as number[], to.data as unknown as number[]];
  const inner = axes[axes.length - 1] ?? { length: 1, a: 0, b: 0 };
  const outer = axes.slice(0, -1);
  const index = new Array<number>(outer.length).fill(0);
  let p = from.offset;
  let q = to.offset;
  for (;;) {
    copyLine(source, p, inner.a, target, q, inner.b, inner.length);
    let axis = outer.length - 1;
    for (; axis >= 0; axis--) {
      p += outer[axis].a;
      q += outer[axis].b;
      if (++index[axis] < outer[axis].length) break;
      p -= outer[axis].a * outer[axis].length;
      q -= outer[axis].b * outer[axis].length;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

function copyLine(s: number[], p: number, a: number, t: number[], q: number, b: number, n: number): void {
  if (a === 1 && b === 1 && n > 16 && ArrayBuffer.isView(s)) {
    const [view, into] = [s as unknown as Float32Array, t as unknown as Float32Array];
    into.set(view.subarray(p, p + n), q);
    return;
  }
  for (let i = 0; i < n; i++) t[q + i * b] = s[p + i * a];
}

interface Axis {
  length: number;
  a: number;
  b: number;
}

/** The axes without those of length 1, neighbours that both windows run through in one go merged. */
function mergedAxes(shape: KnownShape, a: readonly number[], b: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((length, i) => {
    if (length === 1) return;
    const last = axes[axes.length - 1];
    if (last && last.a === a[i] * length && last.b === b[i] * length) {
      last.length *= length;
      last.a = a[i];
      last.b = b[i];
    } else axes.push({ length, a: a[i], b: b[i] });
  });
  return axes;
}

/** A complex element is two words of storage, which become one more axis. */
function windowOf(array: NdArray, strides: readonly number[], offset: number): Window {
  if (!array.dtype.isComplex) return { data: array.data, offset, strides };
  return { data: array.data, offset: 2 * offset, strides: [...strides.map((s) => 2 * s), 1] };
}

/** A new array whose element (i0, i1, …) is that at `offset + Σ i·stride` of `array`. */
export function readWindow(array: NdArray, shape: KnownShape, strides: readonly number[], offset = 0): NdArray {
  const out = new NdArray(array.dtype, shape, allocate(array.dtype, sizeOf(shape)));
  const words = array.dtype.isComplex ? [...shape, 2] : shape;
  copyWindow(words, windowOf(array, strides, offset), windowOf(out, stridesOf(shape), 0));
  return out;
}

/** Writes the elements of `source` to those at `offset + Σ i·stride` of `target`, which must not be shared. */
export function writeWindow(target: NdArray, strides: readonly number[], offset: number, source: NdArray): void {
  const words = source.dtype.isComplex ? [...source.shape, 2] : source.shape;
  copyWindow(words, windowOf(source, stridesOf(source.shape), 0), windowOf(target, strides, offset));
}

/** The part from `begin` on, of `shape`, every `steps`-th element of each axis. */
export function sliceArray(
  array: NdArray,
  begin: readonly number[],
  shape: KnownShape,
  steps: readonly number[] | null = null,
): NdArray {
  const strides = stridesOf(array.shape);
  const offset = begin.reduce((sum, b, i) => sum + b * strides[i], 0);
  const scaled = steps ? strides.map((s, i) => s * steps[i]) : strides;
  return readWindow(array, shape, scaled, sizeOf(shape) === 0 ? 0 : offset);
}

/** The axes in the order of `perm`. */
export function transposeArray(array: NdArray, perm: readonly number[]): NdArray {
  const strides = stridesOf(array.shape);
  return readWindow(
    array,
    perm.map((p) => array.shape[p]),
    perm.map((p) => strides[p]),
  );
}

/** The array broadcast to a shape that it is known to broadcast to. */
export function broadcastArray(array: NdArray, shape: KnownShape): NdArray {
  const strides = stridesOf(array.shape);
  const lead = shape.length - array.rank;
  return readWindow(
    array,
    shape,
    shape.map((_, i) => (i < lead || array.shape[i - lead] === 1 ? 0 : strides[i - lead])),
  );
}

/** The array repeated `multiples[i]` times along each axis. */
export function tileArray(array: NdArray, multiples: readonly number[]): NdArray {
  const strides = stridesOf(array.shape);
  const tiled = readWindow(
    array,
    array.shape.flatMap((d, i) => [multiples[i], d]),
    strides.flatMap((s) => [0, s]),
  );
  return tiled.reshape(array.shape.map((d, i) => d * multiples[i]));
}

/** The axes for which `reversed` is true run backwards. */
export function reverseArray(array: NdArray, reversed: readonly boolean[]): NdArray {
  const begin = array.shape.map((d, i) => (reversed[i] ? d - 1 : 0));
  const steps = array.shape.map((_, i) => (reversed[i] ? -1 : 1));
  return sliceArray(array, begin, array.shape, steps);
}

/** Arrays of one type and rank, which differ in the length of `axis` only, one after the other. */
export function concatArrays(arrays: readonly NdArray[], axis: number): NdArray {
  const [first] = arrays;
  const length = arrays.reduce((sum, a) => sum + a.shape[axis], 0);
  const shape = first.shape.map((d, i) => (i === axis ? length : d));
  const out = new NdArray(first.dtype, shape, allocateAny(first.dtype, sizeOf(shape)));
  const strides = stridesOf(out.shape);
  let position = 0;
  for (const array of arrays) {
    writeWindow(out, strides, position * strides[axis], array);
    position += array.shape[axis];
  }
  return out;
}

/** Arrays of one type and shape along a new axis. */
export function stackArrays(arrays: readonly NdArray[], axis: number): NdArray {
  const shape = [...arrays[0].shape];
  shape.splice(axis, 0, 1);
  return concatArrays(
    arrays.map((a) => a.reshape(shape)),
    axis,
  );
}

/** The array cut along `axis` into parts of these lengths. */
export function splitArray(array: NdArray, lengths: readonly number[], axis: number): NdArray[] {
  let position = 0;
  return lengths.map((length) => {
    const begin = array.shape.map((_, i) => (i === axis ? position : 0));
    position += length;
    return sliceArray(
      array,
      begin,
      array.shape.map((d, i) => (i === axis ? length : d)),
    );
  });
}

/** The parts along `axis`, without that axis. */
export function unstackArray(array: NdArray, axis: number): NdArray[] {
  const shape = array.shape.filter((_, i) => i !== axis);
  const ones = new Array<number>(array.shape[axis]).fill(1);
  return splitArray(array, ones, axis).map((part) => part.reshape(shape));
}

/** An array of one value: the only element of `value`. */
export function fillArray(value: NdArray, shape: KnownShape): NdArray {
  return readWindow(value, shape, new Array<number>(shape.length).fill(0));
}
