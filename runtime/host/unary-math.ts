/**
 * Host kernels of one-operand mathematics and of the gradients that have ops of their own.
 */
import { bool } from '../../src/util/dtype.ts';
import * as complex from './complex.ts';
import { binaryKernel, mapUnary, unaryKernel } from './elementwise.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';
import { erf, erfc } from './special.ts';

/** Rounds to the nearest integer, ties to even. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  // −0.3 becomes −0.
  if (rest > 0.5 || floor % 2 !== 0) return floor === -1 ? -0 : floor + 1;
  return floor;
}

/** Stable on both sides: exp is only taken of negative numbers. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

const predicate =
  (fn: (x: number) => boolean): HostKernel =>
  ([x]) => [mapUnary(x, bool, (value: number) => (fn(value) ? 1 : 0))];

const reciprocal = unaryKernel({
  number: (x) => 1 / x,
  int: (x) => Math.trunc(1 / x),
  bigint: (x) => (x === 0n ? 0n : 1n / x),
  complex: complex.reciprocal,
});
/** -dy · y². */
const reciprocalGrad = binaryKernel({
  number: (y, dy) => (dy === 0 ? 0 : -dy * y * y),
  complex: (y, dy) => complex.neg(complex.mul(dy, complex.conj(complex.square(y)))),
});
const same = <T>(x: T): T => x;

defineHostKernels({
  Neg: unaryKernel({ number: (x) => -x, bigint: (x) => -x, complex: complex.neg }),
  Abs: unaryKernel({ number: Math.abs, bigint: (x) => (x < 0n ? -x : x) }),
  Sign: unaryKernel({
    number: (x) => (x === 0 ? 0 : Math.sign(x)),
    bigint: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
    complex: complex.sign,
  }),
  Square: unaryKernel({
    number: (x) => x * x,
    int: (x) => Math.imul(x, x),
    bigint: (x) => x * x,
    complex: complex.square,
  }),
  Sqrt: unaryKernel({ number: Math.sqrt, complex: complex.sqrt }),
  Rsqrt: unaryKernel({ number: (x) => 1 / Math.sqrt(x), complex: complex.rsqrt }),
  Exp: unaryKernel({ number: Math.exp, complex: complex.exp }),
  Expm1: unaryKernel({ number: Math.expm1, complex: complex.expm1 }),
  Log: unaryKernel({ number: Math.log, complex: complex.log }),
  Log1p: unaryKernel({ number: Math.log1p, complex: complex.log1p }),
  Reciprocal: reciprocal,
  Inv: reciprocal,
  Sin: unaryKernel({ number: Math.sin, complex: complex.sin }),
  Cos: unaryKernel({ number: Math.cos, complex: complex.cos }),
  Tan: unaryKernel({ number: Math.tan, complex: complex.tan }),
  Asin: unaryKernel({ number: Math.asin, complex: complex.asin }),
  Acos: unaryKernel({ number: Math.acos, complex: complex.acos }),
  Atan: unaryKernel({ number: Math.atan, complex: complex.atan }),
  Sinh: unaryKernel({ number: Math.sinh, complex: complex.sinh }),
  Cosh: unaryKernel({ number: Math.cosh, complex: complex.cosh }),
  Tanh: unaryKernel({ number: Math.tanh, complex: complex.tanh }),
  Asinh: unaryKernel({ number: Math.asinh, complex: complex.asinh }),
  Acosh: unaryKernel({ number: Math.acosh, complex: complex.acosh }),
  Atanh: unaryKernel({ number: Math.atanh, complex: complex.atanh }),
  Sigmoid: unaryKernel({ number: sigmoid, complex: complex.sigmoid }),
  Erf: unaryKernel({ number: erf }),
  Erfc: unaryKernel({ number: erfc }),
  Round: unaryKernel({
    number: roundHalfEven,
    int: same,
    bigint: same,
    complex: ([re, im]) => [roundHalfEven(re), roundHalfEven(im)],
  }),
  Rint: unaryKernel({ number: roundHalfEven }),
  Floor: unaryKernel({ number: Math.floor }),
  Ceil: unaryKernel({ number: Math.ceil }),
  IsNan: predicate(Number.isNaN),
  IsInf: predicate((x) => Math.abs(x) === Infinity),
  IsFinite: predicate(Number.isFinite),

  SqrtGrad: binaryKernel({
    number: (y, dy) => (dy === 0 ? 0 : (dy * 0.5) / y),
    complex: (y, dy) => complex.div(complex.scale(dy, 0.5), complex.conj(y)),
  }),
  RsqrtGrad: binaryKernel({
    number: (y, dy) => (dy === 0 ? 0 : dy * -0.5 * y * y * y),
    complex: (y, dy) => {
      const conjugate = complex.conj(y);
      return complex.mul(complex.scale(dy, -0.5), complex.mul(complex.square(conjugate), conjugate));
    },
  }),
  ReciprocalGrad: reciprocalGrad,
  InvGrad: reciprocalGrad,
  TanhGrad: binaryKernel({
    number: (y, dy) => dy * (1 - y * y),
    complex: (y, dy) => complex.mul(dy, complex.conj(complex.sub([1, 0], complex.square(y)))),
  }),
  SigmoidGrad: binaryKernel({
    number: (y, dy) => dy * y * (1 - y),
    complex: (y, dy) => complex.mul(dy, complex.conj(complex.mul(y, complex.sub([1, 0], y)))),
  }),
});
