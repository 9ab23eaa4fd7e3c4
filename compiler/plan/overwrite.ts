/**
 * Finds where a generated kernel may write its result over an input that nobody needs afterwards: a value in between, or
 * the variable that the result is assigned to. Whether a buffer is anybody else's is seen in the run.
 */
import { float32, resource } from '../../src/util/dtype.ts';
import { isFullyDefined, sizeOf } from '../../src/util/shape.ts';
import { isElementOp, isInParts } from '../codegen/index.ts';
import type { ContractionKernel, Kernel } from '../codegen/kernel.ts';
import { INVALID } from '../ir/effects.ts';
import type { ExecutionPlan, GeneratedStep, HostStep, Instruction, Overwrite, ResourceKey, Slot } from './plan.ts';

/** The plan with what may be overwritten. Variables are updated in place only where no later step can fail. */
export function findOverwrites(plan: ExecutionPlan, isFunction: boolean): ExecutionPlan {
  if (!plan.instructions.some(({ kind }) => kind === 'generated')) return plan;
  const updates = isFunction ? null : new Updates(plan);
  let sealed = false;
  const instructions = plan.instructions.map((step, i) => {
    if (step.kind !== 'generated' || step.guard) return step;
    const overwrites = overwritesOf(step, plan, (input, output) => updates?.allows(i, input, output) ?? false);
    if (overwrites.length === 0) return step;
    const isFirst = !sealed && overwrites.some(({ isUpdate }) => isUpdate);
    sealed ||= isFirst;
    return updates && isFirst ? { ...step, overwrites, seals: updates.readAfter(i) } : { ...step, overwrites };
  });
  return { ...plan, instructions };
}

function overwritesOf(
  step: GeneratedStep,
  plan: ExecutionPlan,
  isUpdate: (input: Slot, output: Slot) => boolean,
): Overwrite[] {
  const taken = new Set<number>();
  return step.outputs.flatMap((output, k) => {
    const spec = plan.slots[output];
    const fits = step.inputs.flatMap((slot, j) => {
      const { dtype, shape } = plan.slots[slot];
      if (taken.has(j) || !step.frees.includes(slot) || dtype !== spec.dtype) return [];
      if (step.inputs.indexOf(slot) !== step.inputs.lastIndexOf(slot) || !isFullyDefined(shape)) return [];
      const isFit = isFullyDefined(spec.shape) && sizeOf(shape) === sizeOf(spec.shape) && goTogether(step.code, j, k);
      return isFit ? [j] : [];
    });
    if (fits.length === 0) return [];
    // The variable that the result is for, if it is there.
    const own = fits.find((j) => isUpdate(step.inputs[j], output));
    const input = own ?? fits[0];
    taken.add(input);
    return [{ input, output: k, isUpdate: own !== undefined }];
  });
}

/** Whether each element of the input is read once, at the very place where that of the output is written. */
function goTogether(kernel: Kernel, input: number, output: number): boolean {
  if (kernel.kind === 'contraction') return goesWithSums(kernel, input, output);
  if (kernel.kind !== 'loops' || kernel.buffers || kernel.axes.some(({ isReduced }) => isReduced)) return false;
  const [from, to] = [kernel.inputs[input], kernel.outputs[output]];
  return (
    from.offset === to.offset &&
    kernel.axes.every(
      ({ extent }, axis) => extent === 1 || (to.strides[axis] !== 0 && from.strides[axis] === to.strides[axis]),
    )
  );
}

/** The same for what is done to sums of products, at whose places the output serves for parts of long sums as well. */
function goesWithSums(kernel: ContractionKernel, input: number, output: number): boolean {
  if (input < 2 || isInParts(kernel)) return false;
  const [from, to] = [kernel.inputs[input], kernel.outputs[output]];
  return from.offset === to.offset && String(from.strides) === String(to.strides);
}

/** Ops that no two numbers of any type are wrong for. */
const SUMS: ReadonlySet<string> = new Set(['Add', 'AddV2', 'Sub', 'Mul']);

/** Where variables may be updated in place. */
class Updates {
  /** From here on no step can fail, once all variables are known to have values. */
  private readonly safeFrom: number;
  private readonly readOf = new Map<Slot, { readonly variable: string; readonly at: number }>();
  private readonly assigned = new Map<Slot, { readonly variable: string; readonly at: number }>();
  /** By variable, where it is read, and where it is assigned. */
  private readonly reads = new Map<string, number[]>();
  private readonly writes = new Map<string, number[]>();
  /** The last step that may write to variables unseen. */
  private lastUnseen = -1;

  constructor(private readonly plan: ExecutionPlan) {
    const { instructions } = plan;
    let safe = instructions.length;
    while (safe > 0 && this.isSafe(instructions[safe - 1])) safe--;
    this.safeFrom = safe;
    instructions.forEach((step, at) => {
      if (step.kind === 'read') {
        const variable = keyOf(step.resource);
        this.readOf.set(step.outputs[0], { variable, at });
        add(this.reads, variable, at);
      } else if (step.kind === 'assign') {
        const variable = keyOf(step.resource);
        this.assigned.set(step.inputs[0], { variable, at });
        add(this.writes, variable, at);
      } else if (this.mayWrite(step)) this.lastUnseen = at;
    });
  }

  /** Whether a step has variables of its own to write to: functions do, and those that take their handles. */
  private mayWrite({ kind, inputs }: Instruction): boolean {
    if (kind === 'branch' || kind === 'while' || kind === 'destroy') return true;
    return inputs.some((slot) => this.plan.slots[slot].dtype === resource);
  }

  private isSafe(step: Instruction): boolean {
    switch (step.kind) {
      case 'generated':
        return step.guard?.check.kind !== 'places';
      case 'read':
      case 'initialized':
      case 'scalars':
        return true;
      case 'assign':
        return step.shape === undefined;
      case 'alias':
        return step.shapeFrom === null && isFullyDefined(this.plan.slots[step.inputs[0]].shape);
      case 'host':
        return this.isArithmetic(step);
    }
    return false;
  }
  /** Whether the host computes with scalars that no op fails on: the powers of Adam's rates, say, or the step's number. */
  private isArithmetic({ kernel, attrs, inputs, outputs }: HostStep): boolean {
    const slots = [...inputs, ...outputs].map((slot) => this.plan.slots[slot]);
    if (attrs[INVALID] !== undefined || slots.some(({ shape }) => shape?.length !== 0)) return false;
    return SUMS.has(kernel) || (isElementOp(kernel) && slots.every(({ dtype }) => dtype === float32));
  }

  /**
   * Whether the input is the value of a variable, and still is at the step, and the output its next one, which nobody may see
   * before it is assigned.
   */
  allows(step: number, input: Slot, output: Slot): boolean {
    const read = this.readOf.get(input);
    const assigned = this.assigned.get(output);
    if (!read || assigned?.variable !== read.variable || step < this.safeFrom || read.at < this.lastUnseen)
      return false;
    if (this.writes.get(read.variable)?.some((at) => at > read.at && at < assigned.at)) return false;
    return !this.reads.get(read.variable)?.some((at) => at > step && at < assigned.at);
  }

  /** The variables that are read after a step. */
  readAfter(step: number): ResourceKey[] {
    return this.plan.instructions.slice(step + 1).flatMap((next) => (next.kind === 'read' ? [next.resource] : []));
  }
}

function add(lists: Map<string, number[]>, key: string, at: number): void {
  const known = lists.get(key);
  if (known) known.push(at);
  else lists.set(key, [at]);
}

function keyOf({ container, name, reference }: ResourceKey): string {
  return JSON.stringify([container, name, reference]);
}
