/**
 * A backend of TensorFlow.js as a `Backend`: kernels and buffers are used directly, never through tfjs's engine, tape or
 * `tidy`. Finding and starting the backend is `index.ts`'s job; what is WebGPU's alone is in `webgpu-backend.ts`.
 */
import {
  type DataType,
  engine,
  getKernel,
  type KernelBackend,
  type KernelConfig,
  type KernelFunc,
  type Tensor as TfjsTensor,
} from '@tensorflow/tfjs-core';
import type { PooledMemory } from '../../src/graph/evaluator.ts';
import { bool, type DType, float32, int32, string } from '../../src/util/dtype.ts';
import { InternalError, TypeError } from '../../src/util/errors.ts';
import { type Data, NdArray } from '../../src/util/ndarray.ts';
import type { KnownShape } from '../../src/util/shape.ts';
import { TensorList } from '../tensor-list.ts';
import type { Backend, BufferId, DeviceValue } from './backend.ts';
import { mendedOnCpu } from './cpu-fixes.ts';
import { isCopied, mended } from './wasm-fixes.ts';
import { WasmKernels } from './wasm-kernels.ts';
import { ContextWatch } from './webgl-context.ts';
import { mendedOnWebgl } from './webgl-fixes.ts';
import { WebglKernels } from './webgl-kernels.ts';
import type { WebglNative } from './webgl-native.ts';
import { releaseTextures } from './webgl-pool.ts';
import { readTexture, TextureReader } from './webgl-read.ts';

type Values = Float32Array | Int32Array | Uint8Array;

const tfjsTypes: ReadonlyMap<DType, DataType> = new Map([
  [float32, 'float32'],
  [int32, 'int32'],
  [bool, 'bool'],
]);

/** The backends that copy what they are given; others keep the caller's arrays themselves, and hand them out. */
const COPIES_BY_ITSELF = new Set(['wasm']);
/** Backends that must be waited for when they are read. */
const ASYNCHRONOUS = new Set(['webgpu']);

export class TfjsBackend implements Backend {
  readonly canReadSync: boolean;
  private readonly copies: boolean;
  private kernels: WasmKernels | null = null;
  private readonly programs: WebglKernels | null;
  private readonly webgl: WebglNative | null;
  private readonly context: ContextWatch | null;
  private readonly reader: TextureReader | null;
  private readonly functions = new Map<string, KernelFunc | undefined>();

  constructor(
    readonly name: string,
    readonly native: KernelBackend,
  ) {
    this.canReadSync = !ASYNCHRONOUS.has(name);
    this.copies = !COPIES_BY_ITSELF.has(name);
    this.programs = name === 'webgl' ? WebglKernels.on(native) : null;
    this.webgl = name === 'webgl' ? (native as WebglNative) : null;
    this.context = this.webgl && new ContextWatch(this.webgl);
    this.reader = this.webgl && new TextureReader(this.webgl);
  }

  kernel(name: string): KernelFunc | undefined {
    if (!this.functions.has(name)) this.functions.set(name, this.lookUp(name));
    return this.functions.get(name);
  }

  protected lookUp(name: string): KernelFunc | undefined {
    const config: KernelConfig | undefined = getKernel(name, this.name);
    if (!config) return undefined;
    if (this.name === 'wasm') return mended(name, config.kernelFunc);
    if (this.name === 'webgl') return mendedOnWebgl(name, config.kernelFunc);
    return this.name === 'cpu' ? mendedOnCpu(name, config.kernelFunc) : config.kernelFunc;
  }

  get generate(): Backend['generate'] {
    const kernels = this.wasmKernels();
    return kernels ? (kernel) => kernels.get(kernel) : undefined;
  }
  get useThreads(): Backend['useThreads'] {
    const kernels = this.wasmKernels();
    return kernels ? (count) => kernels.useThreads(count) : undefined;
  }
  private wasmKernels(): WasmKernels | null {
    if (this.name === 'wasm') this.kernels ??= new WasmKernels(this.native);
    return this.kernels;
  }
  get generateOnValues(): Backend['generateOnValues'] {
    const { programs } = this;
    return programs ? (kernel, results) => programs.make(kernel, results) : undefined;
  }
  allocate(shape: KnownShape, dtype: DType): DeviceValue {
    const type = tfjsTypes.get(dtype) as DataType;
    // Null for the values: the memory is left as it is.
    return {
      dataId: this.native.write(null as unknown as Values, shape as number[], type),
      shape: shape as number[],
      dtype: type,
    };
  }

  addressOf(id: BufferId): number {
    return (this.kernels as WasmKernels).addressOf(id);
  }
  arena(bytes: number): number {
    return (this.kernels as WasmKernels).arena(bytes);
  }
  references(id: BufferId): number {
    return isCopied(id) ? Infinity : this.native.refCount(id);
  }

  write(array: NdArray): DeviceValue {
    const dtype = tfjsTypes.get(array.dtype);
    if (!dtype) throw new InternalError(null, `The ${this.name} backend holds no values of type ${array.dtype.name}.`);
    const data = array.data as Values;
    const shape = array.shape as number[];
    return { dataId: this.native.write(this.copies ? data.slice() : data, shape, dtype), shape, dtype };
  }

  readSync(value: DeviceValue, dtype: DType): NdArray {
    const { webgl } = this;
    return this.wrap(value, dtype, webgl ? readTexture(webgl, value) : this.native.readSync(value.dataId));
  }

  get readAll(): Backend['readAll'] {
    const { reader } = this;
    if (!reader) return undefined;
    return (values, dtypes) => reader.readAll(values).map((each, i) => this.wrap(values[i], dtypes[i], each));
  }
  get isLost(): Backend['isLost'] {
    const { context } = this;
    return context ? () => context.isLost() : undefined;
  }

  async read(value: DeviceValue, dtype: DType): Promise<NdArray> {
    return this.wrap(value, dtype, await this.native.read(value.dataId));
  }

  protected wrap(value: DeviceValue, dtype: DType, values: unknown): NdArray {
    const data = this.copies ? (values as Values).slice() : values;
    return new NdArray(dtype, value.shape, storageOf(dtype, data as Values));
  }

  // Lists of tensors are counted as buffers are.
  incRef(id: BufferId): void {
    if (id instanceof TensorList) id.retain();
    else this.native.incRef(id);
  }
  dispose(id: BufferId): void {
    if (id instanceof TensorList) id.release();
    else this.native.disposeData(id);
  }
  owns(id: BufferId): boolean {
    return this.native.refCount(id) > 0;
  }
  shareTensor({ dataId, shape, dtype }: DeviceValue): TfjsTensor {
    return engine().makeTensorFromTensorInfo({ dataId, shape: shape.slice(), dtype }, this.native);
  }
  makeTensor(array: NdArray): TfjsTensor {
    if (array.dtype !== string) {
      throw new TypeError(
        `TensorFlow.js has no tensors of type ${array.dtype.name}: fetch the value as an array, or cast it in the graph.`,
      );
    }
    const shape = array.shape.slice();
    const dataId = this.native.write(array.data.slice() as Uint8Array[], shape, 'string');
    return this.shareTensor({ dataId, shape, dtype: 'string' });
  }
  numBuffers(): number {
    return this.native.numDataIds();
  }
  releasePooled(): PooledMemory {
    const bytes = this.kernels?.release() ?? 0;
    this.programs?.release();
    const textures = releaseTextures(this.native);
    return bytes > 0 ? { buffers: textures.buffers, bytes: textures.bytes + bytes } : textures;
  }
}

/** Some kernels leave another kind of array behind than their output's type asks for (a bool as int32, for one). */
function storageOf(dtype: DType, values: Values): Data {
  if (dtype === float32) return values instanceof Float32Array ? values : Float32Array.from(values);
  if (dtype === int32) return values instanceof Int32Array ? values : Int32Array.from(values, Math.round);
  return values instanceof Uint8Array ? values : Uint8Array.from(values);
}
