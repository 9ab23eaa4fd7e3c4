/**
 * Host kernels of quantized types and of buckets. Scales are computed in single precision where TensorFlow does so: which
 * code a value gets hangs on the last bit.
 */
import { bfloat16, type DType, int32, qint8, qint16, qint32, quint8 } from '../../src/util/dtype.ts';
import { UnimplementedError } from '../../src/util/errors.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { invalid, rounded } from './elements.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';

const { fround } = Math;
const GREATEST_FLOAT = (2 - 2 ** -23) * 2 ** 127;

/** The codes of a quantized type. */
interface Codes {
  readonly lowest: number;
  readonly highest: number;
  /** How many codes there are. */
  readonly count: number;
  readonly isSigned: boolean;
}

function codesOf(dtype: DType): Codes {
  const bits = dtype === qint32 ? 32 : dtype === qint8 || dtype === quint8 ? 8 : 16;
  const isSigned = dtype === qint8 || dtype === qint16 || dtype === qint32;
  const lowest = isSigned ? -(2 ** (bits - 1)) : 0;
  return { lowest, highest: lowest + 2 ** bits - 1, count: 2 ** bits, isSigned };
}

const roundAway = (x: number) => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);

function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/** How the values of a slice become codes, and the limits that these stand for. */
interface Quantizer {
  readonly code: (x: number) => number;
  readonly low: number;
  readonly high: number;
}

function quantizer(op: HostOp, codes: Codes, min: number, max: number): Quantizer {
  if (min > max) throw invalid('input_max_range must be larger than input_min_range.');
  const { lowest, highest, count, isSigned } = codes;
  const apart = fround(Math.max(1, Math.abs(min), Math.abs(max)) * fround(op.attr<number>('ensure_minimum_range')));
  const low = Math.min(0, min);
  const high = Math.max(0, max, fround(low + apart));
  const within = (x: number) => Math.max(low, Math.min(high, x));
  switch (op.attr<string>('mode')) {
    case 'MIN_COMBINED': {
      const scale = fround((highest - lowest) / fround(high - low));
      const half = fround(count / 2);
      const scaled = (x: number) => fround(fround(within(x) - low) * scale);
      const code = isSigned
        ? (x: number) => roundAway(fround(scaled(x) - half))
        : (x: number) => Math.trunc(fround(scaled(x) + 0.5));
      return { code, low, high };
    }
    case 'MIN_FIRST': {
      const scale = (count - 1) / fround(high - low);
      const offset = fround(roundAway(low * scale) - lowest);
      // The greatest of 32 bits that a float holds.
      const last = count === 2 ** 32 ? 2147483520 : highest;
      const code = (x: number) => {
        const found = fround(roundAway(fround(x * fround(scale))) - offset);
        return Math.max(lowest, Math.min(last, found));
      };
      return { code, low, high };
    }
    default: {
      const first = lowest + (op.attr<boolean>('narrow_range') ? 1 : 0);
      const fromLow = first * low > 0 ? fround(first / low) : GREATEST_FLOAT;
      const fromHigh = highest * high > 0 ? fround(highest / high) : GREATEST_FLOAT;
      const scale = Math.min(fromLow, fromHigh);
      const [scaledLow, scaledHigh] = [fround(first / scale), fround(highest / scale)];
      const round = op.attr<string>('round_mode') === 'HALF_TO_EVEN' ? roundEven : roundAway;
      const code = (x: number) => round(fround(Math.max(scaledLow, Math.min(scaledHigh, x)) * scale));
      return { code, low: scaledLow, high: scaledHigh };
    }
  }
}

/** Slices along an axis: how many there are, and how many elements lie between an element and that of the next slice. */
function slicesOf(x: NdArray, axis: number, limits: NdArray): { count: number; step: number } {
  if (axis === -1) return { count: 1, step: Math.max(1, x.size) };
  if (limits.size !== x.shape[axis]) {
    throw invalid(`input_min_range is a vector of ${limits.size} elements, expected ${x.shape[axis]}`);
  }
  return { count: limits.size, step: sizeOf(x.shape.slice(axis + 1)) };
}

function refuse(op: HostOp, name: string, axis: number): void {
  if (axis !== -1 && op.attr<string>('mode') === 'MIN_FIRST') {
    throw new UnimplementedError(null, `MIN_FIRST mode is not implemented for ${name} with axis != -1.`);
  }
}

const quantize: HostKernel = ([x, min, max], op) => {
  const [mode, roundMode, axis] = [op.attr<string>('mode'), op.attr<string>('round_mode'), op.attr<number>('axis')];
  if (roundMode === 'HALF_TO_EVEN' && mode !== 'SCALED') {
    throw invalid(`Round mode 'HALF_TO_EVEN' only supported for mode 'SCALED', but mode is '${mode}'.`);
  }
  refuse(op, 'Quantize', axis);
  const dtype = op.outputDType(0);
  const { count, step } = slicesOf(x, axis, min);
  const [lows, highs] = [min.data as Float32Array, max.data as Float32Array];
  const quantizers = Array.from({ length: count }, (_, i) => quantizer(op, codesOf(dtype), lows[i], highs[i]));
  const data = allocate(dtype, x.size) as Int32Array;
  (x.data as Float32Array).forEach((value, i) => {
    data[i] = quantizers[Math.floor(i / step) % count].code(value);
  });
  const limit = (key: 'low' | 'high') =>
    new NdArray(
      min.dtype,
      min.shape,
      Float32Array.from(quantizers, (q) => q[key]),
    );
  return [new NdArray(dtype, x.shape, data), limit('low'), limit('high')];
};

/** The float of a code, of a slice with these limits. */
function dequantizer(op: HostOp, { lowest, highest, count, isSigned }: Codes, min: number, max: number) {
  switch (op.attr<string>('mode')) {
    case 'MIN_COMBINED': {
      const scale = fround(fround(max - min) / fround(fround(highest) - lowest));
      const half = isSigned ? count / 2 : 0;
      return (code: number) => fround(fround(fround(fround(code) + half) * scale) + min);
    }
    case 'MIN_FIRST': {
      const scale = fround(fround(max - min) / (count - 1));
      const base = min === max ? min : fround(roundAway(fround(min / scale)) * scale);
      const start = fround(base - fround(lowest * scale));
      return (code: number) => fround(start + fround(fround(code) * scale));
    }
    default: {
      const first = lowest + (op.attr<boolean>('narrow_range') ? 1 : 0);
      const scale = isSigned ? Math.max(fround(min / first), fround(max / highest)) : fround(max / highest);
      return (code: number) => fround(fround(code) * scale);
    }
  }
}

const dequantize: HostKernel = ([x, min, max], op) => {
  const [mode, axis, dtype] = [op.attr<string>('mode'), op.attr<number>('axis'), op.outputDType(0)];
  if (dtype === bfloat16 && mode !== 'MIN_COMBINED') {
    throw invalid(`When output type is bfloat16, Mode string must be 'MIN_COMBINED', is '${mode}'`);
  }
  refuse(op, 'Dequantize', axis);
  const { count, step } = slicesOf(x, axis, min);
  const [lows, highs] = [min.data as Float32Array, max.data as Float32Array];
  const floats = Array.from({ length: count }, (_, i) => dequantizer(op, codesOf(x.dtype), lows[i], highs[i]));
  const data = Float32Array.from(x.data as Int32Array, (code, i) => floats[Math.floor(i / step) % count](code));
  return [rounded(dtype, x.shape, data)];
};

/** The number of boundaries that are not above the value; NaN is below all. */
const bucketize: HostKernel = ([x], op) => {
  const boundaries = op.attr<readonly number[]>('boundaries').map(fround);
  if (boundaries.some((b, i) => i > 0 && b < boundaries[i - 1])) throw invalid('Expected sorted boundaries');
  const data = Int32Array.from(x.data as Float64Array, (element) => {
    const value = Number(element);
    let [low, high] = [0, boundaries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value < boundaries[middle]) high = middle;
      else low = middle + 1;
    }
    return low;
  });
  return [new NdArray(int32, x.shape, data)];
};

defineHostKernels({ QuantizeV2: quantize, Dequantize: dequantize, Bucketize: bucketize });
