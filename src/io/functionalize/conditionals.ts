/**
 * Turns the `Switch` and `Merge` nodes of a body without loops into `If` nodes, one for every cluster of `clusters.ts`.
 * Only the outermost predicates are dealt with here: the bodies of the branches go through the same afterwards.
 */

import { UnimplementedError } from '../../util/errors.ts';
import { BranchBuilder } from './branches.ts';
import { type Cluster, type Clustering, findClusters } from './clusters.ts';
import { Contexts, splitValueIndices } from './contexts.ts';
import {
  ARG,
  type Body,
  closure,
  type Edge,
  type Item,
  isMerge,
  isSwitch,
  topologicalOrder,
  typeAttr,
  type Workshop,
} from './items.ts';

/** Which items a body is to keep: all that run unconditionally, all, or those that results and effects ask for. */
export type Keep = 'unconditional' | 'all' | 'effects';

/** Replaces every `Switch` and `Merge` of the body. The bodies of the new functions are handed to `add`. */
export function functionalizeConditionals(body: Body, keep: Keep, workshop: Workshop, add: (body: Body) => void): void {
  if (body.items.some((item) => isSwitch(item) || isMerge(item))) {
    splitValueIndices(body, workshop);
    const contexts = new Contexts(body, topologicalOrder(body.items), workshop);
    const needed = closure(rootsOf(body, keep, contexts), (item) => !contexts.of(item));
    const clustering = findClusters(
      contexts.order.filter((item) => needed.has(item)),
      contexts,
    );
    tellLoops(clustering.order, contexts);
    const branches = new BranchBuilder(clustering, contexts, workshop);
    body.items = outerItems(clustering, branches);
    branches.finish(add);
    const controlRets = new Set(body.controlRets.flatMap((item) => branches.outerControl(item)));
    body.controlRets.splice(0, body.controlRets.length, ...controlRets);
    for (const { item } of body.rets) {
      if (clustering.roles.get(item) === 'member' || clustering.roles.get(item) === 'free') {
        throw new UnimplementedError(null, `'${body.name}' returns '${item.name}', which runs only in a branch.`);
      }
    }
  }
  for (const item of body.items) {
    if (item.op === 'ControlTrigger') item.become('NoOp', new Map(), [], item.controls);
  }
}

/** A loop in a branch knows that branch's predicate, if it is among its inputs. */
function tellLoops(items: readonly Item[], contexts: Contexts): void {
  for (const item of items) {
    const context = contexts.of(item);
    if (!context || (item.op !== 'While' && item.op !== 'StatelessWhile') || !item.functions) continue;
    for (const [i, edge] of item.inputs.entries()) {
      const value = contexts.certainValue(edge, context);
      if (value === undefined) continue;
      for (const body of item.functions.values()) if (staysTheSame(item, i)) body.known.set(body.args[i], value);
    }
  }
}

/** Whether the loop hands its variable on as it is. */
function staysTheSame(loop: Item, variable: number): boolean {
  const body = loop.functions?.get('body');
  return body !== undefined && body.rets[variable].item === body.args[variable];
}

function rootsOf(body: Body, keep: Keep, contexts: Contexts): Item[] {
  const { root, order } = contexts;
  if (keep === 'all') return order.slice();
  const roots = [...body.rets.map(({ item }) => item), ...body.controlRets];
  if (keep === 'effects') roots.push(...order.filter((item) => item.isStateful));
  else roots.push(...order.filter((item) => contexts.of(item) === root && !isSwitch(item)));
  return roots;
}

/** What stays in the body: items that run unconditionally, branch nodes, and identities in place of ports. */
function outerItems({ order, roles, clusters, clusterOf }: Clustering, branches: BranchBuilder): Item[] {
  const items: Item[] = [];
  for (const cluster of clusters) items.push(branches.of(cluster).node);
  // All values are connected before the first port ceases to be a Merge.
  const results = new Map<Item, Edge>();
  for (const item of order) {
    if (roles.get(item) === 'port') results.set(item, branches.addPort(clusterOf.get(item) as Cluster, item));
  }
  for (const item of order) {
    const result = results.get(item);
    if (result) {
      item.become('Identity', typeAttr(item.dtype(0)), [result], outerControls(item, branches));
      items.push(item);
    } else if (roles.get(item) === 'outside' && item.op !== ARG) {
      item.controls = outerControls(item, branches);
      items.push(item);
    }
  }
  return items.sort((a, b) => a.order - b.order);
}

function outerControls(item: Item, branches: BranchBuilder): Item[] {
  return [...new Set(item.controls.flatMap((control) => branches.outerControl(control)))];
}
