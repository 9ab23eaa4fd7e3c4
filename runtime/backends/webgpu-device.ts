/**
 * The device behind tfjs's webgpu backend: whether the program has one to choose, whether it was lost, what it reported as
 * wrong, and another one after a loss. Which backend is used instead is `index.ts`'s business.
 */
import { engine, findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import type { PooledMemory } from '../../src/graph/evaluator.ts';
import { InternalError, ResourceExhaustedError } from '../../src/util/errors.ts';
import type { WebgpuNative } from './webgpu-native.ts';

/** tfjs prefers its webgpu backend to those of a smaller number. */
const PRIORITY = 3;

/** How long a failed call waits for the word that the device is gone, in milliseconds: the promise comes after the failure. */
const PATIENCE = 100;

/** Whether the machine has an adapter for WebGPU. */
export async function hasAdapter(): Promise<boolean> {
  const { gpu } = navigator as unknown as { gpu?: { requestAdapter(): Promise<object | null> } };
  return (await gpu?.requestAdapter().catch(() => null)) != null;
}

/** Backends of tfjs whose device is gone. */
const lost = new WeakSet<object>();

interface DeviceError {
  readonly message: string;
}

function asRunError(error: DeviceError): Error {
  if (error.constructor.name === 'GPUOutOfMemoryError') {
    return new ResourceExhaustedError(null, `Out of memory: ${error.message}`);
  }
  return new InternalError(null, `The device refused a step: ${error.message}`);
}

/** Watches a device for as long as the page lives. */
export class DeviceWatch {
  private failure: Error | null = null;

  constructor(private readonly native: WebgpuNative) {
    void native.device.lost.then(() => lost.add(native));
    native.device.addEventListener('uncapturederror', (event) => {
      this.failure ??= asRunError((event as Event & { readonly error: DeviceError }).error);
    });
  }

  isLost(): boolean {
    return lost.has(this.native);
  }

  /** As `isLost`, after a call that failed. */
  async wasLost(): Promise<boolean> {
    await Promise.race([this.native.device.lost, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
    return this.isLost();
  }

  /**
   * Throws what the device refused since the last call, if anything. A program that it refuses gives no error of its own: its
   * results are zeros.
   */
  async check(): Promise<void> {
    const { failure } = this;
    if (failure === null) return;
    // What follows from it is reported apart.
    await this.native.device.queue.onSubmittedWorkDone();
    this.failure = null;
    throw failure;
  }
}

/** Has tfjs make another backend where the one that it has lost its device. */
export function renewWebgpu(): void {
  const { registry } = engine() as unknown as { readonly registry: Readonly<Record<string, object | undefined>> };
  const native = registry.webgpu as WebgpuNative | undefined;
  if (!native || !lost.has(native)) return;
  const factory = findBackendFactory('webgpu');
  // What belongs to the lost device is gone.
  native.disposed = true;
  removeBackend('webgpu');
  registerBackend('webgpu', factory, PRIORITY);
}

/** Destroys buffers that tfjs keeps for values to come. */
export function releaseBuffers(native: WebgpuNative): PooledMemory {
  // Buffers that steps wait for which have not been submitted come free when they are.
  if (native.commandEncoder) {
    native.endComputePassEncoder();
    native.submitQueue();
  }
  const { bufferManager } = native;
  let [buffers, bytes] = [0, 0];
  for (const free of bufferManager.freeBuffers.values()) {
    for (const buffer of free.splice(0)) {
      buffers++;
      bytes += buffer.size;
      buffer.destroy();
    }
  }
  bufferManager.numFreeBuffers -= buffers;
  bufferManager.numBytesAllocated -= bytes;
  return { buffers, bytes };
}
