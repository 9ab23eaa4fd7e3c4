/**
 * Folding of small integer arrays while a graph is built: what shape computations consist of. Larger arrays and other
 * element types are left to the compiler's constant folding.
 */
import type { DType } from '../../util/dtype.ts';
import { allocate, NdArray } from '../../util/ndarray.ts';
import { broadcastShapes, isFullyDefined, type KnownShape, sizeOf, stridesOf } from '../../util/shape.ts';
import type { InferContext } from './define.ts';

/** Arrays of more elements are not folded while a graph is built. */
export const MAX_FOLDED = 1024;

/** The elements of an integer or bool array; null for other types and for values beyond exact numbers. */
export function intsOf(array: NdArray | null): number[] | null {
  if (!array || array.size > MAX_FOLDED || !(array.dtype.isInteger || array.dtype.isBool)) return null;
  const values = Array.from({ length: array.size }, (_, i) => Number(array.data[i] as number | bigint));
  return values.every(Number.isSafeInteger) ? values : null;
}

/** An array of these integers; null where one of them does not fit the type. */
export function intArray(dtype: DType, shape: KnownShape, values: readonly number[]): NdArray | null {
  if (!values.every((v) => Number.isSafeInteger(v) && v >= Number(dtype.min) && v <= Number(dtype.max))) return null;
  const data = allocate(dtype, values.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.set(values.map(BigInt));
  else (data as Int32Array).set(values);
  return new NdArray(dtype, shape, data);
}

/**
 * The `fold` of an element-wise op on one or two integer inputs, with broadcasting. Nothing is folded where an input is
 * not known, or a result does not fit the type (or is NaN, as of a division by zero).
 *
 *     fold: (op) => foldInts(op, (x, y) => x + y)
 */
export function foldInts(op: InferContext, fn: (x: number, y: number) => number): readonly (NdArray | null)[] | null {
  const dtype = op.outputDType(0);
  if (!dtype.isInteger && !dtype.isBool) return null;
  const x = op.constant(0);
  const y = op.inputCount > 1 ? op.constant(1) : x;
  const a = intsOf(x);
  const b = intsOf(y);
  if (!x || !y || !a || !b) return null;
  const shape = broadcastShapes(x.shape, y.shape);
  if (!shape || !isFullyDefined(shape) || sizeOf(shape) > MAX_FOLDED) return null;
  const [i, j] = [positions(x.shape, shape), positions(y.shape, shape)];
  const folded = intArray(
    dtype,
    shape,
    i.map((p, k) => Number(fn(a[p], b[j[k]]))),
  );
  return folded && [folded];
}

/** For each element of `out` the flat position of the element of `shape` that it is broadcast from. */
function positions(shape: KnownShape, out: KnownShape): number[] {
  const strides = stridesOf(shape);
  const lead = out.length - shape.length;
  const outStrides = stridesOf(out);
  return Array.from({ length: sizeOf(out) }, (_, k) => {
    let position = 0;
    for (let axis = lead; axis < out.length; axis++) {
      if (shape[axis - lead] !== 1) position += (Math.floor(k / outStrides[axis]) % out[axis]) * strides[axis - lead];
    }
    return position;
  });
}
