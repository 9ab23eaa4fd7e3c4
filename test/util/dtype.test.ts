/** Element types: numbers on the wire, names, kinds, limits. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  asDType,
  bfloat16,
  bool,
  complex64,
  dtypes,
  float16,
  float32,
  float64,
  int8,
  int32,
  int64,
  qint8,
  resource,
  string,
  uint8,
  uint64,
} from '../../src/util/dtype.ts';
import { TypeError } from '../../src/util/errors.ts';

const test = suite('util/dtype');

test('wire numbers are those of types.proto', () => {
  const proto = ['DT_FLOAT', 'DT_DOUBLE', 'DT_INT32', 'DT_UINT8', 'DT_INT16', 'DT_INT8', 'DT_STRING', 'DT_COMPLEX64'];
  for (const [i, name] of proto.entries()) assert.is(asDType(name).asDatatypeEnum, i + 1);
  assert.is(asDType('DT_INT64').asDatatypeEnum, 9);
  assert.is(asDType('DT_BOOL').asDatatypeEnum, 10);
  assert.is(asDType('DT_BFLOAT16').asDatatypeEnum, 14);
  assert.is(asDType('DT_HALF').asDatatypeEnum, 19);
  assert.is(asDType('DT_RESOURCE').asDatatypeEnum, 20);
  assert.is(asDType('DT_UINT64').asDatatypeEnum, 23);
  for (const dtype of dtypes) assert.is(asDType(dtype.asDatatypeEnum), dtype, dtype.name);
});

test('a type is found by each of its names', () => {
  for (const dtype of dtypes) {
    assert.is(asDType(dtype.name), dtype);
    assert.is(asDType(dtype.protoName), dtype);
    assert.is(asDType(dtype.shortName), dtype);
    assert.is(asDType(dtype), dtype);
  }
  assert.is(asDType('float'), float32);
  assert.is(asDType('double'), float64);
  assert.is(asDType('half'), float16);
});

test('names that name nothing are refused', () => {
  for (const name of ['floaty', '', 'constructor', '__proto__', 0, 99, 1.5]) {
    assert.throws(
      () => asDType(name),
      (error: unknown) => error instanceof TypeError && /to a TensorFlow DType/.test(error.message),
    );
  }
});

test('kinds', () => {
  assert.equal(
    dtypes.filter((d) => d.isFloating).map((d) => d.name),
    ['float32', 'float64', 'bfloat16', 'float16'],
  );
  assert.is(int32.isInteger && uint8.isInteger && !bool.isInteger && !qint8.isInteger, true);
  assert.is(uint8.isUnsigned && !int8.isUnsigned, true);
  assert.is(float32.isTrainable && complex64.isTrainable && resource.isTrainable && !int32.isTrainable, true);
  assert.is(int64.isBigInt && uint64.isBigInt && !int32.isBigInt, true);
});

test('limits', () => {
  assert.is(int8.min, -128);
  assert.is(int8.max, 127);
  assert.is(uint8.max, 255);
  assert.is(int32.min, -2147483648);
  assert.is(int64.max, 9223372036854775807n);
  assert.is(uint64.max, 18446744073709551615n);
  assert.is(float32.max, (2 - 2 ** -23) * 2 ** 127);
  assert.is(float16.max, 65504);
  assert.is(bfloat16.max, (2 - 2 ** -7) * 2 ** 127);
  assert.is(float64.max, Number.MAX_VALUE);
  assert.throws(() => string.max, /Cannot find limits/);
});

test('a type is frozen, prints as in Python and is its name in JSON', () => {
  assert.ok(Object.isFrozen(float32));
  assert.is(String(float32), "<dtype: 'float32'>");
  assert.is(JSON.stringify({ d: int32 }), '{"d":"int32"}');
});

test.run();
