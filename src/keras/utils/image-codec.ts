/**
 * PNG, JPEG and BMP bytes to pixels as `tf.io.decode_image` gives them, and pixels to PNG. fast-png reads every PNG
 * depth and needs no native code; jpeg-js decodes the same bits everywhere, where a browser's own decoder may not.
 */
import { decode as decodePngFile, encode as encodePngFile } from 'fast-png';
import { decode as decodeJpegFile } from 'jpeg-js';
import { uint8 } from '../../util/dtype.ts';
import { InvalidArgumentError, UnimplementedError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { decodeBmp } from './bmp.ts';

/** 0 keeps the channels of the file. */
export type Channels = 0 | 1 | 3 | 4;

/** Pixels, row by row, channels together. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/**
 * The image in a file's bytes: uint8 of shape `[height, width, channels]`. Throws `InvalidArgumentError` for what is no
 * image or cannot have that many channels, `UnimplementedError` for GIF, WebP and JPEG XL.
 *
 *     decodeImage(bytes, 3)
 */
export function decodeImage(bytes: Uint8Array, channels: Channels = 0): NdArray {
  const pixels = decodePixels(bytes, channels);
  return new NdArray(uint8, [pixels.height, pixels.width, pixels.channels], pixels.data);
}

function decodePixels(bytes: Uint8Array, channels: Channels): Pixels {
  if (bytes.length === 0) throw new InvalidArgumentError(null, 'Input is empty.');
  if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47)) return decodePng(bytes, channels);
  if (startsWith(bytes, 0xff, 0xd8, 0xff)) return decodeJpeg(bytes, channels);
  if (startsWith(bytes, 0x42, 0x4d)) return decodeBmp(bytes, channels);
  const known = KNOWN_BUT_UNREADABLE.find(({ at, magic }) => startsWith(bytes.subarray(at), ...magic));
  if (known) throw new UnimplementedError(null, `${known.name} images cannot be read. Use JPEG, PNG or BMP.`);
  throw new InvalidArgumentError(null, 'Unknown image file format. One of JPEG, PNG, BMP required.');
}

const KNOWN_BUT_UNREADABLE = [
  { name: 'GIF', at: 0, magic: [0x47, 0x49, 0x46, 0x38] },
  { name: 'WebP', at: 8, magic: [0x57, 0x45, 0x42, 0x50] },
  { name: 'JPEG XL', at: 0, magic: [0xff, 0x0a] },
  { name: 'JPEG XL', at: 4, magic: [0x4a, 0x58, 0x4c, 0x20] },
] as const;

function startsWith(bytes: Uint8Array, ...magic: number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/** Gray of a color, in libpng's whole numbers: 0.299 red, 0.587 green, the rest blue. Equal channels stay as they are. */
function gray(red: number, green: number, blue: number, rounding: number): number {
  if (red === green && red === blue) return red;
  return Math.floor((9797 * red + 19235 * green + 3736 * blue + rounding) / 32768);
}

function decodePng(bytes: Uint8Array, wanted: Channels): Pixels {
  let png: ReturnType<typeof decodePngFile>;
  try {
    png = decodePngFile(bytes);
  } catch (error) {
    throw new InvalidArgumentError(null, `Invalid PNG data, size ${bytes.length}: ${(error as Error).message}`);
  }
  const { width, height, depth, palette, transparency } = png;
  const stored = png.channels;
  const samples = unpackSamples(png.data, width * stored, height, depth);
  const grayscale = !palette && stored <= 2;
  const fileHasAlpha = stored === 2 || stored === 4 || (palette?.some((c) => c.length === 4) ?? false);
  const channels = wanted || (grayscale ? 1 : 3) + (fileHasAlpha ? 1 : 0);
  const data = new Uint8Array(width * height * channels);
  const top = 2 ** depth - 1;
  const toByte = (v: number): number => (depth === 16 ? v >> 8 : depth < 8 && !palette ? (v * 255) / top : v);
  // Without any alpha in the file TensorFlow fills in the largest value of the file's depth, even below 8 bits.
  const opaque = transparency || fileHasAlpha || depth > 8 ? 255 : top;

  for (let i = 0, at = 0; i < width * height; i++, at += channels) {
    const color = palette ? palette[samples[i]] : samples.subarray(i * stored, (i + 1) * stored);
    const [red, green, blue] = grayscale ? [color[0], color[0], color[0]] : color;
    if (channels <= 2) {
      const rounding = depth === 16 ? 16384 : 0;
      data[at] = toByte(gray(red, green, blue, rounding));
    } else {
      data[at] = toByte(red);
      data[at + 1] = toByte(green);
      data[at + 2] = toByte(blue);
    }
    if (channels === 2 || channels === 4) {
      let alpha = opaque;
      if (palette) alpha = color.length === 4 ? color[3] : opaque;
      else if (fileHasAlpha) alpha = toByte(color[stored - 1]);
      else if (transparency?.every((v, k) => v === color[k])) alpha = 0;
      data[at + channels - 1] = alpha;
    }
  }
  return { width, height, channels, data };
}

/** One number for each sample; below 8 bits the file holds several in a byte, and a line ends with its byte. */
function unpackSamples(
  data: Uint8Array | Uint8ClampedArray | Uint16Array,
  perLine: number,
  lines: number,
  depth: number,
): Uint8Array | Uint16Array {
  if (depth >= 8) return data instanceof Uint8ClampedArray ? new Uint8Array(data.buffer) : data;
  const samples = new Uint8Array(perLine * lines);
  const bytesPerLine = Math.ceil((perLine * depth) / 8);
  for (let line = 0, at = 0; line < lines; line++) {
    for (let i = 0; i < perLine; i++, at++) {
      const bit = i * depth;
      const byte = data[line * bytesPerLine + (bit >> 3)];
      samples[at] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
    }
  }
  return samples;
}

function decodeJpeg(bytes: Uint8Array, wanted: Channels): Pixels {
  if (wanted === 4) throw new InvalidArgumentError(null, 'JPEG does not support 4 channels');
  let file: { readonly width: number; readonly height: number; readonly data: Uint8Array };
  try {
    const limits = { maxResolutionInMP: 1024, maxMemoryUsageInMB: 8192 };
    file = decodeJpegFile(bytes, { useTArray: true, formatAsRGBA: false, ...limits });
  } catch (error) {
    throw new InvalidArgumentError(null, `Invalid JPEG data, size ${bytes.length}: ${(error as Error).message}`);
  }
  const { width, height } = file;
  const colors = file.data;
  const channels = wanted || (componentsOfJpeg(bytes) === 1 ? 1 : 3);
  if (channels === 3) return { width, height, channels, data: new Uint8Array(colors) };
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) data[i] = gray(colors[3 * i], colors[3 * i + 1], colors[3 * i + 2], 16384);
  return { width, height, channels, data };
}

/** The number of components that the frame header (SOF) declares. */
function componentsOfJpeg(bytes: Uint8Array): number {
  for (let at = 2; at + 9 < bytes.length; ) {
    const marker = bytes[at + 1];
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) return bytes[at + 9];
    at += 2 + bytes[at + 2] * 256 + bytes[at + 3];
  }
  return 3;
}

/** The pixels as a PNG file. */
export function encodePng({ width, height, channels, data }: Pixels): Uint8Array {
  return encodePngFile({ width, height, channels, data, depth: 8 });
}
