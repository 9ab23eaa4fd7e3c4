/**
 * Image files as pixels and pixels as files: the ops and the functions of `tf.image`. Reading files is left to others.
 */
import type { Tensor } from '../graph/graph.ts';
import { asDType, type DTypeLike, float32, int32, string, uint8 } from '../util/dtype.ts';
import { emitOne, opScope } from './emit.ts';
import { convertImageDtype } from './image-adjust.ts';
import { defineOp, type InferContext, type Inferred, type SampleValue, sample } from './opdef/define.ts';
import { withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

/** The file with these bytes, in base64. */
function file(base64: string): SampleValue {
  return sample(string, [], [Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))]);
}
const PIXELS = sample(uint8, [2, 2, 3], [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30]);
const PNG = file(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVQI12P4z8DA8J+BgYHhP5eIHAAaWAM6w8uWcgAAAABJRU5ErkJggg==',
);
const BMP = file('Qk1GAAAAAAAAADYAAAAoAAAAAgAAAAIAAAABABgAAAAAABAAAAATCwAAEwsAAAAAAAAAAAAA/wAAHhQKAAAAAP8A/wAAAA==');
const GRAY = sample(uint8, [2, 3, 1], [100, 100, 100, 100, 100, 100]);
const JPEG = file(
  '/9j/4AAQSkZJRgABAQEAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoK' +
    'CgoKBggLDAsKDAkKCgr/wAALCAACAAMBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUF' +
    'BAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVW' +
    'V1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi' +
    '4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APD6/9k=',
);

function decoded(op: InferContext): Inferred {
  withRank(op.shape(0), 0);
  return [[null, null, op.attr<number>('channels') || null]];
}

defineOp({
  name: 'DecodePng',
  doc: 'The pixels of an image file, [height, width, channels].',
  inputs: ['contents: string'],
  outputs: ['image: dtype'],
  attrs: ['channels: int = 0', 'dtype: {uint8, uint16} = uint8'],
  infer: decoded,
  grad: null,
  samples: [{ inputs: [PNG], outputs: [PIXELS] }],
});

defineOp({
  name: 'DecodeJpeg',
  doc: 'The pixels of an image file, [height, width, channels].',
  inputs: ['contents: string'],
  outputs: ['image: uint8'],
  attrs: [
    'channels: int = 0',
    'ratio: int = 1',
    'fancy_upscaling: bool = true',
    'try_recover_truncated: bool = false',
    'acceptable_fraction: float = 1',
    'dct_method: string = ""',
  ],
  infer: decoded,
  grad: null,
  samples: [{ inputs: [JPEG], outputs: [GRAY] }],
});

defineOp({
  name: 'DecodeBmp',
  doc: 'The pixels of an image file, [height, width, channels].',
  inputs: ['contents: string'],
  outputs: ['image: uint8'],
  attrs: ['channels: int = 0'],
  infer: decoded,
  grad: null,
  samples: [{ inputs: [BMP], outputs: [PIXELS] }],
});

defineOp({
  name: 'DecodeImage',
  doc: 'The pixels of an image file; [height, width, channels] of what can be read here.',
  inputs: ['contents: string'],
  outputs: ['image: dtype'],
  attrs: ['channels: int = 0', 'dtype: {uint8, uint16, float32} = uint8', 'expand_animations: bool = true'],
  // Animations have one more axis.
  infer: (op) => (op.attr<boolean>('expand_animations') ? [null] : decoded(op)),
  grad: null,
  samples: [{ inputs: [PNG], outputs: [PIXELS] }],
});

defineOp({
  name: 'EncodePng',
  doc: 'Images [..., height, width, channels] as PNG files.',
  inputs: ['image: T'],
  outputs: ['contents: string'],
  attrs: ['compression: int = -1', 'T: {uint8, uint16} = uint8'],
  infer: (op) => {
    const image = withRankAtLeast(op.shape(0), 3);
    return [image === null ? null : image.slice(0, -3)];
  },
  grad: null,
  // Files of the same pixels differ by how hard the encoder tried.
  samples: [{ inputs: [PIXELS], outputs: [null], shapes: [[]] }],
});

defineOp({
  name: 'EncodeJpeg',
  doc: 'An image [height, width, channels] as a JPEG file.',
  inputs: ['image: uint8'],
  outputs: ['contents: string'],
  attrs: [
    'format: {"", "grayscale", "rgb"} = ""',
    'quality: int = 95',
    'progressive: bool = false',
    'optimize_size: bool = false',
    'chroma_downsampling: bool = true',
    'density_unit: {"in", "cm"} = "in"',
    'x_density: int = 300',
    'y_density: int = 300',
    'xmp_metadata: string = ""',
  ],
  infer: (op) => {
    withRank(op.shape(0), 3);
    return [[]];
  },
  grad: null,
  samples: [{ inputs: [GRAY], attrs: { x_density: 1, y_density: 1 }, outputs: [JPEG] }],
});

defineOp({
  name: 'ExtractJpegShape',
  doc: 'The shape [height, width, channels] of a JPEG file, whose pixels are not read.',
  inputs: ['contents: string'],
  outputs: ['image_shape: output_type'],
  attrs: ['output_type: {int32, int64} = int32'],
  infer: (op) => {
    withRank(op.shape(0), 0);
    return [[3]];
  },
  grad: null,
  samples: [{ inputs: [JPEG], outputs: [sample(int32, [3], [2, 3, 1])] }],
});

export interface DecodePngOptions {
  /** 1, 3 or 4 channels, or those of the file (0). */
  readonly channels?: number;
  /** uint8; uint16 fails the run. */
  readonly dtype?: DTypeLike;
  readonly name?: string | null;
}

/**
 * The pixels of the PNG, JPEG or BMP file whose bytes are `contents` (a scalar string), uint8 [height, width, channels].
 * What is no image fails the run.
 *
 *     tf.image.decodePng(bytes, {channels: 3})
 */
export function decodePng(
  contents: TensorLike,
  ...rest: Rest<[channels: number, dtype: DTypeLike, name: string | null], DecodePngOptions>
): Tensor {
  const { channels, dtype, name } = bind<DecodePngOptions>(['channels', 'dtype', 'name'], rest);
  return emitOne('DecodePng', [contents], { channels, dtype: asDType(dtype ?? uint8) }, name);
}

export interface DecodeJpegOptions {
  /** 1 or 3 channels, or those of the file (0). */
  readonly channels?: number;
  /** How many times smaller the image is to be; only 1 works here. */
  readonly ratio?: number;
  readonly fancyUpscaling?: boolean;
  readonly tryRecoverTruncated?: boolean;
  readonly acceptableFraction?: number;
  readonly dctMethod?: string;
  readonly name?: string | null;
}

/**
 * The pixels of the JPEG, PNG or BMP file whose bytes are `contents` (a scalar string), uint8 [height, width, channels].
 * What is no image fails the run; so does a `ratio`. The options on how to decode have no effect: the transform is an accurate
 * one and colors are not smoothed, where TensorFlow's default is fast and smooths, so that pixels of noisy files differ.
 *
 *     tf.image.decodeJpeg(bytes, {channels: 3})
 */
export function decodeJpeg(
  contents: TensorLike,
  ...rest: Rest<
    [
      channels: number,
      ratio: number,
      fancyUpscaling: boolean,
      tryRecoverTruncated: boolean,
      acceptableFraction: number,
      dctMethod: string,
      name: string | null,
    ],
    DecodeJpegOptions
  >
): Tensor {
  const { channels, ratio, fancyUpscaling, tryRecoverTruncated, acceptableFraction, dctMethod, name } =
    bind<DecodeJpegOptions>(
      ['channels', 'ratio', 'fancyUpscaling', 'tryRecoverTruncated', 'acceptableFraction', 'dctMethod', 'name'],
      rest,
    );
  const attrs = {
    channels,
    ratio,
    fancy_upscaling: fancyUpscaling,
    try_recover_truncated: tryRecoverTruncated,
    acceptable_fraction: acceptableFraction,
    dct_method: dctMethod,
  };
  return emitOne('DecodeJpeg', [contents], attrs, name);
}

export interface EncodePngOptions {
  /** Has no effect. */
  readonly compression?: number;
  readonly name?: string | null;
}

/**
 * uint8 images `image` [..., height, width, channels] of 1 to 4 channels as PNG files, strings [...]. The bytes are not
 * TensorFlow's, the pixels are.
 *
 *     tf.image.encodePng(x)
 */
export function encodePng(
  image: TensorLike,
  ...rest: Rest<[compression: number, name: string | null], EncodePngOptions>
): Tensor {
  const { compression, name } = bind<EncodePngOptions>(['compression', 'name'], rest);
  return emitOne('EncodePng', [image], { compression }, name);
}

export interface EncodeJpegOptions {
  /** `grayscale` or `rgb`; without it the channels tell. */
  readonly format?: '' | 'grayscale' | 'rgb';
  /** From 0 to 100; 95 without it. */
  readonly quality?: number;
  /** Has no effect: the file is a sequential one, of the same pixels. */
  readonly progressive?: boolean;
  /** Has no effect. */
  readonly optimizeSize?: boolean;
  /** Whether colors have half the resolution; true without it. */
  readonly chromaDownsampling?: boolean;
  /** What densities are per: an inch (the default) or a centimeter. */
  readonly densityUnit?: 'in' | 'cm';
  readonly xDensity?: number;
  readonly yDensity?: number;
  readonly xmpMetadata?: string;
  readonly name?: string | null;
}

/**
 * The uint8 image `image` [height, width, channels] of 1 or 3 channels as a JPEG file, a scalar string; byte for byte that of
 * TensorFlow, but for `progressive` and `optimizeSize`. Other channels, and a quality out of range, fail the run.
 *
 *     tf.image.encodeJpeg(x, {quality: 90})
 */
export function encodeJpeg(
  image: TensorLike,
  ...rest: Rest<
    [
      format: '' | 'grayscale' | 'rgb',
      quality: number,
      progressive: boolean,
      optimizeSize: boolean,
      chromaDownsampling: boolean,
      densityUnit: 'in' | 'cm',
      xDensity: number,
      yDensity: number,
      xmpMetadata: string,
      name: string | null,
    ],
    EncodeJpegOptions
  >
): Tensor {
  const { name, ...options } = bind<EncodeJpegOptions>(
    [
      'format',
      'quality',
      'progressive',
      'optimizeSize',
      'chromaDownsampling',
      'densityUnit',
      'xDensity',
      'yDensity',
      'xmpMetadata',
      'name',
    ],
    rest,
  );
  const attrs = {
    format: options.format,
    quality: options.quality,
    progressive: options.progressive,
    optimize_size: options.optimizeSize,
    chroma_downsampling: options.chromaDownsampling,
    density_unit: options.densityUnit,
    x_density: options.xDensity,
    y_density: options.yDensity,
    xmp_metadata: options.xmpMetadata,
  };
  return emitOne('EncodeJpeg', [image], attrs, name);
}

export interface ExtractJpegShapeOptions {
  /** int32 (the default) or int64. */
  readonly outputType?: DTypeLike;
  readonly name?: string | null;
}

/**
 * The shape [height, width, channels] of the JPEG file whose bytes are `contents` (a scalar string). What is no JPEG file
 * fails the run.
 *
 *     tf.image.extractJpegShape(bytes)
 */
export function extractJpegShape(
  contents: TensorLike,
  ...rest: Rest<[outputType: DTypeLike, name: string | null], ExtractJpegShapeOptions>
): Tensor {
  const { outputType, name } = bind<ExtractJpegShapeOptions>(['outputType', 'name'], rest);
  return emitOne('ExtractJpegShape', [contents], { output_type: asDType(outputType ?? int32) }, name);
}

/**
 * The pixels of the BMP, PNG or JPEG file whose bytes are `contents` (a scalar string), uint8 [height, width, channels].
 *
 *     tf.image.decodeBmp(bytes)
 */
export function decodeBmp(
  contents: TensorLike,
  ...rest: Rest<[channels: number, name: string | null], { readonly channels?: number; readonly name?: string | null }>
): Tensor {
  const { channels, name } = bind<{ channels: number; name: string | null }>(['channels', 'name'], rest);
  return emitOne('DecodeBmp', [contents], { channels }, name);
}

export interface DecodeImageOptions {
  /** 1, 3 or 4 channels, or those of the file (0). */
  readonly channels?: number | null;
  /** uint8 (the default), or a type that `tf.image.convertImageDtype` makes of it: floats are from 0 to 1. */
  readonly dtype?: DTypeLike;
  readonly name?: string | null;
  /** False: the static shape has three axes; without it no rank is known. Animations cannot be read. */
  readonly expandAnimations?: boolean;
}

/**
 * The pixels of the image file whose bytes are `contents` (a scalar string), PNG, JPEG or BMP: [height, width, channels].
 * Other files fail the run.
 *
 *     tf.image.decodeImage(bytes, {channels: 3, expandAnimations: false})
 */
export function decodeImage(
  contents: TensorLike,
  ...rest: Rest<
    [channels: number | null, dtype: DTypeLike, name: string | null, expandAnimations: boolean],
    DecodeImageOptions
  >
): Tensor {
  const { channels, dtype, name, expandAnimations } = bind<DecodeImageOptions>(
    ['channels', 'dtype', 'name', 'expandAnimations'],
    rest,
  );
  const wanted = asDType(dtype ?? uint8);
  return opScope(name, 'decode_image', [contents], (scope) => {
    const direct = wanted === uint8 || wanted === float32;
    const attrs = { channels: channels ?? 0, dtype: direct ? wanted : uint8, expand_animations: expandAnimations };
    const image = emitOne('DecodeImage', [contents], attrs);
    return direct ? image : convertImageDtype(image, wanted, { name: scope });
  });
}
