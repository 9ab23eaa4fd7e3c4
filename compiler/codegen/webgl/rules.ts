/**
 * Which loops come to programs of WebGL, and are worth one. Where they are looked for is `passes/cluster.ts`'s business.
 *
 * The model of costs: starting a program costs more than what it computes, as long as its texels can be computed side by
 * side. Each element of a result goes through all that it is reduced from. Long reductions are done in two steps, if they can;
 * results that go along what they were reduced from are other kernels, unless that is short.
 */
import { int32 } from '../../../src/util/dtype.ts';
import { isFullyDefined, sizeOf } from '../../../src/util/shape.ts';
import type { Facts } from '../../ir/context.ts';
import type { IrNode } from '../../ir/module.ts';
import type { LoopKernel } from '../kernel.ts';
import { isView, placesOf } from '../loop-builder.ts';
import type { LoopLimits, LoopRules } from '../loop-rules.ts';
import { isJoinOp, isPartOp } from '../parts.ts';
import { divisorOf, STEP } from './split.ts';

/** Textures that one program can read, at least. */
const TEXTURES = 16;
/** Ops on numbers that give none. */
const COMPARISONS: ReadonlySet<string> = new Set('Less LessEqual Greater GreaterEqual Equal NotEqual'.split(' '));

/** So many, where what was reduced is gone through once more for each of them. */
const SHORT = 64;

export const webglLoops: LoopRules = {
  limits: (facts) => new Limits(facts),
  computes: ({ op }) => !isView(op) && !isPartOp(op),
  renders,
};

/** Whether there are programs for the kernel. */
function renders(kernel: LoopKernel): boolean {
  return (
    !kernel.buffers &&
    kernel.scalars.length === 0 &&
    kernel.inputs.length <= TEXTURES &&
    kernel.outputs.every(({ offset }) => offset === 0)
  );
}

class Limits implements LoopLimits {
  /** By node, how many elements it has, for those that come from a reduction that is not short. */
  private readonly reduced = new Map<number, number>();

  constructor(private readonly facts: Facts) {}

  admits(node: IrNode): boolean {
    // What several inputs are written into would be found out for each element.
    if (isJoinOp(node.op) || this.hasIntegers(node)) return false;
    const count = this.reducedTo(node);
    if ((count > STEP && divisorOf(count) === null) || (count > SHORT && this.isAlong(node))) return false;
    const sizes = node.inputs.flatMap((input) => this.reduced.get(input.node) ?? []);
    const size = this.size(node);
    // Along what its input was reduced from, once more.
    if (sizes.some((each) => each < size)) return false;
    if (count > SHORT || sizes.length > 0) this.reduced.set(node.id, size);
    return true;
  }

  /** Whether it computes with integers: textures have too few digits for some of them. A cast loses no more than it must. */
  private hasIntegers({ op, inputs, outputs }: IrNode): boolean {
    if (op === 'Cast') return false;
    if (outputs.some(({ dtype }) => dtype === int32)) return true;
    return COMPARISONS.has(op) && this.facts.spec(inputs[0]).dtype === int32;
  }

  private size({ outputs }: IrNode): number {
    return Math.max(...outputs.map(({ shape }) => (isFullyDefined(shape) ? sizeOf(shape) : 0)));
  }

  /** How many elements each one of the result is made of. */
  private reducedTo(node: IrNode): number {
    const places = placesOf(this.facts, node);
    if (!places || isPartOp(node.op)) return 1;
    if (this.isAlong(node)) return places[places.length - 1] ?? 1;
    return sizeOf(places) / Math.max(1, this.size(node));
  }

  /** Whether the result goes along what is reduced in it. */
  private isAlong({ op }: IrNode): boolean {
    return op === 'Softmax' || op === 'LogSoftmax' || op === ROWS;
  }
}

/** One of its results goes along the rows, one has an element for each. */
const ROWS = 'SoftmaxCrossEntropyWithLogits';
