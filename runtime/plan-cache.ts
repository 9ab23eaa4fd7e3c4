/**
 * The plans of a session, the least recently used of which go when there are too many. Making them is the engine's job.
 */
import type { BufferId } from './backends/backend.ts';
import type { LoadedPlan } from './executor.ts';

/** A plan with the positions, in the request's feeds, of the feeds it takes. */
export interface CachedPlan {
  readonly loaded: LoadedPlan;
  readonly feedPositions: readonly number[];
}

export class PlanCache {
  /** In order of use, the latest last. */
  private readonly plans = new Map<string, CachedPlan>();
  private latest: { readonly key: string; readonly plan: CachedPlan } | null = null;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.plans.size;
  }
  /** Adds the buffers that the plans hold between runs. */
  addBuffers(ids: Set<BufferId>): void {
    for (const { loaded } of this.plans.values()) loaded.addBuffers(ids);
  }

  get(key: string): CachedPlan | undefined {
    if (this.latest?.key === key) return this.latest.plan;
    const plan = this.plans.get(key);
    if (!plan) return undefined;
    this.plans.delete(key);
    this.plans.set(key, plan);
    this.latest = { key, plan };
    return plan;
  }

  set(key: string, plan: CachedPlan): void {
    this.plans.set(key, plan);
    this.latest = { key, plan };
    for (const [oldest, { loaded }] of this.plans) {
      if (this.plans.size <= Math.max(this.capacity, 1)) break;
      this.plans.delete(oldest);
      loaded.dispose();
    }
  }

  clear(): void {
    for (const { loaded } of this.plans.values()) loaded.dispose();
    this.plans.clear();
    this.latest = null;
  }
}
