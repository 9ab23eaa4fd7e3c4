/** Reads the handwritten digits that the project ships; `data/README.md` says where they come from. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Images of 8×8 pixels in 0..1, row by row, and their digits. */
export interface Digits {
  readonly images: { readonly data: Float32Array; readonly shape: readonly [number, 64] };
  readonly labels: Int32Array;
}

/** The 1,797 digits, the first 1,500 to train with, the rest to test. */
export function loadDigits(): { readonly train: Digits; readonly test: Digits } {
  const file = gunzipSync(readFileSync(new URL('./data/digits.csv.gz', import.meta.url)));
  const rows = file.toString('ascii').trim().split('\n');
  return { train: parse(rows.slice(0, 1500)), test: parse(rows.slice(1500)) };
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
