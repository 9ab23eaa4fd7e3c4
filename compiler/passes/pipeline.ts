/**
 * THE list of passes, in the order in which they run, with the reason for each place. Running them is `driver.ts`.
 */
import { accumulate } from './accumulate.ts';
import { algebra } from './algebra.ts';
import { choose } from './choose.ts';
import { cluster } from './cluster.ts';
import { cse } from './cse.ts';
import { dce } from './dce.ts';
import { decompose } from './decompose.ts';
import { fold } from './fold.ts';
import { fuse } from './fuse.ts';
import { inline } from './inline.ts';
import { narrow } from './narrow.ts';
import { padUnique } from './pad-unique.ts';
import type { Pass } from './pass.ts';
import { schedule } from './schedule.ts';
import { share } from './share.ts';
import { specialise } from './specialise.ts';
import { turn } from './turn.ts';

export interface Stage {
  /** Unique in the list: a pass that comes twice gets a number the second time. */
  readonly name: string;
  readonly pass: Pass;
  /** Whether switching passes off leaves it on: the plan cannot be built without it, or would draw other numbers. */
  readonly required: boolean;
}

const REQUIRED: ReadonlySet<Pass> = new Set([inline, specialise, choose, decompose]);

function stage(pass: Pass, name = pass.name): Stage {
  return { name, pass, required: REQUIRED.has(pass) };
}

export const pipeline: readonly Stage[] = [
  // First: what the bodies of functions do, all others are to see.
  stage(inline),
  // Every later decision wants concrete shapes.
  stage(specialise),
  // As soon as flags are known and shapes concrete: what is ruled out need not be looked at by any pass.
  stage(choose),
  // Shapes, sizes and axes become constants, which is what the rules of algebra look for.
  stage(fold),
  // Before cse, so that things written differently become equal.
  stage(algebra),
  stage(cse),
  // What the three left unused must not be decomposed.
  stage(dce),
  // After the passes above, which know a large op better than its pieces.
  stage(decompose),
  // On sparse updates that were taken apart into reading and writing; before fold2, which the new shapes give more to do.
  stage(padUnique),
  // Once updates are assignments, so that it is seen which operands change; before cse, which shares the transposes.
  stage(turn),
  // The pieces have constants, identities and equal parts of their own.
  stage(fold, 'fold2'),
  stage(algebra, 'algebra2'),
  stage(cse, 'cse2'),
  // Before fuse, which counts uses.
  stage(dce, 'dce2'),
  // After dce, which leaves one user where the other parts of a product are for nobody; before fuse, which adds to them.
  stage(narrow),
  // After narrow: then it is seen which part of an operand is taken.
  stage(share),
  // Before fuse, which makes one kernel of a product and what is added to it.
  stage(accumulate),
  // On the target's own ops; no earlier pass knows the fused ones.
  stage(fuse),
  // The order of nodes is the order of the run.
  stage(schedule),
  // Last: what belongs to one kernel must not be moved apart.
  stage(cluster),
];
