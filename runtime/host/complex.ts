/**
 * Complex arithmetic and the elementary functions on pairs of numbers, by their principal branches.
 * Loops over arrays are in `elementwise.ts`.
 */

/** Real and imaginary part. */
export type Complex = readonly [number, number];

const ONE: Complex = [1, 0];

export const add = (x: Complex, y: Complex): Complex => [x[0] + y[0], x[1] + y[1]];
export const sub = (x: Complex, y: Complex): Complex => [x[0] - y[0], x[1] - y[1]];
export const mul = (x: Complex, y: Complex): Complex => [x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]];
export const neg = (x: Complex): Complex => [-x[0], -x[1]];
export const scale = (x: Complex, factor: number): Complex => [x[0] * factor, x[1] * factor];
export const isZero = (x: Complex): boolean => x[0] === 0 && x[1] === 0;
export const equal = (x: Complex, y: Complex): boolean => x[0] === y[0] && x[1] === y[1];
export const conj = (x: Complex): Complex => [x[0], -x[1]];
export const abs = (x: Complex): number => Math.hypot(x[0], x[1]);
export const square = (x: Complex): Complex => mul(x, x);

/** Scaled by the larger part of the divisor, so that nothing overflows on the way. */
export function div(x: Complex, y: Complex): Complex {
  const [c, d] = y;
  if (Math.abs(c) >= Math.abs(d)) {
    const ratio = c === 0 ? 0 : d / c;
    const size = c + d * ratio;
    return [(x[0] + x[1] * ratio) / size, (x[1] - x[0] * ratio) / size];
  }
  const ratio = c / d;
  const size = c * ratio + d;
  return [(x[0] * ratio + x[1]) / size, (x[1] * ratio - x[0]) / size];
}

export const reciprocal = (x: Complex): Complex => div(ONE, x);
export const exp = (x: Complex): Complex => scale([Math.cos(x[1]), Math.sin(x[1])], Math.exp(x[0]));
export const log = (x: Complex): Complex => [Math.log(abs(x)), Math.atan2(x[1], x[0])];
export const log1p = (x: Complex): Complex => log(add(ONE, x));
export const expm1 = (x: Complex): Complex => sub(exp(x), ONE);

export function sqrt(x: Complex): Complex {
  if (isZero(x)) return [0, x[1]];
  const root = Math.sqrt((Math.abs(x[0]) + abs(x)) / 2);
  const other = x[1] / (2 * root);
  if (x[0] >= 0) return [root, other];
  return x[1] < 0 ? [-other, -root] : [other, root];
}

export const rsqrt = (x: Complex): Complex => reciprocal(sqrt(x));
export const sinh = (x: Complex): Complex => [Math.sinh(x[0]) * Math.cos(x[1]), Math.cosh(x[0]) * Math.sin(x[1])];
export const cosh = (x: Complex): Complex => [Math.cosh(x[0]) * Math.cos(x[1]), Math.sinh(x[0]) * Math.sin(x[1])];

export function tanh(x: Complex): Complex {
  // Beyond this the real part is ±1 to the last digit, and cosh would overflow.
  if (Math.abs(x[0]) > 20)
    return [Math.sign(x[0]), 4 * Math.sin(x[1]) * Math.cos(x[1]) * Math.exp(-2 * Math.abs(x[0]))];
  return div(sinh(x), cosh(x));
}

const timesI = (x: Complex): Complex => [-x[1], x[0]];
const overI = (x: Complex): Complex => [x[1], -x[0]];

export const sin = (x: Complex): Complex => overI(sinh(timesI(x)));
export const cos = (x: Complex): Complex => cosh(timesI(x));
export const tan = (x: Complex): Complex => overI(tanh(timesI(x)));
export const asinh = (x: Complex): Complex => log(add(x, sqrt(add(square(x), ONE))));
export const acosh = (x: Complex): Complex => log(add(x, mul(sqrt(add(x, ONE)), sqrt(sub(x, ONE)))));
export const atanh = (x: Complex): Complex => scale(sub(log(add(ONE, x)), log(sub(ONE, x))), 0.5);
export const asin = (x: Complex): Complex => overI(asinh(timesI(x)));
export const acos = (x: Complex): Complex => sub([Math.PI / 2, 0], asin(x));
export const atan = (x: Complex): Complex => overI(atanh(timesI(x)));
export const sigmoid = (x: Complex): Complex => reciprocal(add(ONE, exp(neg(x))));

/** x / |x|; 0 for 0. */
export function sign(x: Complex): Complex {
  const size = abs(x);
  return size === 0 ? [0, 0] : [x[0] / size, x[1] / size];
}

export function pow(x: Complex, y: Complex): Complex {
  if (isZero(y)) return ONE;
  if (isZero(x)) return [0, 0];
  return exp(mul(y, log(x)));
}
