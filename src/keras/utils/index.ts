/** `tf.keras.utils`, without what needs Node's file system (`index-node.ts`). */
export { clearSession } from '../backend/state.ts';
export {
  epsilon,
  floatx,
  imageDataFormat,
  setEpsilon,
  setFloatx,
  setImageDataFormat,
} from '../config.ts';
export { type CustomObjects, customObjectScope, getCustomObjects } from '../serialization.ts';
export { Dataset, type DatasetElement, type ShuffleOptions } from './dataset.ts';
export { type ArrayToImageOptions, arrayToImage, type ImageToArrayOptions, imageToArray, PixelImage } from './image.ts';
export { type PaddingSide, type PadSequencesOptions, padSequences } from './pad-sequences.ts';
export { setRandomSeed } from './random-seed.ts';
export {
  type DeserializeObjectOptions,
  deserializeKerasObject,
  getRegisteredName,
  getRegisteredObject,
  type RegisterOptions,
  registerKerasSerializable,
  serializeKerasObject,
} from './registration.ts';
export { Sequence } from './sequence.ts';
export { getSourceInputs } from './source-inputs.ts';
export { type SplitDatasetOptions, splitDataset } from './split-dataset.ts';
export { type TimeseriesDatasetOptions, timeseriesDatasetFromArray } from './timeseries-dataset.ts';
export { type NormalizeOptions, normalize, type ToCategoricalOptions, toCategorical } from './to-categorical.ts';
export { zipLists, zipLists as zip } from './zip.ts';
