/** Host kernels of fills and ranges. */
import { roundHalf, toNdArray } from '../../src/util/array-convert.ts';
import { bfloat16, type DType, float16, float32 } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, sizeOf } from '../../src/util/shape.ts';
import { fillArray } from '../../src/util/strided.ts';
import { integers } from './operands.ts';
import { defineHostKernels } from './registry.ts';

/** How a number of the type is rounded after an addition in it. */
function rounding(dtype: DType): (x: number) => number {
  if (dtype === float16 || dtype === bfloat16) {
    const cell = new Float32Array(1);
    return (x) => {
      cell[0] = x;
      roundHalf(dtype, cell);
      return cell[0];
    };
  }
  return dtype === float32 ? Math.fround : (x) => x;
}

function rangeOf(start: NdArray, limit: NdArray, delta: NdArray): NdArray {
  const { dtype } = start;
  if (dtype.isBigInt) return bigRange(start, limit, delta);
  const [first, last, step] = [start, limit, delta].map((a) => a.at(0) as number);
  checkRange(first, last, step);
  const round = rounding(dtype);
  const size = Math.ceil(Math.abs(dtype.isFloating ? round(round(last - first) / step) : (last - first) / step));
  if (!(size <= Number.MAX_SAFE_INTEGER)) {
    throw new InvalidArgumentError(null, 'Requires ((limit - start) / delta) <= 9223372036854775807');
  }
  const data = allocate(dtype, size) as Float32Array;
  // A running sum, as TensorFlow's kernel: other roundings would differ in the last place.
  let value = first;
  for (let i = 0; i < size; i++) {
    data[i] = value;
    value = round(value + step);
  }
  return new NdArray(dtype, [size], data);
}

function bigRange(start: NdArray, limit: NdArray, delta: NdArray): NdArray {
  const [first, last, step] = [start, limit, delta].map((a) => (a.data as BigInt64Array)[0]);
  checkRange(first, last, step);
  const span = last > first ? last - first : first - last;
  const pace = step < 0n ? -step : step;
  const size = Number((span + pace - 1n) / pace);
  const data = allocate(start.dtype, size) as BigInt64Array;
  for (let i = 0; i < size; i++) data[i] = first + BigInt(i) * step;
  return new NdArray(start.dtype, [size], data);
}

function checkRange<T extends number | bigint>(start: T, limit: T, delta: T): void {
  if (Number(delta) === 0) throw new InvalidArgumentError(null, `Requires delta != 0: ${delta}`);
  if (!(delta > 0 ? start <= limit : start >= limit)) {
    const sign = delta > 0 ? ['<=', '>'] : ['>=', '<'];
    throw new InvalidArgumentError(
      null,
      `Requires start ${sign[0]} limit when delta ${sign[1]} 0: ${printed(start)}/${printed(limit)}`,
    );
  }
}

/** As C++ prints it. */
function printed(value: number | bigint): string {
  return String(value).replace('NaN', 'nan').replace('Infinity', 'inf');
}

function scalarOf(array: NdArray, what: string): NdArray {
  if (array.size === 1) return array;
  throw new InvalidArgumentError(null, `${what} must be a scalar, not shape ${formatShapeBrackets(array.shape)}`);
}

defineHostKernels({
  Fill: ([dims, value]) => {
    if (dims.rank !== 1) {
      throw new InvalidArgumentError(null, `dims must be a vector, got shape ${formatShapeBrackets(dims.shape)}`);
    }
    const shape = integers(dims);
    const bad = shape.findIndex((d) => d < 0);
    if (bad >= 0) throw new InvalidArgumentError(null, `Dimension ${shape[bad]} must be >= 0`);
    return [fillArray(scalarOf(value, 'value'), shape)];
  },
  ZerosLike: ([x]) => [NdArray.zeros(x.dtype, x.shape)],
  OnesLike: ([x]) => {
    const one = x.dtype.isComplex ? complexOne(x.dtype) : toNdArray(x.dtype.isBool ? true : 1, x.dtype);
    return [fillArray(one, x.shape)];
  },
  Range: ([start, limit, delta]) => [
    rangeOf(scalarOf(start, 'start'), scalarOf(limit, 'limit'), scalarOf(delta, 'delta')),
  ],
  LinSpace: ([start, stop, num]) => {
    const [first, last] = [scalarOf(start, 'start').at(0), scalarOf(stop, 'stop').at(0)] as number[];
    const count = integers(scalarOf(num, 'num'))[0];
    if (count <= 0) throw new InvalidArgumentError(null, `Requires num > 0: ${count}`);
    const { dtype } = start;
    const round = rounding(dtype);
    const step = count > 1 ? round(round(last - first) / (count - 1)) : 0;
    const data = allocate(dtype, sizeOf([count])) as NumericData as Float32Array;
    for (let i = 0; i < count; i++) data[i] = round(first + round(step * i));
    data[0] = first;
    if (count > 1) data[count - 1] = last;
    return [new NdArray(dtype, [count], data)];
  },
});

function complexOne(dtype: DType): NdArray {
  const one = NdArray.zeros(dtype, []);
  (one.data as Float32Array)[0] = 1;
  return one;
}
