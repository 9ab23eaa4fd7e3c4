/**
 * Discrete Fourier transforms of any length in double precision: mixed radices, and the chirp of Bluestein where a prime
 * factor is large. Axes, padding and element types are the business of `fft.ts`.
 */

/** Lengths with a prime factor beyond these go by the chirp. */
const RADICES = [4, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31];
/** Lengths whose tables are kept. */
const KEPT = 64;

/** Transforms `length` complex numbers, interleaved, in place: Σ xⱼ exp(∓2πi jk / length). */
export type Transform = (data: Float64Array, inverse: boolean) => void;

const transforms = new Map<number, Transform>();

/** The transform of a length; its tables are made once. No scaling in either direction. */
export function transformOf(length: number): Transform {
  const known = transforms.get(length);
  if (known) return known;
  const made = makeTransform(length);
  if (transforms.size >= KEPT) transforms.delete(transforms.keys().next().value as number);
  transforms.set(length, made);
  return made;
}

function makeTransform(length: number): Transform {
  if (length <= 1) return () => undefined;
  const radices = radicesOf(length);
  const forward = radices === null ? chirp(length) : mixed(length, radices);
  return (data, inverse) => {
    // The inverse is the forward one of the conjugates, conjugated.
    if (inverse) conjugate(data);
    forward(data);
    if (inverse) conjugate(data);
  };
}

function conjugate(data: Float64Array): void {
  for (let i = 1; i < data.length; i += 2) data[i] = -data[i];
}

/** Factors whose product is the length, 4 before 2; null where one is too large. */
function radicesOf(length: number): number[] | null {
  const radices: number[] = [];
  let rest = length;
  for (const radix of RADICES) {
    while (rest % radix === 0) {
      radices.push(radix);
      rest /= radix;
    }
  }
  return rest === 1 ? radices : null;
}

/** exp(-2πi k / length), interleaved. */
function roots(length: number): Float64Array {
  const table = new Float64Array(2 * length);
  for (let k = 0; k < length; k++) {
    const angle = (-2 * Math.PI * k) / length;
    table[2 * k] = Math.cos(angle);
    table[2 * k + 1] = Math.sin(angle);
  }
  return table;
}

/** The autosort algorithm of Stockham: a pass for each radix, from one buffer to the other. */
function mixed(length: number, radices: readonly number[]): (data: Float64Array) => void {
  const w = roots(length);
  const other = new Float64Array(2 * length);
  const re = new Float64Array(Math.max(...radices));
  const im = new Float64Array(Math.max(...radices));

  /** One pass: `done` is the product of the radices before. */
  function pass(from: Float64Array, to: Float64Array, radix: number, done: number): void {
    const groups = length / (done * radix);
    const apart = length / radix;
    const turn = length / (done * radix);
    for (let k = 0; k < done; k++) {
      for (let g = 0; g < groups; g++) {
        const start = g * done + k;
        for (let r = 0; r < radix; r++) {
          const i = 2 * (start + r * apart);
          const t = 2 * (r * k * turn);
          re[r] = from[i] * w[t] - from[i + 1] * w[t + 1];
          im[r] = from[i] * w[t + 1] + from[i + 1] * w[t];
        }
        const target = g * done * radix + k;
        if (radix === 2) {
          put(to, target, re[0] + re[1], im[0] + im[1]);
          put(to, target + done, re[0] - re[1], im[0] - im[1]);
        } else if (radix === 4) {
          const [ar, ai, br, bi] = [re[0] + re[2], im[0] + im[2], re[0] - re[2], im[0] - im[2]];
          const [cr, ci, dr, di] = [re[1] + re[3], im[1] + im[3], re[1] - re[3], im[1] - im[3]];
          put(to, target, ar + cr, ai + ci);
          put(to, target + done, br + di, bi - dr);
          put(to, target + 2 * done, ar - cr, ai - ci);
          put(to, target + 3 * done, br - di, bi + dr);
        } else {
          for (let q = 0; q < radix; q++) {
            let [sumRe, sumIm] = [re[0], im[0]];
            for (let r = 1; r < radix; r++) {
              const t = 2 * (((q * r) % radix) * apart);
              sumRe += re[r] * w[t] - im[r] * w[t + 1];
              sumIm += re[r] * w[t + 1] + im[r] * w[t];
            }
            put(to, target + q * done, sumRe, sumIm);
          }
        }
      }
    }
  }

  return (data) => {
    let from: Float64Array = data;
    let to: Float64Array = other;
    let done = 1;
    for (const radix of radices) {
      pass(from, to, radix, done);
      [from, to] = [to, from];
      done *= radix;
    }
    if (from !== data) data.set(from);
  };
}

function put(data: Float64Array, index: number, re: number, im: number): void {
  data[2 * index] = re;
  data[2 * index + 1] = im;
}

/** The transform as a convolution with exp(πi k² / length), of a length that is a power of two. */
function chirp(length: number): (data: Float64Array) => void {
  let size = 1;
  while (size < 2 * length - 1) size *= 2;
  const convolve = mixed(size, radicesOf(size) as number[]);
  const turns = new Float64Array(2 * length);
  for (let k = 0; k < length; k++) {
    // k² modulo 2·length keeps the angle exact; k is well below 2²⁶.
    const angle = (Math.PI * ((k * k) % (2 * length))) / length;
    put(turns, k, Math.cos(angle), Math.sin(angle));
  }
  const kernel = new Float64Array(2 * size);
  for (let k = 0; k < length; k++) {
    put(kernel, k, turns[2 * k], turns[2 * k + 1]);
    if (k > 0) put(kernel, size - k, turns[2 * k], turns[2 * k + 1]);
  }
  convolve(kernel);
  const work = new Float64Array(2 * size);
  return (data) => {
    work.fill(0);
    for (let i = 0; i < 2 * length; i += 2) {
      work[i] = data[i] * turns[i] + data[i + 1] * turns[i + 1];
      work[i + 1] = data[i + 1] * turns[i] - data[i] * turns[i + 1];
    }
    convolve(work);
    for (let i = 0; i < 2 * size; i += 2) {
      const re = work[i] * kernel[i] - work[i + 1] * kernel[i + 1];
      // Conjugated, so that the transform that follows is the inverse one.
      work[i + 1] = -(work[i] * kernel[i + 1] + work[i + 1] * kernel[i]);
      work[i] = re;
    }
    convolve(work);
    for (let i = 0; i < 2 * length; i += 2) {
      const [re, im] = [work[i] / size, -work[i + 1] / size];
      data[i] = re * turns[i] + im * turns[i + 1];
      data[i + 1] = im * turns[i] - re * turns[i + 1];
    }
  };
}
