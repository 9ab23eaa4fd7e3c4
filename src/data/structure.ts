/**
 * The structures that elements of datasets have: a tensor, or lists and objects of such, in any nesting; flattened and put
 * together as TensorFlow does it, objects in the order of their keys. What the leaves are is the callers' business.
 */
import type { Tensor } from '../graph/graph.ts';
import { isPlainNode, keysOf } from '../ops/nest.ts';
import { isOptions, isSymbolic, type TensorConvertible } from '../ops/tensor-like.ts';
import type { ArrayValue, Scalar, ShapedData } from '../util/array-convert.ts';
import type { DType } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { formatShape, type Shape } from '../util/shape.ts';

export { flatten, type IsNode, isPlainNode, pack, type Structure } from '../ops/nest.ts';

/** What stands for one tensor: nested numbers and the like, with nothing symbolic or of another kind among them. */
type Leaf = Tensor | TensorConvertible | NdArray | ShapedData | ArrayBufferView | Scalar | PlainArray;
interface PlainArray extends ReadonlyArray<Scalar | ArrayBufferView | PlainArray> {}

/** What a dataset is made from: a value, or values in lists and objects. */
export type ComponentsLike = Tensor | TensorConvertible | ArrayValue | ComponentsList | ComponentsObject;
interface ComponentsList extends ReadonlyArray<ComponentsLike> {}
interface ComponentsObject {
  readonly [key: string]: ComponentsLike;
}

/** The structure of tensors that a structure of values becomes. */
export type ElementOf<S> = S extends Leaf
  ? Tensor
  : S extends readonly unknown[]
    ? { -readonly [K in keyof S]: ElementOf<S[K]> }
    : S extends object
      ? { -readonly [K in keyof S]: ElementOf<S[K]> }
      : Tensor;

/** What is known of a component before any run. */
export class ComponentSpec {
  readonly dtype: DType;
  readonly shape: Shape;

  constructor(dtype: DType, shape: Shape) {
    this.dtype = dtype;
    this.shape = shape;
  }

  toString(): string {
    const shape = this.shape === null ? '<unknown>' : formatShape(this.shape).replaceAll('?', 'None');
    return `TensorSpec(shape=${shape}, dtype=tf.${this.dtype.name}, name=None)`;
  }
}

/** Whether the value is a list or an object of components, not a component itself: a list of numbers is one tensor. */
export function isStructure(value: unknown): value is readonly unknown[] | Readonly<Record<string, unknown>> {
  return Array.isArray(value) ? holdsComponents(value) : isOptions(value);
}

/** Whether something in the list, at any depth, can only be a component of its own. */
function holdsComponents(list: readonly unknown[]): boolean {
  const stack: unknown[] = [...list];
  while (stack.length > 0) {
    const item = stack.pop();
    if (Array.isArray(item)) for (const inner of item) stack.push(inner);
    else if (typeof item === 'object' && item !== null && !ArrayBuffer.isView(item)) {
      if (isSymbolic(item) || item instanceof NdArray || isOptions(item) || 'data' in item) return true;
    }
  }
  return false;
}

/** The structure as Python would print it. */
export function describe(structure: unknown, leaf: (value: never) => string): string {
  if (Array.isArray(structure)) {
    return `(${structure.map((item) => describe(item, leaf)).join(', ')}${structure.length === 1 ? ',' : ''})`;
  }
  if (!isOptions(structure)) return leaf(structure as never);
  const items = Object.entries(structure).map(([key, item]) => `'${key}': ${describe(item, leaf)}`);
  return `{${items.join(', ')}}`;
}

/** Throws `TypeError` or `ValueError` where the two differ in their lists and objects. */
export function assertSameStructure(a: unknown, b: unknown): void {
  const text = (value: unknown) => describe(value, String);
  if (isPlainNode(a) !== isPlainNode(b) || Array.isArray(a) !== Array.isArray(b)) {
    throw new TypeError(
      `The two structures don't have the same nested structure.\n\nFirst structure: ${text(a)}\n\nSecond structure: ${text(b)}`,
    );
  }
  if (!isPlainNode(a) || !isPlainNode(b)) return;
  const [aKeys, bKeys] = [keysOf(a), keysOf(b)];
  if (aKeys.join('\u0000') !== bKeys.join('\u0000')) {
    throw new ValueError(
      `The two structures don't have the same number of elements.\n\nFirst structure: ${text(a)}\n\nSecond structure: ${text(b)}`,
    );
  }
  for (const key of aKeys) {
    assertSameStructure((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]);
  }
}
