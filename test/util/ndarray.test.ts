/** Concrete arrays: storage by type, elements, nesting, conversion to JavaScript values. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bool, complex64, dtypes, float32, int32, int64, resource, string, variant } from '../../src/util/dtype.ts';
import { ValueError } from '../../src/util/errors.ts';
import { allocate, decodeString, encodeString, isStorageOf, NdArray } from '../../src/util/ndarray.ts';

const test = suite('util/ndarray');

test('every type but handles has storage of its own', () => {
  for (const dtype of dtypes) {
    if (dtype === resource || dtype === variant) {
      assert.throws(() => allocate(dtype, 1), /no host representation/);
      continue;
    }
    const data = allocate(dtype, 3);
    assert.is(data.length, dtype.isComplex ? 6 : 3, dtype.name);
    assert.ok(isStorageOf(dtype, data));
  }
  assert.not(isStorageOf(float32, new Int32Array(1)));
  assert.not(isStorageOf(string, new Uint8Array(1)));
});

test('data must fill the shape', () => {
  assert.throws(
    () => new NdArray(float32, [2, 2], new Float32Array(3)),
    'Data of 3 elements does not fill an array of shape (2, 2).',
  );
});

test('elements by position and by index', () => {
  const a = new NdArray(int32, [2, 3], Int32Array.of(1, 2, 3, 4, 5, 6));
  assert.is(a.at(4), 5);
  assert.is(a.item(1, 0), 4);
  assert.is(a.item(-1, -1), 6);
  assert.throws(() => a.item(2, 0), 'index 2 is out of bounds for axis 0 with size 2');
  assert.throws(() => a.item(0), /incorrect number of indices/);
  assert.throws(
    () => a.item(),
    (error: unknown) =>
      error instanceof ValueError && error.message === 'can only convert an array of size 1 to a scalar',
  );
  assert.is(a.rank, 2);
  assert.is(a.size, 6);
  assert.is(a.byteLength, 24);
});

test('int64 elements are numbers while they are exact', () => {
  const a = new NdArray(int64, [3], BigInt64Array.of(5n, 9007199254740991n, 9007199254740993n));
  assert.equal(a.array(), [5, 9007199254740991, 9007199254740993n]);
});

test('bools, strings and complex numbers', () => {
  assert.equal(new NdArray(bool, [2], Uint8Array.of(1, 0)).array(), [true, false]);
  const raw = Uint8Array.of(0xff, 0xfe);
  const text = new NdArray(string, [2], [encodeString('grün'), raw]);
  assert.is(text.at(0), 'grün');
  assert.is(text.at(1), raw);
  assert.is(text.byteLength, 7);
  assert.equal(new NdArray(complex64, [1], Float32Array.of(1, 2)).array(), [[1, 2]]);
  assert.is(decodeString(encodeString('\ufeffx')), '\ufeffx');
});

test('nested arrays', () => {
  assert.equal(NdArray.zeros(float32, [2, 0]).array(), [[], []]);
  assert.equal(NdArray.zeros(float32, [0, 2]).array(), []);
  assert.is(NdArray.zeros(float32, []).array(), 0);
  assert.equal(new NdArray(int32, [2, 1, 2], Int32Array.of(1, 2, 3, 4)).array(), [[[1, 2]], [[3, 4]]]);
});

test('a scalar is its value in arithmetic; an array stays itself', () => {
  const scalar = new NdArray(float32, [], Float32Array.of(0.5));
  assert.is((scalar as unknown as number) < 1, true);
  assert.is((scalar as unknown as number) + 1, 1.5);
  const vector = NdArray.zeros(float32, [1]);
  assert.is(vector.valueOf(), vector);
});

test('a reshape shares the data', () => {
  const a = NdArray.zeros(float32, [2, 3]);
  assert.is(a.reshape([6]).data, a.data);
  assert.throws(() => a.reshape([5]), /does not fill/);
});

test('JSON', () => {
  const a = new NdArray(int64, [1], BigInt64Array.of(1n << 60n));
  assert.is(JSON.stringify(a), '{"dtype":"int64","shape":[1],"data":["1152921504606846976"]}');
});

test.run();
