/** Host kernels of argMax and argMin: the first of equals, NaN never chosen over a number. */
import type { NdArray, NumericData } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { brackets, integers, invalid, scalarOf } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

function argExtremum(greatest: boolean): HostKernel {
  return ([input, dimension]: readonly NdArray[], op) => {
    const { rank, shape } = input;
    const given = scalarOf(dimension);
    if (given < -rank || given >= rank) {
      throw invalid(`Expected dimension in the range [${-rank}, ${rank}), but got ${given}`);
    }
    const axis = given < 0 ? given + rank : given;
    const length = shape[axis];
    if (length === 0) throw invalid(`Reduction axis ${axis} is empty in shape ${brackets(shape)}`);
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    const data = input.data as NumericData;
    const found = new Int32Array(outer * inner);
    for (let i = 0; i < outer; i++) {
      for (let j = 0; j < inner; j++) {
        const first = i * length * inner + j;
        let best: number | bigint = Number.NaN;
        let at = 0;
        for (let k = 0; k < length; k++) {
          const value = data[first + k * inner];
          // Also true for the first element that is no NaN.
          if (greatest ? value > best : value < best) [best, at] = [value, k];
          else if (Number.isNaN(best) && !Number.isNaN(value)) [best, at] = [value, k];
        }
        found[i * inner + j] = at;
      }
    }
    return [integers(op.outputDType(0), [...shape.slice(0, axis), ...shape.slice(axis + 1)], found)];
  };
}

defineHostKernels({ ArgMax: argExtremum(true), ArgMin: argExtremum(false) });
