/** Host kernels that count: occurrences of integers, values per bin. */
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { arithmeticOf, brackets, indicesOf, integers, invalid, scalarOf } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

/** Counts each row of `arr` into `size` bins; integers beyond them are left out. */
function count(arr: NdArray, sizeInput: NdArray, weights: NdArray, isBinary: boolean): NdArray {
  const size = scalarOf(sizeInput);
  if (sizeInput.rank !== 0) throw invalid(`Shape must be rank 0 but is rank ${sizeInput.rank}`);
  if (size < 0) throw invalid(`size (${size}) must be non-negative`);
  if (weights.size > 0 && brackets(weights.shape) !== brackets(arr.shape)) {
    throw invalid(
      `\`weights\` must be the same shape as \`arr\` or a length-0 \`Tensor\`, in which case it acts as all weights equal to 1. Received ${brackets(weights.shape)}`,
    );
  }
  const shape = arr.rank === 2 ? [arr.shape[0], size] : [size];
  const length = arr.rank === 2 ? arr.shape[1] : arr.size;
  const { dtype } = weights;
  const { one, add } = arithmeticOf(dtype);
  const values = indicesOf(arr);
  const out = NdArray.zeros(dtype, shape);
  const target = out.data as Float64Array;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < 0) throw invalid('Input arr must be non-negative!');
    if (values[i] >= size) continue;
    const to = Math.floor(i / length) * size + values[i];
    const by = weights.size > 0 ? (weights.data as NumericData)[i] : one;
    target[to] = (isBinary ? one : add(target[to] as never, by as never)) as number;
  }
  return out;
}

const histogram: HostKernel = ([values, range, binsInput], op) => {
  const bins = scalarOf(binsInput);
  if (bins <= 0) throw invalid(`nbins should be positive, but got '${bins}'`);
  const [from, to] = Array.from(range.data as Float64Array, Number);
  if (!(from < to)) {
    throw invalid(`value_range should satisfy value_range[0] < value_range[1], but got '[${from}, ${to}]'`);
  }
  const step = (to - from) / bins;
  const counts = new Float64Array(bins);
  // A difference of the values' type, as TensorFlow takes it.
  const difference = allocate(values.dtype, 1) as Float64Array;
  const source = values.data as Float64Array;
  const first = range.data[0] as number;
  for (let i = 0; i < source.length; i++) {
    difference[0] = source[i] - first;
    const place = Math.trunc(Math.max(0, Math.min(Number(difference[0]) / step, bins - 1)));
    counts[Number.isNaN(place) ? 0 : place]++;
  }
  return [integers(op.outputDType(0), [bins], counts)];
};

defineHostKernels({
  Bincount: ([arr, size, weights]) => [count(arr.reshape([arr.size]), size, flat(weights), false)],
  DenseBincount: ([arr, size, weights], op) => [count(arr, size, weights, op.attr('binary_output'))],
  HistogramFixedWidth: histogram,
});

function flat(array: NdArray): NdArray {
  return array.reshape([array.size]);
}
