/**
 * Who takes which output: an index over the nodes of one graph, extended on demand, so that building pays nothing for it.
 */
import type { Node, NodeId } from './node.ts';

export class ConsumerIndex {
  /** Nodes below this id are in the lists. */
  private upTo = 0;
  private readonly users: NodeId[][] = [];

  /** @param node gives a node by id */
  constructor(private readonly node: (id: NodeId) => Node) {}

  /** The ids of the nodes below `size` that take output `index` of node `id`, in order. */
  of(id: NodeId, index: number, size: number): NodeId[] {
    for (; this.upTo < size; this.upTo++) {
      for (const input of this.node(this.upTo).inputs) {
        this.users[input.node] ??= [];
        const list = this.users[input.node];
        if (list[list.length - 1] !== this.upTo) list.push(this.upTo);
      }
    }
    const takes = (user: NodeId) => this.node(user).inputs.some((input) => input.node === id && input.index === index);
    return (this.users[id] ?? []).filter(takes);
  }

  /** Forgets nodes from `size` on, which a failed build took back. */
  truncate(size: number): void {
    if (this.upTo <= size) return;
    this.upTo = 0;
    this.users.length = 0;
  }
}
