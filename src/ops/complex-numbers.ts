/**
 * Complex numbers: their making, their parts, modulus and angle. Arithmetic on them is the business of the families that
 * take every element type. Kernels are the host's.
 */
import type { Tensor } from '../graph/graph.ts';
import { complex64, complex128, type DType, float32, float64 } from '../util/dtype.ts';
import { TypeError } from '../util/errors.ts';
import { multiply } from './arithmetic.ts';
import { less } from './comparison.ts';
import { constant } from './constants.ts';
import { fromOperands, type NameRest, nameOf } from './elementwise.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { onesLike, zerosLike } from './filling.ts';
import { defineOp, type GradFn, sample } from './opdef/define.ts';
import { broadcast, unchanged } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { where } from './selection.ts';
import type { TensorLike } from './tensor-like.ts';

/** The element type of the parts of a complex number. */
export function partType(dtype: DType): DType {
  if (dtype === complex64) return float32;
  return dtype === complex128 ? float64 : dtype;
}

/** The complex element type whose parts have this type. */
export function complexType(dtype: DType): DType {
  return dtype === float64 ? complex128 : complex64;
}

/** `Complex`, `Real` and `Imag` with the element type that goes with the operand's. */
export function join<V>(real: V, imag: V, $: Vocabulary<V>): V {
  return $.op('Complex', [real, imag], { Tout: complexType($.dtypeOf(real)) });
}
export function part<V>(type: 'Real' | 'Imag', x: V, $: Vocabulary<V>): V {
  return $.dtypeOf(x).isComplex ? $.op(type, [x], { Tout: partType($.dtypeOf(x)) }) : x;
}

const Z = sample(complex64, [3], [3, 4, -1, 0, 0, -2]);

defineOp({
  name: 'Complex',
  doc: 'Complex numbers of real and imaginary parts.',
  inputs: ['real: T', 'imag: T'],
  outputs: ['out: Tout'],
  attrs: ['T: {float32, float64} = float32', 'Tout: {complex64, complex128} = complex64'],
  infer: broadcast,
  grad: fromOperands((_op, dy, $) => [part('Real', dy, $), part('Imag', dy, $)], true),
  samples: [
    {
      inputs: [sample(float32, [3], [3, -1, 0]), sample(float32, [3], [4, 0, -2])],
      outputs: [Z],
      attrs: { Tout: complex64 },
    },
  ],
});

const toParts: readonly [name: string, doc: string, arg: string, grad: GradFn, y: readonly number[]][] = [
  ['Real', 'The real parts.', 'input: T', (_op, [dy], $) => [join(dy, $.scalarLike(0, dy), $)], [3, -1, 0]],
  ['Imag', 'The imaginary parts.', 'input: T', (_op, [dy], $) => [join($.scalarLike(0, dy), dy, $)], [4, 0, -2]],
  [
    'Angle',
    'The angles of complex numbers.',
    'input: T',
    (op, [dy], $) => [
      $.after([dy], () => {
        const [x] = op.inputs;
        const real = part('Real', x, $);
        const z = $.reciprocal(join(part('Imag', x, $), real, $));
        return $.mul($.neg(join(dy, $.scalarLike(0, dy), $)), z);
      }),
    ],
    [0.927295218, Math.PI, -1.57079633],
  ],
  [
    'ComplexAbs',
    'The absolute values of complex numbers.',
    'x: T',
    (op, [dy], $) => {
      const scaled = $.mul(join(dy, $.zerosLike(dy), $), op.inputs[0]);
      const [y] = op.outputs;
      return [$.op('DivNoNan', [scaled, join(y, $.zerosLike(y), $)], {}, 'div_no_nan')];
    },
    [5, 1, 2],
  ],
];

for (const [name, doc, arg, grad, y] of toParts) {
  defineOp({
    name,
    doc,
    inputs: [arg],
    outputs: [name === 'ComplexAbs' ? 'y: Tout' : 'output: Tout'],
    attrs: ['T: {complex64, complex128} = complex64', 'Tout: {float32, float64} = float32'],
    infer: unchanged,
    grad,
    samples: [{ inputs: [Z], outputs: [sample(float32, [3], y)], attrs: { Tout: float32 } }],
  });
}

defineOp({
  name: 'Conj',
  doc: 'The complex conjugates.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: ['T: {complex64, complex128, variant} = complex64'],
  infer: unchanged,
  grad: (_op, [dy], $) => [$.dtypeOf(dy).isComplex ? $.op('Conj', [dy]) : dy],
  samples: [{ inputs: [Z], outputs: [sample(complex64, [3], [3, -4, -1, 0, 0, 2])] }],
});

// Public functions.

/**
 * Complex numbers of real and imaginary parts, which are broadcast against each other: complex64 of float32, complex128 of
 * float64. Throws `TypeError` for other types. `tf.complex([1, 2], [3, 4])   // [1+3j, 2+4j]`
 */
export function complex(real: TensorLike, imag: TensorLike, ...rest: NameRest): Tensor {
  const [re, im] = [convertToTensor(real, { name: 'real' }), convertToTensor(imag, { name: 'imag' })];
  return opScope(nameOf(rest), 'Complex', [re, im], (scope) => {
    if (re.dtype !== im.dtype || (re.dtype !== float32 && re.dtype !== float64)) {
      throw new TypeError(
        `The \`real\` and \`imag\` components have incorrect types: ${re.dtype.name} ${im.dtype.name}. ` +
          'They must be consistent, and one of [tf.float32, tf.float64]',
      );
    }
    return emitOne('Complex', [re, im], { Tout: complexType(re.dtype) }, scope);
  });
}

/** The real parts, of the type of the parts; real numbers come back as they are. `tf.real(tf.complex([1], [2]))   // [1]` */
export function real(input: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'Real', [input], (scope) => {
    const value = convertToTensor(input, { name: 'input' });
    if (value.dtype.isComplex) return emitOne('Real', [value], { Tout: partType(value.dtype) }, scope);
    if (value.dtype.isFloating || value.dtype.isInteger) return value;
    throw new TypeError(`input must be a numeric tensor, but got tensor with dtype ${value.dtype}`);
  });
}

/** The imaginary parts, of the type of the parts; zeros for real numbers. `tf.imag(tf.complex([1], [2]))   // [2]` */
export function imag(input: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'Imag', [input], (scope) => {
    const value = convertToTensor(input, { name: 'input' });
    if (value.dtype.isComplex) return emitOne('Imag', [value], { Tout: partType(value.dtype) }, scope);
    return zerosLike(value);
  });
}

/**
 * The angles, in (-π, π]; of real numbers π where they are negative, else 0.
 * `tf.angle(tf.complex([0], [2]))   // [1.5707964]`
 */
export function angle(input: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'Angle', [input], (scope) => {
    const value = convertToTensor(input, { name: 'input' });
    if (value.dtype.isComplex) return emitOne('Angle', [value], { Tout: partType(value.dtype) }, scope);
    const isNegative = less(value, constant(0, { dtype: value.dtype, name: 'Less/y' }), { name: 'Less' });
    const half = multiply(constant(Math.PI, { dtype: value.dtype, name: 'mul/x' }), onesLike(value), { name: 'mul' });
    return where(isNegative, half, zerosLike(value));
  });
}

/**
 * The complex conjugates; real numbers come back as they are. Throws `TypeError` for what is no number.
 * `tf.conj(tf.complex([1], [2]))   // [1-2j]`
 */
export function conj(x: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'Conj', [x], (scope) => {
    const value = convertToTensor(x, { name: 'x' });
    if (value.dtype.isComplex) return emitOne('Conj', [value], {}, scope);
    if (value.dtype.isFloating || value.dtype.isInteger) return value;
    throw new TypeError(`Expected numeric or variant tensor, got dtype ${value.dtype}`);
  });
}
