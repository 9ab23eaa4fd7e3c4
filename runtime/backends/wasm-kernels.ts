/**
 * Generated kernels on the heap of the wasm backend: rendered, compiled and kept. They are called with addresses. What they
 * compute is said by the compiler.
 */
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { type Kernel, kernelKey } from '../../compiler/codegen/kernel.ts';
import { assemble } from '../../compiler/codegen/wasm/assembler.ts';
import { renderKernel, scratchOf } from '../../compiler/codegen/wasm/render.ts';
import type { BufferId, GeneratedKernel } from './backend.ts';

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

export class WasmKernels {
  private readonly heap: Heap;
  private readonly kept = new Map<string, GeneratedKernel>();
  private scratch = 0;
  private scratchSize = 0;

  constructor(native: KernelBackend) {
    this.heap = native as unknown as Heap;
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
    const module = new WebAssembly.Module(assemble(renderKernel(kernel, 'kernel')));
    const instance = new WebAssembly.Instance(module, { e: { m: this.heap.wasm.asm.memory } });
    const code = instance.exports.kernel as Code;
    const room = scratchOf(kernel);
    return (buffers) => {
      const { dataIdMap } = this.heap;
      if (room > this.scratchSize) this.growScratch(room);
      const { length } = buffers;
      const address = (i: number) => dataIdMap.get(buffers[i]).memoryOffset;
      // A call with a list of arguments costs more than one with arguments.
      if (room > 0 && length === 3) code(address(0), address(1), address(2), this.scratch);
      else if (room > 0) code(...buffers.map((_, i) => address(i)), this.scratch);
      else if (length === 2) code(address(0), address(1));
      else if (length === 3) code(address(0), address(1), address(2));
      else if (length === 4) code(address(0), address(1), address(2), address(3));
      else code(...buffers.map((_, i) => address(i)));
    };
  }

  private growScratch(bytes: number): void {
    if (this.scratchSize > 0) this.heap.wasm._free(this.scratch);
    this.scratch = this.heap.wasm._malloc(bytes) >>> 0;
    this.scratchSize = bytes;
  }
}
