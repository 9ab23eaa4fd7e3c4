/**
 * What may stand where an op wants a tensor, and how sequences of arguments are read. No op is built here.
 */
import { Tensor } from '../graph/graph.ts';
import type { ArrayValue } from '../util/array-convert.ts';
import type { DType } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';

/** An object that stands for a tensor: a variable gives a fresh read of itself. */
export interface TensorConvertible {
  /** The tensor; it may be built on the call. `dtype` is the wanted type, to be refused if it does not fit. */
  asTensor(dtype?: DType | null, name?: string): Tensor;
}

interface TensorList extends ReadonlyArray<Tensor | TensorConvertible | ArrayValue | TensorList> {}

/** A tensor, something that stands for one, a value, or a nested list of any of these (which is packed). */
export type TensorLike = Tensor | TensorConvertible | ArrayValue | TensorList;

export function isConvertible(value: unknown): value is TensorConvertible {
  return typeof value === 'object' && value !== null && typeof (value as TensorConvertible).asTensor === 'function';
}

/** Whether the value is symbolic: a tensor or something that converts to one. */
export function isSymbolic(value: unknown): value is Tensor | TensorConvertible {
  return value instanceof Tensor || isConvertible(value);
}

/**
 * Trailing arguments: positional ones in TensorFlow's order, each may be left out, and an object of keyword arguments
 * last.
 */
export type Rest<P extends readonly unknown[], O> = P extends readonly [...infer Head, infer _Last]
  ? readonly [...{ [K in keyof P]: P[K] | undefined }, options?: O] | Rest<Head, O>
  : readonly [options?: O];

/**
 * Reads trailing arguments: `bind(['axis', 'keepdims'], rest)` gives `{axis, keepdims, …keywords}`. A plain object at the
 * end holds the keywords; an argument given both ways counts by keyword.
 */
export function bind<O extends object>(names: readonly (keyof O & string)[], rest: readonly unknown[]): Partial<O> {
  const last = rest[rest.length - 1];
  const keywords = isOptions(last) ? last : null;
  const positional = keywords ? rest.slice(0, -1) : rest;
  const bound: Record<string, unknown> = {};
  positional.forEach((value, i) => {
    if (value !== undefined && names[i] !== undefined) bound[names[i]] = value;
  });
  return { ...bound, ...keywords } as Partial<O>;
}

/**
 * An argument that TensorFlow renamed, of which callers may use either name. Throws `ValueError` where both are given.
 *
 * @param names the present name and the former one, as TensorFlow writes them
 */
export function renamed<T>(
  names: readonly [present: string, former: string],
  present: T | null | undefined,
  former: T | null | undefined,
): T | null {
  if (present != null && former != null) {
    throw new ValueError(`Cannot specify both '${names[1]}' and '${names[0]}'.`);
  }
  return present ?? former ?? null;
}

/** Whether the value is an object of keyword arguments, not a tensor, array or value. */
export function isOptions(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (ArrayBuffer.isView(value) || isSymbolic(value) || value instanceof NdArray) return false;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !('data' in value && 'shape' in value);
}
