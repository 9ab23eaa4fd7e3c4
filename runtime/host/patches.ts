/** Host kernels of patches of images and volumes, and of gray-scale dilation with its gradients. */
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { type Padding, type WindowAxis, windowAxis } from '../../src/util/window.ts';
import { copyRun, invalid, rounded, widthOf } from './elements.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';

function along(op: HostOp, input: NdArray, axis: number, window: number, rate: number): WindowAxis {
  const strides = op.attr<readonly number[]>('strides');
  const found = windowAxis(input.shape[axis], window, strides[axis], rate, op.attr<Padding>('padding'));
  if (found.out < 0) {
    throw invalid(
      `Computed output size would be negative: ${found.out} [input_size: ${found.size}, effective_filter_size: ${(window - 1) * rate + 1}, stride: ${found.stride}]`,
    );
  }
  return found;
}

/** Runs over all index tuples below the limits, in row-major order. */
function tuples(limits: readonly number[]): number[][] {
  let found: number[][] = [[]];
  for (const limit of limits) {
    found = found.flatMap((tuple) => Array.from({ length: limit }, (_, i) => [...tuple, i]));
  }
  return found;
}

const extract =
  (rank: number): HostKernel =>
  ([input], op) => {
    if (input.rank !== rank) throw invalid(`input must be ${rank}-dimensional`);
    const ksizes = op.attr<readonly number[]>('ksizes');
    const rates = rank === 4 ? op.attr<readonly number[]>('rates') : ksizes.map(() => 1);
    const axes = Array.from({ length: rank - 2 }, (_, i) => along(op, input, i + 1, ksizes[i + 1], rates[i + 1]));
    const [batch, channels] = [input.shape[0], input.shape[rank - 1]];
    const taps = tuples(axes.map((axis) => axis.window));
    const shape = [batch, ...axes.map((axis) => axis.out), channels * taps.length];
    const out = NdArray.zeros(input.dtype, shape);
    const run = channels * widthOf(input.dtype);
    let to = 0;
    for (const [n, ...place] of tuples([batch, ...axes.map((axis) => axis.out)])) {
      for (const tap of taps) {
        let from = n;
        for (let i = 0; i < axes.length && from >= 0; i++) {
          const { size, stride, dilation, before } = axes[i];
          const at = place[i] * stride - before + tap[i] * dilation;
          from = at < 0 || at >= size ? -1 : from * size + at;
        }
        if (from >= 0) copyRun(input.data, from * run, out.data, to, run);
        to += run;
      }
    }
    return [out];
  };

/** Calls back with the greatest sum of each window, and where it comes from. */
function dilate(
  [input, filter]: readonly NdArray[],
  op: HostOp,
  visit: (to: number, value: number, from: number, tap: number) => void,
): number[] {
  if (input.rank !== 4) throw invalid('input must be 4-dimensional');
  if (filter.rank !== 3) throw invalid('filter must be 3-dimensional');
  const [batch, height, width, channels] = input.shape;
  if (filter.shape[2] !== channels) throw invalid('input and filter must have the same depth');
  const rates = op.attr<readonly number[]>('rates');
  const rows = along(op, input, 1, filter.shape[0], rates[1]);
  const columns = along(op, input, 2, filter.shape[1], rates[2]);
  const [source, weights] = [input.data as Float64Array, filter.data as Float64Array];
  // Sums are compared as the type has them.
  const sum = allocate(input.dtype, 1) as Float64Array;
  const lowest = input.dtype.min as number;
  let to = 0;
  for (let n = 0; n < batch; n++) {
    for (let y = 0; y < rows.out; y++) {
      for (let x = 0; x < columns.out; x++) {
        const [top, left] = [y * rows.stride - rows.before, x * columns.stride - columns.before];
        for (let c = 0; c < channels; c++, to++) {
          let best = lowest;
          let from = ((n * height + Math.max(top, 0)) * width + Math.max(left, 0)) * channels + c;
          let tap = c;
          for (let i = 0; i < rows.window; i++) {
            const row = top + i * rows.dilation;
            if (row < 0 || row >= height) continue;
            for (let j = 0; j < columns.window; j++) {
              const column = left + j * columns.dilation;
              if (column < 0 || column >= width) continue;
              const [at, with_] = [
                ((n * height + row) * width + column) * channels + c,
                (i * columns.window + j) * channels + c,
              ];
              sum[0] = source[at] + weights[with_];
              if (sum[0] > best) [best, from, tap] = [sum[0], at, with_];
            }
          }
          visit(to, best, from, tap);
        }
      }
    }
  }
  return [batch, rows.out, columns.out, channels];
}

const dilation: HostKernel = (inputs, op) => {
  const values: number[] = [];
  const shape = dilate(inputs, op, (_, value) => values.push(value));
  const out = allocate(inputs[0].dtype, sizeOf(shape)) as Float64Array;
  for (let i = 0; i < out.length; i++) out[i] = values[i];
  return [rounded(inputs[0].dtype, shape, out)];
};

/** The gradient with respect to one of the inputs: what came out goes back to where it came from. */
const backprop =
  (target: 0 | 1): HostKernel =>
  (inputs, op) => {
    const like = inputs[target];
    const { dtype } = like;
    const dy = inputs[2].data as NumericData as Float64Array;
    const sums = NdArray.zeros(dtype, like.shape).data as Float64Array;
    dilate(inputs, op, (to, _, from, tap) => {
      sums[target === 0 ? from : tap] += dy[to];
    });
    return [rounded(dtype, like.shape, sums)];
  };

defineHostKernels({
  ExtractImagePatches: extract(4),
  ExtractVolumePatches: extract(5),
  Dilation2D: dilation,
  Dilation2DBackpropInput: backprop(0),
  Dilation2DBackpropFilter: backprop(1),
});
