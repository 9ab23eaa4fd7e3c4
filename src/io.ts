/** The namespace `tf.io`. Most of it is at the top level too. */
export type { FileSource, FolderSource, GivenFiles } from './io/file-sources.ts';
export {
  type FileSystem,
  MemoryFileSystem,
  type ReadableFile,
  setFileSystem,
  type WritableFile,
} from './io/file-system.ts';
export { readGraph } from './io/read-graph.ts';
export {
  type RecordOptions,
  type TFRecordCompression,
  TFRecordCompressionType,
  TFRecordOptions,
  type TFRecordOptionsInit,
} from './io/records/options.ts';
export { TFRecordWriter, tfRecordIterator } from './io/records/record-files.ts';
export type { ByteSource } from './io/records/sources.ts';
export { type WriteGraphOptions, writeGraph } from './io/write-graph.ts';
export {
  decodeBmp,
  decodeImage,
  decodeJpeg,
  decodePng,
  encodeJpeg,
  encodePng,
  extractJpegShape,
} from './ops/image-codecs.ts';
export {
  FixedLenFeature,
  FixedLenSequenceFeature,
  parseExample,
  parseSingleExample,
  SparseFeature,
  VarLenFeature,
} from './ops/parse-example.ts';
export { parseSequenceExample, parseSingleSequenceExample } from './ops/parse-sequence-example.ts';
export { decodeCsv, decodeRaw, parseTensor, serializeTensor } from './ops/parsing.ts';
export { decodeBase64, encodeBase64 } from './ops/string-parts.ts';
