/**
 * Values to tensors and back, as programs ask for it: `convertToTensor`, `isTensor`, `getStaticValue`. What ops do with
 * their inputs is `emit.ts`'s business.
 */
import type { Tensor } from '../graph/graph.ts';
import { asDType, type DType, type DTypeLike } from '../util/dtype.ts';
import type { NdArray } from '../util/ndarray.ts';
import { convertToTensor as convert } from './emit.ts';
import { constantValue } from './static-value.ts';
import { bind, isSymbolic, type Rest, renamed, type TensorLike } from './tensor-like.ts';

export interface ConvertToTensorOptions {
  /** The type that the tensor must have. */
  readonly dtype?: DTypeLike | null;
  /** The name of what is built, `Const` without it. */
  readonly name?: string | null;
  /** The former name of `dtypeHint`. */
  readonly preferredDtype?: DTypeLike | null;
  /** The type that a value is given if it can be; a preference that cannot hold is dropped. */
  readonly dtypeHint?: DTypeLike | null;
}

/**
 * The value as a tensor: a tensor as it is, a variable as a read of it, an array as a constant, a list with tensors in
 * it packed. Throws `ValueError` for a tensor of another type than asked for, `TypeError` for what is no value.
 *
 *     tf.convertToTensor([1, 2], tf.int32, 'pair')
 *     tf.convertToTensor([x, 1], {dtypeHint: 'float64'})
 */
export function convertToTensor(
  value: TensorLike,
  ...rest: Rest<
    [dtype: DTypeLike | null, name: string | null, preferredDtype: DTypeLike | null, dtypeHint: DTypeLike | null],
    ConvertToTensorOptions
  >
): Tensor {
  const options = bind<ConvertToTensorOptions>(['dtype', 'name', 'preferredDtype', 'dtypeHint'], rest);
  const hint = renamed(['dtype_hint', 'preferred_dtype'], options.dtypeHint, options.preferredDtype);
  const type = (given: DTypeLike | null | undefined): DType | null => (given == null ? null : asDType(given));
  return convert(value, { dtype: type(options.dtype), preferredDtype: type(hint), name: options.name });
}

/**
 * Whether the value is a tensor or stands for one: a variable, `IndexedSlices`. Values that only convert to a constant
 * are none.
 *
 *     tf.isTensor(tf.constant(1))    // true
 *     tf.isTensor([1, 2])            // false
 */
export function isTensor(value: unknown): boolean {
  return isSymbolic(value);
}

/** A static value of which parts are not known: those are null. */
export type PartialValue = NdArray | null | readonly PartialValue[];

/**
 * The value of the tensor, where it follows from constants and static shapes; else null. With `partial` a stack of which
 * only some parts are known is the list of them, null for the others.
 *
 *     tf.getStaticValue(tf.shape(x))
 *     tf.getStaticValue(tf.stack([1, n]), {partial: true})    // [1, null]
 */
export function getStaticValue(tensor: Tensor, partial?: false | { readonly partial?: false }): NdArray | null;
export function getStaticValue(tensor: Tensor, partial: boolean | { readonly partial?: boolean }): PartialValue;
export function getStaticValue(
  tensor: Tensor,
  options: boolean | { readonly partial?: boolean } = false,
): PartialValue {
  const partial = typeof options === 'boolean' ? options : (options.partial ?? false);
  if (!partial) return constantValue(tensor);
  // Explicit stack: stacks of stacks may be as deep as the graph. Each item says where its value goes.
  const found: PartialValue[] = [null];
  const stack: { readonly tensor: Tensor; readonly into: PartialValue[]; readonly at: number }[] = [
    { tensor, into: found, at: 0 },
  ];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { op } = item.tensor;
    const value = constantValue(item.tensor);
    item.into[item.at] = value;
    if (value || op.type !== 'Pack' || op.getAttr('axis') !== 0) continue;
    const parts = new Array<PartialValue>(op.inputs.length).fill(null);
    item.into[item.at] = parts;
    op.inputs.forEach((input, at) => {
      stack.push({ tensor: input, into: parts, at });
    });
  }
  return found[0];
}
