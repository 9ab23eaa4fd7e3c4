/**
 * Finds the graph that values belong to, by the handles among them. Turning values into tensors is left to the ops.
 */
import { ValueError } from '../util/errors.ts';
import { Graph, graphStack } from './graph.ts';

/**
 * Where ops on tensors of `graph` are built: in the innermost body of a function that is being built inside of it, which
 * captures them; else in the graph itself.
 */
export function buildingGraph(graph: Graph): Graph {
  const { top } = graphStack;
  return top !== null && top !== graph && top.isInside(graph) ? top : graph;
}

/**
 * The graph to build in, of the first value (arrays are looked into) that has one; null without. Mixing graphs throws
 * `ValueError`, except for the body of a function and the graphs around it.
 */
export function commonGraph(values: readonly unknown[]): Graph | null {
  let first: { readonly graph: Graph } | null = null;
  const stack = [...values].reverse();
  while (stack.length > 0) {
    const item = stack.pop();
    if (Array.isArray(item)) {
      for (let i = item.length - 1; i >= 0; i--) if (typeof item[i] === 'object') stack.push(item[i]);
      continue;
    }
    if (!isOfGraph(item)) continue;
    if (first && item.graph !== first.graph && !first.graph.isInside(item.graph)) {
      if (item.graph.isInside(first.graph)) {
        first = item;
        continue;
      }
      throw new ValueError(
        `${item} must be from the same graph as ${first} (graphs are ${item.graph} and ${first.graph}).`,
      );
    }
    first ??= item;
  }
  return first && buildingGraph(first.graph);
}

function isOfGraph(value: unknown): value is { readonly graph: Graph } {
  return typeof value === 'object' && value !== null && (value as { graph?: unknown }).graph instanceof Graph;
}
