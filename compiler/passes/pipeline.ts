/**
 * THE list of passes, in the order in which they run, with the reason for each place. Running them is `driver.ts`.
 */
import { decompose } from './decompose.ts';
import type { Pass } from './pass.ts';
import { specialise } from './specialise.ts';

export interface Stage {
  /** Unique in the list; a pass that comes twice is told apart by a number. */
  readonly name: string;
  readonly pass: Pass;
  /** Whether the plan cannot be built without it, so that switching passes off leaves it on. */
  readonly required: boolean;
}

function stage(pass: Pass, name = pass.name): Stage {
  return { name, pass, required: pass === specialise || pass === decompose };
}

export const pipeline: readonly Stage[] = [
  // First: every later decision wants concrete shapes.
  stage(specialise),
  // After the target-independent passes, which know the large ops better than their pieces.
  stage(decompose),
];
