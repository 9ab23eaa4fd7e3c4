/** The namespace `tf.image`. */
export {
  adjustBrightness,
  adjustContrast,
  adjustGamma,
  adjustHue,
  adjustSaturation,
  type ConvertImageOptions,
  convertImageDtype,
  type GammaOptions,
  grayscaleToRgb,
  perImageStandardization,
  randomBrightness,
  randomContrast,
  randomHue,
  randomSaturation,
  rgbToGrayscale,
  rgbToYiq,
  rgbToYuv,
  yiqToRgb,
  yuvToRgb,
} from './ops/image-adjust.ts';
export {
  type CropAndResizeOptions,
  cropAndResize,
  type DrawBoxesOptions,
  drawBoundingBoxes,
} from './ops/image-boxes.ts';
export type { Extent } from './ops/image-checks.ts';
export {
  type DecodeImageOptions,
  type DecodeJpegOptions,
  type DecodePngOptions,
  decodeBmp,
  decodeImage,
  decodeJpeg,
  decodePng,
  type EncodeJpegOptions,
  type EncodePngOptions,
  type ExtractJpegShapeOptions,
  encodeJpeg,
  encodePng,
  extractJpegShape,
} from './ops/image-codecs.ts';
export { hsvToRgb, rgbToHsv } from './ops/image-color.ts';
export { extractGlimpse, type GlimpseOptions } from './ops/image-glimpses.ts';
export {
  centralCrop,
  cropToBoundingBox,
  flipLeftRight,
  flipUpDown,
  padToBoundingBox,
  type RandomImageOptions,
  randomFlipLeftRight,
  randomFlipUpDown,
  resizeImageWithCropOrPad,
  resizeImageWithCropOrPad as resizeWithCropOrPad,
  rot90,
  transposeImage,
  transposeImage as transpose,
} from './ops/image-layout.ts';
export { imageGradients, psnr, type SsimOptions, sobelEdges, ssim, totalVariation } from './ops/image-measures.ts';
export { type ResizeAreaOptions, resizeArea, resizeBicubic } from './ops/image-resample.ts';
export {
  type ResizeImagesOptions,
  ResizeMethod,
  type ResizeOptions,
  resizeBilinear,
  resizeImages as resize,
  resizeImages,
  resizeNearestNeighbor,
} from './ops/image-resize.ts';
export {
  type NonMaxSuppressionOptions,
  type NonMaxSuppressionOverlapsOptions,
  type NonMaxSuppressionScoresOptions,
  nonMaxSuppression,
  nonMaxSuppressionOverlaps,
  nonMaxSuppressionWithScores,
} from './ops/non-max-suppression.ts';
export { extractImagePatches, extractPatches } from './ops/patches.ts';
export { randomCrop } from './ops/random.ts';
