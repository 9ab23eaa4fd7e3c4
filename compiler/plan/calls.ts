/**
 * Branches and loops in the plan: compiles the functions they call, for the results that are needed, and takes out of
 * loops what is the same in every round. Slots are numbered by `build.ts`.
 */
import type { GraphFunction } from '../../src/graph/function.ts';
import type { Resources } from '../analysis/resources.ts';
import type { Facts } from '../ir/context.ts';
import { type Argument, branchesOf, functionOf } from '../ir/functions.ts';
import { prune, WHOLE } from '../ir/import.ts';
import type { IrModule, IrNode, IrValue } from '../ir/module.ts';
import { type Split, splitInvariant, writtenVariables } from './invariants.ts';
import type { Call, ExecutionPlan } from './plan.ts';

/** The module of a function after all passes. Its feeds are the arguments that are not known beforehand. */
export type CompileBody = (
  fn: GraphFunction,
  needed: readonly number[],
  args: readonly Argument[],
  path: string,
) => IrModule;

type IsUsed = (output: number) => boolean;

export interface CallContext {
  readonly facts: Facts;
  readonly resources: Resources;
  readonly compileBody: CompileBody;
  readonly buildPlan: (module: IrModule) => ExecutionPlan;
  /** Whether anybody takes the output of the node that is made a step. */
  readonly isUsed: IsUsed;
}

/** A loop before its values have slots. */
export interface DraftLoop {
  readonly values: readonly IrValue[];
  readonly cond: Call;
  readonly body: Call;
  readonly condPrologue: Call | null;
  readonly bodyPrologue: Call | null;
  readonly next: readonly (number | null)[];
  /** By used output its number and the value that it is in the end. */
  readonly results: readonly (readonly [output: number, value: number])[];
}

/** A branching step before its values have slots. */
export interface DraftBranch {
  readonly values: readonly IrValue[];
  readonly branches: readonly Call[];
  readonly outputs: readonly number[];
}

export function draftBranch(node: IrNode, context: CallContext): DraftBranch {
  const outputs = node.outputs.map((_, i) => i).filter((i) => isWanted(node, i, context.isUsed));
  const args = node.inputs.slice(1).map((input) => fixed(context, input));
  const values: IrValue[] = [];
  const branches = branchesOf(node).map((fn): Call => {
    const module = context.compileBody(fn, outputs, args, `${node.name}/${fn.func}`);
    const plan = context.buildPlan(module);
    const position = positions(fn);
    return {
      plan,
      body: fn.body,
      args: plan.feeds.map(({ endpoint }) => place(values, node.inputs[1 + position(endpoint.node)])),
    };
  });
  return { values, branches, outputs };
}

function isWanted(node: IrNode, output: number, isUsed: IsUsed): boolean {
  return node.attrs[WHOLE] === true || isUsed(output);
}

function place(values: IrValue[], value: IrValue): number {
  const known = values.findIndex(({ node, index }) => node === value.node && index === value.index);
  return known < 0 ? values.push(value) - 1 : known;
}

/** What is known of an argument that is the same in every call. */
function fixed({ facts, resources }: CallContext, value: IrValue): Argument {
  return { spec: facts.spec(value), value: facts.constant(value), variable: resources.of(value) };
}

/** Which argument a node of the body stands for. */
function positions(fn: GraphFunction): (node: number) => number {
  const byNode = new Map(fn.inputs.map((id, i) => [id, i]));
  return (node) => byNode.get(node) as number;
}

export function draftLoop(node: IrNode, context: CallContext): DraftLoop {
  const [cond, body] = [functionOf(node, 'cond'), functionOf(node, 'body')];
  const stays = node.outputs.map((_, i) => body.passedThrough(i) === i);
  const given = node.inputs.map((input, i): Argument => {
    return stays[i] ? fixed(context, input) : { spec: node.outputs[i] };
  });
  const live = liveVariables(node, context.isUsed);
  const changing = [...live].filter((i) => !stays[i]).sort((a, b) => a - b);
  const condModule = context.compileBody(cond, [0], given, `${node.name}/${cond.func}`);
  const bodyModule = context.compileBody(body, changing, given, `${node.name}/${body.func}`);

  // Variables of the loop that change, then those that stay; what is computed once comes after them.
  const variables: number[] = [...changing];
  const positionOf = (variable: number): number => {
    const known = variables.indexOf(variable);
    return known < 0 ? variables.push(variable) - 1 : known;
  };
  const results = node.outputs
    .map((_, i) => i)
    .filter((i) => isWanted(node, i, context.isUsed))
    .map((i): [number, number] => [i, positionOf(i)]);
  const written = writtenVariables([condModule, bodyModule]);
  const split = (module: IrModule, fn: GraphFunction): Split =>
    splitInvariant({ module, variableOf: positions(fn), stays: (variable) => stays[variable] }, written);
  const inCond = split(condModule, cond);
  const inBody = split(bodyModule, body);
  const plans = [inCond.prologue, inCond.module, inBody.prologue, inBody.module].map(
    (module) => module && context.buildPlan(module),
  );
  const isPrologue = [true, false, true, false];
  const owners = [cond, cond, body, body];
  /** By plan and feed the variable, or -1 - k for the k-th value that its prologue gives. */
  const args = plans.map((plan, p) =>
    (plan?.feeds ?? []).map(({ endpoint: { node: feed } }) => {
      if (feed < 0) return feed;
      return positionOf(isPrologue[p] ? feed : positions(owners[p])(feed));
    }),
  );
  // Only now is it known how many variables there are, after which come the values of the prologues.
  const offsets = [0, variables.length, 0, variables.length + (plans[0]?.fetches.length ?? 0)];
  const [condPrologue, condCall, bodyPrologue, bodyCall] = plans.map((plan, p): Call | null => {
    if (!plan) return null;
    const settled = args[p].map((position) => (position < 0 ? offsets[p] - 1 - position : position));
    return { plan, args: settled, body: owners[p].body };
  });
  return {
    values: variables.map((i) => node.inputs[i]),
    cond: condCall as Call,
    body: bodyCall as Call,
    condPrologue,
    bodyPrologue,
    next: variables.map((_, k) => (k < changing.length ? k : null)),
    results,
  };
}

/** The variables of a loop that its condition, a needed result, an effect, or another such variable depends on. */
export function liveVariables(node: IrNode, isUsed: IsUsed): Set<number> {
  const [cond, body] = [functionOf(node, 'cond'), functionOf(node, 'body')];
  const live = new Set<number>();
  const pending: number[] = [];
  const add = (variable: number): void => {
    if (live.has(variable)) return;
    live.add(variable);
    pending.push(variable);
  };
  node.outputs.forEach((_, i) => {
    if (isWanted(node, i, isUsed)) add(i);
  });
  for (const variable of argumentsOf(cond, [0], true)) add(variable);
  for (const variable of argumentsOf(body, [], true)) add(variable);
  while (pending.length > 0) {
    const variable = pending.pop() as number;
    for (const other of argumentsOf(body, [variable], false)) add(other);
  }
  return live;
}

/** Which arguments these results of a function depend on, and its effects. */
function argumentsOf(fn: GraphFunction, results: readonly number[], withTargets: boolean): number[] {
  const request = {
    fetches: results.map((i) => fn.outputs[i]),
    targets: withTargets ? fn.targets : [],
    feeds: [],
  };
  const reached = new Set(prune(fn.body, request));
  return fn.inputs.map((_, i) => i).filter((i) => reached.has(fn.inputs[i]));
}
