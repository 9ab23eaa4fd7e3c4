/**
 * `Rewriter`: walks a module once in order and makes the next one: nodes are kept, replaced by other values, or joined
 * by new ones from the builder. What to replace is the passes' business.
 */
import type { NodeId } from '../../src/graph/node.ts';
import { Vocabulary } from '../../src/ops/opdef/vocabulary.ts';
import { IrBuilder, type NodeSink } from './builder.ts';
import { Facts } from './context.ts';
import { effectOf, mustRun } from './effects.ts';
import type { IrModule, IrNode, IrValue } from './module.ts';

export class Rewriter implements NodeSink {
  readonly facts = new Facts();
  /** Builds nodes at the present place, standing for the node that `at` names. */
  readonly builder = new IrBuilder(this);
  /** The builder as gradients and decompositions see it. */
  readonly $ = new Vocabulary<IrValue>(this.builder);

  private readonly out: IrNode[] = [];
  private readonly substitutes: (readonly IrValue[] | undefined)[] = [];
  private readonly effects: Set<number>;
  /** Origins that nodes take over, by id. */
  private readonly absorbed = new Map<number, NodeId[]>();
  private changed = false;
  private next: number;

  constructor(private readonly module: IrModule) {
    this.next = module.nextId;
    this.effects = new Set(module.effects);
  }

  /** What stands for a value now, as far as the walk has come; what replaced it may have been replaced in turn. */
  resolve(value: IrValue): IrValue {
    let current = value;
    for (;;) {
      const next = this.substitutes[current.node]?.[current.index];
      if (!next) return current;
      current = next;
    }
  }

  /** The node with its inputs as they now are; the same object if none was replaced. */
  resolved(node: IrNode): IrNode {
    const { inputs } = node;
    for (let i = 0; i < inputs.length; i++) {
      if (this.resolve(inputs[i]) !== inputs[i]) {
        this.changed = true;
        return { ...node, inputs: inputs.map((input) => this.resolve(input)) };
      }
    }
    return node;
  }

  /** Appends a node: one of the old module, as it is or changed in place (same id). */
  keep(node: IrNode, original: IrNode = node): void {
    if (node !== original) this.changed = true;
    this.out.push(node);
    this.facts.add(node);
  }

  /** Leaves the node out; these values stand for its outputs. Where it had to run, so have they. */
  replace(node: IrNode, outputs: readonly IrValue[]): void {
    this.changed = true;
    this.substitutes[node.id] = outputs;
    if (this.effects.delete(node.id)) for (const value of outputs) this.effects.add(value.node);
  }

  /** Keeps the node, but other values stand for some of its outputs: those that are not null. */
  forward(node: IrNode, outputs: readonly (IrValue | null)[]): void {
    this.changed = true;
    this.substitutes[node.id] = outputs as readonly IrValue[];
  }

  /** Gives up a node in favour of one already kept that computes the same: that one stands for both. */
  merge(node: IrNode, survivor: IrNode): void {
    this.replace(
      node,
      node.outputs.map((_, index) => ({ node: survivor.id, index })),
    );
    const origins = this.absorbed.get(survivor.id);
    if (origins) origins.push(...node.origin);
    else this.absorbed.set(survivor.id, [...node.origin]);
  }

  /** Leaves out a node that nobody uses. */
  drop(_node: IrNode): void {
    this.changed = true;
  }

  /** New nodes from now on stand for this one. */
  at(node: IrNode): this {
    this.builder.at(node);
    return this;
  }

  newId(): number {
    return this.next++;
  }

  put(node: IrNode): void {
    this.changed = true;
    this.out.push(node);
    this.facts.add(node);
    if (mustRun(effectOf(node))) this.effects.add(node.id);
  }

  /**
   * Runs `build` at the place of `node` and gives out the nodes it built, which are not yet in the module. Where it
   * answers null, nothing has happened.
   */
  attempt(
    node: IrNode,
    build: ($: Vocabulary<IrValue>) => readonly IrValue[] | null,
  ): { readonly outputs: readonly IrValue[]; readonly built: readonly IrNode[] } | null {
    const mark = this.out.length;
    const { changed } = this;
    this.builder.at(node);
    // Rules may ask for the types of the outputs that they are to replace.
    this.facts.add(node);
    const outputs = build(this.$);
    const built = this.out.splice(mark);
    if (outputs) return { outputs, built };
    this.changed = changed;
    for (const { id } of built) this.effects.delete(id);
    return null;
  }

  /** The new module; the old object if nothing changed. */
  finish(): IrModule {
    if (!this.changed) return this.module;
    for (let i = 0; this.absorbed.size > 0 && i < this.out.length; i++) {
      const origins = this.absorbed.get(this.out[i].id);
      if (origins) this.out[i] = { ...this.out[i], origin: [...new Set([...this.out[i].origin, ...origins])] };
    }
    return {
      nodes: this.out,
      feeds: this.module.feeds,
      fetches: this.module.fetches.map((fetch) => this.resolve(fetch)),
      effects: this.out.filter((node) => this.effects.has(node.id)).map((node) => node.id),
      nextId: this.next,
    };
  }
}
