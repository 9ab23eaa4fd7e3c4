/**
 * Host kernels of fractional pooling and its gradients, the bounds of windows drawn number by number as in TensorFlow.
 * Images are channels-last.
 */
import { type DType, int64 } from '../../src/util/dtype.ts';
import { UnimplementedError } from '../../src/util/errors.ts';
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { arithmeticOf, brackets, invalid } from './elements.ts';
import { philoxBlocks } from './philox.ts';
import { reserve, uniformDouble } from './random.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';

/** Lengths of windows from one random number: between a_i = ceil(alpha * (i + u)), counted from 1. */
function spread(size: number, count: number, words: Uint32Array): number[] {
  const alpha = size / count;
  const k = Math.floor(size / count);
  // Beyond these the first window would be too long, or the last too short.
  const most = Math.min((k + 2) / alpha - 1, (size + 1 - k) / alpha - (count - 1));
  const u = uniformDouble(words[0], words[1]) * most;
  const ends = Array.from({ length: count + 1 }, (_, i) => {
    if (i === 0) return 1;
    return i === count ? size + 1 : Math.ceil(alpha * (i + u));
  });
  return ends.slice(1).map((end, i) => end - ends[i]);
}

/** Lengths of windows in random order, the longer ones as many as are needed. */
function shuffle(size: number, count: number, words: Uint32Array): number[] {
  const lengths = Array.from({ length: count }, (_, i) => Math.floor(size / count) + (i < size % count ? 1 : 0));
  for (let i = 0; i < count - 1; i++) {
    const j = i + (words[i] % (count - i));
    [lengths[i], lengths[j]] = [lengths[j], lengths[i]];
  }
  return lengths;
}

const blocksFor = (count: number, pseudo: boolean) => (pseudo ? 1 : Math.ceil(count / 4));

/** The bounds of the windows along rows and columns. */
function drawBounds(op: HostOp, sizes: readonly number[], counts: readonly number[]): [number[], number[]] {
  const pseudo = op.attr<boolean>('pseudo_random');
  const blocks = counts.map((count) => blocksFor(count, pseudo));
  // A stream that never moves on gives the same windows in every run.
  const state = reserve(op, op.attr<boolean>('deterministic') ? 0 : blocks[0] + blocks[1]);
  const bounds = (k: 0 | 1): number[] => {
    const words = new Uint32Array(4 * blocks[k]);
    philoxBlocks(state, k * blocks[0], words);
    const lengths = pseudo ? spread(sizes[k], counts[k], words) : shuffle(sizes[k], counts[k], words);
    const ends = [0];
    for (const length of lengths) ends.push(ends[ends.length - 1] + length);
    return ends;
  };
  return [bounds(0), bounds(1)];
}

/** The output size, after the checks of TensorFlow's kernels. */
function pooledSize(value: NdArray, op: HostOp, kind: string): number[] {
  const ratios = op.attr<readonly number[]>('pooling_ratio').map(Math.fround);
  if (ratios[0] !== 1 || ratios[3] !== 1) {
    throw new UnimplementedError(
      null,
      `Fractional ${kind} pooling is not yet supported on the batch nor channel dimension.`,
    );
  }
  if (!op.attr<boolean>('deterministic') && (Number(op.attr('seed')) !== 0 || Number(op.attr('seed2')) !== 0)) {
    throw invalid('Both seed and seed2 should be 0 if deterministic is false.');
  }
  if (value.rank !== 4) throw invalid('tensor_in must be 4-dimensional');
  return value.shape.map((size, axis) => {
    if (size < ratios[axis]) {
      throw invalid(
        `Pooling ratio is higher than input dimension size for dimension ${axis}. Input dim size: ${size} ` +
          `pooling ratio: ${Number(ratios[axis].toPrecision(6))}`,
      );
    }
    return Math.floor(Math.fround(size / ratios[axis]));
  });
}

/** The window at `at`: from and to, the last included and inside the image. */
function reach(bounds: ArrayLike<number>, at: number, size: number, overlapping: boolean): readonly [number, number] {
  return [bounds[at], Math.min(overlapping ? bounds[at + 1] : bounds[at + 1] - 1, size - 1)];
}

/** Calls `visit` for each window of each image with its number and the pixels in it: positions of their first channel, divided by the depth. */
function eachWindow(
  [batch, height, width]: readonly number[],
  [rows, columns]: readonly ArrayLike<number>[],
  overlapping: boolean,
  counts: readonly [number, number],
  visit: (window: number, pixels: readonly number[]) => void,
): void {
  let window = 0;
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < counts[0]; i++) {
      const [top, bottom] = reach(rows, i, height, overlapping);
      for (let j = 0; j < counts[1]; j++) {
        const [left, right] = reach(columns, j, width, overlapping);
        const pixels: number[] = [];
        for (let y = top; y <= bottom; y++) {
          for (let x = left; x <= right; x++) pixels.push((n * height + y) * width + x);
        }
        visit(window++, pixels);
      }
    }
  }
}

/** Reduces what a window holds of one channel. */
type Reduce = (data: Data, pixels: readonly number[], channel: number, depth: number) => number | bigint;

/** The lowest finite value where nothing is greater, NaN included. */
function maximum(dtype: DType): Reduce {
  const lowest = dtype.isFloating ? (dtype.min as number) : arithmeticOf(dtype).lowest;
  return (data, pixels, channel, depth) => {
    let greatest = lowest;
    for (const pixel of pixels) {
      const value = data[pixel * depth + channel] as number;
      if (value > greatest) greatest = value;
    }
    return greatest;
  };
}

/** Sums and quotients are rounded to the type at every step. */
function mean(dtype: DType): Reduce {
  const { zero, add, div } = arithmeticOf(dtype);
  const round = dtype.name === 'float32' ? Math.fround : (x: number) => x;
  return (data, pixels, channel, depth) => {
    let sum = zero;
    for (const pixel of pixels) sum = round(add(sum as never, data[pixel * depth + channel] as never) as number);
    return div(sum as never, (dtype.isBigInt ? BigInt(pixels.length) : pixels.length) as never);
  };
}

function pool(kind: string, reducer: (dtype: DType) => Reduce): HostKernel {
  return ([value], op) => {
    const { dtype, shape } = value;
    const size = pooledSize(value, op, kind);
    const bounds = drawBounds(op, [shape[1], shape[2]], [size[1], size[2]]);
    const out = allocate(dtype, sizeOf(size)) as Float64Array;
    const reduce = reducer(dtype);
    const depth = shape[3];
    eachWindow(shape, bounds, op.attr<boolean>('overlapping'), [size[1], size[2]], (window, pixels) => {
      for (let c = 0; c < depth; c++) out[window * depth + c] = reduce(value.data, pixels, c, depth) as number;
    });
    const sequences = bounds.map((ends) => new NdArray(int64, [ends.length], BigInt64Array.from(ends, BigInt)));
    return [new NdArray(dtype, size, out), ...sequences];
  };
}

const numbersOf = (sequence: NdArray) => Array.from(sequence.data as BigInt64Array, Number);

const maxPoolGrad: HostKernel = ([value, pooled, dy, rowBounds, columnBounds], op) => {
  const { dtype, shape } = value;
  const depth = shape[3];
  const bounds = [numbersOf(rowBounds), numbersOf(columnBounds)];
  const counts: [number, number] = [bounds[0].length - 1, bounds[1].length - 1];
  if (shape[0] * counts[0] * counts[1] * depth > pooled.size) {
    throw invalid('Pooling region has more elements than the input tensor.');
  }
  const from = new Int32Array(pooled.size).fill(-1);
  const data = value.data as Float64Array;
  eachWindow(shape, bounds, op.attr<boolean>('overlapping'), counts, (window, pixels) => {
    for (let c = 0; c < depth; c++) {
      const at = window * depth + c;
      for (const pixel of pixels) {
        const position = pixel * depth + c;
        if (from[at] < 0 || data[from[at]] < data[position]) from[at] = position;
      }
    }
  });
  const out = allocate(dtype, value.size) as Float64Array;
  const { add } = arithmeticOf(dtype);
  from.forEach((position, at) => {
    if (position < 0 || data[position] !== pooled.data[at]) {
      throw invalid('tensor_out_dup is not the same as tensor_out');
    }
    if (at < dy.size) out[position] = add(out[position] as never, dy.data[at] as never) as number;
  });
  return [new NdArray(dtype, shape, out)];
};

function checkSequence(name: string, sequence: NdArray, count: number, dyShape: readonly number[]): void {
  if (sequence.size <= count) {
    throw invalid(
      `Given out_backprop shape ${brackets(dyShape)}, ${name}_seq_tensor must have at least ${count + 1} elements, ` +
        `but got ${sequence.size}`,
    );
  }
  const values = numbersOf(sequence);
  if (values.every((v) => v >= 0)) return;
  const width = Math.max(...values.map((v) => `${v}`.length));
  const text = values.map((v) => `${v}`.padStart(width)).join(' ');
  throw invalid(`${name === 'row' ? 'Row' : 'Column'} sequence tensor values must not be negative, got ${text}`);
}

const avgPoolGrad: HostKernel = ([shapeInput, dy, rowBounds, columnBounds], op) => {
  if (shapeInput.rank !== 1 || shapeInput.size !== 4) {
    throw invalid('original input tensor shape must be1-dimensional and 4 elements');
  }
  if (dy.rank !== 4) throw invalid('out_backprop must be 4-dimensional');
  const [batch, rows, columns, depth] = dy.shape;
  checkSequence('row', rowBounds, rows, dy.shape);
  checkSequence('col', columnBounds, columns, dy.shape);
  const shape = numbersOf(shapeInput);
  const sums = new Float64Array(sizeOf(shape));
  const bounds = [numbersOf(rowBounds), numbersOf(columnBounds)];
  const [, height, width] = shape;
  eachWindow([batch, height, width], bounds, op.attr<boolean>('overlapping'), [rows, columns], (window, pixels) => {
    for (const pixel of pixels) {
      for (let c = 0; c < depth; c++) sums[pixel * depth + c] += Number(dy.data[window * depth + c]) / pixels.length;
    }
  });
  const { dtype } = dy;
  if (dtype.isBigInt) {
    return [
      new NdArray(
        dtype,
        shape,
        BigInt64Array.from(sums, (sum) => BigInt(Math.trunc(sum))),
      ),
    ];
  }
  const out = allocate(dtype, sums.length) as Float64Array;
  // Typed arrays cut off what integers cannot hold, as C++ does.
  out.set(sums);
  return [new NdArray(dtype, shape, out)];
};

defineHostKernels({
  FractionalMaxPool: pool('max', maximum),
  FractionalAvgPool: pool('average', mean),
  FractionalMaxPoolGrad: maxPoolGrad,
  FractionalAvgPoolGrad: avgPoolGrad,
});
