/**
 * The layers and calls between inputs and outputs, in the order of data: what a functional model is. The algorithm is that
 * of Keras (`_map_graph_network`), which fixes the order of layers and so of weights; here without recursion.
 */
import type { Tensor } from '../../graph/graph.ts';
import { ValueError } from '../../util/errors.ts';
import { type CallRecord, type History, historyOf } from '../engine/history.ts';
import type { Layer } from '../engine/layer.ts';
import { flat } from '../engine/nest.ts';

export interface Topology {
  /** In the order of data; layers of one depth in the order in which a walk from the outputs meets them. */
  readonly layers: readonly Layer[];
  /** The calls, deepest (nearest to the inputs) first. */
  readonly calls: readonly CallRecord[];
  /** How far from the outputs a call is. */
  readonly depths: ReadonlyMap<CallRecord, number>;
}

/** The call that a history names. */
export function callOf({ layer, nodeIndex }: History): CallRecord {
  return layer.inboundNodes[nodeIndex];
}

function requireHistory(tensor: Tensor, what: string): History {
  const history = historyOf(tensor);
  if (history) return history;
  throw new ValueError(
    `${what} tensors to a Functional must come from \`tf.keras.Input\` or be the output of a TensorFlow \`Layer\` (thus holding past layer metadata). Found: ${tensor}`,
  );
}

/** Reads off the model between the tensors. Throws `ValueError` where an output needs what no input gives. */
export function mapTopology(inputs: readonly Tensor[], outputs: readonly Tensor[]): Topology {
  for (const tensor of inputs) requireHistory(tensor, 'Input');
  const { postorder, met } = walk(outputs);
  const callDepths = new Map<CallRecord, number>();
  const layerDepths = new Map<Layer, number>();
  for (let i = postorder.length - 1; i >= 0; i--) {
    const call = postorder[i];
    const layer = call.layer as Layer;
    const depth = Math.max(callDepths.get(call) ?? 0, layerDepths.get(layer) ?? 0);
    callDepths.set(call, depth);
    layerDepths.set(layer, depth);
    for (const history of call.inbound) {
      const inner = callOf(history);
      callDepths.set(inner, Math.max(depth + 1, callDepths.get(inner) ?? 0));
    }
  }
  // Inputs that no output depends on are part of the model all the same.
  for (const tensor of inputs) {
    const { layer } = historyOf(tensor) as History;
    if (layerDepths.has(layer as Layer)) continue;
    layerDepths.set(layer as Layer, 0);
    met.set(layer as Layer, -1);
    callDepths.set(layer.inboundNodes[0], 0);
  }
  const byDepth = (a: number, b: number) => b - a;
  const layers = [...layerDepths.keys()].sort(
    (a, b) =>
      byDepth(layerDepths.get(a) as number, layerDepths.get(b) as number) ||
      (met.get(a) as number) - (met.get(b) as number),
  );
  const calls = [...callDepths.keys()].sort((a, b) =>
    byDepth(callDepths.get(a) as number, callDepths.get(b) as number),
  );
  checkConnected(inputs, calls);
  checkNames(layers);
  return { layers, calls, depths: callDepths };
}

/** Calls after what they need, and the order in which layers are met from the outputs. */
function walk(outputs: readonly Tensor[]): { postorder: CallRecord[]; met: Map<Layer, number> } {
  const postorder: CallRecord[] = [];
  const met = new Map<Layer, number>();
  const seen = new Set<CallRecord>();
  const stack: { readonly call: CallRecord; next: number }[] = [];
  const enter = (history: History) => {
    const call = callOf(history);
    if (seen.has(call)) return;
    seen.add(call);
    const layer = call.layer as Layer;
    if (!met.has(layer)) met.set(layer, met.size);
    stack.push({ call, next: 0 });
  };
  for (const output of outputs) {
    enter(requireHistory(output, 'Output'));
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const history = top.call.inbound[top.next++];
      if (history) enter(history);
      else postorder.push((stack.pop() as { call: CallRecord }).call);
    }
  }
  return { postorder, met };
}

function checkConnected(inputs: readonly Tensor[], calls: readonly CallRecord[]): void {
  const known = new Set<Tensor>(inputs);
  const done: string[] = [];
  for (const call of calls) {
    if (call.inbound.length > 0) {
      for (const tensor of flat(call.inputs as Tensor | readonly Tensor[])) {
        if (known.has(tensor)) continue;
        throw new ValueError(
          `Graph disconnected: cannot obtain value for tensor ${tensor} at layer "${call.layer.name}". The following previous layers were accessed without issue: [${done.join(', ')}]`,
        );
      }
      done.push(call.layer.name);
      for (const tensor of flat(call.outputs as Tensor | readonly Tensor[])) known.add(tensor);
    }
  }
}

function checkNames(layers: readonly Layer[]): void {
  const counts = new Map<string, number>();
  for (const { name } of layers) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const [name, count] of counts) {
    if (count === 1) continue;
    throw new ValueError(`The name "${name}" is used ${count} times in the model. All layer names should be unique.`);
  }
}
