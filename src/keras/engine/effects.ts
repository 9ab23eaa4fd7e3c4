/**
 * Losses and updates that layers add: those that depend on the inputs of a call, and those that always count. Which of
 * them a model uses follows from its inputs.
 */
import type { Graph, Operation, Tensor } from '../../graph/graph.ts';
import type { NodeId } from '../../graph/node.ts';

/** A loss or update. Without inputs it always counts. */
export interface Effect<T extends Tensor | Operation> {
  readonly item: T;
  readonly inputs: readonly Tensor[] | null;
}

function operationOf(item: Tensor | Operation): Operation {
  return 'op' in item ? item.op : item;
}

/** The operations that depend on any of the tensors, by id: one walk over the graph from the first of them. */
export function reachableFrom(graph: Graph, tensors: readonly Tensor[]): ReadonlySet<NodeId> {
  const reached = new Set<NodeId>(tensors.map((tensor) => tensor.op.id));
  if (reached.size === 0) return reached;
  for (let id = Math.min(...reached) + 1; id < graph.size; id++) {
    const { inputs, controls } = graph.node(id);
    if (inputs.some((input) => reached.has(input.node)) || controls.some((control) => reached.has(control))) {
      reached.add(id);
    }
  }
  return reached;
}

/** Those that always count (`inputs` null), or those that depend on the given inputs. Each comes once. */
export function effectsFor<T extends Tensor | Operation>(
  effects: readonly Effect<T>[],
  inputs: readonly Tensor[] | null,
): T[] {
  if (inputs === null) return [...new Set(effects.filter((effect) => effect.inputs === null).map(({ item }) => item))];
  const conditional = effects.filter((effect) => effect.inputs !== null);
  if (conditional.length === 0 || inputs.length === 0) return [];
  const { graph } = inputs[0];
  const reached = reachableFrom(graph, inputs);
  const depends = ({ item }: Effect<T>) => item.graph === graph && reached.has(operationOf(item).id);
  return [...new Set(conditional.filter(depends).map(({ item }) => item))];
}
