/** What `compile` is given for the outputs of a model, brought to one item per output. */
import { ValueError } from '../../util/errors.ts';
import { checkKeys } from './data.ts';

/** What `compile` may be given for one thing per output: the same for all, one each, or by the outputs' names. */
export type PerOutput<T> = T | readonly (T | null)[] | ReadonlyMap<string, T> | { readonly [output: string]: T };

/** What was given for the outputs, one by one. Throws `ValueError` for a name that no output has, or a wrong number. */
export function perOutput(given: unknown, names: readonly string[], what: string): unknown[] {
  const named = byOutput(given);
  if (named) {
    checkKeys(what, named, names);
    return names.map((name) => named.get(name) ?? null);
  }
  if (!Array.isArray(given)) return names.map(() => given);
  if (given.length === names.length) return [...given];
  // Keras's words, which are not the same for both.
  const unit = what === 'loss' ? 'outputs' : 'output';
  throw new ValueError(
    `When passing a list as ${what}, it should have one entry per model ${unit}. The model has ${names.length} outputs, but you passed ${what}=${listText(given)}`,
  );
}

/** What is given by the outputs' names; null for anything else, also for a configuration, which stands for one thing. */
export function byOutput(given: unknown): ReadonlyMap<string, unknown> | null {
  if (given instanceof Map) return given;
  if (typeof given !== 'object' || given === null) return null;
  if (Object.getPrototypeOf(given) !== Object.prototype || 'className' in given) return null;
  return new Map(Object.entries(given));
}

/** As Python prints a list. */
export function listText(list: readonly unknown[]): string {
  const items = list.map((item) => {
    if (Array.isArray(item)) return listText(item);
    if (typeof item === 'number' && Number.isInteger(item)) return item.toFixed(1);
    return typeof item === 'string' ? `'${item}'` : String(item);
  });
  return `[${items.join(', ')}]`;
}
