/** Host kernels that search: places in sorted rows, the n-th element, coordinates of flat indices. */
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { sizeOf, stridesOf } from '../../src/util/shape.ts';
import { brackets, indicesOf, integers, invalid, scalarOf } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

/** The first place in a sorted row where `isBefore` no longer holds. */
const bound =
  (isBefore: (element: number | bigint, value: number | bigint) => boolean): HostKernel =>
  ([rows, values], op) => {
    if (rows.rank !== 2 || values.rank !== 2 || rows.shape[0] !== values.shape[0]) {
      throw invalid('Leading dim_size of both tensors must match.');
    }
    const [length, count] = [rows.shape[1], values.shape[1]];
    const [source, wanted] = [rows.data as NumericData, values.data as NumericData];
    const found = Float64Array.from({ length: values.size }, (_, i) => {
      const first = Math.floor(i / count) * length;
      let [low, high] = [0, length];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (isBefore(source[first + middle], wanted[i])) low = middle + 1;
        else high = middle;
      }
      return low;
    });
    return [integers(op.outputDType(0), values.shape, found)];
  };

const nthElement: HostKernel = ([input, nth], op) => {
  const n = scalarOf(nth);
  if (n < 0) throw invalid(`n must be non-negative but is ${n}`);
  if (input.rank === 0) throw invalid('Input must be at least rank 1 but is rank 0');
  const length = input.shape[input.rank - 1];
  if (length <= n) throw invalid(`Input must have last dimension > n = ${n}`);
  const shape = input.shape.slice(0, -1);
  const place = op.attr<boolean>('reverse') ? length - n - 1 : n;
  const out = allocate(input.dtype, sizeOf(shape)) as Float64Array;
  for (let row = 0; row < out.length; row++) {
    // Typed arrays sort by value.
    const sorted = (input.data as Float64Array).slice(row * length, (row + 1) * length).sort();
    out[row] = sorted[place];
  }
  return [new NdArray(input.dtype, shape, out)];
};

const unravelIndex: HostKernel = ([indices, dimsInput]) => {
  if (indices.rank > 1) {
    throw invalid(`The indices can only be scalar or vector, got "[${indices.shape}]"`);
  }
  if (indices.size === 0) {
    throw invalid(
      `received empty tensor indices: Tensor<type: ${indices.dtype.name} shape: ${brackets(indices.shape)} values: >`,
    );
  }
  const dims = Array.from(indicesOf(dimsInput));
  if (dims.includes(0)) throw invalid('Input dims cannot contain a dim of zero');
  const [flat, strides, total] = [indicesOf(indices), stridesOf(dims), sizeOf(dims)];
  const count = indices.size;
  const out = new Float64Array(dims.length * count);
  for (let i = 0; i < count; i++) {
    if (!(flat[i] >= 0 && flat[i] < total)) throw invalid('index is out of bound as with dims');
    for (let k = 0; k < dims.length; k++) out[k * count + i] = Math.floor(flat[i] / strides[k]) % dims[k];
  }
  return [integers(indices.dtype, indices.rank === 0 ? [dims.length] : [dims.length, count], out)];
};

defineHostKernels({
  LowerBound: bound((element, value) => element < value),
  UpperBound: bound((element, value) => !(value < element)),
  NthElement: nthElement,
  UnravelIndex: unravelIndex,
});
