/**
 * Parts the conditional items of a body into clusters, each of which becomes one branch node: items under one predicate
 * that hang together, so that no cluster waits for itself by way of another. Building the nodes is `conditionals.ts`'s job.
 */

import { UnimplementedError } from '../../util/errors.ts';
import type { Contexts, Predicate } from './contexts.ts';
import { type Item, isMerge, isSwitch, sources } from './items.ts';

/**
 * outside: runs whenever the body does · free: hands on or makes a value at no cost, so that every cluster has its own
 * · member: runs under conditions · port: a `Merge` that decides the outermost of them.
 */
export type Role = 'outside' | 'free' | 'member' | 'port';

export interface Cluster {
  readonly predicate: Predicate;
  readonly members: Item[];
  readonly ports: Item[];
}

export interface Clustering {
  /** Items that are needed, in an order of computation. */
  readonly order: readonly Item[];
  readonly roles: ReadonlyMap<Item, Role>;
  readonly clusters: readonly Cluster[];
  readonly clusterOf: ReadonlyMap<Item, Cluster>;
}

/** @param order what is needed, in an order of computation */
export function findClusters(order: readonly Item[], contexts: Contexts): Clustering {
  const roles = new Map<Item, Role>();
  for (const item of order) roles.set(item, roleOf(item, contexts, roles));
  const predicateOf = (item: Item): Predicate | null => {
    const role = roles.get(item);
    if (role === 'port') return contexts.decides.get(item) as Predicate;
    return role === 'member' ? (contexts.of(item)?.top.predicate ?? null) : null;
  };
  const levels = findLevels(order, roles, predicateOf);
  return { order, roles, ...connect(order, levels, roles, predicateOf) };
}

function roleOf(item: Item, contexts: Contexts, roles: ReadonlyMap<Item, Role>): Role {
  const context = contexts.of(item) ?? contexts.root;
  if (isSwitch(item) && context === contexts.root) return 'free';
  const decided = isMerge(item) ? contexts.decides.get(item) : undefined;
  if (context === contexts.root) return decided ? 'port' : 'outside';
  if (decided && context.top.predicate !== null && decided.rank < context.top.predicate.rank) {
    throw new UnimplementedError(
      null,
      `Merge '${item.name}' ends a branch of '${decided.edge.item.name}' within one of '${context.top.predicate.edge.item.name}', which began later.`,
    );
  }
  const isFree =
    context.depth === 1 &&
    (item.op === 'Const' || item.op === 'Identity') &&
    [...sources(item)].every((source) => roles.get(source) === 'free');
  return isFree ? 'free' : 'member';
}

type PredicateOf = (item: Item) => Predicate | null;

/**
 * A level for every item: equal along edges, but one more where a value leaves a branch. So a path that leaves a
 * cluster cannot come back to it. Items sink to the level where they are used.
 */
function findLevels(
  order: readonly Item[],
  roles: ReadonlyMap<Item, Role>,
  predicateOf: PredicateOf,
): ReadonlyMap<Item, number> {
  const step = (from: Item, to: Item): number => {
    const role = roles.get(from);
    if (role === 'port') return 1;
    return role === 'member' && predicateOf(from) !== predicateOf(to) ? 1 : 0;
  };
  const earliest = new Map<Item, number>();
  for (const item of order) {
    let level = 0;
    for (const source of sources(item)) {
      const known = earliest.get(source);
      if (known !== undefined) level = Math.max(level, known + step(source, item));
    }
    earliest.set(item, level);
  }
  const latest = new Map<Item, number>();
  for (let i = order.length - 1; i >= 0; i--) {
    const item = order[i];
    const level = latest.get(item) ?? (earliest.get(item) as number);
    latest.set(item, level);
    for (const source of sources(item)) {
      if (!earliest.has(source)) continue;
      latest.set(source, Math.min(latest.get(source) ?? Number.POSITIVE_INFINITY, level - step(source, item)));
    }
  }
  return latest;
}

function connect(
  order: readonly Item[],
  levels: ReadonlyMap<Item, number>,
  roles: ReadonlyMap<Item, Role>,
  predicateOf: PredicateOf,
): Pick<Clustering, 'clusters' | 'clusterOf'> {
  const leaders = new Map<Item, Item>();
  const leader = (item: Item): Item => {
    let top = item;
    for (let next = leaders.get(top); next && next !== top; next = leaders.get(top)) top = next;
    for (let at = item; at !== top; ) {
      const next = leaders.get(at) as Item;
      leaders.set(at, top);
      at = next;
    }
    return top;
  };
  for (const item of order) {
    const predicate = predicateOf(item);
    if (!predicate) continue;
    leaders.set(item, item);
    for (const source of sources(item)) {
      if (roles.get(source) !== 'member' || predicateOf(source) !== predicate) continue;
      if (levels.get(source) === levels.get(item)) leaders.set(leader(source), leader(item));
    }
  }
  const byLeader = new Map<Item, Cluster>();
  const clusterOf = new Map<Item, Cluster>();
  for (const item of leaders.keys()) {
    const top = leader(item);
    let cluster = byLeader.get(top);
    if (!cluster) {
      cluster = { predicate: predicateOf(item) as Predicate, members: [], ports: [] };
      byLeader.set(top, cluster);
    }
    (roles.get(item) === 'port' ? cluster.ports : cluster.members).push(item);
    clusterOf.set(item, cluster);
  }
  return { clusters: [...byLeader.values()], clusterOf };
}
