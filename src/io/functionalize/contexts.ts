/**
 * Finds for every item of a body without loops under which predicates it runs, from its `Switch` and `Merge` nodes.
 * What is done with that is `conditionals.ts`'s matter.
 */

import { int32 } from '../../util/dtype.ts';
import { UnimplementedError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { type Body, type Edge, EdgeMap, type Item, isMerge, isSwitch, typeAttr, type Workshop } from './items.ts';

/** A value that decides between branches. */
export interface Predicate {
  readonly edge: Edge;
  /** Of nested predicates the outer one has the lower rank. */
  readonly rank: number;
}

/** What must hold for an item to run: the parent's conditions and `predicate == branch`. The root asks nothing. */
export class Context {
  private readonly children = new Map<number, Context>();
  readonly depth: number;
  /** The outermost condition; of the root itself. */
  readonly top: Context;

  constructor(
    readonly parent: Context | null,
    readonly predicate: Predicate | null,
    readonly branch: 0 | 1,
  ) {
    this.depth = parent ? parent.depth + 1 : 0;
    this.top = parent?.parent ? parent.top : this;
  }

  child(predicate: Predicate, branch: 0 | 1): Context {
    const key = predicate.rank * 2 + branch;
    let child = this.children.get(key);
    if (!child) {
      child = new Context(this, predicate, branch);
      this.children.set(key, child);
    }
    return child;
  }
  /** The conditions from the innermost outwards. */
  *conditions(): IterableIterator<Context> {
    for (let context: Context = this; context.parent; context = context.parent) yield context;
  }
  /** Whether all conditions of the other are among this one's first. */
  isWithin(other: Context): boolean {
    let context: Context = this;
    while (context.depth > other.depth) context = context.parent as Context;
    return context === other;
  }
}

/** Both conditions; null where they contradict each other. */
function both(root: Context, a: Context, b: Context): Context | null {
  if (a.isWithin(b)) return a;
  if (b.isWithin(a)) return b;
  const conditions = [...a.conditions(), ...b.conditions()];
  conditions.sort((x, y) => (x.predicate as Predicate).rank - (y.predicate as Predicate).rank);
  let context = root;
  for (const { predicate, branch } of conditions) {
    if (context.predicate === predicate) {
      if (context.branch !== branch) return null;
    } else {
      context = context.child(predicate as Predicate, branch);
    }
  }
  return context;
}

/**
 * The contexts of a body's items. What they show is put to use at once: `Merge` nodes are brought to two inputs, that of
 * false and that of true, and nodes read past a `Switch` whose predicate is certain.
 */
export class Contexts {
  readonly root = new Context(null, null, 0);
  /** Items in an order of computation, those added here included. */
  readonly order: Item[] = [];
  /** Undefined: the item never runs. */
  private readonly ofItem = new Map<Item, Context>();
  private readonly ofOutput = new EdgeMap<Context | null>();
  private readonly predicates = new EdgeMap<Predicate>();
  /** By `Merge` the predicate that it decides. */
  readonly decides = new Map<Item, Predicate>();
  /** Outputs of `Switch` nodes for which others stand in. */
  private readonly standIns = new EdgeMap<Edge>();
  private ranks = 0;

  constructor(
    private readonly body: Body,
    sorted: readonly Item[],
    private readonly workshop: Workshop,
  ) {
    for (const item of [...body.args, ...sorted]) {
      item.inputs = item.inputs.map((edge) => this.standInFor(edge));
      if (isMerge(item)) this.readMerge(item);
      else if (isSwitch(item)) this.readSwitch(item);
      else this.place(item, item.op === 'ControlTrigger' ? this.root : this.inputContext(item));
    }
    for (const [i, edge] of body.rets.entries()) body.rets[i] = this.standInFor(edge);
  }

  of(item: Item): Context | undefined {
    return this.ofItem.get(item);
  }
  ofEdge(edge: Edge): Context | undefined {
    const own = this.ofItem.get(edge.item);
    return own && isSwitch(edge.item) ? (this.ofOutput.get(edge) ?? undefined) : own;
  }

  private place(item: Item, context: Context | undefined): void {
    this.order.push(item);
    if (context) this.ofItem.set(item, context);
  }

  private inputContext(item: Item): Context | undefined {
    let context = this.root;
    const contexts = [
      ...item.inputs.map((edge) => this.ofEdge(edge)),
      ...item.controls.map((control) => this.ofItem.get(control)),
    ];
    for (const other of contexts) {
      const joined = other && both(this.root, context, other);
      if (!joined) return undefined;
      context = joined;
    }
    return context;
  }

  private standInFor(edge: Edge): Edge {
    return this.standIns.get(edge) ?? edge;
  }

  private readSwitch(item: Item): void {
    const base = this.inputContext(item);
    this.place(item, base);
    if (!base) return;
    const [data, decider] = item.inputs;
    const certain = this.certainValue(decider, base);
    if (certain !== undefined) {
      this.ofOutput.set({ item, index: certain }, base);
      this.ofOutput.set({ item, index: 1 - certain }, null);
      this.standIns.set({ item, index: certain }, data);
      return;
    }
    const twin = this.twinOf(decider);
    const predicate = twin?.predicate ?? this.predicateOf(decider);
    // One value for all, so that branches get it as one argument.
    item.inputs = [data, predicate.edge];
    if (twin?.isOpposite) {
      for (const index of [0, 1]) this.standIns.set({ item, index }, { item, index: 1 - index });
    }
    for (const branch of [0, 1] as const) {
      this.ofOutput.set({ item, index: branch }, both(this.root, base, this.root.child(predicate, branch)));
    }
  }

  /** An identity of a predicate is the same predicate. */
  private predicateOf(given: Edge): Predicate {
    const edge = behindIdentities(given);
    let predicate = this.predicates.get(edge);
    if (!predicate) {
      // The identity may be what users feed: it stands for the predicate unless it runs under more conditions.
      const same = this.ofEdge(given) === this.ofEdge(edge);
      predicate = { edge: same ? given : edge, rank: this.ranks++ };
      this.predicates.set(edge, predicate);
    }
    return predicate;
  }

  /** What a predicate is bound to be where the conditions hold. */
  certainValue(given: Edge, context: Context): 0 | 1 | undefined {
    let edge = given;
    for (;;) {
      const value = this.body.known.get(edge.item) ?? this.conditionOn(edge, context) ?? constantEquality(edge.item);
      if (value !== undefined) return value;
      if (edge.item.op !== 'Identity' && edge.item.op !== 'Switch') return undefined;
      edge = edge.item.inputs[0];
    }
  }

  private conditionOn(edge: Edge, context: Context): 0 | 1 | undefined {
    const twin = this.twinOf(edge);
    const predicate = twin?.predicate ?? this.predicates.get(edge);
    if (!predicate) return undefined;
    for (const condition of context.conditions()) {
      if (condition.predicate !== predicate) continue;
      return twin?.isOpposite ? (condition.branch === 0 ? 1 : 0) : condition.branch;
    }
    return undefined;
  }

  /** `Equal(value_index, 1)`, by which gradients of `Merge` decide, is the predicate of that `Merge` or its opposite. */
  private twinOf(given: Edge): { readonly predicate: Predicate; readonly isOpposite: boolean } | null {
    const { item } = behindIdentities(given);
    if (item.op !== 'Equal') return null;
    const [a, b] = item.inputs.map(behindIdentities);
    const [index, number] = isMerge(a.item) ? [a.item, b.item] : [b.item, a.item];
    const predicate = this.decides.get(index);
    const wanted = constantNumber(number);
    if (!predicate || wanted === null || index.dtype(0) !== int32) return null;
    const numbers = index.inputs.map((edge) => constantNumber(edge.item));
    if (numbers[0] === null || numbers[1] === null || numbers[0] === numbers[1]) return null;
    const side = numbers.indexOf(wanted);
    return side < 0 ? null : { predicate, isOpposite: side === 0 };
  }

  /** Joins pairs of inputs that differ in one condition until one is left. */
  private readMerge(item: Item): void {
    const alive = new Map<Context, Edge>();
    for (const edge of item.inputs) {
      const context = this.ofEdge(edge);
      if (!context) continue;
      if (alive.has(context)) throw undecided(item, 'two of its inputs come under the same condition');
      alive.set(context, edge);
    }
    if (alive.size === 0) {
      this.place(item, undefined);
      return;
    }
    while (alive.size > 2) {
      const pair = this.pair(item, alive);
      const merge = this.workshop.item(item.name, 'Merge', item.attr);
      merge.order = item.order;
      this.join(merge, pair, alive);
      if (alive.has(pair.joined)) throw undecided(item, 'two of its inputs come under the same condition');
      alive.set(pair.joined, { item: merge, index: 0 });
    }
    if (alive.size === 2) {
      this.join(item, this.pair(item, alive), alive);
      return;
    }
    const [[context, edge]] = alive;
    item.become('Identity', typeAttr(item.dtype(0)), [edge], item.controls);
    this.place(item, context);
  }

  private join(merge: Item, pair: Pair, alive: Map<Context, Edge>): void {
    const values = pair.sides.map((side) => alive.get(side) as Edge);
    for (const side of pair.sides) alive.delete(side);
    merge.inputs = values;
    this.decides.set(merge, pair.predicate);
    this.place(merge, pair.joined);
  }

  private pair(item: Item, alive: ReadonlyMap<Context, Edge>): Pair {
    const deepestFirst = [...alive.keys()].sort((a, b) => b.depth - a.depth);
    for (const context of deepestFirst) {
      for (const condition of context.conditions()) {
        const others = [...context.conditions()].filter((other) => other !== condition).reverse();
        const rebuild = (start: Context): Context =>
          others.reduce((parent, { predicate, branch }) => parent.child(predicate as Predicate, branch), start);
        const joined = rebuild(this.root);
        const { predicate, branch } = condition as Context & { predicate: Predicate };
        const opposite = both(this.root, joined, this.root.child(predicate, branch === 0 ? 1 : 0));
        if (!opposite || !alive.has(opposite)) continue;
        return { sides: branch === 0 ? [context, opposite] : [opposite, context], joined, predicate };
      }
    }
    throw undecided(item, 'its inputs are not those of the two branches of a predicate');
  }
}

/** The value behind identities that only hand it on. */
function behindIdentities(given: Edge): Edge {
  let edge = given;
  while (edge.item.op === 'Identity' && !edge.item.inputs[0].item.output(edge.item.inputs[0].index).isRef) {
    edge = edge.item.inputs[0];
  }
  return edge;
}

/** The value of an int32 constant of one element. */
function constantNumber(item: Item): number | null {
  const value = item.op === 'Const' ? item.attr.get('value') : undefined;
  if (!value || !('tensor' in value) || value.tensor.dtype !== int32 || value.tensor.size !== 1) return null;
  return Number(value.tensor.data[0]);
}

function constantEquality(item: Item): 0 | 1 | undefined {
  if (item.op !== 'Equal') return undefined;
  const [a, b] = item.inputs.map((edge) => constantNumber(behindIdentities(edge).item));
  if (a === null || b === null) return undefined;
  return a === b ? 1 : 0;
}

interface Pair {
  /** Under false, under true. */
  readonly sides: readonly [Context, Context];
  readonly joined: Context;
  readonly predicate: Predicate;
}

function undecided(item: Item, why: string): Error {
  return new UnimplementedError(null, `Merge '${item.name}' cannot be turned into a branch: ${why}.`);
}

/**
 * Gives every second output of a `Merge` that is read (which input came) a `Merge` of its own: of the numbers of the
 * inputs.
 */
export function splitValueIndices(body: Body, workshop: Workshop): void {
  const indices = new Map<Item, Item>();
  const added: Item[] = [];
  const rewrite = (edge: Edge): Edge => {
    if (!isMerge(edge.item) || edge.index !== 1) return edge;
    let index = indices.get(edge.item);
    if (!index) {
      index = valueIndex(edge.item, workshop, added);
      indices.set(edge.item, index);
    }
    return { item: index, index: 0 };
  };
  for (const item of body.items) item.inputs = item.inputs.map(rewrite);
  for (const [i, edge] of body.rets.entries()) body.rets[i] = rewrite(edge);
  body.items.push(...added);
}

function valueIndex(merge: Item, workshop: Workshop, added: Item[]): Item {
  const name = `${merge.name}/value_index`;
  const item = workshop.item(name, 'Merge', [
    ['T', { type: int32 }],
    ['N', { i: merge.inputs.length }],
  ]);
  item.inputs = merge.inputs.map((edge, i) => {
    const number = workshop.item(`${name}/${i}`, 'Const', [
      ['dtype', { type: int32 }],
      ['value', { tensor: new NdArray(int32, [], Int32Array.of(i)) }],
    ]);
    // An identity, so that the number comes when that very output comes.
    const gate = workshop.identity(`${name}/gate_${i}`, edge);
    number.controls = [gate];
    number.order = merge.order;
    gate.order = merge.order;
    added.push(gate, number);
    return { item: number, index: 0 };
  });
  item.order = merge.order;
  added.push(item);
  return item;
}
