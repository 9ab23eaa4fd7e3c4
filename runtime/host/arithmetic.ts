/**
 * Host kernels of two-operand arithmetic, sums of several tensors and clipping.
 */
import { type DType, string } from '../../src/util/dtype.ts';
import { InternalError, InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, sameShape, sizeOf } from '../../src/util/shape.ts';
import * as complex from './complex.ts';
import { type BinaryFunctions, binaryKernel, forEachPair, mapBinary, rounding, runBroadcast } from './elementwise.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

const addition: BinaryFunctions = { number: (x, y) => x + y, bigint: (x, y) => x + y, complex: complex.add };
const addKernel = binaryKernel(addition);

/** Joins byte strings element by element. */
function joinStrings(x: NdArray, y: NdArray): NdArray {
  const shape = runBroadcast(x.shape, y.shape);
  const out = allocate(string, sizeOf(shape)) as Uint8Array[];
  const [a, b] = [x.data as Uint8Array[], y.data as Uint8Array[]];
  forEachPair(x, y, shape, (k, i, j) => {
    const bytes = new Uint8Array(a[i].length + b[j].length);
    bytes.set(a[i]);
    bytes.set(b[j], a[i].length);
    out[k] = bytes;
  });
  return new NdArray(string, shape, out);
}

/** Integer multiplication: doubles do not hold products of two 32-bit numbers. The storage takes what it needs of it. */
const multiply: BinaryFunctions = {
  number: (x, y) => x * y,
  int: (x, y) => Math.imul(x, y),
  bigint: (x, y) => x * y,
  complex: complex.mul,
};

function divisionByZero(): never {
  throw new InvalidArgumentError(null, 'Integer division by zero');
}
// What TensorFlow's truncating ops answer to a zero divisor.
function unexpected(): never {
  throw new InternalError(null, 'Unexpected error in binary operator (only integer div and mod should have errors)');
}

type Failure = () => never;

const truncatedQuotient = (fail: Failure): BinaryFunctions => ({
  number: (x, y) => Math.trunc(x / y),
  int: (x, y) => (y === 0 ? fail() : Math.trunc(x / y)),
  bigint: (x, y) => (y === 0n ? fail() : x / y),
  complex: complex.div,
});
const division = { ...truncatedQuotient(divisionByZero), number: (x: number, y: number) => x / y };

const remainder = (fail: Failure): BinaryFunctions => ({
  number: (x, y) => x % y,
  int: (x, y) => (y === 0 ? fail() : x % y),
  bigint: (x, y) => (y === 0n ? fail() : x % y),
});

/** Rounds the quotient to the type first, as the division of that type does, and only then down. */
function flooredQuotient(dtype: DType): BinaryFunctions {
  const round = rounding(dtype);
  return {
    number: (x, y) => Math.floor(round(x / y)),
    int: (x, y) => (y === 0 ? divisionByZero() : Math.floor(x / y)),
    bigint: (x, y) => {
      if (y === 0n) divisionByZero();
      const quotient = x / y;
      return x % y !== 0n && x < 0n !== y < 0n ? quotient - 1n : quotient;
    },
    complex: complex.div,
  };
}

function flooredRemainder(x: number, y: number): number {
  const rest = x % y;
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
}

/** C's `pow`, which knows 1 to any power and ±1 to the infinities. */
export function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  return x ** y;
}

function integerPower(x: number, y: number): number {
  if (y < 0) negativePower();
  let result = 1;
  for (let base = x, e = y; e > 0; e >>>= 1) {
    if (e & 1) result = Math.imul(result, base);
    base = Math.imul(base, base);
  }
  return result;
}

function bigPower(x: bigint, y: bigint): bigint {
  if (y < 0n) negativePower();
  let result = 1n;
  for (let base = x, e = y; e > 0n; e >>= 1n) {
    if (e & 1n) result = BigInt.asIntN(64, result * base);
    base = BigInt.asIntN(64, base * base);
  }
  return result;
}

function negativePower(): never {
  throw new InvalidArgumentError(null, 'Integers to negative integer powers are not allowed');
}

/** A product or quotient that is 0 where the deciding operand is, whatever the other one. */
const zeroWhere = (
  which: 0 | 1,
  fn: (x: number, y: number) => number,
  of: (x: complex.Complex, y: complex.Complex) => complex.Complex,
): BinaryFunctions => ({
  number: (x, y) => ((which === 0 ? x : y) === 0 ? 0 : fn(x, y)),
  complex: (x, y) => (complex.isZero(which === 0 ? x : y) ? [0, 0] : of(x, y)),
});

/** The sum, added up in the order of the inputs. */
const sumAll: HostKernel = (inputs, op) => {
  const [first, ...rest] = inputs;
  rest.forEach((input, i) => {
    if (sameShape(input.shape, first.shape)) return;
    throw new InvalidArgumentError(
      null,
      `Inputs to operation ${op.name} of type ${op.type} must have the same size and shape.  Input 0: ${formatShapeBrackets(first.shape)} != input ${i + 1}: ${formatShapeBrackets(input.shape)}`,
    );
  });
  let sum = first;
  for (const input of rest) [sum] = addKernel([sum, input], op);
  return [sum];
};

const clip: HostKernel = ([x, low, high]) => {
  for (const bound of [low, high]) {
    if (bound.size === 1 || sameShape(bound.shape, x.shape)) continue;
    throw new InvalidArgumentError(
      null,
      `clip_value_min and clip_value_max must be either of the same shape as input, or a scalar. input shape: ${formatShapeBrackets(x.shape)}clip_value_min shape: ${formatShapeBrackets(low.shape)}clip_value_max shape: ${formatShapeBrackets(high.shape)}`,
    );
  }
  const scalarBound = (bound: NdArray) => (bound.size === 1 ? bound.reshape([]) : bound);
  const below = mapBinary(x, scalarBound(high), x.dtype, minimum(x.dtype));
  return [mapBinary(below, scalarBound(low), x.dtype, maximum(x.dtype))];
};

type Choice = (x: number, y: number) => number;
const bigMax = ((x: bigint, y: bigint) => (x > y ? x : y)) as unknown as Choice;
const bigMin = ((x: bigint, y: bigint) => (x < y ? x : y)) as unknown as Choice;
const maximum = (dtype: DType): Choice => (dtype.isBigInt ? bigMax : Math.max);
const minimum = (dtype: DType): Choice => (dtype.isBigInt ? bigMin : Math.min);

defineHostKernels({
  Add: ([x, y], op) => (x.dtype === string ? [joinStrings(x, y)] : addKernel([x, y], op)),
  AddV2: addKernel,
  Sub: binaryKernel({ number: (x, y) => x - y, bigint: (x, y) => x - y, complex: complex.sub }),
  Mul: binaryKernel(multiply),
  Div: binaryKernel(division),
  RealDiv: binaryKernel(division),
  TruncateDiv: binaryKernel(truncatedQuotient(unexpected)),
  FloorDiv: ([x, y], op) => binaryKernel(flooredQuotient(x.dtype))([x, y], op),
  FloorMod: binaryKernel({
    number: flooredRemainder,
    int: (x, y) => (y === 0 ? divisionByZero() : flooredRemainder(x, y)),
    bigint: (x, y) => {
      if (y === 0n) divisionByZero();
      const rest = x % y;
      return rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest;
    },
  }),
  TruncateMod: binaryKernel(remainder(unexpected)),
  Mod: binaryKernel(remainder(divisionByZero)),
  Pow: binaryKernel({ number: power, int: integerPower, bigint: bigPower, complex: complex.pow }),
  Maximum: ([x, y]) => [mapBinary(x, y, x.dtype, maximum(x.dtype))],
  Minimum: ([x, y]) => [mapBinary(x, y, x.dtype, minimum(x.dtype))],
  SquaredDifference: binaryKernel({
    number: (x, y) => (x - y) * (x - y),
    int: (x, y) => Math.imul(x - y, x - y),
    bigint: (x, y) => (x - y) * (x - y),
    complex: (x, y) => complex.mul(complex.conj(complex.sub(x, y)), complex.sub(x, y)),
  }),
  DivNoNan: binaryKernel(zeroWhere(1, (x, y) => x / y, complex.div)),
  MulNoNan: binaryKernel(zeroWhere(1, (x, y) => x * y, complex.mul)),
  Xlogy: binaryKernel(
    zeroWhere(
      0,
      (x, y) => x * Math.log(y),
      (x, y) => complex.mul(x, complex.log(y)),
    ),
  ),
  Xlog1py: binaryKernel(
    zeroWhere(
      0,
      (x, y) => x * Math.log1p(y),
      (x, y) => complex.mul(x, complex.log1p(y)),
    ),
  ),
  Xdivy: binaryKernel(zeroWhere(0, (x, y) => x / y, complex.div)),
  Atan2: binaryKernel({ number: Math.atan2 }),
  AddN: sumAll,
  AccumulateNV2: sumAll,
  ClipByValue: clip,
});
