/** The host kernel of running logarithms of sums of exponentials. */
import { NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { invalid, rounded, scalarOf } from './elements.ts';
import { defineHostKernels } from './registry.ts';

function logAddExp(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  if (low === -Infinity) return high;
  return high === Infinity ? high : high + Math.log1p(Math.exp(low - high));
}

defineHostKernels({
  CumulativeLogsumexp: ([x, axisInput], op) => {
    const given = scalarOf(axisInput);
    if (given < -x.rank || given >= x.rank) {
      throw invalid(`ScanOp: Expected scan axis in the range [${-x.rank}, ${x.rank}), but got ${given}`);
    }
    const axis = given < 0 ? given + x.rank : given;
    const [exclusive, reverse] = [op.attr<boolean>('exclusive'), op.attr<boolean>('reverse')];
    const [inner, length] = [sizeOf(x.shape.slice(axis + 1)), x.shape[axis]];
    const source = x.data as Float64Array;
    const out = NdArray.zeros(x.dtype, x.shape).data as Float64Array;
    for (let i = 0; i < sizeOf(x.shape.slice(0, axis)); i++) {
      for (let j = 0; j < inner; j++) {
        let total = -Infinity;
        for (let k = 0; k < length; k++) {
          const at = (i * length + (reverse ? length - 1 - k : k)) * inner + j;
          const next = logAddExp(total, source[at]);
          out[at] = exclusive ? total : next;
          total = next;
        }
      }
    }
    return [rounded(x.dtype, x.shape, out)];
  },
});
