/**
 * What the executor needs of a machine: buffers with reference counts and kernels to call on them. `tfjs.ts` adapts a
 * backend of TensorFlow.js to it; which one to use is decided in `index.ts`.
 */
import type { KernelFunc, TensorInfo, Tensor as TfjsTensor } from '@tensorflow/tfjs-core';
import type { Kernel, LoopKernel } from '../../compiler/codegen/kernel.ts';
import type { PooledMemory } from '../../src/graph/evaluator.ts';
import type { DType } from '../../src/util/dtype.ts';
import { bool, float32, int32 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { KnownShape } from '../../src/util/shape.ts';

/** A buffer of a backend under a shape. */
export type DeviceValue = TensorInfo;
export type BufferId = TensorInfo['dataId'];

/** The element types that backend buffers hold; values of other types stay on the host. */
export const deviceTypes: ReadonlySet<DType> = new Set([float32, int32, bool]);

/** Computes on the memory at these addresses: inputs, then outputs. */
export type GeneratedKernel = (addresses: readonly number[]) => void;

/** What a kernel on values gives. */
export interface ResultSpec {
  readonly shape: KnownShape;
  readonly dtype: DType;
}

/** Computes new values from values, for machines whose buffers have no addresses. The values are the caller's. */
export type ValueKernel = (inputs: readonly DeviceValue[]) => DeviceValue[];

/** Every buffer has a count of references; the last `dispose` frees it. */
export interface Backend {
  /** The name kernels are registered under: `wasm`, `cpu`, `webgl`. */
  readonly name: string;
  /** Whether `readSync` works here. */
  readonly canReadSync: boolean;
  /** The object that kernels are called with. */
  readonly native: unknown;
  /** The function of a kernel; undefined where there is none. */
  kernel(name: string): KernelFunc | undefined;
  /** Makes a kernel from its description; absent where the backend takes none. */
  generate?(kernel: Kernel): GeneratedKernel;
  /** A new buffer whose elements are anything; there where `generate` is. */
  allocate?(shape: KnownShape, dtype: DType): DeviceValue;
  /** Where a buffer lies in memory; there where `generate` is. */
  addressOf?(id: BufferId): number;
  /** Makes sure of so many bytes for values of one plan at a time, and says where they are; there where `generate` is. */
  arena?(bytes: number): number;
  /**
   * How many references the buffer has; infinitely many where its elements must stay as they are. There where `generate` is.
   */
  references?(id: BufferId): number;
  /** As `generate`, for buffers that have no addresses; absent where the backend takes no such kernels. */
  generateOnValues?(kernel: LoopKernel, results: readonly ResultSpec[]): ValueKernel;
  /** A new buffer with a copy of the data. */
  write(array: NdArray): DeviceValue;
  /** A copy of the data. */
  readSync(value: DeviceValue, dtype: DType): NdArray;
  /** A copy of the data, where the machine has to be waited for. */
  read(value: DeviceValue, dtype: DType): Promise<NdArray>;
  incRef(id: BufferId): void;
  dispose(id: BufferId): void;
  /** Whether the buffer is one of this backend's. */
  owns(id: BufferId): boolean;
  /** A tfjs tensor on the buffer; it takes over the caller's reference. */
  shareTensor(value: DeviceValue): TfjsTensor;
  /** A tfjs tensor with a copy of an array whose type buffers do not hold. Throws `TypeError` where tfjs has none. */
  makeTensor(array: NdArray): TfjsTensor;
  /**
   * Whether the device with all its buffers was lost, for good: there where that can happen. What is computed on it and read
   * from it is anything from then on.
   */
  isLost?(): boolean;
  /**
   * Copies of several values, for which the machine is waited for once: there where that is better than `readSync` for one
   * after the other.
   */
  readAll?(values: readonly DeviceValue[], dtypes: readonly DType[]): NdArray[];
  /**
   * Computes large generated kernels on so many threads, until what it gives is called. Null where the machine has been
   * started without a memory that threads share; absent where there are never threads.
   */
  useThreads?(count: number): Promise<(() => void) | null>;
  /** The number of live buffers, everybody's. */
  numBuffers(): number;
  /** Gives back memory that is kept for buffers to come; absent where none is. No live buffer is touched. */
  releasePooled?(): PooledMemory;
}
