/**
 * Steps on lists of tensors where every byte is fetched: they are loaded when a plan has some. It stands in for `lists.ts` by
 * the field `browser` of package.json; until `loadLists` gives null nothing but that may be called.
 */
import type * as steps from './list-steps.ts';

export let List: typeof steps.List;
let isLoaded = false;

/** To be awaited before a plan with such steps is made ready; null where they are there already. */
export function loadLists(): Promise<void> | null {
  return isLoaded ? null : load();
}

async function load(): Promise<void> {
  ({ List } = await import('./list-steps.ts'));
  isLoaded = true;
}
