/** Host kernels of matrix products. Floats accumulate in double precision; integers wrap. */
import { float32 } from '../../src/util/dtype.ts';
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { broadcastShapes, type KnownShape, sizeOf, stridesOf } from '../../src/util/shape.ts';
import { arithmeticOf, brackets, invalid, rounded } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

/** One matrix in its storage: where it starts, its size and its strides, in elements. */
interface View {
  readonly data: Data;
  readonly start: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowStep: number;
  readonly columnStep: number;
}

function viewOf(array: NdArray, start: number, transpose: boolean): View {
  const rows = array.shape[array.rank - 2];
  const columns = array.shape[array.rank - 1];
  const { data } = array;
  return transpose
    ? { data, start, rows: columns, columns: rows, rowStep: 1, columnStep: columns }
    : { data, start, rows, columns, rowStep: columns, columnStep: 1 };
}

/** The elements of a view row by row, in double precision: the inner loops then see one kind of array. */
function packed({ data, start, rows, columns, rowStep, columnStep }: View): Float64Array {
  const source = data as Float32Array;
  const out = new Float64Array(rows * columns);
  for (let i = 0, k = 0; i < rows; i++) {
    for (let j = 0, at = start + i * rowStep; j < columns; j++, at += columnStep) out[k++] = source[at];
  }
  return out;
}

/** Row by row: a row of the result takes up rows of `b`, four at a time. */
function multiplyFloat(a: View, b: View, out: Float32Array | Float64Array, at: number): void {
  const [x, y] = [packed(a), packed(b)];
  const [depth, columns] = [a.columns, b.columns];
  const total = new Float64Array(columns);
  for (let i = 0; i < a.rows; i++) {
    total.fill(0);
    const row = i * depth;
    let k = 0;
    for (; k + 3 < depth; k += 4) {
      const [p, q, r, s] = [x[row + k], x[row + k + 1], x[row + k + 2], x[row + k + 3]];
      const first = k * columns;
      const [second, third, fourth] = [first + columns, first + 2 * columns, first + 3 * columns];
      for (let j = 0; j < columns; j++) {
        total[j] += p * y[first + j] + q * y[second + j] + r * y[third + j] + s * y[fourth + j];
      }
    }
    for (; k < depth; k++) {
      const p = x[row + k];
      for (let j = 0; j < columns; j++) total[j] += p * y[k * columns + j];
    }
    out.set(total, at + i * columns);
  }
}

/** Modulo 2³²; storage then wraps to the type. */
function multiplyInt(a: View, b: View, out: Data, at: number): void {
  const [x, y, z] = [a.data as Int32Array, b.data as Int32Array, out as Int32Array];
  const total = new Int32Array(b.columns);
  for (let i = 0; i < a.rows; i++) {
    total.fill(0);
    for (let k = 0; k < a.columns; k++) {
      const factor = x[a.start + i * a.rowStep + k * a.columnStep];
      const row = b.start + k * b.rowStep;
      for (let j = 0; j < b.columns; j++) total[j] += Math.imul(factor, y[row + j * b.columnStep]);
    }
    z.set(total, at + i * b.columns);
  }
}

function multiplyBig(a: View, b: View, out: Data, at: number, array: NdArray): void {
  const { zero, add, mul } = arithmeticOf(array.dtype);
  const [x, y, z] = [a.data as BigInt64Array, b.data as BigInt64Array, out as BigInt64Array];
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.columns; j++) {
      let total = zero;
      for (let k = 0; k < a.columns; k++) {
        const product = mul(
          x[a.start + i * a.rowStep + k * a.columnStep] as never,
          y[b.start + k * b.rowStep + j * b.columnStep] as never,
        );
        total = add(total as never, product as never);
      }
      z[at + i * b.columns + j] = total as bigint;
    }
  }
}

/** `conjugate` is -1 for an adjoint, else 1. */
function multiplyComplex(a: View, b: View, out: Data, at: number, conjA: number, conjB: number): void {
  const [x, y, z] = [a.data as Float64Array, b.data as Float64Array, out as Float64Array];
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.columns; j++) {
      let [re, im] = [0, 0];
      for (let k = 0; k < a.columns; k++) {
        const p = 2 * (a.start + i * a.rowStep + k * a.columnStep);
        const q = 2 * (b.start + k * b.rowStep + j * b.columnStep);
        const [ar, ai, br, bi] = [x[p], conjA * x[p + 1], y[q], conjB * y[q + 1]];
        re += ar * br - ai * bi;
        im += ar * bi + ai * br;
      }
      const to = 2 * (at + i * b.columns + j);
      [z[to], z[to + 1]] = [re, im];
    }
  }
}

function multiply(a: View, b: View, out: NdArray, at: number, conjA: number, conjB: number): void {
  if (out.dtype.isComplex) multiplyComplex(a, b, out.data, at, conjA, conjB);
  else if (out.dtype.isBigInt) multiplyBig(a, b, out.data, at, out);
  else if (out.dtype.isFloating) multiplyFloat(a, b, out.data as Float32Array, at);
  else multiplyInt(a, b, out.data, at);
}

const matMul: HostKernel = ([a, b], op) => {
  const [tA, tB] = [op.attr<boolean>('transpose_a'), op.attr<boolean>('transpose_b')];
  if (a.rank !== 2 || b.rank !== 2) {
    const [side, array] = a.rank !== 2 ? [0, a] : [1, b];
    throw invalid(
      `In[${side}] and In[${1 - side}] has different ndims: ${brackets(array.shape)} vs. ${brackets((side ? a : b).shape)}`,
    );
  }
  const [x, y] = [viewOf(a, 0, tA), viewOf(b, 0, tB)];
  if (x.columns !== y.rows) {
    throw invalid(`Matrix size-incompatible: In[0]: ${brackets(a.shape)}, In[1]: ${brackets(b.shape)}`);
  }
  const out = NdArray.zeros(a.dtype, [x.rows, y.columns]);
  multiply(x, y, out, 0, 1, 1);
  return [rounded(out.dtype, out.shape, out.data)];
};

/** Where in the batch of `shape` each matrix of the broadcast batch is found, in matrices. */
export function batchPositions(shape: KnownShape, batch: KnownShape): number[] {
  const own = shape.slice(0, -2);
  const strides = stridesOf(own);
  const outStrides = stridesOf(batch);
  const lead = batch.length - own.length;
  return Array.from({ length: sizeOf(batch) }, (_, position) => {
    let at = 0;
    for (let axis = lead; axis < batch.length; axis++) {
      if (own[axis - lead] === 1) continue;
      at += (Math.floor(position / outStrides[axis]) % batch[axis]) * strides[axis - lead];
    }
    return at;
  });
}

function asType(array: NdArray, out: NdArray['dtype']): NdArray {
  if (array.dtype === out) return array;
  const data = allocate(out, array.size) as Float32Array;
  const source = array.data as Float32Array;
  for (let i = 0; i < source.length; i++) {
    if (out.isComplex && !array.dtype.isComplex) data[2 * i] = Number(source[i]);
    else if (out.isBigInt) (data as unknown as BigInt64Array)[i] = BigInt(source[i]);
    else data[i] = Number(source[i]);
  }
  return new NdArray(out, array.shape, data);
}

const batchMatMul: HostKernel = (inputs, op) => {
  const dtype = op.outputDType(0);
  const [a, b] = inputs.map((array) => asType(array, dtype));
  const [adjX, adjY] = [op.attr<boolean>('adj_x'), op.attr<boolean>('adj_y')];
  const [x, y] = [viewOf(a, 0, adjX), viewOf(b, 0, adjY)];
  if (x.columns !== y.rows) {
    throw invalid(`Matrix size-incompatible: In[0]: ${brackets(a.shape)}, In[1]: ${brackets(b.shape)}`);
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)) as KnownShape | undefined;
  if (!batch) {
    throw invalid(
      `In[0] and In[1] must have compatible batch dimensions: ${brackets(a.shape)} vs. ${brackets(b.shape)}`,
    );
  }
  const out = NdArray.zeros(dtype, [...batch, x.rows, y.columns]);
  const [fromA, fromB] = [batchPositions(a.shape, batch), batchPositions(b.shape, batch)];
  fromA.forEach((at, i) => {
    const left = viewOf(a, at * x.rows * x.columns, adjX);
    const right = viewOf(b, fromB[i] * y.rows * y.columns, adjY);
    multiply(left, right, out, i * x.rows * y.columns, adjX ? -1 : 1, adjY ? -1 : 1);
  });
  return [rounded(dtype, out.shape, out.data)];
};

/** Both types have storage of float32. */
const sparseMatMul: HostKernel = (inputs, op) =>
  matMul(
    inputs.map(({ shape, data }) => new NdArray(float32, shape, data)),
    op,
  );

defineHostKernels({
  MatMul: matMul,
  SparseMatMul: sparseMatMul,
  BatchMatMul: batchMatMul,
  BatchMatMulV2: batchMatMul,
  BatchMatMulV3: batchMatMul,
});
