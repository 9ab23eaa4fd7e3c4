/** The namespace `tf.data`. */
export {
  type BatchOptions,
  Dataset,
  type Datasets,
  getOutputShapes,
  getOutputTypes,
  makeInitializableIterator,
  makeOneShotIterator,
  type RangeDatasetOptions,
  type ShuffleDatasetOptions,
  type ZippedElement,
} from './data/dataset.ts';
export { Iterator, type IteratorStructureOptions } from './data/iterator.ts';
export type { ComponentSpec, ComponentsLike, ElementOf, Structure } from './data/structure.ts';
