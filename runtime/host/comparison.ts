/**
 * Host kernels of comparisons and logic.
 */
import { bool, string } from '../../src/util/dtype.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { broadcastShapes, sizeOf } from '../../src/util/shape.ts';
import * as complex from './complex.ts';
import { forEachPair, mapBinary, mapUnary, runBroadcast } from './elementwise.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

type Order = (x: number | bigint, y: number | bigint) => boolean;

const compare =
  (fn: Order): HostKernel =>
  ([x, y]) => [mapBinary(x, y, bool, (a: number, b: number) => (fn(a, b) ? 1 : 0))];

/** `Equal` or `NotEqual`; of shapes that do not fit, `incompatible_shape_error=false` makes unequal arrays. */
const equality =
  (wanted: boolean): HostKernel =>
  ([x, y], op) => {
    if (op.attr('incompatible_shape_error') === false && !broadcastShapes(x.shape, y.shape)) {
      return [new NdArray(bool, [], Uint8Array.of(wanted ? 0 : 1))];
    }
    if (x.dtype !== string && !x.dtype.isComplex) {
      return [mapBinary(x, y, bool, (a: number, b: number) => ((a === b) === wanted ? 1 : 0))];
    }
    const shape = runBroadcast(x.shape, y.shape);
    const out = allocate(bool, sizeOf(shape)) as Uint8Array;
    const equal = x.dtype === string ? sameBytes(x, y) : sameComplex(x, y);
    forEachPair(x, y, shape, (k, i, j) => {
      out[k] = equal(i, j) === wanted ? 1 : 0;
    });
    return [new NdArray(bool, shape, out)];
  };

function sameComplex(x: NdArray, y: NdArray): (i: number, j: number) => boolean {
  const [a, b] = [x.data as Float64Array, y.data as Float64Array];
  return (i, j) => a[2 * i] === b[2 * j] && a[2 * i + 1] === b[2 * j + 1];
}

function sameBytes(x: NdArray, y: NdArray): (i: number, j: number) => boolean {
  const [a, b] = [x.data as Uint8Array[], y.data as Uint8Array[]];
  return (i, j) => a[i].length === b[j].length && a[i].every((byte, n) => byte === b[j][n]);
}

const approximatelyEqual: HostKernel = ([x, y], op) => {
  const tolerance = op.attr<number>('tolerance');
  if (x.dtype.isComplex) {
    const out = allocate(bool, x.size) as Uint8Array;
    const [a, b] = [x.data as Float64Array, y.data as Float64Array];
    for (let i = 0; i < out.length; i++) {
      const distance = complex.abs([a[2 * i] - b[2 * i], a[2 * i + 1] - b[2 * i + 1]]);
      out[i] = distance < tolerance ? 1 : 0;
    }
    return [new NdArray(bool, x.shape, out)];
  }
  return [mapBinary(x, y, bool, (a: number, b: number) => (Math.abs(Number(a) - Number(b)) < tolerance ? 1 : 0))];
};

defineHostKernels({
  Equal: equality(true),
  NotEqual: equality(false),
  Less: compare((x, y) => x < y),
  LessEqual: compare((x, y) => x <= y),
  Greater: compare((x, y) => x > y),
  GreaterEqual: compare((x, y) => x >= y),
  ApproximateEqual: approximatelyEqual,
  LogicalAnd: ([x, y]) => [mapBinary(x, y, bool, (a: number, b: number) => a & b)],
  LogicalOr: ([x, y]) => [mapBinary(x, y, bool, (a: number, b: number) => a | b)],
  LogicalNot: ([x]) => [mapUnary(x, bool, (a: number) => a ^ 1)],
});
