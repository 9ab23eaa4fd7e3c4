/**
 * Building functions: the body of a branch or loop from what a user's function builds, and the ops that call functions. How
 * the body catches what is around it is the business of `graph/func-graph.ts`.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import { FuncGraph } from '../graph/func-graph.ts';
import type { GraphFunction } from '../graph/function.ts';
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import type { Attrs, Endpoint, Node, NodeId } from '../graph/node.ts';
import { emit } from './emit.ts';
import { findOpDef } from './opdef/define.ts';
import type { TensorLike } from './tensor-like.ts';

const counters = new WeakMap<Graph, number>();

/** A name that no other function of the graph has. */
export function functionName(base: string, graph: Graph): string {
  const { root } = graph;
  const next = (counters.get(root) ?? 0) + 1;
  counters.set(root, next);
  return `${base.replace(/[^A-Za-z0-9_]/g, '_')}_${next}`;
}

/** A body under construction, in the current graph. */
export function newBody(base: string, graph: Graph = getDefaultGraph()): FuncGraph {
  return new FuncGraph(functionName(base, graph), graph);
}

/** Whether what the outputs need of the body, or one of the targets, does more than compute. */
export function isStateful(body: Graph, outputs: readonly Endpoint[], targets: readonly NodeId[] = []): boolean {
  const seen = new Set<NodeId>();
  const stack: NodeId[] = [...outputs.map(({ node }) => node), ...targets];
  while (stack.length > 0) {
    const id = stack.pop() as NodeId;
    if (seen.has(id)) continue;
    seen.add(id);
    const node: Node = body.node(id);
    if (node.op !== 'Placeholder' && (findOpDef(node.op)?.effect ?? 'io') !== 'pure') return true;
    for (const input of node.inputs) stack.push(input.node);
    stack.push(...node.controls);
  }
  return false;
}

/** Finishes a body, finding out whether it is stateful. */
export function finishBody(body: FuncGraph, outputs: readonly Tensor[], inputs?: readonly Tensor[]): GraphFunction {
  const results = outputs.map((output) => body.capture(output));
  const stateful = isStateful(
    body,
    results.map((result) => result.endpoint),
  );
  return body.finish(results, { isStateful: stateful, inputs });
}

/** Adds an op that calls functions; it waits for what their bodies were to wait for outside. */
export function emitCall(
  type: string,
  inputs: readonly (TensorLike | readonly TensorLike[])[],
  attrs: Attrs,
  bodies: readonly FuncGraph[],
  name: string,
): Operation {
  const waits = [...new Set(bodies.flatMap((body) => body.outerControls))];
  if (waits.length === 0) return emit(type, inputs, attrs, name);
  return getDefaultGraph().controlDependencies(waits, () => emit(type, inputs, attrs, name));
}
