/**
 * Ops between layers: a model may be built with ops of TensorFlow on its tensors. Each such op becomes a layer of the
 * model, made by `op-layer.ts`; here is found out which ops those are.
 */
import type { Graph, Operation, Tensor } from '../../graph/graph.ts';
import { historyOf } from './history.ts';

/** Makes a layer of an op, and gives its outputs their history. `fromModel` tells which inputs are a model's. */
type OpWrapper = (op: Operation, fromModel: readonly boolean[]) => void;

let wrapper: OpWrapper | null = null;
/** Graphs with a model's input: only on these can a tensor come from one. */
const graphs = new WeakSet<Graph>();

export function setOpWrapper(wrap: OpWrapper): void {
  wrapper = wrap;
}

/** Called by input layers. */
export function noteInput(graph: Graph): void {
  graphs.add(graph);
}

/**
 * Whether all tensors come from inputs of a model. Ops between them and the layers before get their history on the way;
 * where some tensor has nothing to do with a model, nothing is done.
 */
export function completeHistory(tensors: readonly Tensor[]): boolean {
  if (tensors.length === 0 || !graphs.has(tensors[0].graph)) return false;
  if (tensors.every((tensor) => historyOf(tensor) !== null)) return true;
  const found = fromModels(tensors.map((tensor) => tensor.op));
  if (!tensors.some((tensor) => historyOf(tensor) !== null || found.get(tensor.op))) return false;
  // Inner ops first: ids are in the order of data.
  const ops = [...found].filter(([, derived]) => derived).map(([op]) => op);
  for (const op of ops.sort((a, b) => a.id - b.id)) {
    wrapper?.(
      op,
      op.inputs.map((input) => historyOf(input) !== null),
    );
  }
  return tensors.every((tensor) => historyOf(tensor) !== null);
}

/** For ops without history above the given ones: whether a tensor of a model is among what they depend on. */
function fromModels(starts: readonly Operation[]): ReadonlyMap<Operation, boolean> {
  const derived = new Map<Operation, boolean>();
  const stack: { readonly op: Operation; next: number }[] = [];
  const open = (op: Operation) => {
    derived.set(op, false);
    stack.push({ op, next: 0 });
  };
  for (const start of starts) {
    if (!derived.has(start) && !start.outputs.some((output) => historyOf(output))) open(start);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const input = top.op.inputs[top.next++];
      if (!input) {
        stack.pop();
        const above = stack[stack.length - 1];
        if (above && derived.get(top.op)) derived.set(above.op, true);
      } else if (historyOf(input) || derived.get(input.op)) derived.set(top.op, true);
      else if (!derived.has(input.op)) open(input.op);
    }
  }
  return derived;
}
