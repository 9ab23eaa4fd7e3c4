/** Runs rendered kernels on a memory of their own, as the wasm backend would run them on its heap. */
import { setFlagsFromString } from 'node:v8';
import type { Kernel, Operand } from '../../compiler/codegen/kernel.ts';
import { assemble } from '../../compiler/codegen/wasm/assembler.ts';
import { type Features, multiplyAddProbe, NO_FEATURES } from '../../compiler/codegen/wasm/features.ts';
import { renderKernel, scratchOf } from '../../compiler/codegen/wasm/render.ts';
import { sizedKernel } from '../../compiler/codegen/wasm/sizes.ts';

export type Elements = Float32Array | Int32Array | Uint8Array;

// Node 20 has the instruction, behind a flag; later ones have it without and do not know the flag.
if (process.versions.node.startsWith('20.')) setFlagsFromString('--experimental-wasm-relaxed-simd');

/** The sets of instructions that kernels can be rendered for here. */
export const FEATURES: readonly Features[] = [
  NO_FEATURES,
  ...(WebAssembly.validate(multiplyAddProbe()) ? [{ multiplyAdd: true }] : []),
];

/**
 * Runs the kernel on copies of the inputs; the outputs as they are afterwards. Bytes around them must not change. Outer
 * extents from `least` on are told in the call.
 */
export function runWasm(
  kernel: Kernel,
  inputs: readonly Elements[],
  outputs: readonly Elements[],
  scalars: readonly number[] = [],
  features: Features = NO_FEATURES,
  least = 4,
): Elements[] {
  const GUARD = 64;
  const buffers = [...inputs, ...outputs];
  const addresses: number[] = [];
  let end = GUARD;
  for (const { byteLength } of buffers) {
    addresses.push(end);
    end += Math.ceil(byteLength / 8) * 8 + GUARD;
  }
  const scratch = end;
  end += scratchOf(kernel) + GUARD;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65536) });
  const bytes = new Uint8Array(memory.buffer).fill(0xab, 0, end);
  const bytesOf = (array: Elements) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  buffers.forEach((array, i) => {
    bytes.set(bytesOf(array), addresses[i]);
  });
  const before = bytes.slice(0, end);
  const sized = sizedKernel(kernel, least);
  const module = new WebAssembly.Module(assemble(renderKernel(sized, 'kernel', features)));
  const instance = new WebAssembly.Instance(module, { e: { m: memory } });
  (instance.exports.kernel as (...args: number[]) => void)(...addresses, ...scalars, ...sized.counts, scratch);
  const results = outputs.map((output, i) => {
    const start = addresses[inputs.length + i];
    const result = output.slice() as Elements;
    bytesOf(result).set(bytes.subarray(start, start + output.byteLength));
    bytes.set(before.subarray(start, start + output.byteLength), start);
    return result;
  });
  bytes.set(before.subarray(scratch, end - GUARD), scratch);
  if (bytes.subarray(0, end).some((byte, i) => byte !== before[i]))
    throw new Error('The kernel wrote beside its outputs.');
  return results;
}

/** Strides of an array of these extents in row-major order, 0 for the axes that it lacks. */
export function denseStrides(extents: readonly number[], has: (axis: number) => boolean = () => true): number[] {
  const strides: number[] = [];
  let size = 1;
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    strides[axis] = has(axis) ? size : 0;
    if (has(axis)) size *= extents[axis];
  }
  return strides;
}

/** How many elements a buffer needs for an operand. */
export function spanOf({ strides, offset }: Operand, extents: readonly number[]): number {
  return strides.reduce((last, stride, axis) => last + Math.max(0, stride) * (extents[axis] - 1), offset) + 1;
}
