/**
 * Keeps tfjs-wasm's matrix products right: XNNPACK packs the right operand once per buffer, for the shape of the first
 * product, and every later product with that buffer uses the packed copy, whatever its shape (tfjs 4.22).
 */
import type { KernelBackend, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

/** The kernels that pack their input `b`. */
export const PACKING_KERNELS: ReadonlySet<string> = new Set(['BatchMatMul', '_FusedMatMul']);

/** The shape for which a buffer was packed, rows and columns in one number. */
const packed = new WeakMap<object, number>();

/** The kernel, given a copy of `b` where its buffer was packed for another shape (a reshaped or transposed vector). */
export function withOwnPacking(kernel: KernelFunc): KernelFunc {
  return (args) => {
    const b = (args.inputs as { b: TensorInfo }).b;
    const shape = b.shape[b.shape.length - 2] * 2 ** 26 + b.shape[b.shape.length - 1];
    const known = packed.get(b.dataId);
    if (known === undefined) packed.set(b.dataId, shape);
    if (known === undefined || known === shape) return kernel(args);
    const backend = args.backend as KernelBackend;
    const dataId = backend.write(backend.readSync(b.dataId), b.shape, b.dtype);
    try {
      return kernel({ ...args, inputs: { ...args.inputs, b: { dataId, shape: b.shape, dtype: b.dtype } } });
    } finally {
      backend.disposeData(dataId);
    }
  };
}
