/**
 * The text of a plan, a line per instruction. How types and attributes look is `ir/text.ts`'s job.
 *
 *     s5 = _FusedMatMul(s0, s3, s4) {activation="relu"} : f32[32,10]    free s0    # dense/Relu
 */

import type { AttrValue } from '../../src/graph/node.ts';
import { DType } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { formatAttrValue, formatElements, formatSpec, withComment } from '../ir/text.ts';
import type { Call, ExecutionPlan, Instruction, ResourceKey, Slot, StepGuard } from './plan.ts';

export function printPlan(plan: ExecutionPlan): string {
  return printLines(plan, [`target ${plan.target}`]).join('\n');
}

/** The lines of a plan; those of the functions that a step calls stand below it, indented. */
function printLines(plan: ExecutionPlan, lines: string[]): string[] {
  for (const { slot, value } of plan.constants) {
    lines.push(`s${slot} = const ${formatElements(value)} : ${formatSpec(plan.slots[slot])}`);
  }
  for (const { slot, endpoint } of plan.feeds) {
    lines.push(`s${slot} = feed @${endpoint.node}:${endpoint.index} : ${formatSpec(plan.slots[slot])}`);
  }
  for (const step of plan.instructions) {
    lines.push(printInstruction(step, plan));
    for (const [title, { plan: called, args }] of callsOf(step)) {
      lines.push(`    ${title}(${args.join(', ')})`, ...printLines(called, []).map((line) => `        ${line}`));
    }
  }
  if (plan.arena) lines.push(`arena ${plan.arena.size} bytes: ${printOffsets(plan.arena)}`);
  if (plan.fetches.length > 0) lines.push(`fetch ${plan.fetches.map(printSlot).join(', ')}`);
  return lines;
}

/** The functions that a step calls, with what they are to it. */
function callsOf(step: Instruction): [title: string, call: Call][] {
  if (step.kind === 'branch') return step.branches.map((call, i) => [`branch ${i}`, call]);
  if (step.kind !== 'while') return [];
  const { condPrologue, cond, bodyPrologue, body } = step;
  const parts: [string, Call | null][] = [
    ['once', condPrologue],
    ['while', cond],
    ['once inside', bodyPrologue],
    ['do', body],
  ];
  return parts.filter((part): part is [string, Call] => part[1] !== null);
}

/** One line; with the plan, the types of the outputs are in it. */
export function printInstruction(step: Instruction, plan?: ExecutionPlan): string {
  const left = step.outputs.length > 0 ? `${step.outputs.map(printSlot).join(', ')} = ` : '';
  const types =
    plan && step.outputs.length > 0 ? ` : ${step.outputs.map((s) => formatSpec(plan.slots[s])).join(', ')}` : '';
  const frees = step.frees.length > 0 ? `    free ${step.frees.map(printSlot).join(' ')}` : '';
  return withComment(left + call(step) + types + frees, step.name + whyThere(step));
}

/** Why a step is not, or not always, the backend's. */
function whyThere(step: Instruction): string {
  if (step.kind === 'host') return ` (${step.why})`;
  if (step.kind === 'kernel') return step.why ? ` (${step.why})` : '';
  if (step.kind === 'scalars') return ' (on the host, in JavaScript: scalars cost less there)';
  return step.kind === 'generated' && step.guard ? hostWhere(step.guard) : '';
}

function hostWhere({ check }: StepGuard): string {
  return check.kind === 'places'
    ? ' (on the host where a place is out of bounds)'
    : ' (on the host where a number is not finite)';
}

function call(step: Instruction): string {
  const inputs = step.inputs.map(printSlot).join(', ');
  switch (step.kind) {
    case 'kernel':
      return `${step.kernel}(${kernelInputs(step)})${printAttrs(step.attrs)}`;
    case 'generated':
      return `generated.${step.kernel}(${inputs})`;
    case 'scalars':
      return `scalars.${step.kernel}(${inputs})`;
    case 'host':
      return `host.${step.kernel}(${inputs})${printAttrs(step.attrs)}`;
    case 'alias':
      return `alias(${inputs})`;
    case 'read':
      return `read ${printResource(step.resource)}`;
    case 'assign':
      return `assign ${printResource(step.resource)} (${inputs})`;
    case 'initialized':
      return `initialized ${printResource(step.resource)}`;
    case 'while':
      return `while (${inputs})`;
    case 'branch':
      return `branch (${inputs})`;
    case 'list':
      return `list.${step.op}(${inputs})${printAttrs(step.attrs)}`;
    case 'destroy':
      return `destroy ${printResource(step.resource)}`;
  }
}

function kernelInputs(step: Extract<Instruction, { kind: 'kernel' }>): string {
  return step.inputs
    .map((slot, i) => {
      const shape = step.inputShapes?.[i];
      return printSlot(slot) + (shape ? ` as [${shape.join(',')}]` : '');
    })
    .join(', ');
}

function printOffsets({ offsets }: NonNullable<ExecutionPlan['arena']>): string {
  return offsets.flatMap((offset, slot) => (offset < 0 ? [] : [`${printSlot(slot)} at ${offset}`])).join(', ');
}

function printSlot(slot: Slot): string {
  return `s${slot}`;
}

function printResource({ container, name }: ResourceKey): string {
  return container === '' ? name : `${container}:${name}`;
}

/** Attributes without those that say a type, and without the plain ones that say no. */
function printAttrs(attrs: Readonly<Record<string, unknown>>): string {
  const items: string[] = [];
  for (const [name, value] of Object.entries(attrs)) {
    if (value === false || value === undefined || value === null || value instanceof DType) continue;
    if (value === true) items.push(name);
    else if (value instanceof NdArray) items.push(`${name}=${formatElements(value)}`);
    else if (Array.isArray(value)) items.push(`${name}=[${value.map(printAny).join(',')}]`);
    else items.push(`${name}=${printAny(value)}`);
  }
  return items.length === 0 ? '' : ` {${items.join(', ')}}`;
}

function printAny(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printAny).join(',')}]`;
  return typeof value === 'object' && value !== null && !(value instanceof DType) && !('func' in value)
    ? JSON.stringify(value)
    : formatAttrValue(value as AttrValue);
}
