/** Reads the handwritten digits that the project ships; `data/README.md` says where they come from. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Images of 8×8 pixels in 0..1, row by row, and their digits. */
export interface Digits {
  readonly images: { readonly data: Float32Array; readonly shape: readonly [number, 64] };
  readonly labels: Int32Array;
}

/**
 * The 1,797 digits, 1,500 to train with, the rest to test. The file lists them writer by writer: the rows are shuffled
 * first, always in the same way, so that both parts hold all hands.
 */
export function loadDigits(): { readonly train: Digits; readonly test: Digits } {
  const file = gunzipSync(readFileSync(new URL('./data/digits.csv.gz', import.meta.url)));
  const rows = file.toString('ascii').trim().split('\n');
  const shuffled = Array.from(permutation(rows.length, generator(1998)), (i) => rows[i]);
  return { train: parse(shuffled.slice(0, 1500)), test: parse(shuffled.slice(1500)) };
}

/** A linear congruential generator (Numerical Recipes): whole numbers below 2³², the same for the same seed. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

/** The numbers below `count` in random order, by Fisher and Yates's exchange. */
export function permutation(count: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((random() / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function parse(rows: readonly string[]): Digits {
  const data = new Float32Array(rows.length * 64);
  const labels = new Int32Array(rows.length);
  rows.forEach((row, i) => {
    const values = row.split(',').map(Number);
    for (let k = 0; k < 64; k++) data[64 * i + k] = values[k] / 16;
    labels[i] = values[64];
  });
  return { images: { data, shape: [rows.length, 64] }, labels };
}

/** Some rows as a batch. */
export function batch(
  digits: Digits,
  rows: ArrayLike<number>,
): { x: { data: Float32Array; shape: [number, 64] }; y: Int32Array } {
  const data = new Float32Array(rows.length * 64);
  const y = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    data.set(digits.images.data.subarray(64 * rows[i], 64 * rows[i] + 64), 64 * i);
    y[i] = digits.labels[rows[i]];
  }
  return { x: { data, shape: [rows.length, 64] }, y };
}

/** The whole set as one batch. */
export function all(digits: Digits): ReturnType<typeof batch> {
  return batch(digits, Int32Array.from(digits.labels.keys()));
}

const SHADES = ' ░▒▓█';

/** An image as text, two characters a pixel. */
export function draw(pixels: Float32Array): string[] {
  const shade = (value: number) => SHADES[Math.min(SHADES.length - 1, Math.floor(value * SHADES.length))].repeat(2);
  return Array.from({ length: 8 }, (_, row) => Array.from(pixels.subarray(8 * row, 8 * row + 8), shade).join(''));
}
