/** Datasets and iterators against real TensorFlow, step by step: values, orders, errors, names of nodes. */
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { follow, type Parts, scripts } from '../support/scripted.ts';

const { Dataset, Iterator, makeInitializableIterator, makeOneShotIterator } = tf.data;
type AnyDataset = tf.data.Dataset<unknown>;

const ints = (values: readonly unknown[]) => tf.constant(values as number[], { dtype: tf.int32 });

/** An iterator over a dataset, and its next element. */
function over(make: () => AnyDataset): () => Parts {
  return () => {
    const iterator = makeInitializableIterator(make());
    return { init: iterator.initializer, next: iterator.getNext() };
  };
}

function fed(): Parts {
  const x = tf.placeholder(tf.float32, [null, 2], { name: 'x' });
  const iterator = makeInitializableIterator(Dataset.fromTensorSlices(x).batch(2));
  return { x, init: iterator.initializer, next: iterator.getNext() };
}

function fedPair(): Parts {
  const x = tf.placeholder(tf.float32, [null], { name: 'x' });
  const y = tf.placeholder(tf.float32, [null], { name: 'y' });
  const iterator = makeInitializableIterator(Dataset.fromTensorSlices([x, y]));
  return { x, y, init: iterator.initializer, next: iterator.getNext() };
}

interface Shuffle {
  readonly seed?: number;
  readonly reshuffleEachIteration?: boolean;
}
const shuffles: readonly [name: string, size: number, options: Shuffle, count: number][] = [
  ['shuffle with a seed', 4, { seed: 7 }, 10],
  ['shuffle with seed 0', 4, { seed: 0 }, 10],
  ['shuffle in a large buffer', 100, { seed: 3 }, 10],
  ['shuffle in a buffer of one', 1, { seed: 3 }, 4],
  ['shuffle in one order', 4, { seed: 7, reshuffleEachIteration: false }, 10],
];

const { range } = Dataset;

const programs: Readonly<Record<string, () => Parts>> = {
  range: over(() => range(3)),
  'range with a start and a step': over(() => range(10, 1, -4)),
  'range of another type': over(() => range(2, 4, { outputType: tf.int32 })),
  'range of step 0': over(() => range(2, 4, 0)),
  fromTensors: over(() => Dataset.fromTensors(new tf.NdArray(tf.int32, [2, 2], Int32Array.of(1, 2, 3, 4)))),
  'fromTensors of a pair': over(() => Dataset.fromTensors([tf.constant([1, 2]), 'x'])),
  fromTensorSlices: over(() =>
    Dataset.fromTensorSlices(new tf.NdArray(tf.int32, [3, 2], Int32Array.of(1, 2, 3, 4, 5, 6))),
  ),
  'fromTensorSlices of a pair': over(() => Dataset.fromTensorSlices([tf.constant([1, 2]), tf.constant(['x', 'y'])])),
  'fromTensorSlices of a dict': over(() => Dataset.fromTensorSlices({ b: Int32Array.of(1, 2), a: [[true], [false]] })),
  'fed values': fed,
  'fed values of different lengths': fedPair,
  'slices of different lengths': () => ({ d: Dataset.fromTensorSlices([ints([1, 2]), ints([1])]) }),
  'slices of a scalar': () => ({ d: Dataset.fromTensorSlices(1) }),
  'repeat twice': over(() => range(2).repeat(2)),
  'repeat for ever': over(() => range(2).repeat()),
  'repeat zero times': over(() => range(2).repeat(0)),
  'repeat an empty dataset for ever': over(() => range(0).repeat()),
  batch: over(() => range(5).batch(2)),
  'batch without the remainder': over(() => range(5).batch(2, { dropRemainder: true })),
  'batch of strings': over(() => Dataset.fromTensorSlices(['a', 'bb', 'ccc']).batch(2)),
  'batch of batches': over(() => range(7).batch(2).batch(2)),
  'batch of unequal shapes': over(() => range(3).batch(2).batch(2)),
  'batch of size 0': over(() => range(5).batch(0)),
  'take and skip': over(() => range(10).skip(3).take(2)),
  'take all': over(() => range(2).take(-1)),
  'take more than there are': over(() => range(2).take(5)),
  'skip all': over(() => range(2).skip(-1)),
  'skip more than there are': over(() => range(2).skip(5)),
  zip: over(() => Dataset.zip([range(3), range(10, 20)])),
  'zip of a dict': over(() => Dataset.zip({ x: range(3), y: [range(10, 12), range(2)] })),
  concatenate: over(() => range(2).concatenate(range(7, 9))),
  'concatenate of other shapes': over(() =>
    Dataset.fromTensors(Int32Array.of(1, 2)).concatenate(Dataset.fromTensors(Int32Array.of(1, 2, 3))),
  ),
  'concatenate of other types': () => ({ d: range(2).concatenate(Dataset.fromTensors(1)) }),
  ...Object.fromEntries(
    shuffles.flatMap(([name, size, options, count]) => [
      [name, over(() => range(count).shuffle(size, options).batch(count))],
      [`${name}, repeated`, over(() => range(count).shuffle(size, options).repeat(3).batch(count))],
    ]),
  ),
  'shuffle with the seed of the graph': over(() => {
    tf.setRandomSeed(11);
    return range(10).shuffle(5).batch(10);
  }),
  'shuffle with both seeds': over(() => {
    tf.setRandomSeed(11);
    return range(10).shuffle(5, 2).repeat(2).batch(10);
  }),
  'repeat and then shuffle': over(() => range(4).repeat(3).shuffle(5, 1).batch(12)),
  'shuffle twice': over(() => range(9).shuffle(3, 1).shuffle(4, 2).repeat(2).batch(9)),
  'shuffle with size 0': over(() => range(9).shuffle(0, 1)),
  'two iterators over one dataset': () => {
    const dataset = range(6).shuffle(3, 5).batch(6);
    const [a, b] = [makeInitializableIterator(dataset), makeInitializableIterator(dataset)];
    return { a: a.initializer, b: b.initializer, na: a.getNext(), nb: b.getNext() };
  },
  'several nexts of one iterator': () => {
    const iterator = makeInitializableIterator(range(3));
    const a = iterator.getNext();
    iterator.getNext();
    const s = tf.getDefaultGraph().controlDependencies([a], () => tf.add(a, iterator.getNext(), { name: 'add' }));
    return { init: iterator.initializer, a, s, pair: [a, tf.add(a, 1n, { name: 'add_1' })] };
  },
  'iterators of one shared name': () => {
    const a = makeInitializableIterator(range(3), 's');
    const b = makeInitializableIterator(range(5, 8), { sharedName: 's' });
    return { a: a.initializer, b: b.initializer, na: a.getNext(), nb: b.getNext() };
  },
  'an iterator of a structure': () => {
    const iterator = Iterator.fromStructure(tf.int64, []);
    const a = iterator.makeInitializer(range(3));
    const b = iterator.makeInitializer(range(10, 20));
    return { a, b, n: iterator.getNext() };
  },
  'an iterator of a structure of another type': () => ({
    op: Iterator.fromStructure(tf.int64, []).makeInitializer(Dataset.fromTensors(1)),
  }),
  'an iterator of a structure of another shape': () => ({
    op: Iterator.fromStructure(tf.int64, [2]).makeInitializer(Dataset.fromTensors(ints([1]))),
  }),
  'an iterator with neither type nor shape': () => {
    const iterator = Iterator.fromStructure<tf.Tensor>(tf.int64);
    return { shape: iterator.getNext().getShape().asList() };
  },
  'one-shot': () => ({ next: makeOneShotIterator(range(2)).getNext() }),
  'initializer of a one-shot iterator': () => ({ op: makeOneShotIterator(range(2)).initializer }),
  'one-shot iterator over a placeholder': () => ({
    iterator: makeOneShotIterator(range(tf.placeholder(tf.int64, []))),
  }),
};

const test = suite('data/scripts');
const check = leakChecked(test);
for (const script of scripts('datasets')) {
  const program = programs[script.name];
  // The iterator that starts by itself has the dataset as an input, not as a function.
  const otherNodes = script.name === 'one-shot';
  for (const backend of script.build_error ? ['cpu'] : ['cpu', 'wasm']) {
    check(`${script.name}, on ${backend}`, () => follow(script, program, { backend, otherNodes }));
  }
}

test.run();
