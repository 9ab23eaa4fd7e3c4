/**
 * The growing state of one graph: nodes, the name index, collections. It knows neither scopes
 * nor handles, and it alone makes snapshots.
 */
import { createDraft, type Draft, enableMapSet, finishDraft } from 'immer';
import { type GraphRecord, registerGraph } from './live-graphs.ts';
import { NameIndex } from './name-index.ts';
import type { Node, NodeId } from './node.ts';
import { GraphSnapshot, SEGMENT, type SnapshotState } from './snapshot.ts';

enableMapSet();

const EMPTY: SnapshotState = Object.freeze({
  size: 0,
  segments: Object.freeze([]),
  collections: new Map(),
  seed: null,
});

let nextEpoch = 1;

/**
 * The store of a graph. New nodes go to a plain array; `snapshot()` drafts the last state, hangs in the segments touched
 * since, and finishes the draft. A draft per node would cost the whole graph each time.
 */
export class GraphStore {
  readonly record: GraphRecord;
  private epochValue = nextEpoch++;
  private state: SnapshotState = EMPTY;
  private current: GraphSnapshot | null = null;
  /** Every node, in id order: the handle's own view, ahead of the last snapshot. */
  private readonly all: Node[] = [];
  private index = new NameIndex(this.all);
  /** Ids below the last snapshot's size whose node was replaced since. */
  private readonly replaced = new Set<NodeId>();
  private readonly lists = new Map<string, unknown[]>();
  /** Collections added to since the last snapshot, and those whose live list is in users' hands. */
  private readonly touched = new Set<string>();
  private readonly shared = new Set<string>();
  /** The key of every item ever added, in order: what a rollback undoes. */
  private readonly additions: string[] = [];
  private seedValue: number | null = null;

  /** @param listed whether the graph is counted among the live ones */
  constructor(listed = true) {
    this.record = registerGraph(listed);
  }

  /** Tells this graph from every other of the process; renewed where a snapshot stops being a prefix of the graph. */
  get epoch(): number {
    return this.epochValue;
  }
  get size(): number {
    return this.all.length;
  }
  node(id: NodeId): Node {
    return this.all[id];
  }
  find(name: string): NodeId | undefined {
    return this.index.get(name);
  }

  add(node: Node): void {
    this.record.nodes = this.all.push(node);
  }

  /** Puts a refined node in the place of the one with its id. */
  replace(node: Node): void {
    this.all[node.id] = node;
    if (node.id < this.state.size) this.replaced.add(node.id);
  }

  /** Forgets every node from `size` on; snapshots taken in between keep theirs. */
  truncate(size: number): void {
    if (size < this.state.size) this.startAnew();
    else this.index.truncate(size);
    while (this.all.length > size) {
      const node = this.all.pop() as Node;
      this.replaced.delete(node.id);
    }
    this.record.nodes = size;
  }

  /** The last snapshot is no prefix of what follows: it keeps the name index, and the graph counts as another one. */
  private startAnew(): void {
    this.index.detach();
    this.index = new NameIndex(this.all);
    this.epochValue = nextEpoch++;
    this.state = EMPTY;
    this.current = null;
    for (const key of this.lists.keys()) this.touched.add(key);
  }

  get seed(): number | null {
    return this.seedValue;
  }
  set seed(value: number | null) {
    this.seedValue = value;
  }

  /** The items of a collection; empty where there is none. */
  collection(key: string): readonly unknown[] {
    return this.lists.get(key) ?? [];
  }
  /** A copy; with `scope` the items whose name matches that regular expression at its start. */
  collectionItems(key: string, scope?: string | null): unknown[] {
    const items = [...this.collection(key)];
    if (!scope) return items;
    const pattern = new RegExp(`^(?:${scope})`);
    return items.filter((item) => {
      const itemName = (item as { name?: unknown } | null)?.name;
      return typeof itemName === 'string' && pattern.test(itemName);
    });
  }
  /** The live list of a collection, for users to change; made empty and attached where there is none. */
  collectionRef(key: string): unknown[] {
    let list = this.lists.get(key);
    if (!list) {
      list = [];
      this.lists.set(key, list);
    }
    this.shared.add(key);
    return list;
  }
  addToCollection(key: string, item: unknown): void {
    const list = this.lists.get(key);
    if (list) list.push(item);
    else this.lists.set(key, [item]);
    this.touched.add(key);
    this.additions.push(key);
  }
  /** A place to go back to with `truncateCollections`. */
  get collectionMark(): number {
    return this.additions.length;
  }
  truncateCollections(mark: number): void {
    while (this.additions.length > mark) {
      const key = this.additions.pop() as string;
      const list = this.lists.get(key);
      list?.pop();
      if (list?.length === 0 && !this.shared.has(key)) this.lists.delete(key);
      this.touched.add(key);
    }
  }
  hasCollection(key: string): boolean {
    return this.lists.has(key);
  }
  /** Those with items, and those whose list was asked for: a build that failed may leave empty lists behind. */
  collectionKeys(): string[] {
    return [...this.lists].filter(([key, list]) => list.length > 0 || this.shared.has(key)).map(([key]) => key);
  }
  clearCollection(key: string): void {
    this.lists.delete(key);
    this.shared.delete(key);
  }

  /** The graph as it is now. The same object comes back until something is added or changed. */
  snapshot(): GraphSnapshot {
    const changed = this.changedCollections();
    const { state } = this;
    const clean =
      state.size === this.all.length &&
      this.replaced.size === 0 &&
      changed.length === 0 &&
      state.seed === this.seedValue &&
      state.collections.size === this.lists.size;
    if (this.current && clean) return this.current;
    const draft = createDraft(state);
    this.writeNodes(draft, state.size);
    draft.seed = this.seedValue;
    for (const key of changed) draft.collections.set(key, Object.freeze([...this.collection(key)]) as unknown[]);
    for (const key of state.collections.keys()) if (!this.lists.has(key)) draft.collections.delete(key);
    this.state = finishDraft(draft) as SnapshotState;
    this.replaced.clear();
    this.touched.clear();
    this.current = new GraphSnapshot(this.epoch, this.state, this.index);
    return this.current;
  }

  private writeNodes(draft: Draft<SnapshotState>, from: number): void {
    const size = this.all.length;
    const segments = new Set<number>();
    for (const id of this.replaced) segments.add(Math.floor(id / SEGMENT));
    for (let s = Math.floor(Math.min(from, size) / SEGMENT); s * SEGMENT < size; s++) segments.add(s);
    // Nodes are opaque to immer and the slices are frozen here, so finishing the draft copies the list of segments only.
    for (const s of segments) {
      const nodes = this.all.slice(s * SEGMENT, (s + 1) * SEGMENT);
      if (nodes.length > 0) draft.segments[s] = Object.freeze(nodes) as unknown as Draft<Node[]>;
    }
    draft.segments.length = Math.ceil(size / SEGMENT);
    draft.size = size;
  }

  private changedCollections(): string[] {
    const changed = [...this.touched].filter((key) => this.lists.has(key));
    for (const key of this.shared) {
      const list = this.collection(key);
      const old = this.state.collections.get(key);
      if (!old || old.length !== list.length || list.some((item, i) => item !== old[i])) changed.push(key);
    }
    return changed;
  }
}
