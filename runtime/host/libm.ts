/**
 * Elementary functions in the rounding of the C library that TensorFlow's wheels call, where JavaScript's own differ in
 * the last place: seeded normals come out bit for bit. Only the arguments that `random.ts` needs are covered.
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
