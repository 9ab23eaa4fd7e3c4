/**
 * `narrow`: of a product of which only some rows and columns are taken, computes those alone. That the slices of the operands
 * are read where they lie is `codegen/products.ts`'s business: on targets without generated kernels they would be copies.
 */
import { intsOf } from '../../src/ops/opdef/small-ints.ts';
import { isFullyDefined, type KnownShape } from '../../src/util/shape.ts';
import { Uses } from '../analysis/uses.ts';
import { Facts } from '../ir/context.ts';
import { effectOf } from '../ir/effects.ts';
import type { IrModule, IrNode } from '../ir/module.ts';
import { Rewriter } from '../ir/rewriter.ts';
import type { Pass, PassContext } from './pass.ts';

export const narrow: Pass = {
  name: 'narrow',
  doc: 'Computes of products only the rows and columns that are taken.',
  run(module: IrModule, { target }: PassContext): IrModule {
    if (!target.generates || !module.nodes.some(({ op }) => op === 'MatMul')) return module;
    const facts = new Facts(module.nodes);
    const uses = new Uses(module);
    /** By slice, the product that nobody else takes. */
    const products = new Map<number, { readonly product: IrNode; readonly part: Part }>();
    const dropped = new Set<number>();
    for (const node of module.nodes) {
      if (node.op !== 'MatMul' || effectOf(node) !== 'pure') continue;
      const slice = uses.onlyUser(node.id);
      const part = slice?.op === 'Slice' ? partOf(facts, slice) : null;
      if (!slice || !part) continue;
      products.set(slice.id, { product: node, part });
      dropped.add(node.id);
    }
    if (products.size === 0) return module;
    const rewriter = new Rewriter(module);
    for (const node of module.nodes) {
      const found = products.get(node.id);
      if (dropped.has(node.id)) rewriter.drop(node);
      else if (found) rewriter.replace(node, [narrowed(rewriter.at(node), found.product, found.part)]);
      else rewriter.keep(rewriter.resolved(node));
    }
    return rewriter.finish();
  },
};

type Part = { readonly from: readonly number[]; readonly size: KnownShape };

/** What a slice takes of a matrix; null where that is not known, or runs over its end. */
function partOf(facts: Facts, slice: IrNode): Part | null {
  const from = intsOf(facts.constant(slice.inputs[1]));
  const whole = facts.spec(slice.inputs[0]).shape;
  const size = slice.outputs[0].shape;
  if (!from || !isFullyDefined(whole) || !isFullyDefined(size) || size.includes(0)) return null;
  return from.every((first, i) => first >= 0 && first + size[i] <= whole[i]) ? { from, size } : null;
}

function narrowed(rewriter: Rewriter, product: IrNode, { from, size }: Part) {
  const { $, facts } = rewriter;
  const [transposeA, transposeB] = [product.attrs.transpose_a === true, product.attrs.transpose_b === true];
  const operands = product.inputs.map((value, i) => {
    const operand = rewriter.resolve(value);
    const shape = facts.spec(operand).shape as KnownShape;
    // The axis of the operand that is the product's axis of this number.
    const axis = i === 0 ? Number(transposeA) : 1 - Number(transposeB);
    if (size[i] === shape[axis]) return operand;
    const begin = shape.map((_, dim) => (dim === axis ? from[i] : 0));
    return $.slice(
      operand,
      begin,
      shape.map((extent, dim) => (dim === axis ? size[i] : extent)),
    );
  });
  return $.op('MatMul', operands, { transpose_a: transposeA, transpose_b: transposeB });
}
