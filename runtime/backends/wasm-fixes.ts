/**
 * What has to be mended around kernels of tfjs-wasm 4.22, so that they compute what they are asked for.
 */
import type { KernelBackend, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

/** The kernel as it may be called; itself where nothing is wrong with it. */
export function mended(name: string, kernel: KernelFunc): KernelFunc {
  switch (name) {
    case 'BatchMatMul':
      return withOwnPacking(kernel);
    case '_FusedMatMul':
      return withOwnPacking(withBiasShape(kernel));
    case 'FusedConv2D':
      return withBiasShape(kernel);
  }
  return kernel;
}

/** The shape for which a buffer was packed, rows and columns in one number. */
const packed = new WeakMap<object, number>();

/**
 * XNNPACK packs the right operand of a product once per buffer, for the shape of the first product, and every later
 * product with that buffer uses the packed copy, whatever its shape. A reshaped or transposed vector gets a buffer of its
 * own for the call.
 */
function withOwnPacking(kernel: KernelFunc): KernelFunc {
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

/** What the wasm backend notes of a buffer. */
interface BufferRecord {
  shape: number[];
}

/**
 * Fused kernels take the shape of the bias from the backend's record of the buffer, which is the shape it was made
 * under, and refuse it where that was no vector.
 */
function withBiasShape(kernel: KernelFunc): KernelFunc {
  return (args) => {
    const { bias } = args.inputs as { bias?: TensorInfo };
    if (bias) {
      const records = (args.backend as { dataIdMap: { get(id: object): BufferRecord } }).dataIdMap;
      records.get(bias.dataId).shape = bias.shape;
    }
    return kernel(args);
  };
}
