/**
 * Which ops go together in loops that a renderer is given, beyond what the loops themselves allow. What these allow is said by
 * `loop-builder.ts`.
 */
import type { Facts } from '../ir/context.ts';
import type { IrNode } from '../ir/module.ts';
import type { LoopKernel } from './kernel.ts';

/** Asked about the nodes of one kernel, in order. */
export interface LoopLimits {
  /** Whether the node may be in the kernel; one that may is taken to be in it. */
  admits(node: IrNode): boolean;
}

export interface LoopRules {
  limits(facts: Facts): LoopLimits;
  /** Whether the op does anything that is worth a kernel. */
  computes(node: IrNode): boolean;
  /** Whether the renderer can write the kernel. */
  renders(kernel: LoopKernel): boolean;
}
