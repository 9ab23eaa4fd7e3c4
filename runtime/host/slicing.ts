/** Host kernels that select by position and run axes backwards or around. */

import { reversedAxes } from '../../src/ops/opdef/array-rules.ts';
import { type ResolvedSlice, resolveSlice, sliceMasks } from '../../src/ops/opdef/slice-spec.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, type KnownShape, sameShape, sizeOf, stridesOf } from '../../src/util/shape.ts';
import { concatArrays, reverseArray, sliceArray, writeWindow } from '../../src/util/strided.ts';
import { checkedInRun, integers } from './operands.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

function fail(message: string): never {
  throw new InvalidArgumentError(null, message);
}

function slice(x: NdArray, beginArray: NdArray, sizeArray: NdArray): NdArray {
  const begin = integers(beginArray);
  const size = integers(sizeArray);
  if (beginArray.rank !== 1 || sizeArray.rank !== 1 || begin.length !== x.rank || size.length !== x.rank) {
    fail(
      `Expected begin and size arguments to be 1-D tensors of size ${x.rank}, but got shapes ${formatShapeBrackets(beginArray.shape)} and ${formatShapeBrackets(sizeArray.shape)} instead.`,
    );
  }
  const shape = size.map((s, i) => {
    const b = begin[i];
    const length = x.shape[i];
    const wanted = s === -1 ? length - b : s;
    if (length === 0) {
      if (b !== 0 || wanted !== 0) {
        fail(`Expected begin[${i}] == 0 (got ${b}) and size[${i}] == 0 (got ${wanted}) when input.dim_size(${i}) == 0`);
      }
      return 0;
    }
    if (b < 0 || b > length) fail(`Expected begin[${i}] in [0, ${length}], but got ${b}`);
    if (wanted < 0 || b + wanted > length) {
      fail(`Expected size[${i}] in [0, ${length - b}], but got ${wanted}`);
    }
    return wanted;
  });
  return sliceArray(x, begin, shape);
}

/** A slice of an array of this shape, every part of it known. */
interface KnownSlice extends ResolvedSlice {
  readonly begin: readonly number[];
  readonly lengths: readonly number[];
  readonly shape: readonly number[];
}

function resolve(shape: KnownShape, vectors: readonly NdArray[], op: HostOp): KnownSlice {
  const [begin, end, strides] = vectors.map(integers);
  const spec = { count: begin.length, begin, end, strides, ...sliceMasks((name) => op.attr(name)) };
  return checkedInRun(() => resolveSlice(shape, spec)) as KnownSlice;
}

function reverseSequence(x: NdArray, lengths: readonly number[], batch: number, seq: number): NdArray {
  const parts = lengths.map((length, k) => {
    const begin = x.shape.map((_, i) => (i === batch ? k : 0));
    const shape = x.shape.map((d, i) => (i === batch ? 1 : d));
    const row = sliceArray(x, begin, shape);
    const at = (from: number, count: number) =>
      sliceArray(
        row,
        shape.map((_, i) => (i === seq ? from : 0)),
        shape.map((d, i) => (i === seq ? count : d)),
      );
    const head = reverseArray(
      at(0, length),
      shape.map((_, i) => i === seq),
    );
    return concatArrays([head, at(length, x.shape[seq] - length)], seq);
  });
  return parts.length === 0 ? x : concatArrays(parts, batch);
}

defineHostKernels({
  Slice: ([x, begin, size]) => [slice(x, begin, size)],
  StridedSlice: ([x, ...vectors], op) => {
    const part = resolve(x.shape, vectors, op);
    return [sliceArray(x, part.begin, part.lengths, part.strides).reshape(part.shape)];
  },
  StridedSliceGrad: ([shapeArray, begin, end, strides, dy], op) => {
    const shape = integers(shapeArray);
    const part = resolve(shape, [begin, end, strides], op);
    if (!sameShape(part.shape, dy.shape)) {
      fail(`shape of dy was ${formatShapeBrackets(dy.shape)} instead of ${formatShapeBrackets(part.shape)}`);
    }
    const out = NdArray.zeros(dy.dtype, shape);
    if (sizeOf(dy.shape) === 0) return [out];
    const axes = stridesOf(shape);
    const offset = part.begin.reduce((sum, b, i) => sum + b * axes[i], 0);
    writeWindow(
      out,
      axes.map((s, i) => s * part.strides[i]),
      offset,
      dy.reshape(part.lengths),
    );
    return [out];
  },
  Reverse: ([x, dims]) => {
    if (dims.size !== x.rank) {
      fail(
        `'dims' must have the same number of values as 'input' has dimensions. 'input' has ${x.rank}'dims' has ${dims.size} values`,
      );
    }
    return [reverseArray(x, integers(dims).map(Boolean))];
  },
  ReverseV2: ([x, axis]) => [
    reverseArray(
      x,
      checkedInRun(() => reversedAxes(integers(axis), x.rank)),
    ),
  ],
  ReverseSequence: ([x, lengthArray], op) => {
    const [batchDim, seq] = [Number(op.attr('batch_dim')), Number(op.attr('seq_dim'))];
    const batch = batchDim < 0 ? batchDim + x.rank : batchDim;
    const lengths = integers(lengthArray);
    if (batch === seq) fail(`batch_dim == seq_dim == ${seq}`);
    if (seq >= x.rank) fail(`seq_dim must be < input rank ( ${seq} vs. ${x.rank})`);
    if (batch >= x.rank) fail(`batch_dim must be < input rank ( ${batch} vs. ${x.rank})`);
    if (lengths.length !== x.shape[batch]) {
      fail(`Length of seq_lengths != input.dims(${batch}), (${lengths.length} vs. ${x.shape[batch]})`);
    }
    lengths.forEach((length, i) => {
      if (length < 0) fail(`seq_lens(${i}) < 0`);
      if (length > x.shape[seq]) fail(`seq_lens(${i}) > input.dims(${seq})`);
    });
    return [reverseSequence(x, lengths, batch, seq)];
  },
  Roll: ([x, shiftArray, axisArray]) => {
    if (x.rank < 1) fail('input must be 1-D or higher');
    if (!sameShape(shiftArray.shape, axisArray.shape)) fail('shift and axis must have the same size');
    const shifts = integers(shiftArray);
    let out = x;
    integers(axisArray).forEach((axis, k) => {
      const at = axis < 0 ? axis + x.rank : axis;
      if (at < 0 || at >= x.rank) fail(`axis ${axis} is out of range`);
      const length = x.shape[at];
      const shift = length === 0 ? 0 : ((shifts[k] % length) + length) % length;
      if (shift === 0) return;
      const part = (from: number, count: number) =>
        sliceArray(
          out,
          out.shape.map((_, i) => (i === at ? from : 0)),
          out.shape.map((d, i) => (i === at ? count : d)),
        );
      out = concatArrays([part(length - shift, shift), part(0, length - shift)], at);
    });
    return [out];
  },
});
