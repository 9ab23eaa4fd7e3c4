/**
 * Functions that are defined by integrals, to the accuracy of float64: those of Dawson, Fresnel and Spence, and the
 * exponential integral. Where they are infinite or not defined they give what TensorFlow gives.
 */

const EULER = 0.5772156649015329;

/** exp(-x²) ∫ exp(t²) dt from 0 to x, by the sum of Rybicki: exact to rounding at this step. */
export function dawsn(x: number): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) return 0;
  const step = 0.2;
  if (Math.abs(x) < step) {
    let term = x;
    let sum = x;
    for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(sum); k++) {
      term *= (-2 * x * x) / (2 * k + 1);
      sum += term;
    }
    return sum;
  }
  // The odd multiples of the step on both sides of the even one nearest to x.
  const even = 2 * Math.round(x / (2 * step));
  let sum = 0;
  for (let n = -41; n <= 41; n += 2) {
    const distance = x - (even + n) * step;
    sum += Math.exp(-distance * distance) / (even + n);
  }
  return sum / Math.sqrt(Math.PI);
}

/** Ei(x), for x > 0. */
export function expint(x: number): number {
  if (x === 0) return -Infinity;
  if (!(x > 0) || x === Infinity) return Number.NaN;
  let sum = 0;
  let term = 1;
  if (x < 40) {
    for (let k = 1; k < 200; k++) {
      term *= x / k;
      sum += term / k;
      if (k > x && term / k < sum * 1e-18) break;
    }
    return EULER + Math.log(x) + sum;
  }
  for (let k = 1; k <= x && term > 1e-18; k++) {
    sum += term;
    term *= k / x;
  }
  return (Math.exp(x) / x) * sum;
}

/** ∫ cos(πt²/2) dt and ∫ sin(πt²/2) dt from 0 to x. */
export function fresnel(x: number): readonly [cosine: number, sine: number] {
  const size = Math.abs(x);
  const sign = x < 0 ? -1 : 1;
  if (Number.isNaN(x)) return [x, x];
  if (size === Infinity) return [sign / 2, sign / 2];
  const square = (Math.PI / 2) * size * size;
  if (size < 1.8) {
    let term = size;
    const sums = [0, 0];
    for (let k = 0; k < 60; k++) {
      sums[k % 2] += ((k % 4 < 2 ? 1 : -1) * term) / (2 * k + 1);
      term *= square / (k + 1);
    }
    return [sign * sums[0], sign * sums[1]];
  }
  // (1 + i)/2 · (1 - erfc(z)), z = √π/2 (1 - i) x: the continued fraction of erfc, by the method of Lentz.
  const pixx = Math.PI * size * size;
  let [bRe, bIm] = [1, -pixx];
  let [cRe, cIm] = [1e300, 0];
  let [dRe, dIm] = inverse(bRe, bIm);
  let [hRe, hIm] = [dRe, dIm];
  for (let n = -1, k = 2; k < 500; k++) {
    n += 2;
    const a = -n * (n + 1);
    bRe += 4;
    [dRe, dIm] = inverse(a * dRe + bRe, a * dIm + bIm);
    const [uRe, uIm] = inverse(cRe, cIm);
    [cRe, cIm] = [bRe + a * uRe, bIm + a * uIm];
    const [eRe, eIm] = [cRe * dRe - cIm * dIm, cRe * dIm + cIm * dRe];
    [hRe, hIm] = [hRe * eRe - hIm * eIm, hRe * eIm + hIm * eRe];
    if (Math.abs(eRe - 1) + Math.abs(eIm) < 1e-16) break;
  }
  // The angle of x² only counts modulo 4.
  const angle = (Math.PI / 2) * ((size * size) % 4);
  [hRe, hIm] = [hRe * size + hIm * size, hIm * size - hRe * size];
  const [re, im] = [Math.cos(angle) * hRe - Math.sin(angle) * hIm, Math.cos(angle) * hIm + Math.sin(angle) * hRe];
  return [(sign * (1 - re + im)) / 2, (sign * (1 - re - im)) / 2];
}

function inverse(re: number, im: number): readonly [number, number] {
  const size = Math.hypot(re, im);
  return [re / size / size, -im / size / size];
}

/** The dilogarithm of 1 - x, for x ≥ 0. */
export function spence(x: number): number {
  if (!(x >= 0) || x === Infinity) return Number.NaN;
  if (x === 0) return (Math.PI * Math.PI) / 6;
  if (x > 1.5) return -spence(1 / x) - Math.log(x) ** 2 / 2;
  if (x < 0.5) return (Math.PI * Math.PI) / 6 - Math.log(x) * Math.log1p(-x) - spence(1 - x);
  const y = 1 - x;
  let power = 1;
  let sum = 0;
  for (let k = 1; k < 80; k++) {
    power *= y;
    sum += power / (k * k);
    if (Math.abs(power) < 1e-18) break;
  }
  return sum;
}
