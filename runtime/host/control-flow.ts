/** Host kernels of control flow that are no calls: what stands for the results of branches that are not taken. */
import type { DType } from '../../src/util/dtype.ts';
import { allocateAny, NdArray } from '../../src/util/ndarray.ts';
import { type Shape, sizeOf } from '../../src/util/shape.ts';
import { defineHostKernels } from './registry.ts';

defineHostKernels({
  FakeParam: (_inputs, op) => {
    const dtype = op.attr<DType>('dtype');
    const shape = (op.attr<Shape>('shape') ?? []).map((d) => d ?? 0);
    return [new NdArray(dtype, shape, allocateAny(dtype, sizeOf(shape)))];
  },
});
