/** `Dataset`, `splitDataset`, `timeseriesDatasetFromArray`, `Sequence`, `TimeseriesGenerator` against Keras. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resetDefaultGraph } from '../../../src/graph/default-graph.ts';
import { Dataset } from '../../../src/keras/utils/dataset.ts';
import { Sequence, TimeseriesGenerator } from '../../../src/keras/utils/sequence.ts';
import { reseed, streams } from '../../../src/keras/utils/shuffle-source.ts';
import { splitDataset } from '../../../src/keras/utils/split-dataset.ts';
import { timeseriesDatasetFromArray } from '../../../src/keras/utils/timeseries-dataset.ts';
import { asDType, float32, int32, int64 } from '../../../src/util/dtype.ts';
import { NdArray } from '../../../src/util/ndarray.ts';
import { assertSame, assertThrows, camelCased, type GoldenArray, golden } from './support.ts';

const test = suite('Keras datasets');
const keras3 = golden('keras3').utilities;
const more = golden('datasets');

function range(n: number, dtype = 'int32', factor = 1): NdArray {
  const array = NdArray.zeros(asDType(dtype), [n]);
  for (let i = 0; i < n; i++) array.data[i] = (dtype === 'int64' ? BigInt(i * factor) : i * factor) as number;
  return array;
}

function numbers(dataset: Dataset<NdArray>): number[] {
  return dataset.toArray().map((element) => Number(element.item()));
}

// ---------------------------------------------------------------------------------------------------------------------
// timeseriesDatasetFromArray

for (const c of keras3.filter((one: { function: string }) => one.function === 'timeseries_dataset_from_array')) {
  const { data, targets, sequence_length, ...rest } = c.args;
  test(`timeseriesDatasetFromArray(${JSON.stringify(c.args)}) is Keras's`, () => {
    const options = camelCased<object>(rest);
    if (targets === null) {
      resetDefaultGraph();
      const dataset = timeseriesDatasetFromArray(range(8, 'int64'), null, sequence_length, options);
      assertSame(dataset.toArray(), c.batches, data);
      return;
    }
    const dataset = timeseriesDatasetFromArray(
      range(10, 'float32'),
      range(10, 'float32', 10),
      sequence_length,
      options,
    );
    assertSame(dataset.toArray(), c.batches, data);
    assert.is(dataset.length, c.batches.length);
  });
}

for (const { args, epochs } of more.timeseries) {
  test(`timeseriesDatasetFromArray with ${JSON.stringify(args)} is Keras's, pass after pass`, () => {
    resetDefaultGraph();
    const dataset = timeseriesDatasetFromArray(range(8, 'int64'), null, 3, camelCased<object>(args));
    for (const batches of epochs) assertSame(dataset.toArray(), batches, 'epoch');
  });
}

test("timeseriesDatasetFromArray throws Keras's errors", () => {
  for (const { args, error } of more.timeseries_errors) {
    assertThrows(() => timeseriesDatasetFromArray(range(8), null, 2, camelCased<object>(args)), error);
  }
});

// ---------------------------------------------------------------------------------------------------------------------
// splitDataset

function joined(dataset: Dataset<NdArray>): { shape: number[]; data: number[] } {
  const data = numbers(dataset);
  return { shape: [data.length], data };
}

for (const c of keras3.filter((one: { function: string }) => one.function === 'split_dataset')) {
  const { dataset: source, left_size = null, right_size = null } = c.args;
  test(`splitDataset(${JSON.stringify(c.args)}) is Keras's`, () => {
    const options = { leftSize: left_size, rightSize: right_size };
    if (source !== 'range(10)') {
      const [, factor] = /range\(6\)\*(\d)/.exec(source) as RegExpExecArray;
      const [left, right] = splitDataset([range(6), range(6, 'int32', Number(factor))], options);
      const rows = (d: Dataset<[NdArray, NdArray]>) => d.toArray().map((pair) => pair.map((x) => x.item()));
      assert.equal([rows(left), rows(right)], [c.left, c.right]);
    } else if (c.error) assertThrows(() => splitDataset(range(10), options), c.error);
    else {
      const [left, right] = splitDataset(range(10), options);
      assert.is(left.toArray()[0].dtype, int32);
      const { shape, data } = c.left as GoldenArray;
      assert.equal(joined(left), { shape, data });
      assert.equal(joined(right), { shape: c.right.shape, data: c.right.data });
      assert.equal([left.length, right.length], [c.left.shape[0], c.right.shape[0]]);
    }
  });
}

test("splitDataset shuffles in Keras's order, leaves the middle out, rounds halves to even", () => {
  for (const c of more.split.filter((one: { batched?: number }) => !one.batched)) {
    const [left, right] = splitDataset(range(10), camelCased<object>(c.args));
    assert.equal([numbers(left), numbers(right)], [c.left, c.right], JSON.stringify(c.args));
  }
});

test('splitDataset takes the batches of a dataset apart and batches both sides again', () => {
  const c = more.split.find((one: { batched?: number }) => one.batched);
  const batched = Dataset.fromTensorSlices(range(10, 'int64')).batch(c.batched);
  const [left, right] = splitDataset(batched, c.args.left_size);
  // Keras wraps each sample of a dataset of single arrays in a tuple; here samples stay what they were.
  assert.equal(
    left.toArray().map((b) => b.shape),
    [[4], [3]],
  );
  assert.equal(
    numbersOf(left),
    c.left.flatMap((b: GoldenArray | GoldenArray[]) => [b].flat().flatMap((x) => x.data)),
  );
  assert.equal(
    numbersOf(right),
    c.right.flatMap((b: GoldenArray | GoldenArray[]) => [b].flat().flatMap((x) => x.data)),
  );
});

function numbersOf(dataset: Dataset<NdArray>): number[] {
  return dataset.toArray().flatMap((batch) => Array.from(batch.data as BigInt64Array, Number));
}

test("splitDataset throws Keras's errors", () => {
  for (const { args, error } of more.split_errors) {
    assertThrows(() => splitDataset(range(10), camelCased<object>(args)), error, JSON.stringify(args));
  }
  assertThrows(() => splitDataset([range(3), range(4)], 1), more.split_errors_lists.lengths);
  assertThrows(() => splitDataset('abc' as never, 1), more.split_errors_lists.kind);
});

test('splitDataset refuses an asynchronous dataset, and takes what is collected of it', async () => {
  const source = Dataset.fromGenerator(asyncNumbers, { async: true });
  assert.throws(() => splitDataset(source, 1), /collect/);
  const [left] = splitDataset(await Dataset.collect(source), 2);
  assert.equal(left.toArray(), [0, 1]);
});

// ---------------------------------------------------------------------------------------------------------------------
// Dataset

async function* asyncNumbers(): AsyncGenerator<number> {
  for (let i = 0; i < 5; i++) yield i;
}

test('a dataset is passed over again and again, and knows its length and batches', () => {
  let started = 0;
  const source = Dataset.fromGenerator(
    function* () {
      started++;
      yield* [1, 2, 3, 4, 5];
    },
    { length: 5 },
  );
  assert.equal([source.toArray(), source.toArray(), started], [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 2]);
  assert.equal(source.skip(1).take(2).toArray(), [2, 3]);
  assert.is(source.skip(1).take(9).length, 4);
  assert.equal(source.map((x) => x * 2).toArray(), [2, 4, 6, 8, 10]);
  const batches = source.batch(2);
  assert.equal([batches.length, batches.batchSize, batches.skip(1).batchSize], [3, 2, 2]);
  assert.equal(
    batches.toArray().map((b) => b.array()),
    [[1, 2], [3, 4], [5]],
  );
  assert.is(source.batch(2, { dropRemainder: true }).toArray().length, 2);
});

test('take stops its source, and closes it', () => {
  let reached = 0;
  let closed = false;
  const endless = Dataset.fromGenerator(function* () {
    try {
      for (;;) yield reached++;
    } finally {
      closed = true;
    }
  });
  assert.equal(endless.take(3).toArray(), [0, 1, 2]);
  assert.is(reached, 3);
  assert.ok(closed);
  assert.is(endless.length, null);
});

test('arrays in lists and objects are sliced, batched and taken apart', () => {
  const x = new NdArray(float32, [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));
  const pairs = Dataset.fromTensorSlices([x, range(3)]).batch(2);
  const [[first, labels]] = pairs.toArray();
  assert.equal(
    [first.array(), labels.array()],
    [
      [
        [1, 2],
        [3, 4],
      ],
      [0, 1],
    ],
  );
  assert.equal(
    pairs
      .unbatch()
      .toArray()
      .map(([, y]) => y.item()),
    [0, 1, 2],
  );
  const named = Dataset.fromTensorSlices({ a: x, b: range(3) })
    .batch(3)
    .toArray()[0];
  assert.equal([named.a.shape, named.b.shape], [[3, 2], [3]]);
  assert.throws(() => Dataset.fromTensorSlices([x, range(2)]), /Dimensions 3 and 2 are not compatible/);
});

test('rows of different shapes make no batch', () => {
  const ragged = new Dataset([range(2), range(3)]).batch(2);
  assert.throws(
    () => ragged.toArray(),
    /Cannot batch tensors with different shapes in component 0. First element had shape \[2\] and element 1 had shape \[3\]./,
  );
});

test('an asynchronous source is read by for await through all steps, and refused by for of', async () => {
  const source = Dataset.fromGenerator(asyncNumbers, { async: true, length: 5 });
  const steps = source
    .map((x) => x + 1)
    .skip(1)
    .shuffle(1)
    .batch(3);
  assert.ok(steps.isAsync);
  assert.throws(() => steps.toArray(), /for await/);
  for (let pass = 0; pass < 2; pass++) {
    const batches: unknown[] = [];
    for await (const batch of steps) batches.push(batch.array());
    assert.equal(batches, [[2, 3, 4], [5]]);
  }
  const plain: number[] = [];
  for await (const x of new Dataset([1, 2])) plain.push(x);
  assert.equal(plain, [1, 2]);
});

// ---------------------------------------------------------------------------------------------------------------------
// Sequence, TimeseriesGenerator

test('a Sequence is iterated over batch by batch', () => {
  class Squares extends Sequence<number> {
    get length() {
      return 3;
    }
    getItem(i: number) {
      return i * i;
    }
  }
  assert.equal([...new Squares()], [0, 1, 4]);
  assert.is(new Squares().onEpochEnd(), undefined);
});

test("the TimeseriesGenerator's batches are Keras's", () => {
  const c = golden('utils').cases.find((one: { function: string }) => one.function === 'TimeseriesGenerator');
  const { length, stride, batch_size } = c.args;
  const data = new NdArray(
    int64,
    [8],
    BigInt64Array.from(c.args.data, (x: number) => BigInt(x)),
  );
  const targets = new NdArray(
    int64,
    [8],
    BigInt64Array.from(c.args.data, (x: number) => BigInt(10 * x)),
  );
  const generator = new TimeseriesGenerator(data, targets, length, { stride, batchSize: batch_size });
  assertSame([...generator], c.batches, 'batches');
});

test('with rates, strides, reversal and random draws as well', () => {
  const data = new NdArray(
    float32,
    [12, 2],
    Float32Array.from({ length: 24 }, (_, i) => i),
  );
  const targets = range(12, 'float32');
  for (const { args, numpy_seed, length, batches } of more.timeseries_generator) {
    const { length: history, ...rest } = args;
    streams.numpy.seed(numpy_seed);
    const generator = new TimeseriesGenerator(data, targets, history, camelCased<object>(rest));
    assert.is(generator.length, length);
    assertSame([...generator], batches, JSON.stringify(args));
  }
  reseed(null);
});

test("the TimeseriesGenerator's errors and configuration are Keras's", () => {
  assertThrows(() => new TimeseriesGenerator([1, 2], [1], 1), more.timeseries_generator_errors[0]);
  assertThrows(() => new TimeseriesGenerator([1, 2], [1, 2], 2), more.timeseries_generator_errors[1]);
  const { class_name, config } = JSON.parse(new TimeseriesGenerator([1, 2], [3, 4], 1).toJson());
  assert.is(class_name, 'TimeseriesGenerator');
  assert.equal([config.data, config.length, config.start_index, config.end_index], ['[1,2]', 1, 1, 1]);
});

test.run();
