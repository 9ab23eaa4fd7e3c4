/** The handwritten digits that the project ships, fetched and unpacked; `../../data/README.md` says where they come from. */
import url from '../../data/digits.csv.gz?url';

/** Images of 8×8 pixels in 0..1, row by row, and their digits. */
export interface Digits {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

export const PIXELS = 64;

/** 1,500 digits to train with, the rest to test; shuffled first, always in the same way: the file goes writer by writer. */
export async function loadDigits(): Promise<{ readonly train: Digits; readonly test: Digits }> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The digits could not be loaded: ${response.status} ${response.statusText}`);
  const rows = (await unpacked(await response.blob())).trim().split('\n');
  let state = 1998;
  for (let i = rows.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [rows[i], rows[j]] = [rows[j], rows[i]];
  }
  return { train: parse(rows.slice(0, 1500)), test: parse(rows.slice(1500)) };
}

/** Some servers unpack what ends in `.gz` on the way, others do not. */
async function unpacked(blob: Blob): Promise<string> {
  const [first, second] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  if (first !== 0x1f || second !== 0x8b) return blob.text();
  return new Response(blob.stream().pipeThrough(new DecompressionStream('gzip'))).text();
}

function parse(rows: readonly string[]): Digits {
  const images = new Float32Array(rows.length * PIXELS);
  const labels = new Int32Array(rows.length);
  rows.forEach((row, i) => {
    const values = row.split(',').map(Number);
    for (let k = 0; k < PIXELS; k++) images[PIXELS * i + k] = values[k] / 16;
    labels[i] = values[PIXELS];
  });
  return { images, labels };
}

export interface Batch {
  readonly x: { readonly data: Float32Array; readonly shape: readonly [number, number] };
  readonly y: Int32Array;
}

/** The whole set as one batch. */
export function all({ images, labels }: Digits): Batch {
  return { x: { data: images, shape: [labels.length, PIXELS] }, y: labels };
}

/**
 * Random digits. Half of them are moved by a pixel to a side, so that a network learns not to count on their place: what is
 * drawn in the page is never placed quite as these are.
 */
export function randomBatch({ images, labels }: Digits, size: number): Batch {
  const data = new Float32Array(size * PIXELS);
  const y = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    const row = Math.floor(Math.random() * labels.length);
    const shift = [0, 0, -1, 1][Math.floor(Math.random() * 4)];
    for (let k = 0; k < PIXELS; k++) {
      const column = (k % 8) + shift;
      if (column >= 0 && column < 8) data[PIXELS * i + k + shift] = images[PIXELS * row + k];
    }
    y[i] = labels[row];
  }
  return { x: { data, shape: [size, PIXELS] }, y };
}
