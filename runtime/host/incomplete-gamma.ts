/**
 * The regularized incomplete gamma and beta functions and the slope of the first along its parameter, to the accuracy of
 * float64. Γ itself is in `gamma.ts`.
 */
import { digamma, lgamma, stirlingRest } from './gamma.ts';

const EPSILON = 2 ** -53;
const LIMIT = 20_000;

/** xᵃ e⁻ˣ / Γ(a + 1), without the loss of digits that the difference of large logarithms would bring. */
function power(a: number, x: number): number {
  if (a < 10) return Math.exp(a * Math.log(x) - x - lgamma(a + 1));
  const u = (x - a) / a;
  // log(1 + u) - u, by its series where the two would cancel.
  let difference = Math.log1p(u) - u;
  if (Math.abs(u) < 0.05) {
    difference = 0;
    for (let k = 16; k >= 2; k--) difference = u * (difference + (k % 2 === 0 ? -1 : 1) / k);
    difference *= u;
  }
  return Math.exp(a * difference - stirlingRest(a)) / Math.sqrt(2 * Math.PI * a);
}

/** Σ xⁿ / ((a+1)…(a+n)) and its derivative along a. */
function series(a: number, x: number): readonly [sum: number, slope: number] {
  let term = 1;
  let sum = 1;
  let harmonic = 0;
  let slope = 0;
  for (let n = 1; n < LIMIT; n++) {
    term *= x / (a + n);
    harmonic += 1 / (a + n);
    sum += term;
    slope -= term * harmonic;
    if (term <= sum * EPSILON && term * harmonic <= -slope * EPSILON) break;
  }
  return [sum, slope];
}

/** The continued fraction of the upper function over xᵃ e⁻ˣ / Γ(a), and its derivative along a. */
function fraction(a: number, x: number): readonly [value: number, slope: number] {
  let y = 1 - a;
  let z = x + y + 1;
  let [p2, q2, p1, q1] = [1, x, x + 1, z * x];
  let [dp2, dq2, dp1, dq1] = [0, 0, 0, -x];
  let value = p1 / q1;
  let slope = (dp1 - value * dq1) / q1;
  for (let c = 1; c < LIMIT; c++) {
    y += 1;
    z += 2;
    const yc = y * c;
    const p = p1 * z - p2 * yc;
    const q = q1 * z - q2 * yc;
    const dp = dp1 * z - p1 - dp2 * yc + p2 * c;
    const dq = dq1 * z - q1 - dq2 * yc + q2 * c;
    [p2, q2, p1, q1, dp2, dq2, dp1, dq1] = [p1, q1, p, q, dp1, dq1, dp, dq];
    if (q !== 0) {
      const next = p / q;
      const nextSlope = (dp - next * dq) / q;
      const settled = Math.abs(next - value) <= Math.abs(next) * EPSILON;
      const slopeSettled = Math.abs(nextSlope - slope) <= Math.abs(nextSlope) * EPSILON;
      [value, slope] = [next, nextSlope];
      if (settled && slopeSettled) break;
    }
    if (Math.abs(p) > 2 ** 52) {
      [p2, q2, p1, q1] = [p2, q2, p1, q1].map((v) => v * 2 ** -52) as [number, number, number, number];
      [dp2, dq2, dp1, dq1] = [dp2, dq2, dp1, dq1].map((v) => v * 2 ** -52) as [number, number, number, number];
    }
  }
  return [value, slope];
}

const isUpper = (a: number, x: number): boolean => x > 1 && x > a;

/** P(a, x), the lower function. */
export function igamma(a: number, x: number): number {
  if (x === 0) return 0;
  if (!(x > 0) || !(a > 0)) return Number.NaN;
  if (a === Infinity) return 0;
  if (x === Infinity) return 1;
  return isUpper(a, x) ? 1 - upper(a, x) : power(a, x) * series(a, x)[0];
}

/** Q(a, x) = 1 - P(a, x). */
export function igammac(a: number, x: number): number {
  if (!(x >= 0) || !(a > 0)) return Number.NaN;
  if (x === Infinity) return 0;
  if (x === 0 || a === Infinity) return 1;
  return isUpper(a, x) ? upper(a, x) : 1 - power(a, x) * series(a, x)[0];
}

function upper(a: number, x: number): number {
  return power(a, x) * a * fraction(a, x)[0];
}

/** dP(a, x) / da. */
export function igammaGradA(a: number, x: number): number {
  if (x === 0) return 0;
  if (!(x > 0) || !(a > 0)) return Number.NaN;
  if (a === Infinity || x === Infinity) return 0;
  const factor = power(a, x);
  if (factor === 0) return 0;
  if (isUpper(a, x)) {
    const [value, slope] = fraction(a, x);
    return -factor * a * (value * (Math.log(x) - digamma(a)) + slope);
  }
  const [sum, slope] = series(a, x);
  return factor * (sum * (Math.log(x) - digamma(a + 1)) + slope);
}

/** The continued fraction of the incomplete beta function, by the method of Lentz. */
function betaFraction(a: number, b: number, x: number): number {
  const nonZero = (v: number): number => (Math.abs(v) < 1e-300 ? 1e-300 : v);
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m < LIMIT; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) <= 2 * EPSILON) break;
  }
  return value;
}

/** log B(a, b); for large a and b without the difference of large logarithms. */
function logBeta(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  if (low < 10) {
    if (high < 10) return lgamma(low) + lgamma(high) - lgamma(low + high);
    // log Γ(high) - log Γ(high + low) by Stirling's formula.
    const rest = stirlingRest(high) - stirlingRest(high + low);
    return lgamma(low) - (high - 0.5) * Math.log1p(low / high) - low * Math.log(high + low) + low + rest;
  }
  const rest = stirlingRest(low) + stirlingRest(high) - stirlingRest(low + high);
  const ratio = low / high;
  const sum = (low - 0.5) * Math.log(ratio / (1 + ratio)) - high * Math.log1p(ratio) - 0.5 * Math.log(high);
  return sum + 0.5 * Math.log(2 * Math.PI) + rest;
}

/** I(x; a, b), the regularized incomplete beta function. */
export function betainc(a: number, b: number, x: number): number {
  if (!(a > 0) || !(b > 0) || a === Infinity || b === Infinity || !(x >= 0 && x <= 1)) return Number.NaN;
  if (x === 0 || x === 1) return x;
  const factor = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b));
  if (x < (a + 1) / (a + b + 2)) return (factor * betaFraction(a, b, x)) / a;
  return 1 - (factor * betaFraction(b, a, 1 - x)) / b;
}
