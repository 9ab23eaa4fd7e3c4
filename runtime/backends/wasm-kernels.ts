/**
 * Generated kernels on the heap of the wasm backend: rendered, compiled and kept. They are called with addresses. What they
 * compute is said by the compiler.
 */
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { type Kernel, kernelKey } from '../../compiler/codegen/kernel.ts';
import { assemble, renderKernel, type SizedKernel, scratchOf, sizedKernel } from '../../compiler/codegen/wasm/index.ts';
import { isNode } from '../../src/util/platform.ts';
import type { BufferId, GeneratedKernel } from './backend.ts';
import { type Code, type Heap, type Program, Room, type Threads, type ThreadsHost } from './wasm-heap.ts';
import { compileModule, moduleFeatures } from './wasm-modules.ts';

/** So many kernels are kept. */
const KEPT = 4096;

export class WasmKernels implements ThreadsHost {
  private readonly heap: Heap;
  private readonly kept = new Kept<Omit<Program, 'counts'>>();
  /** Kernels that threads may compute parts of. */
  private readonly divisible = new Kept<GeneratedKernel>();
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
    return this.isShared ? this.divisible.of(kernelKey(kernel), () => this.dividedOrWhole(kernel)) : this.whole(kernel);
  }

  /** The kernel in parts for as long as there are threads, where it is worth that. */
  private dividedOrWhole(kernel: Kernel): GeneratedKernel {
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
    const { code, counts } = this.program(kernel);
    const room = scratchOf(kernel);
    return room === 0 ? callable(code, counts) : callableInRoom(code, counts, () => this.scratch.of(room));
  }

  /** The code for the kernel, made on first use of any of the sizes that it serves. */
  program(kernel: Kernel): Program {
    const sized = sizedKernel(kernel);
    const key = `${JSON.stringify(sized.given)}${kernelKey(sized.kernel)}`;
    return { ...this.kept.of(key, () => this.make(sized)), counts: sized.counts };
  }
  private make(sized: SizedKernel): Omit<Program, 'counts'> {
    const module = compileModule(assemble(renderKernel(sized, 'kernel', moduleFeatures()), this.isShared));
    const instance = new WebAssembly.Instance(module, { e: { m: this.memory } });
    return { module, code: instance.exports.kernel as Code };
  }
}

/** What was made, by name; of more than so many the one that was asked for longest ago goes. */
class Kept<T> {
  private readonly made = new Map<string, T>();

  of(key: string, make: () => T): T {
    const known = this.made.get(key) ?? make();
    // The last in the map is the one that was used last.
    this.made.delete(key);
    this.made.set(key, known);
    if (this.made.size > KEPT) this.made.delete(this.made.keys().next().value as string);
    return known;
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
