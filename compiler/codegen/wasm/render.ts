/** From descriptions to WebAssembly: the renderer of each kind of kernel. Keeping what was rendered is the runtime's job. */
import type { Kernel } from '../kernel.ts';
import type { FunctionBuilder } from './assembler.ts';
import { renderContraction, scratchBytes } from './contraction.ts';
import { renderLoops } from './loops.ts';

/** The function of a kernel; it takes addresses of inputs and outputs, scalars, and where it needs room, that. */
export function renderKernel(kernel: Kernel, name: string): FunctionBuilder {
  return kernel.kind === 'loops' ? renderLoops(kernel, name) : renderContraction(kernel, name);
}

/** How many bytes of room a kernel needs beside its operands. */
export function scratchOf(kernel: Kernel): number {
  return kernel.kind === 'loops' ? 0 : scratchBytes(kernel);
}
