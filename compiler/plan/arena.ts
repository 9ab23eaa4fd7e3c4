/**
 * Places for the values that only generated kernels see: offsets into memory that all plans share, found from when each value
 * is needed. Only plans that run from their first step to their last without a break have any, since another plan that
 * ran in between would write over them.
 */
import { findOpDef } from '../../src/ops/opdef/define.ts';
import { isFullyDefined, sizeOf } from '../../src/util/shape.ts';
import { callsFromHost } from '../ir/functions.ts';
import type { Arena, ExecutionPlan, Instruction, Slot } from './plan.ts';

/** Values begin at multiples of so many bytes: of a vector, and large ones of a line of the cache. */
const ALIGNMENT = 16;
const LINE = 64;
const LARGE = 1024;

/** The plan with places for its values, where it can have any. */
export function planArena(plan: ExecutionPlan): ExecutionPlan {
  if (!plan.instructions.every(runsThrough)) return plan;
  const groups = findGroups(plan);
  if (groups.length === 0) return plan;
  return { ...plan, arena: placed(plan, groups) };
}

/** Whether a step neither waits nor runs another plan. */
function runsThrough(step: Instruction): boolean {
  switch (step.kind) {
    case 'branch':
    case 'while':
      return false;
    case 'host': {
      const effect = findOpDef(step.kernel)?.effect;
      // A function of the program's own may give a promise.
      const isOwn = step.kernel.startsWith('PyFunc') || callsFromHost(step as Parameters<typeof callsFromHost>[0]);
      return (effect === 'pure' || effect === 'random') && !isOwn;
    }
  }
  return true;
}

/** A value under one or more shapes: slots that share their elements, and the steps that it lives from and to. */
interface Group {
  readonly slots: Slot[];
  readonly bytes: number;
  readonly from: number;
  to: number;
}

/** Whether the step works on addresses alone: one with a guard may want arrays instead. */
function isPlain(step: Instruction): boolean {
  return step.kind === 'generated' && step.guard === undefined;
}

/** The values that come from generated kernels and go to no other steps. */
function findGroups(plan: ExecutionPlan): Group[] {
  const groupOf: (Group | undefined)[] = [];
  const groups = new Set<Group>();
  const leave = (slot: Slot) => {
    const group = groupOf[slot];
    if (group) groups.delete(group);
  };
  plan.instructions.forEach((step, i) => {
    const isAlias = step.kind === 'alias' && step.shapeFrom === null;
    for (const slot of step.inputs) {
      const group = groupOf[slot];
      if (group) group.to = i;
      if (!isPlain(step) && !isAlias) leave(slot);
    }
    if (isPlain(step)) {
      for (const slot of step.outputs) {
        const { shape, dtype } = plan.slots[slot];
        if (!isFullyDefined(shape)) continue;
        const group = { slots: [slot], bytes: sizeOf(shape) * (dtype.name === 'bool' ? 1 : 4), from: i, to: i };
        groupOf[slot] = group;
        groups.add(group);
      }
    } else if (isAlias) {
      const group = groupOf[step.inputs[0]];
      const { shape } = plan.slots[step.outputs[0]];
      if (!group) return;
      if (!isFullyDefined(shape)) leave(step.inputs[0]);
      group.slots.push(step.outputs[0]);
      groupOf[step.outputs[0]] = group;
    }
  });
  for (const slot of plan.fetches) leave(slot);
  return [...groups];
}

/** Offsets, first fit in the order of the steps. A result takes over the place of an input that it may be written over. */
function placed(plan: ExecutionPlan, groups: readonly Group[]): Arena {
  const offsets = new Array<number>(plan.slots.length).fill(-1);
  const groupOf = new Map(groups.flatMap((group) => group.slots.map((slot): [Slot, Group] => [slot, group])));
  const starts = new Map<number, Group[]>();
  for (const group of groups) {
    const list = starts.get(group.from);
    if (list) list.push(group);
    else starts.set(group.from, [group]);
  }
  /** In use, by offset. */
  let live: { offset: number; bytes: number; to: number }[] = [];
  let size = 0;
  plan.instructions.forEach((step, i) => {
    const begun = starts.get(i);
    if (!begun) return;
    live = live.filter(({ to }) => to >= i);
    for (const group of begun) {
      const taken = step.kind === 'generated' ? step.overwrites : undefined;
      const over = taken?.find(({ output }) => group.slots[0] === step.outputs[output]);
      const source = over && groupOf.get(step.inputs[over.input]);
      const room = source && live.find(({ offset }) => offset === offsets[source.slots[0]]);
      let offset = room?.offset ?? -1;
      if (room && source && source.to === i && room.bytes >= group.bytes) room.to = group.to;
      else {
        offset = 0;
        const unit = group.bytes < LARGE ? ALIGNMENT : LINE;
        for (const used of live) {
          if (offset + group.bytes <= used.offset) break;
          offset = Math.ceil((used.offset + used.bytes) / unit) * unit;
        }
        live.push({ offset, bytes: group.bytes, to: group.to });
        live.sort((a, b) => a.offset - b.offset);
      }
      for (const slot of group.slots) offsets[slot] = offset;
      size = Math.max(size, offset + group.bytes);
    }
  });
  return { size, offsets };
}
