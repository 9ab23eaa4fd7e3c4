/** `tf.keras.preprocessing.sequence`: padding sequences, windows over them, pairs of words. */
export { type PadSequencesOptions, padSequences } from '../utils/pad-sequences.ts';
export { TimeseriesGenerator, type TimeseriesGeneratorOptions } from '../utils/sequence.ts';
export { makeSamplingTable, skipgrams } from '../utils/skipgrams.ts';
