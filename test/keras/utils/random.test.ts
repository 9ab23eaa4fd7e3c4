/** Shuffles, seeds and skipgrams against NumPy, Python and tf.data. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { getDefaultGraph, resetDefaultGraph } from '../../../src/graph/default-graph.ts';
import { Dataset } from '../../../src/keras/utils/dataset.ts';
import { NumpyRandom, PythonRandom } from '../../../src/keras/utils/mersenne-twister.ts';
import { setRandomSeed } from '../../../src/keras/utils/random-seed.ts';
import { reseed, seeded, shuffledIndices, shuffleInPlace, streams } from '../../../src/keras/utils/shuffle-source.ts';
import { makeSamplingTable, skipgrams } from '../../../src/keras/utils/skipgrams.ts';
import { assertSame, assertThrows, camelCased, golden } from './support.ts';

const test = suite('Keras random utilities');
const data = golden('datasets');
const { generators } = data;

test("seeded permutations are NumPy's", () => {
  for (const { seed, n, value } of generators.numpy_permutation) {
    assert.equal([...seeded(seed).permutation(n)], value, `seed ${seed}, n ${n}`);
  }
  const { seed, n, head, tail } = generators.numpy_big;
  const order = [...seeded(seed).permutation(n)];
  assert.equal([order.slice(0, 8), order.slice(-8)], [head, tail]);
});

test("a stream goes on as NumPy's does: shuffles, integers, doubles", () => {
  const { seed, n, value } = generators.numpy_shuffles;
  const random = new NumpyRandom(seed);
  const list = Array.from({ length: n }, (_, i) => i);
  for (const expected of value) {
    random.shuffle(list);
    assert.equal(list, expected);
  }
  const { low, high, value: integers, seed: seed2 } = generators.numpy_randint;
  const random2 = new NumpyRandom(seed2);
  assert.equal(
    integers.map(() => random2.randint(low, high)),
    integers,
  );
  const random3 = new NumpyRandom(generators.numpy_random.seed);
  assert.equal(
    generators.numpy_random.value.map(() => random3.random()),
    generators.numpy_random.value,
  );
});

test("Python's stream shuffles and draws as `random` does, for negative and long seeds too", () => {
  for (const { seed, shuffle, randint, random } of generators.python) {
    const stream = new PythonRandom(seed);
    const list = shuffle.map((_: number, i: number) => i);
    stream.shuffle(list);
    assert.equal(list, shuffle, `seed ${seed}`);
    assert.equal(
      randint.map(() => stream.randint(1, 99)),
      randint,
    );
    assert.equal(
      random.map(() => stream.random()),
      random,
    );
  }
});

test('a dataset is shuffled in the order of tf.data, pass after pass', () => {
  for (const { n, buffer, seed, epochs } of generators.tf_data_shuffle) {
    resetDefaultGraph();
    const numbers = new Dataset(Array.from({ length: n }, (_, i) => i)).shuffle(buffer, { seed });
    for (const expected of epochs) assert.equal(numbers.toArray(), expected, `buffer ${buffer}, seed ${seed}`);
  }
});

test('setRandomSeed repeats shuffles and seeds the default graph', () => {
  setRandomSeed(5);
  assert.is(getDefaultGraph().seed, 5);
  const first = [...shuffledIndices(12)];
  assert.equal(first, generators.numpy_shuffles.value[0]);
  const second = [...shuffledIndices(12)];
  assert.not.equal(second, first);
  setRandomSeed(5);
  const list = Array.from({ length: 12 }, (_, i) => i);
  shuffleInPlace(list);
  assert.equal(list, first);
  resetDefaultGraph();
  reseed(null);
});

test('setRandomSeed refuses what is no seed, and changes nothing then', () => {
  setRandomSeed(7);
  const before = new NumpyRandom(7).random();
  assertThrows(() => setRandomSeed('a' as never), data.random_seed_errors[0]);
  assertThrows(() => setRandomSeed(-1), data.random_seed_errors[1]);
  assert.is(getDefaultGraph().seed, 7);
  assert.is(streams.numpy.random(), before);
  resetDefaultGraph();
  reseed(null);
});

test('streams without a seed differ', () => {
  assert.not.equal(new NumpyRandom().random(), new NumpyRandom().random());
  assert.not.equal(new PythonRandom().random(), new PythonRandom().random());
});

test("makeSamplingTable is Keras's", () => {
  const c = golden('utils').cases.find((one: { function: string }) => one.function === 'make_sampling_table');
  assertSame(makeSamplingTable(c.args.size), c.value, 'table');
});

test("skipgrams are Keras's under the same seeds", () => {
  for (const { args, global_seed, couples, labels } of data.skipgrams) {
    const { sampling_factor, ...rest } = args;
    streams.python.seed(global_seed);
    const samplingTable = sampling_factor ? makeSamplingTable(10, sampling_factor) : null;
    const result = skipgrams([1, 5, 0, 3, 7, 2, 9, 4], 10, { ...camelCased<object>(rest), samplingTable });
    assert.equal(result.couples, couples, JSON.stringify(args));
    assert.equal(result.labels, labels, JSON.stringify(args));
  }
  reseed(null);
});

test.run();
