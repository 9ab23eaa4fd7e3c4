/** `tf.keras.preprocessing.text`: texts to numbers. */
export { hashingTrick, oneHot, textToWordSequence } from '../utils/text.ts';
export { Tokenizer, tokenizerFromJson } from '../utils/tokenizer.ts';
