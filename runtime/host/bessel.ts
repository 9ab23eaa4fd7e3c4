/**
 * Bessel functions of the orders 0 and 1 to the accuracy of float64. Where they are infinite or not defined they give what
 * TensorFlow gives.
 */

const EULER = 0.5772156649015329;
/** From here on the asymptotic series are exact to rounding. */
const FAR = 30;

type Order = 0 | 1;

/** e^-|x| Iₙ(x). */
export function besselIe(order: Order, x: number): number {
  const size = Math.abs(x);
  const sign = order === 1 && x < 0 ? -1 : 1;
  if (size === Infinity) return 0 * sign;
  if (size <= FAR) {
    const quarter = (size * size) / 4;
    let term = order === 0 ? 1 : size / 2;
    let sum = term;
    for (let k = 1; term > sum * 1e-17; k++) {
      term *= quarter / (k * (k + order));
      sum += term;
    }
    return sign * sum * Math.exp(-size);
  }
  let term = 1;
  let sum = 1;
  for (let k = 1; k < 40; k++) {
    term *= -(4 * order * order - (2 * k - 1) ** 2) / (8 * k * size);
    sum += term;
    if (Math.abs(term) < 1e-17) break;
  }
  return (sign * sum) / Math.sqrt(2 * Math.PI * size);
}

export function besselI(order: Order, x: number): number {
  return besselIe(order, x) * Math.exp(Math.abs(x));
}

/**
 * eˣ Kₙ(x) = ∫ exp(-2x sinh²(t/2)) cosh(nt) dt over t > 0: the trapezoidal rule is exact to rounding, with a step that
 * follows the width of the integrand.
 */
export function besselKe(order: Order, x: number): number {
  if (Number.isNaN(x)) return x;
  if (x <= 0) return Infinity;
  if (x === Infinity) return 0;
  const step = Math.min(0.2, 0.7 / Math.sqrt(x));
  let sum = 0.5;
  for (let k = 1; ; k++) {
    const t = k * step;
    const half = Math.sinh(t / 2);
    const exponent = -2 * x * half * half;
    // cosh would overflow for the smallest arguments before the product falls.
    const value = order === 0 ? Math.exp(exponent) : (Math.exp(exponent + t) + Math.exp(exponent - t)) / 2;
    sum += value;
    if (exponent < -1 && value < sum * 1e-18) break;
  }
  return sum * step;
}

export function besselK(order: Order, x: number): number {
  return x > 0 ? besselKe(order, x) * Math.exp(-x) : besselKe(order, x);
}

/** J₀, J₁, J₂, … of 0 < x < FAR, by Miller's recurrence downward. */
function manyJ(x: number): number[] {
  const start = 2 * Math.ceil((x + 40) / 2);
  const j = new Array<number>(start + 2).fill(0);
  j[start] = 1e-300;
  let sum = 0;
  for (let n = start; n >= 1; n--) {
    j[n - 1] = ((2 * n) / x) * j[n] - j[n + 1];
    if (Math.abs(j[n - 1]) > 1e200) {
      for (let k = n - 1; k < j.length; k++) j[k] *= 1e-200;
      sum *= 1e-200;
    }
    if (n % 2 === 1 && n > 1) sum += 2 * j[n - 1];
  }
  sum += j[0];
  return j.map((v) => v / sum);
}

/** √(2/πx) (P, Q) of Hankel's expansion: the amplitudes of the cosine and of the sine. */
function hankel(order: Order, x: number): readonly [number, number] {
  const mu = 4 * order * order;
  let [p, q] = [1, 0];
  let term = 1;
  for (let k = 1; k < 60; k++) {
    term *= (mu - (2 * k - 1) ** 2) / (8 * k * x);
    const sign = k % 4 < 2 ? 1 : -1;
    if (k % 2 === 1) q += sign * term;
    else p += sign * term;
    if (Math.abs(term) < 1e-18) break;
  }
  const scale = Math.sqrt(2 / (Math.PI * x));
  return [p * scale, q * scale];
}

/** cos and sin of x - (2n + 1)π/4, from those of x. */
function phase(order: Order, x: number): readonly [number, number] {
  const [c, s] = [Math.cos(x) * Math.SQRT1_2, Math.sin(x) * Math.SQRT1_2];
  return order === 0 ? [c + s, s - c] : [s - c, -s - c];
}

export function besselJ(order: Order, x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const size = Math.abs(x);
  const sign = order === 1 && x < 0 ? -1 : 1;
  if (size < 1e-8) return order === 0 ? 1 : x / 2;
  if (size < FAR) return sign * manyJ(size)[order];
  const [p, q] = hankel(order, size);
  const [c, s] = phase(order, size);
  return sign * (p * c - q * s);
}

export function besselY(order: Order, x: number): number {
  if (x <= 0) return -Infinity;
  if (!Number.isFinite(x)) return Number.NaN;
  if (x >= FAR) {
    const [p, q] = hankel(order, x);
    const [c, s] = phase(order, x);
    return p * s + q * c;
  }
  const logarithm = Math.log(x / 2) + EULER;
  if (x < 1e-8) return order === 0 ? (2 / Math.PI) * logarithm : -2 / (Math.PI * x);
  // The series of Neumann.
  const j = manyJ(x);
  let sum = 0;
  if (order === 0) {
    for (let k = 1; 2 * k < j.length; k++) sum += ((k % 2 === 0 ? 1 : -1) * j[2 * k]) / k;
    return (2 / Math.PI) * (logarithm * j[0] - 2 * sum);
  }
  // -dY₀/dx, with 2J′ₙ = Jₙ₋₁ - Jₙ₊₁.
  for (let k = 1; 2 * k + 1 < j.length; k++) sum += ((k % 2 === 0 ? 1 : -1) * (j[2 * k - 1] - j[2 * k + 1])) / k;
  return (2 / Math.PI) * (logarithm * j[1] - j[0] / x + sum);
}
