/** The namespace `tf.image`. */
export { hsvToRgb, rgbToHsv } from './ops/image-color.ts';
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
export { extractImagePatches, extractPatches } from './ops/patches.ts';
