/**
 * `fuse`: joins a product or convolution with the bias and activation that follow into one kernel, where the target has
 * it and nobody else takes the values in between.
 */
import type { NodeId } from '../../src/graph/node.ts';
import { getOpDef } from '../../src/ops/opdef/define.ts';
import { resolveSignature } from '../../src/ops/opdef/resolve.ts';
import { Uses } from '../analysis/uses.ts';
import { canGenerate } from '../codegen/generate.ts';
import { Facts } from '../ir/context.ts';
import { effectOf } from '../ir/effects.ts';
import { FUSED_ACTIVATIONS, FUSED_CONV2D, FUSED_MATMUL } from '../ir/fused-ops.ts';
import type { IrModule, IrNode, IrValue } from '../ir/module.ts';
import { Rewriter } from '../ir/rewriter.ts';
import { lowerNode } from '../lowering/lower.ts';
import type { Target } from '../lowering/lowering.ts';
import type { Pass, PassContext } from './pass.ts';

const fusedOf: ReadonlyMap<string, string> = new Map([
  ['MatMul', FUSED_MATMUL],
  ['Conv2D', FUSED_CONV2D],
]);

export const fuse: Pass = {
  name: 'fuse',
  doc: 'Joins products and convolutions with bias and activation.',
  run(module: IrModule, { target }: PassContext): IrModule {
    const facts = new Facts(module.nodes);
    const uses = new Uses(module);
    const fused = new Map<number, IrNode>();
    const absorbed = new Set<number>();
    for (const node of module.nodes) {
      if (!fusedOf.has(node.op) || effectOf(node) !== 'pure') continue;
      // The longest that the target has a kernel for.
      for (const chain of chains(node, uses, facts, target)) {
        const candidate = join(chain);
        const isKnown = lowerNode(target, facts, candidate) || (target.generates && canGenerate(facts, candidate));
        if (!isKnown) continue;
        fused.set(candidate.id, candidate);
        for (const { id } of chain.nodes) if (id !== candidate.id) absorbed.add(id);
        break;
      }
    }
    if (fused.size === 0) return module;
    const rewriter = new Rewriter(module);
    for (const node of module.nodes) {
      if (absorbed.has(node.id)) rewriter.drop(node);
      else rewriter.keep(fused.get(node.id) ?? node, node);
    }
    return rewriter.finish();
  },
};

/** A product or convolution and what follows it, in order. */
interface Chain {
  readonly nodes: readonly IrNode[];
  readonly bias: IrValue | null;
}

/** What could be joined, the longest first. */
function chains(head: IrNode, uses: Uses, facts: Facts, { generates }: Target): Chain[] {
  // The kernel of a backend that also transposes adds a bias wrongly, once per block.
  if (!generates && (head.attrs.transpose_a === true || head.attrs.transpose_b === true)) return [];
  const found: Chain[] = [];
  const nodes = [head];
  let bias: IrValue | null = null;
  let next = uses.onlyUser(head.id);
  if (next && effectOf(next) === 'pure') {
    bias = biasOf(head, next, facts);
    if (bias) {
      nodes.push(next);
      found.push({ nodes: [...nodes], bias });
      next = uses.onlyUser(next.id);
    }
  }
  if (next && effectOf(next) === 'pure' && FUSED_ACTIVATIONS.has(next.op)) {
    found.unshift({ nodes: [...nodes, next], bias });
  }
  return found;
}

/** The vector that `add` adds to the channels of `head`; null where it adds something else. */
function biasOf(head: IrNode, add: IrNode, facts: Facts): IrValue | null {
  const channelsLast = (head.attrs.data_format ?? 'NHWC') === 'NHWC';
  if (add.op === 'BiasAdd') {
    if (!channelsLast || add.attrs.data_format !== 'NHWC' || add.inputs[0].node !== head.id) return null;
  } else if ((add.op !== 'Add' && add.op !== 'AddV2') || !channelsLast) return null;
  const bias = add.inputs[0].node === head.id ? add.inputs[1] : add.inputs[0];
  const shape = facts.spec(bias).shape;
  const channels = head.outputs[0].shape?.at(-1);
  return shape?.length === 1 && shape[0] !== null && shape[0] === channels ? bias : null;
}

/** The fused node; it takes the place and the id of the last of the chain. */
function join({ nodes, bias }: Chain): IrNode {
  const head = nodes[0];
  const root = nodes[nodes.length - 1];
  const def = getOpDef(fusedOf.get(head.op) as string);
  const args = bias ? [bias] : [];
  const leaky = root.op === 'LeakyRelu' ? { leakyrelu_alpha: root.attrs.alpha } : {};
  const own = Object.fromEntries(Object.entries(head.attrs).filter(([name]) => def.attrs.some((a) => a.name === name)));
  const { dtype } = head.outputs[0];
  const { attrs } = resolveSignature(def, [[dtype], [dtype], args.map(() => dtype)], {
    ...own,
    ...leaky,
    fused_ops: [...(bias ? ['BiasAdd'] : []), ...(FUSED_ACTIVATIONS.has(root.op) ? [root.op] : [])],
  });
  const origin: NodeId[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) origin.push(...nodes[i].origin);
  return { ...root, op: def.name, inputs: [...head.inputs, ...args], attrs, origin: [...new Set(origin)] };
}
