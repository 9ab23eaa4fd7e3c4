/**
 * tfjs's webgpu backend as a `Backend`: its kernels mended, its device watched. What all backends of tfjs share is `tfjs.ts`.
 */
import type { KernelBackend, KernelFunc } from '@tensorflow/tfjs-core';
import type { PooledMemory } from '../../src/graph/evaluator.ts';
import type { DType } from '../../src/util/dtype.ts';
import { InternalError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { Backend, DeviceValue } from './backend.ts';
import { TfjsBackend } from './tfjs.ts';
import { DeviceWatch, releaseBuffers } from './webgpu-device.ts';
import { mendedOnWebgpu } from './webgpu-fixes.ts';
import type { WebgpuNative } from './webgpu-native.ts';

export class WebgpuBackend extends TfjsBackend {
  private readonly device: DeviceWatch;

  constructor(native: KernelBackend) {
    super('webgpu', native);
    this.device = new DeviceWatch(native as WebgpuNative);
  }

  protected override lookUp(name: string): KernelFunc | undefined {
    return mendedOnWebgpu(name, super.lookUp(name));
  }

  override get isLost(): Backend['isLost'] {
    return () => this.device.isLost();
  }

  /** tfjs does it by way of a canvas, and loses the device where that is drawn by software. */
  override readSync(): never {
    throw new InternalError(null, "The backend 'webgpu' cannot be read synchronously.");
  }

  override async read(value: DeviceValue, dtype: DType): Promise<NdArray> {
    try {
      const values = await this.native.read(value.dataId);
      await this.device.check();
      return this.wrap(value, dtype, values);
    } catch (error) {
      // Whoever asked looks whether it is lost.
      await this.device.wasLost();
      throw error;
    }
  }

  override releasePooled(): PooledMemory {
    return releaseBuffers(this.native as WebgpuNative);
  }
}
