/** What fused ops do to each sum of products: a bias added, an array of the result's shape added, then an activation. */
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
 * @param strides of the kernel's result, by axis
 * @param columns the extent of the last axis, along which a bias changes
 */
export function epilogue(
  op: LowerContext,
  $: Values,
  others: Operand[],
  strides: readonly number[],
  columns: number,
): ValueId | null {
  let value = $.reduced('f32', 0);
  if (!op.type.startsWith('_Fused')) return value;
  /** Reads what the op takes after the two that it multiplies. */
  const next = (along: readonly number[]): ValueId => $.load('f32', 1 + others.push(plain(along)));
  for (const name of op.attr<readonly string[]>('fused_ops')) {
    if (name === 'BiasAdd') {
      const bias = op.shape(2 + others.length);
      if (bias?.length !== 1 || bias[0] !== columns) return null;
      value = $.op('add', value, next(strides.map((_, axis) => (axis === strides.length - 1 ? 1 : 0))));
    } else if (name === 'Add') {
      if (String(op.shape(2 + others.length)) !== String(op.outputShape(0))) return null;
      value = $.op('add', value, next(strides));
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
