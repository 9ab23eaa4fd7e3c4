/**
 * `decompose`: rewrites ops that the target has no kernel for into simpler ones, by the rules of their definitions.
 * Updates of variables always come down to reading and assigning: the plan knows no others.
 */

import type { AttrValue } from '../../src/graph/node.ts';
import { findOpDef, type OpView } from '../../src/ops/opdef/define.ts';
import { resource } from '../../src/util/dtype.ts';
import { canGenerate, rewriteOf } from '../codegen/index.ts';
import { isInvalid } from '../ir/effects.ts';
import type { IrModule, IrNode, IrValue } from '../ir/module.ts';
import { Rewriter } from '../ir/rewriter.ts';
import { fitsBackend, isOnHost, lowerNode } from '../lowering/lower.ts';
import { decomposed, onHost, type Target } from '../lowering/lowering.ts';
import type { Pass, PassContext } from './pass.ts';

export const decompose: Pass = {
  name: 'decompose',
  doc: 'Rewrites what the target has no kernel for into simpler ops.',
  run(module: IrModule, { target }: PassContext): IrModule {
    const rewriter = new Rewriter(module);
    // What a decomposition builds is looked at in turn, before the nodes that follow: a stack, next node on top.
    const stack = [...module.nodes].reverse();
    while (stack.length > 0) {
      const node = stack.pop() as IrNode;
      const current = rewriter.resolved(node);
      const words = target.generates && !isInvalid(current) ? rewriteOf(current.op) : undefined;
      const rewritten = words && rewriter.attempt(current, ($) => words(view(current), $, rewriter.facts));
      const rule = rewritten ? undefined : wanted(target, rewriter, current);
      const result = rewritten ?? (rule && rewriter.attempt(current, ($) => rule(view(current), $)));
      if (!result) {
        rewriter.keep(current);
        continue;
      }
      rewriter.replace(node, result.outputs);
      for (let i = result.built.length - 1; i >= 0; i--) stack.push(result.built[i]);
    }
    return rewriter.finish();
  },
};

function wanted(target: Target, rewriter: Rewriter, node: IrNode) {
  const rule = findOpDef(node.op)?.decompose;
  if (!rule || isInvalid(node)) return undefined;
  if (node.inputs.some((input) => rewriter.facts.spec(input).dtype === resource)) return rule;
  if (target.generates && canGenerate(rewriter.facts, node)) return undefined;
  // Generated kernels take images with their channels last; decomposed, others are turned for them.
  const turns = target.generates && String(node.attrs.data_format).startsWith('NC');
  if (!turns && target.hasHost(node.op) && target.table[node.op] === onHost) return undefined;
  if (target.table[node.op] === decomposed) return rule;
  if (target.hasHost(node.op) && !fitsBackend(target, rewriter.facts, node)) return undefined;
  if (isOnHost(target, rewriter.facts, node)) return undefined;
  return lowerNode(target, rewriter.facts, node) ? undefined : rule;
}

function view(node: IrNode): OpView<IrValue> {
  return {
    type: node.op,
    name: node.name,
    inputs: node.inputs,
    outputs: node.outputs.map((_, index) => ({ node: node.id, index })),
    attr: <T extends AttrValue = AttrValue>(name: string) => node.attrs[name] as T,
  };
}
