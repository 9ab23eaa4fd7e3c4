/** Host kernels of reductions and running sums. Floats accumulate in double precision; integers wrap. */
import type { DType } from '../../src/util/dtype.ts';
import { allocate, type Data, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { arithmeticOf, indicesOf, invalid, offsetsOf, rounded, scalarOf } from './elements.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';

/** How one output element comes of its inputs: those at `base + offsets[i]`. */
type Reducer = (data: NumericData, base: number, offsets: Int32Array) => number | bigint;

/** The axes of a reduction as a set. Throws for axes out of range or given twice. */
function axesOf(indices: NdArray, rank: number): ReadonlySet<number> {
  const axes = new Set<number>();
  for (const axis of Array.from(indicesOf(indices))) {
    if (axis < -rank || axis >= rank) {
      throw invalid(`Invalid reduction dimension (${axis} for input with ${rank} dimension(s)`);
    }
    const positive = axis < 0 ? axis + rank : axis;
    if (axes.has(positive)) {
      throw invalid(`Invalid reduction arguments: Axes contains duplicate dimension: ${positive}`);
    }
    axes.add(positive);
  }
  return axes;
}

interface Frame {
  readonly shape: KnownShape;
  /** Positions of the first input element of each output element, and of all its elements from there. */
  readonly bases: Int32Array;
  readonly offsets: Int32Array;
}

function frame(input: NdArray, indices: NdArray, op: HostOp): Frame {
  const reduced = axesOf(indices, input.rank);
  const all = input.shape.map((_, axis) => axis);
  const kept = all.filter((axis) => !reduced.has(axis));
  const keepDims = op.attr<boolean>('keep_dims');
  const shape = keepDims
    ? input.shape.map((d, axis) => (reduced.has(axis) ? 1 : d))
    : kept.map((axis) => input.shape[axis]);
  return {
    shape,
    bases: offsetsOf(input.shape, kept),
    offsets: offsetsOf(
      input.shape,
      all.filter((axis) => reduced.has(axis)),
    ),
  };
}

function reduction(
  reducerFor: (dtype: DType, count: number) => Reducer,
  complex?: (data: NumericData, base: number, offsets: Int32Array) => readonly [number, number],
): HostKernel {
  return ([input, indices], op) => {
    const { shape, bases, offsets } = frame(input, indices, op);
    const out = allocate(input.dtype, sizeOf(shape)) as NumericData;
    const data = input.data as NumericData;
    if (input.dtype.isComplex && complex) {
      for (let i = 0; i < bases.length; i++) [out[2 * i], out[2 * i + 1]] = complex(data, bases[i], offsets);
    } else {
      const reduce = reducerFor(input.dtype, offsets.length);
      for (let i = 0; i < bases.length; i++) out[i] = reduce(data, bases[i], offsets);
    }
    return [rounded(input.dtype, shape, out as Data)];
  };
}

function foldWith(start: number | bigint, step: (a: never, b: never) => number | bigint): Reducer {
  return (data, base, offsets) => {
    let total = start;
    for (let i = 0; i < offsets.length; i++) total = step(total as never, data[base + offsets[i]] as never);
    return total;
  };
}

const floatSum: Reducer = (data, base, offsets) => {
  const values = data as Float32Array;
  // Alone, −0 stays what it is.
  if (offsets.length === 1) return values[base + offsets[0]];
  let total = 0;
  for (let i = 0; i < offsets.length; i++) total += values[base + offsets[i]];
  return total;
};

function sumOf(dtype: DType): Reducer {
  if (dtype.isFloating) return floatSum;
  const { zero, add } = arithmeticOf(dtype);
  return foldWith(zero, add);
}

function prodOf(dtype: DType): Reducer {
  const { one, mul } = arithmeticOf(dtype);
  return foldWith(one, mul);
}

/** The sum of a mean is wider than integers of 32 bits, and does not wrap. */
function meanOf(dtype: DType, count: number): Reducer {
  if (dtype.isInteger && !dtype.isBigInt && count > 0) {
    return (data, base, offsets) => Math.trunc((floatSum(data, base, offsets) as number) / count);
  }
  const sum = sumOf(dtype);
  const { div, zero } = arithmeticOf(dtype);
  const divisor = dtype.isBigInt ? BigInt(count) : count;
  if (count === 0 && !dtype.isFloating) return () => zero;
  return (data, base, offsets) => div(sum(data, base, offsets) as never, divisor as never);
}

/** The greatest (or least) element; NaN where there is one among them. */
function extremum(dtype: DType, greatest: boolean): Reducer {
  const { lowest, highest } = arithmeticOf(dtype);
  return (data, base, offsets) => {
    let best = greatest ? lowest : highest;
    for (let i = 0; i < offsets.length; i++) {
      const value = data[base + offsets[i]];
      if (greatest ? value > best : value < best) best = value;
      else if (Number.isNaN(value)) return Number.NaN;
    }
    return best;
  };
}

function normOf(dtype: DType): Reducer {
  return (data, base, offsets) => {
    let total = 0;
    for (let i = 0; i < offsets.length; i++) total += Number(data[base + offsets[i]]) ** 2;
    const root = Math.sqrt(total);
    if (dtype.isFloating) return root;
    return dtype.isBigInt ? BigInt(Math.trunc(root)) : Math.trunc(root);
  };
}

function complexSum(data: NumericData, base: number, offsets: Int32Array): readonly [number, number] {
  let [re, im] = [0, 0];
  for (let i = 0; i < offsets.length; i++) {
    const at = 2 * (base + offsets[i]);
    re += data[at] as number;
    im += data[at + 1] as number;
  }
  return [re, im];
}

function complexMean(data: NumericData, base: number, offsets: Int32Array): readonly [number, number] {
  const [re, im] = complexSum(data, base, offsets);
  return [re / offsets.length, im / offsets.length];
}

function complexProd(data: NumericData, base: number, offsets: Int32Array): readonly [number, number] {
  let [re, im] = [1, 0];
  for (let i = 0; i < offsets.length; i++) {
    const at = 2 * (base + offsets[i]);
    const [x, y] = [data[at] as number, data[at + 1] as number];
    [re, im] = [re * x - im * y, re * y + im * x];
  }
  return [re, im];
}

function complexNorm(data: NumericData, base: number, offsets: Int32Array): readonly [number, number] {
  let total = 0;
  for (let i = 0; i < offsets.length; i++) {
    const at = 2 * (base + offsets[i]);
    total += (data[at] as number) ** 2 + (data[at + 1] as number) ** 2;
  }
  return [Math.sqrt(total), 0];
}

function running(product: boolean): HostKernel {
  return ([x, axisInput], op) => {
    const given = scalarOf(axisInput);
    if (given < -x.rank || given >= x.rank) {
      throw invalid(`ScanOp: Expected scan axis in the range [${-x.rank}, ${x.rank}), but got ${given}`);
    }
    const axis = given < 0 ? given + x.rank : given;
    const [exclusive, reverse] = [op.attr<boolean>('exclusive'), op.attr<boolean>('reverse')];
    const inner = sizeOf(x.shape.slice(axis + 1));
    const length = x.shape[axis];
    const out = NdArray.zeros(x.dtype, x.shape);
    const scan = x.dtype.isComplex ? scanComplex : scanReal;
    const outer = sizeOf(x.shape.slice(0, axis));
    for (let i = 0; i < outer; i++) {
      for (let j = 0; j < inner; j++) {
        const first = i * length * inner + j;
        const start = reverse ? first + (length - 1) * inner : first;
        scan(x, out, start, reverse ? -inner : inner, length, product, exclusive);
      }
    }
    return [rounded(x.dtype, x.shape, out.data)];
  };
}

type Scan = (
  x: NdArray,
  out: NdArray,
  start: number,
  step: number,
  length: number,
  product: boolean,
  exclusive: boolean,
) => void;

const scanReal: Scan = (x, out, start, step, length, product, exclusive) => {
  const { zero, one, add, mul } = arithmeticOf(x.dtype);
  const combine = product ? mul : add;
  const [source, target] = [x.data as NumericData, out.data as NumericData];
  let total = product ? one : zero;
  for (let k = 0, at = start; k < length; k++, at += step) {
    if (exclusive) target[at] = total;
    total = combine(total as never, source[at] as never);
    if (!exclusive) target[at] = total;
  }
};

const scanComplex: Scan = (x, out, start, step, length, product, exclusive) => {
  const [source, target] = [x.data as Float64Array, out.data as Float64Array];
  let [re, im] = product ? [1, 0] : [0, 0];
  for (let k = 0, at = 2 * start; k < length; k++, at += 2 * step) {
    if (exclusive) [target[at], target[at + 1]] = [re, im];
    const [a, b] = [source[at], source[at + 1]];
    [re, im] = product ? [re * a - im * b, re * b + im * a] : [re + a, im + b];
    if (!exclusive) [target[at], target[at + 1]] = [re, im];
  }
};

defineHostKernels({
  Sum: reduction(sumOf, complexSum),
  Mean: reduction(meanOf, complexMean),
  Prod: reduction(prodOf, complexProd),
  Max: reduction((dtype) => extremum(dtype, true)),
  Min: reduction((dtype) => extremum(dtype, false)),
  All: reduction(() => foldWith(1, (a: number, b: number) => a & b)),
  Any: reduction(() => foldWith(0, (a: number, b: number) => a | b)),
  EuclideanNorm: reduction(normOf, complexNorm),
  Cumsum: running(false),
  Cumprod: running(true),
});
