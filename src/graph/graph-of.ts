/**
 * Finds the graph that values belong to, by the handles among them. Turning values into tensors is left to the ops.
 */
import { ValueError } from '../util/errors.ts';
import { Graph } from './graph.ts';

/** The graph of the first value (arrays are looked into) that has one; null without. Mixing graphs throws `ValueError`. */
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
    if (first && item.graph !== first.graph) {
      throw new ValueError(
        `${item} must be from the same graph as ${first} (graphs are ${item.graph} and ${first.graph}).`,
      );
    }
    first ??= item;
  }
  return first?.graph ?? null;
}

function isOfGraph(value: unknown): value is { readonly graph: Graph } {
  return typeof value === 'object' && value !== null && (value as { graph?: unknown }).graph instanceof Graph;
}
