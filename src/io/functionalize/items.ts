/**
 * The graph that control flow is rewritten in: nodes that point at each other, in bodies that become the graph or
 * functions. How messages are read into it is `read.ts`'s matter, how they are written that of
 * `write.ts`.
 */

import type { DType } from '../../util/dtype.ts';
import { InvalidArgumentError } from '../../util/errors.ts';
import type { AttrValueDef, FunctionDef } from '../messages.ts';
import type { Facts, NodeAttrs, Output } from './facts.ts';

/** An output of an item. */
export interface Edge {
  readonly item: Item;
  readonly index: number;
}

/** A node. Its fields change while the graph is rewritten; its identity is what others point at. */
export class Item {
  inputs: Edge[] = [];
  controls: Item[] = [];
  /** Bodies by the attribute that names them. */
  functions: ReadonlyMap<string, Body> | null = null;
  private known: readonly Output[] | null = null;

  constructor(
    private readonly facts: Facts,
    public name: string,
    public op: string,
    public attr: NodeAttrs,
    public device = '',
    /** The place in the order of the graph. */
    public order = 0,
  ) {}

  get outputs(): readonly Output[] {
    this.known ??= this.facts.outputs(this.op, this.name, this.attr);
    return this.known;
  }
  /** Whether the item does more than computing its outputs. */
  get isStateful(): boolean {
    return this.op !== ARG && this.facts.isStateful(this.op);
  }
  /** The element type of an output. */
  dtype(index: number): DType {
    return this.output(index).dtype;
  }
  output(index: number): Output {
    const output = this.outputs[index];
    if (!output) throw new InvalidArgumentError(null, `Node '${this.name}' has no output ${index}.`);
    return output;
  }
  /** Turns the item into one of another kind; whoever points at it stays. */
  become(op: string, attr: NodeAttrs, inputs: Edge[], controls: Item[]): void {
    this.op = op;
    this.attr = attr;
    this.inputs = inputs;
    this.controls = controls;
    this.known = null;
  }
  /** An unconnected copy. */
  copy(): Item {
    const item = new Item(this.facts, this.name, this.op, this.attr, this.device, this.order);
    item.functions = this.functions;
    item.known = this.known;
    return item;
  }
  /** An argument of a function: it has one output. */
  static arg(facts: Facts, name: string, dtype: DType, isRef: boolean): Item {
    const item = new Item(facts, name, ARG, new Map());
    item.known = [{ dtype, arg: name, index: 0, isRef }];
    return item;
  }
}

/** The op type of arguments, which are no nodes of the function. */
export const ARG = '_Arg';

/** The nodes of the graph or of one function. */
export class Body {
  items: Item[] = [];
  readonly args: Item[] = [];
  readonly rets: Edge[] = [];
  /** What must have run when the function returns, results aside. */
  readonly controlRets: Item[] = [];
  /** Arguments whose value is certain wherever the body runs: predicates of the branches around it. */
  readonly known = new Map<Item, 0 | 1>();
  /** The signature to keep: of a function that was in the library. */
  signature: FunctionDef | null = null;

  constructor(readonly name: string) {}

  get isStateful(): boolean {
    // What is read through a reference is state.
    return this.items.some((item) => item.isStateful) || this.args.some((arg) => arg.output(0).isRef);
  }
}

export const isSwitch = (item: Item): boolean => item.op === 'Switch' || item.op === 'RefSwitch';
export const isMerge = (item: Item): boolean => item.op === 'Merge' || item.op === 'RefMerge';
export const isEnter = (item: Item): boolean => item.op === 'Enter' || item.op === 'RefEnter';
export const isExit = (item: Item): boolean => item.op === 'Exit' || item.op === 'RefExit';
export const isNextIteration = (item: Item): boolean => item.op === 'NextIteration' || item.op === 'RefNextIteration';

const V1_OPS = new Set(
  'Switch Merge Enter Exit NextIteration LoopCond ControlTrigger RefSwitch RefMerge RefEnter RefExit RefNextIteration'.split(
    ' ',
  ),
);
export const isV1ControlFlow = (op: string): boolean => V1_OPS.has(op);

/** A key for an edge, by the numbers that `number` gives items. */
export class EdgeMap<V> {
  private readonly byItem = new Map<Item, (V | undefined)[]>();

  get(edge: Edge): V | undefined {
    return this.byItem.get(edge.item)?.[edge.index];
  }
  set(edge: Edge, value: V): void {
    const values = this.byItem.get(edge.item) ?? [];
    values[edge.index] = value;
    this.byItem.set(edge.item, values);
  }
}

/** The attributes of an `Identity`. */
export function typeAttr(dtype: DType): NodeAttrs {
  return new Map([['T', { type: dtype }]]);
}

/**
 * Items so that each comes after what it depends on; edges from `NextIteration` do not count. Of items that are ready
 * the first of the graph comes first. Throws `InvalidArgumentError` for a cycle.
 */
export function topologicalOrder(items: readonly Item[]): Item[] {
  const waiting = new Map<Item, number>();
  const consumers = new Map<Item, Item[]>();
  for (const item of items) waiting.set(item, 0);
  for (const item of items) {
    for (const source of sources(item)) {
      if (isNextIteration(source) || !waiting.has(source)) continue;
      const list = consumers.get(source);
      if (list) list.push(item);
      else consumers.set(source, [item]);
      waiting.set(item, (waiting.get(item) as number) + 1);
    }
  }
  const order = items.filter((item) => waiting.get(item) === 0);
  for (let i = 0; i < order.length; i++) {
    for (const consumer of consumers.get(order[i]) ?? []) {
      const left = (waiting.get(consumer) as number) - 1;
      waiting.set(consumer, left);
      if (left === 0) order.push(consumer);
    }
  }
  if (order.length < items.length) {
    const stuck = items.find((item) => waiting.get(item) !== 0) as Item;
    throw new InvalidArgumentError(null, `Graph is invalid, contains a cycle at node '${stuck.name}'.`);
  }
  return order;
}

/** What an item depends on, once for every edge. */
export function* sources(item: Item): IterableIterator<Item> {
  for (const edge of item.inputs) yield edge.item;
  yield* item.controls;
}

/** The items that the given ones depend on, themselves included, stopping short of those that `stops`. */
export function closure(roots: Iterable<Item>, stops: (item: Item) => boolean = () => false): Set<Item> {
  const found = new Set<Item>();
  const stack: Item[] = [];
  const visit = (item: Item): void => {
    if (found.has(item) || stops(item)) return;
    found.add(item);
    stack.push(item);
  };
  for (const root of roots) visit(root);
  for (let item = stack.pop(); item; item = stack.pop()) {
    for (const source of sources(item)) visit(source);
  }
  return found;
}

/** What the passes share: facts, and names and bodies of new functions. */
export class Workshop {
  private readonly names: Names;

  constructor(
    readonly facts: Facts,
    functionNames: Iterable<string>,
  ) {
    this.names = new Names(functionNames);
  }

  /** A body with a name that no function has yet. */
  body(name: string): Body {
    return new Body(this.names.unused(name.replaceAll(/\W+/g, '_')));
  }
  item(name: string, op: string, attr: Iterable<readonly [string, AttrValueDef]> = []): Item {
    return new Item(this.facts, name, op, new Map(attr));
  }
  arg(body: Body, name: string, edge: Edge, isRef = edge.item.output(edge.index).isRef): Item {
    const arg = Item.arg(this.facts, name, edge.item.dtype(edge.index), isRef);
    body.args.push(arg);
    return arg;
  }
  identity(name: string, edge: Edge, controls: Item[] = []): Item {
    const item = this.item(name, 'Identity', typeAttr(edge.item.dtype(edge.index)));
    item.inputs = [edge];
    item.controls = controls;
    return item;
  }
}

/** Names in use. */
export class Names {
  private readonly used: Set<string>;
  private readonly tried = new Map<string, number>();

  constructor(used: Iterable<string>) {
    this.used = new Set(used);
  }
  /** `name`, or `name_1`, `name_2` … where it is taken; takes it. */
  unused(name: string): string {
    let candidate = name;
    let i = this.tried.get(name) ?? 0;
    while (this.used.has(candidate)) {
      i++;
      candidate = `${name}_${i}`;
    }
    this.tried.set(name, i);
    this.used.add(candidate);
    return candidate;
  }
}

/** The common scope of names, without a slash at its end: of `cond/Merge` and `cond/Merge_1` it is `cond`. */
export function commonScope(names: readonly string[]): string {
  let scope = names[0].split('/').slice(0, -1);
  for (const name of names) {
    const parts = name.split('/');
    let same = 0;
    while (same < scope.length && scope[same] === parts[same]) same++;
    scope = scope.slice(0, same);
  }
  return scope.join('/');
}
