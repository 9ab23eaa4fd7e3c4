/**
 * What has to be mended around kernels of tfjs-wasm 4.22, so that they compute what they are asked for.
 */
import type { KernelBackend, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

/** The least finite float32: what TensorFlow starts a maximum with. */
const LOWEST = -(2 - 2 ** -23) * 2 ** 127;

/** The kernel as it may be called; itself where nothing is wrong with it. */
export function mended(name: string, kernel: KernelFunc): KernelFunc {
  switch (name) {
    case 'BatchMatMul':
      return noting(['b'], withOwnPacking(kernel));
    case '_FusedMatMul':
      return noting(['b', 'bias'], withOwnPacking(withBiasShape(kernel)));
    case 'Conv2D':
    case 'DepthwiseConv2dNative':
      return noting(['filter'], kernel);
    case 'FusedConv2D':
    case 'FusedDepthwiseConv2D':
      return noting(['filter', 'bias'], withBiasShape(kernel));
    case 'MaxPool':
      return withNaN(kernel, (value, best) => (value > best ? value : best), LOWEST);
    case 'AvgPool':
      return withNaN(kernel, (value, sum) => value + sum, 0);
  }
  return kernel;
}

/** Buffers whose elements XNNPACK keeps a copy of, which it goes on using as long as the buffer lives. */
const copied = new WeakSet<object>();

/** Whether the buffer must not be written to: kernels would go on with what was in it. */
export function isCopied(id: object): boolean {
  return copied.has(id);
}

function noting(names: readonly string[], kernel: KernelFunc): KernelFunc {
  return (args) => {
    for (const name of names) {
      const input = (args.inputs as Record<string, TensorInfo | undefined>)[name];
      if (input) copied.add(input.dataId);
    }
    return kernel(args);
  };
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

interface PoolAttrs {
  readonly filterSize: readonly number[];
  readonly strides: readonly number[];
  readonly pad: 'valid' | readonly (readonly number[])[];
}

/**
 * XNNPACK's pools make −∞ of a window in which a NaN comes first. What is −∞ is computed again: a mean that is NaN or −∞ is
 * so whatever the sum is divided by; of a maximum NaN is left out, and it is finite where nothing else is there.
 */
function withNaN(kernel: KernelFunc, step: (value: number, total: number) => number, start: number): KernelFunc {
  return (args) => {
    const result = kernel(args) as TensorInfo;
    const heap = args.backend as unknown as { typedArrayFromHeap(info: TensorInfo): Float32Array };
    const y = heap.typedArrayFromHeap(result);
    if (!y.includes(-Infinity)) return result;
    const image = (args.inputs as { x: TensorInfo }).x;
    const x = heap.typedArrayFromHeap(image);
    const { filterSize, strides, pad } = args.attrs as unknown as PoolAttrs;
    const [, height, width, channels] = image.shape;
    const [, rows, columns] = result.shape;
    const [above, left] = pad === 'valid' ? [0, 0] : [pad[1][0], pad[2][0]];
    y.forEach((value, at) => {
      if (value !== -Infinity) return;
      const cell = Math.floor(at / channels);
      const top = (Math.floor(cell / columns) % rows) * strides[0] - above;
      const first = (cell % columns) * strides[1] - left;
      const base = Math.floor(cell / (rows * columns)) * height * width;
      let total = start;
      for (let i = Math.max(0, top); i < Math.min(height, top + filterSize[0]); i++) {
        for (let j = Math.max(0, first); j < Math.min(width, first + filterSize[1]); j++) {
          total = step(x[(base + i * width + j) * channels + (at % channels)], total);
        }
      }
      y[at] = total;
    });
    return result;
  };
}
