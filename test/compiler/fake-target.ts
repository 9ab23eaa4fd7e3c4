/**
 * A target without a device: its "kernels" are the host kernels, and its executor records what it is told to do. With
 * it, compiler tests see fusion, decomposition, frees and effects.
 */

import { FUSED_CONV2D, FUSED_MATMUL } from '../../compiler/ir/fused-ops.ts';
import type { KernelCall, LoweringRule, LoweringTable, Target } from '../../compiler/lowering/lowering.ts';
import type { Evaluate } from '../../compiler/passes/pass.ts';
import type { Call, ExecutionPlan, Instruction, LoopStep, ResourceKey, Slot } from '../../compiler/plan/plan.ts';
import { verifyPlan } from '../../compiler/plan/verify.ts';
import { findHostKernel, type HostOp, type HostServices, hasHostKernel } from '../../runtime/host/registry.ts';
import type { AttrValue, Endpoint } from '../../src/graph/node.ts';
import { getOpDef, opDefs } from '../../src/ops/opdef/define.ts';
import { bool, type DType, dtypes, resource } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { countingStream } from '../support/interpret.ts';
import '../../runtime/host/index.ts';
import '../../src/ops/index.ts';

export interface FakeOptions {
  /** Op types without a kernel. */
  readonly lacks?: readonly string[];
  /** Types that buffers hold; all but handles without it. */
  readonly dtypes?: readonly DType[];
  readonly hasHost?: (op: string) => boolean;
}

const inHostKernel: LoweringRule = (op): KernelCall => ({
  kind: 'kernel',
  kernel: op.type,
  inputs: Array.from({ length: op.inputCount }, (_, i) => i),
  names: null,
  attrs: Object.fromEntries(getOpDef(op.type).attrs.map(({ name }) => [name, op.attr(name)])),
});

/** A target that has a kernel for every op, transposing products excepted. */
export function fakeTarget(options: FakeOptions = {}): Target {
  const lacks = new Set(options.lacks ?? []);
  const table: Record<string, LoweringRule> = {};
  for (const { name } of [...opDefs(), { name: FUSED_MATMUL }, { name: FUSED_CONV2D }]) {
    if (!lacks.has(name) && hasHostKernel(name)) table[name] = inHostKernel;
  }
  if (table.MatMul) {
    table.MatMul = (op) => (op.attr('transpose_a') || op.attr('transpose_b') ? null : inHostKernel(op));
  }
  return {
    name: 'fake',
    table: table as LoweringTable,
    dtypes: new Set(options.dtypes ?? dtypes.filter((dtype) => dtype !== resource)),
    packsRightOperand: false,
    generates: false,
    renderer: null,
    scalarsOnHost: false,
    hasKernel: () => true,
    hasHost: options.hasHost ?? hasHostKernel,
  };
}

function hostOp(type: string, name: string, attrs: Readonly<Record<string, unknown>>, types: readonly DType[]): HostOp {
  const services: HostServices = {
    stream: (seed, seed2) => countingStream(BigInt(seed), BigInt(seed2)),
    print: () => {},
    wait: () => {
      throw new Error('The fake target waits for nothing');
    },
    resources: () => {
      throw new Error('Folding has no session.');
    },
    functions: () => {
      throw new Error('Folding calls no functions.');
    },
  };
  return {
    type,
    name,
    services,
    attr: <T extends AttrValue>(key: string) => attrs[key] as T,
    outputDType: (i) => types[i],
  };
}

/** Folds through host kernels, as the runtime does. */
export const evaluate: Evaluate = (op, inputs) => {
  const kernel = findHostKernel(op.op);
  if (!kernel) return null;
  return kernel(
    inputs,
    hostOp(
      op.op,
      op.name,
      op.attrs,
      op.outputs.map(({ dtype }) => dtype),
    ),
  );
};

export interface FakeRun {
  readonly fetches: readonly NdArray[];
  /** What was executed, in order: kernels by name, the rest by kind. */
  readonly calls: readonly string[];
  /** The most slots that were alive at once. */
  readonly peak: number;
}

/** Executes a plan step by step on arrays; checks that what it leaves behind is what it promises. */
export function runPlan(
  plan: ExecutionPlan,
  feeds: ReadonlyMap<string, NdArray> = new Map(),
  variables: Map<string, NdArray> = new Map(),
): FakeRun {
  verifyPlan(plan);
  const values = new Map<Slot, NdArray>();
  const calls: string[] = [];
  let peak = 0;
  for (const { slot, value } of plan.constants) values.set(slot, value);
  for (const { slot, endpoint } of plan.feeds) values.set(slot, feeds.get(feedKey(endpoint)) as NdArray);
  for (const step of plan.instructions) {
    calls.push(step.kind === 'kernel' || step.kind === 'host' ? step.kernel : step.kind);
    const inputs = step.inputs.map((slot) => values.get(slot) as NdArray);
    const outputs = execute(step, inputs, plan, variables);
    step.outputs.forEach((slot, i) => {
      const { dtype, shape } = plan.slots[slot];
      const made = outputs[i];
      if (made === undefined) throw new Error(`${step.name}: s${slot} is not made`);
      if (made.dtype !== dtype) throw new Error(`${step.name}: s${slot} is ${made.dtype.name}, not ${dtype.name}`);
      if (shape?.length !== undefined && shape.some((d, axis) => d !== null && d !== made.shape[axis])) {
        throw new Error(`${step.name}: s${slot} is [${made.shape}], not [${shape}]`);
      }
      values.set(slot, made);
    });
    peak = Math.max(peak, values.size);
    for (const slot of step.frees) values.delete(slot);
  }
  return { fetches: plan.fetches.map((slot) => values.get(slot) as NdArray), calls, peak };
}

/** The key of a fed tensor. */
export function feedKey({ node, index }: Endpoint): string {
  return `${node}:${index}`;
}

function variableKey({ container, name }: ResourceKey): string {
  return container === '' ? name : `${container}/${name}`;
}

function execute(
  step: Instruction,
  inputs: readonly NdArray[],
  plan: ExecutionPlan,
  variables: Map<string, NdArray>,
): readonly NdArray[] {
  switch (step.kind) {
    case 'kernel':
    case 'host': {
      const kernel = findHostKernel(step.kernel);
      if (!kernel) throw new Error(`no host kernel ${step.kernel}`);
      const types = step.outputs.map((slot) => plan.slots[slot].dtype);
      return kernel(inputs, hostOp(step.kernel, step.name, step.attrs, types));
    }
    case 'generated':
    case 'scalars':
      throw new Error('the target has no generated kernels');
    case 'alias':
      return [inputs[0].reshape(step.shape ?? Array.from(inputs[1].data as Int32Array))];
    case 'read': {
      const value = variables.get(variableKey(step.resource));
      if (!value) throw new Error(`no variable ${variableKey(step.resource)}`);
      return [value];
    }
    case 'assign':
      variables.set(variableKey(step.resource), inputs[0]);
      return [];
    case 'initialized':
      return [new NdArray(bool, [], Uint8Array.of(variables.has(variableKey(step.resource)) ? 1 : 0))];
    case 'destroy':
      variables.delete(variableKey(step.resource));
      return [];
    case 'branch': {
      const [chooser, ...values] = inputs;
      const number = Number(chooser.data[0]);
      return call(step.branches[step.byCondition ? (number ? 0 : 1) : number], values, variables);
    }
    case 'while':
      return loop(step, [...inputs], variables);
    case 'list':
      throw new Error(`no lists: ${step.op}`);
  }
}

function call({ plan, args }: Call, values: readonly NdArray[], variables: Map<string, NdArray>): readonly NdArray[] {
  const feeds = new Map(plan.feeds.map(({ endpoint }, i) => [feedKey(endpoint), values[args[i]]]));
  return runPlan(plan, feeds, variables).fetches;
}

function loop(step: LoopStep, values: NdArray[], variables: Map<string, NdArray>): readonly NdArray[] {
  const { cond, body, condPrologue, bodyPrologue, next, results } = step;
  if (condPrologue) values.push(...call(condPrologue, values, variables));
  for (let round = 0; call(cond, values, variables)[0].data[0]; round++) {
    if (round === 0 && bodyPrologue) values.push(...call(bodyPrologue, values, variables));
    const made = call(body, values, variables);
    next.forEach((fetch, i) => {
      if (fetch !== null) values[i] = made[fetch];
    });
  }
  return results.map((i) => values[i]);
}
