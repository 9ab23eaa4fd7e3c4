/**
 * Building that fails leaves nothing behind: the graph takes its nodes back by itself, objects (layers, models) take back
 * what they noted in the meantime, by the undo steps that they leave here.
 */
import type { Graph } from '../../graph/graph.ts';

let steps: (() => void)[] | null = null;

/** Runs `body` on the graph. Where it throws, the graph and everything noted with `onUndo` are as before. */
export function atomically<R>(graph: Graph, body: () => R): R {
  const outer = steps;
  const own: (() => void)[] = [];
  steps = own;
  try {
    const result = graph.atomic(() => graph.asDefault(body));
    // What an inner build did, an outer failure takes back too.
    outer?.push(...own);
    return result;
  } catch (error) {
    for (let i = own.length - 1; i >= 0; i--) own[i]();
    throw error;
  } finally {
    steps = outer;
  }
}

/** Leaves a step that takes back what is about to be noted; nothing happens outside a build. */
export function onUndo(step: () => void): void {
  steps?.push(step);
}

/** Appends to a list, so that a failed build takes it back. */
export function append<T>(list: T[], ...items: readonly T[]): void {
  const { length } = list;
  onUndo(() => {
    list.length = length;
  });
  list.push(...items);
}
