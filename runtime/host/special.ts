/**
 * The error function, its complement and their inverses, to the accuracy of float64. Other special functions are in
 * `gamma.ts`, `incomplete-gamma.ts` and `bessel.ts`.
 */

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

/** The series of all-positive terms: exact to rounding, and quick for small arguments. */
function erfSeries(x: number): number {
  const square = 2 * x * x;
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= square / (2 * n + 1);
    sum += term;
  }
  return TWO_OVER_ROOT_PI * Math.exp(-x * x) * sum;
}

/** The continued fraction of the complement for x ≥ 2, evaluated from its tail. */
function erfcFraction(x: number): number {
  let tail = 0;
  for (let n = 80; n >= 1; n--) tail = n / 2 / (x + tail);
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + tail));
}

export function erf(x: number): number {
  if (Number.isNaN(x) || x === 0) return x;
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  return size < 2 ? erfSeries(x) : Math.sign(x) * (1 - erfcFraction(size));
}

export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 28) return 0;
  if (x >= 2) return erfcFraction(x);
  return 1 - erf(x);
}

/** x with erf(x) = y where `near`, else with erfc(x) = 1 - y = c: a guess, then steps of Halley's method. */
function invert(y: number, c: number, near: boolean): number {
  const shape = 2 / (Math.PI * 0.147);
  const logarithm = Math.log(c * (2 - c));
  const middle = shape + logarithm / 2;
  let x = near ? y / TWO_OVER_ROOT_PI : Math.sqrt(Math.sqrt(middle * middle - logarithm / 0.147) - middle);
  for (let i = 0; i < 4; i++) {
    const slope = TWO_OVER_ROOT_PI * Math.exp(-x * x);
    const step = (near ? erf(x) - y : c - erfc(x)) / slope;
    if (!Number.isFinite(step)) break;
    x -= step / (1 + x * step);
  }
  return x;
}

/** The inverse of the error function; NaN outside [-1, 1]. */
export function erfinv(y: number): number {
  const size = Math.abs(y);
  if (y === 0) return 0;
  if (!(size < 1)) return size === 1 ? y * Infinity : Number.NaN;
  return Math.sign(y) * invert(size, 1 - size, size < 0.5);
}

/** The quantile of the standard normal distribution; NaN outside [0, 1]. */
export function ndtri(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  if (p > 0.25 && p < 0.75) return Math.SQRT2 * erfinv(2 * p - 1);
  const tail = 2 * Math.min(p, 1 - p);
  return (p < 0.5 ? -1 : 1) * Math.SQRT2 * invert(1 - tail, tail, false);
}
