/** `toCategorical`, `normalize`, `padSequences`, `zipLists` against Keras. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { padSequences } from '../../../src/keras/utils/pad-sequences.ts';
import { normalize, toCategorical } from '../../../src/keras/utils/to-categorical.ts';
import { zipLists } from '../../../src/keras/utils/zip.ts';
import { float64, int64 } from '../../../src/util/dtype.ts';
import { NdArray } from '../../../src/util/ndarray.ts';
import { fromGolden } from '../../support/compare.ts';
import { assertSame, assertThrows, camelCased, golden } from './support.ts';

const test = suite('Keras utilities on arrays');
const keras2 = golden('utils');
const keras3 = golden('keras3');
const more = golden('datasets');

for (const [version, cases] of [
  ['Keras 2.15', keras2.cases],
  ['Keras 3', keras3.utilities],
]) {
  for (const c of cases) {
    // What NumPy's defaults for lists make float64 in Keras 3 is so here when the call says it.
    const title = `${c.function}(${JSON.stringify(c.args)}) is ${version}'s`;
    if (c.function === 'to_categorical') {
      const { y, x, num_classes } = c.args;
      test(title, () =>
        assertSame(toCategorical(y ?? x, { numClasses: num_classes ?? null, dtype: c.value.dtype }), c.value, title),
      );
    } else if (c.function === 'normalize') {
      const { x, axis, order } = c.args;
      const array = Array.isArray(x)
        ? new NdArray(float64, [x.length, x[0].length], Float64Array.from(x.flat()))
        : fromGolden(x);
      test(title, () => assertSame(normalize(array, { axis, order }), c.value, title));
    } else if (c.function === 'pad_sequences') {
      const { sequences, ...options } = c.args;
      test(title, () => assertSame(padSequences(sequences, options), c.value, title));
    }
  }
}

test('toCategorical cuts fractions off, counts negative classes from the end, takes a scalar and any dtype', () => {
  for (const { y, num_classes, dtype, value } of more.to_categorical) {
    assertSame(toCategorical(y, num_classes ?? null, dtype ?? 'float32'), value, JSON.stringify(y));
  }
});

test('toCategorical takes typed arrays, int64 arrays and arrays of rank 2 with a last dimension of 1', () => {
  const expected = [
    [0, 1],
    [1, 0],
  ];
  assert.equal(toCategorical(Uint8Array.of(1, 0)).array(), expected);
  assert.equal(toCategorical(new NdArray(int64, [2, 1], BigInt64Array.of(1n, 0n))).array(), expected);
  assert.is(toCategorical([0], { dtype: 'bool' }).array()?.toString(), 'true');
});

test('toCategorical refuses a class beyond the last, and no classes', () => {
  assertThrows(() => toCategorical([5], 3), more.to_categorical_errors.bounds);
  assertThrows(() => toCategorical([]), more.to_categorical_errors.empty);
});

for (const { axis, order, x, value } of more.normalize) {
  test(`normalize of shape [${x.shape}] along ${axis} with order ${order} is Keras's`, () => {
    const number = order === 'inf' ? Infinity : order === '-inf' ? -Infinity : order;
    assertSame(normalize(fromGolden(x), axis, number), value, 'normalize');
  });
}

test('padSequences pads sequences of rows, takes empty ones, and cuts fractions off', () => {
  for (const { args, value } of more.pad_sequences) {
    const { sequences, ...options } = args;
    assertSame(padSequences(sequences, options), value, 'padSequences');
  }
});

test('padSequences pads words where the dtype is string, and int64', () => {
  const words = padSequences([['a'], ['b', 'c']], { dtype: 'string', value: '-' });
  assert.equal(words.array(), [
    ['-', 'a'],
    ['b', 'c'],
  ]);
  assert.equal(
    padSequences([Int32Array.of(1, 2), [3]], { dtype: 'int64', padding: 'post' }).data,
    BigInt64Array.of(1n, 2n, 3n, 0n),
  );
});

test("padSequences throws Keras's errors", () => {
  const errors = more.pad_sequences_errors;
  assertThrows(() => padSequences([[1]], { truncating: 'mid' as never }), errors.truncating);
  assertThrows(() => padSequences([[1]], { padding: 'mid' as never }), errors.padding);
  assertThrows(() => padSequences([1, 2]), errors.scalar);
  assertThrows(() => padSequences(3 as never), errors.number);
  assertThrows(() => padSequences([[[1, 2]], [[1, 2, 3]]]), errors.shape);
  assertThrows(() => padSequences([[1]], { value: 'a' }), errors.value);
});

test('zipLists pairs lists and objects, and refuses what does not correspond', () => {
  const pairs: [number, string][] = zipLists([1, 2], ['a', 'b']);
  assert.equal(pairs, [
    [1, 'a'],
    [2, 'b'],
  ]);
  assert.equal(zipLists([]), []);
  assert.equal(zipLists({ a: 1, b: 2 }, { b: 20, a: 10 }), { a: [1, 10], b: [2, 20] });
  assert.throws(() => zipLists([1], [1, 2]), /lengths 1, 2/);
  assert.throws(() => zipLists({ a: 1 }, { b: 1 }), /same keys/);
});

test('camelCased names the options as the library does', () => {
  assert.equal(camelCased({ batch_size: 1, crop_to_aspect_ratio: 2 }), { batchSize: 1, cropToAspectRatio: 2 });
});

test.run();
