/** The host kernel of `CompareAndBitpack`. */
import { bool, uint8 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { brackets, invalid } from './elements.ts';
import { defineHostKernels } from './registry.ts';

defineHostKernels({
  CompareAndBitpack: ([input, threshold]) => {
    const { shape, rank } = input;
    if (rank < 1) throw invalid(`Input should be at least a vector, but saw a scalar.`);
    if (threshold.rank > 0) throw invalid(`Compare must be a scalar, but saw shape: ${brackets(threshold.shape)}`);
    const last = shape[rank - 1];
    if (last % 8 !== 0) {
      throw invalid(`Inner dimension of input should be divisible by 8, but saw shape: ${brackets(shape)}`);
    }
    const data = input.data as Float32Array;
    const limit = input.dtype === bool ? 0 : (threshold.data as Float32Array)[0];
    const out = new Uint8Array(data.length / 8);
    for (let i = 0; i < data.length; i++) if (data[i] > limit) out[i >> 3] |= 0x80 >> (i & 7);
    return [new NdArray(uint8, [...shape.slice(0, -1), last / 8], out)];
  },
});
