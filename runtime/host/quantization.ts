/**
 * Host kernels of fake quantization and of quantizing and dequantizing at once. Steps and limits are computed in single
 * precision, as TensorFlow does it: which code a value gets hangs on the last bit.
 */
import { roundHalf } from '../../src/util/array-convert.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { invalid, rounded, scalarOf } from './elements.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';

const { fround } = Math;

interface Nudged {
  readonly min: number;
  readonly max: number;
  readonly scale: number;
}

/** The limits, moved so that zero is one of the codes. */
function nudge(min: number, max: number, lowest: number, highest: number): Nudged {
  const scale = fround(fround(max - min) / (highest - lowest));
  const zero = fround(lowest - fround(min / scale));
  const code = zero < lowest ? lowest : zero > highest ? highest : Math.round(zero);
  return { min: fround((lowest - code) * scale), max: fround((highest - code) * scale), scale };
}

function codesOf(op: HostOp): readonly [lowest: number, highest: number] {
  const bits = op.attr<number>('num_bits');
  if (bits < 2 || bits > 16) throw invalid('num_bits must be between 2 and 16, inclusive');
  return [op.attr<boolean>('narrow_range') ? 1 : 0, 2 ** bits - 1];
}

function argumentsOf(op: HostOp): Nudged {
  const [min, max] = [fround(op.attr<number>('min')), fround(op.attr<number>('max'))];
  if (!(min < max)) throw invalid(`min has to be smaller than max, was: ${min} >= ${max}`);
  return nudge(min, max, ...codesOf(op));
}

/** The code's value; a null limit means zeros. */
function fake(x: number, limits: Nudged | null): number {
  if (limits === null) return 0;
  const { min, max, scale } = limits;
  const inverse = fround(1 / scale);
  const zero = Math.floor(fround(fround(-min * inverse) + 0.5));
  const shifted = fround(Math.max(min, Math.min(max, x)) - min);
  return fround(Math.floor(fround(fround(fround(shifted * inverse) - zero) + 0.5)) * scale);
}

/** The limits of each of the last axis, or one pair for all. Both zero stand for zeros. */
function variables(min: NdArray, max: NdArray, op: HostOp): (Nudged | null)[] {
  const [lows, highs] = [min.data as Float32Array, max.data as Float32Array];
  return Array.from(lows, (low, i) => (low === 0 && highs[i] === 0 ? null : nudge(low, highs[i], ...codesOf(op))));
}

function checkChannels(inputs: NdArray, min: NdArray, max: NdArray): void {
  const depth = inputs.shape[inputs.rank - 1];
  if (min.size !== depth) throw invalid(`min has incorrect size, expected ${depth} was ${min.size}`);
  if (max.size !== depth) throw invalid(`max has incorrect size, expected ${depth} was ${max.size}`);
}

const forward =
  (perChannel: boolean): HostKernel =>
  ([inputs, min, max], op) => {
    if (perChannel) checkChannels(inputs, min, max);
    const limits = variables(min, max, op);
    const out = (inputs.data as Float32Array).map((x, i) => fake(x, limits[i % limits.length]));
    return [new NdArray(inputs.dtype, inputs.shape, out)];
  };

const backward =
  (perChannel: boolean): HostKernel =>
  ([gradients, inputs, min, max], op) => {
    if (perChannel) checkChannels(inputs, min, max);
    const limits = variables(min, max, op);
    const [dy, x] = [gradients.data as Float32Array, inputs.data as Float32Array];
    const dx = new Float32Array(x.length);
    const [below, above] = [new Float64Array(limits.length), new Float64Array(limits.length)];
    for (let i = 0; i < x.length; i++) {
      const channel = i % limits.length;
      const limit = limits[channel];
      if (limit === null || (x[i] >= limit.min && x[i] <= limit.max)) dx[i] = dy[i];
      else if (x[i] < limit.min) below[channel] += dy[i];
      else if (x[i] > limit.max) above[channel] += dy[i];
    }
    const like = (sums: Float64Array) => new NdArray(min.dtype, min.shape, Float32Array.from(sums));
    return [new NdArray(inputs.dtype, inputs.shape, dx), like(below), like(above)];
  };

/** Rounding to the nearest integer, halves to the even one. */
function halfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

const quantize =
  (roundMode: (op: HostOp) => string): HostKernel =>
  ([input, minInput, maxInput, bitsInput], op) => {
    const { dtype } = input;
    const cell = allocate(dtype, 1) as Float64Array;
    const store = (value: number): number => {
      cell[0] = value;
      roundHalf(dtype, cell);
      return cell[0];
    };
    const bits = bitsInput ? scalarOf(bitsInput) : op.attr<number>('num_bits');
    const isSigned = op.attr<boolean>('signed_input');
    if (bits < (isSigned ? 2 : 1) || bits > (dtype.name === 'float32' ? 24 : 53)) {
      throw invalid(`num_bits is out of range: ${bits} with signed_input ${isSigned ? 1 : 0}`);
    }
    const narrow = op.attr<boolean>('narrow_range') ? 1 : 0;
    const lowest = isSigned ? -(2 ** (bits - 1)) + narrow : 0;
    const highest = isSigned ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
    const axis = op.attr<number>('axis');
    const inner = axis < 0 ? input.size : sizeOf(input.shape.slice(axis + 1));
    const slices = axis < 0 ? 1 : input.shape[axis];
    const given = op.attr<boolean>('range_given');
    const source = input.data as Float64Array;
    const sliceOf = (i: number) => (axis < 0 ? 0 : Math.floor(i / inner) % slices);
    const lows = new Float64Array(slices).fill(Infinity);
    const highs = new Float64Array(slices).fill(-Infinity);
    if (given) {
      for (let k = 0; k < slices; k++) {
        lows[k] = (minInput.data as Float64Array)[k];
        highs[k] = (maxInput.data as Float64Array)[k];
        if (lows[k] > highs[k]) throw invalid(`Invalid range: input_min ${lows[k]} > input_max ${highs[k]}`);
      }
    } else {
      for (let i = 0; i < source.length; i++) {
        const k = sliceOf(i);
        lows[k] = Math.min(lows[k], source[i]);
        highs[k] = Math.max(highs[k], source[i]);
      }
    }
    const isUp = roundMode(op) === 'HALF_UP';
    const steps = Array.from(lows, (low, k) => stepOf(low, highs[k], lowest, highest, Number(dtype.max), store));
    const out = allocate(dtype, source.length) as Float64Array;
    for (let i = 0; i < source.length; i++) {
      const { scale, inverse, min, max } = steps[sliceOf(i)];
      const x = given ? Math.max(min, Math.min(max, source[i])) : source[i];
      const scaled = store(x * scale);
      out[i] = store((isUp ? Math.floor(store(scaled + 0.5)) : halfToEven(scaled)) * inverse);
    }
    return [rounded(dtype, input.shape, out)];
  };

/** The finer of the steps that both limits ask for, and the limits that go with it. */
function stepOf(
  min: number,
  max: number,
  lowest: number,
  highest: number,
  greatest: number,
  store: (value: number) => number,
) {
  const fromMin = lowest * min > 0 ? store(lowest / min) : greatest;
  const fromMax = highest * max > 0 ? store(highest / max) : greatest;
  if (fromMin < fromMax) {
    const inverse = store(min / lowest);
    return { scale: fromMin, inverse, min, max: store(highest * inverse) };
  }
  const inverse = store(max / highest);
  return { scale: fromMax, inverse, min: store(lowest * inverse), max };
}

defineHostKernels({
  FakeQuantWithMinMaxArgs: ([inputs], op) => {
    const limits = argumentsOf(op);
    const out = (inputs.data as Float32Array).map((x) => fake(x, limits));
    return [new NdArray(inputs.dtype, inputs.shape, out)];
  },
  FakeQuantWithMinMaxArgsGradient: ([gradients, inputs], op) => {
    const { min, max } = argumentsOf(op);
    const x = inputs.data as Float32Array;
    const out = (gradients.data as Float32Array).map((dy, i) => (x[i] >= min && x[i] <= max ? dy : 0));
    return [new NdArray(inputs.dtype, inputs.shape, out)];
  },
  FakeQuantWithMinMaxVars: forward(false),
  FakeQuantWithMinMaxVarsGradient: backward(false),
  FakeQuantWithMinMaxVarsPerChannel: forward(true),
  FakeQuantWithMinMaxVarsPerChannelGradient: backward(true),
  QuantizeAndDequantizeV2: quantize((op) => op.attr('round_mode')),
  QuantizeAndDequantizeV3: quantize(() => 'HALF_TO_EVEN'),
  QuantizeAndDequantizeV4: quantize((op) => op.attr('round_mode')),
  QuantizeAndDequantizeV4Grad: ([gradients, input, min, max], op) => {
    const axis = op.attr<number>('axis');
    const inner = axis < 0 ? input.size : sizeOf(input.shape.slice(axis + 1));
    const slices = axis < 0 ? 1 : input.shape[axis];
    const [x, lows, highs] = [input.data as Float64Array, min.data as Float64Array, max.data as Float64Array];
    const out = (gradients.data as Float64Array).map((dy, i) => {
      const k = axis < 0 ? 0 : Math.floor(i / inner) % slices;
      return x[i] >= lows[k] && x[i] <= highs[k] ? dy : 0;
    });
    return [
      new NdArray(input.dtype, input.shape, out),
      NdArray.zeros(min.dtype, min.shape),
      NdArray.zeros(max.dtype, max.shape),
    ];
  },
});
