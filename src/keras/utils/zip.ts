/** `zipLists`: lists of corresponding elements. */
import { ValueError } from '../../util/errors.ts';

type Zipped<L extends readonly (readonly unknown[])[]> = { [K in keyof L]: L[K][number] };

/**
 * The i-th element of each list, for each i; for objects, what each has under a key, in the order of the first one's
 * keys. Throws `ValueError` where the lists differ in length or the objects in keys: what is left over would be lost.
 *
 *     zipLists(gradients, variables)           // [[gradient, variable], …]
 *     zipLists({a: 1, b: 2}, {b: 20, a: 10})   // {a: [1, 10], b: [2, 20]}
 */
export function zipLists<L extends readonly (readonly unknown[])[]>(...lists: L): Zipped<L>[];
export function zipLists<T>(...objects: readonly Readonly<Record<string, T>>[]): Record<string, T[]>;
export function zipLists(...lists: readonly (readonly unknown[] | Readonly<Record<string, unknown>>)[]): unknown {
  if (lists.every((list): list is readonly unknown[] => Array.isArray(list))) {
    const length = lists[0]?.length ?? 0;
    if (lists.some((list) => list.length !== length)) {
      throw new ValueError(
        `All lists must have the same length. Received lists of lengths ${lists.map((l) => l.length).join(', ')}`,
      );
    }
    return Array.from({ length }, (_, i) => lists.map((list) => list[i]));
  }
  const objects = lists as readonly Readonly<Record<string, unknown>>[];
  const keys = Object.keys(objects[0]);
  if (objects.some((o) => Object.keys(o).length !== keys.length || !keys.every((key) => Object.hasOwn(o, key)))) {
    throw new ValueError(
      `All objects must have the same keys. Received ${objects.map((o) => `{${Object.keys(o).join(', ')}}`).join(', ')}`,
    );
  }
  return Object.fromEntries(keys.map((key) => [key, objects.map((object) => object[key])]));
}
