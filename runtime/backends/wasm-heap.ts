/**
 * The heap of the wasm backend as generated kernels see it: memory on it, code that works on it, and threads that share it.
 * Who makes kernels is `wasm-kernels.ts`.
 */
import type { Kernel } from '../../compiler/codegen/kernel.ts';
import { ResourceExhaustedError } from '../../src/util/errors.ts';
import type { BufferId, GeneratedKernel } from './backend.ts';

/** Computes kernels on several threads. */
export interface Threads {
  /** The kernel in parts; null where it is better whole. */
  divide(kernel: Kernel): GeneratedKernel | null;
  /** Gives back memory that is kept for kernels to come; how many bytes. */
  release(): number;
  end(): void;
}

/** What threads need of the heap. */
export interface ThreadsHost {
  readonly memory: WebAssembly.Memory;
  room(): Room;
  program(kernel: Kernel): Program;
}

/** Code that serves the kernel, among others, and what it is told for this one after the addresses. */
export interface Program {
  readonly module: WebAssembly.Module;
  readonly code: Code;
  readonly counts: readonly number[];
}

/** What is used of tfjs's backend and the Emscripten module in it. */
export interface Heap {
  readonly dataIdMap: { get(id: BufferId): { readonly memoryOffset: number } };
  readonly wasm: {
    readonly asm: { readonly memory?: WebAssembly.Memory };
    /** Where the module has not made its memory itself: tfjs's binary with threads, in pages that are isolated. */
    readonly wasmMemory?: WebAssembly.Memory;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
}

export type Code = (...args: number[]) => void;

/** Memory of our own on the heap, which grows when more is asked for. What was in it is lost then. */
export class Room {
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
