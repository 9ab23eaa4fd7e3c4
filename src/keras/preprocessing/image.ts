/** `tf.keras.preprocessing.image`: images to arrays and back. Files are `image-node.ts`'s. */
export { type ArrayToImageOptions, arrayToImage, type ImageToArrayOptions, imageToArray } from '../utils/image.ts';
export { smartResize } from '../utils/resize.ts';
