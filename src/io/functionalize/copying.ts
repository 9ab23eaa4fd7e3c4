/**
 * Copies the part of a graph that given values depend on, up to a boundary, into a body of items.
 * What the boundary becomes is the caller's decision.
 */
import { InvalidArgumentError } from '../../util/errors.ts';
import { closure, type Edge, type Item } from './items.ts';

export interface Boundary {
  /** What stands for a value from beyond the boundary; null for a value that is to be copied. */
  edge(edge: Edge): Edge | null;
  /** Whether an item lies beyond: nobody waits for it. */
  isBeyond(item: Item): boolean;
}

/** Copies into `target` what `values` and `effects` need, and returns their copies; effects beyond are left out. */
export function copyInto(
  target: Item[],
  values: readonly Edge[],
  effects: readonly Item[],
  boundary: Boundary,
): { readonly values: readonly Edge[]; readonly effects: readonly Item[] } {
  const roots = [...values.map(({ item }) => item), ...effects];
  const needed = closure(roots, (item) => boundary.isBeyond(item));
  const copies = new Map<Item, Item>();
  for (const item of needed) {
    const copy = item.copy();
    copies.set(item, copy);
    target.push(copy);
  }
  const copyOf = (item: Item): Item => {
    const copy = copies.get(item);
    if (copy) return copy;
    throw new InvalidArgumentError(null, `A value of '${item.name}' is read where control flow never brings it.`);
  };
  const edge = (from: Edge): Edge => boundary.edge(from) ?? { item: copyOf(from.item), index: from.index };
  const within = (items: readonly Item[]): Item[] =>
    items.map((item) => copies.get(item)).filter((item) => item !== undefined);
  for (const [item, copy] of copies) {
    copy.inputs = item.inputs.map(edge);
    copy.controls = within(item.controls);
  }
  return { values: values.map(edge), effects: within(effects) };
}
