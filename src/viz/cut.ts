/**
 * What of a tree is to be seen: which groups are open, which boxes stand for closed ones, and the edges between what is
 * seen. Where it all stands is `layout.ts`'s business.
 */
import { edgeText, type VizModel } from './model.ts';
import type { Group, Tree } from './scopes.ts';

/** A node by its id, or a closed group by the number of nodes plus its own id. */
export type Item = number;

export interface CutEdge {
  readonly from: Item;
  readonly to: Item;
  /** How many edges of the model it stands for. */
  count: number;
  /** Whether all of them are control dependencies. */
  control: boolean;
  /** What it carries, where that is the same for all of them; else empty. */
  text: string;
  /** The output and input of a single tensor; -1 where it is not one. */
  readonly output: number;
  readonly input: number;
}

export interface Cut {
  readonly model: VizModel;
  readonly tree: Tree;
  /** The open groups, the root first, parents before their children. */
  readonly open: readonly Group[];
  readonly isOpen: (group: Group) => boolean;
  readonly edges: readonly CutEdge[];
}

/** Whether it is a closed group. */
export function groupOf(cut: Cut, item: Item): Group | null {
  const count = cut.model.nodes.length;
  return item < count ? null : cut.tree.groups[item - count];
}

export function itemOf(cut: Cut, group: Group): Item {
  return cut.model.nodes.length + group.id;
}

/** The group that an item stands in. */
export function homeOf(cut: Cut, item: Item): Group {
  const group = groupOf(cut, item);
  return (group ? group.parent : cut.tree.home[item]) as Group;
}

/** The items that stand in an open group, in the order of their first nodes. */
export function itemsIn(cut: Cut, group: Group): Item[] {
  const closed = group.groups.filter((child) => !cut.isOpen(child)).map((child) => itemOf(cut, child));
  return [...group.nodes, ...closed].sort((a, b) => firstOf(cut, a) - firstOf(cut, b));
}

function firstOf(cut: Cut, item: Item): number {
  return groupOf(cut, item)?.first ?? item;
}

/** A key that no user's name can be: `n12`, `s3`. */
export function keyOf(cut: Cut, item: Item): string {
  const group = groupOf(cut, item);
  return group ? groupKey(group) : `n${item}`;
}

export function groupKey(group: Group): string {
  return `s${group.id - 1}`;
}

/**
 * @param wanted whether a group is open; it is closed all the same where one around it is
 * @param merge whether several edges between two nodes become one
 */
export function cutTree(model: VizModel, tree: Tree, wanted: (group: Group) => boolean, merge: boolean): Cut {
  const open: Group[] = [];
  const isOpen = new Uint8Array(tree.groups.length);
  // What a group is seen as: itself, or the closed group around it.
  const seen = new Array<Group>(tree.groups.length);
  for (const group of tree.groups) {
    const outer = group.parent && seen[group.parent.id];
    const hidden = outer && !isOpen[outer.id];
    seen[group.id] = hidden ? outer : group;
    if (hidden || !(group === tree.root || wanted(group))) continue;
    isOpen[group.id] = 1;
    open.push(group);
  }
  const count = model.nodes.length;
  const items = model.nodes.map(({ id }): Item => {
    const home = tree.home[id];
    if (!home) return -1;
    const group = seen[home.id];
    return isOpen[group.id] ? id : count + group.id;
  });
  const edges = joinEdges(model, items, merge);
  return { model, tree, open, isOpen: (group) => isOpen[group.id] === 1, edges };
}

function joinEdges(model: VizModel, items: readonly Item[], merge: boolean): CutEdge[] {
  const edges: CutEdge[] = [];
  const known = new Map<number, CutEdge>();
  const nodes = model.nodes.length;
  for (const edge of model.edges) {
    const from = items[edge.from];
    const to = items[edge.to];
    if (from < 0 || to < 0 || (from === to && from >= nodes)) continue;
    const text = edgeText(model, edge);
    const joins = merge || from >= nodes || to >= nodes;
    // Items are fewer than twice the nodes and groups; the product stays a safe integer up to 90 million of them.
    const key = from * 2 ** 27 + to;
    const old = joins ? known.get(key) : undefined;
    if (!old) {
      const made = { from, to, count: 1, control: edge.control, text, output: edge.output, input: edge.input };
      edges.push(made);
      if (joins) known.set(key, made);
      continue;
    }
    // A control dependency beside a tensor says nothing more.
    if (old.control && !edge.control) old.text = text;
    else if (!edge.control && old.text !== text) old.text = '';
    old.control &&= edge.control;
    old.count++;
  }
  return edges;
}

/** Opens groups from the outside in while there are no more than `most` items; of one level the small ones first. */
export function openWithin(tree: Tree, most: number, allowed: (group: Group) => boolean): Set<Group> {
  const open = new Set<Group>([tree.root]);
  let items = membersOf(tree.root);
  let level = tree.root.groups;
  while (level.length > 0) {
    const next: Group[] = [];
    for (const group of [...level].sort((a, b) => membersOf(a) - membersOf(b))) {
      if (!allowed(group) || items - 1 + membersOf(group) > most) continue;
      items += membersOf(group) - 1;
      open.add(group);
      for (const child of group.groups) next.push(child);
    }
    level = next;
  }
  return open;
}

/**
 * Opens whole levels from the outside in while there are no more than `most` items, so that what is alike looks alike; one
 * level by and by where there would be fewer than `least`.
 */
export function openLevels(tree: Tree, least: number, most: number): Set<Group> {
  const open = new Set<Group>([tree.root]);
  let items = membersOf(tree.root);
  let level = tree.root.groups;
  while (level.length > 0) {
    items += level.reduce((sum, group) => sum + membersOf(group) - 1, 0);
    if (items > most) break;
    for (const group of level) open.add(group);
    level = level.flatMap(({ groups }) => groups);
  }
  const shown = [...open].reduce((sum, group) => sum + membersOf(group) - 1, 1);
  return shown < least ? openWithin(tree, most, () => true) : open;
}

function membersOf(group: Group): number {
  return group.groups.length + group.nodes.length;
}
