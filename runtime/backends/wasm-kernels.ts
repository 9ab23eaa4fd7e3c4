/**
 * Generated kernels on the heap of the wasm backend: rendered, compiled and kept. They are called with addresses. What they
 * compute is said by the compiler.
 */
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { type Kernel, kernelKey } from '../../compiler/codegen/kernel.ts';
import {
  assemble,
  type Features,
  multiplyAddProbe,
  renderKernel,
  scratchOf,
} from '../../compiler/codegen/wasm/index.ts';
import { isNode } from '../../src/util/platform.ts';
import type { BufferId, GeneratedKernel } from './backend.ts';
import { type Code, type Heap, Room, type Threads, type ThreadsHost } from './wasm-heap.ts';

/** So many kernels are kept; the one that was asked for longest ago goes first. */
const KEPT = 4096;

export class WasmKernels implements ThreadsHost {
  private readonly heap: Heap;
  private readonly features: Features = { multiplyAdd: WebAssembly.validate(multiplyAddProbe()) };
  private readonly kept = new Map<string, GeneratedKernel>();
  private readonly scratch: Room;
  private readonly values: Room;
  /** Whether the heap is a memory that threads share. */
  private readonly isShared: boolean;
  private threads: Threads | null = null;
  private starting: Promise<void> | null = null;
  /** How many sessions have asked for threads. */
  private users = 0;

  constructor(native: KernelBackend) {
    this.heap = native as unknown as Heap;
    this.isShared = typeof SharedArrayBuffer === 'function' && this.memory.buffer instanceof SharedArrayBuffer;
    this.scratch = this.room();
    this.values = this.room();
  }

  get memory(): WebAssembly.Memory {
    const { asm, wasmMemory } = this.heap.wasm;
    return (asm.memory ?? wasmMemory) as WebAssembly.Memory;
  }
  room(): Room {
    return new Room(this.heap);
  }

  /**
   * Computes large kernels on so many threads, or as many as were asked for first, until all who asked have called what they
   * got. Null where the heap is not shared, or this is not Node.
   */
  async useThreads(count: number): Promise<(() => void) | null> {
    if (!this.isShared || !isNode) return null;
    this.users++;
    this.starting ??= this.startThreads(count);
    try {
      await this.starting;
    } catch (error) {
      this.users--;
      this.starting = null;
      throw error;
    }
    let isUsed = true;
    return () => {
      if (!isUsed) return;
      isUsed = false;
      if (--this.users > 0) return;
      this.threads?.end();
      this.threads = null;
      this.starting = null;
    };
  }
  private async startThreads(count: number): Promise<void> {
    const { startThreads } = await import('./wasm-threads-node.ts');
    this.threads = await startThreads(this, count);
  }

  addressOf(id: BufferId): number {
    return this.heap.dataIdMap.get(id).memoryOffset;
  }
  arena(bytes: number): number {
    return this.values.of(bytes);
  }
  /** Gives back the memory that is kept for kernels to come; how many bytes. */
  release(): number {
    return this.scratch.release() + this.values.release() + (this.threads?.release() ?? 0);
  }

  /** The kernel, made on first use. */
  get(kernel: Kernel): GeneratedKernel {
    const key = kernelKey(kernel);
    const known = this.kept.get(key) ?? this.make(kernel);
    // The last in the map is the one that was used last.
    this.kept.delete(key);
    this.kept.set(key, known);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value as string);
    return known;
  }

  private make(kernel: Kernel): GeneratedKernel {
    if (!this.isShared) return this.whole(kernel);
    let threads: Threads | null = null;
    let divided: GeneratedKernel | null = null;
    let whole: GeneratedKernel | null = null;
    const choose = (): GeneratedKernel => {
      if (this.threads !== threads) {
        threads = this.threads;
        divided = threads?.divide(kernel) ?? null;
      }
      if (divided) return divided;
      whole ??= this.whole(kernel);
      return whole;
    };
    choose();
    return (addresses) => choose()(addresses);
  }

  private whole(kernel: Kernel): GeneratedKernel {
    const code = this.instantiate(this.compile(kernel));
    const room = scratchOf(kernel);
    if (room > 0) return (addresses) => code(...addresses, this.scratch.of(room));
    // A call with a list of arguments costs more than one with arguments.
    return (a) => {
      if (a.length === 2) code(a[0], a[1]);
      else if (a.length === 3) code(a[0], a[1], a[2]);
      else if (a.length === 4) code(a[0], a[1], a[2], a[3]);
      else code(...a);
    };
  }

  compile(kernel: Kernel): WebAssembly.Module {
    return new WebAssembly.Module(assemble(renderKernel(kernel, 'kernel', this.features), this.isShared));
  }
  instantiate(module: WebAssembly.Module): Code {
    return new WebAssembly.Instance(module, { e: { m: this.memory } }).exports.kernel as Code;
  }
}
