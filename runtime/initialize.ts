/**
 * Which variables of a session lack a value, and the initializers that give it to them. Running these, in their turn, is
 * the session's and the engine's business.
 */
import { type Graph, Operation, Tensor } from '../src/graph/graph.ts';
import type { Endpoint, Node, NodeId } from '../src/graph/node.ts';
import { resource } from '../src/util/dtype.ts';
import { TypeError, ValueError } from '../src/util/errors.ts';
import { pythonTypeName } from '../src/util/python-names.ts';
import { resourceKey } from './resources.ts';

/** A variable, or whatever else holds its handle. */
export interface VariableHandle {
  /** The resource handle. */
  readonly handle: Tensor;
}

/** A variable, or whatever else pairs a handle with the operation that gives it its initial value. */
export interface InitializableVariable extends VariableHandle {
  readonly initializer: Operation;
}

/** The key of a variable's value in a `ResourceStore`. Throws `ValueError` for a variable of another graph. */
export function storeKeyOf(graph: Graph, variable: VariableHandle): string {
  const handle = variable?.handle;
  if (!(handle instanceof Tensor)) {
    throw new TypeError(`Expected a variable with a resource handle, got ${pythonTypeName(variable)}.`);
  }
  if (handle.graph !== graph)
    throw new ValueError(`Variable ${handle.name} is not an element of this session's graph.`);
  const { attrs, name } = definitionOf(graph, handle);
  // Without a shared name the variable goes by the name of its node, as in compiled plans.
  return resourceKey(String(attrs.container ?? ''), String(attrs.shared_name ?? '') || name);
}

/** The node that makes the handle, behind whatever hands it on. */
function definitionOf(graph: Graph, handle: Tensor): Node {
  let node = graph.node(handle.endpoint.node);
  while (node.op === 'Identity' && node.outputs[0].dtype === resource) node = graph.node(node.inputs[0].node);
  if (node.op !== 'VarHandleOp') throw new ValueError(`${handle.name} is not the handle of a variable.`);
  return node;
}

/** A list of variables, checked when it is made; which of them lack a value is found out later. */
export class InitializeRequest {
  /** Per variable the key of its value, its handle, and what gives it its initial value. */
  readonly entries: readonly {
    readonly key: string;
    readonly handle: Endpoint;
    readonly initializer: NodeId;
  }[];

  /** Throws `ValueError` where a variable or its initializer is of another graph. */
  constructor(graph: Graph, variables: Iterable<InitializableVariable>) {
    this.entries = Array.from(variables, (variable) => {
      const key = storeKeyOf(graph, variable);
      const { initializer } = variable;
      if (!(initializer instanceof Operation)) throw new TypeError(`${variable.handle.name} has no initializer.`);
      if (initializer.graph !== graph) {
        throw new ValueError(`Operation ${initializer.name} is not an element of this session's graph.`);
      }
      return { key, handle: variable.handle.endpoint, initializer: initializer.id };
    });
  }

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** The initializers of those without a value, each once. */
  missing(has: (key: string) => boolean): NodeId[] {
    const found = new Set<NodeId>();
    for (const { key, initializer } of this.entries) if (!has(key)) found.add(initializer);
    return [...found];
  }
}
