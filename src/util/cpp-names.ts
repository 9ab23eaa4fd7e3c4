/** The names of element types in C++, as errors of kernels and shape rules write them. */
import { type DType, float16, float32, float64 } from './dtype.ts';

const CPP_NAMES: ReadonlyMap<DType, string> = new Map([
  [float32, 'float'],
  [float64, 'double'],
  [float16, 'half'],
]);

export function cppName(dtype: DType): string {
  return CPP_NAMES.get(dtype) ?? dtype.name;
}
