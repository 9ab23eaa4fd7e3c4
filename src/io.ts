/** The namespace `tf.io`. Most of it is at the top level too. */
export {
  FixedLenFeature,
  FixedLenSequenceFeature,
  parseExample,
  parseSingleExample,
  VarLenFeature,
} from './ops/parse-example.ts';
export { decodeCsv, decodeRaw, parseTensor, serializeTensor } from './ops/parsing.ts';
export { decodeBase64, encodeBase64 } from './ops/string-parts.ts';
