/**
 * Structures: a leaf, or lists and objects of leaves in any nesting; flattened and put together as TensorFlow does it, objects
 * in the order of their keys. What the leaves are is the callers' business.
 */
import { isOptions } from './tensor-like.ts';

export type Structure<T> = T | readonly Structure<T>[] | { readonly [key: string]: Structure<T> };

/** How the leaves of a structure are told from its lists and objects. */
export type IsNode = (value: unknown) => value is readonly unknown[] | Readonly<Record<string, unknown>>;

/** Lists and plain objects are nodes; everything else is a leaf. For structures of instances. */
export const isPlainNode: IsNode = (value): value is readonly unknown[] | Readonly<Record<string, unknown>> =>
  Array.isArray(value) || isOptions(value);

/** The leaves, those of an object in the order of its keys. */
export function flatten<T>(structure: Structure<T>, isNode: IsNode = isPlainNode): T[] {
  const leaves: T[] = [];
  const visit = (value: unknown): void => {
    if (!isNode(value)) leaves.push(value as T);
    else for (const key of keysOf(value)) visit((value as Record<string, unknown>)[key]);
  };
  visit(structure);
  return leaves;
}

/** The structure with other leaves, given in the order of `flatten`. */
export function pack<T>(structure: unknown, leaves: readonly T[], isNode: IsNode = isPlainNode): Structure<T> {
  let at = 0;
  const build = (value: unknown): Structure<T> => {
    if (!isNode(value)) return leaves[at++];
    const made = new Map(keysOf(value).map((key) => [key, build((value as Record<string, unknown>)[key])]));
    if (Array.isArray(value)) return likeList(value, [...made.values()]);
    return Object.fromEntries(Object.keys(value).map((key) => [key, made.get(key) as Structure<T>]));
  };
  return build(structure);
}

/** The keys of a node in the order in which its parts come. */
export function keysOf(node: readonly unknown[] | Readonly<Record<string, unknown>>): string[] {
  return Array.isArray(node) ? Object.keys(node) : Object.keys(node).sort();
}

/** A list of the same kind: of a named tuple, a list that has names for its places, another of it. */
export function likeList<T>(list: readonly unknown[], items: readonly T[]): T[] {
  return (list.constructor as ArrayConstructor).of(...items);
}
