/** What fused ops do to each sum of products: a bias added, then an activation. */
import type { LowerContext } from '../lowering/lowering.ts';
import { elementRules } from './elements.ts';
import type { Operand } from './kernel.ts';
import type { ValueId, Values } from './values.ts';

/** A buffer of floats, from its first element. */
export function plain(strides: readonly number[]): Operand {
  return { type: 'f32', strides, offset: 0 };
}

/**
 * What is written for each sum; null where the op does something else to it. What it reads is added to the operands.
 *
 * @param rank the number of axes of the kernel's result
 * @param columns the extent of the last of them, along which a bias changes
 */
export function epilogue(
  op: LowerContext,
  $: Values,
  others: Operand[],
  rank: number,
  columns: number,
): ValueId | null {
  let value = $.reduced('f32', 0);
  if (!op.type.startsWith('_Fused')) return value;
  for (const name of op.attr<readonly string[]>('fused_ops')) {
    if (name === 'BiasAdd') {
      const bias = op.shape(2);
      if (bias?.length !== 1 || bias[0] !== columns) return null;
      others.push(plain([...new Array<number>(rank - 1).fill(0), 1]));
      value = $.op('add', value, $.load('f32', 2));
    } else if (name === 'LeakyRelu') {
      const scaled = $.op('mul', value, $.constant(op.attr<number>('leakyrelu_alpha')));
      value = $.op('select', $.op('gt', value, $.constant(0)), value, scaled);
    } else {
      const activated: ValueId | null = elementRules.get(name)?.($, [value], op) ?? null;
      if (activated === null) return null;
      value = activated;
    }
  }
  return value;
}
