/**
 * Loops that apply a scalar function to arrays, element by element, with broadcasting and with results as their element
 * type stores them. What the functions are is the business of the op families beside this file.
 */
import { roundBfloat16, roundFloat16, roundHalf } from '../../src/util/array-convert.ts';
import type { DType } from '../../src/util/dtype.ts';
import { InvalidArgumentError, UnimplementedError } from '../../src/util/errors.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { broadcastShapes, formatShapeBrackets, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import type { Complex } from './complex.ts';
import type { HostKernel, HostOp } from './registry.ts';

/**
 * One op by kind of element type: `number` for floats and for integers up to 32 bits, whose storage rounds and wraps the
 * result; `int` in place of it for the integers; `bigint` for 64 bits.
 */
export interface UnaryFunctions {
  readonly number?: (x: number) => number;
  readonly int?: (x: number) => number;
  readonly bigint?: (x: bigint) => bigint;
  readonly complex?: (x: Complex) => Complex;
}

export interface BinaryFunctions {
  readonly number?: (x: number, y: number) => number;
  readonly int?: (x: number, y: number) => number;
  readonly bigint?: (x: bigint, y: bigint) => bigint;
  readonly complex?: (x: Complex, y: Complex) => Complex;
}

/** The kernel of an op with one input and an output of the same type. */
export function unaryKernel(functions: UnaryFunctions): HostKernel {
  return ([x], op) => {
    const { dtype } = x;
    if (dtype.isComplex) return [mapComplex(x, functions.complex ?? unsupported(op, dtype))];
    if (dtype.isBigInt) return [mapUnary(x, dtype, functions.bigint ?? unsupported(op, dtype))];
    const fn = (isFloat(dtype) ? functions.number : (functions.int ?? functions.number)) ?? unsupported(op, dtype);
    return [mapUnary(x, dtype, fn)];
  };
}

/** The kernel of an op with two inputs, broadcast, and an output of the same type. */
export function binaryKernel(functions: BinaryFunctions): HostKernel {
  return ([x, y], op) => {
    const { dtype } = x;
    if (dtype.isComplex) return [mapComplexPairs(x, y, functions.complex ?? unsupported(op, dtype))];
    if (dtype.isBigInt) return [mapBinary(x, y, dtype, functions.bigint ?? unsupported(op, dtype))];
    const fn = (isFloat(dtype) ? functions.number : (functions.int ?? functions.number)) ?? unsupported(op, dtype);
    return [mapBinary(x, y, dtype, fn)];
  };
}

function isFloat(dtype: DType): boolean {
  return dtype.isFloating;
}

/** What a kernel throws for a type that it has no function for. */
export function unsupported(op: Pick<HostOp, 'type'>, dtype: DType): never {
  throw new UnimplementedError(null, `${op.type} is not implemented for ${dtype.name}.`);
}

/** Rounds to a value of a floating type. */
export function rounding(dtype: DType): (x: number) => number {
  switch (dtype.name) {
    case 'float64':
      return (x) => x;
    case 'float16':
      return roundFloat16;
    case 'bfloat16':
      return roundBfloat16;
  }
  return Math.fround;
}

/** `fn` of every element. Elements are numbers, or bigints for 64-bit integers. */
export function mapUnary<X extends number | bigint, R extends number | bigint>(
  x: NdArray,
  dtype: DType,
  fn: (x: X) => R,
): NdArray {
  const source = x.data as unknown as X[];
  const { length } = source;
  const out = allocate(dtype, length);
  const target = out as unknown as R[];
  for (let i = 0; i < length; i++) target[i] = fn(source[i]);
  roundHalf(dtype, out);
  return new NdArray(dtype, x.shape, out);
}

/** `fn` of every pair of elements, the arrays broadcast against each other. */
export function mapBinary<X extends number | bigint, R extends number | bigint>(
  x: NdArray,
  y: NdArray,
  dtype: DType,
  fn: (x: X, y: X) => R,
): NdArray {
  const a = x.data as unknown as X[];
  const b = y.data as unknown as X[];
  if (x.shape.length === 0 && y.shape.length === 0) {
    // Counters and rates: a loop spends its time with them.
    const only = allocate(dtype, 1);
    (only as unknown as R[])[0] = fn(a[0], b[0]);
    roundHalf(dtype, only);
    return new NdArray(dtype, x.shape, only);
  }
  const shape = runBroadcast(x.shape, y.shape);
  const out = allocate(dtype, sizeOf(shape));
  const target = out as unknown as R[];
  forEachRow([x.shape, y.shape], shape, (start, [i, j], length, [stepX, stepY]) => {
    for (let k = 0; k < length; k++) target[start + k] = fn(a[i + k * stepX], b[j + k * stepY]);
  });
  roundHalf(dtype, out);
  return new NdArray(dtype, shape, out);
}

/** `fn` of every complex element. */
export function mapComplex(x: NdArray, fn: (x: Complex) => Complex): NdArray {
  const source = x.data as Float64Array;
  const out = allocate(x.dtype, x.size) as Float64Array;
  for (let i = 0; i < source.length; i += 2) [out[i], out[i + 1]] = fn([source[i], source[i + 1]]);
  return new NdArray(x.dtype, x.shape, out);
}

/** `fn` of every pair of complex elements, the arrays broadcast against each other. */
export function mapComplexPairs(x: NdArray, y: NdArray, fn: (x: Complex, y: Complex) => Complex): NdArray {
  const shape = runBroadcast(x.shape, y.shape);
  const out = allocate(x.dtype, sizeOf(shape)) as Float64Array;
  const a = x.data as Float64Array;
  const b = y.data as Float64Array;
  forEachPair(x, y, shape, (k, i, j) => {
    [out[2 * k], out[2 * k + 1]] = fn([a[2 * i], a[2 * i + 1]], [b[2 * j], b[2 * j + 1]]);
  });
  return new NdArray(x.dtype, shape, out);
}

/** Visits the elements of the broadcast shape with the positions of their operands. */
export function forEachPair(
  x: NdArray,
  y: NdArray,
  shape: KnownShape,
  visit: (out: number, x: number, y: number) => void,
): void {
  forEachRow([x.shape, y.shape], shape, (start, [i, j], length, [stepX, stepY]) => {
    for (let k = 0; k < length; k++) visit(start + k, i + k * stepX, j + k * stepY);
  });
}

/** The broadcast shape. Throws TensorFlow's run-time error where the shapes do not fit. */
export function runBroadcast(x: KnownShape, y: KnownShape): KnownShape {
  const shape = broadcastShapes(x, y);
  if (shape === undefined) {
    throw new InvalidArgumentError(
      null,
      `Incompatible shapes: ${formatShapeBrackets(x)} vs. ${formatShapeBrackets(y)}`,
    );
  }
  return shape as KnownShape;
}

type RowVisitor = (start: number, offsets: readonly number[], length: number, steps: readonly number[]) => void;

/**
 * Walks `shape` in rows that are as long as possible: for each the position of its first element, the operands' offsets
 * there, and how far each operand moves from element to element (0 where it is broadcast).
 */
export function forEachRow(operands: readonly KnownShape[], shape: KnownShape, visit: RowVisitor): void {
  const total = sizeOf(shape);
  if (total === 0) return;
  const { dims, strides } = collapse(operands, shape);
  const inner = dims.length - 1;
  const length = dims[inner];
  const steps = strides.map((s) => s[inner]);
  const offsets = operands.map(() => 0);
  const index = new Array<number>(inner).fill(0);
  for (let start = 0; start < total; start += length) {
    visit(start, offsets, length, steps);
    for (let axis = inner - 1; axis >= 0; axis--) {
      for (let k = 0; k < offsets.length; k++) offsets[k] += strides[k][axis];
      if (++index[axis] < dims[axis]) break;
      index[axis] = 0;
      for (let k = 0; k < offsets.length; k++) offsets[k] -= strides[k][axis] * dims[axis];
    }
  }
}

/** The shape with neighbouring axes merged along which every operand moves evenly; at least one axis remains. */
function collapse(operands: readonly KnownShape[], shape: KnownShape): { dims: number[]; strides: number[][] } {
  const dims: number[] = [];
  const strides: number[][] = operands.map(() => []);
  const reach = operands.map(() => 1);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    const steps = operands.map((operand, k) => {
      const length = operand[axis - shape.length + operand.length] ?? 1;
      const step = length === 1 ? 0 : reach[k];
      reach[k] *= length;
      return step;
    });
    const last = dims.length - 1;
    const merges = last >= 0 && steps.every((step, k) => step === strides[k][last] * dims[last]);
    if (merges) dims[last] *= shape[axis];
    else {
      dims.push(shape[axis]);
      for (let k = 0; k < steps.length; k++) strides[k].push(steps[k]);
    }
  }
  if (dims.length === 0) return { dims: [1], strides: operands.map(() => [0]) };
  return { dims: dims.reverse(), strides: strides.map((s) => s.reverse()) };
}
