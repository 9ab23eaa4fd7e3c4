/**
 * The process's random streams for what happens in JavaScript: the order of samples in `fit`, of files, of skipgrams.
 * Random ops draw from the session; the seed of those is the graph's.
 */
import { NumpyRandom, PythonRandom, type Shufflable } from './mersenne-twister.ts';

/**
 * What NumPy's and Python's module-level functions draw from in a Python program: unseeded until `reseed`. There are two,
 * as Keras uses one or the other, and the same seed is to give the same order.
 */
export const streams: { readonly numpy: NumpyRandom; readonly python: PythonRandom } = {
  numpy: new NumpyRandom(),
  python: new PythonRandom(),
};

/** Starts both streams anew: from a seed of 0 … 2³² - 1, or from the platform's randomness. */
export function reseed(seed: number | null): void {
  // NumPy's stream is the one that refuses seeds: nothing has changed when it throws.
  streams.numpy.seed(seed);
  streams.python.seed(seed);
}

/** The numbers 0 … n - 1 in the order that `np.random.shuffle` would put them: what `fit` draws once an epoch. */
export function shuffledIndices(n: number): Uint32Array {
  return streams.numpy.permutation(n);
}

/** Puts the elements in another order, in place, with the process's stream. */
export function shuffleInPlace(list: Shufflable): void {
  streams.numpy.shuffle(list);
}

/** A stream of its own, as `np.random.RandomState(seed)` is one. */
export function seeded(seed: number): NumpyRandom {
  return new NumpyRandom(seed);
}

/** The seed that Keras makes up where a shuffle is wanted and no seed given. */
export function anySeed(): number {
  return streams.numpy.randint(0, 1_000_000);
}
