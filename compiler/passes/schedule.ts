/**
 * `schedule`: moves a pure op to right before its first use where that shortens what it holds and lengthens nothing else:
 * its inputs are alive there anyway. Everything with an effect, and every read, keeps its order.
 */
import { effectOf } from '../ir/effects.ts';
import { ARG, type IrModule, type IrNode } from '../ir/module.ts';
import type { Pass } from './pass.ts';

export const schedule: Pass = {
  name: 'schedule',
  doc: 'Moves pure ops to where their values are first needed.',
  run(module: IrModule): IrModule {
    const { nodes } = module;
    const { length } = nodes;
    const effects = new Set(module.effects);
    /** By node id, where the node's first and last use will be; filled from the end, so that users come before. */
    const firstUse = new Int32Array(module.nextId).fill(length);
    const lastUse = new Int32Array(module.nextId).fill(-1);
    // Constants and what is fetched live through the whole run.
    for (const node of nodes) if (node.op === 'Const') lastUse[node.id] = length;
    for (const { node } of module.fetches) lastUse[node] = length;
    /** By position, whether the node goes right before the one at `place`, which stays. */
    const place = new Int32Array(length);
    for (let i = length - 1; i >= 0; i--) {
      const node = nodes[i];
      const target = firstUse[node.id];
      const free = target < length && !isGiven(node) && !effects.has(node.id) && effectOf(node) === 'pure';
      const moves = free && node.inputs.every((input) => lastUse[input.node] >= target);
      place[i] = moves ? target : i;
      for (const input of node.inputs) {
        firstUse[input.node] = Math.min(firstUse[input.node], place[i]);
        lastUse[input.node] = Math.max(lastUse[input.node], place[i]);
      }
    }
    const ordered = arrange(nodes, place);
    // That a value is moved past a constant is no change.
    const order = nodes.filter((node) => !isGiven(node));
    const isSame = ordered.filter((node) => !isGiven(node)).every((node, i) => node === order[i]);
    return isSame ? module : { ...module, nodes: ordered };
  },
};

/** Whether the value is there from the start. */
function isGiven({ op }: IrNode): boolean {
  return op === ARG || op === 'Const' || op === 'VarHandleOp';
}

/** Those that go before a node come in their old order, which keeps inputs before users. */
function arrange(nodes: readonly IrNode[], place: Int32Array): IrNode[] {
  const before = new Map<number, IrNode[]>();
  const ordered: IrNode[] = [];
  nodes.forEach((node, i) => {
    const target = place[i];
    if (target === i) return;
    const list = before.get(target);
    if (list) list.push(node);
    else before.set(target, [node]);
  });
  nodes.forEach((node, i) => {
    if (place[i] !== i) return;
    for (const earlier of before.get(i) ?? []) ordered.push(earlier);
    ordered.push(node);
  });
  return ordered;
}
