/**
 * Which logits a probability was made of, so that a cross-entropy can take them instead. `softmax` and `sigmoid` write it
 * down; the cross-entropies read it.
 */
import type { Tensor } from '../../graph/graph.ts';
import type { Node } from '../../graph/node.ts';

/** Keyed by the node that gives the probability, so that it ends with the graph. */
const logits = new WeakMap<Node, Tensor>();

export function rememberLogits(probability: Tensor, from: Tensor): Tensor {
  logits.set(nodeOf(probability), from);
  return probability;
}

/** What `softmax` or `sigmoid` of this module made the tensor of; null for any other tensor. */
export function logitsOf(probability: Tensor): Tensor | null {
  return logits.get(nodeOf(probability)) ?? null;
}

const nodeOf = (tensor: Tensor): Node => tensor.graph.node(tensor.endpoint.node);
