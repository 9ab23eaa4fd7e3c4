/**
 * The generated kernel for one op, or for several that stand together. Which do is `passes/cluster.ts`'s business, which
 * targets have generated kernels that of `lowering/target.ts`.
 */
import { type Facts, NodeContext } from '../ir/context.ts';
import { isInvalid } from '../ir/effects.ts';
import type { IrNode, IrValue } from '../ir/module.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import { convolutionKernel } from './convolutions.ts';
import { movingKernel } from './copies.ts';
import type { Kernel } from './kernel.ts';
import { isLoopOp, isView, LoopBuilder } from './loop-builder.ts';
import type { Guard, OpKernel } from './op-kernel.ts';
import { poolKernel } from './pools.ts';
import { productKernel } from './products.ts';
import { rowsKernel } from './rows.ts';

/** A kernel, and which values it takes and gives, in order. */
export interface Generated {
  readonly kernel: Kernel;
  readonly inputs: readonly IrValue[];
  readonly outputs: readonly IrValue[];
  readonly guard?: Guard;
}

class Context extends NodeContext implements LowerContext {}

/** The kernel for an op that has one of its own, as products and convolutions do; null for other ops. */
export function generateOwn(facts: Facts, node: IrNode, isUsed: (output: number) => boolean): Generated | null {
  const made = isInvalid(node) ? null : ownKernel(new Context(facts, node), isUsed);
  if (!made) return null;
  const inputs = made.inputs.map((input) => node.inputs[input]);
  const outputs = (made.outputs ?? [0]).map((index) => ({ node: node.id, index }));
  return { kernel: made.kernel, inputs, outputs, guard: made.guard };
}

function ownKernel(op: LowerContext, isUsed: (output: number) => boolean): OpKernel | null {
  const product = productKernel(op);
  if (!product) return convolutionKernel(op) ?? poolKernel(op) ?? rowsKernel(op) ?? movingKernel(op, isUsed);
  return { kernel: product, inputs: Array.from({ length: op.inputCount }, (_, i) => i) };
}

/** Whether a kernel can be generated for the node alone. */
export function canGenerate(facts: Facts, node: IrNode): boolean {
  if (isInvalid(node)) return false;
  if (isLoopOp(node.op)) return !isView(node.op) && new LoopBuilder(facts).tryAdd(node);
  return ownKernel(new Context(facts, node), () => true) !== null;
}

/** One kernel for nodes in order, that gives the values of theirs that are asked for; null where they do not go together. */
export function generateLoop(facts: Facts, nodes: readonly IrNode[], outputs: readonly IrValue[]): Generated | null {
  const builder = new LoopBuilder(facts);
  return nodes.every((node) => builder.tryAdd(node)) ? builder.finish(outputs) : null;
}
