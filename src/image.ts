/** The namespace `tf.image`. */
export {
  type ResizeImagesOptions,
  ResizeMethod,
  type ResizeOptions,
  resizeBilinear,
  resizeImages as resize,
  resizeImages,
  resizeNearestNeighbor,
} from './ops/image-resize.ts';
