/**
 * Host kernels of arithmetic on bits. Results of more bits than the type has are cut off where they are stored.
 */
import { uint8 } from '../../src/util/dtype.ts';
import { binaryKernel, mapBinary, mapUnary, unaryKernel } from './elementwise.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

/** A shift by a number of places that is within the type. */
function shiftKernel(small: (x: number, y: number) => number, big: (x: bigint, y: bigint) => bigint): HostKernel {
  return ([x, y]) => {
    const { dtype } = x;
    const last = dtype.size * 8 - 1;
    if (dtype.isBigInt) {
      const most = BigInt(last);
      return [mapBinary(x, y, dtype, (a: bigint, b: bigint) => big(a, b < 0n ? 0n : b > most ? most : b))];
    }
    return [mapBinary(x, y, dtype, (a: number, b: number) => small(a, Math.min(Math.max(b, 0), last)))];
  };
}

/** How many of 32 bits are set: sums of pairs, of fours, of eights, of all. */
function bitsOf(x: number): number {
  let v = x - ((x >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  v = (v + (v >>> 4)) & 0x0f0f0f0f;
  return Math.imul(v, 0x01010101) >>> 24;
}

function populationCount(x: bigint): number {
  return bitsOf(Number(BigInt.asIntN(32, x))) + bitsOf(Number(BigInt.asIntN(32, x >> 32n)));
}

/** The bits of an element of the type as a number that is not negative. */
const masks = [0, 0xff, 0xffff, 0, 0xffffffff];

defineHostKernels({
  BitwiseAnd: binaryKernel({ int: (x, y) => x & y, bigint: (x, y) => x & y }),
  BitwiseOr: binaryKernel({ int: (x, y) => x | y, bigint: (x, y) => x | y }),
  BitwiseXor: binaryKernel({ int: (x, y) => x ^ y, bigint: (x, y) => x ^ y }),
  Invert: unaryKernel({ int: (x) => ~x, bigint: (x) => ~x }),
  LeftShift: shiftKernel(
    (x, y) => x << y,
    (x, y) => x << y,
  ),
  // Unsigned numbers of 32 bits must not become negative on the way.
  RightShift: shiftKernel(
    (x, y) => (x >= 0 ? x >>> y : x >> y),
    (x, y) => x >> y,
  ),
  PopulationCount: ([x]) => {
    if (x.dtype.isBigInt) return [mapUnary(x, uint8, populationCount)];
    const mask = masks[x.dtype.size];
    return [mapUnary(x, uint8, (value: number) => bitsOf(value & mask))];
  },
});
