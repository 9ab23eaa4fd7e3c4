/**
 * The rules that every plan keeps: each slot is written once before it is read, and freed exactly once, at its last use,
 * unless it is fetched or constant. A breach is an `InternalError`.
 */
import { InternalError } from '../../src/util/errors.ts';
import type { Call, ExecutionPlan, Instruction, Slot } from './plan.ts';
import { printInstruction } from './printer.ts';

/** The functions that a step calls. */
export function callsOf(step: Instruction): Call[] {
  if (step.kind === 'branch') return [...step.branches];
  if (step.kind !== 'while') return [];
  return [step.condPrologue, step.cond, step.bodyPrologue, step.body].filter((call) => call !== null);
}

/** Throws `InternalError` with the first rule that the plan breaks. */
export function verifyPlan(plan: ExecutionPlan): void {
  const written = new Set<Slot>();
  const freed = new Set<Slot>();
  const fail = (message: string, step?: Instruction): never => {
    throw new InternalError(null, `The plan is broken: ${message}${step ? `\n    ${printInstruction(step)}` : ''}`);
  };
  const write = (slot: Slot, step?: Instruction) => {
    if (!plan.slots[slot]) fail(`s${slot} does not exist`, step);
    if (written.has(slot)) fail(`s${slot} is written twice`, step);
    written.add(slot);
  };
  for (const { slot } of plan.constants) write(slot);
  for (const { slot } of plan.feeds) write(slot);
  const kept = new Set([...plan.fetches, ...plan.constants.map(({ slot }) => slot)]);
  const lastUse = new Map<Slot, Instruction>();
  for (const step of plan.instructions) {
    for (const called of callsOf(step)) {
      verifyPlan(called.plan);
      if (called.args.length !== called.plan.feeds.length) fail('a function is called with too few values', step);
    }
    for (const slot of step.inputs) {
      if (!written.has(slot)) fail(`s${slot} is read before it is written`, step);
      if (freed.has(slot)) fail(`s${slot} is read after it was freed`, step);
      lastUse.set(slot, step);
    }
    for (const slot of step.outputs) {
      write(slot, step);
      lastUse.set(slot, step);
    }
    for (const slot of step.frees) {
      if (kept.has(slot)) fail(`s${slot} is fetched or constant, and freed`, step);
      if (freed.has(slot)) fail(`s${slot} is freed twice`, step);
      if (!written.has(slot)) fail(`s${slot} is freed before it is written`, step);
      if (lastUse.get(slot) !== step) fail(`s${slot} is not freed where it was used last`, step);
      freed.add(slot);
    }
  }
  for (const slot of plan.fetches) if (!written.has(slot)) fail(`the fetched s${slot} is never written`);
  for (const slot of plan.slots.keys()) {
    if (!written.has(slot)) fail(`s${slot} is never written`);
    if (!kept.has(slot) && !freed.has(slot)) fail(`s${slot} is never freed`);
  }
}
