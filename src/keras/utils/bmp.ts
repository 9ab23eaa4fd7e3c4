/** Uncompressed BMP files of 8, 24 and 32 bits a pixel, as `tf.io.decode_bmp` reads them: palettes are ignored. */
import { InvalidArgumentError } from '../../util/errors.ts';

/** The pixels in a file's bytes, from the top left on. `wanted` is 0 for the file's own channels, or 3 or 4. */
export function decodeBmp(
  bytes: Uint8Array,
  wanted: number,
): { width: number; height: number; channels: number; data: Uint8Array } {
  if (wanted === 1) throw new InvalidArgumentError(null, '`channels` must be 0, 3 or 4 for BMP, but got 1');
  if (bytes.length < 32) {
    throw new InvalidArgumentError(
      null,
      `Incomplete bmp content, requires at least 32 bytes, got ${bytes.length} bytes`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = view.getInt32(10, true);
  const width = view.getInt32(18, true);
  const signedHeight = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  if (bits !== 8 && bits !== 24 && bits !== 32) {
    throw new InvalidArgumentError(null, `Number of channels inherent in the image must be 1, 3 or 4, was ${bits / 8}`);
  }
  if (bytes.length >= 34 && view.getInt32(30, true) !== 0 && view.getInt32(30, true) !== 3) {
    throw new InvalidArgumentError(null, 'Compressed BMP files cannot be read.');
  }
  const stored = bits / 8;
  const height = Math.abs(signedHeight);
  const lineBytes = Math.floor((bits * width + 31) / 32) * 4;
  if (width <= 0 || height === 0 || start < 0 || start + lineBytes * height > bytes.length) {
    throw new InvalidArgumentError(
      null,
      `Incomplete bmp content: ${width} x ${height} pixels in ${bytes.length} bytes`,
    );
  }
  const channels = wanted || stored;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0, at = 0; y < height; y++) {
    // Lines go from the bottom up, unless the height is negative.
    const line = start + (signedHeight < 0 ? y : height - 1 - y) * lineBytes;
    for (let x = 0; x < width; x++, at += channels) {
      const from = line + x * stored;
      for (let c = 0; c < Math.min(channels, 3); c++) data[at + c] = bytes[stored === 1 ? from : from + 2 - c];
      if (channels === 4) data[at + 3] = stored === 4 ? bytes[from + 3] : 255;
    }
  }
  return { width, height, channels, data };
}
