/**
 * A plan on its backend: its steps made ready, its constants, and the plans of the functions that it calls. Running it is
 * `executor.ts`'s business.
 */
import type { Call, ExecutionPlan } from '../compiler/plan/plan.ts';
import type { GraphSnapshot } from '../src/graph/snapshot.ts';
import type { Backend, BufferId } from './backends/backend.ts';
import { ConstantSlots } from './run.ts';
import type { LoadedCall, Step } from './step.ts';
import { loadStep } from './steps.ts';

/** It owns the buffers of the constants, its own and those of the functions it calls. */
export class Loaded {
  readonly steps: readonly Step[];
  readonly constants: ConstantSlots;
  private readonly called: Loaded[] = [];

  /** @param body the graph that the origins of steps are nodes of; null for the session's */
  constructor(
    readonly plan: ExecutionPlan,
    backend: Backend,
    readonly body: GraphSnapshot | null = null,
  ) {
    const load = (call: Call): LoadedCall<Loaded> => {
      const loaded = new Loaded(call.plan, backend, call.body);
      this.called.push(loaded);
      return { loaded, args: call.args };
    };
    this.steps = plan.instructions.map((instruction) => loadStep(instruction, plan, backend, load));
    this.constants = new ConstantSlots(plan, backend);
  }

  /** Adds the buffers that are held between runs. */
  addBuffers(ids: Set<BufferId>): void {
    this.constants.addBuffers(ids);
    for (const loaded of this.called) loaded.addBuffers(ids);
  }
  dispose(): void {
    this.constants.dispose();
    for (const loaded of this.called) loaded.dispose();
  }
}
