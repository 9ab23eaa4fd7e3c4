/** `tf.keras.preprocessing` in Node: everything of `index.ts`, and what reads and writes files. */

export { imageDatasetFromDirectory } from '../utils/image-dataset-node.ts';
export { textDatasetFromDirectory } from '../utils/text-dataset-node.ts';
export * as image from './image-node.ts';
export * from './index.ts';
