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
    const position = new Int32Array(module.nextId);
    const firstUse = new Int32Array(module.nextId).fill(nodes.length);
    const lastUse = new Int32Array(module.nextId).fill(-1);
    nodes.forEach((node, i) => {
      position[node.id] = i;
    });
    // Constants and what is fetched live through the whole run.
    for (const node of nodes) if (node.op === 'Const') lastUse[node.id] = nodes.length;
    for (const { node } of module.fetches) lastUse[node] = nodes.length;
    for (let i = nodes.length - 1; i >= 0; i--) {
      for (const { node } of nodes[i].inputs) {
        firstUse[node] = i;
        if (lastUse[node] < i) lastUse[node] = i;
      }
    }
    const effects = new Set(module.effects);
    /** The nodes that go right before the node at a position, in order. */
    const before = new Map<number, IrNode[]>();
    const moved = new Uint8Array(module.nextId);
    nodes.forEach((node, i) => {
      const target = firstUse[node.id];
      if (target <= i + 1 || target === nodes.length) return;
      if (node.op === ARG || effects.has(node.id) || effectOf(node) !== 'pure') return;
      if (!node.inputs.every((input) => lastUse[input.node] >= target)) return;
      moved[node.id] = 1;
      const list = before.get(target);
      if (list) list.push(node);
      else before.set(target, [node]);
    });
    if (before.size === 0) return module;
    const ordered = arrange(nodes, before, moved, position);
    return ordered.every((node, i) => node === nodes[i]) ? module : { ...module, nodes: ordered };
  },
};

function arrange(
  nodes: readonly IrNode[],
  before: ReadonlyMap<number, readonly IrNode[]>,
  moved: Uint8Array,
  position: Int32Array,
): IrNode[] {
  const ordered: IrNode[] = [];
  for (const node of nodes) {
    if (moved[node.id]) continue;
    // What goes before this node, and what goes before that: the lists nest, so a stack.
    const stack: { readonly node: IrNode; readonly ready: boolean }[] = [{ node, ready: false }];
    while (stack.length > 0) {
      const top = stack.pop() as { readonly node: IrNode; readonly ready: boolean };
      if (top.ready) {
        ordered.push(top.node);
        continue;
      }
      stack.push({ node: top.node, ready: true });
      const list = before.get(position[top.node.id]) ?? [];
      for (let i = list.length - 1; i >= 0; i--) stack.push({ node: list[i], ready: false });
    }
  }
  return ordered;
}
