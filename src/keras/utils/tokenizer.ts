/**
 * `Tokenizer`: a vocabulary of words by frequency, and texts as numbers or rows of a matrix. Splitting texts is
 * `text.ts`'s, padding the numbers `pad-sequences.ts`'s job.
 */
import { isOptions } from '../../ops/tensor-like.ts';
import { float64 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { DEFAULT_FILTERS, textToWordSequence } from './text.ts';

/** A text, or its words where it is split already. */
export type TextOrWords = string | readonly string[];
export type MatrixMode = 'binary' | 'count' | 'tfidf' | 'freq';

export interface TokenizerOptions {
  /** Only words with smaller numbers are kept in sequences and matrices; all without it. */
  readonly numWords?: number | null;
  readonly filters?: string;
  readonly lower?: boolean;
  readonly split?: string;
  /** Whether each character counts as a word. */
  readonly charLevel?: boolean;
  /** Stands for words that are not in the vocabulary; they are left out without it. */
  readonly oovToken?: string | null;
  /** Splits a text into words; `textToWordSequence` without it. */
  readonly analyzer?: ((text: string) => readonly string[]) | null;
  /** How many texts were seen already. */
  readonly documentCount?: number;
}

/** What a tokenizer is made again from: `toJson` writes it. The counts are JSON texts of their own, as in Keras. */
export interface TokenizerConfig {
  readonly num_words: number | null;
  readonly filters: string;
  readonly lower: boolean;
  readonly split: string;
  readonly char_level: boolean;
  readonly oov_token: string | null;
  readonly document_count: number;
  readonly word_counts: string;
  readonly word_docs: string;
  readonly index_docs: string;
  readonly index_word: string;
  readonly word_index: string;
}

/**
 * Numbers the words of texts from 1 on, the most frequent first; 0 is nobody's.
 *
 *     const tokenizer = new tf.keras.preprocessing.text.Tokenizer({numWords: 1000, oovToken: '<unk>'});
 *     tokenizer.fitOnTexts(texts);
 *     tokenizer.textsToSequences(['The cat sat.']) // [[2, 4, 5]]
 */
export class Tokenizer {
  readonly numWords: number | null;
  readonly filters: string;
  readonly lower: boolean;
  readonly split: string;
  readonly charLevel: boolean;
  readonly oovToken: string | null;
  readonly analyzer: ((text: string) => readonly string[]) | null;
  documentCount: number;
  /** How often each word was seen, in the order of first sight. */
  readonly wordCounts = new Map<string, number>();
  /** In how many texts each word was seen. */
  readonly wordDocs = new Map<string, number>();
  /** The same by the word's number. */
  readonly indexDocs = new Map<number, number>();
  wordIndex = new Map<string, number>();
  indexWord = new Map<number, string>();

  constructor(numWords?: number | null | TokenizerOptions, options: TokenizerOptions = {}) {
    const given: TokenizerOptions = isOptions(numWords) ? numWords : { ...options, numWords };
    this.numWords = given.numWords ?? null;
    this.filters = given.filters ?? DEFAULT_FILTERS;
    this.lower = given.lower ?? true;
    this.split = given.split ?? ' ';
    this.charLevel = given.charLevel ?? false;
    this.oovToken = given.oovToken ?? null;
    this.analyzer = given.analyzer ?? null;
    this.documentCount = given.documentCount ?? 0;
  }

  private words(text: TextOrWords): readonly string[] {
    if (this.charLevel || typeof text !== 'string') {
      const words = typeof text === 'string' ? Array.from(text) : text;
      return this.lower ? words.map((word) => word.toLowerCase()) : words;
    }
    if (this.analyzer) return this.analyzer(text);
    return textToWordSequence(text, { filters: this.filters, lower: this.lower, split: this.split });
  }

  /** Counts the words of the texts and numbers the vocabulary anew, of these and all texts before. */
  fitOnTexts(texts: Iterable<TextOrWords>): void {
    for (const text of texts) {
      this.documentCount++;
      const words = this.words(text);
      for (const word of words) count(this.wordCounts, word);
      for (const word of new Set(words)) count(this.wordDocs, word);
    }
    const byCount = [...this.wordCounts].sort((a, b) => b[1] - a[1]).map(([word]) => word);
    const vocabulary = this.oovToken === null ? byCount : [this.oovToken, ...byCount];
    // A word that is the stand-in too counts by its second place, as a Python dict built of pairs has it.
    this.wordIndex = new Map(vocabulary.map((word, i) => [word, i + 1]));
    this.indexWord = new Map([...this.wordIndex].map(([word, i]) => [i, word]));
    for (const [word, texts] of this.wordDocs) this.indexDocs.set(this.wordIndex.get(word) as number, texts);
  }

  /** Counts texts that are numbers already, for the mode `'tfidf'`. */
  fitOnSequences(sequences: readonly (readonly number[])[]): void {
    this.documentCount += sequences.length;
    for (const sequence of sequences) for (const index of new Set(sequence)) count(this.indexDocs, index);
  }

  /** The numbers of each text's words. */
  textsToSequences(texts: Iterable<TextOrWords>): number[][] {
    return [...this.textsToSequencesGenerator(texts)];
  }

  /** The same, one text at a time. */
  *textsToSequencesGenerator(texts: Iterable<TextOrWords>): Generator<number[]> {
    for (const text of texts) {
      yield this.words(text).flatMap((word) => this.known(this.wordIndex.get(word)) ?? this.oovIndex() ?? []);
    }
  }

  /** The words of each sequence of numbers, with blanks between. */
  sequencesToTexts(sequences: Iterable<readonly number[]>): string[] {
    return [...this.sequencesToTextsGenerator(sequences)];
  }

  /** The same, one sequence at a time. */
  *sequencesToTextsGenerator(sequences: Iterable<readonly number[]>): Generator<string> {
    for (const sequence of sequences) {
      const indices = sequence.map((i) => this.known(this.indexWord.has(i) ? i : undefined) ?? this.oovIndex());
      yield indices.flatMap((i) => (i === undefined ? [] : (this.indexWord.get(i) as string))).join(' ');
    }
  }

  private known(index: number | undefined): number | undefined {
    return index !== undefined && !(this.numWords && index >= this.numWords) ? index : undefined;
  }

  private oovIndex(): number | undefined {
    return this.oovToken === null ? undefined : this.wordIndex.get(this.oovToken);
  }

  /** `sequencesToMatrix` of the texts' sequences. */
  textsToMatrix(texts: Iterable<TextOrWords>, mode: MatrixMode = 'binary'): NdArray {
    return this.sequencesToMatrix(this.textsToSequences(texts), mode);
  }

  /**
   * A float64 row for each sequence, with a column for each number: whether it occurs, how often, which share of the
   * sequence it is, or its tf-idf. Throws `ValueError` where the number of columns is not known, or for `'tfidf'` before
   * any text.
   */
  sequencesToMatrix(sequences: readonly (readonly number[])[], mode: MatrixMode = 'binary'): NdArray {
    if (!this.numWords && this.wordIndex.size === 0) {
      throw new ValueError('Specify a dimension (`num_words` argument), or fit on some text data first.');
    }
    if (mode === 'tfidf' && !this.documentCount) {
      throw new ValueError('Fit the Tokenizer on some data before using tfidf mode.');
    }
    const columns = this.numWords || this.wordIndex.size + 1;
    const matrix = NdArray.zeros(float64, [sequences.length, columns]);
    sequences.forEach((sequence, i) => {
      const counts = new Map<number, number>();
      for (const index of sequence) if (index < columns) count(counts, index);
      for (const [j, times] of counts) matrix.data[i * columns + j] = this.weight(mode, j, times, sequence.length);
    });
    return matrix;
  }

  private weight(mode: MatrixMode, index: number, times: number, length: number): number {
    switch (mode) {
      case 'binary':
        return 1;
      case 'count':
        return times;
      case 'freq':
        return times / length;
      case 'tfidf':
        return (1 + Math.log(times)) * Math.log(1 + this.documentCount / (1 + (this.indexDocs.get(index) ?? 0)));
    }
    throw new ValueError(`Unknown vectorization mode: ${mode}`);
  }

  getConfig(): TokenizerConfig {
    return {
      num_words: this.numWords,
      filters: this.filters,
      lower: this.lower,
      split: this.split,
      char_level: this.charLevel,
      oov_token: this.oovToken,
      document_count: this.documentCount,
      word_counts: writeMap(this.wordCounts),
      word_docs: writeMap(this.wordDocs),
      index_docs: writeMap(this.indexDocs),
      index_word: writeMap(this.indexWord),
      word_index: writeMap(this.wordIndex),
    };
  }

  /** The vocabulary as JSON, as Keras writes it: `tokenizerFromJson` of either library reads it. */
  toJson(): string {
    return JSON.stringify({ class_name: 'Tokenizer', config: this.getConfig() });
  }
}

/**
 * The tokenizer that a JSON text describes, of this library or of Keras.
 *
 *     tf.keras.preprocessing.text.tokenizerFromJson(tokenizer.toJson())
 */
export function tokenizerFromJson(jsonString: string): Tokenizer {
  const { config } = JSON.parse(jsonString) as { config: TokenizerConfig };
  const tokenizer = new Tokenizer({
    numWords: config.num_words,
    filters: config.filters,
    lower: config.lower,
    split: config.split,
    charLevel: config.char_level,
    oovToken: config.oov_token,
    documentCount: config.document_count,
  });
  for (const [word, times] of readMap(config.word_counts)) tokenizer.wordCounts.set(word, Number(times));
  for (const [word, texts] of readMap(config.word_docs)) tokenizer.wordDocs.set(word, Number(texts));
  for (const [index, texts] of readMap(config.index_docs)) tokenizer.indexDocs.set(Number(index), Number(texts));
  for (const [index, word] of readMap(config.index_word)) tokenizer.indexWord.set(Number(index), String(word));
  for (const [word, index] of readMap(config.word_index)) tokenizer.wordIndex.set(word, Number(index));
  return tokenizer;
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** A JSON object by hand: an object of JavaScript would put keys such as `'7'` first, and with them the order of ties. */
function writeMap(map: ReadonlyMap<string | number, string | number>): string {
  const entries = Array.from(map, ([key, value]) => `${JSON.stringify(String(key))}: ${JSON.stringify(value)}`);
  return `{${entries.join(', ')}}`;
}

function readMap(text: string): [key: string, value: string | number][] {
  const entry = /("(?:[^"\\]|\\.)*")\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)/g;
  return Array.from(text.matchAll(entry), ([, key, value]) => [JSON.parse(key), JSON.parse(value)]);
}
