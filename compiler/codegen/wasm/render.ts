/** From descriptions to WebAssembly: the renderer of each kind of kernel. Keeping what was rendered is the runtime's job. */
import { type Kernel, roomsOf, type SequenceKernel, type SimpleKernel } from '../kernel.ts';
import { ADDRESS, FunctionBuilder } from './assembler.ts';
import { renderContraction } from './contraction.ts';
import type { Features } from './features.ts';
import { renderLoops } from './loops.ts';
import { I32, type ValueType } from './opcodes.ts';
import { renderRows } from './rows.ts';
import type { Given, SizedKernel } from './sizes.ts';
import { scratchBytes } from './tiling.ts';

/**
 * The functions of a kernel; the last is the kernel itself, the others are its own. It takes addresses of inputs and
 * outputs, scalars, the counts that it is to be told, and where it needs room, the address of that.
 */
export function renderKernel({ kernel, given }: SizedKernel, name: string, features: Features): FunctionBuilder[] {
  return kernel.kind === 'sequence'
    ? renderSequence(kernel, given, name, features)
    : [renderSimple(kernel, given[0], name, features)];
}

function renderSimple(
  kernel: SimpleKernel,
  given: readonly Given[],
  name: string,
  features: Features,
): FunctionBuilder {
  switch (kernel.kind) {
    case 'loops':
      return renderLoops(kernel, given.length > 0, name, features);
    case 'contraction':
      return renderContraction(kernel, given, name, features);
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
      return roomsOf(kernel).bytes + Math.max(...kernel.parts.map((part) => scratchOf(part.kernel)));
  }
}

function renderSequence(
  kernel: SequenceKernel,
  given: SizedKernel['given'],
  name: string,
  features: Features,
): FunctionBuilder[] {
  const functions = kernel.parts.map((part, i) => renderSimple(part.kernel, given[i], `${name}.${i}`, features));
  const own = kernel.inputs + kernel.outputs;
  const told = given.reduce((sum, { length }) => sum + length, 0);
  const rooms = own + told;
  const scratch = rooms + kernel.rooms.length;
  const params = new Array<ValueType>(own).fill(ADDRESS);
  for (let i = own; i < scratch; i++) params.push(I32);
  const f = new FunctionBuilder(name, [...params, ADDRESS]);
  /** Puts the address of a room on the stack; after the last comes the room of the parts. */
  const room = (index: number) => {
    f.get(scratch);
    if (index > 0) f.get(rooms + index - 1).op('i32.add');
  };
  let count = own;
  kernel.parts.forEach(({ kernel: part, operands }, i) => {
    for (const operand of operands) {
      if (operand < own) f.get(operand);
      else room(operand - own);
    }
    for (const _ of given[i]) f.get(count++);
    // A contraction takes the address of room whether it needs any or not.
    if (part.kind === 'contraction') room(kernel.rooms.length);
    f.call(i);
  });
  return [...functions, f];
}
