/**
 * Who uses the outputs of each node: inputs of other nodes, and the ends of the module. Order of use is `schedule`'s
 * business.
 */
import type { IrModule, IrNode } from '../ir/module.ts';

/** The uses of a module's nodes, by node id. */
export class Uses {
  private readonly counts: number[] = [];
  private readonly users: (IrNode | undefined)[] = [];

  constructor(module: IrModule) {
    for (const node of module.nodes) {
      for (const input of node.inputs) {
        this.counts[input.node] = this.count(input.node) + 1;
        this.users[input.node] = node;
      }
    }
    for (const { node } of module.fetches) this.pin(node);
    for (const id of module.effects) this.pin(id);
  }

  /** How often the outputs are taken; a fetch and having to run count as well. */
  count(id: number): number {
    return this.counts[id] ?? 0;
  }

  /** The node that alone takes the outputs of this one, and takes one of them once; undefined if it is not so. */
  onlyUser(id: number): IrNode | undefined {
    return this.count(id) === 1 ? this.users[id] : undefined;
  }

  private pin(id: number): void {
    this.counts[id] = this.count(id) + 1;
    this.users[id] = undefined;
  }
}
