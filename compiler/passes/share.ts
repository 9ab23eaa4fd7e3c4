/**
 * `share`: transposes an operand once where several products take it transposed, as the weights of an unrolled loop are taken
 * in its gradient. Each product would copy it in the other order for itself.
 */
import { intsOf } from '../../src/ops/opdef/small-ints.ts';
import { Facts } from '../ir/context.ts';
import { effectOf } from '../ir/effects.ts';
import type { IrModule, IrNode, IrValue } from '../ir/module.ts';
import { Rewriter } from '../ir/rewriter.ts';
import type { Pass, PassContext } from './pass.ts';

/** So many products are worth a transpose of its own: it takes twice as long as the copy that a product makes. */
const ENOUGH = 3;

/** The attribute of a transpose that is computed, where others are read as a view of what they transpose. */
export const SHARED = '_shared';

export const share: Pass = {
  name: 'share',
  doc: 'Transposes an operand once for all products that take it so.',
  run(module: IrModule, { target }: PassContext): IrModule {
    if (!target.generates || !module.nodes.some(isTurned)) return module;
    const facts = new Facts(module.nodes);
    /** By operand, how many products take it. */
    const counts = new Map<string, number>();
    const operands = new Map<number, string>();
    for (const node of module.nodes) {
      if (!isTurned(node)) continue;
      const key = keyOf(facts, node.inputs[1]);
      operands.set(node.id, key);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    if (![...counts.values()].some((count) => count >= ENOUGH)) return module;
    const rewriter = new Rewriter(module);
    const transposes = new Map<string, IrValue>();
    for (const node of module.nodes) {
      const current = rewriter.resolved(node);
      const key = operands.get(node.id);
      if (key === undefined || (counts.get(key) as number) < ENOUGH) {
        rewriter.keep(current);
        continue;
      }
      const [left, right] = current.inputs;
      const { $ } = rewriter.at(node);
      let turned = transposes.get(key);
      if (!turned) {
        turned = $.op('Transpose', [right, $.ints([1, 0])], { [SHARED]: true }, 'transpose');
        transposes.set(key, turned);
      }
      rewriter.keep({ ...current, inputs: [left, turned], attrs: { ...current.attrs, transpose_b: false } }, node);
    }
    return rewriter.finish();
  },
};

function isTurned(node: IrNode): boolean {
  return node.op === 'MatMul' && node.attrs.transpose_b === true && effectOf(node) === 'pure';
}

/** Equal for equal values: the same one, or the same part of it. */
function keyOf(facts: Facts, value: IrValue): string {
  const node = facts.node(value.node);
  if (node.op !== 'Slice') return `${value.node}:${value.index}`;
  const [source, ...places] = node.inputs;
  const numbers = places.map((place) => intsOf(facts.constant(place)));
  if (numbers.includes(null)) return `${value.node}:${value.index}`;
  return `${source.node}:${source.index}[${numbers.join(';')}]`;
}
