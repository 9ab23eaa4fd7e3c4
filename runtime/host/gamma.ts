/**
 * The logarithm of the gamma function, its derivatives, and the zeta function of Hurwitz, to the accuracy of float64. The
 * incomplete functions are in `incomplete-gamma.ts`.
 */

/** B₂ₖ of Bernoulli, k = 1, 2, … */
const BERNOULLI = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
];
const EULER = 0.5772156649015329;
const HALF_LOG_TWO_PI = Math.log(2 * Math.PI) / 2;
/** From here on the asymptotic series are exact to rounding. */
const FAR = 12;

/** π times the distance from the nearest integer: |sin(πx)| and tan(πx) are those of it, without loss of digits. */
function fromInteger(x: number): number {
  return Math.PI * (x - Math.round(x));
}

/** Σ B₂ₖ / (2k(2k-1)x²ᵏ⁻¹): what Stirling's formula lacks. */
export function stirlingRest(x: number): number {
  let sum = 0;
  for (let k = BERNOULLI.length; k >= 1; k--) sum = sum / (x * x) + BERNOULLI[k - 1] / (2 * k * (2 * k - 1));
  return sum / x;
}

/** ζ(k) - 1 for k = 2, 3, …: the coefficients of the series of log Γ around 2. */
const zetaRest: readonly number[] = Array.from({ length: 32 }, (_, i) => zeta(i + 2, 2));

/** log Γ(2 + z) for |z| ≤ 1/2. */
function aroundTwo(z: number): number {
  let sum = 0;
  for (let i = zetaRest.length - 1; i >= 0; i--) sum = -z * (sum + zetaRest[i] / (i + 2));
  // The sum is Σ (-z)ⁱ⁺¹ (ζ(i+2) - 1) / (i+2); one factor more is missing.
  return (1 - EULER) * z - z * sum;
}

/** log |Γ(x)|. */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) return Infinity;
  if (x <= 0 && Number.isInteger(x)) return Infinity;
  if (x < -0.5) return Math.log(Math.PI / Math.abs(Math.sin(fromInteger(x)))) - lgamma(1 - x);
  if (x < 0.5) return aroundTwo(x) - Math.log1p(x) - Math.log(Math.abs(x));
  if (x < 1.5) return aroundTwo(x - 1) - Math.log1p(x - 1);
  if (x >= FAR) return (x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI + stirlingRest(x);
  let product = 1;
  let rest = x;
  while (rest > 2.5) {
    rest -= 1;
    product *= rest;
  }
  return Math.log(product) + aroundTwo(rest - 2);
}

/** The derivative of log Γ; NaN at its poles. */
export function digamma(x: number): number {
  if (x === Infinity) return x;
  if (!Number.isFinite(x)) return Number.NaN;
  if (x <= 0) {
    if (Number.isInteger(x)) return Number.NaN;
    return digamma(1 - x) - Math.PI / Math.tan(fromInteger(x));
  }
  let shift = 0;
  let far = x;
  for (; far < FAR; far += 1) shift += 1 / far;
  let sum = 0;
  for (let k = BERNOULLI.length; k >= 1; k--) sum = (sum + BERNOULLI[k - 1] / (2 * k)) / (far * far);
  return Math.log(far) - 0.5 / far - sum - shift;
}

/** Σ 1 / (q + n)ˣ over n = 0, 1, …: the sum of Euler and Maclaurin. */
export function zeta(x: number, q: number): number {
  if (x === 1) return Infinity;
  if (Number.isNaN(x) || Number.isNaN(q) || x < 1) return Number.NaN;
  if (q <= 0) {
    // −∞ too: no number of steps up from there ends.
    if (Number.isInteger(q) || q === -Infinity) return x % 2 === 0 ? Infinity : Number.NaN;
    if (!Number.isInteger(x)) return Number.NaN;
  }
  if (x === Infinity || q === Infinity) return 0;
  let a = q;
  let sum = 0;
  for (let n = 0; n < 10 || a <= 10; n++) {
    const term = a ** -x;
    sum += term;
    a += 1;
    if (n >= 10 && term < sum * 1e-18) return sum;
  }
  let power = a ** -x;
  if (power === 0) return sum;
  sum += (power * a) / (x - 1) + power / 2;
  let factor = x;
  power /= a;
  for (let k = 1; k <= BERNOULLI.length; k++) {
    const term = (BERNOULLI[k - 1] * factor * power) / factorial(2 * k);
    sum += term;
    if (Math.abs(term) < Math.abs(sum) * 1e-18) break;
    factor *= (x + 2 * k - 1) * (x + 2 * k);
    power /= a * a;
  }
  return sum;
}

function factorial(n: number): number {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return product;
}

/** The n-th derivative of the digamma function. */
export function polygamma(n: number, x: number): number {
  if (!Number.isInteger(n) || n < 0) return Number.NaN;
  if (n === 0) return digamma(x);
  const size = n <= 20 ? factorial(n) : Math.exp(lgamma(n + 1));
  return (n % 2 === 0 ? -size : size) * zeta(n + 1, x);
}
