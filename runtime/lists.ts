/** The steps of plans on lists of tensors. In bundles for browsers `lists-on-demand.ts` stands in its place. */
export { List } from './list-steps.ts';

/** To be awaited before a plan with such steps is made ready; null where they are there already, as here. */
export function loadLists(): Promise<void> | null {
  return null;
}
