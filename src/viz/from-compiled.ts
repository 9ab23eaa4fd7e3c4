/**
 * The compiler's programs as a picture's model: a module of its intermediate representation, and an execution plan. Both
 * are known here by the shape that they have, as the compiler is a room further up.
 */
import type { Attrs, TensorSpec } from '../graph/node.ts';
import type { NdArray } from '../util/ndarray.ts';
import { attrPairs, FunctionQueue } from './from-graph.ts';
import { ModelBuilder, type VizModel } from './model.ts';
import { attrText, specText, typeText } from './text.ts';

/** A module of the intermediate representation, as `tf.compile` gives them by pass. */
export interface IrLike {
  readonly nodes: readonly {
    readonly id: number;
    readonly op: string;
    readonly inputs: readonly { readonly node: number; readonly index: number }[];
    readonly attrs: Attrs;
    readonly outputs: readonly TensorSpec[];
    readonly origin: readonly number[];
    readonly name: string;
  }[];
  readonly fetches: readonly { readonly node: number; readonly index: number }[];
}

/** A function that a step of a plan calls. */
interface CallLike {
  readonly plan: PlanLike;
  readonly args: readonly number[];
}

interface StepLike {
  readonly kind: string;
  readonly kernel?: string;
  readonly op?: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly frees: readonly number[];
  readonly name: string;
  readonly attrs?: Readonly<Record<string, unknown>>;
  readonly resource?: { readonly container: string; readonly name: string };
  readonly branches?: readonly CallLike[];
  readonly cond?: CallLike;
  readonly body?: CallLike;
  readonly condPrologue?: CallLike | null;
  readonly bodyPrologue?: CallLike | null;
}

/** An execution plan, as `tf.compile` gives it. */
export interface PlanLike {
  readonly slots: readonly TensorSpec[];
  readonly constants: readonly { readonly slot: number; readonly value: NdArray }[];
  readonly feeds: readonly {
    readonly slot: number;
    readonly endpoint: { readonly node: number; readonly index: number };
  }[];
  readonly fetches: readonly number[];
  readonly instructions: readonly StepLike[];
  readonly target: string;
}

export function isIr(value: object): value is IrLike {
  return 'nodes' in value && Array.isArray(value.nodes) && 'fetches' in value && Array.isArray(value.fetches);
}

export function isPlan(value: object): value is PlanLike {
  return 'instructions' in value && Array.isArray(value.instructions) && 'slots' in value && Array.isArray(value.slots);
}

export function fromIr(module: IrLike, title: string): VizModel {
  const builder = new ModelBuilder();
  const functions = new FunctionQueue(builder);
  const ids = new Map<number, number>();
  for (const node of module.nodes) {
    const id = builder.node({
      name: node.name,
      op: node.op,
      owner: 0,
      attrs: [...attrPairs(node.attrs), ['stands for nodes', node.origin.join(', ')]],
      outputs: node.outputs.map(specText),
      calls: functions.callsOf(node.attrs),
    });
    ids.set(node.id, id);
    node.inputs.forEach((input, position) => {
      const from = ids.get(input.node);
      if (from !== undefined) builder.data(from, input.index, id, position);
    });
  }
  module.fetches.forEach(({ node, index }, position) => {
    const from = ids.get(node);
    const id = builder.node({ name: `fetch_${position}`, op: 'fetch', owner: 0 });
    if (from !== undefined) builder.data(from, index, id, 0);
  });
  functions.drain();
  return builder.finish(title);
}

export function fromPlan(plan: PlanLike, title: string): VizModel {
  const builder = new ModelBuilder();
  const waiting: { readonly plan: PlanLike; readonly owner: number }[] = [{ plan, owner: 0 }];
  for (let i = 0; i < waiting.length; i++) addPlan(builder, waiting, waiting[i].plan, waiting[i].owner);
  return builder.finish(title);
}

function addPlan(
  builder: ModelBuilder,
  waiting: { readonly plan: PlanLike; readonly owner: number }[],
  plan: PlanLike,
  owner: number,
): void {
  const makers = new Map<number, { readonly id: number; readonly output: number }>();
  const slotText = (slot: number) => typeText(plan.slots[slot].dtype, plan.slots[slot].shape);
  for (const { slot, value } of plan.constants) {
    const attrs = [['value', attrText(value)]] as const;
    const id = builder.node({ name: `s${slot}`, op: 'const', owner, attrs, outputs: [slotText(slot)] });
    makers.set(slot, { id, output: 0 });
  }
  for (const { slot, endpoint } of plan.feeds) {
    const attrs = [['stands for', `output ${endpoint.index} of node ${endpoint.node}`]] as const;
    const id = builder.node({ name: `s${slot}`, op: 'feed', owner, attrs, outputs: [slotText(slot)] });
    makers.set(slot, { id, output: 0 });
  }
  for (const step of plan.instructions) {
    const calls = callsOf(step).map(([what, call]) => {
      builder.functions.push(`${step.name}.${what}`);
      waiting.push({ plan: call.plan, owner: builder.functions.length });
      return builder.functions.length - 1;
    });
    const id = builder.node({
      name: step.name,
      op: step.kernel ?? step.op ?? step.kind,
      owner,
      attrs: stepAttrs(step),
      outputs: step.outputs.map(slotText),
      calls,
    });
    step.inputs.forEach((slot, position) => {
      const maker = makers.get(slot);
      if (maker) builder.data(maker.id, maker.output, id, position);
    });
    step.outputs.forEach((slot, output) => {
      makers.set(slot, { id, output });
    });
  }
  plan.fetches.forEach((slot, position) => {
    const id = builder.node({ name: `fetch_${position}`, op: 'fetch', owner });
    const maker = makers.get(slot);
    if (maker) builder.data(maker.id, maker.output, id, 0);
  });
}

function callsOf(step: StepLike): [what: string, call: CallLike][] {
  const calls: [string, CallLike | null | undefined][] = [
    ...(step.branches ?? []).map((call, i): [string, CallLike] => [`branch_${i}`, call]),
    ['once', step.condPrologue],
    ['cond', step.cond],
    ['once_inside', step.bodyPrologue],
    ['body', step.body],
  ];
  return calls.filter((entry): entry is [string, CallLike] => entry[1] !== null && entry[1] !== undefined);
}

function stepAttrs(step: StepLike): (readonly [string, string])[] {
  const attrs: (readonly [string, string])[] = [['kind', step.kind]];
  if (step.resource) attrs.push(['resource', step.resource.name]);
  attrs.push(...attrPairs(step.attrs ?? {}));
  const slots = (list: readonly number[]) => list.map((slot) => `s${slot}`).join(' ');
  if (step.outputs.length > 0) attrs.push(['slots', slots(step.outputs)]);
  if (step.frees.length > 0) attrs.push(['frees', slots(step.frees)]);
  return attrs;
}
