/**
 * Fourier transforms over the last one, two or three axes, of complex and of real numbers. Kernels are the host's.
 */
import type { Tensor } from '../graph/graph.ts';
import { complex64, complex128, type DType, float32, float64, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { isFullyDefined, type Shape } from '../util/shape.ts';
import { floordiv, maximum } from './arithmetic.ts';
import { complexType, partType } from './complex-numbers.ts';
import { constant } from './constants.ts';
import { convertToTensor } from './conversion.ts';
import { type NameRest, nameOf } from './elementwise.ts';
import { emitOne, opScope } from './emit.ts';
import { zeros, zerosLike } from './filling.ts';
import { gather } from './gather.ts';
import { concat, stack } from './joining.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { pad } from './padding.ts';
import { rank as rankOf, shape as shapeOf } from './shaping.ts';
import { roll, stridedSliceOf } from './slicing.ts';
import { constantShape, constantValue } from './static-value.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

/** The trailing arguments of the transforms of real numbers. */
export type FftLengthRest = Rest<[fftLength: TensorLike | null, name: string | null], FftLengthOptions>;
interface FftLengthOptions {
  readonly fftLength?: TensorLike | null;
  readonly name?: string | null;
}

/** The trailing arguments of the shifts. */
export type AxesRest = Rest<[axes: number | readonly number[] | null, name: string | null], AxesOptions>;
interface AxesOptions {
  readonly axes?: number | readonly number[] | null;
  readonly name?: string | null;
}

/** x[…, begin:end] of the last axis; null is the end of it. */
function lastAxis<V>($: Vocabulary<V>, x: V, begin: number, end: number | null): V {
  const inputs = [x, $.ints([0, begin], 'begin'), $.ints([0, end ?? 0], 'end'), $.ints([1, 1], 'strides')];
  return $.op('StridedSlice', inputs, { ellipsis_mask: 1, end_mask: end === null ? 2 : 0 }, 'strided_slice');
}

/** An element of a vector, counted from its end. */
function fromEnd<V>($: Vocabulary<V>, vector: V, back: number): V {
  const inputs = [vector, $.ints([-back], 'begin'), $.ints([1 - back], 'end'), $.ints([1], 'strides')];
  return $.op('StridedSlice', inputs, { shrink_axis_mask: 1, end_mask: back === 1 ? 1 : 0 }, 'strided_slice');
}

/** How many elements the last axes have together. */
function sizeOfLast<V>($: Vocabulary<V>, x: V, rank: number): V {
  const inputs = [$.shape(x), $.ints([-rank], 'begin'), $.ints([0], 'end'), $.ints([1], 'strides')];
  return $.prod($.op('StridedSlice', inputs, { end_mask: 1 }, 'strided_slice'), [0]);
}

/** The gradient of a transform is its inverse without the scaling of the inverse, and the other way around. */
function complexGrad(rank: number, inverse: boolean): GradFn {
  return (_op, [dy], $) => {
    const dtype = $.dtypeOf(dy);
    const size = sizeOfLast($, dy, rank);
    const other = $.op(typeName(inverse ? 'FFT' : 'IFFT', rank), [dy]);
    if (!inverse) return [$.mul(other, $.cast(size, dtype))];
    return [$.mul(other, $.cast($.reciprocal($.cast(size, partType(dtype))), dtype))];
  };
}

/** 1, -1, 1, … */
function alternating<V>($: Vocabulary<V>, length: V, dtype: DType): V {
  const index = $.range($.ints(0, 'range/start'), length, $.ints(1, 'range/delta'));
  const odd = $.op('FloorMod', [index, $.ints(2, 'mod/y')], {}, 'mod');
  return $.cast($.sub(1, $.mul(2, odd)), dtype);
}

/** exp(-2πi jk / length) for j and k below it. */
function rootMatrix<V>($: Vocabulary<V>, length: V, dtype: DType): V {
  const index = $.range($.ints(0, 'range/start'), length, $.ints(1, 'range/delta'));
  const products = $.mul($.expandDims(index, 0), $.expandDims(index, 1));
  const data = dtype === complex64 ? new Float32Array(2) : new Float64Array(2);
  data[1] = -2 * Math.PI;
  const angles = $.op('Mul', [new NdArray(dtype, [], data), $.cast(products, dtype)], {}, 'mul');
  return $.exp($.div(angles, $.cast(length, dtype)));
}

/**
 * The real input counts once for the part of the spectrum that is there and once for the conjugates that are not: the
 * inverse transform takes half of both; what has no conjugate is added.
 */
function realGrad(rank: 1 | 2): GradFn {
  return (op, [dy], $) => {
    const [x, length] = op.inputs;
    const dtype = $.dtypeOf(dy);
    const real = partType(dtype);
    const inputShape = $.shape(x);
    const odd = $.op('FloorMod', [fromEnd($, length, 1), $.ints(2, 'mod/y')], {}, 'mod');
    const isEven = $.cast($.sub(1, odd), dtype);
    const signs = alternating($, fromEnd($, inputShape, 1), dtype);
    let first = lastAxis($, dy, 0, 1);
    let middle = lastAxis($, dy, -1, null);
    if (rank === 2) {
      const matrix = rootMatrix($, fromEnd($, inputShape, 2), dtype);
      first = $.op('BatchMatMulV2', [matrix, $.op('Conj', [first])], {}, 'MatMul');
      middle = $.op('BatchMatMulV2', [matrix, $.op('Conj', [middle])], {}, 'MatMul');
    }
    const extra = $.add(first, $.mul($.mul(isEven, middle), signs));
    const size = $.cast(sizeOfLast($, x, rank), real);
    const back = $.op(typeName('IRFFT', rank), [dy, length], { Treal: real });
    const both = $.add($.mul(back, size), $.op('Real', [extra], { Tout: real }));
    return [$.mul(0.5, both), null];
  };
}

/** Every part of the spectrum counts twice, but those that are their own conjugates. */
function backGrad(rank: 1 | 2): GradFn {
  return (op, [dy], $) => {
    const [x, length] = op.inputs;
    const real = $.dtypeOf(dy);
    const dtype = complexType(real);
    const odd = $.op('FloorMod', [fromEnd($, length, 1), $.ints(2, 'mod/y')], {}, 'mod');
    const twice = $.add($.sub(fromEnd($, $.shape(x), 1), 2), odd);
    const mask = $.concat(
      [
        $.constant([1], real),
        $.fill($.pack([twice], 0, 'ones/packed'), $.constant(2, real, 'ones/Const'), 'ones'),
        $.fill($.pack([$.sub(1, odd)], 0, 'ones_1/packed'), $.constant(1, real, 'ones_1/Const'), 'ones_1'),
      ],
      0,
    );
    const scale = $.mul($.reciprocal($.cast(sizeOfLast($, dy, rank), real)), mask);
    const spectrum = $.op(typeName('RFFT', rank), [dy, length], { Tcomplex: dtype });
    return [$.mul(spectrum, $.cast(scale, dtype)), null];
  };
}

function typeName(kind: string, rank: number): string {
  return rank === 1 ? kind : `${kind}${rank}D`;
}

/** The shape of the input with the lengths in place of its last axes. */
function inferWithLength(rank: number, toHalf: boolean): (op: InferContext) => Inferred {
  return (op) => {
    const input = withRankAtLeast(op.shape(0), rank);
    const [count] = withRank(op.shape(1), 1);
    if (count !== null && count !== rank) throw new ShapeError(`Dimension must be ${rank} but is ${count}`);
    if (input === null) return [null];
    const lengths = op.constant(1);
    const last = Array.from({ length: rank }, (_, i) => {
      if (lengths === null) return null;
      const length = Number(lengths.data[i]);
      return toHalf && i === rank - 1 && length > 0 ? Math.floor(length / 2) + 1 : length;
    });
    return [[...input.slice(0, input.length - rank), ...last]];
  };
}

const SPECTRUM = sample(complex64, [1, 1, 4], [10, 0, -2, 2, -2, 0, -2, -2]);
const SIGNAL = sample(complex64, [1, 1, 4], [1, 0, 2, 0, 3, 0, 4, 0]);
const HALF = sample(complex64, [1, 1, 3], [10, 0, -2, 2, -2, 0]);
const REAL = sample(float32, [1, 1, 4], [1, 2, 3, 4]);

for (const rank of [1, 2, 3] as const) {
  const over = ['the last axis', 'the last two axes', 'the last three axes'][rank - 1];
  const length = sample(int32, [rank], [1, 1, 4].slice(3 - rank));
  for (const inverse of [false, true]) {
    defineOp({
      name: typeName(inverse ? 'IFFT' : 'FFT', rank),
      doc: `The ${inverse ? 'inverse ' : ''}Fourier transform over ${over}.`,
      inputs: ['input: Tcomplex'],
      outputs: ['output: Tcomplex'],
      attrs: ['Tcomplex: {complex64, complex128} = complex64'],
      infer: (op) => [withRankAtLeast(op.shape(0), rank)],
      grad: complexGrad(rank, inverse),
      samples: [{ inputs: [inverse ? SPECTRUM : SIGNAL], outputs: [inverse ? SIGNAL : SPECTRUM] }],
    });
  }
  const attrs = ['Treal: {float32, float64} = float32', 'Tcomplex: {complex64, complex128} = complex64'];
  defineOp({
    name: typeName('RFFT', rank),
    doc: `The Fourier transform of real numbers over ${over}: the half of it that determines the rest.`,
    inputs: ['input: Treal', 'fft_length: int32'],
    outputs: ['output: Tcomplex'],
    attrs,
    infer: inferWithLength(rank, true),
    // TensorFlow has no gradient of the transforms over three axes.
    grad: rank === 3 ? null : realGrad(rank),
    samples: [{ inputs: [REAL, length], outputs: [HALF] }],
  });
  defineOp({
    name: typeName('IRFFT', rank),
    doc: `The inverse of the Fourier transform of real numbers over ${over}.`,
    inputs: ['input: Tcomplex', 'fft_length: int32'],
    outputs: ['output: Treal'],
    attrs,
    infer: inferWithLength(rank, false),
    grad: rank === 3 ? null : backGrad(rank),
    samples: [{ inputs: [HALF, length], outputs: [REAL] }],
  });
}

// Public functions.

/** The Fourier transform over the last axis, of complex64 or complex128: Σ xⱼ exp(-2πi jk/n). `tf.signal.fft(z)` */
export function fft(input: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('FFT', [input], {}, nameOf(rest));
}
/** The inverse of `fft`, scaled by 1/n. `tf.signal.ifft(tf.signal.fft(z))   // z` */
export function ifft(input: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('IFFT', [input], {}, nameOf(rest));
}
/** The Fourier transform over the last two axes, of complex64 or complex128. `tf.signal.fft2d(z)` */
export function fft2d(input: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('FFT2D', [input], {}, nameOf(rest));
}
/** The inverse of `fft2d`. `tf.signal.ifft2d(tf.signal.fft2d(z))   // z` */
export function ifft2d(input: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('IFFT2D', [input], {}, nameOf(rest));
}
/** The Fourier transform over the last three axes, of complex64 or complex128. `tf.signal.fft3d(z)` */
export function fft3d(input: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('FFT3D', [input], {}, nameOf(rest));
}
/** The inverse of `fft3d`. `tf.signal.ifft3d(tf.signal.fft3d(z))   // z` */
export function ifft3d(input: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('IFFT3D', [input], {}, nameOf(rest));
}

/**
 * The Fourier transform of float32 or float64 over the last axis: the n/2 + 1 numbers that determine the rest.
 * `fftLength`, of one element, cuts the axis or pads it with zeros; it is the length of the axis if left out. Throws
 * `ValueError` for other element types. `tf.signal.rfft([1, 2, 3, 4])   // [10+0j, -2+2j, -2+0j]`
 */
export function rfft(inputTensor: TensorLike, ...rest: FftLengthRest): Tensor {
  return realTransform(1, inputTensor, rest);
}
/** The Fourier transform of real numbers over the last two axes, as `rfft`; `fftLength` has two elements. */
export function rfft2d(inputTensor: TensorLike, ...rest: FftLengthRest): Tensor {
  return realTransform(2, inputTensor, rest);
}
/** The Fourier transform of real numbers over the last three axes, as `rfft`; it has no gradient. */
export function rfft3d(inputTensor: TensorLike, ...rest: FftLengthRest): Tensor {
  return realTransform(3, inputTensor, rest);
}
/**
 * The inverse of `rfft`, of complex64 or complex128. `fftLength` is the length of the result, 2(m - 1) for m numbers if left
 * out: an odd length has to be given. Throws `ValueError` for other element types.
 * `tf.signal.irfft(tf.signal.rfft([1, 2, 3]), [3])   // [1, 2, 3]`
 */
export function irfft(inputTensor: TensorLike, ...rest: FftLengthRest): Tensor {
  return backTransform(1, inputTensor, rest);
}
/** The inverse of `rfft2d`; `fftLength` has two elements. */
export function irfft2d(inputTensor: TensorLike, ...rest: FftLengthRest): Tensor {
  return backTransform(2, inputTensor, rest);
}
/** The inverse of `rfft3d`; it has no gradient. */
export function irfft3d(inputTensor: TensorLike, ...rest: FftLengthRest): Tensor {
  return backTransform(3, inputTensor, rest);
}

function realTransform(rank: number, inputTensor: TensorLike, rest: FftLengthRest): Tensor {
  const { fftLength, name } = bind<FftLengthOptions>(['fftLength', 'name'], rest);
  return opScope(name, typeName('RFFT', rank).toLowerCase(), [inputTensor, fftLength], (scope) => {
    const input = convertToTensor(inputTensor, { preferredDtype: float32 });
    if (input.dtype !== float32 && input.dtype !== float64)
      throw new ValueError(`RFFT requires tf.float32 or tf.float64 inputs, got: ${input}`);
    const length = fftLength == null ? lengthOf(input, rank) : asLength(fftLength);
    const padded = paddedFor(input, rank, length, false);
    return emitOne(typeName('RFFT', rank), [padded, length], { Tcomplex: complexType(input.dtype) }, scope);
  });
}

function backTransform(rank: number, inputTensor: TensorLike, rest: FftLengthRest): Tensor {
  const { fftLength, name } = bind<FftLengthOptions>(['fftLength', 'name'], rest);
  return opScope(name, typeName('IRFFT', rank).toLowerCase(), [inputTensor, fftLength], (scope) => {
    const input = convertToTensor(inputTensor, { preferredDtype: complex64 });
    if (input.dtype !== complex64 && input.dtype !== complex128)
      throw new ValueError(`IRFFT requires tf.complex64 or tf.complex128 inputs, got: ${input}`);
    const length = fftLength == null ? backLengthOf(input, rank) : asLength(fftLength);
    const padded = paddedFor(input, rank, length, true);
    return emitOne(typeName('IRFFT', rank), [padded, length], { Treal: partType(input.dtype) }, scope);
  });
}

function asLength(value: TensorLike): Tensor {
  return convertToTensor(value, { dtype: int32 });
}

function ints(values: readonly number[]): Tensor {
  return constant(values, { dtype: int32, shape: [values.length] });
}

/** The last axes of the shape, where they are known. */
function lastDims(shape: Shape, rank: number): Shape {
  if (shape !== null && shape.length < rank) {
    throw new ValueError(`Shape ${formatDims(shape)} must have rank at least ${rank}`);
  }
  return shape === null ? null : shape.slice(shape.length - rank);
}

function formatDims(shape: readonly (number | null)[]): string {
  return `(${shape.map((d) => d ?? 'None').join(', ')}${shape.length === 1 ? ',' : ''})`;
}

function dynamicDims(x: Tensor, rank: number): Tensor {
  return stridedSliceOf(shapeOf(x), [{ start: -rank }]);
}

function lengthOf(input: Tensor, rank: number): Tensor {
  const dims = lastDims(input.shape, rank);
  return isFullyDefined(dims) ? ints(dims) : dynamicDims(input, rank);
}

function backLengthOf(input: Tensor, rank: number): Tensor {
  const dims = lastDims(input.shape, rank);
  if (isFullyDefined(dims)) return ints([...dims.slice(0, -1), Math.max(0, 2 * (dims[rank - 1] - 1))]);
  const all = dynamicDims(input, rank);
  const last = stridedSliceOf(all, [{ start: -1 }]);
  const doubled = emitOne('Mul', [2, emitOne('Sub', [last, 1], {}, 'sub')], {}, 'mul');
  return concat([stridedSliceOf(all, [{ stop: -1 }]), maximum(0, doubled)], 0);
}

/** The input, padded with zeros to what the transform reads of it; `isBack` where the last axis is a half. */
function paddedFor(input: Tensor, rank: number, length: Tensor, isBack: boolean): Tensor {
  const dims = lastDims(input.shape, rank);
  if (input.shape?.includes(0)) return input;
  const wanted = constantValue(length) === null ? null : constantShape(length);
  if (isFullyDefined(wanted) && isFullyDefined(dims)) {
    const needed = wanted.map((d, i) => (isBack && i === wanted.length - 1 ? Math.floor(d / 2) + 1 : d));
    const missing = dims.map((d, i) => Math.max((needed[i] ?? 0) - d, 0));
    if (missing.every((d) => d === 0)) return input;
    const outer = new Array<number>((input.shape as Shape & object).length - rank).fill(0);
    return pad(
      input,
      [...outer, ...missing].map((after) => [0, after]),
    );
  }
  const present = dynamicDims(input, rank);
  const outer = zeros(stack([maximum(0, emitOne('Sub', [rankOf(input), rank], {}, 'sub'))]), int32);
  const needed = isBack
    ? concat(
        [
          stridedSliceOf(length, [{ stop: -1 }]),
          emitOne('AddV2', [floordiv(stridedSliceOf(length, [{ start: -1 }]), 2), 1], {}, 'add'),
        ],
        0,
      )
    : length;
  const missing = maximum(0, emitOne('Sub', [needed, present], {}, 'sub'));
  const after = concat([outer, missing], 0);
  return pad(input, stack([zerosLike(after), after], 1));
}

/**
 * Moves the zero frequency to the middle of `axes`, all of them if left out.
 * `tf.signal.fftshift([0, 1, 2, -2, -1])   // [-2, -1, 0, 1, 2]`
 */
export function fftshift(x: TensorLike, ...rest: AxesRest): Tensor {
  return shifted('fftshift', x, rest, (length) => floordiv(length, 2));
}
/** The inverse of `fftshift`. `tf.signal.ifftshift([-2, -1, 0, 1, 2])   // [0, 1, 2, -2, -1]` */
export function ifftshift(x: TensorLike, ...rest: AxesRest): Tensor {
  return shifted('ifftshift', x, rest, (length) => emitOne('Neg', [floordiv(length, 2)]));
}

function shifted(what: string, x: TensorLike, rest: AxesRest, by: (length: Tensor) => Tensor): Tensor {
  const { axes, name } = bind<AxesOptions>(['axes', 'name'], rest);
  return opScope(name, what, [x], (scope) => {
    const value = convertToTensor(x);
    const dims = shapeOf(value);
    if (typeof axes === 'number') return roll(value, by(stridedSliceOf(dims, [axes])), axes, { name: scope });
    const all = axes ?? value.shape?.map((_, i) => i);
    if (!all) throw new ValueError(`${what} of a tensor of unknown rank needs axes.`);
    const rank = value.shape?.length ?? 0;
    const normalized = ints(all.map((axis) => (axis < 0 ? axis + rank : axis)));
    return roll(value, by(axes == null ? dims : gather(dims, normalized)), normalized, { name: scope });
  });
}
