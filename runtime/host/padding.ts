/** Host kernels of paddings. */
import { roundHalf } from '../../src/util/array-convert.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, sizeOf, stridesOf } from '../../src/util/shape.ts';
import { concatArrays, fillArray, reverseArray, sliceArray, writeWindow } from '../../src/util/strided.ts';
import { integers } from './operands.ts';
import { defineHostKernels } from './registry.ts';

function fail(message: string): never {
  throw new InvalidArgumentError(null, message);
}

/** The pairs before and after, per axis. */
function pairs(x: NdArray, paddings: NdArray): [number, number][] {
  if (paddings.rank !== 2 || paddings.shape[1] !== 2) {
    fail(`paddings must be a matrix with 2 columns: ${formatShapeBrackets(paddings.shape)}`);
  }
  if (paddings.shape[0] !== x.rank) {
    fail(
      `The first dimension of paddings must be the rank of inputs${formatShapeBrackets(paddings.shape)} ${formatShapeBrackets(x.shape)}`,
    );
  }
  const flat = integers(paddings);
  return x.shape.map((_, i) => {
    const [before, after] = [flat[2 * i], flat[2 * i + 1]];
    if (before < 0 || after < 0) fail(`Paddings must be non-negative: ${before} ${after}`);
    return [before, after];
  });
}

function pad(x: NdArray, paddings: NdArray, value: NdArray): NdArray {
  const around = pairs(x, paddings);
  const shape = x.shape.map((d, i) => d + around[i][0] + around[i][1]);
  const out = fillArray(value, shape);
  const strides = stridesOf(shape);
  const offset = around.reduce((sum, [before], i) => sum + before * strides[i], 0);
  writeWindow(out, strides, offset, x);
  return out;
}

/** Mirrors axis by axis: a corner is the mirror image of mirrored sides. */
function mirror(x: NdArray, paddings: NdArray, mode: string): NdArray {
  const skip = mode === 'REFLECT' ? 1 : 0;
  let out = x;
  pairs(x, paddings).forEach(([before, after], axis) => {
    const length = x.shape[axis];
    if (skip === 1 ? Math.max(before, after) >= length : Math.max(before, after) > length) {
      fail(
        skip === 1
          ? `paddings must be less than the dimension size: ${before}, ${after} not less than ${length}`
          : `paddings must be no greater than the dimension size: ${before}, ${after} greater than ${length}`,
      );
    }
    const flipped = (from: number, count: number) =>
      reverseArray(
        part(out, axis, from, count),
        out.shape.map((_, i) => i === axis),
      );
    out = concatArrays([flipped(skip, before), out, flipped(length - skip - after, after)], axis);
  });
  return out;
}

function part(x: NdArray, axis: number, from: number, count: number): NdArray {
  return sliceArray(
    x,
    x.shape.map((_, i) => (i === axis ? from : 0)),
    x.shape.map((d, i) => (i === axis ? count : d)),
  );
}

/** Folds the borders back, axis by axis from the last. */
function unmirror(x: NdArray, paddings: NdArray, mode: string): NdArray {
  const skip = mode === 'REFLECT' ? 1 : 0;
  let out = x;
  pairs(x, paddings).forEach(([before, after], axis) => {
    const length = x.shape[axis] - before - after;
    const inner = part(out, axis, before, length);
    const sum = new NdArray(inner.dtype, inner.shape, inner.data.slice() as NdArray['data']);
    addMirrored(sum, part(out, axis, 0, before), axis, skip);
    addMirrored(sum, part(out, axis, before + length, after), axis, length - skip - after);
    out = sum;
  });
  return out;
}

/** Adds the border, turned around, to the elements from `from` on. */
function addMirrored(target: NdArray, border: NdArray, axis: number, from: number): void {
  const count = border.shape[axis];
  if (count === 0) return;
  const flipped = reverseArray(
    border,
    border.shape.map((_, i) => i === axis),
  );
  const old = part(target, axis, from, count);
  const data = allocate(old.dtype, sizeOf(old.shape));
  const [a, b, c] = [old.data, flipped.data, data] as unknown as [number[], number[], number[]];
  for (let i = 0; i < a.length; i++) c[i] = a[i] + b[i];
  roundHalf(old.dtype, data);
  const strides = stridesOf(target.shape);
  writeWindow(target, strides, from * strides[axis], new NdArray(old.dtype, old.shape, data));
}

defineHostKernels({
  Pad: ([x, paddings]) => [pad(x, paddings, NdArray.zeros(x.dtype, []))],
  PadV2: ([x, paddings, value]) => [pad(x, paddings, value)],
  MirrorPad: ([x, paddings], op) => [mirror(x, paddings, op.attr<string>('mode'))],
  MirrorPadGrad: ([x, paddings], op) => [unmirror(x, paddings, op.attr<string>('mode'))],
});
