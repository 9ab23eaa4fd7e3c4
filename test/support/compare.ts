/** Comparing arrays with expected ones, by TensorFlow's tolerances for goldens. */
import { asDType, bool, type DType, string } from '../../src/util/dtype.ts';
import { allocate, decodeString, encodeString, NdArray, type NumericData } from '../../src/util/ndarray.ts';

/** An array as golden files write it. */
export interface GoldenArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | string | boolean | { readonly b64: string })[];
}

export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** Forward values of float32. */
export const FORWARD: Tolerance = { relative: 1e-5, absolute: 1e-6 };
/** Gradients and everything after several steps. */
export const GRADIENT: Tolerance = { relative: 1e-4, absolute: 1e-5 };

/** Reads an array of a golden file. */
export function fromGolden(golden: GoldenArray): NdArray {
  const dtype = asDType(golden.dtype);
  const data = allocate(
    dtype,
    golden.shape.reduce((a, b) => a * b, 1),
  );
  golden.data.forEach((element, i) => {
    if (dtype === string)
      (data as Uint8Array[])[i] =
        typeof element === 'object'
          ? Uint8Array.from(Buffer.from(element.b64, 'base64'))
          : encodeString(String(element));
    else if (dtype.isBigInt) (data as BigInt64Array)[i] = BigInt(element as number | string);
    else (data as NumericData)[i] = dtype === bool ? Number(element) : Number(element);
  });
  return new NdArray(dtype, golden.shape, data);
}

/** Values of float64 that were written in full. */
const DOUBLE: Tolerance = { relative: 1e-10, absolute: 1e-14 };

export interface Leeway {
  /** The tolerance for float64, where values were not written in full. */
  readonly double?: Tolerance;
  /** What floats of all types may be off besides, having been rounded. */
  readonly rounding?: number;
}

/** What differs, in words; null where the arrays agree. */
export function difference(
  actual: NdArray,
  expected: NdArray,
  tolerance: Tolerance = FORWARD,
  { double = DOUBLE, rounding = 0 }: Leeway = {},
): string | null {
  if (actual.dtype !== expected.dtype) return `dtype ${actual.dtype.name}, expected ${expected.dtype.name}`;
  if (actual.shape.join() !== expected.shape.join()) return `shape [${actual.shape}], expected [${expected.shape}]`;
  const exact = tolerancesOf(actual.dtype, tolerance, double);
  const limits = exact && { ...exact, absolute: exact.absolute + rounding };
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [actual.data[i], expected.data[i]];
    if (a instanceof Uint8Array || e instanceof Uint8Array) {
      if (Buffer.compare(a as Uint8Array, e as Uint8Array) !== 0)
        return `element ${i}: ${decodeString(a as Uint8Array)}, expected ${decodeString(e as Uint8Array)}`;
    } else if (!close(a, e, limits)) return `element ${i}: ${a}, expected ${e}`;
  }
  return null;
}

function tolerancesOf(dtype: DType, tolerance: Tolerance, double: Tolerance): Tolerance | null {
  switch (dtype.name) {
    case 'float32':
    case 'complex64':
      return tolerance;
    case 'float64':
    case 'complex128':
      return double;
    case 'float16':
      return { relative: 2 ** -10, absolute: 6e-8 };
    case 'bfloat16':
      return { relative: 2 ** -7, absolute: 1e-38 };
  }
  return null;
}

function close(a: number | bigint, e: number | bigint, tolerance: Tolerance | null): boolean {
  if (a === e) return true;
  if (!tolerance || typeof a === 'bigint' || typeof e === 'bigint') return false;
  if (Number.isNaN(a) && Number.isNaN(e)) return true;
  return Math.abs(a - e) <= tolerance.absolute + tolerance.relative * Math.abs(e);
}
