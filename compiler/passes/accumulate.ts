/**
 * `accumulate`: adds products to a running sum one by one, each as soon as it is there, where a sum of many takes several of
 * them. `fuse` then has each product add what came before, so that there is one buffer for the sum and none for a product.
 * Weights that are used at every step of an unrolled loop have such gradients.
 */
import { float32 } from '../../src/util/dtype.ts';
import { isFullyDefined } from '../../src/util/shape.ts';
import { Uses } from '../analysis/uses.ts';
import { effectOf } from '../ir/effects.ts';
import type { IrModule, IrNode, IrValue } from '../ir/module.ts';
import { Rewriter } from '../ir/rewriter.ts';
import type { Pass, PassContext } from './pass.ts';

/** One kernel adds so many arrays; longer sums are formed in parts. */
const TERMS = 12;

export const accumulate: Pass = {
  name: 'accumulate',
  doc: 'Adds products to a running sum one by one.',
  run(module: IrModule, { target }: PassContext): IrModule {
    if (!target.generates || !module.nodes.some(({ op }) => op === 'AddN')) return module;
    const uses = new Uses(module);
    /** By product, the sum that alone takes it. */
    const sumOf = new Map<number, IrNode>();
    const counts = new Map<number, number>();
    for (const node of module.nodes) {
      const sum = node.op === 'MatMul' && effectOf(node) === 'pure' ? uses.onlyUser(node.id) : undefined;
      if (sum?.op !== 'AddN' || !isPlain(sum)) continue;
      sumOf.set(node.id, sum);
      counts.set(sum.id, (counts.get(sum.id) ?? 0) + 1);
    }
    const isLong = (node: IrNode) => node.op === 'AddN' && isPlain(node) && node.inputs.length > TERMS;
    if (![...counts.values()].some((count) => count > 1) && !module.nodes.some(isLong)) return module;
    const rewriter = new Rewriter(module);
    /** By sum, what its products have come to. */
    const totals = new Map<number, IrValue>();
    for (const node of module.nodes) {
      const sum = sumOf.get(node.id);
      if (sum && (counts.get(sum.id) as number) > 1) {
        rewriter.keep(rewriter.resolved(node));
        const product = { node: node.id, index: 0 };
        const total = totals.get(sum.id);
        totals.set(sum.id, total ? rewriter.at(sum).$.add(total, product) : product);
      } else if (totals.has(node.id) || isLong(node)) {
        const total = totals.get(node.id);
        const others = node.inputs.filter((value) => !total || sumOf.get(value.node) !== node);
        const terms = [...(total ? [total] : []), ...others].map((value) => rewriter.resolve(value));
        rewriter.replace(node, [added(rewriter.at(node), terms)]);
      } else rewriter.keep(rewriter.resolved(node));
    }
    return rewriter.finish();
  },
};

function isPlain(node: IrNode): boolean {
  const [{ dtype, shape }] = node.outputs;
  return dtype === float32 && isFullyDefined(shape) && effectOf(node) === 'pure';
}

/** The sum of the terms, of so many at a time. */
function added({ $ }: Rewriter, terms: readonly IrValue[]): IrValue {
  let [sum] = terms;
  for (let i = 1; i < terms.length; i += TERMS - 1) {
    const next = terms.slice(i, i + TERMS - 1);
    sum = next.length === 1 ? $.add(sum, next[0]) : $.op('AddN', [[sum, ...next]]);
  }
  return sum;
}
