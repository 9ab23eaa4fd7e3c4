/** Host kernels of what updates of variables come down to. The variables themselves are the session's business. */
import { int32 } from '../../src/util/dtype.ts';
import { OutOfRangeError } from '../../src/util/errors.ts';
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { defineHostKernels } from './registry.ts';

defineHostKernels({
  _RankOfValue: ([input]) => [new NdArray(int32, [], Int32Array.of(input.rank))],
  _CountUpTo: ([value], op) => {
    const limit = op.attr<number | bigint>('limit');
    const [current] = value.data as NumericData;
    if (current >= limit) throw new OutOfRangeError(null, `Reached limit of ${limit}`);
    const data = allocate(value.dtype, 1) as NumericData;
    data[0] = typeof current === 'bigint' ? current + 1n : current + 1;
    return [value, new NdArray(value.dtype, [], data)];
  },
});
