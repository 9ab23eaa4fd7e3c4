/**
 * The types of what branches and loops give, found by looking into their functions with the types of the arguments. What a
 * function gives is asked of the caller, which specialises its body.
 */
import type { TensorSpec } from '../../src/graph/node.ts';
import { commonShape, sameShape } from '../../src/util/shape.ts';
import type { Facts } from '../ir/context.ts';
import { type Argument, branchesOf, type FunctionModule, functionOf, importFunction, isLoop } from '../ir/functions.ts';
import { commonElements, sameElements } from '../ir/list-elements.ts';
import type { IrNode, IrValue } from '../ir/module.ts';

/** The types of the fetches of a function's module. */
export type ResultsOf = (called: FunctionModule) => readonly TensorSpec[];

export function calledOutputs(facts: Facts, node: IrNode, resultsOf: ResultsOf): readonly TensorSpec[] {
  return isLoop(node) ? loopOutputs(facts, node, resultsOf) : branchOutputs(facts, node, resultsOf);
}

/** What is known of an argument that never changes. */
export function fixedArgument(facts: Facts, value: IrValue): Argument {
  return { spec: facts.spec(value), value: facts.constant(value) };
}

function branchOutputs(facts: Facts, node: IrNode, resultsOf: ResultsOf): readonly TensorSpec[] {
  const args = node.inputs.slice(1).map((input) => fixedArgument(facts, input));
  const all = node.outputs.map((_, i) => i);
  let merged: readonly TensorSpec[] | null = null;
  for (const fn of branchesOf(node)) {
    const found = resultsOf(importFunction(fn, all, args, node.name));
    merged = merged === null ? found : merged.map((spec, i) => common(spec, found[i]));
  }
  return merged ?? node.outputs;
}

/** A loop's variables have the types that they enter with, as far as every round leaves them so. */
function loopOutputs(facts: Facts, node: IrNode, resultsOf: ResultsOf): readonly TensorSpec[] {
  const body = functionOf(node, 'body');
  const stays = node.outputs.map((_, i) => body.passedThrough(i) === i);
  let specs = node.inputs.map((input) => facts.spec(input));
  const changing = node.outputs.map((_, i) => i).filter((i) => !stays[i]);
  // Each turn makes a dimension less known, or is the last.
  for (;;) {
    const args = specs.map((spec, i) => (stays[i] ? fixedArgument(facts, node.inputs[i]) : { spec }));
    const found = resultsOf(importFunction(body, changing, args, node.name));
    const next = [...specs];
    changing.forEach((i, k) => {
      next[i] = common(specs[i], found[k]);
    });
    if (next.every((spec, i) => isSame(spec, specs[i]))) return next;
    specs = next;
  }
}

function isSame(a: TensorSpec, b: TensorSpec): boolean {
  return sameShape(a.shape, b.shape) && sameElements(a.elements, b.elements);
}

function common(a: TensorSpec, b: TensorSpec): TensorSpec {
  if (isSame(a, b)) return a;
  return { ...a, shape: commonShape(a.shape, b.shape), elements: commonElements(a.elements, b.elements) };
}
