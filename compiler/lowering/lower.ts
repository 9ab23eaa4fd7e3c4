/**
 * Asks a target's table which kernel computes a node, and holds the answer to what the backend can do. The rows are in
 * the tables; what becomes of a node without a kernel is decided by those who ask.
 */
import { type Facts, NodeContext } from '../ir/context.ts';
import { isInvalid } from '../ir/effects.ts';
import { ARG, type IrNode } from '../ir/module.ts';
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
 * kernel; where values of the backend cost a wait, only scalars that come from the host.
 */
export function isOnHost(target: Target, facts: Facts, node: IrNode): boolean {
  if (!isOfScalars(target, facts, node)) return false;
  return target.scalarsOnHost || isFromHost(target, facts, node);
}

/** Whether a value is a scalar that the host has without asking the backend. */
export function comesFromHost(target: Target, facts: Facts, value: IrNode['inputs'][number]): boolean {
  return isHostValue(target, facts, value) ?? isFromHost(target, facts, facts.node(value.node));
}

function isOfScalars(target: Target, facts: Facts, node: IrNode): boolean {
  if (!target.hasHost(node.op) || node.inputs.length === 0) return false;
  return node.outputs.every(isScalar) && node.inputs.every((input) => isScalar(facts.spec(input)));
}

/** Nodes of scalars, and whether all that they are computed of comes from the host. */
const fromHost = new WeakMap<IrNode, boolean>();

function isFromHost(target: Target, facts: Facts, node: IrNode): boolean {
  // Nodes whose inputs come first are on top.
  const stack = [node];
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    const places = top.inputs.map((input) => isHostValue(target, facts, input));
    const unknown = places.includes(false)
      ? []
      : top.inputs.filter((_, i) => places[i] === null).map((input) => facts.node(input.node));
    if (unknown.length === 0) {
      fromHost.set(top, !places.includes(false));
      stack.pop();
    }
    stack.push(...unknown);
  }
  return fromHost.get(node) as boolean;
}

/** Whether a scalar comes from the host; null where that is still to be found out for its node. */
function isHostValue(target: Target, facts: Facts, value: IrNode['inputs'][number]): boolean | null {
  const node = facts.node(value.node);
  if (node.op === ARG || facts.constant(value) !== null || !target.dtypes.has(facts.spec(value).dtype)) return true;
  if (!isOfScalars(target, facts, node)) return false;
  return fromHost.get(node) ?? null;
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
