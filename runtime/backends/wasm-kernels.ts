/**
 * Generated kernels on the heap of the wasm backend: rendered, compiled and kept. They are called with addresses. What they
 * compute is said by the compiler.
 */
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { type Kernel, kernelKey } from '../../compiler/codegen/kernel.ts';
import { assemble, renderKernel, type SizedKernel, scratchOf, sizedKernel } from '../../compiler/codegen/wasm/index.ts';
import { ResourceExhaustedError } from '../../src/util/errors.ts';
import type { BufferId, GeneratedKernel } from './backend.ts';
import { compileModule, moduleFeatures } from './wasm-modules.ts';

/** So many kernels are kept; the one that was asked for longest ago goes first. */
const KEPT = 4096;

/** What is used of tfjs's backend and the Emscripten module in it. */
interface Heap {
  readonly dataIdMap: { get(id: BufferId): { readonly memoryOffset: number } };
  readonly wasm: {
    readonly asm: { readonly memory: WebAssembly.Memory };
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
}

type Code = (...args: number[]) => void;

/** Memory of our own on the heap, which grows when more is asked for. What was in it is lost then. */
class Room {
  private address = 0;
  private size = 0;

  constructor(private readonly heap: Heap) {}

  /** The address of so many bytes. */
  of(bytes: number): number {
    if (bytes > this.size) {
      this.release();
      this.address = this.heap.wasm._malloc(bytes) >>> 0;
      if (this.address === 0) throw new ResourceExhaustedError(null, `OOM when allocating ${bytes} bytes for kernels`);
      this.size = bytes;
    }
    return this.address;
  }
  /** Gives the memory back; how many bytes that are. */
  release(): number {
    const { size } = this;
    if (size > 0) this.heap.wasm._free(this.address);
    this.size = 0;
    return size;
  }
}

export class WasmKernels {
  private readonly heap: Heap;
  private readonly kept = new Map<string, Code>();
  private readonly scratch: Room;
  private readonly values: Room;

  constructor(native: KernelBackend) {
    this.heap = native as unknown as Heap;
    this.scratch = new Room(this.heap);
    this.values = new Room(this.heap);
  }

  addressOf(id: BufferId): number {
    return this.heap.dataIdMap.get(id).memoryOffset;
  }
  arena(bytes: number): number {
    return this.values.of(bytes);
  }
  /** Gives back the memory that is kept for kernels to come; how many bytes. */
  release(): number {
    return this.scratch.release() + this.values.release();
  }

  /** The kernel, made on first use of any of the sizes that it serves. */
  get(kernel: Kernel): GeneratedKernel {
    const sized = sizedKernel(kernel);
    const code = this.codeOf(sized);
    const room = scratchOf(kernel);
    return room === 0 ? callable(code, sized.counts) : callableInRoom(code, sized.counts, () => this.scratch.of(room));
  }

  private codeOf(sized: SizedKernel): Code {
    const key = `${JSON.stringify(sized.given)}${kernelKey(sized.kernel)}`;
    const known = this.kept.get(key) ?? this.make(sized);
    // The last in the map is the one that was used last.
    this.kept.delete(key);
    this.kept.set(key, known);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value as string);
    return known;
  }

  private make(sized: SizedKernel): Code {
    const module = compileModule(assemble(renderKernel(sized, 'kernel', moduleFeatures())));
    const instance = new WebAssembly.Instance(module, { e: { m: this.heap.wasm.asm.memory } });
    return instance.exports.kernel as Code;
  }
}

/** The call with addresses and what is told. With few arguments it costs less than with a list of them. */
function callable(code: Code, counts: readonly number[]): GeneratedKernel {
  if (counts.length > 2) return callableInRoom(code, counts, null);
  const [m, n] = counts;
  const general = callableInRoom(code, counts, null);
  return (a) => {
    if (a.length === 2) code(a[0], a[1], m, n);
    else if (a.length === 3) code(a[0], a[1], a[2], m, n);
    else if (a.length === 4) code(a[0], a[1], a[2], a[3], m, n);
    else if (a.length === 5) code(a[0], a[1], a[2], a[3], a[4], m, n);
    else general(a);
  };
}

/** The same with the address of room, where there is any, asked for at every call. */
function callableInRoom(code: Code, counts: readonly number[], room: (() => number) | null): GeneratedKernel {
  const args: number[] = [];
  return (addresses) => {
    const { length } = addresses;
    if (args.length === 0) args.push(...addresses, ...counts);
    else for (let i = 0; i < length; i++) args[i] = addresses[i];
    if (room) args[length + counts.length] = room();
    code(...args);
  };
}
