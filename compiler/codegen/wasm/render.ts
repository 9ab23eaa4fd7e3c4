/** From descriptions to WebAssembly: the renderer of each kind of kernel. Keeping what was rendered is the runtime's job. */
import type { Kernel, SequenceKernel, SimpleKernel } from '../kernel.ts';
import { ADDRESS, FunctionBuilder } from './assembler.ts';
import { renderContraction, scratchBytes } from './contraction.ts';
import type { Features } from './features.ts';
import { renderLoops } from './loops.ts';
import { renderRows } from './rows.ts';

/**
 * The functions of a kernel; the last is the kernel itself, the others are its own. It takes addresses of inputs and
 * outputs, scalars, and where it needs room, the address of that.
 */
export function renderKernel(kernel: Kernel, name: string, features: Features): FunctionBuilder[] {
  return kernel.kind === 'sequence' ? renderSequence(kernel, name, features) : [renderSimple(kernel, name, features)];
}

function renderSimple(kernel: SimpleKernel, name: string, features: Features): FunctionBuilder {
  switch (kernel.kind) {
    case 'loops':
      return renderLoops(kernel, name, features);
    case 'contraction':
      return renderContraction(kernel, name, features);
    case 'rows':
      return renderRows(kernel, name);
  }
}

/** How many bytes of room a kernel needs beside its operands. */
export function scratchOf(kernel: Kernel): number {
  switch (kernel.kind) {
    case 'loops':
    case 'rows':
      return 0;
    case 'contraction':
      return scratchBytes(kernel);
    case 'sequence':
      return roomsEnd(kernel) + Math.max(...kernel.parts.map((part) => scratchOf(part.kernel)));
  }
}

/** Where each room of a sequence begins, and where the last ends. */
function roomsOf({ rooms }: SequenceKernel): number[] {
  const starts = [0];
  for (const size of rooms) starts.push(starts[starts.length - 1] + 16 * Math.ceil(size / 4));
  return starts;
}
function roomsEnd(kernel: SequenceKernel): number {
  return roomsOf(kernel)[kernel.rooms.length];
}

function renderSequence(kernel: SequenceKernel, name: string, features: Features): FunctionBuilder[] {
  const functions = kernel.parts.map((part, i) => renderSimple(part.kernel, `${name}.${i}`, features));
  const own = kernel.inputs + kernel.outputs;
  const f = new FunctionBuilder(name, new Array<typeof ADDRESS>(own + 1).fill(ADDRESS));
  const starts = roomsOf(kernel);
  kernel.parts.forEach(({ kernel: part, operands }, i) => {
    for (const operand of operands) {
      if (operand < own) f.get(operand);
      else
        f.get(own)
          .i32(starts[operand - own])
          .op('i32.add');
    }
    // A contraction takes the address of room whether it needs any or not.
    if (part.kind === 'contraction') f.get(own).i32(roomsEnd(kernel)).op('i32.add');
    f.call(i);
  });
  return [...functions, f];
}
