/**
 * Where a tensor of a Keras model comes from: the layer that made it, and the call. Models are read off these records;
 * building them is `layer.ts`'s and `network.ts`'s business.
 */
import type { Tensor } from '../../graph/graph.ts';
import { RuntimeError, ValueError } from '../../util/errors.ts';
import type { LayerShape, MaskNest, TensorNest } from './nest.ts';
import { onUndo } from './undo.ts';

/** What the records know of a layer: `layer.ts` builds on them, not they on it. */
export interface RecordedLayer {
  readonly name: string;
  readonly inboundNodes: readonly CallRecord[];
}

/** The call of a layer that made a tensor. */
export interface History {
  readonly layer: RecordedLayer;
  /** The place of the call among the layer's `inboundNodes`. */
  readonly nodeIndex: number;
  /** The place of the tensor among what the call gave. */
  readonly tensorIndex: number;
}

/** One call of a layer on tensors of a model. */
export interface CallRecord {
  readonly layer: RecordedLayer;
  /** Where the inputs came from, one by one; none for an input layer. */
  readonly inbound: readonly History[];
  readonly inputs: TensorNest;
  readonly outputs: TensorNest;
  readonly inputMasks: readonly (Tensor | null)[];
  readonly outputMasks: readonly (Tensor | null)[];
  readonly inputShapes: readonly LayerShape[];
  readonly outputShapes: readonly LayerShape[];
  /** What the call was given beside its inputs. */
  readonly options: Readonly<Record<string, unknown>>;
}

const histories = new WeakMap<Tensor, History>();
const masks = new WeakMap<Tensor, Tensor>();

/** Where the tensor comes from; null for one that no layer of a model made. */
export function historyOf(tensor: Tensor): History | null {
  return histories.get(tensor) ?? null;
}
export function setHistory(tensor: Tensor, history: History): void {
  const before = histories.get(tensor);
  onUndo(() => (before ? histories.set(tensor, before) : histories.delete(tensor)));
  histories.set(tensor, history);
}

/** The mask that goes with the tensor: true where a step counts. */
export function maskOf(tensor: Tensor): Tensor | null {
  return masks.get(tensor) ?? null;
}
export function setMask(tensor: Tensor, mask: Tensor | null): void {
  if (mask) masks.set(tensor, mask);
}

/** The masks of tensors, in the same nesting; null where none has one. */
export function masksOf(nest: TensorNest): MaskNest {
  if (!Array.isArray(nest)) return maskOf(nest as Tensor);
  const list = nest.map((x: Tensor) => maskOf(x));
  return list.some((mask) => mask !== null) ? list : null;
}

// ---------------------------------------------------------------------------------------------------------------------
// The calls of a layer

/** The one call of a layer. Throws `RuntimeError` where there was none, or more than one. */
export function onlyCall({ name, inboundNodes }: RecordedLayer, what: string): CallRecord {
  if (inboundNodes.length === 0) throw new RuntimeError(`Layer ${name} has no inbound nodes.`);
  if (inboundNodes.length === 1) return inboundNodes[0];
  throw new RuntimeError(
    `Layer ${name} has multiple inbound nodes, hence the notion of "layer ${what}" is ill-defined. Use \`get_${what.replace(' ', '_')}_at(node_index)\` instead.`,
  );
}

/** The call with this index. Throws `RuntimeError` for a layer that was never called, `ValueError` for a wrong index. */
export function callAt({ inboundNodes }: RecordedLayer, index: number, what: string): CallRecord {
  if (inboundNodes.length === 0) {
    throw new RuntimeError(`The layer has never been called and thus has no defined ${what}.`);
  }
  const call = inboundNodes[index];
  if (call) return call;
  throw new ValueError(
    `Asked to get ${what} at node ${index}, but the layer has only ${inboundNodes.length} inbound nodes.`,
  );
}
