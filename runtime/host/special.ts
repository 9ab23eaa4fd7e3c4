/**
 * Special functions to the accuracy of float64: the error function and its complement.
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
