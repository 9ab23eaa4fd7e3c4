/**
 * Splitting and hashing of texts: `textToWordSequence`, `hashingTrick`, `oneHot`. Vocabularies are `tokenizer.ts`'s.
 */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { md5 } from '../../util/md5.ts';

/** What is filtered from texts where no filters are given: punctuation without the apostrophe, tabs, line ends. */
export const DEFAULT_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n';

export interface WordSequenceOptions {
  /** The characters that separate words beside `split`. */
  readonly filters?: string | readonly string[];
  /** Whether the text is put in lower case first; true without it. */
  readonly lower?: boolean;
  /** What separates words; a blank without it. */
  readonly split?: string;
}

/**
 * The words of a text.
 *
 *     tf.keras.preprocessing.text.textToWordSequence('The dog; the DOG!') // ['the', 'dog', 'the', 'dog']
 */
export function textToWordSequence(
  inputText: string,
  ...rest: Rest<[filters: string | readonly string[], lower: boolean, split: string], WordSequenceOptions>
): string[] {
  const options = bind<WordSequenceOptions>(['filters', 'lower', 'split'], rest);
  const { filters = DEFAULT_FILTERS, lower = true, split = ' ' } = options;
  const filtered = new Set(filters);
  const text = lower ? inputText.toLowerCase() : inputText;
  const spaced = Array.from(text, (char) => (filtered.has(char) ? split : char)).join('');
  return spaced.split(split).filter((word) => word !== '');
}

/** Makes a number of a word. */
export type HashFunction = (word: string) => number | bigint;

export interface OneHotOptions extends WordSequenceOptions {
  /** Splits the text into words; `textToWordSequence` without it. */
  readonly analyzer?: ((text: string) => readonly string[]) | null;
}

export interface HashingTrickOptions extends OneHotOptions {
  /** `'md5'` or a function; md5 without it. Python's own `hash`, Keras's default, differs from process to process. */
  readonly hashFunction?: 'md5' | HashFunction | null;
}

/**
 * A number of 1 … n - 1 for each word of the text, by its hash: two words may get the same number.
 *
 *     tf.keras.preprocessing.text.hashingTrick('The cat sat.', 10) // [6, 3, 1]
 */
export function hashingTrick(
  text: string,
  n: number,
  ...rest: Rest<[hashFunction: 'md5' | HashFunction | null], HashingTrickOptions>
): number[] {
  const { hashFunction, analyzer, ...splitting } = bind<HashingTrickOptions>(['hashFunction'], rest);
  const hash = typeof hashFunction === 'function' ? hashFunction : md5;
  const words = analyzer ? analyzer(text) : textToWordSequence(text, splitting);
  const size = BigInt(n - 1);
  return words.map((word) => {
    const remainder = BigInt(hash(word)) % size;
    return Number(remainder < 0n ? remainder + size : remainder) + 1;
  });
}

/**
 * `hashingTrick` with the default hash. Keras's own gives other numbers in each process; these stay.
 *
 *     tf.keras.preprocessing.text.oneHot('The cat sat.', 10) // [6, 3, 1]
 */
export function oneHot(inputText: string, n: number, options: OneHotOptions = {}): number[] {
  return hashingTrick(inputText, n, { ...options, hashFunction: 'md5' });
}
