/** The namespace `tf.lookup`. */
export {
  KeyValueTensorInitializer,
  type KeyValueTensorInitializerOptions,
  type LookupTable,
  type MutableHashTableOptions,
  type MutableLookupOptions,
  StaticHashTable,
  type TableInitializer,
} from './data/lookup-tables.ts';
export {
  TextFileIdTableInitializer,
  type TextFileIdTableOptions,
  TextFileIndex,
  TextFileInitializer,
  type TextFileInitializerOptions,
  TextFileStringTableInitializer,
} from './data/text-file-tables.ts';
export { StaticVocabularyTable, type StaticVocabularyTableOptions } from './data/vocabulary.ts';
export * as experimental from './lookup-experimental.ts';
