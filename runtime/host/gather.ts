/** Host kernels that read elements at indices: gather, gatherNd. */
import { int32 } from '../../src/util/dtype.ts';
import { allocate, allocateAny, NdArray } from '../../src/util/ndarray.ts';
import { type KnownShape, sizeOf, stridesOf } from '../../src/util/shape.ts';
import { brackets, copyRun, formatPosition, indicesOf, invalid, scalarOf, widthOf } from './elements.ts';
import { defineHostKernels } from './registry.ts';

function gather(params: NdArray, indices: NdArray, axisGiven: number, batchGiven: number): NdArray {
  if (params.rank === 0) throw invalid('params must be at least 1 dimensional');
  const batchDims = batchGiven < 0 ? batchGiven + indices.rank : batchGiven;
  if (axisGiven < -params.rank || axisGiven >= params.rank) {
    throw invalid(`Expected axis in the range [${-params.rank}, ${params.rank}), but got ${axisGiven}`);
  }
  const axis = axisGiven < 0 ? axisGiven + params.rank : axisGiven;
  if (batchDims > axis) throw invalid(`batch_dims (${batchDims}) must be less than or equal to axis (${axis}).`);
  for (let i = 0; i < batchDims; i++) {
    if (params.shape[i] !== indices.shape[i]) {
      throw invalid(
        `params.shape[${i}]: ${params.shape[i]} should be equal to indices.shape[${i}]: ${indices.shape[i]}`,
      );
    }
  }
  const length = params.shape[axis];
  const at = checked(indices, length);
  const shape = [...params.shape.slice(0, axis), ...indices.shape.slice(batchDims), ...params.shape.slice(axis + 1)];
  const batch = sizeOf(params.shape.slice(0, batchDims));
  const outer = sizeOf(params.shape.slice(batchDims, axis));
  const run = sizeOf(params.shape.slice(axis + 1)) * widthOf(params.dtype);
  const perBatch = sizeOf(indices.shape.slice(batchDims));
  const data = allocateAny(params.dtype, sizeOf(shape));
  let to = 0;
  for (let b = 0; b < batch; b++) {
    for (let o = 0; o < outer; o++) {
      const base = (b * outer + o) * length;
      for (let i = 0; i < perBatch; i++, to += run)
        copyRun(params.data, (base + at[b * perBatch + i]) * run, data, to, run);
    }
  }
  return new NdArray(params.dtype, shape, data);
}

/** The indices as numbers. Throws for the first that is out of range. */
function checked(indices: NdArray, limit: number): ArrayLike<number> {
  const at = indicesOf(indices);
  for (let i = 0; i < at.length; i++) {
    if (!(at[i] >= 0 && at[i] < limit)) {
      throw invalid(`indices${position(indices.shape, i)} = ${at[i]} is not in [0, ${limit})`);
    }
  }
  return at;
}

/** `[1,2]`, as messages print where in the indices a bad one is; nothing for a scalar. */
function position(shape: KnownShape, at: number): string {
  return shape.length === 0 ? '' : `[${formatPosition(shape, at)}]`;
}

defineHostKernels({
  Gather: ([params, indices]) => [gather(params, indices, 0, 0)],
  GatherV2: ([params, indices, axis], op) => [gather(params, indices, scalarOf(axis), op.attr<number>('batch_dims'))],
  _CheckedIndices: ([indices], op) => {
    checked(indices, op.attr<number>('limit'));
    return [indices];
  },
  _NarrowIndices: ([indices]) => {
    const limit = 2 ** 31;
    const narrow = (index: bigint) => Math.max(-limit, Math.min(limit - 1, Number(index)));
    return [new NdArray(int32, indices.shape, Int32Array.from(indices.data as BigInt64Array, narrow))];
  },
  GatherNd: ([params, indices], op) => {
    const depth = indices.shape[indices.rank - 1];
    if (depth > params.rank) {
      throw invalid(`index innermost dimension length must be <= params rank; saw: ${depth} vs. ${params.rank}`);
    }
    const outer = indices.shape.slice(0, -1);
    const shape = [...outer, ...params.shape.slice(depth)];
    const run = sizeOf(params.shape.slice(depth)) * widthOf(params.dtype);
    const strides = stridesOf(params.shape.slice(0, depth));
    const at = indicesOf(indices);
    if (params.size === 0 && sizeOf(outer) > 0 && depth > 0) {
      throw invalid(`Requested more than 0 entries, but params is empty.  Params shape: [${params.shape}]`);
    }
    const count = sizeOf(outer);
    const data = allocate(params.dtype, sizeOf(shape));
    for (let i = 0; i < count; i++) {
      let row = 0;
      for (let k = 0; k < depth; k++) {
        const index = at[i * depth + k];
        if (!(index >= 0 && index < params.shape[k])) {
          const values = Array.from({ length: depth }, (_, j) => at[i * depth + j]).join(', ');
          const where = outer.length === 0 ? '' : `[${formatPosition(outer, i)}]`;
          throw invalid(
            `indices${where} = [${values}] does not index into param shape ${brackets(params.shape)}, node name: ${op.name}`,
          );
        }
        row += index * strides[k];
      }
      copyRun(params.data, row * run, data, i * run, run);
    }
    return [new NdArray(params.dtype, shape, data)];
  },
});
