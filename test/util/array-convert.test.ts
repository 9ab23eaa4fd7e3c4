/** What users pass as values, turned into arrays: types found, shapes found, losses refused, halves rounded. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ArrayValue, roundBfloat16, roundFloat16, toNdArray } from '../../src/util/array-convert.ts';
import {
  bfloat16,
  bool,
  complex64,
  type DType,
  float16,
  float32,
  float64,
  int8,
  int32,
  int64,
  string,
  uint8,
} from '../../src/util/dtype.ts';
import { TypeError, ValueError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';

const test = suite('util/array-convert');

test('types and shapes of plain values', () => {
  const cases: [ArrayValue, DType, number[]][] = [
    [1, float32, []],
    [[1, 2], float32, [2]],
    [[[1], [2], [3]], float32, [3, 1]],
    [[], float32, [0]],
    [[[], []], float32, [2, 0]],
    [1n, int64, []],
    [true, bool, []],
    ['a', string, []],
    [['a', 'b'], string, [2]],
    [Float64Array.of(1, 2), float64, [2]],
    [Uint8Array.of(1), uint8, [1]],
    [Int8Array.of(1), int8, [1]],
    [[Int32Array.of(1, 2), Int32Array.of(3, 4)], float32, [2, 2]],
    [{ data: Int32Array.of(1, 2, 3, 4), shape: [2, 2] }, int32, [2, 2]],
    [{ data: [1, 2], shape: [2] }, float32, [2]],
    [{ data: [1, 2], shape: [2], dtype: int32 }, int32, [2]],
  ];
  for (const [value, dtype, shape] of cases) {
    const array = toNdArray(value);
    assert.is(array.dtype, dtype);
    assert.equal(array.shape, shape);
  }
});

test('a wanted type is given where nothing is lost', () => {
  assert.equal(toNdArray([1, 2], int32).data, Int32Array.of(1, 2));
  assert.equal(toNdArray([1n, 2], int64).data, BigInt64Array.of(1n, 2n));
  assert.equal(toNdArray(Float32Array.of(1, 2), int32).data, Int32Array.of(1, 2));
  assert.equal(toNdArray(Uint8Array.of(0, 2), bool).data, Uint8Array.of(0, 1));
  assert.equal(toNdArray(Float32Array.of(1, 2), complex64).data, Float32Array.of(1, 0, 2, 0));
  assert.equal(toNdArray(Uint8Array.of(104, 105), string).at(0), 'hi');
});

test('what would lose something is refused, in TensorFlow’s words', () => {
  const refused: [ArrayValue, DType, string][] = [
    [1.5, int32, "Expected int32, but got 1.5 of type 'float'."],
    ['x', float32, "Expected float32, but got 'x' of type 'str'."],
    [true, float32, "Expected float32, but got true of type 'bool'."],
    [1, bool, "Expected bool, but got 1 of type 'int'."],
    [1, string, "Expected string, but got 1 of type 'int'."],
    [Float32Array.of(0.5), int32, "Expected int32, but got 0.5 of type 'float'."],
  ];
  for (const [value, dtype, message] of refused) {
    assert.throws(
      () => toNdArray(value, dtype),
      (error: unknown) => error instanceof TypeError && error.message === message,
      message,
    );
  }
  assert.throws(() => toNdArray(null as never), 'None values not supported.');
  assert.throws(() => toNdArray(new NdArray(string, [], [new Uint8Array(0)]), float32), /Cannot convert/);
});

test('ragged lists are refused', () => {
  for (const value of [
    [[1], [1, 2]],
    [1, [2]],
    [[1], 2],
    [[[1]], [[1], [2]]],
  ]) {
    assert.throws(() => toNdArray(value as ArrayValue), "Can't convert non-rectangular nested sequence to Tensor.");
  }
});

test('a shape reshapes a list and is filled by a scalar', () => {
  assert.equal(toNdArray([1, 2, 3, 4], null, [2, 2]).array(), [
    [1, 2],
    [3, 4],
  ]);
  assert.equal(toNdArray(7, int32, [3]).array(), [7, 7, 7]);
  assert.equal(toNdArray('a', string, [2]).array(), ['a', 'a']);
  assert.equal(toNdArray(1n, int64, [2]).array(), [1, 1]);
  assert.equal(toNdArray({ data: Float32Array.of(1, 2), shape: [], dtype: complex64 }, null, [2]).array(), [
    [1, 2],
    [1, 2],
  ]);
  assert.throws(
    () => toNdArray([1, 2, 3], null, [2]),
    (error: unknown) =>
      error instanceof ValueError && error.message === 'Too many elements provided. Takes at most 2, but got 3.',
  );
  assert.throws(() => toNdArray([1, 2], null, [3]), /Too few elements/);
  assert.equal(toNdArray([], null, [0, 3]).shape, [0, 3]);
});

test('an array of a deep nesting is read without recursion', () => {
  let value: ArrayValue = 1;
  for (let i = 0; i < 5000; i++) value = [value];
  assert.is(toNdArray(value).rank, 5000);
});

/** Every non-negative finite value of a 16-bit float with so many exponent bits, in order. */
function* values16(exponentBits: number): Generator<number> {
  const mantissaBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  for (let e = 0; e < 2 ** exponentBits - 1; e++) {
    for (let m = 0; m < 2 ** mantissaBits; m += 7) {
      const fraction = m / 2 ** mantissaBits;
      yield e === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (e - bias);
    }
  }
}

test('halves: every value of the type is itself, and what lies between goes to the nearer', () => {
  for (const [round, bits] of [
    [roundFloat16, 5],
    [roundBfloat16, 8],
  ] as const) {
    for (const x of values16(bits)) {
      if (Math.fround(x) !== x) continue;
      assert.is(round(x), x);
      assert.is(round(-x), -x);
    }
  }
  assert.is(roundFloat16(2049), 2048);
  assert.is(roundFloat16(2051), 2052);
  assert.is(roundFloat16(65519), 65504);
  assert.is(roundFloat16(65520), Infinity);
  assert.is(roundFloat16(2 ** -25), 0);
  assert.is(roundFloat16(2 ** -25 * 1.001), 2 ** -24);
  assert.is(roundBfloat16(1 + 2 ** -8), 1);
  assert.is(roundBfloat16(1 + 3 * 2 ** -8), 1 + 2 ** -6);
  assert.ok(Number.isNaN(roundBfloat16(Number.NaN)) && Number.isNaN(roundFloat16(Number.NaN)));
  assert.ok(Object.is(roundFloat16(-0), -0));
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (x) => {
      assert.is(roundFloat16(roundFloat16(x)), roundFloat16(x));
      assert.is(roundBfloat16(roundBfloat16(x)), roundBfloat16(x));
    }),
  );
});

test('halves hold values of their type', () => {
  assert.equal(toNdArray([0.1, 1 / 3], float16).data, Float32Array.of(0.0999755859375, 0.333251953125));
  assert.equal(toNdArray([0.1], bfloat16).data, Float32Array.of(0.10009765625));
  assert.equal(toNdArray(Float32Array.of(0.1), float16).data, Float32Array.of(0.0999755859375));
});

test('integers out of range wrap around in constants, as in TensorFlow, and are refused where that is asked for', () => {
  // errors/0032 of the goldens, and the same by TensorFlow for other types.
  assert.is(toNdArray(300, uint8).item(), 44);
  assert.is(toNdArray(-1, uint8).item(), 255);
  assert.is(toNdArray(2 ** 31, int32).item(), -(2 ** 31));
  assert.is(toNdArray(2 ** 40, int32).item(), 0);
  assert.equal(toNdArray([300, 1], uint8).array(), [44, 1]);
  assert.throws(() => toNdArray([300, 1], uint8, null, 'throw'), /Expected uint8, but got 300 of type 'int'/);
});

test.run();
