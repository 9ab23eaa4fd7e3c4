/**
 * What a plan still lacks: host kernels that are loaded on demand, in browsers. Where they come from is
 * `host/on-demand.ts`'s business; in Node nothing is ever missing.
 */
import type { Call, ExecutionPlan } from '../compiler/plan/plan.ts';
import { RuntimeError } from '../src/util/errors.ts';
import { findHostKernel, loadHostKernels } from './host/index.ts';
import { loadLists } from './lists.ts';

/**
 * Loads the kernels that the plan needs, or that were looked for when it was compiled, and are not here. Null where
 * nothing is missing; else the plan is to be compiled again once the promise settles: more can be folded then.
 */
export function missingKernels(plan: ExecutionPlan): Promise<void> | null {
  const plans = [plan];
  let lists: Promise<void> | null = null;
  for (let next = plans.pop(); next; next = plans.pop()) {
    for (const step of next.instructions) {
      if (step.kind === 'host') findHostKernel(step.kernel);
      // The host steps in where a guard does not hold.
      else if (step.kind === 'generated' && step.guard) findHostKernel(step.guard.host.kernel);
      else if (step.kind === 'list') lists ??= loadLists();
      else if (step.kind === 'branch') plans.push(...step.branches.map((call) => call.plan));
      else if (step.kind === 'while') {
        const calls: readonly (Call | null)[] = [step.cond, step.body, step.condPrologue, step.bodyPrologue];
        plans.push(...calls.flatMap((call) => (call ? [call.plan] : [])));
      }
    }
  }
  const kernels = loadHostKernels();
  return kernels && lists ? Promise.all([kernels, lists]).then(() => {}) : (kernels ?? lists);
}

/** For a run that cannot wait. What it lacks is loaded all the same, for the next time. */
export function cannotWait(loading: Promise<void>): RuntimeError {
  loading.catch(() => {});
  return new RuntimeError('Kernels of this run are not loaded yet: run it once with run(), which waits for them.');
}
