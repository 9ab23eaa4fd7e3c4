/** Host kernels that join tensors, take them apart and repeat them. */
import { concatOffsets } from '../../src/ops/opdef/array-rules.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, sameShape } from '../../src/util/shape.ts';
import { concatArrays, splitArray, stackArrays, tileArray, unstackArray } from '../../src/util/strided.ts';
import { integer, integers } from './operands.ts';
import { defineHostKernels } from './registry.ts';

function fail(message: string): never {
  throw new InvalidArgumentError(null, message);
}

function concat(values: readonly NdArray[], dim: NdArray): NdArray {
  const [first] = values;
  const axis = integer(dim);
  const at = axis < 0 ? axis + first.rank : axis;
  if (at < 0 || at >= first.rank) {
    fail(`ConcatOp : Expected concatenating dimensions in the range [${-first.rank}, ${first.rank}), but got ${axis}`);
  }
  values.forEach((value, k) => {
    if (value.rank !== first.rank) {
      fail(
        `ConcatOp : Ranks of all input tensors should match: shape[0] = ${formatShapeBrackets(first.shape)} vs. shape[${k}] = ${formatShapeBrackets(value.shape)}`,
      );
    }
    const wrong = value.shape.findIndex((d, i) => i !== at && d !== first.shape[i]);
    if (wrong >= 0) {
      fail(
        `ConcatOp : Dimension ${wrong} in both shapes must be equal: shape[0] = ${formatShapeBrackets(first.shape)} vs. shape[${k}] = ${formatShapeBrackets(value.shape)}`,
      );
    }
  });
  return concatArrays(values, at);
}

function splitAxis(value: NdArray, dim: NdArray): number {
  const axis = integer(dim);
  const at = axis < 0 ? axis + value.rank : axis;
  if (at >= 0 && at < value.rank) return at;
  return fail(`-input rank(-${value.rank}) <= split_dim < input rank (${value.rank}), but got ${axis}`);
}

function splitLengths(sizes: readonly number[], total: number): number[] {
  const given = sizes.reduce((sum, n) => (n === -1 ? sum : sum + n), 0);
  if (sizes.filter((n) => n === -1).length > 1) fail('There can only be one -1 in the input.');
  const open = sizes.includes(-1);
  if (open ? given > total : given !== total) {
    fail(
      `Determined shape must either match input shape along split_dim exactly if fully specified, or be less than the size of the input along split_dim if not fully specified.  Got: ${given}`,
    );
  }
  const bad = sizes.findIndex((n) => n < -1);
  if (bad >= 0) fail(`Split size at index ${bad} must be >= 0. Got: ${sizes[bad]}`);
  return sizes.map((n) => (n === -1 ? total - given : n));
}

function axisOf(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank) fail(`axis = ${axis} not in [${-rank}, ${rank})`);
  return at;
}

defineHostKernels({
  Concat: ([dim, ...values]) => [concat(values, dim)],
  ConcatV2: (inputs) => [concat(inputs.slice(0, -1), inputs[inputs.length - 1])],
  ParallelConcat: (values) => [concatArrays(values, 0)],
  ConcatOffset: ([dim, ...shapes]) => {
    const lists = shapes.map(integers);
    return concatOffsets(integer(dim), lists).map((offset, i) => toNdArray(offset, shapes[i].dtype, [offset.length]));
  },
  Split: ([dim, value], op) => {
    const count = Number(op.attr('num_split'));
    const axis = splitAxis(value, dim);
    const length = value.shape[axis];
    if (length % count !== 0) {
      fail(
        `Number of ways to split should evenly divide the split dimension, but got split_dim ${axis} (size = ${length}) and num_split ${count}`,
      );
    }
    return splitArray(value, new Array<number>(count).fill(length / count), axis);
  },
  SplitV: ([value, sizes, dim]) => {
    const axis = splitAxis(value, dim);
    return splitArray(value, splitLengths(integers(sizes), value.shape[axis]), axis);
  },
  Pack: (values, op) => {
    const [first] = values;
    values.forEach((value, i) => {
      if (sameShape(value.shape, first.shape)) return;
      fail(
        `Shapes of all inputs must match: values[0].shape = ${formatShapeBrackets(first.shape)} != values[${i}].shape = ${formatShapeBrackets(value.shape)}`,
      );
    });
    return [stackArrays(values, axisOf(Number(op.attr('axis')), first.rank + 1))];
  },
  Unpack: ([value], op) => {
    const count = Number(op.attr('num'));
    const axis = axisOf(Number(op.attr('axis')), value.rank);
    if (value.shape[axis] !== count) {
      fail(`Input shape axis ${axis} must equal ${count}, got shape ${formatShapeBrackets(value.shape)}`);
    }
    return unstackArray(value, axis);
  },
  Tile: ([value, counts]) => {
    const multiples = integers(counts);
    if (multiples.length !== value.rank) {
      fail(`Expected multiples argument to be a vector of length ${value.rank} but got length ${multiples.length}`);
    }
    const bad = multiples.findIndex((m) => m < 0);
    if (bad >= 0) fail(`Expected multiples[${bad}] >= 0, but got ${multiples[bad]}`);
    return [tileArray(value, multiples)];
  },
});
