/** `tf.keras.preprocessing.image` in Node: images to arrays and back, and images in files. */

export { loadImage, saveImage } from '../utils/image-node.ts';
export * from './image.ts';
