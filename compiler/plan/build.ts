/**
 * Builds the execution plan from the final module: a step per node that does something, slots for the values, frees by
 * one backward pass. Choosing kernels is `lowering/lower.ts`'s job; running the plan is the runtime's.
 */

import type { AttrValue } from '../../src/graph/node.ts';
import { resource, variant } from '../../src/util/dtype.ts';
import { InternalError, InvalidArgumentError, UnimplementedError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { isFullyDefined, type KnownShape } from '../../src/util/shape.ts';
import { isForwarding, Resources, type Variable } from '../analysis/resources.ts';
import { type Generated, generateLoop, generateOwn, isLoopOp, loopRules } from '../codegen/index.ts';
import { Facts } from '../ir/context.ts';
import { effectOf, INVALID, isInvalid, mustRun } from '../ir/effects.ts';
import { callsFromHost, isBranch, isLoop } from '../ir/functions.ts';
import { ARG, type IrModule, type IrNode, type IrValue } from '../ir/module.ts';
import { variableHandle } from '../ir/variable-handle.ts';
import { comesFromHost, isOnHost, lowerNode } from '../lowering/lower.ts';
import type { Lowered, Target } from '../lowering/lowering.ts';
import { CLUSTER } from '../passes/cluster.ts';
import { planArena } from './arena.ts';
import { type CallContext, type CompileBody, draftBranch, draftLoop, liveVariables } from './calls.ts';
import { handsOnList, isListOp } from './lists.ts';
import { findOverwrites } from './overwrite.ts';
import type { ExecutionPlan, GeneratedStep, Instruction, Slot, SlotInfo } from './plan.ts';

/** The plan of a module. Throws `UnimplementedError` for an op that neither the backend nor the host can compute. */
export function buildPlan(module: IrModule, target: Target, compileBody: CompileBody): ExecutionPlan {
  return planOf(module, target, compileBody, false);
}

/** As `buildPlan`, for the body of a function that a host kernel calls. */
export function buildFunctionPlan(module: IrModule, target: Target, compileBody: CompileBody): ExecutionPlan {
  return planOf(module, target, compileBody, true);
}

/** @param isFunction whether a step of another plan takes the results: they may be what no user could be given */
function planOf(module: IrModule, target: Target, compileBody: CompileBody, isFunction: boolean): ExecutionPlan {
  const draft = new Draft(module, target, compileBody, isFunction);
  const { nodes } = module;
  for (let i = 0; i < nodes.length; i++) {
    let end = i + 1;
    const kernel = nodes[i].attrs[CLUSTER];
    while (kernel !== undefined && nodes[end]?.attrs[CLUSTER] === kernel) end++;
    if (kernel !== undefined && draft.lowerTogether(nodes.slice(i, end))) i = end - 1;
    else draft.lower(nodes[i]);
  }
  return draft.finish();
}

/** What is not yet known while nodes are lowered: slots are numbered and freed at the end, in place. */
type Open<T> = T extends Instruction
  ? Omit<T, 'inputs' | 'outputs' | 'frees'> & { inputs: Slot[]; outputs: Slot[]; frees: Slot[] }
  : never;
type OpenStep = Open<Instruction>;

/** A step before it is known what lives how long. */
interface DraftStep {
  readonly step: OpenStep;
  readonly must: boolean;
}

class Draft {
  private readonly facts = new Facts();
  private readonly resources: Resources;
  private readonly effects: ReadonlySet<number>;
  private readonly slots: SlotInfo[] = [];
  /** The slots of each node's outputs, by node id. */
  private readonly slotsOf: (readonly Slot[] | undefined)[] = [];
  private readonly constants: { slot: Slot; value: NdArray }[] = [];
  private readonly steps: DraftStep[] = [];
  /** By node and output, who takes it: the numbers of kernels that nodes are brought together for, else undefined. */
  private readonly users = new Map<number, Map<number, (AttrValue | undefined)[]>>();

  constructor(
    private readonly module: IrModule,
    private readonly target: Target,
    private readonly compileBody: CompileBody,
    private readonly isFunction: boolean,
  ) {
    this.resources = new Resources(module);
    for (const fetch of module.fetches) this.take(fetch, undefined);
    // Backwards: what a loop takes depends on who takes what it gives.
    for (let i = module.nodes.length - 1; i >= 0; i--) {
      const node = module.nodes[i];
      const live = isLoop(node) ? liveVariables(node, this.isUsed(node)) : null;
      node.inputs.forEach((input, k) => {
        if (live?.has(k) ?? true) this.take(input, node.attrs[CLUSTER]);
      });
    }
    this.effects = new Set(module.effects);
  }

  private isUsed({ id }: IrNode): (output: number) => boolean {
    return (output) => this.users.get(id)?.has(output) ?? false;
  }

  private take({ node, index }: IrValue, kernel: AttrValue | undefined): void {
    const known = this.users.get(node) ?? new Map<number, (AttrValue | undefined)[]>();
    this.users.set(node, known);
    const users = known.get(index);
    // Who takes a value often counts once.
    if (!users) known.set(index, [kernel]);
    else if (users[users.length - 1] !== kernel) users.push(kernel);
  }

  lower(node: IrNode): void {
    this.facts.add(node);
    if (node.op === ARG) this.slotsOf[node.id] = this.newSlots(node);
    else if (node.op === 'Const') {
      const slots = this.newSlots(node);
      this.slotsOf[node.id] = slots;
      this.constants.push({ slot: slots[0], value: node.attrs.value as NdArray });
    } else if (isForwarding(node)) {
      const [{ node: source, index }] = node.inputs;
      const slot = this.slotsOf[source]?.[index];
      if (slot !== undefined) this.slotsOf[node.id] = [slot];
    } else if (node.op !== 'NoOp' && node.op !== 'VarHandleOp') {
      const step = isLoop(node) ? this.loop(node) : isBranch(node) ? this.branch(node) : this.onVariable(node);
      this.steps.push({ step, must: this.effects.has(node.id) || mustRun(effectOf(node)) });
    }
  }

  /** One kernel for nodes that were brought together for it; false where there is none. */
  lowerTogether(nodes: readonly IrNode[]): boolean {
    for (const node of nodes) this.facts.add(node);
    const outputs = nodes.flatMap((node) =>
      node.outputs.map((_, index) => ({ node: node.id, index })).filter(({ index }) => this.leaves(node, index)),
    );
    const generated = this.loopOf(nodes, outputs);
    if (!generated) return false;
    const { kernel: code, inputs } = generated;
    const isOfScalars = code.kind === 'loops' && code.axes.length === 0;
    const isForHost = isOfScalars && this.areForHost(inputs, nodes.length);
    if (isOfScalars && !isForHost && nodes.length < SCALARS) return false;
    const ops = nodes.map(({ op }) => op);
    const made = this.onGenerated(nodes[nodes.length - 1], generated, ops);
    const step: OpenStep = isOfScalars && isForHost ? { ...made, kind: 'scalars', code } : made;
    this.steps.push({ step, must: nodes.some(({ id }) => this.effects.has(id)) && outputs.length > 0 });
    return true;
  }

  private loopOf(nodes: readonly IrNode[], outputs: readonly IrValue[]): Generated | null {
    const { renderer } = this.target;
    if (!renderer) return null;
    const made = generateLoop(this.facts, nodes, outputs);
    return made?.kernel.kind === 'loops' && loopRules(renderer).renders(made.kernel) ? made : null;
  }

  /** Whether a value is taken outside of the kernel that it is computed in. */
  private leaves({ id, attrs }: IrNode, index: number): boolean {
    return (
      this.users
        .get(id)
        ?.get(index)
        ?.some((user) => user !== attrs[CLUSTER]) ?? false
    );
  }

  private onGenerated(
    node: IrNode,
    { kernel: code, inputs, outputs }: Generated,
    ops: readonly string[],
  ): Open<GeneratedStep> {
    return {
      kind: 'generated',
      kernel: kernelName(ops),
      code,
      inputs: inputs.map((input) => this.slot(node, input)),
      outputs: outputs.map((output) => this.newSlot(output)),
      frees: [],
      origin: node.origin[0],
      name: node.name,
    };
  }

  /**
   * Whether so many ops on these scalars cost less in JavaScript. An op takes 9 ns there and 3 on wasm, to bring scalars to
   * the backend and back some 3,000; chains that fill kernels hand them on from one to the next. Scalars that the backend
   * has are worth reading for few ops only.
   */
  private areForHost(scalars: readonly IrValue[], count: number): boolean {
    const { target, facts } = this;
    const isHere = scalars.every((scalar) => comesFromHost(target, facts, scalar));
    return isHere ? count < CHAIN : target.scalarsOnHost && count < SCALARS;
  }

  /** The step with what must hold for it, and what the host needs where it does not. */
  private guarded(node: IrNode, step: OpenStep, { inputs, guard }: Generated): OpenStep {
    if (!guard || step.kind !== 'generated') return step;
    const taken = inputs.map(({ node: id, index }) => node.inputs.findIndex((v) => v.node === id && v.index === index));
    const numbers = node.inputs.map((value, k) => {
      const known = taken.indexOf(k);
      return known >= 0 ? known : step.inputs.push(this.slot(node, value)) - 1;
    });
    const check = { ...guard, input: numbers[guard.input] };
    return { ...step, guard: { check, host: { kernel: node.op, attrs: node.attrs, inputs: numbers } } };
  }
  private newSlot({ node, index }: IrValue): Slot {
    const { dtype, shape } = this.facts.spec({ node, index });
    const slot = this.slots.push({ dtype, shape }) - 1;
    const slots = [...(this.slotsOf[node] ?? [])];
    slots[index] = slot;
    this.slotsOf[node] = slots;
    return slot;
  }

  private onVariable(node: IrNode): OpenStep {
    const variable = node.inputs.length > 0 ? this.resources.of(node.inputs[0]) : undefined;
    if (!variable) return this.compute(node);
    const step = { inputs: [], frees: [], origin: node.origin[0], name: node.name, resource: variable };
    switch (node.op) {
      case 'ReadVariableOp':
        return { ...step, kind: 'read', outputs: this.outputs(node) };
      case 'AssignVariableOp':
        return { ...step, kind: 'assign', inputs: [this.slot(node, node.inputs[1])], outputs: [] };
      case '_AssignReference': {
        const shape = node.attrs.shape as KnownShape;
        return { ...step, kind: 'assign', inputs: [this.slot(node, node.inputs[1])], outputs: [], shape };
      }
      case 'VarIsInitializedOp':
        return { ...step, kind: 'initialized', outputs: this.outputs(node) };
      case 'DestroyResourceOp': {
        const ignoreLookupError = node.attrs.ignore_lookup_error === true;
        return { ...step, kind: 'destroy', outputs: [], ignoreLookupError };
      }
    }
    throw this.unimplemented(node, variable);
  }

  private callContext(node: IrNode): CallContext {
    return {
      facts: this.facts,
      resources: this.resources,
      compileBody: this.compileBody,
      buildPlan: (module) => planOf(module, this.target, this.compileBody, true),
      isUsed: this.isUsed(node),
    };
  }

  private loop(node: IrNode): OpenStep {
    const { values, results, ...loop } = draftLoop(node, this.callContext(node));
    return {
      ...loop,
      kind: 'while',
      results: results.map(([, value]) => value),
      inputs: values.map((value) => this.slot(node, value)),
      outputs: this.someOutputs(
        node,
        results.map(([output]) => output),
      ),
      frees: [],
      origin: node.origin[0],
      name: node.name,
    };
  }

  private branch(node: IrNode): OpenStep {
    const { values, branches, outputs } = draftBranch(node, this.callContext(node));
    return {
      kind: 'branch',
      byCondition: node.attrs.branches === undefined,
      branches,
      inputs: [node.inputs[0], ...values].map((value) => this.slot(node, value)),
      outputs: this.someOutputs(node, outputs),
      frees: [],
      origin: node.origin[0],
      name: node.name,
    };
  }

  /** Slots for these outputs alone. */
  private someOutputs(node: IrNode, outputs: readonly number[]): Slot[] {
    const slots: Slot[] = [];
    const made = outputs.map((output) => {
      const { dtype, shape } = node.outputs[output];
      slots[output] = this.slots.push({ dtype, shape }) - 1;
      return slots[output];
    });
    this.slotsOf[node.id] = slots;
    return made;
  }

  private compute(node: IrNode): OpenStep {
    if (isListOp(node)) return this.onList(node);
    if (handsOnList(node)) return this.onBackend(node, { kind: 'alias', input: 0, shape: [] });
    const generates = this.target.generates && !isOnHost(this.target, this.facts, node);
    const isThere = ({ node: id, index }: IrValue) => this.slotsOf[id]?.[index] !== undefined;
    const own = generates ? generateOwn(this.facts, node, this.isUsed(node), isThere) : null;
    if (own) return this.guarded(node, this.onGenerated(node, own, [node.op]), own);
    const lowered = lowerNode(this.target, this.facts, node);
    if (lowered) return this.onBackend(node, lowered);
    const generated = this.generateAlone(node);
    if (generated) return this.onGenerated(node, generated, [node.op]);
    if (callsFromHost(node)) for (const input of node.inputs) this.nameVariable(input);
    // The handle of a variable is no value: the plan names the variable instead.
    const isHandle = (value: IrValue) => this.facts.spec(value).dtype === resource && !this.slotsOf[value.node];
    if (!this.target.hasHost(node.op) || node.inputs.some(isHandle)) throw this.unimplemented(node);
    return {
      kind: 'host',
      kernel: node.op,
      why: this.whyOnHost(node),
      attrs: node.attrs,
      inputs: node.inputs.map((input) => this.slot(node, input)),
      outputs: this.outputs(node),
      frees: [],
      origin: node.origin[0],
      name: node.name,
    };
  }

  private whyOnHost(node: IrNode): string {
    const { target, facts } = this;
    const specs = [...node.outputs, ...node.inputs.map((input) => facts.spec(input))];
    const other = specs.find(({ dtype }) => !target.dtypes.has(dtype));
    if (isInvalid(node)) return 'to fail with its error';
    if (isOnHost(target, facts, node)) return 'scalars cost less there';
    if (other) return `the backend holds no ${other.dtype.name}`;
    if (specs.some(({ shape }) => shape?.includes(0))) return 'an array is empty';
    if (specs.some(({ shape }) => !isFullyDefined(shape))) return 'shapes are known in the run only';
    return 'the backend has no kernel for it';
  }

  private generateAlone(node: IrNode): Generated | null {
    const { renderer } = this.target;
    if (!renderer || isInvalid(node) || isOnHost(this.target, this.facts, node) || !isLoopOp(node.op)) return null;
    const outputs = node.outputs.map((_, index) => ({ node: node.id, index }));
    return loopRules(renderer).limits(this.facts).admits(node) ? this.loopOf([node], outputs) : null;
  }

  /** Gives the handle of a variable a slot: a kernel hands it on to the functions it calls. */
  private nameVariable(value: IrValue): void {
    const variable = this.resources.of(value);
    if (!variable || this.slotsOf[value.node]) return;
    const slot = this.slots.push({ dtype: resource, shape: [] }) - 1;
    this.slotsOf[value.node] = [slot];
    this.constants.push({ slot, value: variableHandle(variable) });
  }

  private onList(node: IrNode): OpenStep {
    return {
      kind: 'list',
      op: node.op,
      attrs: node.attrs,
      inputs: node.inputs.map((input) => this.slot(node, input)),
      outputs: this.outputs(node),
      frees: [],
      origin: node.origin[0],
      name: node.name,
    };
  }

  private onBackend(node: IrNode, lowered: Lowered): OpenStep {
    const slot = (input: number) => this.slot(node, node.inputs[input]);
    if (lowered.kind === 'alias') {
      const shapeFrom = lowered.shape === null && lowered.shapeInput !== undefined ? slot(lowered.shapeInput) : null;
      return {
        kind: 'alias',
        shape: lowered.shape,
        shapeFrom,
        inputs: shapeFrom === null ? [slot(lowered.input)] : [slot(lowered.input), shapeFrom],
        outputs: this.outputs(node),
        frees: [],
        origin: node.origin[0],
        name: node.name,
      };
    }
    return {
      kind: 'kernel',
      ...this.whyNotGenerated(node),
      kernel: lowered.kernel,
      names: lowered.names,
      attrs: lowered.attrs,
      inputShapes: lowered.inputShapes?.some((shape) => shape !== null) ? lowered.inputShapes : null,
      outputShapes: lowered.outputShapes?.some((shape) => shape !== null) ? lowered.outputShapes : null,
      inputs: lowered.inputs.map(slot),
      outputs: this.outputs(node),
      frees: [],
      origin: node.origin[0],
      name: node.name,
    };
  }

  private whyNotGenerated(node: IrNode): { readonly why?: string } {
    if (!this.target.generates) return {};
    const specs = [...node.outputs, ...node.inputs.map((input) => this.facts.spec(input))];
    const isKnown = specs.every(({ shape }) => isFullyDefined(shape));
    return { why: `the backend's own: ${isKnown ? 'none is generated for it' : 'shapes are known in the run only'}` };
  }

  private newSlots(node: IrNode): Slot[] {
    return node.outputs.map(({ dtype, shape }) => this.slots.push({ dtype, shape }) - 1);
  }
  private outputs(node: IrNode): Slot[] {
    const slots = this.newSlots(node);
    this.slotsOf[node.id] = slots;
    return slots;
  }
  private slot(user: IrNode, value: IrValue): Slot {
    const slot = this.slotsOf[value.node]?.[value.index];
    if (slot !== undefined) return slot;
    const source = this.facts.node(value.node);
    throw this.unimplemented(user, { name: `${source.name} (${source.op})` });
  }

  private unimplemented(node: IrNode, handle?: Pick<Variable, 'name'>): Error {
    const op = { name: node.name, type: node.op };
    const reason = node.attrs[INVALID];
    if (isInvalid(node)) return new InvalidArgumentError(op, String(reason));
    const on = handle ? ` on ${handle.name}` : '';
    return new UnimplementedError(
      op,
      `No kernel for op '${node.op}'${on} (node '${node.name}') on target '${this.target.name}', and no host kernel.`,
    );
  }

  /** Drops what nobody needs, frees each slot at its last use, and numbers the slots in the order of their making. */
  finish(): ExecutionPlan {
    const fetched = this.module.fetches.map((fetch) => this.fetchSlot(fetch));
    const used = new Uint8Array(this.slots.length);
    const kept = new Uint8Array(this.slots.length);
    for (const slot of fetched) used[slot] = kept[slot] = 1;
    for (const { slot } of this.constants) kept[slot] = 1;
    const steps: OpenStep[] = [];
    for (let i = this.steps.length - 1; i >= 0; i--) {
      const { step, must } = this.steps[i];
      if (!must && !step.outputs.some((slot) => used[slot])) continue;
      for (const slots of [step.outputs, step.inputs]) {
        for (const slot of slots) {
          if (used[slot]) continue;
          used[slot] = 1;
          if (!kept[slot]) step.frees.push(slot);
        }
      }
      steps.push(step);
    }
    steps.reverse();
    return this.number(steps, fetched, used);
  }

  private fetchSlot(value: IrValue): Slot {
    const node = this.facts.node(value.node);
    const { dtype } = node.outputs[value.index];
    if (this.isFunction) return this.slot(node, value);
    if (dtype === variant) {
      const message = `Tensorflow type ${dtype.asDatatypeEnum} not convertible to numpy dtype.`;
      throw new InternalError({ name: node.name, type: node.op }, message);
    }
    if (dtype === resource) throw this.unimplemented(node);
    return this.slot(node, value);
  }

  private number(steps: readonly OpenStep[], fetched: readonly Slot[], used: Uint8Array): ExecutionPlan {
    const renamed = new Int32Array(this.slots.length).fill(-1);
    const slots: SlotInfo[] = [];
    const define = (slot: Slot): Slot => {
      renamed[slot] = slots.length;
      slots.push(this.slots[slot]);
      return renamed[slot];
    };
    const rename = (slot: Slot): Slot => renamed[slot];
    const constants = this.constants
      .filter(({ slot }) => used[slot])
      .map(({ slot, value }) => ({ slot: define(slot), value }));
    // A fed value that nobody takes has no slot: nothing would free it.
    const feeds = this.module.feeds
      .map(({ node, endpoint }) => ({ slot: this.slotsOf[node]?.[0] as Slot, endpoint }))
      .filter(({ slot }) => slot !== undefined && used[slot])
      .map(({ slot, endpoint }) => ({ slot: define(slot), endpoint }));
    for (const step of steps) {
      step.inputs = step.inputs.map(rename);
      step.outputs = step.outputs.map(define);
      step.frees = step.frees.map(rename);
    }
    const instructions = steps.map((step): Instruction => {
      return step.kind === 'alias' && step.shapeFrom !== null ? { ...step, shapeFrom: rename(step.shapeFrom) } : step;
    });
    const plan = { slots, constants, feeds, fetches: fetched.map(rename), instructions, target: this.target.name };
    // Both are about memory with addresses.
    return this.target.generates ? planArena(findOverwrites(plan, this.isFunction)) : plan;
  }
}

/** So many ops on scalars of a backend are worth a kernel there. */
const SCALARS = 8;
/** And so many on scalars of the host. */
const CHAIN = 192;
/** How many op types a kernel's name says. */
const NAMED = 6;

function kernelName(ops: readonly string[]): string {
  const name = ops.slice(0, NAMED).join('+');
  return ops.length > NAMED ? `${name}+${ops.length - NAMED}` : name;
}
