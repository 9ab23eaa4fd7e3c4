/** `tf.keras.utils` in Node: everything of `index.ts`, and what reads and writes files. */
export { DirectoryDataset, type DirectoryOptions, type LabelMode, type Subset } from './directory-node.ts';
export { type ColorMode, type ImageDatasetOptions, imageDatasetFromDirectory } from './image-dataset-node.ts';
export { type LoadImageOptions, loadImage, type SaveImageOptions, saveImage } from './image-node.ts';
export * from './index.ts';
export { type TextDatasetOptions, textDatasetFromDirectory } from './text-dataset-node.ts';
