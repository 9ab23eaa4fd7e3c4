/**
 * Signal processing made of other ops: frames, windows, short-time Fourier and cosine transforms. The Fourier transforms
 * themselves are in `fft.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { asDType, type DTypeLike, float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { floordiv, maximum, multiply } from './arithmetic.ts';
import { cast } from './cast.ts';
import { complex, partType, real } from './complex-numbers.ts';
import { constant } from './constants.ts';
import { convertToTensor } from './conversion.ts';
import { emitOne, opScope } from './emit.ts';
import { irfft, rfft } from './fft.ts';
import { ones, range } from './filling.ts';
import { gather } from './gather.ts';
import { concat } from './joining.ts';
import { pad } from './padding.ts';
import { expandDims, shape as shapeOf } from './shaping.ts';
import { reverse, stridedSliceOf } from './slicing.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';
import { cos, exp } from './unary-math.ts';

export interface FrameOptions {
  readonly padEnd?: boolean;
  readonly padValue?: TensorLike;
  readonly axis?: number;
  readonly name?: string | null;
}

/**
 * Cuts an axis into frames that may overlap: `[…, samples, …]` becomes `[…, frames, frameLength, …]`. A rest that fills no
 * frame is left out, or filled up with `padValue` where `padEnd` is true. Throws `ValueError` for lengths below 1.
 *
 *     tf.signal.frame([1, 2, 3, 4, 5], 3, 2)    // [[1, 2, 3], [3, 4, 5]]
 */
export function frame(
  signal: TensorLike,
  frameLength: number,
  frameStep: number,
  ...rest: Rest<[padEnd: boolean, padValue: TensorLike, axis: number, name: string | null], FrameOptions>
): Tensor {
  const o = bind<FrameOptions>(['padEnd', 'padValue', 'axis', 'name'], rest);
  checkLength('frame_length', frameLength);
  checkLength('frame_step', frameStep);
  return opScope(o.name, 'frame', [signal], () => {
    const value = convertToTensor(signal, { name: 'signal' });
    const rank = value.shape?.length ?? null;
    if (rank === 0) throw new ValueError('Shape () must have rank at least 1');
    const given = o.axis ?? -1;
    if (rank === null && given < 0)
      throw new ValueError('A signal of unknown rank is framed along an axis from 0 on only.');
    const axis = given < 0 ? given + (rank as number) : given;
    if (axis < 0 || (rank !== null && axis >= rank)) throw new ValueError(`axis ${given} is out of range.`);
    const known = value.shape?.[axis] ?? null;
    if (known !== null) return knownFrames(value, axis, known, frameLength, frameStep, o);
    if (o.padEnd) throw new ValueError('`padEnd` needs a signal of known length.');
    const samples = stridedSliceOf(shapeOf(value), [axis]);
    const last = floordiv(emitOne('Sub', [samples, frameLength], {}, 'sub'), frameStep);
    const count = maximum(0, emitOne('AddV2', [last, 1], {}, 'add'));
    const starts = multiply(range(count), frameStep);
    const within = constant(Int32Array.from({ length: frameLength }, (_, i) => i));
    const indices = emitOne('AddV2', [expandDims(starts, 1), within], {}, 'add');
    return gather(value, indices, { axis });
  });
}

function knownFrames(x: Tensor, axis: number, samples: number, length: number, step: number, o: FrameOptions): Tensor {
  let value = x;
  let count = Math.max(0, 1 + Math.floor((samples - length) / step));
  if (o.padEnd) {
    count = Math.ceil(samples / step);
    const missing = Math.max(0, length + step * (count - 1) - samples);
    const paddings = (x.shape as readonly (number | null)[]).map((_, i) => [0, i === axis ? missing : 0]);
    const padValue = convertToTensor(o.padValue ?? 0, { dtype: x.dtype });
    if (missing > 0) value = pad(x, paddings, { constantValues: padValue });
  }
  const indices = new Int32Array(count * length);
  for (let i = 0; i < indices.length; i++) indices[i] = Math.floor(i / length) * step + (i % length);
  return gather(value, constant(indices, { shape: [count, length] }), { axis });
}

function checkLength(what: string, length: number): void {
  if (!Number.isInteger(length) || length < 1)
    throw new ValueError(`${what} must be a positive integer. Got: ${length}`);
}

export interface WindowOptions {
  readonly periodic?: boolean;
  readonly dtype?: DTypeLike;
  readonly name?: string | null;
}

export type WindowRest = Rest<[periodic: boolean, dtype: DTypeLike, name: string | null], WindowOptions>;

/** The window of Hann; `periodic`, as it is unless said otherwise, for spectra. `tf.signal.hannWindow(4)   // [0, 0.5, 1, 0.5]` */
export function hannWindow(windowLength: number, ...rest: WindowRest): Tensor {
  return raisedCosine('hann_window', windowLength, rest, 0.5, 0.5);
}
/** The window of Hamming, as `hannWindow`. `tf.signal.hammingWindow(4)   // [0.08, 0.54, 1, 0.54]` */
export function hammingWindow(windowLength: number, ...rest: WindowRest): Tensor {
  return raisedCosine('hamming_window', windowLength, rest, 0.54, 0.46);
}

/** a - b · cos, over one period. */
function raisedCosine(what: string, length: number, rest: WindowRest, a: number, b: number): Tensor {
  const o = bind<WindowOptions>(['periodic', 'dtype', 'name'], rest);
  const dtype = asDType(o.dtype ?? float32);
  if (!dtype.isFloating) throw new ValueError(`dtype must be a floating point type. Found ${dtype}`);
  return opScope(o.name, what, [], () => {
    if (length === 1) return ones([1], dtype);
    const even = length % 2 === 0;
    const period = length + ((o.periodic ?? true) && even ? 1 : 0) - 1;
    const count = cast(range(constant(length, { dtype: int32 })), dtype);
    const turns = emitOne('RealDiv', [multiply(2 * Math.PI, count), period], {}, 'truediv');
    return emitOne('Sub', [a, multiply(b, cos(turns))], {}, 'sub');
  });
}

/** A window of a length and element type: `hannWindow`, or any function like it. */
export type WindowFunction = (windowLength: number, options: { readonly dtype: DTypeLike }) => Tensor;

export interface StftOptions {
  readonly fftLength?: number | null;
  readonly windowFn?: WindowFunction | null;
  readonly padEnd?: boolean;
  readonly name?: string | null;
}

/**
 * The short-time Fourier transform of real signals: `[…, samples]` becomes `[…, frames, fftLength / 2 + 1]`, complex.
 * `fftLength` is the least power of two that holds a frame unless given; `windowFn` is `hannWindow`, null for none.
 *
 *     tf.signal.stft(x, 256, 128)
 */
export function stft(
  signals: TensorLike,
  frameLength: number,
  frameStep: number,
  ...rest: Rest<
    [fftLength: number | null, windowFn: WindowFunction | null, padEnd: boolean, name: string | null],
    StftOptions
  >
): Tensor {
  const o = bind<StftOptions>(['fftLength', 'windowFn', 'padEnd', 'name'], rest);
  return opScope(o.name, 'stft', [signals], () => {
    const value = convertToTensor(signals, { name: 'signals' });
    const frames = frame(value, frameLength, frameStep, { padEnd: o.padEnd ?? false });
    const fftLength = o.fftLength ?? 2 ** Math.ceil(Math.log2(frameLength));
    const windowFn = o.windowFn === undefined ? hannWindow : o.windowFn;
    const windowed = windowFn ? multiply(frames, windowFn(frameLength, { dtype: frames.dtype })) : frames;
    return rfft(windowed, [fftLength]);
  });
}

export interface DctOptions {
  readonly type?: number;
  readonly n?: number | null;
  readonly axis?: number;
  readonly norm?: string | null;
  readonly name?: string | null;
}

export type DctRest = Rest<
  [type: number, n: number | null, axis: number, norm: string | null, name: string | null],
  DctOptions
>;

/**
 * The cosine transform of the last axis, of `type` 1, 2 (if left out), 3 or 4, for float32 and float64. `n` cuts the axis or
 * pads it with zeros; `norm` is null or `'ortho'`. Throws `ValueError` for anything else, and where the length of the axis is
 * not known.
 *
 *     tf.signal.dct([1, 2, 3, 4])    // [20, -6.3086, 0, -0.4483]
 */
export function dct(input: TensorLike, ...rest: DctRest): Tensor {
  const o = bind<DctOptions>(['type', 'n', 'axis', 'norm', 'name'], rest);
  const value = convertToTensor(input);
  return cosineTransform(value, checkedDct(value, o), o.n ?? null, o.norm ?? null, o.name ?? null, 'dct');
}

/** The inverse of `dct` without its scaling: the transform of type 3 for 2 and the other way around. `tf.signal.idct(x)` */
export function idct(input: TensorLike, ...rest: DctRest): Tensor {
  const o = bind<DctOptions>(['type', 'n', 'axis', 'norm', 'name'], rest);
  const value = convertToTensor(input);
  const inverse = [1, 3, 2, 4][checkedDct(value, o) - 1];
  return cosineTransform(value, inverse, o.n ?? null, o.norm ?? null, o.name ?? null, 'idct');
}

function checkedDct(input: Tensor, { type = 2, n, axis = -1, norm }: DctOptions): number {
  if (axis !== -1) throw new ValueError(`axis must be -1. Got: ${axis}`);
  if (n != null && n < 1) throw new ValueError('n should be a positive integer or None');
  if (![1, 2, 3, 4].includes(type)) throw new ValueError('Types I, II, III and IV (I)DCT are supported.');
  const samples = input.shape?.[input.shape.length - 1];
  if (type === 1) {
    if (norm === 'ortho') throw new ValueError('Normalization is not supported for the Type-I DCT.');
    if (samples != null && samples < 2)
      throw new ValueError('Type-I DCT requires the dimension to be greater than one.');
  }
  if (norm != null && norm !== 'ortho') {
    throw new ValueError(`Unknown normalization. Expected None or 'ortho', got: ${norm}`);
  }
  if (samples == null) throw new ValueError('The length of the last axis must be known.');
  return type;
}

function cosineTransform(
  input: Tensor,
  type: number,
  n: number | null,
  norm: string | null,
  name: string | null,
  what: string,
): Tensor {
  return opScope(name, what, [input], () => {
    const value = n === null ? input : resized(input, n);
    const dims = value.shape as readonly (number | null)[];
    const length = dims[dims.length - 1] as number;
    const { dtype } = value;
    const row = (fn: (k: number) => number): Tensor =>
      constant(
        Array.from({ length }, (_, k) => fn(k)),
        { dtype },
      );
    if (type === 1) {
      const middle = reverse(stridedSliceOf(value, ['...', { start: 1, stop: -1 }]), [dims.length - 1]);
      return real(rfft(concat([value, middle], -1)));
    }
    if (type === 2) {
      const zero = constant(0, { dtype });
      const turns = twice(
        exp(
          complex(
            zero,
            row((k) => (-k * Math.PI * 0.5) / length),
          ),
        ),
      );
      const spectrum = stridedSliceOf(rfft(value, [2 * length]), ['...', { stop: length }]);
      const transformed = real(multiply(spectrum, turns));
      if (norm === null) return transformed;
      return multiply(
        transformed,
        row((k) => (k === 0 ? 0.5 : Math.SQRT1_2) / Math.sqrt(length)),
      );
    }
    if (type === 3) {
      const zero = constant(0, { dtype });
      const weights = norm === null ? length : row((k) => (k === 0 ? 1 : Math.SQRT1_2) * Math.sqrt(length));
      const weighted = multiply(value, weights);
      const turns = twice(
        exp(
          complex(
            zero,
            row((k) => (k * Math.PI * 0.5) / length),
          ),
        ),
      );
      const whole = irfft(multiply(turns, complex(weighted, zero)), [2 * length]);
      return stridedSliceOf(whole, ['...', { stop: length }]);
    }
    const double = cosineTransform(value, 2, 2 * length, null, null, 'dct');
    const odd = stridedSliceOf(double, ['...', { start: 1, step: 2 }]);
    return norm === null ? odd : multiply(odd, Math.SQRT1_2 / Math.sqrt(length));
  });
}

/** Of complex numbers, of which a plain number is none. */
function twice(x: Tensor): Tensor {
  return multiply(complex(constant(2, { dtype: partType(x.dtype) }), constant(0, { dtype: partType(x.dtype) })), x);
}

/** The last axis cut or padded with zeros to a length. */
function resized(x: Tensor, n: number): Tensor {
  const dims = x.shape as readonly (number | null)[];
  const samples = dims[dims.length - 1] as number;
  if (n <= samples) return stridedSliceOf(x, ['...', { start: 0, stop: n }]);
  return pad(
    x,
    dims.map((_, i) => [0, i === dims.length - 1 ? n - samples : 0]),
  );
}
