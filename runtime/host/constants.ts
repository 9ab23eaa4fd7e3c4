/** Host kernels of constants and placeholders. */
import type { NdArray } from '../../src/util/ndarray.ts';
import { defineHostKernels } from './registry.ts';

defineHostKernels({
  Const: (_inputs, op) => [op.attr<NdArray>('value')],
  PlaceholderWithDefault: ([input]) => [input],
});
