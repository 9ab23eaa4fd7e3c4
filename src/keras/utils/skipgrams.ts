/** `skipgrams` and `makeSamplingTable`: pairs of words for word2vec. */
import { float64 } from '../../util/dtype.ts';
import { NdArray } from '../../util/ndarray.ts';
import { PythonRandom } from './mersenne-twister.ts';
import { streams } from './shuffle-source.ts';

/**
 * The chance with which the i-th most frequent word is kept, by word2vec's formula and Zipf's law: float64 of shape
 * `[size]`.
 *
 *     tf.keras.preprocessing.sequence.makeSamplingTable(10000)
 */
export function makeSamplingTable(size: number, samplingFactor = 1e-5): NdArray {
  const gamma = 0.577;
  const table = Float64Array.from({ length: size }, (_, i) => {
    const rank = Math.max(i, 1);
    const frequency = samplingFactor * (rank * (Math.log(rank) + gamma) + 0.5 - 1 / (12 * rank));
    return Math.min(1, frequency / Math.sqrt(frequency));
  });
  return new NdArray(float64, [size], table);
}

export interface SkipgramsOptions {
  /** How far from a word its neighbours are looked for, to each side; 4 without it. */
  readonly windowSize?: number;
  /** How many random pairs are added for each true one; 1 without it. */
  readonly negativeSamples?: number;
  /** Whether the pairs are shuffled; true without it. */
  readonly shuffle?: boolean;
  /** Labels as `[0, 1]` and `[1, 0]` rather than 1 and 0. */
  readonly categorical?: boolean;
  /** The chance with which a word is kept, by its number: see `makeSamplingTable`. */
  readonly samplingTable?: NdArray | ArrayLike<number> | null;
  /** Seeds the last shuffle. The other draws come from the stream that `setRandomSeed` seeds. */
  readonly seed?: number | null;
}

export interface Skipgrams<L> {
  /** Pairs of word numbers. */
  readonly couples: [word: number, other: number][];
  /** Whether the two stood near each other, one for each pair. */
  readonly labels: L[];
}

/**
 * Pairs of words of a sequence: near ones labelled 1, random ones labelled 0. Number 0 is no word and is passed over. The
 * draws are those of Keras under the same seeds.
 *
 *     const {couples, labels} = tf.keras.preprocessing.sequence.skipgrams([1, 2, 3], 10, {windowSize: 1})
 */
export function skipgrams(
  sequence: ArrayLike<number>,
  vocabularySize: number,
  options: SkipgramsOptions & { readonly categorical: true },
): Skipgrams<[number, number]>;
export function skipgrams(
  sequence: ArrayLike<number>,
  vocabularySize: number,
  options?: SkipgramsOptions,
): Skipgrams<number>;
export function skipgrams(
  sequence: ArrayLike<number>,
  vocabularySize: number,
  options: SkipgramsOptions = {},
): Skipgrams<unknown> {
  const { windowSize = 4, negativeSamples = 1, shuffle = true, categorical = false } = options;
  const table = options.samplingTable instanceof NdArray ? options.samplingTable.data : options.samplingTable;
  const random = streams.python;
  const couples: [number, number][] = [];
  for (let i = 0; i < sequence.length; i++) {
    const word = sequence[i];
    if (!word) continue;
    if (table && (table[word] as number) < random.random()) continue;
    const end = Math.min(sequence.length, i + windowSize + 1);
    for (let j = Math.max(0, i - windowSize); j < end; j++)
      if (j !== i && sequence[j]) couples.push([word, sequence[j]]);
  }
  const labels = new Array<unknown>(couples.length).fill(categorical ? [0, 1] : 1);

  if (negativeSamples > 0) {
    const count = Math.trunc(couples.length * negativeSamples);
    const words = couples.map(([word]) => word);
    random.shuffle(words);
    for (let i = 0; i < count; i++) {
      couples.push([words[i % words.length], random.randint(1, Math.trunc(vocabularySize - 1))]);
      labels.push(categorical ? [1, 0] : 0);
    }
  }
  if (shuffle) {
    const seed = options.seed ?? random.randint(0, 10e6);
    new PythonRandom(seed).shuffle(couples);
    new PythonRandom(seed).shuffle(labels);
  }
  return { couples, labels };
}
