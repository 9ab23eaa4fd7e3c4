/**
 * `algebra`: rewrites ops into cheaper ones that give the same values to the last bit. The rules are data, in `rules/`.
 */

import { effectOf } from '../ir/effects.ts';
import type { IrModule, IrNode, IrValue } from '../ir/module.ts';
import { Rewriter } from '../ir/rewriter.ts';
import type { Pass } from './pass.ts';
import { arithmeticRules } from './rules/arithmetic.ts';
import { Match, type Rule } from './rules/match.ts';
import { structureRules } from './rules/structure.ts';

/** Every rule, in the order in which they are tried. */
export const rules: readonly Rule[] = [...structureRules, ...arithmeticRules];

const byOp = new Map<string, Rule[]>();
for (const rule of rules) for (const op of rule.ops) byOp.set(op, [...(byOp.get(op) ?? []), rule]);

export const algebra: Pass = {
  name: 'algebra',
  doc: 'Rewrites ops into cheaper ones of the same value.',
  run(module: IrModule): IrModule {
    const rewriter = new Rewriter(module);
    // What a rule builds is looked at in turn: a stack, next node on top.
    const stack = [...module.nodes].reverse();
    while (stack.length > 0) {
      const node = stack.pop() as IrNode;
      const current = rewriter.resolved(node);
      const found = rewrite(rewriter, current);
      if (!found) {
        rewriter.keep(current);
        continue;
      }
      rewriter.replace(node, found.outputs);
      for (let i = found.built.length - 1; i >= 0; i--) stack.push(found.built[i]);
    }
    return rewriter.finish();
  },
};

function rewrite(rewriter: Rewriter, node: IrNode) {
  const candidates = byOp.get(node.op);
  if (!candidates || effectOf(node) !== 'pure') return null;
  for (const { apply } of candidates) {
    const match = new Match(node, rewriter.facts);
    const found = rewriter.attempt(node, ($): readonly IrValue[] | null => {
      const result = apply(match, $);
      if (result === null) return null;
      return Array.isArray(result) ? (result as readonly IrValue[]) : [result as IrValue];
    });
    if (found) return found;
  }
  return null;
}
