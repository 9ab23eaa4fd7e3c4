/** Host kernels that write elements at index vectors. */
import { type Data, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { type KnownShape, sizeOf, stridesOf } from '../../src/util/shape.ts';
import {
  arithmeticOf,
  brackets,
  copyOf,
  copyRun,
  formatPosition,
  indicesOf,
  invalid,
  rounded,
  widthOf,
} from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

type Combine = 'set' | 'add' | 'sub' | 'min' | 'max';

/** Checks indices and updates against the shape written to, and gives the first entry of each slice. */
function targets(indices: NdArray, updates: NdArray, shape: KnownShape): { starts: Float64Array; run: number } {
  const depth = indices.shape[indices.rank - 1];
  const outer = indices.shape.slice(0, -1);
  const inner = shape.slice(depth);
  if (depth > shape.length) {
    throw invalid(`Index innermost dimension length must be <= params rank; saw: ${depth} vs. ${shape.length}`);
  }
  const expected = [...outer, ...inner];
  if (expected.length !== updates.rank || expected.some((d, i) => d !== updates.shape[i])) {
    throw invalid(
      `Dimensions [${depth},${shape.length}) of input[shape=${brackets(shape)}] must match dimensions [${outer.length},${updates.rank}) of updates[shape=${brackets(updates.shape)}]`,
    );
  }
  const count = sizeOf(outer);
  if (updates.size > 0 && (indices.size === 0 || sizeOf(shape) === 0)) {
    throw invalid('Indices and updates specified for empty output shape');
  }
  const at = indicesOf(indices);
  const strides = stridesOf(shape);
  const starts = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < depth; k++) {
      const index = at[i * depth + k];
      if (!(index >= 0 && index < shape[k])) {
        const values = Array.from({ length: depth }, (_, j) => at[i * depth + j]).join(', ');
        const where = outer.length === 0 ? '' : `[${formatPosition(outer, i)}]`;
        throw invalid(`indices${where} = [${values}] does not index into shape ${brackets(shape)}`);
      }
      starts[i] += index * strides[k];
    }
  }
  return { starts, run: sizeOf(inner) };
}

/** Writes the updates into `data`, which belongs to the caller. */
function scatter(data: Data, shape: KnownShape, indices: NdArray, updates: NdArray, combine: Combine): NdArray {
  const { dtype } = updates;
  const { starts, run } = targets(indices, updates, shape);
  if (combine === 'set' || dtype.name === 'string') {
    const entries = run * widthOf(dtype);
    starts.forEach((start, i) => {
      copyRun(updates.data, i * entries, data, start * widthOf(dtype), entries);
    });
    return new NdArray(dtype, shape, data);
  }
  const [source, target] = [updates.data as NumericData, data as NumericData];
  const width = widthOf(dtype);
  const step = stepOf(dtype.isBool || dtype.isComplex ? null : arithmeticOf(dtype), combine);
  starts.forEach((start, i) => {
    for (let k = 0; k < run * width; k++) {
      const to = start * width + k;
      target[to] = step(target[to] as never, source[i * run * width + k] as never);
    }
  });
  return rounded(dtype, shape, data);
}

function stepOf(
  arithmetic: ReturnType<typeof arithmeticOf> | null,
  combine: Combine,
): (a: never, b: never) => number | bigint {
  switch (combine) {
    case 'min':
      return (a: number, b: number) => (b < a ? b : a);
    case 'max':
      return (a: number, b: number) => (b > a ? b : a);
    case 'sub':
      // Storage wraps what leaves the type.
      return (a: number, b: number) => a - b;
    default:
      return arithmetic?.add ?? ((a: number, b: number) => a + b);
  }
}

const intoTensor =
  (combine: Combine): HostKernel =>
  ([tensor, indices, updates], op) => {
    const given = op.attr('_skips_negative') === true ? untilNegative(indices, updates) : ([indices, updates] as const);
    return [scatter(copyOf(tensor.data), tensor.shape, ...given, combine)];
  };

/** The rows before the first with a negative number. */
function untilNegative(indices: NdArray, updates: NdArray): readonly [NdArray, NdArray] {
  const numbers = indices.data as Int32Array;
  const end = numbers.findIndex((index) => index < 0);
  if (end < 0) return [indices, updates];
  const shape = [end, ...updates.shape.slice(1)];
  const rows = (updates.data as Float32Array).subarray(0, sizeOf(shape));
  return [new NdArray(indices.dtype, [end, 1], numbers.subarray(0, end)), new NdArray(updates.dtype, shape, rows)];
}

defineHostKernels({
  ScatterNd: ([indices, updates, shapeInput]) => {
    const shape = Array.from(indicesOf(shapeInput));
    return [scatter(NdArray.zeros(updates.dtype, shape).data, shape, indices, updates, 'add')];
  },
  TensorScatterUpdate: intoTensor('set'),
  TensorScatterAdd: intoTensor('add'),
  ScatterNdNonAliasingAdd: intoTensor('add'),
  TensorScatterSub: intoTensor('sub'),
  TensorScatterMin: intoTensor('min'),
  TensorScatterMax: intoTensor('max'),
});
