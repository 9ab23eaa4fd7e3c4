/** Host kernels of bias addition and its gradient. */
import { allocate, type NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { arithmeticOf, invalid, rounded, widthOf } from './elements.ts';
import { defineHostKernels } from './registry.ts';

/** How elements lie to their channels: runs of `inner` elements of one channel, channel after channel. */
function channels(value: NdArray, dataFormat: string): { count: number; inner: number } {
  const axis = dataFormat === 'NCHW' ? 1 : value.rank - 1;
  return { count: value.shape[axis], inner: sizeOf(value.shape.slice(axis + 1)) };
}

function addBias(value: NdArray, bias: NdArray, dataFormat: string): NdArray {
  const { count, inner } = channels(value, dataFormat);
  if (bias.rank !== 1 || bias.size !== count) {
    throw invalid(
      `Must provide as many biases as the ${dataFormat === 'NCHW' ? 'channel' : 'last'} dimension of the input tensor: [${bias.shape}] vs. [${value.shape}]`,
    );
  }
  const out = allocate(value.dtype, value.size) as Float64Array;
  const [x, b] = [value.data as Float64Array, bias.data as Float64Array];
  // The two parts of a complex number are added alone.
  const width = widthOf(value.dtype);
  const run = inner * width;
  const { add } = arithmeticOf(value.dtype) as { add(a: number, b: number): number };
  for (let i = 0; i < out.length; i += count * run) {
    for (let c = 0; c < count; c++) {
      for (let k = i + c * run; k < i + (c + 1) * run; k++) out[k] = add(x[k], b[c * width + ((k - i) % width)]);
    }
  }
  return rounded(value.dtype, value.shape, out);
}

defineHostKernels({
  BiasAdd: ([value, bias], op) => [addBias(value, bias, op.attr('data_format'))],
  BiasAddV1: ([value, bias]) => [addBias(value, bias, 'NHWC')],
  BiasAddGrad: ([dy], op) => {
    const { count, inner } = channels(dy, op.attr('data_format'));
    const width = widthOf(dy.dtype);
    const data = dy.data as NumericData as Float64Array;
    const { add, zero } = arithmeticOf(dy.dtype) as unknown as { add(a: number, b: number): number; zero: number };
    const sums: number[] = new Array(count * width).fill(zero);
    const run = inner * width;
    for (let i = 0; i < data.length; i += count * run) {
      for (let c = 0; c < count; c++) {
        for (let k = i + c * run; k < i + (c + 1) * run; k++) {
          const at = c * width + ((k - i) % width);
          sums[at] = add(sums[at], data[k]);
        }
      }
    }
    const out = allocate(dy.dtype, count);
    for (let i = 0; i < sums.length; i++) (out as number[] | Float64Array as Float64Array)[i] = sums[i];
    return [rounded(dy.dtype, [count], out)];
  },
});
