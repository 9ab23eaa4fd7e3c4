/**
 * Takes out of the modules of a loop what is the same in every round: pure ops on what stays the same, and reads of
 * variables that the loop does not write. What stays in the loop is fed the values.
 */
import { resource, variant } from '../../src/util/dtype.ts';
import { Resources } from '../analysis/resources.ts';
import { effectOf, mayWait } from '../ir/effects.ts';
import { isBranch, isLoop } from '../ir/functions.ts';
import { ARG, type IrFeed, type IrModule, type IrNode, type IrValue } from '../ir/module.ts';

/** A module of the loop: its condition or its body. */
export interface LoopModule {
  readonly module: IrModule;
  /** Which variable of the loop a feed is, by the node of its endpoint. */
  variableOf(feed: number): number;
  /** Whether a variable of the loop stays the same. */
  stays(variable: number): boolean;
}

export interface Split {
  /** Computes what is taken out; the endpoints of its feeds are variables of the loop. Null where there is nothing. */
  readonly prologue: IrModule | null;
  /** The module without it. A feed with endpoint -1 - k is the k-th fetch of the prologue. */
  readonly module: IrModule;
}

export function splitInvariant(part: LoopModule, written: Written): Split {
  const { module } = part;
  const constant = invariantNodes(part, written);
  const isTaken = (node: IrNode) => constant.has(node.id) && !isGiven(node);
  if (!module.nodes.some(isTaken)) return { prologue: null, module };
  const byId = new Map(module.nodes.map((node) => [node.id, node]));
  const standIns = new Map<string, IrValue>();
  const added: IrNode[] = [];
  const feeds: IrFeed[] = [...module.feeds];
  const fetches: IrValue[] = [];
  let id = module.nextId;
  /** What stands in the loop for the value. */
  const stay = (value: IrValue): IrValue => {
    const source = byId.get(value.node) as IrNode;
    if (!isTaken(source)) return value;
    const key = `${value.node}:${value.index}`;
    const known = standIns.get(key);
    if (known) return known;
    const spec = source.outputs[value.index];
    const arg = { node: id++, index: 0 };
    standIns.set(key, arg);
    added.push({ ...source, id: arg.node, op: ARG, inputs: [], attrs: { T: spec.dtype, index: 0 }, outputs: [spec] });
    feeds.push({ node: arg.node, endpoint: { node: -1 - fetches.length, index: 0 } });
    fetches.push(value);
    return arg;
  };
  const kept = module.nodes
    .filter((node) => !isTaken(node))
    .map((node) => ({ ...node, inputs: node.inputs.map(stay) }));
  const results = module.fetches.map(stay);
  const taken = module.nodes.filter((node) => constant.has(node.id));
  const entering = module.feeds
    .filter(({ node }) => constant.has(node))
    .map(({ node, endpoint }) => ({ node, endpoint: { node: part.variableOf(endpoint.node), index: 0 } }));
  return {
    prologue: { nodes: taken, feeds: entering, fetches, effects: [], nextId: module.nextId },
    module: { ...module, nodes: [...added, ...kept], feeds, fetches: results, nextId: id },
  };
}

/** There anyway, at no cost in a round. */
function isGiven({ op }: IrNode): boolean {
  return op === ARG || op === 'Const' || op === 'VarHandleOp' || op === 'NoOp';
}

function invariantNodes({ module, stays, variableOf }: LoopModule, written: Written): Set<number> {
  const resources = new Resources(module);
  const found = new Set<number>();
  const effects = new Set(module.effects);
  const feeds = new Map(module.feeds.map(({ node, endpoint }) => [node, endpoint.node]));
  for (const node of module.nodes) {
    const isSame =
      node.op === ARG
        ? stays(variableOf(feeds.get(node.id) as number))
        : !effects.has(node.id) &&
          isSteady(node, resources, written) &&
          node.inputs.every((input) => found.has(input.node));
    if (isSame) found.add(node.id);
  }
  return found;
}

function isSteady(node: IrNode, resources: Resources, written: Written): boolean {
  // A list is changed in place by its last user: what is taken out has many.
  if (node.outputs.some(({ dtype }) => dtype === variant || (dtype === resource && !isGiven(node)))) return false;
  const effect = effectOf(node);
  if (effect === 'pure') return true;
  if (node.op !== 'ReadVariableOp' || written === 'any') return false;
  const variable = resources.of(node.inputs[0]);
  return variable !== undefined && !written.has(keyOf(variable));
}

/** Variables by their keys; any where it cannot be told. */
export type Written = ReadonlySet<string> | 'any';

const keyOf = ({ container, name }: { readonly container: string; readonly name: string }): string =>
  JSON.stringify([container, name]);

/** The variables that the loop may write to; any where it calls what is not looked into, or waits. */
export function writtenVariables(modules: readonly IrModule[]): Written {
  const written = new Set<string>();
  for (const module of modules) {
    const resources = new Resources(module);
    for (const node of module.nodes) {
      if (mayWait(node) || ((isLoop(node) || isBranch(node)) && effectOf(node) !== 'pure')) return 'any';
      if (effectOf(node) !== 'writes') continue;
      const variables = node.inputs.map((input) => resources.of(input)).filter((v) => v !== undefined);
      for (const variable of variables) written.add(keyOf(variable));
    }
  }
  return written;
}
