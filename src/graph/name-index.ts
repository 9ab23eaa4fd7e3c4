/**
 * Which node has which name: an index over the nodes of one graph, extended on demand, so that building pays nothing for
 * it. Whether a name may be taken is `names.ts`'s business.
 */
import type { Node, NodeId } from './node.ts';

export class NameIndex {
  private readonly ids = new Map<string, NodeId>();
  /** Nodes below this id are in the map. */
  private upTo = 0;

  /** @param nodes the graph's nodes by id: the list itself, which grows */
  constructor(private nodes: readonly Node[]) {}

  /** The id of the node of that name; undefined where there is none. */
  get(name: string): NodeId | undefined {
    this.extend();
    return this.ids.get(name);
  }

  /** Forgets nodes from `size` on, which a failed build is taking back; called while they are still in the list. */
  truncate(size: number): void {
    for (; this.upTo > size; this.upTo--) this.ids.delete(this.nodes[this.upTo - 1].name);
  }

  /** Stays as it is from now on: the list goes on as that of another graph. */
  detach(): void {
    this.extend();
    this.nodes = [];
  }

  private extend(): void {
    const { nodes } = this;
    for (; this.upTo < nodes.length; this.upTo++) this.ids.set(nodes[this.upTo].name, this.upTo);
  }
}
