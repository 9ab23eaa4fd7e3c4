/**
 * The tree of a model's name scopes, with functions as scopes of their own, and with groups in the place of members that
 * are too many to look at. Which scopes are open is `cut.ts`'s business.
 */
import { shortName, type VizModel } from './model.ts';

export type GroupKind = 'root' | 'scope' | 'functions' | 'function' | 'series' | 'range';

/** A box of a picture. Ids are positions in the tree's list, where parents stand before their children. */
export interface Group {
  readonly id: number;
  readonly kind: GroupKind;
  readonly label: string;
  /** The whole name of a scope; of other groups that of the scope that they are in. */
  readonly path: string;
  parent: Group | null;
  /** How many groups it is in, the root not counted. */
  depth: number;
  groups: Group[];
  nodes: number[];
  /** The number of nodes in it, at any depth. */
  size: number;
  /** The id of its first node. */
  first: number;
}

export interface Tree {
  readonly root: Group;
  readonly groups: readonly Group[];
  /** By node, its group; null for one that is not shown. */
  readonly home: readonly (Group | null)[];
}

export interface TreeOptions {
  /** Groups of more members are divided; without it none is. */
  readonly most?: number;
  /** Whether a node is shown; all are without it. */
  readonly shows?: (id: number) => boolean;
}

/** How many members of one series make it a group. */
const SERIES = 4;

export function buildTree(model: VizModel, { most = Infinity, shows = () => true }: TreeOptions = {}): Tree {
  const builder = new TreeBuilder(model);
  for (const node of model.nodes) if (shows(node.id)) builder.place(node.id);
  if (most !== Infinity) builder.divideAll(Math.max(2, most));
  return builder.finish();
}

class TreeBuilder {
  private readonly all: Group[] = [];
  private readonly root: Group;
  /** By owner, the group that the names of its nodes start in. */
  private readonly owners = new Map<number, Group>();
  private readonly scopes = new Map<Group, Map<string, Group>>();
  private functions: Group | null = null;

  constructor(private readonly model: VizModel) {
    this.root = this.make('root', model.title, '', null);
    this.owners.set(0, this.root);
  }

  private make(kind: GroupKind, label: string, path: string, parent: Group | null): Group {
    const group: Group = {
      id: this.all.length,
      kind,
      label,
      path,
      parent,
      depth: 0,
      groups: [],
      nodes: [],
      size: 0,
      first: Infinity,
    };
    this.all.push(group);
    parent?.groups.push(group);
    return group;
  }

  /** Names may start or end in slashes, or have several in a row: an empty part makes no scope. */
  place(id: number): void {
    const { name, owner } = this.model.nodes[id];
    let group = this.ownerGroup(owner);
    let start = 0;
    for (let slash = name.indexOf('/'); slash >= 0 && slash < name.length - 1; slash = name.indexOf('/', start)) {
      if (slash > start) group = this.scope(group, name.slice(start, slash), name.slice(0, slash));
      start = slash + 1;
    }
    group.nodes.push(id);
  }

  private scope(parent: Group, part: string, path: string): Group {
    let children = this.scopes.get(parent);
    if (!children) {
      children = new Map();
      this.scopes.set(parent, children);
    }
    let scope = children.get(part);
    if (!scope) {
      scope = this.make('scope', part, path, parent);
      children.set(part, scope);
    }
    return scope;
  }

  private ownerGroup(owner: number): Group {
    let group = this.owners.get(owner);
    if (!group) {
      this.functions ??= this.make('functions', 'functions', '', this.root);
      group = this.make('function', this.model.functions[owner - 1], '', this.functions);
      this.owners.set(owner, group);
    }
    return group;
  }

  /** Puts a level between the members of every group that has more than `most`, until none has. */
  divideAll(most: number): void {
    this.measure();
    const waiting = [...this.all];
    while (waiting.length > 0) {
      const group = waiting.pop() as Group;
      if (group.groups.length + group.nodes.length <= most) continue;
      if (group.kind !== 'series' && group.kind !== 'range') waiting.push(...this.gatherSeries(group));
      if (group.groups.length + group.nodes.length > most) waiting.push(...this.cutInRanges(group, most));
    }
  }

  /** `conv`, `conv_1`, `conv_2` … of one op become one box. */
  private gatherSeries(group: Group): Group[] {
    const series = new Map<string, { base: string; nodes: number[]; groups: Group[] }>();
    const memberOf = (key: string, base: string) => {
      const found = series.get(key) ?? { base, nodes: [], groups: [] };
      series.set(key, found);
      return found;
    };
    for (const id of group.nodes) {
      const node = this.model.nodes[id];
      const base = baseName(shortName(node.name));
      memberOf(`n${node.op} ${base}`, base).nodes.push(id);
    }
    for (const child of group.groups) {
      const base = baseName(child.label);
      memberOf(child.kind === 'scope' ? `g${base}` : `${child.kind}${child.id}`, base).groups.push(child);
    }
    group.nodes = [];
    group.groups = [];
    const made: Group[] = [];
    for (const { base, nodes, groups } of series.values()) {
      if (nodes.length + groups.length < SERIES || nodes.length + groups.length === this.membersOf(series)) {
        group.nodes.push(...nodes);
        for (const child of groups) group.groups.push(child);
        continue;
      }
      const label = `${base} × ${nodes.length + groups.length}`;
      made.push(this.gather('series', label, group, nodes, groups));
    }
    return made;
  }

  private membersOf(series: ReadonlyMap<string, { nodes: number[]; groups: Group[] }>): number {
    if (series.size > 1) return -1;
    let count = 0;
    for (const { nodes, groups } of series.values()) count += nodes.length + groups.length;
    return count;
  }

  /** Members in the order of their first nodes, cut into runs of even length. */
  private cutInRanges(group: Group, most: number): Group[] {
    const members = [
      ...group.nodes.map((id) => ({ first: id, id, child: null as Group | null })),
      ...group.groups.map((child) => ({ first: child.first, id: -1, child: child as Group | null })),
    ].sort((a, b) => a.first - b.first);
    // As many as each of them gets on every level, so that no level is a choice between two or three.
    const levels = Math.ceil(Math.log(members.length) / Math.log(most));
    const runs = Math.min(most, Math.ceil(members.length ** (1 / levels)));
    group.nodes = [];
    group.groups = [];
    return Array.from({ length: runs }, (_, run) => {
      const part = members.slice(
        Math.floor((run * members.length) / runs),
        Math.floor(((run + 1) * members.length) / runs),
      );
      const nodes = part.filter(({ child }) => child === null).map(({ id }) => id);
      const groups = part.map(({ child }) => child).filter((child) => child !== null);
      const [from, to] = [part[0], part[part.length - 1]].map(({ id, child }) => child?.label ?? this.labelOf(id));
      return this.gather('range', from === to ? from : `${from} … ${to}`, group, nodes, groups);
    });
  }

  private labelOf(id: number): string {
    return shortName(this.model.nodes[id].name);
  }

  private gather(kind: GroupKind, label: string, parent: Group, nodes: number[], groups: Group[]): Group {
    const made = this.make(kind, label, parent.path, parent);
    made.nodes = nodes;
    made.groups = groups;
    for (const child of groups) child.parent = made;
    made.first = Math.min(nodes.length > 0 ? nodes[0] : Infinity, groups.length > 0 ? groups[0].first : Infinity);
    return made;
  }

  /** Sizes and first nodes; every group of the list stands after its parent. */
  private measure(): void {
    for (const group of this.all) {
      group.size = group.nodes.length;
      group.first = group.nodes.length > 0 ? group.nodes[0] : Infinity;
    }
    for (let i = this.all.length - 1; i > 0; i--) {
      const group = this.all[i];
      const parent = group.parent as Group;
      parent.size += group.size;
      parent.first = Math.min(parent.first, group.first);
    }
  }

  /** Numbers the groups anew, in the order in which a walk from the root meets them. */
  finish(): Tree {
    const groups: Group[] = [];
    const home = new Array<Group | null>(this.model.nodes.length).fill(null);
    const renumbered = new Map<Group, Group>();
    const stack = [this.root];
    while (stack.length > 0) {
      const old = stack.pop() as Group;
      const parent = old.parent && (renumbered.get(old.parent) as Group);
      const group = { ...old, id: groups.length, parent, depth: parent ? parent.depth + 1 : 0, groups: [] as Group[] };
      renumbered.set(old, group);
      parent?.groups.push(group);
      groups.push(group);
      for (const id of group.nodes) home[id] = group;
      for (let i = old.groups.length - 1; i >= 0; i--) stack.push(old.groups[i]);
    }
    for (const group of groups) {
      group.size = group.nodes.length;
      group.first = group.nodes.length > 0 ? group.nodes[0] : Infinity;
    }
    for (let i = groups.length - 1; i > 0; i--) {
      const parent = groups[i].parent as Group;
      parent.size += groups[i].size;
      parent.first = Math.min(parent.first, groups[i].first);
    }
    return { root: groups[0], groups, home };
  }
}

/** The name without the number that made it unique. */
function baseName(name: string): string {
  return name.replace(/_\d+$/, '') || name;
}
