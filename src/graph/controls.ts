/**
 * The stack of `controlDependencies` scopes of one graph, over node ids.
 */
import type { Endpoint, NodeId } from './node.ts';

const NONE: readonly NodeId[] = Object.freeze([]);

interface Controller {
  readonly controls: readonly NodeId[];
  /** Ops built inside the scope: who depends on one of them depends on the controls already. */
  readonly seen: Set<NodeId>;
}

export class ControlStack {
  private stack: Controller[] = [];

  /** Opens a scope and returns how to close it. Null clears the outer scopes while this one is open. */
  push(controls: readonly NodeId[] | null): () => void {
    const outer = this.stack;
    this.stack = [...(controls === null ? [] : outer), { controls: controls ?? [], seen: new Set() }];
    return () => {
      this.stack = outer;
    };
  }

  /** The control inputs of a new op with these data inputs, in scope order, without repeats. */
  forInputs(tensors: readonly { readonly endpoint: Endpoint }[]): readonly NodeId[] {
    if (this.stack.length === 0) return NONE;
    const inputs = tensors.map((tensor) => tensor.endpoint.node);
    const found = new Set<NodeId>();
    for (const { controls, seen } of this.stack) {
      if (inputs.some((id) => seen.has(id))) continue;
      for (const id of controls) if (!inputs.includes(id)) found.add(id);
    }
    return [...found];
  }

  record(id: NodeId): void {
    for (const { seen } of this.stack) seen.add(id);
  }

  /** Forgets ops from `size` on, which a failed build took back. */
  truncate(size: number): void {
    for (const { seen } of this.stack) for (const id of seen) if (id >= size) seen.delete(id);
  }
}
