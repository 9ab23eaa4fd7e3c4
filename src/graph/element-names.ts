/**
 * Names of graph elements: `x` for an operation, `x:0` for a tensor. Which graph they are looked up in is the caller's
 * business.
 */
import { KeyError, ValueError } from '../util/errors.ts';
import type { Node, NodeId } from './node.ts';

/** The nodes of a graph by name and id. */
export interface NamedNodes {
  find(name: string): NodeId | undefined;
  node(id: NodeId): Node;
}

/**
 * The node that the name is of, and the output; null for an operation's name. Throws `KeyError` where there is none,
 * `ValueError` for a name of the other kind.
 */
export function findElement(
  name: string,
  nodes: NamedNodes,
  allowTensor: boolean,
  allowOperation: boolean,
): { readonly id: NodeId; readonly index: number | null } {
  const colon = name.lastIndexOf(':');
  if (colon < 0) {
    const id = nodes.find(name);
    if (allowOperation) {
      if (id === undefined) throw new KeyError(`The name '${name}' refers to an Operation not in the graph.`);
      return { id, index: null };
    }
    throw new ValueError(
      id === undefined
        ? `The name '${name}' looks like an (invalid) Operation name, not a Tensor. Tensor names must be of the form "<op_name>:<output_index>".`
        : `The name '${name}' refers to an Operation, not a Tensor. Tensor names must be of the form "<op_name>:<output_index>".`,
    );
  }
  if (!allowTensor) throw new ValueError(`Name '${name}' appears to refer to a Tensor, not a Operation.`);
  const opName = name.slice(0, colon);
  const index = name.slice(colon + 1);
  if (!/^\d+$/.test(index)) {
    throw new ValueError(
      `The name '${name}' looks a like a Tensor name, but is not a valid one. Tensor names must be of the form "<op_name>:<output_index>".`,
    );
  }
  const id = nodes.find(opName);
  if (id === undefined) {
    throw new KeyError(
      `The name '${name}' refers to a Tensor which does not exist. The operation, '${opName}', does not exist in the graph.`,
    );
  }
  const { length } = nodes.node(id).outputs;
  if (Number(index) >= length) {
    throw new KeyError(
      `The name '${name}' refers to a Tensor which does not exist. The operation, '${opName}', exists but only has ${length} outputs.`,
    );
  }
  return { id, index: Number(index) };
}
