/**
 * `fuse`: joins a product or convolution with what follows into one kernel, a bias, an addition and an activation, where
 * the target has it and nobody else takes the values in between.
 */
import type { NodeId } from '../../src/graph/node.ts';
import { getOpDef } from '../../src/ops/opdef/define.ts';
import { resolveSignature } from '../../src/ops/opdef/resolve.ts';
import { isFullyDefined } from '../../src/util/shape.ts';
import { Uses } from '../analysis/uses.ts';
import { canGenerate, isElementOp } from '../codegen/index.ts';
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
  doc: 'Joins products and convolutions with bias, addition and activation.',
  run(module: IrModule, { target }: PassContext): IrModule {
    const facts = new Facts(module.nodes);
    const uses = new Uses(module);
    const fused = new Map<number, IrNode>();
    const absorbed = new Set<number>();
    for (const node of module.nodes) {
      if (!fusedOf.has(node.op) || effectOf(node) !== 'pure') continue;
      // The longest that the target has a kernel for.
      for (const chain of chains(node, uses, facts, target)) {
        // What adds two products goes to the first of them.
        if (chain.nodes.some(({ id }) => fused.has(id) || absorbed.has(id))) continue;
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
  /** What is done to the product, by op type, and the inputs that this takes. */
  readonly ops: readonly string[];
  readonly args: readonly IrValue[];
}

/** What could be joined, the longest first. */
function chains(head: IrNode, uses: Uses, facts: Facts, { generates }: Target): Chain[] {
  // The kernel of a backend that also transposes adds a bias wrongly, once per block.
  if (!generates && (head.attrs.transpose_a === true || head.attrs.transpose_b === true)) return [];
  const found: Chain[] = [];
  let chain: Chain = { nodes: [head], ops: [], args: [] };
  const extend = (op: string, args: readonly IrValue[]) => {
    const next = follower() as IrNode;
    chain = { nodes: [...chain.nodes, next], ops: [...chain.ops, op], args: [...chain.args, ...args] };
    found.unshift(chain);
  };
  const follower = (): IrNode | null => {
    const next = uses.onlyUser(chain.nodes[chain.nodes.length - 1].id);
    return next && effectOf(next) === 'pure' ? next : null;
  };
  let next = follower();
  const bias = next && biasOf(head, next, facts);
  if (bias) extend('BiasAdd', [bias]);
  next = follower();
  const addend = next && generates ? addendOf(chain.nodes[chain.nodes.length - 1], next, facts) : null;
  if (addend && !takesIn(facts.node(addend.node), uses)) extend('Add', [addend]);
  next = follower();
  if (next && FUSED_ACTIVATIONS.has(next.op)) extend(next.op, []);
  return found;
}

/** Sums may be of other products. */
const SUMS: ReadonlySet<string> = new Set(['Add', 'AddV2', 'AddN']);

/** Whether a node computes element by element for an addition alone: its kernel takes the addition in, and maybe what follows. */
function takesIn({ id, op }: IrNode, uses: Uses): boolean {
  return isElementOp(op) && !SUMS.has(op) && uses.onlyUser(id) !== undefined;
}

/** The array of the result's shape that `add` adds to it; null where it adds something else. */
function addendOf(head: IrNode, add: IrNode, facts: Facts): IrValue | null {
  if (add.op !== 'Add' && add.op !== 'AddV2') return null;
  const [addend] = add.inputs.filter(({ node }) => node !== head.id);
  const [{ shape }] = head.outputs;
  return addend && isFullyDefined(shape) && String(facts.spec(addend).shape) === String(shape) ? addend : null;
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
function join({ nodes, ops, args }: Chain): IrNode {
  const head = nodes[0];
  const root = nodes[nodes.length - 1];
  const def = getOpDef(fusedOf.get(head.op) as string);
  const leaky = root.op === 'LeakyRelu' ? { leakyrelu_alpha: root.attrs.alpha } : {};
  const own = Object.fromEntries(Object.entries(head.attrs).filter(([name]) => def.attrs.some((a) => a.name === name)));
  const { dtype } = head.outputs[0];
  const { attrs } = resolveSignature(def, [[dtype], [dtype], args.map(() => dtype)], {
    ...own,
    ...leaky,
    fused_ops: ops,
  });
  const origin: NodeId[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) origin.push(...nodes[i].origin);
  return { ...root, op: def.name, inputs: [...head.inputs, ...args], attrs, origin: [...new Set(origin)] };
}
