/**
 * The generated kernel for one op, or for several that stand together. Which do is `passes/cluster.ts`'s business, which
 * targets have generated kernels that of `lowering/target.ts`.
 */
import { type Facts, NodeContext } from '../ir/context.ts';
import { isInvalid } from '../ir/effects.ts';
import type { IrNode, IrValue } from '../ir/module.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import { SHARED } from '../passes/share.ts';
import { choosingKernel } from './choices.ts';
import { convolutionKernel } from './convolutions.ts';
import { movingKernel } from './copies.ts';
import type { Kernel } from './kernel.ts';
import { isLoopOp, isView, LoopBuilder } from './loop-builder.ts';
import { mixedMovingKernel } from './moves.ts';
import type { Guard, OpKernel } from './op-kernel.ts';
import { paddingKernel } from './paddings.ts';
import { isPartOp, partSource, partsOf, type View } from './parts.ts';
import { poolKernel } from './pools.ts';
import { isProduct, productKernel } from './products.ts';
import { drawingKernel } from './random.ts';
import { resizingKernel } from './resize.ts';
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
export function generateOwn(
  facts: Facts,
  node: IrNode,
  isUsed: (output: number) => boolean,
  isThere: (value: IrValue) => boolean,
): Generated | null {
  if (isProduct(node.op) && !isInvalid(node)) return productOf(facts, node, isThere);
  const made = isInvalid(node) ? null : ownKernel(new Context(facts, node), isUsed);
  if (!made) return null;
  const inputs = made.inputs.map((input) => node.inputs[input]);
  const outputs = (made.outputs ?? [0]).map((index) => ({ node: node.id, index }));
  // Parts without elements are no kernel's.
  if (node.outputs.some((_, k) => isUsed(k) && !outputs.some(({ index }) => index === k))) return null;
  return { kernel: made.kernel, inputs, outputs, guard: made.guard };
}

/** A product, of operands as they lie in what they are parts of, where that is a value of the plan. */
function productOf(facts: Facts, node: IrNode, isThere: (value: IrValue) => boolean): Generated | null {
  const inputs = [...node.inputs];
  const views = inputs.slice(0, 2).map(({ node: id, index }, i): View | null => {
    const part = facts.node(id);
    if (!isPartOp(part.op) || isInvalid(part) || part.attrs[SHARED]) return null;
    const source = part.inputs[partSource(part.op)];
    const view = isThere(source) ? partsOf(new Context(facts, part))?.[index] : undefined;
    if (!view) return null;
    inputs[i] = source;
    return view;
  });
  const kernel = productKernel(new Context(facts, node), views);
  return kernel && { kernel, inputs, outputs: [{ node: node.id, index: 0 }] };
}

function ownKernel(op: LowerContext, isUsed: (output: number) => boolean): OpKernel | null {
  const product = productKernel(op);
  if (!product) {
    const ofWindows = convolutionKernel(op) ?? poolKernel(op) ?? resizingKernel(op);
    const ofRows = ofWindows ?? rowsKernel(op) ?? choosingKernel(op, isUsed);
    return ofRows ?? drawingKernel(op) ?? mixedMovingKernel(op) ?? paddingKernel(op) ?? movingKernel(op, isUsed);
  }
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
