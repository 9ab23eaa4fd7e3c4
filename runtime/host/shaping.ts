/** Host kernels of shapes as tensors and of tensors under other shapes. */
import { broadcastReductions } from '../../src/ops/opdef/array-rules.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import type { DType } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { broadcastShapes, formatShapeBrackets, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { broadcastArray, transposeArray } from '../../src/util/strided.ts';
import { integer, integers } from './operands.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

const vector = (values: readonly number[], dtype: DType) => toNdArray([...values], dtype, [values.length]);

function reshapeTo(x: NdArray, sizes: NdArray): KnownShape {
  if (sizes.rank > 1) {
    throw new InvalidArgumentError(null, `sizes input must be 1-D, not ${formatShapeBrackets(sizes.shape)}`);
  }
  const shape = integers(sizes);
  let open = -1;
  shape.forEach((d, i) => {
    if (d === -1 && open >= 0) {
      throw new InvalidArgumentError(null, `Only one input size may be -1, not both ${open} and ${i}`);
    }
    if (d < -1) throw new InvalidArgumentError(null, `Size ${i} must be non-negative, not ${d}`);
    if (d === -1) open = i;
  });
  if (open >= 0) {
    const given = sizeOf(shape.filter((d) => d > 0));
    // Where a length of 0 is asked for, the other ones share what lengths other than 0 the value has, rounded down.
    const empty = shape.includes(0) && x.shape.includes(0);
    const size = sizeOf(empty ? x.shape.filter((d) => d > 0) : x.shape);
    if (!empty && size % given !== 0) {
      throw new InvalidArgumentError(
        null,
        `Input to reshape is a tensor with ${size} values, but the requested shape requires a multiple of ${given}`,
      );
    }
    shape[open] = Math.floor(size / given);
  }
  if (sizeOf(shape) !== x.size) {
    throw new InvalidArgumentError(
      null,
      `Input to reshape is a tensor with ${x.size} values, but the requested shape has ${sizeOf(shape)}`,
    );
  }
  return shape;
}

/** Checks that `perm` is a permutation of the axes, with the texts of TensorFlow's kernel. */
function permutation(x: NdArray, perm: NdArray): number[] {
  const axes = integers(perm).map((axis) => (axis < 0 ? axis + x.rank : axis));
  if (perm.rank !== 1 || axes.length !== x.rank) {
    throw new InvalidArgumentError(
      null,
      `transpose expects a vector of size ${x.rank}. But input(1) is a vector of size ${axes.length}`,
    );
  }
  const seen = new Array<boolean>(x.rank).fill(false);
  for (const axis of axes) {
    if (axis < 0 || axis >= x.rank) throw new InvalidArgumentError(null, `${axis} is out of range [0 .. ${x.rank})`);
    seen[axis] = true;
  }
  const missing = seen.indexOf(false);
  if (missing >= 0) throw new InvalidArgumentError(null, `${missing} is missing from {${axes.join(',')}}.`);
  return axes;
}

const transpose: HostKernel = ([x, perm]) => [transposeArray(x, permutation(x, perm))];

function conjugate(x: NdArray): NdArray {
  if (!x.dtype.isComplex) return x;
  const data = (x.data as Float32Array).slice();
  for (let i = 1; i < data.length; i += 2) data[i] = -data[i];
  return new NdArray(x.dtype, x.shape, data);
}

function broadcastShape(a: NdArray, b: NdArray): KnownShape {
  const [x, y] = [integers(a), integers(b)];
  const shape = broadcastShapes(x, y);
  if (shape) return shape as KnownShape;
  throw new InvalidArgumentError(null, `Incompatible shapes: ${formatShapeBrackets(x)} vs. ${formatShapeBrackets(y)}`);
}

defineHostKernels({
  Shape: ([x], op) => [vector(x.shape, op.outputDType(0))],
  ShapeN: (inputs, op) => inputs.map((x, i) => vector(x.shape, op.outputDType(i))),
  Size: ([x], op) => [toNdArray(x.size, op.outputDType(0))],
  Rank: ([x], op) => [toNdArray(x.rank, op.outputDType(0))],
  Reshape: ([x, sizes]) => [x.reshape(reshapeTo(x, sizes))],
  ExpandDims: ([x, dim]) => {
    const axis = integer(dim);
    if (axis < -1 - x.rank || axis > x.rank) {
      throw new InvalidArgumentError(null, `Tried to expand dim index ${axis} for tensor with ${x.rank} dimensions.`);
    }
    const shape = [...x.shape];
    shape.splice(axis < 0 ? axis + x.rank + 1 : axis, 0, 1);
    return [x.reshape(shape)];
  },
  Squeeze: ([x], op) => {
    const dims = op.attr<readonly number[]>('squeeze_dims').map(Number);
    const gone = new Set<number>();
    for (const d of dims) {
      if (d < -x.rank || d >= x.rank) {
        throw new InvalidArgumentError(null, `Tried to squeeze dim index ${d} for tensor with ${x.rank} dimensions.`);
      }
      gone.add(d < 0 ? d + x.rank : d);
    }
    for (const d of gone) {
      if (x.shape[d] !== 1) {
        throw new InvalidArgumentError(null, `Can not squeeze dim[${d}], expected a dimension of 1, got ${x.shape[d]}`);
      }
    }
    return [x.reshape(x.shape.filter((d, i) => (dims.length > 0 ? !gone.has(i) : d !== 1)))];
  },
  Transpose: transpose,
  ConjugateTranspose: ([x, perm]) => [conjugate(transposeArray(x, permutation(x, perm)))],
  BroadcastTo: ([x, sizes]) => {
    const shape = integers(sizes);
    if (x.rank > shape.length) {
      throw new InvalidArgumentError(
        null,
        `Rank of input (${x.rank}) must be no greater than rank of output shape (${shape.length}).`,
      );
    }
    const lead = shape.length - x.rank;
    if (!x.shape.every((d, i) => d === 1 || d === shape[i + lead])) {
      throw new InvalidArgumentError(
        null,
        broadcastShapes(x.shape, shape)
          ? `Unable to broadcast tensor of shape ${formatShapeBrackets(x.shape)} to tensor of shape ${formatShapeBrackets(shape)}`
          : `Incompatible shapes: ${formatShapeBrackets(x.shape)} vs. ${formatShapeBrackets(shape)}`,
      );
    }
    return [broadcastArray(x, shape)];
  },
  BroadcastArgs: ([a, b], op) => [vector(broadcastShape(a, b), op.outputDType(0))],
  BroadcastGradientArgs: ([a, b], op) => {
    broadcastShape(a, b);
    return broadcastReductions(integers(a), integers(b)).map((axes) => vector(axes, op.outputDType(0)));
  },
});
