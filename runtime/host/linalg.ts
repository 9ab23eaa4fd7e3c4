/** Host kernels of the QR decomposition, in float64, and of `Diag`. Other decompositions are in `decompositions.ts`. */
import { roundHalf } from '../../src/util/array-convert.ts';
import { type DType, float32, float64 } from '../../src/util/dtype.ts';
import { InvalidArgumentError, UnimplementedError } from '../../src/util/errors.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

function qr([input]: readonly NdArray[], op: HostOp): NdArray[] {
  if (input.rank < 2) throw new InvalidArgumentError(null, `Input tensor must have rank >= 2, got ${input.rank}`);
  if (input.dtype.isComplex) throw new UnimplementedError(null, 'Qr of complex matrices');
  const batch = input.shape.slice(0, -2);
  const [rows, columns] = input.shape.slice(-2);
  const inner = op.attr<boolean>('full_matrices') ? rows : Math.min(rows, columns);
  const q = allocate(input.dtype, sizeOf(batch) * rows * inner) as Float64Array;
  const r = allocate(input.dtype, sizeOf(batch) * inner * columns) as Float64Array;
  const source = input.data as Float64Array;
  for (let b = 0; b < sizeOf(batch); b++) {
    const work = Float64Array.from(source.subarray(b * rows * columns, (b + 1) * rows * columns));
    const left = householder(work, rows, columns);
    for (let i = 0; i < rows; i++) for (let k = 0; k < inner; k++) q[(b * rows + i) * inner + k] = left[i * rows + k];
    for (let i = 0; i < inner; i++) {
      for (let k = i; k < columns; k++) r[(b * inner + i) * columns + k] = work[i * columns + k];
    }
  }
  return [finish(input.dtype, [...batch, rows, inner], q), finish(input.dtype, [...batch, inner, columns], r)];
}

function finish(dtype: DType, shape: KnownShape, data: Float64Array): NdArray {
  if (dtype !== float32 && dtype !== float64) roundHalf(dtype, data);
  return new NdArray(dtype, shape, data);
}

/** Makes `a` upper triangular by reflections and returns their product, [rows, rows]. */
function householder(a: Float64Array, rows: number, columns: number): Float64Array {
  const q = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) q[i * rows + i] = 1;
  const v = new Float64Array(rows);
  for (let k = 0; k < Math.min(rows, columns); k++) {
    let tail = 0;
    for (let i = k + 1; i < rows; i++) tail += a[i * columns + k] ** 2;
    if (tail === 0) continue;
    const head = a[k * columns + k];
    const norm = Math.sqrt(head * head + tail);
    const beta = head >= 0 ? -norm : norm;
    v[k] = 1;
    for (let i = k + 1; i < rows; i++) v[i] = a[i * columns + k] / (head - beta);
    const tau = (beta - head) / beta;
    for (let j = k; j < columns; j++) {
      let dot = 0;
      for (let i = k; i < rows; i++) dot += v[i] * a[i * columns + j];
      for (let i = k; i < rows; i++) a[i * columns + j] -= tau * dot * v[i];
    }
    for (let i = 0; i < rows; i++) {
      let dot = 0;
      for (let j = k; j < rows; j++) dot += q[i * rows + j] * v[j];
      for (let j = k; j < rows; j++) q[i * rows + j] -= tau * dot * v[j];
    }
  }
  return q;
}

function diag([diagonal]: readonly NdArray[]): NdArray[] {
  const { size, dtype } = diagonal;
  const data = allocate(dtype, size * size) as Float64Array;
  const width = dtype.isComplex ? 2 : 1;
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < width; k++) data[i * (size + 1) * width + k] = (diagonal.data as Float64Array)[i * width + k];
  }
  return [new NdArray(dtype, [...diagonal.shape, ...diagonal.shape], data)];
}

function diagPart([input]: readonly NdArray[]): NdArray[] {
  const half = input.shape.slice(0, input.rank / 2);
  if (input.rank % 2 !== 0 || half.some((d, i) => d !== input.shape[half.length + i])) {
    throw new InvalidArgumentError(
      null,
      `Invalid shape ${formatShapeBrackets(input.shape)}: the second half of its dimensions must repeat the first`,
    );
  }
  const size = sizeOf(half);
  const { dtype } = input;
  const data = allocate(dtype, size) as Float64Array;
  const width = dtype.isComplex ? 2 : 1;
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < width; k++) data[i * width + k] = (input.data as Float64Array)[i * (size + 1) * width + k];
  }
  return [new NdArray(dtype, half, data)];
}

defineHostKernels({ Qr: qr, Diag: diag, DiagPart: diagPart });
