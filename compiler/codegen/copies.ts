/**
 * Ops that only move elements, as copies one after the other: inputs put side by side, and parts of an input. Where such an
 * op stands among others, `loop-builder.ts` reads and writes the elements where they lie instead.
 */
import { isFullyDefined, sizeOf } from '../../src/util/shape.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import { elementType } from './elements.ts';
import type { OpKernel } from './op-kernel.ts';
import { denseStrides, isJoinOp, isPartOp, joinOf, partSource, partsOf } from './parts.ts';
import { copyKernel, Sequence } from './sequence.ts';
import type { ElementType } from './values.ts';

/** More copies than this, and the backend's own kernel is as good. */
const COPIES = 256;

/** The kernel for an op that moves elements; null for other ops, types, and shapes that are not known. */
export function movingKernel(op: LowerContext, isUsed: (output: number) => boolean): OpKernel | null {
  if (isJoinOp(op.type)) return joining(op);
  return isPartOp(op.type) ? parting(op, isUsed) : null;
}

function joining(op: LowerContext): OpKernel | null {
  const join = joinOf(op);
  const type = elementType(op.outputDType(0));
  const whole = op.outputShape(0);
  if (!join || !type || join.inputs.length > COPIES || !isFullyDefined(whole) || sizeOf(whole) === 0) return null;
  const sequence = new Sequence(join.inputs.length, 1);
  for (const [k, input] of join.inputs.entries()) {
    const shape = op.shape(input);
    if (!isFullyDefined(shape)) return null;
    if (sizeOf(shape) === 0) continue;
    const from = denseStrides(shape);
    const { strides, offset } = join.views[k];
    const axes = shape.map((extent, i) => ({ extent, from: from[i], to: strides[i] }));
    sequence.add(copyKernel(axes, 0, offset, type), [k, join.inputs.length]);
  }
  return { kernel: sequence.finish(), inputs: join.inputs };
}

function parting(op: LowerContext, isUsed: (output: number) => boolean): OpKernel | null {
  const views = partsOf(op);
  const type = elementType(op.outputDType(0));
  if (!views || !type) return null;
  const outputs = views.flatMap((_, k) => (isUsed(k) ? [k] : []));
  if (outputs.length === 0 || outputs.length > COPIES) return null;
  const sequence = new Sequence(1, outputs.length);
  for (const [i, k] of outputs.entries()) {
    const shape = op.outputShape(k);
    if (!isFullyDefined(shape) || sizeOf(shape) === 0) return null;
    const to = denseStrides(shape);
    const { strides, offset } = views[k];
    const axes = shape.map((extent, dim) => ({ extent, from: strides[dim], to: to[dim] }));
    sequence.add(copyKernel(axes, offset, 0, type as ElementType), [0, 1 + i]);
  }
  return { kernel: sequence.finish(), inputs: [partSource(op.type)], outputs };
}
