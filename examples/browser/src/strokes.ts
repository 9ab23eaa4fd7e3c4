/**
 * Strokes of a pen as the pixels that the network knows: like the digits of the data set, as high as the picture, centred,
 * drawn with a pen of the same width, and as coarse. Where strokes come from is `drawing.ts`'s matter.
 */

/** Points of one stroke, x and y from 0 to 1. */
export type Stroke = readonly (readonly [x: number, y: number])[];

/** Pixels of the picture that the strokes are drawn into; 4×4 of them make one pixel of the network. */
const FINE = 32;
const PEN = 4.6;
/** What a digit may take, without the half of the pen beyond the middle of its lines. */
const HEIGHT = FINE - PEN;
const WIDTH = 22;

/** 8×8 pixels, from 0 (paper) to 1 (ink), row by row. */
export function toPixels(strokes: readonly Stroke[]): Float32Array {
  const pixels = new Float32Array(64);
  const points = strokes.flat();
  if (points.length === 0) return pixels;
  const canvas = new OffscreenCanvas(FINE, FINE);
  const pen = canvas.getContext('2d', { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  // A dot stays a dot.
  const scale = Math.min(HEIGHT / Math.max(height, 0.1), WIDTH / Math.max(width, 0.02));
  const place = ([x, y]: readonly [number, number]): [number, number] => [
    FINE / 2 + (x - left - width / 2) * scale,
    FINE / 2 + (y - top - height / 2) * scale,
  ];
  pen.lineWidth = PEN;
  pen.lineCap = pen.lineJoin = 'round';
  for (const stroke of strokes) trace(pen, stroke.map(place));
  const { data } = pen.getImageData(0, 0, FINE, FINE);
  const cell = FINE / 8;
  for (let y = 0; y < FINE; y++) {
    for (let x = 0; x < FINE; x++) {
      // How opaque the ink is there.
      pixels[8 * Math.floor(y / cell) + Math.floor(x / cell)] += data[4 * (FINE * y + x) + 3] / 255 / cell ** 2;
    }
  }
  return pixels;
}

/** Draws a line through points; one point is a dot. */
export function trace(
  pen: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  [first, ...rest]: readonly (readonly [number, number])[],
): void {
  if (!first) return;
  pen.beginPath();
  pen.moveTo(first[0], first[1]);
  for (const [x, y] of rest.length > 0 ? rest : [first]) pen.lineTo(x, y);
  pen.stroke();
}
