/** `tf.keras.preprocessing`: functions of `utils` in TensorFlow's older groups. Those for files are in `index-node.ts`. */
export { timeseriesDatasetFromArray } from '../utils/timeseries-dataset.ts';
export * as image from './image.ts';
export * as sequence from './sequence.ts';
export * as text from './text.ts';
