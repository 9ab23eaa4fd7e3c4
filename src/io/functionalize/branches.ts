/**
 * Builds the branch nodes of a body: copies the members of clusters into the functions of both branches and passes values
 * in and out. Which items form a cluster is decided in `clusters.ts`.
 */

import { UnimplementedError } from '../../util/errors.ts';
import type { AttrValueDef, TensorShapeProto } from '../messages.ts';
import type { Cluster, Clustering } from './clusters.ts';
import type { Context, Contexts, Predicate } from './contexts.ts';
import { type Body, closure, commonScope, type Edge, EdgeMap, type Item, isSwitch, type Workshop } from './items.ts';

const UNKNOWN_SHAPE: TensorShapeProto = { unknownRank: true, dim: [] };

interface Side {
  readonly body: Body;
  readonly copies: Map<Item, Item>;
  /** By value from outside the item that stands for it here. */
  readonly imports: EdgeMap<Edge>;
  /** By innermost condition the item that runs when it holds. */
  readonly gates: Map<Context, Item>;
  /** By argument of the node its position. */
  readonly args: Item[];
}

/** One branch node in the making. */
export interface Branches {
  readonly cluster: Cluster;
  readonly node: Item;
  /** For false, for true. */
  readonly sides: readonly [Side, Side];
  /** Values handed in; references to variables apart from what they hold. */
  readonly inputs: Edge[];
  readonly inputAt: { readonly values: EdgeMap<number>; readonly refs: EdgeMap<number> };
  readonly exports: EdgeMap<number>;
  readonly controls: Set<Item>;
}

export class BranchBuilder {
  private readonly made = new Map<Cluster, Branches>();

  constructor(
    private readonly clustering: Clustering,
    private readonly contexts: Contexts,
    private readonly workshop: Workshop,
  ) {
    for (const cluster of clustering.clusters) this.made.set(cluster, this.start(cluster));
    for (const branches of this.made.values()) this.connect(branches);
  }

  of(cluster: Cluster): Branches {
    return this.made.get(cluster) as Branches;
  }

  /** Makes the value of a `Merge` a result of its cluster's node, and returns it. */
  addPort(cluster: Cluster, merge: Item): Edge {
    const branches = this.of(cluster);
    for (const branch of [0, 1] as const) {
      branches.sides[branch].body.rets.push(this.translate(branches, branch, merge.inputs[branch]));
    }
    return { item: branches.node, index: branches.sides[0].body.rets.length - 1 };
  }

  /** What those outside wait for who waited for the item. */
  outerControl(item: Item): readonly Item[] {
    switch (this.clustering.roles.get(item)) {
      case 'outside':
      case 'port':
        return [item];
      case 'member':
        return [this.of(this.clustering.clusterOf.get(item) as Cluster).node];
      case 'free':
        // A Switch outside of branches has run when its inputs are there.
        return isSwitch(item) ? item.inputs.flatMap((edge) => this.outerControl(edge.item)) : [];
    }
    return [];
  }

  /** Settles names, types and effects of the nodes; call it when all values are connected. */
  finish(add: (body: Body) => void): void {
    for (const branches of this.made.values()) this.settle(branches, add);
  }

  private start(cluster: Cluster): Branches {
    const { workshop } = this;
    const items = [...cluster.ports, ...cluster.members];
    const scope = commonScope((cluster.ports.length > 0 ? cluster.ports : items).map(({ name }) => name)) || 'cond';
    const side = (name: string): Side => ({
      body: workshop.body(name),
      copies: new Map(),
      imports: new EdgeMap(),
      gates: new Map(),
      args: [],
    });
    const sides = [side(`${scope}_false`), side(`${scope}_true`)] as const;
    for (const item of cluster.members) {
      const copy = item.copy();
      const { body, copies } = sides[this.contexts.of(item)?.top.branch ?? 0];
      copies.set(item, copy);
      body.items.push(copy);
    }
    const node = workshop.item(scope, 'If');
    node.order = Math.min(...(cluster.ports.length > 0 ? cluster.ports : items).map(({ order }) => order));
    return {
      cluster,
      node,
      sides,
      inputs: [],
      inputAt: { values: new EdgeMap(), refs: new EdgeMap() },
      exports: new EdgeMap(),
      controls: new Set(),
    };
  }

  private connect(branches: Branches): void {
    for (const branch of [0, 1] as const) {
      // Copies of free items join the map while it is walked; they come connected.
      for (const [item, copy] of [...branches.sides[branch].copies]) {
        copy.inputs = item.inputs.map((edge) => this.translate(branches, branch, edge));
        copy.controls = [...new Set(item.controls.flatMap((control) => this.control(branches, branch, control)))];
      }
    }
    for (const port of branches.cluster.ports) {
      for (const control of port.controls) {
        for (const outer of this.outerControl(control)) if (outer !== branches.node) branches.controls.add(outer);
      }
    }
  }

  /** What stands in a branch for a value. */
  private translate(branches: Branches, branch: 0 | 1, from: Edge): Edge {
    const side = branches.sides[branch];
    let edge = from;
    for (;;) {
      const copy = side.copies.get(edge.item);
      if (copy) return { item: copy, index: edge.index };
      if (this.clustering.roles.get(edge.item) !== 'free') break;
      const { item } = edge;
      if (item.op === 'Const') return { item: this.copyFree(side, item, []), index: edge.index };
      const source = item.inputs[0];
      const isRef = source.item.output(source.index).isRef;
      if (item.op === 'Switch' && isRef) return this.argument(branches, branch, source, false);
      if (item.op === 'Identity' && isRef) {
        // Reading a reference is an act of its own.
        return { item: this.copyFree(side, item, [this.translate(branches, branch, source)]), index: 0 };
      }
      edge = source;
    }
    const cluster = this.clustering.clusterOf.get(edge.item);
    if (!cluster) return this.argument(branches, branch, edge, edge.item.output(edge.index).isRef);
    // What a branch gives is a value, also where the branches gave references.
    if (this.clustering.roles.get(edge.item) === 'port') return this.argument(branches, branch, edge, false);
    return this.fromCluster(branches, branch, edge, cluster);
  }

  private copyFree(side: Side, item: Item, inputs: Edge[]): Item {
    const copy = item.copy();
    copy.inputs = inputs;
    side.copies.set(item, copy);
    side.body.items.push(copy);
    return copy;
  }

  private argument(branches: Branches, branch: 0 | 1, edge: Edge, isRef: boolean): Edge {
    const positions = isRef ? branches.inputAt.refs : branches.inputAt.values;
    let position = positions.get(edge);
    if (position === undefined) {
      position = branches.inputs.length;
      positions.set(edge, position);
      branches.inputs.push(edge);
      for (const side of [0, 1] as const) {
        const { args, body } = branches.sides[side];
        const arg = this.workshop.arg(body, edge.item.name, edge, isRef);
        args.push(arg);
        const here = this.contexts.root.child(branches.cluster.predicate, side);
        const value = this.contexts.certainValue(edge, here);
        if (value !== undefined) body.known.set(arg, value);
      }
    }
    return { item: branches.sides[branch].args[position], index: 0 };
  }

  /** A value of another cluster is a result of that one's node; conditions within it are asked for again. */
  private fromCluster(branches: Branches, branch: 0 | 1, edge: Edge, cluster: Cluster): Edge {
    const side = branches.sides[branch];
    const known = side.imports.get(edge);
    if (known) return known;
    const context = this.contexts.ofEdge(edge) as Context;
    const source = { item: this.of(cluster).node, index: this.export(cluster, edge, context) };
    let value = this.foreignArgument(branches, branch, source, edge);
    for (const condition of this.conditionsWithin(context, branches, branch)) {
      value = this.gate(branches, branch, value, condition);
    }
    side.imports.set(edge, value);
    return value;
  }

  /** As `argument`, for a result of a node whose types are not settled yet. */
  private foreignArgument(branches: Branches, branch: 0 | 1, source: Edge, original: Edge): Edge {
    let position = branches.inputAt.values.get(source);
    if (position === undefined) {
      position = branches.inputs.length;
      branches.inputAt.values.set(source, position);
      branches.inputs.push(source);
      for (const { args, body } of branches.sides) {
        args.push(this.workshop.arg(body, original.item.name, original, false));
      }
    }
    return { item: branches.sides[branch].args[position], index: 0 };
  }

  /** The conditions of a value that do not follow from standing in this branch, outermost first. */
  private conditionsWithin(context: Context, branches: Branches, branch: 0 | 1): Context[] {
    const { predicate } = branches.cluster;
    return [...context.conditions()].filter((c) => c.predicate !== predicate || c.branch !== branch).reverse();
  }

  /** The value, alive only where the condition holds. */
  private gate(branches: Branches, branch: 0 | 1, value: Edge, condition: Context): Edge {
    const predicate = this.translate(branches, branch, (condition.predicate as Predicate).edge);
    const item = this.workshop.item(`${value.item.name}/Switch`, 'Switch', [
      ['T', { type: value.item.dtype(value.index) }],
    ]);
    item.inputs = [value, predicate];
    branches.sides[branch].body.items.push(item);
    return { item, index: condition.branch };
  }

  /** Makes a member's value a result of its node: under the other conditions something stands in that nobody reads. */
  private export(cluster: Cluster, edge: Edge, context: Context): number {
    const branches = this.of(cluster);
    const known = branches.exports.get(edge);
    if (known !== undefined) return known;
    const position = branches.sides[0].body.rets.length;
    branches.exports.set(edge, position);
    const { branch } = context.top;
    const side = branches.sides[branch];
    const dtype = edge.item.dtype(edge.index);
    const standIn = (body: Body): Item => {
      const item = this.workshop.item(`${edge.item.name}/unused`, 'FakeParam', [
        ['dtype', { type: dtype }],
        ['shape', { shape: UNKNOWN_SHAPE }],
      ]);
      body.items.push(item);
      return item;
    };
    // Both places are taken before conditions are translated, which may add results of their own.
    side.body.rets.push({ item: side.copies.get(edge.item) as Item, index: edge.index });
    const other = branches.sides[branch === 0 ? 1 : 0];
    other.body.rets.push({ item: standIn(other.body), index: 0 });
    let value = side.body.rets[position];
    for (const condition of context.conditions()) {
      if (condition === context.top) break;
      const elsewhere = standIn(side.body);
      elsewhere.controls = [this.runsWhen(branches, branch, condition, condition.branch === 0 ? 1 : 0)];
      const merge = this.workshop.item(`${edge.item.name}/Merge`, 'Merge', [
        ['T', { type: dtype }],
        ['N', { i: 2 }],
      ]);
      const dummy = { item: elsewhere, index: 0 };
      merge.inputs = condition.branch === 0 ? [value, dummy] : [dummy, value];
      side.body.items.push(merge);
      value = { item: merge, index: 0 };
    }
    side.body.rets[position] = value;
    return position;
  }

  /** An item of a branch that runs under the conditions around `condition` if its predicate is `wanted`. */
  private runsWhen(branches: Branches, branch: 0 | 1, condition: Context, wanted: 0 | 1): Item {
    const predicate = this.translate(branches, branch, (condition.predicate as Predicate).edge);
    const item = this.workshop.item('pivot/Switch', 'Switch', [['T', { type: predicate.item.dtype(predicate.index) }]]);
    const outer = condition.parent as Context;
    item.inputs = [predicate, predicate];
    if (outer.depth > 1) item.controls = [this.gateOf(branches, branch, outer)];
    const pivot = this.workshop.identity('pivot', { item, index: wanted });
    branches.sides[branch].body.items.push(item, pivot);
    return pivot;
  }

  /** The same for all conditions of a context but the outermost. */
  private gateOf(branches: Branches, branch: 0 | 1, context: Context): Item {
    const { gates } = branches.sides[branch];
    let gate = gates.get(context);
    if (!gate) {
      gate = this.runsWhen(branches, branch, context, context.branch);
      gates.set(context, gate);
    }
    return gate;
  }

  /** What an item in a branch waits for: within it, or with its whole node. */
  private control(branches: Branches, branch: 0 | 1, item: Item): Item[] {
    const copy = branches.sides[branch].copies.get(item);
    const role = this.clustering.roles.get(item);
    if (role === 'free') return [];
    if (copy) return [copy];
    for (const outer of this.outerControl(item)) {
      if (outer === branches.node) {
        throw new UnimplementedError(null, `'${item.name}' and what waits for it stand in different branches.`);
      }
      branches.controls.add(outer);
    }
    if (role !== 'member') return [];
    const gates: Item[] = [];
    for (const condition of this.conditionsWithin(this.contexts.of(item) as Context, branches, branch)) {
      const predicate = this.translate(branches, branch, (condition.predicate as Predicate).edge);
      const value = this.gate(branches, branch, predicate, condition);
      const pivot = this.workshop.identity('pivot', value);
      branches.sides[branch].body.items.push(pivot);
      gates.push(pivot);
    }
    return gates;
  }

  private settle(branches: Branches, add: (body: Body) => void): void {
    const { node, sides, cluster, inputs } = branches;
    const predicate = cluster.predicate.edge;
    const types = (items: readonly Edge[]): AttrValueDef => ({
      list: items.map((edge) => ({ type: edge.item.dtype(edge.index) })),
    });
    for (const { body } of sides) {
      const reached = closure(body.rets.map(({ item }) => item));
      for (const item of body.items) if (!reached.has(item) && item.isStateful) body.controlRets.push(item);
    }
    const isStateless = sides.every(({ body }) => !body.isStateful);
    node.become(
      isStateless ? 'StatelessIf' : 'If',
      new Map<string, AttrValueDef>([
        ['Tcond', { type: predicate.item.dtype(predicate.index) }],
        ['Tin', types(sides[0].args.map((item) => ({ item, index: 0 })))],
        ['Tout', types(sides[0].body.rets)],
        ['then_branch', { func: { name: sides[1].body.name, attr: new Map() } }],
        ['else_branch', { func: { name: sides[0].body.name, attr: new Map() } }],
        ['output_shapes', { list: sides[0].body.rets.map(() => ({ shape: UNKNOWN_SHAPE })) }],
      ]),
      [predicate, ...inputs],
      [...branches.controls],
    );
    node.functions = new Map([
      ['then_branch', sides[1].body],
      ['else_branch', sides[0].body],
    ]);
    for (const { body } of sides) add(body);
  }
}
