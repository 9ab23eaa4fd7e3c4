/** The namespace `tf.strings`. */
export { stringFormat as format } from './ops/string-format.ts';
export {
  asString,
  reduceJoin,
  stringJoin as join,
  stringLength as length,
  stringLower as lower,
  stringStrip as strip,
  stringToHashBucket as toHashBucket,
  stringToHashBucketFast as toHashBucketFast,
  stringToHashBucketStrong as toHashBucketStrong,
  stringToNumber as toNumber,
  stringUpper as upper,
  substr,
  unsortedSegmentJoin,
} from './ops/string-parts.ts';
export { regexFullMatch, regexReplace } from './ops/string-regex.ts';
export { ngrams, stringSplitV2 as split } from './ops/string-split.ts';
export {
  unicodeDecode,
  unicodeDecodeWithOffsets,
  unicodeEncode,
  unicodeScript,
  unicodeTranscode,
} from './ops/string-unicode.ts';
