/** The namespace `tf.data`. */

export {
  Dataset,
  type Datasets,
  getOutputShapes,
  getOutputTypes,
  makeInitializableIterator,
  makeOneShotIterator,
  type ZippedElement,
} from './data/dataset.ts';
export type {
  BatchOptions,
  InterleaveOptions,
  MapOptions,
  PaddedBatchOptions,
  RangeDatasetOptions,
  ShuffleDatasetOptions,
} from './data/dataset-options.ts';
export type { ElementArguments } from './data/functions.ts';
export type { ComponentSignature, FromGeneratorOptions, Generated } from './data/generator.ts';
export { Iterator, type IteratorStructureOptions } from './data/iterator.ts';
export {
  type FileNames,
  type FilesDatasetOptions,
  FixedLengthRecordDataset,
  type FixedLengthRecordDatasetOptions,
  TextLineDataset,
  TFRecordDataset,
} from './data/readers.ts';
export type { ComponentSpec, ComponentsLike, ElementOf, Structure } from './data/structure.ts';
