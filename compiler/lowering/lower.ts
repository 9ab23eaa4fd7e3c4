/**
 * Asks a target's table which kernel computes a node, and holds the answer to what the backend can do. The rows are in
 * the tables; what becomes of a node without a kernel is decided by those who ask.
 */
import { type Facts, NodeContext } from '../ir/context.ts';
import { isInvalid } from '../ir/effects.ts';
import type { IrNode } from '../ir/module.ts';
import type { LowerContext, Lowered, Target } from './lowering.ts';

class IrLowerContext extends NodeContext implements LowerContext {}

/** The kernel or alias for the node; null where the backend has none for these types, shapes and attributes. */
export function lowerNode(target: Target, facts: Facts, node: IrNode): Lowered | null {
  if (!Object.hasOwn(target.table, node.op) || isInvalid(node)) return null;
  const lowered = target.table[node.op](new IrLowerContext(facts, node));
  if (!lowered) return null;
  // Another shape is another shape, wherever the value lives.
  if (lowered.kind === 'alias') return lowered;
  if (isOnHost(target, facts, node)) return null;
  // Backends are not made for empty arrays; host kernels are exact on them. What the kernel does not take may be empty.
  if (node.outputs.some(isEmpty) || lowered.inputs.some((i) => isEmpty(facts.spec(node.inputs[i])))) return null;
  if (lowered.inputs.some((i) => !target.dtypes.has(facts.spec(node.inputs[i]).dtype))) return null;
  if (node.outputs.some((output) => !target.dtypes.has(output.dtype))) return null;
  return target.hasKernel(lowered.kernel) ? lowered : null;
}

/**
 * Whether the host computes the node though the backend could: scalars alone, which cost less there than the call of a
 * kernel.
 */
export function isOnHost(target: Target, facts: Facts, node: IrNode): boolean {
  if (!target.scalarsOnHost || !target.hasHost(node.op) || node.inputs.length === 0) return false;
  return node.outputs.every(isScalar) && node.inputs.every((input) => isScalar(facts.spec(input)));
}

function isScalar({ shape, dtype }: IrNode['outputs'][number]): boolean {
  return shape?.length === 0 && dtype.kind !== 'handle';
}

function isEmpty({ shape }: IrNode['outputs'][number]): boolean {
  return shape?.includes(0) ?? false;
}

/** Whether all values that the node takes and gives can live in the backend's buffers. */
export function fitsBackend(target: Target, facts: Facts, node: IrNode): boolean {
  return (
    node.outputs.every((output) => target.dtypes.has(output.dtype)) &&
    node.inputs.every((input) => target.dtypes.has(facts.spec(input).dtype))
  );
}
