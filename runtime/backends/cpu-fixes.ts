/** What has to be mended around kernels of tfjs-cpu 4.22, so that they compute what TensorFlow does. */
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

/** The least finite float32: what TensorFlow starts a maximum with. */
const LOWEST = -(2 - 2 ** -23) * 2 ** 127;

/** The kernel as it may be called; itself where nothing is wrong with it. */
export function mendedOnCpu(name: string, kernel: KernelFunc): KernelFunc {
  return name === 'MaxPool' ? fromLowest(kernel) : kernel;
}

/** The maximum of a window of −∞ and NaN alone is finite. */
function fromLowest(kernel: KernelFunc): KernelFunc {
  return (args) => {
    const result = kernel(args) as TensorInfo;
    const { data } = args.backend as unknown as { data: { get(id: object): { values: Float32Array } } };
    const { values } = data.get(result.dataId);
    values.forEach((value, i) => {
      if (value === -Infinity) values[i] = LOWEST;
    });
    return result;
  };
}
