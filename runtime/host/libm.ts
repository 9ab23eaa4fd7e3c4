/**
 * Elementary functions in the rounding of the C library that TensorFlow's wheels call, where JavaScript's own differ in
 * the last place: seeded normals come out bit for bit. Only the arguments that `random.ts` needs are covered; whoever can
 * do with the last place wrong takes `Math`.
 */

/** The logarithm of a float32, rounded to float32. */
export function logFloat32(x: number): number {
  return Math.fround(Math.log(x));
}

// Minimax coefficients of the library's sincosf (Arm Optimized Routines, MIT), which evaluates in float64.
const COS_2 = -0.49999999725108224;
const COS_4 = 0.041666623324344516;
const COS_6 = -0.001388676379437604;
const COS_8 = 0.000024390450703564542;
const SIN_3 = -0.16666654943701084;
const SIN_5 = 0.008332178146138854;
const SIN_7 = -0.00019517298981385725;
const HALF_PI = 1.5707963267948966;
const QUARTER_PI = 0.7853981633974483;
/** Below it a sine is its argument in float32. */
const TINY = 2 ** -12;

/** The sine and cosine, each rounded to float32, of a float32 in [0, 2π]. */
export function sinCosFloat32(x: number, out: Float64Array): void {
  if (x < TINY) {
    out[0] = x;
    out[1] = 1;
    return;
  }
  const quadrant = x < QUARTER_PI ? 0 : Math.round(x / HALF_PI);
  const y = x - quadrant * HALF_PI;
  const square = y * y;
  const cube = y * square;
  const fourth = square * square;
  const sine = y + cube * SIN_3 + cube * square * (SIN_5 + square * SIN_7);
  const cosine = 1 + square * COS_2 + fourth * COS_4 + fourth * square * (COS_6 + square * COS_8);
  const swap = (quadrant & 1) === 1;
  const s = swap ? cosine : sine;
  const c = swap ? sine : cosine;
  out[0] = Math.fround(quadrant === 2 || quadrant === 3 ? -s : s);
  out[1] = Math.fround(quadrant === 1 || quadrant === 2 ? -c : c);
}

const LN2_HIGH = Math.LN2;
const LN2_LOW = 2.3190468138462996e-17;
const SPLIT = 134217729;

/** The low half of the product whose float64 rounding is `product`. */
function productError(a: number, b: number, product: number): number {
  const ta = SPLIT * a;
  const ah = ta - (ta - a);
  const al = a - ah;
  const tb = SPLIT * b;
  const bh = tb - (tb - b);
  const bl = b - bh;
  return ah * bh - product + ah * bl + al * bh + al * bl;
}

/**
 * The logarithm of a float64 in (0, 1], correctly rounded but for near ties: Math.log is off by one place too often.
 * log(m·2^e) = e·log 2 + 2·atanh(f), f = (m - 1) / (m + 1), the leading terms with their rounding errors.
 */
export function logFloat64(x: number): number {
  let exponent = Math.round(Math.log2(x));
  let m = x * 2 ** -exponent;
  if (m > Math.SQRT2) {
    m /= 2;
    exponent++;
  } else if (m < Math.SQRT1_2) {
    m *= 2;
    exponent--;
  }
  const top = m - 1;
  const bottom = m + 1;
  const bottomLow = m - (bottom - 1);
  const f = top / bottom;
  const back = f * bottom;
  const fLow = (top - back - productError(f, bottom, back) - f * bottomLow) / bottom;
  const square = f * f;
  const squareLow = productError(f, f, square) + 2 * f * fLow;
  // f³/3 keeps its error; the terms from f⁵/5 on are small enough without.
  const cube = square * f;
  const cubeLow = productError(square, f, cube) + squareLow * f + square * fLow;
  const third = cube / 3;
  const thirdBack = third * 3;
  const thirdLow = (cube - thirdBack - productError(third, 3, thirdBack) + cubeLow) / 3;
  let tail = 0;
  for (let k = 25; k >= 5; k -= 2) tail = tail * square + 1 / k;
  tail *= cube * square;
  const scaled = exponent * LN2_HIGH;
  const scaledLow = productError(exponent, LN2_HIGH, scaled) + exponent * LN2_LOW;
  const high = scaled + 2 * f;
  const bulk = high - scaled;
  const error = scaled - (high - bulk) + (2 * f - bulk);
  const next = high + 2 * third;
  const nextBulk = next - high;
  const nextError = high - (next - nextBulk) + (2 * third - nextBulk);
  return next + (nextError + error + 2 * tail + 2 * thirdLow + 2 * fLow + scaledLow);
}

/** The first 33 bits of π/2, whose small multiples are exact, and the rest. */
const HALF_PI_HIGH = 1.5707963267341256;
const HALF_PI_LOW = 6.077100506506192e-11;
/** The coefficients of the Taylor series from the fifth and the fourth power on. */
const SIN_TERMS = reciprocalFactorials(5);
const COS_TERMS = reciprocalFactorials(4);

/** Every other 1/n! from `first` on, with alternating signs. */
function reciprocalFactorials(first: number): number[] {
  const terms: number[] = [];
  let factorial = 1;
  for (let n = 1; n <= first + 16; n++) {
    factorial *= n;
    if (n >= first && (n - first) % 2 === 0) terms.push((n - first) % 4 === 0 ? 1 / factorial : -1 / factorial);
  }
  return terms;
}

/** The value at `x` of the polynomial with these coefficients, the constant one first. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i];
  return sum;
}

/** The sine and cosine of a float64 in [0, 2π], correctly rounded but for near ties. */
export function sinCosFloat64(x: number, out: Float64Array): void {
  const quadrant = Math.round(x / HALF_PI);
  const rest = x - quadrant * HALF_PI_HIGH;
  const correction = quadrant * HALF_PI_LOW;
  const y = rest - correction;
  const yLow = rest - y - correction;
  const square = y * y;
  const squareLow = productError(y, y, square);
  const cube = square * y;
  const sixth = cube / 6;
  const back = sixth * 6;
  const sixthLow = (cube - back - productError(sixth, 6, back) + productError(square, y, cube) + squareLow * y) / 6;
  const high = y - sixth;
  const sineTail = cube * square * polynomial(SIN_TERMS, square);
  const sine = high + (y - high - sixth + sineTail + yLow * (1 - square / 2) - sixthLow);
  const half = square / 2;
  const top = 1 - half;
  const cosineTail = square * square * polynomial(COS_TERMS, square);
  const cosine = top + (1 - top - half + cosineTail - squareLow / 2 - y * yLow);
  const swap = (quadrant & 1) === 1;
  const s = swap ? cosine : sine;
  const c = swap ? sine : cosine;
  out[0] = quadrant === 2 || quadrant === 3 ? -s : s;
  out[1] = quadrant === 1 || quadrant === 2 ? -c : c;
}
