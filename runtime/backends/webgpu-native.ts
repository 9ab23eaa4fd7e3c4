/** What of tfjs's webgpu backend is used here: its programs, its buffers, its device. What is done with them is others' business. */
import type { DataType, KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';

/** A program in WGSL, as tfjs wants it: it puts declarations of buffers and uniforms before the text. */
export interface WebgpuProgram {
  readonly variableNames: readonly string[];
  readonly outputShape: readonly number[];
  /** Programs are kept by this, with the ranks and types of what they read and write. */
  readonly shaderKey: string;
  readonly workgroupSize: readonly [number, number, number];
  readonly dispatchLayout: { readonly x: readonly number[] };
  readonly dispatch: readonly [number, number, number];
  /** Whether there is a uniform `size`, the number of elements. */
  readonly size?: boolean;
  /** Fields of the uniforms, after those of tfjs. */
  readonly uniforms?: string;
  getUserCode(): string;
}

export interface Uniform {
  readonly type: 'int32' | 'float32';
  readonly data: readonly number[];
}

interface Device extends EventTarget {
  readonly lost: Promise<unknown>;
  readonly queue: { onSubmittedWorkDone(): Promise<unknown> };
  readonly limits: { readonly maxStorageBuffersPerShaderStage: number };
}

interface DeviceBuffer {
  readonly size: number;
  destroy(): void;
}

export interface WebgpuNative extends KernelBackend {
  readonly device: Device;
  readonly bufferManager: {
    readonly freeBuffers: ReadonlyMap<string, DeviceBuffer[]>;
    numFreeBuffers: number;
    numBytesAllocated: number;
  };
  /** What has not been submitted yet; null where all has. */
  readonly commandEncoder: object | null;
  disposed: boolean;
  endComputePassEncoder(): void;
  submitQueue(): void;
  runWebGPUProgram(
    program: WebgpuProgram,
    inputs: readonly TensorInfo[],
    dtype: DataType,
    uniforms?: readonly Uniform[],
  ): TensorInfo;
}
