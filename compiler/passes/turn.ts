/**
 * `turn`: computes a product as the transpose of the turned product, (bᵀ·aᵀ)ᵀ, where the backend packs the right operand
 * anew for every run and the left one is much smaller. Other transposed products are `decompose`'s business.
 */
import { float32 } from '../../src/util/dtype.ts';
import { type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { Resources, type Variable } from '../analysis/resources.ts';
import type { IrModule, IrNode } from '../ir/module.ts';
import { Rewriter } from '../ir/rewriter.ts';
import type { Pass, PassContext } from './pass.ts';

/**
 * How many times smaller the left operand must be. One shape was measured on each side of the choice: on wasm 32×784 by
 * 784×128 takes 620 µs with the weights packed and 457 µs turned, 57 of them for a transpose that the gradient needs
 * anyhow; 32×128 by 128×10 takes 14 and 33 µs. Where exactly turning begins to pay was not measured.
 */
const RATIO = 3;
/** Elements of the right operand below which the transposes cost more than the packing. */
const SMALL = 1 << 15;

export const turn: Pass = {
  name: 'turn',
  doc: 'Lets the smaller operand of a product be packed where the larger one changes from run to run.',
  run(module: IrModule, { target }: PassContext): IrModule {
    if (!target.packsRightOperand) return module;
    const resources = new Resources(module);
    const assigned = assignedVariables(module, resources);
    if (assigned.size === 0) return module;
    const changing = new Set<number>();
    for (const node of module.nodes) {
      const variable = node.op === 'ReadVariableOp' ? resources.of(node.inputs[0]) : undefined;
      if (variable && assigned.has(variable)) changing.add(node.id);
    }
    const rewriter = new Rewriter(module);
    for (const node of module.nodes) {
      const current = rewriter.resolved(node);
      if (!changing.has(current.inputs[1]?.node) || !pays(rewriter, current)) {
        rewriter.keep(current);
        continue;
      }
      const { $ } = rewriter.at(current);
      const [a, b] = current.inputs;
      const turned = $.matmul($.transpose(b, [1, 0]), $.transpose(a, [1, 0]));
      rewriter.replace(node, [$.transpose(turned, [1, 0])]);
    }
    return rewriter.finish();
  },
};

function assignedVariables(module: IrModule, resources: Resources): Set<Variable> {
  const found = new Set<Variable>();
  for (const node of module.nodes) {
    const variable = node.op === 'AssignVariableOp' ? resources.of(node.inputs[0]) : undefined;
    if (variable) found.add(variable);
  }
  return found;
}

/** Whether the node is a plain product of matrices whose right operand is much the larger one. */
function pays(rewriter: Rewriter, { op, attrs, inputs }: IrNode): boolean {
  if (op !== 'MatMul' || attrs.transpose_a || attrs.transpose_b) return false;
  const [a, b] = inputs.map((input) => rewriter.facts.spec(input));
  if (a.dtype !== float32 || !a.shape || !b.shape) return false;
  const [left, right] = [a.shape, b.shape] as KnownShape[];
  if ([...left, ...right].some((d) => d === null)) return false;
  return sizeOf(right) >= SMALL && sizeOf(right) >= RATIO * sizeOf(left);
}
